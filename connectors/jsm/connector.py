"""The contract of :mod:`syncd.connector`, met by Jira Service Management's requests, on Cloud or Data Center."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from connectors.jira.items import Row
from connectors.jira.options import SiteOptions
from connectors.jira.reads import BATCH, Reader
from connectors.jira.site import AT_ONCE, SiteConnector
from connectors.jsm.checks import DeskChecks
from connectors.jsm.details import Details
from connectors.jsm.fields import Fields
from connectors.jsm.notes import DeskWriter
from connectors.jsm.tickets import LISTED, READ, Tickets
from syncd.clock import Clock
from syncd.connector import Capabilities, ConnectorOptions
from syncd.details import Detail
from syncd.errors import ConnectorError, Problem, Refused
from syncd.model import Item, Ref, Removed, Role


class JsmOptions(SiteOptions):
    """``connectors/NAME.toml`` of a site with service projects."""


class JsmConnector(SiteConnector):
    """Requests of the configured service projects, as helpdesk."""

    Options: ClassVar[type[ConnectorOptions]] = JsmOptions
    capabilities: ClassVar[Capabilities] = Capabilities(
        roles=frozenset({Role.HELPDESK}),
        fetch_batch=BATCH,
        apply_batch=AT_ONCE,
        sets_fields=True,
        sets_tags=True,
        internal_notes=True,
        notes_hold_links=True,
        attribution=True,
        resolve_batch=BATCH,
        probe="listing",
        can_create=False,
        details=True,
        edits_notes=True,
    )

    def __init__(self, name: str, options: JsmOptions, clock: Clock) -> None:
        super().__init__(name, options, clock)
        self.options = options
        self.writer = DeskWriter(self.api, self.account, self.offers)

    # --- reading ---

    def asked(self) -> Sequence[str]:
        """See :class:`SiteConnector`."""
        return LISTED

    def listed(self, row: Row) -> Item:
        """See :class:`SiteConnector`."""
        return self._tickets.listed(row)

    def fetch(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`syncd.connector.Connector`; a call for a hundred requests.

        Comments cost a call of their own where there are more than come along, and on Data Center.
        """
        return Reader(self.api, READ, self._tickets.read, offers=self.offers).fetch(refs)

    def explore(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`syncd.connector.Connector`; with remote links, which are a call for each request."""
        return Reader(self.api, READ, self._tickets.explored).fetch(refs)

    def detail(self, ref: Ref) -> Detail:
        """See :class:`syncd.connector.Connector`; one call, and one for comments where they don't all come along.

        Before the first one a call for the site's fields; one for the requester's language, and on Cloud one for their
        organizations, once an hour.
        On Data Center those with which the request is shared are taken for theirs. Jira tells no more of organizations
        than their names, and not who leads one.
        """
        return self._details.detail(ref)

    # --- writing ---

    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        """See :class:`syncd.connector.Connector`: from every comment of a request.

        Raises:
            ConnectorError: the look was not complete; Gone where the request isn't there.
        """
        del since
        if not isinstance(where, Ref):
            raise Refused(self.name, "looking for a request of ours: syncd makes none")
        return self.trace.comment(marker, where)

    def check(self) -> Sequence[Problem]:
        """Account, licence, clock, service projects, rights, the restriction."""
        return tuple(DeskChecks(self.api, self.account, self.options).problems())

    def lacks(self, fields: Sequence[str], *, read: bool = False) -> Sequence[str]:
        """See :class:`syncd.connector.Connector`: by id, or by a name that only one field has; read as it is spelt."""
        labels = self.account.labels() if read and fields else {}
        told = {*labels, *labels.values()}
        return [one for one in fields if not (one in told if read else self.account.has_field(one))]

    # --- inside ---

    @cached_property
    def _details(self) -> Details:
        return Details(self.api, self.account, self._tickets)

    @cached_property
    def _tickets(self) -> Tickets:
        return Tickets(self.api, self.authors, self.links, self.options.web, Fields(self.account))
