"""The journal: one row per write, with the reason (rule 15); and what was passed over, with the reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from syncd.model import Ref, Status
from syncd.records import Step

INSERT = """
    INSERT INTO journal (at, group_key, target, link, rule, moved, who, before, after, status, notes, shown, seen_at,
        outcome, native_before, reason_before, native_after, reason_after, approved)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
OF_LINK = "SELECT * FROM journal WHERE link = ? ORDER BY id DESC LIMIT ?"
STATUS_WRITES = (
    "SELECT count(*) AS n FROM journal WHERE link = ? AND status = 1 AND outcome IN ('done', 'answer lost') AND at > ?"
)
CHANGED = """
    SELECT DISTINCT target FROM journal
    WHERE at > ? AND target LIKE ? AND status + notes + shown > 0 AND approved = 0
    AND outcome IN ('done', 'answer lost')
"""
WRITTEN = """
    SELECT * FROM journal WHERE at >= ? AND status = 1 AND outcome IN ('done', 'answer lost') ORDER BY id
"""
SKIP = """
    INSERT INTO skips (ref, what, why, at) VALUES (?, ?, ?, ?)
    ON CONFLICT (ref, what) DO UPDATE SET why = excluded.why
"""
UNSKIP = "DELETE FROM skips WHERE ref = :ref AND (:what IS NULL OR what = :what COLLATE NOCASE)"
KEEP_SKIPS = "DELETE FROM skips WHERE ref = ? AND what NOT IN (SELECT value FROM json_each(?))"
PASSED = "SELECT what FROM skips WHERE ref = ?"
SKIPS = """
    SELECT coalesce(s.connector || ':' || s.key, k.ref) AS ref, k.what, k.why, k.at FROM skips k
    LEFT JOIN snapshots s ON s.ref = k.ref ORDER BY k.at, k.ref, k.what
"""


@dataclass(frozen=True, slots=True)
class StatusWrite:
    """A status that was written, or may have been, for one link."""

    at: str
    target: Ref
    link: int
    rule: str
    before: Status
    after: Status


class Journal:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def write(
        self,
        group: str,
        step: Step,
        *,
        outcome: str,
        now: str,
        confirmed: Status | None = None,
        approved: bool = False,
    ) -> None:
        """One row per link that the write concerned.

        Args:
            group: its key.
            step: what was tried.
            outcome: ``done``, or what went wrong.
            now: our own clock.
            confirmed: the status as the system confirmed it.
            approved: a person had seen it before.
        """
        why, written = step.why, step.status is not None
        before, after = (step.expect, confirmed or step.status) if written else (None, None)
        natives = [part for one in (before, after) for part in ((one.native, one.reason) if one else ("", ""))]
        for link in step.links or (0,):  # what showed a link that has ended is taken away without one
            values = [now, group, str(step.target), link, why.rule, why.moved, why.who, why.before, why.after]
            values += [int(written), len(step.effects), len(step.shows), now, outcome]
            self._db.execute(INSERT, [*values, *natives, int(approved)])

    def of(self, link: int, limit: int = 20) -> list[dict[str, Any]]:
        """The last rows of a link, newest first."""
        return list(self._db.query(OF_LINK, [link, limit]))

    def written(self, since: str) -> Iterator[StatusWrite]:
        """Every status that was written since then, or may have been, in that order; a row per link."""
        for row in self._db.query(WRITTEN, [since]):
            before, after = (Status(row[f"native_{when}"], row[f"reason_{when}"]) for when in ("before", "after"))
            yield StatusWrite(row["at"], Ref.parse(row["target"]), row["link"], row["rule"], before, after)

    def status_writes(self, link: int, since: str) -> int:
        """How often a status was written for a link since then."""
        return int(next(iter(self._db.query(STATUS_WRITES, [link, since])))["n"])

    def changed(self, connector: str, since: str) -> set[str]:
        """The items of a connector that were written to since then, but for what a person had approved."""
        return {row["target"] for row in self._db.query(CHANGED, [since, f"{connector}:%"])}

    def skip(self, ref: Ref, what: str, why: str, now: str) -> None:
        """Something was passed over: say so in ``status``. ``what`` and ``why`` hold no text of a ticket."""
        self._db.execute(SKIP, [str(ref), what, why, now])

    def unskip(self, ref: Ref, what: str | None = None) -> None:
        """What was passed over for this item isn't any more; all of it, unless ``what`` names one thing."""
        self._db.execute(UNSKIP, {"ref": str(ref), "what": what})

    def unskip_but(self, ref: Ref, passed: Iterable[str]) -> None:
        """The item was read whole: only this of it is passed over."""
        self._db.execute(KEEP_SKIPS, [str(ref), json.dumps(list(passed))])

    def passed(self, ref: Ref) -> set[str]:
        """What is passed over for an item, in small letters."""
        return {row["what"].casefold() for row in self._db.query(PASSED, [str(ref)])}

    def skips(self) -> list[dict[str, Any]]:
        """Everything that is passed over: ``ref`` as people know the item, ``what``, ``why``, ``at``."""
        return list(self._db.query(SKIPS))
