"""The contract of :mod:`syncd.connector`, met by a Zendesk account (Support API v2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from connectors.zendesk import bodies
from connectors.zendesk.account import Account
from connectors.zendesk.answers import Row
from connectors.zendesk.api import ZendeskApi
from connectors.zendesk.batch import Writer
from connectors.zendesk.checks import Checks
from connectors.zendesk.credentials import credential
from connectors.zendesk.details import Details
from connectors.zendesk.export import Export
from connectors.zendesk.fresh import Fresh
from connectors.zendesk.jira import JiraLinks
from connectors.zendesk.news import News
from connectors.zendesk.options import ZendeskOptions
from connectors.zendesk.reads import Reader
from connectors.zendesk.urls import Urls
from connectors.zendesk.writes import Single
from syncd import marker
from syncd.actions import Action, Outcome
from syncd.clock import Clock
from syncd.connector import Capabilities, Connector, ConnectorOptions
from syncd.details import Detail
from syncd.errors import ConnectorError, Problem, Refused, Transient
from syncd.model import HttpCall, Item, Mention, Page, Ref, Removed, Role

BATCH = 25
"""Tickets that one read takes at best: a call for all, and one for each one's notes. A larger share of a minute's
calls would leave little to people."""


class ZendeskConnector(Connector):
    """One Zendesk account, as helpdesk."""

    Options: ClassVar[type[ConnectorOptions]] = ZendeskOptions
    capabilities: ClassVar[Capabilities] = Capabilities(
        roles=frozenset({Role.HELPDESK}),
        fetch_batch=BATCH,
        apply_batch=100,
        status_with_notes=True,
        sets_fields=True,
        sets_tags=True,
        internal_notes=True,
        notes_hold_links=True,
        probe="listing",
        can_create=False,
        keys_are_ids=True,
        details=True,
    )

    def __init__(self, name: str, options: ZendeskOptions, clock: Clock) -> None:
        super().__init__(name, options, clock)
        known = credential(options, clock)
        self.api = ZendeskApi(name, options.url, known, clock, options.headroom, proxy=options.proxy)
        self.session = self.api.session
        self.calls = self.session.calls
        self.urls = Urls(options.url, options.web_url, options.portal_hosts)
        self.account = Account(self.api, self.urls.web)
        self.reader = Reader(self.api, self.account)
        self.details = Details(self.api, self.account, self.reader)
        self.writer = Writer(Single(self.api, self.account, self.reader))
        news = News(self.api, self.account, self.reader)
        self.export = Export(self.api, news, options.exports_per_minute)
        self.fresh = Fresh(self.api, news)
        self.jira = JiraLinks(self.api, self.account, self.reader, options.jira_url) if options.jira_url else None
        self._checks = Checks(self.api, self.account, self.jira)

    def hear(self, tell: Callable[[HttpCall], None]) -> None:
        """See :class:`syncd.connector.Connector`."""
        self.session.heard = tell

    # --- reading ---

    def sources(self) -> Sequence[str]:
        """The export: the truth, a minute late; a glance at the latest changes; the Jira integration's links."""
        return ("export", "fresh", "jira_links") if self.jira else ("export", "fresh")

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """See :class:`syncd.connector.Connector`; one page for each page of the API, one call at most when idle."""
        since = since or self.start_from
        if source == "export":
            return self.export.pages(cursor, since)
        if source == "jira_links" and self.jira is not None:
            return self.jira.pages(cursor)
        return self.fresh.pages(cursor, since)

    def fetch(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`syncd.connector.Connector`; a call for a hundred tickets, and one for each one's notes.

        Of several those cost none, and come without texts, that stand as they did when their notes were read last.

        Raises:
            RateLimited: also where nothing is to be begun because the rest of the minute is left to people.
        """
        self._begin(refs, 1 if len(refs) == 1 else sum(not self.reader.heard(ref) for ref in refs))
        return self.reader.fetch(refs)

    def _begin(self, refs: Sequence[Ref], notes: int) -> None:
        what = f"reading ticket {refs[0].id}" if len(refs) == 1 else f"reading {len(refs)} tickets"
        self.api.begin("fetch", what, account=notes + 1)

    def explore(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`syncd.connector.Connector`; a call more per ticket where Zendesk's Jira integration is in use.

        Its list tells of a link once; should its issue not be found at that moment, this is where it is met again.
        """
        self._begin(refs, len(refs))
        found = self.reader.fetch(refs, whole=True)
        if self.jira is None:
            return found
        return {ref: _with_links(one, self.jira) if isinstance(one, Item) else one for ref, one in found.items()}

    def detail(self, ref: Ref) -> Detail:
        """See :class:`syncd.connector.Connector`; two calls: the ticket with those it names, and what was said on it.

        A call more for the requester's organizations, and one where these are several, once an hour each. A ticket that
        was merged into another is told as Gone: the other one is filed.
        """
        return self.details.detail(ref)

    # --- writing ---

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :class:`syncd.connector.Connector`; a call for a status with its note, a job for many."""
        return self.writer.apply(actions)

    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        """The id of our own note with this marker, from a full listing of the ticket's notes.

        Raises:
            ConnectorError: the look was not complete; Gone where the ticket isn't there.
        """
        del since  # every note of the ticket is looked at
        if not isinstance(where, Ref):
            raise Refused(self.name, "looking for a ticket of ours: syncd makes none")
        return next((key for key, text in self._own(where) if marker in text), None)

    def marks(self, where: Ref) -> Mapping[str, Sequence[str]]:
        """See :class:`syncd.connector.Connector`: from a full listing of the ticket's notes."""
        found = dict[str, list[str]]()
        for key, text in self._own(where):
            for mark in dict.fromkeys(one[0] for one in marker.PATTERN.finditer(text)):
                found.setdefault(mark, []).append(key)
        return found

    def _own(self, where: Ref) -> list[tuple[str, str]]:
        """Our own notes on a ticket: id and text, in each of the forms that it is told in."""
        number = self.reader.number(where)
        self.api.begin("find", f"looking for our notes on ticket {number}", account=1)
        me = self.account.me
        return [(str(row.get("id")), _whole(row)) for row in self.reader.comments(number) if row.get("author_id") == me]

    # --- names ---

    def parse_url(self, text: str) -> Sequence[Mention]:
        """Addresses in the agents' pages, old and new, in customers' portals, and of the API."""
        return self.urls.mentions(text)

    def resolve(self, key: str) -> Ref | None:
        """A ticket's key is its number: no call."""
        digits = key.strip().lstrip("#").lstrip("0")
        return Ref(self.name, digits, digits) if digits.isascii() and digits.isdecimal() else None

    def statuses(self) -> Mapping[str, str]:
        """Category, or category and custom status, -> label that agents see; one call."""
        return self.account.statuses()

    def check(self) -> Sequence[Problem]:
        """Credential, role, scope, export, statuses, fields and the Jira integration; one call each."""
        return tuple(self._checks.problems())

    def check_writing(self) -> Sequence[Problem]:
        """Whether the scope that the file names allows it."""
        return tuple(self._checks.writing())

    def lacks(self, fields: Sequence[str], *, read: bool = False) -> Sequence[str]:
        """See :class:`syncd.connector.Connector`: set by id, what every ticket has by its name; read by title, too."""
        known = self.account.fields
        named = set(known.titles.values()) if read else bodies.PLAIN
        return [one for one in fields if known.known and one not in named and not known.has(one)]

    @property
    def ahead(self) -> timedelta | None:
        """See :class:`syncd.connector.Connector`: by the ``Date`` of its answers."""
        return self.session.ahead

    def close(self) -> None:
        """Release the connections."""
        self.session.close()


def _whole(row: Row) -> str:
    """Markup can split a text, and text can lose an address: all forms."""
    return "\n".join(str(row.get(key) or "") for key in ("plain_body", "body", "html_body"))


def _with_links(item: Item, links: JiraLinks) -> Item | ConnectorError:
    """A ticket with what the integration keeps of it; one whose links can't be read now is to be read again."""
    try:
        return replace(item, addresses=links.of(int(item.ref.id)))
    except Transient as error:
        return error
