"""``[timers]``: working days, sprints, and what is late."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from holidays import country_holidays
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from syncd.schema import Duration, Instant, Table, Wrong, seconds
from syncd.tables.hours import Zone
from syncd.tables.parts import Names
from syncd.tables.worktime import Worktime

WeekDay = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[WeekDay, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOUR = 3600.0
SOME_YEAR = 2026
"""In which every country that is known has holidays."""


@dataclass(frozen=True, slots=True)
class Lapse:
    """How long something may take: ``amount`` seconds, working hours or working days, as ``unit`` says."""

    amount: float
    unit: Literal["s", "wh", "wd"] = "s"


def lapse(value: object) -> Lapse:
    """``24wh`` or ``1wd``, or any other duration; more than nothing.

    Raises:
        ValueError: it is not written so.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,3})(wh|wd)", value) if isinstance(value, str) else None
    if found:
        return Lapse(float(found[1]), "wd" if found[2] == "wd" else "wh")
    try:
        plain = seconds(value)
    except Wrong:
        plain = 0.0
    if not plain:
        cure = "Write a whole number and a unit, such as 30m, 2d, 24wh (working hours) or 1wd (working days)"
        raise Wrong("this is no duration", cure)
    return Lapse(plain)


def _hours(value: object) -> str:
    """``09:00-17:00``, or nothing: the whole day."""
    if value == "":
        return ""
    clock = r"([01][0-9]|2[0-3]):[0-5][0-9]"
    if not isinstance(value, str) or not re.fullmatch(f"{clock}-({clock}|24:00)", value) or value[:5] >= value[6:]:
        raise Wrong("these are no hours", 'Write "09:00-17:00", the earlier one first; or leave it out for all day')
    return value


def _country(value: str) -> str:
    try:
        public_holidays(value, SOME_YEAR)
    except (NotImplementedError, ValueError):
        cure = 'Write its code, such as "DE", or with the code of a part of it, such as "DE-BY"; or list holidays'
        raise Wrong("the public holidays of this country aren't known", cure) from None
    return value


@cache
def public_holidays(country: str, year: int) -> frozenset[date]:
    """Of a country (``DE``) or a part of it (``DE-BY``).

    Raises:
        NotImplementedError: there is no such country, or it has no such part.
    """
    code, _, part = country.partition("-")
    return frozenset(country_holidays(code, subdiv=part or None, years=year))


def _day(value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Wrong("this is no date", "Write it as 2026-12-24, without quotes")
    return value


Limit = Annotated[Lapse, BeforeValidator(lapse)] | None
Day = Annotated[date, BeforeValidator(_day)]


class Calendar(Table):
    """``[timers.calendar]``: when the team works. A working day is its hours, or any 24 hours of working time.

    Attributes:
        work_days: of the week.
        hours: from and to, by the clock on the wall; empty: the whole day.
        time_zone: in which days and hours are counted, and so the weekend.
        country: whose public holidays are free; empty: none.
        holidays: more free days.
    """

    work_days: Annotated[tuple[WeekDay, ...], Field(strict=False, min_length=1)] = WEEK[:5]
    hours: Annotated[str, BeforeValidator(_hours)] = ""
    time_zone: Zone = "UTC"
    country: Annotated[str, AfterValidator(lambda value: value and _country(value))] = ""
    holidays: Annotated[tuple[Day, ...], Field(strict=False)] = ()

    @cached_property
    def worktime(self) -> Worktime:
        """To reckon with."""
        minutes = [int(one[:2]) * 60 + int(one[3:]) for one in self.hours.split("-") if one]
        days = frozenset(WEEK.index(day) for day in self.work_days)
        hours = (minutes[0], minutes[1]) if minutes else None
        return Worktime(days, ZoneInfo(self.time_zone), hours, _Free(self.country, self.holidays))


class _Free(Container[date]):
    """Public holidays of a country, if one is named, and a team's own."""

    def __init__(self, country: str, own: tuple[date, ...]) -> None:
        self._country, self._own = country, frozenset(own)

    def __contains__(self, day: object) -> bool:
        if day in self._own or not self._country:
            return day in self._own
        return isinstance(day, date) and day in public_holidays(self._country, day.year)


class Sprint(Table):
    """``[timers.sprint]``.

    Attributes:
        start: when one began.
        length: of each.
        exempt: labels of an issue that may take longer: approved as an exception.
        critical: what an issue's label, or the priority that it was filed with, is if it must be done within the
            sprint that runs.
    """

    start: Instant
    length: Duration = Field(gt=0)
    exempt: Names = ("exception",)
    critical: Names = ("critical",)

    def begin(self, now: datetime) -> datetime:
        """When the sprint began that runs now."""
        length = timedelta(seconds=self.length)
        return self.start + (now - self.start) // length * length


class Timers(Table):
    """``[timers]``: after how long an incident is made of what; left out, of none.

    Attributes:
        calendar: what ``wh`` and ``wd`` are counted by.
        acknowledge: from an escalated ticket's creation to an agent's first answer.
        evaluate: from an escalated ticket's creation until its issue is filed, or it is decided that none will be.
        sprint: when sprints begin.
        sprint_limit: how many sprints' time an issue may take from when it was assigned.
        ownerless: how long an issue may have lost its assignee, or neither end may have one.
        old_link: how long a ticket may wait for its issue.
        still_waiting: how long a ticket may go on waiting after its issue was finished.
        ended_early: whether a ticket is told of that ended while its issue is open, unless a person of the team is
            known to have ended it.
    """

    calendar: Calendar | None = None
    acknowledge: Limit = None
    evaluate: Limit = None
    sprint: Sprint | None = None
    sprint_limit: Annotated[int, Field(ge=1, le=100)] | None = None
    ownerless: Limit = None
    old_link: Limit = None
    still_waiting: Limit = None
    ended_early: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for key in ("acknowledge", "evaluate", "ownerless", "old_link", "still_waiting"):
            limit: Lapse | None = getattr(self, key)
            if limit and limit.unit != "s" and self.calendar is None:
                raise Wrong(f"{key} is in working time, and nothing says when the team works", "Add [timers.calendar]")
        if self.sprint_limit and self.sprint is None:
            raise Wrong("sprint_limit is set, and nothing says when sprints begin", "Add [timers.sprint]")
        return self

    def latest(self, limit: Lapse, now: datetime) -> datetime:
        """What began then, or before, has passed the limit."""
        if limit.unit == "s":
            return now - timedelta(seconds=limit.amount)
        worktime = self._worktime
        return worktime.latest(now, limit.amount * (worktime.day if limit.unit == "wd" else HOUR))

    def due(self, limit: Lapse, start: datetime) -> datetime:
        """When what began then has passed the limit; UTC."""
        if limit.unit == "s":
            return start + timedelta(seconds=limit.amount)
        worktime = self._worktime
        return worktime.deadline(start, limit.amount * (worktime.day if limit.unit == "wd" else HOUR))

    @property
    def labels(self) -> frozenset[str]:
        """Labels of an issue that matter here."""
        return frozenset((*self.sprint.exempt, *self.sprint.critical)) if self.sprint else frozenset()

    @property
    def _worktime(self) -> Worktime:
        assert self.calendar is not None  # noqa: S101  # `_sound` sees to it
        return self.calendar.worktime
