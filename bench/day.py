"""A day in simulated time, with a helpdesk that is out for two hours: how long until everything is right again."""

from __future__ import annotations

import random
from typing import Any

from syncd.daemon.guarded import Guarded
from syncd.errors import ConnectorError
from syncd.ingest.poll import poll
from syncd.model import Status
from syncd.probe.settle import settle
from syncd.sync.reconcile import drain
from syncd.testing.memory import Entry
from tests.pairs import Pair

INTERVAL = 30
HOUR = 3600
OUT = (10 * HOUR, 12 * HOUR)
CHANGES = 400


class Day:
    """People who work all day, and the service's rounds between them."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311  # the same day each time
        self.pair = Pair(plain=True)
        self.pair.reconcile()
        self.guarded = {name: Guarded(one, self.pair.clock) for name, one in self.pair.work.connectors.items()}
        connectors: Any = self.pair.work.connectors
        connectors |= self.guarded
        self.waiting: list[tuple[Entry, Entry]] = []
        self.closed: list[Entry] = []
        self.began = self.pair.clock.monotonic()
        self.during = 0
        self.pair.desk.before_call = self._strike

    @property
    def now(self) -> float:
        """Seconds since midnight."""
        return self.pair.clock.monotonic() - self.began

    def _strike(self) -> None:
        """A call to the helpdesk: while it is out, it gets no answer."""
        self.pair.desk.faults.clear()
        if OUT[0] <= self.now < OUT[1]:
            self.pair.desk.faults.append(("cut", False))
            self.during += 1

    def act(self) -> None:
        """Somebody files an issue, or closes one that is known."""
        known = [one for one in self.waiting if one[0].status == Status("pending")]
        if known and self.rng.random() < 0.5:
            ticket, issue = self.rng.choice(known)
            self.waiting.remove((ticket, issue))
            self.pair.move(issue, "done")
            self.closed.append(ticket)
        else:
            ticket = self.pair.ticket()
            self.waiting.append((ticket, self.pair.issue(ticket)))

    def round(self) -> None:
        """What the lanes do between two polls."""
        for name, one in self.guarded.items():
            before = one.standing[0]
            try:
                poll(self.pair.work, name)
                settle(self.pair.work, name)
            except ConnectorError:
                pass
            if one.standing[0] == "ok" != before:
                with self.pair.store.write():
                    self.pair.store.queue.wake(name, self.pair.clock.now())
        drain(self.pair.work)

    def right(self) -> bool:
        """Whether every ticket is as it should be."""
        pending = all(ticket.status == Status("pending") for ticket, _ in self.waiting)
        return pending and all(ticket.status == Status("resolved") for ticket in self.closed)

    def live(self) -> tuple[str, ...]:
        """The day: changes, seconds from the end of the outage until all was right, calls in it, groups parked."""
        moments = sorted(self.rng.uniform(0, 24 * HOUR) for _ in range(CHANGES))
        done, right_at = 0, -1.0
        while self.now < 24 * HOUR:
            self.pair.tick(INTERVAL)
            while done < len(moments) and moments[done] <= self.now:
                self.act()
                done += 1
            self.round()
            if self.now >= OUT[1] and right_at < 0 and self.right():
                right_at = self.now - OUT[1]
        assert self.right(), "at the end of the day everything is right"
        return str(done), f"{right_at:.0f} s", str(self.during), str(len(self.pair.parked()))


def rows(days: int) -> list[tuple[str, ...]]:
    """A few days."""
    return [(str(seed + 1), *Day(seed).live()) for seed in range(days)]
