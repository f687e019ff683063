"""2i2c's support process, step by step: Freshdesk, the public repository ``infrastructure``, and the support channel.

The playbook is the shipped one; the team's own file names the repository, the channel, the board and the budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from program import CANARY
from walks import DAY, HOUR, MARKER, Walk
from warm import Kettle

from connectors.freshdesk.sandbox.books import AGENT, CLOSED, OPEN, PENDING, RESOLVED

INFRASTRUCTURE, BOARD = "acme/widgets", "acme/4"
LEAD, OTHER_LEAD = "lead@example.org", "second@example.org"
OWN = f"""
playbook = "2i2c"
[sync.routing.places]
infrastructure = "{INFRASTRUCTURE}"
[sync.announce.sinks]
support = "chat"
[[sync.boards]]
board = "{BOARD}"
fields = {{ type = "support", impact = "{{priority}}" }}
[sync.report]
companies = true
[sync.report.budget]
example-college = "40h"
"""
PUBLIC = """
[sync.replies]
filed = "public"
resolved = "public"
approval_needed = "public"
sprint_over = "public"
assigned = "public"
incident_update = "public"
incident_resolved = "public"
"""
FORM = [
    "### The Freshdesk ticket link",
    "### Ticket request type",
    "### Ticket impact",
    "### Short ticket description",
    "### (Optional) Investigation results",
]
"""The headings of the ticket-tracker form."""


class Hub(Walk):
    """The team, with a community that has two representatives and somebody who is none."""

    def __init__(self, folder: Path, kettle: Kettle, more: str = "") -> None:
        super().__init__(folder, kettle, "freshdesk", "github", {"chat": "public"})
        self.books = self.desk.stand_in.books
        self.people, self.hub = self.desk.stand_in.people, self.tracker.stand_in.people
        self.slack = self.chats["chat"]
        self.hub.make_label(INFRASTRUCTURE, "support", "sprint-expired", "exception")
        self.hub.make_board("acme", {"type": ("support",), "impact": ("critical", "high", "medium", "low")})
        self.hub.make_member("engineer")
        college = self.people.add_company("Example College")
        self.lead = self.people.add_contact("Ada Lead", LEAD, [college], [college])
        self.people.add_contact("Eve Second", OTHER_LEAD, [college], [college])
        self.member = self.people.add_contact("Bob Member", "member@example.org", [college])
        self.works_by(OWN + more)
        self.run("reconcile").ended(0)
        self.later()

    def asks(self, who: int = 0, **row: Any) -> int:
        """Somebody writes, the representative if nobody else is named; an hour later nobody has taken it yet."""
        ticket: int = self.people.make_ticket(f"{CANARY} please", f"<p>{CANARY} and more</p>")
        self.people.hand_over(ticket, requester_id=who or self.lead, **row)
        self.later(HOUR)
        self.run("reconcile").ended(0)
        return ticket

    def answers(self, ticket: int, text: str = "Hello, I am looking into it.") -> None:
        """An agent takes the ticket and writes to the requester."""
        self.people.hand_over(ticket, responder_id=AGENT)
        self.people.agent_reply(ticket, text)
        self.later()

    def escalates(self, ticket: int) -> str:
        """An agent hands it over; the issue that came of it."""
        before = set(self.hub.issues())
        self.people.add_tag(ticket, "escalate")
        self.go()
        (made,) = set(self.hub.issues()) - before
        return str(made)

    def filed(self, **row: Any) -> tuple[int, str]:
        """A representative's ticket, answered and escalated, and its issue."""
        ticket = self.asks(**row)
        self.answers(ticket)
        return ticket, self.escalates(ticket)

    def at(self, ticket: int) -> int:
        """A ticket's status."""
        return int(self.books.tickets[ticket].row["status"])

    def notes(self, ticket: int) -> list[str]:
        """What syncd left on it for the team."""
        return [" ".join(one["body_text"].split()) for one in self._ours(ticket) if one["private"]]

    def told(self, ticket: int) -> list[str]:
        """What syncd told the requester."""
        return [" ".join(one["body_text"].split()) for one in self._ours(ticket) if not one["private"]]

    def copies(self, ticket: int) -> list[list[str]]:
        """Who got copies of that."""
        return [one["cc_emails"] for one in self._ours(ticket) if not one["private"]]

    def _ours(self, ticket: int) -> list[dict[str, Any]]:
        return [one for one in self.books.tickets[ticket].talk if MARKER.search(one["body"])]

    def url(self, ticket: int) -> str:
        """Where agents see it."""
        return f"{self.desk.stand_in.url}/a/tickets/{ticket}"

    def issue_url(self, key: str) -> str:
        """Where everybody sees it."""
        return f"{self.tracker.stand_in.url}/{key.replace('#', '/issues/')}"

    def issue(self, key: str) -> Any:
        """An issue in the books."""
        number = int(key.partition("#")[2])
        return self.tracker.stand_in.books.repo(INFRASTRUCTURE).issues[number].now

    def title(self, key: str) -> str:
        return str(self.issue(key).title)

    def assign(self, key: str) -> None:
        """An engineer takes it into the sprint."""
        books, number = self.tracker.stand_in.books, int(key.partition("#")[2])
        books.repo(INFRASTRUCTURE).issues[number].change(books.now(), assignees=("engineer",))

    def by_hand(self, ticket: int, impact: str = "_No response_") -> str:
        """Somebody of the team fills in the form; the issue."""
        answers = (self.url(ticket), "Technical questions", impact, "It is slow", "_No response_")
        body = "\n\n".join(f"{heading}\n\n{answer}" for heading, answer in zip(FORM, answers, strict=True))
        made: str = self.hub.make_issue(INFRASTRUCTURE, "[Support] It is slow", body, labels=("support",))
        self.later()
        return made

    def incident(self, ticket: int) -> str:
        """The responder fills in the incident form; the issue."""
        body = f"### Summary\n\nStorage\n\n### Important information\n\n- Support ticket ref: {self.url(ticket)}\n"
        made: str = self.hub.make_issue(
            INFRASTRUCTURE, "[Incident] Storage", body, labels=("type: Hub Incident", "support")
        )
        self.later()
        return made


@pytest.fixture
def hub(tmp_path: Path, kettle: Kettle) -> Iterator[Hub]:
    """As shipped: messages are drafts."""
    yield from opened(tmp_path, kettle)


@pytest.fixture
def outspoken(tmp_path: Path, kettle: Kettle) -> Iterator[Hub]:
    """The team lets its messages out."""
    yield from opened(tmp_path, kettle, PUBLIC)


def opened(folder: Path, kettle: Kettle, more: str = "") -> Iterator[Hub]:
    one = Hub(folder, kettle, more)
    yield one
    one.close()
    sent = [exchange.request for exchange in one.tracker.stand_in.log]
    assert not any(CANARY.encode() in request.body or CANARY in request.path for request in sent)


def test_somebody_else_s_ticket_waits_for_a_representative(hub: Hub) -> None:
    ticket = hub.asks(hub.member)
    hub.answers(ticket)
    hub.people.add_tag(ticket, "escalate")
    hub.go()
    assert (hub.hub.issues(), hub.at(ticket), hub.told(ticket)) == ([], OPEN, [])
    why, note = sorted(hub.notes(ticket))
    assert "No issue was filed for this ticket: its requester is no representative" in why
    assert "the ticket shows that by the tag approved" in why
    assert "Suggested reply to the customer (not sent)" in note
    assert "opened by somebody who isn't a representative of your community (Bob Member)" in note
    assert "Bob Member is no representative of Example College" in hub.explain("--ticket", f"freshdesk:{ticket}").out
    hub.serve(lambda: len(hub.slack.said) == 1)
    assert f"icket {ticket}" in hub.slack.texts[0]
    hub.people.add_tag(ticket, "approved")
    hub.go()
    (key,) = hub.hub.issues()
    assert (hub.at(ticket), len(hub.slack.said)) == (PENDING, 1)
    assert hub.url(ticket) in hub.hub.body(key)


def test_the_representatives_are_asked_in_copy(outspoken: Hub) -> None:
    ticket = outspoken.asks(outspoken.member)
    outspoken.answers(ticket)
    outspoken.people.add_tag(ticket, "escalate")
    outspoken.go()
    (said,) = [one for one in outspoken.told(ticket) if "May we go ahead" in one]
    assert outspoken.hub.issues() == []
    assert outspoken.copies(ticket)[outspoken.told(ticket).index(said)] == [LEAD, OTHER_LEAD]


def test_a_representative_s_request_from_the_first_answer_to_the_confirmation(hub: Hub) -> None:
    ticket = hub.asks(type="Guidance Request")
    hub.answers(ticket)
    key = hub.escalates(ticket)
    body = hub.hub.body(key)
    assert [line for line in body.splitlines() if line.startswith("### ")] == FORM
    assert (hub.title(key), hub.issue(key).labels) == (f"[Support] Ticket {ticket}", ("support",))
    assert "### Ticket request type\n\nTechnical questions\n\n### Ticket impact\n\n_No response_" in body
    assert hub.url(ticket) in body
    assert hub.hub.on_board(BOARD, key) == {"type": "support"}
    assert (hub.at(ticket), hub.told(ticket)) == (PENDING, [])
    (note,) = hub.notes(ticket)
    assert f"Filed as {INFRASTRUCTURE}#" in note
    assert (
        "Thank you for getting in touch, Ada Lead. This isn't an outage, so we have put it into our work planning."
        in note
    )
    hub.hub.close(key)
    hub.go()
    assert (hub.at(ticket), hub.told(ticket)) == (RESOLVED, [])
    assert "Could you check, and confirm that it does what you need?" in hub.notes(ticket)[-1]
    hub.people.customer_reply(ticket, f"It still fails {CANARY}")
    hub.later()
    hub.go()
    assert (hub.at(ticket), hub.hub.status(key)[0]) == (OPEN, "open")
    hub.answers(ticket, "We look again.")
    hub.people.set_status(ticket, PENDING)
    hub.later()
    hub.hub.close(key)
    hub.go()
    assert (hub.at(ticket), len(hub.hub.issues())) == (RESOLVED, 1)
    hub.people.set_status(ticket, CLOSED)
    hub.later()
    hub.hub.reopen(key)
    hub.go()
    assert hub.at(ticket) == CLOSED
    assert "the tag escalate" in hub.explain(f"freshdesk:{ticket}").out


def test_the_same_request_where_messages_go_out(outspoken: Hub) -> None:
    ticket, key = outspoken.filed()
    assigned, filed = outspoken.told(ticket)
    assert "Somebody of our team has taken on this ticket" in assigned
    assert "put it into our work planning" in filed
    assert key not in "".join(outspoken.told(ticket))
    assert any(
        outspoken.issue_url(key) in note["body"] for note in outspoken.books.tickets[ticket].talk if note["private"]
    )
    outspoken.hub.close(key)
    outspoken.go()
    assert outspoken.at(ticket) == RESOLVED
    assert "confirm that it does what you need" in outspoken.told(ticket)[-1]
    assert len(outspoken.told(ticket)) == 3


def test_what_is_critical_is_told_to_the_support_channel_once_whoever_filed_it(hub: Hub) -> None:
    ticket = hub.asks()
    hub.answers(ticket)
    hub.people.set_field(ticket, "cf_impact", "Critical")
    key = hub.escalates(ticket)
    assert "### Ticket impact\n\n🟥 Critical\n" in hub.hub.body(key)
    assert hub.hub.on_board(BOARD, key) == {"type": "support", "impact": "critical"}
    hub.serve(lambda: len(hub.slack.said) == 1)
    assert hub.issue_url(key) in hub.slack.texts[0]
    second = hub.asks()
    by_hand = hub.by_hand(second, "🟥 Critical")
    hub.go()
    assert hub.at(second) == PENDING
    hub.serve(lambda: len(hub.slack.said) == 2)
    assert hub.issue_url(by_hand) in hub.slack.texts[1]
    hub.by_hand(hub.asks(), "🟩 Low")
    hub.go()
    hub.serve(lambda: True)
    assert len(hub.slack.said) == 2


def test_what_is_critical_is_assigned_to_whoever_has_the_ticket(hub: Hub) -> None:
    hub.works_by(OWN + f'[sync.routing.agents]\n{AGENT} = "@stranger"\n')
    assert f"routing.agents.{AGENT}: 'stranger' can't be assigned" in hub.run("check").out
    hub.works_by(OWN + f'[sync.routing.agents]\n{AGENT} = "@engineer"\n')
    assert "routing.agents" not in hub.run("check").out
    ordinary, ticket = hub.asks(), hub.asks()
    hub.people.set_field(ticket, "cf_impact", "Critical")
    found = {}
    for one in (ordinary, ticket):
        hub.answers(one)
        found[one] = hub.issue(hub.escalates(one)).assignees
    assert found == {ordinary: (), ticket: ("engineer",)}
    hub.works_by(OWN + '[sync.routing.agents]\n99 = "@engineer"\n')
    assert f"the ticket's agent, {AGENT}, isn't in routing.agents" in hub.explain("--ticket", f"freshdesk:{ticket}").out


def test_an_issue_from_the_form_is_adopted_and_no_second_one_is_filed(hub: Hub) -> None:
    ticket = hub.asks()
    hub.answers(ticket)
    key = hub.by_hand(ticket)
    hub.people.add_tag(ticket, "escalate")
    hub.go()
    assert (hub.hub.issues(), hub.at(ticket)) == ([key], PENDING)
    assert any(f"Filed as {key}" in note for note in hub.notes(ticket))
    assert hub.hub.on_board(BOARD, key) == {"type": "support"}
    hub.hub.close(key, "not_planned")
    hub.go()
    assert hub.at(ticket) == RESOLVED
    assert "closed it without a change on our side" in hub.notes(ticket)[-1]


def test_a_sprint_goes_by_and_an_exception_is_approved(hub: Hub) -> None:
    (given_up, first), (excepted, second), (_, done) = hub.filed(), hub.filed(), hub.filed()
    for key in (first, second, done):
        hub.assign(key)
    urgent = hub.asks()
    hub.people.set_field(urgent, "cf_impact", "Critical")
    hub.answers(urgent)
    hub.escalates(urgent)  # in work or not: it is to be done in the sprint that runs
    hub.hub.close(done)
    hub.go()
    assert hub.late() == set()
    hub.later(15 * DAY)
    hub.go()
    assert hub.late() == {("sprint_over", f"freshdesk:{one}") for one in (given_up, excepted, urgent)}
    hub.hub.label(second, "exception")
    hub.hub.label(first, "sprint-expired")
    hub.go()
    assert hub.late() == {("sprint_over", f"freshdesk:{urgent}")}
    assert (hub.at(given_up), hub.hub.status(first)[0]) == (RESOLVED, "open")
    assert "We have not been able to solve this so far" in hub.notes(given_up)[-1]
    assert hub.at(excepted) == PENDING
    hub.hub.close(first)
    hub.go()
    assert hub.at(given_up) == RESOLVED
    assert not any("Could you check, and confirm" in note for note in hub.notes(given_up))


def test_a_pending_ticket_that_a_rule_ends_is_told_of(hub: Hub) -> None:
    ticket, key = hub.filed()
    hub.people.set_status(ticket, RESOLVED)
    hub.go()
    assert hub.late() == {("ended_early", f"freshdesk:{ticket}")}
    assert hub.hub.status(key)[0] == "open"
    hub.people.set_status(ticket, PENDING)
    hub.go()
    assert hub.late() == set()


def test_an_incident_takes_its_own_path(outspoken: Hub) -> None:
    ticket = outspoken.asks(type="Incident")
    outspoken.answers(ticket, "We are on it.")
    outspoken.people.add_tag(ticket, "escalate")
    outspoken.go()
    assert outspoken.hub.issues() == []
    assert "incidents take their own path" in " ".join(outspoken.notes(ticket))
    key = outspoken.incident(ticket)
    outspoken.go()
    assert outspoken.at(ticket) == PENDING
    assert not any("isn't an outage" in one for one in (*outspoken.told(ticket), *outspoken.notes(ticket)))
    outspoken.hub.comment(key, "The disk of the third node is full")
    outspoken.hub.comment(key, "/customers\nStorage is slow for everybody. We are moving volumes.")
    outspoken.go()
    outspoken.hub.comment(key, "/customers\nHalf of the volumes are moved.")
    outspoken.go()
    updates = outspoken.told(ticket)[-2:]
    assert "Storage is slow for everybody" in updates[0]
    assert "Half of the volumes are moved" in updates[1]
    assert not any("third node" in one for one in (*outspoken.told(ticket), *outspoken.notes(ticket)))
    outspoken.hub.close(key)
    outspoken.go()
    assert outspoken.at(ticket) == RESOLVED
    assert "The incident that affected you is over" in outspoken.told(ticket)[-1]


def test_of_an_incident_nobody_has_to_approve_anything_first(outspoken: Hub) -> None:
    ticket = outspoken.asks(outspoken.member, type="Incident")
    outspoken.answers(ticket, "We are on it.")
    outspoken.people.add_tag(ticket, "escalate")
    outspoken.go()
    assert "incidents take their own path" in " ".join(outspoken.notes(ticket))
    assert not any("May we go ahead" in one for one in (*outspoken.told(ticket), *outspoken.notes(ticket)))


def test_updates_are_drafts_as_shipped(hub: Hub) -> None:
    ticket = hub.asks(type="Incident")
    hub.answers(ticket)
    key = hub.incident(ticket)
    hub.go()
    hub.hub.comment(key, "/customers\nStorage is slow for everybody.")
    hub.go()
    assert hub.told(ticket) == []
    assert any("Storage is slow for everybody" in note for note in hub.notes(ticket))


def test_a_workshop_is_filed_and_resolved_without_an_agent(hub: Hub) -> None:
    ticket = hub.asks(type="Workshop Request")
    key = hub.escalates(ticket)
    assert "### Ticket request type\n\nOther\n" in hub.hub.body(key)
    assert hub.at(ticket) == PENDING
    hub.later(2 * DAY)
    hub.hub.close(key)
    hub.go()
    assert hub.at(ticket) == RESOLVED


def test_no_survey_is_sent_where_the_agent_wants_none(hub: Hub) -> None:
    ticket, key = hub.filed()
    hub.people.add_tag(ticket, "no-survey")
    hub.go()
    hub.hub.close(key)
    hub.go()
    assert hub.at(ticket) == CLOSED


def test_a_request_that_nobody_objects_to_is_closed_after_ten_working_days_where_that_is_wanted(hub: Hub) -> None:
    hub.works_by(OWN.replace('playbook = "2i2c"', 'playbook = "2i2c"\nclose_after = "10wd"'))
    hub.until(weekday=0, hour=9)
    quiet, key = hub.filed()
    unhappy, other = hub.filed()
    for one in (key, other):
        hub.hub.close(one)
    hub.go()
    hub.until(weekday=0, hour=8)
    hub.people.customer_reply(unhappy, "It still fails.")
    hub.people.set_status(unhappy, RESOLVED)  # by a rule of the helpdesk's own, or in a hurry
    hub.go()
    hub.until(weekday=0, hour=8)
    hub.go()
    assert (hub.at(quiet), hub.at(unhappy)) == (RESOLVED, RESOLVED)
    hub.until(weekday=1, hour=8)
    hub.go()
    assert (hub.at(quiet), hub.at(unhappy)) == (CLOSED, RESOLVED)
    assert "nothing has happened here since this ticket was resolved" in hub.notes(quiet)[-1]
    assert hub.told(quiet) == []
    assert hub.hub.status(key)[0] == "closed"


def test_working_days_run_out_but_for_the_weekend_and_the_status_tells_so(hub: Hub) -> None:
    hub.until(weekday=4, hour=12)
    ticket, unauthorised = hub.asks(), hub.asks(hub.member)
    hub.answers(unauthorised)
    hub.people.add_tag(unauthorised, "escalate")
    hub.go()
    hub.until(weekday=0, hour=11)  # Friday's and Monday's hours are fewer than 24
    hub.go()
    assert hub.late() == set()
    hub.until(weekday=0, hour=16)
    hub.go()
    wanted = {("overdue_answer", f"freshdesk:{ticket}"), ("overdue_filing", f"freshdesk:{unauthorised}")}
    assert hub.late() == wanted
    assert "1 ticket has had no answer in time" in hub.run("status").ended(1).out
    hub.answers(ticket)
    hub.people.add_tag(unauthorised, "approved")
    hub.go()
    assert hub.late() == set()


def test_the_report_tells_hours_against_the_budget_and_the_order(hub: Hub) -> None:
    (ticket, plain), (_, funded) = hub.filed(), hub.filed()
    outage = hub.incident(hub.asks(type="Incident"))
    hub.hub.label(funded, "order:funded")
    hub.people.work(ticket, int(2 * HOUR))
    hub.later(HOUR)
    hub.go()
    found = hub.json("report", "--order")["requests"]
    assert [(one["issue"], one["rank"]) for one in found] == [
        (f"github:{outage}", "incident"),
        (f"github:{funded}", "dedicated funding"),
        (f"github:{plain}", "other work"),
    ]
    report = hub.json("report", "--hours")["helpdesks"][0]
    assert report["hours"]["companies"] == [
        {"company": "example-college", "tickets": 1, "hours": 2.0, "budget": 40.0, "left": 38.0}
    ]
    assert report["whole"]["tickets"] == 3
    assert {one["name"]: one["with_issue"] for one in report["groups"]["kind"]} == {"guidance": 2, "incident": 1}
    assert report["times"]["assigned_to_file"]["tickets"] == 2, "what came of the first half hour"
