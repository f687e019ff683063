"""What concerns the account as a whole: who we are, its statuses, and whether it is fit to work with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.freshdesk.api import FreshdeskApi
from connectors.markup import clean
from syncd.errors import ConnectorError, Problem, RateLimited, Refused, Transient, Unauthorized

_ALWAYS_FILLED = frozenset({"requester", "subject", "status", "priority", "source", "description"})
"""Default fields that no ticket is without."""
_ALL_TICKETS = 1
"""``ticket_scope`` of an agent who sees every ticket; 2 own groups, 3 own tickets (Freshdesk API docs, Agents)."""


class Account:
    """One Freshdesk account, seen as the agent whose key we use."""

    def __init__(self, api: FreshdeskApi) -> None:
        self.api = api
        self._me: int | None = None

    @property
    def me(self) -> int:
        """Our agent's id, asked for once: what we write carries it as ``user_id``.

        Raises:
            ConnectorError: it could not be read.
        """
        if self._me is None:
            self._me = self._id(self.agent())
        return self._me

    def agent(self) -> dict[str, Any]:
        """Our agent's record (Freshdesk API docs, Currently authenticated agent); one call."""
        return self.api.record("reading our own agent", "agents/me")

    def statuses(self) -> dict[str, str]:
        """Code -> label that agents see, from the field's choices (Freshdesk API docs, List all ticket fields)."""
        rows = self.api.rows("reading the statuses", "ticket_fields", {"type": "default_status"})
        found = _statuses(rows)
        if not found:
            raise Transient(self.api.name, "reading the statuses: the answer names none")
        return found

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong, as far as it can be seen; two calls."""
        name = self.api.name
        try:
            agent = self.agent()
            self._me = self._id(agent)
        except ConnectorError as error:
            yield Problem(name, error.what, _cure(error, page=self.api.was_page))
            return
        if agent.get("ticket_scope") not in (None, _ALL_TICKETS):
            yield Problem(
                name,
                "the key's agent sees only a part of the tickets, and changes to the others would be missed silently",
                "Give that agent the scope 'All tickets', or use the key of an agent who has it",
            )
        yield from self._field_problems()

    def lacks(self, fields: Sequence[str], *, read: bool) -> list[str]:
        """Those that aren't there, by name, to read by label as well (Freshdesk API docs, List all ticket fields).

        Raises:
            ConnectorError: the fields could not be read.
        """
        rows = self.api.rows("reading the ticket fields", "ticket_fields", {})
        known = {str(row.get(key)) for row in rows for key in (("name", "label") if read else ("name",))}
        return [one for one in fields if one not in known]

    def _field_problems(self) -> Iterator[Problem]:
        name = self.api.name
        try:
            rows = self.api.rows("reading the ticket fields", "ticket_fields", {})
        except ConnectorError as error:
            cure = "Let the key's agent view ticket fields" if isinstance(error, (Refused, Unauthorized)) else _LATER
            yield Problem(name, error.what, cure)
            return
        if not _statuses(rows):
            yield Problem(name, "the ticket fields name no statuses", "Let the key's agent view ticket fields")
        needed = [_label(row) for row in rows if row.get("required_for_closure") is True and _may_be_empty(row)]
        if needed:
            yield Problem(
                name,
                f"Freshdesk may refuse to resolve a ticket while one of these fields is empty: {', '.join(needed)}",
                "Have agents fill them early, make them optional for closing (Admin, Ticket Fields), or set them under"
                " [set.resolved] in the mapping",
                warning=True,
            )

    def _id(self, agent: Mapping[str, Any]) -> int:
        found = agent.get("id")
        if isinstance(found, bool) or not isinstance(found, int):
            raise Transient(self.api.name, "reading our own agent: answered something that is not an agent")
        return found


_LATER = "Try again in a minute"


def _cure(error: ConnectorError, *, page: bool) -> str:
    if isinstance(error, Unauthorized):
        return "Set api_key to an agent's key: in Freshdesk, Profile settings, View API key"
    if isinstance(error, RateLimited):
        return _LATER
    if page or not isinstance(error, Transient):
        return "Set url to the account's own address, https://ACCOUNT.freshdesk.com; a portal's domain has no API"
    return "Check the url and that this machine can reach it; set url to https://ACCOUNT.freshdesk.com"


def _may_be_empty(row: Mapping[str, Any]) -> bool:
    return row.get("name") not in _ALWAYS_FILLED


def _label(row: Mapping[str, Any]) -> str:
    return clean(str(row.get("label") or row.get("name")))[:80]


def _statuses(rows: list[dict[str, Any]]) -> dict[str, str]:
    """The status field's choices, whatever their shape: it differs by field type and by endpoint."""
    for row in rows:
        if row.get("type") == "default_status" or row.get("name") == "status":
            choices = row.get("choices")
            pairs = choices.items() if isinstance(choices, dict) else map(_pair, choices or ())
            return {code: label for code, label in (_status(*pair) for pair in pairs) if code}
    return {}


def _pair(choice: object) -> tuple[object, object]:
    if isinstance(choice, dict):
        return choice.get("id"), choice.get("value") or choice.get("label")
    return None, None


def _status(code: object, label: object) -> tuple[str, str]:
    """``("3", ["Pending", ...])``, ``(3, "Pending")`` or ``("Pending", 3)`` as code and label."""
    if isinstance(label, list):
        label = label[0] if label else ""
    if not str(code).isdecimal() and str(label).isdecimal():
        code, label = label, code
    return (str(code), clean(str(label or code))) if str(code).isdecimal() else ("", "")
