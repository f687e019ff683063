"""What may be wrong with an account, its token and its repositories, each with its cure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from connectors.github.api import Api
from connectors.github.repositories import Facts, Repositories
from syncd.clock import moment
from syncd.errors import ConnectorError, Problem, Refused, Unauthorized

WARN_BEFORE = timedelta(days=14)
EXPIRY = "github-authentication-token-expiration"
_ADDRESS = "Look whether the address is right (https://api.github.com, or https://HOST/api/v3); try again later."
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d) ?(UTC|Z|[+-]\d\d:?\d\d)?")


class Checks:
    """Looks at the live account: one call for the token, one per repository; some more for an app.

    Args:
        api: the account.
        repositories: those configured.
        login: tells whose token it is, empty if GitHub doesn't tell.
    """

    def __init__(self, api: Api, repositories: Repositories, login: Callable[[], str]) -> None:
        self.api, self.repositories, self._login = api, repositories, login

    def problems(self) -> list[Problem]:
        """Every problem found; empty for a healthy account."""
        where = f"connectors/{self.api.name}.toml"
        token, credential = f"{where}: token", self.api.credential
        found: list[Problem] = []
        try:
            if not self._login():
                what = "GitHub doesn't tell whose token it is, neither under /user nor by GraphQL"
                lost = "so a comment of ours whose answer was lost can't be found again"
                cure = "Use a personal access token, or configure the GitHub App itself."
                found.append(Problem(token, f"{what}, {lost}", cure))
            found.extend(credential.problems(self.api, where))
            for name in self.repositories.names:
                found.extend(self._look(f"{where}: repositories, {name}", name))
        except Unauthorized:
            return [credential.refused(where)]
        except ConnectorError as error:
            found.append(Problem(f"{where}: url", error.what, _ADDRESS))
        return [*found, *_of_token(token, self.api.headers, self.api.clock.now())]

    def _look(self, place: str, name: str) -> Iterator[Problem]:
        self.repositories.forget(name)
        try:
            facts = self.repositories.get(name)
        except Refused as error:
            cure = "Write the name as GitHub shows it, and give the account access to that repository."
            yield Problem(place, error.what, cure)
        else:
            yield from _of_repository(place, name, facts)
            if self.api.credential.writes_by_role:
                yield from _of_role(place, facts)
            for what, cure in self.api.credential.problems_in(self.api, facts):
                yield Problem(place, what, cure)


def _of_repository(place: str, name: str, facts: Facts) -> Iterator[Problem]:
    if facts.full_name.casefold() != name.casefold():
        cure = "Write the new name; until then the old one works."
        yield Problem(place, f"it is called {facts.full_name} now", cure, warning=True)
    if facts.archived:
        yield Problem(place, "it is archived, so nothing can be written", "Unarchive it, or take it out of the config.")
    if facts.has_issues is False:
        yield Problem(place, "issues are switched off", "Switch them on in the repository's settings.")
    if not facts.told_visibility:
        yield Problem(
            place, "GitHub doesn't tell who can see it: it is treated as public", "Look at the token's rights."
        )


def _of_role(place: str, facts: Facts) -> Iterator[Problem]:
    """What the token's owner may do there; GitHub tells nothing of the kind to an app."""
    rights = facts.permissions
    if rights is not None and rights.push is False:
        what = "the token may not push: GitHub would leave out labels and assignees without a word"
        more = "" if rights.triage else ", and closing or reopening would be refused"
        cure = "Give the token's owner write access."
        yield Problem(place, what + more, cure, warning=rights.triage is True)


def _of_token(place: str, headers: Mapping[str, str], now: datetime) -> Iterator[Problem]:
    """Both headers come with every answer, where they apply (GitHub REST API docs, Authenticating)."""
    expiry = _moment(headers.get(EXPIRY, ""))
    if expiry is not None and expiry - now < WARN_BEFORE:
        yield Problem(
            place, f"it expires on {expiry:%Y-%m-%d}", "Make a new token before that day.", warning=expiry > now
        )
    scopes = headers.get("x-oauth-scopes")
    if scopes is not None and scopes.strip() and not {"repo", "public_repo"} & _words(scopes):
        yield Problem(place, "it is a classic token without the scope repo or public_repo", "Make one that has it.")


def _words(text: str) -> set[str]:
    return {word.strip() for word in text.split(",")}


def _moment(text: str) -> datetime | None:
    """The expiry header comes as ``2026-07-02 09:51:24 UTC`` and as ``2025-11-13 21:31:56 +0100``."""
    found = _STAMP.search(text)
    if found is None:
        return None
    zone = found[3] or "+00:00"
    try:
        return moment(f"{found[1]}T{found[2]}{'+00:00' if zone in {'UTC', 'Z'} else zone}")
    except ValueError:
        return None
