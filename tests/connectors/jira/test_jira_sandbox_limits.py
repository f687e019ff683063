"""The stand-in's limits, and what it does for many issues in the background."""

from __future__ import annotations

from typing import Any

import pytest
from jira_caller import Caller

from connectors.jira.sandbox import JiraSandbox

pytest_plugins = ["jira_fixtures"]
BULK = "/rest/api/3/bulk"

# --- limits ---


def test_a_burst_is_limited_by_endpoint_and_method(cloud: JiraSandbox, call: Caller) -> None:
    keys = [cloud.people.make_issue("ENG") for _ in range(2)]
    cloud.throttle.burst = True
    cloud.throttle.rates["GET"] = 3
    codes = [call("GET", f"/issue/{keys[number % 2]}").status_code for number in range(4)]
    assert codes == [200, 200, 200, 429]
    answer = call("GET", f"/issue/{keys[0]}")
    assert (answer.headers["Retry-After"], answer.headers["RateLimit-Reason"]) == ("1", "jira-burst-based")
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["X-RateLimit-Reset"] == "2026-01-05T09:00:01Z"
    assert call("GET", "/myself").status_code == 200
    assert call("PUT", f"/issue/{keys[0]}", {"fields": {}}).status_code == 204
    cloud.advance(1)
    assert call("GET", f"/issue/{keys[0]}").status_code == 200
    assert cloud.throttle.refused == 2


def test_writes_to_one_issue_are_limited_under_all_its_names(cloud: JiraSandbox, call: Caller) -> None:
    cloud.throttle.per_issue = True
    key, other = cloud.people.make_issue("ENG"), cloud.people.make_issue("ENG")
    id_ = cloud.people.id(key)
    for number in range(20):
        name = (key, id_)[number % 2]
        assert call("POST", f"/issue/{name}/comment", {"body": "x"}).status_code == 201
    answer = call("PUT", f"/issue/{key}", {"fields": {}})
    assert (answer.status_code, answer.headers["RateLimit-Reason"]) == (429, "jira-per-issue-on-write")
    assert answer.headers["Retry-After"] == "2"
    assert call("GET", f"/issue/{key}").status_code == 200
    assert call("POST", f"/issue/{other}/comment", {"body": "x"}).status_code == 201
    assert len(cloud.people.comments(key)) == 20
    cloud.advance(2)
    assert call("PUT", f"/issue/{key}", {"fields": {}}).status_code == 204


def test_the_quota_counts_points_until_the_hour_is_full(cloud: JiraSandbox, call: Caller) -> None:
    keys = [cloud.people.make_issue("ENG") for _ in range(3)]
    cloud.throttle.quota = 10
    assert (
        call("POST", "/issue/bulkfetch", {"issueIdsOrKeys": keys, "fields": ["status"]}).headers[
            "X-RateLimit-Remaining"
        ]
        == "6"
    ), "one for the call, one for each issue"
    assert call("GET", f"/issue/{keys[0]}").headers["X-RateLimit-Remaining"] == "4"
    answer = call("POST", "/issue/bulk", {"issueUpdates": [{}]})
    assert answer.headers["X-RateLimit-Remaining"] == "3"
    assert "X-RateLimit-NearLimit" not in answer.headers
    for _ in range(3):
        answer = call("GET", "/myself")
    assert (answer.status_code, answer.headers["X-RateLimit-NearLimit"]) == (200, "true")
    cloud.advance(60)
    answer = call("GET", "/myself")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(3600 - 60))
    assert answer.headers["RateLimit-Reason"] == "jira-quota-tenant-based"
    cloud.advance(3540)
    assert call("GET", "/myself").status_code == 200


def test_data_center_has_one_bucket_and_tells_of_it_each_time(server: JiraSandbox, call: Caller) -> None:
    assert "X-RateLimit-Limit" not in call("GET", "/myself").headers
    server.throttle.bucket = 2
    answers = [call("GET", "/myself") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["retry-after"] for one in answers] == ["0", "0", "1"]
    assert [one.headers["X-RateLimit-Remaining"] for one in answers] == ["1", "0", "0"]
    assert call("GET", "/serverInfo").status_code == 200
    server.advance(1)
    assert call("GET", "/myself").status_code == 200


# --- bulk ---


def finished(call: Caller, task: str) -> tuple[list[str], dict[str, Any]]:
    """How a task went on, and what came of it."""
    told: list[str] = []
    while True:
        found = call.get(f"{BULK}/queue/{task}")
        told.append(found["status"])
        if found["status"] == "COMPLETE":
            return told, found


def test_many_issues_are_moved_in_the_background_and_some_may_fail(cloud: JiraSandbox, call: Caller) -> None:
    keys = [cloud.people.make_issue("ENG") for _ in range(2)]
    other, gone = cloud.people.make_issue("OPS"), cloud.people.make_issue("ENG")
    found = call.get(f"{BULK}/issues/transition", issueIdsOrKeys=",".join([*keys, other]))["availableTransitions"]
    assert [one["issues"] for one in found] == [keys, [other]]
    assert {one["transitionId"]: one["to"]["statusName"] for one in found[0]["transitions"]}[31] == "Done"
    cloud.people.delete(gone)
    body = {"bulkTransitionInputs": [{"selectedIssueIdsOrKeys": [*keys, other, gone], "transitionId": "31"}]}
    answer = call("POST", f"{BULK}/issues/transition", body)
    assert answer.status_code == 201
    assert cloud.people.status(keys[0]) == "new/To Do"
    told, result = finished(call, answer.json()["taskId"])
    assert told == ["ENQUEUED", "RUNNING", "COMPLETE"]
    assert [str(one) for one in result["processedAccessibleIssues"]] == [cloud.people.id(key) for key in keys]
    assert list(result["failedAccessibleIssues"]) == [cloud.people.id(other)]
    assert (result["invalidOrInaccessibleIssueCount"], result["totalIssueCount"]) == (1, 4)
    assert [cloud.people.status(key) for key in (*keys, other)] == ["done/Done:Done", "done/Done:Done", "new/Open"]


def test_a_task_that_nobody_looks_at_is_done_after_a_while(cloud: JiraSandbox, call: Caller) -> None:
    key = cloud.people.make_issue("ENG")
    body = {"bulkTransitionInputs": [{"selectedIssueIdsOrKeys": [key], "transitionId": "31"}]}
    call.post(f"{BULK}/issues/transition", body)
    cloud.advance(11)
    call.get("/myself")
    assert cloud.people.status(key) == "done/Done:Done"


def test_transitions_that_ask_for_a_field_are_left_out(cloud: JiraSandbox, call: Caller) -> None:
    asked, moved = cloud.people.make_request("SUP"), cloud.people.make_request("SUP")
    cloud.people.set_status(moved, "Pending")
    found = call.get(f"{BULK}/issues/transition", issueIdsOrKeys=f"{asked},{moved}")["availableTransitions"][0]
    assert found["isTransitionsFiltered"]
    names = {one["to"]["statusName"] for one in found["transitions"]}
    assert names == {"Waiting for customer", "Work in progress", "Canceled"}


def test_bulk_is_refused_in_its_own_words(cloud: JiraSandbox, call: Caller) -> None:
    key = cloud.people.make_request("SUP")
    body = {"bulkTransitionInputs": [{"selectedIssueIdsOrKeys": [key], "transitionId": "901"}]}
    for _ in range(5):
        call.post(f"{BULK}/issues/transition", body)
    answer = call("POST", f"{BULK}/issues/transition", body)
    assert (answer.status_code, list(answer.json()["errors"][0])) == (400, ["message"])
    cloud.may.clear()
    assert call("POST", f"{BULK}/issues/transition", body).status_code == 403
    assert call("GET", f"{BULK}/queue/9").json()["errors"][0]["message"]


@pytest.mark.parametrize("silent", [True, False])
def test_bulk_can_hold_the_mails_back(cloud: JiraSandbox, call: Caller, silent: bool) -> None:
    key = cloud.people.make_request("SUP")
    cloud.books.mails.clear()
    body = {"bulkTransitionInputs": [{"selectedIssueIdsOrKeys": [key], "transitionId": "901"}]}
    finished(call, call.post(f"{BULK}/issues/transition", body | {"sendBulkNotification": not silent})["taskId"])
    assert cloud.people.status(key) == "done/Canceled:Won't Do"
    assert bool(cloud.people.mails()) is not silent


def test_a_property_is_set_where_a_condition_holds(cloud: JiraSandbox, call: Caller) -> None:
    first, second = cloud.people.make_issue("ENG"), cloud.people.make_issue("ENG")
    cloud.people.set_property(second, "lease", "theirs")
    ids = [int(cloud.people.id(key)) for key in (first, second)]

    def put(value: str, **condition: Any) -> None:
        answer = call("PUT", "/issue/properties/lease", {"value": value, "filter": {"entityIds": ids, **condition}})
        assert answer.status_code == 303
        task = answer.headers["Location"].removeprefix(cloud.site)
        while call.get(task)["status"] != "COMPLETE":
            pass

    def held() -> list[str]:
        return [call("GET", f"/issue/{id_}/properties/lease").json().get("value") for id_ in ids]

    put("ours", hasProperty=False)
    assert held() == ["ours", "theirs"]
    put("other", currentValue="ours")
    assert held() == ["other", "theirs"]
    put("all")
    assert held() == ["all", "all"]
    assert call("PUT", "/issue/properties/lease", {"value": 1, "filter": {}}).status_code == 400


def test_properties_of_many_issues_are_set_by_one_call_at_a_time(cloud: JiraSandbox, call: Caller) -> None:
    id_ = int(cloud.people.id(cloud.people.make_issue("ENG")))
    body = {"issues": [{"issueID": id_, "properties": {"a": 1, "b": 2}}]}
    assert [call("POST", "/issue/properties/multi", body).status_code for _ in range(2)] == [303, 409]
    cloud.advance(11)
    assert [one["key"] for one in call.get(f"/issue/{id_}/properties")["keys"]] == ["a", "b"]
