"""The process dies between a write and its record, and people go on: nothing of theirs is lost when it is back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.config import Brake
from syncd.ingest.poll import poll
from syncd.model import Status
from syncd.records import Standing
from syncd.testing.memory import Entry
from tests.pairs import Pair


class Died(BaseException):
    """The process is gone."""


def die() -> None:
    raise Died


def dying(pair: Pair, what: Callable[[], None]) -> None:
    """Do this; the process dies as soon as the helpdesk has written."""
    pair.desk.after_write = die
    with pytest.raises(Died):
        what()
    pair.desk.after_write = lambda: None


def back(pair: Pair) -> None:
    """It is started again, and goes on until all is quiet."""
    pair.restart()
    pair.pass_()
    pair.settle()


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path / "state.db", plain=True)


def new_pair(pair: Pair) -> tuple[Entry, Entry]:
    """A ticket and its issue that syncd has yet to see."""
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    issue = pair.issue(ticket)
    pair.tick()
    return ticket, issue


@pytest.mark.parametrize("written", ["its note", "its status"])
def test_an_issue_closed_while_its_filing_was_not_recorded_is_followed(pair: Pair, written: str) -> None:
    ticket, issue = new_pair(pair)
    dying(pair, pair.pass_)
    if written == "its status":
        pair.move(ticket, "pending")  # Plain: the note is written first; this is what would have come next
    pair.tick()
    pair.move(issue, "done")
    back(pair)
    assert ticket.status == Status("resolved")
    assert sorted(pair.notes(ticket)) == ["link_note", "resolved"]


def test_an_issue_reopened_while_its_closing_was_not_recorded_is_followed(pair: Pair) -> None:
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    remarks = len(ticket.remarks)

    def resolved() -> None:
        if len(ticket.remarks) > remarks and ticket.status == Status("resolved"):
            raise Died

    pair.desk.after_write = resolved
    with pytest.raises(Died):
        pair.pass_()
    pair.desk.after_write = lambda: None
    pair.tick()
    pair.move(issue, "open")
    back(pair)
    assert ticket.status == Status("pending")
    assert pair.notes(issue) == []  # nobody resolved the ticket on his own
    assert pair.standing() is Standing.AGREED


def test_an_agent_who_reopens_after_an_unrecorded_closing_is_asked_about_no_more_than_before(pair: Pair) -> None:
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    dying(pair, pair.pass_)
    back(pair)
    assert ticket.status == Status("resolved")
    assert pair.notes(ticket) == ["link_note", "resolved"]
    assert pair.store.begun.among([pair.ref(ticket), pair.ref(issue)]) == []


def test_a_limit_that_outlasts_the_issue_loses_no_closing(pair: Pair) -> None:
    ticket, issue = new_pair(pair)
    pair.desk.faults += [("rate_limited", True)] * 3
    pair.pass_()
    assert ticket.status == Status("open")
    pair.move(issue, "done")
    pair.settle()
    assert ticket.status == Status("resolved")


def test_what_was_finished_at_first_sight_is_still_left_as_it_is(pair: Pair) -> None:
    ticket, issue = new_pair(pair)
    pair.move(issue, "done")
    pair.pass_()
    pair.settle()
    assert ticket.status == Status("open")
    assert pair.standing() is Standing.ADOPTED


def test_a_write_of_a_link_that_was_cut_meanwhile_is_not_recorded(pair: Pair) -> None:
    ticket, issue = new_pair(pair)
    dying(pair, pair.pass_)
    pair.restart()
    pair.cut(ticket, issue)
    pair.pass_()
    pair.settle()
    pair.join(ticket, issue)
    pair.settle()
    assert pair.standing() is Standing.AGREED
    assert pair.store.begun.among([pair.ref(ticket)]) == []


@pytest.mark.parametrize("fault", ["rate_limited", "error", "cut", "lost_answer"])
def test_a_comment_that_was_begun_is_not_taken_for_written(pair: Pair, fault: str) -> None:
    ticket, issue = pair.filed_pair()
    pair.tracker.faults.append((fault, True))
    pair.move(ticket, "resolved")
    pair.pass_()
    pair.settle()
    assert pair.notes(issue) == ["ticket_resolved"]
    assert pair.standing() is Standing.TOLD


def test_an_issue_that_was_seen_open_before_anything_was_decided_is_followed(pair: Pair) -> None:
    ticket, issue = new_pair(pair)
    for name in ("tracker", "desk"):
        poll(pair.work, name)
    pair.restart()  # killed before the group was looked at
    pair.move(issue, "done")
    pair.pass_()
    pair.settle()
    assert ticket.status == Status("resolved")
    assert pair.standing() is Standing.AGREED
    pair.move(issue, "open")
    pair.pass_()
    assert ticket.status == Status("pending")


def test_an_issue_that_waited_for_a_brake_and_was_closed_meanwhile_is_followed(pair: Pair) -> None:
    pair.work.brake = Brake(max_changes=1, share=0.0)
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(2)]
    issues = [pair.issue(ticket) for ticket in tickets]
    pair.pass_()
    assert [str(ticket.status) for ticket in tickets] == ["pending", "open"]
    pair.move(issues[1], "done")
    pair.pass_()
    pair.tick(3700)
    with pair.store.write():
        pair.store.brakes.release("desk", pair.work.now)
    pair.pass_()
    pair.settle()
    assert tickets[1].status == Status("resolved")


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("fault", ["error", "cut", "rate_limited"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_was_closed_and_opened_again_while_no_write_came_through_makes_its_ticket_wait(
    tmp_path: Path, fault: str, times: int, dies: bool
) -> None:
    pair = Pair(tmp_path / "state.db")  # note and status are one write
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    pair.desk.faults += [(fault, True)] * times
    issue = pair.issue(ticket)
    pair.pass_()
    for word in ("done", "open"):
        if dies:
            pair.restart()
        pair.move(issue, word)
        pair.tick(1)
        pair.pass_()
    pair.desk.faults.clear()
    pair.settle()
    assert (ticket.status, pair.standing()) == (Status("pending"), Standing.AGREED)
    assert pair.notes(ticket)[-1] in {"link_note", "issue_reopened"}, "nothing that is over"
    assert not pair.parked()
