"""Brakes: which connectors' changes were stopped because too much would have changed at once (rule 16)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

GET = "SELECT * FROM brakes WHERE connector = ?"
ALL = "SELECT * FROM brakes ORDER BY connector"
PULL = """
    INSERT INTO brakes (connector, reason, at, released) VALUES (?, ?, ?, 0)
    ON CONFLICT (connector) DO UPDATE SET reason = excluded.reason, at = excluded.at, released = 0
"""
RELEASE = "UPDATE brakes SET released = 1 WHERE connector = ?"
FORGET = "DELETE FROM brakes WHERE released = 1"


@dataclass(frozen=True, slots=True)
class BrakeRow:
    """A brake that is on, or was released for the next run."""

    connector: str
    reason: str
    at: str
    released: bool


class Brakes:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[BrakeRow]:
        """Every brake."""
        rows = self._db.query(ALL)
        return [BrakeRow(row["connector"], row["reason"], row["at"], bool(row["released"])) for row in rows]

    def on(self) -> list[BrakeRow]:
        """Those that hold."""
        return [brake for brake in self.all() if not brake.released]

    def released(self, connector: str) -> bool:
        """Whether a person has let this connector go on."""
        return any(True for row in self._db.query(GET, [connector]) if row["released"])

    def pull(self, connector: str, reason: str, now: str) -> None:
        """Stop a connector."""
        self._db.execute(PULL, [connector, reason, now])

    def release(self, connector: str) -> None:
        """Let it go on."""
        self._db.execute(RELEASE, [connector])

    def forget_released(self) -> None:
        """The count starts anew."""
        self._db.execute(FORGET)
