"""The contract of :mod:`syncd.connector`, met by the issues of a Jira site's projects, on Cloud or Data Center."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from connectors.jira import items
from connectors.jira.account import Account
from connectors.jira.api import JiraApi, part
from connectors.jira.authors import Authors
from connectors.jira.checks import Checks
from connectors.jira.cursor import Cursor
from connectors.jira.feed import Feed
from connectors.jira.items import FIELDS, Reading
from connectors.jira.links import RemoteLinks
from connectors.jira.options import JiraOptions, SiteOptions
from connectors.jira.reads import BATCH, Reader
from connectors.jira.trace import Trace
from connectors.jira.urls import KEY, Urls
from connectors.jira.writes import Writer
from syncd.clock import Clock
from syncd.connector import Capabilities, Connector, ConnectorOptions
from syncd.errors import ConnectorError, Gone, Problem
from syncd.model import (
    Action,
    Audience,
    Draft,
    HttpCall,
    Item,
    Mention,
    Outcome,
    Page,
    Ref,
    Removed,
    Role,
    Status,
    Text,
)

CREATED = "new"
"""The kind of status that new issues have; which one, the answer to a create doesn't tell."""


class JiraConnector(Connector):
    """Issues of the configured projects, as tracker."""

    Options: ClassVar[type[ConnectorOptions]] = JiraOptions
    capabilities: ClassVar[Capabilities] = Capabilities(
        roles=frozenset({Role.TRACKER}),
        fetch_batch=BATCH,
        sets_fields=True,
        sets_tags=True,
        feed_texts=True,
        notes_hold_links=True,
        attribution=True,
        probe="search",
    )

    def __init__(self, name: str, options: JiraOptions, clock: Clock) -> None:
        super().__init__(name, options, clock)
        self.options = options
        self.api = api_of(name, options, clock)
        self.session = self.api.session
        self.calls = self.session.calls
        self.urls = Urls(options.url, options.web, options.projects)
        self.account = Account(self.api, options.projects, options.issue_type or "")
        self.authors = Authors(self.api)
        self.links = RemoteLinks(self.api, clock, wanted=options.remote_links)
        self.reader = Reader(self.api, FIELDS, self._of_many, self._whole, more=["comment"])
        self.writer = Writer(self.api, self.account)
        self.trace = Trace(self.api, self.authors)

    def hear(self, tell: Callable[[HttpCall], None]) -> None:
        """See :class:`syncd.connector.Connector`."""
        self.session.heard = tell

    # --- reading ---

    def sources(self) -> Sequence[str]:
        """One, for all projects: one search asks for all of them."""
        return [",".join(self.options.projects)]

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """See :class:`syncd.connector.Connector`; one page for each page of the API, one call when idle."""
        del source
        walk = Cursor.load(cursor, since or self.start_from)
        return Feed(self.api, scope(self.options), FIELDS, self._listed).pages(walk)

    def fetch(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`syncd.connector.Connector`; a call for a hundred issues.

        One issue alone is read with its comments, its changelog, and its remote links (a second call, once in a
        quarter of an hour); of many, those have their remote links read that the feed has told of since.
        """
        return self.reader.fetch(refs)

    # --- writing ---

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :class:`syncd.connector.Connector`; one request per note and per transition, one for all fields."""
        return self.writer.apply(actions)

    def create(self, draft: Draft) -> Item:
        """See :class:`syncd.connector.Connector`; of its status only the kind is known until it is read."""
        asked = self.api.time().replace(microsecond=0) - timedelta(seconds=1)
        made = self.writer.create(draft)
        with self.api.legal(f"filing an issue in {draft.place}", write=True):
            ref = items.ref(self.name, made)
        return Item(
            ref=ref,
            url=f"{self.options.web}/browse/{ref.key}",
            status=Status(CREATED),
            version=f"{asked:%Y-%m-%dT%H:%M:%S}.000Z",
            created_at=asked,
            audience=Audience(self.options.audience),
            whole=False,
        )

    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        """See :class:`syncd.connector.Connector`: from every comment of an issue; in a project, by the search index."""
        del since
        return self.trace.comment(marker, where) if isinstance(where, Ref) else self.trace.issue(marker, where)

    def marks(self, where: Ref) -> Mapping[str, Sequence[str]]:
        """See :class:`syncd.connector.Connector`: from every comment on the issue."""
        return self.trace.marks(where)

    # --- names ---

    def parse_url(self, text: str) -> Sequence[Mention]:
        """Addresses of issues of the configured projects: their pages, and boards that show them."""
        return self.urls.mentions(text)

    def resolve(self, key: str) -> Ref | None:
        """The issue behind ``ENG-12``; one that was moved is found by its old key."""
        if not KEY.fullmatch(key.strip()):
            return None
        doing = f"reading issue {key.strip()}"
        try:
            row = self.api.record("GET", f"issue/{part(key.strip().upper())}", doing, params={"fields": "id"})
        except Gone:
            self.api.prove()
            return None
        with self.api.legal(doing):
            return items.ref(self.name, row)

    def statuses(self) -> Mapping[str, str]:
        """``done/Closed`` -> label, of every type of issue in the projects; a call for each project."""
        return self.account.statuses()

    def check(self) -> Sequence[Problem]:
        """Account, clock, projects and rights, the restriction, what can be filed; three or four calls per project."""
        return tuple(Checks(self.api, self.account, self.options).problems())

    @property
    def ahead(self) -> timedelta | None:
        """See :class:`syncd.connector.Connector`: by the ``Date`` of its answers."""
        return self.session.ahead

    def close(self) -> None:
        """Release the connections."""
        self.api.close()

    # --- inside ---

    def _reading(self) -> Reading:
        return Reading(self.name, self.authors, self.options.web, Audience(self.options.audience))

    def _listed(self, row: items.Row) -> Item:
        """As the feed shows it."""
        return self._reading().item(row, addresses=self.links.without(row))

    def _of_many(self, row: items.Row) -> Item:
        """As a bulk read shows it."""
        return self._reading().item(row, addresses=self.links.of_many(row))

    def _whole(self, row: items.Row) -> Item:
        """As a single read shows it."""
        reading = self._reading()
        log = row.get("changelog")
        mover = items.mover(items.listed(log, "histories")) if isinstance(log, dict) else None
        addresses = self.links.of(row)
        return reading.item(row, notes=self._comments(row, reading), addresses=addresses, mover=mover)

    def _comments(self, row: items.Row, reading: Reading) -> list[Text]:
        """Those that the answer holds; where it holds only some, the newest hundred."""
        page = items.fields_of(row).get("comment")
        rows = items.listed(page, "comments") if isinstance(page, dict) else []
        if isinstance(page, dict) and isinstance(page.get("total"), int) and page["total"] > len(rows):
            rows = list(self.trace.newest(items.ref(self.name, row)))[::-1]
        return [reading.comment(one) for one in rows if isinstance(one, dict)]


def api_of(name: str, options: SiteOptions, clock: Clock) -> JiraApi:
    """The account that a configuration names."""
    return JiraApi(name, options.url, options.auth, clock, cloud=options.cloud, proxy=options.proxy)


def scope(options: SiteOptions) -> str:
    """JQL that every item of a configuration matches."""
    keys = ", ".join(f'"{key}"' for key in options.projects)
    return f"project in ({keys})" + (f" AND ({options.jql})" if options.jql else "")
