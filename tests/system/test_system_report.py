"""``syncd report`` over the program: what was made and what was handed over, from the state alone."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from office import Office
from test_system_run import ready, service, until

SPAN = ("--since", "2020-01-01", "--until", "2100-01-01", "--by", "quarter")
NOW = ("--since", (datetime.now(UTC) - timedelta(days=40)).strftime("%Y-%m-%d"), "--until", "2100-01-01")
TABLES = """
[sync.report]
goal = 0.1
companies = {companies}
[sync.customer]
label = "customer/"
[sync.kinds.rfh]
labels = ["rfh"]
[sync.kinds.defect]
labels = ["defect"]
"""


@pytest.fixture
def desk(build: Callable[..., Office]) -> Office:
    """An office with a goal."""
    return build(sync=TABLES.format(companies="false"))


def asked(office: Office) -> None:
    """Five tickets: with a request for help, with a defect, with an issue that has no label, and two without any."""
    help_, defect, unlabelled, _, _ = [office.pending() for _ in range(5)]
    office.hub.label(office.issue(help_), "rfh", "customer/acme")
    office.hub.label(office.issue(defect), "defect")
    office.issue(unlabelled)
    office.sync()


def test_the_share_of_tickets_that_needed_engineering(desk: Office) -> None:
    asked(desk)
    calls = desk.calls()
    (found,) = desk.json("report", *SPAN)["helpdesks"]
    whole = found["whole"]
    assert (whole["tickets"], whole["with_issue"], whole["counted"], whole["unknown_kind"]) == (5, 3, 1, 1)
    assert (whole["share"], whole["within_goal"], found["goal"]) == (0.2, False, 0.1)
    assert {one["name"]: one["with_issue"] for one in found["groups"]["kind"]} == {"rfh": 1, "defect": 1, "": 1}
    assert desk.calls() == calls, "the report asks no service"


def test_people_get_tables_with_the_goal_and_what_is_not_counted(desk: Office) -> None:
    asked(desk)
    said = desk.run("report", *SPAN).ended(0).out
    assert "(an issue of the kind rfh), at most 10 % as the goal" in said
    assert [line.split() for line in said.splitlines() if line.startswith("in all")] == [
        ["in", "all", "5", "3", "1", "20.0", "%", "missed"]
    ]
    assert "1 ticket has an issue of which no label tells the kind: not counted." in said
    assert "Tickets are counted by when they were made (UTC), since " in said


def test_what_tickets_wait_for_is_listed_until_it_is_finished(desk: Office) -> None:
    first, second = desk.pending(), desk.pending()
    issue = desk.issue(first, second)
    done = desk.issue(desk.pending())
    desk.hub.close(done)
    desk.hub.label(issue, "rfh")
    desk.sync()
    (one,) = desk.json("report", "--open")["requests"]
    assert (one["issue"], one["tickets"]) == (f"github:{issue}", [f"freshdesk:{first}", f"freshdesk:{second}"])
    assert (one["url"], one["kind"], one["company"], one["rank"]) == (desk.issue_url(issue), "rfh", "", "")
    (row,) = csv.DictReader(desk.run("report", "--open", "--csv").ended(0).out.splitlines())
    assert (row["issue"], row["tickets"]) == (f"github:{issue}", f"freshdesk:{first} freshdesk:{second}")
    assert f"github:{issue}" in desk.run("report", "--open").ended(0).out
    desk.later()
    desk.hub.close(issue)
    desk.sync()
    assert desk.json("report", "--open")["requests"] == []
    took = desk.json("report", *SPAN)["helpdesks"][0]["times"]["to_resolve"]
    assert (took["tickets"], took["pending"]) == (2, 1), "the third was adopted as it stood, and nothing was written"
    assert "No ticket waits" in desk.run("report", "--open").ended(0).out


def test_the_team_s_own_order_writes_nothing(build: Callable[..., Office]) -> None:
    order = '[[sync.report.order]]\nname = "funded"\nlabels = ["funded"]\n[[sync.report.order]]\nname = "rest"\n'
    office = build(sync=TABLES.format(companies="false") + order)
    issues = [office.issue(office.pending()) for _ in range(2)]
    office.hub.label(issues[1], "funded")
    office.sync()
    writes, calls = office.writes(), office.calls()
    found = office.json("report", "--order")["requests"]
    assert [(one["issue"], one["rank"]) for one in found] == [
        (f"github:{issues[1]}", "funded"),
        (f"github:{issues[0]}", "rest"),
    ]
    assert (office.writes(), office.calls()) == (writes, calls)


def test_hours_are_asked_for_only_when_told_to_and_told_by_company(build: Callable[..., Office]) -> None:
    office = build(sync=TABLES.format(companies="true") + '[sync.report.budget]\nexample-college = "2h"\n')
    ticket = office.ticket()
    company = office.desk.add_company("Example College")
    asked = office.desk.add_contact("Requester", "requester@example.org", [company])
    office.desk.hand_over(ticket, requester_id=asked)
    office.desk.work(ticket, 5400)
    office.later()
    office.sync()
    calls = office.calls()
    assert office.json("report", *SPAN)["helpdesks"][0]["hours"] is None
    assert office.calls() == calls
    found = office.json("report", *NOW, "--hours")["helpdesks"][0]["hours"]
    assert found["companies"] == [
        {"company": "example-college", "tickets": 1, "hours": 1.5, "budget": 2.0, "left": 0.5}
    ]
    assert found["calls"] == office.calls() - calls
    said = office.run("report", *NOW, "--hours").ended(0).out
    assert ["example-college", "1", "1.5", "2.0", "0.5"] in [line.split() for line in said.splitlines()]
    rows = csv.DictReader(office.run("report", *NOW, "--hours", "--csv").ended(0).out.splitlines())
    assert {row["figure"]: row["value"] for row in rows if row["section"] == "hours"}["left"] == "0.5"


def test_a_plan_without_time_tracking_costs_the_hours_and_nothing_else(desk: Office) -> None:
    asked(desk)
    desk.freshdesk.tracks_time = False
    run = desk.run("report", *NOW, "--hours").ended(1)
    assert "in all" in run.out
    assert "freshdesk tells no hours: reading time entries: answered 403 (require_feature)" in run.err


def test_before_anything_was_read_it_says_so(desk: Office) -> None:
    said = desk.run("report").ended(0).out
    assert "The first walk of its tickets isn't finished" in said


def test_a_sheet_gets_a_row_for_each_figure_and_no_formula(build: Callable[..., Office]) -> None:
    office = build(sync=TABLES.format(companies="true"))
    office.hub.label(office.issue(office.pending()), "rfh", "customer/=HYPERLINK(1)")
    office.sync()
    out = office.run("report", *SPAN, "--csv").ended(0).out
    rows = list(csv.DictReader(out.splitlines()))
    whole = {row["figure"]: row["value"] for row in rows if row["section"] == "whole"}
    assert (whole["tickets"], whole["counted"], whole["within_goal"]) == ("1", "1", "false")
    names = {row["name"] for row in rows if row["section"] == "company"}
    assert names == {"'=HYPERLINK(1)"}


def test_no_customer_is_kept_or_named_unless_the_playbook_keeps_them(desk: Office) -> None:
    asked(desk)
    assert "acme" not in desk.run("report", *SPAN).out + desk.run("report", *SPAN, "--json").out
    assert b"customer/acme" not in desk.state.read_bytes()


def test_what_is_asked_wrongly_is_told(desk: Office) -> None:
    assert "there is: freshdesk" in desk.run("report", "--helpdesk", "zendesk").ended(2).err
    assert "before --until" in desk.run("report", "--since", "2026-02-01", "--until", "2026-01-01").ended(2).err
    assert "not both" in desk.run("report", "--csv", "--json").ended(2).err
    assert "no period" in desk.run("report", "--open", "--by", "week").ended(2).err
    assert "No playbook has an order" in desk.run("report", "--order").ended(2).err


def test_it_runs_while_the_service_runs(desk: Office) -> None:
    asked(desk)
    with service(desk) as started:
        until(lambda: ready(started), started)
        assert desk.run("report", *SPAN).ended(0).out.count("in all") == 1
