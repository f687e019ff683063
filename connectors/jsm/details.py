"""What a request says: one read of the issue with all its fields, and what was said on it.

Jira platform REST API, Get issue; Jira Service Management REST API, Request type, Organization.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from connectors.jira import items
from connectors.jira.account import Account
from connectors.jira.api import JiraApi, part
from connectors.jira.items import Row
from connectors.jsm.fields import as_words
from connectors.jsm.tickets import READ, Tickets
from connectors.keeping import Kept, as_text, files
from syncd.details import Company, Detail, Person
from syncd.errors import Gone, Refused
from syncd.model import Place, Ref

REQUEST_TYPE = "com.atlassian.servicedesk:vp-origin"
ORGANIZATIONS = "com.atlassian.servicedesk:sd-customer-organizations"
"""Makes of the fields that hold what a request is on the portal, and with which organizations it is shared."""
_ALL = {"fields": ",".join(READ), "expand": "changelog"}
_PAGE = 50
_NO_AGENT = "the account needs a licence of Jira Service Management, and a role as agent in the project"
_HIDDEN = "the reporter isn't shown; let the account see the field Reporter (Project settings, Fields)"


class Details:
    """Tells what requests of one site say."""

    def __init__(self, api: JiraApi, account: Account, tickets: Tickets) -> None:
        self.api, self.account, self.tickets = api, account, tickets
        self._organizations = Kept(api.clock, self._read_organizations)
        self._locales = Kept(api.clock, self._read_locales)

    def detail(self, ref: Ref) -> Detail:
        """See :meth:`syncd.connector.Connector.detail`."""
        doing = f"reading what {ref.human} says"
        if not (ref.id.isascii() and ref.id.isdecimal()):
            raise Refused(self.api.name, f"{doing}: this is not the id of an issue")
        try:
            row = self.api.record("GET", f"issue/{part(ref.id)}", doing, params=_ALL)
        except Gone:
            self.api.prove()
            raise
        with self.api.legal(doing):
            if items.digits(row, "id") != ref.id:
                raise ValueError("another issue")
            return self._told(row, doing)

    def _told(self, row: Row, doing: str) -> Detail:
        fields = items.fields_of(row)
        if "reporter" not in fields:
            raise Refused(self.api.name, f"{doing}: {_HIDDEN}")
        item, said = self.tickets.spoken(row)
        companies = tuple(Company(name) for name in self._named(fields, ORGANIZATIONS))
        kinds = self._named(fields, REQUEST_TYPE)
        return Detail(
            item=item,
            subject=as_text(fields.get("summary")),
            description=next((text.body for text in item.texts or () if text.place is Place.BODY), ""),
            requester=self._requester(fields.get("reporter"), companies),
            company=companies[0] if companies else None,
            kind=kinds[0] if kinds else items.named(fields.get("issuetype")),
            priority=items.named(fields.get("priority")),
            fields=item.fields,
            answered=said.answered_at is not None,
            answered_at=said.answered_at,
            attachments=files(item),
        )

    def _named(self, fields: Row, make: str) -> list[str]:
        """The names that the field of a make holds; none where this site, or this project, has no such field."""
        found = fields.get(self.account.field_of(make))
        return [text for one in (found if isinstance(found, list) else [found]) if (text := as_words(one))]

    # --- who asks ---

    def _requester(self, record: object, shared: Sequence[Company]) -> Person | None:
        """Who asked; somebody whose account was closed isn't there any more. Nobody leads here."""
        if not isinstance(record, dict) or record.get("active") is False:
            return None
        number, name = as_text(record.get("accountId")), as_text(record.get("name"))
        own = self._organizations.get(number) or () if number else shared
        return Person(
            name=as_text(record.get("displayName")),
            email=as_text(record.get("emailAddress")),
            locale=self._locales.get(number or name) or "",
            # The one for which they ask goes first.
            companies=tuple(sorted(own, key=lambda one: one not in shared[:1])),
        )

    def _read_locales(self, people: Sequence[str]) -> dict[str, str]:
        """Get user, a call for each: ``locale``, where they and their privacy let us see it."""
        found: dict[str, str] = {}
        for one in filter(None, people):
            asked = {"accountId" if self.api.cloud else "username": one}
            with suppress(Refused, Gone):
                row = self.api.record("GET", "user", "reading the language of who asks", params=asked)
                found[one] = as_text(row.get("locale")).replace("_", "-")
        return found

    def _read_organizations(self, accounts: Sequence[str]) -> dict[str, tuple[Company, ...]]:
        """Get organizations, by ``accountId``; on Cloud alone. A call for each fifty of a person's."""
        return {one: tuple(self._organizations_of(one)) for one in accounts}

    def _organizations_of(self, account: str) -> Iterator[Company]:
        doing, start = "reading the organizations of who asks", 0
        while True:
            asked = {"accountId": account, "start": start, "limit": _PAGE}
            try:
                page = self.api.record("GET", "/rest/servicedeskapi/organization", doing, params=asked)
            except Gone:
                return
            except Refused as error:
                raise Refused(self.api.name, f"{error.what}; {_NO_AGENT}") from None
            rows = page.get("values")
            if not isinstance(rows, list):
                raise self.api.odd(doing)
            yield from (Company(text) for row in rows if (text := as_words(row)))
            start += len(rows)
            if page.get("isLastPage") is not False or not rows:
                return
