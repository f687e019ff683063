"""The check of exchanges passes what the documentation knows, and sees what breaks its rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from zendesk_caller import Caller
from zendesk_exchanges import against, violations

from connectors.zendesk.sandbox import ZendeskSandbox
from connectors.zendesk.sandbox.defaults import CUSTOMER, ISSUE, ORGANIZATION
from syncd.clock import ManualClock
from syncd.testing import Exchange

NOTE = {"body": "Filed", "public": False}


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


def test_everything_that_is_served_is_documented(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.enable_jira()
    sandbox.people.link_jira(1, "5460", "ENG-12")
    sandbox.people.delete(sandbox.people.make_ticket())
    sandbox.people.merge(1, sandbox.people.make_ticket())
    sandbox.people.follow_up(3)
    sandbox.advance(60)
    size = {"page[size]": 100}
    call.get("/tickets", sort="-updated_at", include="users,organizations,groups,custom_statuses", **size)
    call.get("/tickets/count")
    call.get("/tickets/show_many.json", ids="1,2", include="comment_count")
    call.get("/tickets/1")
    for name in ("comments", "audits", "incidents"):
        call.get(f"/tickets/1/{name}", **size)
    call.get("/tickets/4/related")
    call.get("/incremental/tickets/cursor", start_time=0, include="users,organizations", support_type_scope="all")
    for path in ("users/me", f"users/{CUSTOMER}", f"organizations/{ORGANIZATION}", "custom_statuses", "brands"):
        call.get(f"/{path}")
    call.get("/users/show_many", ids=CUSTOMER)
    call.get("/organizations/show_many", ids=ORGANIZATION)
    call.get("/jira/links", **{"filter[ticket_id]": 1})
    for name in ("ticket_fields", "ticket_forms", "job_statuses", "deleted_tickets"):
        call.get(f"/{name}", **size)
    values = [{"id": ISSUE, "value": "ENG-12"}]
    answer = call.put(1, status="solved", comment=NOTE, custom_fields=values, metadata={"op": "1"})
    stamp = answer.json()["ticket"]["updated_at"]
    call.put(1, custom_status_id=answer.json()["ticket"]["custom_status_id"], safe_update=True, updated_stamp=stamp)
    for method in ("PUT", "POST", "DELETE"):
        call(method, "/tickets/1/tags", json={"tags": ["a"]})
    call.get("/tickets/1/tags")
    job = call("PUT", "/tickets/update_many?ids=1,2", json={"ticket": {"status": "open", "additional_tags": ["x"]}})
    call("PUT", "/tickets/update_many", json={"tickets": [{"id": 1, "status": "pending"}]})
    sandbox.advance(2)
    call.get(f"/job_statuses/{job.json()['job_status']['id']}")
    call.get("/job_statuses/show_many", ids=job.json()["job_status"]["id"])
    call("GET", "/tickets/99")
    call.put(3, status="open")
    call("GET", "/tickets?page[size]=100&page[after]=nonsense")
    assert violations(sandbox.log) == []
    assert sandbox.unknown_query == []


def wrong_writes(right: Exchange) -> list[Exchange]:
    """The same call, but for one thing that isn't as it should be."""
    bodies: list[dict[str, Any]] = [
        {"status": "solved"},
        {"ticket": {"status": "closed"}},
        {"ticket": {"status": "new"}},
        {"ticket": {"status": "solved", "custom_status_id": 9001}},
        {"ticket": {"comment": {"body": "x"}}},
        {"ticket": {"comment": {"public": False}}},
        {"ticket": {"comment": {"body": "x", "html_body": "x", "public": False}}},
        {"ticket": {"tags": ["x"]}},
        {"ticket": {"additional_tags": ["x"]}},
        {"ticket": {"safe_update": True}},
        {"ticket": {"safe_update": False, "updated_stamp": "2026-01-05T09:00:00Z"}},
        {"ticket": {"custom_fields": {"1": "x"}}},
        {"ticket": {"nonsense": 1}},
    ]
    return [replace(right, request=replace(right.request, body=json.dumps(body).encode())) for body in bodies]


def test_it_sees_what_breaks_the_rules(sandbox: ZendeskSandbox, call: Caller) -> None:
    call.put(1, status="solved", comment=NOTE)
    assert violations(sandbox.log) == []
    right = sandbox.log[-1]
    sent, headers = right.request, right.request.headers
    wrong = [
        replace(right, status=202),
        replace(right, status=204),
        replace(right, body=b"[]"),
        replace(right, body=right.body.replace(b'"status": "solved"', b'"status": "SOLVED"')),
        replace(right, body=right.body.replace(b'"external_id": null, ', b"")),
        replace(right, request=replace(sent, query=(("a", "1"),))),
        replace(right, request=replace(sent, path="/api/v2/search")),
        replace(right, request=replace(sent, headers={**headers, "authorization": ""})),
        replace(right, request=replace(sent, headers={**headers, "content-type": "text/plain"})),
        replace(right, request=replace(sent, headers={**headers, "accept": "*/*"})),
        *wrong_writes(right),
    ]
    for exchange in wrong:
        assert violations([exchange]), exchange
    assert against("time", "2026-01-05T09:00:00+05:30")


@pytest.mark.parametrize(
    "query",
    [
        "", "start_time=0&cursor=x", "start_time=0&per_page=1001", "start_time=now", "cursor=x&page=2",
        "start_time=0&include=comments", "start_time=0&start_time=1",
    ],
)  # fmt: skip
def test_it_sees_what_no_export_takes(sandbox: ZendeskSandbox, call: Caller, query: str) -> None:
    call("GET", f"/incremental/tickets/cursor?{query}")
    assert violations(sandbox.log)


def test_it_sees_tickets_that_are_named_twice(sandbox: ZendeskSandbox, call: Caller) -> None:
    call("PUT", "/tickets/update_many?ids=1", json={"tickets": [{"id": 1, "status": "solved"}]})
    call("PUT", "/tickets/update_many", json={"ticket": {"status": "solved"}})
    assert len(violations(sandbox.log)) == 2
