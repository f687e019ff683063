"""An escalated ticket for which the playbook files none: the agent is told once what happens instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncd.details import Company, Person
from syncd.model import Author
from syncd.testing.memory import Entry
from tests.filed import playbook
from tests.filings import RULES as FILING
from tests.filings import Desk

FILE: dict[str, Any] = FILING["file"]
NONE = "No issue was filed for this ticket"
FORM = "levels 2 to 4 come by the bug form: https://forms.example.com/bug"
RULES: dict[str, Any] = {
    "priorities": {
        "severity": {"told_by": [{"tag": "level_"}]},
        "table": {"1": "1", "2": "2"},
        "no_issue": {"2": FORM},
    },
    "texts": {"no_issue": "No issue was filed for this ticket: {{ reason }}."},
}


def level(desk: Desk, number: int, *more: str) -> Entry:
    ticket = desk.ticket()
    ticket.subject = "Kanarienvogel"
    desk.tick()
    desk.label(ticket, f"level_{number}", "escalate", *more)
    return ticket


def test_the_agent_gets_the_form_once_as_an_internal_note() -> None:
    desk = Desk(**RULES)
    ticket = level(desk, 2)
    desk.go(4)
    (note,) = [one for one in ticket.remarks if one.author is Author.SELF]
    assert note.internal
    assert f"{FORM}." in note.body
    assert "Kanarienvogel" not in note.body
    assert desk.filed() == []
    desk.say(ticket, "and another thing", Author.OUTSIDE)
    desk.go()
    assert len(desk.notes(ticket)) == 1


def test_level_one_gets_an_issue_and_no_form() -> None:
    desk = Desk(**RULES)
    ticket = level(desk, 1)
    desk.go(4)
    assert len(desk.filed()) == 1
    assert not any(FORM in note for note in desk.notes(ticket))


def test_who_escalates_again_is_told_again() -> None:
    desk = Desk(**RULES)
    ticket = level(desk, 2)
    desk.go()
    desk.calm(ticket)
    desk.go()
    desk.escalate(ticket)
    desk.go(3)
    assert len(desk.notes(ticket)) == len(desk.rows(ticket)) == 2


def test_where_nothing_may_be_written_nothing_is_promised() -> None:
    desk = Desk(**RULES)
    desk.work.writes = False
    ticket = level(desk, 2)
    desk.go(3)
    desk.work.writes = True
    assert desk.notes(ticket) == []


def test_a_lost_answer_doubles_no_note(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "syncd.db", **RULES)
    ticket = level(desk, 2)
    desk.desk.faults.append(("lost_answer", True))
    desk.go(2)
    desk.restart()
    desk.settle()
    assert len(desk.notes(ticket)) == 1


def test_a_playbook_without_the_text_says_nothing() -> None:
    desk = Desk(**{**RULES, "texts": {"no_issue": ""}})
    ticket = level(desk, 2)
    desk.go(4)
    assert desk.notes(ticket) == []


@pytest.mark.parametrize("name", ["2i2c", "sourcegraph-support", "sourcegraph-ce", "criticality"])
def test_every_shipped_playbook_says_what_happens_instead(name: str) -> None:
    text = playbook(name).render("no_issue", reason=FORM)
    assert text == f"No issue was filed for this ticket: {FORM}."


TOLD: dict[str, Any] = {"texts": {"no_issue": RULES["texts"]["no_issue"], "message_approval_needed": ""}}


def notes(ticket: Entry) -> list[str]:
    return [one.body.split("\n")[0] for one in ticket.remarks if one.author is Author.SELF]


def test_an_agent_is_told_once_why_there_is_no_issue_yet() -> None:
    desk = Desk(**TOLD, file=FILE | {"authorised": "representatives", "approved": [{"tag": "approved"}]})
    ticket = desk.escalated()
    ticket.requester = Person("Kanarienvogel")
    desk.go(3)
    assert notes(ticket) == [
        f"{NONE}: it is for no company, so nobody can be its representative; set the company on it."
    ]
    ticket.company = Company("Kanarienvogel AG")
    desk.answer(ticket)
    desk.go(3)
    foreign = f"{NONE}: its requester is no representative of the company; it is filed once one agrees, "
    assert notes(ticket)[1:] == [f"{foreign}and the ticket shows that by the tag approved."]
    desk.label(ticket, *ticket.tags, "approved")
    desk.go()
    assert len(desk.filed()) == 1


def test_an_agent_is_told_to_answer_first() -> None:
    desk = Desk(**TOLD, file=FILE | {"answered_first": True})
    ticket = desk.escalated()
    desk.go(3)
    assert notes(ticket) == [f"{NONE}: no agent has answered the requester yet; it is filed once one has."]


def test_an_agent_is_told_what_the_tracker_refuses_and_so_is_the_log() -> None:
    desk = Desk(**TOLD)
    told = list[tuple[str, str]]()
    desk.work.parked = lambda what, why: told.append((what, why))
    desk.tracker.faults.append(("refused", True))
    ticket = desk.escalated()
    desk.go(3)
    assert notes(ticket) == [f"{NONE}: the value isn't accepted."]
    assert told == [(desk.ref(ticket).human, "the value isn't accepted")]


def test_a_tracker_whose_answers_are_always_lost_is_a_person_s_business() -> None:
    desk = Desk(**TOLD)
    ticket = desk.escalated()

    def vanish() -> None:
        for number in [one.number for one in desk.filed()]:
            del desk.tracker.entries[number]

    desk.tracker.before_call = vanish
    desk.tracker.faults += [("lost_answer", True)] * 9
    desk.go(40, seconds=600)
    assert desk.states(ticket) == ["refused"]
    assert "each answer was lost, and none stands there" in desk.row(ticket).reason
    assert len(desk.tracker.faults) == 4, "it was asked five times"
