"""One answer of the API, and the one function that turns whatever went wrong into an error of ours.

GitHub's limits are told by status, headers and the beginning of an English message, in several wordings (GitHub
REST API docs, Rate limits; Troubleshooting). No message is passed on: it may quote what was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from github import GithubException

from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.http import DEFAULT_WAIT, MAX_WAIT, how_failed, next_page, reached_server, wait_asked, well_formed

FOREIGN = (requests.RequestException, GithubException, AssertionError, RuntimeError, ValueError)
"""What a call through PyGithub may raise: its own errors, requests', JSON's, odd numbers in headers, redirects."""

NOT_JSON: Any = object()
"""The data of an answer whose body is something else: a proxy's page, half an answer."""

_PRIMARY = ("api rate limit exceeded", "api rate limit already exceeded")
_SECONDARY = (
    "you have exceeded a secondary rate limit",
    "you have triggered an abuse detection mechanism",
    "was submitted too quickly",
)
_PLAIN = {
    "issue is locked": "the issue is locked",
    "more than 2500 comments": "the issue has reached GitHub's limit of 2500 comments",
    "archived": "the repository is archived, so it is read-only",
    "read-only": "the repository is read-only",
    "not accessible by integration": "the app isn't installed on the repository, or lacks Issues: Read and write",
    "not accessible by": "the token lacks the right to do this",
    "admin rights": "the token lacks the right to do this",
    "user agent": "GitHub wants another User-Agent",
    "saml": "the token isn't authorised for the organisation's single sign-on",
}
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,40}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one call. ``headers`` in lower case; ``data`` is the decoded body, None if it was empty."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: Any = field(repr=False)
    redirected: bool = False
    """Whether a redirect was followed on the way: something was renamed or transferred."""

    @property
    def message(self) -> str:
        """GitHub's own words, in lower case, to classify by; never shown."""
        text = self.data.get("message") if isinstance(self.data, dict) else ""
        return text.lower() if isinstance(text, str) else ""

    @property
    def link(self) -> str:
        """The next page's address, as the server wrote it; empty where there is none."""
        return next_page(self.headers)

    def time(self, otherwise: datetime) -> datetime:
        """The server's clock, aware, UTC."""
        try:
            return parsedate_to_datetime(self.headers["date"]).astimezone(UTC)
        except (KeyError, ValueError, TypeError):
            return otherwise

    def number(self, header: str) -> float | None:
        """A header that holds a number."""
        try:
            return float(self.headers[header])
        except (KeyError, ValueError):
            return None


def decode(status: int, headers: Mapping[str, str], body: str, *, redirected: bool = False) -> Answer:
    """The answer with its body decoded."""
    data: Any = None
    if body:
        try:
            data = well_formed(json.loads(body))
        except (ValueError, RecursionError):
            data = NOT_JSON
    return Answer(status, headers, data, redirected=redirected)


def ours(connector: str, doing: str, cause: Answer | Exception, *, write: bool = False) -> ConnectorError:
    """Every foreign error and every unwanted answer as one of our errors; the only place where that happens.

    Args:
        connector: the configured connector's name.
        doing: what was tried, for people: ``reading issue owner/repo#4``.
        cause: an exception that the call raised, or an answer that isn't what was asked for.
        write: the call may have changed something, if its outcome isn't known.
    """
    if isinstance(cause, Exception):
        doubt = write and reached_server(cause)
        return Transient(connector, f"{doing}: {_how(cause)}", doubt=doubt)
    status = cause.status
    if 200 <= status < 300:
        return Transient(connector, f"{doing}: the answer isn't one of GitHub's API", doubt=write)
    if 300 <= status < 400:
        return Transient(connector, f"{doing}: GitHub answered with a redirect ({status}) that isn't followed")
    if status >= 500 or status in {408, 425}:
        wait = wait_asked(cause.headers) if "retry-after" in cause.headers else None
        return Transient(connector, f"{doing}: GitHub is out of order ({status})", doubt=write, retry_after=wait)
    return _turned_down(connector, doing, cause)


def _turned_down(connector: str, doing: str, answer: Answer) -> ConnectorError:
    """A 4xx: whether it concerns the moment, the token, the item, or the wish."""
    status = answer.status
    if is_limit(answer):
        return RateLimited(connector, f"{doing}: GitHub asks to wait ({status})", retry_after=wait_of(answer))
    if status == 401:
        return Unauthorized(connector, f"{doing}: GitHub doesn't accept the token")
    if status == 403 and "suspended" in answer.message:
        whose = "the app's installation" if "installation" in answer.message else "the account"
        return Unauthorized(connector, f"{doing}: {whose} is suspended, until an owner unsuspends it")
    if status == 403 and answer.data is NOT_JSON:
        return Transient(connector, f"{doing}: a page that isn't GitHub's API refused the call")
    if status in {404, 410}:
        return Gone(connector, f"{doing}: not there, or not to be seen with this token ({status})")
    return Refused(connector, f"{doing}: {_why(answer)} ({status})")


def is_limit(answer: Answer) -> bool:
    """Whether the answer asks to wait, and had no effect."""
    if answer.status == 429:
        return True
    if answer.status not in {403, 422}:
        return False
    if answer.message.startswith((*_PRIMARY, *_SECONDARY)) or "submitted too quickly" in answer.message:
        return True
    return answer.status == 403 and ("retry-after" in answer.headers or answer.number("x-ratelimit-remaining") == 0)


def wait_of(answer: Answer) -> float:
    """Seconds to wait: ``retry-after``, else until the budget is renewed by the server's own clock, else a minute."""
    spent = answer.number("x-ratelimit-remaining") == 0 or answer.message.startswith(_PRIMARY)
    reset = answer.number("x-ratelimit-reset")
    otherwise = DEFAULT_WAIT
    if spent and reset is not None:
        left = reset - answer.time(datetime.now(UTC)).timestamp() + 1
        # A moment that is past says nothing about when to come back.
        otherwise = min(left, MAX_WAIT) if left > 0 else DEFAULT_WAIT
    return wait_asked(answer.headers, default=otherwise)


def _how(error: Exception) -> str:
    """How a call without an answer failed, without what the exception quotes."""
    if isinstance(error, requests.RequestException):
        return how_failed(error)
    return "the answer isn't one of GitHub's API"


def _why(answer: Answer) -> str:
    """Plain words for a refusal: a known reason, or the fields that GitHub found wrong."""
    if "x-github-sso" in answer.headers:
        return _PLAIN["saml"]
    for words, plain in _PLAIN.items():
        if words in answer.message:
            return plain
    errors = answer.data.get("errors") if isinstance(answer.data, dict) else None
    found = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    named = (" ".join(filter(None, (_word(one.get("field")), _word(one.get("code"))))) for one in found)
    fields = ", ".join(dict.fromkeys(text for text in named if text))
    return f"GitHub refused it: {fields}" if fields else "GitHub refused it"


def _word(value: object) -> str:
    """A name that GitHub gave, if it is one: anything longer might be text of a ticket."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
