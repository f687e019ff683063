"""Links and bases."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from syncd.model import Ref, Status
from syncd.records import BY_PERSON, GONE, SAME_PAIR, Base, Link, LinkState, Origin, Record, Standing
from syncd.store.effects import Effects
from syncd.store.groups import Groups

_LINK = """
    SELECT l.*, coalesce(t.key, l.ticket_key) AS ticket_now, coalesce(i.key, l.issue_key) AS issue_now FROM links l
    LEFT JOIN snapshots t ON t.ref = l.ticket LEFT JOIN snapshots i ON i.ref = l.issue
"""
FRESH = _LINK + " WHERE l.state = 'live' AND l.filed = 1 AND l.made_at > ? ORDER BY l.made_at, l.id"
ALL = _LINK + " ORDER BY l.id"
BY_ID = _LINK + " WHERE l.id = ?"
BY_PAIR = _LINK + " WHERE l.ticket = ? AND l.issue = ?"
BY_ITEM = _LINK + " WHERE l.ticket = :ref OR l.issue = :ref ORDER BY l.id"
BY_GROUP = _LINK + " WHERE l.group_key = ? AND l.state IN ('live', 'final') ORDER BY l.id"
IS_LINKED = "SELECT 1 FROM links WHERE (ticket = :ref OR issue = :ref) AND state IN ('live', 'final') LIMIT 1"
INSERT = """
    INSERT INTO links
        (ticket, issue, state, origin, filed, standing, reason, group_key, made_at, changed_at, ticket_key, issue_key,
        live_at)
    VALUES (?, ?, ?, ?, ?, 'new', ?, '', ?, ?, ?, ?, ?) RETURNING id
"""
SET_STATE = """
    UPDATE links SET state = :state, reason = :reason, changed_at = :now,
        group_key = iif(:state IN ('live', 'final'), group_key, ''),
        live_at = iif(:state = 'live' AND state <> 'live', :now, live_at) WHERE id = :id
"""
END_TALK = "DELETE FROM talks WHERE link = ?"
SET_STANDING = "UPDATE links SET standing = ?, changed_at = ? WHERE id = ? AND standing <> ?"
SAW_OPEN = "UPDATE links SET seen_open = ? WHERE id = ?"
NAMED = "UPDATE links SET named = 1 WHERE ticket = ? AND issue = ? AND named = 0"
SET_FILED = "UPDATE links SET filed = ?, origin = ? WHERE id = ?"
STEP_ASIDE = """
    UPDATE links AS newer SET ticket = iif(ticket = :new, '', ticket), issue = iif(issue = :new, '', issue)
    WHERE newer.reason <> :by_person AND EXISTS (SELECT 1 FROM links older WHERE older.state IN ('live', 'final') AND (
        (newer.issue = :new AND older.issue = :old AND older.ticket = newer.ticket
            AND (older.id < newer.id OR newer.state IN ('proposed', 'ended')))
        OR (newer.ticket = :new AND older.ticket = :old AND older.issue = newer.issue
            AND newer.state IN ('proposed', 'ended'))))
"""
REKEY = "UPDATE OR IGNORE links SET issue = :new WHERE issue = :old"
REKEY_TICKET = "UPDATE OR IGNORE links SET ticket = :new WHERE ticket = :old"
END_LEFTOVERS = f"""
    UPDATE links SET state = 'ended', reason = '{SAME_PAIR}', changed_at = :now,
        ticket = iif(ticket = '', :old, ticket), issue = iif(issue = '', :old, issue)
    WHERE ticket IN (:old, '') OR issue IN (:old, '')
"""  # noqa: S608  # our own words
BASES = "SELECT b.* FROM bases b JOIN links l ON l.id = b.link WHERE l.group_key = ?"
PUT_BASE = """
    INSERT INTO bases
        (link, ticket_native, ticket_reason, issue_native, issue_reason, agreed, exempt, turn, outside, met, expired,
        at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (link) DO UPDATE SET ticket_native = excluded.ticket_native, ticket_reason = excluded.ticket_reason,
        issue_native = excluded.issue_native, issue_reason = excluded.issue_reason, agreed = excluded.agreed,
        exempt = excluded.exempt, turn = excluded.turn, outside = excluded.outside, met = excluded.met,
        expired = excluded.expired, at = excluded.at
"""
TURNS = """
    SELECT l.ticket, max(max(coalesce(b.turn, 0), coalesce(e.turn + 1, 0))) AS turn FROM links l
    LEFT JOIN bases b ON b.link = l.id LEFT JOIN effects e ON e.link = l.id AND e.target = l.ticket
        AND e.kind NOT IN ('command_failed', 'carried', 'standing_note', 'message_incident_update')
    WHERE l.ticket IN (SELECT ticket FROM links WHERE group_key = ?) GROUP BY l.ticket
"""
BASE = "SELECT * FROM bases WHERE link = ?"
NEWEST_BASE = """
    SELECT b.* FROM bases b JOIN links l ON l.id = b.link WHERE l.ticket = ?
    ORDER BY b.at DESC, b.turn DESC, b.link DESC LIMIT 1
"""
LIVE_COUNT = "SELECT count(*) AS n FROM links WHERE state = 'live' AND (ticket LIKE :prefix OR issue LIKE :prefix)"
ENDED = """
    SELECT count(*) AS n FROM links WHERE state = 'ended' AND reason LIKE :gone AND changed_at > :since
    AND (ticket LIKE :prefix OR issue LIKE :prefix)
"""
STALE = """
    SELECT ends.ref, s.key FROM (
        SELECT ticket AS ref FROM links WHERE state = 'live' UNION SELECT issue FROM links WHERE state = 'live') ends
    JOIN snapshots s ON s.ref = ends.ref WHERE s.seen_at < ? AND s.gone = '' ORDER BY ends.ref
"""
UNSEEN = """
    SELECT s.ref, s.key FROM snapshots s WHERE s.connector = ? AND s.seen_at < ? AND s.gone = '' AND EXISTS (
        SELECT 1 FROM links WHERE state = 'live' AND (ticket = s.ref OR issue = s.ref)) ORDER BY s.seen_at, s.ref
"""
DROP_BASE = "DELETE FROM bases WHERE link = ?"
HELD = """
    SELECT id, standing FROM links
    WHERE state = 'live' AND standing IN ('waits_for_person', 'cascades', 'conflict', 'drift', 'unknown')
"""
COUNT = "SELECT state, standing, count(*) AS n FROM links GROUP BY state, standing"


class Links:
    """Every statement about links has its name above; writes happen inside the caller's transaction."""

    def __init__(self, db: Database, groups: Groups, effects: Effects) -> None:
        self._db, self._groups, self._effects = db, groups, effects

    def all(self) -> list[Link]:
        """Every link, in the order made."""
        return [_link(row) for row in self._db.query(ALL)]

    def fresh(self, since: str) -> list[Link]:
        """The live links that were filed and made since then (rule 4)."""
        return [_link(row) for row in self._db.query(FRESH, [since])]

    def held(self) -> dict[Standing, list[int]]:
        """The live links that go on only if a person does something, by their standing."""
        found: dict[Standing, list[int]] = {}
        for row in self._db.query(HELD):
            found.setdefault(Standing(row["standing"]), []).append(row["id"])
        return found

    def get(self, link: int) -> Link | None:
        """One link."""
        return next((_link(row) for row in self._db.query(BY_ID, [link])), None)

    def pair(self, ticket: Ref, issue: Ref) -> Link | None:
        """The link of a pair, in whatever state."""
        return next((_link(row) for row in self._db.query(BY_PAIR, [str(ticket), str(issue)])), None)

    def of(self, ref: Ref) -> list[Link]:
        """The links of one item, in whatever state."""
        return [_link(row) for row in self._db.query(BY_ITEM, {"ref": str(ref)})]

    def linked(self, ref: Ref) -> bool:
        """Whether the item has a live or final link."""
        return any(True for _ in self._db.query(IS_LINKED, {"ref": str(ref)}))

    def group(self, key: str) -> tuple[list[Link], dict[int, Base]]:
        """The live and final links of a group, and their bases."""
        links = [_link(row) for row in self._db.query(BY_GROUP, [key])]
        return links, {row["link"]: _base(row) for row in self._db.query(BASES, [key])}

    def turns(self, key: str) -> dict[Ref, int]:
        """For each ticket of a group a turn that no note of an earlier link of it was keyed by."""
        return {Ref.parse(row["ticket"]): row["turn"] for row in self._db.query(TURNS, [key])}

    def base(self, link: int) -> Base | None:
        """What a link last agreed on."""
        return next((_base(row) for row in self._db.query(BASE, [link])), None)

    def newest_base(self, ticket: Ref) -> Base | None:
        """What was recorded last of any link of a ticket."""
        return next((_base(row) for row in self._db.query(NEWEST_BASE, [str(ticket)])), None)

    def live_count(self, connector: str) -> int:
        """How many live links a connector has."""
        return int(next(iter(self._db.query(LIVE_COUNT, {"prefix": f"{connector}:%"})))["n"])

    def ended(self, connector: str, since: str) -> int:
        """How many links of a connector have ended since then because an item was gone."""
        what = {"gone": f"{GONE}%", "since": since, "prefix": f"{connector}:%"}
        return int(next(iter(self._db.query(ENDED, what)))["n"])

    def stale(self, since: str) -> list[Ref]:
        """Items with a live link that nobody has seen since a moment of our clock."""
        rows = self._db.query(STALE, [since])
        return [Ref.parse(row["ref"], row["key"] or "") for row in rows]

    def unseen(self, connector: str, since: str) -> list[Ref]:
        """Items of a connector with a live link that nobody has seen since then, the longest unseen first."""
        rows = self._db.query(UNSEEN, [connector, since])
        return [Ref.parse(row["ref"], row["key"] or "") for row in rows]

    def counts(self) -> dict[tuple[str, str], int]:
        """(state, standing) -> how many."""
        return {(row["state"], row["standing"]): row["n"] for row in self._db.query(COUNT)}

    def add(
        self, ticket: Ref, issue: Ref, state: LinkState, origin: Origin, *, filed: bool, reason: str, now: str
    ) -> int:
        """A new link; its group is worked out."""
        live_at = now if state is LinkState.LIVE else ""
        values = [str(ticket), str(issue), state, origin, int(filed), reason, now, now, ticket.key, issue.key, live_at]
        row = self._db.execute(INSERT, values).fetchone()
        if state is not LinkState.PROPOSED:
            self._groups.regroup(ticket, now)
        return int(row[0])

    def set_state(self, link: Link, state: LinkState, reason: str, now: str) -> None:
        """Change a link's state; groups merge or split, queue rows go along."""
        if (link.state, link.reason) == (state, reason):
            return
        self._db.execute(SET_STATE, {"state": state, "reason": reason, "now": now, "id": link.id})
        if state is LinkState.ENDED:
            self._db.execute(END_TALK, [link.id])
        if {link.state, state} != {LinkState.LIVE, LinkState.FINAL}:
            self._groups.regroup(link.ticket, now)
            self._groups.regroup(link.issue, now)

    def begin_anew(self, link: Link, origin: Origin, *, filed: bool) -> None:
        """Forget what was agreed: the pair is to be looked at as a new one."""
        self._db.execute(DROP_BASE, [link.id])
        self._db.execute(SET_STANDING, [Standing.NEW, "", link.id, Standing.NEW])
        self._db.execute(SAW_OPEN, [0, link.id])
        self._db.execute(SET_FILED, [int(filed), origin, link.id])

    def is_filed(self, link: Link) -> None:
        """Its issue was filed by us, whoever met the link first."""
        self._db.execute(SET_FILED, [1, Origin.SYNCD, link.id])

    def is_named(self, ticket: Ref, issue: Ref) -> None:
        """The issue's own text names the ticket, whoever linked them."""
        self._db.execute(NAMED, [str(ticket), str(issue)])

    def saw_open(self, link: Link) -> None:
        """Its issue was seen unfinished before anything was decided of it: what it does next is a move."""
        self._db.execute(SAW_OPEN, [1, link.id])

    def record(self, record: Record, now: str, kinds: frozenset[str] | None = None) -> None:
        """What a decision says of one link.

        ``kinds``: of what it wanted said, where that is told; what an earlier decision wanted, which came to nothing,
        isn't true any more then. Else whatever was not said yet was wanted by it.
        """
        self._db.execute(SET_STANDING, [record.standing, now, record.link, record.standing])
        if record.base is not None and record.base != self.base(record.link):
            self.put_base(record.link, record.base, now)
            self._effects.owe(record.link, kinds)
        link = self.get(record.link) if record.state is not None else None
        if record.state is not None and link is not None:
            self.set_state(link, record.state, record.reason, now)

    def put_base(self, link: int, base: Base, now: str) -> None:
        """What a link agrees on from now on."""
        self._db.execute(
            PUT_BASE,
            [
                link,
                base.ticket.native,
                base.ticket.reason,
                base.issue.native,
                base.issue.reason,
                int(base.agreed),
                int(base.exempt),
                base.turn,
                int(base.outside),
                base.met,
                int(base.expired),
                now,
            ],
        )

    def rekey(self, old: Ref, new: Ref, now: str) -> None:
        """An item goes on under a new ref: its links follow; a pair that exists already is not doubled.

        Where it was met under the new ref before anybody knew, the older link stays, with what was agreed on it: since
        then the issue may have moved. Of two tickets that became one, the one that is left keeps its own link. What a
        person has removed stays removed.
        """
        what = {"old": str(old), "new": str(new), "now": now, "by_person": BY_PERSON}
        for statement in (STEP_ASIDE, REKEY, REKEY_TICKET, END_LEFTOVERS):
            self._db.execute(statement, what)
        self._groups.regroup(old, now)
        self._groups.regroup(new, now)


def _link(row: dict[str, Any]) -> Link:
    return Link(
        id=row["id"],
        ticket=Ref.parse(row["ticket"], row["ticket_now"]),
        issue=Ref.parse(row["issue"], row["issue_now"]),
        state=LinkState(row["state"]),
        origin=Origin(row["origin"]),
        filed=bool(row["filed"]),
        seen_open=bool(row["seen_open"]),
        named=bool(row["named"]),
        ordered=bool(row["ordered"]),
        standing=Standing(row["standing"]),
        reason=row["reason"],
        changed_at=row["changed_at"],
        live_at=row["live_at"],
    )


def _base(row: dict[str, Any]) -> Base:
    return Base(
        Status(row["ticket_native"], row["ticket_reason"]),
        Status(row["issue_native"], row["issue_reason"]),
        agreed=bool(row["agreed"]),
        exempt=bool(row["exempt"]),
        turn=row["turn"],
        outside=bool(row["outside"]),
        met=row["met"],
        expired=bool(row["expired"]),
    )
