"""Boards: which issues that syncd has filed, or adopted, are still to be put on the boards of their playbook.

It stands in the row of each filing, so that it is owed from the transaction on in which the issue stands.
"""

from __future__ import annotations

from sqlite_utils import Database

from syncd.model import Ref
from syncd.store.filing_rows import FilingRow, filing_row

ROWS = """
    SELECT f.*, coalesce(s.key, '') AS issue_key FROM filings f LEFT JOIN snapshots s ON s.ref = f.issue
    WHERE f.state IN ('filed', 'adopted')
"""
DUE = f"{ROWS} AND f.board_due <> '' AND f.board_due <= ? AND f.ticket LIKE ? ORDER BY f.board_due, f.id"
FAILED = f"{ROWS} AND f.board_reason <> '' ORDER BY f.board_due <> '', f.board_due, f.id"
KNOWN = "SELECT 1 FROM filings WHERE issue = ? AND id <> ? AND state IN ('filed', 'adopted') LIMIT 1"
RETRY = """
    UPDATE filings SET board_due = :now, board_tries = 0 WHERE board_reason <> ''
    AND (:item IS NULL OR :item IN (ticket, issue))
"""
DROP = """
    UPDATE filings SET reason = ltrim(reason || '; ' || board_reason, '; '), board_reason = '', board_due = ''
    WHERE board_reason <> '' AND :item IN (ticket, issue)
"""


class Boards:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def due(self, helpdesk: str, now: str) -> list[FilingRow]:
        """Filings of a helpdesk's tickets whose issue is to be put on its boards now."""
        return [filing_row(row) for row in self._db.query(DUE, [now, f"{helpdesk}:%"])]

    def known(self, issue: Ref, filing: str) -> bool:
        """Whether another filing than this one has led to an issue, and so to its boards."""
        return any(self._db.query(KNOWN, [str(issue), filing]))

    def failed(self) -> list[FilingRow]:
        """Those whose issue isn't on all of its boards yet, and why; what is parked first."""
        return [filing_row(row) for row in self._db.query(FAILED)]

    def refused(self) -> list[FilingRow]:
        """Those of which that is parked until a person acts."""
        return [row for row in self.failed() if not row.board_due]

    def retry(self, now: str, item: Ref | None = None) -> int:
        """These are put there now, as if it had never failed: all, or those of a ticket or an issue; how many."""
        return int(self._db.execute(RETRY, {"now": now, "item": str(item) if item else None}).rowcount)

    def drop(self, item: Ref) -> int:
        """It is given up for a ticket or an issue; how many."""
        return int(self._db.execute(DROP, {"item": str(item)}).rowcount)
