"""Metrics: each is counted where the thing happens, and nothing of them belongs to the process."""

from __future__ import annotations

from collections import Counter
from typing import Any

import prometheus_client
import pytest
import requests

from syncd.clock import ManualClock
from syncd.daemon.gauges import Gauges
from syncd.daemon.guarded import UNSAID, Guarded
from syncd.daemon.metrics import Metrics
from syncd.errors import RateLimited, Unauthorized
from syncd.health import STATES, look
from syncd.http import Session
from syncd.model import HttpCall
from syncd.probe.settle import settle
from syncd.store import Store
from syncd.testing.memory import Books, MemoryConnector
from tests.pairs import Pair
from tests.test_http import SOON, serving, then_close


def value(metrics: Metrics, name: str, **labels: str) -> float:
    """A sample; 0 if there is none."""
    for family in metrics.collect():
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return 0.0


def answer(headers: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n{headers}\r\nok".encode()


@pytest.mark.parametrize(
    ("headers", "status", "remaining"),
    [
        ("", "200 OK", None),
        ("X-RateLimit-Remaining: 41\r\n", "200 OK", 41.0),
        ("x-ratelimit-remaining: 0\r\n", "429 Too Many", 0.0),
        ("RateLimit-Remaining: 7\r\n", "304 Not Modified", 7.0),
        ("X-Rate-Limit-Remaining: many\r\n", "500 Oh", None),
        ("X-RateLimit-Remaining: -1\r\n", "200 OK", None),
    ],
)
def test_a_session_tells_of_each_call(headers: str, status: str, remaining: float | None) -> None:
    heard: list[HttpCall] = []
    with serving(answer(headers, status)) as server, Session(server.url) as session:
        session.heard = heard.append
        session.post(f"{server.url}/tickets/4711?name=anna")
    (call,) = heard
    assert (call.method, call.status, call.remaining) == ("POST", int(status[:3]), remaining)
    assert call.seconds > 0


def test_a_session_tells_of_a_call_without_an_answer() -> None:
    heard: list[HttpCall] = []
    with serving(then_close(b"HTTP/1.1 200 OK\r\nContent-Len")) as server, Session(server.url, total=SOON) as session:
        session.heard = heard.append
        with pytest.raises(requests.RequestException):
            session.get(server.url)
    assert [(call.method, call.status) for call in heard] == [("GET", None)]


def test_a_call_that_was_never_made_is_not_told() -> None:
    heard: list[HttpCall] = []
    with Session("http://127.0.0.1:9") as session:
        session.heard = heard.append
        with pytest.raises(requests.RequestException):
            session.get("http://127.0.0.2:9/")
    assert heard == []


def test_calls_are_counted_by_method_and_class() -> None:
    metrics = Metrics()
    for call in (
        HttpCall("GET", 200, 0.1, 40.0),
        HttpCall("GET", 204, 0.2),
        HttpCall("POST", 422, 0.3, 39.0),
        HttpCall("GET", None, 35.0),
        HttpCall("ANNA", 200, 0.1),
    ):
        metrics.called("desk", call)
    counted = {
        (method, code): value(metrics, "syncd_http_requests_total", connector="desk", method=method, code_class=code)
        for method, code in (("GET", "2xx"), ("POST", "4xx"), ("GET", "none"), ("other", "2xx"))
    }
    assert list(counted.values()) == [2, 1, 1, 1]
    assert value(metrics, "syncd_ratelimit_remaining", connector="desk") == 39
    assert b"ANNA" not in metrics.text()


def test_two_daemons_share_nothing_with_each_other_or_the_process() -> None:
    one, other = Metrics(), Metrics()
    one.polled("desk", "ok", 1.0)
    assert value(other, "syncd_polls_total", connector="desk", result="ok") == 0
    assert b"syncd_" not in prometheus_client.generate_latest()


def test_reloads_are_told() -> None:
    moment = [100.0]
    metrics = Metrics(lambda: moment[0])
    metrics.reloaded(well=True)
    moment[0] = 200.0
    metrics.reloaded(well=False)
    assert value(metrics, "syncd_config_last_reload_successful") == 0
    assert value(metrics, "syncd_config_last_reload_success_timestamp_seconds") == 100


# --- at the seams ---


def counted(pair: Pair) -> Metrics:
    metrics = Metrics(lambda: 50.0)
    pair.work.counted = metrics.wrote
    return metrics


def test_a_status_and_its_note_are_counted_as_they_end() -> None:
    pair = Pair()
    metrics = counted(pair)
    pair.filed_pair()
    for kind in ("status", "link_note"):
        assert value(metrics, "syncd_writes_total", connector="desk", kind=kind, result="done") == 1
    assert value(metrics, "syncd_last_success_timestamp_seconds", connector="desk", direction="write") == 50
    assert value(metrics, "syncd_writes_total", connector="tracker", kind="status", result="done") == 0


@pytest.mark.parametrize(
    ("fault", "result"), [("lost_answer", "doubt"), ("refused", "refused"), ("unauthorized", "later")]
)
def test_a_write_that_did_not_end_well_is_counted_by_how(fault: str, result: str) -> None:
    pair = Pair()
    _, issue = pair.filed_pair()
    metrics = counted(pair)
    pair.move(issue, "done")
    pair.desk.faults.append((fault, True))
    pair.pass_()
    told = {
        kind: value(metrics, "syncd_writes_total", connector="desk", kind=kind, result=result)
        for kind in ("status", "resolved")
    }
    assert told == {"status": 1, "resolved": 1}
    for kind in told:
        ambiguous = value(metrics, "syncd_write_ambiguous_total", connector="desk", kind=kind)
        assert ambiguous == (fault == "lost_answer")


def test_a_note_that_is_found_again_is_done() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.desk.faults.append(("lost_answer", True))
    pair.pass_()
    metrics = counted(pair)
    pair.clock.advance(3600)
    settle(pair.work)
    assert pair.notes(ticket).count("resolved") == 1
    assert value(metrics, "syncd_writes_total", connector="desk", kind="resolved", result="done") == 1


@pytest.mark.parametrize("plain", [False, True])
def test_what_shows_a_poll_nothing_new_is_counted(plain: bool) -> None:
    pair = Pair(plain=plain)
    _, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.pass_()
    before = Counter(pair.work.tally)
    pair.pass_()
    assert [pair.work.tally[what] - before[what] for what in ("items", "echoes")] == [1, 1]


class Limiting(MemoryConnector):
    """A service that limits us, with or without saying for how long."""

    asks: float | None = 7.0

    def statuses(self) -> dict[str, str]:
        raise RateLimited(self.name, "too many", retry_after=self.asks)


def guarded(kind: type[MemoryConnector], clock: ManualClock) -> tuple[Guarded, list[float]]:
    pair = Pair()
    inner = kind.__new__(kind)
    inner.__dict__.update(pair.work.connectors["desk"].__dict__)
    one, waits = Guarded(inner, clock), list[float]()
    one.limited = waits.append
    return one, waits


def test_the_breaker_tells_how_long_a_limit_keeps_us_away() -> None:
    clock = ManualClock()
    one, waits = guarded(Limiting, clock)
    for seconds, error in ((0, RateLimited), (3, RateLimited), (4.5, RateLimited)):
        clock.advance(seconds)
        with pytest.raises(error):
            one.statuses()
    assert waits == [7.0, 7.0]  # while it was closed no call was made
    Limiting.asks = None
    clock.advance(8)
    with pytest.raises(RateLimited):
        one.statuses()
    assert waits[2:] == [UNSAID]


def test_a_refused_credential_is_no_limit() -> None:
    class Refusing(MemoryConnector):
        def statuses(self) -> dict[str, str]:
            raise Unauthorized(self.name, "no")

    one, waits = guarded(Refusing, ManualClock())
    with pytest.raises(Unauthorized):
        one.statuses()
    assert waits == []


def test_commits_are_timed_also_those_of_other_threads(tmp_path: Any) -> None:
    metrics = Metrics()
    store = Store.open(tmp_path / "syncd.db")
    store.committed = metrics.committed
    fellow = store.fellow()
    for one in (store, fellow):
        with one.write():
            one.connectors.polled("desk", "2026-01-01T00:00:00Z")
    with pytest.raises(ValueError, match="no"), store.write():
        raise ValueError("no")
    assert value(metrics, "syncd_db_commit_duration_seconds_count") == 2
    fellow.close()
    store.close()


# --- gauges ---


def test_gauges_tell_what_the_state_holds() -> None:
    pair = Pair()
    ticket, _ = pair.filed_pair()
    with pair.store.write():
        for name in ("desk", "tracker"):
            pair.store.connectors.begins(name, "2026-01-01T00:00:00Z")
            pair.store.connectors.stands(name, "ok", "", "2026-01-01T00:00:00Z")
        pair.store.connectors.stands("tracker", "unauthorized", "no", "2026-01-01T00:00:00Z")
        pair.store.brakes.pull("desk", "too much", "2026-01-01T00:00:00Z")
        pair.store.queue.ask(f"desk:{ticket.number}", "test", pair.clock.now())
        pair.store.queue.park([f"desk:{ticket.number}"], "no")
    metrics = Metrics()
    picture = look(pair.store, {"desk": 30.0, "tracker": 30.0}, pair.clock.now())
    metrics.registry.register(Gauges(lambda: picture))
    for name, desk, tracker in (
        ("breaker_state", 0, 1),
        ("credential_valid", 1, 0),
        ("mass_change_brake", 1, 0),
        ("parked_links", 1, 1),
        ("queue", 0, 0),
    ):
        assert value(metrics, f"syncd_{name}", connector="desk") == desk, name
        assert value(metrics, f"syncd_{name}", connector="tracker") == tracker, name
    states = {state: value(metrics, "syncd_connector_state", connector="desk", state=state) for state in STATES}
    assert states == dict.fromkeys(STATES, 0.0) | {"braked": 1.0}
    assert value(metrics, "syncd_links", connector="desk", state="live") == 1
    assert value(metrics, "syncd_status", status="degraded") == 1
    assert value(metrics, "syncd_db_size_bytes") > 0


def test_without_a_picture_only_that_is_told() -> None:
    metrics = Metrics()
    metrics.registry.register(Gauges(lambda: None))
    assert value(metrics, "syncd_state_readable") == 0
    assert b"syncd_queue" not in metrics.text()


def test_a_connector_that_speaks_no_http_has_nothing_to_tell() -> None:
    one = Guarded(Pair().work.connectors["desk"], ManualClock())
    one.hear(lambda _call: None)
    assert isinstance(one.inner, MemoryConnector)
    assert isinstance(one.inner.books, Books)
