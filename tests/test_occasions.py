"""Messages that belong to no link: a representative is asked first, a ticket has an agent; each once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncd.cli import filings
from syncd.details import Company, Person
from syncd.model import Author, Status
from syncd.testing.books import NO_COPIES
from syncd.testing.memory import Entry
from tests.filings import RULES, Desk
from tests.test_replies import drafts, kept, seen

ASKED = "May we go ahead{% if requester %} with what {{ requester }} wants{% endif %}?"
LEADS = (Person("Lea", "lea@example.com"), Person("Lou", "lou@example.com"), Person("Without", ""))
FILE = RULES["file"] | {"authorised": "representatives", "approved": [{"tag": "approved"}]}
TEXTS = {"message_approval_needed": ASKED, "message_assigned": "Somebody sees to it.", "message_filed": "We plan it."}
TEXTS["no_issue"] = ""
"""What agents are told of a ticket that has no issue yet, tests/test_no_issue.py is for."""


def office(path: Path | None = None, *, how: str = "public", **replies: Any) -> Desk:
    return Desk(path, file=FILE, messages=how, texts=TEXTS, replies={"filed": "off", "assigned": "off"} | replies)


def foreign(desk: Desk, *, answered: bool = True, leads: tuple[Person, ...] = LEADS) -> Entry:
    """A ticket that is escalated, though its requester is no representative."""
    ticket = desk.ticket()
    ticket.requester, ticket.company = Person("Zuckermann", "z@example.com"), Company("Acme")
    ticket.representatives = leads
    desk.tick()
    if answered:
        desk.answer(ticket)
    desk.escalate(ticket)
    desk.go()
    return ticket


def test_the_representatives_are_asked_once_and_nothing_is_filed_meanwhile() -> None:
    desk = office()
    ticket = foreign(desk)
    assert [one.split("\n")[0] for one in seen(ticket)] == ["May we go ahead with what Zuckermann wants?"]
    assert ticket.copied == ("lea@example.com", "lou@example.com")
    assert (desk.filed(), desk.states(ticket), ticket.status) == ([], ["unfiled"], Status("open"))
    desk.say(ticket, "well?", Author.OUTSIDE)
    desk.go()
    desk.calm(ticket)
    desk.go()
    desk.escalate(ticket)
    desk.go()
    assert len(seen(ticket)) == 1
    desk.label(ticket, *ticket.tags, "approved")
    desk.go()
    assert len(desk.filed()) == 1


def test_status_names_the_tickets_that_wait_for_a_person_before_they_are_filed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk = office()
    tickets = [desk.ref(foreign(desk)).human for _ in range(4)]
    found = filings.gather(desk.store)
    assert [(one["ticket"], one["rule"]) for one in found["unfiled_tickets"]] == [
        (ticket, "not_authorised") for ticket in tickets
    ]
    filings.tell(found)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"{', '.join(tickets[:3])} and 1 more, which `syncd status --json` names" in shown
    assert tickets[3] not in shown


def test_who_may_start_a_ticket_is_asked_nothing() -> None:
    desk = office()
    ticket = desk.ticket()
    ticket.requester, ticket.company = Person("Ada", leads=True), Company("Acme")
    desk.tick()
    desk.answer(ticket)
    desk.escalate(ticket)
    desk.go()
    assert (seen(ticket), len(desk.filed())) == ([], 1)


def test_where_nobody_is_known_to_ask_it_is_a_draft_that_says_so() -> None:
    desk = office()
    ticket = foreign(desk, leads=(Person("Without", ""),))
    assert seen(ticket) == []
    assert "not sent, because nobody is known who could approve it" in drafts(desk, ticket)[0]


def test_a_message_that_went_without_its_copies_says_so(tmp_path: Path) -> None:
    desk = office(tmp_path / "state.db")
    desk.desk.no_copies = True
    said: list[str] = []
    desk.work.say = said.append
    ticket = foreign(desk)
    assert len(seen(ticket)) == 1
    assert NO_COPIES in kept(desk)
    assert any(NO_COPIES in one for one in said)
    assert "lea@" not in kept(desk)


def test_a_person_answers_first_here_too() -> None:
    desk = office()
    ticket = foreign(desk, answered=False)
    assert seen(ticket) == []
    assert "no agent has answered yet" in drafts(desk, ticket)[0]


@pytest.mark.parametrize(("how", "notes"), [("draft", 1), ("off", 0)])
def test_it_may_be_a_draft_or_nothing(how: str, notes: int) -> None:
    desk = office(how=how)
    ticket = foreign(desk)
    assert (seen(ticket), len(desk.notes(ticket))) == ([], notes)


def test_a_draft_names_who_is_to_get_a_copy() -> None:
    ticket = foreign(office(how="draft"))
    (draft,) = [one.body for one in ticket.remarks if "Suggested reply" in one.body]
    assert "To be sent with a copy to: lea@example.com, lou@example.com" in draft


def test_no_address_and_no_name_is_stored(tmp_path: Path) -> None:
    desk = office(tmp_path / "state.db")
    foreign(desk)
    for private in ("Zuckermann", "lea@", "Lea"):
        assert private not in kept(desk)


@pytest.mark.parametrize("how", ["lost_answer", "error", "rate_limited", "cut"])
def test_whatever_becomes_of_the_answer_it_is_asked_once(tmp_path: Path, how: str) -> None:
    desk = office(tmp_path / "state.db")
    desk.desk.faults.append((how, True))
    ticket = foreign(desk)
    desk.restart()
    desk.settle()
    assert len(seen(ticket)) == 1


def test_a_muted_ticket_is_left_alone() -> None:
    desk = office()
    ticket = desk.ticket()
    with desk.store.write():
        desk.store.commands.mute(desk.ref(ticket), desk.work.now)
    desk.escalate(ticket)
    desk.go()
    assert desk.notes(ticket) == []


def test_what_is_refused_is_told_and_can_be_tried_again() -> None:
    desk = office()
    desk.desk.faults.append(("refused", True))
    foreign(desk)
    assert [row.kind for row in desk.store.effects.still_refused()] == ["message_approval_needed"]


def test_it_is_asked_of_an_incident_as_well() -> None:
    desk = Desk(
        file=FILE,
        messages="public",
        texts=TEXTS,
        kinds={"incident": {"types": ["Incident"]}},
        replies={"filed": "off"},
    )
    ticket = desk.ticket()
    ticket.kind, ticket.company, ticket.representatives = "Incident", Company("Acme"), LEADS
    desk.answer(ticket)
    desk.escalate(ticket)
    desk.go()
    assert len(seen(ticket)) == 1


# --- the ticket has an agent ---


def taken(desk: Desk, ticket: Entry, *agents: str) -> None:
    """An agent takes a ticket, or leaves it."""
    ticket.assignees, ticket.version = agents, desk.desk.next()
    desk.go(times=1)


def test_that_a_ticket_has_an_agent_is_told_once() -> None:
    desk = office(assigned="public", answered_first=False)
    ticket = desk.ticket()
    ticket.requester, ticket.representatives = Person("Lea", "Lea@example.com"), LEADS
    desk.issue(ticket)
    desk.go()
    assert seen(ticket) == []
    taken(desk, ticket, "agent-1")
    assert [one.split("\n")[0] for one in seen(ticket)] == ["Somebody sees to it."]
    assert ticket.copied == ("lou@example.com",)
    taken(desk, ticket)
    taken(desk, ticket, "agent-2")
    assert len(seen(ticket)) == 1


def test_a_ticket_that_had_an_agent_before_syncd_looked_is_left() -> None:
    desk = office(assigned="public", answered_first=False)
    ticket = desk.ticket()
    ticket.assignees = ("agent-1",)
    desk.issue(ticket)
    desk.go()
    taken(desk, ticket, "agent-2")
    assert seen(ticket) == []


def test_nobody_is_told_of_an_agent_for_what_is_done() -> None:
    desk = office(assigned="public", answered_first=False)
    ticket = desk.ticket()
    issue = desk.issue(ticket)
    desk.go()
    desk.move(issue, "done")
    desk.go()
    taken(desk, ticket, "agent-1")
    assert seen(ticket) == []
