"""How many calls the account has left in this minute, and for whom.

Freshdesk counts the calls of an account by the minute, whoever makes them: apps, other integrations, us (API docs,
Rate limit: 50 on a trial, 200 on Growth, 400 on Pro, 700 on Enterprise; a free account has no API). Each answer tells
the total and what is left after it, in numbers that may be whole or not; it need not. When the minute began isn't
told, so it is taken to end sixty seconds after the first answer that we saw in it; or when a refusal says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import requests

from syncd.clock import Clock
from syncd.http import wait_asked

MINUTE = 60.0
SHORTEST = 1.0
"""Seconds that are waited at least."""


@dataclass(slots=True)
class Budget:
    """What is left of the minute. ``headroom``: the share of it that is people's, 0..1."""

    clock: Clock
    headroom: float
    total: float = 0.0
    """0 where the account doesn't tell."""
    remaining: float = 0.0
    until: float = -math.inf
    """On our monotonic clock: when the minute is over."""
    _begun: set[str] = field(default_factory=set)
    """What was begun in this minute."""

    def note(self, answer: requests.Response) -> None:
        """What an answer tells of the limit."""
        now = self.clock.monotonic()
        total, left = _number(answer, "X-RateLimit-Total"), _number(answer, "X-RateLimit-Remaining")
        if total is not None and left is not None and total > 0:
            if now >= self.until or left > self.remaining:
                self.until = now + MINUTE
                self._begun.clear()
            self.total, self.remaining = total, left
        if answer.status_code == 429:
            self.until = now + wait_asked(answer.headers)

    def wait(self, kind: str, calls: int) -> float | None:
        """Seconds until something may be begun that takes so many calls; None if it may be now.

        The first of each kind in a minute always may: else nothing would ever get on where others leave less than the
        headroom, and what takes more calls than a minute has would never begin.
        """
        left = self.until - self.clock.monotonic()
        enough = not self.total or self.remaining - calls >= self.headroom * self.total
        if left <= 0 or enough or kind not in self._begun:
            self._begun.add(kind)
            return None
        return max(left, SHORTEST)


def _number(answer: requests.Response, header: str) -> float | None:
    try:
        found = float(answer.headers[header])
    except (KeyError, ValueError):
        return None
    return found if math.isfinite(found) else None
