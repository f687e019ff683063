"""The report: shares, periods, groups; what labels tell. Pure values in, figures out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.details import Company, Spent
from syncd.model import Ref, Role, Status
from syncd.playbook import Playbook
from syncd.records import Handed
from syncd.report import By, Known, Labels, Request, figures, hours, in_order, requests, rows, usual
from syncd.report.periods import periods
from tests.rules import mapping
from tests.test_playbook import refused, shipped

RULES: dict[str, Any] = {
    "report": {"goal": 0.25},
    "kinds": {"defect": {"labels": ["bug"]}, "rfh": {"labels": ["rfh"]}, "change": {"labels": ["support"]}},
    "routing": {
        "rules": [
            {"area": "Search", "team": "Search", "keywords": ["search"], "labels": ["team/search"]},
            {"area": "Deployment", "team": "Distribution", "keywords": ["deploy"], "labels": ["team/dist"]},
            {"area": "Monitoring", "team": "Distribution", "keywords": ["alert"], "labels": ["team/dist"]},
        ]
    },
    "priorities": {"prefix": "ce/", "also": ["user/"], "table": {"high": "p1", "low": "p2"}},
    "customer": {"label": "customer/"},
}
DESK = mapping(Role.HELPDESK)
KEPT = RULES | {"report": {"goal": 0.25, "companies": True}}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def handed(ticket: int, made: str, issue: int | None = None, status: str = "open", **facts: Any) -> Handed:
    """A ticket with an issue, of the same number unless told; syncd's own if anything is told of its filing."""
    refs = Ref("desk", str(ticket), str(ticket)), Ref("hub", str(issue or ticket), f"o/r#{issue or ticket}")
    own = not {"kind", "team", "filed_at"}.isdisjoint(facts)
    return Handed(refs[0], made, refs[1], Status(status), Status("open"), by_syncd=own, **facts)


def report(
    made: list[str],
    pairs: list[Handed],
    since: str,
    until: str,
    by: By = "month",
    *,
    rules: dict[str, Any] = RULES,
    **known: Any,
) -> dict[str, Any]:
    playbook = Playbook.parse("p", rules)
    return figures(
        Known("desk", playbook, sorted(made), rows(pairs, playbook, DESK), **known), at(since), at(until), by
    )


# --- periods ---


@pytest.mark.parametrize(
    ("since", "until", "by", "names"),
    [
        ("2026-01-01", "2026-02-01", "month", ["2026-01"]),
        ("2025-12-31T23:59:59", "2026-01-01T00:00:01", "month", ["2025-12", "2026-01"]),
        ("2025-12-29", "2026-01-05", "week", ["2026-W01"]),
        ("2025-12-28T12:00:00", "2026-01-05T00:00:01", "week", ["2025-W52", "2026-W01", "2026-W02"]),
        ("2026-03-31", "2026-04-02", "quarter", ["2026-Q1", "2026-Q2"]),
        ("2024-02-29", "2024-03-01", "month", ["2024-02"]),
    ],
)
def test_a_span_falls_into_the_calendar_s_periods_without_gap_or_overlap(
    since: str, until: str, by: By, names: list[str]
) -> None:
    found = periods(at(since), at(until), by)
    assert [one.name for one in found] == names
    assert (found[0].since, found[-1].until) == (at(since), at(until))
    assert [one.until for one in found[:-1]] == [one.since for one in found[1:]]


def test_six_periods_are_shown_unless_told_the_running_one_the_last() -> None:
    assert usual(at("2026-03-10"), "month") == at("2025-10-01")
    assert usual(at("2026-03-01"), "month") == at("2025-09-01"), "March has not begun"
    assert usual(at("2026-03-10"), "week") == at("2026-02-02")
    assert usual(at("2026-03-10"), "quarter") == at("2024-10-01")


# --- shares ---


def test_the_share_is_of_all_tickets_that_were_made_in_the_period() -> None:
    made = [f"2026-01-0{day}T00:00:00Z" for day in range(1, 9)] + ["2026-02-01T00:00:00Z", "2025-12-31T23:59:59Z"]
    pairs = [
        handed(1, "2026-01-01T00:00:00Z", kind="rfh"),
        handed(2, "2026-01-02T00:00:00Z", kind="defect"),
        handed(3, "2026-02-01T00:00:00Z", kind="rfh"),
        handed(4, "2025-12-31T23:59:59Z", kind="rfh"),
    ]
    found = report(made, pairs, "2026-01-01", "2026-03-01")
    january, february = found["periods"]
    assert (january["tickets"], january["with_issue"], january["counted"]) == (8, 2, 1)
    assert (january["share"], january["share_before"], january["within_goal"]) == (0.125, 1.0, True)
    assert (february["tickets"], february["share"], february["share_before"]) == (1, 1.0, 0.125)
    assert (february["within_goal"], found["whole"]["tickets"], found["whole"]["counted"]) == (False, 9, 2)


def test_a_goal_that_is_just_met_is_kept_and_without_tickets_there_is_no_share() -> None:
    made = [f"2026-01-0{day}T00:00:00Z" for day in range(1, 5)]
    found = report(made, [handed(1, "2026-01-01T00:00:00Z", kind="rfh")], "2026-01-01", "2026-03-01")
    assert [(one["share"], one["within_goal"]) for one in found["periods"]] == [(0.25, True), (None, None)]
    none = report([], [], "2026-01-01", "2026-02-01")
    assert none["whole"] | {"share": None, "tickets": 0, "counted": 0} == none["whole"]
    assert none["tickets_counted_since"] is None


def test_without_a_goal_none_is_kept_or_missed() -> None:
    found = report(["2026-01-01T00:00:00Z"], [], "2026-01-01", "2026-02-01", rules={})
    assert (found["goal"], found["whole"]["share"], found["whole"]["within_goal"]) == (None, 0.0, None)


def test_a_ticket_with_several_issues_counts_once_and_once_in_each_group() -> None:
    day = "2026-01-01T00:00:00Z"
    pairs = [
        handed(1, day, 1, kind="rfh", team="Search"),
        handed(1, day, 2, kind="rfh", team="Search"),
        handed(1, day, 3, kind="defect", team="Distribution"),
        handed(2, day, 1, kind="rfh", team="Search"),
    ]
    found = report([day, day], pairs, "2026-01-01", "2026-02-01")
    assert (found["whole"]["with_issue"], found["whole"]["counted"]) == (2, 2)
    teams = {one["name"]: (one["with_issue"], one["counted"]) for one in found["groups"]["team"]}
    assert teams == {"Search": (2, 2), "Distribution": (1, 0)}
    assert [one["name"] for one in found["groups"]["kind"]] == ["rfh", "defect"]


def test_an_issue_whose_kind_nothing_tells_is_said_and_not_counted() -> None:
    day = "2026-01-01T00:00:00Z"
    pairs = [handed(1, day), handed(2, day, 3, labels=("rfh",)), handed(2, day, 4)]
    whole = report([day, day], pairs, "2026-01-01", "2026-02-01")["whole"]
    assert (whole["with_issue"], whole["counted"], whole["unknown_kind"]) == (2, 1, 1)


def test_what_came_before_stands_beside_each_group_over_a_span_as_long() -> None:
    days = ["2026-01-01T00:00:00Z", "2026-01-31T23:59:59Z", "2026-02-28T00:00:00Z"]
    pairs = [handed(number, day, kind="rfh", team="Search") for number, day in enumerate(days)]
    found = report(days, pairs, "2026-02-01", "2026-03-01")
    assert (found["before"]["since"], found["before"]["counted"]) == ("2026-01-04T00:00:00Z", 1)
    assert found["groups"]["team"] == [
        {"name": "Search", "with_issue": 1, "counted": 1, "share": 1.0, "with_issue_before": 1, "counted_before": 1}
    ], "the 28 days before February begin on 4 January"


# --- since when ---


def test_a_period_is_cut_where_tickets_were_not_counted_yet() -> None:
    made = ["2026-01-10T00:00:00Z", "2026-01-20T00:00:00Z", "2026-02-02T00:00:00Z"]
    pairs = [handed(1, made[0], kind="rfh"), handed(2, made[1], kind="rfh")]
    found = report(made, pairs, "2025-12-01", "2026-03-01", reach="2026-01-15T00:00:00Z")
    december, january, february = found["periods"]
    assert [one["cut"] for one in found["periods"]] == [True, True, False]
    assert (december["tickets"], december["share"]) == (0, None)
    assert (january["tickets"], january["counted"], january["counted_since"]) == (1, 1, "2026-01-15T00:00:00Z")
    assert february["tickets"] == 1
    assert found["tickets_counted_since"] == "2026-01-15T00:00:00Z"


def test_while_the_first_walk_is_under_way_every_period_is_cut() -> None:
    found = report(["2026-01-10T00:00:00Z"], [], "2026-01-01", "2026-02-01", walked=False)
    assert (found["first_walk_done"], found["whole"]["cut"], found["periods"][0]["cut"]) == (False, True, True)


# --- labels ---


@pytest.mark.parametrize(
    ("labels", "filed", "kind"),
    [
        ((), "", ""),
        ((), "rfh", "rfh"),
        (("RFH",), "", "rfh"),
        (("rfh", "bug"), "", "defect"),
        (("rfh", "bug"), "rfh", "rfh"),
        (("bug",), "rfh", "defect"),
        (("else",), "rfh", "rfh"),
    ],
)
def test_the_kind_is_as_filed_unless_the_labels_name_another(labels: tuple[str, ...], filed: str, kind: str) -> None:
    assert Labels(Playbook.parse("p", RULES)).kind(labels, filed) == kind


def test_labels_tell_team_area_and_priority_unless_they_stand_for_two_things() -> None:
    labels = Labels(Playbook.parse("p", RULES))
    assert (labels.team(("team/dist",)), labels.area(("team/dist",))) == ("Distribution", "")
    assert (labels.team(("team/search",), "Distribution"), labels.area(("team/search",))) == ("Search", "Search")
    assert [labels.priority((one,)) for one in ("ce/p1", "user/p2", "ce/p9", "p1")] == ["p1", "p2", "", ""]


def test_a_customer_is_told_only_where_the_playbook_keeps_customers() -> None:
    without, kept = (Labels(Playbook.parse("p", rules)) for rules in (RULES, KEPT))
    assert (without.company(("customer/acme",), "acme"), without.asked("customer/acme")) == ("", False)
    assert (kept.company(("customer/acme",)), kept.asked("customer/acme")) == ("acme", True)
    day = "2026-01-01T00:00:00Z"
    pairs = [handed(1, day, kind="rfh", company="acme")]
    assert "acme" not in str(report([day], pairs, "2026-01-01", "2026-02-01"))
    found = report([day], pairs, "2026-01-01", "2026-02-01", rules=KEPT)
    assert [one["name"] for one in found["groups"]["company"]] == ["acme"]


def test_only_labels_that_a_playbook_asks_for_are_asked_for() -> None:
    labels = Labels(Playbook.parse("p", RULES | {"resolve_when": "label:Shipped"}))
    told = ("rfh", "Bug", "team/search", "ce/p1", "shipped", "good first issue", "p1", "")
    assert [one for one in told if labels.asked(one)] == ["rfh", "Bug", "team/search", "ce/p1", "shipped"]


# --- times ---


def lasted(*pairs: Handed, calendar: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    rules = RULES | ({"timers": {"calendar": calendar}} if calendar is not None else {})
    found = report([], list(pairs), "2026-01-01", "2026-02-01", rules=rules)["times"]
    assert isinstance(found, dict)
    return found


def filed(ticket: int, minutes: int, **facts: Any) -> Handed:
    """A ticket that was escalated at nine on a Monday, and filed so many minutes later."""
    seen, done = "2026-01-05T09:00:00.000000Z", f"2026-01-05T{9 + minutes // 60:02}:{minutes % 60:02}:00.000000Z"
    return handed(ticket, "2026-01-05T08:00:00Z", seen_at=seen, filed_at=done, **facts)


def test_half_and_nine_in_ten_of_the_tickets_took_no_longer_to_file() -> None:
    found = lasted(*(filed(number, number) for number in range(1, 12)))["to_file"]
    assert (found["tickets"], found["median"], found["p90"], found["unknown"]) == (11, 360, 600, 0)
    assert (found["working_median"], found["working_p90"]) == (None, None)


def test_one_ticket_is_its_own_median_and_none_has_none() -> None:
    assert [lasted(filed(1, 5))["to_file"][what] for what in ("tickets", "median", "p90")] == [1, 300, 300]
    assert {tuple(one.values()) for one in lasted().values()} == {(0, 0, 0, None, None, None, None)}


def test_what_nothing_tells_is_counted_as_not_known() -> None:
    found = lasted(filed(1, 5), handed(2, "2026-01-05T08:00:00Z"), filed(3, 5, answered_at="2026-01-05T08:30:00Z"))
    assert [(found[what]["tickets"], found[what]["unknown"]) for what in ("to_file", "to_answer")] == [(2, 1), (1, 2)]
    assert found["to_answer"]["median"] == 1800


def test_a_ticket_is_resolved_from_its_first_issue_to_its_end_if_it_has_one() -> None:
    done = {"status": "resolved", "finished_at": "2026-01-07T09:05:00Z"}
    by_hand = handed(3, "2026-01-05T08:00:00Z", status="closed", issue_created_at="2026-01-05T09:00:00Z")
    by_hand = replace(by_hand, ticket_moved_at="2026-01-05T10:00:00Z")
    found = lasted(
        filed(1, 5, issue=11, **done),
        filed(1, 50, issue=12, **done),
        filed(2, 5, finished_at="2026-01-06T00:00:00Z"),
        handed(
            3,
            "2026-01-05T08:00:00Z",
            status="closed",
            issue_created_at="2026-01-05T09:00:00Z",
            ticket_moved_at="2026-01-05T10:00:00Z",
        ),
        filed(4, 5, status="closed"),
    )["to_resolve"]
    assert (found["tickets"], found["unknown"], found["pending"]) == (2, 1, 1)
    assert (found["median"], found["p90"]) == ((2 * 86400 + 3600) / 2, 2 * 86400 * 0.9 + 3600 * 0.1)


def test_how_long_an_agent_had_a_ticket_is_told_where_it_was_seen_before_the_issue() -> None:
    found = lasted(
        filed(1, 40, assigned_at="2026-01-05T09:10:00.000000Z"),
        filed(2, 40, assigned_at="2026-01-05T09:41:00.000000Z"),
        filed(3, 40),
        handed(4, "2026-01-05T08:00:00Z", assigned_at="2026-01-05T09:10:00.000000Z"),
    )["assigned_to_file"]
    assert (found["tickets"], found["unknown"], found["median"]) == (1, 3, 1800)


def test_clocks_that_disagree_take_no_negative_time() -> None:
    early = filed(1, 5, answered_at="2026-01-05T07:59:00Z")
    assert lasted(early)["to_answer"]["median"] == 0


def test_working_time_leaves_out_nights_and_weekends() -> None:
    friday = handed(1, "2026-01-09T16:00:00Z", answered_at="2026-01-12T10:00:00Z")
    found = lasted(friday, calendar={"hours": "09:00-17:00"})["to_answer"]
    assert (found["median"], found["working_median"], found["working_p90"]) == (66 * 3600, 7200, 7200)


# --- open requests ---


def opened(pairs: list[Handed], rules: dict[str, Any] = KEPT) -> list[Request]:
    playbook = Playbook.parse("p", rules)
    return requests(rows(pairs, playbook, DESK), playbook.report.order)


def test_open_requests_stand_in_the_order_in_which_they_were_opened_each_once() -> None:
    pairs = [
        handed(1, "2026-01-03T00:00:00Z", 7, kind="rfh", issue_created_at="2026-01-04T00:00:00Z"),
        handed(2, "2026-01-01T00:00:00Z", 8, filed_at="2026-01-05T00:00:00Z"),
        handed(3, "2026-01-02T00:00:00Z", 7, issue_created_at="2026-01-04T00:00:00Z"),
        handed(4, "2026-01-03T12:00:00Z", 9),
    ]
    found = opened(pairs)
    assert [(one.issue.id, [ref.id for ref in one.tickets], one.kind) for one in found] == [
        ("9", ["4"], ""),
        ("7", ["1", "3"], "rfh"),
        ("8", ["2"], ""),
    ]
    assert found[1].age(at("2026-01-05")) == 86400


def test_2i2c_takes_what_is_not_an_incident_in_its_own_order() -> None:
    day, playbook = "2026-01-01T00:00:00Z", shipped("2i2c")
    worn: list[tuple[str, ...]] = [
        ("order:no-budget-left",),
        (),
        ("ORDER:our-goals", "order:no-budget-left"),
        ("order:funded",),
        ("order:high-impact",),
    ]
    pairs = [handed(number, day, labels=one, kind="change") for number, one in enumerate(worn, 1)]
    pairs += [handed(ticket, day, 6, kind="guidance") for ticket in (11, 12, 13)]
    pairs.append(handed(20, day, 20, kind="incident", labels=("order:no-budget-left",)))
    found = in_order(requests(rows(pairs, playbook, DESK), playbook.report.order))
    assert [(one.issue.id, one.rank) for one in found] == [
        ("20", "incident"),
        ("4", "dedicated funding"),
        ("6", "many communities"),
        ("3", "our goals"),
        ("5", "high impact on one"),
        ("2", "other work"),
        ("1", "no budget left"),
    ]
    asked = [label for rank in playbook.report.order for label in rank.labels]
    assert all(Labels(playbook).asked(label) for label in asked)


def test_a_company_gives_a_rank_and_what_no_row_is_for_comes_last() -> None:
    order = [{"name": "funded", "companies": ["Acme"]}]
    rules = KEPT | {"report": {"companies": True, "order": order}}
    day = "2026-01-01T00:00:00Z"
    found = opened([handed(1, day, company="globex"), handed(2, day, labels=("customer/acme",))], rules)
    assert [(one.issue.id, one.rank) for one in in_order(found)] == [("2", "funded"), ("1", "")]


@pytest.mark.parametrize(
    ("report", "what"),
    [
        ({"order": [{"name": "a"}, {"name": "b"}]}, "two rows of the order are for the rest"),
        ({"order": [{"name": "a", "companies": ["x"]}]}, "the order names companies, and none are kept"),
        ({"budget": {"acme": "40h"}}, "the budget names companies, and none are kept"),
        ({"companies": True, "budget": {"acme": 40}}, "this is no duration"),
        ({"order": [{"name": "a", "tickets": 1}]}, "this number is too small. Write 2 or more"),
    ],
)
def test_an_order_or_a_budget_that_can_t_be_is_refused(report: dict[str, Any], what: str) -> None:
    assert what in refused({"report": report})[0]


# --- hours ---


def worked(rules: dict[str, Any], *spent: tuple[int, float, str]) -> list[tuple[Any, ...]]:
    playbook = Playbook.parse("p", rules)
    found = [
        Spent(Ref("desk", str(ticket)), minutes * 60, Company(name) if name else None)
        for ticket, minutes, name in spent
    ]
    return [tuple(one.values()) for one in hours(found, playbook)]


BUDGET = {"report": {"companies": True, "budget": {"acme-inc": "2h", "globex": "40h"}}}


def test_hours_are_told_by_company_against_its_budget() -> None:
    acme = [(1, 90.0, "Acme Inc"), (2, 60.0, "Acme, Inc."), (1, 6.0, "Acme Inc")]
    assert worked(BUDGET, *acme, (3, 30, "Initech"), (4, 6, "")) == [
        ("acme-inc", 2, 2.6, 2, -0.6),
        ("initech", 1, 0.5, None, None),
        ("", 1, 0.1, None, None),
        ("globex", 0, 0, 40, 40),
    ]


def test_without_companies_there_is_one_sum_and_no_name() -> None:
    assert worked({}, (1, 90, "Acme Inc"), (2, 30, "")) == [("", 2, 2, None, None)]
    assert worked({}) == []


# --- the playbook ---


def test_the_goal_of_one_ticket_in_ten_stands_in_the_playbooks_that_have_it() -> None:
    for name in ("sourcegraph-support", "sourcegraph-ce"):
        assert (shipped(name).report.counted, shipped(name).report.goal) == (("rfh",), 0.1)
        assert shipped(name).report.companies
    for name in ("default", "2i2c", "criticality"):
        assert (shipped(name).report.goal, shipped(name).report.companies) == (None, False)


@pytest.mark.parametrize(
    ("name", "labels", "kind"),
    [
        ("2i2c", ("support",), "guidance"),
        ("2i2c", ("support", "type: Hub Incident"), "incident"),
        ("criticality", (), "defect"),
        ("default", (), "rfh"),
        ("sourcegraph-support", ("team/search-core",), ""),
        ("sourcegraph-support", ("rfh",), "rfh"),
        ("sourcegraph-ce", (), ""),
    ],
)
def test_what_people_filed_without_a_label_is_of_the_usual_kind_unless_that_has_its_own(
    name: str, labels: tuple[str, ...], kind: str
) -> None:
    assert Labels(shipped(name)).kind(labels) == kind


def test_what_can_t_be_a_goal_or_a_kind_is_refused_with_a_cure() -> None:
    assert refused({"report": {"goal": 10.0}}) == [
        "mappings/playbooks/p.toml: report.goal: this number is too large. Write 1.0 or less"
    ]
    assert "Use one of: rfh, defect" in refused({"report": {"counted": ["help"]}})[0]


def test_what_is_only_reported_is_no_reason_to_rehearse() -> None:
    one, other = Playbook.parse("p", RULES), Playbook.parse("p", KEPT)
    assert one.fingerprint == other.fingerprint
