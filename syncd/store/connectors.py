"""Connectors: how each one stands, whether a person has paused it, and which mapping it last worked by."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

ALL = "SELECT * FROM connectors ORDER BY name"
GET = "SELECT * FROM connectors WHERE name = ?"
STAND = """
    INSERT INTO connectors (name, state, reason, since, begun_at, polled_at, paused, fingerprint)
    VALUES (:name, :state, :reason, :now, '', '', '', '')
    ON CONFLICT (name) DO UPDATE SET since = iif(state = :state, since, :now), state = :state, reason = :reason
"""
BEGIN = """
    INSERT INTO connectors (name, state, reason, since, begun_at, polled_at, paused, fingerprint)
    VALUES (:name, 'starting', '', :now, :now, '', '', '')
    ON CONFLICT (name) DO UPDATE SET state = 'starting', reason = '', since = :now, begun_at = :now
        WHERE begun_at <> :now
"""
POLLED = """
    INSERT INTO connectors (name, state, reason, since, begun_at, polled_at, paused, fingerprint)
    VALUES (:name, 'ok', '', :now, '', :now, '', '')
    ON CONFLICT (name) DO UPDATE SET polled_at = :now
"""
PAUSE = """
    INSERT INTO connectors (name, state, reason, since, begun_at, polled_at, paused, until, fingerprint)
    VALUES (:name, 'starting', '', :now, '', '', :now, :until, '')
    ON CONFLICT (name) DO UPDATE SET paused = :now, until = :until
"""
RESUME = "UPDATE connectors SET paused = '', until = '' WHERE name = ?"
LIFT = "UPDATE connectors SET paused = '', until = '' WHERE until <> '' AND until <= ?"
OVER = "SELECT count(*) AS n FROM connectors WHERE until <> '' AND until <= ?"
LEARN = """
    INSERT INTO connectors (name, state, reason, since, begun_at, polled_at, paused, fingerprint)
    VALUES (:name, 'starting', '', :now, '', '', '', :fingerprint)
    ON CONFLICT (name) DO UPDATE SET fingerprint = :fingerprint
"""


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    """One connector. Moments are our own clock's.

    Attributes:
        state: ``starting``, ``ok``, ``rate_limited``, ``unauthorized``, ``unavailable`` or ``misconfigured``.
        reason: why, unless it is ``ok``.
        since: since when it has been in that state.
        begun_at: when the daemon last began to poll it; empty if it never did.
        polled_at: when it was last read to the end of all of its sources; empty if never.
        paused: since when a person has it paused; empty if nobody has.
        until: when that ends by itself; empty if it doesn't.
        fingerprint: of the mapping, and for a helpdesk of the playbook, that it last worked by (rule 16).
    """

    name: str
    state: str
    reason: str
    since: str
    begun_at: str
    polled_at: str
    paused: str
    until: str
    fingerprint: str

    @property
    def resting(self) -> str:
        """By whom and since when it is paused, and how that ends; empty if it isn't."""
        end = f"until {_minute(self.until)}" if self.until else f"until `syncd resume {self.name}`"
        return f"by a person, since {_minute(self.paused)}, {end}" if self.paused else ""


class Connectors:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> dict[str, ConnectorRow]:
        """Every connector that was ever run, by name."""
        return {row["name"]: ConnectorRow(**row) for row in self._db.query(ALL)}

    def get(self, name: str) -> ConnectorRow | None:
        """One connector."""
        return next((ConnectorRow(**row) for row in self._db.query(GET, [name])), None)

    def stands(self, name: str, state: str, reason: str, now: str) -> None:
        """How it stands from now on."""
        self._db.execute(STAND, {"name": name, "state": state, "reason": reason, "now": now})

    def begins(self, name: str, now: str) -> None:
        """The daemon begins to poll it; told twice of the same beginning, nothing changes."""
        self._db.execute(BEGIN, {"name": name, "now": now})

    def polled(self, name: str, now: str) -> None:
        """All of its sources were read to their end."""
        self._db.execute(POLLED, {"name": name, "now": now})

    def paused(self) -> frozenset[str]:
        """Those that a person has paused."""
        return frozenset(name for name, row in self.all().items() if row.paused)

    def pause(self, name: str, until: str, now: str) -> None:
        """A person pauses it; ``until`` empty: until a person lets it go on."""
        self._db.execute(PAUSE, {"name": name, "until": until, "now": now})

    def resume(self, name: str) -> None:
        """It goes on."""
        self._db.execute(RESUME, [name])

    def over(self, now: str) -> bool:
        """Whether a pause ends by itself now."""
        return bool(next(iter(self._db.query(OVER, [now])))["n"])

    def lift(self, now: str) -> None:
        """Pauses that end by themselves have ended."""
        self._db.execute(LIFT, [now])

    def learn(self, name: str, fingerprint: str, now: str) -> None:
        """The mapping that it works by from now on."""
        self._db.execute(LEARN, {"name": name, "fingerprint": fingerprint, "now": now})


def _minute(moment: str) -> str:
    return f"{moment[:10]} {moment[11:16]} UTC"
