"""What the records of helpdesks have in common: a number, and times in whole seconds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from syncd.clock import moment, stamp

Row = Mapping[str, Any]

SECOND_OVER = timedelta(seconds=2)
"""Both times are whole seconds: so far apart, the earlier one's second is over by a whole one at least."""
OTHER_CLOCK = timedelta(minutes=1)
"""A change that lies so far ahead of the answer was not timed by the clock that the answer was."""


def number(row: Row, key: str = "id") -> int:
    """A ticket's number, or the id of what was written on one.

    Raises:
        ValueError: the record has none.
    """
    found = row.get(key)
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise ValueError("a record without a number")
    return found


def time_of(row: Row, *keys: str) -> datetime:
    """The first of these times that the record has; aware, UTC.

    Raises:
        ValueError: it has none that can be read.
    """
    for key in keys:
        if isinstance(text := row.get(key), str) and text:
            try:
                return moment(text)
            except (OverflowError, ValueError):
                raise ValueError("a time that can't be read") from None
    raise ValueError("a record without a time")


def version(row: Row) -> str:
    """``updated_at``, normalised: orders the states of a ticket."""
    return stamp(time_of(row, "updated_at", "created_at"))


def settled(row: Row, now: datetime) -> bool:
    """Whether nothing more can come in the second of the row's version, by the account's own clock ``now``."""
    age = now - moment(version(row))
    return not -OTHER_CLOCK < age < SECOND_OVER
