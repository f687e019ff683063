"""Holds every exchange of a stand-in's log against schemas written from Freshdesk's API documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from syncd.testing import Exchange
from tests.documented import Documented

against = Documented(Path(__file__).with_name("schemas.json")).against

# method, path, query, what is sent, what is answered when all is well
_CALLS = [
    ("GET", r"/agents/me", "no_query", None, (200, "agent")),
    ("GET", r"/ticket_fields", "fields_query", None, (200, "fields")),
    ("GET", r"/tickets", "list_query", None, (200, "list")),
    ("GET", r"/tickets/\d+", "ticket_query", None, (200, "ticket")),
    ("PUT", r"/tickets/\d+", "no_query", "changed_ticket", (200, None)),
    ("GET", r"/tickets/archived/\d+", "no_query", None, (200, "ticket")),
    ("GET", r"/tickets/\d+/conversations", "page_query", None, (200, "conversations")),
    ("GET", r"/contacts", "contacts_query", None, (200, "contacts")),
    ("GET", r"/contacts/\d+", "no_query", None, (200, "contact")),
    ("GET", r"/time_entries", "entries_query", None, (200, "entries")),
    ("GET", r"/companies/\d+", "no_query", None, (200, "company")),
    ("POST", r"/tickets/\d+/notes", "no_query", "new_note", (201, "note")),
    ("POST", r"/tickets/\d+/reply", "no_query", "new_reply", (201, "reply")),
    ("PUT", r"/conversations/\d+", "no_query", "edit", (200, "note")),
]
_REFUSALS = {400: "invalid", 401: "said_no", 403: "said_no", 415: "said_no"}
_EMPTY = {301, 302, 404, 405}


def violations(log: Iterable[Exchange]) -> list[str]:
    """Everything in the log that the documentation doesn't know."""
    return [
        f"{one.request.method} {one.request.path} {one.status}: {wrong}" for one in log for wrong in _violations(one)
    ]


def _violations(one: Exchange) -> Iterator[str]:
    path = one.request.path.removeprefix("/api/v2")
    known = [call for call in _CALLS if call[0] == one.request.method and re.fullmatch(call[1], path)]
    if not known:
        yield "no documented call"
        return
    _, _, query, sent, (status, answer) = known[0]
    keys = [key for key, _ in one.request.query]
    if len(keys) != len(set(keys)):
        yield "a query key is given twice"
    yield from against(query, dict(one.request.query))
    if sent:
        yield from against(sent, json.loads(one.request.body))
        if one.request.header("content-type") != "application/json":
            yield "the body isn't called JSON"
    elif one.request.body:
        yield "a body where none is taken"
    if not one.request.header("authorization").startswith("Basic "):
        yield "no key"
    yield from _answer(one, status, answer)


def _answer(one: Exchange, status: int, answer: str | None) -> Iterator[str]:
    if one.status == 0 or one.body.lstrip().startswith(b"<") or one.status in {429, 500, 502, 503, 504}:
        return  # made by a fault
    if one.status in _EMPTY:
        if one.body:
            yield "a body where none is given"
        return
    try:
        body = json.loads(one.body)
    except ValueError:
        yield "not JSON"
        return
    if one.status == status:
        yield from against(answer, body) if answer else _put(body)
    elif one.status in _REFUSALS:
        yield from against(_REFUSALS[one.status], body)
    else:
        yield "no documented status"


def _put(body: dict[str, Any]) -> list[str]:
    """The answer to an update is a ticket without what concerns associations."""
    strange = [f"{key} isn't answered here" for key in body if key.startswith("associat")]
    return strange + against("ticket", body)
