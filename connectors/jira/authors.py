"""Who belongs to the team: anybody but a customer of a service project's portal."""

from __future__ import annotations

from connectors.jira.api import JiraApi
from syncd.errors import ConnectorError, Unauthorized
from syncd.model import Author

CUSTOMER = "customer"
"""``accountType`` of somebody who only has the portal (Jira Cloud platform REST API, Get user)."""
ROBOT = "app"
"""``accountType`` of what no person writes with."""
PORTAL = "qm:"
"""What the ``accountId`` of such a person begins with (JSM Cloud REST API, Get request comments)."""
MOST = 10_000
_UNTOLD = frozenset({400, 403, 404, 405, 410})


class Authors:
    """The people of one site, seen from our account.

    Records of people tell it on Cloud (``accountType``); where they don't, the person's own record does, which costs a
    call per person, once. Data Center doesn't tell customers apart in what they wrote: there a user without any
    application's licence is one (Jira Data Center platform REST API, Get user, ``applicationRoles``).
    """

    def __init__(self, api: JiraApi) -> None:
        self.api = api
        self._customers: dict[str, bool | None] = {}

    def author(self, who: object, *, unknown: bool = True) -> Author:
        """Whose a text is, by its author's record; nobody's is an outsider's.

        Args:
            who: the record.
            unknown: whether somebody of whom nothing tells is a customer.
        """
        if self.is_self(who):
            return Author.SELF
        named = part_of(who, "accountId") or part_of(who, "name")
        return Author.OUTSIDE if self.is_customer(who, unknown=unknown or not named) else Author.TEAM

    def is_self(self, who: object) -> bool:
        """Whether a user's record is our own account's."""
        return self.api.me in (part_of(who, "accountId"), part_of(who, "name"))

    def is_customer(self, who: object, *, unknown: bool = True) -> bool:
        """Whether a user's record is a customer's; ``unknown``: what to say where it doesn't tell."""
        kind = part_of(who, "accountType")
        if kind:
            return kind == CUSTOMER
        name = part_of(who, "accountId" if self.api.cloud else "name")
        if not name:
            return unknown
        if name not in self._customers:
            if len(self._customers) >= MOST:
                self._customers.clear()
            self._customers[name] = self._look(name)
        found = self._customers[name]
        return unknown if found is None else found

    def is_automation(self, who: object) -> bool | None:
        """Whether a user's record is a rule's or an app's, and no person's; None where it doesn't tell, and of our own.

        Rules run as the account "Automation for Jira", whose ``accountType`` is ``app`` like that of every app (Jira
        Cloud platform REST API, Get user). Data Center has no such types.
        """
        kind = part_of(who, "accountType")
        return kind == ROBOT if kind and not self.is_self(who) else None

    def _look(self, name: str) -> bool | None:
        """Whether somebody is a customer by their own record; None where that isn't there, or not for us to see."""
        if name.startswith(PORTAL):
            return True
        cloud = self.api.cloud
        params = {"accountId": name} if cloud else {"username": name, "expand": "applicationRoles"}
        try:
            found = self.api.record("GET", "user", "reading who wrote a text", params=params)
        except Unauthorized:
            raise
        except ConnectorError:
            if self.api.last is None or self.api.last.status not in _UNTOLD:
                raise
            return None
        if cloud:
            kind = part_of(found, "accountType")
            return kind == CUSTOMER if kind else None
        roles = found.get("applicationRoles")
        return isinstance(roles, dict) and roles.get("size") == 0


def part_of(who: object, name: str) -> str:
    """A part of a user's record, empty if it isn't told."""
    found = who.get(name) if isinstance(who, dict) else None
    return found if isinstance(found, str) else ""
