"""How far a site's feed was read, as text for the state."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

LAG = 240
"""Seconds after which the search index shows a change: seconds as a rule, minutes after bulk changes
(Jira Cloud, Search and reconcile)."""
WIDE = 3600
"""Seconds that are looked at again once in so many seconds, because an index can lag longer."""
MOST = 2000
"""So many items are remembered at most: what is told again costs no write."""


@dataclass(slots=True)
class Cursor:
    """What a poll needs of those before it. Times are the site's, in seconds since 1970.

    Attributes:
        low: whatever changed before this was told; None before the first walk has got anywhere.
        seen: what was told of later: id -> version.
        walked: the first walk is done.
        began: when the walk that is under way was begun; None between two.
        wide_at: when to look further back again.
    """

    low: float | None = None
    seen: dict[str, str] = field(default_factory=dict)
    walked: bool = False
    began: float | None = None
    wide_at: float | None = None

    @classmethod
    def load(cls, text: str | None, since: datetime | None) -> Cursor:
        """From a cursor; one that can't be read, and None, start the first walk, which goes back to ``since``."""
        try:
            kept: dict[str, Any] = json.loads(text or "")
            known = {one.name for one in fields(cls)}
            seen = {str(key): str(version) for key, version in kept.pop("seen").items()}
            times = {key: None if kept[key] is None else float(kept[key]) for key in ("low", "began", "wide_at")}
            walked = kept["walked"] is True
            if kept.keys() <= known:
                return cls(seen=seen, walked=walked, **times)
        except (ValueError, TypeError, KeyError, AttributeError):
            pass
        return cls(low=None if since is None else since.timestamp())

    def dump(self) -> str:
        """As text."""
        return json.dumps({one.name: getattr(self, one.name) for one in fields(self)}, separators=(",", ":"))

    def bound(self, now: float) -> float | None:
        """From when on to ask in a new poll; ``now``: the site's time, as well as we know it."""
        if self.low is None or not self.walked:
            return self.low
        return min(self.low, now - WIDE) if self.is_wide(now) else self.low

    def is_wide(self, now: float) -> bool:
        """Whether this poll is to look further back."""
        return self.wide_at is None or not now < self.wide_at <= now + WIDE

    def begin(self, now: float) -> None:
        """The first answer of a walk has come, at this time of the site's."""
        if self.began is None:
            self.began = now

    def knows(self, item_id: str, version: str) -> bool:
        """Whether this very state of an item was told."""
        return self.seen.get(item_id) == version

    def reached(self, moment: float) -> None:
        """A first walk that is broken off goes on from here."""
        if not self.walked:
            self.low = max(moment, self.low or moment)
            self.forget(self.low - LAG)

    def finish(self, now: float, *, wide: bool) -> None:
        """The walk is at its end: what changed before it was begun has been told, but for what the index lacked.

        Args:
            now: until when what was told counts.
            wide: whether it went further back.
        """
        began = now if self.began is None else min(self.began, now)
        if wide or not self.walked:
            self.wide_at = began + WIDE
        self.low, self.walked, self.began = began - LAG, True, None
        self.forget(began - WIDE - LAG)

    def forget(self, before: float) -> None:
        """Drop what no poll will be told of again; the newest are kept where it is too much."""
        stamp = f"{datetime.fromtimestamp(max(before, 0.0), UTC):%Y-%m-%dT%H:%M:%S}"
        kept = sorted((version, key) for key, version in self.seen.items() if version >= stamp)[-MOST:]
        self.seen = {key: version for version, key in kept}
