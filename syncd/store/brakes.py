"""Brakes: which connectors' changes were stopped because too much would have changed at once (rule 16)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

GET = "SELECT * FROM brakes WHERE connector = ?"
ON = "SELECT * FROM brakes WHERE released_at = '' ORDER BY connector"
PULL = """
    INSERT INTO brakes (connector, reason, at, released_at, rehearsal) VALUES (?, ?, ?, '', ?)
    ON CONFLICT (connector) DO UPDATE SET reason = excluded.reason, rehearsal = excluded.rehearsal,
        at = iif(released_at = '', at, excluded.at), released_at = ''
"""
RELEASE = "UPDATE brakes SET released_at = ? WHERE connector = ?"


@dataclass(frozen=True, slots=True)
class BrakeRow:
    """A brake that is on, and since when; ``rehearsal``: because a mapping or playbook has changed."""

    connector: str
    reason: str
    at: str
    rehearsal: bool


class Brakes:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def on(self) -> list[BrakeRow]:
        """Those that hold."""
        return [
            BrakeRow(row["connector"], row["reason"], row["at"], bool(row["rehearsal"])) for row in self._db.query(ON)
        ]

    def released_at(self, connector: str) -> str:
        """When a person last let this connector go on; empty if never, or if it was stopped again since."""
        return next((row["released_at"] for row in self._db.query(GET, [connector])), "")

    def pull(self, connector: str, reason: str, now: str, *, rehearsal: bool = False) -> None:
        """Stop a connector; one that is stopped already has been since it was."""
        self._db.execute(PULL, [connector, reason, now, int(rehearsal)])

    def release(self, connector: str, now: str) -> None:
        """Let it go on; what has changed so far counts no more."""
        self._db.execute(RELEASE, [now, connector])
