"""The stand-in's service desk: requests, and what is said on them to whom."""

from __future__ import annotations

from jira_caller import Caller

from connectors.jira.sandbox import TOKEN, Access, JiraSandbox

pytest_plugins = ["jira_fixtures"]
DESK = "/rest/servicedeskapi"


def test_a_request_is_shown_with_its_status(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_request("SUP", "Slow", "Very")
    found = call.get(f"{DESK}/request/{key}")
    assert (found["issueKey"], found["issueId"]) == (key, site.people.id(key))
    assert found["currentStatus"]["statusCategory"] == "INDETERMINATE"
    assert found["reporter"]["displayName"] == "Customer"
    assert "accountType" not in found["reporter"]
    assert set(found["createdDate"]) == {"iso8601", "jira", "friendly", "epochMillis"}
    site.people.set_status(key, "Resolved")
    told = call.get(f"{DESK}/request/{key}/status")["values"]
    assert [one["status"] for one in told] == ["Resolved", "Waiting for support"]


def test_an_issue_that_nobody_asked_for_is_no_request(site: JiraSandbox, call: Caller) -> None:
    for key in (site.people.make_issue("SUP"), site.people.make_issue("ENG"), "SUP-99"):
        answer = call("GET", f"{DESK}/request/{key}")
        assert answer.status_code == 404
        assert "does not exist" in answer.json()["errorMessage"]


def test_a_comment_has_to_say_whether_it_is_public(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_request("SUP")
    site.books.mails.clear()
    path = f"{DESK}/request/{key}/comment"
    assert call("POST", path, {"body": "x"}).status_code == 400
    assert site.people.comments(key) == []
    made = call.post(path, {"body": "between us", "public": False})
    assert (made["public"], made["body"]) == (False, "between us")
    assert not site.people.mails()
    call.post(path, {"body": "hello", "public": True})
    assert [one["body"] for one in site.people.mails()] == ["hello"]
    site.people.customer_reply(key, "hi")
    assert len(site.people.mails()) == 1, "customers aren't mailed what they say"
    for query, wanted in (
        ({}, ["between us", "hello", "hi"]),
        ({"public": "false"}, ["between us"]),
        ({"internal": "false"}, ["hello", "hi"]),
        ({"public": "false", "internal": "false"}, []),
    ):
        assert [one["body"] for one in call.get(path, **query)["values"]] == wanted
    properties = call.get(f"/issue/{key}/comment", expand="properties")["comments"][0]["properties"]
    assert properties == [{"key": "sd.public.comment", "value": {"internal": True}}]


def test_pages_have_a_start_and_a_limit_and_name_the_last(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_request("SUP")
    for number in range(5):
        site.people.agent_note(key, f"note {number}")
    path = f"{DESK}/request/{key}/comment"
    first = call.get(path, limit=3)
    assert (first["size"], first["isLastPage"]) == (3, False)
    assert first["_links"]["next"].endswith("?start=3&limit=3")
    rest = call.get(path, limit=3, start=3)
    assert (rest["size"], rest["isLastPage"]) == (2, True)
    assert "next" not in rest["_links"]


def test_without_the_licence_of_an_agent_nothing_is_said(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_request("SUP")
    site.people.permit("SUP", "AGENT", on=False)
    answer = call("GET", f"{DESK}/request/{key}")
    assert (answer.status_code, answer.content) == (403, b"")
    assert call("GET", f"/issue/{key}").status_code == 200


def test_the_list_of_requests_is_ones_own(site: JiraSandbox, call: Caller) -> None:
    site.people.make_request("SUP")
    body = {"serviceDeskId": call.get(f"{DESK}/servicedesk")["values"][0]["id"], "requestTypeId": "25"}
    made = call.post(f"{DESK}/request", body | {"requestFieldValues": {"summary": "Mine"}})
    listed = call.get(f"{DESK}/request")["values"]
    assert [one["issueKey"] for one in listed] == [made["issueKey"]] == ["SUP-2"]
    behalf = site.books.people["customer"]
    named = behalf.id if site.cloud else behalf.name
    made = call.post(f"{DESK}/request", body | {"requestFieldValues": {"summary": "Theirs"}, "raiseOnBehalfOf": named})
    assert made["reporter"]["displayName"] == "Customer"
    assert site.people.mails()[-1] == {"to": "customer", "issue": "SUP-3", "about": "created", "body": "Theirs"}
    assert call("POST", f"{DESK}/request", body).status_code == 400


def test_participants_are_mailed_too(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_request("SUP")
    friend = site.books.people[site.people.make_customer("friend")]
    path = f"{DESK}/request/{key}/participant"
    named = {"accountIds": [friend.id]} if site.cloud else {"usernames": [friend.name]}
    assert [one["displayName"] for one in call.get(path)["values"]] == []
    assert [one["displayName"] for one in call.post(path, named)["values"]] == ["Friend"]
    site.people.agent_reply(key, "hello")
    assert [one["to"] for one in site.people.mails() if one["about"] == "comment"] == ["customer", "friend"]
    assert call("DELETE", path, named).json()["values"] == []


def test_customers_transitions_are_few_and_do_not_say_where_they_lead(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_request("SUP")
    path = f"{DESK}/request/{key}/transition"
    assert call.get(path)["values"] == [{"id": "901", "name": "Cancel request"}]
    assert call("POST", path, {"id": "891"}).status_code == 400
    assert call("POST", path, {"id": "901", "additionalComment": {"body": "never mind"}}).status_code == 204
    assert site.people.status(key) == "done/Canceled:Won't Do"
    assert site.people.comments(key)[0]["internal"] is False


def test_of_customers_the_account_says_that_they_are(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_request("SUP")
    who = call.get(f"/issue/{key}", fields="reporter")["fields"]["reporter"]
    if site.cloud:
        assert who["accountType"] == "customer"
    else:
        found = call.get("/user", username=who["name"], expand="applicationRoles")
        assert found["applicationRoles"]["size"] == 0
        assert call.get("/user", username="dev", expand="applicationRoles")["applicationRoles"]["size"] == 1


def test_a_customer_sees_nothing_internal_and_no_strangers_requests(site: JiraSandbox, call: Caller) -> None:
    key, other = site.people.make_request("SUP"), site.people.make_request("SUP", by="stranger")
    site.people.agent_note(key, "between us")
    site.people.agent_reply(key, "hello")
    site.tokens[TOKEN] = Access("customer")
    found = call.get(f"{DESK}/request/{key}/comment")["values"]
    assert [one["body"] for one in found] == ["hello"]
    assert call("GET", f"{DESK}/request/{key}/comment/{int(found[0]['id']) - 1}").status_code == 404
    assert call("GET", f"{DESK}/request/{other}").status_code == 404


def test_a_request_says_on_the_platform_what_it_is_on_the_portal(site: JiraSandbox, call: Caller) -> None:
    asked, plain = site.people.make_request("SUP", participants=["friend"]), site.people.make_issue("SUP")
    listed = {one["schema"].get("custom", ""): one["id"] for one in call.get("/field")}
    kind = listed["com.atlassian.servicedesk:vp-origin"]
    others = listed["com.atlassian.servicedesk:sd-request-participants"]
    fields = call.get(f"/issue/{asked}", fields=f"{kind},{others}")["fields"]
    assert fields[kind]["requestType"]["id"] == "25"
    assert [one["displayName"] for one in fields[others]] == ["Friend"]
    assert call.get(f"/issue/{plain}", fields=kind)["fields"] == {kind: None}
