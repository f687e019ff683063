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
    INSERT INTO queue (group_key, cause, asked, since, due, attempts, lease_until, parked, reason, owner)
    VALUES (:key, :cause, 1, :due, :due, 0, '', 0, '', :owner)
    ON CONFLICT (group_key) DO UPDATE SET asked = asked + 1, cause = excluded.cause, due = min(due, excluded.due),
        parked = 0, reason = '', owner = excluded.owner
"""
DUE = """
    SELECT * FROM queue WHERE parked = 0 AND due <= :now AND lease_until <= :now AND owner = :owner
    AND (:only IS NULL OR group_key IN (SELECT value FROM json_each(:only)))
    AND (:route IS NULL OR :route = (SELECT group_concat(connector, ' ') FROM (
        SELECT DISTINCT connector FROM ends WHERE ends.group_key = queue.group_key ORDER BY connector)))
    AND group_key NOT IN (SELECT group_key FROM held WHERE why = 'pause' OR NOT :braked)
    ORDER BY due, group_key LIMIT :limit
"""
ROUTES = """
    SELECT DISTINCT (SELECT group_concat(connector, ' ') FROM (
        SELECT DISTINCT connector FROM ends WHERE ends.group_key = queue.group_key ORDER BY connector)) AS route
    FROM queue WHERE parked = 0 AND due <= ? AND owner = ''
"""
CLAIM = "UPDATE queue SET lease_until = ? WHERE group_key = ?"
NEWS = "SELECT 1 FROM queue WHERE group_key = ? AND asked <> ?"
DONE = "DELETE FROM queue WHERE group_key = ? AND asked = ?"
RELEASE = "UPDATE queue SET lease_until = '', attempts = 0 WHERE group_key = ?"
AGAIN = """
    UPDATE queue SET attempts = attempts + ?, due = ?, reason = ?, lease_until = ''
    WHERE group_key IN (SELECT value FROM json_each(?))
"""
PARK = """
    UPDATE queue SET parked = 1, reason = ?, lease_until = '' WHERE group_key IN (SELECT value FROM json_each(?))
"""
RETRY = """
    UPDATE queue SET asked = asked + 1, due = ?, attempts = 0, parked = 0, reason = '', owner = ''
    WHERE group_key IN (SELECT value FROM json_each(?))
"""
WAKE = """
    UPDATE queue SET due = :now WHERE parked = 0 AND due > :now
    AND group_key IN (SELECT group_key FROM ends WHERE connector = :connector)
"""
DROP = "DELETE FROM queue WHERE group_key = ?"
HELD = "SELECT connector, why FROM held WHERE group_key = ? ORDER BY connector"
FREE = "UPDATE queue SET lease_until = '' WHERE group_key IN (SELECT value FROM json_each(?))"
FREE_ALL = "UPDATE queue SET lease_until = '', owner = ''"
GIVE = "UPDATE queue SET owner = '' WHERE group_key IN (SELECT value FROM json_each(?))"
LEAVE = "UPDATE queue SET owner = '' WHERE owner = ?"
ELSEWHERE = """
    SELECT count(*) AS n FROM queue WHERE parked = 0 AND due <= :now AND (lease_until > :now OR owner <> :owner)
    AND iif(:only IS NULL, owner = :owner, group_key IN (SELECT value FROM json_each(:only)))
    AND group_key NOT IN (SELECT group_key FROM held)
"""
ROWS = "SELECT * FROM queue ORDER BY parked DESC, due, group_key"
PARKED = "SELECT group_key, reason FROM queue WHERE parked = 1 ORDER BY group_key"
COUNT_DUE = "SELECT count(*) AS n FROM queue WHERE parked = 0 AND due <= ?"
NEXT_DUE = """
    SELECT min(due) AS due FROM queue WHERE parked = 0 AND attempts <= 1 AND owner = :owner
    AND group_key NOT IN (SELECT group_key FROM held)
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
    owner: str
    """The run that asked for it last and will see to it itself; empty: whoever comes."""


class Queue:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def ask(self, key: str, cause: str, due: datetime, owner: str = "") -> None:
        """A group is to be looked at; asked for twice it is looked at once. A parked one gets a new chance.

        Whoever asks last owns it: what a lane has just seen doesn't wait for a long run that has asked for it before.
        """
        self._db.execute(ASK, {"key": key, "cause": cause, "due": precise(due), "owner": owner})

    def claim(
        self,
        now: datetime,
        limit: int,
        only: frozenset[str] | None = None,
        route: str | None = None,
        *,
        braked: bool = False,
        owner: str = "",
    ) -> list[QueueRow]:
        """The next groups that are due and touch no paused connector; others see them as taken until the lease ends.

        Args:
            now: the wall clock.
            limit: how many at most.
            only: of these groups.
            route: of those that touch these connectors, see :meth:`routes`.
            braked: those that a brake holds, too.
            owner: of those that this one has asked for.
        """
        names = None if only is None else json.dumps(sorted(only))
        what = {"now": precise(now), "limit": limit, "only": names, "route": route, "owner": owner}
        rows = [_row(row) for row in self._db.query(DUE, what | {"braked": int(braked)})]
        for row in rows:
            self._db.execute(CLAIM, [precise(now + LEASE), row.group])
        return rows

    def is_news(self, row: QueueRow) -> bool:
        """Whether a group was asked for again since it was claimed: then it is decided once more."""
        return bool(list(self._db.query(NEWS, [row.group, row.asked])))

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

    def retry(self, keys: Iterable[str], now: datetime) -> None:
        """A person wants these tried now, as if they had never failed."""
        self._db.execute(RETRY, [precise(now), json.dumps(sorted(keys))])

    def drop(self, key: str) -> None:
        """Not to be looked at, until something asks for it again."""
        self._db.execute(DROP, [key])

    def held(self, key: str) -> dict[str, str]:
        """What holds a group up: connector -> ``brake`` or ``pause``."""
        return {row["connector"]: row["why"] for row in self._db.query(HELD, [key])}

    def wake(self, connector: str, now: datetime) -> None:
        """A connector works again: whatever waits for it is due."""
        self._db.execute(WAKE, {"connector": connector, "now": precise(now)})

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

    def parked(self) -> dict[str, str]:
        """Groups that aren't tried again by themselves, and why."""
        return {row["group_key"]: row["reason"] for row in self._db.query(PARKED)}

    def due(self, now: datetime) -> int:
        """How many groups are due."""
        return int(next(iter(self._db.query(COUNT_DUE, [precise(now)])))["n"])

    def next_due(self, only: frozenset[str] | None = None, owner: str = "") -> str | None:
        """When the next group is due, of those that have not failed more than once."""
        names = None if only is None else json.dumps(sorted(only))
        due: str | None = next(iter(self._db.query(NEXT_DUE, {"only": names, "owner": owner})))["due"]
        return due

    def elsewhere(self, now: datetime, only: frozenset[str] | None, owner: str) -> int:
        """How many groups of an owner, or of these, are due and in the hands of another thread."""
        names = None if only is None else json.dumps(sorted(only))
        what = {"now": precise(now), "only": names, "owner": owner}
        return int(next(iter(self._db.query(ELSEWHERE, what)))["n"])

    def give(self, keys: Iterable[str]) -> None:
        """These are anybody's, as due as before."""
        self._db.execute(GIVE, [json.dumps(sorted(keys))])

    def leave(self, owner: str) -> None:
        """What an owner has not seen to is anybody's."""
        self._db.execute(LEAVE, [owner])


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
        row["owner"],
    )
