"""Issues that are filed are put on their boards, with what their playbook says; what can't be is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.testing.memory import Entry
from syncd.testing.panels import Panel
from tests.filings import RULES, Desk

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
