"""Figures: how much there is of what, per connector. Read only, and cheap enough to be asked every second."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlite_utils import Database

from syncd.store.filings import TOLD

QUEUE = """
    SELECT e.connector, q.parked, count(DISTINCT q.group_key) AS n, min(q.since) AS since
    FROM queue q JOIN ends e ON e.group_key = q.group_key GROUP BY e.connector, q.parked
"""
QUEUE_IN_ALL = "SELECT parked, count(*) AS n, min(since) AS since FROM queue GROUP BY parked"
LINKS = """
    SELECT substr(ticket, 1, instr(ticket, ':') - 1) AS desk, substr(issue, 1, instr(issue, ':') - 1) AS tracker,
        state, standing, count(*) AS n
    FROM links GROUP BY 1, 2, 3, 4
"""
EFFECTS = """
    SELECT substr(target, 1, instr(target, ':') - 1) AS connector, state, count(*) AS n, min(id) AS oldest
    FROM effects WHERE state IN ('ready', 'sent', 'doubt') AND due <> 'shelved' GROUP BY 1, 2
"""
DOUBLES = """
    SELECT substr(target, 1, instr(target, ':') - 1) AS connector, count(*) AS doubles FROM effects
    WHERE doubles <> '' GROUP BY 1
"""
FILINGS = f"""
    SELECT substr(ticket, 1, instr(ticket, ':') - 1) AS connector, state, count(*) AS n FROM filings f
    WHERE {TOLD} GROUP BY 1, 2
"""  # noqa: S608  # our own words
BOARDS = """
    SELECT tracker AS connector, count(*) AS parked FROM filings
    WHERE state IN ('filed', 'adopted') AND board_reason <> '' AND board_due = '' GROUP BY 1
"""
SIZE = "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()"


@dataclass(slots=True)
class Figures:
    """What concerns one connector, or all of them together.

    Attributes:
        queue: groups that are queued.
        oldest: since when the one that waits longest has waited; empty if none does.
        parked: groups that are parked, tickets of which filing was refused, and issues that a board refused.
        links: by state.
        standings: live links by standing.
        effects: those that are not settled, by state.
        oldest_effects: by state, the id of the one that was stored first.
        doubles: notes that stand more than once.
        filings: escalated tickets by what became of them.
    """

    queue: int = 0
    oldest: str = ""
    parked: int = 0
    links: dict[str, int] = field(default_factory=dict)
    standings: dict[str, int] = field(default_factory=dict)
    effects: dict[str, int] = field(default_factory=dict)
    oldest_effects: dict[str, str] = field(default_factory=dict)
    doubles: int = 0
    filings: dict[str, int] = field(default_factory=dict)

    @property
    def doubt(self) -> int:
        """Effects and filings whose outcome isn't known."""
        return sum(one.get(state, 0) for one in (self.effects, self.filings) for state in ("doubt", "sent"))

    def put_queue(self, number: int, since: str, *, parked: bool) -> None:
        """Groups that are queued, or parked."""
        if parked:
            self.parked += number
        else:
            self.queue, self.oldest = number, since

    def add_links(self, state: str, standing: str, number: int) -> None:
        """So many links more."""
        self.links[state] = self.links.get(state, 0) + number
        if state == "live":
            self.standings[standing] = self.standings.get(standing, 0) + number

    def add_filings(self, state: str, number: int) -> None:
        """So many filings more."""
        self.filings[state] = self.filings.get(state, 0) + number
        self.parked += number if state == "refused" else 0

    def add_effects(self, state: str, number: int, oldest: str) -> None:
        """So many effects more."""
        self.effects[state] = self.effects.get(state, 0) + number
        self.oldest_effects[state] = min(self.oldest_effects.get(state, oldest), oldest)


def figures(db: Database) -> tuple[Figures, dict[str, Figures]]:
    """In all, and by connector; what touches two connectors counts for each."""
    every, one = Figures(), dict[str, Figures]()
    for row in db.query(QUEUE_IN_ALL):
        every.put_queue(row["n"], row["since"], parked=bool(row["parked"]))
    for row in db.query(QUEUE):
        of = one.setdefault(row["connector"], Figures())
        of.put_queue(row["n"], row["since"], parked=bool(row["parked"]))
    for row in db.query(LINKS):
        for of in (every, *(one.setdefault(row[end], Figures()) for end in ("desk", "tracker"))):
            of.add_links(row["state"], row["standing"], row["n"])
    for row in db.query(EFFECTS):
        for of in (every, one.setdefault(row["connector"], Figures())):
            of.add_effects(row["state"], row["n"], row["oldest"])
    for row in (*db.query(FILINGS), *db.query(DOUBLES), *db.query(BOARDS)):
        for of in (every, one.setdefault(row["connector"], Figures())):
            if "state" in row:
                of.add_filings(row["state"], row["n"])
            of.doubles += row.get("doubles", 0)
            of.parked += row.get("parked", 0)
    return every, one


def size(db: Database) -> int:
    """Bytes of the state's main file."""
    return int(next(iter(db.query(SIZE)))["bytes"])
