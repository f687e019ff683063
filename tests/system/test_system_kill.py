"""``kill -9`` at any moment: afterwards the books show every note once and every status right."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable

import pytest
from office import PENDING, RESOLVED, Office, Started

from syncd.testing import Fault

WRITES = "POST|PUT|PATCH"


def killed(office: Office, fault: Fault) -> Started:
    """A run that is killed at a fault's moment, if that comes."""
    begun: list[Started] = []
    ready = threading.Event()

    def strike() -> None:
        ready.wait(30)
        begun[0].process.send_signal(signal.SIGKILL)

    fault.hook = strike
    office.freshdesk.faults.append(fault)
    begun.append(office.start("reconcile"))
    ready.set()
    begun[0].process.wait(60)
    return begun[0]


class Killer:
    """Kills runs while a call is under way, and counts how often.

    Args:
        office: whose runs.
        rng: chooses the moments.
    """

    def __init__(self, office: Office, rng: random.Random) -> None:
        self.office, self.rng, self.kills = office, rng, 0

    def run(self) -> bool:
        """One run that may not live to its end; whether it did."""
        begun: list[Started] = []
        ready = threading.Event()
        struck = threading.Event()

        def strike() -> None:
            ready.wait(30)
            if not struck.is_set():
                struck.set()
                begun[0].process.send_signal(signal.SIGKILL)

        fault = self._moment(strike)
        begun.append(self.office.start("reconcile"))
        ready.set()
        process = begun[0].process
        while process.wait(60) not in {0, -signal.SIGKILL}:
            raise AssertionError(begun[0].said())
        fault.times = 0
        self.kills += struck.is_set()
        return not struck.is_set()

    def _moment(self, strike: Callable[[], None]) -> Fault:
        """A call before or after which the process dies: mostly a write, mostly of the helpdesk's."""
        sandbox = self.office.freshdesk if self.rng.random() < 0.85 else self.office.github
        method = WRITES if self.rng.random() < 0.7 else ""
        # ``answer`` without effect, or the call goes through and nobody is there for its answer.
        fault = Fault("before", method=method, skip=self.rng.randrange(6), hook=strike)
        if self.rng.random() < 0.3:
            fault.kind = "cut"
        sandbox.faults.append(fault)
        return fault


def settled(office: Office, tickets: list[int], status: int, notes: int) -> None:
    """Every ticket has this status, and exactly so many notes of ours."""
    found = {ticket: (office.status(ticket), len(office.notes(ticket))) for ticket in tickets}
    assert found == dict.fromkeys(tickets, (status, notes))


def busy(office: Office, count: int) -> tuple[list[int], list[str]]:
    """Tickets and issues that syncd has to file."""
    office.later()
    tickets = [office.ticket() for _ in range(count)]
    keys = [office.issue(ticket) for ticket in tickets]
    office.later(5)
    return tickets, keys


@pytest.fixture
def calm(build: Callable[..., Office]) -> Office:
    """An office that syncd has seen, whose brake holds for a bulk of changes."""
    office = build(settle="1s", main="[brake]\nmax_changes = 10000\n")
    office.sync()
    return office


def rounds(office: Office, count: int, kills: int, seed: int) -> None:
    """Filing and resolving, killed on the way, until there were so many kills."""
    killer = Killer(office, random.Random(seed))  # noqa: S311  # the same moments each time
    while killer.kills < kills:
        tickets, keys = busy(office, count)
        for notes, status in ((1, PENDING), (2, RESOLVED)):
            while not killer.run():
                pass
            office.sync()
            settled(office, tickets, status, notes)
            for key in keys if status == PENDING else ():
                office.hub.close(key)
            office.later()


@pytest.mark.parametrize("seed", [1, 2])
def test_kill_9_in_the_middle_of_filing_and_resolving(calm: Office, seed: int) -> None:
    rounds(calm, 10, 12, seed)
    assert calm.run("status").exit == 0


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(10, 16))
def test_kill_9_again_and_again(calm: Office, seed: int) -> None:
    rounds(calm, 25, 50, seed)


@pytest.mark.parametrize("delay", [0.02, 0.05, 0.08, 0.12, 0.2, 0.35])
def test_kill_9_after_any_time(calm: Office, delay: float) -> None:
    """By the clock instead of by the call: inside a transaction, at the start, while the answer is read."""
    tickets, keys = busy(calm, 3)
    begun = calm.start("reconcile")
    time.sleep(delay)
    begun.process.send_signal(signal.SIGKILL)
    begun.process.wait(30)
    calm.sync()
    settled(calm, tickets, PENDING, 1)
    for key in keys:
        calm.hub.close(key)
    calm.later()
    calm.sync()
    settled(calm, tickets, RESOLVED, 2)


def test_a_note_that_never_arrived_is_owed_although_its_status_was_written(calm: Office) -> None:
    """Killed before the note's first byte was read, then again after the status was: only the note is missing."""
    for _ in range(9):
        ((ticket,), (key,)) = busy(calm, 1)
        calm.sync()
        calm.hub.close(key)
        for fault in (Fault("cut", "POST", "/notes$"), Fault("before", "PUT", f"/tickets/{ticket}$")):
            killed(calm, fault)
            time.sleep(1.2)  # the effect in doubt settles before the group is looked at again
        assert calm.status(ticket) == RESOLVED
        owed = len(calm.notes(ticket)) == 1
        calm.sync()
        settled(calm, [ticket], RESOLVED, 2)
        if owed:
            return
    pytest.fail("every run took so long that the note had settled before the status was written")
