"""What each connector costs in calls, by its stand-in's own log: per poll, per change, per unchanged pair.

``swept``: changes of items that a sweep has read before, as it does with each of them within a day.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.systems import KINDS, System
from syncd.cli.running import working
from syncd.cli.show import table
from syncd.config import load
from syncd.ingest.poll import poll
from syncd.jobs.backfill import backfill, drain_and_wait
from syncd.model import Ref, Role, Word
from syncd.probe.observe import read
from syncd.work import Work

POLLS = 5
MAIN = 'state = "syncd.db"\n[brake]\nmax_changes = 1000000\nmax_messages = 1000000\n'
SYNC = 'on_ticket_resolved = "close"\n'


@dataclass(slots=True)
class Pairing:
    """A helpdesk and a tracker, of which one is measured."""

    desk: System
    tracker: System
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="syncd-bench-")))
    tickets: list[Ref] = field(default_factory=list)
    issues: list[Ref] = field(default_factory=list)

    @contextmanager
    def run(self) -> Iterator[Work]:
        """One run of syncd, by its config folder."""
        files = {"syncd.toml": MAIN}
        files |= {f"connectors/{one.name}.toml": one.toml(sync=SYNC) for one in (self.desk, self.tracker)}
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        os.environ |= {**self.desk.secrets, **self.tracker.secrets}
        with working(load(self.folder)) as work:
            yield work

    def seed(self, count: int) -> None:
        """Tickets that wait, each with an open issue that names it; a second apart, some minutes ago."""
        begin = datetime.now(UTC) - timedelta(seconds=count + 600)
        for each in range(count):
            for one in (self.desk, self.tracker):
                one.at(begin + timedelta(seconds=each))
            self.tickets.append(self.desk.waiting())
            self.issues.append(self.tracker.world.add(self.desk.world.url(self.tickets[-1])))
        for one in (self.desk, self.tracker):
            one.at(None)

    def close(self) -> None:
        """Stop both stand-ins."""
        self.desk.close()
        self.tracker.close()


class Meter:
    """Counts the calls of one system."""

    def __init__(self, system: System) -> None:
        self.system, self.seen = system, system.world.calls()

    def since(self) -> int:
        """Calls since it was asked last."""
        now = self.system.world.calls()
        made, self.seen = now - self.seen, now
        return made


def measure(kind: str, pairs: int, changes: int) -> tuple[str, ...]:
    """One row of the table.

    The other end is a system that has been measured for long; a change of the other end is what this one is told of.
    """
    one = System(kind)
    other = System("github" if one.role is Role.HELPDESK else "freshdesk")
    pairing = Pairing(one, other) if one.role is Role.HELPDESK else Pairing(other, one)
    pairing.seed(pairs)
    meter = Meter(one)
    with pairing.run() as work:
        backfill(work, [one.name, other.name])
        first = meter.since()
        for _ in range(POLLS):
            poll(work, one.name)
        idle = meter.since() / POLLS
        _change(pairing, one, 0, 1)
        single = _follow(work, other, meter)
        _change(pairing, one, 1, changes + 1)
        many = _follow(work, other, meter)
        poll(work, one.name)
        echo = meter.since()
        mine = pairing.tickets if one.role is Role.HELPDESK else pairing.issues
        read(work, mine[changes + 1 : 2 * changes + 1])
        _change(pairing, one, changes + 1, 2 * changes + 1)
        known = _follow(work, other, meter)
        assert _done(pairing, one, 2 * changes + 1) == 2 * changes + 1, "every change has come across, by the books"
    with pairing.run() as work:
        backfill(work, [one.name, other.name])
        again = meter.since()
    pairing.close()
    return (
        kind,
        f"{first / pairs:.3f}",
        f"{idle:.2f}",
        str(single),
        str(many),
        str(known),
        str(echo),
        f"{again / pairs:.4f}",
    )


def _change(pairing: Pairing, measured: System, start: int, end: int) -> None:
    """The other end of some pairs is finished."""
    helpdesk = measured is pairing.desk
    system, refs = (pairing.tracker, pairing.issues) if helpdesk else (pairing.desk, pairing.tickets)
    for ref in refs[start:end]:
        system.world.set_status(ref, Word.DONE if helpdesk else Word.RESOLVED)


def _follow(work: Work, other: System, meter: Meter) -> int:
    """What it costs the measured system to be told: reads before the writes, and the writes."""
    poll(work, other.name)
    meter.since()
    drain_and_wait(work)
    return meter.since()


def _done(pairing: Pairing, measured: System, count: int) -> int:
    """How many of the measured items are finished, by the books."""
    refs = pairing.tickets if measured is pairing.desk else pairing.issues
    word = Word.RESOLVED if measured is pairing.desk else Word.DONE
    return sum(measured.world.status(ref).kind == measured.world.native(word).kind for ref in refs[:count])


def main(args: Sequence[str] | None = None) -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=sorted(KINDS))
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--changes", type=int, default=100)
    given = parser.parse_args(args)
    many = f"{given.changes} changes"
    head = ("connector", "first sight, per pair", "idle poll", "one change", many, f"{many}, swept", "next poll")
    rows = [measure(kind, given.pairs, given.changes) for kind in given.kinds]
    table((*head, "unchanged pair"), rows)


if __name__ == "__main__":
    main()
