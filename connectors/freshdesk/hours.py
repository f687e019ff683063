"""Time entries: what agents have noted of the time that they worked on tickets (Freshdesk API docs, Time Entries).

There is no list of what changed: a span is read whole, by when each entry says that it was worked. An entry names its
ticket and, as accounts answer it though the documentation doesn't say so, the ticket's company and whole seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.freshdesk import items
from connectors.freshdesk.api import LAST_PAGE, PER_PAGE, FreshdeskApi
from connectors.freshdesk.details import Details
from connectors.freshdesk.forms import number as _id
from syncd.clock import moment, stamp
from syncd.details import Spent
from syncd.errors import Gone, Refused, Transient
from syncd.model import Ref

WHAT = "reading time entries"
CURE = "time tracking is part of some plans only, and the key's agent has to see the tickets (Admin, Roles)"
SECOND = timedelta(seconds=1)
"""Whether the bounds that are asked for belong to the span isn't said: so they are asked for with room, and judged."""


class Hours:
    """Tells the time that was worked on tickets of one account."""

    def __init__(self, api: FreshdeskApi, details: Details) -> None:
        self.api, self.details = api, details

    def spent(self, since: datetime, until: datetime) -> list[Spent]:
        """See :meth:`syncd.connector.Connector.time_spent`; a call for a hundred entries, and one for each company."""
        seconds, whose = dict[int, float](), dict[int, int]()
        for row in self._rows(since, until):
            ticket, worked = _id(row.get("ticket_id")), self._worked(row)
            if ticket and row.get("timer_running") is not True and since <= worked < until:
                seconds[ticket] = seconds.get(ticket, 0.0) + self._seconds(row)
                whose[ticket] = _id(row.get("company_id")) or whose.get(ticket, 0)
        companies = self.details.companies(sorted(set(whose.values()) - {0}))
        refs = {ticket: Ref(self.api.name, str(ticket), str(ticket)) for ticket in seconds}
        return [Spent(refs[ticket], lasted, companies.get(whose[ticket])) for ticket, lasted in seconds.items()]

    def _rows(self, since: datetime, until: datetime) -> Iterator[items.Row]:
        span = {"executed_after": stamp(since - SECOND), "executed_before": stamp(until + SECOND)}
        for page in range(1, LAST_PAGE + 1):
            self.api.begin("hours", WHAT, 1)
            try:
                yield from self.api.rows(WHAT, "time_entries", span | {"per_page": PER_PAGE, "page": page}, item=True)
            except (Refused, Gone) as error:
                raise Refused(self.api.name, f"{error.what}; {CURE}") from None
            if not self.api.more:
                return
        raise Refused(self.api.name, f"{WHAT}: there are too many in this span; ask for a shorter one")

    def _worked(self, row: items.Row) -> datetime:
        try:
            return moment(str(row.get("executed_at") or row.get("created_at")))
        except ValueError:
            raise self._odd() from None

    def _seconds(self, row: items.Row) -> float:
        told = row.get("time_spent_in_seconds")
        if isinstance(told, int) and not isinstance(told, bool) and told >= 0:
            return float(told)
        found = re.fullmatch(r"([0-9]{1,6}):([0-5][0-9])", str(row.get("time_spent")))
        if found is None:
            raise self._odd()
        return int(found[1]) * 3600.0 + int(found[2]) * 60.0

    def _odd(self) -> Transient:
        return Transient(self.api.name, f"{WHAT}: answered something that is not a time entry")
