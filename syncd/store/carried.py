"""Carried: texts that go from one end of a link to the other, each once, and none of their words (privacy).

A row says which text it is, by its native id, and a keyed digest of how it was seen last. The words are read afresh
when they are sent. The note in which a text stands at the other end is an effect like any other, without a body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

LEFT = "left"
"""In the place of an effect: the text is never carried."""
CARRIED = "carried"
"""The kind of the effects."""


class Way(StrEnum):
    """From which end to which; also the key of a playbook's ``[conversation]``."""

    TO_ISSUE = "to_issue"
    TO_TICKET = "to_ticket"


OF = "SELECT * FROM carried WHERE link = ? AND way = ? ORDER BY id"
ADD = "INSERT INTO carried (link, way, text, digest, sent, effect) VALUES (?, ?, ?, ?, '', ?)"
SEEN = "UPDATE carried SET digest = ? WHERE id = ?"
RENAMED = "UPDATE carried SET text = ? WHERE id = ?"
SEND = "UPDATE carried SET effect = ?, sent = ? WHERE id = ?"
RELEASE = "UPDATE carried SET effect = '', sent = '' WHERE effect = ?"
LEAVE = "UPDATE carried SET effect = 'left' WHERE id IN (SELECT value FROM json_each(?))"
DROP_EMPTY = """
    DELETE FROM effects WHERE id = ? AND state = 'ready'
    AND NOT EXISTS (SELECT 1 FROM carried WHERE effect = effects.id)
"""
PENDING = """
    SELECT c.*, coalesce(e.state, '') AS state, coalesce(e.remote_id, '') AS remote_id,
        coalesce(e.began_at, '') AS began_at
    FROM carried c JOIN links l ON l.id = c.link LEFT JOIN effects e ON e.id = c.effect
    WHERE l.group_key = ? AND l.state = 'live' AND c.effect <> 'left' AND (
        c.effect = '' OR e.state = 'ready' OR (e.state = 'done' AND c.sent <> c.digest)) ORDER BY c.id
"""
SINCE = "SELECT since FROM talks WHERE link = ? AND way = ?"
BEGIN = "INSERT OR REPLACE INTO talks (link, way, since, look) VALUES (?, ?, ?, ?)"
LOOK = "UPDATE talks SET look = look + 1 WHERE link = ? AND way = ?"
LOOKED = "UPDATE talks SET look = 0 WHERE link = ? AND way = ? AND look = ?"
LOOKS = """
    SELECT t.link, t.way, t.look FROM talks t JOIN links l ON l.id = t.link
    WHERE l.group_key = ? AND l.state = 'live' AND t.look > 0 ORDER BY t.link, t.way
"""
BEGIN_ANEW = "DELETE FROM talks WHERE way = ? AND link IN (SELECT id FROM links WHERE ticket LIKE ?)"
STANDS = "SELECT said FROM stands WHERE link = ? AND way = ?"
STAND = "INSERT OR REPLACE INTO stands (link, way, said) VALUES (?, ?, ?)"
SWITCHES = "SELECT way, what, at FROM switched WHERE helpdesk = ?"
SWITCH = "INSERT OR REPLACE INTO switched (helpdesk, way, what, at) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class CarriedRow:
    """A text that is to be carried, or was.

    Attributes:
        text: its native id.
        digest: of how it was seen last.
        sent: of how it was sent last; empty: not yet.
        effect: the note in which it stands; empty: none yet; ``left``: it is never carried.
        state: of that effect; empty where there is none, or nobody asked for it.
        remote_id: of that effect, at the other end.
        began_at: when that effect was sent, our own clock.
    """

    id: int
    link: int
    way: Way
    text: str
    digest: str
    sent: str
    effect: str
    state: str = ""
    remote_id: str = ""
    began_at: str = ""


class CarriedTexts:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # --- texts ---

    def of(self, link: int, way: Way) -> dict[str, CarriedRow]:
        """Every text of a link that was met, by its native id."""
        return {row["text"]: _row(row) for row in self._db.query(OF, [link, way])}

    def add(self, link: int, way: Way, text: str, digest: str, *, left: bool = False) -> None:
        """One that was met for the first time; ``left``: it is never carried."""
        self._db.execute(ADD, [link, way, text, digest, LEFT if left else ""])

    def seen(self, row: CarriedRow, digest: str) -> None:
        """It reads otherwise now."""
        self._db.execute(SEEN, [digest, row.id])

    def renamed(self, row: CarriedRow, text: str) -> None:
        """Its item was moved, and it has another id there."""
        self._db.execute(RENAMED, [text, row.id])

    def send(self, row: CarriedRow, effect: str, digest: str) -> None:
        """From the next byte on it may stand in that note, as it reads now."""
        self._db.execute(SEND, [effect, digest, row.id])

    def release(self, effect: str) -> None:
        """That note certainly isn't there, and won't be: its texts are still to be carried."""
        self._db.execute(RELEASE, [effect])

    def leave(self, rows: Iterable[CarriedRow]) -> None:
        """These are never carried."""
        left = list(rows)
        self._db.execute(LEAVE, [json_ids(left)])
        for effect in {row.effect for row in left if row.effect}:
            self._db.execute(DROP_EMPTY, [effect])

    def pending(self, group: str) -> list[CarriedRow]:
        """What is to be carried in a group: new texts, and those of notes that certainly aren't there."""
        return [_row(row) for row in self._db.query(PENDING, [group])]

    # --- since when ---

    def since(self, link: int, way: Way) -> str:
        """From when on what is said on one end of a link is carried, by that end's clock; empty: it isn't known yet."""
        return next((row["since"] for row in self._db.query(SINCE, [link, way])), "")

    def begin(self, link: int, way: Way, since: str, *, look: bool) -> None:
        """It is carried from then on; ``look``: something may have been said already."""
        self._db.execute(BEGIN, [link, way, since, int(look)])

    def look(self, link: int, way: Way) -> None:
        """Something may have been said there that nobody has read yet."""
        self._db.execute(LOOK, [link, way])

    def looked(self, link: int, way: Way, look: int) -> None:
        """It was read, unless more has happened since that look was asked for."""
        self._db.execute(LOOKED, [link, way, look])

    def looks(self, group: str) -> dict[tuple[int, Way], int]:
        """Where in a group something may have been said that nobody has read yet: link and way."""
        return {(row["link"], Way(row["way"])): row["look"] for row in self._db.query(LOOKS, [group])}

    def on(self, helpdesk: str, way: Way) -> str:
        """When what holds for a helpdesk now was switched on, our own clock."""
        return next((row["at"] for row in self._db.query(SWITCHES, [helpdesk]) if row["way"] == way), "")

    def switched(self, helpdesk: str, on: Mapping[Way, str]) -> list[tuple[Way, str]]:
        """Which ways are to be switched, and to what, so that it is as ``on`` says."""
        now = {row["way"]: row["what"] for row in self._db.query(SWITCHES, [helpdesk])}
        return [(way, what) for way, what in on.items() if now.get(way, "off") != what]

    def switch(self, helpdesk: str, way: Way, what: str, now: str) -> None:
        """From now on this is carried; what was said before isn't."""
        self._db.execute(SWITCH, [helpdesk, way, what, now])
        self._db.execute(BEGIN_ANEW, [way, f"{helpdesk}:%"])

    # --- notes that say how the other end stands ---

    def stands(self, link: int, way: Way) -> str | None:
        """What the note on one end says of the other by now; None: nothing is known of it."""
        return next((row["said"] for row in self._db.query(STANDS, [link, way])), None)

    def stand(self, link: int, way: Way, said: str) -> None:
        """What it says from now on."""
        self._db.execute(STAND, [link, way, said])


def json_ids(rows: Iterable[CarriedRow]) -> str:
    """Their ids as SQLite reads them."""
    return f"[{','.join(str(row.id) for row in rows)}]"


def _row(row: dict[str, Any]) -> CarriedRow:
    names = (name for name in CarriedRow.__slots__ if name != "way")
    return CarriedRow(way=Way(row["way"]), **{name: row[name] for name in names if name in row})
