"""What would be filed is planned, and filed as it was seen, on every helpdesk: none answers otherwise the next time.

Each team with its shipped playbook; tickets come with files, whose addresses some helpdesks sign anew for each answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import test_walk_criticality as criticality
import test_walk_criticality_jsm as portal
import test_walk_sourcegraph_ce as engineering
import test_walk_sourcegraph_support as support
from program import CANARY
from test_walk_2i2c import Hub
from warm import Kettle


def community(folder: Path, kettle: Kettle) -> tuple[Hub, str]:
    hub = Hub(folder, kettle)
    ticket = hub.asks()
    hub.people.attach(ticket, "trace.log", 42)
    hub.answers(ticket)
    hub.people.add_tag(ticket, "escalate")
    return hub, f"freshdesk:{ticket}"


def bug(folder: Path, kettle: Kettle) -> tuple[criticality.Desk, str]:
    desk = criticality.Desk(folder, kettle)
    ticket = desk.asks("level_1")
    desk.people.add_tag(ticket, "engineering")
    return desk, f"zendesk:{ticket}"


def bug_of_a_portal(folder: Path, kettle: Kettle) -> tuple[portal.Desk, str]:
    desk = portal.Desk(folder, kettle)
    request = desk.asks()
    desk.people.attach(request, "trace.log", 42)
    desk.people.edit(request, desk.level, "1", by="agent")
    desk.people.add_label(request, "engineering")
    return desk, f"jsm:{request}"


def request_for_help(folder: Path, kettle: Kettle) -> tuple[support.Desk, str]:
    desk = support.Desk(folder, kettle)
    ticket = desk.asks("Docker fails")
    desk.people.agent_reply(ticket, "I am looking into it.")
    desk.people.add_tag(ticket, "engineering")
    return desk, f"zendesk:{ticket}"


def request_of_a_customer(folder: Path, kettle: Kettle) -> tuple[engineering.Desk, str]:
    desk = engineering.Desk(folder, kettle)
    request = desk.asks("Docker fails", severity="Serious")
    desk.people.attach(request, "trace.log", 42)
    desk.people.agent_reply(request, "I am looking into it.")
    desk.people.add_label(request, "engineering")
    return desk, f"jsm:{request}"


TEAMS = (community, bug, bug_of_a_portal, request_for_help, request_of_a_customer)


@pytest.mark.parametrize("team", TEAMS)
def test_an_issue_is_planned_without_a_word_of_its_ticket_and_filed_as_it_was_seen(
    tmp_path: Path, kettle: Kettle, team: Callable[[Path, Kettle], tuple[Any, str]]
) -> None:
    desk, ticket = team(tmp_path, kettle)
    desk.later()
    plan = tmp_path / "plan.json"
    assert f"The plan, 1 issue to be filed, is in {plan}" in desk.run("reconcile", "--plan", str(plan)).ended(0).out
    text = plan.read_text(encoding="utf-8")
    assert CANARY not in text
    assert [one["item"] for one in json.loads(text)["filings"]] == [ticket]
    desk.later()
    assert "1 of 1 issue filed as planned" in desk.run("reconcile", "--apply", str(plan)).ended(0).out
    (filed,) = desk.json("links", "list")
    assert (filed["ticket"], filed["standing"]) == (ticket, "agreed")
    again = desk.run("reconcile", "--apply", str(plan)).ended(1)
    assert f"no issue was filed for {ticket}: an issue stands for it by now" in again.err
    desk.close()
