"""Commands that agents gave on tickets, and the tickets that they muted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from syncd.clock import stamp
from syncd.model import Ref
from syncd.records import Command, Verb, called

DONE = "done"
PAST = "from before syncd watched this ticket"
"""The outcome of what is only remembered."""
SET, STUCK, AWAY = "set", "stuck", "away"
"""Of a tag: the ticket bears it; and it can't be taken away; it doesn't any more."""

SOURCES = "SELECT * FROM commands WHERE ticket = ? ORDER BY id"
INSERT = """
    INSERT INTO commands (ticket, source, nth, verb, argument, given_at, at, outcome, tag, version)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
"""
OPEN = """
    SELECT c.*, s.key FROM commands c LEFT JOIN snapshots s ON s.ref = c.ticket
    WHERE c.outcome = '' AND c.ticket LIKE ? ORDER BY c.id
"""
CLOSE = "UPDATE commands SET outcome = ? WHERE id = ? AND outcome = ''"
REFUSE = """
    UPDATE commands SET outcome = :why WHERE outcome = :done AND id = (
        SELECT max(id) FROM commands WHERE ticket = :ticket AND verb = :verb)
"""
FAILURES = """
    SELECT c.verb, c.source, c.outcome FROM commands c WHERE c.ticket = :ticket AND c.outcome NOT IN ('', :done, :past)
    AND NOT EXISTS (SELECT 1 FROM commands newer WHERE newer.ticket = c.ticket AND newer.id > c.id
        AND (newer.source <> c.source OR c.tag <> '') AND newer.outcome = :done) ORDER BY c.id
"""
SHOWN = "UPDATE commands SET tag = ?, version = max(version, ?) WHERE id = ?"
TO_TAKE_AWAY = """
    SELECT c.*, s.key FROM commands c LEFT JOIN snapshots s ON s.ref = c.ticket
    WHERE c.tag = 'set' AND c.outcome NOT IN ('', ?) AND c.ticket LIKE ? ORDER BY c.id
"""
ORDER = "UPDATE links SET ordered = 1 WHERE id = ?"
END_ORDERS = "UPDATE links SET ordered = 0 WHERE issue = ? AND ordered = 1 RETURNING ticket"
REKEY = "UPDATE OR IGNORE commands SET ticket = ? WHERE ticket = ?"
MUTE = "INSERT OR IGNORE INTO mutes (ticket, since) VALUES (?, ?)"
UNMUTE = "DELETE FROM mutes WHERE ticket = ?"
MUTED = """
    SELECT m.ticket, m.since, s.key FROM mutes m LEFT JOIN snapshots s ON s.ref = m.ticket ORDER BY m.since, m.ticket
"""
MUTED_SINCE = "SELECT since FROM mutes WHERE ticket = ?"
MUTED_OF = "SELECT ticket FROM mutes WHERE ticket IN (SELECT ticket FROM links WHERE group_key = ?)"
REKEY_MUTE = "UPDATE OR IGNORE mutes SET ticket = ? WHERE ticket = ?"


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command as stored.

    ``nth``: which of its note's commands; of a tag, which appearance. ``given_at``: when, by the system's own clock,
    ISO UTC; empty where nobody tells. ``outcome``: empty while it is still to be done; ``done``; or why it wasn't.
    ``tag``: whether the ticket bears it, of one that came by tag; ``version``: as of which version of the ticket.
    """

    id: int
    ticket: Ref
    source: str
    nth: int
    verb: Verb
    argument: str
    given_at: str
    at: str
    """When we met it, our own clock."""
    outcome: str
    tag: str
    version: str


class Commands:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def sources(self, ticket: Ref) -> dict[str, CommandRow]:
        """Where commands of a ticket stand or stood -> the last one from there."""
        return {row["source"]: _row(row) for row in self._db.query(SOURCES, [str(ticket)])}

    def add(self, ticket: Ref, command: Command, nth: int, *, now: str, outcome: str = "") -> int:
        """One that was met for the first time; its id."""
        given_at = stamp(command.at) if command.at else ""
        values = [str(ticket), command.source, nth, command.verb, command.argument, given_at, now, outcome, "", ""]
        return int(self._db.execute(INSERT, values).fetchone()[0])

    def open(self, connector: str = "%") -> list[CommandRow]:
        """What nobody has done yet, in the order given."""
        return [_row(row) for row in self._db.query(OPEN, [f"{connector}:%"])]

    def close(self, command: int, outcome: str) -> bool:
        """It is done, or can't be. False: somebody else has seen to it."""
        return bool(self._db.execute(CLOSE, [outcome, command]).rowcount)

    def refuse(self, ticket: Ref, verb: Verb, why: str) -> None:
        """What was to come of the last command of that kind never will."""
        self._db.execute(REFUSE, {"ticket": str(ticket), "verb": verb, "why": why, "done": DONE})

    def failures(self, ticket: Ref) -> dict[str, str]:
        """What couldn't be done -> why not; until a later command of the ticket is done."""
        rows = self._db.query(FAILURES, {"ticket": str(ticket), "done": DONE, "past": PAST})
        return {called(Verb(row["verb"]), row["source"]): row["outcome"] for row in rows}

    def shown(self, command: int, tag: str, version: str) -> None:
        """Whether the ticket bears a tag, as of a version of it."""
        self._db.execute(SHOWN, [tag, version, command])

    def to_take_away(self, connector: str) -> list[CommandRow]:
        """Tags whose command has been seen to."""
        return [_row(row) for row in self._db.query(TO_TAKE_AWAY, [PAST, f"{connector}:%"])]

    def rekey(self, old: Ref, new: Ref) -> None:
        """A ticket goes on under another ref."""
        for statement in (REKEY, REKEY_MUTE):
            self._db.execute(statement, [str(new), str(old)])

    # --- issues to be reopened ---

    def order(self, link: int) -> None:
        """The issue of a link is to be reopened: that stands until it is unfinished, or can't be."""
        self._db.execute(ORDER, [link])

    def end_orders(self, issue: Ref) -> list[Ref]:
        """Whatever was ordered of an issue is over; the tickets from which it was."""
        return [Ref.parse(row[0]) for row in self._db.execute(END_ORDERS, [str(issue)]).fetchall()]

    # --- muted tickets ---

    def mute(self, ticket: Ref, now: str) -> None:
        """From now on nothing is written to this ticket, or because of it."""
        self._db.execute(MUTE, [str(ticket), now])

    def unmute(self, ticket: Ref) -> None:
        """It is a ticket like any other again."""
        self._db.execute(UNMUTE, [str(ticket)])

    def muted(self) -> list[tuple[Ref, str]]:
        """Every muted ticket, and since when (our own clock)."""
        return [(Ref.parse(row["ticket"], row["key"] or ""), row["since"]) for row in self._db.query(MUTED)]

    def muted_since(self, ticket: Ref) -> str:
        """Since when a ticket is muted; empty if it isn't."""
        return next((row["since"] for row in self._db.query(MUTED_SINCE, [str(ticket)])), "")

    def muted_of(self, group: str) -> frozenset[Ref]:
        """The muted tickets of a group."""
        return frozenset(Ref.parse(row["ticket"]) for row in self._db.query(MUTED_OF, [group]))


def _row(row: dict[str, Any]) -> CommandRow:
    return CommandRow(
        id=row["id"],
        ticket=Ref.parse(row["ticket"], row.get("key") or ""),
        source=row["source"],
        nth=row["nth"],
        verb=Verb(row["verb"]),
        argument=row["argument"],
        given_at=row["given_at"],
        at=row["at"],
        outcome=row["outcome"],
        tag=row["tag"],
        version=row["version"],
    )
