"""A GitHub App as the account: its key signs, and GitHub gives a token of its installation for it, good for an hour.

PyGithub could do that, by this machine's clock and on a session of its own. Here the calls are made on ours, and the
time is the server's, as its ``Date`` tells: a machine whose clock is wrong signs what GitHub accepts all the same.
The token is kept in memory alone. Facts from the GitHub Apps docs (Generating a JSON web token; Authenticating as an
installation) and the REST API docs (Apps).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from connectors.github.answers import NOT_JSON, Answer, ours
from connectors.github.api import PER_PAGE, Api
from connectors.github.credentials import Credential
from connectors.github.repositories import Facts
from syncd.clock import moment
from syncd.errors import Gone, Problem, RateLimited, Refused, Transient, Unauthorized

BACKDATED = timedelta(seconds=60)
"""A signature begins that long ago, as GitHub advises, for servers whose clock is behind."""
SIGNED_FOR = timedelta(minutes=5)
"""GitHub takes ten minutes at most, and counts by its own clock."""
OFF = timedelta(seconds=30)
"""A clock that is off by more may be why a signature was not accepted."""
MARGIN = timedelta(minutes=5)
"""How long before its end a token is replaced."""
AGAIN = 60.0
"""Seconds until a renewal is tried again that failed while the old token is still good."""
SPREAD = timedelta(seconds=10)
"""A new token may be unknown to some of GitHub's servers for seconds."""
WAITS = (1.0, 2.0)
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")

_KEY_CURE = "generate a private key in the app's settings, store it where the config file says, and look at app_id"
_SUSPENDED_CURE = "its owner can unsuspend it: Settings, GitHub Apps, Configure"
_INSTALL_CURE = "install it there: the app's settings, Install App"
_RIGHT_CURE = "give the app the repository permission Issues: Read and write, in its settings"
_ACCEPT_CURE = "the owner has to accept the app's new permissions: Settings, GitHub Apps, Review request"


@dataclass(frozen=True, slots=True)
class _Minted:
    """A token; times by the server's clock."""

    word: str = field(repr=False)
    since: datetime
    until: datetime
    renew: datetime


class App(Credential):
    """One app's installation.

    Args:
        name: the configured connector's name, for messages.
        app_id: the app's id, or its client id.
        private_key: PEM.
        installation_id: None: the one that reaches the repositories.
        repositories: those configured, ``owner/repo``.
    """

    writes_by_role = False
    blind = "the app isn't installed on it"

    def __init__(
        self, name: str, app_id: str, private_key: str, installation_id: int | None, repositories: Sequence[str]
    ) -> None:
        self.name, self.app_id = name, app_id
        self._key = private_key
        self._configured = installation_id
        self._repositories = tuple(repositories)
        self._installation = installation_id
        self._minted: _Minted | None = None
        self._login: str | None = None
        self._look_again = True
        self._try_from = 0.0
        self._trouble: tuple[str, str, str] | None = None
        """Key of the config file, what is wrong, the cure: of the latest refusal."""

    # --- the token of the calls ---

    def word(self, api: Api) -> str:
        """The installation's token, made anew in time; an old one is used up where no new one is to be had."""
        minted, now = self._minted, api.time()
        if minted is not None and now < minted.renew:
            return minted.word
        good = minted is not None and now < minted.until
        if minted is not None and good and api.clock.monotonic() < self._try_from:
            return minted.word
        try:
            self._minted = self._mint(api)
        except (Transient, RateLimited):
            if minted is None or not good:
                raise
            self._try_from = api.clock.monotonic() + AGAIN
            return minted.word
        return self._minted.word

    def renewed(self, api: Api, answer: Answer, before: int) -> bool:
        """After a 401: with another token, or with the same one as soon as all of GitHub's servers know it."""
        if answer.status != 401 or self._minted is None:
            return False
        if before == 0 and api.time() - self._minted.since > SPREAD:
            self._minted = None
            return True
        if before < len(WAITS) and not api.clock.sleep(WAITS[before]):
            return True
        self._minted = None
        self._trouble = ("private_key", "GitHub doesn't accept the tokens that it gives to the app", _KEY_CURE)
        return False

    def login(self, api: Api) -> str | None:
        """The app's bot, as REST calls it: ``slug[bot]``. Asked again with each token, for apps can be renamed."""
        if self._look_again:
            doing = "reading which app this is"
            try:
                self._login = _bot(self._body(self._ask(api, "GET", "/app", doing), doing))
            except (Transient, RateLimited):
                if not self._login:
                    raise
            else:
                self._look_again = False
        return self._login

    def _mint(self, api: Api) -> _Minted:
        if self._installation is None:
            self._installation = self._discover(api)
        doing = "asking for a token of the app's installation"
        answer = self._ask(api, "POST", f"/app/installations/{self._installation}/access_tokens", doing, accept={404})
        if answer.status == 404:
            gone, self._installation = self._installation, self._configured
            cure = _INSTALL_CURE + (", and write its new installation_id" if self._configured is not None else "")
            raise self._unauthorized("installation_id", f"the app has no installation {gone} any more", cure)
        found = self._body(answer, doing)
        word, now = found.get("token"), api.time()
        if not isinstance(word, str) or not word or not word.isascii() or not word.isprintable() or " " in word:
            raise ours(self.name, doing, Answer(200, {}, NOT_JSON))
        try:
            until = max(moment(str(found.get("expires_at"))), now + timedelta(minutes=1))
        except ValueError:
            until = now + timedelta(hours=1)
        self._look_again = True
        return _Minted(word, now, until, until - min(MARGIN, (until - now) / 6))

    # --- which installation ---

    def _discover(self, api: Api) -> int:
        """The installation that reaches the configured repositories; an account has at most one of an app."""
        found: dict[int, str] = {}
        for owner in dict.fromkeys(name.partition("/")[0].casefold() for name in self._repositories):
            names = [name for name in self._repositories if name.partition("/")[0].casefold() == owner]
            here = next((one for name in names if (one := self._installed_on(api, name))), None)
            found |= {here[0]: here[1]} if here else {}
        if len(found) == 1:
            return next(iter(found))
        if found:
            what = f"the configured repositories belong to several installations of the app: {_listed(found)}"
            cure = "one file can serve one of them: write a file for each, with its own repositories"
            raise self._unauthorized("repositories", what, cure)
        others = self._installations(api)
        what = "the app isn't installed on any of the configured repositories"
        what += f"; its installations: {_listed(others)}" if others else ", nor anywhere else"
        raise self._unauthorized("repositories", what, _INSTALL_CURE)

    def _installed_on(self, api: Api, full_name: str) -> tuple[int, str] | None:
        """Id and owner of the installation that reaches a repository; None if there is none."""
        doing = f"looking for the app's installation on {full_name}"
        answer = self._ask(api, "GET", f"/repos/{full_name}/installation", doing, accept={404})
        if answer.status == 404:
            # Also what a key is told that belongs to no app.
            self.login(api)
            return None
        found = self._body(answer, doing)
        number = found.get("id")
        if not isinstance(number, int):
            raise ours(self.name, doing, Answer(200, {}, NOT_JSON))
        return number, _account(found)

    def _installations(self, api: Api) -> dict[int, str]:
        doing = "listing the app's installations"
        answer = self._ask(api, "GET", "/app/installations", doing, params={"per_page": PER_PAGE})
        rows = [one for one in api.listed(answer, doing) if isinstance(one, dict)]
        return {one["id"]: _account(one) for one in rows if isinstance(one.get("id"), int)}

    # --- calls as the app itself ---

    def _ask(
        self,
        api: Api,
        verb: str,
        path: str,
        doing: str,
        *,
        params: Mapping[str, str | int] | None = None,
        accept: frozenset[int] | set[int] = frozenset(),
    ) -> Answer:
        """One call with a signature, made twice if the first one's clock turns out to have been wrong."""
        signed = api.time()
        answer = api.as_app(verb, path, doing, self._signature(signed), params=params)
        if answer.status == 401 and abs(api.time() - signed) > OFF:
            answer = api.as_app(verb, path, doing, self._signature(api.time()), params=params)
        if 200 <= answer.status < 300 or answer.status in accept:
            return answer
        if answer.status == 401:
            raise self._unauthorized("private_key", "GitHub doesn't accept the app's key", _KEY_CURE)
        error = ours(self.name, doing, answer)
        if isinstance(error, Unauthorized):
            raise self._unauthorized("installation_id", "the app's installation is suspended", _SUSPENDED_CURE)
        if isinstance(error, Gone):
            raise self._unauthorized("app_id", "GitHub knows no such app, or no such installation", _KEY_CURE)
        if isinstance(error, Refused):  # whatever it is, no call can be made until somebody acts
            raise self._unauthorized("app_id", error.what, "look at the app's settings on GitHub")
        raise error

    def _signature(self, now: datetime) -> str:
        begin, end = int((now - BACKDATED).timestamp()), int((now + SIGNED_FOR).timestamp())
        return jwt.encode({"iat": begin, "exp": end, "iss": self.app_id}, self._key, algorithm="RS256")

    def _body(self, answer: Answer, doing: str) -> dict[str, Any]:
        if not isinstance(answer.data, dict):
            raise ours(self.name, doing, Answer(200, {}, NOT_JSON))
        return answer.data

    def _unauthorized(self, key: str, what: str, cure: str) -> Unauthorized:
        self._trouble = (key, what, cure)
        return Unauthorized(self.name, f"{what}: {cure}")

    # --- what may be wrong ---

    def refused(self, where: str) -> Problem:
        """See :class:`Credential`."""
        key, what, cure = self._trouble or ("app_id", "GitHub doesn't accept the app", _KEY_CURE)
        return Problem(f"{where}: {key}", what, f"{cure[0].upper()}{cure[1:]}.")

    def problems(self, api: Api, where: str) -> Iterator[Problem]:
        """What the installation was granted, and whether that is what syncd needs."""
        self._minted = None  # what was granted may have changed since
        self.word(api)
        app = self._body(self._ask(api, "GET", "/app", "reading which app this is"), "reading which app this is")
        doing = "reading what the app's installation may do"
        found = self._body(self._ask(api, "GET", f"/app/installations/{self._installation}", doing), doing)
        granted, asked = _issues(found), _issues(app)
        if granted not in {"write", "admin"}:
            has = "read issues, not write them" if granted == "read" else "neither read nor write issues"
            cure = _ACCEPT_CURE if asked in {"write", "admin"} else f"{_RIGHT_CURE}; then {_ACCEPT_CURE}"
            yield Problem(f"{where}: app_id", f"the app's installation may {has}", f"{cure[0].upper()}{cure[1:]}.")

    def problems_in(self, api: Api, facts: Facts) -> Iterator[tuple[str, str]]:
        """A public repository can be read by every app, and written by those that are installed on it."""
        here = self._installed_on(api, facts.full_name)
        reached = f"installation {self._installation}"
        if here is None:
            cure = "Add it to the installation: Settings, GitHub Apps, Configure, Repository access."
            yield f"the app isn't installed on it, so nothing can be written there ({reached})", cure
        elif here[0] != self._installation:
            cure = "Move it to a connector file of its own, with that installation_id."
            yield f"it belongs to another installation of the app, {here[0]}, not to {reached}", cure


def _bot(app: Mapping[str, Any]) -> str:
    slug = app.get("slug")
    return f"{slug}[bot]" if isinstance(slug, str) and _SLUG.fullmatch(slug) else ""


def _account(installation: Mapping[str, Any]) -> str:
    """Whose account an installation is on; an enterprise has a slug instead of a login."""
    account = installation.get("account")
    found = (account.get("login") or account.get("slug")) if isinstance(account, dict) else None
    return found if isinstance(found, str) and _SLUG.fullmatch(found) else "unknown"


def _issues(body: Mapping[str, Any]) -> str:
    permissions = body.get("permissions")
    return str(permissions.get("issues", "")) if isinstance(permissions, dict) else ""


def _listed(installations: Mapping[int, str]) -> str:
    return ", ".join(f"{number} ({account})" for number, account in sorted(installations.items()))
