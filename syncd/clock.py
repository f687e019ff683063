"""Time and sleep, injected everywhere, so that a test can run a day in a second."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What syncd knows of time."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC: for what people read and for what is stored."""

    def monotonic(self) -> float:
        """Seconds that never jump: for waits and deadlines."""

    def sleep(self, seconds: float) -> bool:
        """Wait; True if the wait was cut short because syncd is to stop."""


class SystemClock:
    """The real one; ``stop`` cuts every sleep short."""

    def __init__(self) -> None:
        self.stop = threading.Event()

    def now(self) -> datetime:
        """See :class:`Clock`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See :class:`Clock`."""
        return time.monotonic()

    def sleep(self, seconds: float) -> bool:
        """See :class:`Clock`."""
        return self.stop.wait(max(0.0, seconds))


class ManualClock:
    """A clock that moves only when told to, or when somebody sleeps on it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self._start = self._now
        self.slept: list[float] = []

    def now(self) -> datetime:
        """See :class:`Clock`."""
        return self._now

    def monotonic(self) -> float:
        """See :class:`Clock`."""
        return (self._now - self._start).total_seconds()

    def sleep(self, seconds: float) -> bool:
        """See :class:`Clock`."""
        self.slept.append(seconds)
        self.advance(max(0.0, seconds))
        return False

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)


def stamp(moment: datetime) -> str:
    """UTC as ``2026-01-05T09:00:00Z``: whole seconds, sorts as text, what the state holds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """The reverse of :func:`stamp`; takes any ISO time, and one without a zone as UTC."""
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def precise(when: datetime) -> str:
    """As :func:`stamp`, with microseconds: for what is compared with our own clock only."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
