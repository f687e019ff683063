"""Writes that were begun: what was to be recorded of each, should it turn out that it was done.

A status needs no marker: whether it was written shows in the item. But what it was written *for* shows only here, if
syncd dies between the write and its record, and somebody moves the other end before it is back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

from syncd.model import Ref, Status
from syncd.records import Base, LinkState, Record, Standing

PUT = """
    INSERT INTO begun (target, native, reason, records, at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (target) DO UPDATE SET native = excluded.native, reason = excluded.reason,
        records = excluded.records, at = excluded.at
"""
DROP = "DELETE FROM begun WHERE target = ?"
AMONG = "SELECT * FROM begun WHERE target IN (SELECT value FROM json_each(?)) ORDER BY target"


@dataclass(frozen=True, slots=True)
class Begun:
    """A write that was begun and not recorded. ``status`` None: it only left notes, which are looked for anyway."""

    target: Ref
    status: Status | None
    records: tuple[Record, ...]


class BegunWrites:
    """Changes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, begun: Begun, now: str) -> None:
        """From the next byte on it may have been done. It takes the place of whatever was begun there before."""
        native, reason = (begun.status.native, begun.status.reason) if begun.status else ("", "")
        records = json.dumps([asdict(record) for record in begun.records])
        self._db.execute(PUT, [str(begun.target), native, reason, records, now])

    def drop(self, target: Ref) -> None:
        """What became of it has been recorded."""
        self._db.execute(DROP, [str(target)])

    def among(self, refs: Iterable[Ref]) -> Sequence[Begun]:
        """Those on these items."""
        return [_begun(row) for row in self._db.query(AMONG, [json.dumps(sorted({str(ref) for ref in refs}))])]


def _begun(row: dict[str, Any]) -> Begun:
    status = Status(row["native"], row["reason"]) if row["native"] else None
    return Begun(Ref.parse(row["target"]), status, tuple(_record(one) for one in json.loads(row["records"])))


def _record(one: dict[str, Any]) -> Record:
    base = one["base"]
    if base is not None:
        base = Base(**base | {"ticket": Status(**base["ticket"]), "issue": Status(**base["issue"])})
    state = LinkState(one["state"]) if one["state"] else None
    return Record(one["link"], Standing(one["standing"]), base, state, one["reason"])
