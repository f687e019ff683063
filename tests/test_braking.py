"""The brake (rule 16): how much may change at once, who is stopped, and how it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from syncd import braking
from syncd.config import Brake
from syncd.errors import BrakeOn
from syncd.model import Status
from syncd.testing.memory import Entry
from tests.filings import AFTER, Desk
from tests.pairs import Pair


def many(number: int, limit: int = 5, **rules: Any) -> tuple[Pair, list[Entry], list[Entry]]:
    """So many pairs in step, long ago; then the brake is set."""
    pair = Pair(**rules)
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(number)]
    issues = [pair.issue(ticket) for ticket in tickets]
    pair.pass_()
    pair.tick(7200)
    pair.work.brake = Brake(max_changes=limit, share=0.0, max_messages=3)
    return pair, tickets, issues


def resolved(tickets: list[Entry]) -> int:
    return sum(ticket.status == Status("resolved") for ticket in tickets)


def test_too_many_changes_at_once_are_stopped_and_go_on_after_a_release() -> None:
    pair, tickets, issues = many(12)
    for issue in issues:
        pair.move(issue, "done")
    pair.pass_()
    assert resolved(tickets) == 5
    with pytest.raises(BrakeOn, match="syncd brake release desk"):
        braking.tell(pair.work)
    pair.pass_()
    pair.reconcile()
    assert resolved(tickets) == 5
    assert sum(len(pair.notes(ticket)) for ticket in tickets) == 12 + 5
    with pair.store.write():
        pair.store.brakes.release("desk", pair.work.now)
    pair.tick()
    pair.pass_()
    assert resolved(tickets) == 10  # its count began anew
    pair.tick(4000)
    with pair.store.write():
        pair.store.brakes.release("desk", pair.work.now)
    pair.pass_()
    assert resolved(tickets) == 12
    braking.tell(pair.work)


def test_as_many_as_may_change_within_an_hour_change_every_hour() -> None:
    pair, tickets, issues = many(12)
    for number, issue in enumerate(issues):
        pair.move(issue, "done")
        if number % 5 == 4:
            pair.pass_()
            pair.tick(4000)
    pair.pass_()
    assert resolved(tickets) == 12
    assert pair.store.brakes.on() == []


def test_a_ticket_counts_once() -> None:
    pair, tickets, issues = many(6)
    for status in ("done", "open", "done"):
        pair.move(issues[0], status)
        pair.pass_()
        pair.tick(60)
    for issue in issues[1:5]:
        pair.move(issue, "done")
    pair.pass_()
    assert resolved(tickets) == 5
    assert pair.store.brakes.on() == []


def test_a_share_of_the_links_may_change() -> None:
    pair, tickets, issues = many(30, limit=1)
    pair.work.brake = Brake(max_changes=1, share=0.5)
    for issue in issues:
        pair.move(issue, "done")
    pair.pass_()
    assert resolved(tickets) == 15


def test_messages_to_customers_are_counted_apart() -> None:
    pair, tickets, issues = many(
        6, limit=100, messages="public", texts={"message_resolved": "it is done"}, replies={"answered_first": False}
    )
    pair.work.brake = Brake(max_changes=100, share=0.0, max_messages=3)
    for issue in issues:
        pair.move(issue, "done")
    pair.pass_()
    assert sum("it is done" in note for ticket in tickets for note in pair.notes(ticket)) == 3
    assert resolved(tickets) == 3
    assert "messages" in pair.store.brakes.on()[0].reason


def test_the_others_go_on() -> None:
    pair = Pair(other=True)
    pair.reconcile()
    pair.tick()
    mine, theirs = pair.ticket(), pair.ticket()
    issue, foreign = pair.issue(mine), pair.issue(theirs, at="other")
    pair.pass_()
    pair.tick()
    with pair.store.write():
        pair.store.brakes.pull("other", "too much", pair.work.now)
    for one in (issue, foreign):
        pair.move(one, "done")
    pair.reconcile()
    assert (mine.status, theirs.status) == (Status("resolved"), Status("pending"))


def test_a_run_that_may_write_nothing_shows_everything() -> None:
    pair, tickets, issues = many(12)
    for issue in issues:
        pair.move(issue, "done")
    pair.pass_()
    pair.work.writes = False
    pair.reconcile()
    assert len([step for plan in pair.work.plans.values() for step in plan.steps]) == 7
    assert resolved(tickets) == 5


def test_at_the_limit_what_has_changed_already_may_change_again() -> None:
    pair, tickets, issues = many(5)
    for issue in issues:
        pair.move(issue, "done")
    pair.pass_()
    assert resolved(tickets) == 5
    pair.tick()
    pair.move(issues[0], "open")
    pair.pass_()
    assert tickets[0].status == Status("pending")
    assert pair.store.brakes.on() == []


def test_what_would_be_filed_is_foreseen_for_the_helpdesk_and_for_the_tracker() -> None:
    desk = Desk()
    for _ in range(4):
        desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    desk.work.brake = Brake(max_changes=3, share=0.0)
    desk.work.writes = False
    desk.pass_()
    assert len(desk.work.would_file) == 4
    assert braking.foreseen(desk.work) == {"desk": (3, 4), "tracker": (3, 4)}
    desk.work.brake = Brake(max_changes=4, share=0.0)
    assert braking.foreseen(desk.work) == {}
