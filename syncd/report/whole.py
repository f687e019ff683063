"""The report of one helpdesk, as data: what ``syncd report --json`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from syncd.clock import moment, stamp
from syncd.playbook import Playbook
from syncd.report.periods import By, Period, before, periods
from syncd.report.share import GROUPS, Row, groups, share, within
from syncd.report.times import times


@dataclass(frozen=True, slots=True)
class Known:
    """What the state knows of a helpdesk.

    Attributes:
        name: the configured connector's.
        made: when each ticket was made, sorted.
        rows: its tickets with an issue.
        walked: its first walk has come to its end.
        reach: since when all of its tickets have been met; empty: from the oldest on that the helpdesk shows.
    """

    name: str
    playbook: Playbook
    made: Sequence[str]
    rows: Sequence[Row]
    walked: bool = True
    reach: str = ""

    @property
    def since(self) -> str:
        """Since when tickets are counted; empty where there are none."""
        return self.reach or (self.made[0] if self.made else "")


def figures(known: Known, since: datetime, until: datetime, by: By) -> dict[str, Any]:
    """The report over a span, by period and by group, each with what was before beside it."""
    calendar = known.playbook.timers.calendar
    book, earlier = known.playbook.report, Period("before", since - (until - since), since)
    return {
        "helpdesk": known.name,
        "playbook": known.playbook.name,
        "counted_kinds": list(book.counted),
        "goal": book.goal,
        "first_walk_done": known.walked,
        "tickets_counted_since": known.since or None,
        "by": by,
        "periods": [_period(known, one, before(one.since, by)) for one in periods(since, until, by)],
        "whole": _period(known, Period("whole", since, until), earlier),
        "before": _figures(known, earlier.since, earlier.until),
        "times": times(within(known.rows, since, until), calendar.worktime if calendar else None),
        "groups": {what: _groups(known, what, since, until) for what in GROUPS if _kept(known, what)},
    }


def _period(known: Known, one: Period, earlier: Period) -> dict[str, Any]:
    last = _figures(known, earlier.since, earlier.until)
    return {"name": one.name, **_figures(known, one.since, one.until), "share_before": last["share"]}


def _kept(known: Known, what: str) -> bool:
    return what != "company" or known.playbook.report.companies


def _figures(known: Known, since: datetime, until: datetime) -> dict[str, Any]:
    """Of one span, from the moment on since when tickets are counted: else the share would be of too few."""
    first = max(since, moment(known.reach)) if known.reach else since
    found = share(known.made, known.rows, min(first, until), until)
    goal = known.playbook.report.goal
    return {
        "since": stamp(since),
        "until": stamp(until),
        "counted_since": stamp(min(first, until)),
        "cut": not known.walked or first > since,
        **asdict(found),
        "share": found.share,
        "within_goal": None if goal is None or found.share is None else found.share <= goal,
    }


def _groups(known: Known, what: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Of kinds, teams and the like, most first; the empty name is for what nothing tells."""
    tickets = share(known.made, known.rows, since, until).tickets
    now, then = (groups(known.rows, what, *span) for span in ((since, until), (since - (until - since), since)))
    found = []
    for name in sorted(now.keys() | then.keys(), key=lambda one: (-now.get(one, (0, 0))[0], one)):
        with_issue, counted = now.get(name, (0, 0))
        earlier = then.get(name, (0, 0))
        part = {"name": name, "with_issue": with_issue, "counted": counted}
        part["share"] = counted / tickets if tickets else None
        found.append({**part, "with_issue_before": earlier[0], "counted_before": earlier[1]})
    return found
