"""The stand-in's rate limits, as Zendesk's API reference has them (Rate limits): several buckets, each with a window.

A call counts in every bucket that it falls into, refused ones too; answers tell of those buckets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from syncd.testing import Reply, Request

PER_TICKET = "per-ticket-updates"
_WRITES = ("PUT", "POST", "DELETE")
_BODIES = {
    "json": ({"error": "APIRateLimitExceeded", "description": "Number of allowed API requests exceeded"}, None),
    "text": (b"Number of allowed API requests per minute exceeded", "text/plain; charset=utf-8"),
    "empty": (b"", None),
}


@dataclass(slots=True)
class Bucket:
    """A limit on some calls: so many in each window of so many seconds; None: not enforced."""

    limit: int | None
    window: int = 60
    shown: str = ""
    """The name in the header; none where nothing tells of it."""
    used: dict[tuple[int, str], int] = field(default_factory=dict)
    """By window and key; old windows are dropped as new ones begin."""

    def count(self, now: int, key: str, times: int = 1) -> bool:
        """Count a call; whether it was one too many."""
        window = now // self.window
        self.used = {old: used for old, used in self.used.items() if old[0] == window}
        self.used[window, key] = self.used.get((window, key), 0) + times
        return self.limit is not None and self.used[window, key] > self.limit

    def left(self, now: int, key: str) -> int:
        """How many are left in this window."""
        return max(0, self.told() - self.used.get((now // self.window, key), 0))

    def resets(self, now: int) -> int:
        """Seconds until the next window."""
        return self.window - now % self.window

    def told(self) -> int:
        """The limit that answers tell; a large one where none is enforced."""
        return 2500 if self.limit is None else self.limit


@dataclass
class Limits:
    """The buckets of an account on the plan Suite Enterprise.

    Switches: ``retry_after`` (``seconds``, ``date``, or ``none``: a 429 doesn't say how long), ``body`` (``json``,
    ``text``, ``empty``): what a refusal says is not dependable; ``name``: how headers spell it, ``RateLimit`` or, as in
    older recordings, ``Rate-Limit``.
    """

    now: Callable[[], datetime]
    retry_after: str = "seconds"
    body: str = "json"
    name: str = "RateLimit"

    def __post_init__(self) -> None:
        self.account = Bucket(700)
        self.exports = Bucket(10, shown="incremental-exports")
        self.updates = Bucket(100, shown="tickets-update")
        self.lists = Bucket(100, shown="tickets-index")
        self.deleted = Bucket(10)
        self.per_ticket = Bucket(30, 600, PER_TICKET)

    def lift(self) -> None:
        """Enforce none of them any more, and tell of an account with large ones."""
        for bucket in (self.account, self.exports, self.updates, self.lists, self.deleted, self.per_ticket):
            bucket.limit = None

    def use(self, name: str, times: int) -> None:
        """Others make calls: ``account``, ``exports``, ``updates`` or ``lists``."""
        getattr(self, name).count(self._seconds(), "", times)

    def count(self, request: Request, user: str) -> Reply | None:
        """Count a call in its buckets; the refusal, if one of them is full."""
        now = self._seconds()
        over = [bucket for bucket, key in self._buckets(request, user) if bucket.count(now, key)]
        if not over:
            return None
        longest = max(bucket.resets(now) for bucket in over)
        raw, kind = _BODIES[self.body]
        headers = {"Content-Type": kind} if kind else {}
        if self.retry_after == "seconds":
            headers["Retry-After"] = str(longest)
        elif self.retry_after == "date":
            until = self.now().astimezone(UTC) + timedelta(seconds=longest)
            headers["Retry-After"] = format_datetime(until, usegmt=True)
        return Reply(429, raw, headers)

    def headers(self, request: Request, user: str) -> dict[str, str]:
        """What the answer to this call tells."""
        now = self._seconds()
        left = str(self.account.left(now, ""))
        found = {
            "X-Rate-Limit": str(self.account.told()),
            "X-Rate-Limit-Remaining": left,
            f"{self.name}-Limit": str(self.account.told()),
            f"{self.name}-Remaining": left,
            f"{self.name}-Reset": str(self.account.resets(now)),
        }
        for bucket, key in self._buckets(request, user):
            if bucket.shown:
                told = f"total={bucket.told()}; remaining={bucket.left(now, key)}; resets={bucket.resets(now)}"
                found[f"Zendesk-{self.name}-{bucket.shown}"] = told
        return found

    def _buckets(self, request: Request, user: str) -> list[tuple[Bucket, str]]:
        path = request.path.removeprefix("/api/v2")
        found = [(self.account, "")]
        if path.startswith("/incremental/"):
            found.append((self.exports, ""))
        if path == "/tickets" and request.method == "GET":
            found.append((self.lists, ""))
        if path == "/deleted_tickets":
            found.append((self.deleted, ""))
        single = re.fullmatch(r"/tickets/(\d+)(/tags)?", path)
        if request.method in _WRITES and (single or path == "/tickets/update_many"):
            found.append((self.updates, ""))
        if request.method in _WRITES and single:
            found.append((self.per_ticket, f"{user} {single[1]}"))
        return found

    def _seconds(self) -> int:
        return int(self.now().timestamp())
