"""The check of a stand-in's exchanges sees what breaks the documentation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from jira_caller import Caller
from jira_exchanges import answers, violations

from connectors.jira.sandbox import JiraSandbox

pytest_plugins = ["jira_fixtures"]


def test_documented_calls_are_fine(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_request("SUP")
    call.get("/myself")
    call.found("project = SUP")
    call.get(f"/issue/{key}", fields="status", properties="syncd")
    call("POST", f"/issue/{key}/transitions", {"transition": {"id": "801"}})
    call.post(f"/rest/servicedeskapi/request/{key}/comment", {"body": "x", "public": False})
    assert violations(site.log, cloud=site.cloud) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "what"),
    [
        ("POST", "/search/jql", {"jql": "project = ENG", "startAt": 0}, "Additional properties"),
        ("POST", "/search/jql", {"jql": "project = ENG", "reconcileIssues": ["1"]}, "is not of type 'integer'"),
        ("POST", "/issue/bulkfetch", {"issueIdsOrKeys": ["1"] * 101}, "$.issueIdsOrKeys"),
        ("POST", "/search", {"jql": "project = ENG"}, "no documented call"),
        ("GET", "/issue/ENG-1?field=status", None, "Additional properties"),
        ("GET", "/serverInfo", {"a": 1}, "a body where none is taken"),
        ("PUT", "/issue/ENG-1", {"fields": {"status": {"name": "Done"}}}, "False schema does not allow"),
        ("PUT", "/issue/ENG-1", {"fields": {"labels": ["a b"]}}, "does not match"),
        ("POST", "/issue/ENG-1/comment", {"body": "x", "public": False}, "Additional properties"),
        ("POST", "/rest/servicedeskapi/request/ENG-1/comment", {"body": "x"}, "'public' is a required property"),
        ("GET", "/bulk/queue/1", None, "only in the third version"),
        ("GET", "/issue/ENG-1/transitions?expand=a&transitionId=1&transitionId=2", None, "given twice"),
    ],
)
def test_what_the_documentation_does_not_know_is_seen(
    cloud: JiraSandbox, call: Caller, method: str, path: str, body: Any, what: str
) -> None:
    cloud.people.make_issue("ENG")
    call(method, path, body)
    assert any(what in one for one in violations(cloud.log)), violations(cloud.log)


def test_clouds_calls_are_none_of_data_centers(server: JiraSandbox, call: Caller) -> None:
    call("POST", "/search/jql", {"jql": "project = ENG"})
    call("GET", "/rest/api/3/myself")
    said = violations(server.log, cloud=False)
    assert [one.rpartition(": ")[2] for one in said] == ["no documented call", "there is no third version"]


def test_a_wrong_answer_is_seen(cloud: JiraSandbox, call: Caller) -> None:
    key = cloud.people.make_issue("ENG")
    call.get(f"/issue/{key}")
    right = cloud.log[-1]
    assert answers([right]) == []
    for old, new in ((b"-0800", b"-08:00"), (b'"id": "10042"', b'"id": 10042'), (b'"new"', b'"in-flight"')):
        assert old in right.body
        assert answers([replace(right, body=right.body.replace(old, new))])
    assert answers([replace(right, status=418)]) == [f"GET /rest/api/2/issue/{key} 418: no documented status"]
