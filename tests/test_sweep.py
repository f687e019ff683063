"""What a feed keeps to itself is found all the same, and that costs next to nothing."""

from __future__ import annotations

import pytest

from syncd.errors import ConnectorError
from syncd.model import Status
from syncd.probe.sweep import EVERY, Sweep
from syncd.sync.reconcile import drain
from syncd.testing.memory import Entry
from tests.pairs import Pair


def linked(count: int) -> tuple[Pair, list[Entry], list[Entry], Sweep]:
    """Pairs in step, of a helpdesk that is read ticket by ticket; a sweep that has run for the first time."""
    pair = Pair(plain=True)
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(count)]
    issues = [pair.issue(ticket) for ticket in tickets]
    pair.pass_()
    sweep = Sweep("desk")
    sweep.run(pair.work)
    return pair, tickets, issues, sweep


def quarter(pair: Pair, sweep: Sweep) -> int:
    """A quarter of an hour, and its sweep; how many calls that took."""
    pair.clock.advance(EVERY)
    before = pair.desk.calls
    sweep.run(pair.work)
    return pair.desk.calls - before


def test_a_move_that_the_feed_never_shows_is_found() -> None:
    pair, tickets, issues, _ = linked(2)
    issues[1].status = Status("done")  # without a new version: nothing that a feed could show
    pair.pass_()
    assert tickets[1].status == Status("pending")
    sweep = Sweep("tracker", credit=1.0)
    sweep.due = pair.clock.monotonic()
    pair.clock.advance(1)
    sweep.run(pair.work)
    drain(pair.work)
    assert tickets[1].status == Status("resolved")


@pytest.mark.parametrize(
    ("until", "what", "value"), [("label:shipped", "tags", ("shipped",)), ("released", "released", True)]
)
def test_what_ends_an_issue_without_moving_its_version_is_found(until: str, what: str, value: object) -> None:
    pair = Pair(resolve_when=until)
    ticket, issue = pair.filed_pair()
    issue.released = False
    pair.move(issue, "done")
    pair.pass_()
    assert ticket.status == Status("pending")
    setattr(issue, what, value)
    sweep = Sweep("tracker", credit=1.0, due=pair.clock.monotonic())
    pair.clock.advance(1)
    sweep.run(pair.work)
    drain(pair.work)
    assert ticket.status == Status("resolved")
    assert not pair.parked()


@pytest.mark.parametrize(("links", "calls"), [(250, [2, 3, 2, 3]), (40, [0, 0, 1, 0, 1, 0])])
def test_a_sweep_costs_a_call_for_a_hundred_links_at_most(links: int, calls: list[int]) -> None:
    pair, *_, sweep = linked(links)
    assert [quarter(pair, sweep) for _ in calls] == calls


def test_between_two_sweeps_nothing_is_read() -> None:
    pair, *_, sweep = linked(250)
    quarter(pair, sweep)
    pair.clock.advance(EVERY / 2)
    before = pair.desk.calls
    sweep.run(pair.work)
    assert pair.desk.calls == before


def test_each_has_its_turn_within_a_day() -> None:
    pair, *_, sweep = linked(120)
    pair.clock.advance(1)
    morning = pair.work.now
    assert len(pair.store.links.unseen("desk", morning)) == 120
    for _ in range(90):
        quarter(pair, sweep)
    assert 0 < len(pair.store.links.unseen("desk", morning)) < 20
    for _ in range(12):
        quarter(pair, sweep)
    assert pair.store.links.unseen("desk", morning) == []


def test_an_item_that_cannot_be_read_does_not_keep_the_others_from_their_turn() -> None:
    pair, *_, sweep = linked(100)
    pair.clock.advance(1)
    first, second, *_ = pair.store.links.unseen("desk", pair.work.now)
    pair.desk.faults += [("refused", False)]
    with pytest.raises(ConnectorError):
        quarter(pair, sweep)
    quarter(pair, sweep)
    left = pair.store.links.unseen("desk", pair.work.now)
    assert first in left
    assert second not in left
