"""One answer of a Jira site, and the one function that turns whatever went wrong into an error of ours.

Jira answers in five error shapes (Jira Cloud platform REST API v2, Status codes; Bulk operations; JSM Cloud REST API),
and to a caller whose token it doesn't know as if nobody had asked: 200 with nothing in it, 404 for every issue. Only
headers tell that from the truth. No message is passed on: it may quote what was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from connectors.jira.limits import Scope, scope_of
from syncd.errors import Busy, ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.http import how_failed, reached_server, wait_asked, well_formed

NOT_JSON: Any = object()
"""The data of an answer whose body is something else: a login page, a proxy's, half an answer."""

_WAITS = ("Retry-After", "X-RateLimit-Reset")
_PLAIN = {
    "to discard the user notification": "only an administrator may write without a notification",
    "not valid for this issue": "that transition isn't open to the issue now",
    "appropriate screen": "a field isn't on the screen of this project or transition",
    "attachments": "an attachment is refused",
    "permission": "the account lacks the permission",
    "entered value is too long": "a text is too long",
    "exceeds": "a text is too long",
}
"""Parts of Jira's messages (lower case) -> what they mean."""
_WORD = re.compile(r"[\w.\-]{1,60}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one call. ``headers`` in lower case; ``data`` is the decoded body, None if it was empty."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: Any = field(repr=False)

    @property
    def messages(self) -> list[str]:
        """Jira's own words, in lower case, whatever the shape; to classify by, never shown."""
        return [text.lower() for text in _said(self.data)]

    @property
    def fields(self) -> list[str]:
        """Names or ids of the fields that Jira found wrong."""
        errors = self.data.get("errors") if isinstance(self.data, dict) else None
        return [name for name in errors if _WORD.fullmatch(name)] if isinstance(errors, dict) else []

    @property
    def anonymous(self) -> bool:
        """Whether it was given to nobody: the credential wasn't accepted, whatever the status says."""
        reason = self.headers.get("x-seraph-loginreason", "").upper()
        return "AUTHENTICAT" in reason or reason == "OUT" or self.headers.get("x-ausername") == "anonymous"

    @property
    def reader(self) -> str:
        """Whom it was given to: accountId (Cloud) or login (Data Center); empty where no header tells."""
        return self.headers.get("x-aaccountid", "") or self.headers.get("x-ausername", "")

    def time(self, otherwise: datetime) -> datetime:
        """The site's clock, aware, UTC."""
        try:
            return parsedate_to_datetime(self.headers["date"]).astimezone(UTC)
        except (KeyError, ValueError, TypeError):
            return otherwise


def answer(response: requests.Response) -> Answer:
    """A response with its body decoded."""
    data: Any = None
    if response.content.strip():
        try:
            data = well_formed(json.loads(response.content))
        except (ValueError, RecursionError):
            data = NOT_JSON
    return Answer(response.status_code, {key.lower(): value for key, value in response.headers.items()}, data)


def ours(connector: str, doing: str, cause: Answer | Exception, *, write: bool = False) -> ConnectorError:
    """Every foreign error and every unwanted answer as one of our errors; the only place where that happens.

    Args:
        connector: the configured connector's name.
        doing: what was tried, for people: ``reading issue ENG-7``.
        cause: an exception that the call raised, or an answer that isn't what was asked for.
        write: the call may have changed something, if its outcome isn't known.
    """
    if isinstance(cause, Exception):
        return Transient(connector, f"{doing}: {_how(cause)}", doubt=write and reached_server(cause))
    status = cause.status
    if status == 401 or cause.anonymous:
        return _nobody(connector, doing, cause)
    if status == 429:
        return _limited(connector, doing, cause)
    if status >= 500 or status in {408, 425}:
        wait = wait_asked(cause.headers, names=_WAITS) if "retry-after" in cause.headers else None
        return Transient(connector, f"{doing}: Jira is out of order ({status})", doubt=write, retry_after=wait)
    return _turned_down(connector, doing, cause) if status >= 400 else _off(connector, doing, cause, write=write)


def _off(connector: str, doing: str, cause: Answer, *, write: bool) -> ConnectorError:
    """An answer that is no error, and isn't what was asked for either."""
    if cause.status < 300:
        return Transient(connector, f"{doing}: the answer isn't one of Jira's API", doubt=write)
    return Transient(connector, f"{doing}: Jira sent us elsewhere ({cause.status}), as a login page does")


def _nobody(connector: str, doing: str, cause: Answer) -> ConnectorError:
    """The credential isn't accepted; or, at the gateway, lacks a scope for this call alone."""
    if any("scope" in text for text in cause.messages):
        return Refused(connector, f"{doing}: the token lacks a scope for this ({cause.status})")
    if "captcha" in cause.headers.get("x-authentication-denied-reason", "").lower():
        what = "Jira wants a CAPTCHA of this account after failed logins: log in once in a browser"
        return Unauthorized(connector, f"{doing}: {what}")
    how = "" if cause.status == 401 else ", and answers as if nobody had asked"
    return Unauthorized(connector, f"{doing}: Jira doesn't accept the token{how} ({cause.status})")


def _limited(connector: str, doing: str, cause: Answer) -> ConnectorError:
    """A 429 had no effect. What it stops, its reason says (Jira Cloud platform, Rate limiting)."""
    wait, scope = wait_asked(cause.headers, names=_WAITS), scope_of(cause.headers)
    if scope is Scope.SITE:
        return RateLimited(connector, f"{doing}: Jira asks to wait", retry_after=wait)
    if scope is Scope.ISSUE:
        return Busy(connector, f"{doing}: Jira asks to wait with writes to this issue", retry_after=wait)
    return Transient(connector, f"{doing}: Jira asks to wait with calls of this kind", retry_after=wait)


def _turned_down(connector: str, doing: str, cause: Answer) -> ConnectorError:
    """A 4xx: whether it concerns the moment, the item, or the wish."""
    status = cause.status
    if cause.data is NOT_JSON:
        return Transient(connector, f"{doing}: a page that isn't Jira's API refused the call ({status})")
    if status == 404 and not _speaks(cause):
        what = "there is no such address: is the url that of a Jira site?"
        return Transient(connector, f"{doing}: {what} ({status})")
    if status == 404:
        return Gone(connector, f"{doing}: not there, or not to be seen with this account ({status})")
    if status == 409:
        return Busy(connector, f"{doing}: something else was changing it at that moment ({status})")
    if status == 413:
        return Refused(connector, f"{doing}: the issue can take no more of this ({status})")
    return Refused(connector, f"{doing}: {_why(cause)} ({status})")


def _speaks(cause: Answer) -> bool:
    """Whether Jira itself says that something isn't there, and not what stands before it."""
    return isinstance(cause.data, dict) and bool(cause.data.keys() & {"errorMessages", "errorMessage", "errors"})


def _why(cause: Answer) -> str:
    """Plain words for a refusal: a known reason, and the fields that Jira found wrong."""
    said = " ".join(cause.messages)
    plain = next((meaning for words, meaning in _PLAIN.items() if words in said), "")
    if not plain:
        plain = "the account lacks the permission" if cause.status == 403 else "Jira refused it"
    return f"{plain}: {', '.join(cause.fields[:10])}" if cause.fields else plain


def _how(error: Exception) -> str:
    """How a call without an answer failed, without what the exception quotes."""
    if isinstance(error, requests.RequestException):
        return how_failed(error)
    return "the answer isn't one of Jira's API"


def _said(data: Any) -> Iterator[str]:
    """Every message of an error body."""
    if not isinstance(data, dict):
        return
    listed = data.get("errorMessages")
    yield from (one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, str))
    yield from (data[key] for key in ("errorMessage", "message", "error") if isinstance(data.get(key), str))
    errors = data.get("errors")
    if isinstance(errors, dict):
        yield from (one for one in errors.values() if isinstance(one, str))
    if isinstance(errors, list):
        yield from (str(one["message"]) for one in errors if isinstance(one, dict) and "message" in one)
