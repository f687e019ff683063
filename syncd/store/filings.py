"""Filings: which tickets were escalated, and what became of each; stored before an issue is created (rules 12 and 17).

No text of a ticket stands here: a filing is decided afresh, on a fresh read, whenever it is tried.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from sqlite_utils import Database

from syncd.model import Ref
from syncd.store.filing_rows import COLUMNS, FilingRow, FilingState, filing_row

OF_TICKET = """
    SELECT f.*, coalesce(s.key, '') AS issue_key FROM filings f LEFT JOIN snapshots s ON s.ref = f.issue
    WHERE ticket = ? ORDER BY occasion, turn
"""
ALL = """
    SELECT f.*, coalesce(s.key, '') AS issue_key FROM filings f LEFT JOIN snapshots s ON s.ref = f.issue
    ORDER BY seen_at, id
"""
GET = """
    SELECT f.*, coalesce(s.key, '') AS issue_key FROM filings f LEFT JOIN snapshots s ON s.ref = f.issue
    WHERE f.id = ?
"""
DUE = """
    SELECT f.*, coalesce(s.key, '') AS issue_key FROM filings f LEFT JOIN snapshots s ON s.ref = f.issue
    WHERE f.state IN ('waiting', 'doubt') AND due <= ? AND ticket LIKE ? ORDER BY due, f.id
"""
TO_TELL = """
    SELECT f.*, coalesce(s.key, '') AS issue_key FROM filings f LEFT JOIN snapshots s ON s.ref = f.issue
    WHERE f.occasion = 'escalated' AND (f.state IN ('filed', 'adopted') AND f.filed_at > :since
        OR (f.state = 'refused' OR f.state = 'unfiled' AND f.rule = 'not_authorised')
            AND max(f.seen_at, f.began_at, f.due) > :since)
    ORDER BY f.seen_at, f.id
"""
DOUBTFUL = "SELECT tracker, min(due) AS due FROM filings WHERE state = 'doubt' GROUP BY tracker"
ORPHANS = """
    UPDATE filings SET state = 'doubt', due = ?, looks = 0, reason = 'syncd stopped while it was filed'
    WHERE state = 'sent'
"""
BEGUN = """
    SELECT iif(ticket LIKE :prefix, ticket, coalesce(nullif(issue, ''), id)) AS target FROM filings
    WHERE state IN ('sent', 'doubt', 'filed') AND began_at > :since AND (tracker = :name OR ticket LIKE :prefix)
    AND NOT EXISTS (SELECT 1 FROM journal WHERE target = issue AND rule = 'issue_filed' AND approved = 1)
"""
ANSWERED = "UPDATE filings SET answered_at = ? WHERE ticket = ? AND answered_at = ''"
SEVERAL = """
    SELECT f.*, coalesce(s.key, '') AS issue_key FROM filings f LEFT JOIN snapshots s ON s.ref = f.issue
    WHERE f.state = 'filed' AND f.occasion = 'escalated' AND f.ticket LIKE ? AND (f.beside <> '' OR
        (SELECT count(*) FROM links l WHERE l.ticket = f.ticket AND l.state = 'live') > 1)
"""
FLAGGED = """
    SELECT f.*, coalesce(s.key, '') AS issue_key FROM filings f LEFT JOIN snapshots s ON s.ref = f.issue
    WHERE f.beside <> '' ORDER BY f.id
"""
NOT_LINKED = "NOT EXISTS (SELECT 1 FROM links l WHERE l.ticket = f.ticket AND l.state IN ('live', 'final'))"
OLD = f"f.state = 'old' AND f.rule = '' AND f.occasion = 'escalated' AND {NOT_LINKED}"
TOLD = f"(({OLD}) OR (f.state <> 'old' AND (f.occasion = 'escalated' OR f.state <> 'withdrawn')))"
"""What is counted: not the tickets that were done before the watch began, nor tags that promote nothing."""
COUNTS = f"""
    SELECT substr(ticket, 1, instr(ticket, ':') - 1) AS connector, state, rule, count(*) AS n FROM filings f
    WHERE {TOLD} GROUP BY 1, 2, 3
"""  # noqa: S608  # our own words
OPEN = """
    SELECT f.*, coalesce(s.key, '') AS issue_key FROM filings f LEFT JOIN snapshots s ON s.ref = f.issue
    WHERE f.state IN ('waiting', 'sent', 'doubt', 'refused') ORDER BY f.state <> 'refused', due, f.id
"""
UNFILED = """
    SELECT f.*, coalesce(s.key, '') AS issue_key FROM filings f LEFT JOIN snapshots s ON s.ref = f.issue
    WHERE f.state = 'unfiled' AND f.rule IN (SELECT value FROM json_each(?)) ORDER BY f.seen_at, f.id
"""
TAKE_UP = f"""
    UPDATE filings AS f SET state = 'waiting', due = :now
    WHERE {OLD} AND (created_at >= :since OR version >= :since) AND (:only IS NULL OR ticket IN
        (SELECT value FROM json_each(:only)))
"""  # noqa: S608  # our own words
RETRY = """
    UPDATE filings SET state = 'waiting', due = :now, tries = 0 WHERE state IN (SELECT value FROM json_each(:states))
    AND (:rules IS NULL OR state <> 'unfiled' OR rule IN (SELECT value FROM json_each(:rules)))
    AND (:ticket IS NULL OR ticket = :ticket)
"""
WAKE = """
    UPDATE filings SET due = :now WHERE state = 'waiting' AND reason <> '' AND due > :now
    AND (ticket LIKE :prefix OR tracker IN ('', :name))
"""
DROP = """
    UPDATE filings SET state = 'withdrawn', reason = 'given up by a person' WHERE ticket = ?
    AND state IN ('waiting', 'unfiled', 'refused')
"""
BY_KEY = (
    "SELECT ticket, ticket_key FROM filings WHERE ticket = :ref OR (ticket LIKE :prefix AND ticket_key = :key) LIMIT 1"
)
WATCH = "SELECT since FROM watches WHERE helpdesk = ?"
PUT_WATCH = """
    INSERT INTO watches (helpdesk, triggers, since) VALUES (?, ?, ?)
    ON CONFLICT (helpdesk) DO UPDATE SET triggers = excluded.triggers, since = excluded.since
        WHERE triggers <> excluded.triggers
"""
ALL_SEEN = "UPDATE watches SET since = '' WHERE helpdesk = ? AND since < ?"
REKEY_TICKET = "UPDATE OR IGNORE filings SET ticket = :new, ticket_key = :key WHERE ticket = :old"
REKEY_ISSUE = "UPDATE filings SET issue = :new WHERE issue = :old"
LEFT_OVER = """
    UPDATE filings SET state = 'withdrawn', stands = 0
    WHERE ticket = :old AND state IN ('old', 'waiting', 'unfiled', 'refused')
"""


ESCALATED, PROMOTED = "escalated", "promoted"
"""Occasions."""


KINDS = """
    SELECT issue, kind FROM filings WHERE issue IN (SELECT issue FROM links WHERE group_key = ?) AND kind <> ''
    AND state IN ('filed', 'adopted') ORDER BY id
"""
PROMOTED_TO = """
    SELECT issue FROM filings WHERE issue IN (SELECT issue FROM links WHERE group_key = ?)
    AND occasion = 'promoted' AND state = 'filed'
"""


PUT = f"""
    INSERT OR REPLACE INTO filings (ticket, ticket_key, issue, {", ".join(COLUMNS)})
    VALUES (:ticket, :ticket_key, :issue, {", ".join(f":{name}" for name in COLUMNS)})
"""  # noqa: S608  # our own names


class Filings:
    """Writes happen inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, row: FilingRow) -> None:
        """A filing as it stands from now on."""
        values = {name: value for name, value in asdict(row).items() if name in COLUMNS}
        ticket = {"ticket": str(row.ticket), "ticket_key": row.ticket.key}
        self._db.execute(PUT, {**values, **ticket, "issue": str(row.issue) if row.issue else ""})

    def of(self, ticket: Ref) -> list[FilingRow]:
        """Those of a ticket, in the order of their turns."""
        return [filing_row(row) for row in self._db.query(OF_TICKET, [str(ticket)])]

    def last(self, ticket: Ref, occasion: str = ESCALATED) -> FilingRow | None:
        """The last one of a ticket on an occasion."""
        return next((row for row in reversed(self.of(ticket)) if row.occasion == occasion), None)

    def get(self, filing: str) -> FilingRow | None:
        """One of them as it stands."""
        return next((filing_row(row) for row in self._db.query(GET, [filing])), None)

    def due(self, helpdesk: str, now: str) -> list[FilingRow]:
        """What is to be filed, or looked for, for tickets of a helpdesk."""
        return [filing_row(row) for row in self._db.query(DUE, [now, f"{helpdesk}:%"])]

    def doubtful(self) -> dict[str, str]:
        """By tracker: when its next filing in doubt has settled."""
        return {row["tracker"]: row["due"] for row in self._db.query(DOUBTFUL)}

    def doubt_orphans(self, due: str) -> None:
        """Issues that a dead process was creating are in doubt."""
        self._db.execute(ORPHANS, [due])

    def begun(self, connector: str, since: str) -> set[str]:
        """What was filed since then, or may have been, but for what a person had approved: tickets, or issues."""
        what = {"prefix": f"{connector}:%", "name": connector, "since": since}
        return {row["target"] for row in self._db.query(BEGUN, what)}

    def answered(self, ticket: Ref, at: str) -> None:
        """An agent has answered, as far as that wasn't known."""
        self._db.execute(ANSWERED, [at, str(ticket)])

    def counts(self) -> list[tuple[str, FilingState, str, int]]:
        """(helpdesk, state, rule, how many); of the old ones those of which somebody may want an issue."""
        return [(row["connector"], FilingState(row["state"]), row["rule"], row["n"]) for row in self._db.query(COUNTS)]

    def open(self) -> list[FilingRow]:
        """What is to be filed, or looked for, or was refused, that first."""
        return [filing_row(row) for row in self._db.query(OPEN)]

    def unfiled(self, rules: Iterable[str]) -> list[FilingRow]:
        """Those that aren't filed by one of these rules, the oldest first."""
        return [filing_row(row) for row in self._db.query(UNFILED, [json.dumps(list(rules))])]

    def several(self, helpdesk: str) -> list[FilingRow]:
        """Those of a helpdesk's tickets that have further issues, or had."""
        return [filing_row(row) for row in self._db.query(SEVERAL, [f"{helpdesk}:%"])]

    def flagged(self) -> list[FilingRow]:
        """Those beside which another issue stands that was made at about the same time."""
        return [filing_row(row) for row in self._db.query(FLAGGED)]

    def take_up(self, since: str, now: str, only: Iterable[Ref] | None = None) -> int:
        """Old ones are to be filed whose ticket was made or has changed since then; how many."""
        refs = None if only is None else json.dumps([str(ref) for ref in only])
        return int(self._db.execute(TAKE_UP, {"since": since, "now": now, "only": refs}).rowcount)

    def retry(
        self, states: Iterable[FilingState], now: str, *, ticket: Ref | None = None, rules: Iterable[str] | None = None
    ) -> int:
        """What stands so is to be looked at now, as if it had never failed; ``rules``: of the unfiled only these."""
        ruled = None if rules is None else json.dumps(list(rules))
        what = {"states": json.dumps(list(states)), "rules": ruled, "ticket": str(ticket) if ticket else None}
        return int(self._db.execute(RETRY, what | {"now": now}).rowcount)

    def wake(self, connector: str, now: str) -> None:
        """What failed, and may have waited for this connector, is due; what is left to people for a while isn't."""
        self._db.execute(WAKE, {"name": connector, "prefix": f"{connector}:%", "now": now})

    def drop(self, ticket: Ref) -> int:
        """Nothing is filed for a ticket, until a trigger is set anew; how many were open."""
        return int(self._db.execute(DROP, [str(ticket)]).rowcount)

    def ticket(self, connector: str, key: str) -> Ref | None:
        """The ticket of that key or id, if it was ever escalated."""
        what = {"ref": f"{connector}:{key}", "prefix": f"{connector}:%", "key": key}
        return next((Ref.parse(row["ticket"], row["ticket_key"]) for row in self._db.query(BY_KEY, what)), None)

    def watch(self, helpdesk: str, triggers: str, since: str) -> None:
        """These triggers are watched for, if they are others than before, since then; empty: since the first walk."""
        self._db.execute(PUT_WATCH, [helpdesk, triggers, since])

    def watched_since(self, helpdesk: str) -> str:
        """Since when, where its tickets had been read before with others; empty: each was seen with these."""
        return next((str(row["since"]) for row in self._db.query(WATCH, [helpdesk])), "")

    def all_seen(self, helpdesk: str, began: str) -> None:
        """A walk that began then has shown every ticket: what any of them bears from now on is new."""
        self._db.execute(ALL_SEEN, [helpdesk, began])

    def rekey(self, old: Ref, new: Ref) -> None:
        """A ticket or an issue goes on under another ref; of two tickets that became one, the other's rows stand."""
        what = {"old": str(old), "new": str(new), "key": new.key}
        for statement in (REKEY_TICKET, REKEY_ISSUE, LEFT_OVER):
            self._db.execute(statement, what)

    def kinds(self, group: str) -> dict[Ref, str]:
        """Of what kind those issues of a group are that were filed."""
        return {Ref.parse(row["issue"]): row["kind"] for row in self._db.query(KINDS, [group])}

    def promoted(self, group: str) -> frozenset[Ref]:
        """Those issues of a group that others were promoted to."""
        return frozenset(Ref.parse(row["issue"]) for row in self._db.query(PROMOTED_TO, [group]))

    def to_tell(self, since: str) -> list[FilingRow]:
        """Those of which people may be told: filed, refused or without a representative since then."""
        return [filing_row(row) for row in self._db.query(TO_TELL, {"since": since})]

    def all(self) -> list[FilingRow]:
        """Every one, in the order in which they were seen."""
        return [filing_row(row) for row in self._db.query(ALL)]
