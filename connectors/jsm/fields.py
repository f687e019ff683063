"""The custom fields of a site's requests: what they are called, what they hold as text, who takes part by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.jira import items
from connectors.jira.account import Account
from connectors.jira.items import Row
from connectors.keeping import Hourly, as_text, named
from syncd.errors import Gone, Refused

PARTICIPANTS = "com.atlassian.servicedesk:sd-request-participants"
"""The make of the field that names those who take part in a request as customers, be they of the same company."""
_CUSTOM = "customfield_"


@dataclass(frozen=True, slots=True)
class Known:
    """Names of fields by id, and the id of the field that names who takes part; empty where it isn't told."""

    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    participants: str = ""


class Fields:
    """Reads the custom fields of requests. The list of all fields is one call, once an hour."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._known = Hourly(account.api.clock, self._read)

    def told(self, fields: Row) -> dict[str, str]:
        """Every custom field that holds something, as text, by id and by name.

        Raises:
            ConnectorError: what they are called could not be read.
        """
        found = {key: text for key, value in fields.items() if key.startswith(_CUSTOM) and (text := as_words(value))}
        known = self._known.with_all(found, lambda known, key: key in known.names) if found else Known()
        return named(found, known.names)

    def participants(self, fields: Row) -> list[object]:
        """The records of those who take part in a request as customers.

        Raises:
            ConnectorError: which field tells could not be read.
        """
        return items.listed(fields, self._known.now().participants)

    def _read(self) -> Known:
        try:
            names = self.account.labels()
        except (Refused, Gone):
            return Known()  # then only the reporter, and whoever has no licence, is known as a customer
        return Known(names, self.account.field_of(PARTICIPANTS))


def as_words(value: object) -> str:
    """A field's value: of choices, people, organizations and request types their names."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_words, value)))
    if not isinstance(value, dict):
        return as_text(value)
    if isinstance(value.get("requestType"), dict):
        return as_words(value["requestType"])
    own = next((text for key in ("value", "displayName", "name") if (text := as_text(value.get(key)))), "")
    # A choice under another one (Jira platform REST API, cascading select).
    return ", ".join(filter(None, (own, as_words(value.get("child")))))
