"""Fresh reads of single tickets: the ticket, what was said on it, and whether it is still there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from connectors import records
from connectors.freshdesk import items
from connectors.freshdesk.account import Account
from connectors.freshdesk.api import LAST_PAGE, PER_PAGE, FreshdeskApi
from connectors.freshdesk.forms import Forms
from syncd.errors import Busy, ConnectorError, Gone, Refused, Transient
from syncd.model import GoneKind, Item, Ref, Removed

EMBEDDED = 10
"""A ticket carries at most so many of its conversations (Freshdesk API docs, View a ticket)."""


READ_PRICE = 2
"""Calls that one read counts for: a single read costs one more for what it includes (Freshdesk API docs, Embedding)."""
MAX_KNOWN = 10_000
"""Tickets whose tags are kept between a read and the write that follows it."""
_T = TypeVar("_T")


class Reader:
    """Reads tickets of one account.

    Args:
        api: the account.
        account: who we are there.
        forms: what fields and groups are called.
        web: origin of the agent portal.
    """

    def __init__(self, api: FreshdeskApi, account: Account, forms: Forms, web: str) -> None:
        self.api, self.account, self.forms, self.web = api, account, forms, web
        self._tags: dict[str, tuple[str, ...]] = {}

    def tags(self, ref: Ref) -> tuple[str, ...]:
        """The tags of a ticket as they were read last, which is just before it is written to; else by one call.

        Raises:
            ConnectorError: they could not be read.
        """
        if ref.id not in self._tags:
            what = f"reading the tags of ticket {ref.id}"
            self.knows(ref.id, self.api.record(what, f"tickets/{number(self.api, ref)}", item=True))
        return self._tags[ref.id]

    def knows(self, ticket: str, row: items.Row) -> None:
        """An answer that shows the ticket."""
        self._tags.pop(ticket, None)
        if len(self._tags) >= MAX_KNOWN:
            self._tags.pop(next(iter(self._tags)))
        self._tags[ticket] = items.tags(row)

    def listed(self, row: items.Row) -> Item:
        """A ticket as a list shows it; a call where the form isn't known.

        Raises:
            ValueError: the record isn't a ticket's.
            ConnectorError: the form could not be read.
        """
        return items.item(self.api.name, self.web, row, form=self.forms.of(row))

    def entry(self, ref: Ref) -> Item | Removed | ConnectorError:
        """What there is to say of one ticket.

        Raises:
            Unauthorized, RateLimited, Transient: the whole account can't be read now.
        """
        try:
            return self._read(ref)
        except (Refused, Gone) as error:
            return error
        except Transient:
            # One ticket that can't be shown is no outage, and a moment's failure is neither: only a look at something
            # else, and a second one at the ticket, tell which it was.
            self.account.agent()
        try:
            return self._read(ref)
        except (Refused, Gone) as error:
            return error
        except Transient as error:
            return Busy(self.api.name, error.what, retry_after=error.retry_after)

    def conversations(self, ref: Ref) -> Iterator[dict[str, Any]]:
        """Every note and reply on a ticket, by pages of 100; ends only when all were seen.

        Raises:
            ConnectorError: not all of them could be read.
        """
        what, path = f"listing the notes of ticket {ref.id}", f"tickets/{number(self.api, ref)}/conversations"
        known: set[str] = set()
        for page in range(1, LAST_PAGE + 1):
            rows = self.api.rows(what, path, {"per_page": PER_PAGE, "page": page}, item=True)
            more = self.api.more or len(rows) >= PER_PAGE
            new = [row for row in rows if str(row.get("id")) not in known]
            known.update(str(row.get("id")) for row in new)
            yield from new
            if not more or not rows:
                return
            if not new:
                break
        raise Transient(self.api.name, f"{what}: the pages don't end")

    def _read(self, ref: Ref) -> Item | Removed:
        what, path = f"reading ticket {ref.id}", f"tickets/{number(self.api, ref)}"
        try:
            row = self.api.record(what, path, {"include": "conversations"}, item=True)
        except Gone:
            return self._absent(ref, what, path)
        except Transient as error:
            if not 300 <= self.api.status < 400:
                raise
            # What an archived ticket's address answers isn't documented; a redirect would be one way.
            return self._archived(ref) or _raise(error)
        return self._legal(what, lambda: self.present(ref, row)[0])

    def present(self, ref: Ref, row: dict[str, Any]) -> tuple[Item | Removed, list[dict[str, Any]]]:
        """What the latest answer shows, and the notes that it doesn't; with every conversation as it was told.

        Raises:
            ValueError: the record isn't this ticket's.
            ConnectorError: the notes could not be read.
        """
        now = self.api.time  # before the notes are asked for: those can only be newer
        self._same(ref, row)
        self.knows(ref.id, row)
        kind = items.gone(row)
        if kind is not None:
            return items.removed(self.api.name, row, kind), []
        said = row.get("conversations")
        if not isinstance(said, list) or len(said) >= EMBEDDED or not all(isinstance(one, dict) for one in said):
            said = list(self.conversations(ref))
        texts, waiting = items.conversation(said, self.account.me if said else 0)
        settled = records.settled(row, now)
        told, form = (items.description(row), *texts), self.forms.of(row)
        return items.item(self.api.name, self.web, row, told, waiting, form=form, settled=settled), said

    def _absent(self, ref: Ref, what: str, path: str) -> Item | Removed:
        """A 404: archived, or gone if a second look finds nothing either."""
        found = self._archived(ref)
        if found is not None:
            return found
        try:
            row = self.api.record(what, path, {"include": "conversations"}, item=True)
        except Gone:
            if self.api.was_page:
                self.account.agent()  # a page said so: believe it only if the API is there behind it
            return Removed(Ref(self.api.name, ref.id, ref.id), GoneKind.DELETED)
        return self._legal(what, lambda: self.present(ref, row)[0])

    def _archived(self, ref: Ref) -> Item | None:
        """A ticket that was closed long ago (Freshdesk API docs, View an archived ticket); its notes aren't read."""
        what = f"reading ticket {ref.id} in the archive"
        try:
            row = self.api.record(what, f"tickets/archived/{number(self.api, ref)}", item=True)
        except Gone:
            return None
        return self._legal(what, lambda: self._final(ref, row))

    def _final(self, ref: Ref, row: dict[str, Any]) -> Item:
        self._same(ref, row)
        row, form = {**row, "archived": True}, self.forms.of(row)
        return items.item(self.api.name, self.web, row, (items.description(row),), form=form)

    def _same(self, ref: Ref, row: dict[str, Any]) -> None:
        if records.number(row) != int(ref.id):
            raise ValueError("another ticket")

    def _legal(self, what: str, make: Callable[[], _T]) -> _T:
        try:
            return make()
        except ValueError:
            raise Transient(self.api.name, f"{what}: answered something that is not a ticket") from None


def number(api: FreshdeskApi, ref: Ref) -> int:
    """A ref's number, for a path.

    Raises:
        Refused: it isn't a ticket's.
    """
    if not (ref.id.isascii() and ref.id.isdecimal()):
        raise Refused(api.name, f"{ref.id[:40]!r} is not the number of a ticket")
    return int(ref.id)


def _raise(error: ConnectorError) -> Item:
    raise error
