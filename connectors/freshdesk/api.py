"""python-freshdesk on our own session, and the one place where its errors become ours.

The library is used for what it knows: paths, the key, its reading of answers. What it gets wrong is closed here: it
insists on a ``freshdesk.com`` name, sets no time-outs, follows redirects, turns a page of HTML into an empty result,
and its errors carry no answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from freshdesk.v2.api import API
from requests.auth import HTTPBasicAuth

from connectors.freshdesk.budget import Budget
from syncd.clock import Clock
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.http import Session, how_failed, next_page, reached_server, wait_asked, well_formed

PER_PAGE = 100
"""The largest page (Freshdesk API docs, Pagination)."""
LAST_PAGE = 300
"""The deepest page that is answered (Freshdesk API docs, List all tickets)."""

_WHOLE_ACCOUNT = frozenset({"invalid_credentials", "account_suspended", "password_lockout", "password_expired"})
"""Codes that stop every call, not only this one (Freshdesk API docs, Errors)."""

Params = Mapping[str, str | int]


class _Odd(ValueError):
    """A well-formed answer that isn't what the API promises."""


class FreshdeskApi(API):  # type: ignore[misc]  # the library ships no types
    """One account. Every call raises ConnectorErrors only, and none is repeated.

    Args:
        name: the configured connector's name, for messages.
        url: the account's origin, without ``/api/v2``.
        key: an agent's API key.
        clock: times the limit, and tells the time where the account doesn't.
        headroom: the share of the calls per minute that is left to people, 0..1.
        proxy: what calls go through.
    """

    def __init__(self, name: str, url: str, key: str, clock: Clock, headroom: float, *, proxy: str | None) -> None:
        # The library refuses any other name; the address that counts is the prefix below.
        super().__init__("account.freshdesk.com", "")
        self._session.close()  # type: ignore[has-type]  # the library ships no types
        self.name, self.clock = name, clock
        self.budget = Budget(clock, headroom)
        self.session = Session(url, proxy=proxy)
        self.session.auth = HTTPBasicAuth(key.encode(), b"X")
        self.session.headers.update({"Accept": "application/json", "Content-Type": "application/json"})
        self._session = self.session
        self._api_prefix = f"{url.rstrip('/')}/api/v2/"
        self.last: requests.Response | None = None
        """The latest answer; None where there was none."""

    def begin(self, kind: str, what: str, calls: int) -> None:
        """To be called before anything new that takes so many calls; what was begun is not broken off.

        Raises:
            RateLimited: what is left of this minute's calls is people's.
        """
        wait = self.budget.wait(kind, calls)
        if wait is not None:
            raise RateLimited(self.name, f"{what}: the rest of this minute's calls is left to people", retry_after=wait)

    # --- what is asked ---

    def rows(self, what: str, path: str, params: Params, *, item: bool = False) -> list[dict[str, Any]]:
        """One page of a list. ``what`` says for people what is done; ``item``: a 404 speaks of one ticket."""
        found = self._call(what, lambda: self._get(path, dict(params)), item=item)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise self._ours(what, _Odd("not a list of records"))
        return found

    def record(self, what: str, path: str, params: Params | None = None, *, item: bool = False) -> dict[str, Any]:
        """One record."""
        return self._one(what, self._call(what, lambda: self._get(path, dict(params or {})), item=item))

    def create(self, what: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST, once; the answer's record."""
        sent = json.dumps(body)
        return self._one(what, self._call(what, lambda: self._post(path, data=sent), write=True, item=True), write=True)

    def update(self, what: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """PUT, once; the answer's record."""
        sent = json.dumps(body)
        return self._one(what, self._call(what, lambda: self._put(path, data=sent), write=True, item=True), write=True)

    # --- what the latest answer said besides its body ---

    @property
    def more(self) -> bool:
        """Whether it names a next page (Freshdesk API docs, Pagination: the ``Link`` header)."""
        return self.last is not None and bool(next_page(self.last.headers))

    @property
    def status(self) -> int:
        """Its HTTP status, 0 where there was no answer."""
        return 0 if self.last is None else self.last.status_code

    @property
    def was_page(self) -> bool:
        """Whether it was a page for people: from the edge, a proxy, a portal; not from the API."""
        return self.last is not None and _is_page(self.last)

    @property
    def time(self) -> datetime:
        """The account's own clock at the latest answer, by its ``Date``; ours, if it has none. Aware, UTC."""
        try:
            return parsedate_to_datetime(self.last.headers["Date"]).astimezone(UTC)  # type: ignore[union-attr]
        except (AttributeError, KeyError, ValueError, TypeError):
            return self.clock.now()

    # --- the seam ---

    def _action(self, req: requests.Response) -> Any:
        """The library's reading of an answer; kept, because its errors don't carry it."""
        self.last = req
        self.budget.note(req)
        found = super()._action(req)
        # What isn't JSON became {} in there: a login page would read as "no tickets".
        if found == {} and req.content.strip() != b"{}":
            raise _Odd("not JSON")
        return well_formed(found)

    def _call(self, what: str, send: Callable[[], Any], *, write: bool = False, item: bool = False) -> Any:
        self.last = None
        try:
            found = send()
            if self.status >= 300:
                raise _Odd("redirected")
        except (requests.RequestException, ValueError, TypeError, AttributeError, RecursionError) as error:
            # (The library stumbles over JSON that is no object.) Not chained: its message can quote what was sent.
            raise self._ours(what, error, write=write, item=item) from None
        return found

    def _one(self, what: str, found: Any, *, write: bool = False) -> dict[str, Any]:
        if not isinstance(found, dict):
            raise self._ours(what, _Odd("not a record"), write=write)
        return found

    def _ours(self, what: str, error: Exception, *, write: bool = False, item: bool = False) -> ConnectorError:
        """Every foreign error as one of ours: by the answer if there was one, else by how the call failed."""
        answer, name = self.last, self.name
        if answer is None:
            doubt = write and reached_server(error)
            return Transient(name, f"{what}: {how_failed(error)}", doubt=doubt)
        status = answer.status_code
        said = f"{what}: answered {status}"
        if status == 429:
            return RateLimited(name, f"{what}: too many calls in this minute", retry_after=wait_asked(answer.headers))
        if status >= 500 or status == 408:
            asked = wait_asked(answer.headers) if "Retry-After" in answer.headers else None
            return Transient(name, f"{said} (out of order)", doubt=write, retry_after=asked)
        if status < 300:
            return Transient(name, f"{said} with something that is not the API's answer", doubt=write)
        if status < 400:
            return Transient(name, f"{said} (sent elsewhere), as a login or maintenance page does")
        return self._refusal(answer, said, write=write, item=item)

    def _refusal(self, answer: requests.Response, said: str, *, write: bool, item: bool) -> ConnectorError:
        """A 4xx: whether it concerns the account, the item, or the wish."""
        name, status, codes = self.name, answer.status_code, _codes(answer)
        said = f"{said} ({', '.join(codes)})" if codes else said
        if status == 401 or _WHOLE_ACCOUNT.intersection(codes):
            return Unauthorized(name, said)
        if status == 403 and _is_page(answer):
            return Transient(name, f"{said} with a page that is not the API's")
        if status == 403 and not item:
            return Unauthorized(name, said)
        if status == 404:
            return Gone(name, said) if item else Transient(name, f"{said}: is the url that of a Freshdesk account?")
        if status == 405 and item and write:
            # Freshdesk API docs, Update a ticket: tickets in spam or trash can't be written.
            return Gone(name, f"{said}: deleted or spam")
        return Refused(name, said)


def _is_page(answer: requests.Response) -> bool:
    kind = answer.headers.get("Content-Type", "").lower()
    return "html" in kind or answer.content[:200].lstrip().startswith(b"<")


def _codes(answer: requests.Response) -> list[str]:
    """``field: code`` of each error in a body, never a message: those quote values (Freshdesk API docs, Errors)."""
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return []
    if not isinstance(body, dict):
        return []
    errors = body.get("errors")
    parts = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    named = [f"there is no field {_word(one.get('field'))}" if _absent(one) else _named(one) for one in parts]
    return [text for text in (*named[:10], _word(body.get("code"))) if text]


def _named(part: dict[str, Any]) -> str:
    return ": ".join(filter(None, (_word(part.get("field")), _word(part.get("code")))))


def _absent(part: dict[str, Any]) -> bool:
    """Whether it says that the account has no such field."""
    return part.get("code") == "invalid_field" and str(part.get("field")).startswith("cf_") and bool(_named(part))


def _word(value: object) -> str:
    """A name from an answer, only if it looks like one."""
    return value if isinstance(value, str) and re.fullmatch(r"[\w.\-]{1,60}", value) else ""
