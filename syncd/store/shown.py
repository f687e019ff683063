"""What items show of the other end in fields and tags, as we wrote it last."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlite_utils import Database

from syncd.model import Ref
from syncd.records import Left

PUT = """
    INSERT INTO shown (ref, what, value, tried) VALUES (?, ?, ?, '[]')
    ON CONFLICT (ref, what) DO UPDATE SET value = excluded.value, tried = '[]'
"""
TRY = """
    INSERT INTO shown (ref, what, value, tried) VALUES (:ref, :what, '', json_array(:value))
    ON CONFLICT (ref, what) DO UPDATE SET tried = json_insert(tried, '$[#]', :value)
    WHERE NOT EXISTS (SELECT 1 FROM json_each(shown.tried) WHERE json_each.value = :value)
"""
LEAVE = "UPDATE shown SET tried = ? WHERE ref = ? AND what = ?"
DROP = "DELETE FROM shown WHERE ref = ? AND what = ?"
AMONG = "SELECT * FROM shown WHERE ref IN (SELECT value FROM json_each(?)) ORDER BY ref, what"
REKEY = "UPDATE OR IGNORE shown SET ref = ? WHERE ref = ?"
LEFTOVERS = "DELETE FROM shown WHERE ref = ?"


class WhatIsShown:
    """Changes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, ref: Ref, what: str, value: str) -> None:
        """It shows this from now on; empty: it shows nothing of it any more."""
        if value:
            self._db.execute(PUT, [str(ref), what, value])
        else:
            self._db.execute(DROP, [str(ref), what])

    def try_(self, ref: Ref, what: str, value: str) -> None:
        """Before it is written: it may show this, or nothing, until :meth:`put` or :meth:`leave` says what it shows."""
        self._db.execute(TRY, {"ref": str(ref), "what": what, "value": value})

    def leave(self, ref: Ref, what: str, left: Left) -> None:
        """It was surely not written: it shows what it did before it was tried."""
        if left.value or left.tried:
            self._db.execute(LEAVE, [json.dumps(left.tried), str(ref), what])
        else:
            self._db.execute(DROP, [str(ref), what])

    def among(self, refs: Iterable[Ref]) -> dict[Ref, dict[str, Left]]:
        """By item: what it shows, and the value."""
        found: dict[Ref, dict[str, Left]] = {}
        for row in self._db.query(AMONG, [json.dumps(sorted({str(ref) for ref in refs}))]):
            found.setdefault(Ref.parse(row["ref"]), {})[row["what"]] = Left(
                row["value"], tuple(json.loads(row["tried"]))
            )
        return found

    def rekey(self, old: Ref, new: Ref) -> None:
        """An item goes on under a new ref; one that it was merged into shows what is its own."""
        self._db.execute(REKEY, [str(new), str(old)])
        self._db.execute(LEFTOVERS, [str(old)])
