"""``/file``: an agent orders an issue for a ticket."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.model import Author, Status
from syncd.store import FilingState
from syncd.testing.memory import Entry
from tests.filings import AFTER, RULES, TAG, Desk


def order(desk: Desk, ticket: Entry, what: str = "/file") -> None:
    desk.say(ticket, what, Author.TEAM, internal=True)


def failures(desk: Desk, ticket: Entry) -> dict[str, str]:
    return desk.store.commands.failures(desk.ref(ticket))


@pytest.mark.parametrize("by_tag", [True, False])
def test_it_files_an_issue_at_once_and_once(*, by_tag: bool) -> None:
    desk = Desk()
    ticket = desk.ticket()
    desk.tick()
    if by_tag:
        desk.label(ticket, "syncd_file")
    else:
        order(desk, ticket)
    desk.pass_()
    (issue,) = desk.filed()
    assert (desk.row(ticket).ordered, desk.row(ticket).trigger) == (True, "an agent's note that says /file")
    order(desk, ticket, "thanks")
    desk.go(3)
    assert (desk.filed(), ticket.status, ticket.tags) == ([issue], Status("pending"), ())


STEPS = [3, pytest.param(1, marks=pytest.mark.torture)]
"""At every third moment, and in the long run at each."""


@pytest.mark.parametrize("by", STEPS)
def test_a_process_that_dies_at_any_point_of_it_files_one(tmp_path: Path, by: int) -> None:
    class _Dies(BaseException):
        """A kill."""

    for point in range(0, 200, by):
        desk = Desk(tmp_path / f"{point}.db")
        ticket = desk.ticket()
        desk.tick()
        order(desk, ticket)
        left = [point]

        def kill(left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == -1:
                raise _Dies

        desk.watch(kill)
        try:
            desk.pass_()
        except _Dies:
            desk.hook = lambda: None
            desk.restart()
            desk.go(4)
        assert (point, len(desk.filed()), ticket.status) == (point, 1, Status("pending"))
        assert (point, desk.notes(ticket)) == (point, ["link_note"])
        desk.store.close()
        if left[0] >= 0:
            return
    raise AssertionError("it never came to its end")


def test_a_ticket_that_has_an_issue_gets_no_second_one_and_the_reason_says_what_to_do() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.go()
    order(desk, ticket)
    desk.go()
    assert len(desk.filed()) == 1
    assert failures(desk, ticket) == {"/file": "it has tracker:TRACKER-1 already: use /link for another"}


def test_a_playbook_that_knows_no_such_command_says_so() -> None:
    desk = Desk(file={"when": [{"tag": TAG}]})
    ticket = desk.ticket()
    order(desk, ticket)
    desk.go()
    (why,) = failures(desk, ticket).values()
    assert (desk.filed(), '[file] when has no { command = "/file" }' in why) == ([], True)


def test_a_muted_ticket_is_left_alone() -> None:
    desk = Desk()
    ticket = desk.ticket()
    order(desk, ticket, "/mute")
    order(desk, ticket)
    desk.go()
    assert (desk.filed(), failures(desk, ticket)) == ([], {"/file": "the ticket is muted"})


def test_it_files_what_was_escalated_before_the_watch_began() -> None:
    desk = Desk()
    ticket = desk.ticket()
    desk.escalate(ticket)
    desk.store = type(desk.store).scratch()
    desk.work = desk.connect()
    desk.reconcile()
    assert desk.states(ticket) == ["old"]
    desk.tick()
    order(desk, ticket)
    desk.go()
    assert (len(desk.filed()), desk.states(ticket)) == (1, ["filed"])


def test_an_order_that_can_t_be_carried_out_yet_stands_until_it_can() -> None:
    desk = Desk(file=RULES["file"] | {"answered_first": True})
    ticket = desk.ticket()
    order(desk, ticket)
    desk.go()
    assert (desk.filed(), desk.row(ticket).state, desk.row(ticket).rule) == ([], FilingState.UNFILED, "not_answered")
    desk.answer(ticket)
    desk.go()
    assert len(desk.filed()) == 1


def test_a_trigger_that_comes_and_goes_takes_nothing_from_an_order() -> None:
    desk = Desk(file=RULES["file"] | {"answered_first": True})
    ticket = desk.ticket()
    order(desk, ticket)
    desk.go()
    desk.escalate(ticket)
    desk.go()
    desk.calm(ticket)
    desk.go()
    assert desk.states(ticket) == ["unfiled"]
    desk.answer(ticket)
    desk.go()
    assert (len(desk.filed()), desk.states(ticket)) == (1, ["filed"])


def test_an_order_for_a_ticket_whose_issue_was_unlinked_files_another() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.go()
    desk.cut(ticket, desk.filed()[0])
    desk.go()
    assert len(desk.filed()) == 1, "the trigger is no new one"
    order(desk, ticket)
    desk.go()
    assert (len(desk.filed()), desk.states(ticket)) == (2, ["filed", "filed"])


def test_a_person_who_files_before_the_order_is_heeded_is_left_the_only_one() -> None:
    desk = Desk()
    ticket = desk.ticket()
    desk.pass_()
    desk.tick(AFTER)
    order(desk, ticket)
    desk.issue(ticket)
    desk.go()
    assert desk.filed() == []
