"""The stand-in keeps Jira's rules of writing: workflows, screens, labels, links, comments, properties."""

from __future__ import annotations

from typing import Any

import pytest
from jira_caller import Caller

from connectors.jira.sandbox import JiraSandbox
from connectors.jira.sandbox.entries import Issue

pytest_plugins = ["jira_fixtures"]


def issue(site: JiraSandbox, key: str) -> Issue:
    return site.books.issues[int(site.people.id(key))]


def refused(call: Caller, method: str, path: str, body: Any) -> dict[str, Any]:
    """What a call is refused with."""
    answer = call(method, path, body)
    assert answer.status_code == 400, answer.text
    found: dict[str, Any] = answer.json()
    return found


# --- the workflow ---


def ways(call: Caller, key: str, **query: str) -> dict[str, str]:
    """What may be done next: id -> status."""
    answer = call.get(f"/issue/{key}/transitions", **query)
    return {one["id"]: one["to"]["name"] for one in answer["transitions"]}


def test_an_issue_goes_only_where_its_workflow_leads(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("OPS")
    assert ways(call, key) == {"111": "In Progress", "151": "Won't Do"}
    said = refused(call, "POST", f"/issue/{key}/transitions", {"transition": {"id": "131"}})
    assert said == {"errorMessages": ["Transition id '131' is not valid for this issue."], "errors": {}}
    for id_ in (111, "121", "131"):
        answer = call("POST", f"/issue/{key}/transitions", {"transition": {"id": id_}})
        assert (answer.status_code, answer.content) == (204, b"")
    assert site.people.status(key) == "done/Done:Done"
    assert issue(site, key).status_writes == 3
    assert ways(call, key, transitionId="161") == {"161": "Open"}
    assert ways(call, key, transitionId="9") == {}
    said = refused(call, "POST", f"/issue/{key}/transitions", {"fields": {}})
    assert said["errorMessages"] == ["Missing 'transition' identifier"]


def test_a_screen_asks_for_a_resolution_and_takes_nothing_else(site: JiraSandbox, call: Caller) -> None:
    site.people.make_project("OLD", workflow="classic")
    key = site.people.make_issue("OLD")
    path = f"/issue/{key}/transitions"
    shown = call.get(path, expand="transitions.fields", transitionId="5")["transitions"][0]
    assert shown["hasScreen"]
    assert shown["fields"]["resolution"]["required"]
    assert {"id": "10001", "name": "Won't Do"}.items() <= shown["fields"]["resolution"]["allowedValues"][1].items()
    assert refused(call, "POST", path, {"transition": {"id": "5"}})["errors"] == {
        "resolution": "Resolution is required."
    }
    wrong = {"transition": {"id": "5"}, "fields": {"resolution": {"name": "Nonsense"}, "labels": ["x"]}}
    assert refused(call, "POST", path, wrong)["errors"] == {
        "resolution": "The resolution selected is invalid.",
        "labels": "Field 'labels' cannot be set. It is not on the appropriate screen, or unknown.",
    }
    assert site.people.status(key) == "new/Open"
    right = {"transition": {"id": "5"}, "fields": {"resolution": {"name": "Won't Do"}}}
    assert call("POST", path, right).status_code == 204
    assert site.people.status(key) == "done/Resolved:Won't Do"
    assert call("POST", path, {"transition": {"id": "3"}}).status_code == 204
    assert site.people.status(key) == "new/Reopened"
    assert call.get(f"/issue/{key}", fields="resolution,resolutiondate")["fields"] == {
        "resolution": None,
        "resolutiondate": None,
    }


def test_a_resolution_that_is_not_on_the_screen_is_refused(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    body = {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Done"}}}
    assert (
        "not on the appropriate screen"
        in refused(call, "POST", f"/issue/{key}/transitions", body)["errors"]["resolution"]
    )
    assert site.people.status(key) == "new/To Do"


def test_without_the_permission_nothing_is_listed(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    site.people.permit("ENG", "TRANSITION", on=False)
    assert ways(call, key) == {}
    refused(call, "POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}})
    found = call.get("/mypermissions", projectKey="ENG", permissions="TRANSITION_ISSUES,EDIT_ISSUES")["permissions"]
    assert {name: one["havePermission"] for name, one in found.items()} == {
        "TRANSITION_ISSUES": False,
        "EDIT_ISSUES": True,
    }


def test_two_transitions_at_once_are_one_too_many(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    site.people.keep_busy(key)
    body = {"transition": {"id": "31"}}
    assert [call("POST", f"/issue/{key}/transitions", body).status_code for _ in range(2)] == [409, 204]


def test_team_managed_projects_set_no_resolution(site: JiraSandbox, call: Caller) -> None:
    site.people.make_project("TEAM", workflow="team")
    key = site.people.make_issue("TEAM")
    assert call("POST", f"/issue/{key}/transitions", {"transition": {"id": "231"}}).status_code == 204
    assert site.people.status(key) == "done/Done"


def test_automation_moves_an_issue_right_after_a_transition(site: JiraSandbox, call: Caller) -> None:
    site.people.automate_after("ENG", "Done", "In Progress")
    key = site.people.make_issue("ENG")
    assert call("POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}}).status_code == 204
    assert site.people.status(key) == "indeterminate/In Progress"


# --- editing ---


def test_labels_are_added_and_removed_or_replaced(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG", labels=["a", "b"])
    body: dict[str, Any] = {"update": {"labels": [{"add": "c"}, {"remove": "a"}]}, "transition": {"id": "31"}}
    assert call("PUT", f"/issue/{key}", body).status_code == 204
    assert issue(site, key).now.labels == ("b", "c")
    assert site.people.status(key) == "new/To Do", "a transition in an edit is passed over"
    answer = call("PUT", f"/issue/{key}?returnIssue=true", {"fields": {"labels": ["z"]}})
    assert (answer.status_code, answer.json()["fields"]["labels"]) == (200, ["z"])
    before = issue(site, key).now.updated
    assert call("PUT", f"/issue/{key}", {"fields": {"labels": ["z"]}}).status_code == 204
    assert issue(site, key).now.updated == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fields": {"status": {"name": "Done"}}}, "status"),
        ({"fields": {"labels": ["a b"]}}, "labels"),
        ({"fields": {"labels": ["a"]}, "update": {"labels": [{"add": "b"}]}}, "labels"),
        ({"fields": {"summary": "two\nlines"}}, "summary"),
        ({"fields": {"summary": "x" * 256}}, "summary"),
        ({"fields": {"priority": {"name": "Odd"}}}, "priority"),
        ({"fields": {"customfield_1": "x"}}, "customfield_1"),
        ({"fields": {"description": {"type": "doc"}}}, "description"),
    ],
)
def test_an_edit_is_refused_by_the_field(site: JiraSandbox, call: Caller, body: dict[str, Any], field: str) -> None:
    key = site.people.make_issue("ENG")
    before = issue(site, key).now
    assert list(refused(call, "PUT", f"/issue/{key}", body)["errors"]) == [field]
    assert issue(site, key).now == before


def test_mails_are_only_held_back_by_administrators(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    path, body = f"/issue/{key}?notifyUsers=false", {"fields": {"summary": "Other"}}
    assert "To discard the user notification" in refused(call, "PUT", path, body)["errorMessages"][0]
    site.notify_refused = False
    assert call("PUT", path, body).status_code == 204
    site.notify_refused = True
    site.people.permit("ENG", "ADMINISTER")
    assert call("PUT", path, body).status_code == 204


def test_custom_fields_are_written_by_their_id_and_kind(site: JiraSandbox, call: Caller) -> None:
    number, text = site.people.add_field("Tickets", "number"), site.people.add_field("Zendesk Ticket IDs")
    key = site.people.make_issue("ENG")
    listed = {one["id"]: one["name"] for one in call.get("/field")}
    assert (listed[number], listed[text]) == ("Tickets", "Zendesk Ticket IDs")
    refused(call, "PUT", f"/issue/{key}", {"fields": {number: "7"}})
    assert call("PUT", f"/issue/{key}", {"fields": {number: 7, text: "1,2"}}).status_code == 204
    assert call.get(f"/issue/{key}", fields=f"{number},{text}")["fields"] == {number: 7, text: "1,2"}


def test_version_three_speaks_documents(cloud: JiraSandbox, call: Caller) -> None:
    key = cloud.people.make_issue("ENG", "Slow", "One\n\nTwo")
    path = f"/rest/api/3/issue/{key}"
    paragraphs = call.get(path, fields="description")["fields"]["description"]["content"]
    assert [one["content"][0]["text"] for one in paragraphs] == ["One", "Two"]
    assert refused(call, "POST", f"{path}/comment", {"body": "plain"})["errors"] == {
        "comment": "Comment body is not valid!"
    }
    assert (
        "Atlassian Document"
        in refused(call, "PUT", path, {"fields": {"description": "plain"}})["errors"]["description"]
    )
    made = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}],
    }
    assert call.post(f"{path}/comment", {"body": made})["body"] == made
    assert call.get(f"/issue/{key}/comment")["comments"][0]["body"] == "Hi"


# --- making ---


def test_a_created_issue_is_named_and_no_more(site: JiraSandbox, call: Caller) -> None:
    fields = {"project": {"key": "ENG"}, "issuetype": {"id": "10001"}, "summary": "Slow", "labels": ["syncd-1"]}
    made = call.post("/issue", {"fields": fields, "properties": [{"key": "syncd", "value": {"op": 1}}]})
    assert set(made) == {"id", "key", "self"}
    found = call.get(f"/issue/{made['id']}", fields="labels,issuetype,reporter", properties="syncd")
    assert found["properties"] == {"syncd": {"op": 1}}
    assert (found["fields"]["labels"], found["fields"]["issuetype"]["name"]) == (["syncd-1"], "Bug")
    assert found["fields"]["reporter"]["displayName"] == "syncd"


def test_a_create_is_refused_by_the_field(site: JiraSandbox, call: Caller) -> None:
    good: dict[str, Any] = {"project": {"key": "ENG"}, "issuetype": {"name": "Bug"}, "summary": "Slow"}
    required = site.people.add_field("Severity", "select")
    site.people.require_field("ENG", required)
    site.people.take_from_screens("ENG", "labels")
    for over, errors in (
        ({"project": {"key": "NOPE"}}, {"project": "valid project is required"}),
        ({"issuetype": {"name": "Epic"}, required: {"value": "S1"}}, {"issuetype": "Specify an issue type"}),
        ({}, {required: "Severity is required."}),
        (
            {"labels": ["x"], required: {"value": "S1"}},
            {"labels": "Field 'labels' cannot be set. It is not on the appropriate screen, or unknown."},
        ),
    ):
        assert refused(call, "POST", "/issue", {"fields": good | over})["errors"] == errors
    assert not site.books.issues
    names = "fields" if site.cloud else "values"
    types = call.get("/issue/createmeta/ENG/issuetypes")
    assert [one["name"] for one in types["issueTypes" if site.cloud else "values"]] == ["Bug", "Task", "Story"]
    meta = {one["fieldId"]: one["required"] for one in call.get("/issue/createmeta/ENG/issuetypes/10001")[names]}
    assert meta["summary"]
    assert meta[required]
    assert "labels" not in meta
    assert call("GET", "/issue/createmeta/ENG/issuetypes?maxResults=201").status_code == 400


def test_of_many_some_may_fail(site: JiraSandbox, call: Caller) -> None:
    good = {"fields": {"project": {"key": "ENG"}, "issuetype": {"name": "Bug"}, "summary": "Slow"}}
    bad = {"fields": {"project": {"key": "ENG"}, "issuetype": {"name": "Bug"}}}
    answer = call("POST", "/issue/bulk", {"issueUpdates": [good, bad, good]})
    assert answer.status_code == 201
    assert [one["key"] for one in answer.json()["issues"]] == ["ENG-1", "ENG-2"]
    failed = answer.json()["errors"]
    assert [(one["failedElementNumber"], one["status"]) for one in failed] == [(1, 400)]
    assert call("POST", "/issue/bulk", {"issueUpdates": [bad]}).status_code == 400
    assert len(site.books.issues) == 2


# --- comments ---


def test_comments_come_in_pages_from_either_end(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    for number in range(120):
        site.people.comment(key, f"remark {number}")
    first = call.get(f"/issue/{key}/comment")
    assert (len(first["comments"]), first["total"]) == (100, 120)
    last = call.get(f"/issue/{key}/comment", orderBy="-created", maxResults=1)["comments"]
    assert last[0]["body"] == "remark 119"
    inside = call.get(f"/issue/{key}", fields="comment")["fields"]["comment"]
    assert (len(inside["comments"]), inside["total"]) == (100 if site.cloud else 120, 120)


def test_a_comment_on_a_request_is_public_and_mailed_unless_it_says_otherwise(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_request("SUP", participants=["friend"])
    site.books.mails.clear()
    path = f"/issue/{key}/comment"
    private = {"body": "between us", "properties": [{"key": "sd.public.comment", "value": {"internal": True}}]}
    internal, public = call.post(path, private), call.post(path, {"body": "hello"})
    assert [one.get("jsdPublic") for one in (internal, public)] == ([False, True] if site.cloud else [None, None])
    assert [one["internal"] for one in site.people.comments(key)] == [True, False]
    assert [(one["to"], one["body"]) for one in site.people.mails()] == [("customer", "hello"), ("friend", "hello")]
    told = call.get(path, expand="properties")["comments"]
    assert [one["properties"][0]["value"]["internal"] for one in told] == [True, False]
    assert "properties" not in call.get(path)["comments"][0]
    assert call("PUT", f"{path}/{internal['id']}", {"body": "still between us"}).status_code == 200
    assert site.people.comments(key)[0] == {"by": "syncd", "body": "still between us", "internal": True}
    assert len(site.people.mails()) == 2


def test_a_comment_inside_a_transition_is_public(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_request("SUP")
    site.books.mails.clear()
    body = {
        "transition": {"id": "891"},
        "fields": {"resolution": {"name": "Done"}},
        "update": {"comment": [{"add": {"body": "oops"}}]},
    }
    assert call("POST", f"/issue/{key}/transitions", body).status_code == 204
    assert [(one["about"], one["body"]) for one in site.people.mails()] == [
        ("resolved", "Resolved"),
        ("comment", "oops"),
    ]


def test_automation_answers_comments(site: JiraSandbox, call: Caller) -> None:
    site.people.automate("SUP", answered="Waiting for customer", asked="Waiting for support")
    key = site.people.make_request("SUP")
    site.people.agent_note(key, "between us")
    assert site.people.status(key) == "indeterminate/Waiting for support"
    call.post(f"/issue/{key}/comment", {"body": "hello"})
    assert site.people.status(key) == "indeterminate/Waiting for customer"
    site.people.customer_reply(key, "hi")
    assert site.people.status(key) == "indeterminate/Waiting for support"


# --- links and properties ---


def test_a_remote_link_is_known_by_its_global_id(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    path = f"/issue/{key}/remotelink"
    there = {"url": "https://desk.example.com/1", "title": "Ticket 1", "summary": "words"}
    first = call("POST", path, {"globalId": "system=x&id=1", "relationship": "causes", "object": there})
    second = call("POST", path, {"globalId": "system=x&id=1", "object": {"url": there["url"], "title": "Other"}})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    found = call.get(path, globalId="system=x&id=1")
    assert (found["relationship"], found["object"]["summary"], found["object"]["title"]) == (None, None, "Other")
    for _ in range(2):
        assert call("POST", path, {"object": there}).status_code == 201
    assert len(call.get(path)) == 3
    assert refused(call, "POST", path, {"object": {"url": "x"}})["errors"] == {"title": "'title' is required."}
    asked = {"params": {"globalId": "system=x&id=1"}}
    assert call("DELETE", path, **asked).status_code == 415
    json = {"headers": {"Content-Type": "application/json"}}
    assert [call("DELETE", path, **asked, **json).status_code for _ in range(2)] == [204, 404]
    assert call("GET", path, **asked).status_code == 404


def test_a_link_between_issues_has_a_direction_and_is_made_once(site: JiraSandbox, call: Caller) -> None:
    a, b = site.people.make_issue("ENG"), site.people.make_issue("OPS")
    body = {"type": {"name": "Blocks"}, "inwardIssue": {"key": a}, "outwardIssue": {"key": b}}
    for _ in range(2):
        answer = call("POST", "/issueLink", body)
        assert (answer.status_code, answer.content) == (201, b"")
    first, second = (call.get(f"/issue/{key}", fields="issuelinks")["fields"]["issuelinks"] for key in (a, b))
    assert first[0]["outwardIssue"]["key"] == b
    assert second[0]["inwardIssue"]["key"] == a
    assert first[0]["id"] == second[0]["id"]
    assert first[0]["type"]["outward"] == "blocks"
    assert call("POST", "/issueLink", body | {"type": {"name": "Odd"}}).status_code == 404
    assert call("POST", "/issueLink", body | {"outwardIssue": {"key": "ENG-99"}}).status_code == 404
    assert "Relates" in {one["name"] for one in call.get("/issueLinkType")["issueLinkTypes"]}
    assert call("DELETE", f"/issueLink/{first[0]['id']}").status_code == 204
    assert not site.books.links


def test_properties_are_hidden_and_move_nothing(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    path, before = f"/issue/{key}/properties/syncd", issue(site, key).now
    assert [call("PUT", path, {"a": number}).status_code for number in (1, 2)] == [201, 200]
    assert call.get(path) == {"key": "syncd", "value": {"a": 2}}
    assert issue(site, key).now == before
    assert not issue(site, key).history
    assert [call("DELETE", path).status_code for _ in range(2)] == [204, 404]
    assert call("GET", path).status_code == 404


# --- what was changed ---


def test_the_changelog_tells_who_changed_what(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    site.people.set_status(key, "In Progress", by="dev")
    call("POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}})
    site.people.comment(key, "x")
    if site.cloud:
        told = call.get(f"/issue/{key}/changelog")["values"]
    else:
        assert call("GET", f"/issue/{key}/changelog").status_code == 404
        told = call.get(f"/issue/{key}", fields="status", expand="changelog")["changelog"]["histories"][::-1]
    assert [one["author"]["displayName"] for one in told] == ["Developer", "syncd"]
    items = {one["fieldId"]: (one["from"], one["to"]) for one in told[1]["items"]}
    assert items == {"status": ("3", "10001"), "resolution": (None, None)}
    if site.cloud:
        asked = {"issueIdsOrKeys": [key], "fieldIds": ["status"], "maxResults": 1}
        first = call.post("/changelog/bulkfetch", asked)
        rest = call.post("/changelog/bulkfetch", asked | {"nextPageToken": first["nextPageToken"]})
        logs = [one["issueChangeLogs"][0]["changeHistories"][0] for one in (first, rest)]
        assert [one["items"][0]["toString"] for one in logs] == ["In Progress", "Done"]
        assert isinstance(logs[0]["created"], int)
        assert "nextPageToken" not in rest


def test_versions_tell_whether_they_are_out(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    version = site.people.add_version("ENG", "1.0")
    assert call("PUT", f"/issue/{key}", {"fields": {"fixVersions": [{"name": "1.0"}]}}).status_code == 204
    for released in (False, True):
        site.people.release("ENG", "1.0", on=released)
        assert call.get(f"/issue/{key}", fields="fixVersions")["fields"]["fixVersions"][0]["released"] is released
        assert call.get(f"/version/{version}")["released"] is released
    assert [one["name"] for one in call.get("/project/ENG/versions")] == ["1.0"]


def test_a_project_tells_its_statuses(site: JiraSandbox, call: Caller) -> None:
    for one in call.get("/project/OPS/statuses"):
        names = {status["name"]: status["statusCategory"]["key"] for status in one["statuses"]}
        assert names == {
            "Open": "new",
            "In Progress": "indeterminate",
            "In Review": "indeterminate",
            "Done": "done",
            "Won't Do": "done",
        }
    assert call("GET", "/project/NOPE/statuses").status_code == 404
    assert call("GET", "/project/eng").status_code == 404
    found = call.get("/project/search", keys="ENG")["values"] if site.cloud else call.get("/project")
    assert found[0]["key"] == "ENG"


# --- what administrators do to a workflow ---


def test_a_field_on_a_screen_is_asked_for_and_may_come_as_a_surprise(site: JiraSandbox, call: Caller) -> None:
    cause, team = site.people.add_field("Root cause"), site.people.add_field("Team")
    site.people.ask_on("ENG", "Done", cause)
    site.people.ask_on("ENG", "Done", team, listed=False)
    key = site.people.make_issue("ENG")
    path = f"/issue/{key}/transitions"
    shown = call.get(path, expand="transitions.fields", transitionId="31")["transitions"][0]["fields"]
    assert {name: one["required"] for name, one in shown.items()} == {cause: True}
    said = refused(call, "POST", path, {"transition": {"id": "31"}, "fields": {cause: "a bug"}})
    assert said["errors"] == {team: "Team is required."}
    body = {"transition": {"id": "31"}, "fields": {cause: "a bug", team: "hub"}}
    assert call("POST", path, body).status_code == 204
    assert issue(site, key).now.custom == {cause: "a bug", team: "hub"}
    assert site.people.status(key) == "done/Done:Done"


def test_a_way_can_be_closed_by_a_condition_and_guarded_by_a_validator(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    site.people.close_way("ENG", "Done")
    assert ways(call, key) == {"11": "To Do", "21": "In Progress"}
    assert ways(call, key, includeUnavailableTransitions="true")["31"] == "Done"
    site.people.close_way("ENG", "Done", on=False)
    site.people.validate("ENG", "Done", "Every sub-task must be finished first.")
    said = refused(call, "POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}})
    assert said == {"errorMessages": ["Every sub-task must be finished first."], "errors": {}}
    site.people.validate("ENG", "Done")
    assert call("POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}}).status_code == 204
