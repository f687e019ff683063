"""The stand-in's people and limits: what becomes of tickets over time, and how many calls an account takes."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Literal

import pytest
from zendesk_caller import Caller

from connectors.zendesk.sandbox import ZendeskSandbox
from connectors.zendesk.sandbox.books import Ticket
from connectors.zendesk.sandbox.defaults import (
    AGENT,
    CUSTOMER,
    FORM,
    ISSUE,
    ORGANIZATION,
    ROOT_CAUSE,
    SEVERITY,
    STRANGER,
    SYSTEM,
)
from connectors.zendesk.sandbox.people import MERGED
from syncd.clock import ManualClock

EXPORT = "/incremental/tickets/cursor?start_time=0"
DAY = 86_400


@pytest.fixture
def sandbox() -> Iterator[ZendeskSandbox]:
    with ZendeskSandbox() as sandbox:
        sandbox.freeze(ManualClock().now())
        sandbox.people.make_ticket()
        yield sandbox


@pytest.fixture
def call(sandbox: ZendeskSandbox) -> Iterator[Caller]:
    caller = Caller(sandbox)
    caller.mint(expires_in=172_799)
    yield caller
    caller.session.close()


def ticket(sandbox: ZendeskSandbox, number: int = 1) -> Ticket:
    return sandbox.books.tickets[number]


# --- what becomes of tickets ---


@pytest.mark.parametrize(
    ("before", "after"),
    [("new", "new"), ("open", "open"), ("pending", "open"), ("hold", "hold"), ("solved", "open")],
)
def test_a_requesters_answer_opens_what_waited_for_it(sandbox: ZendeskSandbox, before: str, after: str) -> None:
    number = sandbox.people.make_ticket(status=before)
    sandbox.people.customer_reply(number, "any news?")
    assert ticket(sandbox, number).status == after
    assert sandbox.people.mails(number) == []


def test_an_answer_may_open_what_was_on_hold(sandbox: ZendeskSandbox) -> None:
    sandbox.people.reply_reopens_hold = True
    sandbox.people.set_status(1, "hold")
    sandbox.people.customer_reply(1, "any news?")
    assert ticket(sandbox).status == "open"


def test_a_solved_ticket_is_closed_after_four_days(sandbox: ZendeskSandbox, call: Caller) -> None:
    call.put(1, status="solved")
    sandbox.advance(4 * DAY - 1)
    call.mint()
    assert call.ticket()["status"] == "solved"
    sandbox.advance(DAY)
    call.mint()
    closed = call.ticket()
    assert (closed["status"], closed["updated_at"]) == ("closed", "2026-01-09T09:00:00Z")
    last = call.get("/tickets/1/audits")["audits"][-1]
    assert (last["author_id"], last["via"]["channel"]) == (SYSTEM, "rule")


def test_it_is_closed_after_28_days_at_the_latest(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.books.auto_close_after = None
    sandbox.people.set_status(1, "solved")
    sandbox.advance(27 * DAY)
    sandbox.people.customer_reply(1, "not yet")
    sandbox.people.set_status(1, "solved")
    sandbox.advance(28 * DAY - 1)
    call.mint()
    assert call.ticket()["status"] == "solved"
    sandbox.books.auto_close_after = timedelta(days=60)
    sandbox.advance(1)
    assert call.ticket()["status"] == "closed"


@pytest.mark.parametrize("named", ["text", "via", "nowhere"])
def test_a_merged_ticket_is_closed_tagged_and_names_the_survivor(
    sandbox: ZendeskSandbox, call: Caller, named: Literal["text", "via", "nowhere"]
) -> None:
    sandbox.people.make_ticket(subject="Again")
    sandbox.people.merge(1, 2, named=named)
    gone, kept = call.ticket(2), call.ticket(1)
    assert (gone["status"], gone["tags"]) == ("closed", [MERGED])
    assert kept["status"] == "open"
    said = call.get("/tickets/2/comments")["comments"][-1]
    assert (said["author_id"], said["public"]) == (AGENT, False)
    assert ("merged into request #1 " in said["plain_body"]) == (named == "text")
    assert (said["via"]["source"]["to"].get("ticket_id") == 1) == (named == "via")
    said = call.get("/tickets/1/comments")["comments"][-1]
    assert said["plain_body"].startswith('Request #2 "Again" was closed and merged into this request.')
    assert sandbox.people.mails(1) == sandbox.people.mails(2) == []


def test_only_open_tickets_are_merged(sandbox: ZendeskSandbox) -> None:
    sandbox.people.make_ticket(status="solved")
    with pytest.raises(ValueError, match="unsolved"):
        sandbox.people.merge(2, 1)
    assert ticket(sandbox).status == "open"


def test_a_follow_up_continues_a_closed_ticket_with_its_tags(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.add_tag(1, "escalate")
    with pytest.raises(ValueError, match="isn't closed"):
        sandbox.people.follow_up(1)
    sandbox.people.set_status(1, "closed")
    with pytest.raises(ValueError, match="follow_up"):
        sandbox.people.customer_reply(1, "It is back")
    number = sandbox.people.follow_up(1)
    row = call.ticket(number)
    assert (row["status"], row["tags"]) == ("open", ["escalate"])
    source = row["via"]["source"]
    assert (source["rel"], source["from"]["ticket_id"]) == ("follow_up", 1)
    assert call.ticket(1)["followup_ids"] == [number]
    assert call.get(f"/tickets/{number}/related")["followup_source_ids"] == [1]


def test_an_archived_ticket_is_in_no_list_but_shown_and_exported(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.archive(1)
    sandbox.advance(60)
    assert call.get("/tickets")["tickets"] == []
    assert call.get("/tickets/count")["count"]["value"] == 0
    assert call.ticket()["status"] == "closed"
    assert call.get("/tickets/1/related")["from_archive"] is True
    assert [row["id"] for row in call.walk()] == [1]
    assert call.put(1, status="open").status_code == 422


def test_solving_a_problem_solves_its_incidents_with_the_same_comment(sandbox: ZendeskSandbox, call: Caller) -> None:
    problem = sandbox.people.make_ticket(type="problem")
    incidents = [sandbox.people.make_ticket(problem=problem) for _ in range(3)]
    sandbox.people.set_status(incidents[1], "closed")
    sandbox.people.require(ISSUE)  # the incidents' own fields don't count
    assert call.ticket(problem)["has_incidents"] is True
    assert [row["id"] for row in call.get(f"/tickets/{problem}/incidents")["tickets"]] == incidents
    assert call.get(f"/tickets/{problem}/related")["incidents"] == 3
    fixed = {"status": "solved", "comment": {"body": "Fixed", "public": True}}
    call.put(problem, **fixed, custom_fields=[{"id": ISSUE, "value": "x"}])
    assert [ticket(sandbox, n).status for n in incidents] == ["solved", "closed", "solved"]
    assert [len(sandbox.people.mails(n)) for n in (problem, *incidents)] == [1, 1, 0, 1]
    call.put(problem, status="open")
    assert ticket(sandbox, incidents[0]).status == "solved"


def test_a_deleted_ticket_can_be_restored_through_the_api(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.delete(1)
    for path in ("/tickets/1", "/tickets/1/comments", "/tickets/1/audits", "/tickets/1/tags", "/tickets/1/related"):
        assert call("GET", path).status_code == 404
    assert call.put(1, status="open").status_code == 404
    assert call("PUT", "/deleted_tickets/1/restore").status_code == 200
    assert call.ticket()["status"] == "open"
    assert call("PUT", "/deleted_tickets/1/restore").status_code == 404
    sandbox.people.purge(1)
    assert call("PUT", "/deleted_tickets/1/restore").status_code == 404


def test_mails_go_to_requesters_and_never_for_notes(sandbox: ZendeskSandbox) -> None:
    sandbox.people.agent_note(1, "between us")
    sandbox.people.own_note(1, "a hint")
    assert sandbox.people.mails(1) == []
    sandbox.people.agent_reply(1, "soon")
    assert sandbox.people.mails(1) == ["soon"]
    proactive = sandbox.people.make_ticket(by_agent=True, description="We found something")
    assert sandbox.people.mails(proactive) == ["We found something"]


def test_what_an_agent_sees_is_told(sandbox: ZendeskSandbox) -> None:
    waiting = sandbox.people.add_custom_status("pending", "Waiting for engineering")
    sandbox.people.set_status(1, waiting)
    assert sandbox.people.status(1) == "Waiting for engineering"
    sandbox.people.set_status(1, "closed")
    assert sandbox.people.status(1) == "Closed"


def test_people_wait_while_a_call_is_answered(sandbox: ZendeskSandbox) -> None:
    with ThreadPoolExecutor(1) as pool:
        with sandbox.lock:
            made = pool.submit(sandbox.people.make_ticket)
            assert not wait([made], timeout=0.3).done
        assert made.result() == 2


@pytest.mark.parametrize("status", ["done", "deleted", 17])
def test_a_status_that_there_is_not_is_told(sandbox: ZendeskSandbox, status: str | int) -> None:
    with pytest.raises(LookupError, match=f"no status {status}; there are new, open"):
        sandbox.people.set_status(1, status)
    assert ticket(sandbox).status == "open"


# --- how the account is set up ---


def test_fields_tell_who_may_fill_them_in_and_forms_what_solving_needs(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.require(ISSUE)
    sandbox.people.require(ROOT_CAUSE, parent=SEVERITY, value="severity_1")
    fields = {one["id"]: one for one in call.get("/ticket_fields")["ticket_fields"]}
    assert (fields[ISSUE]["editable_in_portal"], fields[SEVERITY]["editable_in_portal"]) == (False, True)
    assert (fields[ISSUE]["required"], fields[ROOT_CAUSE]["required"]) == (True, False)
    assert [one["value"] for one in fields[SEVERITY]["custom_field_options"]] == ["severity_1", "severity_2"]
    form = call.get("/ticket_forms")["ticket_forms"][0]
    assert form["id"] == FORM
    child = form["agent_conditions"][0]["child_fields"][0]
    assert (child["id"], child["required_on_statuses"]["statuses"]) == (ROOT_CAUSE, ["solved"])
    assert call.get("/brands")["brands"][0]["active"] is True


def test_people_and_organizations_are_read_one_by_one_or_many(sandbox: ZendeskSandbox, call: Caller) -> None:
    acme = sandbox.people.make_organization("Acme", {"tier": "silver"})
    assert call.get(f"/organizations/{acme}")["organization"]["organization_fields"] == {"tier": "silver"}
    many = call.get("/organizations/show_many", ids=f"{acme},77,{ORGANIZATION}")
    assert [one["name"] for one in many["organizations"]] == ["Acme", "Example Org"]
    people = call.get("/users/show_many", ids=f"{CUSTOMER},{AGENT},77,x")["users"]
    assert [(one["id"], one["role"]) for one in people] == [(CUSTOMER, "end-user"), (AGENT, "agent")]
    assert call.get(f"/users/{STRANGER}")["user"]["organization_id"] is None
    assert call("GET", "/users/show_many").status_code == 400


def test_jira_links_are_hidden_until_they_may_be_managed(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    first = sandbox.people.link_jira(1, "5460", "ENG-12")
    for number, key in ((1, "ENG-13"), (2, "ENG-12")):
        sandbox.people.link_jira(number, "5461", key)
    assert call("GET", "/jira/links").status_code == 403
    sandbox.people.enable_jira()
    found = call.get("/jira/links")
    assert [(one["ticket_id"], one["issue_key"]) for one in found["links"]] == [
        ("1", "ENG-12"), ("1", "ENG-13"), ("2", "ENG-12"),
    ]  # fmt: skip
    assert found["links"][0]["created_at"] == "2026-01-05T09:00:00.000Z"
    assert found["meta"]["has_more"] is False
    assert len(call.get("/jira/links", **{"filter[ticket_id]": 1})["links"]) == 2
    page = call.get("/jira/links", **{"page[size]": 2})
    assert (len(page["links"]), page["meta"]["has_more"]) == (2, True)
    rest = call.get("/jira/links", **{"page[size]": 2, "page[after]": page["meta"]["after_cursor"]})
    assert [one["ticket_id"] for one in rest["links"]] == ["2"]
    sandbox.jira_cursor_is_url = True
    assert call.get("/jira/links", **{"page[size]": 2})["meta"]["after_cursor"].startswith(sandbox.url)
    assert call.get("/jira/links")["meta"]["after_cursor"].startswith(sandbox.url)
    sandbox.jira_null_at_end = True
    assert call.get("/jira/links")["meta"] == {"has_more": False, "after_cursor": None}
    assert call.get("/tickets/1/related")["jira_issue_ids"] == ["5460", "5461"]
    assert call.ticket()["tags"] == ["jira_escalated"]
    sandbox.people.unlink_jira(first)
    assert [one["issue_id"] for one in call.get("/jira/links")["links"]] == ["5461", "5461"]


# --- limits ---


def test_the_account_has_a_limit_and_every_answer_tells_of_it(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.limits.account.limit = 5
    sandbox.advance(19)
    first = call("GET", "/users/me")
    assert [first.headers[name] for name in ("X-Rate-Limit", "X-Rate-Limit-Remaining")] == ["5", "4"]
    told = [first.headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")]
    assert told == ["5", "4", "41"]
    answers = [call("GET", "/tickets/1") for _ in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 200, 429]
    assert (answers[-1].headers["Retry-After"], answers[-1].json()["error"]) == ("41", "APIRateLimitExceeded")
    sandbox.advance(41)
    assert call("GET", "/tickets/1").status_code == 200


def test_exports_have_ten_calls_a_minute_that_others_use_too(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.limits.use("exports", 7)
    answers = [call("GET", EXPORT) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[0].headers["Zendesk-RateLimit-incremental-exports"] == "total=10; remaining=2; resets=60"
    assert "Zendesk-RateLimit-incremental-exports" not in call("GET", "/tickets/1").headers
    assert call("GET", "/tickets").headers["Zendesk-RateLimit-tickets-index"].startswith("total=100; remaining=99")


def test_updates_have_limits_per_account_and_per_ticket(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    sandbox.advance(120)
    for i in range(30):
        assert call.put(1, external_id=str(i)).status_code == 200
    refused = call.put(1, status="solved")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "480")
    assert refused.headers["Zendesk-RateLimit-per-ticket-updates"] == "total=30; remaining=0; resets=480"
    answer = call.put(2, status="solved")
    assert answer.status_code == 200
    assert answer.headers["Zendesk-RateLimit-tickets-update"] == "total=100; remaining=68; resets=60"
    sandbox.limits.use("updates", 68)
    assert call("PUT", "/tickets/2/tags", json={"tags": ["x"]}).status_code == 429
    assert call("PUT", "/tickets/update_many?ids=2", json={"ticket": {}}).status_code == 429
    sandbox.advance(480)
    assert call.put(1, status="solved").status_code == 200


def test_the_deleted_tickets_are_listed_ten_times_a_minute(call: Caller) -> None:
    assert [call("GET", "/deleted_tickets").status_code for _ in range(11)] == [200] * 10 + [429]


@pytest.mark.parametrize(("body", "kind"), [("json", "application/json"), ("text", "text/plain"), ("empty", "")])
def test_a_refusal_may_say_anything(sandbox: ZendeskSandbox, call: Caller, body: str, kind: str) -> None:
    sandbox.limits.account.limit, sandbox.limits.body = 0, body
    answer = call("GET", "/tickets")
    assert answer.status_code == 429
    assert answer.headers.get("Content-Type", "").partition(";")[0] == kind


def test_a_refusal_may_not_say_how_long_or_give_a_date(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.limits.account.limit = 0
    sandbox.limits.retry_after = "none"
    assert "Retry-After" not in call("GET", "/tickets").headers
    sandbox.limits.retry_after = "date"
    until = email.utils.parsedate_to_datetime(call("GET", "/tickets").headers["Retry-After"])
    assert until == sandbox.now() + timedelta(seconds=60)


def test_headers_may_be_spelt_as_in_older_recordings(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.limits.name = "Rate-Limit"
    headers = call("GET", EXPORT).headers
    assert (headers["Rate-Limit-Limit"], headers["Zendesk-Rate-Limit-incremental-exports"][:8]) == ("700", "total=10")
    assert "RateLimit-Limit" not in headers


def test_limits_can_be_lifted(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.limits.lift()
    assert {call("GET", EXPORT).status_code for _ in range(30)} == {200}
    assert call("GET", EXPORT).headers["X-Rate-Limit"] == "2500"


def test_a_thousand_tickets_are_one_page_of_the_export(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.seed(2500, first="2025-06-01T00:00:00Z")
    sandbox.advance(60)
    assert len({row["id"] for row in call.walk()}) == 2501
    assert sum(one.request.path.endswith("/cursor") for one in sandbox.log) == 3
