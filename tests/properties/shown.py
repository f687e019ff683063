"""What must stand in fields and tags once everything is quiet, told from the books and the live links alone."""

from __future__ import annotations

from typing import Any

from syncd.records import LinkState
from syncd.testing.memory import Entry
from tests.pairs import Pair
from tests.properties.rules import FINISHED_TICKET

SHOWS: dict[str, Any] = {
    "ticket_fields": {"key": "issue_key"},
    "ticket_tag": "issue",
    "issue_fields": {"count": "waiting_tickets"},
    "issue_tag": "tickets",
    "issue_links": True,
}


def check_shown(pair: Pair) -> None:
    """Whatever shows something shows what is so."""
    live = [link for link in pair.links() if link.state is LinkState.LIVE]
    for entry in _there(pair, "desk"):
        issues = [link.issue for link in live if link.ticket == pair.ref(entry)]
        strange = any(str(pair.tracker.entries[int(issue.id)].status) == "strange" for issue in issues)
        if str(entry.status) in pair.desk.final or not (entry.tags or entry.fields.get("key")):
            continue
        assert entry.fields.get("key", "") == ", ".join(issue.key for issue in issues), entry
        assert len(entry.tags) == (1 if issues else 0) or strange, entry
    for entry in _there(pair, "tracker"):
        mine = [link for link in pair.links() if link.issue == pair.ref(entry)]
        kept = {str(link.ticket) for link in mine if link.state in (LinkState.LIVE, LinkState.FINAL)}
        assert entry.pointers.keys() <= kept, entry
        tickets = {link.ticket for link in live if link.issue == pair.ref(entry)}
        words = [str(pair.desk.entries[int(ticket.id)].status) for ticket in tickets]
        count = sum(word not in FINISHED_TICKET for word in words)
        if entry.tags or entry.fields.get("count"):
            assert entry.fields.get("count") == count, entry
            assert entry.tags == ((f"tickets-{count}",) if count else ()), entry


def written(pair: Pair) -> list[int]:
    """How often fields and tags were written, by item."""
    return [entry.shown_writes for books in pair.books.values() for entry in books.entries.values()]


def _there(pair: Pair, name: str) -> list[Entry]:
    return [entry for entry in pair.books[name].entries.values() if not entry.gone and not entry.moved_to]
