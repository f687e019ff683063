"""What may be late: links of which an end isn't finished, and escalated tickets; with since when they are so."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from syncd.model import Ref, Status
from syncd.records import Standing
from syncd.store.filing_rows import FilingState

STATUSES = "SELECT DISTINCT connector, native, reason FROM snapshots WHERE gone = ''"
_END = ", ".join(
    f"{end}.{column} AS {end}_{column}"
    for end in ("ticket", "issue")
    for column in (
        *("ref", "key", "native", "reason", "tags", "released", "assignees"),
        *("assigned_at", "unassigned_at", "moved_at", "automated", "own_native", "own_reason"),
    )
)
_STATUS = "{0}.connector || ' ' || {0}.native || ' ' || {0}.reason IN (SELECT value FROM json_each(:statuses))"
PAIRS = f"""
    SELECT links.id, links.standing, links.made_at, links.changed_at, {_END},
        coalesce((SELECT kind FROM filings WHERE filings.issue = links.issue LIMIT 1), '') AS kind,
        coalesce((SELECT priority FROM filings WHERE filings.issue = links.issue LIMIT 1), '') AS priority
    FROM links JOIN snapshots ticket ON ticket.ref = links.ticket JOIN snapshots issue ON issue.ref = links.issue
    WHERE links.state IN ('live', 'final') AND ticket.gone = '' AND issue.gone = ''
        AND ({_STATUS.format("ticket")} OR {_STATUS.format("issue")})
    ORDER BY links.id
"""  # noqa: S608  # our own names

ESCALATED = """
    SELECT f.ticket, f.ticket_key, f.issue, coalesce(i.key, '') AS issue_key, f.created_at, f.seen_at, f.answered_at,
        f.state, f.rule, f.reason AS why, t.native, t.reason, t.answered IS NOT NULL AS texts_seen
    FROM filings f LEFT JOIN snapshots i ON i.ref = f.issue LEFT JOIN snapshots t ON t.ref = f.ticket
    WHERE f.occasion = 'escalated' AND coalesce(t.gone, '') = '' AND f.turn = (
            SELECT max(turn) FROM filings o WHERE o.ticket = f.ticket AND o.occasion = f.occasion)
        AND f.state NOT IN ('old', 'withdrawn') AND (f.answered_at = '' OR f.state NOT IN ('filed', 'adopted'))
    ORDER BY f.seen_at, f.id
"""

UNANSWERED = "SELECT ref, key, created_at, native, reason FROM snapshots WHERE answered = 0 AND gone = ''"


@dataclass(frozen=True, slots=True)
class End:
    """An end of a link as last seen. Moments are ISO UTC text, empty where there is none.

    Attributes:
        assigned: whether somebody is to see to it; None where nothing tells.
        assigned_at: since when, or since when it was until it was unassigned; our clock.
        unassigned_at: since when nobody is; our clock.
        moved_at: when its status moved last; by the clock of its service.
        automated: whether a rule or an app made that move.
        ours: whether it was our own.
    """

    ref: Ref
    status: Status
    tags: tuple[str, ...]
    released: bool | None
    assigned: bool | None
    assigned_at: str
    unassigned_at: str
    moved_at: str
    automated: bool | None
    ours: bool


@dataclass(frozen=True, slots=True)
class PairRow:
    """A live or final link with both its ends.

    Attributes:
        made_at: when the link was made, our clock.
        changed_at: when its state or standing changed last, our clock.
        kind, priority: with which its issue was filed; empty where syncd did not file it.
    """

    id: int
    standing: Standing
    made_at: str
    changed_at: str
    ticket: End
    issue: End
    kind: str
    priority: str


@dataclass(frozen=True, slots=True)
class Escalated:
    """The last filing of a ticket, where nobody has answered yet or no issue has come of it.

    Attributes:
        status: of the ticket as last seen; None where that isn't kept.
        created_at: when the ticket was made, by its helpdesk's clock.
        seen_at: when it was first seen to be escalated, our clock.
        answered_at: when an agent first answered, by the helpdesk's clock; empty: not yet.
        texts_seen: whether what was written on the ticket has been read, so that its snapshot knows of an answer.
        rule, why: why no issue is filed.
    """

    ticket: Ref
    issue: Ref | None
    status: Status | None
    created_at: str
    seen_at: str
    answered_at: str
    state: FilingState
    texts_seen: bool
    rule: str
    why: str


class Waits:
    """Read only."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def statuses(self) -> list[tuple[str, Status]]:
        """What items have: connector and native status."""
        rows = self._db.query(STATUSES)
        return [(row["connector"], Status(row["native"], row["reason"])) for row in rows]

    def pairs(self, statuses: Collection[tuple[str, Status]]) -> list[PairRow]:
        """The links of which one end or both have one of these statuses."""
        names = json.dumps([f"{connector} {one.native} {one.reason}" for connector, one in statuses])
        return [_pair(row) for row in self._db.query(PAIRS, {"statuses": names})]

    def unanswered(self) -> list[tuple[Ref, Status, str]]:
        """Items on which nobody of the team has answered publicly, and when each was made, by its service's clock."""
        rows = self._db.query(UNANSWERED)
        return [
            (Ref.parse(row["ref"], row["key"]), Status(row["native"], row["reason"]), row["created_at"]) for row in rows
        ]

    def escalated(self) -> list[Escalated]:
        """Escalated tickets without an answer, or without their issue, in the order in which they were seen."""
        return [_escalated(row) for row in self._db.query(ESCALATED)]


def _escalated(row: dict[str, Any]) -> Escalated:
    values = {name: row[name] for name in ("created_at", "seen_at", "answered_at", "rule", "why")}
    return Escalated(
        ticket=Ref.parse(row["ticket"], row["ticket_key"]),
        issue=Ref.parse(row["issue"], row["issue_key"]) if row["issue"] else None,
        status=None if row["native"] is None else Status(row["native"], row["reason"]),
        state=FilingState(row["state"]),
        texts_seen=bool(row["texts_seen"]),
        **values,
    )


def _pair(row: dict[str, Any]) -> PairRow:
    values = {name: row[name] for name in ("id", "made_at", "changed_at", "kind", "priority")}
    return PairRow(standing=Standing(row["standing"]), ticket=_end(row, "ticket"), issue=_end(row, "issue"), **values)


def _end(row: dict[str, Any], end: str) -> End:
    values = {name: row[f"{end}_{name}"] for name in ("assigned_at", "unassigned_at", "moved_at")}
    assignees, released, automated = (row[f"{end}_{name}"] for name in ("assignees", "released", "automated"))
    return End(
        ref=Ref.parse(row[f"{end}_ref"], row[f"{end}_key"]),
        status=Status(row[f"{end}_native"], row[f"{end}_reason"]),
        tags=tuple(json.loads(row[f"{end}_tags"])),
        released=None if released is None else bool(released),
        assigned=None if assignees is None else assignees != "[]",
        automated=None if automated is None else bool(automated),
        ours=(row[f"{end}_own_native"], row[f"{end}_own_reason"]) == (row[f"{end}_native"], row[f"{end}_reason"]),
        **values,
    )
