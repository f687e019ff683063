"""Holds a stand-in's log against GitHub's own description of its API, in both directions.

Bodies are checked with the models that githubkit generates from GitHub's OpenAPI file (version 2022-11-28), query
parameters against the lists of the same file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from githubkit_schemas.v2022_11_28 import models
from graphql import parse, validate
from pydantic import TypeAdapter, ValidationError

from connectors.github.sandbox.schema import SCHEMA
from syncd.testing import Exchange

_API = "(?:/api/v3)?"
_REPO = r"(?:/api/v3)?(?:/repos/[^/]+/[^/]+|/repositories/\d+)"
_LIST = {"state", "sort", "direction", "since", "per_page", "page", "after", "labels", "creator", "assignee"}
_ANSWERS: list[tuple[str, str, int, Any]] = [
    ("GET", f"{_API}/user", 200, models.PublicUser),
    ("GET", f"{_API}/app", 200, models.Integration),
    ("GET", f"{_API}/app/installations", 200, list[models.Installation]),
    ("GET", rf"{_API}/app/installations/\d+", 200, models.Installation),
    ("GET", f"{_REPO}/installation", 200, models.Installation),
    ("POST", rf"{_API}/app/installations/\d+/access_tokens", 201, models.InstallationToken),
    ("GET", r"(?:/api/v3)?/rate_limit", 200, models.RateLimitOverview),
    ("GET", _REPO, 200, models.FullRepository),
    ("GET", f"{_REPO}/issues", 200, list[models.Issue]),
    ("POST", f"{_REPO}/issues", 201, models.Issue),
    ("GET", rf"{_REPO}/issues/\d+", 200, models.Issue),
    ("PATCH", rf"{_REPO}/issues/\d+", 200, models.Issue),
    ("GET", rf"{_REPO}/issues/\d+/comments", 200, list[models.IssueComment]),
    ("POST", rf"{_REPO}/issues/\d+/comments", 201, models.IssueComment),
    ("GET", rf"{_REPO}/issues/\d+/(?:events|timeline)", 200, list[models.IssueEvent]),
    ("POST", rf"{_REPO}/issues/\d+/labels", 200, list[models.Label]),
    ("GET", rf"{_REPO}/issues/comments/\d+", 200, models.IssueComment),
    ("PATCH", rf"{_REPO}/issues/comments/\d+", 200, models.IssueComment),
    ("GET", f"{_REPO}/labels", 200, list[models.Label]),
    ("GET", rf"{_API}/orgs/[\w.-]+/issue-types", 200, list[models.IssueType]),
    ("DELETE", rf"{_REPO}/issues/\d+/labels/.+", 200, list[models.Label]),
]
_QUERIES: list[tuple[str, set[str]]] = [
    (f"{_REPO}/issues", _LIST),
    (rf"{_REPO}/issues/\d+/comments", {"since", "per_page", "page"}),
    (rf"{_REPO}/issues/\d+/(?:events|timeline)", {"per_page", "page"}),
    (f"{_API}/app/installations", {"per_page", "page"}),
    (f"{_REPO}/labels", {"per_page", "page"}),
]
_BODIES: list[tuple[str, str, Any]] = [
    ("POST", f"{_REPO}/issues", models.ReposOwnerRepoIssuesPostBody),
    ("PATCH", rf"{_REPO}/issues/\d+", models.ReposOwnerRepoIssuesIssueNumberPatchBody),
    ("POST", rf"{_REPO}/issues/\d+/comments", models.ReposOwnerRepoIssuesIssueNumberCommentsPostBody),
    ("PATCH", rf"{_REPO}/issues/comments/\d+", models.ReposOwnerRepoIssuesCommentsCommentIdPatchBody),
    ("POST", rf"{_REPO}/issues/\d+/labels", models.ReposOwnerRepoIssuesIssueNumberLabelsPostBodyOneof0),
]


def violations(log: Iterable[Exchange]) -> list[str]:
    """What in these exchanges GitHub's description doesn't know; pages of HTML and cut connections aside."""
    found: list[str] = []
    for one in log:
        where = f"{one.request.method} {one.request.path} {one.status}"
        found += [f"{where}: sent {wrong}" for wrong in _sent(one)]
        if one.body and not one.body.lstrip().startswith(b"<"):
            found += [f"{where}: answered {wrong}" for wrong in _answered(one)]
    return found


def _sent(one: Exchange) -> Iterator[str]:
    request = one.request
    for header in ("user-agent", "authorization", "x-github-api-version", "accept"):
        if not request.header(header):
            yield f"no {header}"
    known = next((names for path, names in _QUERIES if re.fullmatch(path, request.path)), set())
    yield from (f"query {name}" for name, _ in request.query if name not in known)
    if request.path.endswith("/graphql"):
        yield from (error.message for error in validate(SCHEMA, parse(json.loads(request.body)["query"])))
    model = next((m for verb, path, m in _BODIES if verb == request.method and re.fullmatch(path, request.path)), None)
    if model is not None:
        yield from (f"field {name}" for name in json.loads(request.body) if name not in model.model_fields)
        yield from _wrong(model, request.body)
    elif request.body and not request.path.endswith("/graphql"):
        yield "a body"


def _answered(one: Exchange) -> Iterator[str]:
    request = one.request
    if request.path.endswith("/graphql"):
        return
    if one.status >= 400:
        data = json.loads(one.body)
        listed = isinstance(data.get("errors"), list) and all(isinstance(wrong, dict) for wrong in data["errors"])
        yield from _wrong(models.ValidationError if one.status == 422 and listed else models.BasicError, one.body)
    elif one.status < 300:
        model = next(
            (
                m
                for verb, path, status, m in _ANSWERS
                if (verb, status) == (request.method, one.status) and re.fullmatch(path, request.path)
            ),
            None,
        )
        yield from ("something unknown",) if model is None else _wrong(model, one.body)


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _wrong(model: Any, body: bytes) -> Iterator[str]:
    try:
        _adapter(model).validate_json(body, strict=True)
    except ValidationError as error:
        yield from (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
