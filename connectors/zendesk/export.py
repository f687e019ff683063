"""The truth: the export of every change, in the order in which the system itself noted them.

``GET /incremental/tickets/cursor`` (Zendesk API docs, Incremental exports): for administrators, ten calls a minute for
all integrations of the account together, and without what happened in the latest minute. It is ordered by a time of
the system's own, which moves with every change; ``updated_at`` need not. Deleted tickets stand in it as such, archived
ones too, and tickets of AI agents only if all kinds are asked for.

A cursor of Zendesk's is kept as it came. One that isn't there any more is replaced by a start a little before the
latest time that was seen; an answer without one (nothing new) leaves the old one in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.zendesk import budget, cursors
from connectors.zendesk.answers import Row, Wide
from connectors.zendesk.api import ZendeskApi
from connectors.zendesk.budget import Pace
from connectors.zendesk.news import News, page
from syncd.errors import RateLimited, Refused, Transient
from syncd.model import Page

PATH = "incremental/tickets/cursor"
WHAT = "reading the export"
LARGEST, SMALLEST = 1000, 50
"""Tickets of one answer: as many as are allowed, fewer where they are too large."""
BACK = 120
"""Seconds before the latest time seen, where a cursor has to be replaced; a start must lie a minute back at least."""
_SHAPE = "export-1"


@dataclass(slots=True)
class Place:
    """How far the export has been read.

    ``after``: Zendesk's cursor; ``start``: where to begin, in seconds since 1970, where there is none yet; ``at``: the
    latest time of the system's own that was seen; ``walked``: it has been read to its end once.
    """

    after: str | None = None
    start: int = 0
    at: int = 0
    walked: bool = False

    @classmethod
    def begin(cls, cursor: str | None, since: datetime | None, now: datetime) -> Place:
        """From a cursor; one that can't be read, and None, start the first walk."""
        kept = cursors.read(cls, _SHAPE, cursor)
        if kept is not None:
            return kept
        latest = int(now.timestamp()) - BACK
        return cls(start=max(0, min(latest, int(since.timestamp()) if since else 0)))

    def cursor(self) -> str:
        """As text for the state."""
        return cursors.write(_SHAPE, after=self.after, start=self.start, at=self.at, walked=self.walked)

    def begin_anew(self) -> None:
        """The cursor was refused."""
        self.after, self.start = None, max(self.start, self.at - BACK)


class Export:
    """The export of one account.

    Args:
        api: the account.
        news: reads its rows.
        each_minute: how often it may be asked.
    """

    def __init__(self, api: ZendeskApi, news: News, each_minute: int) -> None:
        self.api, self.news = api, news
        self.pace = Pace(api.clock, each_minute)
        self._size = LARGEST

    def pages(self, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """What changed; see :meth:`syncd.connector.Connector.changes`.

        Where it isn't due, or its limit is used up, a poll goes without; the first walk waits.
        """
        place = Place.begin(cursor, since, self.api.time)
        going = True
        while going:
            found = self._due(place)
            if isinstance(found, RateLimited):
                if not place.walked:
                    self.pace.promise()
                    raise found
                yield page((), place.cursor(), first_walk=False, last=True)
                return
            rows = self.api.rows(WHAT, found, "tickets")
            first, going = not place.walked, self._step(place, found, rows)
            told = self.news.told(WHAT, rows, first=first)
            yield page(told, place.cursor(), first_walk=first, last=not going)

    def _due(self, place: Place) -> dict[str, Any] | RateLimited:
        """One answer; or why it isn't asked for now, where that concerns this feed alone.

        Raises:
            RateLimited: the whole account is limited: no other call would be answered either.
        """
        wait = self.pace.wait(walk=not place.walked)
        if wait or (place.walked and self.pace.promised):
            return RateLimited(self.api.name, f"{WHAT}: not more than so often", retry_after=wait)
        try:
            self.api.begin("export", WHAT, account=1, incremental_exports=1)
        except RateLimited as error:
            return error
        self.pace.count()
        try:
            return self._ask(place)
        except RateLimited as error:
            if self.api.answer is None or not self.api.answer.only_of(budget.EXPORTS):
                raise
            self.pace.rest(error.retry_after or budget.ASK_AGAIN)
            return error
        except Wide:
            self._size = max(SMALLEST, self._size // 2)
            raise

    def _ask(self, place: Place) -> dict[str, Any]:
        params: dict[str, str | int] = {"per_page": self._size, "support_type_scope": "all"}
        if place.after is None:
            return self.api.get(WHAT, PATH, {**params, "start_time": place.start})
        try:
            return self.api.get(WHAT, PATH, {**params, "cursor": place.after})
        except Refused:
            place.begin_anew()
            self.pace.count()
            return self.api.get(WHAT, PATH, {**params, "start_time": place.start})

    def _step(self, place: Place, found: Row, rows: Sequence[Row]) -> bool:
        """Go on behind an answer; False at the end of the stream.

        Raises:
            Transient: the answer doesn't say whether there is more, or how to get it.
        """
        after, end = found.get("after_cursor"), found.get("end_of_stream")
        onward = isinstance(after, str) and after and after != place.after
        if not isinstance(end, bool) or not (end or onward):
            raise Transient(self.api.name, f"{WHAT}: an answer that doesn't say how to go on")
        if onward:
            place.after = str(after)
        stamps = [one for row in rows if isinstance(one := row.get("generated_timestamp"), int)]
        place.at = max([place.at, *stamps])
        place.walked = place.walked or end
        return not end
