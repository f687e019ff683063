"""Incidents: what is true now and needs a person, from the state alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from syncd.config.notify import Alert
from syncd.late import LATE_ALERTS, Late
from syncd.notify.words import SHOWN, clean
from syncd.records import Standing
from syncd.store import EffectRow, FilingState, Store

SHORT, LONG = timedelta(minutes=1), timedelta(minutes=10)
NOW = timedelta()
PATIENCE: Mapping[Alert, timedelta] = {
    "brake": NOW,
    "rehearsal": NOW,
    "unauthorized": SHORT,
    "misconfigured": LONG,
    "unavailable": LONG,
}
"""How long it must have been true before anybody is told; of what is counted, ``SHORT``."""
QUIET: Mapping[Alert, timedelta] = {
    "brake": NOW,
    "rehearsal": NOW,
    "unauthorized": SHORT,
    "misconfigured": SHORT,
    "unavailable": SHORT,
}
"""How long it must have been over before that is told; of what is counted, ``LONG``."""
STANDINGS: Mapping[Alert, Standing] = {
    "conflict": Standing.CONFLICT,
    "drift": Standing.DRIFT,
    "waits_for_person": Standing.WAITS_FOR_PERSON,
    "cascade": Standing.CASCADES,
    "unknown": Standing.UNKNOWN,
}
DOWN: frozenset[Alert] = frozenset({"unauthorized", "misconfigured", "unavailable"})


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that is true now.

    Attributes:
        connector: which one it is about; empty if it is about all.
        since: tells this incident from another of its kind where one can follow the other at once.
        detail: the reason, where it is about a connector and syncd's own.
        subjects: what it is about, where that is counted: in the state's terms, each with its reason.
        human: a subject as people know it.
    """

    alert: Alert
    connector: str = ""
    since: str = ""
    detail: str = ""
    subjects: Mapping[str, str] = field(default_factory=dict)
    human: Callable[[str], str] = field(default=str, compare=False)

    @property
    def key(self) -> str:
        """Its name in the state."""
        return " ".join(part for part in (self.alert, self.connector, self.since) if part)

    def items(self, only: Collection[str]) -> tuple[tuple[str, str], ...]:
        """The first few of these subjects, as people know them."""
        return tuple((self.human(one), clean(self.subjects[one])) for one in sorted(only)[:SHOWN])


def incidents(store: Store, connectors: Collection[str], late: Sequence[Late] = ()) -> Iterator[Incident]:
    """All there are, of these connectors and of what they share; with what is late."""
    for brake in store.brakes.on():
        if brake.connector in connectors:
            alert: Alert = "rehearsal" if brake.rehearsal else "brake"
            yield Incident(alert, brake.connector, brake.at, clean(brake.reason))
    rows = store.connectors.all()
    for name in sorted(connectors):
        if name in rows and not rows[name].paused:
            for down in DOWN & {rows[name].state}:
                yield Incident(down, name)
    yield from (one for one in _counted(store) if one.subjects)
    yield from _late([one for one in late if one.ticket.connector in connectors])


def undecided(store: Store) -> frozenset[str]:
    """Keys of which it can't be told now whether they are true: nobody asks a connector that is paused, or starting."""
    rows = store.connectors.all().items()
    return frozenset(f"{down} {name}" for name, row in rows if row.paused or row.state == "starting" for down in DOWN)


def _counted(store: Store) -> Iterator[Incident]:
    refused_issues = {row.id: row.reason for row in store.filings.open() if row.state is FilingState.REFUSED}
    boards = {row.id: row.board_reason for row in store.boards.refused()}
    yield Incident("parked", subjects=store.queue.parked() | refused_issues | boards, human=partial(_parked, store))
    yield from _filings(store)
    held = store.links.held()
    for alert, standing in STANDINGS.items():
        links = [str(link) for link in held.get(standing, ())]
        yield Incident(alert, subjects=dict.fromkeys(links, ""), human=partial(_ends, store))
    refused, doubled = store.effects.still_refused(), store.effects.doubled()
    notes: tuple[tuple[Alert, list[EffectRow]], ...] = (("refused", refused), ("doubled", doubled))
    for alert, rows in notes:
        whys = {row.id: row.reason if alert == "refused" else "" for row in rows}
        yield Incident(alert, subjects=whys, human=partial(_target, store))


def _late(late: Sequence[Late]) -> Iterator[Incident]:
    for alert in LATE_ALERTS:
        found = {one.about: one for one in late if one.alert == alert}
        if found:
            whys = {about: one.reason for about, one in found.items()}
            yield Incident(alert, subjects=whys, human=partial(_late_ends, found))


def _late_ends(late: Mapping[str, Late], about: str) -> str:
    one = late[about]
    return f"{one.ticket.human} and {one.issue.human}" if one.issue else one.ticket.human


def _filings(store: Store) -> Iterator[Incident]:
    """What filing has led to that a person must look at."""
    two = {row.id: f"{row.issue.human} and {row.beside}" for row in store.filings.flagged() if row.issue}
    yield Incident("two_issues", subjects=two, human=partial(_parked, store))
    open_ = {str(ref): ref.human for ref in store.accepted.exposed()}
    yield Incident("exposed", subjects=dict.fromkeys(open_, ""), human=open_.__getitem__)


def _parked(store: Store, subject: str) -> str:
    """A group, or the ticket of a filing."""
    filing = store.filings.get(subject)
    return filing.ticket.human if filing is not None else store.snapshots.human(subject)


def _ends(store: Store, link: str) -> str:
    found = store.links.get(int(link))
    return f"{found.ticket.human} and {found.issue.human}" if found else link


def _target(store: Store, effect: str) -> str:
    found = store.effects.get(effect)
    return found.target.human if found else effect


def patience(key: str) -> timedelta:
    """How long an incident must have been true."""
    return PATIENCE.get(alert_of(key), SHORT)


def quiet(key: str) -> timedelta:
    """How long an incident must have been over."""
    return QUIET.get(alert_of(key), LONG)


def alert_of(key: str) -> Alert:
    """Which alert a key is one of."""
    return key.partition(" ")[0]  # type: ignore[return-value]  # only our own keys are asked


def connector_of(key: str) -> str:
    """Which connector it is about; empty if it is about all."""
    return (*key.split(" "), "")[1]
