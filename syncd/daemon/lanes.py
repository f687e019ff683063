"""Lanes: the threads of the daemon, so that a slow or failing connector holds up nobody but itself (rule 13).

Each connector has a lane that reads it, and looks for its effects in doubt. Each *route*, the set of connectors that
some groups touch, has a lane that reconciles those groups: while one of them is slow, its groups wait and no others.
A lane that has not moved for longer than any call or wait of it may take is stuck, and the watchdog is not fed.
"""

from __future__ import annotations

import random
from collections import Counter
from functools import partial
from typing import Any

from syncd.config import Helpdesk
from syncd.daemon.guarded import STATES
from syncd.daemon.lane import SLICE, STUCK, Lane, LaneClock, Shared
from syncd.errors import ConnectorError, Gone, Interrupted, Refused
from syncd.ingest.poll import poll, walk
from syncd.issues.file import file
from syncd.late import what_is_late
from syncd.model import Audience
from syncd.notify import Announcer, Outlet, Teller, open_sink
from syncd.probe.settle import settle
from syncd.probe.sweep import Sweep
from syncd.sync.obey import obey
from syncd.sync.reconcile import drain
from syncd.work import Work

JITTER = 0.1
"""The share by which waits between polls differ, so that many installations don't ask all at once."""

LOOK_EVERY = 3.0
"""Seconds between two looks for what needs a person."""

SPARE = 2
"""Messages a minute that alerts leave to announcements, where a sink gets both."""


class PollLane(Lane):
    """Reads one connector, and settles its effects."""

    def __init__(self, shared: Shared, name: str) -> None:
        super().__init__(shared, f"poll {name}")
        self.connector = name
        one = {**shared.config.helpdesks, **shared.config.trackers}[name]
        self._interval = one.options.poll_interval
        desk = shared.config.helpdesks.get(name)
        self._after = desk.trackers if isinstance(desk, Helpdesk) else ()
        self._sweep = Sweep(name)

    def turn(self, work: Work) -> None:
        """One poll; the first time everything is walked, trackers before helpdesks."""
        name, shared = self.connector, self.shared
        row = work.store.connectors.get(name)
        if row is not None and row.paused:
            shared.tried[name].set()
            return
        try:
            self._read(work)
            obey(work, name)
            file(work, name)
            if work.writes:
                settle(work, name)
            self._sweep.run(work)
        finally:
            shared.tried[name].set()
            shared.news.set()

    def _read(self, work: Work) -> None:
        """All sources. What the service refuses for good is a fault of the configuration, until it is read again."""
        name, shared = self.connector, self.shared
        before, began, result = Counter(work.tally), self.clock.monotonic(), "defect"
        try:
            refused = poll(work, name) if shared.walked[name].is_set() else None
            if not shared.walked[name].is_set():
                self._first(work)
            self._tell_refused(refused)
            result = "refused" if refused else "ok"
        except ConnectorError as error:
            result = STATES.get(type(error), "refused")
            if isinstance(error, (Refused, Gone)):
                shared.refused[name] = error.what
            raise
        except Interrupted:
            result = "interrupted"
            raise
        finally:
            shared.metrics.polled(name, result, self.clock.monotonic() - began)
            shared.metrics.saw(name, *(work.tally[what] - before[what] for what in ("items", "echoes")))

    def _tell_refused(self, error: ConnectorError | None) -> None:
        """A source can't be read, and others can: told once, and in health for as long as it is so."""
        before = self.shared.refused.pop(self.connector, "")
        if error is not None:
            self.shared.refused[self.connector] = error.what
            if before != error.what:
                self.shared.log.warning("not read", connector=self.connector, why=error.what)

    def _first(self, work: Work) -> None:
        """All that the API shows, once. Tickets are known to be linked if the trackers were there first."""
        for tracker in self._after:
            while not self.shared.tried[tracker].wait(SLICE):
                if work.clock.sleep(0):
                    raise Interrupted("stopped before the first walk")
        with work.feeds[self.connector].walks.turn(work.clock):
            if not work.store.cursors.walked(self.connector):
                work.progress = lambda _what, _done, _total: self._tell_progress(work)
                walk(work, self.connector)
        work.seen.clear()
        self.shared.walked[self.connector].set()

    def _tell_progress(self, work: Work) -> None:
        """How far the first walk has come, over all sources; an estimate."""
        now, read = work.clock.now(), [one for (name, _), one in work.reading.items() if name == self.connector]
        total = sum(one.total(now) or one.items for one in read)
        self.shared.metrics.walked(self.connector, sum(one.items for one in read) / total if total else 0.0)

    def rest(self, work: Work) -> None:
        """The poll interval, a little more or less; a connector that is to be left alone, as long as that."""
        del work
        spread = random.SystemRandom().uniform(1 - JITTER, 1 + JITTER)
        self._wait(max(self._interval * spread, self.shared.connectors[self.connector].closed_for))


class RouteLane(Lane):
    """Reconciles the groups that touch the same connectors."""

    def __init__(self, shared: Shared, route: str) -> None:
        super().__init__(shared, f"reconcile {route.replace(' ', ' and ')}")
        self.route = route

    def turn(self, work: Work) -> None:
        """Every group that is due, once all of its connectors have been walked."""
        names = [name for name in self.route.split(" ") if name in self.shared.connectors]
        if all(self.shared.walked[name].is_set() for name in names):
            drain(work, route=self.route)

    def rest(self, work: Work) -> None:
        """Until the main thread sees that something is due."""
        del work
        self._wait(60.0)


class NotifyLane(Lane):
    """Tells one sink what needs a person, then what was filed; what is slow or down there holds up nothing else."""

    def __init__(self, shared: Shared, name: str) -> None:
        super().__init__(shared, f"notify {name}")
        sink = shared.config.notify[name]
        self._notifier = open_sink(name, sink)
        how: dict[str, Any] = {"clock": self.clock, "log": shared.log}
        outlet, desks = Outlet(name, self._notifier, **how), shared.config.helpdesks.values()
        spare = SPARE if any(name in desk.playbook.announce.sinks.values() for desk in desks) else 0
        tells = partial(what_is_late, helpdesks=shared.config.helpdesks, trackers=shared.config.trackers)
        names = frozenset(shared.connectors)
        self._teller = Teller(outlet, on=sink.on, connectors=names, late=tells, spare=spare, **how)
        self._announcer = Announcer(outlet, Audience(sink.audience), **how)

    def run(self) -> None:
        """See :class:`syncd.daemon.lane.Lane`."""
        try:
            super().run()
        finally:
            self._notifier.close()

    def turn(self, work: Work) -> None:
        """Whatever is due."""
        self._teller.turn(work.store)
        self._announcer.turn(work)

    def rest(self, work: Work) -> None:
        """A few seconds; nobody is told sooner."""
        del work
        self._wait(LOOK_EVERY)


__all__ = ["STUCK", "Lane", "LaneClock", "NotifyLane", "PollLane", "RouteLane", "Shared"]
