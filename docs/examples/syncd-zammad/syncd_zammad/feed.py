"""The change feed: a walk over tickets in the order of their last change, that loses nothing while they move.

The plain list can't be asked for changes, so this is a search by conditions (docs.zammad.org, REST API, Introduction:
Condition Based Search, Sorting Search Results). Such a search is answered by the database, while one by words goes to
an index that lags. Pages by number skip rows while tickets move; so a full page is followed by a new question from
its last row on. Only where a whole page shares one millisecond is it left to page numbers, and then that stretch is
read again until nothing new turns up.

A change can become visible late, since its time is set before it is committed. So each poll asks again for what may
still have been under way at the last one, and leaves out what was told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from syncd.clock import moment
from syncd.errors import Transient
from syncd.model import Item, Page, Ref, Unreadable
from syncd_zammad.api import PER_PAGE, Row, ZammadApi
from syncd_zammad.items import number, precise, version

OVERLAP = timedelta(minutes=2)
"""How long a change may take from its time to its commit."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
WHAT = "listing tickets"
MAX_PAGES = 100


@dataclass(slots=True)
class Walk:
    """How far the feed has been read; times as Zammad writes them.

    ``since``: rows from then on are asked for; ``mark``: the newest row; ``seen``: what was told of that stretch, time
    and digest by id; ``fresh``: this stretch brought news.
    """

    since: str
    mark: str = ""
    seen: dict[str, tuple[str, str]] = field(default_factory=dict)
    walked: bool = False
    page: int = 1
    fresh: bool = False

    @classmethod
    def begin(cls, cursor: str | None, since: datetime | None) -> Walk:
        """From a cursor; one that can't be read, and None, start the first walk."""
        try:
            kept = json.loads(cursor or "")
            seen = {str(key): (str(when), str(digest)) for key, (when, digest) in kept.pop("seen").items()}
            moment(kept["since"])
            return cls(seen=seen, **kept)
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls(precise(since or BEGINNING))

    def cursor(self) -> str:
        """As text for the state."""
        kept = {"since": self.since, "mark": self.mark, "walked": self.walked, "page": self.page, "fresh": self.fresh}
        return json.dumps({**kept, "seen": self.seen}, separators=(",", ":"))

    def take(self, row: Row) -> bool:
        """Whether this row is news; remembers it."""
        key, when = str(number(row)), version(row)
        told = (when, hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:12])
        self.mark = max(self.mark, when)
        if self.seen.get(key) == told:
            return False
        self.seen[key] = told
        self.fresh = True
        return True

    def step(self, rows: list[Row], now: datetime) -> bool:
        """Decide what to ask next, from the page just read; False at the end of the feed."""
        newest = max(map(version, rows), default="")
        if len(rows) >= PER_PAGE and newest <= self.since:
            self.page += 1
        elif self.page > 1 and self.fresh:
            self.page, self.fresh = 1, False
        elif len(rows) >= PER_PAGE:
            self.since, self.page, self.fresh = newest, 1, False
            self._forget(min(newest, precise(now - OVERLAP)))
        else:
            return False
        return True

    def finish(self, now: datetime) -> None:
        """End a poll: the next one asks for what may have been under way ``now``, by Zammad's clock, and later."""
        self.walked, self.page, self.fresh = True, 1, False
        if self.mark:
            self.since = min(self.mark, precise(now - OVERLAP))
        self._forget(self.since)

    def _forget(self, before: str) -> None:
        self.seen = {key: told for key, told in self.seen.items() if told[0] >= before}


class Feed:
    """The account's tickets.

    Args:
        api: the account.
        tell: makes an item of a row; the second argument says whether the first walk is over.
    """

    def __init__(self, api: ZammadApi, tell: Callable[[Row, bool], Item]) -> None:
        self.api, self.tell = api, tell

    def pages(self, walk: Walk) -> Iterator[Page]:
        """What changed, one page for each page of the API; see :meth:`syncd.connector.Connector.changes`."""
        going = True
        while going:
            if walk.page > MAX_PAGES:
                raise Transient(self.api.name, f"{WHAT}: more than {MAX_PAGES} pages within a millisecond")
            page = self._page(walk, self._ask(walk))
            going = not page.last
            yield page

    def _ask(self, walk: Walk) -> list[Row]:
        # A millisecond less: that "after" takes its own moment isn't documented.
        since = precise(moment(walk.since) - timedelta(milliseconds=1))
        condition = {"ticket.updated_at": {"operator": "after (absolute)", "value": since}}
        order: dict[str, str | int] = {"sort_by": "updated_at", "order_by": "asc", "expand": "true"}
        return self.api.search(WHAT, condition, order | {"per_page": PER_PAGE, "page": walk.page})

    def _page(self, walk: Walk, rows: list[Row]) -> Page:
        items: list[Item] = []
        unreadable: list[Unreadable] = []
        first = not walk.walked
        now = self.api.time  # before anything else is asked
        for row in rows:
            try:
                news = walk.take(row)
            except ValueError:
                raise Transient(self.api.name, f"{WHAT}: a row is not a ticket") from None
            try:
                items += [self.tell(row, walk.walked)] if news else []
            except ValueError as error:
                key = str(number(row))
                unreadable.append(Unreadable(Ref(self.api.name, key, key), f"the ticket has {error}"))
        last = not walk.step(rows, now)
        if last:
            walk.finish(now)
        return Page(
            tuple(items), walk.cursor(), unreadable=tuple(unreadable), first_walk=first, last=last
        )  # fmt: skip
