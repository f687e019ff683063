"""What may be wrong with a site, our account and its projects, each with its cure."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.jira import items
from connectors.jira.account import Account
from connectors.jira.api import JiraApi, part
from connectors.jira.options import JiraOptions, SiteOptions
from syncd.errors import ConnectorError, Gone, Problem, RateLimited, Refused, Transient, Unauthorized

RIGHTS = {
    "BROWSE_PROJECTS": "see its issues",
    "TRANSITION_ISSUES": "move issues to another status",
    "ADD_COMMENTS": "comment",
    "EDIT_ISSUES": "set fields and labels",
}
"""What we need in each project (Jira platform REST API, Get my permissions) -> in words."""
FILE, LINK = "CREATE_ISSUES", "LINK_ISSUES"
_LATER = "Try again in a minute"


class Checks:
    """Looks at the live site: two calls, and three or more for each project.

    Args:
        api: the account.
        account: what the site has.
        options: the configuration.
    """

    def __init__(self, api: JiraApi, account: Account, options: SiteOptions) -> None:
        self.api, self.account, self.options = api, account, options
        self.where = f"connectors/{api.name}.toml"

    def problems(self) -> list[Problem]:
        """Every problem found; empty for a healthy site."""
        try:
            self.api.prove(afresh=True)
            found = list(self._site())
            for project in self.options.projects:
                found += self._project(project)
            if self.options.jql is not None:
                found += self._restriction(self.options.jql)
        except ConnectorError as error:
            return [self._failure(error)]
        return found

    def _failure(self, error: ConnectorError) -> Problem:
        """What stands in the way of everything else."""
        token = "token" if self.options.token is not None else "api_token"
        if isinstance(error, Unauthorized):
            cure = "Make a new token as that user, and store it; a personal access token may have an end of its own"
            if self.api.cloud:
                cure = "Make a new token as that user, and store it: API tokens of Jira Cloud live a year at most"
            return Problem(f"{self.where}: {token}", error.what, cure)
        if isinstance(error, RateLimited):
            return Problem(self.where, error.what, _LATER)
        cure = (
            "Set url to the site's own address, such as https://SITE.atlassian.net, with its context path if it has one"
        )
        return Problem(f"{self.where}: url", error.what, cure)

    def _site(self) -> Iterator[Problem]:
        """Get server info: whether the credential is one for this kind of Jira."""
        told = self.api.record("GET", "serverInfo", "reading what kind of site it is").get("deploymentType")
        if isinstance(told, str) and (told == "Cloud") is not self.api.cloud:
            what = "it is Jira Cloud" if told == "Cloud" else "it is Jira Data Center"
            cure = "Give it email and api_token" if told == "Cloud" else "Give it token, a personal access token"
            yield Problem(f"{self.where}: url", f"{what}, which takes another credential", cure)

    def _project(self, key: str) -> Iterator[Problem]:
        """A name that is misspelt would read as a project in which nothing ever happens."""
        where = f"{self.where}: projects, {key}"
        try:
            found = self.api.record("GET", f"project/{part(key)}", f"reading project {key}")
        except (Gone, Refused) as error:
            cure = "Write the key as Jira shows it before the number, and give the account access to the project"
            yield Problem(where, error.what, cure)
            return
        now = found.get("key")
        if now != key:
            cure = "Write the key that it has now; until then the old one may find nothing"
            yield Problem(where, f"its key is {now} now", cure)
        if found.get("archived") is True:
            yield Problem(
                where, "it is archived, so nothing can be written", "Restore it, or take it out of the config"
            )
        yield from self._rights(where, key)

    def _rights(self, where: str, key: str) -> Iterator[Problem]:
        names = [*RIGHTS, LINK, FILE] if isinstance(self.options, JiraOptions) else [*RIGHTS]
        asked = {"projectKey": key, "permissions": ",".join(names)}
        told = self.api.record("GET", "mypermissions", f"reading our rights in {key}", params=asked).get("permissions")
        have = {name for name, one in told.items() if _has(one)} if isinstance(told, dict) else set()
        lacking = [words for name, words in RIGHTS.items() if name not in have]
        if lacking:
            what = f"the account may not {', '.join(lacking)}"
            yield Problem(where, what, "Give the account's role these permissions in the project's settings")
        if LINK in names and LINK not in have:
            cure = "Give the account's role Link issues, or set issue_links = false in the [sync] of the helpdesks"
            yield Problem(where, "the account may not link issues to their tickets", cure, warning=True)
        if FILE in names and FILE not in have:
            cure = "Give the account's role Create issues, unless nothing is to be filed there"
            yield Problem(where, "the account may not file issues", cure, warning=True)
        elif FILE in names:
            yield from self._filing(where, key)

    def _filing(self, where: str, key: str) -> Iterator[Problem]:
        """Fields that an issue can't be filed without."""
        self.account.forget(key)
        try:
            kind = self.account.kind(key)
        except Refused as error:
            yield Problem(where, error.what, "Set issue_type to a type of issue that the project has", warning=True)
            return
        if kind.required:
            fields = ", ".join(name or one for one, name in kind.required.items())
            what = f"a {kind.name} can't be filed there without: {fields}"
            cure = "Make them optional, give them a default, or set issue_type to another type"
            yield Problem(where, what, cure, warning=True)

    def _restriction(self, jql: str) -> Iterator[Problem]:
        """Cloud takes a name that nobody knows for one that nothing matches; strict parsing doesn't."""
        where, doing = f"{self.where}: jql", "having the restriction looked at"
        cure = "Try it in Jira's own search, and correct it"
        try:
            if not self.api.cloud:
                asked = {"jql": jql, "maxResults": 0, "fields": ["id"], "validateQuery": True}
                self.api.call("POST", "search", doing, body=asked, write=False)
                return
            path = "/rest/api/3/jql/parse"
            params = {"validation": "strict"}
            told = self.api.rows("POST", path, doing, "queries", params=params, body={"queries": [jql]}, write=False)
        except Refused as error:
            yield Problem(where, error.what, cure)
            return
        except (Gone, Transient):
            return  # a service that doesn't look at it says nothing of it
        if any(items.listed(one, "errors") for one in told):
            yield Problem(where, "Jira doesn't understand it, or it names what isn't there", cure)


def _has(permission: object) -> bool:
    return isinstance(permission, dict) and permission.get("havePermission") is True
