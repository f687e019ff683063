"""The stand-in's rate limits (Freshdesk API docs, Rate limit): per account and minute, in credits."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from syncd.testing import Reply, Request

LARGE = 5000
"""Credits a minute of an account whose limit isn't enforced."""
_BODIES = {
    "empty": (b"", None),
    "json": (
        json.dumps({"message": "You have exceeded the limit of requests per minute"}).encode(),
        "application/json",
    ),
    "html": (b"<html><body>Too many requests</body></html>", "text/html"),
}
"""What a refusal's body looks like isn't documented."""


@dataclass
class Limits:
    """Counts credits by minute; refused calls count too.

    A limit of None isn't enforced, and answers then tell of an account so large that each call is a minute's first.
    """

    now: Callable[[], datetime]
    account: int | None = None
    lists: int | None = None
    updates: int | None = None
    body: str = "json"
    least: float = math.inf
    """The least that was left in any minute."""
    _minute: int = 0
    _used: float = 0
    _used_lists: int = 0
    _used_updates: int = 0
    _last: int = 1

    def use(self, credits: int) -> None:  # noqa: A002  # as Freshdesk calls them
        """Others make calls that cost so much."""
        self._turn()
        self._used += credits

    def count(self, request: Request) -> Reply | None:
        """Count a call; the refusal, if it is one too many."""
        into = self._turn()
        self._last = self._price(request)
        self._used += self._last
        self.least = min(self.least, self._left())
        over = self.account is not None and self._used > self.account
        if request.path == "/api/v2/tickets":
            self._used_lists += self._last
            over = over or (self.lists is not None and self._used_lists > self.lists)
        if request.method == "PUT":
            self._used_updates += 1
            over = over or (self.updates is not None and self._used_updates > self.updates)
        if not over:
            return None
        raw, kind = _BODIES[self.body]
        return Reply(429, raw, {"Retry-After": str(60 - into)} | ({"Content-Type": kind} if kind else {}))

    def headers(self) -> dict[str, str]:
        """As recorded: floats as text."""
        return {
            "X-RateLimit-Total": str(float(self.account or LARGE)),
            "X-RateLimit-Remaining": str(self._left()),
            "X-RateLimit-Used-CurrentRequest": str(self._last),
        }

    def _turn(self) -> int:
        """Begin a new minute if there is one; how far into it we are, in seconds."""
        minute, into = divmod(int(self.now().timestamp()), 60)
        if minute != self._minute:
            self._minute, self._used, self._used_lists, self._used_updates = minute, 0, 0, 0
        return into

    def _left(self) -> float:
        return float(LARGE - self._last) if self.account is None else max(0.0, float(self.account - self._used))

    @staticmethod
    def _price(request: Request) -> int:
        """A list costs 2 more for each include, a single read 1 more."""
        includes = len([one for one in request.arg("include").split(",") if one])
        return 1 + includes * (2 if request.path == "/api/v2/tickets" else 1)
