"""Quiet hours: days and times of the week in a zone, over midnight, weekends and clock changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from syncd.tables.hours import Hours, Zone, quiet_until, span

NIGHT = ("18:00-08:00", "sat", "sun")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("spans", "zone", "now", "until"),
    [
        (NIGHT, "UTC", "2026-01-05T17:59", None),
        (NIGHT, "UTC", "2026-01-05T18:00", "2026-01-06T08:00"),
        (NIGHT, "UTC", "2026-01-06T07:59", "2026-01-06T08:00"),
        (NIGHT, "UTC", "2026-01-06T08:00", None),
        (NIGHT, "UTC", "2026-01-09T19:00", "2026-01-12T08:00"),
        (NIGHT, "UTC", "2026-01-11T12:00", "2026-01-12T08:00"),
        (NIGHT, "Europe/Berlin", "2026-01-05T17:30", "2026-01-06T07:00"),
        (NIGHT, "Europe/Berlin", "2026-07-06T16:30", "2026-07-07T06:00"),
        # The clock goes forward on 29 March, and back on 25 October, both at 01:00 UTC.
        (("22:00-02:30",), "Europe/Berlin", "2026-03-28T22:00", "2026-03-29T01:30"),
        (("22:00-02:30",), "Europe/Berlin", "2026-10-24T23:00", "2026-10-25T00:30"),
        (("22:00-04:00",), "Europe/Berlin", "2026-10-25T01:15", "2026-10-25T03:00"),
        (("mon-fri 12:00-13:00",), "UTC", "2026-01-05T12:30", "2026-01-05T13:00"),
        (("mon-fri 12:00-13:00",), "UTC", "2026-01-10T12:30", None),
        (("fri-mon",), "UTC", "2026-01-10T12:30", "2026-01-13T00:00"),
        (("sun 20:00-24:00", "mon 00:00-06:00"), "UTC", "2026-01-11T21:00", "2026-01-12T06:00"),
        (("fri 22:00-06:00",), "UTC", "2026-01-10T05:00", "2026-01-10T06:00"),
        (("fri 22:00-06:00",), "UTC", "2026-01-11T05:00", None),
        ((), "UTC", "2026-01-11T05:00", None),
    ],
)
def test_until_when_it_is_quiet(spans: tuple[str, ...], zone: str, now: str, until: str | None) -> None:
    assert quiet_until(spans, zone, at(now)) == (at(until) if until else None)


@pytest.mark.parametrize(
    "text", ["", "18-8", "25:00-08:00", "Saturday", "sat-", "sat 18:00", "18:00-08:00 sat", " sat"]
)
def test_what_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="these are no hours"):
        span(text)


@pytest.mark.parametrize("spans", [["mon-sun"], ["08:00-20:00", "20:00-08:00"], ["08:00-08:00"]])
def test_a_week_that_is_quiet_throughout_is_refused(spans: list[str]) -> None:
    with pytest.raises(ValidationError, match="the whole week is quiet"):
        TypeAdapter(Hours).validate_python(spans)


@pytest.mark.parametrize("zone", ["Berlin", "", "../../etc/passwd", 3, "Europe/"])
def test_what_is_no_zone_is_refused(zone: object) -> None:
    with pytest.raises(ValidationError, match="this is no time zone"):
        TypeAdapter(Zone).validate_python(zone)
