"""The stand-in keeps Freshdesk's rules, and the check of its exchanges sees what breaks them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from freshdesk_exchanges import against, violations

from connectors.freshdesk.sandbox import FreshdeskSandbox
from connectors.freshdesk.sandbox.books import ME, Ticket
from syncd.clock import ManualClock
from syncd.testing import Fault

API = "/api/v2"


class Caller:
    """Speaks to a stand-in as any client would."""

    def __init__(self, sandbox: FreshdeskSandbox) -> None:
        self.sandbox, self.session = sandbox, requests.Session()
        self.session.auth = (sandbox.key, "X")

    def __call__(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.session.request(method, self.sandbox.url + API + path, timeout=30, allow_redirects=False, **kwargs)

    def ids(self, query: str) -> list[int]:
        answer = self("GET", f"/tickets?{query}")
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()]


@pytest.fixture
def sandbox() -> Iterator[FreshdeskSandbox]:
    with FreshdeskSandbox() as sandbox:
        sandbox.freeze(ManualClock().now())
        yield sandbox


@pytest.fixture
def call(sandbox: FreshdeskSandbox) -> Iterator[Caller]:
    caller = Caller(sandbox)
    yield caller
    caller.session.close()


def ticket(sandbox: FreshdeskSandbox, number: int = 1) -> Ticket:
    return sandbox.books.tickets[number]


@pytest.mark.parametrize("key", ["wrong", ""])
def test_a_wrong_key_is_refused(sandbox: FreshdeskSandbox, call: Caller, key: str) -> None:
    call.session.auth = (key, "X")
    answer = call("GET", "/agents/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


def test_only_json_is_spoken(sandbox: FreshdeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    assert call("GET", "/agents/me", headers={"Accept": "text/html"}).status_code == 406
    answer = call("POST", "/tickets/1/notes", data={"body": "x"})
    assert (answer.status_code, answer.json()["code"]) == (415, "invalid_content_type")
    answer = call("POST", "/tickets/1/notes", data="{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
    assert call("GET", "//tickets/1").status_code == 400


def test_an_unknown_ticket_is_not_found_without_a_word(sandbox: FreshdeskSandbox, call: Caller) -> None:
    for method, path in (
        ("GET", "/tickets/9"),
        ("PUT", "/tickets/9"),
        ("GET", "/tickets/9/conversations"),
        ("GET", "/x"),
    ):
        answer = call(method, path)
        assert (answer.status_code, answer.content) == (404, b"")
        assert "json" not in answer.headers.get("Content-Type", "")


def test_lists_have_a_window_an_order_and_views(sandbox: FreshdeskSandbox, call: Caller) -> None:
    sandbox.books.bump_after_create = False
    sandbox.people.seed(2, first="2025-06-01T00:00:00Z")
    for _ in range(4):
        sandbox.people.make_ticket()
        sandbox.advance(10)
    sandbox.people.delete(4)
    sandbox.people.spam(5)
    assert call.ids("") == [6, 3]
    assert call.ids("order_by=updated_at&order_type=asc") == [3, 6]
    assert call.ids("updated_since=2025-01-01T00:00:00Z&order_type=asc") == [1, 2, 3, 6]
    assert call.ids("filter=deleted") == [4]
    assert call.ids("filter=spam") == [5]
    assert call.ids("filter=spam&filter=deleted") == [4]


@pytest.mark.parametrize("inclusive", [True, False])
def test_updated_since_may_or_may_not_take_its_own_second(
    sandbox: FreshdeskSandbox, call: Caller, inclusive: bool
) -> None:
    sandbox.inclusive = inclusive
    sandbox.people.seed(3, first="2026-01-01T00:00:00Z")
    assert call.ids("updated_since=2026-01-01T00:01:00Z&order_type=asc") == ([2, 3] if inclusive else [3])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("per_page=101", "per_page"), ("page=0", "page"), ("page=301", "page"), ("filter=all_tickets", "filter"),
        ("order_by=id", "order_by"), ("updated_since=soon", "updated_since"), ("odd=1", "odd"),
    ],
)  # fmt: skip
def test_a_list_refuses_what_it_does_not_know(sandbox: FreshdeskSandbox, call: Caller, query: str, field: str) -> None:
    answer = call("GET", f"/tickets?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_a_next_page_is_named_only_where_there_is_one(sandbox: FreshdeskSandbox, call: Caller) -> None:
    sandbox.people.seed(61, first="2026-01-01T00:00:00Z")
    assert len(call("GET", "/tickets").json()) == 30
    link = call("GET", "/tickets?page=2").links["next"]["url"]
    assert link.endswith("page=3")
    assert "Link" not in call("GET", "/tickets?page=3").headers


@pytest.mark.trap("freshdesk", 9)
def test_what_moves_a_ticket_and_what_does_not(sandbox: FreshdeskSandbox, call: Caller) -> None:
    def stands_at() -> str:
        return str(call("GET", "/tickets/1").json()["updated_at"])

    sandbox.people.make_ticket()
    made = stands_at()
    sandbox.advance(2)
    assert stands_at() > made  # the due dates came a second later
    before = stands_at()
    sandbox.advance(60)
    assert call("PUT", "/tickets/1", json={"status": 2}).json()["updated_at"] == before
    for act in ("touch", "delete", "restore", "spam", "restore", "survey", "auto_response"):
        getattr(sandbox.people, act)(1)
        moved = stands_at()
        assert moved > before, act
        before = moved
        sandbox.advance(60)
    call("POST", "/tickets/1/notes", json={"body": "x"})
    assert stands_at() > before


def test_a_note_is_private_ours_and_stripped(sandbox: FreshdeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    answer = call("POST", "/tickets/1/notes", json={"body": "<b>a</b><!-- hidden -->"})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/api/v2/conversations/{made['id']}")
    assert (made["body"], made["body_text"]) == ("<div><b>a</b></div>", "a")
    assert (made["private"], made["user_id"]) == (True, ME)
    call("POST", "/tickets/1/notes", json={"body": "again", "private": False})
    assert [said["private"] for said in ticket(sandbox).talk] == [True, False]


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        ({"status": "3"}, "status", "datatype_mismatch"),
        ({"status": 99}, "status", "invalid_value"),
        ({"stat": 3}, "stat", "invalid_field"),
        ({"status": 4}, "cf_reference_number", "missing_field"),
    ],
)
def test_an_update_is_held_against_the_form(
    sandbox: FreshdeskSandbox, call: Caller, asked: dict[str, Any], field: str, code: str
) -> None:
    sandbox.required_for_closure = {"cf_reference_number"}
    sandbox.people.make_ticket()
    answer = call("PUT", "/tickets/1", json=asked)
    assert answer.status_code == 400
    wrong = answer.json()["errors"][0]
    assert (wrong["field"], wrong["code"]) == (field, code)
    assert ticket(sandbox).row["status"] == 2


def test_an_update_replaces_tags_and_adds_fields(sandbox: FreshdeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket(tags=["a"])
    call("PUT", "/tickets/1", json={"tags": ["b"], "custom_fields": {"cf_escalated": True}})
    row = ticket(sandbox).row
    assert row["tags"] == ["b"]
    assert row["custom_fields"]["cf_escalated"] is True
    assert "cf_reference_number" in row["custom_fields"]


@pytest.mark.parametrize("how", ["delete", "spam"])
def test_a_ticket_in_trash_or_spam_is_shown_and_not_written(sandbox: FreshdeskSandbox, call: Caller, how: str) -> None:
    sandbox.people.make_ticket()
    getattr(sandbox.people, how)(1)
    assert call("GET", "/tickets/1").status_code == 200
    assert call("PUT", "/tickets/1", json={"status": 3}).status_code == 405


def test_a_reply_reopens_and_time_closes(sandbox: FreshdeskSandbox, call: Caller) -> None:
    sandbox.books.auto_close_after = 48 * 3600
    sandbox.people.make_ticket()
    call("PUT", "/tickets/1", json={"status": 4})
    sandbox.people.customer_reply(1, "no")
    assert ticket(sandbox).row["status"] == 2
    call("PUT", "/tickets/1", json={"status": 4})
    sandbox.advance(49 * 3600)
    assert call("GET", "/tickets/1").json()["status"] == 5
    assert ticket(sandbox).mails == 2


@pytest.mark.parametrize("body", ["empty", "json", "html"])
def test_limits_count_credits(sandbox: FreshdeskSandbox, call: Caller, body: str) -> None:
    sandbox.limits.account, sandbox.limits.lists, sandbox.limits.body = 50, 20, body
    first = call("GET", "/tickets?include=stats")
    assert first.headers["X-RateLimit-Total"] == "50.0"
    assert first.headers["X-RateLimit-Remaining"] == "47.0"
    assert first.headers["X-RateLimit-Used-CurrentRequest"] == "3"
    sandbox.advance(20)
    while (answer := call("GET", "/tickets")).status_code == 200:
        pass
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "40"
    assert call("GET", "/agents/me").status_code == 200
    sandbox.advance(40)
    assert call("GET", "/tickets").status_code == 200


def test_updates_have_a_limit_of_their_own(sandbox: FreshdeskSandbox, call: Caller) -> None:
    sandbox.limits.updates = 1
    sandbox.people.make_ticket()
    assert call("PUT", "/tickets/1", json={"status": 3}).status_code == 200
    assert call("PUT", "/tickets/1", json={"status": 4}).status_code == 429
    assert ticket(sandbox).row["status"] == 3


def test_an_archived_ticket_is_only_in_the_archive(sandbox: FreshdeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    sandbox.people.archive(1)
    assert call.ids("updated_since=2000-01-01T00:00:00Z") == []
    assert call("GET", "/tickets/1").status_code == 404
    assert call("GET", "/tickets/archived/1").json()["archived"] is True


def test_people_act_over_the_wire_too(sandbox: FreshdeskSandbox) -> None:
    asked = {"do": "make_ticket", "with": {"subject": "over the wire"}}
    answer = requests.post(f"{sandbox.url}/_sandbox/act", json=asked, timeout=30)
    assert answer.json() == {"result": 1}
    assert ticket(sandbox).row["subject"] == "over the wire"


def test_five_thousand_tickets_are_listed_in_seconds(sandbox: FreshdeskSandbox, call: Caller) -> None:
    sandbox.people.seed(5000, first="2025-11-01T00:00:00Z", apart=60)
    began, found = time.monotonic(), 0
    for page in range(1, 51):
        query = f"updated_since=2000-01-01T00:00:00Z&order_by=updated_at&order_type=asc&per_page=100&page={page}"
        found += len(call.ids(query))
    assert found == 5000
    assert time.monotonic() - began < 20


def test_the_check_of_exchanges_sees_what_breaks_the_rules(sandbox: FreshdeskSandbox, call: Caller) -> None:
    headers = {"Content-Type": "application/json"}
    sandbox.people.make_ticket()
    call("PUT", "/tickets/1", data=json.dumps({"status": 3}), headers=headers)
    assert violations(sandbox.log) == []
    right = sandbox.log[-1]
    wrong = [
        replace(right, status=202),
        replace(right, body=b"[]"),
        replace(right, body=right.body.replace(b'"status": 3', b'"status": "3"')),
        replace(right, request=replace(right.request, body=b'{"status": "3"}')),
        replace(right, request=replace(right.request, body=b'{"status": 3, "tag": []}')),
        replace(right, request=replace(right.request, query=(("a", "1"),))),
        replace(right, request=replace(right.request, path="/api/v2/search/tickets")),
        replace(right, request=replace(right.request, headers={})),
    ]
    for exchange in wrong:
        assert violations([exchange]), exchange
    assert against("time", "2026-01-05T09:00:00+05:30")


def test_an_answer_can_be_lost_after_the_write(sandbox: FreshdeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    sandbox.faults.append(Fault("lost_answer", "POST"))
    with pytest.raises(requests.ConnectionError):
        call("POST", "/tickets/1/notes", json={"body": "x"})
    assert len(ticket(sandbox).talk) == 1
