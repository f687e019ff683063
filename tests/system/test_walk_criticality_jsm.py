"""Bugs by criticality, step by step, where clients ask on a portal: Jira Service Management, and Jira.

The same shipped playbook as on Zendesk, whose walk tells of the channels; here it is the helpdesk that differs: levels
stand in a field, a label or the request's priority, notes are comments that only the team sees, and both ends are Jira.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from program import CANARY
from walks import MARKER, Walk
from warm import Kettle

EMERGENCY = "S0DEV91100"
OWN = f"""
playbook = "criticality"
[sync.file]
type = "Bug"
[sync.routing.places]
bugs = "ENG"
[sync.announce.sinks]
support = "support"
product = "product"
[sync.announce.mentions]
dev911 = "{EMERGENCY}"
"""
POINTS = {"address": "https://data.example.com/board/7", "steps_to_reproduce": "Open the board", "actual": "Nothing"}
OPEN, PENDING, RESOLVED = "Waiting for support", "Pending", "Resolved"


class Desk(Walk):
    """The team: its field for the level and its data points; product's channel can be read by many."""

    def __init__(self, folder: Path, kettle: Kettle) -> None:
        super().__init__(folder, kettle, "jsm", "jira", {"support": "private", "product": "public"})
        self.people, self.jira = self.desk.stand_in.people, self.tracker.stand_in.people
        self.people.automate("SUP", asked=OPEN)
        self.points = {name: self.people.add_field(name) for name in POINTS}
        self.level = self.people.add_field("criticality", "select")
        self.people.add_options(self.level, "1", "2", "3", "4")
        self.works_by(OWN)
        self.go(1)

    def asks(self) -> str:
        """A client reports something on the portal, with what the form asks for, and an agent answers."""
        key: str = self.people.make_request("SUP", f"The site is down {CANARY}", f"Since noon {CANARY}")
        for name, field in self.points.items():
            self.people.edit(key, field, POINTS[name])
        self.people.agent_reply(key, "We are looking into it.")
        self.later()
        self.run("reconcile").ended(0)
        return key

    def hands_over(self, *, level: str = "", label: str = "", priority: str = "") -> str:
        """A report of that level, wherever an agent says so, that is handed to engineering."""
        request = self.asks()
        if level:
            self.people.edit(request, self.level, level, by="agent")
        if label:
            self.people.add_label(request, label)
        if priority:
            self.people.edit(request, "priority", priority, by="agent")
        self.people.add_label(request, "engineering")
        self.later()
        self.go()
        return request

    def at(self, request: str) -> str:
        """A request's status, without its category and resolution."""
        return str(self.people.status(request)).partition("/")[2].partition(":")[0]

    def said(self, request: str, *, internal: bool = True) -> list[str]:
        """What syncd left on a request."""
        said = self.people.comments(request)
        return [one["body"] for one in said if MARKER.search(one["body"]) and one["internal"] is internal]

    def shown(self, request: str) -> list[str]:
        """The labels by which it shows its issue."""
        with self.desk.stand_in.lock:
            labels = self.desk.stand_in.books.find(request).now.labels
        return [one for one in labels if one.startswith("issue_")]

    def issues(self) -> dict[str, Any]:
        """All issues, by key."""
        return {one.now.key: one.now for one in self.tracker.stand_in.books.issues.values()}


@pytest.fixture
def desk(tmp_path: Path, kettle: Kettle) -> Iterator[Desk]:
    one = Desk(tmp_path, kettle)
    yield one
    one.close()


@pytest.mark.parametrize("how", [{"level": "1"}, {"label": "level_1"}, {"priority": "Highest"}], ids=str)
def test_level_1_goes_to_jira_at_once_wherever_an_agent_says_so(desk: Desk, how: dict[str, str]) -> None:
    request = desk.hands_over(**how)
    ((key, issue),) = desk.issues().items()
    assert issue.type == "Bug"
    assert "criticality-1" in issue.labels
    assert f"h3. Address and data\n\n{{quote}}\n{POINTS['address']}\n{{quote}}" in issue.description
    assert issue.description.count("missing") == 2, "nobody has told what was expected, and what success looks like"
    assert f"[{request}|{desk.desk.stand_in.site}/browse/{request}]" in issue.description
    assert (desk.at(request), desk.shown(request)) == (PENDING, ["issue_open"])
    (note,) = desk.said(request)
    assert f"[{key}|" in note
    assert "please go on talking about it there" in note
    assert desk.said(request, internal=False) == [], "a person writes to the client"


def test_the_emergency_group_is_called_and_product_reads_nothing_of_the_client(desk: Desk) -> None:
    request = desk.hands_over(level="1")
    (key,) = desk.issues()
    support, product = desk.chats["support"], desk.chats["product"]
    desk.serve(lambda: len(support.said) == 1 and len(product.said) == 1)
    for shown in (f"<!subteam^{EMERGENCY}>", key, request, *POINTS.values()):
        assert (shown in str(support.said)) is (shown != POINTS["actual"])
    assert key in str(product.said)
    assert not any(one in str(product.said) for one in (CANARY, "The site is down", *POINTS.values()))


@pytest.mark.parametrize("level", ["2", "3", "4"])
def test_other_levels_get_the_address_of_the_form(desk: Desk, level: str) -> None:
    request = desk.hands_over(level=level)
    assert (desk.issues(), desk.at(request)) == ({}, OPEN)
    (note,) = desk.said(request)
    assert "https://forms.example.com/bug" in note
    assert desk.said(request, internal=False) == []


def test_an_issue_that_the_technical_team_has_made_meanwhile_is_adopted_as_it_is(desk: Desk) -> None:
    request = desk.asks()
    desk.people.edit(request, desk.level, "1", by="agent")
    desk.people.add_label(request, "engineering")
    address = f"{desk.desk.stand_in.site}/browse/{request}"
    key = desk.jira.make_issue("ENG", "Down", f"Ticket: {address}", type="Bug", labels=["platform"])
    desk.go()
    assert list(desk.issues()) == [key]
    assert (desk.issues()[key].summary, desk.issues()[key].labels) == ("Down", ("platform",))
    assert (desk.at(request), desk.shown(request)) == (PENDING, ["issue_open"])


def test_the_request_shows_how_its_issue_stands_and_is_resolved_with_it(desk: Desk) -> None:
    request = desk.hands_over(level="1")
    (key,) = desk.issues()
    desk.jira.set_status(key, "In Progress")
    desk.later()
    desk.go()
    assert (desk.at(request), desk.shown(request)) == (PENDING, ["issue_in_progress"])
    desk.jira.resolve(key)
    desk.later()
    desk.go()
    assert (desk.at(request), desk.shown(request)) == (RESOLVED, ["issue_done"])
    assert "What you reported is taken care of" in desk.said(request)[-1]
    assert desk.said(request, internal=False) == []


def test_a_client_who_has_written_last_is_not_closed_upon(desk: Desk) -> None:
    request = desk.hands_over(level="1")
    (key,) = desk.issues()
    desk.people.customer_reply(request, f"It is worse now {CANARY}")
    desk.jira.resolve(key, "Won't Do")
    desk.later()
    desk.go()
    assert (desk.at(request), desk.shown(request)) == (OPEN, ["issue_declined"]), "as the portal's own rule left it"
    assert len(desk.said(request)) == 2, "the agent is told why it isn't resolved"
    desk.people.agent_reply(request, "We can't change that, sorry.")
    desk.later()
    desk.go()
    assert desk.at(request) == RESOLVED
    assert "there will be no change for it" in desk.said(request)[-1]


def test_a_client_for_whom_it_is_not_settled_is_told_of_and_opens_nothing(desk: Desk) -> None:
    request = desk.hands_over(level="1")
    (key,) = desk.issues()
    desk.jira.resolve(key)
    desk.later()
    desk.go()
    desk.people.customer_reply(request, "It still fails.")
    desk.people.set_status(request, OPEN, by="agent")
    desk.later()
    desk.go()
    assert (desk.at(request), desk.jira.status(key).partition("/")[0]) == (OPEN, "done")
    flags = [one["body"] for one in desk.jira.comments(key) if MARKER.search(one["body"])]
    assert len(flags) == 1
    assert request in flags[0]
