"""The service from outside: how it stops and reloads, and how it keeps one connector's trouble from the others."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from office import OPEN, PENDING, RESOLVED, Office, Started
from test_system_run import events, quick, ready, service, until

from connectors.freshdesk.sandbox import FreshdeskSandbox
from syncd.testing import Fault, Reply

__all__ = ["quick"]

POLL = 'poll_interval = "1s"'
OUT = 10.0
"""Seconds within which the service must have ended, whatever is in flight."""


def filed(office: Office) -> tuple[int, str]:
    """A pair that the service has yet to see."""
    office.later()
    ticket = office.ticket()
    return ticket, office.issue(ticket)


def hung(office: Office, started: Started, method: str) -> int:
    """The service is in the middle of a write that doesn't end; the ticket that it is for."""
    office.freshdesk.faults.append(Fault("hang", method, "/tickets/", seconds=30))
    before = office.writes()
    ticket, _ = filed(office)
    until(lambda: not any(fault.times for fault in office.freshdesk.faults), started)
    assert office.writes() >= before
    return ticket


# --- the end ---


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_sigterm_ends_it_within_ten_seconds_and_what_was_in_flight_is_settled(quick: Office, method: str) -> None:
    started = quick.start("run")
    until(lambda: ready(started), started)
    ticket = hung(quick, started, method)
    began = time.monotonic()
    started.process.send_signal(signal.SIGTERM)
    quick.finish(started, 30).ended(0)
    assert time.monotonic() - began < OUT
    with service(quick) as again:
        until(lambda: (quick.status(ticket), len(quick.notes(ticket))) == (PENDING, 1), again)


def test_a_second_signal_ends_it_at_once(quick: Office) -> None:
    started = quick.start("run")
    until(lambda: ready(started), started)
    hung(quick, started, "POST")
    began = time.monotonic()
    started.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert started.process.poll() is None
    started.process.send_signal(signal.SIGTERM)
    quick.finish(started, 30).ended(128 + signal.SIGTERM)
    assert time.monotonic() - began < OUT / 2


def test_no_new_call_is_made_once_it_is_to_stop(quick: Office) -> None:
    started = quick.start("run")
    until(lambda: ready(started), started)
    hung(quick, started, "POST")
    started.process.send_signal(signal.SIGTERM)
    time.sleep(1.5)
    calls = quick.calls()
    quick.finish(started, 30).ended(0)
    assert quick.calls() == calls


def test_systemd_is_told_when_it_is_ready_reloads_and_ends(quick: Office, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        with service(quick, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="600000") as started:
            heard = [manager.recv(4096).decode()]
            until(lambda: ready(started), started)
            started.process.send_signal(signal.SIGHUP)
            while sum("READY=1" in one for one in heard) < 2 or not any("WATCHDOG=1" in one for one in heard):
                heard.append(manager.recv(4096).decode())
        heard.append(manager.recv(4096).decode())
        while "STOPPING=1" not in heard[-1]:
            heard.append(manager.recv(4096).decode())
    assert "READY=1" in heard[0]
    reloading = next(one for one in heard if "RELOADING=1" in one)
    assert "MONOTONIC_USEC=" in reloading


# --- its configuration ---


def test_sighup_with_mistakes_keeps_the_old_configuration_and_says_why(quick: Office) -> None:
    with service(quick) as started:
        until(lambda: ready(started), started)
        quick.write_desk(more='poll_intervall = "1s"\nheadroom = 7')
        started.process.send_signal(signal.SIGHUP)
        until(lambda: len(events(started, "configuration kept")) >= 2, started)
        assert any("poll_intervall" in line["problem"] for line in events(started, "configuration kept"))
        ticket, _ = filed(quick)
        until(lambda: quick.status(ticket) == PENDING, started)


def test_sighup_brings_a_new_repository_in(quick: Office) -> None:
    quick.hub.make_repo("acme/other")
    with service(quick) as started:
        until(lambda: ready(started), started)
        quick.write_hub("acme/infrastructure", "acme/other", more=POLL)
        started.process.send_signal(signal.SIGHUP)
        until(lambda: len(events(started, "started")) == 2, started)
        until(lambda: "other" in str(quick.json("status")) or quick.calls() > 0, started)
        quick.later()
        ticket = quick.ticket()
        until(lambda: any("acme/other/issues" in one.request.path for one in quick.github.log), started)
        quick.hub.make_issue("acme/other", "An issue", f"{quick.ticket_url(ticket)}", association="MEMBER", by="dev")
        until(lambda: quick.status(ticket) == PENDING, started)


def test_observe_mode_says_once_what_it_would_write_and_writes_nothing(build: Callable[..., Office]) -> None:
    office = build(main='mode = "observe"\n')
    office.write_desk(more=POLL)
    office.write_hub(more=POLL)
    with service(office) as started:
        until(lambda: ready(started), started)
        ticket, _ = filed(office)
        until(lambda: bool(events(started, "would write")), started)
        polls = len(office.github.log)
        until(lambda: len(office.github.log) > polls + 6, started)
    assert [line["rule"] for line in events(started, "would write")] == ["filed"]
    assert office.writes() == 0
    assert (office.status(ticket), office.notes(ticket)) == (OPEN, [])


# --- one connector's trouble is nobody else's ---


def test_a_helpdesk_that_hangs_delays_no_other(quick: Office) -> None:
    with FreshdeskSandbox(key="another-key-4712") as dead:
        quick.environ["SYNCD_TEST_DEAD"] = "another-key-4712"
        quick.write(
            "connectors/dead.toml",
            f'connector = "freshdesk"\nurl = "{dead.url}"\napi_key = "env:SYNCD_TEST_DEAD"\n{POLL}\n[sync]\n',
        )
        dead.faults.append(Fault("hang", times=10_000, seconds=60))
        started = quick.start("run")
        until(lambda: ready(started), started)
        ticket, key = filed(quick)
        until(lambda: quick.status(ticket) == PENDING, started)
        quick.later()
        quick.hub.close(key)
        until(lambda: quick.status(ticket) == RESOLVED, started)
        started.process.send_signal(signal.SIGKILL)  # it is in the middle of a call that lasts a minute
        started.process.wait(30)


def test_another_state_is_not_taken_while_it_runs(quick: Office) -> None:
    with service(quick) as started:
        until(lambda: ready(started), started)
        was = (quick.config / "syncd.toml").read_text(encoding="utf-8")
        quick.write("syncd.toml", was.replace("syncd.db", "another.db"))
        started.process.send_signal(signal.SIGHUP)
        until(lambda: bool(events(started, "configuration kept")), started)
        assert "another state" in events(started, "configuration kept")[0]["problem"]
        quick.write("syncd.toml", was)
        ticket, _ = filed(quick)
        until(lambda: quick.status(ticket) == PENDING, started)


def test_a_credential_that_is_refused_needs_a_person_and_what_waited_is_done_at_once_when_it_is_mended(
    quick: Office,
) -> None:
    with service(quick) as started:
        until(lambda: ready(started), started)
        quick.freshdesk.faults.append(Fault("answer", times=10_000, reply=Reply(401, {"code": "invalid_credentials"})))
        until(lambda: any(line["state"] == "unauthorized" for line in events(started, "connector")), started)
        assert "Nothing needs a person" not in quick.run("status").ended(1).out
        ticket, _ = filed(quick)
        quick.freshdesk.faults.clear()
        started.process.send_signal(signal.SIGHUP)
        until(lambda: quick.status(ticket) == PENDING, started)


def test_sigterm_is_obeyed_in_time_while_the_configuration_is_read_anew(quick: Office) -> None:
    started = quick.start("run")
    until(lambda: ready(started), started)
    hung(quick, started, "POST")
    started.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    began = time.monotonic()
    started.process.send_signal(signal.SIGTERM)
    quick.finish(started, 40).ended(0)
    assert time.monotonic() - began < OUT


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_write_that_is_applied_after_its_sender_was_killed_is_found_and_not_repeated(
    build: Callable[..., Office], method: str
) -> None:
    office = build(settle="4s")
    office.write_desk(more=POLL)
    office.write_hub(more=POLL)
    office.sync()
    ticket, _ = filed(office)
    late = Fault("late", method, "/tickets/", seconds=1.5)
    office.freshdesk.faults.append(late)
    started = office.start("run")
    until(lambda: not late.times, started)
    started.process.send_signal(signal.SIGKILL)
    started.process.wait(30)
    with service(office) as again:
        until(lambda: (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1), again)
        until(lambda: office.json("status")["doubt"] == 0, again)
        time.sleep(1)
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)
