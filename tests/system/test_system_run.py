"""``syncd run`` as a real process: what it does by itself, and how it ends."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from office import OPEN, PENDING, RESOLVED, Office, Started
from program import Program

PATIENCE = 90.0
"""Seconds that a test waits at most for what should come at once; no test measures speed."""


def until(what: Callable[[], bool], started: Started, seconds: float = PATIENCE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"it never came about:\n{started.said()}"
        time.sleep(0.05)


@contextmanager
def serving(office: Program, started: Started) -> Iterator[Started]:
    """A daemon, ended by SIGTERM, which it must obey with status 0."""
    yield started
    started.process.send_signal(signal.SIGTERM)
    office.finish(started).ended(0)


def service(office: Office, **env: str) -> AbstractContextManager[Started]:
    """The daemon."""
    return serving(office, office.start("run", env=env))


def events(started: Started, name: str) -> list[dict[str, Any]]:
    """What it has logged under this name."""
    lines = [json.loads(line) for line in started.out.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["event"] == name]


def ready(started: Started) -> bool:
    """Whether both connectors have been read once."""
    return {line["connector"] for line in events(started, "connector") if line["state"] == "ok"} == {
        "freshdesk",
        "github",
    }


@pytest.fixture
def quick(build: Callable[..., Office]) -> Office:
    """An office whose connectors are polled every second."""
    office = build()
    office.write_desk(more='poll_interval = "1s"')
    office.write_hub(more='poll_interval = "1s"')
    return office


def test_a_day_goes_by_itself(quick: Office) -> None:
    with serving(quick, quick.start("run", cold=True)) as started:
        until(lambda: ready(started), started)
        quick.later()
        ticket = quick.ticket()
        issue = quick.issue(ticket)
        until(lambda: quick.status(ticket) == PENDING, started)
        assert len(quick.notes(ticket)) == 1
        quick.later()
        quick.hub.close(issue)
        until(lambda: quick.status(ticket) == RESOLVED, started)
        assert len(quick.notes(ticket)) == 2
        wrote = events(started, "wrote")
    assert [line["rule"] for line in wrote] == ["filed", "issue_finished"]


def test_what_is_left_alone_no_longer_shows_its_issue(quick: Office) -> None:
    """A ticket without a link touches one connector, whose poller is no reconciler."""
    quick.write_desk(more='poll_interval = "1s"', sync='ticket_tag = "issue"')
    with service(quick) as started:
        until(lambda: ready(started), started)
        quick.later()
        ticket = quick.ticket()
        issue = quick.issue(ticket)
        tags = quick.freshdesk.books.tickets[ticket].row
        until(lambda: tags["tags"] == ["issue_open"], started)
        quick.later()
        quick.run("links", "remove", f"freshdesk:{ticket}", f"github:{issue}").ended(0)
        until(lambda: tags["tags"] == [], started)
        until(lambda: quick.json("queue", "list") == [], started)


def test_what_shows_nothing_any_more_is_not_queued_for_ever(quick: Office) -> None:
    quick.write_desk(sync='issue_tag = "tickets"', more='poll_interval = "1s"')
    with service(quick) as started:
        until(lambda: ready(started), started)
        quick.later()
        ticket = quick.ticket()
        issue = quick.issue(ticket)
        until(lambda: quick.hub.labels(issue) == ["tickets-1"], started)
        quick.later()
        quick.desk.agent_note(ticket, "<div>/unlink</div>")
        until(lambda: quick.hub.labels(issue) == [], started)
        until(lambda: quick.json("queue", "list") == [], started)


def test_what_exists_is_adopted_before_anything_is_written(quick: Office) -> None:
    tickets = [quick.ticket() for _ in range(3)]
    for ticket in tickets:
        quick.hub.close(quick.issue(ticket))
    quick.later()
    with service(quick) as started:
        until(lambda: ready(started), started)
        until(lambda: {link["standing"] for link in quick.json("links", "list")} == {"adopted"}, started)
        quick.later()
        newer = quick.ticket()
        quick.issue(newer)
        until(lambda: quick.status(newer) == PENDING, started)  # by then it would have written to the others
    assert quick.writes() == 2
    assert {quick.status(ticket) for ticket in tickets} == {OPEN}


def test_a_second_daemon_is_refused(quick: Office) -> None:
    with service(quick) as started:
        until(lambda: bool(events(started, "started")), started)
        assert "is in use by another syncd" in quick.run("run", cold=True).ended(75).said


NARROW = '[sync.fit]\nopen = { fits = ["pending"], write = "pending" }\n'


def test_a_changed_playbook_shows_first_what_it_would_write(quick: Office) -> None:
    poll = 'poll_interval = "1s"'
    quick.write_desk(more=poll, sync=NARROW)
    with service(quick) as started:
        until(lambda: ready(started), started)
        quick.later()
        ticket = quick.ticket()
        issue = quick.issue(ticket)
        until(lambda: quick.status(ticket) == PENDING, started)
        quick.hub.close(issue)
        until(lambda: quick.status(ticket) == RESOLVED, started)
    quick.later()
    quick.hub.reopen(issue)
    quick.desk.set_status(ticket, OPEN)
    quick.sync(status=1)  # both moved: a conflict, which is left to people
    with service(quick) as started:
        until(lambda: bool(events(started, "started")), started)
        quick.write_desk(more=poll, sync=f'on_conflict = "tracker"\n{NARROW}')
        started.process.send_signal(signal.SIGHUP)
        until(lambda: bool(events(started, "brake")), started)
        assert "its mapping or playbook has changed" in events(started, "brake")[0]["why"]
        assert quick.status(ticket) == OPEN
    quick.run("reconcile").ended(3)
    assert "pending" in quick.sync("--dry-run").out
    assert quick.status(ticket) == OPEN
    quick.run("brake", "release", "freshdesk").ended(0)
    quick.sync()
    assert quick.status(ticket) == PENDING
