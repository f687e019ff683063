"""The share of tickets that needed engineering: those with an issue of a counted kind, of all that were made."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncd.clock import stamp
from syncd.mapping import Mapping as StatusMapping
from syncd.model import FINISHED_TICKET
from syncd.playbook import Playbook
from syncd.records import Handed
from syncd.report.labels import Labels

UNKNOWN = ""
"""The name of a group where nothing tells."""


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket with one issue of its, and what is known of that issue. A company only where the playbook keeps it.

    ``finished``: the ticket is resolved or closed.
    """

    pair: Handed
    finished: bool
    counted: bool
    kind: str
    area: str
    team: str
    priority: str
    company: str


GROUPS = ("kind", "team", "area", "priority", "company")


@dataclass(frozen=True, slots=True)
class Share:
    """Figures of a span. A ticket belongs to the moment it was made, and counts once, however many issues it has.

    Attributes:
        tickets: all that were made.
        with_issue: of these, those with an issue of any kind.
        counted: of these, those with an issue of a counted kind.
        unknown_kind: of those with an issue, those of which nothing tells the kind of any; they don't count.
    """

    tickets: int
    with_issue: int
    counted: int
    unknown_kind: int

    @property
    def share(self) -> float | None:
        """None where there were no tickets."""
        return self.counted / self.tickets if self.tickets else None


def rows(pairs: Iterable[Handed], playbook: Playbook, mapping: StatusMapping) -> list[Row]:
    """Tickets with an issue, by what the playbook, and the mapping of their helpdesk, make of them."""
    labels, found = Labels(playbook), []
    for pair in pairs:
        kind = labels.kind(pair.labels, pair.kind)
        found.append(
            Row(
                pair,
                finished=mapping.word(pair.ticket_status) in FINISHED_TICKET,
                counted=kind in playbook.report.counted,
                kind=kind,
                area=labels.area(pair.labels, pair.area),
                team=labels.team(pair.labels, pair.team),
                priority=labels.priority(pair.labels, pair.priority),
                company=labels.company(pair.labels, pair.company),
            )
        )
    return found


def within(found: Sequence[Row], since: datetime, until: datetime) -> list[Row]:
    """Those whose ticket was made in a span."""
    first, last = stamp(since), stamp(until)
    return [row for row in found if first <= row.pair.created_at < last]


def share(made: Sequence[str], found: Sequence[Row], since: datetime, until: datetime) -> Share:
    """The figures of a span.

    Args:
        made: when each ticket was made, sorted.
        found: of all tickets with an issue.
        since: the span's first moment.
        until: the moment after its last.
    """
    mine = within(found, since, until)
    tickets = bisect_left(made, stamp(until)) - bisect_left(made, stamp(since))
    linked, known = _tickets(mine), _tickets(row for row in mine if row.kind)
    return Share(tickets, len(linked), len(_tickets(row for row in mine if row.counted)), len(linked - known))


def groups(found: Sequence[Row], by: str, since: datetime, until: datetime) -> Mapping[str, tuple[int, int]]:
    """Per kind, team, area, priority or company: tickets with an issue, and with one of a counted kind."""
    parts: dict[str, list[Row]] = {}
    for row in within(found, since, until):
        parts.setdefault(getattr(row, by), []).append(row)
    return {name: (len(_tickets(part)), len(_tickets(r for r in part if r.counted))) for name, part in parts.items()}


def _tickets(found: Iterable[Row]) -> set[str]:
    return {str(row.pair.ticket) for row in found}
