"""Fresh reads of tickets: two calls for each, and evidence before one is called gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from syncd.errors import ConnectorError, Gone, Refused, Transient
from syncd.model import GoneKind, Item, Ref, Removed
from syncd_zammad import items
from syncd_zammad.api import Row, ZammadApi

_T = TypeVar("_T")

MAX_MERGES = 5
"""So many merges in a row are followed."""


class Reader:
    """Reads one account's tickets; ``web``: the origin of the addresses that people open."""

    def __init__(self, api: ZammadApi, web: str) -> None:
        self.api, self.web = api, web
        self._me: int | None = None

    @property
    def me(self) -> int:
        """Our own user's id (docs.zammad.org, REST API, Users: Me), asked for once."""
        if self._me is None:
            self._me = items.number(self.user())
        return self._me

    def user(self) -> Row:
        """Our own user; one call.

        Raises:
            ConnectorError: it could not be read, or isn't one.
        """
        row = self.api.record("reading our own user", "users/me")
        if not isinstance(row.get("id"), int):
            raise Transient(self.api.name, "reading our own user: the answer is none")
        return row

    def listed(self, row: Row, follow: bool) -> Item:
        """A ticket of a list; one that was merged under its new name, if that is to be followed."""
        found = items.item(self.api.name, self.web, row)
        if not follow or found.status.native != items.MERGED:
            return found
        now = self.entry(found.ref)
        return now if isinstance(now, Item) else found

    def entry(self, ref: Ref) -> Item | Removed | ConnectorError:
        """What there is to say of one ticket.

        Raises:
            Unauthorized, RateLimited, Transient: the whole account can't be read now.
        """
        try:
            return self._read(ref)
        except Refused as error:
            return error
        except (Gone, Transient):
            # Only a look at something else, and a second one at the ticket, tell an outage from one bad ticket.
            self.user()
        try:
            return self._read(ref)
        except Gone:
            return Removed(Ref(ref.connector, ref.id, ref.key), GoneKind.DELETED)
        except (Refused, Transient) as error:
            return error

    def articles(self, ref: Ref) -> list[Row]:
        """Every article of a ticket, oldest first; the answer isn't paged (docs.zammad.org, REST API, Articles)."""
        what = f"listing the articles of ticket {ref.id}"
        path = f"ticket_articles/by_ticket/{number(self.api, ref)}"
        rows = self.api.rows(what, path, {"expand": "true"}, item=True)
        return self._legal(what, lambda: sorted(rows, key=items.number))

    def _read(self, ref: Ref) -> Item:
        row = self._row(ref)
        now = ref
        for _ in range(MAX_MERGES):
            survivor = self._survivor(row)
            if survivor is None:
                break
            try:
                row = self._row(Ref(ref.connector, str(survivor), str(survivor)))
            except Gone:
                break  # deleted since: what was merged is all that is left
            now = Ref(ref.connector, str(survivor), str(survivor))
        articles = self.articles(now)
        me = self.me if articles else 0
        what = f"reading ticket {ref.id}"
        found = self._legal(what, lambda: items.item(self.api.name, self.web, row, articles, me))
        return found if found.ref == ref else replace(found, formerly=ref)

    def _row(self, ref: Ref) -> Row:
        what = f"reading ticket {ref.id}"
        row = self.api.record(what, f"tickets/{number(self.api, ref)}", {"expand": "true"}, item=True)
        if row.get("id") != int(ref.id):
            raise Transient(self.api.name, f"{what}: answered another ticket")
        return row

    def _survivor(self, row: Row) -> int | None:
        """The ticket that this one was merged into: the parent that merging gives it, if it has one parent.

        Links are documented (docs.zammad.org, REST API, Linking Tickets); that merging makes one is in Zammad's source.
        """
        if row.get("state") != items.MERGED:
            return None
        what = f"looking where ticket {row['id']} was merged into"
        found = self.api.record(what, "links", {"link_object": "Ticket", "link_object_value": row["id"]}, item=True)
        links = [one for one in found.get("links") or () if isinstance(one, dict)]
        parents = {one.get("link_object_value") for one in links if one.get("link_type") == "parent"}
        only = parents.pop() if len(parents) == 1 else None
        return only if isinstance(only, int) else None

    def _legal(self, what: str, make: Callable[[], _T]) -> _T:
        try:
            return make()
        except ValueError:
            raise Transient(self.api.name, f"{what}: answered something that is not a ticket") from None


def number(api: ZammadApi, ref: Ref) -> int:
    """A ref's number, for a path.

    Raises:
        Refused: it isn't a ticket's.
    """
    if not (ref.id.isascii() and ref.id.isdecimal()):
        raise Refused(api.name, f"{ref.id[:40]!r} is not the number of a ticket")
    return int(ref.id)
