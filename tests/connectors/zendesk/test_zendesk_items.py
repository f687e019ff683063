"""Zendesk's records become items whatever legal shape they come in; addresses are read as people mean them."""

from __future__ import annotations

import contextlib
import json
import tomllib
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.zendesk import items
from connectors.zendesk.items import Custom, View
from connectors.zendesk.urls import Urls
from syncd.mapping import Mapping
from syncd.model import Ref, Status, Word

ROOT = Path(__file__).parents[3]
CUSTOMS = {1: Custom("pending", "Pending", standard=True, active=True)}
CUSTOMS |= {2: Custom("pending", "Elsewhere", standard=False, active=True)}
VIEW = View("zd", "https://acme.example.com", CUSTOMS, frozenset({"vip"}))

nulls = st.none()
texts = st.text(st.characters(exclude_categories=[]), max_size=30)
values = st.recursive(nulls | st.booleans() | st.integers() | texts, lambda v: st.lists(v) | st.dictionaries(texts, v))
times = st.sampled_from(["2026-01-05T09:00:00Z", "2026-01-05T14:30:00+05:30", "2026-01-05T09:00:00.123Z"])
KEYS = ["id", "status", "created_at", "updated_at", "tags", "custom_fields", "via", "custom_status_id", "type"]
legal = st.fixed_dictionaries(
    {"id": st.integers(1, 2**63 - 1), "updated_at": times},
    optional={
        "status": nulls | st.sampled_from(["new", "open", "pending", "hold", "solved", "closed"]),
        "created_at": nulls | times,
        "tags": nulls | st.lists(texts | nulls),
        "custom_fields": nulls | st.lists(st.fixed_dictionaries({"id": st.integers(1), "value": values}) | nulls),
        "custom_status_id": nulls | st.integers(),
        "via": nulls | values,
    },
)


@given(legal, st.dictionaries(texts, values, max_size=5))
def test_every_legal_row_is_an_item(row: dict[str, Any], extra: dict[str, Any]) -> None:
    item = items.item(VIEW, {**extra, **row})
    assert item.ref.id == str(row["id"])
    assert item.created_at.tzinfo is UTC
    json.dumps([item.version, *item.tags, *item.fields.values(), *item.fields]).encode()
    for text in (*item.tags, *item.fields.values(), item.status.native):
        text.encode()


@given(st.dictionaries(st.sampled_from(KEYS), values))
def test_any_other_row_is_an_item_or_a_value_error(row: dict[str, Any]) -> None:
    with contextlib.suppress(ValueError):
        items.item(VIEW, row)


@settings(max_examples=30)
@given(st.lists(st.dictionaries(st.sampled_from(["id", "author_id", "created_at", "public", "body", "via"]), values)))
def test_any_comments_are_a_conversation_or_a_value_error(rows: list[dict[str, Any]]) -> None:
    with contextlib.suppress(ValueError):
        items.conversation(rows, 1, 2, {1: "end-user"})
    with contextlib.suppress(ValueError):
        items.survivor(rows, 7, {1: "agent"})


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"status": "pending", "custom_status_id": 1}, "pending"),
        ({"status": "pending", "custom_status_id": 2}, "pending/2"),
        ({"status": "pending", "custom_status_id": 3}, "pending"),
        ({"status": "closed", "custom_status_id": 2}, "closed"),
        ({"status": "open", "custom_status_id": 2}, "open"),
        ({"status": "pending"}, "pending"),
        ({"status": None}, "null"),
        ({}, "null"),
    ],
)
def test_a_custom_status_is_named_where_it_is_not_its_categorys_own(row: dict[str, Any], status: str) -> None:
    assert items.status(row, CUSTOMS) == Status(status)


def test_fields_are_text_by_their_number_and_a_customers_tags_are_left_out() -> None:
    fields = [(1, "x"), (2, None), (3, True), (4, ["a", "b"]), (5, 7), (6, ""), (7, 1.5), (8, {"a": 1})]
    row = {"id": 7, "updated_at": "2026-01-05T09:00:00Z", "tags": ["vip", "escalate"]}
    view = View("zd", "https://x.example", portal_tags=VIEW.portal_tags, titles={"1": "Issue"}, groups={9: "Tier 2"})
    item = items.item(
        view,
        {
            **row,
            "group_id": 9,
            "assignee_id": 5,
            "custom_fields": [{"id": key, "value": value} for key, value in fields],
        },
    )
    assert item.fields == {"1": "x", "Issue": "x", "3": "true", "4": "a, b", "5": "7", "7": "1.5"}
    assert item.tags == ("escalate",)
    assert (item.group, item.assignees) == ("Tier 2", ("5",))
    assert items.item(View("zd", "https://x.example", portal_tags=None), row).tags == ()


@pytest.mark.parametrize(
    ("via", "follows"),
    [
        ({"channel": "email", "source": {"rel": "follow_up", "from": {"ticket_id": 33}}}, Ref("zd", "33")),
        ({"channel": "web", "source": {"rel": "follow_up", "from": {"ticket_id": "33"}}}, Ref("zd", "33")),
        ({"channel": "web", "source": {"rel": "merge", "from": {"ticket_id": 33}}}, None),
        ({"channel": "web", "source": {"rel": "follow_up", "from": {}}}, None),
        ({"channel": "web", "source": None}, None),
        (None, None),
    ],
)
def test_what_a_ticket_continues(via: Any, follows: Ref | None) -> None:
    assert items.item(VIEW, {"id": 7, "updated_at": "2026-01-05T09:00:00Z", "via": via}).follows == follows


def said(number: int, author: int, second: int = 0, **over: Any) -> dict[str, Any]:
    when = f"2026-01-05T09:00:{second:02}Z"
    return {
        "id": number,
        "author_id": author,
        "public": True,
        "created_at": when,
        "html_body": f"<p>{number}</p>",
        **over,
    }


CUSTOMER, AGENT, COPIED, SYSTEM = 1, 2, 3, -1
ROLES = {CUSTOMER: "end-user", AGENT: "agent", COPIED: "end-user"}


@pytest.mark.parametrize(
    ("rows", "waiting"),
    [
        ([], False),
        ([said(1, CUSTOMER)], False),
        ([said(1, CUSTOMER), said(2, CUSTOMER)], True),
        ([said(1, CUSTOMER), said(2, CUSTOMER), said(3, AGENT)], False),
        ([said(3, AGENT), said(2, CUSTOMER), said(1, CUSTOMER)], False),
        ([said(1, CUSTOMER), said(3, AGENT), said(4, COPIED)], True),
        ([said(1, CUSTOMER), said(3, CUSTOMER), said(4, AGENT, public=False)], True),
        ([said(1, CUSTOMER), said(3, CUSTOMER), said(4, SYSTEM)], True),
        ([said(1, CUSTOMER), said(2, 99)], True),
        ([said(1, AGENT), said(2, AGENT, 1), said(3, CUSTOMER, 2)], True),
    ],
)
def test_whether_the_customer_waits(rows: list[dict[str, Any]], waiting: bool) -> None:
    texts, found = items.conversation(rows, CUSTOMER, 0, ROLES)
    assert found is waiting
    assert [text.body for text in texts] == [str(row["id"]) for row in sorted(rows, key=lambda row: row["id"])]


def test_what_a_rule_wrote_is_known() -> None:
    rows = [said(1, CUSTOMER), said(2, AGENT), said(3, AGENT, via={"channel": "rule"}), said(4, SYSTEM)]
    assert [text.automatic for text in items.conversation(rows, CUSTOMER, 0, ROLES)[0]] == [False, False, True, True]


def test_an_agent_who_asks_for_himself_waits_as_well() -> None:
    assert items.conversation([said(1, AGENT), said(2, AGENT)], AGENT, 0, ROLES)[1] is True


# --- addresses ---


@pytest.mark.parametrize(
    ("text", "keys", "shown"),
    [
        ("https://acme.zendesk.com/agent/tickets/17", ["17"], "https://acme.zendesk.com/agent/tickets/17"),
        ("(HTTPS://ACME.zendesk.com:443/agent/tickets/17).", ["17"], "HTTPS://ACME.zendesk.com:443/agent/tickets/17"),
        ("https://acme.zendesk.com/agent/#/tickets/17,", ["17"], "https://acme.zendesk.com/agent/#/tickets/17"),
        ("https://acme.zendesk.com/tickets/17?x=1.", ["17"], "https://acme.zendesk.com/tickets/17?x=1"),
        (
            "https://acme.zendesk.com/agent/tickets/17/events",
            ["17"],
            "https://acme.zendesk.com/agent/tickets/17/events",
        ),
        ("https://help.acme.example/hc/en-us/requests/017", ["17"], "https://help.acme.example/hc/en-us/requests/017"),
        ("https://help.acme.example/hc/requests/17#c", ["17"], "https://help.acme.example/hc/requests/17#c"),
        ("https://acme.zendesk.com/requests/17", ["17"], "https://acme.zendesk.com/requests/17"),
        ("https://acme.zendesk.com/api/v2/tickets/17.json", ["17"], "https://acme.zendesk.com/api/v2/tickets/17.json"),
        ("[t](https://acme.zendesk.com/agent/tickets/17)", ["17"], "https://acme.zendesk.com/agent/tickets/17"),
        ("https://desk.acme.example:8443/agent/tickets/9", ["9"], "https://desk.acme.example:8443/agent/tickets/9"),
        ("https://desk.acme.example/agent/tickets/9", [], ""),
        ("https://other.zendesk.com/agent/tickets/17", [], ""),
        ("https://acme.zendesk.com@evil.example/agent/tickets/17", [], ""),
        ("https://evil.example/?https://acme.zendesk.com.evil.example/agent/tickets/17", [], ""),
        ("https://acme.zendesk.com/agent/tickets/17a", [], ""),
        ("https://acme.zendesk.com/agent/tickets/0", [], ""),
        ("https://acme.zendesk.com/agent/users/17", [], ""),
        ("https://acme.zendesk.com/agent/tickets/٣", [], ""),
        ("https://acme.zendesk.com/agent/tickets/1٣", [], ""),
        ("https://acme.zendesk.com/agent/tickets/" + "9" * 30, [], ""),
    ],
)
def test_addresses_of_tickets(text: str, keys: list[str], shown: str) -> None:
    urls = Urls("https://acme.zendesk.com", "https://desk.acme.example:8443", ["help.acme.example"])
    found = urls.mentions(text)
    assert [one.key for one in found] == keys
    assert [text[one.start : one.end] for one in found] == [shown][: len(keys)]


# --- the shipped mapping ---


@pytest.mark.trap("zendesk", 15)
def test_the_shipped_mapping_knows_what_pending_and_closed_mean() -> None:
    mapping = Mapping.parse("zendesk", tomllib.loads((ROOT / "mappings/zendesk.toml").read_text(encoding="utf-8")))
    assert mapping.word(Status("pending/9001")) is Word.PENDING
    assert mapping.word(Status("hold")) is Word.ON_HOLD
    assert mapping.is_final(Status("closed"))
    assert not mapping.is_final(Status("solved"))
    assert mapping.native(Word.CLOSED) is None
    assert {mapping.native(word) for word in (Word.PENDING, Word.RESOLVED)} == {Status("pending"), Status("solved")}
