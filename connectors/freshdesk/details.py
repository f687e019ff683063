"""What a ticket says: the ticket itself, and beside it who asks, for which company, and what its fields are called.

Freshdesk API docs, View a ticket, View a contact, View a company, List all ticket fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.freshdesk import items
from connectors.freshdesk.api import PER_PAGE, FreshdeskApi
from connectors.freshdesk.forms import Forms
from connectors.freshdesk.forms import number as _id
from connectors.freshdesk.reads import Reader, number
from connectors.keeping import Kept, as_fields, as_text, files
from syncd.details import Company, Detail, Person
from syncd.errors import Gone, Refused, Transient
from syncd.model import Item, Ref

PRICE = 10
"""Calls that one detail counts for at most, but for a requester of very many companies."""
MANY_PAGES = 2
"""Pages of contacts that are read of one company at most."""
_CONTACTS = "let the key's agent view contacts (Admin, Roles)"
_STANDARD = ("account_tier", "health_score", "industry", "renewal_date")
"""A company's own fields that every account has; its custom ones go first."""
_INCLUDE = {"include": "conversations,requester"}


@dataclass(frozen=True, slots=True)
class Contact:
    """A requester. ``companies``: ids, the main one first; ``leads``: of those, whose tickets all are shown to them."""

    person: Person
    deleted: bool = False
    companies: tuple[int, ...] = ()
    leads: frozenset[int] = frozenset()


class Details:
    """Tells what tickets of one account say."""

    def __init__(self, api: FreshdeskApi, reader: Reader, forms: Forms) -> None:
        self.api, self.reader, self.forms = api, reader, forms
        self._contacts = Kept(api.clock, self._read_contacts)
        self._companies = Kept(api.clock, self._read_companies)
        self._representatives = Kept(api.clock, self._read_representatives)

    def detail(self, ref: Ref) -> Detail:
        """See :meth:`syncd.connector.Connector.detail`."""
        what, path = f"reading what ticket {ref.id} says", f"tickets/{number(self.api, ref)}"
        self.api.begin("detail", what, PRICE)
        row = self.api.record(what, path, _INCLUDE, item=True)
        try:
            item, said = self.reader.present(ref, row)
            if not isinstance(item, Item):
                raise Gone(self.api.name, f"{what}: it is in the trash, or spam")
            return self._told(row, item, said)
        except ValueError:
            raise Transient(self.api.name, f"{what}: answered something that is not a ticket") from None

    def _told(self, row: items.Row, item: Item, said: Sequence[items.Row]) -> Detail:
        form = self.forms.whole()
        main = _id(row.get("company_id"))
        requester = self._requester(row, main)
        company = self._companies.get(main) if main else None
        answered_at = items.answered_at(said, self.reader.account.me if said else 0)
        return Detail(
            item=item,
            subject=as_text(row.get("subject")),
            description=items.description(row).body,
            requester=requester,
            company=company,
            group=item.group,
            kind=as_text(row.get("type")),
            priority=form.priorities.get(_id(row.get("priority")), as_text(row.get("priority"))),
            fields=item.fields,
            answered=answered_at is not None,
            answered_at=answered_at,
            representatives=(self._representatives.get(main) or ()) if company else (),
            attachments=files(item),
        )

    def companies(self, keys: Sequence[int]) -> Mapping[int, Company]:
        """Companies by id, as far as they are there; a call for each that wasn't read within the hour."""
        return self._companies.many(keys)

    # --- who leads ---

    def _read_representatives(self, keys: Sequence[int]) -> dict[int, tuple[Person, ...]]:
        """Of each company those who see all its tickets (Freshdesk API docs, List all contacts); two calls at most.

        None where that doesn't do: half of them would be taken for all.
        """
        found: dict[int, tuple[Person, ...]] = {}
        for key in keys:
            rows: list[items.Row] = []
            for page in range(1, MANY_PAGES + 1):
                asked = {"company_id": key, "per_page": PER_PAGE, "page": page}
                try:
                    rows += self.api.rows("reading who leads a company", "contacts", asked, item=True)
                except Refused as error:
                    raise Refused(self.api.name, f"{error.what}; {_CONTACTS}") from None
                except Gone:
                    break
                if not self.api.more:
                    found[key] = _leaders(key, rows)
                    break
        return found

    # --- who asks ---

    def _requester(self, row: items.Row, main: int) -> Person | None:
        asked = _id(row.get("requester_id"))
        found = self._contacts.get(asked) if asked else None
        if found is not None and found.deleted:
            return None
        if found is None:
            # An agent who asks is no contact; nor is, any more, somebody who was deleted for good.
            return _person(row.get("requester"))
        companies = self._companies.many(found.companies)
        whole = tuple(companies[one] for one in found.companies if one in companies)
        leads = (main or next(iter(found.companies), 0)) in found.leads & companies.keys()
        one = found.person
        return Person(one.name, one.email, one.locale, one.tags, one.fields, whole, leads=leads)

    def _read_contacts(self, keys: Sequence[int]) -> dict[int, Contact]:
        """A call for each."""
        found = {key: self._record("reading who asks", f"contacts/{key}", _CONTACTS) for key in keys}
        return {key: _contact(row) for key, row in found.items() if row is not None}

    def _read_companies(self, keys: Sequence[int]) -> dict[int, Company]:
        """A call for each."""
        cure = "let the key's agent view companies (Admin, Roles)"
        found = {key: self._record("reading a company", f"companies/{key}", cure) for key in keys}
        return {key: _company(row) for key, row in found.items() if row is not None}

    def _record(self, what: str, path: str, cure: str) -> items.Row | None:
        try:
            row = self.api.record(what, path, item=True)
        except Gone:
            if self.api.was_page:
                self.reader.account.agent()  # a page said so: believe it only if the API is there behind it
            return None
        except Refused as error:
            raise Refused(self.api.name, f"{error.what}; {cure}") from None
        return row


def _leaders(company: int, rows: Sequence[items.Row]) -> tuple[Person, ...]:
    known = [one for one in map(_contact, rows) if company in one.leads and not one.deleted]
    return tuple(replace(one.person, leads=True) for one in sorted(known, key=lambda one: one.person.name))


def _contact(row: items.Row) -> Contact:
    """A contact; ``deleted`` stands there only where it was (Freshdesk API docs, View a contact)."""
    others = row.get("other_companies")
    rows = [
        {"company_id": row.get("company_id"), "view_all_tickets": row.get("view_all_tickets")},
        *(one for one in (others if isinstance(others, list) else ()) if isinstance(one, dict)),
    ]
    tags = row.get("tags")
    return Contact(
        Person(
            name=as_text(row.get("name")),
            email=as_text(row.get("email")),
            locale=as_text(row.get("language")),
            tags=tuple(map(as_text, tags)) if isinstance(tags, list) else (),
            fields=as_fields(row.get("custom_fields")),
        ),
        deleted=row.get("deleted") is True,
        companies=tuple(dict.fromkeys(filter(None, (_id(one.get("company_id")) for one in rows)))),
        leads=frozenset(_id(one.get("company_id")) for one in rows if one.get("view_all_tickets") is True),
    )


def _person(embedded: object) -> Person | None:
    """What the ticket itself shows of its requester."""
    if not isinstance(embedded, dict) or not as_text(embedded.get("name")):
        return None
    return Person(as_text(embedded.get("name")), as_text(embedded.get("email")))


def _company(row: items.Row) -> Company:
    standard = {key: text for key in _STANDARD if (text := as_text(row.get(key)))}
    return Company(as_text(row.get("name")), standard | as_fields(row.get("custom_fields")))
