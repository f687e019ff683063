"""Searches by JQL: Cloud's, which pages by tokens, and Data Center's, which pages by offset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.jira import items
from connectors.jira.api import JiraApi
from syncd.errors import Refused, Transient

PAGE = 100
MAX_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """One page: its rows, and whether there is more."""

    rows: list[items.Row]
    more: bool


def enhanced(api: JiraApi, jql: str, fields: Sequence[str], doing: str) -> Iterator[Found]:
    """Every page of a search on Cloud (Search for issues using JQL enhanced search).

    Only the token tells the end: a page may be short, or empty, before it.
    """
    known: set[str] = set()
    asked: dict[str, object] = {"jql": jql, "fields": list(fields), "maxResults": PAGE}
    while True:
        try:
            answer = api.record("POST", "search/jql", doing, body=asked, write=False)
        except Refused:
            if known and api.last is not None and api.last.status == 400:
                raise Transient(api.name, f"{doing}: a page token has run out") from None
            raise
        token = answer.get("nextPageToken")
        more = isinstance(token, str) and bool(token) and answer.get("isLast") is not True
        yield Found(_rows(api, answer, doing), more)
        if not isinstance(token, str) or not more:
            return
        if token in known or len(known) > MAX_PAGES:
            raise Transient(api.name, f"{doing}: the pages don't end")
        known.add(token)
        asked["nextPageToken"] = token


def classic(
    api: JiraApi,
    jql: str,
    fields: Sequence[str],
    doing: str,
    start: int = 0,
    *,
    strict: bool = True,
    expand: Sequence[str] = (),
) -> Found:
    """One page of a search on Data Center (Search for issues using JQL).

    It may be shorter than what is asked for, by a setting of the administrator's. ``strict``: a value that doesn't
    exist is an error, not a warning. ``expand``: what is asked of each issue besides fields.
    """
    body: dict[str, object] = {"jql": jql, "fields": list(fields), "startAt": start, "maxResults": PAGE}
    body |= {"validateQuery": strict} | ({"expand": list(expand)} if expand else {})
    answer = api.record("POST", "search", doing, body=body, write=False)
    rows, total = _rows(api, answer, doing), answer.get("total")
    if not isinstance(total, int):
        raise api.odd(doing)
    return Found(rows, bool(rows) and start + len(rows) < total)


def every(api: JiraApi, jql: str, fields: Sequence[str], doing: str) -> Iterator[items.Row]:
    """Every row of a search, as the index has it now; for searches that find little."""
    if api.cloud:
        for page in enhanced(api, jql, fields, doing):
            yield from page.rows
        return
    start, more = 0, True
    while more:
        page = classic(api, jql, fields, doing, start)
        yield from page.rows
        start, more = start + len(page.rows), page.more


def _rows(api: JiraApi, answer: items.Row, doing: str) -> list[items.Row]:
    rows = answer.get("issues")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise api.odd(doing)
    return rows
