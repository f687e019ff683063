"""What a ticket says: the ticket, with who asks, for which organization and in which group, and what was said on it.

Zendesk API docs, Side-loading, Tickets, Ticket comments, Users, Organization memberships.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors import records
from connectors.keeping import Kept, as_fields, as_text, files
from connectors.zendesk import items
from connectors.zendesk.account import Account
from connectors.zendesk.answers import Row
from connectors.zendesk.api import ZendeskApi
from connectors.zendesk.items import TEAM
from connectors.zendesk.onward import PER_PAGE
from connectors.zendesk.reads import Reader
from syncd.details import Company, Detail, Person
from syncd.errors import Gone, Refused, Transient
from syncd.model import Author, Item, Place, Ref, Text

PRICE = 11
"""Calls that one detail counts for at most."""
MANY_PAGES = 2
"""Pages of an organization's users, and of its memberships, that are read at most."""
_BESIDE = {"include": "users,groups,organizations"}
_CURE = "give the OAuth client the scope read, or the credential of an agent who may see customers' profiles"


@dataclass(frozen=True, slots=True)
class Membership:
    """A person in an organization. ``views``: all its tickets are shown to them."""

    organization: int
    main: bool
    views: bool


class Details:
    """Tells what tickets of one account say."""

    def __init__(self, api: ZendeskApi, account: Account, reader: Reader) -> None:
        self.api, self.account, self.reader = api, account, reader
        self._memberships = Kept(api.clock, self._read_memberships)
        self._organizations = Kept(api.clock, self._read_organizations)
        self._representatives = Kept(api.clock, self._read_representatives)

    def detail(self, ref: Ref) -> Detail:
        """See :meth:`syncd.connector.Connector.detail`."""
        key = self.reader.number(ref)
        what = f"reading what ticket {key} says"
        self.api.begin("detail", what, account=PRICE)
        found = self.api.get(what, f"tickets/{key}", _BESIDE, item=True)
        now = self.api.time
        try:
            row = _this(found.get("ticket"), key)
            view, said = self.account.view([row]), items.ordered(self._said(what, key, row))
            return self._told(found, row, self.reader.told(view, row, said, now))
        except ValueError:
            raise Transient(self.api.name, f"{what}: answered something that is not one") from None

    def _said(self, what: str, key: int, row: Row) -> list[Row]:
        if items.is_deleted(row) or items.is_merged(row):
            raise Gone(self.api.name, f"{what}: it was deleted, or merged into another")
        return self.reader.comments(key)

    def _told(self, found: Row, row: Row, item: Item) -> Detail:
        texts = item.texts or ()
        company = _id(row.get("organization_id"))
        beside = {one: _company(row) for one, row in _by_id(found.get("organizations")).items()}
        self._organizations.keep(beside)
        if not isinstance(found.get("organizations"), list):
            beside = self._organizations.many(filter(None, [company]))
        body = next((text.body for text in texts if text.place is Place.BODY), as_text(row.get("description")))
        groups = _by_id(found.get("groups"))
        return Detail(
            item=item,
            subject=as_text(row.get("subject")),
            description=body,
            requester=self._requester(found, _id(row.get("requester_id")), company),
            company=beside.get(company),
            group=_group(groups.get(_id(row.get("group_id")), {})) if "groups" in found else item.group,
            kind=as_text(row.get("type")).capitalize(),
            priority=as_text(row.get("priority")).capitalize(),
            fields=item.fields,
            answered=any(map(_is_answer, texts)),
            answered_at=next((text.at for text in texts if _is_answer(text)), None),
            representatives=(self._representatives.get(company) or ()) if company in beside else (),
            attachments=files(item),
        )

    # --- who leads ---

    def _read_representatives(self, keys: Sequence[int]) -> dict[int, tuple[Person, ...]]:
        """Of each organization those who see all its tickets, by themselves or as its members.

        Zendesk API docs, List users; List memberships. Two calls of each at most; none where that doesn't do: half of
        them would be taken for all.
        """
        found: dict[int, tuple[Person, ...]] = {}
        for key in keys:
            members = self._listed(f"organizations/{key}/organization_memberships", "organization_memberships")
            users = self._listed(f"organizations/{key}/users", "users") if members is not None else None
            if members is None or users is None:
                continue
            views = {_id(row.get("user_id")) for row in members if _membership(row).views}
            leaders = [row for row in users if _leads(row, views)]
            found[key] = tuple(replace(_person(row), leads=True) for row in sorted(leaders, key=_name))
        return found

    def _listed(self, path: str, key: str) -> list[Row] | None:
        """A list of an organization's; None where it is too long, or not there."""
        rows: list[Row] = []
        try:
            for number, page in enumerate(self.api.pages("reading who leads an organization", path, key), 1):
                if number > MANY_PAGES:
                    return None
                rows += page
        except Gone:
            return None
        except Refused as error:
            raise Refused(self.api.name, f"{error.what}; {_CURE}") from None
        return rows

    # --- who asks ---

    def _requester(self, found: Row, asked: int, company: int) -> Person | None:
        row = _by_id(found["users"]).get(asked) if isinstance(found.get("users"), list) else self._user(asked)
        if row is None or row.get("active") is False:
            return None
        own = _id(row.get("organization_id"))
        belongs = self._memberships.get(asked) or ((Membership(own, main=True, views=False),) if own else ())
        keys = [one.organization for one in sorted(belongs, key=lambda one: not one.main)]
        companies = self._organizations.many(keys)
        main = company or next(iter(keys), 0)
        everywhere = row.get("ticket_restriction") == "organization"
        leads = any(one.organization == main and (one.views or everywhere) for one in belongs)
        whole = tuple(companies[key] for key in keys if key in companies)
        return replace(_person(row), companies=whole, leads=leads and main in companies)

    def _user(self, key: int) -> Row | None:
        """Show user, for an answer with nobody beside the ticket: the schema of Show ticket knows of no side-loads."""
        try:
            found = self.api.get("reading who asks", f"users/{key}", {}, item=True).get("user") if key else None
        except Gone:
            return None
        except Refused as error:
            raise Refused(self.api.name, f"{error.what}; {_CURE}") from None
        return found if isinstance(found, dict) else None

    def _read_memberships(self, keys: Sequence[int]) -> dict[int, tuple[Membership, ...]]:
        """A call for each person; none for who isn't there any more."""
        found: dict[int, tuple[Membership, ...]] = {}
        for key in keys:
            try:
                path = f"users/{key}/organization_memberships"
                pages = list(self.api.pages("reading who asks", path, "organization_memberships"))
            except Gone:
                continue
            except Refused as error:
                raise Refused(self.api.name, f"{error.what}; {_CURE}") from None
            found[key] = tuple(_membership(row) for page in pages for row in page)
        return found

    def _read_organizations(self, keys: Sequence[int]) -> dict[int, Company]:
        """A call for each hundred."""
        found: dict[int, Company] = {}
        what = "reading the organizations of who asks"
        for start in range(0, len(keys), PER_PAGE):
            ids = ",".join(map(str, keys[start : start + PER_PAGE]))
            try:
                told = self.api.get(what, "organizations/show_many", {"ids": ids}, item=True)
            except Gone:
                continue
            except Refused as error:
                raise Refused(self.api.name, f"{error.what}; {_CURE}") from None
            rows = _by_id(self.api.rows(what, told, "organizations"))
            found |= {key: _company(row) for key, row in rows.items()}
        return found


def _this(row: object, key: int) -> Row:
    """The record of the ticket that was asked for.

    Raises:
        ValueError: it is none, or another's.
    """
    if not isinstance(row, dict) or records.number(row) != key:
        raise ValueError("another ticket")
    return row


def _is_answer(text: Text) -> bool:
    return text.place is Place.COMMENT and text.author is Author.TEAM


def _person(row: Row) -> Person:
    tags = row.get("tags")
    return Person(
        name=as_text(row.get("name")),
        email=as_text(row.get("email")),
        locale=as_text(row.get("locale")),
        tags=tuple(map(as_text, tags)) if isinstance(tags, list) else (),
        fields=as_fields(row.get("user_fields")),
    )


def _name(row: Row) -> str:
    return as_text(row.get("name"))


def _leads(row: Row, views: set[int]) -> bool:
    """Whether a user is a customer who sees all tickets of the organization."""
    there = row.get("active") is not False and row.get("suspended") is not True
    sees = row.get("ticket_restriction") == "organization" or _id(row.get("id")) in views
    return there and sees and row.get("role") not in TEAM


def _membership(row: Row) -> Membership:
    return Membership(
        organization=_id(row.get("organization_id")),
        main=row.get("default") is True,
        views=row.get("view_tickets") is True,
    )


def _company(row: Row) -> Company:
    tags = row.get("tags")
    return Company(
        name=as_text(row.get("name")),
        fields=as_fields(row.get("organization_fields")),
        tags=tuple(map(as_text, tags)) if isinstance(tags, list) else (),
    )


def _group(row: Row) -> str:
    return "" if row.get("deleted") is True else as_text(row.get("name"))


def _by_id(rows: object) -> Mapping[int, dict[str, Any]]:
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {_id(row.get("id")): row for row in found}


def _id(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
