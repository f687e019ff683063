"""Updates: how far the comments of a link's issue have been looked through for what is meant for customers."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

OF = "SELECT since, looked FROM updates WHERE link = ?"
PUT = "INSERT OR REPLACE INTO updates (link, since, looked) VALUES (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Looked:
    """How far.

    Attributes:
        since: what is older is history; a stamp of the tracker's clock.
        version: of the issue when its comments were read; empty: not yet.
    """

    since: str
    version: str = ""


class Updates:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, link: int) -> Looked | None:
        """How far it is with a link; None: nobody has looked yet."""
        return next((Looked(row["since"], row["looked"]) for row in self._db.query(OF, [link])), None)

    def put(self, link: int, looked: Looked) -> None:
        """So far."""
        self._db.execute(PUT, [link, looked.since, looked.version])
