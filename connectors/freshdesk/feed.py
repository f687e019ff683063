"""The change feed: a walk over ``GET /tickets`` that loses nothing while tickets move under it.

Offset paging skips rows: a ticket that is touched moves from page 1 to the end and pulls the first row of page 2
onto page 1, which was read already. So a full page is followed by a new query from one second before its last row;
right whether ``updated_since`` includes its own second or not, which Freshdesk doesn't say. Only where a page or more
shares one second is it left to page numbers, and then that stretch is read again until nothing new turns up.

The mark is the largest ``updated_at`` received, never a time of ours. A poll starts ``OVERLAP`` seconds before it,
since rows can appear late, and remembers what it told of that stretch: number, time, and a digest of the content
(two changes can share a second). Where the stretch holds a page or more, a poll looks at the newest part only, and
once, ``OVERLAP`` seconds later, at all of it: so an idle poll is one call even right after a large import.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors import records
from connectors.freshdesk import items
from connectors.freshdesk.api import LAST_PAGE, PER_PAGE, FreshdeskApi
from syncd.clock import Clock, stamp
from syncd.errors import Transient
from syncd.model import GoneKind, Item, Page, Removed, Unreadable

OVERLAP = 300
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Without ``updated_since`` the API shows 30 days only (Freshdesk API docs, List all tickets)."""
KINDS = {"tickets": None, "deleted": GoneKind.DELETED, "spam": GoneKind.SPAM}
"""The feeds: the plain list, which leaves out deleted and spam tickets, and the two filters that hold those."""

_SEEN = "seen-1"
"""The key that tells this shape of a cursor from later ones."""

Told = Item | Removed | Unreadable


@dataclass(slots=True)
class Walk:
    """How far a feed has been read; times in seconds since 1970, as the service gave them.

    ``since`` and ``page`` say what to ask next while a poll is under way (``since`` None between polls); ``fresh``:
    this stretch brought news; ``news``: this poll did; ``wide_at``: when, by our clock, to look at all of a crowded
    overlap again.
    """

    mark: int | None = None
    seen: dict[int, tuple[int, str]] = field(default_factory=dict)
    walked: bool = False
    since: int | None = None
    page: int = 1
    fresh: bool = False
    news: bool = False
    wide_at: int | None = None

    @classmethod
    def begin(cls, cursor: str | None, since: datetime | None) -> Walk:
        """From a cursor; one that can't be read, and None, start the first walk."""
        try:
            kept = json.loads(cursor or "")
            seen = {int(number): (int(when), str(digest)) for number, (when, digest) in kept.pop(_SEEN).items()}
            return cls(seen=seen, **kept)
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls(since=int((since or BEGINNING).timestamp()))

    def cursor(self) -> str:
        """As text for the state."""
        rest = {key: getattr(self, key) for key in ("mark", "walked", "since", "page", "fresh", "news", "wide_at")}
        return json.dumps({_SEEN: self.seen, **rest}, separators=(",", ":"))

    def take(self, row: items.Row, what: Told) -> bool:
        """Whether this row is news; remembers it."""
        when = _seconds(row)
        self.mark = max(self.mark or when, when)
        if self.knows(row, what):
            return False
        self.seen[records.number(row)] = (when, _digest(what))
        self.fresh = self.news = True
        return True

    def knows(self, row: items.Row, what: Told) -> bool:
        """Whether this very state of a ticket was told."""
        return self.seen.get(records.number(row)) == (_seconds(row), _digest(what))

    def step(self, times: list[int], *, more: bool) -> bool:
        """Decide what to ask next, from the times of the page just read; False at the end of the feed."""
        asked = self.since or 0
        before_last = times[-1] - 1 if times else 0
        if more and (before_last <= asked or times != sorted(times)):
            self.page += 1  # a page or more within one second (or rows out of order): page numbers may skip,
        elif self.page > 1 and self.fresh:
            self.page, self.fresh = 1, False  # so this stretch is read until a pass finds nothing new
        elif more:
            self.since, self.page, self.fresh = before_last, 1, False
        else:
            return False
        self._forget(min(self.since or 0, (self.mark or 0) - OVERLAP))
        return True

    def start(self, now: int) -> bool:
        """Begin a poll; True if the newest second or two hold so much that a glance should come first."""
        whole = (self.mark or 0) - OVERLAP
        self.page, self.fresh, self.news = 1, False, False
        due = self.wide_at is not None and not now < self.wide_at <= now + OVERLAP
        if len(self.seen) < PER_PAGE or due:
            self.since = whole
            self.wide_at = None
            return False
        times = sorted((when for when, _ in self.seen.values()), reverse=True)
        edge = times[PER_PAGE - 2]  # so far back that fewer than a page of known rows is asked for
        crowd = sum(when >= edge for when in times) >= PER_PAGE
        flood = crowd and edge >= times[0] - 1  # a page or more in the newest two seconds
        self.since = times[0] - 1 if flood else edge + 1 if crowd else edge
        return flood

    def finish(self, now: int) -> None:
        """End a poll: keep what the next one needs."""
        self.walked, self.page, self.fresh = True, 1, False
        if self.mark is None:
            return  # nothing there yet: the first question stays the right one
        self.since = None
        self._forget(self.mark - OVERLAP)
        if self.news and len(self.seen) >= PER_PAGE and self.wide_at is None:
            self.wide_at = now + OVERLAP

    def _forget(self, before: int) -> None:
        self.seen = {number: pair for number, pair in self.seen.items() if pair[0] >= before}


class Feed:
    """One of the account's feeds.

    Args:
        api: the account.
        clock: for when to look again, never for what to ask.
        source: a key of ``KINDS``.
        tell: makes an item of a row of the plain list.
    """

    def __init__(self, api: FreshdeskApi, clock: Clock, source: str, tell: Callable[[items.Row], Item]) -> None:
        self.api, self.clock, self.tell = api, clock, tell
        self.kind = KINDS[source]
        self.what = f"listing {source if self.kind is None else f'{source} tickets'}"
        self.filter: dict[str, str | int] = {} if self.kind is None else {"filter": source}

    def pages(self, walk: Walk) -> Iterator[Page]:
        """What changed, one page for each page of the API; see :meth:`syncd.connector.Connector.changes`."""
        now = int(self.clock.now().timestamp())
        if walk.since is None and walk.start(now):
            rows = self._ask(walk, "desc")
            if self._whole(walk, rows):
                yield self._page(walk, rows[::-1], now, last=True)
                return
        going = True
        while going:
            if walk.page > LAST_PAGE:
                raise Transient(self.api.name, f"{self.what}: more than {LAST_PAGE} pages within one second")
            page = self._page(walk, self._ask(walk, "asc"), now)
            going = not page.last
            yield page

    def _whole(self, walk: Walk, rows: list[tuple[items.Row, Told | None]]) -> bool:
        """Whether a glance at the newest rows was enough: it reached what is known, or showed nothing else."""
        reached = min((_seconds(row) for row, _ in rows), default=0) < (walk.mark or 0)
        return reached or not self._more(rows) or all(told is None or walk.knows(row, told) for row, told in rows)

    def _more(self, rows: list[tuple[items.Row, Told | None]]) -> bool:
        return bool(rows) and (self.api.more or len(rows) >= PER_PAGE)

    def _page(self, walk: Walk, rows: list[tuple[items.Row, Told | None]], now: int, *, last: bool = False) -> Page:
        first = not walk.walked
        news = [told for row, told in rows if told is not None and walk.take(row, told)]
        if last or not walk.step([_seconds(row) for row, _ in rows], more=self._more(rows)):
            last = True
            walk.finish(now)
        return Page(
            tuple(one for one in news if isinstance(one, Item)),
            walk.cursor(),
            tuple(one for one in news if isinstance(one, Removed)),
            tuple(one for one in news if isinstance(one, Unreadable)),
            first_walk=first,
            last=last,
        )

    def _ask(self, walk: Walk, direction: str) -> list[tuple[items.Row, Told | None]]:
        """One call: rows with what they tell."""
        since = stamp(datetime.fromtimestamp(walk.since or 0, UTC))
        asked: dict[str, str | int] = {
            "updated_since": since,
            "order_by": "updated_at",
            "order_type": direction,
            "per_page": PER_PAGE,
        }
        self.api.begin("page", self.what, 1)
        rows = self.api.rows(self.what, "tickets", {**self.filter, **asked, "page": walk.page})
        try:
            return [(row, self._told(row)) for row in rows]
        except ValueError:
            raise Transient(self.api.name, f"{self.what}: answered something that is not a ticket list") from None

    def _told(self, row: items.Row) -> Told | None:
        """What a row tells; ValueError if not even which ticket it is, or when it changed."""
        if self.kind is None:
            kind = items.gone(row)
            if kind:
                return items.removed(self.api.name, row, kind)
            try:
                return self.tell(row)
            except ValueError as error:
                _seconds(row)
                return items.unreadable(self.api.name, row, str(error))
        # A service that doesn't know the filter would show tickets that say they are alive.
        alive = row.get("deleted" if self.kind is GoneKind.DELETED else "spam") is False
        return None if alive else items.removed(self.api.name, row, self.kind)


def _seconds(row: items.Row) -> int:
    return int(records.time_of(row, "updated_at", "created_at").timestamp())


def _digest(what: Told) -> str:
    if isinstance(what, Removed):
        return what.kind.value
    if isinstance(what, Unreadable):
        return what.why
    content = json.dumps([str(what.status), what.tags, sorted(what.fields.items()), what.group, what.assignees])
    return hashlib.blake2s(content.encode(), digest_size=4).hexdigest()
