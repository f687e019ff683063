"""Tickets met: which tickets there are, for the report; and which of them were handed to engineering.

Of a ticket that is linked to nothing only its ref and the moment it was made are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlite_utils import Database

from syncd.clock import stamp
from syncd.model import Item, Ref, Status
from syncd.records import Handed

MEET = "INSERT OR IGNORE INTO tickets_met (ref, created_at) VALUES (?, ?)"
FORGET = "DELETE FROM tickets_met WHERE ref = ?"
MADE = "SELECT created_at FROM tickets_met WHERE ref >= ? AND ref < ? ORDER BY created_at"
REACH = "SELECT reach FROM cursors WHERE connector = ?"
HANDED = """
    WITH pairs AS (
        SELECT ticket, issue FROM links WHERE state IN ('live', 'final')
        UNION SELECT ticket, issue FROM filings WHERE issue <> '' AND state IN ('filed', 'adopted')),
    finished AS (
        SELECT target, max(at) AS at FROM journal
        WHERE status = 1 AND outcome IN ('done', 'answer lost') AND after IN ('resolved', 'closed')
            AND rule <> 'nobody_objects' GROUP BY target)
    SELECT m.ref, m.created_at, p.issue, coalesce(t.key, f.ticket_key, '') AS ticket_key,
        coalesce(t.native, '') AS ticket_native, coalesce(t.reason, '') AS ticket_reason,
        iif(m.created_at > (SELECT max(start_mark) FROM cursors WHERE connector = ?), coalesce(t.assigned_at, ''), '')
            AS assigned_at,
        coalesce(t.moved_at, '') AS ticket_moved_at, coalesce(i.key, '') AS issue_key, coalesce(i.url, '') AS issue_url,
        iif(i.gone = '', i.native, '') AS issue_native, coalesce(i.reason, '') AS issue_reason,
        coalesce(i.released, 1) AS released, coalesce(i.created_at, '') AS issue_created_at,
        coalesce(i.tags, '[]') AS labels,
        coalesce(finished.at, '') AS finished_at, l.id AS link, f.id AS filing,
        f.kind, f.area, f.team, f.priority, f.company, f.seen_at, f.filed_at, f.answered_at
    FROM pairs p JOIN tickets_met m ON m.ref = p.ticket
    LEFT JOIN snapshots t ON t.ref = p.ticket
    LEFT JOIN snapshots i ON i.ref = p.issue
    LEFT JOIN links l ON l.ticket = p.ticket AND l.issue = p.issue AND l.state IN ('live', 'final')
    LEFT JOIN filings f ON f.ticket = p.ticket AND f.issue = p.issue
    LEFT JOIN finished ON finished.target = p.ticket
    WHERE m.ref >= ? AND m.ref < ? ORDER BY m.created_at, m.ref, p.issue
"""
OF_FILING = ("kind", "area", "team", "priority", "company", "seen_at", "filed_at", "answered_at")


class Tickets:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def meet(self, items: Iterable[Item]) -> None:
        """These tickets are there."""
        self._db.conn.executemany(MEET, [(str(item.ref), stamp(item.created_at)) for item in items])

    def forget(self, ref: Ref) -> None:
        """A ticket isn't there any more, or never was one: deleted, spam, merged into another."""
        self._db.execute(FORGET, [str(ref)])

    def made(self, helpdesk: str) -> Sequence[str]:
        """When each ticket of a helpdesk was made, by its own clock, in that order."""
        return [row[0] for row in self._db.execute(MADE, _span(helpdesk)).fetchall()]

    def reach(self, helpdesk: str) -> str:
        """Since when all tickets of a helpdesk have been met; empty while its first walk is under way."""
        found = [row["reach"] for row in self._db.query(REACH, [helpdesk])]
        return max(found) if found and all(found) else ""

    def handed(self, helpdesk: str) -> list[Handed]:
        """Tickets of a helpdesk with an issue, a value for each pair."""
        return [_handed(row) for row in self._db.query(HANDED, [helpdesk, *_span(helpdesk)])]


def _span(helpdesk: str) -> tuple[str, str]:
    """The refs of a helpdesk: what begins with its name and a colon."""
    return f"{helpdesk}:", f"{helpdesk};"


def _handed(row: dict[str, Any]) -> Handed:
    told = {name: row[name] or "" for name in OF_FILING}
    return Handed(
        ticket=Ref.parse(row["ref"], row["ticket_key"]),
        created_at=row["created_at"],
        issue=Ref.parse(row["issue"], row["issue_key"]),
        issue_url=row["issue_url"],
        issue_created_at=row["issue_created_at"],
        ticket_status=Status(row["ticket_native"], row["ticket_reason"]),
        assigned_at=row["assigned_at"],
        ticket_moved_at=row["ticket_moved_at"],
        issue_status=Status(row["issue_native"], row["issue_reason"]),
        issue_released=bool(row["released"]),
        labels=tuple(json.loads(row["labels"])),
        finished_at=row["finished_at"],
        linked=row["link"] is not None,
        by_syncd=row["filing"] is not None,
        **told,
    )
