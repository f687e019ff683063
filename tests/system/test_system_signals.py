"""Ctrl-C and SIGTERM: a sentence, status 130, and the next run goes on as if nothing had happened."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from office import PENDING, RESOLVED, Office, Run, Started

from syncd.testing import Fault

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def stopped(office: Office, number: int, at: Callable[[Fault], None], **fault: object) -> Run:
    """A run that gets a signal while a call is under way."""
    begun: list[Started] = []
    ready = threading.Event()

    def strike() -> None:
        ready.wait(30)
        begun[0].process.send_signal(number)

    at(Fault("before", hook=strike, **fault))  # type: ignore[arg-type]  # a fault's own fields
    begun.append(office.start("reconcile"))
    ready.set()
    run = office.finish(begun[0], 20).ended(130)
    assert run.err.splitlines()[-1] == "syncd: stopped; what was done is kept, and the next run goes on from there"
    return run


def filed(office: Office, count: int) -> list[tuple[int, str]]:
    """Pairs that are filed since syncd first looked."""
    office.sync()
    office.later()
    tickets = [office.ticket() for _ in range(count)]
    pairs = [(ticket, office.issue(ticket)) for ticket in tickets]
    office.later(5)
    return pairs


def pages(office: Office) -> list[str]:
    """From when on each page of tickets was asked for."""
    lists = [one.request for one in office.freshdesk.log if one.request.path.endswith("/tickets")]
    return [request.arg("updated_since") for request in lists if not request.arg("filter")]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_walk_that_is_stopped_goes_on_from_its_last_page(office: Office, number: int) -> None:
    office.desk.seed(450, first="2026-01-01T00:00:00Z")
    ticket = office.pending()
    key = office.issue(ticket)
    stopped(office, number, office.freshdesk.faults.append, path="/tickets$", skip=2)
    asked = pages(office)
    assert len(asked) == 3
    office.sync()
    assert asked[0] not in pages(office)[len(asked) :]  # the first page isn't read a second time
    assert [(one["ticket"], one["issue"]) for one in office.json("links", "list")] == [
        (f"freshdesk:{ticket}", f"github:{key}")
    ]
    assert office.writes() == 0


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_drain_that_is_stopped_leaves_nothing_half_done(office: Office, number: int, method: str) -> None:
    pairs = filed(office, 4)
    path = r"/tickets/\d+$" if method == "GET" else ""
    stopped(office, number, office.freshdesk.faults.append, method=method, path=path, skip=1)
    done = sum(office.status(ticket) == PENDING for ticket, _ in pairs)
    assert done < 4
    assert done > 0 or method == "GET"  # notes are read before anything is written
    assert all(len(office.notes(ticket)) == int(office.status(ticket) == PENDING) for ticket, _ in pairs)
    office.sync()
    assert [(office.status(ticket), len(office.notes(ticket))) for ticket, _ in pairs] == [(PENDING, 1)] * 4

    office.later()
    for _, key in pairs:
        office.hub.close(key)
    office.sync()
    assert [(office.status(ticket), len(office.notes(ticket))) for ticket, _ in pairs] == [(RESOLVED, 2)] * 4


@pytest.mark.parametrize("number", SIGNALS)
def test_a_wait_that_is_stopped_ends_at_once(build: Callable[..., Office], number: int) -> None:
    office = build(settle="30s")
    ((ticket, _),) = filed(office, 1)
    office.freshdesk.faults.append(Fault("lost_answer", method="POST"))
    begun = office.start("reconcile")
    until = time.monotonic() + 30
    while "waiting 30 s for what is due later" not in begun.said() and time.monotonic() < until:
        time.sleep(0.02)
    before = time.monotonic()
    begun.process.send_signal(number)
    run = office.finish(begun, 20).ended(130)
    assert time.monotonic() - before < 5
    assert run.err.endswith("syncd: stopped; what was done is kept, and the next run goes on from there\n")
    assert "1 note whose outcome is unknown" in office.run("status").out
    office.settle = "0s"
    office.write_desk()
    office.write_hub()
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)


def test_a_second_signal_does_not_wait_for_the_call_under_way(office: Office) -> None:
    filed(office, 1)
    office.freshdesk.faults.append(Fault("hang", seconds=20, method="PUT"))
    begun = office.start("reconcile")
    until = time.monotonic() + 30
    while not any(one.request.method == "POST" for one in office.freshdesk.log) and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    before = time.monotonic()
    for _ in range(2):
        begun.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    run = office.finish(begun, 20).ended(130)
    assert time.monotonic() - before < 10
    assert "stopped" in run.err


@pytest.mark.parametrize("verb", [("check",), ("status",), ("sandbox", "github")])
def test_every_verb_ends_on_ctrl_c_without_a_traceback(office: Office, verb: tuple[str, ...]) -> None:
    office.github.faults.append(Fault("hang", seconds=20))
    begun = office.start(*verb, cold=True)
    time.sleep(0.7)
    begun.process.send_signal(signal.SIGINT)
    run = office.finish(begun, 20)
    assert run.exit in {0, 130}, run.said


def test_ctrl_c_after_the_last_line_changes_nothing() -> None:
    late = "import atexit, os, signal; atexit.register(os.kill, os.getpid(), signal.SIGINT)"
    code = f"{late}; from syncd.cli import main; main()"
    run = subprocess.run([sys.executable, "-c", code, "--version"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout[:6], run.stderr) == (0, "syncd,", "")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_the_service_says_whether_a_person_or_systemd_ended_it(
    build: Callable[..., Office], number: int, status: int
) -> None:
    office = build(main='listen = "127.0.0.1:0"\n')
    begun = office.start("run", cold=True)
    until = time.monotonic() + 30
    while "started" not in begun.said() and time.monotonic() < until:
        time.sleep(0.05)
    begun.process.send_signal(number)
    office.finish(begun, 20).ended(status)
