"""From observe to live: what the service only planned it writes once it may."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from office import OPEN, PENDING, Office
from test_system_run import events, ready, service, until


@pytest.fixture
def observing(build: Callable[..., Office]) -> Office:
    """An office in observe mode, polled every second."""
    office = build(main='mode = "observe"\nlisten = "127.0.0.1:0"\n')
    office.write_desk(more='poll_interval = "1s"')
    office.write_hub(more='poll_interval = "1s"')
    return office


def test_what_was_planned_in_observe_mode_is_written_by_the_live_service(observing: Office) -> None:
    with service(observing) as started:
        until(lambda: ready(started), started)
        observing.later()
        ticket = observing.ticket()
        observing.issue(ticket)
        until(lambda: bool(events(started, "would write")), started)
    assert (observing.status(ticket), observing.writes()) == (OPEN, 0)
    observing.later()
    observing.write("syncd.toml", f'state = "{observing.state}"\nlisten = "127.0.0.1:0"\n')
    with service(observing) as started:
        until(lambda: observing.status(ticket) == PENDING, started)
    assert len(observing.notes(ticket)) == 1
    assert observing.writes() == 2


def test_a_reload_that_goes_live_does_the_same(observing: Office) -> None:
    with service(observing) as started:
        until(lambda: ready(started), started)
        observing.later()
        ticket = observing.ticket()
        observing.issue(ticket)
        until(lambda: bool(events(started, "would write")), started)
        observing.write("syncd.toml", f'state = "{observing.state}"\nlisten = "127.0.0.1:0"\n')
        started.process.send_signal(1)
        until(lambda: observing.status(ticket) == PENDING, started)
    assert len(observing.notes(ticket)) == 1


def test_a_start_leaves_what_is_parked_where_it_is_and_asks_no_service_about_what_is_in_step(observing: Office) -> None:
    observing.write("syncd.toml", f'state = "{observing.state}"\nlisten = "127.0.0.1:0"\n')
    observing.freshdesk.books.bump_after_create = False  # a change of its own would give the parked one a new chance
    for _ in range(2):
        observing.issue(observing.pending())
    observing.later()
    observing.sync()
    with sqlite3.connect(observing.state) as db:
        db.execute("INSERT INTO queue VALUES ('freshdesk:1', 'test', 1, '', '', 1, '', 1, 'it was refused', '')")
    db.close()
    observing.later()
    before = len(observing.github.log)
    with service(observing) as started:
        until(lambda: ready(started), started)
        until(lambda: observing.json("status")["queue"] == 0, started)
        with sqlite3.connect(observing.state) as db:
            assert db.execute("SELECT parked, reason FROM queue").fetchall() == [(1, "it was refused")]
        db.close()
    asked = {one.request.path for one in observing.github.log[before:]}
    assert not any("/issues/" in path or "comments" in path for path in asked), asked
