"""Working time: deadlines and what has elapsed, over weekends, free days, clock changes and year ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.tables.worktime import Worktime

HOUR, DAY = 3600.0, 86400.0
WEEKDAYS = frozenset(range(5))
ROUND = Worktime(WEEKDAYS, UTC)
"""Any continuous 24 hours, Monday to Friday: no office hours."""
BERLIN, FREE = ZoneInfo("Europe/Berlin"), frozenset({date(2026, 12, 24), date(2026, 12, 25), date(2027, 1, 1)})
OFFICE = Worktime(WEEKDAYS, BERLIN, (9 * 60, 17 * 60), FREE)
AUCKLAND = Worktime(WEEKDAYS, ZoneInfo("Pacific/Auckland"))
SUNDAYS = Worktime(frozenset({6, 0, 1, 2, 3}), BERLIN, (8 * 60 + 30, 24 * 60))
NIGHT = Worktime(frozenset(range(7)), BERLIN, (60, 4 * 60))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026: 5 January is a Monday; Berlin's clocks change on 29 March and on 25 October, Auckland's on 5 April.
TABLE = [
    (ROUND, "2026-01-05 10:00", DAY, "2026-01-06 10:00", "within the week"),
    (ROUND, "2026-01-09 10:00", DAY, "2026-01-12 10:00", "over a weekend"),
    (ROUND, "2026-01-10 15:00", DAY, "2026-01-13 00:00", "starts on a Saturday: the whole of Monday"),
    (ROUND, "2026-01-11 23:59", HOUR, "2026-01-12 01:00", "starts on a Sunday"),
    (ROUND, "2026-01-09 00:00", DAY, "2026-01-10 00:00", "ends with the week"),
    (ROUND, "2026-01-09 23:00", HOUR, "2026-01-10 00:00", "ends with the week"),
    (ROUND, "2026-01-09 23:00", HOUR + 1, "2026-01-12 00:00:01", "a second beyond it"),
    (ROUND, "2026-12-31 12:00", DAY, "2027-01-01 12:00", "over the end of a year"),
    (ROUND, "2026-01-05 10:00", 10 * DAY, "2026-01-19 10:00", "two weeks"),
    (OFFICE, "2026-01-05 08:00", 8 * HOUR, "2026-01-05 16:00", "Berlin is an hour ahead of UTC"),
    (OFFICE, "2026-01-05 10:00", 8 * HOUR, "2026-01-06 10:00", "one working day"),
    (OFFICE, "2026-01-05 19:00", HOUR, "2026-01-06 09:00", "after work"),
    (OFFICE, "2026-01-05 03:00", HOUR, "2026-01-05 09:00", "before work"),
    (OFFICE, "2026-01-09 15:30", HOUR, "2026-01-12 08:30", "over a weekend"),
    (OFFICE, "2026-12-23 12:00", 8 * HOUR, "2026-12-28 12:00", "over Christmas"),
    (OFFICE, "2026-12-31 15:00", 2 * HOUR, "2027-01-04 09:00", "over New Year"),
    (OFFICE, "2026-03-27 10:00", 8 * HOUR, "2026-03-30 09:00", "the clocks go forward over the weekend"),
    (OFFICE, "2026-10-23 10:00", 8 * HOUR, "2026-10-26 11:00", "the clocks go back over the weekend"),
    (AUCKLAND, "2026-01-09 10:30", HOUR, "2026-01-11 11:30", "Saturday there is Friday noon in UTC"),
    (AUCKLAND, "2026-04-02 11:00", DAY, "2026-04-03 11:00", "Friday there"),
    (AUCKLAND, "2026-04-03 10:00", 2 * HOUR, "2026-04-05 13:00", "Monday begins an hour later by UTC"),
    (SUNDAYS, "2026-01-09 10:00", HOUR, "2026-01-11 08:30", "the week begins on Sunday"),
    (NIGHT, "2026-03-29 00:00", 2 * HOUR, "2026-03-29 02:00", "a night of three hours that has two"),
    (NIGHT, "2026-03-29 00:00", 2 * HOUR + 60, "2026-03-29 23:01", "so the rest is of the next"),
    (NIGHT, "2026-10-24 23:00", 4 * HOUR, "2026-10-25 03:00", "a night of three hours that has four"),
]
CASES = pytest.mark.parametrize(
    ("when", "start", "working", "end"), [row[:4] for row in TABLE], ids=[r[4] for r in TABLE]
)


@CASES
def test_a_deadline(when: Worktime, start: str, working: float, end: str) -> None:
    assert when.deadline(at(start), working) == at(end)


@CASES
def test_what_has_elapsed_by_a_deadline(when: Worktime, start: str, working: float, end: str) -> None:
    assert when.elapsed(at(start), at(end)) == working
    assert when.elapsed(at(start), at(end) - timedelta(seconds=1)) == working - 1


def test_nothing_elapses_backwards_or_out_of_working_time() -> None:
    assert ROUND.elapsed(at("2026-01-06 10:00"), at("2026-01-05 10:00")) == 0
    assert ROUND.elapsed(at("2026-01-10 00:00"), at("2026-01-12 00:00")) == 0
    assert OFFICE.elapsed(at("2026-12-23 16:00"), at("2026-12-28 08:00")) == 0, "Christmas, and a weekend"
    assert OFFICE.elapsed(at("2026-01-05 00:00"), at("2026-01-12 00:00")) == 5 * OFFICE.day == 40 * HOUR


def test_a_day_in_another_zone_is_another_day() -> None:
    saturday = at("2026-01-09 12:00")
    assert ROUND.elapsed(saturday, saturday + timedelta(hours=6)) == 6 * HOUR
    assert AUCKLAND.elapsed(saturday, saturday + timedelta(hours=6)) == 0


MINUTES = st.integers(0, 60 * 24 * 800).map(lambda minutes: at("2025-12-01 00:00") + timedelta(minutes=minutes))


@given(when=st.sampled_from([ROUND, OFFICE, AUCKLAND, SUNDAYS, NIGHT]), start=MINUTES, hours=st.integers(1, 300))
def test_deadline_elapsed_and_latest_agree(when: Worktime, start: datetime, hours: int) -> None:
    working = hours * HOUR
    end = when.deadline(start, working)
    assert when.elapsed(start, end) == working
    assert when.elapsed(start, end - timedelta(seconds=1)) == working - 1
    assert when.latest(end, working) >= start, "it has come by now"
    assert when.latest(end - timedelta(seconds=1), working) < start, "and hadn't a second ago"
