"""Working time: which hours of which days count, in which zone. Pure.

A day counts from midnight to midnight of its zone, or by its hours. Seconds are real ones: where the clocks change
within working time, that day has an hour more or less, and what runs over it still lasts as long as it says.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

DAY, MINUTE = 86400.0, 60.0
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Worktime:
    """When people work.

    Attributes:
        days: of the week, Monday is 0; at least one.
        zone: in which a day begins and ends.
        hours: from and to, in minutes after midnight; None: all of the day.
        free: days on which nobody works; not nearly all of them.
    """

    days: frozenset[int]
    zone: tzinfo
    hours: tuple[int, int] | None = None
    free: Container[date] = ()

    @property
    def day(self) -> float:
        """Seconds of a working day."""
        return (self.hours[1] - self.hours[0]) * MINUTE if self.hours else DAY

    def deadline(self, start: datetime, working: float) -> datetime:
        """The moment at which so many working seconds (more than none) have passed since the start; UTC."""
        left, day = timedelta(seconds=working), self._local(start)
        while True:
            for begin, end in self._spans(day):
                begin = max(begin, start)  # noqa: PLW2901  # what lies before the start doesn't count
                if begin + left <= end:
                    return begin + left
                left -= max(end - begin, timedelta())
            day += ONE_DAY

    def latest(self, now: datetime, working: float) -> datetime:
        """The latest start whose :meth:`deadline` has come by now; UTC."""
        left, day = timedelta(seconds=working), self._local(now)
        while True:
            for begin, end in self._spans(day):
                end = min(end, now)  # noqa: PLW2901  # what is still to come doesn't count
                if end - left >= begin:
                    return end - left
                left -= max(end - begin, timedelta())
            day -= ONE_DAY

    def elapsed(self, start: datetime, end: datetime) -> float:
        """Working seconds between two moments; 0 if the end comes first."""
        day, last, found = self._local(start), self._local(end), timedelta()
        while day <= last:
            for begin, over in self._spans(day):
                found += max(min(over, end) - max(begin, start), timedelta())
            day += ONE_DAY
        return found.total_seconds()

    def _local(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The working time of a day; none on a free one."""
        if day.weekday() in self.days and day not in self.free:
            begin, end = self.hours or (0, 24 * 60)
            yield self._at(day, begin), self._at(day, end)

    def _at(self, day: date, minutes: int) -> datetime:
        """So many minutes after midnight, by the clock on the wall there."""
        wall = datetime(day.year, day.month, day.day, tzinfo=self.zone) + timedelta(minutes=minutes)
        return wall.astimezone(UTC)
