"""What changed in a repository's issues: a walk over the list that loses nothing while people go on working.

The list is asked in ascending order of ``updated_at`` from ``since`` on (GitHub REST API docs, List repository
issues). Three things make that harder than it looks:

* Where pages are numbered (Enterprise Server), a row that is updated moves to the end and everything behind it moves
  up: the next page skips a row. So a page begins anew at the last row's time, one second back, wherever that gets
  on; where too many rows share a second, links are followed, and that stretch is walked again if one of its rows
  turns up later, changed. Where GitHub gives a cursor (``after=``), rows don't shift, and links are followed.
* The list lags: a row may appear minutes late. So a pass begins 15 minutes before the newest row, and the rows that
  were told are remembered by version and content (two changes can share a second).
* An idle poll must cost one call. ``since`` stays put while few rows lie behind it, so that the one page is answered
  304. If more rows lie there than a page holds (a bulk change), the newest page is asked instead, in descending
  order, and those after it down to what is known: a row that changes meanwhile moves up, and is met by the next poll.
  A whole pass follows when nothing can be late any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors.github.answers import NOT_JSON, Answer, ours
from connectors.github.api import MAX_PAGES, PER_PAGE, Api
from connectors.github.cursor import OVERLAP, PASSES, Cursor, earlier, later
from connectors.github.items import Reading, Row
from connectors.github.repositories import Facts, Repositories
from syncd.clock import stamp
from syncd.errors import Gone, Refused, Transient
from syncd.model import Page

SECOND = timedelta(seconds=1)
DEEPEST = 10
"""Pages that are read from the newest row down; where that doesn't get to what is known, a whole pass does."""


class Feed:
    """The feed of one repository.

    Args:
        api: the account.
        repositories: what is known of them.
        source: the repository's configured name.
        reading: makes items of rows; called once the first page is there.
        cursor: changed as the walk goes on.
    """

    def __init__(
        self, api: Api, repositories: Repositories, source: str, reading: Callable[[], Reading], cursor: Cursor
    ) -> None:
        self.api, self.repositories, self.source, self.cursor = api, repositories, source, cursor
        self._reading = reading
        self.doing = f"listing the issues of {source}"
        self.facts = self._identify()

    def pages(self) -> Iterator[Page]:
        """See :meth:`syncd.connector.Connector.changes`."""
        cursor = self.cursor
        if cursor.wide and not cursor.running:
            page = self._newest()
            if page is not None:
                yield page
                return
        if not cursor.running:
            cursor.running, cursor.step, cursor.link, cursor.begun = True, cursor.since, "", ""
        yield from self._walk()

    # --- the pass ---

    def _walk(self) -> Iterator[Page]:
        cursor, first_walk = self.cursor, not self.cursor.walked
        for _ in range(MAX_PAGES):
            begins, linked, url = not cursor.begun, bool(cursor.link), self._url("asc", cursor.step)
            idle = begins and not linked and cursor.url == url
            answer = self._ask(url, cursor.etag if idle else "")
            if answer.status == 304:
                # The window is as it was when it was walked: nothing to tell, nothing to move.
                cursor.running, cursor.step = False, ""
                yield self._page([], first_walk=False)
                return
            now = self._time(answer)
            cursor.begun = cursor.begun or now
            rows = self._rows(answer)
            news = cursor.news(rows)
            cursor.watch(rows)
            cursor.remember(rows)
            self._next(rows, answer.link, now)
            if not cursor.running:
                self._ended(answer, url if begins and not linked else "")
            yield self._page(news, first_walk=first_walk)
            if not cursor.running:
                return
        raise Transient(self.api.name, f"{self.doing}: the list has no end")

    def _ended(self, answer: Answer, alone: str) -> None:
        """Keep what makes the next poll cheap. ``alone``: the address, if the pass was a single page."""
        cursor = self.cursor
        if cursor.wide and cursor.url == self._url("desc", ""):
            return
        unmoved = alone == self._url("asc", cursor.since) and not cursor.wide
        cursor.url, cursor.etag = self._tagged(alone, answer) if unmoved else ("", "")

    def _next(self, rows: list[Row], link: str, now: str) -> None:
        """Decide where the pass goes on, if it does."""
        cursor = self.cursor
        target = self.api.local(link) if link else ""
        if target is None:
            raise Transient(self.api.name, f"{self.doing}: the next page is said to be on another server")
        if target and target == cursor.link:
            raise Transient(self.api.name, f"{self.doing}: the list has no end")
        if target and rows:
            cursor.size = len(rows)
        versions = [row.version for row in rows]
        ordered = bool(versions) and versions == sorted(versions)
        by_cursor = any(name == "after" for name, _ in parse_qsl(urlsplit(target).query))
        back = earlier(versions[-1], SECOND) if versions else ""
        gets_on = ordered and back > cursor.step and sum(one < back for one in versions) >= len(versions) // 2
        if target and (by_cursor or not gets_on):
            cursor.follow(target, rows, by_cursor=by_cursor)
        elif target:
            cursor.step, cursor.link = back, ""
        elif cursor.shifted and cursor.again < PASSES:
            cursor.rewind()
        else:
            cursor.finish(now)

    def _newest(self) -> Page | None:
        """A poll of a window that is larger than a page; None if a whole pass has to follow.

        The newest page shows whatever is newer than what was told. What appears late among older rows is found by a
        whole pass, due until one was begun so long after the newest row that nothing can be late any more.
        """
        cursor, url = self.cursor, self._url("desc", "")
        answer = self._ask(url, cursor.etag if cursor.url == url else "")
        now, high = self._time(answer), cursor.high
        settled = cursor.full >= later(high, OVERLAP)
        due = not settled and now >= later(cursor.full, OVERLAP)
        if answer.status == 304:
            return None if due else self._page([], first_walk=False)
        cursor.url, cursor.etag = "", ""  # of a page that doesn't reach down, unchanged says nothing
        newest = self._rows(answer)
        rows = None if due else self._down(newest, answer)
        if rows is None:
            return None
        news = cursor.news(rows)[::-1]
        cursor.remember(rows)
        cursor.looked = now
        if not answer.link or newest[-1].version < cursor.high or self._is_over(cursor.high, now):
            cursor.url, cursor.etag = self._tagged(url, answer)  # whatever happens from now on shows in this page
        return self._page(news, first_walk=False)

    def _is_over(self, second: str, now: str) -> bool:
        """Whether nothing more can happen within a second, by the server's time; of one from the future that is so."""
        return self.cursor.foreign(now) or second < earlier(now, SECOND)

    def _down(self, page: list[Row], answer: Answer) -> list[Row] | None:
        """The newest rows, down to what was told; None if they don't get there, or are odd."""
        cursor, rows, met = self.cursor, list[Row](), set[int]()
        # While the newest rows were told, something may have happened to them within the same second.
        quiet = cursor.foreign(self._time(answer)) or self._is_over(cursor.high, cursor.looked)
        for _ in range(DEEPEST):
            rows += [row for row in page if row.id not in met]
            met |= {row.id for row in rows}
            versions = [row.version for row in rows]
            if versions != sorted(versions, reverse=True):
                return None
            if not answer.link or versions[-1] < cursor.high or (versions[-1] == cursor.high and quiet):
                return rows
            try:
                answer = self.api.at(answer.link, self.facts.full_name, self.doing)
            except (Refused, Gone):
                return None
            page = self._rows(answer)
        return None

    # --- asking ---

    def _identify(self) -> Facts:
        facts = self.repositories.get(self.source)
        if self.cursor.repo not in {0, facts.id}:
            what = f"{self.source} now names another repository than the one that was followed under this name"
            raise Refused(self.api.name, what)
        self.cursor.repo = facts.id
        return facts

    def _url(self, direction: str, since: str) -> str:
        """The address of a first page, below the API's base; the same wish always gives the same text."""
        query = {"state": "all", "sort": "updated", "direction": direction, "per_page": PER_PAGE}
        wish = urlencode(query | ({"since": since} if since else {}))
        return f"/repos/{self.facts.full_name}/issues?{wish}"

    def _ask(self, url: str, etag: str) -> Answer:
        link = self.cursor.link
        if link:
            try:
                return self.api.at(link, self.facts.full_name, self.doing)
            except (Refused, Gone):
                # A cursor of the server's may not live for ever (and deep page numbers are refused): the stretch
                # begins anew, as long as that isn't where we have just been.
                self.cursor.link, self.cursor.again = "", self.cursor.again + 1
                if self.cursor.again > PASSES:
                    raise
                url = self._url("asc", self.cursor.step)
        return self._first(url, etag)

    def _first(self, url: str, etag: str) -> Answer:
        answer = self._listed(url, etag)
        if answer.status == 404 or answer.redirected:
            # Renamed, or gone: the name is looked up anew, and the list asked for under the present one.
            before = self.facts.full_name
            self.repositories.forget(self.source)
            self.facts = self._identify()
            answer = self._listed(url.replace(f"/repos/{before}/", f"/repos/{self.facts.full_name}/", 1), "")
        if answer.status == 404:
            raise Transient(self.api.name, f"{self.doing}: the repository is there, but not its list of issues")
        return answer

    def _listed(self, url: str, etag: str) -> Answer:
        path, _, query = url.partition("?")
        accept = {304, 404, 410} if etag else {404, 410}
        answer = self.api.get(path, self.doing, params=dict(parse_qsl(query)), accept=accept, etag=etag)
        if answer.status == 410:
            raise Refused(self.api.name, f"{self.doing}: issues are switched off there")
        return answer

    def _rows(self, answer: Answer) -> list[Row]:
        try:
            return [Row.read(one) for one in self.api.listed(answer, self.doing)]
        except ValueError:
            raise ours(self.api.name, self.doing, Answer(200, {}, NOT_JSON)) from None

    def _time(self, answer: Answer) -> str:
        return stamp(answer.time(self.api.clock.now()))

    @staticmethod
    def _tagged(url: str, answer: Answer) -> tuple[str, str]:
        """An ETag counts for the exact address only (GitHub REST API docs, Conditional requests)."""
        etag = answer.headers.get("etag", "")
        return (url, etag) if etag else ("", "")

    def _page(self, rows: list[Row], *, first_walk: bool) -> Page:
        reading = self._reading()
        issues = [row for row in rows if row.is_issue]
        return Page(
            tuple(reading.item(row, self.facts) for row in issues if not row.odd),
            self.cursor.dump(),
            unreadable=tuple(reading.unreadable(row, self.facts) for row in issues if row.odd),
            first_walk=first_walk,
            last=not self.cursor.running,
        )
