"""Several systems of any kind, and one config folder between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.systems import System
from syncd.cli.running import working
from syncd.config import load
from syncd.jobs.backfill import backfill
from syncd.model import Ref, Role, Word


class House:
    """Several systems and one config folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        self.systems: list[System] = []
        self.more: dict[str, str] = {}
        """Lines of their own for some of the files, by name."""
        self.more_sync = ""
        """Lines of their own for every helpdesk's ``[sync]``."""

    def add(self, kind: str, name: str = "") -> System:
        """One more system."""
        one = System(kind, name)
        self.systems.append(one)
        for key, value in one.secrets.items():
            self.monkeypatch.setenv(key, value)
        return one

    def later(self, seconds: float = 600) -> None:
        """Time passes everywhere but here."""
        for one in self.systems:
            one.stand_in.advance(seconds)

    def sync(self) -> None:
        """``syncd reconcile``."""
        (self.folder / "connectors").mkdir(exist_ok=True)
        (self.folder / "syncd.toml").write_text('state = "state/syncd.db"\n')
        for one in self.systems:
            (self.folder / "connectors" / f"{one.name}.toml").write_text(
                one.toml(self.more.get(one.name, ""), self._sync(one))
            )
        with working(load(self.folder)) as work:
            failures = backfill(work, [one.name for one in self.systems])
            assert {name: error.what for name, error in failures.items()} == {}
            assert [row.reason for row in work.store.queue.rows()] == []

    def _sync(self, desk: System) -> str:
        trackers = [one.name for one in self.systems if one.role is Role.TRACKER]
        lines = f"trackers = {trackers}\n".replace("'", '"') + self.more_sync
        return lines if desk.role is Role.HELPDESK else ""

    def quiet(self) -> None:
        """Nobody does anything any more; what was left undone is done."""
        for _ in range(2):
            self.sync()
            self.later()

    def close(self) -> None:
        """Stop all stand-ins."""
        for one in self.systems:
            one.close()


def is_at(system: System, ref: Ref, word: Word) -> bool:
    """Whether the books show what stands for a word, whatever else they add to it."""
    now, wanted = system.world.status(ref), system.world.native(word)
    return wanted.native in (now.native, now.kind)
