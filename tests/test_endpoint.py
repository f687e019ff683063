"""The health endpoint as a front of the daemon: what it knows while the state is busy, or a lane stands still."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from syncd.clock import SystemClock, precise
from syncd.config import Brake
from syncd.daemon.endpoint import OLD, PATIENCE, Endpoint
from syncd.daemon.lanes import STUCK, Lane, Shared
from syncd.daemon.metrics import Metrics
from syncd.errors import PortBusy
from syncd.logs import open_log
from syncd.store import Store
from syncd.work import Work


class Idle(Lane):
    """A lane that has nothing to do."""

    def turn(self, work: Work) -> None:
        pass

    def rest(self, work: Work) -> None:
        self.wake.wait(60.0)


def shared(store: Store, listen: tuple[str, int] = ("127.0.0.1", 0)) -> Shared:
    """What lanes share, as far as the endpoint looks."""
    options = SimpleNamespace(poll_interval=30.0)
    trackers = {"github": SimpleNamespace(options=options)}
    config = SimpleNamespace(listen=listen, mode="live", trackers=trackers, helpdesks={}, brake=Brake())
    return Shared(
        config=cast("Any", config),
        clock=SystemClock(),
        store=store,
        marker_key=b"",
        connectors={},
        log=open_log("info", "json", io.StringIO()),
        metrics=Metrics(),
        walked={},
        tried={},
    )


@pytest.fixture(params=["wal", "delete"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A state, with either journal; with the rollback journal whoever writes keeps readers out."""
    monkeypatch.setattr("syncd.store.file.wal_is_safe", lambda: request.param == "wal")
    one = Store.open(tmp_path / "syncd.db")
    with one.write():
        one.connectors.begins("github", precise(SystemClock().now()))
    yield one
    one.close()


@pytest.fixture
def lanes(store: Store) -> Shared:
    return shared(store)


@pytest.fixture
def endpoint(lanes: Shared) -> Iterator[Endpoint]:
    one = Endpoint()
    one.begin(lanes)
    yield one
    lanes.clock.stop.set()
    one.close()


def polled(store: Store) -> None:
    """The connector was read to its end."""
    with store.write():
        store.connectors.polled("github", precise(SystemClock().now()))


def soon(what: Callable[[], bool]) -> None:
    """It comes about."""
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_it_is_ready_once_a_connector_was_read(endpoint: Endpoint, store: Store) -> None:
    assert endpoint.unready() == ["no connector has been read yet"]
    assert endpoint.health()["connectors"]["github"]["state"] == "starting"
    polled(store)
    soon(lambda: endpoint.unready() == [])
    assert endpoint.health()["connectors"]["github"]["state"] == "ok"


def test_it_is_not_ready_while_it_stops(endpoint: Endpoint, store: Store, lanes: Shared) -> None:
    polled(store)
    lanes.clock.stop.set()
    assert "syncd is stopping" in endpoint.unready()
    assert endpoint.dead() == []


def test_it_is_not_ready_while_the_state_cannot_be_written(endpoint: Endpoint, store: Store, lanes: Shared) -> None:
    polled(store)
    soon(lambda: endpoint.unready() == [])
    lanes.trouble("poll github", sqlite3.OperationalError("disk full: /home/anna"))
    lanes.trouble("poll github", sqlite3.OperationalError("disk full: /home/anna"))
    assert endpoint.unready() == ["the state can't be written"]
    assert endpoint.health()["status"] == "failing"
    lanes.troubles.clear()
    assert endpoint.unready() == []
    assert endpoint.health()["status"] != "failing"


def test_probes_answer_while_the_state_is_locked(endpoint: Endpoint, store: Store, tmp_path: Path) -> None:
    polled(store)
    soon(lambda: endpoint.unready() == [])
    other = sqlite3.connect(tmp_path / "syncd.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        until = time.monotonic() + PATIENCE * 4
        while time.monotonic() < until:
            assert endpoint.health()["connectors"]["github"]["state"] == "ok"
            assert b'syncd_queue{connector="github"} 0.0' in endpoint.metrics()
            assert endpoint.dead() == []
    finally:
        other.execute("ROLLBACK")
        other.close()
    soon(lambda: endpoint.unready() == [])


def test_a_state_that_cannot_be_read_is_told_as_such(
    endpoint: Endpoint, lanes: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise sqlite3.DatabaseError("malformed: the customer's words")

    soon(lambda: endpoint.health()["status"] == "ok")
    looker = endpoint._looker
    assert looker is not None
    monkeypatch.setattr("syncd.daemon.endpoint.look", broken)
    monkeypatch.setattr("syncd.daemon.endpoint.DatabaseError", sqlite3.DatabaseError)
    assert looker._last is not None
    looker._last = (time.monotonic() - OLD - 1, looker._last[1])
    assert endpoint.unready() == ["the state can't be read"]
    found = endpoint.health()
    assert (found["status"], found["connectors"]) == ("failing", {})
    assert b"syncd_state_readable 0.0" in endpoint.metrics()
    monkeypatch.undo()
    soon(lambda: endpoint.health()["status"] == "ok")


def test_a_look_that_takes_long_makes_nobody_wait(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    soon(lambda: endpoint.health()["status"] == "ok")
    before = endpoint.health()["as_of"]
    go_on = threading.Event()
    monkeypatch.setattr("syncd.daemon.endpoint.look", lambda *_, **__: go_on.wait())
    looker = endpoint._looker
    assert looker is not None
    assert looker._last is not None
    looker._last = (looker._last[0] - 2, looker._last[1])
    told: list[str] = []
    probe = threading.Thread(target=lambda: told.append(endpoint.health()["as_of"]), daemon=True)
    probe.start()
    probe.join(30)
    try:
        assert told == [before]  # it came back, though nobody has looked since
    finally:
        monkeypatch.undo()
        go_on.set()


def test_a_lane_that_stands_still_is_named(endpoint: Endpoint, lanes: Shared) -> None:
    lane = Idle(lanes, "poll github")
    lanes.lanes["poll github"] = lane
    assert endpoint.dead() == []  # not begun yet
    lane.start()
    assert endpoint.dead() == []
    lane.clock.moved_at -= STUCK + 1
    assert endpoint.dead() == ["poll github doesn't get on"]
    assert endpoint.health()["status"] == "failing"
    lane.clock.moved()
    assert endpoint.dead() == []
    lanes.clock.stop.set()
    lane.wake.set()
    lane.join(20)
    assert endpoint.dead() == []  # it was told to end


def test_a_lane_that_died_is_named(endpoint: Endpoint, lanes: Shared) -> None:
    class Dying(Idle):
        def run(self) -> None:
            return

    lane = Dying(lanes, "poll github")
    lanes.lanes["poll github"] = lane
    lane.start()
    lane.join(20)
    assert endpoint.dead() == ["poll github doesn't get on"]


def test_a_main_thread_that_stands_still_is_named(endpoint: Endpoint, lanes: Shared) -> None:
    lanes.watched_at -= STUCK + 1
    assert endpoint.dead() == ["main doesn't get on"]


def test_a_port_that_is_taken_ends_the_start_and_not_a_reload(
    endpoint: Endpoint, lanes: Shared, tmp_path: Path
) -> None:
    server = endpoint._server
    assert server is not None
    taken = (server.host, server.port)
    second, store = Endpoint(), Store.open(tmp_path / "second.db")
    with pytest.raises(PortBusy):
        second.begin(shared(store, taken))
    second.close()
    store.close()
    other = Endpoint()
    other.begin(shared(lanes.store))
    other_server = other._server
    again = shared(lanes.store, taken)
    other.begin(again)
    assert other._server is other_server  # the old address holds
    assert other._shared is again
    assert "is in use by another process" in cast("Any", again.log)._logger._file.getvalue()
    other.close()


def test_after_a_reload_it_serves_at_the_new_address(endpoint: Endpoint, lanes: Shared) -> None:
    before = endpoint._server
    assert before is not None
    endpoint.begin(shared(lanes.store, ("localhost", 0)))
    after = endpoint._server
    assert after is not None
    assert after is not before
    assert not before._thread.is_alive()
    endpoint.begin(shared(lanes.store, ("localhost", 0)))
    assert endpoint._server is after


def test_nothing_private_of_a_connector_is_told(endpoint: Endpoint, store: Store) -> None:
    with store.write():
        store.connectors.stands("github", "unavailable", "GET /o/r/issues/4711 for anna", "2026-01-01T00:00:00Z")
    soon(lambda: endpoint.health()["connectors"]["github"]["state"] == "unavailable")
    told = json.dumps(endpoint.health()) + endpoint.metrics().decode()
    assert "4711" not in told
    assert "anna" not in told
