"""Holds every exchange of a stand-in's log against schemas written from Jira's REST API documentation.

What is sent is held to them strictly; what is answered loosely, because Jira itself adds to its answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from syncd.testing import Exchange
from tests.documented import Documented

against = Documented(Path(__file__).with_name("schemas.json")).against
_PATH = re.compile(r"(?:/jira|/ex/jira/[^/]+)?/rest/(?:api/(2|3|latest)|(servicedeskapi))(/.*)")
_KEY = r"([A-Z][A-Z0-9_]*-\d+|\d+)"
_ISSUE, _REQUEST = rf"/issue/{_KEY}", rf"/request/{_KEY}"
_PROJECT = r"/project/\w+"
CLOUD, SERVER, BOTH = "cloud", "server", "both"

_Documented = tuple[str, str, str, str, str | None, dict[int, str | None]]
# where, method, path, query, what is sent, what is answered when all is well
_CALLS: list[_Documented] = [
    (BOTH, "GET", r"/serverInfo", "no_query", None, {200: "server"}),
    (BOTH, "GET", r"/myself", "expand_query", None, {200: "myself"}),
    (BOTH, "GET", r"/user", "user_query", None, {200: "person"}),
    (BOTH, "GET", r"/user/assignable/search", "assignable_query", None, {200: "people"}),
    (BOTH, "GET", r"/mypermissions", "rights_query", None, {200: "rights"}),
    (CLOUD, "GET", r"/project/search", "projects_query", None, {200: "project_page"}),
    (BOTH, "GET", r"/project", "expand_query", None, {200: "projects"}),
    (BOTH, "GET", _PROJECT, "expand_query", None, {200: "project"}),
    (BOTH, "GET", rf"{_PROJECT}/statuses", "no_query", None, {200: "project_statuses"}),
    (BOTH, "GET", rf"{_PROJECT}/versions", "expand_query", None, {200: "versions"}),
    (BOTH, "GET", r"/version/\d+", "expand_query", None, {200: "version"}),
    (BOTH, "GET", r"/status", "no_query", None, {200: "statuses"}),
    (BOTH, "GET", r"/field", "no_query", None, {200: "field_list"}),
    (BOTH, "GET", r"/(priority|resolution)", "no_query", None, {200: "named_list"}),
    (BOTH, "GET", r"/issueLinkType", "no_query", None, {200: "link_types"}),
    (BOTH, "GET", r"/issue/createmeta/\w+/issuetypes(/\d+)?", "page_query", None, {200: "meta"}),
    (CLOUD, "GET", r"/search/jql", "search_query", None, {200: "found"}),
    (CLOUD, "POST", r"/search/jql", "no_query", "search", {200: "found"}),
    (CLOUD, "POST", r"/search/approximate-count", "no_query", "count", {200: "counted"}),
    (CLOUD, "POST", r"/jql/parse", "parse_query", "parse", {200: "parsed"}),
    (CLOUD, "POST", r"/jql/match", "no_query", "match", {200: "matched"}),
    (CLOUD, "POST", r"/issue/bulkfetch", "no_query", "bulkfetch", {200: "fetched"}),
    (CLOUD, "POST", r"/changelog/bulkfetch", "no_query", "changelogs", {200: "logs"}),
    (SERVER, "GET", r"/search", "old_search_query", None, {200: "old_found"}),
    (SERVER, "POST", r"/search", "no_query", "old_search", {200: "old_found"}),
    (BOTH, "POST", r"/issue", "no_query", "create", {201: "made"}),
    (BOTH, "POST", r"/issue/bulk", "no_query", "create_many", {201: "made_many", 400: "made_many"}),
    (BOTH, "GET", _ISSUE, "issue_query", None, {200: "issue"}),
    (BOTH, "PUT", _ISSUE, "edit_query", "edit", {204: None, 200: "issue"}),
    (BOTH, "GET", rf"{_ISSUE}/transitions", "transitions_query", None, {200: "ways"}),
    (BOTH, "POST", rf"{_ISSUE}/transitions", "no_query", "transit", {204: None}),
    (CLOUD, "GET", rf"{_ISSUE}/changelog", "page_query", None, {200: "log"}),
    (BOTH, "GET", rf"{_ISSUE}/comment", "page_query", None, {200: "talk"}),
    (BOTH, "POST", rf"{_ISSUE}/comment", "expand_query", "comment", {201: "said"}),
    (BOTH, "GET", rf"{_ISSUE}/comment/\d+", "expand_query", None, {200: "said"}),
    (BOTH, "PUT", rf"{_ISSUE}/comment/\d+", "edit_query", "comment", {200: "said"}),
    (BOTH, "DELETE", rf"{_ISSUE}/comment/\d+", "no_query", None, {204: None}),
    (BOTH, "GET", rf"{_ISSUE}/remotelink", "link_query", None, {200: "kept_links"}),
    (BOTH, "POST", rf"{_ISSUE}/remotelink", "no_query", "remote_link", {200: "new_link", 201: "new_link"}),
    (BOTH, "PUT", rf"{_ISSUE}/remotelink/\d+", "no_query", "remote_link", {204: None}),
    (BOTH, "DELETE", rf"{_ISSUE}/remotelink", "link_query", None, {204: None}),
    (BOTH, "POST", r"/issueLink", "no_query", "issue_link", {201: None}),
    (BOTH, "DELETE", r"/issueLink/\d+", "no_query", None, {204: None}),
    (BOTH, "GET", rf"{_ISSUE}/properties", "no_query", None, {200: "property_names"}),
    (BOTH, "GET", rf"{_ISSUE}/properties/[^/]+", "no_query", None, {200: "kept_property"}),
    (BOTH, "PUT", rf"{_ISSUE}/properties/[^/]+", "no_query", "any_json", {200: None, 201: None}),
    (BOTH, "DELETE", rf"{_ISSUE}/properties/[^/]+", "no_query", None, {204: None}),
    (CLOUD, "POST", r"/issue/properties/multi", "no_query", "set_many", {303: None}),
    (CLOUD, "PUT", r"/issue/properties/[^/]+", "no_query", "set_where", {303: None}),
    (CLOUD, "GET", r"/task/\d+", "no_query", None, {200: "task"}),
    (CLOUD, "GET", r"/bulk/issues/transition", "bulk_query", None, {200: "available"}),
    (CLOUD, "POST", r"/bulk/issues/transition", "no_query", "bulk_transition", {201: "task_id"}),
    (CLOUD, "GET", r"/bulk/queue/\d+", "no_query", None, {200: "queue"}),
]
_DESK: list[_Documented] = [
    (BOTH, "GET", r"/info", "no_query", None, {200: "any_object"}),
    (BOTH, "GET", r"/servicedesk", "desk_query", None, {200: "desk_page"}),
    (BOTH, "GET", r"/servicedesk/\w+", "no_query", None, {200: "any_object"}),
    (BOTH, "GET", r"/servicedesk/\w+/(requesttype|organization)", "desk_query", None, {200: "desk_page"}),
    (BOTH, "GET", r"/organization", "desk_query", None, {200: "desk_page"}),
    (BOTH, "GET", r"/request", "desk_query", None, {200: "desk_page"}),
    (BOTH, "POST", r"/request", "no_query", "desk_request", {201: "asked"}),
    (BOTH, "GET", _REQUEST, "desk_query", None, {200: "asked"}),
    (BOTH, "GET", rf"{_REQUEST}/comment", "desk_query", None, {200: "desk_talk"}),
    (BOTH, "POST", rf"{_REQUEST}/comment", "no_query", "desk_comment", {201: "desk_said"}),
    (BOTH, "GET", rf"{_REQUEST}/comment/\d+", "desk_query", None, {200: "desk_said"}),
    (BOTH, "GET", rf"{_REQUEST}/(status|sla|participant|transition)", "desk_query", None, {200: "desk_page"}),
    (BOTH, "POST", rf"{_REQUEST}/participant", "no_query", "desk_people", {200: "desk_page"}),
    (BOTH, "DELETE", rf"{_REQUEST}/participant", "no_query", "desk_people", {200: "desk_page"}),
    (BOTH, "POST", rf"{_REQUEST}/transition", "no_query", "desk_transit", {204: None}),
]
_REFUSALS = {400, 401, 403, 404, 409, 410, 413, 415}
_FAULTS = {0, 429, 500, 502, 503, 504}
_REPEATED = {"fields", "properties", "expand", "keys", "id", "issueIdsOrKeys", "reconcileIssues", "permissions"}
"""Keys of a query that may be given more than once."""


def violations(log: Iterable[Exchange], *, cloud: bool = True) -> list[str]:
    """Everything in the log that the documentation of Cloud, or of Data Center, doesn't know."""
    here = CLOUD if cloud else SERVER
    return [
        f"{one.request.method} {one.request.path} {one.status}: {wrong}"
        for one in log
        for wrong in _violations(one, here)
    ]


def answers(log: Iterable[Exchange], *, cloud: bool = True) -> list[str]:
    """Everything that was answered to documented calls in an undocumented way."""
    here = CLOUD if cloud else SERVER
    return [
        f"{one.request.method} {one.request.path} {one.status}: {wrong}"
        for one in log
        for call in _known(one, here)
        for wrong in _answer(one, call[5])
    ]


def _known(one: Exchange, here: str) -> list[_Documented]:
    """The documented call that it is, if it is one."""
    parts = _PATH.fullmatch(one.request.path)
    if parts is None:
        return []
    found = [
        call
        for call in (_DESK if parts[2] else _CALLS)
        if call[0] in {here, BOTH} and call[1] == one.request.method and re.fullmatch(call[2], parts[3])
    ]
    return found[:1]


def _violations(one: Exchange, here: str) -> Iterator[str]:
    parts, known = _PATH.fullmatch(one.request.path), _known(one, here)
    if not known or parts is None:
        yield "no documented call"
        return
    if parts[1] == "3" and here == SERVER:
        yield "there is no third version"
    if parts[3].startswith("/bulk/") and parts[1] != "3":
        yield "only in the third version"
    yield from _asked(one, known[0][3], known[0][4])
    yield from _answer(one, known[0][5])


def _asked(one: Exchange, query: str, sent: str | None) -> Iterator[str]:
    keys = [key for key, _ in one.request.query]
    if any(keys.count(key) > 1 for key in set(keys) - _REPEATED):
        yield "a query key is given twice"
    yield from against(query, dict(one.request.query))
    if sent is not None:
        try:
            yield from against(sent, one.request.json())
        except ValueError:
            yield "the body isn't JSON"
        if one.request.header("content-type").partition(";")[0] != "application/json":
            yield "the body isn't called JSON"
    elif one.request.body:
        yield "a body where none is taken"
    if one.request.header("authorization").partition(" ")[0] not in {"Basic", "Bearer"}:
        yield "no credential"


def _answer(one: Exchange, answers: dict[int, str | None]) -> Iterator[str]:
    if one.status in _FAULTS or one.body.lstrip().startswith(b"<"):
        return  # made by a fault, or a limit: these have no dependable body
    if one.status in answers:
        name = answers[one.status]
        if name is None:
            yield from ["a body where none is given"] if one.body else []
        else:
            yield from against(name, json.loads(one.body))
    elif one.status in _REFUSALS:
        yield from against("refusal", json.loads(one.body)) if one.body else []
    else:
        yield "no documented status"
