"""Snapshots: each item as last seen, and what we ourselves last wrote to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlite_utils import Database

from syncd.clock import moment, stamp
from syncd.model import Audience, Author, GoneKind, Item, Place, Ref, Removed, Status

GET = "SELECT * FROM snapshots WHERE ref = ?"
BY_KEY = "SELECT ref, key FROM snapshots WHERE connector = ? AND key = ? COLLATE NOCASE AND gone = '' LIMIT 1"
BY_KEY_GONE = """
    SELECT ref, key FROM snapshots WHERE connector = ? AND key = ? COLLATE NOCASE AND gone <> ''
    ORDER BY seen_at DESC LIMIT 1
"""
BY_FORMER_KEY = """
    SELECT f.ref, s.key FROM former_keys f JOIN snapshots s USING (ref) WHERE f.connector = ? AND f.key = ?
"""
KEY_CHANGED = """
    INSERT OR REPLACE INTO former_keys (connector, key, ref)
    SELECT connector, key, ref FROM snapshots WHERE ref = :ref AND key NOT IN ('', :key COLLATE NOCASE)
"""
REF_CHANGED = """
    INSERT OR REPLACE INTO former_keys (connector, key, ref) SELECT :connector, value, :new FROM json_each(:keys)
"""
FORMER_FOLLOW = "UPDATE former_keys SET ref = :new WHERE ref = :old"
OF_GROUP = """
    SELECT s.* FROM snapshots s WHERE s.ref IN (
        SELECT ticket FROM links WHERE group_key = :key AND state IN ('live', 'final')
        UNION SELECT issue FROM links WHERE group_key = :key AND state IN ('live', 'final'))
"""
PUT = """
    INSERT INTO snapshots (ref, connector, key, url, native, reason, version, created_at, audience, waiting, final,
        moved_by, moved_at, closed_outside, duplicate_of, follows, cascades, tags, released, assignees,
        assigned_at, unassigned_at, automated, answered, gone, seen_at)
    VALUES (:ref, :connector, :key, :url, :native, :reason, :version, :created_at, :audience, :waiting, :final,
        :moved_by, :moved_at, :closed_outside, :duplicate_of, :follows, :cascades, :tags, :released,
        :assignees, :assigned_at, :unassigned_at, :automated, :answered, '', :seen_at)
    ON CONFLICT (ref) DO UPDATE SET key = excluded.key, url = excluded.url, native = excluded.native,
        reason = excluded.reason, version = excluded.version, created_at = excluded.created_at,
        audience = excluded.audience, waiting = excluded.waiting, final = excluded.final,
        moved_by = excluded.moved_by, moved_at = excluded.moved_at, closed_outside = excluded.closed_outside,
        duplicate_of = excluded.duplicate_of, follows = iif(excluded.follows = '', follows, excluded.follows),
        cascades = excluded.cascades, tags = excluded.tags, released = excluded.released,
        assignees = coalesce(excluded.assignees, assignees),
        assigned_at = iif(excluded.assigned_at <> '' AND coalesce(assignees, '[]') = '[]', excluded.assigned_at,
            assigned_at),
        unassigned_at = iif(excluded.assignees IS NULL OR (excluded.assignees = '[]' AND unassigned_at <> ''),
            unassigned_at, excluded.unassigned_at),
        automated = iif(excluded.automated IS NULL AND (excluded.native, excluded.reason, excluded.moved_at)
            = (native, reason, moved_at), automated, excluded.automated),
        answered = coalesce(max(excluded.answered, coalesce(answered, 0)), answered),
        own_native = iif((excluded.native, excluded.reason) = (own_native, own_reason), own_native, ''),
        gone = '', seen_at = excluded.seen_at
"""
SET_GONE = """
    INSERT INTO snapshots (ref, connector, key, url, native, reason, version, created_at, audience, final, moved_by,
        moved_at, closed_outside, duplicate_of, gone, seen_at)
    VALUES (:ref, :connector, :key, '', '', '', :version, '', '', 0, '', '', 0, '', :gone, :seen_at)
    ON CONFLICT (ref) DO UPDATE SET gone = excluded.gone, seen_at = excluded.seen_at, read_again = 0,
        version = max(version, excluded.version)
"""
SET_OWN = """
    UPDATE snapshots SET own_version = max(own_version, :version), own_native = :native, own_reason = :reason,
        native = :native, reason = :reason, version = max(version, :version), seen_at = :now WHERE ref = :ref
"""
READ_AGAIN = "UPDATE snapshots SET read_again = max(read_again, ?) WHERE ref = ?"
WAS_READ = "UPDATE snapshots SET read_again = 0 WHERE ref = ?"
TO_READ = "SELECT ref, key, read_again FROM snapshots WHERE connector = ? AND read_again > 0 ORDER BY ref"
STILL_TO_READ = "SELECT ref FROM snapshots WHERE read_again > 0 AND ref IN (SELECT value FROM json_each(?))"
READ_SKIPPED = """
    UPDATE snapshots SET read_again = max(read_again, 1)
    WHERE connector = ? AND gone = '' AND ref IN (SELECT ref FROM skips)
"""
WAITING = "SELECT count(*) AS n FROM snapshots WHERE read_again > 0"
OURS = """
    SELECT ref FROM snapshots WHERE gone = '' AND own_native <> '' AND (own_native, own_reason) = (native, reason)
    AND ref IN (SELECT value FROM json_each(?))
"""
LEFT = """
    SELECT s.native, s.reason, s.version, l.group_key FROM snapshots s JOIN links l ON l.ticket = s.ref
    WHERE s.connector = ? AND s.gone = '' AND s.own_native <> '' AND (s.own_native, s.own_reason) = (s.native, s.reason)
    AND l.state = 'live' AND l.standing = 'agreed' AND NOT EXISTS (
        SELECT 1 FROM queue q WHERE q.group_key = l.group_key)
    ORDER BY s.version
"""
TOUCH = "UPDATE snapshots SET seen_at = ? WHERE ref = ?"
FOLLOWING = "SELECT * FROM snapshots WHERE follows = ? AND follows <> '' AND gone = '' ORDER BY ref"
DROP = "DELETE FROM snapshots WHERE ref = ?"
STATUSES = """
    SELECT connector, native, reason, count(*) AS n, min(key) AS example FROM snapshots
    WHERE gone = '' GROUP BY connector, native, reason
"""


class Snapshots:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, ref: Ref) -> Item | Removed | None:
        """An item as last seen; its texts and fields are not kept, nor tags that no playbook asks for."""
        return next((_item(row) for row in self._db.query(GET, [str(ref)])), None)

    def human(self, ref: str) -> str:
        """A ref of the state (``github:4711``) as people know it (``github:owner/repo#4``)."""
        known = self.get(Ref.parse(ref))
        return known.ref.human if known is not None else ref

    def of_group(self, key: str) -> dict[Ref, Item | Removed]:
        """Every item of a group that was seen."""
        items = [_item(row) for row in self._db.query(OF_GROUP, {"key": key})]
        return {item.ref: item for item in items}

    def by_key(self, connector: str, key: str, *, gone: bool = False) -> Ref | None:
        """The ref behind a human key, if such an item was seen; of one that is gone only where that is asked for."""
        rows = [*self._db.query(BY_KEY, [connector, key])]
        rows += self._db.query(BY_KEY_GONE, [connector, key]) if gone else []
        return next((Ref.parse(row["ref"], row["key"]) for row in rows), None)

    def by_former_key(self, connector: str, key: str) -> Ref | None:
        """The ref of what had this key, or id, last before it went elsewhere; for what people name, and no more."""
        rows = self._db.query(BY_FORMER_KEY, [connector, key])
        return next((Ref.parse(row["ref"], row["key"]) for row in rows), None)

    def is_old(self, item: Item) -> bool:
        """Whether a feed shows nothing newer than what we saw, or ourselves wrote (rules 1 and 11)."""
        row = next(iter(self._db.query(GET, [str(item.ref)])), None)
        if row is None:
            return False
        if row["gone"]:  # what a list shows of the time before it was gone brings nothing back
            return bool(item.version < row["version"])
        if item.version != row["own_version"]:
            return bool(item.version < row["version"])
        if item.texts is not None:  # a status of ours changes nothing, but a text may have been edited in that second
            return False
        # Ours is passed over as long as nobody moved the item since: within that second it may have been moved back.
        ours, seen = (row["own_native"], row["own_reason"]), (row["native"], row["reason"])
        same = (item.status.native, item.status.reason) == ours == seen
        same &= (item.tags, item.released) == (tuple(json.loads(row["tags"])), _flag(row["released"]))
        same &= item.assignees is None or json.dumps(item.assignees) == row["assignees"]
        wrote_since = item.waiting is not None and row["waiting"] is not None and item.waiting != bool(row["waiting"])
        return same and not wrote_since  # a customer may have written in the second of our own write

    def is_stale(self, item: Item) -> bool:
        """Whether an answer is older than what we ourselves wrote (rule 1)."""
        row = next(iter(self._db.query(GET, [str(item.ref)])), None)
        return row is not None and not row["gone"] and item.version < row["own_version"]

    def ours(self, refs: Iterable[Ref]) -> frozenset[Ref]:
        """Those whose status is as we wrote it."""
        rows = self._db.query(OURS, [json.dumps([str(ref) for ref in refs])])
        return frozenset(Ref.parse(row["ref"]) for row in rows)

    def left(self, helpdesk: str) -> list[tuple[str, Status, str]]:
        """Group, status and version of tickets in step that have the status that we wrote; not where one is queued."""
        rows = self._db.query(LEFT, [helpdesk])
        return [(row["group_key"], Status(row["native"], row["reason"]), row["version"]) for row in rows]

    def touch(self, ref: Ref, now: str) -> None:
        """It was seen, as it was before."""
        self._db.execute(TOUCH, [now, str(ref)])

    def put(self, item: Item, now: str) -> None:
        """Keep what was seen, with the tags that stand in ``item``, and since when it has had an assignee, or none."""
        self._db.execute(KEY_CHANGED, {"ref": str(item.ref), "key": item.ref.key})
        self._db.execute(
            PUT,
            {
                "ref": str(item.ref),
                "connector": item.ref.connector,
                "key": item.ref.key,
                "url": item.url,
                "native": item.status.native,
                "reason": item.status.reason,
                "version": item.version,
                "created_at": stamp(item.created_at),
                "audience": item.audience,
                "waiting": None if item.waiting is None else int(item.waiting),
                "final": int(item.final),
                "moved_by": item.moved_by,
                "moved_at": stamp(item.moved_at) if item.moved_at else "",
                "closed_outside": int(item.closed_outside),
                "duplicate_of": str(item.duplicate_of) if item.duplicate_of else "",
                "follows": str(item.follows) if item.follows else "",
                "cascades": int(item.cascades),
                "tags": json.dumps(item.tags),
                "released": None if item.released is None else int(item.released),
                "assignees": None if item.assignees is None else json.dumps(item.assignees),
                "assigned_at": now if item.assignees else "",
                "unassigned_at": now if item.assignees == () else "",
                "automated": None if item.automated is None else int(item.automated),
                "answered": _answered(item),
                "seen_at": now,
            },
        )

    def set_gone(self, gone: Removed, now: str) -> None:
        """Keep that an item went out of sight."""
        values = {"ref": str(gone.ref), "connector": gone.ref.connector, "key": gone.ref.key}
        self._db.execute(SET_GONE, values | {"version": gone.version, "gone": gone.kind, "seen_at": now})

    def wrote(self, ref: Ref, status: Status, version: str, now: str) -> None:
        """Keep what our own write left, so that the next poll knows its echo."""
        values = {"ref": str(ref), "native": status.native, "reason": status.reason, "version": version, "now": now}
        self._db.execute(SET_OWN, values)

    def read_again(self, ref: Ref, *, first_walk: bool) -> None:
        """It is to be read once more, on its own: as part of the first walk, or not."""
        self._db.execute(READ_AGAIN, [2 if first_walk else 1, str(ref)])

    def was_read(self, ref: Ref) -> None:
        """It has been read, with all that was written on it."""
        self._db.execute(WAS_READ, [str(ref)])

    def to_read(self, connector: str) -> list[tuple[Ref, bool]]:
        """What is to be read once more, and whether that is a part of the first walk."""
        rows = self._db.query(TO_READ, [connector])
        return [(Ref.parse(row["ref"], row["key"]), row["read_again"] > 1) for row in rows]

    def unread(self, refs: Mapping[Ref, bool]) -> dict[Ref, bool]:
        """Those of :meth:`to_read` that nobody has read since."""
        rows = self._db.query(STILL_TO_READ, [json.dumps([str(ref) for ref in refs])])
        left = {row["ref"] for row in rows}
        return {ref: first_walk for ref, first_walk in refs.items() if str(ref) in left}

    def read_skipped(self, connector: str) -> None:
        """Whatever has something passed over is to be read once more: it may have been mended."""
        self._db.execute(READ_SKIPPED, [connector])

    def waiting(self) -> int:
        """How many items are to be read once more."""
        return int(next(iter(self._db.query(WAITING)))["n"])

    def following(self, ref: Ref) -> list[Item]:
        """The tickets that continue this one."""
        items = (_item(row) for row in self._db.query(FOLLOWING, [str(ref)]))
        return [item for item in items if isinstance(item, Item)]

    def drop(self, ref: Ref) -> None:
        """What was seen of an item is forgotten."""
        self._db.execute(DROP, [str(ref)])

    def rekey(self, old: Ref, new: Ref) -> None:
        """An item goes on under another ref: what was seen under the old one is forgotten, but for its names."""
        before = self.get(old)
        keys = {old.id, old.key, before.ref.key if before else ""} - {""}
        moved = {"old": str(old), "new": str(new), "connector": new.connector, "keys": json.dumps(sorted(keys))}
        self._db.execute(FORMER_FOLLOW, {"old": moved["old"], "new": moved["new"]})
        self._db.execute(REF_CHANGED, {name: moved[name] for name in ("connector", "new", "keys")})
        self.drop(old)

    def statuses(self) -> list[tuple[str, Status, int, str]]:
        """(connector, native status, how many items, an example's key): what the accounts use."""
        rows = self._db.query(STATUSES)
        return [(row["connector"], Status(row["native"], row["reason"]), row["n"], row["example"]) for row in rows]


def _answered(item: Item) -> int | None:
    """Whether somebody of the team has written to the customer, or began it; None where that isn't shown."""
    if item.texts is None or not item.whole:
        return None
    return int(any(one.author is Author.TEAM and one.place is not Place.NOTE for one in item.texts))


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def _item(row: dict[str, Any]) -> Item | Removed:
    ref = Ref.parse(row["ref"], row["key"])
    if row["gone"]:
        return Removed(ref, GoneKind(row["gone"]), row["version"])
    return Item(
        ref=ref,
        url=row["url"],
        status=Status(row["native"], row["reason"]),
        version=row["version"],
        created_at=moment(row["created_at"]),
        audience=Audience(row["audience"]),
        waiting=_flag(row["waiting"]),
        final=bool(row["final"]),
        moved_by=row["moved_by"],
        moved_at=moment(row["moved_at"]) if row["moved_at"] else None,
        closed_outside=bool(row["closed_outside"]),
        duplicate_of=Ref.parse(row["duplicate_of"]) if row["duplicate_of"] else None,
        follows=Ref.parse(row["follows"]) if row["follows"] else None,
        cascades=bool(row["cascades"]),
        tags=tuple(json.loads(row["tags"])),
        released=_flag(row["released"]),
        assignees=tuple(json.loads(row["assignees"])) if row["assignees"] else None,
        automated=_flag(row["automated"]),
    )
