"""Fresh reads of tickets: up to a hundred in one call, then what was said on each, and whether it is still there.

What was said is listed ticket by ticket, and no field tells who spoke last. So of many the tickets are passed over that
stand as they did when that was read last: ``updated_at`` moves with every comment (Zendesk API docs, Tickets), which is
what a guarded write goes by as well, and was over by a second or more at that read. No text is kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors import records
from connectors.zendesk import items
from connectors.zendesk.account import Account
from connectors.zendesk.answers import Row
from connectors.zendesk.api import ZendeskApi
from connectors.zendesk.onward import PER_PAGE
from syncd.errors import Busy, ConnectorError, Gone, Refused, Transient
from syncd.model import GoneKind, Item, Ref, Removed

CHAIN = 4
"""So many times a ticket is followed that was merged into one that was merged itself."""
REMEMBERED = 2000
HEARD = 20_000
LISTEN_AGAIN = 86_400.0
"""Seconds after which what was said is read anew in any case: who is an agent may have changed."""

Entry = Item | Removed | ConnectorError


@dataclass(frozen=True, slots=True)
class Known:
    """A ticket as a fresh read showed it: what a write compares with."""

    stamp: str
    status: str
    tags: tuple[str, ...] | None = None
    """All of them; None where one more may have come without the stamp showing it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """When a ticket stood so, whether its requester waited for an answer then, and how long that is believed."""

    stamp: str
    waiting: bool
    until: float


class Reader:
    """Reads tickets of one account."""

    def __init__(self, api: ZendeskApi, account: Account) -> None:
        self.api, self.account = api, account
        self.known: OrderedDict[str, Known] = OrderedDict()
        """By the ticket's number, what the latest reads showed; a write takes it out, or puts what it left."""
        self._survivors: dict[int, int] = {}
        self._heard: OrderedDict[str, Heard] = OrderedDict()
        """By the ticket's number, what the latest whole reads heard; no longer of those that may hold more."""

    def fetch(self, refs: Sequence[Ref], *, whole: bool = False) -> dict[Ref, Entry]:
        """See :meth:`syncd.connector.Connector.fetch`; ``whole``: every one with its texts, as one alone always is.

        Raises:
            Unauthorized, RateLimited, Transient: the whole account can't be read now.
        """
        if whole or len(set(refs)) == 1:
            for ref in refs:
                self._heard.pop(ref.id, None)
        numbers = {ref: int(ref.id) for ref in refs if _is_number(ref.id)}
        rows = self.rows(sorted(set(numbers.values())))
        found: dict[Ref, Entry] = {}
        for ref in refs:
            if ref not in found:
                found[ref] = self._entry(ref, numbers[ref], rows) if ref in numbers else self._no_ticket(ref)
        return found

    def rows(self, numbers: Sequence[int]) -> dict[int, Row]:
        """The records of these tickets, of those that a bulk read shows."""
        found: dict[int, Row] = {}
        for start in range(0, len(numbers), PER_PAGE):
            part = numbers[start : start + PER_PAGE]
            what = f"reading ticket {part[0]}" if len(part) == 1 else f"reading {len(part)} tickets"
            found |= {row["id"]: row for row in self.api.show_many(what, part) if row.get("id") in part}
        return found

    def comments(self, number: int) -> list[Row]:
        """Every comment of a ticket; complete, or an error.

        Raises:
            ConnectorError: not all of them could be read.
        """
        what, path = f"listing the notes of ticket {number}", f"tickets/{number}/comments"
        known: dict[str, Row] = {}
        for page in self.api.pages(what, path, "comments", {"include": "users"}):  # who wrote comes along
            known |= {str(row.get("id")): row for row in page}
            self.account.met(self.api.people_beside)
        return list(known.values())

    def survivor(self, number: int) -> int | None:
        """The ticket into which one was merged, where its notes name it; looked for once."""
        if number not in self._survivors:
            said = self.comments(number)
            found = self._named(number, said, self.account.roles(items.authors(said)))
            if found is None:
                return None
        return self._survivors[number]

    def _named(self, number: int, said: Sequence[Row], roles: Mapping[int, str]) -> int | None:
        found = items.survivor(said, number, roles)
        if found is not None:
            self._survivors[number] = found
        return found

    def _entry(self, ref: Ref, number: int, rows: Mapping[int, Row]) -> Entry:
        try:
            return self._read(ref, number, rows.get(number))
        except (Refused, Gone) as error:
            return error
        except Transient:
            # One ticket that can't be shown is no outage, and a moment's failure is neither: only a look at something
            # else, and a second one at the ticket, tell which it was.
            self.account.user()
        try:
            return self._read(ref, number, None)
        except (Refused, Gone) as error:
            return error
        except Transient as error:
            return Busy(self.api.name, error.what, retry_after=error.retry_after)

    def _read(self, ref: Ref, number: int, row: Row | None) -> Item | Removed:
        if row is None:
            try:
                row = self.api.ticket(f"reading ticket {number}", number)
            except Gone:
                # The second look: the bulk read didn't show it either. A page says so only if the API is behind it.
                if self.api.answer is not None and self.api.answer.is_page:
                    self.account.user()
                return Removed(Ref(self.api.name, ref.id, ref.id), GoneKind.DELETED)
        try:
            return self._present(number, row)
        except ValueError:
            self.known.pop(str(number), None)
            raise Transient(self.api.name, f"reading ticket {number}: answered something that is not one") from None

    def _present(self, number: int, row: Row, formerly: Ref | None = None, depth: int = 0) -> Item | Removed:
        """What an answer shows, and what was said on the ticket."""
        now = self.api.time  # before the notes are asked for: those can only be newer
        if records.number(row) != number:
            raise ValueError("another ticket")
        if items.is_deleted(row):
            return items.removed(self.api.name, row)
        heard = self._heard.get(str(number))
        if heard is not None and formerly is None and self._stands(heard, row):
            self.remember(row, settled=True)
            view, cascades = self.account.view([row]), self._cascades(row)
            return items.item(view, row, None, heard.waiting, cascades=cascades)
        view, said = self.account.view([row]), self.comments(number)
        roles = self.account.roles(items.authors(said))
        onward = self._named(number, said, roles) if items.is_merged(row) and depth < CHAIN else None
        if onward is not None:
            try:
                found = self.api.ticket(f"reading ticket {onward}", onward)
                origin = formerly or Ref(self.api.name, str(number), str(number))
                return self._present(onward, found, origin, depth + 1)
            except Gone:
                pass  # what it was merged into is gone: it is told as it stands
        return self.told(view, row, said, now, formerly)

    def told(self, view: items.View, row: Row, said: Sequence[Row], now: datetime, formerly: Ref | None = None) -> Item:
        """A ticket with what was said on it; ``now``: the account's own clock when the ticket was told.

        Raises:
            ValueError: a record isn't a ticket's, or a comment's.
            ConnectorError: what else has to be known could not be read.
        """
        roles = self.account.roles(items.authors(said))
        texts, waiting = items.conversation(said, row.get("requester_id"), self.account.me, roles)
        settled = records.settled(row, now)
        self.remember(row, settled=settled)
        self._hear(row, waiting=waiting, settled=settled)
        cascades = self._cascades(row)
        return items.item(view, row, texts, waiting, cascades=cascades, settled=settled, formerly=formerly)

    def _stands(self, heard: Heard, row: Row) -> bool:
        """Whether nothing can have been said since."""
        return heard.stamp == row.get("updated_at") and self.api.clock.monotonic() < heard.until

    def heard(self, ref: Ref) -> bool:
        """Whether a ticket needs no listing of what was said, as long as it stands as it did."""
        return ref.id in self._heard

    def _hear(self, row: Row, *, waiting: bool, settled: bool) -> None:
        """What a whole read heard. A chat's messages may come without moving a ticket's time."""
        key, stamp = str(row.get("id")), row.get("updated_at")
        self._heard.pop(key, None)
        if settled and isinstance(stamp, str) and not items.is_merged(row) and not row.get("from_messaging_channel"):
            self._heard[key] = Heard(stamp, waiting, self.api.clock.monotonic() + LISTEN_AGAIN)
        while len(self._heard) > HEARD:
            self._heard.popitem(last=False)

    def _cascades(self, row: Row) -> bool:
        return items.may_cascade(row) and self._has_open_incidents(records.number(row))

    def remember(self, row: Row, *, settled: bool) -> None:
        """What a write that comes now may compare with."""
        tags = items.all_tags(row) if settled else None
        key, stamp = str(row.get("id")), row.get("updated_at")
        self.known.pop(key, None)
        if isinstance(stamp, str):
            self.known[key] = Known(stamp, str(row.get("status")), tags)
        while len(self.known) > REMEMBERED:
            self.known.popitem(last=False)

    def _has_open_incidents(self, number: int) -> bool:
        """Zendesk API docs, List incidents: solving the problem would solve those that aren't."""
        pages = self.api.pages(f"listing the incidents of {number}", f"tickets/{number}/incidents", "tickets")
        return any(one.get("status") not in {items.SOLVED, items.CLOSED} for page in pages for one in page)

    def number(self, ref: Ref) -> int:
        """A ref's number, for a path.

        Raises:
            Refused: it isn't a ticket's.
        """
        if not _is_number(ref.id):
            raise self._no_ticket(ref)
        return int(ref.id)

    def _no_ticket(self, ref: Ref) -> Refused:
        return Refused(self.api.name, f"{ref.id[:40]!r} is not the number of a ticket")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < len(text) < 20
