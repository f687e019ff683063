"""The contract of :mod:`syncd.connector`, met by a Freshdesk account (API v2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from connectors import records
from connectors.freshdesk.account import Account
from connectors.freshdesk.api import FreshdeskApi
from connectors.freshdesk.details import Details
from connectors.freshdesk.feed import KINDS, Feed, Walk
from connectors.freshdesk.forms import Forms
from connectors.freshdesk.hours import Hours
from connectors.freshdesk.reads import READ_PRICE, Reader
from connectors.freshdesk.urls import Urls
from connectors.freshdesk.writes import Writer
from syncd import marker
from syncd.actions import Action, Outcome
from syncd.clock import Clock
from syncd.connector import Capabilities, Connector, ConnectorOptions, Secret
from syncd.details import Detail, Spent
from syncd.errors import ConnectorError, Problem, Refused
from syncd.model import HttpCall, Item, Mention, Page, Ref, Removed, Role


class FreshdeskOptions(ConnectorOptions):
    """``connectors/NAME.toml`` of a Freshdesk account."""

    api_key: Secret
    """An agent's API key. What it reads and writes is what that agent may read and write."""
    portal_hosts: list[str] = Field(default_factory=list)
    """Other hosts under which people see the same tickets (a portal with its own domain)."""

    @field_validator("url")
    @classmethod
    def _origin_only(cls, url: str) -> str:
        if "/api/v2" in urlsplit(url).path:
            raise ValueError("leave /api/v2 out of the url: it is added")
        return url


class FreshdeskConnector(Connector):
    """One Freshdesk account, as helpdesk."""

    Options: ClassVar[type[ConnectorOptions]] = FreshdeskOptions
    capabilities: ClassVar[Capabilities] = Capabilities(
        roles=frozenset({Role.HELPDESK}),
        fetch_batch=1,
        sets_fields=True,
        sets_tags=True,
        internal_notes=True,
        notes_hold_links=True,
        probe="listing",
        can_create=False,
        keys_are_ids=True,
        details=True,
        edits_notes=True,
        time_entries=True,
    )

    def __init__(self, name: str, options: FreshdeskOptions, clock: Clock) -> None:
        super().__init__(name, options, clock)
        key = options.api_key.get_secret_value()
        self.api = FreshdeskApi(name, options.url, key, clock, options.headroom, proxy=options.proxy)
        self.session = self.api.session
        self.calls = self.session.calls
        self.urls = Urls(options.url, options.web_url, options.portal_hosts)
        self.account = Account(self.api)
        self.forms = Forms(self.api)
        self.reader = Reader(self.api, self.account, self.forms, self.urls.web)
        self.details = Details(self.api, self.reader, self.forms)
        self.hours = Hours(self.api, self.details)
        self.writer = Writer(self.api, self.reader)

    def hear(self, tell: Callable[[HttpCall], None]) -> None:
        """See :class:`syncd.connector.Connector`."""
        self.session.heard = tell

    # --- reading ---

    def sources(self) -> Sequence[str]:
        """The plain list, and the two views that hold what it leaves out."""
        return tuple(KINDS)

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """See :class:`syncd.connector.Connector`; one page for each page of the API, one call when idle."""
        feed = Feed(self.api, self.clock, source, self.reader.listed)
        return feed.pages(Walk.begin(cursor, since or self.start_from))

    def fetch(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`syncd.connector.Connector`; one call per ticket with fewer than ten conversations.

        Raises:
            RateLimited: also where nothing is to be begun because the rest of the minute is left to people.
        """
        what = f"reading ticket {refs[0].id}" if len(refs) == 1 else f"reading {len(refs)} tickets"
        self.api.begin("fetch", what, READ_PRICE * len(refs))
        return {ref: self.reader.entry(ref) for ref in refs}

    def detail(self, ref: Ref) -> Detail:
        """See :class:`syncd.connector.Connector`; one call, as long as the ticket has fewer than ten conversations.

        A call more for the requester, for each of the companies, and for the ticket fields, once an hour each. An
        archived ticket is told as Gone: nothing is filed for it any more.
        """
        return self.details.detail(ref)

    def time_spent(self, since: datetime, until: datetime) -> Sequence[Spent]:
        """See :class:`syncd.connector.Connector`; one call for a hundred entries, and one for each company."""
        return self.hours.spent(since, until)

    # --- writing ---

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :class:`syncd.connector.Connector`; one request per note and one per status.

        Public notes are replies, which are mailed to the requester and to their copies; they can't be changed.
        """
        return self.writer.apply(actions)

    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        """The id of our own note with this marker, from a full listing of the ticket's conversations.

        Raises:
            ConnectorError: the look was not complete; Gone where the ticket isn't there.
        """
        del since  # every note of the ticket is looked at
        if not isinstance(where, Ref):
            raise Refused(self.name, "looking for a ticket of ours: syncd makes none")
        self.api.begin("find", f"looking for a note on ticket {where.id}", 1)
        me = self.account.me
        for row in self.reader.conversations(where):
            # Markup can split a text, and text can lose an address: look at both forms.
            if row.get("user_id") == me and any(marker in str(row.get(key)) for key in ("body_text", "body")):
                return str(records.number(row))
        return None

    def marks(self, where: Ref) -> Mapping[str, Sequence[str]]:
        """See :class:`syncd.connector.Connector`: from a full listing of the ticket's conversations."""
        self.api.begin("find", f"looking for our notes on ticket {where.id}", 1)
        me, found = self.account.me, dict[str, list[str]]()
        for row in self.reader.conversations(where):
            if row.get("user_id") == me:  # markup can split a text, and text can lose an address: look at both forms
                text = f"{row.get('body_text')}\n{row.get('body')}"
                for mark in dict.fromkeys(one[0] for one in marker.PATTERN.finditer(text)):
                    found.setdefault(mark, []).append(str(records.number(row)))
        return found

    # --- names ---

    def parse_url(self, text: str) -> Sequence[Mention]:
        """Addresses in the agent portal, old and new, and in customers' portals."""
        return self.urls.mentions(text)

    def resolve(self, key: str) -> Ref | None:
        """A ticket's key is its number: no call."""
        digits = key.strip().lstrip("#").lstrip("0")
        return Ref(self.name, digits, digits) if digits.isascii() and digits.isdecimal() else None

    def statuses(self) -> Mapping[str, str]:
        """Code -> label that agents see; one call."""
        return self.account.statuses()

    def check(self) -> Sequence[Problem]:
        """Key, scope, address, statuses and fields that stand in the way of resolving; two calls."""
        return tuple(self.account.problems())

    def lacks(self, fields: Sequence[str], *, read: bool = False) -> Sequence[str]:
        """See :class:`syncd.connector.Connector`: by the name of a field of the account's own, such as ``cf_issue``."""
        return self.account.lacks(fields, read=read) if fields else ()

    @property
    def ahead(self) -> timedelta | None:
        """See :class:`syncd.connector.Connector`: by the ``Date`` of its answers."""
        return self.session.ahead

    def close(self) -> None:
        """Release the connections."""
        self.session.close()
