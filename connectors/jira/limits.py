"""What a 429 of Jira stops: the whole site, one kind of call, or writes to one issue.

Jira Cloud limits in three ways at once (Rate limiting): points per hour, calls per second of one endpoint, writes per
issue. ``RateLimit-Reason`` says which, and only the first concerns everything. Data Center has one bucket per user,
and says nothing (Adjusting your code for rate limiting): that is the whole account, as is any reason we don't know.
All of these count what this account or app does, not what people do: there is nothing to leave to them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from syncd.clock import Clock

MOST = 1000
"""So many closings are remembered at most."""


class Scope(StrEnum):
    """How far a limit reaches."""

    SITE = "site"
    CALL = "call"
    """One endpoint and method."""
    ISSUE = "issue"
    """Writes to one issue."""


def scope_of(headers: Mapping[str, str]) -> Scope:
    """What a 429 with these headers (lower case) is about."""
    reason = headers.get("ratelimit-reason", "").lower()
    if "per-issue" in reason:
        return Scope.ISSUE
    return Scope.CALL if "burst" in reason else Scope.SITE


class Limits:
    """Which kinds of calls, and which issues, Jira has asked to leave alone, and until when."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._until: dict[str, float] = {}

    def close(self, scope: Scope, method: str, path: str, seconds: float) -> None:
        """From now on leave alone what this call was about. A limit of the site is the core's to keep."""
        name = _names(method, path).get(scope)
        if name is None:
            return
        now = self.clock.monotonic()
        self._until = {key: until for key, until in self._until.items() if until > now}
        if len(self._until) < MOST:
            self._until[name] = now + seconds

    def left(self, method: str, path: str) -> float:
        """Seconds until this call may be made; 0 if it may be now."""
        now = self.clock.monotonic()
        return max(0.0, *(self._until.get(name, now) - now for name in _names(method, path).values()), 0.0)


def _names(method: str, path: str) -> dict[Scope, str]:
    """What limits call it: ``POST issue/*/comment``, and ``issue 10042`` for a write to one."""
    kind = re.sub(r"/(?:[A-Za-z][A-Za-z0-9_]*-)?[0-9]+(?=/|$)", "/*", path)
    names = {Scope.CALL: f"{method} {kind}"}
    issue = re.search(r"(?:^|/)(?:issue|request)/([^/]+)(?:/|$)", path)
    if issue and method != "GET":
        names[Scope.ISSUE] = f"issue {issue[1]}"
    return names
