"""The teller: what one sink is to be told now, and telling it; stored before it is sent, and sent at most once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncd.clock import Clock, moment, precise
from syncd.config.notify import Alert
from syncd.late import Late
from syncd.logs import Log
from syncd.notify.incidents import Incident, alert_of, connector_of, incidents, patience, quiet, undecided
from syncd.notify.outlet import Outlet
from syncd.notify.sink import SinkError, Unknown
from syncd.notify.words import Event, Message, Notice
from syncd.store import AlertRow, Store

ALONE = 3
"""Of so many incidents that open at once each gets a message of its own; more share one."""
MORE = timedelta(hours=1)
"""Until it is told that there is more of the same."""
REMIND = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Told:
    """One thing to be told: how the sink knows it now, how it will afterwards, and the words."""

    before: AlertRow
    after: AlertRow
    notice: Notice


class Teller:
    """One sink, turn by turn.

    Args:
        outlet: the sink.
        on: of what it is to be told.
        connectors: whose incidents count.
        clock: what now is.
        late: tells what is late by the state, at a moment.
        log: where is said what was sent.
        spare: how many messages a minute are left to others.
    """

    def __init__(
        self,
        outlet: Outlet,
        *,
        on: Collection[Alert],
        connectors: Collection[str],
        clock: Clock,
        log: Log,
        late: Callable[[Store, datetime], Sequence[Late]] = lambda _store, _now: (),
        spare: int = 0,
    ) -> None:
        self._late = late
        self.name, self._outlet, self._clock, self._log = outlet.name, outlet, clock, log
        self._on, self._connectors, self._spare = frozenset(on), frozenset(connectors), spare

    def turn(self, store: Store) -> None:
        """Look at what is true, and tell what is due."""
        due = self._look(store)
        for batch in self._batches(due):
            if self._outlet.rests() or self._outlet.left <= self._spare:
                return
            self._tell(store, batch)

    # --- what is due ---

    def _look(self, store: Store) -> list[_Told]:
        """Keep what has begun and what has ended; what of it is to be told now."""
        now, rows = self._clock.now(), store.alerts.open(self.name)
        late = self._late(store, now)
        found = {one.key: one for one in incidents(store, self._connectors, late) if one.alert in self._on}
        unsure = undecided(store)
        changed, dropped, due = list[AlertRow](), list[AlertRow](), list[_Told]()
        for key, incident in found.items():
            row = rows.get(key) or AlertRow(self.name, key, precise(now))
            row = replace(row, quiet="")
            changed += [row] if rows.get(key) != row else []
            event = _event(incident, row, now)
            due += [self._told(incident, row, event, now)] if event else []
        for key in rows.keys() - found.keys():
            row, about = rows[key], connector_of(key)
            if not row.told or alert_of(key) not in self._on or (about and about not in self._connectors):
                dropped.append(row)
            elif key not in unsure:
                row = row if row.quiet else replace(row, quiet=precise(now))
                changed += [row] if rows[key] != row else []
                due += [_over(row, now)] if now - moment(row.quiet) >= quiet(key) else []
        if changed or dropped:
            with store.write():
                for row in changed:
                    store.alerts.put(row)
                for row in dropped:
                    store.alerts.drop(row)
        return sorted(due, key=lambda one: (one.before.opened, one.before.key))

    @staticmethod
    def _told(incident: Incident, row: AlertRow, event: Event, now: datetime) -> _Told:
        known = frozenset(incident.subjects)
        new = known - row.known
        items = incident.items(new if event == "more" else known)
        notice = Notice(
            incident.alert,
            incident.connector,
            event,
            row.opened,
            count=len(known),
            new=len(new),
            items=items,
            detail=incident.detail,
        )
        return _Told(row, replace(row, told=precise(now), known=known), notice)

    def _batches(self, due: Sequence[_Told]) -> list[list[_Told]]:
        """What goes into one message: what belongs to one thread; in a storm, more."""
        opened = [one for one in due if one.notice.event == "opened"]
        batches = [opened] if len(opened) > ALONE else [[one] for one in opened]
        threads: dict[tuple[bool, str], list[_Told]] = {}
        for one in due:
            if one.notice.event != "opened":
                threads.setdefault((one.notice.event == "over", one.before.thread), []).append(one)
        batches += threads.values()
        return batches if len(batches) <= self._outlet.left - self._spare else [list(due)]

    # --- telling ---

    def _tell(self, store: Store, batch: Sequence[_Told]) -> None:
        """One message. It counts as told before the first byte of it leaves."""
        with store.write():
            for one in batch:
                store.alerts.put(one.after)
        message = Message(precise(self._clock.now()), [one.notice for one in batch])
        threads = {one.before.thread for one in batch}
        thread = threads.pop() if len(threads) == 1 else ""
        self._outlet.spend()
        try:
            if thread and self._all_over(store, batch, thread):
                self._outlet.notifier.end(message, thread)
            else:
                thread = self._outlet.notifier.send(message, thread) or thread
        except Unknown as error:
            self._outlet.failed(store, error)
        except SinkError as error:
            with store.write():  # certainly not sent: to be told as if nothing had been tried
                for one in batch:
                    store.alerts.put(one.before)
            self._outlet.failed(store, error)
        else:
            self._arrived(store, batch, thread)

    def _all_over(self, store: Store, batch: Sequence[_Told], thread: str) -> bool:
        """Whether nothing that was told in this thread is true any more; those of the batch are closed by now."""
        over = all(one.notice.event == "over" for one in batch)
        return over and all(row.thread != thread for row in store.alerts.open(self.name).values())

    def _arrived(self, store: Store, batch: Sequence[_Told], thread: str) -> None:
        with store.write():
            self._outlet.arrived(store)
            for one in batch:
                if not one.before.thread:
                    store.alerts.put(replace(one.after, thread=thread))
        alerts = [f"{one.notice.event} {one.before.key}" for one in batch]
        self._log.info("notified", sink=self.name, alerts=alerts)


def _event(incident: Incident, row: AlertRow, now: datetime) -> Event | None:
    """What is to be told of something that is true; None: nothing now."""
    if not row.told:
        return "opened" if now - moment(row.opened) >= patience(row.key) else None
    since = now - moment(row.told)
    if since >= MORE and incident.subjects.keys() - row.known:
        return "more"
    return "reminder" if since >= REMIND else None


def _over(row: AlertRow, now: datetime) -> _Told:
    notice = Notice(alert_of(row.key), connector_of(row.key), "over", row.opened)
    return _Told(row, replace(row, closed=precise(now)), notice)


def begin(store: Store, sinks: Collection[str], now: datetime) -> None:
    """The service begins with these sinks; what others were told is forgotten."""
    with store.write():
        store.alerts.forget(sinks, precise(now - timedelta(days=7)))
        store.announcements.begin(sinks, precise(now - timedelta(days=90)))
        for name in sinks:
            store.alerts.stands(name, "starting", "", precise(now))


__all__ = ["Teller", "begin"]
