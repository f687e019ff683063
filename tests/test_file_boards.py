"""Issues that are filed are put on their boards, with what their playbook says; what can't be is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from syncd.actions import Board
from syncd.cli import filings
from syncd.details import Detail
from syncd.errors import ConnectorError, Refused, Transient
from syncd.model import Audience, Author, Ref
from syncd.notify.incidents import incidents
from syncd.testing.memory import Entry
from syncd.testing.panels import Panel
from tests.filings import AFTER, RULES, Desk

BOARDS: list[dict[str, Any]] = [
    {"board": "team/1", "fields": {"Type": "support", "Impact": "{priority}"}},
    {"board": "team/2"},
]
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
    assert said in desk.row(ticket).board_reason
    assert desk.tracker.boards["team/2"].items == {issue.number: {}}, "one that fails leaves the other alone"


def shown(desk: Desk) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, str], int]:
    """By ``status``, by ``queue list``, by the alert, and the number in health."""
    found, queued = filings.gather(desk.store), filings.queued(desk.store)
    alerts = {one.alert: one for one in incidents(desk.store, list(desk.books))}
    told = dict(alerts["parked"].items(alerts["parked"].subjects)) if "parked" in alerts else {}
    return found["refused_boards"], queued, told, desk.store.figures()[0].parked


def test_what_can_not_be_put_there_is_parked_until_a_person_has_it_tried_again(desk: Desk) -> None:
    no_option(desk)
    ticket, issue = filed(desk)
    (told,), (row,), alerted, parked = shown(desk)
    name = desk.ref(issue).human
    assert (told["issue"], told["ticket"]) == (name, desk.ref(ticket).human)
    assert (row["group"], row["items"], row["parked"], row["due"]) == (name, [desk.ref(ticket).human, name], True, None)
    assert f"`syncd queue retry {name}` tries it again" in row["next"]
    assert all("no option critical" in text for text in (told["reason"], row["why"], alerted[desk.ref(ticket).human]))
    assert parked == 1
    desk.settle()
    assert desk.tracker.boards["team/1"].items == {}
    desk.tracker.boards["team/1"].fields["Impact"] = ("critical",)
    with desk.store.write():
        assert desk.store.boards.retry(desk.work.now, desk.ref(issue)) == 1
    desk.go()
    assert desk.tracker.boards["team/1"].items[issue.number] == {"Type": "support", "Impact": "critical"}
    assert shown(desk) == ([], [], {}, 0)


def test_what_is_given_up_is_shown_no_more_and_not_tried_again(desk: Desk) -> None:
    no_board(desk)
    ticket, _ = filed(desk)
    desk.tracker.boards["team/1"] = Panel({"Type": ("support",), "Impact": ("critical",)})
    with desk.store.write():
        assert desk.store.boards.drop(desk.ref(ticket)) == 1
        assert desk.store.boards.drop(desk.ref(ticket)) == 0
        assert desk.store.boards.retry(desk.work.now) == 0
    desk.settle()
    assert shown(desk) == ([], [], {}, 0)
    assert desk.tracker.boards["team/1"].items == {}
    assert "no board team/1" in desk.row(ticket).reason, "the history says what the issue lacks"


def test_an_outage_of_boards_shows_when_it_is_tried_again(desk: Desk) -> None:
    def stumble(*_what: object) -> Iterator[ConnectorError | None]:
        raise Transient("tracker", "answered 502")

    desk.work.connectors["tracker"].board = stumble  # type: ignore[method-assign,assignment]
    ticket, issue = filed(desk)
    found, (row,), alerted, parked = shown(desk)
    assert (found, alerted, parked) == ([], {}, 0)
    assert (row["group"], row["parked"], row["why"]) == (desk.ref(issue).human, False, "answered 502")
    assert row["due"] == desk.row(ticket).board_due


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
    assert "not put on its boards: reading the ticket" in desk.row(ticket).board_reason


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
    assert desk.row(ticket).board_reason == ""


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
    assert desk.row(ticket).board_reason == ""


# --- issues that people filed ---


@pytest.fixture
def shared() -> Desk:
    """A desk whose place is the project in which people file by hand, too."""
    return team()


def team(**rules: Any) -> Desk:
    routing = {"place": "bugs", "places": {"bugs": "tracker:TRACKER", "other": "OTHER"}}
    desk = Desk(**{"boards": BOARDS, "priorities": PRIORITIES, "routing": routing, **rules})
    (tracker,) = (books for name, books in desk.books.items() if name not in {"desk", "emea"})
    tracker.boards["team/1"] = Panel({"Type": ("support", "defect"), "Impact": ("critical", "high")})
    tracker.boards["team/2"] = Panel({})
    desk.tracker = tracker
    return desk


def adopted(desk: Desk, **how: Any) -> tuple[Entry, Entry]:
    """An escalated ticket for which a person files an issue within the minute that is left to people."""
    ticket = desk.escalated()
    ticket.fields["impact"] = "critical"
    desk.pass_()
    issue = desk.issue(ticket, **how)
    return ticket, issue


def on_boards(desk: Desk) -> dict[str, dict[int, Any]]:
    return {name: dict(panel.items) for name, panel in desk.tracker.boards.items()}


def test_an_issue_that_a_person_filed_for_the_ticket_is_put_there_too(shared: Desk) -> None:
    ticket, issue = adopted(shared)
    shared.go()
    assert (shared.filed(), shared.states(ticket)) == ([], ["adopted"])
    there = {"Type": "support", "Impact": "critical"}
    assert on_boards(shared) == {"team/1": {issue.number: there}, "team/2": {issue.number: {}}}
    assert (issue.subject, issue.tags, issue.remarks) == ("", (), [])


def test_what_a_person_has_set_on_the_board_stays(shared: Desk) -> None:
    _, issue = adopted(shared)
    shared.tracker.boards["team/1"].items[issue.number] = {"Type": "defect"}
    shared.go()
    assert shared.tracker.boards["team/1"].items == {issue.number: {"Type": "defect", "Impact": "critical"}}


def test_it_is_put_there_once_and_what_people_do_there_afterwards_holds(shared: Desk) -> None:
    _, issue = adopted(shared)
    shared.go()
    del shared.tracker.boards["team/2"].items[issue.number]
    shared.tracker.boards["team/1"].items[issue.number] = {}
    another = shared.escalated()
    shared.say(issue, shared.url(another), Author.TEAM)
    shared.settle()
    shared.go()
    assert shared.states(another) == ["adopted"]
    assert on_boards(shared) == {"team/1": {issue.number: {}}, "team/2": {}}


@pytest.mark.parametrize("status", ["done", "declined", "duplicate"])
def test_what_is_finished_by_then_is_not_put_there(shared: Desk, status: str) -> None:
    ticket, issue = adopted(shared)
    shared.pass_()
    shared.move(issue, status)
    shared.go()
    assert shared.states(ticket) == ["adopted"]
    assert on_boards(shared) == {"team/1": {}, "team/2": {}}
    assert shown(shared) == ([], [], {}, 0)


def test_an_issue_elsewhere_than_in_the_playbook_s_places_is_not_put_there() -> None:
    desk = team(routing={"place": "bugs", "places": {"bugs": "BUG"}})
    ticket, _ = adopted(desk)
    desk.go()
    assert desk.states(ticket) == ["adopted"]
    assert on_boards(desk) == {"team/1": {}, "team/2": {}}
    assert shown(desk) == ([], [], {}, 0)


def test_a_board_of_one_place_gets_what_people_filed_there_and_no_other() -> None:
    desk = team(boards=[BOARDS[0] | {"place": "bugs"}, BOARDS[1] | {"place": "other"}])
    _, issue = adopted(desk)
    desk.go()
    assert on_boards(desk) == {"team/1": {issue.number: {"Type": "support", "Impact": "critical"}}, "team/2": {}}


def test_a_field_of_the_ticket_does_not_come_where_everybody_reads() -> None:
    desk = team(boards=[{"board": "team/1", "fields": {"Impact": "{field:impact}", "Type": "support"}}])
    _, issue = adopted(desk, audience=Audience.PUBLIC)
    desk.go()
    assert desk.tracker.boards["team/1"].items == {issue.number: {"Type": "support"}}


def test_what_can_not_be_put_there_is_parked_as_for_any_other(shared: Desk) -> None:
    no_option(shared)
    ticket, issue = adopted(shared)
    shared.go()
    (told,), (row,), alerted, parked = shown(shared)
    assert (told["issue"], row["parked"], parked) == (shared.ref(issue).human, True, 1)
    assert "no option critical" in alerted[shared.ref(ticket).human]
    shared.tracker.boards["team/1"].fields["Impact"] = ("critical",)
    with shared.store.write():
        assert shared.store.boards.retry(shared.work.now, shared.ref(issue)) == 1
    shared.go()
    assert shared.tracker.boards["team/1"].items[issue.number] == {"Type": "support", "Impact": "critical"}
    assert shown(shared) == ([], [], {}, 0)


def test_observe_mode_puts_nothing_there_nor_does_its_end(shared: Desk) -> None:
    shared.work.writes = False
    ticket, _ = adopted(shared)
    shared.go()
    assert shared.states(ticket) == ["adopted"]
    shared.work.writes = True
    shared.go()
    assert on_boards(shared) == {"team/1": {}, "team/2": {}}


def test_a_link_that_no_escalation_led_to_is_put_nowhere(shared: Desk) -> None:
    shared.issue(shared.ticket())
    shared.go()
    assert on_boards(shared) == {"team/1": {}, "team/2": {}}
