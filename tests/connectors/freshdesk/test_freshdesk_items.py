"""Records and markup: every legal shape works, nothing a stranger writes gains trust or breaks the reader."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import records
from connectors.freshdesk import items
from connectors.freshdesk.forms import Form
from connectors.freshdesk.urls import Urls
from connectors.markup import MAX_NOTE, clean, to_html, to_markdown
from syncd.model import Author, GoneKind, Place, Status

WEB = "https://acme.example.com"
ROW = {"id": 7, "status": 3, "created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T10:00:00Z"}
ME = 5
FORM = Form(labels={"cf_url": "Address", "cf_n": "How many"}, groups={4: "Tier 2"})

nulls = st.none()
texts = st.text(st.characters(exclude_categories=[]), max_size=30)  # lone surrogates included
values = st.recursive(nulls | st.booleans() | st.integers() | texts, lambda v: st.lists(v) | st.dictionaries(texts, v))
times = st.sampled_from(["2026-01-05T09:00:00Z", "2026-01-05T14:30:00+05:30", "2026-01-05 09:00:00", "2026-01-05"])
legal = st.fixed_dictionaries(
    {"id": st.integers(1, 10**12), "updated_at": times},
    optional={
        "status": nulls | st.integers(2, 99),
        "created_at": nulls | times,
        "tags": nulls | st.lists(texts | nulls),
        "custom_fields": nulls | st.dictionaries(texts, nulls | texts | st.integers() | st.booleans()),
        "source": nulls | st.integers(),
        "spam": nulls | st.booleans(),
        "archived": nulls | st.booleans(),
    },
)


@pytest.mark.trap("freshdesk", 12)
@given(legal, st.dictionaries(texts, values, max_size=5))
def test_every_legal_row_is_an_item(row: dict[str, Any], extra: dict[str, Any]) -> None:
    item = items.item("fd", WEB, {**extra, **row}, form=Form())
    assert item.ref.id == str(row["id"])
    assert item.created_at.tzinfo is UTC
    assert item.version.endswith("Z")
    json.dumps([item.version, *item.tags, *item.fields.values(), *item.fields]).encode()
    for text in (*item.tags, *item.fields, *item.fields.values()):
        text.encode()


@given(st.dictionaries(st.sampled_from(["id", "status", "created_at", "updated_at", "tags", "custom_fields"]), values))
def test_any_other_row_is_an_item_or_a_value_error(row: dict[str, Any]) -> None:
    with contextlib.suppress(ValueError):
        items.item("fd", WEB, row, form=FORM)


def test_a_ticket_carries_what_the_contract_asks() -> None:
    row = {
        **ROW,
        "tags": ["a", None, 3],
        "custom_fields": {"cf_url": "https://x.example", "cf_n": 3, "cf_e": None, "cf_l": ["a", "b"]},
        "group_id": 4,
    }
    item = items.item("fd", WEB, row, form=FORM)
    assert item.url == "https://acme.example.com/a/tickets/7"
    assert item.status == Status("3")
    assert item.version == "2026-01-05T10:00:00Z"
    assert item.created_at == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert item.tags == ("a",)
    assert item.fields == {
        "cf_url": "https://x.example", "Address": "https://x.example", "cf_n": "3", "How many": "3", "cf_l": "a, b",
    }  # fmt: skip
    assert (item.group, item.assignees) == ("Tier 2", None)
    assert item.texts is None
    assert item.waiting is None


def test_a_time_with_another_zone_is_normalised() -> None:
    assert records.version({"updated_at": "2026-01-05T14:30:00.750+05:30"}) == "2026-01-05T09:00:00Z"


def test_a_status_that_is_missing_is_none_that_a_mapping_knows() -> None:
    assert items.status({"status": None}) == Status("null")
    assert items.status({}) == Status("null")


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({}, None),
        ({"deleted": None, "spam": None}, None),
        ({"deleted": True}, GoneKind.DELETED),
        ({"spam": True}, GoneKind.SPAM),
        ({"deleted": True, "spam": True}, GoneKind.DELETED),
    ],
)
def test_how_a_ticket_is_gone(row: dict[str, Any], kind: GoneKind | None) -> None:
    assert items.gone(row) is kind


# --- conversations ---


def said(number: int, second: int = 0, **over: Any) -> dict[str, Any]:
    base = {"id": number, "user_id": 9, "incoming": False, "private": False, "source": 0, "body": f"<p>{number}</p>"}
    return {**base, "created_at": f"2026-01-05T09:00:{second:02}Z", **over}


@pytest.mark.parametrize(
    ("row", "author", "place"),
    [
        (said(1, private=True, source=2), Author.TEAM, Place.NOTE),
        (said(1, private=True, source=2, user_id=ME), Author.SELF, Place.NOTE),
        (said(1, private=True, incoming=True), Author.OUTSIDE, Place.NOTE),
        (said(1, private=True, source=8), Author.OUTSIDE, Place.NOTE),
        (said(1), Author.TEAM, Place.COMMENT),
        (said(1, user_id=ME), Author.SELF, Place.COMMENT),
        (said(1, incoming=True), Author.OUTSIDE, Place.COMMENT),
        (said(1, incoming=True, user_id=ME), Author.OUTSIDE, Place.COMMENT),
        (said(1, incoming=None), Author.OUTSIDE, Place.COMMENT),
    ],
)
def test_who_wrote_a_text(row: dict[str, Any], author: Author, place: Place) -> None:
    (text,), _ = items.conversation([row], ME)
    assert (text.author, text.place, text.id, text.body) == (author, place, "1", "1")


@pytest.mark.parametrize(
    ("rows", "waiting"),
    [
        ([], False),
        ([said(1, incoming=True)], True),
        ([said(1, incoming=True), said(2, 1)], False),
        ([said(2, 1, incoming=True), said(1)], True),
        ([said(2, incoming=True), said(1)], True),
        ([said(1, incoming=True), said(2, 1, private=True)], True),
        ([said(1, incoming=True), said(2, 1, auto_response=True)], True),
        ([said(1), said(2, 1, incoming=True, source=6)], False),
        ([said(1, incoming=True), said(2, 1, private=True, incoming=True), said(3, 2)], False),
    ],
)
def test_whether_the_requester_waits(rows: list[dict[str, Any]], waiting: bool) -> None:
    texts, found = items.conversation(rows, ME)
    assert found is waiting
    assert [text.id for text in texts] == sorted(text.id for text in texts)


def test_what_a_rule_wrote_is_known() -> None:
    rows = [said(1), said(2, 1, auto_response=True), said(3, 2, automation_id=7)]
    assert [text.automatic for text in items.conversation(rows, ME)[0]] == [False, True, True]


# --- markup ---


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<div>see <a href='https://x.example/a_b/1'>this</a></div>", "see [this](https://x.example/a_b/1)"),
        ("<a href='https://x.example/a_b/1'>https://x.example/a_b/1</a>", "https://x.example/a_b/1"),
        ("<a href='https://evil.example/'>https://x.example</a>", "[https://x.example](https://evil.example/)"),
        ("<p>https://x.example/my_repo_name/1</p>", "https://x.example/my_repo_name/1"),
        ("<p>one</p><blockquote><p>two</p><p>three</p></blockquote>", "one\n\n> two\n>\n> three"),
        ("<div>a</div><div>b</div>", "a\n\nb"),
        ("a<br>b", "a  \nb"),
        ("<ul><li>https://x.example/1</li></ul>", "* https://x.example/1"),
        ("<!-- hidden --><script>x()</script><p>seen</p>", "seen"),
        ("<img src='https://x.example/pixel'>", ""),
        ("plain &amp; simple", "plain & simple"),
    ],
)
def test_html_becomes_markdown(html: str, markdown: str) -> None:
    assert "\n".join(line.rstrip(" ") for line in to_markdown(html).splitlines()) == "\n".join(
        line.rstrip(" ") for line in markdown.splitlines()
    )


def test_without_html_the_plain_text_counts() -> None:
    assert to_markdown(None, "plain\ud800") == "plain\ufffd"
    assert to_markdown("", None) == ""


def test_markup_too_deep_to_read_is_given_as_a_quotation() -> None:
    deep = "<div>" * 5000 + "https://x.example/1" + "</div>" * 5000
    assert to_markdown(deep, "https://x.example/1\nline") == "> https://x.example/1\n> line"


@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_any_text_survives_both_ways(text: str) -> None:
    to_markdown(text, text).encode()
    to_html(text, "m").encode()


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from(["<div>", "</div>", "<blockquote>", "<a href=x>", "</a>", "<li>", "&#0;", "\x00", "x"]))
)
def test_broken_markup_is_read(parts: list[str]) -> None:
    to_markdown("".join(parts)).encode()


def test_a_large_text_is_given_as_a_quotation() -> None:
    assert (
        to_markdown("<p>" + "word " * 200_000 + "</p>", "word\nhttps://x.example/1") == "> word\n> https://x.example/1"
    )


def test_markup_too_broken_to_read_is_given_as_a_quotation() -> None:
    assert to_markdown("<a " * 60_000, "one") == "> one"


@pytest.mark.parametrize("html", ["<!-- a --><p>x</p><!-- <!-- b -->", "<p>x</p><!-- never closed <p>y</p>"])
def test_comments_are_not_read(html: str) -> None:
    assert to_markdown(html) == "x"


def test_a_note_shows_foreign_markup_as_text() -> None:
    html = to_html("**Filed** as [o/r#7](https://x.example/7)\n<script>x()</script>\n![p](https://e.example/p)", "M-1")
    assert '<a href="https://x.example/7">o/r#7</a>' in html
    assert "<strong>Filed</strong>" in html
    assert "<script" not in html
    assert "<img" not in html
    assert html.endswith("<p><small>M-1</small></p>")
    assert "javascript:" not in to_html("[x](javascript:alert(1))", "").replace("(javascript:alert(1))", "")


def test_a_long_note_is_cut_and_keeps_its_marker() -> None:
    html = to_html("é" * (MAX_NOTE * 2), "M-1")
    assert html.endswith("<small>M-1</small></p>")
    assert len(html) < MAX_NOTE + 200


def test_clean_keeps_everything_else() -> None:
    assert clean("a\x00b\U0001f600\udfff") == "a\x00b\U0001f600\ufffd"


# --- addresses ---


@pytest.mark.parametrize(
    ("text", "keys", "shown"),
    [
        ("https://acme.freshdesk.com/a/tickets/17", ["17"], "https://acme.freshdesk.com/a/tickets/17"),
        ("(HTTPS://ACME.freshdesk.com:443/a/tickets/17).", ["17"], "HTTPS://ACME.freshdesk.com:443/a/tickets/17"),
        ("https://acme.freshdesk.com/helpdesk/tickets/17,", ["17"], "https://acme.freshdesk.com/helpdesk/tickets/17"),
        ("https://acme.freshdesk.com/a/tickets/17?x=1.", ["17"], "https://acme.freshdesk.com/a/tickets/17?x=1"),
        ("http://help.acme.example/support/tickets/017", ["17"], "http://help.acme.example/support/tickets/017"),
        ("<https://acme.freshdesk.com/a/tickets/17?x=1#c>", ["17"], "https://acme.freshdesk.com/a/tickets/17?x=1#c"),
        ("[t](https://acme.freshdesk.com/a/tickets/17)", ["17"], "https://acme.freshdesk.com/a/tickets/17"),
        ("https://agents.acme.example:8443/a/tickets/9", ["9"], "https://agents.acme.example:8443/a/tickets/9"),
        ("https://agents.acme.example/a/tickets/9", [], ""),
        ("https://other.freshdesk.com/a/tickets/17", [], ""),
        ("https://acme.freshdesk.com@evil.example/a/tickets/17", [], ""),
        ("https://evil.example/?https://acme.freshdesk.com.evil.example/a/tickets/17", [], ""),
        ("https://acme.freshdesk.com/a/tickets/17a", [], ""),
        ("https://acme.freshdesk.com/a/tickets/0", [], ""),
        ("https://acme.freshdesk.com/a/contacts/17", [], ""),
        ("https://acme.freshdesk.com/a/tickets/٣", [], ""),
        ("https://acme.freshdesk.com/a/tickets/1٣", [], ""),
        ("https://acme.freshdesk.com/a/tickets/" + "9" * 30, [], ""),
    ],
)
def test_addresses_of_tickets(text: str, keys: list[str], shown: str) -> None:
    urls = Urls("https://acme.freshdesk.com", "https://agents.acme.example:8443", ["help.acme.example"])
    found = urls.mentions(text)
    assert [one.key for one in found] == keys
    assert [text[one.start : one.end] for one in found] == [shown][: len(keys)]


def test_two_addresses_in_one_text() -> None:
    urls = Urls("http://127.0.0.1:9000", None, [])
    text = "http://127.0.0.1:9000/a/tickets/1 http://127.0.0.1:9000/support/tickets/2 http://127.0.0.1:9001/a/tickets/3"
    assert [one.key for one in urls.mentions(text)] == ["1", "2"]
    assert urls.web == "http://127.0.0.1:9000"
