"""Whether an account is fit to work with: everything that can be seen to be wrong, each with its cure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from connectors.zendesk import export
from connectors.zendesk.account import Account
from connectors.zendesk.api import ZendeskApi
from connectors.zendesk.credentials import ApiToken, OAuthClient
from connectors.zendesk.jira import JiraLinks
from syncd.errors import ConnectorError, Gone, Problem, RateLimited, Refused, Transient, Unauthorized

TOKENS_END = "2027-04-30"
"""When the last API token stops working; none can be made since 2026-10-27 (Zendesk docs, API token removal)."""
_SCOPE = 'scope to "read write", or leave it out'
_LATER = "Try again in a minute"
_ADMIN = "Make the user an administrator (Admin Center, People, Team members)"


class Checks:
    """Looks at one live account."""

    def __init__(self, api: ZendeskApi, account: Account, jira: JiraLinks | None) -> None:
        self.api, self.account, self.jira = api, account, jira
        self.name = api.name

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong, as far as it can be seen."""
        try:
            user = self.account.user()
        except ConnectorError as error:
            yield Problem(self.name, error.what, self._cure(error))
            return
        yield from self._credential()
        if user.get("role") != "admin":
            what = "the user that syncd works as is no administrator, and only those may read the export of changes"
            yield Problem(self.name, what, _ADMIN)
            return
        yield from self._export()
        yield from self._fields()
        yield from self._jira()

    def writing(self) -> Iterator[Problem]:
        """What else stands in the way of writing."""
        known = self.api.credential
        if isinstance(known, OAuthClient) and not any(one.rpartition(":")[2] == "write" for one in known.scope.split()):
            what = f"the scope is {known.scope!r}: writing needs the scope write"
            yield Problem(self.name, what, f"Set {_SCOPE}; or mode to observe, in syncd.toml")

    def _credential(self) -> Iterator[Problem]:
        known = self.api.credential
        if isinstance(known, ApiToken):
            yield Problem(
                self.name,
                f"all of Zendesk's API tokens stop working on {TOKENS_END}, an unused one after 30 days, and no new "
                "one can be made",
                "Make an OAuth client (Admin Center, Apps and integrations, APIs, OAuth clients), and set client_id "
                "and client_secret in the place of email and api_token",
                warning=True,
            )
        if isinstance(known, OAuthClient) and known.lacks:
            lacks = ", ".join(known.lacks)
            yield Problem(
                self.name,
                f"the access token was granted less than was asked for: it lacks {lacks}",
                "Correct scope, or leave it out: then all is asked for; and let the OAuth client have it",
            )

    def _export(self) -> Iterator[Problem]:
        """A page of one ticket, if any was changed in the last hours (Zendesk API docs, Incremental exports)."""
        start = int((self.api.time - timedelta(minutes=10)).timestamp())
        params: dict[str, str | int] = {"start_time": max(0, start), "per_page": 1, "support_type_scope": "all"}
        try:
            self.api.get("trying the export of changes", export.PATH, params, item=True)
        except (Refused, Gone, Unauthorized) as error:
            yield Problem(self.name, error.what, f"{_ADMIN}; give the OAuth client the scope read")
        except ConnectorError as error:
            yield Problem(self.name, error.what, _LATER)

    def _fields(self) -> Iterator[Problem]:
        try:
            statuses, fields = self.account.statuses(), self.account.fields
            forms = self._needed_by_forms()
        except ConnectorError as error:
            yield Problem(self.name, error.what, _LATER)
            return
        if not fields.known:
            what = "the ticket fields can't be read, so tags that customers may set can't be told from the team's"
            yield Problem(self.name, f"{what}: tags are left out", "Let the user read ticket fields", warning=True)
        if not {"open", "pending", "solved"} & {one.partition("/")[0] for one in statuses}:
            yield Problem(self.name, "the account names none of the usual statuses", "Switch them on again")
        needed = list(dict.fromkeys([*fields.required, *forms]))
        if needed:
            yield Problem(
                self.name,
                f"Zendesk may refuse to solve a ticket while one of these fields is empty: {', '.join(needed)}",
                "Have agents fill them early, make them optional, or set them by [set.resolved] in the mapping",
                warning=True,
            )

    def _needed_by_forms(self) -> list[str]:
        """Fields that a form's conditions ask for (Zendesk API docs, Ticket forms); not every plan has forms."""
        what = "reading the ticket forms"
        try:
            found = self.api.ask(what, self.api.forms, item=True)
        except (Refused, Gone):
            return []
        rows = self.api.rows(what, found, "ticket_forms")
        conditions = [one for row in rows if row.get("active") is not False for one in _dicts(row, "agent_conditions")]
        children = [child for one in conditions for child in _dicts(one, "child_fields")]
        return [self.account.titled(key, "field") for one in children if isinstance(key := _solving(one), int)]

    def _jira(self) -> Iterator[Problem]:
        if self.jira is None:
            return
        try:
            self.jira.ask(None, size=1)
        except (Refused, Gone) as error:
            cure = "Switch on 'Manage links' (Admin Center, Apps and integrations, Jira), or take jira_url away"
            yield Problem(self.name, error.what, cure)
        except ConnectorError as error:
            yield Problem(self.name, error.what, _LATER)

    def _cure(self, error: ConnectorError) -> str:
        oauth = isinstance(self.api.credential, OAuthClient)
        if isinstance(self.api.credential, OAuthClient) and self.api.status == 403:
            now = self.api.credential.scope
            return f"The scope {now!r} may not cover reading: set {_SCOPE}; and let the client's user be active"
        if isinstance(error, Unauthorized) and oauth:
            return "Set client_id and client_secret to those of a confidential OAuth client whose user is active"
        if isinstance(error, Unauthorized):
            return "Set email and api_token to a user's and an active token; better, make an OAuth client"
        if isinstance(error, RateLimited):
            return _LATER
        answer = self.api.answer
        if not isinstance(error, Transient) or (answer is not None and (answer.is_page or answer.status == 404)):
            return "Set url to the account's own address, https://SUBDOMAIN.zendesk.com; a brand's or portal's won't do"
        return "Check the url and that this machine can reach it; set url to https://SUBDOMAIN.zendesk.com"


def _dicts(row: object, key: str) -> list[dict[str, object]]:
    found = row.get(key) if isinstance(row, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _solving(child: dict[str, object]) -> object:
    """The field, if it is needed for solving."""
    when = child.get("required_on_statuses")
    kind = when.get("type") if isinstance(when, dict) else "ALL_STATUSES" if child.get("is_required") else None
    named = when.get("statuses") if isinstance(when, dict) else None
    needed = kind == "ALL_STATUSES" or (kind == "SOME_STATUSES" and isinstance(named, list) and "solved" in named)
    return child.get("id") if needed else None
