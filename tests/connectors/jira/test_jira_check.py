"""Every problem of a site is told with its cure, and a healthy one has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from jira_bench import Bench, bench, cloud, server
from pydantic import SecretStr

from connectors.jira.connector import JiraConnector
from connectors.jira.options import JiraOptions
from connectors.jira.sandbox import CLOUD_ID, EMAIL, TOKEN, Access
from syncd.errors import Problem
from syncd.testing import Fault, Reply, Request

__all__ = ["bench", "cloud", "server"]


def check(bench: Bench, **given: Any) -> list[Problem]:
    bench.given |= given
    return list(bench.connect().check())


def told(problems: list[Problem]) -> str:
    return "\n".join(map(str, problems))


def test_a_healthy_site_has_no_problems(bench: Bench) -> None:
    assert check(bench, jql='labels = "support"') == []


@pytest.mark.trap("jira", 7)
def test_a_project_that_is_misspelt_is_told(bench: Bench) -> None:
    problems = check(bench, projects=["ENG", "EGN"])
    assert ["EGN" in one.where for one in problems] == [True]
    assert "reading project EGN" in told(problems)


def test_a_project_that_has_another_key_now_is_told(bench: Bench) -> None:
    bench.people.rename_project("ENG", "CORE")
    assert "its key is CORE now" in told(check(bench))


@pytest.mark.trap("jira", 7)
@pytest.mark.parametrize("jql", ["labls = support", 'labels = "support', "status = Nonesuch"])
def test_a_restriction_that_jira_would_take_for_nothing_is_told(bench: Bench, jql: str) -> None:
    problems = check(bench, jql=jql)
    assert [one.where for one in problems] == ["connectors/jira.toml: jql"]


@pytest.mark.trap("jira", 3)
def test_a_token_that_ran_out_is_told_with_how_long_one_lives(bench: Bench) -> None:
    bench.sandbox.expired = True
    problems = check(bench)
    assert len(problems) == 1
    assert problems[0].where.endswith("token")
    if bench.sandbox.cloud:
        assert "live a year at most" in problems[0].cure


def test_a_captcha_is_told(server: Bench) -> None:
    server.sandbox.captcha = True
    assert "CAPTCHA" in told(check(server))


@pytest.mark.parametrize(
    ("right", "said"),
    [
        ("TRANSITION", "move issues to another status"),
        ("COMMENT", "comment"),
        ("EDIT", "set fields and labels"),
    ],
)
def test_a_right_that_is_missing_is_told_of_its_project(bench: Bench, right: str, said: str) -> None:
    bench.people.permit("OPS", right, on=False)
    problems = check(bench)
    assert [(said in one.what, "OPS" in one.where, one.warning) for one in problems] == [(True, True, False)]


def test_a_project_in_which_nothing_can_be_filed_is_worth_knowing(bench: Bench) -> None:
    bench.people.permit("OPS", "CREATE", on=False)
    problems = check(bench)
    assert [one.warning for one in problems] == [True]
    assert "may not file issues" in told(problems)


def test_a_field_that_must_be_filled_is_told_by_its_name(bench: Bench) -> None:
    field = bench.people.add_field("Severity")
    bench.people.require_field("ENG", field)
    problems = check(bench)
    assert [one.warning for one in problems] == [True]
    assert "a Task can't be filed there without: Severity" in told(problems)


def test_a_type_that_a_project_lacks_is_told(bench: Bench) -> None:
    problems = check(bench, issue_type="Epic")
    assert len(problems) == 2
    assert "there is no type 'Epic' there" in told(problems)


def test_a_type_that_is_told_without_its_number_is_an_odd_answer_and_no_defect(bench: Bench) -> None:
    def change(request: Request, told: Reply) -> Reply:
        if not request.path.endswith("/issuetypes"):
            return told
        kinds = {key: [{"name": "Task"}] if isinstance(one, list) else one for key, one in told.body.items()}
        return replace(told, body=kinds)

    bench.odd = True
    bench.alter(change)
    assert "reading what can be filed in ENG" in told(check(bench))


def test_an_address_that_is_no_site_is_told(bench: Bench) -> None:
    bench.sandbox.faults.append(Fault("answer", times=9, reply=Reply(404, b"<html>nothing here</html>")))
    problems = check(bench)
    assert [one.where for one in problems] == ["connectors/jira.toml: url"]
    assert "context path" in problems[0].cure


def test_a_data_center_with_an_api_token_is_told(server: Bench) -> None:
    server.odd = True
    options = {"connector": "jira", "url": server.sandbox.base, "email": EMAIL, "projects": ["ENG"]}
    server.sandbox.faults.append(Fault("answer", path="myself", reply=Reply(200, {"accountId": "x", "name": "x"})))
    made = JiraConnector("jira", JiraOptions.model_validate({**options, "api_token": SecretStr(TOKEN)}), server.clock)
    server.connectors.append(made)
    kind = {"deploymentType": "Server", "baseUrl": server.sandbox.site}
    server.sandbox.faults.append(Fault("answer", path="serverInfo", reply=Reply(200, kind)))
    assert list(made.check())


def test_a_scoped_token_works_through_the_gateway_alone(cloud: Bench) -> None:
    cloud.sandbox.tokens["scoped"] = Access(scoped=True)
    issue = cloud.issue()
    given = {"connector": "jira", "projects": ["ENG"], "web_url": cloud.sandbox.site}
    gateway = f"{cloud.sandbox.url}/ex/jira/{CLOUD_ID}"
    for url, healthy in ((gateway, True), (cloud.sandbox.url, False)):
        secret = {"token": SecretStr("scoped")} if healthy else {"email": EMAIL, "api_token": SecretStr("scoped")}
        made = JiraConnector("jira", JiraOptions.model_validate({**given, **secret, "url": url}), cloud.clock)
        cloud.connectors.append(made)
        assert (list(made.check()) == []) is healthy
        if healthy:
            items = [item for page in made.changes("ENG", None, None) for item in page.items]
            assert [(one.ref.id, one.url) for one in items] == [
                (issue, f"{cloud.sandbox.site}/browse/{cloud.people.key(issue)}")
            ]


def test_every_status_of_the_projects_is_told_by_kind_and_name(bench: Bench) -> None:
    found = bench.jira.statuses()
    assert found["done/Won't Do"] == "Won't Do"
    assert {native.partition("/")[0] for native in found} == {"new", "indeterminate", "done"}


def test_an_account_that_may_not_link_is_warned_of(bench: Bench) -> None:
    next(one for one in bench.sandbox.books.projects.values() if one.key == "ENG").may.discard("LINK")
    (problem,) = check(bench)
    assert problem.warning
    assert "may not link issues" in problem.what
    assert "issue_links = false" in problem.cure


def test_a_field_that_is_not_there_is_told(bench: Bench) -> None:
    assert bench.connect().lacks(["Summary", "labels", "No such field"]) == ["No such field"]
