"""Pages of the stand-in's lists: by cursor (``page[size]``), and by number where that isn't asked for.

From Zendesk's API reference (Pagination): at most 100 a page; by number nothing lies beyond the 100th page.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from connectors.zendesk.sandbox import rules
from syncd.testing import Reply, Request

Key = Callable[[Any], list[Any]]
DEEPEST = 100


def paged(
    request: Request, found: Sequence[Any], key: Key, *, most: int = 100, backwards: bool = False
) -> tuple[list[Any], dict[str, Any], Reply | None]:
    """One page of ``found``: its rows, what stands beside them, and what is wrong with the page that is asked for.

    ``key`` orders the rows and is what a cursor holds, so that rows which change their place while a client pages
    are seen twice or not at all, as in Zendesk.
    """
    rows = sorted(found, key=key, reverse=backwards)
    if any(name.startswith("page[") for name, _ in request.query):
        return _by_cursor(request, rows, key, most, backwards=backwards)
    return _by_number(request, rows)


def _by_cursor(
    request: Request, rows: list[Any], key: Key, most: int, *, backwards: bool
) -> tuple[list[Any], dict[str, Any], Reply | None]:
    text = request.arg("page[size]", str(most))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        return [], {}, rules.bad_page(f"page[size] must be between 1 and {most}")
    size, after = int(text), request.arg("page[after]")
    if after:
        try:
            mark = json.loads(base64.urlsafe_b64decode(after.encode()))
        except ValueError:
            return [], {}, rules.bad_page("page[after] is not valid")
        rows = [one for one in rows if (key(one) < mark if backwards else key(one) > mark)]
    page, more = rows[:size], len(rows) > size
    cursor = _cursor(key(page[-1])) if page else None
    first = _cursor(key(page[0])) if page else None
    onward = _at(request, {"page[after]": cursor}) if cursor else None
    meta = {"has_more": more, "after_cursor": cursor, "before_cursor": first}
    back = _at(request, {"page[before]": first}) if after and first else None
    return page, {"meta": meta, "links": {"prev": back, "next": onward}}, None


def _by_number(request: Request, rows: list[Any]) -> tuple[list[Any], dict[str, Any], Reply | None]:
    texts = (request.arg("page", "1"), request.arg("per_page", "100"))
    if not all(text.isdecimal() and int(text) for text in texts):
        return [], {}, rules.bad_attribute("page")
    number, size = int(texts[0]), min(int(texts[1]), 100)
    if number > DEEPEST:
        wrong = {"code": "InvalidPaginationDepth", "title": "Invalid pagination depth", "detail": "Use cursors"}
        return [], {}, Reply(400, {"errors": [wrong]})
    page = rows[(number - 1) * size : number * size]
    onward = _at(request, {"page": str(number + 1)}) if len(rows) > number * size else None
    back = _at(request, {"page": str(number - 1)}) if number > 1 else None
    return page, {"next_page": onward, "previous_page": back, "count": len(rows)}, None


def address(request: Request, **query: str) -> str:
    """The address of a call with another query, on the origin that the client used."""
    return f"{request.origin}{request.path}.json?{urlencode(query)}"


def without_suffix(request: Request) -> Request:
    """The same call without the optional ``.json``."""
    return replace(request, path=request.path.removesuffix(".json"))


def numbered(request: Request) -> Request:
    """The same call as a list takes it that knows no cursors."""
    return replace(request, query=tuple(one for one in request.query if not one[0].startswith("page[")))


def bare(reply: Reply) -> Reply:
    """The same answer, as the reference's examples show it: a list that is whole says nothing of pages."""
    if not isinstance(reply.body, dict) or "next_page" not in reply.body or reply.body["next_page"]:
        return reply
    beside = {"next_page", "previous_page", "count"}
    return Reply(reply.status, {key: one for key, one in reply.body.items() if key not in beside}, reply.headers)


def _at(request: Request, changed: dict[str, Any]) -> str:
    query = {key: value for key, value in request.query if key not in {"page[before]", "page[after]"}}
    return f"{request.origin}{request.path}.json?{urlencode(query | changed)}"


def _cursor(key: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
