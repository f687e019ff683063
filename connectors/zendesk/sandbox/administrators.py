"""What administrators do in the stand-in's account: how it is set up, and who is in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, TypeVar

from connectors.zendesk.sandbox import defaults
from connectors.zendesk.sandbox.books import Books

_T = TypeVar("_T")


def one_at_a_time(people: type[_T]) -> type[_T]:
    """Every verb holds the books' lock: the stand-in answers calls from other threads."""

    def held(verb: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(verb)
        def act(self: Any, *args: Any, **kwargs: Any) -> Any:
            with self._books.lock:
                return verb(self, *args, **kwargs)

        return act

    for name, verb in list(vars(people).items()):
        if not name.startswith("_"):
            setattr(people, name, held(verb))
    return people


@one_at_a_time
class Administrators:
    """Acts on the books as an administrator does."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def add_custom_status(self, category: str, label: str) -> int:
        """A custom status in one of the categories; its id."""
        number = 9001 + len(self._books.custom_statuses)
        self._books.custom_statuses[number] = defaults.custom_status(number, category, label)
        return number

    def retire_custom_status(self, status: int, on: bool = False) -> None:
        """A custom status that can't be given any more, or (``on``) again."""
        self._books.custom_statuses[status]["active"] = on

    def switch_hold(self, on: bool) -> None:
        """Whether tickets can be put on hold: not every account lets them."""
        self.retire_custom_status(defaults.DEFAULT_STATUS["hold"], on)

    def add_field(self, title: str) -> int:
        """A ticket field that agents fill in with text; its id."""
        number = self._books.next_id()
        self._books.fields[number] = defaults.field(number, "text", title)
        return number

    def require(self, field: int, parent: int | None = None, value: Any = None) -> None:
        """Solving needs this field: always, or where a parent field has a value."""
        if parent is None:
            self._books.fields[field]["required"] = True
            return
        needs = {"type": "SOME_STATUSES", "statuses": ["solved"]}
        child = {"id": field, "is_required": False, "required_on_statuses": needs}
        condition = {"parent_field_id": parent, "value": value, "child_fields": [child]}
        self._books.forms[defaults.FORM]["agent_conditions"].append(condition)

    def make_user(self, name: str, role: Literal["end-user", "agent", "admin"] = "end-user") -> int:
        """Somebody; their id."""
        number = self._books.next_id()
        address = f"{name.lower().replace(' ', '.')}@example.com"
        self._books.users[number] = defaults.user(number, name, address, role)
        return number

    def make_organization(self, name: str, fields: dict[str, Any] | None = None) -> int:
        """An organization; its id."""
        number = self._books.next_id()
        self._books.organizations[number] = defaults.organization(number, name, fields or {})
        return number

    def join(self, user: int, organization: int, *, views: bool = False) -> None:
        """Somebody belongs to an organization from now on, to the first one mainly; ``views``: and sees its tickets."""
        books, number = self._books, self._books.next_id()
        main = books.users[user]["organization_id"] is None
        named = books.organizations[organization]
        books.memberships[number] = defaults.membership(number, user, named, main=main, views=views)
        if main:
            books.users[user]["organization_id"] = organization

    def make_group(self, name: str) -> int:
        """A group of agents; its id."""
        number = self._books.next_id()
        self._books.groups[number] = defaults.group(number, name)
        return number

    def delete_organization(self, number: int) -> None:
        """An organization is deleted: nobody and no ticket belongs to it any more."""
        books = self._books
        del books.organizations[number]
        for key in [key for key, one in books.memberships.items() if one["organization_id"] == number]:
            del books.memberships[key]
        for row in (*books.users.values(), *(one.row for one in books.tickets.values())):
            row["organization_id"] = None if row["organization_id"] == number else row["organization_id"]

    def delete_group(self, number: int) -> None:
        """A group is deleted: it is kept, marked as such."""
        self._books.groups[number]["deleted"] = True

    def enable_jira(self, on: bool = True) -> None:
        """Links to Jira may be managed, and so be read."""
        self._books.jira_enabled = on
