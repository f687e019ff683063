"""What concerns the account as a whole, and changes seldom: who we are, its statuses, its fields, people's roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.keeping import TTL, Hourly, as_fields, as_text
from connectors.markup import clean
from connectors.zendesk.answers import Row
from connectors.zendesk.api import ZendeskApi
from connectors.zendesk.items import CLOSED, Custom, View, custom
from connectors.zendesk.onward import PER_PAGE
from syncd.errors import Gone, Refused, Transient, Unauthorized

MANY = 20_000
"""Roles that are kept at most."""

_STANDARD = {"new": "New", "open": "Open", "pending": "Pending", "hold": "On-hold", "solved": "Solved"}


@dataclass(frozen=True, slots=True)
class Fields:
    """The account's ticket fields. ``known``: whether we may read them at all."""

    known: bool = False
    titles: Mapping[int, str] = field(default_factory=dict)
    portal_tags: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    """Titles of those that a ticket can't be solved without."""
    tagging: frozenset[int] = frozenset()
    """Those whose value is a tag of the ticket as well."""

    def has(self, name: str) -> bool:
        """Whether there is a field of this id."""
        return name.isascii() and name.isdecimal() and int(name) in self.titles


class Account:
    """One Zendesk account, seen as the user whose credential we use."""

    def __init__(self, api: ZendeskApi, web: str) -> None:
        self.api, self.web = api, web
        self._me: int | None = None
        self._roles: dict[int, tuple[str, float]] = {}
        self._customs = Hourly(api.clock, self._read_customs)
        self._fields = Hourly(api.clock, self._read_fields)
        self._groups = Hourly(api.clock, self._read_groups)

    @property
    def me(self) -> int:
        """Our user's id, asked for once: what we write carries it as ``author_id``.

        Raises:
            ConnectorError: it could not be read, or nobody is logged in.
        """
        if self._me is None:
            self.user()
        return self._me or 0

    def user(self) -> Row:
        """Our user's record. Without a credential Zendesk shows an anonymous one, without id.

        Raises:
            Unauthorized: nobody is logged in.
        """
        found = self.api.me("reading our own user")
        number = found.get("id")
        if isinstance(number, bool) or not isinstance(number, int):
            raise Unauthorized(self.api.name, "reading our own user: Zendesk takes us for nobody")
        self._me = number
        return found

    def view(self, rows: Iterable[Row]) -> View:
        """What has to be known to read these tickets; the groups only where one of them has a group.

        Raises:
            ConnectorError: it could not be read.
        """
        records = list(rows)
        filled = {name for row in records for name in as_fields(custom(row))}
        fields = self._fields.with_all(filled, lambda known, name: not known.known or known.has(name))
        groups = {str(row["group_id"]) for row in records if isinstance(row.get("group_id"), int)}
        return View(
            name=self.api.name,
            web=self.web,
            customs=self.customs,
            portal_tags=fields.portal_tags if fields.known else None,
            titles={str(key): title for key, title in fields.titles.items()},
            groups=self._groups.with_all(groups, lambda known, key: int(key) in known) if groups else {},
        )

    @property
    def customs(self) -> Mapping[int, Custom]:
        """The account's statuses by id; empty where it has no custom ones, or we may not read them."""
        return self._customs.now()

    @property
    def fields(self) -> Fields:
        """The account's ticket fields."""
        return self._fields.now()

    def statuses(self) -> dict[str, str]:
        """Native value -> label that agents see."""
        customs = self._customs.anew()
        active = [(key, one) for key, one in customs.items() if one.active]
        bare = {one.category: one.label for _, one in active if one.standard} if customs else _STANDARD
        named = {f"{one.category}/{key}": one.label for key, one in active if not one.standard}
        return {**bare, **named, CLOSED: "Closed"}

    def can_be(self, native: str) -> bool:
        """Whether a ticket of this account can have a status, as far as the account's list says."""
        customs = self.customs
        category, _, key = native.partition("/")
        if key:
            named = customs.get(int(key)) if key.isascii() and key.isdecimal() else None
            return not customs or (named is not None and named.active and named.category == category)
        standard = [one.active for one in customs.values() if one.category == category and one.standard]
        return any(standard) or not standard

    def roles(self, people: Iterable[int]) -> dict[int, str]:
        """Role by user's id, of those who are there; a call for each hundred that aren't known yet.

        Raises:
            ConnectorError: they could not be read.
        """
        now = self.api.clock.monotonic()
        wanted = sorted(set(people))
        ask = [one for one in wanted if one not in self._roles or self._roles[one][1] <= now]
        if len(self._roles) > MANY:
            self._roles.clear()
            ask = wanted
        for start in range(0, len(ask), PER_PAGE):
            part = ask[start : start + PER_PAGE]
            found = {str(row.get("id")): row.get("role") for row in self.api.people("reading who wrote", part)}
            # Who isn't there is asked for again in an hour, not each time.
            told = {one: role if isinstance(role := found.get(str(one)), str) else "" for one in part}
            self._roles |= {one: (role, now + TTL) for one, role in told.items()}
        return {one: self._roles[one][0] for one in wanted}

    def met(self, people: Iterable[Row]) -> None:
        """Users whom an answer told of besides: they needn't be asked for."""
        until = self.api.clock.monotonic() + TTL
        if len(self._roles) > MANY:
            self._roles.clear()
        for row in people:
            number, role = row.get("id"), row.get("role")
            if isinstance(number, int) and isinstance(role, str):
                self._roles[number] = (role, until)

    def titled(self, number: int | None, kind: str) -> str:
        """A field as people know it."""
        known = self._fields.value.titles if self._fields.value else {}
        return known.get(number or 0) or " ".join(filter(None, (kind, str(number or ""))))

    def _read_customs(self) -> dict[int, Custom]:
        """Zendesk API docs, Custom ticket statuses; an account may have none, and we need not be shown them."""
        what = "reading the statuses"
        try:
            found = self.api.ask(what, self.api.statuses, item=True)
        except (Refused, Gone):
            return {}
        rows = self.api.rows(what, found, "custom_statuses")
        return {key: _custom(row) for row in rows if isinstance(key := row.get("id"), int)}

    def _read_groups(self) -> dict[int, str]:
        """Zendesk API docs, List groups; we need not be shown them. A call for each hundred."""
        what = "reading the groups"
        try:
            pages = list(self.api.pages(what, "groups", "groups"))
        except (Refused, Gone):
            return {}
        rows = [row for page in pages for row in page if row.get("deleted") is not True]
        return {key: as_text(row.get("name")) for row in rows if isinstance(key := row.get("id"), int)}

    def _read_fields(self) -> Fields:
        what = "reading the ticket fields"
        try:
            found = self.api.ask(what, self.api.fields, item=True)
        except (Refused, Gone):
            return Fields()
        rows = self.api.rows(what, found, "ticket_fields")
        if not rows:
            raise Transient(self.api.name, f"{what}: the answer names none")
        active = [row for row in rows if row.get("active") is not False]
        return Fields(
            known=True,
            titles={key: _title(row) for row in rows if isinstance(key := row.get("id"), int)},
            portal_tags=frozenset(tag for row in rows if row.get("editable_in_portal") is True for tag in _own(row)),
            required=tuple(
                _title(row) for row in active if row.get("required") is True and row.get("removable") is True
            ),
            tagging=frozenset(key for row in rows if _own(row) and isinstance(key := row.get("id"), int)),
        )


def _custom(row: Row) -> Custom:
    return Custom(
        category=clean(str(row.get("status_category"))),
        label=clean(str(row.get("agent_label") or row.get("end_user_label") or row.get("id")))[:80],
        standard=row.get("default") is True,
        active=row.get("active") is not False,
    )


def _own(row: Row) -> list[str]:
    """The tags that belong to a field: its options, and what a checkbox sets."""
    options = row.get("custom_field_options")
    values = [one.get("value") for one in options if isinstance(one, dict)] if isinstance(options, list) else []
    return [tag for tag in (*values, row.get("tag")) if isinstance(tag, str) and tag]


def _title(row: Row) -> str:
    return clean(str(row.get("title") or row.get("id")))[:80]
