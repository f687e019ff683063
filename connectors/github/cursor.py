"""How far a repository's feed has been read. Only the feed understands it; the state keeps it as text."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from connectors.github.api import PER_PAGE
from connectors.github.items import Row
from syncd.clock import moment, stamp

OVERLAP = timedelta(minutes=15)
"""How late a row may appear in the list: minutes have been seen, so a pass begins that long before the newest row."""
NARROW = 0.8
"""The share of a page that a window may fill, so that the next row still fits. A fuller one is polled another way."""
ROOMY = 0.5
"""A window that fills less isn't moved: while its address stays the same, an idle poll is answered 304."""
REMEMBERED = 10_000
"""Rows that are remembered as told; what is beyond may be told again."""
AMISS = timedelta(minutes=1)
"""How far a server's own clocks may be apart."""
PASSES = 5
"""How often a stretch of the list is walked again because it shifted."""


def earlier(text: str, delta: timedelta) -> str:
    """A stamp, moved back."""
    return stamp(moment(text) - delta)


def later(text: str, delta: timedelta) -> str:
    """A stamp, moved on."""
    return stamp(moment(text) + delta)


class Cursor(BaseModel):
    """Stamps are ISO UTC text, empty where there is none yet; addresses are path and query on our origin."""

    model_config = ConfigDict(extra="forbid")

    repo: int = 0
    """The repository's id: a name may come to mean another one."""
    walked: bool = False
    """A walk from the beginning has been completed."""
    since: str = ""
    """Where passes begin."""
    high: str = ""
    """The newest row told."""
    seen: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Rows told: version -> id -> digest."""
    wide: bool = False
    """More rows lie between ``since`` and ``high`` than a page holds."""
    size: int = PER_PAGE
    """Rows of a page, as the server cuts them."""

    running: bool = False
    """A pass was begun and isn't complete."""
    step: str = ""
    """Where its next page begins, unless ``link`` is given."""
    link: str = ""
    """The next page as the server named it."""
    dense: str | None = None
    """Where links were first followed by page number in this pass; None if they weren't."""
    stretch: set[str] = Field(default_factory=set)
    """Ids of the rows met since then."""
    shifted: bool = False
    """One of them was met again, changed: it moved to the end, so a row may have been skipped."""
    again: int = 0
    """How often the stretch was walked again."""
    begun: str = ""
    """The server's time when the pass began."""

    full: str = ""
    """The server's time when the last complete pass began; told only while the window is wide."""
    looked: str = ""
    """The server's time when it began to show what is newest now; the same."""
    url: str = ""
    """The address that ``etag`` belongs to."""
    etag: str = ""

    @classmethod
    def load(cls, text: str | None, since: datetime | None) -> Cursor:
        """The cursor behind a stored text; None or one that can't be read begin the first walk, which loses nothing."""
        fresh = cls(since=stamp(since) if since is not None else "")
        if not text:
            return fresh
        try:
            return cls.model_validate_json(text)
        except ValueError:
            return fresh

    def dump(self) -> str:
        """As stored."""
        return self.model_dump_json(exclude_defaults=True)

    def news(self, rows: list[Row]) -> list[Row]:
        """The rows that weren't told as they are now."""
        return [row for row in rows if self.seen.get(row.version, {}).get(str(row.id)) != row.digest]

    def watch(self, rows: list[Row]) -> None:
        """Look whether a row of the stretch comes again, changed. To be called before rows are remembered."""
        again = [row for row in rows if str(row.id) in self.stretch]
        self.shifted |= any(str(row.id) not in self.seen.get(row.version, {}) for row in again)
        if self.link and self.dense is not None:
            self.stretch |= {str(row.id) for row in rows}

    def follow(self, link: str, rows: list[Row], *, by_cursor: bool) -> None:
        """Go on from ``rows`` where the server says; by page number only under watch."""
        self.link = link
        if not by_cursor:
            self.dense = self.step if self.dense is None else self.dense
            self.stretch |= {str(row.id) for row in rows}

    def rewind(self) -> None:
        """Walk the stretch again in which a row moved."""
        self.step, self.link, self.again = self.dense or "", "", self.again + 1
        self.dense, self.stretch, self.shifted = None, set(), False

    def remember(self, rows: list[Row]) -> None:
        """The rows have been told."""
        stale = {str(row.id) for row in rows}
        for group in self.seen.values():
            for one in stale & group.keys():
                del group[one]
        for row in rows:
            self.seen.setdefault(row.version, {})[str(row.id)] = row.digest
            self.high = max(self.high, row.version)
        # Before the first walk is complete the window is behind the newest row; later it begins at `since`.
        sure = min(self.high, self.begun or self.high)
        self._prune(self.since if self.walked or not sure else earlier(sure, OVERLAP))

    def finish(self, now: str) -> None:
        """The pass is complete, by the server's time ``now``: what the next one has to look at again."""
        if self.high and (self._count() > ROOMY * self.size or not self.walked):
            # What was told while the pass went on may have changed in the same second, or have had late neighbours.
            sure = self.high if self.foreign(now) else min(self.high, self.begun)
            self.since = max(self.since, earlier(sure, OVERLAP))
        self.walked, self.running = True, False
        self.step = self.link = ""
        self.dense, self.stretch, self.shifted, self.again = None, set(), False, 0
        self._prune(self.since)
        self.wide = self._count() > NARROW * self.size
        self.full = self.looked = self.begun if self.wide else ""
        self.begun = ""

    def foreign(self, now: str) -> bool:
        """Whether rows are from the future: then the server's ``Date`` tells nothing about them."""
        return self.high > later(now, AMISS)

    def _count(self) -> int:
        return sum(len(group) for stamped, group in self.seen.items() if stamped >= self.since)

    def _prune(self, before: str) -> None:
        self.seen = {stamped: group for stamped, group in self.seen.items() if group and stamped >= before}
        excess = sum(map(len, self.seen.values())) - REMEMBERED
        for stamped in sorted(self.seen):
            if excess <= 0:
                return
            group = self.seen[stamped]
            kept = list(group.items())[min(excess, len(group)) :]
            excess -= len(group) - len(kept)
            if kept:
                self.seen[stamped] = dict(kept)
            else:
                del self.seen[stamped]
