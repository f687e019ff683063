"""The change feed: a search for what was updated lately, that loses nothing while issues move under it.

JQL's times have minutes, are read in the account's own zone and are answered in the site's, so that only the relative
form says what is meant: ``updated >= "-7m"``, by the site's clock (JQL fields, Updated). A poll goes back to ``LAG``
before the one before it was begun, since the index shows changes late, and once an hour an hour further; what was told
is remembered by id and version. Absence from a search means nothing.

Cloud pages by tokens, and only the token tells the end (Search for issues using JQL enhanced search). Data Center pages
by offset (Search for issues using JQL): an issue that changes pulls the next ones onto pages that were read, so the
walk goes on from the time it has reached, and a stretch of many issues within a minute or so is read until nothing new
turns up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from connectors.jira import items
from connectors.jira.api import JiraApi
from connectors.jira.cursor import WIDE, Cursor
from connectors.jira.search import Found, classic, enhanced
from syncd.model import Item, Page, Unreadable

NEAR = 180.0
"""Seconds that a walk by offset must have gone before it can begin anew from there: minutes are rounded."""
EDGE = 5
"""So many rows before the last one: a row can show a newer time than the one that it was sorted by."""


class Feed:
    """The issues of some projects.

    Args:
        api: the account.
        scope: JQL that every issue matches.
        fields: what is asked of each.
        tell: makes an item of a record; ValueError where it is none.
    """

    def __init__(self, api: JiraApi, scope: str, fields: Sequence[str], tell: Callable[[items.Row], Item]) -> None:
        self.api, self.scope, self.fields, self.tell = api, scope, list(fields), tell
        self.doing = "looking for changed issues"

    def pages(self, walk: Cursor) -> Iterator[Page]:
        """What changed, one page for each page of the API; see :meth:`syncd.connector.Connector.changes`."""
        low = walk.bound(self._now())
        for asked in self._tokens(walk, low) if self.api.cloud else self._offsets(walk, low):
            first = not walk.walked
            told = [self._told(walk, row) for row in asked.rows if self._is_news(walk, row)]
            if asked.rows:
                walk.reached(min(map(_seconds, asked.rows)))
            if not asked.more:
                self.api.prove()  # nobody is shown nothing, too
                # What was shown since the last proof may have been shown to nobody: it is asked for again.
                now = self._now() - self.api.unproven
                walk.finish(now, wide=low is not None and low <= now - WIDE)
            yield Page(
                tuple(one for one in told if isinstance(one, Item)),
                walk.dump(),
                unreadable=tuple(one for one in told if isinstance(one, Unreadable)),
                first_walk=first,
                last=not asked.more,
            )

    # --- Cloud ---

    def _tokens(self, walk: Cursor, low: float | None) -> Iterator[Found]:
        """Pages that a token leads through."""
        back = minutes(low, self._now())
        pages = enhanced(self.api, self._jql(back), self.fields, self.doing)
        first = next(pages)
        if self._is_late(back, low):
            pages = enhanced(self.api, self._jql(minutes(low, self._now())), self.fields, self.doing)
            first = next(pages)
        walk.begin(self._now())
        yield first
        yield from pages

    # --- Data Center ---

    def _offsets(self, walk: Cursor, low: float | None) -> Iterator[Found]:
        """Pages that a walk by time leads through, and by offset where that doesn't get on."""
        back, start, fresh = minutes(low, self._now()), 0, False
        met: set[tuple[str, str]] = set()
        """What this stretch has shown: a pass that shows nothing else ends it."""
        page = self._classic(back, 0)
        if self._is_late(back, low):
            page = self._classic(minutes(low, self._now()), 0)
        walk.begin(self._now())
        while True:
            shown = set(map(self._state, page.rows))
            fresh = fresh or not shown <= met
            met |= shown
            edge = _edge(page.rows, low)
            stays = page.more and edge is None
            again = start > 0 and fresh and not stays
            yield Found(page.rows, page.more or again)
            if stays:
                start += len(page.rows)
            elif again:
                start, fresh = 0, False
            elif page.more:
                low, start, fresh, met = edge, 0, False, set()
            else:
                return
            page = self._classic(minutes(low, self._now()), start)

    def _classic(self, back: int | None, start: int) -> Found:
        return classic(self.api, self._jql(back), self.fields, self.doing, start)

    # --- the same for both ---

    def _is_late(self, back: int | None, low: float | None) -> bool:
        """Whether a question didn't go back far enough: only its answer tells that our clock is behind the site's."""
        return back is not None and low is not None and self._now() - back * 60 > low

    def _jql(self, back: int | None) -> str:
        bound = "" if back is None else f' AND updated >= "-{back}m"'
        return f"{self.scope}{bound} ORDER BY updated ASC, key ASC"

    def _now(self) -> float:
        """The site's time."""
        return self.api.time().timestamp()

    def _is_news(self, walk: Cursor, row: items.Row) -> bool:
        return not walk.knows(*self._state(row))

    def _state(self, row: items.Row) -> tuple[str, str]:
        """Which issue a row shows, and at which version."""
        with self.api.legal(self.doing):
            return items.digits(row, "id"), items.version(items.fields_of(row))

    def _told(self, walk: Cursor, row: items.Row) -> Item | Unreadable:
        """What a row tells, remembered."""
        with self.api.legal(self.doing):
            try:
                found: Item | Unreadable = self.tell(row)
            except ValueError:
                found = items.unreadable(self.api.name, row)
            walk.seen[found.ref.id] = items.version(items.fields_of(row))
        return found


def minutes(low: float | None, now: float) -> int | None:
    """How many minutes ago ``low`` was, and one more; None where there is no bound."""
    return None if low is None else max(math.ceil((now - low) / 60), 0) + 1


def _edge(rows: Sequence[items.Row], low: float | None) -> float | None:
    """From when on the walk can be begun anew after this page; None where it hasn't got far enough, or rows are odd."""
    times = [_seconds(row) for row in rows]
    if len(times) <= EDGE or times != sorted(times):
        return None
    reached = times[-EDGE]
    return reached if low is None or reached - low >= NEAR else None


def _seconds(row: items.Row) -> float:
    return items.needed(items.fields_of(row), "updated").timestamp()
