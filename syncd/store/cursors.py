"""Cursors: how far each source has safely been read, and when each connector's watch began."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

BEGINNING = "0001-01-01T00:00:00Z"
"""Before anything that a system tells of."""
GET = "SELECT * FROM cursors WHERE connector = ? AND source = ?"
ALL = "SELECT * FROM cursors ORDER BY connector, source"
PUT = """
    INSERT INTO cursors (connector, source, cursor, walked, walking, span, resume, start_mark, at_mark, polled_at,
        reach)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (connector, source) DO UPDATE SET cursor = excluded.cursor, walked = excluded.walked,
        walking = excluded.walking, span = excluded.span, resume = excluded.resume,
        start_mark = excluded.start_mark, at_mark = excluded.at_mark, polled_at = excluded.polled_at,
        reach = excluded.reach
"""


@dataclass(frozen=True, slots=True)
class CursorRow:
    """One source.

    ``start_mark``: the newest version that its first walk saw, in the system's own time; ``at_mark``: the items made in
    that very second that were there already. ``walked``: that walk was
    finished. ``walking``: when the walk that is under way began, our clock; empty while none is; ``span``: since when
    it walks, empty for all. ``resume``: where polls go on while a walk is under way, and after a walk of a part, which
    skips what changed between that cursor and its span. ``reach``: everything that changed since then has been met, as
    far as the system shows it; ``BEGINNING`` where no walk was bounded, empty while none has ended.
    """

    connector: str
    source: str
    cursor: str
    walked: bool
    walking: str
    span: str
    resume: str
    start_mark: str
    at_mark: frozenset[str]
    polled_at: str
    reach: str = ""

    @property
    def polled_aside(self) -> bool:
        """A walk is under way, and polls have a place of their own."""
        return bool(self.walking and self.resume)


def unread(connector: str, source: str) -> CursorRow:
    """A source that was never read."""
    return CursorRow(
        connector,
        source,
        cursor="",
        walked=False,
        walking="",
        span="",
        resume="",
        start_mark="",
        at_mark=frozenset(),
        polled_at="",
    )


class Cursors:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, connector: str, source: str) -> CursorRow | None:
        """Where a source stands."""
        return next((_row(row) for row in self._db.query(GET, [connector, source])), None)

    def walked(self, connector: str) -> bool:
        """Whether a source of a connector has been walked to its end once; a broken one spoils no other."""
        return any(row.walked for row in self.all() if row.connector == connector)

    def all(self) -> list[CursorRow]:
        """Every source."""
        return [_row(row) for row in self._db.query(ALL)]

    def put(self, row: CursorRow) -> None:
        """Keep where a source stands; in the same transaction as what was read."""
        at_mark = json.dumps(sorted(row.at_mark))
        values = [row.connector, row.source, row.cursor, int(row.walked), row.walking, row.span, row.resume]
        self._db.execute(PUT, [*values, row.start_mark, at_mark, row.polled_at, row.reach])


def _row(row: dict[str, Any]) -> CursorRow:
    return CursorRow(
        connector=row["connector"],
        source=row["source"],
        cursor=row["cursor"],
        walked=bool(row["walked"]),
        walking=row["walking"],
        span=row["span"],
        resume=row["resume"],
        start_mark=row["start_mark"],
        at_mark=frozenset(json.loads(row["at_mark"])),
        polled_at=row["polled_at"],
        reach=row["reach"],
    )
