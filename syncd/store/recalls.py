"""Recalls: a time of which this state knows less than was done, and where that has been made up for."""

from __future__ import annotations

from sqlite_utils import Database

from syncd.model import Ref

SPAN = "SELECT since, until FROM recalls"
END = "DELETE FROM recalls"
FORGET = "DELETE FROM recalled"
BEGIN = "INSERT INTO recalls (since, until) VALUES (?, ?)"
KNOWN = "INSERT INTO recalled (ref, version, asked) SELECT ref, version, 0 FROM snapshots"
ASKED = "INSERT INTO recalled (ref, version, asked) VALUES (?, '', 1) ON CONFLICT (ref) DO UPDATE SET asked = 1"
OF_ITEM = "SELECT version, asked FROM recalled WHERE ref = ?"
LATEST = """
    SELECT max(at) AS at FROM (SELECT max(polled_at) AS at FROM cursors UNION ALL SELECT max(at) FROM journal)
"""


class Recalls:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def span(self) -> tuple[str, str] | None:
        """The time that is to be recalled, our clock: (since, until); None if the state knows all that was done."""
        return next(((row["since"], row["until"]) for row in self._db.query(SPAN)), None)

    def begin(self, since: str, until: str) -> None:
        """From now on each item is asked for our notes of that time, before anything is decided about it."""
        known = self.span()
        for statement in (END, FORGET):
            self._db.execute(statement)
        self._db.execute(BEGIN, [min(since, known[0]) if known else since, until])
        self._db.execute(KNOWN)

    def asked(self, ref: Ref) -> None:
        """An item was asked."""
        self._db.execute(ASKED, [str(ref)])

    def of(self, ref: Ref) -> tuple[str, bool]:
        """The version of an item that the state knew at the beginning, empty if none; and whether it was asked."""
        rows = self._db.query(OF_ITEM, [str(ref)])
        return next(((row["version"], bool(row["asked"])) for row in rows), ("", False))

    def latest(self) -> str:
        """The newest moment that the state tells of; empty if it tells of none."""
        return next(iter(self._db.query(LATEST)))["at"] or ""
