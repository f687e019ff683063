"""Notes that stand twice after all are found and told, and no other note costs a call."""

from __future__ import annotations

import pytest

from syncd.model import Author
from syncd.probe.doubles import look_for_doubles
from syncd.testing.memory import Entry
from syncd.testing.world import Remark
from tests.pairs import Pair


def sent_twice() -> tuple[Pair, Entry]:
    """A ticket whose closing note was sent once more, because the first request was lost on its way."""
    pair = Pair(plain=True)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.desk.faults.append(("cut", True))
    pair.pass_()
    pair.settle()
    assert pair.notes(ticket) == ["link_note", "resolved"]
    return pair, ticket


def late(pair: Pair, ticket: Entry) -> None:
    """The first request is applied after all."""
    ticket.markers.append(ticket.markers[-1])
    pair.desk.say(ticket.number, Remark(Author.SELF, "resolved", internal=True))


def doubled(pair: Pair) -> list[str]:
    return [row.kind for row in pair.store.effects.doubled()]


def test_a_request_that_was_applied_very_late_is_found_in_the_night() -> None:
    pair, ticket = sent_twice()
    assert look_for_doubles(pair.work, "desk") == 0
    late(pair, ticket)
    pair.clock.advance(86400)
    assert look_for_doubles(pair.work, "desk") == 1
    assert doubled(pair) == ["resolved"]
    (row,) = pair.store.effects.doubled()
    assert len(row.doubles.split()) == 2
    every, each = pair.store.figures()
    assert (every.doubles, each["desk"].doubles) == (1, 1)


def test_it_is_told_until_one_of_them_is_gone_however_long_that_takes() -> None:
    pair, ticket = sent_twice()
    late(pair, ticket)
    pair.reconcile()
    assert doubled(pair) == ["resolved"]
    pair.clock.advance(86400 * 30)
    pair.reconcile()
    assert doubled(pair) == ["resolved"]
    ticket.markers.pop()
    pair.reconcile()
    assert doubled(pair) == []


def test_what_was_sent_once_costs_no_call() -> None:
    pair = Pair(plain=True)
    pair.filed_pair()
    before = pair.desk.calls
    assert look_for_doubles(pair.work, "desk") == 0
    assert pair.desk.calls == before


@pytest.mark.parametrize("days", [1, 3])
def test_two_nights_later_nobody_looks_any_more(days: int) -> None:
    pair, _ = sent_twice()
    pair.clock.advance(86400 * days)
    before = pair.desk.calls
    look_for_doubles(pair.work, "desk")
    assert (pair.desk.calls > before) == (days == 1)
