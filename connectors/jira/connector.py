"""The contract of :mod:`syncd.connector`, met by the issues of a Jira site's projects, on Cloud or Data Center."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from connectors.jira import items
from connectors.jira.checks import Checks
from connectors.jira.filing import Filing
from connectors.jira.items import FIELDS, Reading
from connectors.jira.options import JiraOptions
from connectors.jira.reads import BATCH, Reader
from connectors.jira.site import AT_ONCE, SiteConnector
from connectors.jira.writes import Writer
from syncd.actions import Board, Created, Draft
from syncd.clock import Clock
from syncd.connector import Capabilities, ConnectorOptions
from syncd.errors import ConnectorError, Problem, Refused
from syncd.model import Audience, Item, Ref, Removed, Role, Status, Text

SAID = "comment"
"""The field that holds the comments."""
EXPLORED = 25
"""Issues that are read in one call with their comments: an answer has to stay within bounds."""
CREATED = "new"
"""The kind of status that new issues have; which one, the answer to a create doesn't tell."""


class JiraConnector(SiteConnector):
    """Issues of the configured projects, as tracker."""

    Options: ClassVar[type[ConnectorOptions]] = JiraOptions
    capabilities: ClassVar[Capabilities] = Capabilities(
        roles=frozenset({Role.TRACKER}),
        fetch_batch=BATCH,
        apply_batch=AT_ONCE,
        sets_fields=True,
        sets_tags=True,
        keeps_links=True,
        feed_texts=True,
        notes_hold_links=True,
        attribution=True,
        resolve_batch=BATCH,
        probe="search",
        edits_notes=True,
    )

    def __init__(self, name: str, options: JiraOptions, clock: Clock) -> None:
        super().__init__(name, options, clock, issue_type=options.issue_type or "")
        self.options = options
        self.reader = Reader(self.api, FIELDS, self._read, more=[SAID], offers=self.offers)
        self.explorer = Reader(self.api, [*FIELDS, SAID], self._explored, batch=EXPLORED)
        self.writer = Writer(self.api, self.account, self.offers)
        self.filing = Filing(self.api, self.account, Audience(options.audience))

    # --- reading ---

    def asked(self) -> Sequence[str]:
        """See :class:`SiteConnector`."""
        return FIELDS

    def listed(self, row: items.Row) -> Item:
        """See :class:`SiteConnector`."""
        return self._read(row)

    def fetch(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`syncd.connector.Connector`; a call for a hundred issues. One alone is read with its comments."""
        return self.reader.fetch(refs)

    def explore(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`syncd.connector.Connector`; with comments and remote links, which are a call for each issue."""
        return self.explorer.fetch(refs)

    # --- writing ---

    def create(self, draft: Draft) -> Created:
        """See :class:`syncd.connector.Connector`; of its status only the kind is known until it is read."""
        asked = self.api.time().replace(microsecond=0) - timedelta(seconds=1)
        made = self.filing.create(draft)
        with self.api.legal(f"filing an issue in {draft.place}", write=True):
            ref = items.ref(self.name, made)
        item = Item(
            ref=ref,
            url=f"{self.options.web}/browse/{ref.key}",
            status=Status(CREATED),
            version=f"{asked:%Y-%m-%dT%H:%M:%S}.000Z",
            created_at=asked,
            audience=Audience(self.options.audience),
            whole=False,
        )
        return Created(item)

    def check_filing(self, drafts: Sequence[Draft], boards: Sequence[Board]) -> Sequence[Problem]:
        """See :class:`syncd.connector.Connector`; two calls for each project and type, one for each assignee."""
        boardless = f"{self.name} has no boards that syncd puts issues on"
        found = [Problem(f"{self.name}: {one.name}", boardless, "Take it out of the playbook") for one in boards]
        return (*self.filing.problems(drafts), *found)

    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        """See :class:`syncd.connector.Connector`: from every comment of an issue; in a project, by the search index."""
        del since
        return self.trace.comment(marker, where) if isinstance(where, Ref) else self.trace.issue(marker, where)

    def audience(self, place: str) -> Audience:
        """As the config says: Jira's API tells of no project who can read it."""
        if self.account.project(place) is None:
            raise Refused(self.name, f"the project {place} isn't one of those configured")
        return Audience(self.options.audience)

    def check(self) -> Sequence[Problem]:
        """Account, clock, projects and rights, the restriction, what can be filed; three or four calls per project."""
        return tuple(Checks(self.api, self.account, self.options).problems())

    def lacks(self, fields: Sequence[str], *, read: bool = False) -> Sequence[str]:
        """See :class:`syncd.connector.Connector`: by id, or by a name that only one field has."""
        del read  # the names are the same
        return [one for one in fields if not self.account.has_field(one)]

    # --- inside ---

    def _reading(self) -> Reading:
        return Reading(self.name, self.authors, self.options.web, Audience(self.options.audience))

    def _read(self, row: items.Row) -> Item:
        """A record as an item; its remote links aren't known."""
        return self._item(row, None)

    def _explored(self, row: items.Row) -> Item:
        """A record as an item with all that may hold a link."""
        return self._item(row, self.links.of(row))

    def _item(self, row: items.Row, addresses: Sequence[str] | None) -> Item:
        reading, log = self._reading(), row.get("changelog")
        mover = items.mover(items.listed(log, "histories")) if isinstance(log, dict) else None
        return reading.item(row, notes=self._comments(row, reading), addresses=addresses, mover=mover)

    def _comments(self, row: items.Row, reading: Reading) -> list[Text]:
        """Those that the answer holds; where it holds only some, the newest hundred."""
        fields = items.fields_of(row)
        page = fields.get("comment")
        rows = items.listed(page, "comments") if isinstance(page, dict) else []
        if isinstance(page, dict) and isinstance(page.get("total"), int) and page["total"] > len(rows):
            rows = list(self.trace.newest(items.ref(self.name, row)))[::-1]
        return [reading.comment(one, fields) for one in rows if isinstance(one, dict)]
