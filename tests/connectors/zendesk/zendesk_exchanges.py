"""Holds every exchange of a stand-in's log against schemas written from Zendesk's API reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from syncd.testing import Exchange
from tests.documented import Documented

against = Documented(Path(__file__).with_name("schemas.json")).against

# method, path, query, what is sent, what is answered when all is well
_CALLS = [
    ("GET", r"/tickets", "list_query", None, (200, "tickets")),
    ("GET", r"/tickets/count", "no_query", None, (200, "count")),
    ("GET", r"/tickets/show_many", "ids_query", None, (200, "tickets")),
    ("PUT", r"/tickets/update_many", "maybe_ids_query", "many_changes", (200, "job_status")),
    ("GET", r"/tickets/\d+", "ticket_query", None, (200, "ticket")),
    ("PUT", r"/tickets/\d+", "no_query", "one_change", (200, "updated")),
    ("GET", r"/tickets/\d+/comments", "page_query", None, (200, "comments")),
    ("GET", r"/tickets/\d+/audits", "page_query", None, (200, "audits")),
    ("GET", r"/tickets/\d+/related", "no_query", None, (200, "related")),
    ("GET", r"/tickets/\d+/incidents", "list_query", None, (200, "tickets")),
    ("GET", r"/tickets/\d+/tags", "no_query", None, (200, "tags")),
    ("PUT", r"/tickets/\d+/tags", "no_query", "some_tags", (200, "tags")),
    ("POST", r"/tickets/\d+/tags", "no_query", "some_tags", (201, "tags")),
    ("DELETE", r"/tickets/\d+/tags", "no_query", "some_tags", (200, "tags")),
    ("GET", r"/deleted_tickets", "page_query", None, (200, "deleted_tickets")),
    ("GET", r"/incremental/tickets/cursor", "export_query", None, (200, "export")),
    ("GET", r"/users/me", "no_query", None, (200, "one_user")),
    ("GET", r"/users/show_many", "ids_query", None, (200, "users")),
    ("GET", r"/users/\d+", "no_query", None, (200, "one_user")),
    ("GET", r"/users/\d+/organization_memberships", "page_query", None, (200, "memberships")),
    ("GET", r"/organizations/show_many", "ids_query", None, (200, "organizations")),
    ("GET", r"/organizations/\d+/users", "page_query", None, (200, "listed_users")),
    ("GET", r"/organizations/\d+/organization_memberships", "page_query", None, (200, "memberships")),
    ("GET", r"/organizations/\d+", "no_query", None, (200, "one_organization")),
    ("GET", r"/groups", "page_query", None, (200, "groups")),
    ("GET", r"/ticket_fields", "whole_query", None, (200, "ticket_fields")),
    ("GET", r"/ticket_forms", "whole_query", None, (200, "ticket_forms")),
    ("GET", r"/custom_statuses", "no_query", None, (200, "custom_statuses")),
    ("GET", r"/brands", "whole_query", None, (200, "brands")),
    ("GET", r"/job_statuses", "page_query", None, (200, "job_statuses")),
    ("GET", r"/job_statuses/show_many", "jobs_query", None, (200, "job_statuses")),
    ("GET", r"/job_statuses/V3-\w+", "no_query", None, (200, "job_status")),
    ("GET", r"/jira/links", "jira_query", None, (200, "jira_links")),
    ("POST", r"/oauth/tokens", "no_query", "grant", (201, "token")),
]
_REFUSALS = {400, 401, 403, 404, 409}


def violations(log: Iterable[Exchange]) -> list[str]:
    """Everything in the log that the documentation doesn't know."""
    return [
        f"{one.request.method} {one.request.path} {one.status}: {wrong}" for one in log for wrong in _violations(one)
    ]


def _violations(one: Exchange) -> Iterator[str]:
    path = one.request.path.removeprefix("/api/v2").removesuffix(".json")
    known = [call for call in _CALLS if call[0] == one.request.method and re.fullmatch(call[1], path)]
    if not known:
        yield "no documented call"
        return
    _, _, query, sent, (status, answer) = known[0]
    keys = [key for key, _ in one.request.query]
    if len(keys) != len(set(keys)):
        yield "a query key is given twice"
    yield from against(query, dict(one.request.query))
    if "application/json" not in one.request.header("accept"):
        yield "JSON isn't asked for"
    if sent:
        yield from against(sent, json.loads(one.request.body))
        if "application/json" not in one.request.header("content-type"):
            yield "the body isn't called JSON"
    elif one.request.body:
        yield "a body where none is taken"
    kind, _, credential = one.request.header("authorization").partition(" ")
    if path != "/oauth/tokens" and (kind not in {"Basic", "Bearer"} or not credential):
        yield "no credential"
    if sent == "many_changes" and ("ids" in keys) == ("tickets" in json.loads(one.request.body)):
        yield "the tickets are named in the query, or each beside its change"
    yield from _answer(one, status, answer)


def _answer(one: Exchange, status: int, answer: str) -> Iterator[str]:
    if one.status == 0 or one.body.lstrip().startswith(b"<") or one.status in {429, 500, 502, 503, 504}:
        return  # made by a fault, or by a limit, whose body is not dependable
    if one.status == 204:
        if one.request.method != "DELETE" or one.body:
            yield "nothing is answered only where tags were taken away"
        return
    try:
        body = json.loads(one.body)
    except ValueError:
        yield "not JSON"
        return
    if one.status == status or (one.status == 200 and answer == "token"):
        yield from against(answer, body)
    elif one.status == 422:
        yield from against("invalid", body)
    elif one.status in _REFUSALS:
        yield from against("refusal", body)
    else:
        yield "no documented status"
