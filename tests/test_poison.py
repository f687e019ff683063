"""One poisoned item delays no other (rule 13): an odd record, a defect that one item brings about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from syncd.errors import StateError
from syncd.ingest import named, poll, take
from syncd.model import Author, Item, Page, Status, Unreadable
from syncd.plan import Group, decide
from syncd.probe import observe
from syncd.records import Plan
from syncd.testing.memory import Entry
from syncd.work import Work
from tests.ledger import Bench
from tests.pairs import Pair

SECRET = "the customer's own words"


class Bug(RuntimeError):
    """As a defect of ours would raise it: with whatever was at hand in its message."""


def filed(pair: Pair, count: int = 3) -> list[tuple[Entry, Entry]]:
    """Tickets with an issue each, all in step."""
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(count)]
    pairs = [(ticket, pair.issue(ticket)) for ticket in tickets]
    pair.pass_()
    return pairs


def strike(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, number: int) -> None:
    """From now on this function fails for the ticket of this number."""
    real = getattr(module, name)

    def broken(*args: Any, **kwargs: Any) -> Any:
        item = next((one for one in args if isinstance(one, Item)), None)
        if item is not None and item.ref.connector == "desk" and item.ref.id == str(number):
            raise Bug(SECRET)
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, broken)


def test_a_group_that_a_defect_strikes_is_parked_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    pairs = filed(pair)
    for _, issue in pairs:
        pair.move(issue, "done")
    real = decide

    def broken(group: Group) -> Plan:
        if group.key.endswith(":2"):
            raise Bug(SECRET)
        return real(group)

    monkeypatch.setattr(observe, "decide", broken)
    pair.pass_()
    assert [str(ticket.status) for ticket, _ in pairs] == ["resolved", "pending", "resolved"]
    (row,) = pair.store.queue.rows()
    assert row.parked
    assert "a defect in syncd: Bug in test_poison.py" in row.reason
    assert SECRET not in row.reason
    monkeypatch.undo()
    pair.reconcile()
    assert str(pairs[1][0].status) == "resolved"


@pytest.mark.parametrize(("module", "name"), [(poll, "take"), (take, "_differs")])
def test_an_item_that_a_defect_strikes_is_passed_over_until_it_changes(
    module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair()
    pairs = filed(pair)
    for ticket, _ in pairs:
        pair.move(ticket, "open")
    strike(monkeypatch, module, name, 2)
    pair.pass_()
    (skip,) = pair.store.journal.skips()
    assert (skip["ref"], skip["what"]) == ("desk:DESK-2", named.RECORD)
    assert "a defect in syncd: Bug" in skip["why"]
    assert SECRET not in skip["why"]
    monkeypatch.undo()
    pair.move(pairs[1][0], "resolved")
    pair.pass_()
    assert pair.store.journal.skips() == []
    assert pair.notes(pairs[1][1]) == ["ticket_resolved"]


def test_what_a_struck_item_names_is_passed_over_but_its_status_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    (ticket, issue), *_ = filed(pair)
    strike(monkeypatch, Work, "claims", ticket.number)
    pair.move(ticket, "resolved")
    pair.pass_()
    (skip,) = pair.store.journal.skips()
    assert skip["ref"] == "desk:DESK-1"
    assert pair.notes(issue) == ["ticket_resolved"]


def test_a_disk_in_trouble_is_no_defect_of_one_item(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    filed(pair)

    def broken(*_: Any, **__: Any) -> None:
        raise StateError("syncd.db", "the disk is full", "Make room")

    monkeypatch.setattr(poll, "take", broken)
    pair.move(pair.desk.entries[1], "open")
    with pytest.raises(StateError):
        poll.poll(pair.work, "desk")
    monkeypatch.undo()
    assert pair.store.journal.skips() == []


class Odd(Bench):
    """A service one of whose records can't be understood."""

    odd: int | None = None

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        for page in super().changes(source, cursor, since):
            odd = tuple(one for one in page.items if one.ref.id == str(self.odd))
            unreadable = tuple(Unreadable(one.ref, "desk sent a status that is no code for it") for one in odd)
            items = tuple(one for one in page.items if one not in odd)
            yield replace(page, items=items, unreadable=unreadable)


def test_a_record_that_cannot_be_understood_is_told_and_the_rest_of_its_page_is_read() -> None:
    pair = Pair()
    pairs = filed(pair)
    odd = Odd(pair.desk, pair.clock)
    pair.work.connectors["desk"] = odd  # type: ignore[index]  # the tests' own dict
    odd.odd = 2
    for ticket, _ in pairs:
        pair.move(ticket, "resolved")
    pair.pass_()
    assert [pair.notes(issue) for _, issue in pairs] == [["ticket_resolved"], [], ["ticket_resolved"]]
    (skip,) = pair.store.journal.skips()
    assert (skip["ref"], skip["why"]) == ("desk:DESK-2", "desk sent a status that is no code for it")
    odd.odd = None
    pair.say(pairs[1][0], "once more", Author.TEAM, internal=True)
    pair.pass_()
    assert pair.store.journal.skips() == []
    assert pair.notes(pairs[1][1]) == ["ticket_resolved"]
    assert pairs[1][0].status == Status("resolved")
