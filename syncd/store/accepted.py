"""Exposed, and accepted: what was written for the team and everybody can read by now, and what may stay as it is.

An issue is exposed if everybody can read it, and syncd filed it for a private place, or has left anything on it: notes
and conversation are left on private issues alone. A person may accept that, as well as a second issue of a ticket; once
an issue is private again that is forgotten, so that opening it up anew is told.
"""

from __future__ import annotations

from sqlite_utils import Database

from syncd.model import Ref

WRITTEN_ON = """
    SELECT s.ref, s.key FROM snapshots s WHERE s.audience = :audience AND s.gone = ''
    AND (s.connector = :connector OR :connector = '') AND (
        EXISTS (SELECT 1 FROM filings f WHERE f.issue = s.ref AND f.issue <> '' AND f.state = 'filed'
            AND f.audience = 'private')
        OR EXISTS (SELECT 1 FROM links l JOIN effects e ON e.link = l.id
            WHERE l.issue = s.ref AND substr(e.target, 1, length(s.connector) + 1) = s.connector || ':'
            AND e.state IN ('sent', 'doubt', 'done')))
"""
EXPOSED = f"{WRITTEN_ON} AND s.ref NOT IN (SELECT subject FROM accepted) ORDER BY s.ref"  # noqa: S608  # our own words
ACCEPT = "INSERT OR IGNORE INTO accepted (subject, what, at) VALUES (?, ?, ?)"
BESIDE = "SELECT id, beside FROM filings WHERE beside <> '' AND ? IN (ticket, issue)"
END_BESIDE = "UPDATE filings SET beside = '' WHERE id = ?"
IS_BESIDE = "SELECT 1 FROM accepted WHERE subject = ? AND what = ?"
FORGOTTEN = "SELECT subject FROM accepted JOIN snapshots ON ref = subject WHERE audience <> 'public'"
FORGET = "DELETE FROM accepted WHERE subject = ?"
PUBLIC = "public"


class Accepted:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def exposed(self) -> list[Ref]:
        """Issues that were written, or written on, for the team alone, and that everybody can read by now (rule 14)."""
        return self._written_on(EXPOSED, "public")

    def public(self, connector: str) -> list[Ref]:
        """The same of one tracker, with what may stay so."""
        return self._written_on(WRITTEN_ON, "public", connector)

    def private(self, connector: str) -> list[Ref]:
        """Issues of one tracker that were written, or written on, for the team alone, and are private as last seen."""
        return self._written_on(WRITTEN_ON, "private", connector)

    def _written_on(self, query: str, audience: str, connector: str = "") -> list[Ref]:
        rows = self._db.query(query, {"audience": audience, "connector": connector})
        return [Ref.parse(row["ref"], row["key"]) for row in rows]

    def accept(self, item: Ref, now: str) -> int:
        """An exposed issue, or the second issue of a ticket, may stay; how many of these there were."""
        several = list(self._db.query(BESIDE, [str(item)]))
        for row in several:
            self._db.execute(ACCEPT, [row["id"], row["beside"], now])
            self._db.execute(END_BESIDE, [row["id"]])
        if item not in self.exposed():
            return len(several)
        self._db.execute(ACCEPT, [str(item), PUBLIC, now])
        return len(several) + 1

    def may_stand_beside(self, filing: str, other: str) -> bool:
        """Whether a person has accepted that other issue of a filing's ticket."""
        return next(self._db.query(IS_BESIDE, [filing, other]), None) is not None

    def outdated(self) -> list[str]:
        """Issues that are private again."""
        return [row["subject"] for row in self._db.query(FORGOTTEN)]

    def forget(self, subject: str) -> None:
        """If it is opened up once more, that is told."""
        self._db.execute(FORGET, [subject])
