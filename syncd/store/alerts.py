"""Alerts: what each sink has been told of each incident, so that nothing is told twice; and how each sink stands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

OPEN = "SELECT * FROM alerts WHERE sink = ? AND closed = ''"
PUT = """
    INSERT INTO alerts (sink, key, opened, told, thread, known, quiet, closed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (sink, key) DO UPDATE SET opened = excluded.opened, told = excluded.told, thread = excluded.thread,
        known = excluded.known, quiet = excluded.quiet, closed = excluded.closed
"""
DROP = "DELETE FROM alerts WHERE sink = ? AND key = ?"
FORGET = "DELETE FROM alerts WHERE sink NOT IN (SELECT value FROM json_each(:sinks)) OR closed <> '' AND closed < :old"
FORGET_SINKS = "DELETE FROM sinks WHERE name NOT IN (SELECT value FROM json_each(?))"
STAND = """
    INSERT INTO sinks (name, state, reason, since, sent_at) VALUES (:name, :state, :reason, :now, '')
    ON CONFLICT (name) DO UPDATE SET since = iif(state = :state, since, :now), state = :state, reason = :reason
"""
SENT = "UPDATE sinks SET sent_at = ? WHERE name = ?"
SINKS = """
    SELECT s.*, (SELECT count(*) FROM alerts a WHERE a.sink = s.name AND a.told = '' AND a.closed = '')
        + (SELECT count(*) FROM announcements n WHERE n.sink = s.name AND n.state = 'waiting') AS waiting
    FROM sinks s ORDER BY s.name
"""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An incident as one sink knows it. Moments are our own clock's; empty: not yet.

    Attributes:
        key: which incident: the alert's name, and the connector that it is about.
        opened: since when it has been true, as far as was looked.
        told: when it was told last, or was about to be: whether that message arrived isn't always known.
        thread: under which name the sink knows its first message; empty if it has none.
        known: what it was about when it was told last: groups, links, notes.
        quiet: since when it has been true no more.
        closed: when it was told that it is over.
    """

    sink: str
    key: str
    opened: str
    told: str = ""
    thread: str = ""
    known: frozenset[str] = field(default=frozenset(), repr=False)
    quiet: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True)
class SinkRow:
    """How a sink stands.

    Attributes:
        state: ``starting`` (nothing was sent since the service began), ``ok``, ``failing`` (tried again by itself) or
            ``off`` (refused for good, until the configuration is read again).
        reason: why, unless it is ``ok``.
        since: since when it has been in that state.
        sent_at: when a message last arrived; empty if none ever did.
        waiting: incidents and announcements that it hasn't been told of yet.
    """

    name: str
    state: str
    reason: str
    since: str
    sent_at: str
    waiting: int


class Alerts:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def open(self, sink: str) -> dict[str, AlertRow]:
        """What a sink knows, or is to know, and isn't over; by key."""
        return {row["key"]: _row(row) for row in self._db.query(OPEN, [sink])}

    def put(self, row: AlertRow) -> None:
        """An incident as a sink knows it from now on."""
        known = json.dumps(sorted(row.known))
        values = [row.sink, row.key, row.opened, row.told, row.thread, known, row.quiet, row.closed]
        self._db.execute(PUT, values)

    def drop(self, row: AlertRow) -> None:
        """It is over, and nobody was ever told."""
        self._db.execute(DROP, [row.sink, row.key])

    def forget(self, sinks: Iterable[str], old: str) -> None:
        """What belongs to sinks that are no more, and what was over before ``old``."""
        names = json.dumps(sorted(sinks))
        self._db.execute(FORGET, {"sinks": names, "old": old})
        self._db.execute(FORGET_SINKS, [names])

    def stands(self, sink: str, state: str, reason: str, now: str) -> None:
        """How a sink stands from now on."""
        self._db.execute(STAND, {"name": sink, "state": state, "reason": reason, "now": now})

    def sent(self, sink: str, now: str) -> None:
        """A message arrived."""
        self._db.execute(SENT, [now, sink])

    def sinks(self) -> dict[str, SinkRow]:
        """Every sink that the service last ran with, by name."""
        return {row["name"]: SinkRow(**row) for row in self._db.query(SINKS)}


def _row(row: dict[str, Any]) -> AlertRow:
    return AlertRow(**{**row, "known": frozenset(json.loads(row["known"]))})
