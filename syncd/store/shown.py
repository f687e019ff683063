"""What items show of the other end in fields and tags, as we wrote it last."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlite_utils import Database

from syncd.model import Ref

PUT = """
    INSERT INTO shown (ref, what, value) VALUES (?, ?, ?) ON CONFLICT (ref, what) DO UPDATE SET value = excluded.value
"""
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

    def among(self, refs: Iterable[Ref]) -> dict[Ref, dict[str, str]]:
        """By item: what it shows, and the value."""
        found: dict[Ref, dict[str, str]] = {}
        for row in self._db.query(AMONG, [json.dumps(sorted({str(ref) for ref in refs}))]):
            found.setdefault(Ref.parse(row["ref"]), {})[row["what"]] = row["value"]
        return found

    def rekey(self, old: Ref, new: Ref) -> None:
        """An item goes on under a new ref; one that it was merged into shows what is its own."""
        self._db.execute(REKEY, [str(new), str(old)])
        self._db.execute(LEFTOVERS, [str(old)])
