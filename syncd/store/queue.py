"""The queue: groups that are due, leases on them, what was tried, and what is parked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from syncd.clock import precise

LEASE = timedelta(minutes=10)

ASK = """
    INSERT INTO queue (group_key, cause, asked, since, due, attempts, lease_until, parked, reason)
    VALUES (:key, :cause, 1, :due, :due, 0, '', 0, '')
    ON CONFLICT (group_key) DO UPDATE SET asked = asked + 1, cause = excluded.cause, due = min(due, excluded.due),
        parked = 0, reason = ''
"""
DUE = """
    SELECT * FROM queue WHERE parked = 0 AND due <= :now AND lease_until <= :now
    AND (:only IS NULL OR group_key IN (SELECT value FROM json_each(:only)))
    AND (:route IS NULL OR :route = (SELECT group_concat(connector, ' ') FROM (
        SELECT DISTINCT connector FROM ends WHERE ends.group_key = queue.group_key ORDER BY connector)))
    AND (:braked OR group_key NOT IN (SELECT ends.group_key FROM ends JOIN brakes USING (connector)
        WHERE brakes.released_at = ''))
    ORDER BY due, group_key LIMIT :limit
"""
ROUTES = """
    SELECT DISTINCT (SELECT group_concat(connector, ' ') FROM (
        SELECT DISTINCT connector FROM ends WHERE ends.group_key = queue.group_key ORDER BY connector)) AS route
    FROM queue WHERE parked = 0 AND due <= ?
"""
CLAIM = "UPDATE queue SET lease_until = ? WHERE group_key = ?"
DONE = "DELETE FROM queue WHERE group_key = ? AND asked = ?"
RELEASE = "UPDATE queue SET lease_until = '', attempts = 0 WHERE group_key = ?"
AGAIN = """
    UPDATE queue SET attempts = attempts + ?, due = ?, reason = ?, lease_until = ''
    WHERE group_key IN (SELECT value FROM json_each(?))
"""
PARK = """
    UPDATE queue SET parked = 1, reason = ?, lease_until = '' WHERE group_key IN (SELECT value FROM json_each(?))
"""
FREE = "UPDATE queue SET lease_until = '' WHERE group_key IN (SELECT value FROM json_each(?))"
FREE_ALL = "UPDATE queue SET lease_until = ''"
ROWS = "SELECT * FROM queue ORDER BY parked DESC, due, group_key"
COUNT_DUE = "SELECT count(*) AS n FROM queue WHERE parked = 0 AND due <= ?"
NEXT_DUE = """
    SELECT min(due) AS due FROM queue WHERE parked = 0 AND attempts <= 1
    AND group_key NOT IN (SELECT ends.group_key FROM ends JOIN brakes USING (connector) WHERE brakes.released_at = '')
    AND (:only IS NULL OR group_key IN (SELECT value FROM json_each(:only)))
"""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A group that is due, or parked. ``due`` is our own clock's time, ISO UTC with microseconds."""

    group: str
    cause: str
    asked: int
    due: str
    attempts: int
    parked: bool
    reason: str
    since: str
    """When it was first asked for."""


class Queue:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def ask(self, key: str, cause: str, due: datetime) -> None:
        """A group is to be looked at; asked for twice it is looked at once. A parked one gets a new chance."""
        self._db.execute(ASK, {"key": key, "cause": cause, "due": precise(due)})

    def claim(
        self,
        now: datetime,
        limit: int,
        only: frozenset[str] | None = None,
        route: str | None = None,
        *,
        braked: bool = False,
    ) -> list[QueueRow]:
        """The next groups that are due; others see them as taken until the lease ends.

        Args:
            now: the wall clock.
            limit: how many at most.
            only: of these groups.
            route: of those that touch these connectors, see :meth:`routes`.
            braked: those that a brake holds, too.
        """
        names = None if only is None else json.dumps(sorted(only))
        what = {"now": precise(now), "limit": limit, "only": names, "route": route, "braked": int(braked)}
        rows = [_row(row) for row in self._db.query(DUE, what)]
        for row in rows:
            self._db.execute(CLAIM, [precise(now + LEASE), row.group])
        return rows

    def done(self, row: QueueRow) -> None:
        """Nothing more to do, unless it was asked for again meanwhile."""
        self._db.execute(DONE, [row.group, row.asked])
        self._db.execute(RELEASE, [row.group])

    def again(self, keys: Iterable[str], due: datetime, reason: str, *, failed: bool) -> None:
        """To be tried again, later; ``failed`` counts this try. ``keys``: what has become of a claimed group."""
        self._db.execute(AGAIN, [int(failed), precise(due), reason, json.dumps(sorted(keys))])

    def park(self, keys: Iterable[str], reason: str) -> None:
        """Not to be tried again by itself."""
        self._db.execute(PARK, [reason, json.dumps(sorted(keys))])

    def free(self, keys: Iterable[str]) -> None:
        """Give claims back: what was not finished is as due as before."""
        self._db.execute(FREE, [json.dumps(sorted(keys))])

    def free_all(self) -> None:
        """A process that holds the state's lock knows that every lease is a dead process's."""
        self._db.execute(FREE_ALL)

    def routes(self, now: datetime) -> list[str]:
        """The connectors that the groups that are due touch, by name, in order, with a blank between them."""
        return sorted(row["route"] for row in self._db.query(ROUTES, [precise(now)]) if row["route"])

    def rows(self) -> list[QueueRow]:
        """Everything queued, parked ones first."""
        return [_row(row) for row in self._db.query(ROWS)]

    def due(self, now: datetime) -> int:
        """How many groups are due."""
        return int(next(iter(self._db.query(COUNT_DUE, [precise(now)])))["n"])

    def next_due(self, only: frozenset[str] | None = None) -> str | None:
        """When the next group is due, of those that have not failed more than once."""
        names = None if only is None else json.dumps(sorted(only))
        due: str | None = next(iter(self._db.query(NEXT_DUE, {"only": names})))["due"]
        return due


def _row(row: dict[str, Any]) -> QueueRow:
    return QueueRow(
        row["group_key"],
        row["cause"],
        row["asked"],
        row["due"],
        row["attempts"],
        bool(row["parked"]),
        row["reason"],
        row["since"],
    )
