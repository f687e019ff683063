"""The daemon: lanes, signals, systemd, health and the control socket around one state.

``while not stopped: poll; drain; wait`` in as many threads as there are connectors and routes; see
:mod:`.lanes`. The main thread does no work of its own: it wakes lanes, watches that they move, keeps how each
connector stands, and obeys signals. SIGTERM ends it within ten seconds, whatever is in flight: what was being written
then is in doubt, and is settled after the next start. SIGHUP reads the configuration anew.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from threading import Thread
from types import FrameType
from typing import Protocol

from syncd import notify
from syncd.clock import SystemClock, precise
from syncd.config import Config
from syncd.daemon import systemd
from syncd.daemon.guarded import Guarded
from syncd.daemon.lanes import LaneClock, NotifyLane, PollLane, RouteLane, Shared
from syncd.daemon.metrics import Metrics
from syncd.errors import ConfigError, Problem
from syncd.jobs.rehearsal import rehearse
from syncd.logs import Log, open_log
from syncd.store import DatabaseError, Store

TICK = 0.5
GRACE = 8.0
"""Seconds that calls in flight get to end, once syncd is to stop."""
RELOAD_GRACE = 45.0
"""Seconds that lanes get to end before new ones begin: longer than any call."""
KEEP_EVERY = 2.0


class Front(Protocol):
    """What stands around the lanes and is asked from outside: the health endpoint, the control socket."""

    def begin(self, shared: Shared) -> None:
        """Serve these lanes from now on; called again after every reload."""

    def close(self) -> None:
        """Serve no more."""


class Daemon:
    """One run of the service.

    Args:
        config: how it begins.
        reload: reads the configuration anew; raises ConfigError.
        fronts: what is served around it.
        marker_key: what markers are signed with.
    """

    def __init__(
        self, config: Config, reload: Callable[[], Config], marker_key: Callable[[Config], bytes], fronts: list[Front]
    ) -> None:
        self.config, self._reload, self._marker_key, self._fronts = config, reload, marker_key, fronts
        self.log: Log = open_log(config.log_level, config.log_format)
        self._stop, self._again = threading.Event(), threading.Event()
        self._woken = threading.Event()
        self._began = precise(SystemClock().now())
        self.metrics = Metrics()
        self._left: list[Thread] = []
        self._status = 0

    def run(self) -> int:
        """Until it is told to stop.

        Raises:
            StateBusy, StateError: the state can't be used.
            PortBusy, ConfigError: nothing can be served at the configured address.
        """
        store = Store.open(self.config.state)
        store.committed = self.metrics.committed
        self.metrics.reloaded(well=True)
        try:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, self._signalled)
            while not self._stop.is_set():
                self._serve(store)
            self.log.info("stopped", in_flight=len(self._left))
        finally:
            for front in self._fronts:
                front.close()
            if not self._left:
                store.close()
        if self._left:  # a call that doesn't end must not keep the process; what it wrote is in doubt
            os._exit(self._status)
        return self._status

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._again.set()
        elif self._stop.is_set():
            os._exit(128 + number)  # the second time: at once
        else:
            self._status = 128 + number if number == signal.SIGINT else 0  # a service that is told to stop ends well
            self._stop.set()
        self._woken.set()

    # --- one configuration ---

    def _serve(self, store: Store) -> None:
        """Run by one configuration until told to stop or to read it anew."""
        shared = self._shared(store)
        rehearse(shared.work(store, LaneClock(shared.clock)))
        for brake in store.brakes.on():
            self.log.error("brake", connector=brake.connector, why=brake.reason, since=brake.at)
        for name in shared.connectors:
            shared.lanes[name] = PollLane(shared, name)
        notify.begin(store, self.config.notify, shared.clock.now())
        for name in self.config.notify:
            shared.lanes[f"notify:{name}"] = NotifyLane(shared, name)
        for front in self._fronts:
            front.begin(shared)
        for lane in shared.lanes.values():
            lane.start()
        systemd.notify("READY=1", f"STATUS={len(shared.connectors)} connectors, {self.config.mode}")
        self.log.info("started", connectors=sorted(shared.connectors), mode=self.config.mode)
        patience = GRACE
        try:
            if self._watch(shared):
                patience = RELOAD_GRACE
        finally:
            if self._stop.is_set():
                systemd.notify("STOPPING=1")
            self._left = self._end(shared, patience)

    @staticmethod
    def _ask_all(store: Store, clock: SystemClock) -> None:
        """Every group is decided once: what was only planned in observe mode is nowhere else.

        An unchanged one costs no call; what is queued or parked keeps its place.
        """
        known = {row.group for row in store.queue.rows()}
        with store.write():
            for key in store.groups.all():
                if key not in known:
                    store.queue.ask(key, "start", clock.now())

    def _shared(self, store: Store) -> Shared:
        clock, config = SystemClock(), self.config
        for warning in config.warnings:
            self.log.warning("configuration", what=str(warning))
        accounts = {**config.trackers, **config.helpdesks}
        connectors = {name: Guarded(one.connect(LaneClock(clock)), clock) for name, one in accounts.items()}
        store.recover(clock.now(), max(one.settle for one in connectors.values()))
        if config.mode == "live":
            self._ask_all(store, clock)
        with store.write():
            for name, one in connectors.items():
                store.connectors.begins(name, self._began)
                one.hear(partial(self.metrics.called, name))
                one.limited = partial(self.metrics.limited, name)
        known = {name: threading.Event() for name in connectors}
        for name, event in known.items():
            if store.cursors.walked(name):
                event.set()
            self.metrics.walked(name, float(event.is_set()))
        return Shared(
            config=config,
            clock=clock,
            store=store,
            marker_key=self._marker_key(config),
            connectors=connectors,
            log=self.log,
            metrics=self.metrics,
            walked=known,
            tried={name: threading.Event() for name in connectors},
        )

    def _watch(self, shared: Shared) -> bool:
        """Until told to stop (False), or there is another configuration (True)."""
        due = kept = fed = 0.0
        every = systemd.watchdog_seconds()
        while not self._stop.is_set():
            self._woken.wait(TICK)
            self._woken.clear()
            shared.watched_at = now = time.monotonic()
            if self._again.is_set() and self._read_anew():
                return True
            if shared.news.is_set() or now >= due:
                shared.news.clear()
                self._with_state(shared, self._wake)
                due = now + 1.0
            if now >= kept:
                self._with_state(shared, self._keep)
                kept = now + KEEP_EVERY
            if every is not None and now >= fed and self._moves(shared):
                systemd.notify("WATCHDOG=1")
                fed = now + every
        return False

    def _with_state(self, shared: Shared, do: Callable[[Shared], None]) -> None:
        """Something that needs the state. While it can't be used, the lanes wait for it, and so does this thread."""
        name = do.__name__.strip("_")
        try:
            do(shared)
        except DatabaseError as error:
            shared.trouble(name, error)
        else:
            shared.troubles.pop(name, None)

    def _wake(self, shared: Shared) -> None:
        """Lanes for whatever is due."""
        for route in shared.store.queue.routes(shared.clock.now()):
            name = f"reconcile:{route}"  # a route of one connector isn't that connector's own lane
            if name not in shared.lanes:
                shared.lanes[name] = RouteLane(shared, route)
                shared.lanes[name].start()
            shared.lanes[name].wake.set()

    def _keep(self, shared: Shared) -> None:
        """How each connector stands, for whoever asks."""
        if shared.store.connectors.over(precise(shared.clock.now())):
            with shared.store.write():
                shared.store.connectors.lift(precise(shared.clock.now()))
        rows = shared.store.connectors.all()
        shared.heed_pauses(rows)
        for name, connector in shared.connectors.items():
            state, reason = connector.standing
            if state == "ok" and name in shared.refused:
                state, reason = "misconfigured", shared.refused[name]
            if state == "ok" and rows[name].polled_at < self._began:
                state = "starting"
            if (rows[name].state, rows[name].reason) != (state, reason):
                with shared.store.write():
                    shared.store.connectors.stands(name, state, reason, precise(shared.clock.now()))
                    if state == "ok":
                        shared.works_again(name)
                say = self.log.info if state in {"ok", "starting"} else self.log.warning
                say("connector", connector=name, state=state, why=reason)

    def _moves(self, shared: Shared) -> bool:
        """Whether every lane gets on; one that doesn't is named."""
        held = shared.held()
        if held:
            self.log.error("stuck", lanes=held)
        return not held

    def _read_anew(self) -> bool:
        """A new configuration, unless it can't be used: then the old one holds, and why is said."""
        self._again.clear()
        systemd.reloading()
        try:
            self.config = self._of_the_same_state(self._reload())
        except ConfigError as error:
            for problem in error.problems:
                self.log.error("configuration kept", problem=str(problem))  # noqa: TRY400  # a sentence says it all
            self.metrics.reloaded(well=False)
            systemd.notify("READY=1", "STATUS=the new configuration can't be used; the old one holds")
            return False
        self.log = open_log(self.config.log_level, self.config.log_format)
        self.metrics.reloaded(well=True)
        self.log.info("configuration read anew")
        return True

    def _of_the_same_state(self, config: Config) -> Config:
        """A configuration, unless it names another state: commands would work on that one, beside us."""
        if config.state != self.config.state:
            where, what = f"{config.folder / 'syncd.toml'}: state", "another state can't be taken while syncd runs"
            raise ConfigError([Problem(where, what, "Stop the service, and start it with the new one")])
        return config

    def _end(self, shared: Shared, patience: float) -> list[Thread]:
        """Let every lane, and whatever else was asked for, come to its end; those that don't in time."""
        shared.clock.stop.set()
        for lane in shared.lanes.values():
            lane.wake.set()
        until = time.monotonic() + patience
        threads = [*shared.lanes.values(), *shared.guests]
        while any(thread.is_alive() for thread in threads) and (now := time.monotonic()) < until:
            if self._stop.is_set():  # since a moment ago, perhaps: then nobody waits for as long as a reload may
                until = min(until, now + GRACE)
            next(thread for thread in threads if thread.is_alive()).join(min(TICK, until - now))
        left = [thread for thread in threads if thread.is_alive()]
        if not left:
            for connector in shared.connectors.values():
                connector.close()
        return left


__all__ = ["Daemon", "Front"]
