"""Zammad's REST API on syncd's own session, and the one place where what goes wrong becomes an error of syncd's.

Plain requests and no client library: zammad_py puts the whole answer into the message of its errors and loses the
status, gives back bytes where an answer isn't JSON, and has no call for a search by conditions.

Sources: docs.zammad.org, REST API, Introduction (token, pagination, ``expand``, search by conditions). Which status
goes with which error isn't documented; it stands in Zammad's own source (``ApplicationController::HandlesErrors`` and
``Authenticates``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from syncd.clock import Clock
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.http import Session, how_failed, reached_server, wait_asked, well_formed

PER_PAGE = 100
"""The docs speak of hard limits without naming them; the source allows 100 in lists and 200 in searches."""
MAINTENANCE = "Maintenance mode enabled!"
"""What is answered then, with a 403, to everybody but administrators."""

_FIELD = re.compile(r"field '([a-z0-9_]{1,60})'")
_ACCOUNT = re.compile(r"token|authentication|login", re.IGNORECASE)
"""What a 403 says that concerns the token and not the ticket that was asked for."""

Row = dict[str, Any]
Params = Mapping[str, str | int]


class ZammadApi:
    """One Zammad, seen as the agent whose token we use. Raises ConnectorErrors only; no call is repeated.

    Args:
        name: the configured connector's name, for messages.
        url: the origin, without ``/api/v1``.
        token: an access token of an agent.
        clock: tells the time where an answer doesn't.
        proxy: what calls go through.
    """

    def __init__(self, name: str, url: str, token: str, clock: Clock, *, proxy: str | None) -> None:
        self.name, self.clock = name, clock
        self.prefix = f"{url}/api/v1/"
        self.session = Session(url, proxy=proxy)
        # Without Accept errors come as pages for people.
        self.session.headers.update({"Authorization": f"Token token={token}", "Accept": "application/json"})
        self.last: requests.Response | None = None
        """The latest answer; None where there was none."""

    # --- what is asked ---

    def record(self, what: str, path: str, params: Params | None = None, *, item: bool = False) -> Row:
        """One record. ``what`` says for people what is done; ``item``: the answer speaks of one ticket."""
        return self._record(what, self._call(what, "GET", path, params, item=item))

    def rows(self, what: str, path: str, params: Params | None = None, *, item: bool = False) -> list[Row]:
        """A list."""
        return self._rows(what, self._call(what, "GET", path, params, item=item))

    def search(self, what: str, condition: Mapping[str, Any], params: Params) -> list[Row]:
        """Tickets that meet conditions, answered from the database: only a ``query`` goes to the search index."""
        return self._rows(what, self._call(what, "POST", "tickets/search", params, body={"condition": condition}))

    def update(self, what: str, path: str, body: Mapping[str, Any]) -> Row:
        """PUT, once; the record as it is afterwards, with names beside ids."""
        found = self._call(what, "PUT", path, {"expand": "true"}, body=body, write=True, item=True)
        return self._record(what, found, write=True)

    @property
    def reached(self) -> bool:
        """Whether the latest call was answered."""
        return self.last is not None

    @property
    def time(self) -> datetime:
        """The server's clock at the latest answer, by its ``Date``; ours, if it has none. Aware, UTC."""
        try:
            return parsedate_to_datetime(self.last.headers["Date"]).astimezone(UTC)  # type: ignore[union-attr]
        except (AttributeError, KeyError, ValueError, TypeError):
            return self.clock.now()

    # --- the seam ---

    def _call(
        self,
        what: str,
        method: str,
        path: str,
        params: Params | None,
        *,
        body: Mapping[str, Any] | None = None,
        write: bool = False,
        item: bool = False,
    ) -> Any:
        self.last = None
        try:
            self.last = self.session.request(method, self.prefix + path, params=dict(params or {}), json=body)
        except requests.RequestException as error:
            # Not chained: its message can quote what was sent.
            doubt = write and reached_server(error)
            raise Transient(self.name, f"{what}: {how_failed(error)}", doubt=doubt) from None
        if self.last.status_code >= 300:
            raise self._ours(what, self.last, write=write, item=item)
        try:
            return well_formed(self.last.json())
        except (ValueError, RecursionError):
            raise self._odd(what, write=write) from None

    def _record(self, what: str, found: Any, *, write: bool = False) -> Row:
        if not isinstance(found, dict):
            raise self._odd(what, write=write)
        return found

    def _rows(self, what: str, found: Any) -> list[Row]:
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise self._odd(what)
        return found

    def _odd(self, what: str, *, write: bool = False) -> Transient:
        return Transient(self.name, f"{what}: answered with something that is not the API's answer", doubt=write)

    def _ours(self, what: str, answer: requests.Response, *, write: bool, item: bool) -> ConnectorError:
        """Every answer that is no success as an error of ours."""
        status, said = answer.status_code, f"{what}: answered {answer.status_code}"
        if 300 <= status < 400:
            return Transient(self.name, f"{said} (sent elsewhere), as a login or maintenance page does")
        if status == 429:  # Zammad itself has no limits; what stands before it may
            return RateLimited(self.name, f"{what}: too many calls", retry_after=wait_asked(answer.headers))
        if status >= 500 or status == 408:
            asked = wait_asked(answer.headers) if "Retry-After" in answer.headers else None
            return Transient(self.name, f"{said} (out of order)", doubt=write, retry_after=asked)
        return self._refusal(answer, said, item=item)

    def _refusal(self, answer: requests.Response, said: str, *, item: bool) -> ConnectorError:
        """A 4xx: whether it concerns the account, the ticket, or the wish."""
        status, text = answer.status_code, _said(answer)
        if text == MAINTENANCE:
            return Transient(self.name, f"{said} (it is under maintenance)")
        if text is None and status != 401:
            return Transient(self.name, f"{said} with a page that is not the API's")
        if status == 401 or (status == 403 and (not item or _ACCOUNT.search(text or ""))):
            return Unauthorized(self.name, said)
        if status == 404:
            absent = Gone(self.name, said)
            return absent if item else Transient(self.name, f"{said}, where the API should be")
        field = _FIELD.search(text or "")  # nothing else of it is told: it can quote a value
        return Refused(self.name, f"{said} (field {field[1]})" if field else said)


def _said(answer: requests.Response) -> str | None:
    """What an error says of itself; None where the answer is no error of the API."""
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return None
    text = found.get("error") if isinstance(found, dict) else None
    return text if isinstance(text, str) else None
