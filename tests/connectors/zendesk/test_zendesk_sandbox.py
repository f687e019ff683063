"""The stand-in keeps Zendesk's rules about who may call, what reads show, and what the feeds tell."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from zendesk_caller import Caller

from connectors.zendesk.sandbox import ZendeskSandbox
from connectors.zendesk.sandbox.defaults import AGENT, CUSTOMER, ISSUE, ME, ORGANIZATION
from syncd.clock import ManualClock
from syncd.testing import Fault

EXPORT = "/incremental/tickets/cursor"


@pytest.fixture
def sandbox() -> Iterator[ZendeskSandbox]:
    with ZendeskSandbox() as sandbox:
        sandbox.freeze(ManualClock().now())
        yield sandbox


@pytest.fixture
def call(sandbox: ZendeskSandbox) -> Iterator[Caller]:
    caller = Caller(sandbox)
    caller.mint(expires_in=172_799)
    yield caller
    caller.session.close()


def error(answer: requests.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["error"]


# --- who may call ---


def test_a_client_gets_a_token_that_expires(sandbox: ZendeskSandbox) -> None:
    call = Caller(sandbox)
    answer = call.mint(expires_in=600)
    assert (answer.status_code, answer.json()["token_type"], answer.json()["expires_in"]) == (201, "bearer", 600)
    assert call.get("/users/me")["user"]["id"] == ME
    sandbox.advance(600)
    assert error(call("GET", "/tickets")) == (401, "invalid_token")
    call.mint()
    assert call("GET", "/tickets").status_code == 200
    sandbox.access.mint_status = 200
    assert call.mint().status_code == 200


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"expires_in": 300}, (400, "invalid_request")),
        ({"expires_in": 172_800}, (400, "invalid_request")),
    ],
)
def test_a_token_is_not_minted_for_anything(
    sandbox: ZendeskSandbox, asked: dict[str, Any], told: tuple[int, str]
) -> None:
    assert error(Caller(sandbox).mint(**asked)) == told
    assert sandbox.access.minted == 0


def test_a_client_whose_user_lost_access_gets_none(sandbox: ZendeskSandbox) -> None:
    sandbox.access.client_works = False
    assert error(Caller(sandbox).mint()) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("scope", "read", "write", "export"),
    [
        ("read write", 200, 200, 200),
        ("read", 200, 403, 200),
        ("tickets:read", 200, 403, 403),
        ("tickets:write", 403, 200, 403),
        ("organizations:read nonsense", 403, 403, 403),
        ("", 403, 403, 403),
    ],
)
def test_any_scope_is_granted_and_shows_when_it_is_used(
    sandbox: ZendeskSandbox, call: Caller, scope: str, read: int, write: int, export: int
) -> None:
    sandbox.people.make_ticket()
    assert call.mint(scope).json()["scope"] == scope
    assert call("GET", "/tickets/1").status_code == read
    assert call.put(1, priority="low").status_code == write
    assert call("GET", f"{EXPORT}?start_time=0").status_code == export


def test_api_tokens_work_until_they_are_switched_off(sandbox: ZendeskSandbox, call: Caller) -> None:
    call.by_token()
    assert call.get("/users/me")["user"]["email"] == "syncd@example.com"
    call.by_token(token="wrong")
    assert error(call("GET", "/users/me")) == (401, "Couldn't authenticate you")
    sandbox.access.api_tokens = False
    call.by_token()
    assert error(call("GET", "/tickets")) == (401, "Couldn't authenticate you")


def test_without_a_credential_there_is_only_an_anonymous_user(sandbox: ZendeskSandbox) -> None:
    call = Caller(sandbox)
    anonymous = call.get("/users/me")["user"]
    assert (anonymous["id"], anonymous["name"]) == (None, "Anonymous user")
    assert call("GET", "/tickets/count").status_code == 401


def test_exports_and_jira_links_are_for_administrators(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.enable_jira()
    call.by_token("agent@example.com")
    assert call("GET", "/tickets").status_code == 200
    assert call("GET", f"{EXPORT}?start_time=0").status_code == 403
    assert call("GET", "/jira/links").status_code == 403
    call.by_token("customer@example.org")
    assert call("GET", "/tickets").status_code == 403


def test_every_path_may_end_in_json_and_the_log_keeps_what_was_asked(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    assert call.get("/tickets/1.json") == call.get("/tickets/1")
    assert sandbox.log[-2].request.path == "/api/v2/tickets/1.json"


def test_a_wrong_path_and_a_missing_record_are_told_apart(call: Caller) -> None:
    assert error(call("GET", "/nowhere")) == (404, "InvalidEndpoint")
    for path in ("/tickets/9", "/tickets/9/comments", "/tickets/9/audits", "/users/9", "/organizations/9"):
        assert error(call("GET", path)) == (404, "RecordNotFound")


def test_query_parameters_that_nobody_knows_are_passed_over_and_noted(sandbox: ZendeskSandbox, call: Caller) -> None:
    call.get("/tickets", updated_since="2026-01-01")
    assert sandbox.unknown_query == ["updated_since"]


# --- tickets ---

KEYS = [
    "url", "id", "external_id", "via", "created_at", "updated_at", "type", "subject", "raw_subject", "description",
    "priority", "status", "recipient", "requester_id", "submitter_id", "assignee_id", "organization_id", "group_id",
    "collaborator_ids", "follower_ids", "email_cc_ids", "forum_topic_id", "problem_id", "has_incidents", "is_public",
    "due_at", "tags", "custom_fields", "satisfaction_rating", "sharing_agreement_ids", "custom_status_id", "fields",
    "followup_ids", "ticket_form_id", "brand_id", "allow_channelback", "allow_attachments", "from_messaging_channel",
]  # fmt: skip


def test_a_ticket_has_the_keys_of_recordings_in_their_order(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket(subject="Slow", description="<p>It is <b>slow</b></p>")
    row = call.ticket()
    assert list(row) == KEYS
    assert (row["subject"], row["description"], row["status"]) == ("Slow", "It is slow", "open")
    assert (row["requester_id"], row["organization_id"], row["assignee_id"]) == (CUSTOMER, ORGANIZATION, AGENT)
    assert row["fields"] == row["custom_fields"]
    assert {"id": ISSUE, "value": None} in row["custom_fields"]
    assert row["updated_at"] == row["created_at"] == "2026-01-05T09:00:00Z"
    assert not row["url"].startswith(sandbox.url)


def test_many_are_shown_at_once_without_those_that_are_gone(sandbox: ZendeskSandbox, call: Caller) -> None:
    for _ in range(4):
        sandbox.people.make_ticket()
    sandbox.people.delete(2)
    sandbox.people.archive(3)
    found = call.get("/tickets/show_many", ids="4,2,3,99,1", include="users,organizations")
    assert [row["id"] for row in found["tickets"]] == [4, 3, 1]
    assert {one["id"] for one in found["users"]} == {CUSTOMER, AGENT}
    assert found["organizations"][0]["organization_fields"] == {"tier": "gold"}
    answer = call("GET", "/tickets/show_many", params={"ids": ",".join(map(str, range(1, 102)))})
    assert (error(answer), answer.json()["max_count"]) == ((400, "TooManyValues"), 100)


def test_the_list_is_fresh_and_paged_by_cursor(sandbox: ZendeskSandbox, call: Caller) -> None:
    for _ in range(5):
        sandbox.people.make_ticket()
        sandbox.advance(1)
    sandbox.people.delete(4)
    sandbox.people.set_priority(2, "high")
    query = {"sort": "-updated_at", "page[size]": 2}
    page = call.get("/tickets", **query)
    assert [row["id"] for row in page["tickets"]] == [2, 5]
    assert page["meta"]["has_more"] is True
    assert page["links"]["next"].startswith(sandbox.url)
    following = requests.get(page["links"]["next"], headers=dict(call.session.headers), timeout=30).json()
    assert following == call.get("/tickets", **query, **{"page[after]": page["meta"]["after_cursor"]})
    assert [row["id"] for row in following["tickets"]] == [3, 1]
    assert following["meta"]["has_more"] is False
    assert call("GET", "/tickets?page[size]=101").status_code == 400
    assert call("GET", "/tickets?page=101").json()["errors"][0]["code"] == "InvalidPaginationDepth"
    assert call.get("/tickets/count")["count"]["value"] == 4


def test_an_external_id_names_any_number_of_tickets(sandbox: ZendeskSandbox, call: Caller) -> None:
    for external in ("a", "b", "a"):
        sandbox.people.make_ticket(external_id=external)
    assert [row["id"] for row in call.get("/tickets", external_id="a")["tickets"]] == [1, 3]


def test_comments_begin_with_the_description(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket(description="Please help.")
    sandbox.people.agent_note(1, "<p>between us</p><!-- hidden -->")
    sandbox.people.customer_reply(1, "any news?")
    said = call.get("/tickets/1/comments", **{"page[size]": 100})["comments"]
    assert [(one["author_id"], one["public"], one["plain_body"]) for one in said] == [
        (CUSTOMER, True, "Please help."),
        (AGENT, False, "between us"),
        (CUSTOMER, True, "any news?"),
    ]
    assert said[1]["html_body"] == '<div class="zd-comment" dir="auto"><p>between us</p></div>'
    newest = call.get("/tickets/1/comments", sort="-created_at", **{"page[size]": 1})
    assert (newest["comments"][0]["id"], newest["meta"]["has_more"]) == (said[2]["id"], True)


def test_audits_tell_who_changed_what(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    sandbox.people.set_status(1, "pending")
    call.put(1, status="solved", metadata={"op": "1"})
    audits = call.get("/tickets/1/audits", **{"page[size]": 100}, include="None")["audits"]
    assert [one["author_id"] for one in audits] == [CUSTOMER, AGENT, ME]
    change = next(one for one in audits[2]["events"] if one["field_name"] == "status")
    assert (change["type"], change["previous_value"], change["value"]) == ("Change", "pending", "solved")
    assert audits[2]["metadata"]["custom"] == {"op": "1"}
    assert audits[0]["events"][0]["type"] == "Comment"


# --- the export ---


def test_the_export_withholds_the_latest_minute(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    sandbox.advance(59)
    assert call.walk() == []
    sandbox.advance(1)
    row = call.walk()[0]
    assert row.pop("generated_timestamp") == int(sandbox.now().timestamp()) - 60
    assert row == call.ticket()


def test_the_export_goes_on_from_a_cursor(sandbox: ZendeskSandbox, call: Caller) -> None:
    for _ in range(5):
        sandbox.people.make_ticket()
    sandbox.advance(60)
    page = call.get(EXPORT, start_time=0, per_page=2, include="users")
    assert [row["id"] for row in page["tickets"]] == [1, 2]
    assert (page["end_of_stream"], page["before_url"], page["before_cursor"]) == (False, None, None)
    assert base64.b64decode(page["after_cursor"]).endswith(b".0||2|")
    assert page["after_url"].startswith(f"{sandbox.url}/api/v2{EXPORT}.json?cursor=")
    assert "per_page=2" in page["after_url"]
    onward = requests.get(page["after_url"], headers=dict(call.session.headers), timeout=30).json()
    assert [row["id"] for row in onward["tickets"]] == [3, 4]
    assert {one["id"] for one in onward["users"]} == {CUSTOMER, AGENT}
    last = call.get(EXPORT, cursor=onward["after_cursor"])
    assert ([row["id"] for row in last["tickets"]], last["end_of_stream"]) == ([5], True)
    assert "users" not in last
    idle = call.get(EXPORT, cursor=last["after_cursor"])
    assert (idle["tickets"], idle["end_of_stream"], idle["after_cursor"]) == ([], True, last["after_cursor"])


@pytest.mark.parametrize(
    ("null", "first", "later"), [("first", None, True), ("always", None, None), ("never", True, 1)]
)
def test_an_empty_page_may_have_no_cursor(
    sandbox: ZendeskSandbox, call: Caller, null: str, first: object, later: object
) -> None:
    sandbox.exports.null_cursors = null
    empty = call.get(EXPORT, start_time=0)
    assert (empty["tickets"], empty["end_of_stream"], bool(empty["after_cursor"])) == ([], True, bool(first))
    sandbox.people.make_ticket()
    sandbox.advance(60)
    cursor = call.get(EXPORT, start_time=0)["after_cursor"]
    assert bool(call.get(EXPORT, cursor=cursor)["after_cursor"]) == bool(later)


def test_a_ticket_comes_again_after_each_change_as_it_stands(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    sandbox.people.make_ticket()
    sandbox.advance(60)
    cursor = call.get(EXPORT, start_time=0)["after_cursor"]
    sandbox.people.set_status(1, "pending")
    sandbox.people.set_status(1, "solved")
    assert call.get(EXPORT, cursor=cursor)["tickets"] == []
    sandbox.advance(60)
    assert [(row["id"], row["status"]) for row in call.get(EXPORT, cursor=cursor)["tickets"]] == [(1, "solved")]


def test_what_the_system_changes_moves_only_the_generated_timestamp(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    sandbox.advance(60)
    first = call.walk()[0]
    sandbox.people.touch(1)
    sandbox.advance(60)
    again = call.walk()[0]
    assert again["generated_timestamp"] > first["generated_timestamp"]
    assert again["updated_at"] == first["updated_at"]


def test_deleted_tickets_are_in_the_export_unless_they_are_not_asked_for(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket(subject="private")
    sandbox.people.delete(1)
    sandbox.advance(60)
    assert [row["status"] for row in call.walk()] == ["deleted"]
    assert call.walk(exclude_deleted="true") == []
    gone = call.get("/deleted_tickets")["deleted_tickets"]
    assert [(one["id"], one["previous_state"], one["actor"]["id"]) for one in gone] == [(1, "open", AGENT)]
    assert error(call("GET", "/tickets/1")) == (404, "RecordNotFound")
    sandbox.people.restore(1)
    sandbox.advance(60)
    assert [row["status"] for row in call.walk()] == ["open"]
    sandbox.people.purge(1)
    sandbox.advance(60)
    assert [(row["status"], row["subject"]) for row in call.walk()] == [("deleted", "SCRUBBED")]
    assert call.get("/deleted_tickets")["deleted_tickets"] == []


def test_tickets_of_ai_agents_are_hidden_unless_all_are_asked_for(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    sandbox.people.make_ticket(ai_agent=True)
    sandbox.advance(60)
    shown = {
        scope: [row["id"] for row in call.walk(support_type_scope=scope)] for scope in ("agent", "ai_agent", "all")
    }
    assert shown == {"agent": [1], "ai_agent": [2], "all": [1, 2]}
    assert [row["id"] for row in call.walk()] == [1]


@pytest.mark.parametrize(
    "query",
    [
        {}, {"start_time": "soon"}, {"cursor": "nonsense"}, {"start_time": 0, "cursor": "MS4wfHwxfA=="},
        {"start_time": 0, "per_page": 0}, {"start_time": 0, "include": "last_audits"},
    ],
)  # fmt: skip
def test_an_export_that_cannot_be_asked_for_is_refused(call: Caller, query: dict[str, Any]) -> None:
    assert call("GET", EXPORT, params=query).status_code == 400


def test_an_export_cannot_begin_within_the_last_minute(sandbox: ZendeskSandbox, call: Caller) -> None:
    now = int(sandbox.now().timestamp())
    assert error(call("GET", EXPORT, params={"start_time": now - 59})) == (400, "StartTimeTooRecent")
    assert call("GET", EXPORT, params={"start_time": now - 60}).status_code == 200


def test_a_cursor_may_be_refused_after_a_while(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.exports.cursors_live = 600
    sandbox.people.make_ticket()
    sandbox.advance(60)
    cursor = call.get(EXPORT, start_time=0)["after_cursor"]
    sandbox.advance(540)
    assert call("GET", EXPORT, params={"cursor": cursor}).status_code == 200
    sandbox.advance(1)
    assert call("GET", EXPORT, params={"cursor": cursor}).status_code == 400


def test_people_act_over_the_wire_too(sandbox: ZendeskSandbox) -> None:
    def act(do: str, **given: Any) -> Any:
        answer = requests.post(f"{sandbox.url}/_sandbox/act", json={"do": do, "with": given}, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    assert act("make_ticket", subject="over the wire", type="problem") == 1
    waiting = act("add_custom_status", category="pending", label="Waiting")
    act("set_status", ticket=1, status=waiting)
    act("set_field", ticket=1, field=ISSUE, value="ENG-1")
    colleague = act("make_user", name="Col League")
    act("customer_reply", ticket=act("make_ticket", problem=1), text="me too", by=colleague)
    act("agent_reply", ticket=1, text="soon")
    found, other = sandbox.books.tickets[1], sandbox.books.tickets[2]
    assert (found.row["subject"], found.row["has_incidents"], found.values[ISSUE]) == ("over the wire", True, "ENG-1")
    assert other.comments[-1]["author_id"] == colleague
    assert (act("status", ticket=1), act("mails", ticket=1)) == ("Waiting", ["soon"])


def test_an_answer_can_be_lost_after_the_write(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    sandbox.faults.append(Fault("lost_answer", "PUT"))
    with pytest.raises(requests.ConnectionError):
        call.put(1, comment={"body": "x", "public": False})
    assert len(sandbox.books.tickets[1].comments) == 2
