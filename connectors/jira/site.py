"""What the connectors to a Jira site have in common: one feed for all projects, names, the account."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.jira import items
from connectors.jira.account import Account
from connectors.jira.api import JiraApi, part
from connectors.jira.authors import Authors
from connectors.jira.cursor import Cursor
from connectors.jira.feed import Feed
from connectors.jira.links import RemoteLinks
from connectors.jira.offers import Offers
from connectors.jira.options import SiteOptions
from connectors.jira.trace import Trace
from connectors.jira.urls import KEY, Urls
from connectors.jira.writes import Writer
from syncd.actions import Action, Outcome
from syncd.clock import Clock
from syncd.connector import Connector
from syncd.errors import Gone
from syncd.model import HttpCall, Item, Mention, Page, Ref

AT_ONCE = 50
"""Actions that are written together: on Cloud many that lead to one status take few calls. All of them are in doubt
together, and other lanes wait for them, so not too many."""


class SiteConnector(Connector):
    """One account of a site, and the projects whose issues or requests it follows.

    Args:
        name: the configured connector's name.
        options: its file.
        clock: time.
        issue_type: name of the type that filed issues have; empty: a usual one.
    """

    writer: Writer

    def __init__(self, name: str, options: SiteOptions, clock: Clock, *, issue_type: str = "") -> None:
        super().__init__(name, options, clock)
        self.site = options
        if not options.cloud:  # Data Center has nothing in bulk to write with
            self.capabilities = replace(type(self).capabilities, apply_batch=1)  # type: ignore[misc]  # a class's default
        self.api = JiraApi(name, options.url, options.auth, clock, cloud=options.cloud, proxy=options.proxy)
        self.session = self.api.session
        self.calls = self.session.calls
        self.urls = Urls(options.url, options.web, options.projects)
        self.account = Account(self.api, options.projects, issue_type)
        self.authors = Authors(self.api)
        self.links = RemoteLinks(self.api, wanted=options.remote_links)
        self.trace = Trace(self.api, self.authors)
        self.offers = Offers(clock)

    @abstractmethod
    def asked(self) -> Sequence[str]:
        """The fields that are asked of each in the feed."""

    @abstractmethod
    def listed(self, row: items.Row) -> Item:
        """A record of the feed as an item.

        Raises:
            ValueError: it is none.
        """

    def hear(self, tell: Callable[[HttpCall], None]) -> None:
        """See :class:`syncd.connector.Connector`."""
        self.session.heard = tell

    def sources(self) -> Sequence[str]:
        """One, for all projects: one search asks for all of them."""
        return [",".join(self.site.projects)]

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """See :class:`syncd.connector.Connector`; one page for each page of the API, one call when idle."""
        del source
        walk = Cursor.load(cursor, since or self.start_from)
        return Feed(self.api, scope(self.site), self.asked(), self.listed).pages(walk)

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :class:`syncd.connector.Connector`; one request per note and per transition, one for all fields."""
        return self.writer.apply(actions)

    def marks(self, where: Ref) -> Mapping[str, Sequence[str]]:
        """See :class:`syncd.connector.Connector`: from every comment."""
        return self.trace.marks(where)

    def parse_url(self, text: str) -> Sequence[Mention]:
        """Addresses of what is in the configured projects: pages, boards and queues, and customers' portals."""
        return self.urls.mentions(text)

    def resolve(self, key: str) -> Ref | None:
        """What is behind ``ENG-12``; if it was moved, it is found by its old key."""
        if not KEY.fullmatch(key.strip()):
            return None
        doing = f"reading issue {key.strip()}"
        try:
            row = self.api.record("GET", f"issue/{part(key.strip().upper())}", doing, params={"fields": "id"})
        except Gone:
            self.api.vouch()
            return None
        with self.api.legal(doing):
            return items.ref(self.name, row)

    def resolve_many(self, keys: Sequence[str]) -> Mapping[str, Ref]:
        """See :class:`syncd.connector.Connector`; on Cloud. What was moved comes under its new key, and is left out."""
        asked = {key.strip().upper(): key for key in keys if KEY.fullmatch(key.strip())}
        if not self.api.cloud or not asked:
            return {}
        doing = f"looking up {len(asked)} issues"
        body = {"issueIdsOrKeys": list(asked), "fields": ["summary"]}
        rows = self.api.rows("POST", "issue/bulkfetch", doing, "issues", body=body, write=False)
        with self.api.legal(doing):
            refs = [items.ref(self.name, row) for row in rows]
        return {asked[ref.key.upper()]: ref for ref in refs if ref.key.upper() in asked}

    def statuses(self) -> Mapping[str, str]:
        """``done/Closed`` -> label, of every type in the projects; a call for each project."""
        return self.account.statuses()

    @property
    def ahead(self) -> timedelta | None:
        """See :class:`syncd.connector.Connector`: by the ``Date`` of its answers."""
        return self.session.ahead

    def close(self) -> None:
        """Release the connections."""
        self.api.close()


def scope(options: SiteOptions) -> str:
    """JQL that every item of a configuration matches."""
    keys = ", ".join(f'"{key}"' for key in options.projects)
    return f"project in ({keys})" + (f" AND ({options.jql})" if options.jql else "")
