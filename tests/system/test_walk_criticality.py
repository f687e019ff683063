"""Bugs by criticality, step by step: Zendesk, Jira, and the channels of support, delivery and product.

The playbook is the shipped one; the team's own file names the project, the channels and the groups in Slack.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from program import CANARY
from walks import MARKER, MINUTE, Walk
from warm import Kettle

from connectors.zendesk.sandbox import defaults

EMERGENCY, ON_CALL, DELIVERY = "S0DEV91100", "S0ONCALL01", "S0SOSGROUP"
OWN = f"""
playbook = "criticality"
[sync.file]
type = "Bug"
[sync.routing.places]
bugs = "ENG"
[sync.announce]
reactions = true
[sync.announce.sinks]
support = "support"
delivery = "delivery"
product = "product"
[sync.announce.mentions]
dev911 = "{EMERGENCY}"
oncall = "{ON_CALL}"
sos = "{DELIVERY}"
[sync.timers.sprint]
start = 2026-01-05
length = "14d"
critical = ["1"]
"""
POINTS = {
    "address": "https://data.example.com/board/7",
    "steps_to_reproduce": "Open the board",
    "expected": "A chart",
    "actual": "An empty page",
    "success": "The chart is there",
}
POINTS_OF_ISSUE = {
    "Address and data": "address",
    "Steps to reproduce": "steps_to_reproduce",
    "Expected": "expected",
    "What happens instead": "actual",
    "What success looks like": "success",
}
FIELDS = {name: 7000 + at for at, name in enumerate(POINTS)}


class Desk(Walk):
    """The team: support's channel is private, as delivery's; product's can be read by many."""

    def __init__(self, folder: Path, kettle: Kettle) -> None:
        chats = {"support": "private", "delivery": "private", "product": "public"}
        super().__init__(folder, kettle, "zendesk", "jira", chats)
        self.books, self.people = self.desk.stand_in.books, self.desk.stand_in.people
        self.jira = self.tracker.stand_in.people
        self.support, self.delivery, self.product = (self.chats[name] for name in chats)
        for name, number in FIELDS.items():
            self.books.fields[number] = defaults.fields()[defaults.ISSUE] | {"id": number, "title": name}
        self.works_by(OWN)
        self.go(1)

    def asks(self, *tags: str, points: bool = True) -> int:
        """A client reports something, and an agent answers."""
        ticket: int = self.people.make_ticket("The site is down", f"Since noon {CANARY}", tags=tags)
        for name, number in FIELDS.items() if points else ():
            self.people.set_field(ticket, number, POINTS[name])
        self.people.agent_reply(ticket, "We are looking into it.")
        self.later()
        self.run("reconcile").ended(0)
        return ticket

    def hands_over(self, *levels: str) -> int:
        """A report that an agent hands to engineering."""
        ticket = self.asks(*levels)
        self.people.add_tag(ticket, "engineering")
        self.later()
        self.go()
        return ticket

    def said(self, ticket: int, *, public: bool = False) -> list[str]:
        """What syncd left on a ticket."""
        talk = self.books.tickets[ticket].comments
        return [one["plain_body"] for one in talk if MARKER.search(one["body"]) and one["public"] is public]

    def at(self, ticket: int) -> str:
        return str(self.books.tickets[ticket].status)

    def shown(self, ticket: int) -> list[str]:
        """The tags by which it shows its issue."""
        return [tag for tag in self.books.tickets[ticket].row["tags"] if tag.startswith("issue_")]

    def issues(self) -> dict[str, Any]:
        """All issues, by key."""
        return {one.now.key: one.now for one in self.tracker.stand_in.books.issues.values()}

    def url(self, ticket: int) -> str:
        return f"{self.desk.stand_in.url}/agent/tickets/{ticket}"


@pytest.fixture
def desk(tmp_path: Path, kettle: Kettle) -> Iterator[Desk]:
    one = Desk(tmp_path, kettle)
    yield one
    one.close()


def test_level_1_goes_to_jira_at_once_and_the_emergency_group_is_called(desk: Desk) -> None:
    ticket = desk.hands_over("level_1")
    ((key, issue),) = desk.issues().items()
    assert (issue.summary, issue.type) == ("The site is down", "Bug")
    assert "criticality-1" in issue.labels
    for heading, name in POINTS_OF_ISSUE.items():
        assert f"h3. {heading}\n\n{{quote}}\n{POINTS[name]}\n{{quote}}" in issue.description
    assert f"[{ticket}|{desk.url(ticket)}]" in issue.description
    assert (desk.at(ticket), desk.shown(ticket), desk.said(ticket, public=True)) == ("pending", ["issue_open"], [])
    (note,) = desk.said(ticket)
    assert "please go on talking about it there" in note
    assert "It is recorded, and being looked into" in note
    desk.serve(lambda: len(desk.support.said) == 1 and len(desk.product.said) == 1)
    alert = "\n".join(map(str, desk.support.said))
    for shown in (f"<!subteam^{EMERGENCY}>", key, desk.url(ticket), POINTS["address"], POINTS["steps_to_reproduce"]):
        assert shown in alert
    product = "\n".join(map(str, desk.product.said))
    assert key in product
    assert "to be done in the sprint that ends" in product
    assert CANARY not in product
    assert "The site is down" not in product
    assert desk.delivery.said == []


def test_nobody_answers_for_20_minutes_and_the_next_is_called(desk: Desk) -> None:
    desk.hands_over("level_1")
    desk.serve(lambda: len(desk.support.said) == 1)
    desk.later(10 * MINUTE)
    desk.serve(lambda: True)
    assert len(desk.support.said) == 1
    desk.later(11 * MINUTE)
    desk.serve(lambda: len(desk.support.said) == 2)
    assert f"<!subteam^{ON_CALL}>" in str(desk.support.said[1])
    assert "obody has answered" in str(desk.support.said[1])
    desk.later(60 * MINUTE)
    desk.serve(lambda: True)
    assert len(desk.support.said) == 2
    assert "nobody" in desk.run("status").out.lower()


@pytest.mark.parametrize("how", ["replies", "reacts", "takes it"])
def test_whoever_answers_ends_the_chain(desk: Desk, how: str) -> None:
    desk.hands_over("level_1")
    desk.serve(lambda: len(desk.support.said) == 1)
    ts = desk.support.said[0]["ts"]
    if how == "replies":
        desk.support.reply(ts)
    elif how == "reacts":
        desk.support.react(ts)
    else:
        desk.jira.edit(next(iter(desk.issues())), "assignee", "dev")
    desk.later(25 * MINUTE)
    desk.serve(lambda: True)
    assert len(desk.support.said) == 1


def test_a_matter_in_work_gets_eyes_and_a_finished_one_a_check_mark(desk: Desk) -> None:
    ticket = desk.hands_over("level_1")
    (key,) = desk.issues()
    desk.serve(lambda: len(desk.support.said) == 1)
    ts = desk.support.said[0]["ts"]
    desk.jira.set_status(key, "In Progress")
    desk.later()
    desk.serve(lambda: (ts, "eyes") in desk.support.reactions)
    assert (desk.at(ticket), desk.shown(ticket)) == ("pending", ["issue_in_progress"])
    desk.jira.resolve(key)
    desk.later()
    desk.serve(lambda: (ts, "white_check_mark") in desk.support.reactions)
    assert (desk.at(ticket), desk.shown(ticket)) == ("solved", ["issue_done"])
    assert "What you reported is taken care of" in desk.said(ticket)[-1]
    assert desk.said(ticket, public=True) == []


@pytest.mark.parametrize("level", ["2", "3", "4"])
def test_other_levels_get_the_address_of_the_form(desk: Desk, level: str) -> None:
    ticket = desk.hands_over(f"level_{level}")
    assert (desk.issues(), desk.at(ticket)) == ({}, "open")
    (note,) = desk.said(ticket)
    assert "https://forms.example.com/bug" in note
    desk.serve(lambda: True)
    assert (desk.support.said, desk.delivery.said) == ([], [])


def test_what_an_agent_files_all_the_same_delivery_is_asked_of_first_and_then_support(desk: Desk) -> None:
    ticket = desk.hands_over("level_2")
    desk.people.agent_note(ticket, "/file")
    desk.later()
    desk.go()
    (key,) = desk.issues()
    assert "criticality-2" in desk.issues()[key].labels
    desk.serve(lambda: len(desk.delivery.said) == 1)
    assert f"<!subteam^{DELIVERY}>" in str(desk.delivery.said[0])
    assert desk.support.said == []
    desk.later(21 * MINUTE)
    desk.serve(lambda: len(desk.support.said) == 1)
    assert len(desk.delivery.said) == 1


def test_an_issue_that_the_technical_team_has_made_meanwhile_is_adopted_as_it_is(desk: Desk) -> None:
    ticket = desk.asks("level_1")
    desk.people.add_tag(ticket, "engineering")
    key = desk.jira.make_issue("ENG", "Down", f"Ticket: {desk.url(ticket)}", type="Bug", labels=["platform"])
    desk.go()
    assert list(desk.issues()) == [key]
    issue = desk.issues()[key]
    assert (issue.summary, issue.labels) == ("Down", ("platform",))
    assert (desk.at(ticket), desk.shown(ticket)) == ("pending", ["issue_open"])
    desk.serve(lambda: len(desk.support.said) == 1 and len(desk.product.said) == 1)
    assert f"<!subteam^{EMERGENCY}>" in str(desk.support.said[0])
    assert "filed by hand" in desk.support.texts[0]


def test_what_nobody_has_told_is_missing_in_the_issue(desk: Desk) -> None:
    ticket = desk.asks("level_1", points=False)
    desk.people.add_tag(ticket, "engineering")
    desk.later()
    desk.go()
    (issue,) = desk.issues().values()
    assert issue.description.count("missing") == len(POINTS_OF_ISSUE)
