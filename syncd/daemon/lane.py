"""What every lane is: a thread with a clock of its own, and what all lanes share. The lanes: :mod:`.lanes`."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syncd.clock import Clock, SystemClock, precise
from syncd.config import Config
from syncd.daemon.guarded import Guarded
from syncd.daemon.metrics import Metrics
from syncd.defects import told
from syncd.errors import BrakeOn, ConnectorError, Interrupted, StateError
from syncd.logs import Log
from syncd.records import Plan, Step
from syncd.store import ConnectorRow, DatabaseError, Store
from syncd.turns import Turns
from syncd.work import Work, WouldFile

STUCK = 150.0
"""Seconds without a move after which a lane counts as stuck: four calls at their longest (35 s)."""
SLICE = 5.0
"""Seconds of a wait after which a lane shows that it is alive."""
AFTER_DEFECT = 60.0
ALERT_AGAIN = 3600.0
"""Seconds until the same alert about the same group is worth a line again."""
AFTER_PAUSE = 60.0
"""Seconds that a pause outlasts its being looked at; far more than lies between two looks."""


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
    metrics: Metrics
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
    watched_at: float = field(default_factory=time.monotonic)
    """When the main thread last looked after the lanes."""
    troubles: dict[str, str] = field(default_factory=dict)
    """Who can't use the state now, and what SQLite calls that."""
    told: dict[str, str] = field(default_factory=dict)
    """Per group what observe mode has said last, so that it isn't said again."""
    alerted: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Per group the last alert, and when (monotonic)."""
    lanes: dict[str, Lane] = field(default_factory=dict)
    """By connector; by ``reconcile:`` and route, by ``notify:`` and sink."""
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

    def works_again(self, name: str) -> None:
        """A connector's trouble is over: what waits for it is due, and it isn't left alone. Inside a transaction."""
        now = self.clock.now()
        self.store.queue.wake(name, now)
        self.store.filings.wake(name, precise(now))
        if name not in self.resting:
            self.paused.pop(name, None)

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
            counted=self.metrics.wrote,
            planned=self._planned,
            planned_issue=self._planned_issue,
            feeds={name: one.feed for name, one in self.connectors.items()},
            parked=self._parked,
            paused=self.paused,
            vanished=self.vanished,
        )

    def held(self) -> list[str]:
        """Lanes that don't get on: what the watchdog and ``/livez`` go by. While syncd stops, a lane may be over."""
        stopping = self.clock.stop.is_set()
        begun = [lane for lane in list(self.lanes.values()) if lane.ident is not None]
        held = [lane.name for lane in begun if lane.stuck or not (stopping or lane.is_alive())]
        return held + ["main"] * (time.monotonic() - self.watched_at > STUCK)

    def trouble(self, who: str, error: Exception) -> None:
        """Somebody can't use the state: busy, or its disk is full or broken. Told when it begins."""
        what = getattr(error, "sqlite_errorname", type(error).__name__)
        if self.troubles.get(who) != what:
            self.log.error("state", who=who, what=what)
        self.troubles[who] = what

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

    def _planned_issue(self, would: WouldFile) -> None:
        """Observe mode: which issue would have been filed."""
        what = {"place": would.place, "kind": would.kind, "labels": list(would.labels)}
        self.log.info("would file", connector=would.tracker, ticket=would.ticket.human, **what)


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
        try:
            store = self._open()
        except Interrupted:
            return
        try:
            work = self.shared.work(store, self.clock)
            self.shared.tallies.append(work.tally)
            while not self.shared.clock.stop.is_set():
                self._turn(work)
        except Interrupted:
            return
        finally:
            store.close()

    def _open(self) -> Store:
        """The state for this thread; while it can't be had, it is waited for."""
        while True:
            try:
                return self.shared.store.fellow()
            except StateError as error:
                self.shared.trouble(self.name, error)
            if self.clock.sleep(SLICE):
                raise Interrupted("stopped before there was a state")

    def _turn(self, work: Work) -> None:
        try:
            self.turn(work)
            self.shared.troubles.pop(self.name, None)
        except ConnectorError as error:
            self.shared.log.warning("not read", connector=error.connector, why=error.what)
        except BrakeOn as error:
            self.shared.log.error("brake", why=str(error))  # noqa: TRY400  # a sentence says it all
        except Interrupted:
            raise
        except DatabaseError as error:
            self.shared.trouble(self.name, error)
            work.clock.sleep(AFTER_DEFECT)
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
