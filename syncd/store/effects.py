"""Effects: stored before they are done, so that an unknown outcome is settled and not repeated (rule 12)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from syncd.clock import precise
from syncd.model import Ref
from syncd.records import Effect
from syncd.store.effect_rows import EffectRow, EffectState, effect_row

BY_KEY = """
    SELECT e.*, s.key FROM effects e LEFT JOIN snapshots s ON s.ref = e.target
    WHERE kind = :kind AND turn = :turn AND (link = :link OR (:shared AND target = :target))
    ORDER BY link = :link DESC, e.id LIMIT 1
"""
INSERT = """
    INSERT INTO effects (id, link, kind, turn, target, body, internal, state, began_at, due, looks, remote_id, reason,
        wordings, until, source)
    VALUES (?, ?, ?, ?, ?, ?, ?, 'ready', '', ?, 0, '', '', ?, ?, ?)
"""
RECALL = """
    INSERT OR IGNORE INTO effects
        (id, link, kind, turn, target, body, internal, state, began_at, due, looks, remote_id, reason)
    VALUES (?, ?, ?, ?, ?, '', ?, 'done', ?, ?, 0, ?, 'recalled')
"""
PROMISE = "UPDATE effects SET owed = 1 WHERE id = ?"
DOUBT_ALL = (
    "UPDATE effects SET state = 'doubt', looks = 0, due = ? WHERE state IN ('ready', 'sent') AND due <> 'shelved'"
)
SEND = "UPDATE effects SET state = 'sent', began_at = ?, tries = tries + 1 WHERE id = ? AND state = 'ready'"
RISKY = """
    SELECT e.*, s.key FROM effects e LEFT JOIN snapshots s ON s.ref = e.target
    WHERE e.tries > 1 AND e.state = 'done' AND e.began_at > :since AND e.target LIKE :prefix ORDER BY e.target, e.id
"""
DOUBLE = "UPDATE effects SET doubles = ? WHERE id = ?"
DOUBLED = """
    SELECT e.*, s.key FROM effects e LEFT JOIN snapshots s ON s.ref = e.target WHERE e.doubles <> '' ORDER BY +e.id
"""
SETTLE = "UPDATE effects SET state = ?, due = ?, remote_id = ?, reason = ? WHERE id = ?"
LOOKED = "UPDATE effects SET looks = looks + 1, due = ? WHERE id = ? AND state = 'doubt'"
READY_AGAIN = "UPDATE effects SET state = 'ready', looks = 0, due = ? WHERE id = ? AND state = 'doubt'"
ORPHANS = "UPDATE effects SET state = 'doubt', due = ? WHERE state = 'sent'"
GET = "SELECT e.*, s.key FROM effects e LEFT JOIN snapshots s ON s.ref = e.target WHERE id = ?"
OPEN = """
    SELECT e.*, s.key FROM effects e LEFT JOIN snapshots s ON s.ref = e.target
    WHERE (state = 'doubt' OR (state = 'ready' AND link NOT IN (SELECT id FROM muted_links)) OR (state = 'ready'
        AND link IS NULL AND target NOT IN (SELECT ticket FROM mutes))) AND due <= ?
    ORDER BY due, id
"""
NEXT_DUE = """
    SELECT substr(target, 1, instr(target, ':') - 1) AS connector, min(due) AS due FROM effects WHERE state = 'doubt'
    OR (state = 'ready' AND owed = 1 AND due <> 'shelved' AND link NOT IN (SELECT id FROM muted_links))
    OR (state = 'ready' AND link IS NULL AND target NOT IN (SELECT ticket FROM mutes))
    GROUP BY connector
"""
OWING = "SELECT count(*) AS n FROM effects WHERE state = 'ready' AND owed = 1 AND due <> 'shelved'"
OWE = """
    UPDATE effects SET owed = 1, due = iif(due = 'shelved', '', due)
    WHERE link = :link AND state IN ('ready', 'sent', 'doubt', 'refused') AND kind <> 'carried'
    AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds)))
"""
SHELVE = """
    UPDATE effects SET state = 'ready', looks = 0, due = iif(owed = 1, '', 'shelved') WHERE id = ? AND state = 'doubt'
"""
FORGET = "DELETE FROM effects WHERE id = ? AND owed = 0"
REKEY = "UPDATE effects SET target = ? WHERE target = ? AND state <> 'done'"
MESSAGES = """
    SELECT count(*) AS n FROM effects WHERE internal = 0 AND state <> 'refused' AND began_at > ? AND target LIKE ?
"""
HOLD = "UPDATE effects SET due = ?, began_at = ?, reason = ? WHERE id = ? AND state = 'ready'"
LAY_ASIDE = "UPDATE effects SET due = 'shelved' WHERE id = ? AND state = 'ready' AND owed = 0"
DRAFT = "UPDATE effects SET internal = 1 WHERE id = ?"
LEAVE_OUT = "UPDATE effects SET state = 'done', internal = 1, reason = ? WHERE id = ?"
OVERTAKEN = """
    SELECT 1 FROM effects WHERE target = :target AND id > :id AND kind LIKE 'message_%' AND kind <> :kind
    AND kind IN ('message_resolved', 'message_declined', 'message_incident_resolved', 'message_sprint_over')
"""
SOURCES = "SELECT source FROM effects WHERE link = ? AND kind = ?"
OF_KIND = "SELECT count(*) AS n FROM effects WHERE link = ? AND kind = ?"
COUNTS = "SELECT state, count(*) AS n FROM effects GROUP BY state"
REFUSED = """
    SELECT e.*, s.key FROM effects e LEFT JOIN links l ON l.id = e.link LEFT JOIN snapshots s ON s.ref = e.target
    LEFT JOIN bases b ON b.link = e.link
    WHERE e.state = 'refused' AND (e.link IS NULL OR l.state = 'live' OR (l.state = 'final' AND e.target = l.issue))
    AND e.turn >= coalesce(b.turn, 0) - 1
    AND NOT EXISTS (SELECT 1 FROM effects newer WHERE newer.link = e.link AND newer.turn > e.turn
        AND newer.kind NOT IN ('command_failed', 'carried', 'standing_note', 'message_incident_update'))
    AND NOT EXISTS (SELECT 1 FROM effects newer WHERE newer.link = e.link AND e.kind = 'carried'
        AND newer.kind = 'carried' AND newer.id > e.id AND newer.state = 'done') ORDER BY +e.id
"""
REWORD = "UPDATE effects SET body = ? WHERE id = ?"
NEXT_TURN = "SELECT coalesce(max(turn) + 1, 0) AS n FROM effects WHERE link = ? AND kind = ?"
OF_LINK = "SELECT e.*, s.key FROM effects e LEFT JOIN snapshots s ON s.ref = e.target WHERE link = ? ORDER BY id"


class Effects:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def store(self, effect: Effect, name: str, now: datetime) -> EffectRow:
        """The row of an effect: made under this name if it is new, as it stands if it was asked for before."""
        known = self._by_key(effect)
        if known is not None:
            return known
        values = [name, effect.link or None, effect.kind, effect.turn, str(effect.target), effect.body]
        said = json.dumps(effect.wordings, ensure_ascii=False) if effect.wordings else ""
        until = precise(effect.until) if effect.until else ""
        self._db.execute(INSERT, [*values, int(effect.internal), precise(now), said, until, effect.source])
        row = self._by_key(effect)
        assert row is not None  # noqa: S101  # just inserted
        return row

    def promise(self, effect: Effect, name: str, now: datetime) -> None:
        """One that belongs to no plan: to be sent as soon as effects are settled."""
        self.store(effect, name, now)
        self._db.execute(PROMISE, [name])

    def wanted(self, effect: Effect) -> bool:
        """Whether it still has to be sent: it is new, or certainly not there."""
        known = self._by_key(effect)
        return known is None or known.state is EffectState.READY

    def known(self, effect: Effect) -> EffectRow | None:
        """Its row, if it was asked for before."""
        return self._by_key(effect)

    def reword(self, effect: str, body: str) -> None:
        """It says something else, or is to."""
        self._db.execute(REWORD, [body, effect])

    def _by_key(self, effect: Effect) -> EffectRow | None:
        key = {"link": effect.link, "kind": effect.kind, "turn": effect.turn}
        rows = self._db.query(BY_KEY, key | {"shared": int(effect.shared), "target": str(effect.target)})
        return next((effect_row(row) for row in rows), None)

    def send(self, effect: str, now: datetime) -> bool:
        """From the next byte on its outcome may be unknown. False: another thread is sending it, or has sent it."""
        return bool(self._db.execute(SEND, [precise(now), effect]).rowcount)

    def hold(self, effect: str, due: datetime, reason: str, now: datetime) -> None:
        """It is to go out, but not before ``due``."""
        self._db.execute(HOLD, [precise(due), precise(now), reason, effect])

    def unsay(self, effect: Effect) -> None:
        """Its decision failed: if it was held until later, it is asked for anew, or never."""
        row = self._by_key(effect)
        if row is not None and row.state is EffectState.READY:
            self.forget(row.id)

    def lay_aside(self, effect: str) -> None:
        """It was held, and its decision was not recorded: sent if it is asked for anew."""
        self._db.execute(LAY_ASIDE, [effect])

    def draft(self, effect: str) -> None:
        """The team alone sees it."""
        self._db.execute(DRAFT, [effect])

    def leave_out(self, effect: str, reason: str) -> None:
        """It isn't said any more, since something else is true by now."""
        self._db.execute(LEAVE_OUT, [reason, effect])

    def passes_on(self, link: int, kind: str) -> set[str]:
        """The comments that a link's messages of a kind pass on, or did."""
        return {row["source"] for row in self._db.query(SOURCES, [link, kind])}

    def overtaken(self, row: EffectRow) -> bool:
        """Whether its customer has something newer coming, or has had it."""
        key = {"target": str(row.target), "id": row.id, "kind": row.kind}
        return any(True for _ in self._db.query(OVERTAKEN, key))

    def done(self, effect: str, remote_id: str, now: datetime, aside: str = "") -> None:
        """It stands at the other end; ``aside``: what it went without, and why."""
        self._db.execute(SETTLE, [EffectState.DONE, precise(now), remote_id, aside, effect])

    def doubt(self, effect: str, due: datetime, reason: str) -> None:
        """Its answer was lost; to be looked for at ``due``."""
        self._db.execute(SETTLE, [EffectState.DOUBT, precise(due), "", reason, effect])

    def refused(self, effect: str, reason: str, now: datetime) -> None:
        """The service said no for good."""
        self._db.execute(SETTLE, [EffectState.REFUSED, precise(now), "", reason, effect])

    def later(self, effect: str, due: datetime, reason: str) -> None:
        """It certainly had no effect; to be sent at ``due``."""
        self._db.execute(SETTLE, [EffectState.READY, precise(due), "", reason, effect])

    def owe(self, link: int, kinds: frozenset[str] | None) -> None:
        """A decision about this link has been recorded: what it wanted said is still to be said, of these kinds."""
        self._db.execute(OWE, {"link": link, "kinds": None if kinds is None else json.dumps(sorted(kinds))})

    def forget(self, effect: str) -> None:
        """It certainly had no effect, and its decision was not recorded: if it is wanted, it will be asked for anew."""
        self._db.execute(FORGET, [effect])

    def shelve(self, effect: str) -> None:
        """It certainly isn't there, and its decision was not recorded: sent if it is asked for anew, or owed after all.

        Its status may have been written by a run that died before it could say so: then the next decision finds the
        ends in step, and asks for no note. One whose decision was recorded while it was looked for is sent.
        """
        self._db.execute(SHELVE, [effect])

    def looked(self, effect: str, due: datetime) -> None:
        """It was looked for and not found; once more at ``due``."""
        self._db.execute(LOOKED, [precise(due), effect])

    def absent(self, effect: str, now: datetime) -> None:
        """It is certainly not there: to be sent again."""
        self._db.execute(READY_AGAIN, [precise(now), effect])

    def doubt_orphans(self, due: datetime) -> None:
        """Effects that a dead process had in flight are in doubt."""
        self._db.execute(ORPHANS, [precise(due)])

    def get(self, effect: str) -> EffectRow | None:
        """One of them as it stands."""
        return next((effect_row(row) for row in self._db.query(GET, [effect])), None)

    def recall(self, effect: Effect, name: str, remote_id: str, made: datetime) -> bool:
        """One that this state doesn't know stands at the other end. False: it knows another for the same occasion."""
        values = [name, effect.link, effect.kind, effect.turn, str(effect.target), int(effect.internal)]
        return bool(self._db.execute(RECALL, [*values, precise(made), precise(made), remote_id]).rowcount)

    def doubt_all(self, due: datetime) -> None:
        """Whatever was to be sent may have been sent since: to be looked for first."""
        self._db.execute(DOUBT_ALL, [precise(due)])

    def open(self, now: datetime) -> list[EffectRow]:
        """What is to be sent or looked for now."""
        return [effect_row(row) for row in self._db.query(OPEN, [precise(now)])]

    def next_due(self) -> dict[str, str]:
        """By connector: when its next effect in doubt has settled, or one that is owed is to be sent."""
        return {row["connector"]: row["due"] for row in self._db.query(NEXT_DUE)}

    def owing(self) -> int:
        """How many are still to be sent, whatever else happens."""
        return int(next(iter(self._db.query(OWING)))["n"])

    def rekey(self, old: Ref, new: Ref) -> None:
        """Its target goes on under a new ref."""
        self._db.execute(REKEY, [str(new), str(old)])

    def still_refused(self) -> list[EffectRow]:
        """What was refused and could still be said: its link hasn't ended, and nothing has happened to it since."""
        return [effect_row(row) for row in self._db.query(REFUSED)]

    def messages(self, connector: str, since: str) -> int:
        """How many messages have gone to customers since then."""
        return int(next(iter(self._db.query(MESSAGES, [since, f"{connector}:%"])))["n"])

    def risky(self, connector: str, since: datetime) -> list[EffectRow]:
        """What was sent more than once since then, and may stand twice: a service may apply a request very late."""
        return [effect_row(row) for row in self._db.query(RISKY, {"since": precise(since), "prefix": f"{connector}:%"})]

    def double(self, effect: str, ids: Sequence[str]) -> None:
        """It stands there several times, under these remote ids; none: once, as it should."""
        self._db.execute(DOUBLE, [" ".join(ids), effect])

    def doubled(self) -> list[EffectRow]:
        """What stands several times."""
        return [effect_row(row) for row in self._db.query(DOUBLED)]

    def count(self, link: int, kind: str) -> int:
        """How many of a kind a link has had."""
        return int(next(iter(self._db.query(OF_KIND, [link, kind])))["n"])

    def next_turn(self, link: int, kind: str) -> int:
        """A turn that no effect of that kind has had."""
        return int(next(iter(self._db.query(NEXT_TURN, [link, kind])))["n"])

    def counts(self) -> dict[str, int]:
        """State -> how many."""
        return {row["state"]: row["n"] for row in self._db.query(COUNTS)}

    def of(self, link: int) -> list[EffectRow]:
        """Every effect of a link."""
        return [effect_row(row) for row in self._db.query(OF_LINK, [link])]
