"""Gauges: what is true at the moment of a scrape, from the picture of :mod:`syncd.health`. See :mod:`.metrics`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from syncd.health import DOWN, STATES, Health, Picture

EFFECTS = ("ready", "sent", "doubt")
FILINGS = ("old", "waiting", "unfiled", "sent", "doubt", "filed", "adopted", "refused", "withdrawn")
LINKS = ("proposed", "live", "final", "ended")
PER_CONNECTOR: tuple[tuple[str, str, Callable[[Health], float | None]], ...] = (
    ("cursor_lag_seconds", "Since the connector was last read to its end.", lambda one: one.lag_seconds),
    (
        "oldest_unsynced_seconds",
        "How long the group that waits longest has waited.",
        lambda one: one.oldest_unsynced_seconds,
    ),
    ("queue", "Groups that are queued.", lambda one: one.counts["queue"]),
    (
        "parked_links",
        "Groups, and tickets to be filed, that are parked: they are not tried again by themselves.",
        lambda one: one.counts["parked"],
    ),
    ("conflicts", "Links whose ends both moved, and disagree.", lambda one: one.counts["conflicts"]),
    ("drift", "Links whose ends disagree though neither moved.", lambda one: one.counts["drift"]),
    ("duplicates", "Notes that stand more than once.", lambda one: one.figures.doubles),
    ("breaker_state", "1: no call is made for now, because calls failed.", lambda one: int(_closed(one))),
    ("credential_valid", "0: the service doesn't accept the credential.", lambda one: int(one.shown != "unauthorized")),
    ("mass_change_brake", "1: the brake is on.", lambda one: int(one.braked)),
)
STATUS = ("ok", "degraded", "failing")
SINKS = ("starting", "ok", "failing", "off")


def _closed(one: Health) -> bool:
    return one.shown in DOWN | {"rate_limited"} - {"misconfigured"}


class Gauges(Collector):
    """Asked by a registry.

    Args:
        look: the newest picture; None if the state can't be read now.
    """

    def __init__(self, look: Callable[[], Picture | None]) -> None:
        self._look = look

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing, so that it isn't asked before there is anything to tell."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every gauge; while the state can't be read only that it can't."""
        picture = self._look()
        yield _one("state_readable", "1: the state can be read.", float(picture is not None))
        if picture is None:
            return
        for name, help_, value in PER_CONNECTOR:
            yield _family(name, help_, ["connector"], [((who,), value(one)) for who, one in picture.connectors.items()])
        yield from _by_state(picture)
        yield from _late(picture)
        sinks = [row.state for row in picture.sinks.values()]
        counts = [((state,), float(sinks.count(state))) for state in SINKS]
        yield _family("notify_sinks", "Sinks of alerts by state.", ["state"], counts)
        yield _one("db_size_bytes", "Size of the state's main file.", picture.sizes[0])
        yield _one("db_wal_bytes", "Size of the state's write-ahead log.", picture.sizes[1])
        yield _family(
            "status", "1 for the status of syncd as a whole.", ["status"], _hot((), picture.whole.state, STATUS)
        )


def _by_state(picture: Picture) -> Iterator[GaugeMetricFamily]:
    """What has a label ``state`` beside the connector."""
    labels, each = ["connector", "state"], picture.connectors.items()
    states = [row for who, one in each for row in _hot((who,), one.state, STATES)]
    yield _family("connector_state", "1 for the state that a connector is in.", labels, states)
    links = [((who, state), one.figures.links.get(state, 0)) for who, one in each for state in LINKS]
    yield _family("links", "Links by state.", labels, links)
    effects = [((who, state), one.figures.effects.get(state, 0)) for who, one in each for state in EFFECTS]
    yield _family("effects", "Notes that are not settled, by state.", labels, effects)
    filings = [((who, state), one.figures.filings.get(state, 0)) for who, one in each for state in FILINGS]
    yield _family("filings", "Escalated tickets by what became of them.", labels, filings)
    ages = [((who, state), picture.effects.get((who, state), 0.0)) for who, _ in each for state in EFFECTS]
    yield _family("effect_oldest_seconds", "Since the oldest of them was stored.", labels, ages)


def _late(picture: Picture) -> Iterator[GaugeMetricFamily]:
    """What is late at each helpdesk whose playbook has timers."""
    each = [(who, kind, ages) for who in picture.timed for kind, ages in picture.overdue(who).items()]
    labels = ["connector", "kind"]
    counts = [((who, kind), float(len(ages))) for who, kind, ages in each]
    yield _family("late", "What is late by the helpdesk's timers, by alert.", labels, counts)
    oldest = [((who, kind), max([0.0, *ages])) for who, kind, ages in each]
    yield _family("late_oldest_seconds", "Since the oldest of it began.", labels, oldest)


def _hot(who: tuple[str, ...], now: str, names: Iterable[str]) -> list[tuple[tuple[str, ...], float]]:
    return [((*who, name), float(name == now)) for name in names]


def _family(
    name: str, help_: str, labels: list[str], rows: Iterable[tuple[tuple[str, ...], float | None]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"syncd_{name}", help_, labels=labels)
    for values, value in rows:
        if value is not None:
            family.add_metric(values, value)
    return family


def _one(name: str, help_: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"syncd_{name}", help_, value=value)
