"""The stand-in's limits: by second and endpoint, by issue, by hour, and Data Center's one bucket.

Numbers and headers as the vendor tells them (Jira Cloud platform, Rate limiting; Data Center, Adjusting your code for
rate limiting). A limit that is None isn't enforced.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from syncd.testing import Reply, Request

RATES = {"GET": 100, "POST": 100, "PUT": 50, "DELETE": 50}
ISSUE_RATES = ((20, 2.0), (100, 30.0))
"""Writes to one issue, in so many seconds."""
_EXEMPT = re.compile(r"/rest/(api/\w+/serverInfo|auth/.*|api/\w+/issue/[^/]+/remotelink.*)")
_WRITE = re.compile(r"/rest/(?:api/\w+/issue|servicedeskapi/request)/([A-Za-z]\w*-\d+|\d+)(?:/.*)?")


@dataclass(slots=True)
class _Bucket:
    """Tokens, as of a time."""

    left: float
    at: datetime


@dataclass
class Throttle:
    """Counts calls, and refuses those that are too many.

    Args:
        now: the clock, with fractions of a second.
        id_of: an issue by any of its keys.
        cloud: as Cloud limits; else as Data Center.
    """

    now: Callable[[], datetime]
    id_of: Callable[[str], int | None]
    cloud: bool
    burst: bool = False
    """Whether calls of one endpoint are limited by the second."""
    rates: dict[str, int] = field(default_factory=lambda: dict(RATES))
    per_issue: bool = False
    """Whether writes to one issue are limited."""
    quota: int | None = None
    """Points per hour; they are new at the full hour. Tokens of people have none, apps have."""
    points: int = 0
    bucket: int | None = None
    """Data Center: calls of a user at once; ``fill`` of them come back every ``interval`` seconds."""
    fill: int = 5
    interval: int = 1
    refused: int = 0
    """Calls that were refused."""
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _writes: dict[int, list[datetime]] = field(default_factory=dict)
    _hour: datetime | None = None

    def count(self, request: Request) -> Reply | None:
        """Count a call; the refusal, if it is one too many."""
        reply = self._on_cloud(request) if self.cloud else self._on_server(request)
        self.refused += reply is not None
        return reply

    def price(self, request: Request, reply: Reply) -> None:
        """Points: one for the call, and for a read one more for each issue that is told."""
        self._turn()
        body = reply.body if isinstance(reply.body, dict) else {}
        told = len(body["issues"]) if "issues" in body else int("fields" in body)
        reads = request.method == "GET" or request.path.endswith(("/search/jql", "/bulkfetch"))
        self.points += 1 + (told if reads else 0)

    def headers(self) -> dict[str, str]:
        """What every answer tells of what is left."""
        if not self.cloud:
            return {} if self.bucket is None else self._told(self._left("user", self.bucket, self.fill / self.interval))
        if self.quota is None:
            return {}
        left = max(0, self.quota - self.points)
        near = {"X-RateLimit-NearLimit": "true"} if left < self.quota / 5 else {}
        return {"X-RateLimit-Limit": str(self.quota), "X-RateLimit-Remaining": str(left)} | near

    # --- Cloud ---

    def _on_cloud(self, request: Request) -> Reply | None:
        now = self._turn()
        if self.quota is not None and self.points >= self.quota:
            until = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
            return _limited("jira-quota-tenant-based", self.quota, until, now)
        if self.burst:
            rate = self.rates[request.method]
            if not self._take(f"{request.method} {_endpoint(request.path)}", rate, rate):
                return _limited("jira-burst-based", rate, now + timedelta(seconds=1), now)
        return self._written(request, now) if self.per_issue else None

    def _written(self, request: Request, now: datetime) -> Reply | None:
        named = _WRITE.fullmatch(request.path)
        if named is None or request.method == "GET":
            return None
        id_ = self.id_of(named[1])
        if id_ is None:
            return None
        made = self._writes.setdefault(id_, [])
        for most, seconds in ISSUE_RATES:
            recent = [at for at in made if now - at < timedelta(seconds=seconds)]
            if len(recent) >= most:
                return _limited("jira-per-issue-on-write", most, recent[0] + timedelta(seconds=seconds), now)
        made.append(now)
        return None

    def _turn(self) -> datetime:
        """Begin a new hour if there is one."""
        now = self.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self.points = hour, 0
        return now

    # --- Data Center ---

    def _on_server(self, request: Request) -> Reply | None:
        if self.bucket is None or _EXEMPT.fullmatch(request.path):
            return None
        if self._take("user", self.bucket, self.fill / self.interval):
            return None
        return Reply(429, b"", self._told(0) | {"retry-after": str(self.interval)})

    def _told(self, left: float) -> dict[str, str]:
        shown: Mapping[str, Any] = {
            "X-RateLimit-Limit": self.bucket, "X-RateLimit-Remaining": int(left), "X-RateLimit-FillRate": self.fill,
            "X-RateLimit-Interval-Seconds": self.interval, "retry-after": 0,
        }  # fmt: skip
        return {name: str(value) for name, value in shown.items()}

    # --- buckets ---

    def _left(self, name: str, size: float, per_second: float) -> float:
        bucket, now = self._buckets.setdefault(name, _Bucket(size, self.now())), self.now()
        passed = (now - bucket.at).total_seconds()
        bucket.left, bucket.at = min(size, bucket.left + passed * per_second), now
        return bucket.left

    def _take(self, name: str, size: float, per_second: float) -> bool:
        if self._left(name, size, per_second) < 1:
            return False
        self._buckets[name].left -= 1
        return True


def _endpoint(path: str) -> str:
    """What a path asks for, whatever it is about."""
    return re.sub(r"/[^/]*\d[^/]*(?=/|$)", "/*", path.partition("/rest/")[2].partition("/")[2])


def _limited(reason: str, most: int, until: datetime, now: datetime) -> Reply:
    wait = max(1, math.ceil((until - now).total_seconds()))
    headers = {"Retry-After": str(wait), "X-RateLimit-Limit": str(most), "X-RateLimit-Remaining": "0"}
    headers |= {"X-RateLimit-Reset": f"{until:%Y-%m-%dT%H:%M:%SZ}", "RateLimit-Reason": reason}
    return Reply(429, b"", headers)
