"""What ``syncd report --hours`` asks helpdesks for: the time that was worked on tickets."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

from syncd.cli.show import complain, plural, say, table
from syncd.clock import SystemClock
from syncd.config import Helpdesk
from syncd.errors import ConnectorError
from syncd.report import By, hours, periods
from syncd.retry import reads

MONTH: By = "month"
"""A failure in one month begins no other anew."""
PATIENCE = 120.0
"""Seconds that are waited for a helpdesk that limits us: more than the rest of its minute."""


def ask(desk: Helpdesk, since: datetime, until: datetime) -> dict[str, Any] | None:
    """The hours of a span with how many calls it took, month by month; None, and said why, if they can't be told."""
    clock = SystemClock()
    with closing(desk.connect(clock)) as connector:
        try:
            spent = [
                one
                for part in periods(since, min(until, clock.now()), MONTH)
                for one in reads(clock, patience=PATIENCE)(connector.time_spent, part.since, part.until)
            ]
        except ConnectorError as error:
            complain(f"{desk.name} tells no hours: {error.what}")
            return None
        return {"calls": sum(connector.calls.values()), "companies": hours(spent, desk.playbook)}


def tell(found: Mapping[str, Any]) -> None:
    """For people; the columns of the budget only where there is one."""
    rows = found["companies"]
    heads = ["tickets", "hours"] + (["budget", "left"] if any(one["budget"] is not None for one in rows) else [])
    cells = [
        [one["company"] or "no company, or not kept", f"{one['tickets']:,}", *(_hours(one[name]) for name in heads[1:])]
        for one in rows
    ]
    say()
    if cells:
        table(("worked for", *heads), cells)
    say(f"{'' if cells else 'No time was worked. '}{plural(found['calls'], 'call')} of the helpdesk for the hours.")


def _hours(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
