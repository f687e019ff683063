"""The glance: the tickets that people changed last, as they are now.

``GET /tickets?sort=-updated_at`` shows a change at once, which the export keeps to itself for a minute. It is never
the truth: what the system itself does doesn't move a ticket up, archived and deleted tickets don't stand in it, and
where very much has changed it isn't read to the bottom. The export tells of all that.

It is read from the top down to what was known at the last glance, and a little further. While that goes on a ticket
can only move up, where the next glance finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors import records
from connectors.zendesk import budget, cursors
from connectors.zendesk.answers import Row
from connectors.zendesk.api import ZendeskApi
from connectors.zendesk.news import News, digest, page
from connectors.zendesk.onward import PER_PAGE, Params
from syncd.errors import Gone, RateLimited, Refused, Transient
from syncd.model import Page

PATH = "tickets"
WHAT = "listing the latest changes"
OVERLAP = 120
"""Seconds that are looked at once more: rows can appear late."""
FIRST = 300
"""Seconds that the first glance goes back: the export tells of all before."""
DEEPEST = 10
"""Pages of one glance."""
_SHAPE = "fresh-1"


@dataclass(slots=True)
class Glance:
    """What the last glances showed; times in seconds since 1970, by the account's own clock.

    ``mark``: the newest time; ``seen``: what was told of the stretch before it, by ticket; ``whole``: the last glance
    came to its end.
    """

    mark: int | None = None
    seen: dict[str, list[Any]] = field(default_factory=dict)
    walked: bool = False
    whole: bool = True

    @classmethod
    def begin(cls, cursor: str | None) -> Glance:
        """From a cursor; one that can't be read, and None, start anew."""
        return cursors.read(cls, _SHAPE, cursor) or cls()

    def cursor(self) -> str:
        """As text for the state."""
        return cursors.write(_SHAPE, mark=self.mark, seen=self.seen, walked=self.walked, whole=self.whole)

    def take(self, row: Row) -> bool:
        """Whether this row is news; remembers it."""
        key, now = str(row["id"]), [_seconds(row), digest(row)]
        if self.seen.get(key) == now:
            return False
        self.seen[key] = now
        return True

    def finish(self) -> None:
        """The glance came to its end: from now on what it saw is known."""
        self.mark = max([self.mark or 0, *(one[0] for one in self.seen.values())]) or None
        self.walked = self.whole = True
        self.seen = {key: one for key, one in self.seen.items() if one[0] >= (self.mark or 0) - OVERLAP}


class Fresh:
    """The glance at one account."""

    def __init__(self, api: ZendeskApi, news: News) -> None:
        self.api, self.news = api, news

    def pages(self, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """What changed; see :meth:`syncd.connector.Connector.changes`. The place moves on with the last page only."""
        glance = Glance.begin(cursor)
        first, may_stop = not glance.walked, glance.whole
        params: Params = {"sort": "-updated_at", "page[size]": PER_PAGE}
        for depth in range(1, DEEPEST + 1):
            try:
                rows, following = self._ask(params)
            except RateLimited:
                if first or self.api.answer is None or not self.api.answer.only_of(budget.LISTS):
                    raise
                rows, following = [], None  # this list has its own limit: without it the export tells all the same
            except (Refused, Gone):  # of this list alone, so it is the same
                rows, following = [], None
            bottom = self._bottom(glance, since)
            late = [row for row in rows if _seconds(row) >= bottom]
            news = [row for row in late if glance.take(row)]
            last = following is None or len(late) < len(rows) or (may_stop and not news) or depth == DEEPEST
            glance.whole = False
            if last:
                glance.finish()
            yield page(self.news.told(WHAT, news, first=first), glance.cursor(), first_walk=first, last=last)
            if last or following is None:
                return
            params = following

    def _bottom(self, glance: Glance, since: datetime | None) -> int:
        if glance.mark is not None:
            return glance.mark - OVERLAP
        back = int(self.api.time.timestamp()) - FIRST
        return max(back, int(since.timestamp())) if since else back

    def _ask(self, params: Params) -> tuple[list[Row], Params | None]:
        """One call: rows, newest first, and what to ask for next; None where there is no more."""
        self.api.begin("fresh", WHAT, account=1, tickets_index=1)
        rows, following = self.api.page(WHAT, PATH, "tickets", params, item=True)
        try:
            for row in rows:
                records.number(row)
                _seconds(row)
        except ValueError:
            raise Transient(self.api.name, f"{WHAT}: answered something that is not a ticket list") from None
        return rows, following


def _seconds(row: Row) -> int:
    return int(records.time_of(row, "updated_at", "created_at").timestamp())
