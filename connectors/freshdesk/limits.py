"""The stand-in's rate limits (Freshdesk API docs, Rate limit): per account and minute, in credits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from syncd.testing import Reply, Request

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
    """Counts credits by minute. A limit of None isn't enforced; refused calls count too."""

    now: Callable[[], datetime]
    account: int | None = None
    lists: int | None = None
    updates: int | None = None
    body: str = "json"
    _minute: int = 0
    _used: float = 0
    _used_lists: int = 0
    _used_updates: int = 0
    _last: int = 1

    def count(self, request: Request) -> Reply | None:
        """Count a call; the refusal, if it is one too many."""
        minute, into = divmod(int(self.now().timestamp()), 60)
        if minute != self._minute:
            self._minute, self._used, self._used_lists, self._used_updates = minute, 0, 0, 0
        self._last = self._price(request)
        self._used += self._last
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
        total = float(self.account or 5000)
        return {
            "X-RateLimit-Total": str(total),
            "X-RateLimit-Remaining": str(max(0.0, total - self._used)),
            "X-RateLimit-Used-CurrentRequest": str(self._last),
        }

    @staticmethod
    def _price(request: Request) -> int:
        """A list costs 2 more for each include, a single read 1 more."""
        includes = len([one for one in request.arg("include").split(",") if one])
        return 1 + includes * (2 if request.path == "/api/v2/tickets" else 1)
