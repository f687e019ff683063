"""Lanes: the threads of the daemon, so that a slow or failing connector holds up nobody but itself (rule 13).

Each connector has a lane that reads it, and looks for its effects in doubt. Each *route*, the set of connectors that
some groups touch, has a lane that reconciles those groups: while one of them is slow, its groups wait and no others.
A lane that has not moved for longer than any call or wait of it may take is stuck, and the watchdog is not fed.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syncd.act import settle
from syncd.clock import Clock, SystemClock
from syncd.config import Config, Helpdesk
from syncd.defects import told
from syncd.errors import BrakeOn, ConnectorError, Gone, Interrupted, Refused
from syncd.guarded import Guarded
from syncd.logs import Log
from syncd.poll import poll, walk
from syncd.reconcile import drain
from syncd.records import Plan, Step
from syncd.store import ConnectorRow, Store
from syncd.sweep import Sweep
from syncd.turns import Turns
from syncd.work import Work

STUCK = 150.0
"""Seconds without a move after which a lane counts as stuck: four calls at their longest (35 s)."""
SLICE = 5.0
"""Seconds of a wait after which a lane shows that it is alive."""
AFTER_DEFECT = 60.0
ALERT_AGAIN = 3600.0
"""Seconds until the same alert about the same group is worth a line again."""
AFTER_PAUSE = 60.0
"""Seconds that a pause outlasts its being looked at; far more than lies between two looks."""
JITTER = 0.1
"""The share by which waits between polls differ, so that many installations don't ask all at once."""


class LaneClock:
    """The clock of one lane: a long wait of it is a move now and then."""

    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock
        self.moved_at = clock.monotonic()

    def now(self) -> datetime:
        """See :class:`syncd.clock.Clock`."""
        return self._clock.now()

    def monotonic(self) -> float:
        """See :class:`syncd.clock.Clock`."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> bool:
        """See :class:`syncd.clock.Clock`."""
        until = self.monotonic() + seconds
        while True:
            self.moved_at = self.monotonic()
            left = until - self.monotonic()
            if self._clock.sleep(min(left, SLICE)):
                return True
            if left <= SLICE:
                return False

    def moved(self) -> None:
        """There is progress."""
        self.moved_at = self.monotonic()


@dataclass
class Shared:
    """What all lanes share."""

    config: Config
    clock: SystemClock
    store: Store
    """The main thread's; lanes make fellows of it."""
    marker_key: bytes
    connectors: Mapping[str, Guarded]
    log: Log
    walked: Mapping[str, threading.Event]
    """Per connector: its first walk is over, so that its groups may be written to (rule 4)."""
    tried: Mapping[str, threading.Event]
    """Per connector: its first walk has been tried."""
    paused: dict[str, tuple[float, str]] = field(default_factory=dict)
    vanished: dict[str, list[float]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """Connectors that can't be read as they are configured, and why not."""
    news: threading.Event = field(default_factory=threading.Event)
    """Something was read: there may be groups to reconcile."""
    told: dict[str, str] = field(default_factory=dict)
    """Per group what observe mode has said last, so that it isn't said again."""
    alerted: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Per group the last alert, and when (monotonic)."""
    lanes: dict[str, Lane] = field(default_factory=dict)
    """By connector and by route."""
    resting: set[str] = field(default_factory=set)
    """Connectors that a person has paused."""
    guests: set[threading.Thread] = field(default_factory=set)
    """Threads that do what somebody has asked the service for; they end when the lanes do."""
    tallies: list[Counter[str]] = field(default_factory=list)
    """What the lanes have done so far."""
    whole: Turns = field(default_factory=Turns)
    """Who may walk everything."""

    def heed_pauses(self, rows: Mapping[str, ConnectorRow]) -> None:
        """Whom a person has paused is left alone from the next call on, and for a while after that."""
        for name in self.connectors:
            if name in rows and rows[name].paused:
                self.paused[name] = (self.clock.monotonic() + AFTER_PAUSE, f"it is paused {rows[name].resting}")
                self.resting.add(name)
            elif name in self.resting:
                self.resting.discard(name)
                self.paused.pop(name, None)
                self.lanes[name].wake.set()
                self.news.set()

    def work(self, store: Store, clock: Clock) -> Work:
        """What one lane works with."""
        return Work(
            store=store,
            clock=clock,
            connectors=self.connectors,
            helpdesks=self.config.helpdesks,
            trackers=self.config.trackers,
            marker_key=self.marker_key,
            brake=self.config.brake,
            writes=self.config.mode == "live",
            say=lambda line: self.log.info("told", what=line),
            wrote=self._wrote,
            planned=self._planned,
            feeds={name: one.feed for name, one in self.connectors.items()},
            parked=self._parked,
            paused=self.paused,
            vanished=self.vanished,
        )

    def _wrote(self, step: Step, outcome: str) -> None:
        """One line per write."""
        say = self.log.info if outcome == "done" else self.log.warning
        say("wrote" if outcome == "done" else "not written", **_told_of(step), outcome=outcome)

    def _parked(self, group: str, reason: str) -> None:
        """One alert, however often the group is tried again within an hour and fails for the same reason."""
        before, when = self.alerted.get(group, ("", 0.0))
        now = self.clock.monotonic()
        if before != reason or now - when > ALERT_AGAIN:
            self.alerted[group] = reason, now
            self.log.warning("parked", group=group, why=reason)

    def _planned(self, plan: Plan) -> None:
        """Observe mode: what would have been written, once."""
        said = repr([(step.target, step.why.rule, str(step.status)) for step in plan.steps])
        if plan.steps and self.told.get(plan.group) != said:
            for step in plan.steps:
                self.log.info("would write", **_told_of(step))
        self.told[plan.group] = said


def _told_of(step: Step) -> dict[str, object]:
    return {
        "connector": step.target.connector,
        "item": step.target.human,
        "rule": step.why.rule,
        "moved": step.why.moved,
        "before": step.why.before.value,
        "after": step.why.after.value,
        "notes": len(step.effects),
    }


class Lane(threading.Thread):
    """A thread that goes on until it is told to stop."""

    def __init__(self, shared: Shared, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.shared = shared
        self.clock = LaneClock(shared.clock)
        self.wake = threading.Event()

    @property
    def stuck(self) -> bool:
        """It is at something that should have been over long ago."""
        return self.is_alive() and self.clock.monotonic() - self.clock.moved_at > STUCK

    def run(self) -> None:
        """Turn after turn; a defect in one costs a pause, and is told."""
        store = self.shared.store.fellow()
        try:
            work = self.shared.work(store, self.clock)
            self.shared.tallies.append(work.tally)
            while not self.shared.clock.stop.is_set():
                self._turn(work)
        except Interrupted:
            return
        finally:
            store.close()

    def _turn(self, work: Work) -> None:
        try:
            self.turn(work)
        except ConnectorError as error:
            self.shared.log.warning("not read", connector=error.connector, why=error.what)
        except BrakeOn as error:
            self.shared.log.error("brake", why=str(error))  # noqa: TRY400  # a sentence says it all
        except Interrupted:
            raise
        except Exception as error:  # noqa: BLE001  # one defect must not end the others' work
            self.shared.log.error("defect", lane=self.name, what=told(error))  # noqa: TRY400  # no ticket text
            work.clock.sleep(AFTER_DEFECT)
        self.rest(work)

    def turn(self, work: Work) -> None:
        """What there is to do."""
        raise NotImplementedError

    def rest(self, work: Work) -> None:
        """Until there may be something to do again."""
        raise NotImplementedError

    def _wait(self, seconds: float) -> None:
        """Until woken, stopped, or that much later."""
        until = self.clock.monotonic() + seconds
        while not self.shared.clock.stop.is_set() and not self.wake.is_set():
            left = until - self.clock.monotonic()
            if left <= 0:
                return
            self.clock.moved()
            self.wake.wait(min(left, SLICE))
        self.wake.clear()


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
            if work.writes:
                settle(work, name)
            self._sweep.run(work)
        finally:
            shared.tried[name].set()
            shared.news.set()

    def _read(self, work: Work) -> None:
        """All sources. What the service refuses for good is a fault of the configuration, until it is read again."""
        name, refused = self.connector, self.shared.refused
        try:
            if self.shared.walked[name].is_set():
                poll(work, name)
            else:
                self._first(work)
        except (Refused, Gone) as error:
            refused[name] = error.what
            raise
        refused.pop(name, None)

    def _first(self, work: Work) -> None:
        """All that the API shows, once. Tickets are known to be linked if the trackers were there first."""
        for tracker in self._after:
            while not self.shared.tried[tracker].wait(SLICE):
                if work.clock.sleep(0):
                    raise Interrupted("stopped before the first walk")
        with work.feeds[self.connector].walks.turn(work.clock):
            if not work.store.cursors.walked(self.connector):
                walk(work, self.connector)
        work.seen.clear()
        self.shared.walked[self.connector].set()

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
