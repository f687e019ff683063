"""Sweep: linked items are read again now and then, in case a feed has kept a change to itself.

A feed may lose an item for good: an index that never caught up, a row that moved between two pages of somebody else's
making. So at most one call for each hundred links is spent every quarter of an hour on whatever has been unseen for
longest: where a call reads one item, each is seen once a day at least.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from syncd.clock import moment
from syncd.errors import BrakeOn, ConnectorError
from syncd.model import Ref, Role, Word
from syncd.probe.doubles import look_for_doubles
from syncd.probe.observe import read
from syncd.probe.opened import look_who_reads
from syncd.work import Work

EVERY = 900.0
"""Seconds between two sweeps."""
SHARE = 0.01
"""Calls of a sweep for each live link."""
NIGHT = 86400.0
"""Seconds between two looks for doubles."""
LEAVE = 86400.0
"""Seconds that an item is left alone that couldn't be read."""


@dataclass(slots=True)
class Sweep:
    """The sweeps of one connector. Moments are monotonic."""

    name: str
    due: float = 0.0
    night: float = 0.0
    """When to look for doubles again."""
    credit: float = 0.0
    """Calls that may be made; where there are few links, several sweeps add up to one."""
    _failed: dict[Ref, float] = field(default_factory=dict)

    def run(self, work: Work) -> None:
        """Read what is due.

        Raises:
            ConnectorError, BrakeOn: as :func:`syncd.probe.observe.read`.
        """
        now = work.clock.monotonic()
        if now >= self.night:
            self.night = now + NIGHT
            look_for_doubles(work, self.name)
        if work.role(self.name) is Role.TRACKER:
            look_who_reads(work, self.name, ask=0 < self.due <= now)
        if now < self.due:
            return
        if self.due:  # what has just been walked, or polled after a start, needs no second look
            share = SHARE * work.store.links.live_count(self.name)
            self.credit = min(self.credit, 1.0) + share
        self.due = now + EVERY
        ask_quiet(work, self.name)
        self._failed = {ref: since for ref, since in self._failed.items() if now - since < LEAVE}
        connector = work.connectors[self.name]
        todo = [ref for ref in work.store.links.unseen(self.name, work.now) if ref not in self._failed]
        while todo and self.credit >= 1.0:
            part, todo = todo[: connector.capabilities.fetch_batch], todo[connector.capabilities.fetch_batch :]
            before = sum(connector.calls.values())
            try:
                read(work, part)
            except (ConnectorError, BrakeOn):
                self._failed |= dict.fromkeys(part, now)
                raise
            finally:
                self.credit -= max(1, sum(connector.calls.values()) - before)


def ask_quiet(work: Work, name: str) -> None:
    """Have those tickets looked at that are to be closed once nobody has done anything on them for long.

    Time alone brings them no news. What holds one back, such as a customer who wrote last, is told by a fresh read.
    """
    desk = work.helpdesks.get(name)
    limit = desk.playbook.close_after if desk else None
    if desk is None or limit is None:
        return
    latest = desk.playbook.timers.latest(limit, work.clock.now())
    with work.store.write():
        for key, status, version in work.store.snapshots.left(name):
            if desk.mapping.word(status) is Word.RESOLVED and moment(version) <= latest:
                work.store.queue.ask(key, "quiet", work.clock.now())
