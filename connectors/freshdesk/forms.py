"""The ticket form of an account: what its fields, priorities and groups are called.

Freshdesk API docs, List all ticket fields. It is read once an hour, and where a ticket names something that it hasn't.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.freshdesk.api import FreshdeskApi
from connectors.keeping import Hourly, as_fields, as_text
from syncd.errors import Gone, Refused, Transient

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """The form: labels of custom fields by name, of priorities and groups by number; ``refused``: why it isn't told."""

    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    priorities: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict, repr=False)
    refused: str = ""


class Forms:
    """Keeps the form of one account."""

    def __init__(self, api: FreshdeskApi) -> None:
        self.api = api
        self._kept = Hourly(api.clock, self._read)

    def whole(self) -> Form:
        """The form.

        Raises:
            Refused: the key's agent may not see it.
            ConnectorError: it could not be read.
        """
        found = self._kept.now()
        found = self._kept.anew() if found.refused else found
        if found.refused:
            raise Refused(self.api.name, found.refused)
        return found

    def of(self, row: Row) -> Form:
        """What is needed of it for a ticket; no call where it has neither a group nor a filled field.

        Empty where the key's agent may not see it.

        Raises:
            ConnectorError: it could not be read.
        """
        group = number(row.get("group_id"))
        names = [f"group {group}"] if group else []
        names += list(as_fields(row.get("custom_fields")))
        return self._kept.with_all(names, _has) if names else Form()

    def _read(self) -> Form:
        what = "reading the ticket fields"
        try:
            rows = self.api.rows(what, "ticket_fields", {}, item=True)
        except Refused as error:
            return Form(refused=f"{error.what}; let the key's agent view ticket fields")
        except Gone:
            raise Transient(self.api.name, f"{what}: is the url that of a Freshdesk account?") from None
        return _form(rows)


def _has(form: Form, name: str) -> bool:
    kind, _, group = name.partition(" ")
    known = int(group) in form.groups if kind == "group" and group.isdecimal() else name in form.labels
    return known or bool(form.refused)


def _form(rows: Sequence[Row]) -> Form:
    """The choices of priority and group are ``{label: number}`` (Freshdesk API docs, List all ticket fields)."""
    choices = {as_text(row.get("type")): row.get("choices") for row in rows}
    return Form(
        labels={
            name: as_text(row.get("label"))
            for row in rows
            if (name := as_text(row.get("name"))) and row.get("default") is not True
        },
        priorities=_by_number(choices.get("default_priority")),
        groups=_by_number(choices.get("default_group")),
    )


def _by_number(choices: object) -> dict[int, str]:
    pairs = choices.items() if isinstance(choices, dict) else ()
    return {number(key): as_text(label) for label, key in pairs if number(key)}


def number(value: object) -> int:
    """An id; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
