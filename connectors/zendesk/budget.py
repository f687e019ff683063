"""How many calls the account has left, in which bucket, and for whom.

Zendesk counts the calls of an account by the minute, whoever makes them, and some of them once more in buckets of
their own: updates of tickets, to which agents' own work counts too, lists of tickets, exports, and updates of one
ticket by one user (Zendesk docs, Rate limits). Each answer tells its buckets in headers whose spelling has changed
over time. What was measured doesn't hold exactly: a refusal may come while something is left, and says when to return.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import requests

from syncd.clock import Clock

ACCOUNT = "account"
UPDATES = "tickets-update"
ONE_TICKET = "per-ticket-updates"
LISTS = "tickets-index"
EXPORTS = "incremental-exports"
JOBS = "inflight-jobs"

MINUTE = 60.0
SHORTEST = 1.0
"""Seconds that are waited at least."""
FOR_WALKS = 3
"""Calls a minute that a walk may have beyond what polls take: else it would wait for a whole minute behind them."""
ASK_AGAIN = 10.0
"""Seconds after a refusal that doesn't say when to return."""

_NAMED = re.compile(r"zendesk-rate-?limit-(.+)")
_PART = re.compile(r"(total|remaining|resets)\s*=\s*(\d{1,9})")
_TOTALS = ("x-rate-limit", "ratelimit-limit", "x-ratelimit-limit", "rate-limit-limit")
_LEFT = ("x-rate-limit-remaining", "ratelimit-remaining", "x-ratelimit-remaining", "rate-limit-remaining")
_RESETS = ("ratelimit-reset", "x-ratelimit-reset", "rate-limit-reset", "x-rate-limit-reset")


@dataclass(slots=True)
class Bucket:
    """One limit: what it is in all, what is left, and until when (our monotonic clock)."""

    total: float
    remaining: float
    until: float
    begun: set[str] = field(default_factory=set)
    """What was begun since the limit was last filled."""


@dataclass(slots=True)
class Budget:
    """What is left. ``headroom``: the share of each bucket that is people's, 0..1."""

    clock: Clock
    headroom: float
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def note(self, answer: requests.Response) -> None:
        """What an answer tells of the limits."""
        now = self.clock.monotonic()
        for name, total, left, resets in limits(answer.headers):
            known = self.buckets.get(name)
            same = known if known is not None and now < known.until and left <= known.remaining else None
            until = now + resets if resets is not None else same.until if same else now + MINUTE
            self.buckets[name] = Bucket(total, left, until, same.begun if same else set())

    def wait(self, kind: str, calls: Mapping[str, int]) -> float | None:
        """Seconds until something may be begun that takes so many calls of each bucket; None if it may be now.

        The first of each kind since a bucket was filled always may: else nothing would ever get on where others leave
        less than the headroom, and what takes more calls than a minute has would never begin.
        """
        now = self.clock.monotonic()
        short = [bucket for name, count in calls.items() if (bucket := self._short(name, count, kind, now)) is not None]
        for name in () if short else calls:
            if name in self.buckets:
                self.buckets[name].begun.add(kind)
        return max(SHORTEST, *(bucket.until - now for bucket in short)) if short else None

    def _short(self, name: str, calls: int, kind: str, now: float) -> Bucket | None:
        found = self.buckets.get(name)
        if found is None or now >= found.until or kind not in found.begun:
            return None
        return None if found.remaining - calls >= self.headroom * found.total else found


class Pace:
    """So many a minute, whatever the service would allow; a few more for walks, which somebody waits for."""

    def __init__(self, clock: Clock, each_minute: int) -> None:
        self.clock, self.each_minute = clock, each_minute
        self._times: deque[float] = deque(maxlen=each_minute + FOR_WALKS)
        self._until = self._promised = -math.inf

    @property
    def promised(self) -> bool:
        """Whether the next one is a walk's that had to wait, and polls go without: else they would starve it."""
        return self.clock.monotonic() < self._promised

    def promise(self) -> None:
        """The next one is a walk's; for two minutes, in case it doesn't come back for it."""
        self._promised = self.clock.monotonic() + 2 * MINUTE

    def wait(self, *, walk: bool) -> float:
        """Seconds until the next; 0 if it may be now."""
        most = self.each_minute + (FOR_WALKS if walk else 0)
        full = self._times[-most] + MINUTE if len(self._times) >= most else -math.inf
        return max(0.0, max(full, self._until) - self.clock.monotonic())

    def count(self) -> None:
        """One is made, and a promise kept."""
        self._promised = -math.inf
        self._times.append(self.clock.monotonic())

    def rest(self, seconds: float) -> None:
        """None for so long: the service said so."""
        self._until = self.clock.monotonic() + seconds


def limits(headers: Mapping[str, str]) -> Iterator[tuple[str, float, float, float | None]]:
    """Each bucket that an answer tells of: its name, total, what is left, and in how many seconds it is full again."""
    low = {name.lower(): value for name, value in headers.items()}
    total, left = _first(low, _TOTALS), _first(low, _LEFT)
    if total and left is not None:
        yield ACCOUNT, total, left, _first(low, _RESETS)
    for name, value in low.items():
        named, parts = _NAMED.fullmatch(name), dict(_PART.findall(value))
        if named and int(parts.get("total", 0)) and "remaining" in parts:
            resets = float(parts["resets"]) if "resets" in parts else None
            yield named[1], float(parts["total"]), float(parts["remaining"]), resets


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> float | None:
    for name in names:
        text = headers.get(name, "").split(";")[0].split(",")[0].strip()
        if re.fullmatch(r"\d{1,9}(\.\d+)?", text) and math.isfinite(float(text)):
            return float(text)
    return None
