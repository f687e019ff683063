"""A pair whose playbook files issues: what the tests of filing act on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from syncd.model import Author
from syncd.store import FilingRow
from syncd.testing.memory import Entry
from tests.pairs import Pair

TAG = "escalate"
TEXTS = {"title": "{{ subject }}", "body": "Ticket: {{ ticket_url }}\n\n{{ description_quoted }}"}
RULES: dict[str, Any] = {
    "file": {"when": [{"tag": TAG}, {"command": "/file"}]},
    "routing": {"place": "bugs", "places": {"bugs": "BUG"}},
    "issue_texts": TEXTS,
}
AFTER = 61
"""Seconds after which a trigger is no longer left to people."""


class Desk(Pair):
    """The pair, watching since a moment ago."""

    def __init__(self, path: Path | None = None, **rules: Any) -> None:
        super().__init__(path, **{**RULES, **rules})
        self.reconcile()
        self.tick()

    def escalated(self, subject: str = "It is slow", **facts: Any) -> Entry:
        """A new ticket that an agent escalates."""
        ticket = self.ticket(**facts)
        ticket.subject = subject
        self.tick()
        self.escalate(ticket)
        return ticket

    def escalate(self, ticket: Entry) -> None:
        self.label(ticket, *ticket.tags, TAG)

    def calm(self, ticket: Entry) -> None:
        """The trigger is taken away."""
        self.label(ticket, *(tag for tag in ticket.tags if tag != TAG))

    def go(self, times: int = 2, seconds: int = AFTER) -> None:
        """A few rounds, each long enough for whatever is due."""
        for _ in range(times):
            self.pass_()
            self.tick(seconds)
        self.pass_()

    def filed(self) -> list[Entry]:
        """The issues that syncd has filed, by the tracker's own books."""
        books = (one for name, one in self.books.items() if name not in {"desk", "emea"})
        return [entry for one in books for entry in one.entries.values() if entry.author is Author.SELF]

    def row(self, ticket: Entry) -> FilingRow:
        """The only row of a ticket."""
        (row,) = self.rows(ticket)
        return row

    def rows(self, ticket: Entry) -> list[FilingRow]:
        return self.store.filings.of(self.ref(ticket))

    def states(self, ticket: Entry) -> list[str]:
        return [row.state.value for row in self.rows(ticket)]
