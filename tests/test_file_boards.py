"""Issues that are filed are put on their boards, with what their playbook says; what can't be is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from syncd.actions import Board
from syncd.details import Detail
from syncd.errors import ConnectorError, Refused, Transient
from syncd.model import Ref
from syncd.testing.memory import Entry
from syncd.testing.panels import Panel
from tests.filings import AFTER, RULES, Desk

BOARDS = [{"board": "team/1", "fields": {"Type": "support", "Impact": "{priority}"}}, {"board": "team/2"}]
PRIORITIES = {"severity": {"told_by": [{"field": "impact"}]}, "table": {"critical": "critical"}, "labelled": False}
FILE = {**RULES["file"], "type": "Bug", "set": {"Severity": "{priority}"}}


@pytest.fixture
def desk() -> Desk:
    desk = Desk(boards=BOARDS, priorities=PRIORITIES, file=FILE)
    (tracker,) = (books for name, books in desk.books.items() if name not in {"desk", "emea"})
    tracker.boards["team/1"] = Panel({"Type": ("support", "defect"), "Impact": ("critical", "high")})
    tracker.boards["team/2"] = Panel({})
    desk.tracker = tracker
    return desk


def filed(desk: Desk) -> tuple[Entry, Entry]:
    ticket = desk.ticket()
    ticket.subject, ticket.fields["impact"] = "It is slow", "critical"
    desk.tick()
    desk.escalate(ticket)
    desk.go()
    (issue,) = desk.filed()
    return ticket, issue


def test_an_issue_is_filed_with_type_and_fields_and_put_on_its_boards(desk: Desk) -> None:
    ticket, issue = filed(desk)
    assert (issue.type, issue.fields["Severity"]) == ("Bug", "critical")
    assert desk.tracker.boards["team/1"].items == {issue.number: {"Type": "support", "Impact": "critical"}}
    assert desk.tracker.boards["team/2"].items == {issue.number: {}}
    assert desk.row(ticket).reason == ""


def no_board(desk: Desk) -> None:
    del desk.tracker.boards["team/1"]


def no_option(desk: Desk) -> None:
    desk.tracker.boards["team/1"].fields["Impact"] = ("high",)


@pytest.mark.parametrize(("harm", "said"), [(no_board, "no board team/1"), (no_option, "no option critical")])
def test_what_can_not_be_put_there_is_told_and_the_issue_stands(
    desk: Desk, harm: Callable[[Desk], None], said: str
) -> None:
    harm(desk)
    ticket, issue = filed(desk)
    assert desk.states(ticket) == ["filed"]
    assert said in desk.row(ticket).reason
    assert desk.tracker.boards["team/2"].items == {issue.number: {}}, "one that fails leaves the other alone"


def test_an_issue_whose_answer_was_lost_is_put_on_its_boards_once_it_is_found(desk: Desk) -> None:
    ticket = desk.ticket()
    ticket.subject, ticket.fields["impact"] = "It is slow", "critical"
    desk.tick()
    desk.escalate(ticket)
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append(("lost_answer", True))
    desk.go(6)
    (issue,) = desk.filed()
    assert desk.states(ticket) == ["filed"]
    assert desk.tracker.boards["team/1"].items == {issue.number: {"Type": "support", "Impact": "critical"}}


def test_a_found_issue_whose_ticket_can_not_be_read_stands_and_is_told(desk: Desk) -> None:
    ticket = desk.ticket()
    ticket.subject = "It is slow"
    desk.tick()
    desk.escalate(ticket)
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append(("lost_answer", True))
    desk.go(1)
    assert desk.states(ticket) == ["doubt"]
    detail = desk.work.connectors["desk"].detail

    def refuse(ref: Ref) -> Detail:
        raise Refused("desk", "reading the ticket: the agent may not see it")

    desk.work.connectors["desk"].detail = refuse  # type: ignore[method-assign]  # in its place
    desk.go(4)
    desk.work.connectors["desk"].detail = detail  # type: ignore[method-assign]  # as it was
    desk.go(2)
    assert desk.states(ticket) == ["filed"]
    assert len(desk.filed()) == 1
    assert "not put on its boards: reading the ticket" in desk.row(ticket).reason


def test_an_outage_is_waited_for(desk: Desk) -> None:
    ticket = desk.ticket()
    ticket.subject, ticket.fields["impact"] = "It is slow", "critical"
    desk.tick()
    desk.escalate(ticket)
    put, struck = desk.tracker.board_obstacles, list[object]()

    def stumble(board: object) -> list[str]:
        if not struck:
            struck.append(board)
            desk.tracker.faults.append(("error", False))
        return put(board)  # type: ignore[arg-type]  # as it came

    desk.tracker.board_obstacles = stumble  # type: ignore[method-assign]  # in its place
    desk.go()
    (issue,) = desk.filed()
    assert struck
    assert desk.tracker.boards["team/1"].items[issue.number] == {"Type": "support", "Impact": "critical"}
    assert desk.row(ticket).reason == ""


def test_a_process_that_dies_before_the_boards_were_asked_puts_it_there_after_its_start(tmp_path: Path) -> None:
    class _Dies(BaseException):
        """A kill."""

    def die(*_what: object) -> None:
        raise _Dies

    desk = Desk(tmp_path / "syncd.db", boards=BOARDS)
    desk.tracker.boards["team/1"], desk.tracker.boards["team/2"] = Panel({}), Panel({})
    desk.escalated()
    desk.pass_()
    desk.tick(61)
    desk.work.connectors["tracker"].board = die  # type: ignore[method-assign,assignment]  # the end comes with it
    with pytest.raises(_Dies):
        desk.pass_()
    desk.restart()
    desk.go()
    (issue,) = desk.filed()
    assert issue.number in desk.tracker.boards["team/2"].items


def test_a_long_outage_is_waited_for(desk: Desk) -> None:
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(61)
    tracker = desk.work.connectors["tracker"]
    put, struck = tracker.board, list[object]()

    def stumble(issue: Ref, boards: Sequence[Board]) -> Iterator[ConnectorError | None]:
        struck.append(boards)
        if len(struck) < 12:
            raise Transient("tracker", "answered 502")
        return put(issue, boards)

    tracker.board = stumble  # type: ignore[method-assign]  # in its place
    desk.go(8)
    (issue,) = desk.filed()
    assert issue.number in desk.tracker.boards["team/1"].items
    assert desk.row(ticket).reason == ""
