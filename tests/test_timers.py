"""``[timers]``: what is wrong in it is told with its key and a cure; calendars, limits and sprints."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from typing import Any

import pytest

from syncd.playbook import Playbook
from syncd.tables import Timers
from syncd.tables.timers import Lapse, lapse, public_holidays
from tests.rules import playbook
from tests.test_playbook import refused

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
"""A Monday."""


def timers(text: str) -> Timers:
    return Playbook.parse("p", {"timers": tomllib.loads(text)}).timers


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"ownerless": "1w"}, "timers.ownerless: this is no duration. Write a whole number and a unit, such as 30m"),
        ({"ownerless": "0wd"}, "timers.ownerless: this is no duration"),
        ({"ownerless": "0s"}, "timers.ownerless: this is no duration"),
        ({"ownerless": 5}, "timers.ownerless: this is no duration"),
        ({"ownerless": "1wd"}, "timers: ownerless is in working time, and nothing says when the team works. Add"),
        ({"acknowledge": "24wh"}, "timers: acknowledge is in working time"),
        ({"sprint_limit": 1}, "timers: sprint_limit is set, and nothing says when sprints begin. Add [timers.sprint]"),
        ({"sprint_limit": 0, "sprint": {"start": "2026-01-05", "length": "14d"}}, "this number is too small"),
        ({"sprint": {"start": "2026-01-05", "length": "0d"}}, "timers.sprint.length: this number is too small"),
        ({"sprint": {"start": "soon", "length": "14d"}}, "timers.sprint.start: this is no date"),
        ({"sprint": {"length": "14d"}}, "timers.sprint.start: this key is missing"),
        ({"calendar": {"work_days": []}}, "timers.calendar.work_days: too few are listed"),
        ({"calendar": {"work_days": ["Monday"]}}, "timers.calendar.work_days[0]: this is none of the known values"),
        ({"calendar": {"hours": "9-17"}}, 'timers.calendar.hours: these are no hours. Write "09:00-17:00"'),
        ({"calendar": {"hours": "22:00-06:00"}}, "timers.calendar.hours: these are no hours"),
        ({"calendar": {"hours": "25:00-26:00"}}, "timers.calendar.hours: these are no hours"),
        ({"calendar": {"time_zone": "Europe/Nowhere"}}, "timers.calendar.time_zone: this is no time zone"),
        ({"calendar": {"time_zone": "/etc/passwd"}}, "timers.calendar.time_zone: this is no time zone"),
        ({"calendar": {"time_zone": ""}}, "timers.calendar.time_zone: this is no time zone"),
        ({"calendar": {"country": "ZZ"}}, "timers.calendar.country: the public holidays of this country aren't known"),
        ({"calendar": {"country": "DE-ZZ"}}, "timers.calendar.country: the public holidays of this country aren't"),
        ({"calendar": {"holidays": ["2026-12-24"]}}, "timers.calendar.holidays[0]: this is no date"),
        ({"late": "1d"}, "timers.late: unknown key"),
    ],
)
def test_what_is_wrong_is_told_with_a_cure(data: dict[str, Any], said: str) -> None:
    found = refused({"timers": data})
    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    ("text", "found"),
    [("30m", Lapse(1800)), ("2d", Lapse(172800)), ("24wh", Lapse(24, "wh")), ("1wd", Lapse(1, "wd"))],
)
def test_a_duration_may_be_working_time(text: str, found: Lapse) -> None:
    assert lapse(text) == found


def test_nothing_is_on_by_itself() -> None:
    assert Playbook(name="p").timers == Timers()
    assert not any(value for value in Timers().model_dump().values())


@pytest.mark.parametrize(
    ("calendar", "limit", "since"),
    [
        ("", "1d", "2026-01-11 12:00"),
        ("[calendar]", "1wd", "2026-01-09 12:00"),
        ("[calendar]", "24wh", "2026-01-09 12:00"),
        ("[calendar]", "1d", "2026-01-11 12:00"),
        ('[calendar]\nhours = "09:00-17:00"', "1wd", "2026-01-09 12:00"),
        ('[calendar]\nhours = "09:00-17:00"', "24wh", "2026-01-07 12:00"),
        ('[calendar]\nhours = "00:00-24:00"', "1wd", "2026-01-09 12:00"),
        ("[calendar]\nholidays = [2026-01-09]", "1wd", "2026-01-08 12:00"),
        ('[calendar]\nwork_days = ["sun", "mon"]', "1wd", "2026-01-11 12:00"),
        ('[calendar]\nhours = "09:00-17:00"\ntime_zone = "America/New_York"', "1wh", "2026-01-09 21:00"),
    ],
)
def test_the_calendar_says_what_has_passed_a_limit(calendar: str, limit: str, since: str) -> None:
    found = timers(f'ownerless = "{limit}"\n{calendar}')
    assert found.ownerless
    assert found.latest(found.ownerless, NOW) == datetime.fromisoformat(since).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("limit", "due"),
    [
        ("2d", "2026-01-14 12:00"),
        ("1wd", "2026-01-13 12:00"),
        ("5wd", "2026-01-19 12:00"),
        ("10wh", "2026-01-13 14:00"),
    ],
)
def test_the_calendar_says_when_something_is_due(limit: str, due: str) -> None:
    found = timers(f'ownerless = "{limit}"\n[calendar]\nhours = "09:00-17:00"')
    assert found.ownerless
    assert found.due(found.ownerless, NOW) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_public_holidays_are_those_of_the_country_and_the_year() -> None:
    calendar = timers('[calendar]\ncountry = "DE-BY"\nholidays = [2026-12-24]').calendar
    assert calendar
    free = calendar.worktime.free
    assert [date(year, 12, 25) in free for year in (2026, 2027, 2035)] == [True] * 3
    assert date(2026, 1, 6) in free, "Epiphany, in Bavaria"
    assert date(2026, 1, 6) not in public_holidays("DE", 2026)
    assert date(2026, 12, 24) in free
    assert date(2027, 12, 24) not in free


def test_a_helpdesk_changes_what_its_calendar_says_and_nothing_else() -> None:
    under = {"timers": {"ownerless": "1wd", "calendar": {"country": "GB", "hours": "09:00-17:00"}}}
    found = Playbook.parse("p", {}, under=under, over={"timers": {"calendar": {"country": "DE"}}}).timers
    assert found.calendar
    assert (found.calendar.country, found.calendar.hours, found.ownerless) == ("DE", "09:00-17:00", Lapse(1, "wd"))


@pytest.mark.parametrize(
    ("now", "begin"),
    [("2026-01-05", "2026-01-05"), ("2026-01-18", "2026-01-05"), ("2026-01-19", "2026-01-19"),
     ("2027-01-04", "2027-01-04"), ("2025-12-31", "2025-12-22")],
)  # fmt: skip
def test_sprints_follow_each_other(now: str, begin: str) -> None:
    sprint = timers('[sprint]\nstart = 2026-01-05\nlength = "14d"').sprint
    assert sprint
    assert sprint.begin(datetime.fromisoformat(now).replace(tzinfo=UTC)).date() == date.fromisoformat(begin)


def test_timers_write_nothing_so_no_release_is_asked_for_after_a_change_of_them() -> None:
    other = {"ownerless": "2d", "ended_early": True}
    assert playbook(timers=other).timers != playbook().timers
    assert playbook(timers=other).fingerprint == playbook().fingerprint
