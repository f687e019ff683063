"""Groups: connected tickets and issues. The key of each stands on its links, and in the queue."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from syncd.model import Ref

GROUP_KEYS = """
    SELECT group_key FROM links WHERE state IN ('live', 'final') UNION SELECT ref FROM left_alone ORDER BY 1
"""
IDS = "SELECT id FROM links WHERE group_key = ?"
KEYS_OF = """
    SELECT DISTINCT group_key FROM links WHERE id IN (SELECT value FROM json_each(?)) AND group_key <> ''
"""
NEIGHBOURS = """
    SELECT id, ticket, issue, group_key FROM links WHERE (ticket = :ref OR issue = :ref) AND state IN ('live', 'final')
"""
SET_GROUP = "UPDATE links SET group_key = ? WHERE id = ?"
MERGE_QUEUE = """
    INSERT INTO queue (group_key, cause, asked, since, due, attempts, lease_until, parked, reason, owner)
    SELECT :new, cause, asked, since, due, attempts, lease_until, parked, reason, owner
    FROM queue WHERE group_key = :old
    ON CONFLICT (group_key) DO UPDATE SET asked = asked + 1, since = min(since, excluded.since),
        due = min(due, excluded.due), lease_until = max(lease_until, excluded.lease_until), parked = 0, reason = ''
"""
DROP_QUEUE_IF_UNUSED = """
    DELETE FROM queue WHERE group_key = :old
    AND NOT EXISTS (SELECT 1 FROM links WHERE group_key = :old AND state IN ('live', 'final'))
    AND NOT EXISTS (SELECT 1 FROM left_alone WHERE ref = :old)
"""
ASK_LEFT_ALONE = """
    INSERT INTO queue (group_key, cause, asked, since, due, attempts, lease_until, parked, reason, owner)
    SELECT :ref, 'unlinked', 1, :now, :now, 0, '', 0, '', '' WHERE EXISTS (SELECT 1 FROM left_alone WHERE ref = :ref)
    ON CONFLICT (group_key) DO UPDATE SET asked = asked + 1, due = min(due, excluded.due), parked = 0, reason = ''
"""


class Groups:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, ref: Ref) -> str | None:
        """The key of the group that an item belongs to."""
        rows = list(self._db.query(NEIGHBOURS, {"ref": str(ref)}))
        return rows[0]["group_key"] if rows else None

    def all(self) -> list[str]:
        """Every group, and every item that is left alone with what it shows."""
        return [row["group_key"] for row in self._db.query(GROUP_KEYS)]

    def links(self, key: str) -> list[int]:
        """The links of a group, by id."""
        return [row["id"] for row in self._db.query(IDS, [key])]

    def of_links(self, links: Iterable[int]) -> set[str]:
        """The groups that these links belong to now."""
        return {row["group_key"] for row in self._db.query(KEYS_OF, [json.dumps(sorted(links))])}

    def regroup(self, ref: Ref, now: str) -> None:
        """Give the component around an item its key, the smallest ref in it, and move what is queued there.

        One that is left alone, and still shows something of its links, is a group of its own until that is taken away.
        """
        refs, links = self._component(str(ref))
        if not links:
            self._db.execute(ASK_LEFT_ALONE, {"ref": str(ref), "now": now})
            return
        key = min(refs)
        olds = {row["group_key"] for row in links} - {key, ""}
        for old in olds:
            self._db.execute(MERGE_QUEUE, {"new": key, "old": old})
        for row in links:
            if row["group_key"] != key:
                self._db.execute(SET_GROUP, [key, row["id"]])
        for old in olds:
            self._db.execute(DROP_QUEUE_IF_UNUSED, {"old": old})

    def _component(self, start: str) -> tuple[set[str], list[dict[str, Any]]]:
        refs, edges, todo = {start}, {}, [start]
        while todo:
            for row in self._db.query(NEIGHBOURS, {"ref": todo.pop()}):
                edges[row["id"]] = row
                for end in (row["ticket"], row["issue"]):
                    if end not in refs:
                        refs.add(end)
                        todo.append(end)
        return refs, list(edges.values())
