"""Open requests: issues that tickets wait for, in the order in which they were opened, or in the team's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncd.clock import moment
from syncd.model import Ref
from syncd.report.share import Row
from syncd.tables import Rank

INCIDENT = "incident"
"""The kind that goes before everything else, in whatever order."""
NOWHERE = ""
"""The name of the rank of what no row is for, where there is no row for the rest."""


@dataclass(frozen=True, slots=True)
class Request:
    """An issue that isn't finished, with the tickets that wait for it.

    Attributes:
        opened_at: when the issue was made, by its tracker's own clock; else when it was filed or its first ticket made.
        rank, place: the row of the team's own order that it belongs to, and which that is, from 0 on.
        company: only where the playbook keeps it.
    """

    issue: Ref
    url: str
    opened_at: str
    tickets: tuple[Ref, ...]
    kind: str
    area: str
    team: str
    priority: str
    company: str
    rank: str
    place: int

    def age(self, now: datetime) -> float:
        """Seconds since it was opened."""
        return max(0.0, (now - moment(self.opened_at)).total_seconds())


def requests(rows: Iterable[Row], ranks: Sequence[Rank]) -> list[Request]:
    """Of pairs whose issue isn't finished, a request for each issue, in the order in which they were opened."""
    parts: dict[Ref, list[Row]] = {}
    for row in rows:
        parts.setdefault(row.pair.issue, []).append(row)
    found = [_request(part, ranks) for part in parts.values()]
    return sorted(found, key=lambda one: (one.opened_at, one.issue.key, str(one.issue)))


def in_order(found: Iterable[Request]) -> list[Request]:
    """In the team's own order; within a rank as they were opened."""
    return sorted(found, key=lambda one: one.place)


def _request(part: Sequence[Row], ranks: Sequence[Rank]) -> Request:
    first = part[0]
    place, name = _place(part, ranks)
    return Request(
        issue=first.pair.issue,
        url=first.pair.issue_url,
        opened_at=first.pair.issue_created_at or first.pair.filed_at or first.pair.created_at,
        tickets=tuple(dict.fromkeys(row.pair.ticket for row in part)),
        kind=_told(row.kind for row in part),
        area=_told(row.area for row in part),
        team=_told(row.team for row in part),
        priority=_told(row.priority for row in part),
        company=_told(row.company for row in part),
        rank=name,
        place=place,
    )


def _told(values: Iterable[str]) -> str:
    """What is known of the first ticket of which anything is."""
    return next((value for value in values if value), "")


def _place(part: Sequence[Row], ranks: Sequence[Rank]) -> tuple[int, str]:
    """The first row that an issue fits; what fits none goes where the row for the rest stands, or to the end."""
    if any(row.kind == INCIDENT for row in part):
        return -1, INCIDENT
    tickets = {row.pair.ticket for row in part}
    labels = {label for row in part for label in row.pair.labels}
    companies = {row.company for row in part}
    rest = len(ranks), NOWHERE
    for place, rank in enumerate(ranks):
        if rank.for_the_rest:
            rest = place, rank.name
        elif rank.fits(labels, companies, len(tickets)):
            return place, rank.name
    return rest
