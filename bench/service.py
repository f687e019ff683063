"""The service as a process on stand-ins: how it stops, what idling costs, and how far apart troubles stay."""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import day
from syncd.cli.show import table
from syncd.cli.verbs.sandbox import stand_in
from syncd.testing import Fault, Reply

REPOSITORY = "acme/infrastructure"
PENDING, RESOLVED = 3, 4
SECRETS = {"BENCH_DESK": "sandbox-key", "BENCH_HUB": "test-token"}
ODD = Reply(400, {"description": "Validation failed", "errors": [{"field": "status", "code": "invalid_value"}]})


@dataclass
class Service:
    """A service, its config folder, and the stand-ins that it works on. ``desks``: helpdesks, the first is in use."""

    desks: int = 1
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="syncd-bench-")))

    def __post_init__(self) -> None:
        """Open the stand-ins, and write the configuration."""
        self.hub: Any = stand_in("github").start()
        self.hub.people.make_repo(REPOSITORY)
        self.all: list[Any] = [stand_in("freshdesk").start() for _ in range(self.desks)]
        self.desk = self.all[0]
        (self.folder / "connectors").mkdir()
        self._write("syncd.toml", 'state = "syncd.db"\nlisten = "127.0.0.1:0"\n[brake]\nmax_changes = 1000000\n')
        for number, desk in enumerate(self.all):
            text = f'connector = "freshdesk"\nurl = "{desk.url}"\napi_key = "env:BENCH_DESK"\npoll_interval = "1s"\n'
            self._write(f"connectors/desk{number}.toml", f'{text}settle = "1s"\n[sync]\ntrackers = ["github"]\n')
        text = f'connector = "github"\nurl = "{self.hub.url}"\ntoken = "env:BENCH_HUB"\npoll_interval = "1s"\n'
        self._write("connectors/github.toml", f'{text}settle = "1s"\n[[repositories]]\nname = "{REPOSITORY}"\n')

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def syncd(self, *args: str) -> subprocess.Popen[str]:
        """One command."""
        command = [sys.executable, "-c", "from syncd.cli import main; main()", "--config", str(self.folder), *args]
        out = (self.folder / "out").open("a", encoding="utf-8")
        return subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **SECRETS}, text=True)

    def start(self) -> subprocess.Popen[str]:
        """The service, once it has read everything."""
        seen = self._ready()
        run = self.syncd("run")
        wait(lambda: self._ready() > seen, 60)
        return run

    def _ready(self) -> int:
        path = self.folder / "out"
        return path.read_text(encoding="utf-8").count('"event": "started"') if path.exists() else 0

    def pair(self) -> tuple[int, str]:
        """A ticket, and an issue that names it."""
        ticket = self.desk.people.make_ticket("Ticket", "text")
        body = f"### The Freshdesk ticket link\n\n{self.desk.url}/a/tickets/{ticket}\n"
        return ticket, self.hub.people.make_issue(REPOSITORY, "Issue", body)

    def status(self, ticket: int) -> int:
        """By the books."""
        return int(self.desk.books.tickets[ticket].row["status"])

    def later(self, seconds: float = 600) -> None:
        """Time passes at the services."""
        for sandbox in (self.hub, *self.all):
            sandbox.advance(seconds)

    def calls(self) -> dict[str, int]:
        """How many were made to each service in use."""
        return {"Freshdesk": len(self.desk.log), "GitHub": len(self.hub.log)}

    def close(self) -> None:
        """End the stand-ins."""
        for sandbox in (self.hub, *self.all):
            sandbox.stop()


def wait(what: Callable[[], bool], seconds: float) -> float:
    """Until something is so; how long that took."""
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > seconds:
            raise TimeoutError
        time.sleep(0.01)
    return time.monotonic() - began


def percentile(values: list[float], share: float) -> float:
    """The value that this share of them don't exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def stops(times: int, hung: int) -> list[tuple[str, ...]]:
    """SIGTERM at any moment of a busy service, and while a write gets no answer."""
    rng = random.Random(1)  # noqa: S311  # the same moments each time
    service = Service()
    rows = []
    for what, count, fault in (
        ("SIGTERM at any moment of a busy service", times, None),
        ("SIGTERM while a write gets no answer", hung, Fault("hang", "POST|PUT", "/tickets/", seconds=40)),
    ):
        took = []
        for _ in range(count):
            run = service.start()
            service.later()
            pair = [service.pair() for _ in range(3)]
            if fault is not None:
                fault.times = 1
                service.desk.faults.append(fault)
                wait(lambda: not any(one.times for one in service.desk.faults), 60)
            else:
                time.sleep(rng.uniform(0, 1.5))
            began = time.monotonic()
            run.send_signal(signal.SIGTERM)
            assert run.wait(30) == 0, pair
            took.append(time.monotonic() - began)
        figures = (statistics.median(took), percentile(took, 0.99), max(took))
        rows.append((what, str(count), *(f"{one:.2f} s" for one in figures)))
    service.close()
    return rows


def idle(seconds: float, links: int) -> list[tuple[str, ...]]:
    """What polls cost while nothing happens."""
    service = Service()
    for _ in range(links):
        service.pair()
    service.later(3600)
    assert service.syncd("reconcile").wait(300) == 0
    run = service.start()
    time.sleep(3)  # until whatever was new at the start has settled
    before = service.calls()
    lists = [sum("updated_since" in str(one.request.query) for one in service.desk.log)]
    time.sleep(seconds)
    made = {name: count - before[name] for name, count in service.calls().items()}
    run.send_signal(signal.SIGTERM)
    run.wait(30)
    service.close()
    polls = (sum("updated_since" in str(one.request.query) for one in service.desk.log) - lists[0]) / 3
    return [(name, f"{links:,}", f"{polls:.0f}", str(count), f"{count / polls:.2f}") for name, count in made.items()]


def apart(items: int, changes: int) -> list[tuple[str, ...]]:
    """From an issue's closing to its ticket's: undisturbed, then beside a dead helpdesk and a poisoned item."""
    service = Service(desks=2)
    pairs = [service.pair() for _ in range(items)]
    service.later(3600)
    for ticket, _ in pairs:
        service.desk.people.set_status(ticket, PENDING)
    assert service.syncd("reconcile").wait(600) == 0
    run = service.start()
    rows = [("undisturbed", *_latencies(service, pairs[:changes]))]
    poisoned, key = pairs[-1]
    service.all[1].faults.append(Fault("hang", times=10**6, seconds=60))
    service.desk.faults.append(Fault("answer", "PUT", f"/tickets/{poisoned}$", times=10**6, reply=ODD))
    service.hub.people.close(key)
    what = f"one of three connectors dead, one item in {items:,} poisoned"
    rows.append((what, *_latencies(service, pairs[changes : 2 * changes])))
    assert service.status(poisoned) == PENDING
    run.send_signal(signal.SIGKILL)
    run.wait(30)
    for fault in service.all[1].faults:
        fault.seconds = 0.0
    service.close()
    return rows


def _latencies(service: Service, pairs: list[tuple[int, str]]) -> tuple[str, ...]:
    took = []
    for ticket, key in pairs:
        service.later(5)
        service.hub.people.close(key)
        took.append(wait(lambda ticket=ticket: service.status(ticket) == RESOLVED, 60))  # type: ignore[misc]
    middle, late = statistics.median(took), percentile(took, 0.95)
    return str(len(took)), f"{middle:.2f} s", f"{late:.2f} s", f"{max(took):.2f} s"


def main() -> None:
    """Print what was found."""
    table(("how it stops", "times", "median", "p99", "longest"), stops(100, 10))
    print()
    table(("idle", "links", "polls", "calls", "calls per poll"), idle(30, 1000))
    print()
    table(("a change of an issue, until it is written", "changes", "median", "p95", "longest"), apart(1000, 40))
    print()
    heads = ("day with a two-hour outage (simulated)", "changes", "right after its end", "calls in it", "parked")
    table(heads, day.rows(5))


if __name__ == "__main__":
    main()
