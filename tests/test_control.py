"""The control socket's own parts: what is said, how much of it, and who doesn't listen."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.clock import SystemClock
from syncd.control import server
from syncd.control.client import Asked, ask
from syncd.control.protocol import LINE, REQUEST, Lines, TooMuch, encode, pieces, place
from syncd.control.server import Caller
from syncd.daemon.lanes import Shared
from syncd.errors import StateBusy
from syncd.store import Store, noted

JSON = st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text()), max_size=5)


@given(st.lists(JSON, max_size=5), st.integers(1, 40))
def test_lines_come_whole_however_the_bytes_are_cut(said: list[dict[str, Any]], size: int) -> None:
    data, lines, heard = b"".join(json.dumps(one).encode() + b"\n" for one in said), Lines(LINE), list[dict[str, Any]]()
    for start in range(0, len(data), size):
        heard += lines.feed(data[start : start + size])
    assert heard == said


@pytest.mark.parametrize("data", [b"x" * (REQUEST + 1), b"x" * (REQUEST + 1) + b"\n", b'"text"\n', b"{\n", b"\xff\n"])
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises((TooMuch, ValueError)):
        Lines(REQUEST).feed(data)


@given(st.text(alphabet=st.characters(), min_size=1, max_size=50), st.integers(1, 9000))
def test_output_of_any_length_fits_into_lines(text: str, times: int) -> None:
    lines = [encode(out=piece) for piece in pieces(text * times)]
    assert all(len(line) <= LINE for line in lines)
    assert "".join(json.loads(line)["out"] for line in lines) == text * times


def test_the_socket_is_where_systemd_says_or_beside_the_state() -> None:
    state = Path("/var/lib/syncd/syncd.db")
    assert place(state, {}) == Path("/var/lib/syncd/syncd.db.sock")
    assert place(state, {"RUNTIME_DIRECTORY": "/run/syncd:/run/other"}) == Path("/run/syncd/control.sock")


def test_more_than_the_service_takes_is_not_sent(tmp_path: Path) -> None:
    asked = Asked(tmp_path / "syncd.db", "", "reconcile", {"refs": ["x" * REQUEST]})
    with pytest.raises(StateBusy, match="Name fewer items"):
        asked.line()


@pytest.mark.parametrize("note", ["", "{", "[]", '{"control": "/nonexistent/control.sock"}'])
def test_where_no_service_listens_the_command_works_by_itself(tmp_path: Path, note: str) -> None:
    state = tmp_path / "syncd.db"
    store = Store.open(state)
    store.note(note)
    assert noted(state) == note
    assert ask(Asked(state, "", "reconcile", {}), cast("Any", None)) is None
    store.close()


def test_a_new_holder_of_the_lock_forgets_what_the_last_one_noted(tmp_path: Path) -> None:
    state = tmp_path / "syncd.db"
    store = Store.open(state)
    store.note("a rather long line of the service's")
    store.close()
    Store.open(state).close()
    assert noted(state) == ""


@pytest.fixture
def pair() -> Any:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    one.settimeout(0)
    yield one, other
    one.close()
    other.close()


def caller_of(sock: socket.socket, clock: SystemClock) -> Caller:
    return Caller(sock, cast("Shared", SimpleNamespace(clock=clock)))


def test_who_takes_nothing_is_given_up_and_what_they_asked_for_stops(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PATIENCE", 0.3)
    caller = caller_of(pair[0], SystemClock())
    for _ in range(100):
        caller.output("x" * 60_000, err=False)
    assert caller.over
    assert caller.sleep(60) is True


def test_the_end_of_the_service_waits_for_no_slow_listener(pair: tuple[socket.socket, socket.socket]) -> None:
    clock = SystemClock()
    clock.stop.set()
    caller, before = caller_of(pair[0], clock), time.monotonic()
    for _ in range(100):
        caller.output("x" * 60_000, err=False)
    assert caller.over
    assert time.monotonic() - before < server.PATIENCE


def test_who_has_hung_up_is_told_nothing_more(pair: tuple[socket.socket, socket.socket]) -> None:
    caller = caller_of(pair[0], SystemClock())
    pair[1].close()
    caller.say("hello")
    caller.say("hello")
    assert caller.over
    assert caller.stop.is_set()


def test_a_wait_ends_when_its_time_is_over_or_somebody_stops_it(pair: tuple[socket.socket, socket.socket]) -> None:
    clock = SystemClock()
    caller = caller_of(pair[0], clock)
    assert caller.sleep(0) is False
    assert caller.sleep(0.01) is False
    clock.stop.set()
    assert caller.sleep(60) is True
