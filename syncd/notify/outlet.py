"""The outlet: one sink with its budget and its state, shared by the alerts and the announcements that go there."""

from __future__ import annotations

import random
from collections import deque

from syncd.clock import Clock, precise
from syncd.logs import Log
from syncd.notify.sink import Notifier, Off, SinkError, Unsent
from syncd.store import Store

PER_MINUTE = 6
"""Messages to one sink."""
FIRST_WAIT, LONGEST_WAIT = 15.0, 900.0
"""Seconds until a sink that doesn't work is tried again: the first time, and at most."""
MINUTE = 60.0
_ANY = random.SystemRandom()


class Outlet:
    """One sink. Used by one thread.

    Args:
        name: the sink's.
        notifier: how it is reached.
        clock: what now is.
        log: where is said what wasn't sent.
    """

    def __init__(self, name: str, notifier: Notifier, *, clock: Clock, log: Log) -> None:
        self.name, self.notifier, self._clock, self._log = name, notifier, clock, log
        self._sent: deque[float] = deque(maxlen=PER_MINUTE)
        self._not_before, self._failures = 0.0, 0
        self._off = False

    @property
    def left(self) -> int:
        """Messages that may be sent now, as far as the budget goes."""
        since = self._clock.monotonic() - MINUTE
        return PER_MINUTE - sum(sent > since for sent in self._sent)

    def rests(self) -> bool:
        """Nothing is to be sent now: it is left alone for a while or for good, or syncd is to stop.

        To ask is progress, as the watchdog sees it.
        """
        return self._off or self._clock.monotonic() < self._not_before or self._clock.sleep(0)

    def spend(self) -> None:
        """A message is about to be sent."""
        self._sent.append(self._clock.monotonic())

    def arrived(self, store: Store) -> None:
        """It takes messages. Inside a transaction."""
        now = precise(self._clock.now())
        self._failures = 0
        store.alerts.stands(self.name, "ok", "", now)
        store.alerts.sent(self.name, now)

    def failed(self, store: Store, error: SinkError) -> None:
        """Left alone for a while, or for good; a transaction of its own."""
        self._failures += 1
        self._off = isinstance(error, Off)
        state = "off" if self._off else "failing"
        wait = min(FIRST_WAIT * 2.0 ** (self._failures - 1), LONGEST_WAIT) * _ANY.uniform(0.8, 1.2)
        asked = error.wait if isinstance(error, Unsent) else None
        self._not_before = self._clock.monotonic() + (wait if asked is None else asked)
        row = store.alerts.sinks().get(self.name)
        if row is None or (row.state, row.reason) != (state, error.what):
            say = self._log.error if self._off else self._log.warning
            say("not notified", sink=self.name, state=state, why=error.what)
        with store.write():
            store.alerts.stands(self.name, state, error.what, precise(self._clock.now()))
