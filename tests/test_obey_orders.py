"""Muted tickets, and issues that agents have reopened."""

from __future__ import annotations

import pytest

from syncd.ingest.poll import poll
from syncd.model import Status
from syncd.records import Standing
from syncd.store.commands import DONE
from syncd.sync.reconcile import drain
from tests.agents import KINDS, begun, closed, order, outcomes, passed_over, rules, waiting
from tests.pairs import hour

# --- mute ---


@KINDS
def test_nothing_is_written_to_a_muted_ticket_or_because_of_it(plain: bool) -> None:
    pair, ticket, issue = waiting(plain=plain)
    order(pair, ticket, "/mute")
    pair.pass_()
    written = pair.writes()
    pair.move(ticket, "resolved")
    pair.pass_()
    pair.move(ticket, "pending")
    pair.move(issue, "done")
    pair.pass_()
    pair.reconcile()
    order(pair, ticket, "/link TRACKER-99")
    order(pair, ticket, "/reopen")
    pair.settle()
    assert pair.writes() == written
    assert (ticket.status, issue.status) == (Status("pending"), Status("done"))
    order(pair, ticket, "/unmute")
    pair.pass_()
    assert ticket.status == Status("resolved")
    assert pair.notes(ticket) == ["link_note", "resolved"]


def test_the_other_tickets_of_a_muted_ticket_s_issue_go_on() -> None:
    pair, ticket, issue = waiting()
    other = pair.ticket()
    pair.join(other, issue)
    order(pair, ticket, "/mute")
    pair.pass_()
    pair.move(issue, "done")
    pair.pass_()
    assert (str(ticket.status), str(other.status)) == ("pending", "resolved")


def test_a_note_that_is_still_owed_to_a_muted_ticket_waits() -> None:
    pair, ticket, issue = waiting(plain=True)
    pair.move(issue, "done")
    pair.desk.faults.append(("error", True))
    pair.pass_()
    assert pair.notes(ticket) == ["link_note"]
    order(pair, ticket, "/mute")
    pair.settle()
    assert pair.notes(ticket) == ["link_note"]
    order(pair, ticket, "/unmute")
    pair.settle()
    assert (str(ticket.status), pair.notes(ticket)) == ("resolved", ["link_note", "resolved"])


def test_a_link_that_is_made_while_its_ticket_is_muted_is_decided_afterwards() -> None:
    pair, ticket, issue = begun()
    order(pair, ticket, f"/mute\n/link {pair.url(issue)}")
    pair.pass_()
    assert (pair.standing(), pair.writes()) == (Standing.NEW, 0)
    order(pair, ticket, "/unmute")
    pair.pass_()
    assert (str(ticket.status), pair.notes(ticket)) == ("pending", ["link_note"])


def test_muting_goes_along_with_a_ticket_that_is_merged() -> None:
    pair, ticket, issue = waiting()
    order(pair, ticket, "/mute")
    pair.pass_()
    kept = pair.ticket("pending")
    pair.desk.tells_moves = True
    pair.merge(ticket, kept)
    pair.move(issue, "done")
    pair.reconcile()
    assert [ref for ref, _ in pair.store.commands.muted()] == [pair.ref(kept)]
    assert kept.status == Status("pending")


# --- reopen ---


@KINDS
@pytest.mark.parametrize("policy", ["tell", "reopen"])
def test_an_agent_may_have_a_closed_issue_reopened(policy: str, plain: bool) -> None:
    pair, ticket, issue = closed(plain=plain, on_requester_reopen=policy)
    order(pair, ticket, "/reopen")
    pair.pass_()
    assert (str(ticket.status), str(issue.status)) == ("resolved", "open")
    assert pair.notes(issue) == ["command"]
    assert rules(pair)[-1] == "command"
    pair.tick()
    pair.move(issue, "done")
    pair.pass_()
    pair.settle()
    pair.reconcile()
    assert issue.status == Status("done")
    assert pair.notes(issue) == ["command"]


def test_an_order_is_over_if_somebody_else_was_faster() -> None:
    pair, ticket, issue = closed()
    order(pair, ticket, "/reopen")
    poll(pair.work, "desk")
    pair.tracker.faults.append(("error", True))
    drain(pair.work)
    assert pair.link().ordered
    pair.move(issue, "open")
    poll(pair.work, "tracker")
    pair.move(issue, "done")
    pair.settle()
    assert issue.status == Status("done")


@KINDS
def test_an_order_stands_while_the_tracker_is_out_of_order(plain: bool) -> None:
    pair, ticket, issue = closed(plain=plain)
    order(pair, ticket, "/reopen")
    poll(pair.work, "desk")
    pair.tracker.faults.append(("error", True))
    drain(pair.work)
    assert issue.status == Status("done")
    pair.restart()
    pair.settle()
    assert (str(issue.status), pair.notes(issue)) == ("open", ["command"])


def test_an_order_stands_while_its_pair_is_damped() -> None:
    pair, ticket, issue = closed()
    for _ in range(2):
        pair.move(issue, "open")
        pair.pass_()
        pair.move(issue, "done")
        pair.pass_()
    order(pair, ticket, "/reopen")
    pair.pass_()
    assert (str(issue.status), len(pair.parked())) == ("done", 1)
    hour(pair)
    pair.reconcile()
    assert (str(issue.status), pair.parked()) == ("open", [])


@KINDS
def test_an_order_that_is_refused_for_good_is_told_and_holds_up_nothing(plain: bool) -> None:
    pair, ticket, issue = closed(plain=plain)
    order(pair, ticket, "/reopen")
    pair.tracker.faults.append(("refused", True))
    pair.pass_()
    assert pair.parked() == []
    pair.settle()
    assert issue.status == Status("done")
    assert pair.notes(ticket)[2:] == ["command_failed"]
    assert passed_over(pair) == {"/reopen": "the value isn't accepted"}
    assert pair.parked() == []


def test_of_several_issues_the_closed_ones_are_reopened() -> None:
    pair, ticket, first = waiting()
    second, third = pair.issue(ticket), pair.issue(ticket)
    pair.tick()
    pair.pass_()
    pair.move(first, "done")
    pair.move(second, "declined")
    pair.pass_()
    order(pair, ticket, "/reopen")
    pair.pass_()
    assert [str(one.status) for one in (first, second, third)] == ["open"] * 3
    assert [len(pair.notes(one)) for one in (first, second, third)] == [1, 1, 0]


def test_an_issue_that_was_closed_a_moment_ago_is_reopened() -> None:
    pair, ticket, issue = waiting()
    order(pair, ticket, "/reopen")
    poll(pair.work, "desk")
    pair.move(issue, "done")  # the poll of the tracker is yet to come
    drain(pair.work)
    assert outcomes(pair, ticket) == [""]
    pair.tick()
    pair.pass_()
    assert issue.status == Status("open")
    assert outcomes(pair, ticket) == [DONE]


def test_an_open_issue_needs_no_reopening() -> None:
    pair, ticket, _ = waiting()
    order(pair, ticket, "/reopen")
    calls = pair.tracker.calls
    pair.pass_()
    pair.tick()
    pair.pass_()
    assert pair.tracker.calls - calls == 2  # two idle polls: a slow tracker holds up no helpdesk
    assert passed_over(pair) == {"/reopen": "none of its issues is closed"}
