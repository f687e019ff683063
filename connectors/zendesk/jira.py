"""What Zendesk's own Jira integration keeps: which ticket was linked to which issue, by agents in its side bar.

``GET /jira/links`` (Zendesk API docs, Jira links), ordered by id: new links come last, so the end of the list is the
place where the next look begins. A link that was taken away isn't told of.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.zendesk import cursors, items
from connectors.zendesk.account import Account
from connectors.zendesk.answers import Row
from connectors.zendesk.api import ZendeskApi
from connectors.zendesk.news import page
from connectors.zendesk.onward import PER_PAGE
from connectors.zendesk.reads import Reader
from syncd.errors import Gone, Refused, Transient
from syncd.model import Item, Page

PATH = "jira/links"
WHAT = "listing the Jira integration's links"
EVERY = 300.0
"""Seconds between two looks at least."""
_SHAPE = "jira-1"


@dataclass(slots=True)
class Place:
    """How far the list has been read."""

    after: str | None = None
    walked: bool = False

    @classmethod
    def begin(cls, cursor: str | None) -> Place:
        """From a cursor; one that can't be read, and None, start anew."""
        return cursors.read(cls, _SHAPE, cursor) or cls()

    def cursor(self) -> str:
        """As text for the state."""
        return cursors.write(_SHAPE, after=self.after, walked=self.walked)


class JiraLinks:
    """The integration's links in one account. ``site``: the Jira site that they lead to."""

    def __init__(self, api: ZendeskApi, account: Account, reader: Reader, site: str) -> None:
        self.api, self.account, self.reader, self.site = api, account, reader, site
        self._asked = -math.inf

    def pages(self, cursor: str | None) -> Iterator[Page]:
        """New links, as tickets with the addresses of their issues; two calls a page."""
        place = Place.begin(cursor)
        now = self.api.clock.monotonic()
        if place.walked and now < self._asked + EVERY:
            yield page((), place.cursor(), first_walk=False, last=True)
            return
        going = True
        while going:
            try:
                found = self.ask(place.after)
            except (Refused, Gone):  # the check tells of it; the tickets themselves can be read all the same
                found = {"links": [], "meta": {"has_more": False}}
            first, going = not place.walked, self._step(place, found)
            told = self._tickets(self.api.rows(WHAT, found, "links"))
            place.walked = place.walked or not going
            self._asked = now
            yield page(told, place.cursor(), first_walk=first, last=not going)

    def of(self, number: int) -> tuple[str, ...]:
        """The addresses of the issues that a ticket is linked to; a call. None of them where nobody may see any."""
        what = f"listing the Jira integration's links of ticket {number}"
        try:
            found = self.api.get(what, PATH, {"filter[ticket_id]": number, "page[size]": PER_PAGE}, item=True)
        except (Refused, Gone):  # the check tells of it
            return ()
        return self._addresses(self.api.rows(what, found, "links")).get(number, ())

    def ask(self, after: str | None, size: int = PER_PAGE) -> dict[str, Any]:
        """One page of the list.

        Raises:
            Refused: nobody may see it before an administrator opens it.
        """
        self.api.begin("jira", WHAT, account=2)
        params: dict[str, str | int] = {"page[size]": size, **({"page[after]": after} if after else {})}
        return self.api.get(WHAT, PATH, params, item=True)

    def _step(self, place: Place, found: Row) -> bool:
        meta = found.get("meta")
        more = meta.get("has_more") if isinstance(meta, dict) else None
        after = _cursor(meta.get("after_cursor")) if isinstance(meta, dict) else ""
        if not isinstance(more, bool) or (more and after in ("", place.after)):
            raise Transient(self.api.name, f"{WHAT}: answered something that is not the list")
        place.after = after or place.after
        return more

    def _addresses(self, links: list[Row]) -> dict[int, tuple[str, ...]]:
        """By ticket, each address once."""
        issues: dict[int, list[str]] = {}
        for link in links:
            ticket, key = str(link.get("ticket_id")), link.get("issue_key")
            if ticket.isascii() and ticket.isdecimal() and isinstance(key, str) and key:
                issues.setdefault(int(ticket), []).append(f"{self.site}/browse/{key}")
        return {ticket: tuple(dict.fromkeys(found)) for ticket, found in issues.items()}

    def _tickets(self, links: list[Row]) -> list[Item]:
        issues = self._addresses(links)
        rows = self.reader.rows(sorted(issues))
        view = self.account.view(rows.values())
        told = []
        for number, row in rows.items():
            if items.is_deleted(row):
                continue
            try:
                found = items.item(view, row)
            except ValueError:
                continue  # the other feeds tell of a record that can't be understood
            told.append(replace(found, addresses=issues[number]))
        return told


def _cursor(given: object) -> str:
    """A cursor; the documentation's example shows a whole address in its place."""
    text = given if isinstance(given, str) else ""
    if "://" in text:
        return "".join(parse_qs(urlsplit(text).query).get("page[after]", [])[:1])
    return text
