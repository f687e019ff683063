"""From an agent's change on Zendesk to the write on GitHub, with the glance at the latest changes and without it.

In simulated time: the stand-in and syncd share one clock, so that the figures are exact on any machine.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench.systems import System
from syncd.cli.show import table
from syncd.config import load
from syncd.ingest.poll import poll
from syncd.jobs.backfill import backfill
from syncd.model import Ref, Word
from syncd.store import Store
from syncd.sync.reconcile import drain
from syncd.work import Work

INTERVAL = 30
"""Seconds between polls, as it is unless configured."""
CHANGES = 40
SPREAD = 200
"""Seconds in which the next change comes, at random."""


class Wait:
    """How long each change of a ticket takes to reach its issue.

    Args:
        sources: what is read of Zendesk.
    """

    def __init__(self, *sources: str) -> None:
        self.desk, self.tracker = System("zendesk"), System("github")
        world: Any = self.desk.world
        self.clock = world.clock
        self.desk.at(self.clock.now())
        self.tracker.at(self.clock.now())
        folder = Path(tempfile.mkdtemp(prefix="syncd-bench-"))
        (folder / "connectors").mkdir()
        (folder / "syncd.toml").write_text('state = "syncd.db"\n[brake]\nmax_changes = 1000000\n')
        for one in (self.desk, self.tracker):
            os.environ |= one.secrets
            (folder / "connectors" / f"{one.name}.toml").write_text(one.toml(sync='on_ticket_resolved = "close"'))
        config = load(folder)
        connectors: dict[str, Any] = {
            name: one.connect(self.clock) for name, one in {**config.helpdesks, **config.trackers}.items()
        }
        connectors["zendesk"].sources = lambda: sources
        connectors["github"].write_interval = 0.0
        self.work = Work(
            Store.scratch(), self.clock, connectors, config.helpdesks, config.trackers, b"k" * 32, config.brake
        )

    def run(self) -> list[float]:
        """Seconds per change."""
        choose = random.Random(1)  # noqa: S311  # the same day each time
        pairs = [self._pair() for _ in range(CHANGES)]
        self._pass(120)
        backfill(self.work, ["github", "zendesk"])
        self._pass(INTERVAL)
        took = [self._follow(ticket, issue, choose.randrange(SPREAD)) for ticket, issue in pairs]
        self.desk.close()
        self.tracker.close()
        return took

    def _pair(self) -> tuple[Ref, Ref]:
        ticket = self.desk.waiting()
        return ticket, self.tracker.world.add(self.desk.world.url(ticket))

    def _follow(self, ticket: Ref, issue: Ref, idle: int) -> float:
        self._pass(idle)
        people: Any = self.desk.world
        people.people.set_status(int(ticket.id), "solved")
        began = self.clock.monotonic()
        while self.tracker.world.status(issue) != self.tracker.world.native(Word.DONE):
            self._pass(1)
            assert self.clock.monotonic() - began < 600, "it never came"
        return float(self.clock.monotonic() - began)

    def _pass(self, seconds: int) -> None:
        """Time passes, and syncd does its rounds in it."""
        for _ in range(seconds):
            self.clock.advance(1)
            self.tracker.stand_in.advance(1)
            if int(self.clock.monotonic()) % INTERVAL == 0:
                poll(self.work, "zendesk")
                drain(self.work)


def main() -> None:
    """Print one table."""
    rows = []
    for what, sources in (("export and glance", ("export", "fresh")), ("export alone", ("export",))):
        took = sorted(Wait(*sources).run())
        rows.append((what, f"{statistics.median(took):.0f} s", f"{took[-1]:.0f} s", str(len(took))))
    table(("what is read of Zendesk", "median from change to write", "longest", "changes"), rows)


if __name__ == "__main__":
    main()
