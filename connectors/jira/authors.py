"""Who belongs to the team: anybody but a customer of a service project's portal."""

from __future__ import annotations

from connectors.jira.api import JiraApi
from syncd.errors import Gone, Refused
from syncd.model import Author

CUSTOMER = "customer"
"""``accountType`` of somebody who only has the portal (Jira Cloud platform REST API, Get user)."""
MOST = 10_000


class Authors:
    """The people of one site, seen from our account.

    Data Center doesn't tell customers apart in what they wrote: there a user without any application's licence is one
    (Jira Data Center platform REST API, Get user, ``applicationRoles``), which costs a call per person, once.
    """

    def __init__(self, api: JiraApi) -> None:
        self.api = api
        self._customers: dict[str, bool] = {}

    def author(self, who: object) -> Author:
        """Whose a text is, by its author's record; nobody's is an outsider's."""
        if self.is_self(who):
            return Author.SELF
        return Author.OUTSIDE if self.is_customer(who) else Author.TEAM

    def is_self(self, who: object) -> bool:
        """Whether a user's record is our own account's."""
        return self.api.me in (part_of(who, "accountId"), part_of(who, "name"))

    def is_customer(self, who: object, *, unknown: bool = True) -> bool:
        """Whether a user's record is a customer's; ``unknown``: what to say where it doesn't tell."""
        if self.api.cloud or not part_of(who, "name"):
            kind = part_of(who, "accountType")
            return kind == CUSTOMER if kind else unknown
        name = part_of(who, "name")
        if name not in self._customers:
            if len(self._customers) >= MOST:
                self._customers.clear()
            self._customers[name] = self._has_no_licence(name)
        return self._customers[name]

    def _has_no_licence(self, name: str) -> bool:
        params = {"username": name, "expand": "applicationRoles"}
        try:
            found = self.api.record("GET", "user", "reading who wrote a text", params=params)
        except (Gone, Refused):
            return True  # deleted, or not for us to see
        roles = found.get("applicationRoles")
        return isinstance(roles, dict) and roles.get("size") == 0


def part_of(who: object, name: str) -> str:
    """A part of a user's record, empty if it isn't told."""
    found = who.get(name) if isinstance(who, dict) else None
    return found if isinstance(found, str) else ""
