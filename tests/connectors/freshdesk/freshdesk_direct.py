"""The feed on the stand-in's books without a wire between them, so that many walks cost little."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from connectors.freshdesk import feed, items
from connectors.freshdesk.api import FreshdeskApi
from connectors.freshdesk.forms import Form
from connectors.freshdesk.sandbox import FreshdeskSandbox
from connectors.freshdesk.sandbox.world import CODES
from syncd.clock import ManualClock
from syncd.model import Item, Page, Removed, Word
from syncd.testing import Request


class Direct:
    """One account's lists. ``hidden``: numbers that the replica we read doesn't show yet."""

    def __init__(self, sandbox: FreshdeskSandbox) -> None:
        self.name, self.sandbox = "freshdesk", sandbox
        self.more, self.calls = False, 0
        self.hidden: set[int] = set()
        self.shuffled = False
        self.linked = True
        self.between: Callable[[], None] = lambda: None

    def begin(self, *_: object) -> None:
        """Nobody else makes calls here."""

    def rows(self, _what: str, _path: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.between()
        self.calls += 1
        self.sandbox.books.tick()
        query = tuple((key, str(value)) for key, value in params.items())
        reply = self.sandbox.get_list(Request("GET", "/api/v2/tickets", query, {}, b"", self.sandbox.url))
        assert reply.status == 200, reply.body
        self.more = self.linked and "Link" in reply.headers
        rows = [dict(row) for row in reply.body if row["id"] not in self.hidden]
        if self.shuffled:
            random.Random(1).shuffle(rows)  # noqa: S311  # a test's disorder
        return rows


class Bench:
    """A stand-in with a stopped clock, its lists, and what a state would keep of them."""

    def __init__(self) -> None:
        self.sandbox = FreshdeskSandbox()
        self.clock = ManualClock()
        self.sandbox.freeze(self.clock.now())
        self.api = Direct(self.sandbox)
        self.people = self.sandbox.people
        self.cursors: dict[str, str] = {}
        self.told: dict[int, Item | Removed] = {}
        self.tellings = 0

    def close(self) -> None:
        self.sandbox.stop()

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.sandbox.advance(seconds)

    def pages(self, source: str = "tickets", stop_after: int | None = None) -> list[Page]:
        """One poll of a source by a fresh connector; broken off after so many pages."""
        tell = partial(items.item, "freshdesk", "https://acme.example.com", form=Form())
        reading = feed.Feed(cast("FreshdeskApi", self.api), self.clock, source, tell)
        pages: list[Page] = []
        for page in reading.pages(feed.Walk.begin(self.cursors.get(source), None)):
            self.cursors[source] = page.cursor
            told: list[Item | Removed] = [*page.items, *page.removed]
            self.told |= {int(one.ref.id): one for one in told}
            self.tellings += len(told)
            pages.append(page)
            if len(pages) == stop_after:
                break
        return pages

    def poll(self) -> int:
        """One poll of every source; how many calls it cost."""
        before = self.api.calls
        for source in feed.KINDS:
            self.pages(source)
        return self.api.calls - before

    def missed(self) -> list[int]:
        """Tickets whose present state was never told."""
        found = []
        for number, ticket in self.sandbox.books.tickets.items():
            told = self.told.get(number)
            if ticket.listed:
                right = isinstance(told, Removed)
            else:
                right = isinstance(told, Item) and told.status.native == str(ticket.row["status"])
            if not (right and told is not None and told.version == ticket.row["updated_at"]):
                found.append(number)
        return found

    def somebody_acts(self, rng: random.Random) -> None:
        """One thing that people do, to any ticket; sometimes time passes."""
        self.advance(rng.choice([0, 0, 0, 1, 2]))
        numbers = list(self.sandbox.books.tickets)
        number = rng.choice(numbers)
        do = rng.choice(["touch", "status", "status", "new", "delete", "restore", "spam", "note"])
        if do == "status":
            self.people.set_status(number, CODES[rng.choice([Word.OPEN, Word.PENDING, Word.RESOLVED])])
        elif do == "new":
            self.people.make_ticket()
        elif do == "note":
            self.people.agent_note(number, "a note")
        elif self.sandbox.books.tickets[number].trashed and do == "spam":
            self.people.restore(number)
        else:
            getattr(self.people, do)(number)
