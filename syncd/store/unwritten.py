"""What could not be written: links whose group failed or is parked, each with its own reason. Only read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlite_utils import Database

FAILING = """
    SELECT l.id AS link, l.standing, l.group_key, l.ticket, q.parked, q.reason, (
        SELECT max(j.id) FROM journal j
        WHERE j.link = l.id AND j.at >= q.since AND j.outcome NOT IN ('done', 'answer lost') AND NOT EXISTS (
            SELECT 1 FROM journal k
            WHERE k.link = j.link AND k.target = j.target AND k.id > j.id AND k.outcome = 'done')) AS failure
    FROM queue q JOIN links l ON l.group_key = q.group_key
    WHERE l.state = 'live' AND q.reason <> '' ORDER BY l.group_key, l.id
"""
FAILURE = "SELECT target, outcome FROM journal WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A live link of which something could not be written.

    Attributes:
        link: its id.
        standing: how its ends stood before that.
        group: the key of its group.
        on: the ref of what could not be written to.
        reason: why not.
        parked: it isn't tried again by itself.
    """

    link: int
    standing: str
    group: str
    on: str
    reason: str
    parked: bool


def unwritten(db: Database) -> Iterator[Unwritten]:
    """Every such link, group by group.

    Where no write of a parked group was tried, as when no status of the account will do, all of the group is meant.
    """
    for key, found in groupby(db.query(FAILING), key=lambda row: str(row["group_key"])):
        rows = list(found)
        tried = [row for row in rows if row["failure"]]
        for row in tried or (row for row in rows if row["parked"]):
            on, reason = str(row["ticket"]), str(row["reason"])
            for failure in db.query(FAILURE, [row["failure"]]):
                on, reason = failure["target"], failure["outcome"]
            yield Unwritten(row["link"], row["standing"], key, on, reason, bool(row["parked"]))
