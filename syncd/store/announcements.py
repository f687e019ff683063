"""Announcements: who was told of which filing or link, step by step; stored before anything is sent.

No text stands here: what is said is made afresh when it is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from syncd.tables import Event

OPEN = """
    SELECT * FROM announcements WHERE state IN ('waiting', 'sent', 'unknown') AND due <> ''
    ORDER BY made_at, about, event, route, step
"""
CHAIN = "SELECT * FROM announcements WHERE about = ? AND event = ? AND route = ? ORDER BY step"
ABOUT = """
    SELECT * FROM announcements WHERE about IN (SELECT value FROM json_each(?)) ORDER BY made_at, event, route, step
"""
UNMARKED = """
    SELECT * FROM announcements WHERE sink = ? AND thread <> '' AND mark <> 'done' AND sent_at > ? ORDER BY sent_at
"""
UNSURE = "SELECT * FROM announcements WHERE state IN ('unknown', 'unanswered') AND made_at > ? ORDER BY made_at, about"
INTERRUPTED = "UPDATE announcements SET state = 'unknown' WHERE state = 'sending'"
ORPHANED = """
    UPDATE announcements SET sink = '', thread = '' WHERE state IN ('sent', 'unknown') AND sink <> ''
    AND sink NOT IN (SELECT value FROM json_each(?))
"""
DOUBT_ALL = "UPDATE announcements SET state = 'unknown', due = '' WHERE state IN ('waiting', 'sending')"
FORGET = "DELETE FROM announcements WHERE made_at < ? AND state NOT IN ('waiting', 'sending')"


class Telling(StrEnum):
    """Where an announcement is."""

    WAITING = "waiting"
    SENDING = "sending"
    """Handed to the sink; if the process dies now, nobody knows whether it arrived."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """Nobody knows whether it arrived. It isn't sent again."""
    ANSWERED = "answered"
    PASSED = "passed"
    """Nobody has answered in time; the next step was taken."""
    UNANSWERED = "unanswered"
    """Nobody has answered, and there is no next step."""
    NEEDLESS = "needless"
    """What it was about was over before it was told."""


@dataclass(frozen=True, slots=True)
class AnnouncementRow:
    """An announcement as stored. Moments are our own clock's; empty: not yet, or never.

    Attributes:
        about: a filing, by its id, or ``link:`` and a link's number.
        event: one of :data:`syncd.tables.Event`.
        desk: the helpdesk whose playbook has the route.
        route: by its name.
        step: of the route's chain, from 0.
        sink: where it was told; while it waits, where it was to be told when it was stored.
        thread: under which name the sink knows the message; empty if it has none.
        stood: who had the issue and who the ticket when it was told, as JSON.
        mark: which reaction the message got: ``seen`` or ``done``.
        made_at: when it was to be told.
        sent_at: when it was told, or perhaps was.
        due: while it waits, when it is to be tried; then, when the next step follows if nobody answers.
        tries: how often what it is about could not be read.
    """

    about: str
    event: Event
    desk: str
    route: str
    step: int
    made_at: str
    due: str
    state: Telling = Telling.WAITING
    sink: str = ""
    thread: str = ""
    stood: str = ""
    mark: str = ""
    sent_at: str = ""
    tries: int = 0

    @property
    def key(self) -> tuple[str, Event, str]:
        """What it shares with the other steps of its chain."""
        return self.about, self.event, self.route


COLUMNS = tuple(AnnouncementRow.__slots__)
PUT = f"""
    INSERT OR REPLACE INTO announcements ({", ".join(COLUMNS)}) VALUES ({", ".join(f":{name}" for name in COLUMNS)})
"""  # noqa: S608  # our own names


class Announcements:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, row: AnnouncementRow) -> None:
        """An announcement as it stands from now on."""
        self._db.execute(PUT, asdict(row))

    def chain(self, key: tuple[str, Event, str]) -> list[AnnouncementRow]:
        """The steps of a chain that were taken."""
        return [_row(row) for row in self._db.query(CHAIN, list(key))]

    def about(self, names: Iterable[str]) -> list[AnnouncementRow]:
        """What was announced, or is to be, of these filings and links."""
        return [_row(row) for row in self._db.query(ABOUT, [json.dumps(sorted(names))])]

    def open(self) -> list[AnnouncementRow]:
        """What waits to be told, or to be answered."""
        return [_row(row) for row in self._db.query(OPEN)]

    def unmarked(self, sink: str, since: str) -> list[AnnouncementRow]:
        """Messages with a thread that a sink got since then, and that may get a reaction."""
        return [_row(row) for row in self._db.query(UNMARKED, [sink, since])]

    def unsure(self, since: str) -> list[AnnouncementRow]:
        """Those since then of which nobody knows whether they arrived, and those that nobody has answered."""
        return [_row(row) for row in self._db.query(UNSURE, [since])]

    def doubt_all(self) -> None:
        """Whatever was to be told may have been told since, and its chain may have gone on."""
        self._db.execute(DOUBT_ALL)

    def begin(self, sinks: Iterable[str], old: str) -> None:
        """The service begins with these sinks; what was settled before ``old`` is forgotten.

        What a dead process was sending may have arrived. A chain whose sink is no more goes on with the one that stands
        for the same channel now.
        """
        self._db.execute(INTERRUPTED)
        self._db.execute(ORPHANED, [json.dumps(sorted(sinks))])
        self._db.execute(FORGET, [old])


def _row(row: dict[str, Any]) -> AnnouncementRow:
    return AnnouncementRow(**{**row, "state": Telling(row["state"])})
