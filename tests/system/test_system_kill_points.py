"""The daemon, killed at every kind of boundary while people go on working: nothing doubled, nothing lost."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

import pytest
from deadly import VARIABLE
from office import MARKER, PENDING, REPOSITORY, RESOLVED, Office

BOUNDARIES = {"any": 70, "write": 16}
"""How many boundaries there are about: in a poll and what it leads to, and from the first write of it on."""
LONGEST_LIFE = 1.5
PATIENCE = 90.0


class Day:
    """People who file and close issues, a daemon that dies, and what must be true in the end.

    Args:
        office: where it happens.
        rng: chooses the moments.
    """

    def __init__(self, office: Office, rng: random.Random) -> None:
        self.office, self.rng = office, rng
        self.tickets: dict[int, str] = {}
        self.closed: set[int] = set()

    def act(self) -> None:
        """Somebody files an issue, or closes one that is known: what is finished at first sight is left as it is."""
        self.office.later(5)
        known = (ticket for ticket in self.tickets if self.office.status(ticket) == PENDING)
        waiting = [ticket for ticket in known if ticket not in self.closed]
        if waiting and self.rng.random() < 0.5:
            ticket = self.rng.choice(waiting)
            self.office.hub.close(self.tickets[ticket])
            self.closed.add(ticket)
        else:
            ticket = self.office.ticket()
            self.tickets[ticket] = self.office.issue(ticket)

    def live(self) -> None:
        """One life of the daemon."""
        kind = self.rng.choice(["any", "write", "write"])
        deadly = f"{kind} {self.rng.randint(1, BOUNDARIES[kind])}"
        started = self.office.start("run", env={VARIABLE: deadly})
        try:
            status = started.process.wait(LONGEST_LIFE)
        except TimeoutError:  # there is less to do than was thought
            started.process.send_signal(signal.SIGKILL)
            status = started.process.wait(PATIENCE)
        assert status == -signal.SIGKILL, started.said()

    def right(self) -> bool:
        """Whether every status is right, and everything was said."""
        return not self.lost()

    def lost(self) -> list[int]:
        """Tickets whose status is wrong, or where something was not said."""
        office = self.office
        wanted = {ticket: (RESOLVED, 2) if ticket in self.closed else (PENDING, 1) for ticket in self.tickets}
        return [
            ticket
            for ticket, (status, notes) in wanted.items()
            if office.status(ticket) != status or len(office.notes(ticket)) < notes
        ]

    def doubles(self) -> int:
        """Notes of ours too many, by the books of the helpdesk: a marker that stands twice, or a text."""
        allowed = {ticket: 2 if ticket in self.closed else 1 for ticket in self.tickets}
        return sum(max(0, len(self.office.notes(ticket)) - most) for ticket, most in allowed.items())

    def evening(self) -> None:
        """An undisturbed daemon puts right what is left, within a minute and the settle time."""
        started = self.office.start("run")
        end = time.monotonic() + PATIENCE
        while ('"started"' not in started.said() or not self.right()) and time.monotonic() < end:
            time.sleep(0.05)
        started.process.send_signal(signal.SIGTERM)
        self.office.finish(started).ended(0)


class Escalations(Day):
    """The same, where agents escalate tickets, and nobody but syncd files issues."""

    def act(self) -> None:
        """An agent escalates a ticket, or an engineer closes its issue."""
        self.office.later(5)
        known = [key for key in self.issues() if self.office.hub.status(key)[0] == "open"]
        waiting = [key for key in known if self.office.status(self.ticket_of(key)) == PENDING]
        if waiting and self.rng.random() < 0.4:
            key = self.rng.choice(waiting)
            self.office.hub.close(key)
            self.closed.add(self.ticket_of(key))
        else:
            ticket = self.office.ticket()
            self.office.later(2)
            self.office.desk.add_tag(ticket, "escalate")
            self.tickets[ticket] = ""

    def issues(self) -> list[str]:
        """Those that syncd has filed."""
        return [key for key in self.office.hub.issues() if MARKER.search(self.office.hub.body(key))]

    def ticket_of(self, key: str) -> int:
        body = self.office.hub.body(key)
        return max(ticket for ticket in self.tickets if self.office.ticket_url(ticket) in body.split())

    def lost(self) -> list[int]:
        """Tickets without an issue as well."""
        filed = {self.ticket_of(key) for key in self.issues()}
        return sorted({*super().lost(), *(self.tickets.keys() - filed)})

    def doubles(self) -> int:
        """A second issue of a ticket as well."""
        filed = [self.ticket_of(key) for key in self.issues()]
        return super().doubles() + len(filed) - len(set(filed))


FILES = f"""
playbook = "2i2c"
file_after = "0s"
[sync.file]
authorised = "anyone"
answered_first = false
[sync.routing.places]
infrastructure = "{REPOSITORY}"
"""


def kills(build: Callable[..., Office], count: int, seed: int, kind: type[Day] = Day) -> tuple[int, int]:
    """So many kills; doubles and losses."""
    office = build(settle="1s", main="[brake]\nmax_changes = 100000\n")
    office.write_desk(more='poll_interval = "1s"', sync=FILES.strip() if kind is Escalations else "")
    office.write_hub(more='poll_interval = "1s"')
    office.hub.make_label(REPOSITORY, "support")
    office.sync()
    day = kind(office, random.Random(seed))  # noqa: S311  # the same moments each time
    for number in range(count):
        day.act()
        day.live()
        if number % 25 == 24:
            day.evening()
    day.evening()
    assert "adopted" not in office.json("status")["filings"], "nobody but syncd files issues here"
    return day.doubles(), len(day.lost())


def told(record: Callable[[str, object], None], points: int, found: tuple[int, int]) -> None:
    """For the summary of the run."""
    for name, value in zip(("kill points", "doubles", "losses"), (points, *found), strict=True):
        record(name, value)
    assert found == (0, 0)


@pytest.mark.parametrize("seed", range(2))
def test_the_daemon_killed_at_any_boundary_doubles_and_loses_nothing(
    build: Callable[..., Office], seed: int, record_property: Callable[[str, object], None]
) -> None:
    told(record_property, 40, kills(build, 40, seed))


def test_the_daemon_killed_while_it_files_issues_files_each_once(
    build: Callable[..., Office], record_property: Callable[[str, object], None]
) -> None:
    told(record_property, 15, kills(build, 15, 7, Escalations))


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(200, 210))
def test_the_daemon_killed_again_and_again_while_it_files_issues_files_each_once(
    build: Callable[..., Office], seed: int, record_property: Callable[[str, object], None]
) -> None:
    told(record_property, 300, kills(build, 300, seed, Escalations))


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(100, 110))
def test_the_daemon_killed_at_any_boundary_again_and_again(
    build: Callable[..., Office], seed: int, record_property: Callable[[str, object], None]
) -> None:
    told(record_property, 300, kills(build, 300, seed))
