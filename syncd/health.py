"""Health: what is true now, from the state alone. The endpoint, the metrics and ``syncd status`` all ask here.

Nothing is asked of a service, and nothing here holds more than names of connectors, states, counts and times: no
item's key, no text, no person. ``reason`` is the exception (a service's answer may name an item): it is for the
command line, and :meth:`Health.data` leaves it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ulid import ULID

from syncd.clock import moment, precise
from syncd.config import Config, Helpdesk, Tracker
from syncd.late import LATE_ALERTS, Late, what_is_late
from syncd.store import ConnectorRow, Figures, SinkRow, Store
from syncd.tables import Timers

STATES = (
    "starting",
    "ok",
    "lagging",
    "rate_limited",
    "unauthorized",
    "unavailable",
    "braked",
    "paused",
    "misconfigured",
)
WELL = frozenset({"starting", "ok"})
DOWN = frozenset({"unauthorized", "unavailable", "misconfigured"})
"""States in which nothing is read."""
HINTS = {
    "starting": "it has not been read yet; on an empty state that takes a while",
    "ok": "",
    "lagging": "it was not read for a while; look at the log",
    "rate_limited": "the service limits us; it goes on by itself",
    "unauthorized": "the service doesn't accept the credential; mend it, then reload the service",
    "unavailable": "the service doesn't answer; it goes on by itself",
    "braked": "too much would have changed at once; see `syncd status`, then `syncd brake release NAME`",
    "paused": "a person has paused it",
    "misconfigured": "what it is configured to read can't be read; run `syncd check`",
}
"""What each state asks of a person."""
LATE_POLLS = 3
"""So many poll intervals without a whole poll, and a connector lags."""
LATE = 60.0
"""Seconds; sooner than that nothing lags, however short the interval."""
COUNTS = ("queue", "parked", "conflicts", "drift", "doubt")


@dataclass(frozen=True, slots=True)
class Health:
    """How one connector stands, or all of them together.

    Attributes:
        state: one of ``STATES``; of all together ``ok``, ``degraded`` or ``failing``.
        lag_seconds: since it was last read to its end (if it never was: since the daemon began), None if the daemon
            never ran; of all together the longest.
        oldest_unsynced_seconds: how long the group that waits longest has waited.
        last_poll: when it was last read to its end, None if never; of all together the earliest.
        polled: it was read to its end since the daemon began.
        figures: what the counts come from.
        shown: what calls have shown last, whatever else is true: how it stands without a brake or a pause.
        braked: the brake is on.
        reason: why it is in that state, if that is known; for the command line only.
        since: since when it has been in that state, as far as calls have shown.
    """

    state: str
    lag_seconds: float | None
    oldest_unsynced_seconds: float
    last_poll: str | None
    polled: bool
    figures: Figures
    shown: str = ""
    braked: bool = False
    reason: str = ""
    since: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """By the names of ``COUNTS``."""
        held = self.figures.standings
        values = (
            self.figures.queue,
            self.figures.parked,
            held.get("conflict", 0),
            held.get("drift", 0),
            self.figures.doubt,
        )
        return dict(zip(COUNTS, values, strict=True))

    def data(self) -> dict[str, Any]:
        """What anybody may see."""
        lag = None if self.lag_seconds is None else round(self.lag_seconds, 1)
        return {
            "lag_seconds": lag,
            "oldest_unsynced_seconds": round(self.oldest_unsynced_seconds, 1),
            "last_poll": self.last_poll,
            **self.counts,
        }


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is true at one moment.

    Attributes:
        at: the moment, our own clock.
        whole: all connectors together.
        connectors: each configured connector, by name.
        sinks: who is told what needs a person, by name.
        late: what is late.
        timed: helpdesks whose playbooks have timers.
        effects: per connector and state, seconds since the oldest effect that isn't settled was stored.
        sizes: bytes of the state's main file, and of its write-ahead log.
    """

    at: datetime
    whole: Health
    connectors: Mapping[str, Health]
    sizes: tuple[int, int] = (0, 0)
    effects: Mapping[tuple[str, str], float] = field(default_factory=dict)
    sinks: Mapping[str, SinkRow] = field(default_factory=dict)
    late: Sequence[Late] = ()
    timed: Sequence[str] = ()

    def overdue(self, helpdesk: str) -> dict[str, list[float]]:
        """By alert: for how many seconds each that is late at a helpdesk has been as it is."""
        mine = [one for one in self.late if one.ticket.connector == helpdesk]
        return {
            alert: [(self.at - one.since).total_seconds() for one in mine if one.alert == alert]
            for alert in LATE_ALERTS
        }

    def data(self) -> dict[str, Any]:
        """What anybody may see."""
        each = {name: {"state": one.state, **one.data()} for name, one in self.connectors.items()}
        sinks = {name: _sink(one) for name, one in self.sinks.items()}
        whole = self.whole.data()
        found = {"status": self.whole.state, "as_of": precise(self.at), "connectors": each, "notify": sinks}
        return {**found, **whole, "late": dict(Counter(one.alert for one in self.late))}


def _sink(one: SinkRow) -> dict[str, Any]:
    """What anybody may see of a sink."""
    return {"state": one.state, "last_message": one.sent_at or None, "waiting": one.waiting}


def intervals(config: Config) -> dict[str, float]:
    """Which connectors there are, and how often each is to be polled, in seconds."""
    return {name: one.options.poll_interval for name, one in {**config.trackers, **config.helpdesks}.items()}


def look(
    store: Store,
    polls: Mapping[str, float],
    now: datetime,
    *,
    helpdesks: Mapping[str, Helpdesk] = MappingProxyType({}),
    trackers: Mapping[str, Tracker] = MappingProxyType({}),
) -> Picture:
    """How things stand.

    Args:
        store: the state; only read.
        polls: see :func:`intervals`.
        now: our own clock.
        helpdesks: as configured; their timers say what is late.
        trackers: as configured.
    """
    every, by_name = store.figures()
    rows, braked = store.connectors.all(), {brake.connector: brake.reason for brake in store.brakes.on()}
    connectors = {}
    for name, interval in polls.items():
        late = max(LATE_POLLS * interval, LATE)
        connectors[name] = _connector(rows.get(name), by_name.get(name, Figures()), braked.get(name), late, now)
    effects = {
        (name, state): _age(precise(ULID.from_str(oldest).datetime), now)
        for name, figures in by_name.items()
        if name in polls
        for state, oldest in figures.oldest_effects.items()
    }
    sinks = store.alerts.sinks()
    deaf = any(one.state == "off" for one in sinks.values())
    found = what_is_late(store, now, helpdesks=helpdesks, trackers=trackers)
    timed = [name for name, one in helpdesks.items() if one.playbook.timers != Timers()]
    whole = _whole(connectors, every, now, deaf=deaf)
    return Picture(now, whole, connectors, store.sizes(), effects, sinks, found, timed)


def _connector(row: ConnectorRow | None, figures: Figures, brake: str | None, late: float, now: datetime) -> Health:
    polled_at, begun_at = (row.polled_at, row.begun_at) if row else ("", "")
    lag = _age(polled_at or begun_at, now) if polled_at or begun_at else None
    polled = bool(polled_at) and polled_at >= begun_at
    state, reason = _state(row, brake, polled=polled, lags=bool(begun_at) and lag is not None and lag > late)
    return Health(
        state,
        lag,
        _age(figures.oldest, now),
        polled_at or None,
        polled and bool(begun_at),
        figures,
        row.state if row else "",
        brake is not None,
        reason,
        row.since if row else "",
    )


def _state(row: ConnectorRow | None, brake: str | None, *, polled: bool, lags: bool) -> tuple[str, str]:
    """What a person must mend comes before what passes by itself."""
    shown, why = (row.state, row.reason) if row else ("starting", "")
    if row is not None and row.paused:
        return "paused", row.resting
    if shown in {"unauthorized", "misconfigured"}:
        return shown, why
    if brake is not None:
        return "braked", brake
    if shown in {"unavailable", "rate_limited"}:
        return shown, why
    if not polled:
        return "starting", ""
    return ("lagging" if lags else "ok"), ""


def _whole(connectors: Mapping[str, Health], figures: Figures, now: datetime, *, deaf: bool) -> Health:
    states = {one.state for one in connectors.values()}
    status = "ok" if states <= WELL and not figures.parked and not deaf else "degraded"
    if states and states <= DOWN:
        status = "failing"
    lags = [one.lag_seconds for one in connectors.values() if one.lag_seconds is not None]
    polls = [one.last_poll for one in connectors.values()]
    return Health(
        status,
        max(lags, default=None),
        _age(figures.oldest, now),
        min((poll for poll in polls if poll), default=None) if all(polls) else None,
        any(one.polled for one in connectors.values()),
        figures,
    )


def _age(text: str, now: datetime) -> float:
    """Seconds since then; 0 if there is no such moment, or if our clock was put back."""
    return max(0.0, (now - moment(text)).total_seconds()) if text else 0.0
