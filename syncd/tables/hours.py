"""Hours of the week, as ``quiet_hours`` names them: ``"18:00-08:00"``, ``"sat"``, ``"mon-fri 12:00-13:00"``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator

from syncd.schema import Wrong

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY, _TIME = "|".join(DAYS), r"([01]\d|2[0-3]):([0-5]\d)|(24):(00)"
_SPAN = re.compile(rf"((?P<day>{_DAY})(-(?P<last>{_DAY}))?)?( (?=\d)|$)?((?P<begin>{_TIME})-(?P<end>{_TIME}))?")
DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Span:
    """Hours that come again each week: on these days from ``begin`` to ``end``, in minutes, maybe past midnight."""

    days: frozenset[int]
    begin: int
    end: int


@lru_cache(maxsize=64)
def span(text: str) -> Span:
    """Hours from their text.

    Raises:
        ValueError: it is not written so.
    """
    found = _SPAN.fullmatch(text) if text else None
    if found is None:
        raise Wrong("these are no hours", 'Write them as "18:00-08:00", "sat" or "mon-fri 12:00-13:00"')
    first, last = found["day"] or "mon", found["last"] or found["day"] or "sun"
    begin, end = DAYS.index(first), DAYS.index(last)
    days = frozenset(number % 7 for number in range(begin, (end if end >= begin else end + 7) + 1))
    if not found["begin"]:
        return Span(days, 0, DAY)
    start, stop = _minutes(found["begin"]), _minutes(found["end"])
    return Span(days, start, stop if stop > start else stop + DAY)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _spans(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise Wrong("a list is expected", 'Write it in brackets, such as ["18:00-08:00", "sat", "sun"]')
    spans, covered = [span(one) for one in value], set[int]()
    for one in spans:
        for day in one.days:
            covered |= {(day * DAY + minute) % (7 * DAY) for minute in range(one.begin, one.end)}
    if len(covered) == 7 * DAY:
        raise Wrong("the whole week is quiet", 'Leave some hours, or write "draft" if nothing is to go out')
    return tuple(value)


def _zone(value: object) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Wrong("this is no time zone", 'Write it as "UTC" or "Europe/Berlin"') from None


Hours = Annotated[tuple[str, ...], BeforeValidator(_spans)]
Zone = Annotated[str, BeforeValidator(_zone)]


def quiet_until(spans: Sequence[str], zone: str, now: datetime) -> datetime | None:
    """When the hours that it is in now are over, aware, UTC; None if it is in none of them."""
    at, known = now.astimezone(UTC), ZoneInfo(zone)
    while True:
        ends = [end for text in spans if (end := _end(span(text), known, at)) is not None]
        if not ends:
            return at if at > now else None
        at = max(ends)


def _end(one: Span, zone: ZoneInfo, at: datetime) -> datetime | None:
    """When a span that holds a moment is over; clock changes are the zone's business."""
    today = at.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        if day.weekday() in one.days and _moment(day, one.begin, zone) <= at < (end := _moment(day, one.end, zone)):
            return end
    return None


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    days, minute = divmod(minutes, DAY)
    return datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60), zone).astimezone(UTC)
