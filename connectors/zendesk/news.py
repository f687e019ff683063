"""What a row of a feed tells, whichever feed it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from connectors import records
from connectors.zendesk import items
from connectors.zendesk.account import Account
from connectors.zendesk.answers import Row
from connectors.zendesk.api import ZendeskApi
from connectors.zendesk.reads import Reader
from syncd.errors import ConnectorError, Transient
from syncd.model import Item, Page, Ref, Removed, Unreadable

Told = Item | Removed | Unreadable
_SHOWN = ("updated_at", "status", "custom_status_id", "tags", "custom_fields", "group_id", "assignee_id")


class News:
    """Reads rows of an account's feeds.

    Args:
        api: the account.
        account: what it has.
        reader: for what a merged ticket goes on as.
    """

    def __init__(self, api: ZendeskApi, account: Account, reader: Reader) -> None:
        self.api, self.account, self.reader = api, account, reader

    def told(self, what: str, rows: Sequence[Row], *, first: bool) -> list[Told]:
        """What each row tells; ``first``: on a first walk a merged ticket is told as it stands, for no further call.

        Raises:
            Transient: one of them can't even be told from the others.
        """
        try:
            return [self._told(row, first=first) for row in rows]
        except ValueError:
            raise Transient(self.api.name, f"{what}: answered something that is not a ticket list") from None

    def _told(self, row: Row, *, first: bool) -> Told:
        try:
            if items.is_deleted(row):
                return items.removed(self.api.name, row)
            if items.is_merged(row) and not first:
                return self._onward(row)
            return items.item(self.account.view([row]), row)
        except ValueError as error:
            return items.unreadable(self.api.name, row, str(error))

    def _onward(self, row: Row) -> Item:
        """The ticket that goes on in a merged one's place, two calls for each; itself, where that can't be learnt."""
        number = records.number(row)
        as_it_stands = items.item(self.account.view([row]), row)
        try:
            self.api.begin("merged", f"reading merged ticket {number}", account=2)
            onward = self.reader.survivor(number)
            found = self.api.ticket(f"reading ticket {onward}", onward) if onward is not None else None
        except ConnectorError:
            return as_it_stands
        if found is None or items.is_deleted(found):
            return as_it_stands
        key = str(number)
        return items.item(self.account.view([found]), found, formerly=Ref(self.api.name, key, key))


def page(told: Sequence[Told], cursor: str, *, first_walk: bool, last: bool) -> Page:
    """A page of a feed."""
    return Page(
        tuple(one for one in told if isinstance(one, Item)),
        cursor,
        tuple(one for one in told if isinstance(one, Removed)),
        tuple(one for one in told if isinstance(one, Unreadable)),
        first_walk=first_walk,
        last=last,
    )


def digest(row: Row) -> str:
    """Changes with what a row shows, though its time, in whole seconds, may not."""
    parts = [row.get(key) for key in _SHOWN]
    return hashlib.blake2s(json.dumps(parts, default=str).encode(), digest_size=4).hexdigest()
