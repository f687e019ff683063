"""Metrics: what the daemon counts while it works, for Prometheus; what is true at a moment is in ``gauges``.

A registry belongs to one daemon, not to the process. Labels are names of configured connectors and words of ours:
never an item, a person, an address or a service's words.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from syncd import __version__
from syncd.model import HttpCall

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 35.0)
POLL_SECONDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 3600.0)
COMMIT_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0)


class Metrics(Collector):
    """Counters of one daemon. May be used by several threads.

    Args:
        now: the wall clock in seconds, for the times that are told.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.registry, self._now = CollectorRegistry(), now
        ProcessCollector(registry=self.registry)
        Info("syncd_build", "Which syncd this is.", registry=self.registry).info({"version": __version__})
        self._config()
        self._calls()
        self._work()

    def _config(self) -> None:
        self._reload = Gauge(
            "syncd_config_last_reload_successful",
            "1: the configuration could be used when it was last read; 0: an older one holds.",
            registry=self.registry,
        )
        self._reloaded_at = Gauge(
            "syncd_config_last_reload_success_timestamp_seconds",
            "When the configuration that holds was read.",
            registry=self.registry,
        )

    def _calls(self) -> None:
        who, registry = ["connector"], self.registry
        self._requests = Counter(
            "syncd_http_requests",
            "Calls to the service, by method and class of the answer; none: no answer.",
            [*who, "method", "code_class"],
            registry=registry,
        )
        self._seconds = Histogram(
            "syncd_http_request_duration_seconds",
            "How long calls took.",
            [*who, "method"],
            buckets=CALL_SECONDS,
            registry=registry,
        )
        self._remaining = Gauge(
            "syncd_ratelimit_remaining",
            "Calls that are left before the service limits us, as its last answer told.",
            who,
            registry=registry,
        )
        self._limited = Counter(
            "syncd_ratelimit_wait_seconds",
            "Seconds during which no call was to be made, because the service limits us.",
            who,
            registry=registry,
        )

    def _work(self) -> None:
        who, registry = ["connector"], self.registry
        self._polls = Counter("syncd_polls", "Polls, by how they ended.", [*who, "result"], registry=registry)
        self._poll_seconds = Histogram(
            "syncd_poll_duration_seconds", "How long polls took.", who, buckets=POLL_SECONDS, registry=registry
        )
        self._items = Counter("syncd_items_seen", "Items that polls brought.", who, registry=registry)
        self._echoes = Counter(
            "syncd_echoes_suppressed",
            "Items that polls brought and that showed nothing but what we had written or seen.",
            who,
            registry=registry,
        )
        self._progress = Gauge(
            "syncd_reconcile_progress_ratio", "How far the first walk has come.", who, registry=registry
        )
        self._writes = Counter(
            "syncd_writes", "Writes, by kind and what came of them.", [*who, "kind", "result"], registry=registry
        )
        self._ambiguous = Counter(
            "syncd_write_ambiguous", "Writes whose answer was lost, by kind.", [*who, "kind"], registry=registry
        )
        self._success = Gauge(
            "syncd_last_success_timestamp_seconds",
            "When something was last read to its end, or written, since the daemon began.",
            [*who, "direction"],
            registry=registry,
        )
        self._commits = Histogram(
            "syncd_db_commit_duration_seconds",
            "How long it took to make a change of the state safe.",
            buckets=COMMIT_SECONDS,
            registry=registry,
        )

    def text(self) -> bytes:
        """In the text format of Prometheus."""
        return generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        """Every metric, without the time at which each series began, which would make one of every three lines."""
        for metric in self.registry.collect():
            metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
            yield metric

    # --- what is told, and by whom ---

    def reloaded(self, *, well: bool) -> None:
        """The configuration was read (the daemon)."""
        self._reload.set(int(well))
        if well:
            self._reloaded_at.set(self._now())

    def called(self, connector: str, call: HttpCall) -> None:
        """A call was made (the HTTP session)."""
        method = call.method if call.method in METHODS else "other"
        answer = "none" if call.status is None else f"{call.status // 100}xx"
        self._requests.labels(connector, method, answer).inc()
        self._seconds.labels(connector, method).observe(call.seconds)
        if call.remaining is not None:
            self._remaining.labels(connector).set(call.remaining)

    def limited(self, connector: str, seconds: float) -> None:
        """So much longer no call is to be made (the breaker)."""
        self._limited.labels(connector).inc(seconds)

    def polled(self, connector: str, result: str, seconds: float) -> None:
        """A poll has ended (its lane)."""
        self._polls.labels(connector, result).inc()
        self._poll_seconds.labels(connector).observe(seconds)
        if result == "ok":
            self._success.labels(connector, "read").set(self._now())

    def saw(self, connector: str, items: int, echoes: int) -> None:
        """What a poll brought (its lane)."""
        self._items.labels(connector).inc(items)
        self._echoes.labels(connector).inc(echoes)

    def walked(self, connector: str, share: float) -> None:
        """How far the first walk has come, 0..1 (its lane)."""
        self._progress.labels(connector).set(share)

    def wrote(self, connector: str, kind: str, result: str) -> None:
        """A status or a note was written, or not (act)."""
        self._writes.labels(connector, kind, result).inc()
        if result == "doubt":
            self._ambiguous.labels(connector, kind).inc()
        if result == "done":
            self._success.labels(connector, "write").set(self._now())

    def committed(self, seconds: float) -> None:
        """A transaction is safe on disk (the store)."""
        self._commits.observe(seconds)
