"""How long it took: to file, to answer, to resolve. Of tickets with an issue; calendar time, and working time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

from syncd.clock import moment
from syncd.records import Handed
from syncd.report.share import Row
from syncd.tables.worktime import Worktime

Span = tuple[str, str]
"""From and to, ISO UTC text; either empty: not known."""


@dataclass(frozen=True, slots=True)
class Took:
    """How long something took, in seconds.

    Attributes:
        tickets: of how many that is known.
        unknown: of how many it happened, or may have, and nothing tells when.
        pending: for how many it is still to come.
        median, p90: nothing where it is known of none; half, or nine in ten, took no longer.
        working_median, working_p90: the same in working time; nothing where the playbook has no calendar.
    """

    tickets: int
    unknown: int
    pending: int
    median: float | None
    p90: float | None
    working_median: float | None
    working_p90: float | None


def times(found: Sequence[Row], worktime: Worktime | None) -> dict[str, dict[str, Any]]:
    """What took how long, of tickets with an issue; each ticket once, by the first of its issues."""
    first: dict[str, Row] = {}
    for row in sorted(found, key=lambda row: (not row.pair.filed_at, row.pair.filed_at)):
        first.setdefault(str(row.pair.ticket), row)
    rows = list(first.values())
    filed = [(row.pair.seen_at, row.pair.filed_at) for row in rows if row.pair.by_syncd]
    boxed = [(row.pair.assigned_at, row.pair.filed_at) for row in rows if _is_boxed(row.pair)]
    answered = [(row.pair.created_at, row.pair.answered_at) for row in rows]
    resolved = [_resolved(row) for row in rows if row.finished]
    return {
        "to_file": asdict(took(filed, worktime, unknown=len(rows) - len(filed))),
        "assigned_to_file": asdict(took(boxed, worktime, unknown=len(rows) - len(boxed))),
        "to_answer": asdict(took(answered, worktime)),
        "to_resolve": asdict(took(resolved, worktime, pending=len(rows) - len(resolved))),
    }


def _is_boxed(pair: Handed) -> bool:
    """Whether it is known for how long an agent had the ticket before its issue was filed.

    One that was met only then, because nothing linked it before, was assigned nobody knows when.
    """
    return pair.by_syncd and "" < pair.assigned_at <= pair.filed_at


def _resolved(row: Row) -> Span:
    """From the issue to the end of its ticket: what syncd wrote, else what the helpdesk says of the last move."""
    pair = row.pair
    return pair.filed_at or pair.issue_created_at, pair.finished_at or pair.ticket_moved_at


def took(spans: Iterable[Span], worktime: Worktime | None, *, unknown: int = 0, pending: int = 0) -> Took:
    """The figures of some spans; what ends before it begins, by two systems' clocks, took no time."""
    every = list(spans)
    known = [(moment(begin), moment(end)) for begin, end in every if begin and end]
    lasted = sorted(max(0.0, (end - begin).total_seconds()) for begin, end in known)
    working = sorted(worktime.elapsed(*span) for span in known) if worktime else []
    return Took(len(known), unknown + len(every) - len(known), pending, *_middle(lasted), *_middle(working))


def _middle(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The median and the 90th percentile."""
    if not values:
        return None, None
    tenths = quantiles(values, n=10, method="inclusive") if len(values) > 1 else [values[0]]
    return median(values), tenths[-1]
