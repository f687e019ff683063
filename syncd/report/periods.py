"""Periods of the calendar, UTC: weeks begin on Monday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

By = Literal["week", "month", "quarter"]
SHOWN = 6
"""Periods that are shown where nobody says since when."""


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` on, before ``until``; both aware, UTC. ``name`` is the whole period's, though it may be cut."""

    name: str
    since: datetime
    until: datetime


def begin(moment: datetime, by: By) -> datetime:
    """When the period of a moment began."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if by == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1, month=day.month if by == "month" else (day.month - 1) // 3 * 3 + 1)


def following(begun: datetime, by: By) -> datetime:
    """When the period after the one that began then begins."""
    if by == "week":
        return begun + timedelta(days=7)
    months = begun.month - 1 + (1 if by == "month" else 3)
    return begun.replace(year=begun.year + months // 12, month=months % 12 + 1)


def called(begun: datetime, by: By) -> str:
    """``2026-03``, ``2026-W09`` (as ISO 8601 counts weeks), ``2026-Q1``."""
    if by == "week":
        year, week, _ = begun.isocalendar()
        return f"{year}-W{week:02}"
    return begun.strftime("%Y-%m") if by == "month" else f"{begun.year}-Q{(begun.month + 2) // 3}"


def periods(since: datetime, until: datetime, by: By) -> list[Period]:
    """The periods of a span, the first and the last cut where it begins and ends."""
    found, begun = [], begin(since, by)
    while begun < until:
        end = following(begun, by)
        found.append(Period(called(begun, by), max(begun, since), min(end, until)))
        begun = end
    return found


def before(moment: datetime, by: By) -> Period:
    """The whole period before the one that holds a moment."""
    end = begin(moment, by)
    begun = begin(end - timedelta(days=1), by)
    return Period(called(begun, by), begun, end)


def usual(until: datetime, by: By) -> datetime:
    """Since when is shown where nobody says: ``SHOWN`` periods, the last of them the one that ends at ``until``."""
    begun = begin(until - timedelta(microseconds=1), by)
    for _ in range(SHOWN - 1):
        begun = before(begun, by).since
    return begun
