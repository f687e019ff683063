"""What is known of repositories: their present name, who can see them, what can be done there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from connectors.github.answers import NOT_JSON, Answer, ours
from connectors.github.api import Api
from syncd.errors import Busy, ConnectorError, Gone, Refused
from syncd.model import Audience

FRESH_SECONDS = 600.0
"""How long what was read of a repository is believed by fresh reads: a private one may turn public."""
LOOK_HOLDS = 10.0
"""Seconds for which a look at who can read in a repository does for the comments that go out one after another."""
LOST_SECONDS = 600.0
"""How long a repository must have been missing before what is to be written there waits for a person."""


class Missing(Refused):
    """GitHub says that a repository isn't there: for now, or for good."""


class _Permissions(BaseModel):
    push: bool | None = None
    triage: bool | None = None
    maintain: bool | None = None
    admin: bool | None = None


class _Owner(BaseModel):
    type: str | None = None


class Facts(BaseModel):
    """What ``GET /repos/{owner}/{repo}`` tells (GitHub REST API docs, Get a repository)."""

    id: int
    full_name: str
    private: bool | None = None
    visibility: str | None = None
    html_url: str | None = None
    has_issues: bool | None = None
    archived: bool | None = None
    permissions: _Permissions | None = None
    owner: _Owner | None = None

    @property
    def audience(self) -> Audience:
        """Private only where the answer says so: unknown visibility counts as public."""
        hidden = self.private is True or self.visibility in {"private", "internal"}
        return Audience.PRIVATE if hidden and self.private is not False else Audience.PUBLIC

    @property
    def told_visibility(self) -> bool:
        """Whether the answer says at all who can see it."""
        return self.private is not None or self.visibility is not None

    @property
    def web(self) -> str:
        """The origin of the links that people open, empty if it isn't told."""
        parts = urlsplit(self.html_url or "")
        return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} and parts.netloc else ""


@dataclass(frozen=True, slots=True)
class _Known:
    facts: Facts
    at: float


class Repositories:
    """The configured repositories, read once each, and others that issues were moved to.

    Args:
        api: the account.
        names: ``owner/repo`` as configured, which are also the names of the sources.
    """

    def __init__(self, api: Api, names: Sequence[str]) -> None:
        self.api = api
        self.names = tuple(names)
        self._known: dict[str, _Known] = {}
        self._looks: dict[str, tuple[Audience, float]] = {}
        """Who can read in a repository by the latest look at it, and when that was (monotonic)."""
        self._missing: dict[str, float] = {}
        """Since when what was to be written to a repository found none there."""

    def get(self, name: str, *, within: float = float("inf")) -> Facts:
        """What is known of a repository, read again if that is older than ``within`` seconds.

        Raises:
            Refused: it can't be seen.
        """
        known = self._known.get(name.casefold())
        now = self.api.clock.monotonic()
        if known is not None and now - known.at <= within:
            return known.facts
        return self.fresh(name)

    def fresh(self, name: str) -> Facts:
        """A repository as it is now, whatever is known of it; one call.

        Raises:
            Refused: it can't be seen.
        """
        facts = self._read(name)
        for key in {name.casefold(), facts.full_name.casefold()}:
            self._known[key] = _Known(facts, self.api.clock.monotonic())
        self.looked(facts)
        return facts

    def looked(self, facts: Facts) -> None:
        """What an answer has just told of a repository besides."""
        self._looks[facts.full_name.casefold()] = (facts.audience, self.api.clock.monotonic())

    def readers(self, name: str, *, within: float) -> Audience:
        """Who can read in a repository that is about to be written to; a look ``within`` so many seconds does.

        Raises:
            ConnectorError: as :meth:`there`.
        """
        audience, at = self._looks.get(name.casefold(), (Audience.PUBLIC, float("-inf")))
        return audience if self.api.clock.monotonic() - at < within else self.there(name).audience

    def is_private(self, name: str) -> bool:
        """Whether a repository was private when it was read last."""
        known = self._known.get(name.casefold())
        return known is not None and known.facts.audience is Audience.PRIVATE

    def there(self, name: str) -> Facts:
        """A repository that is about to be written to, as it is now; one call.

        Raises:
            Busy: it can't be seen at the moment.
            Refused: it can't be seen, and that has lasted.
        """
        try:
            facts = self.fresh(name)
        except Missing as error:
            raise self.lost(name, error) from error
        self.found(name)
        return facts

    def lost(self, name: str, error: Missing) -> ConnectorError:
        """What to raise where a write finds no repository: a single answer proves nothing, a lasting one does.

        The service has answered, so it says nothing of other repositories.
        """
        now = self.api.clock.monotonic()
        since = self._missing.setdefault(name.casefold(), now)
        return Busy(error.connector, error.what) if now - since < LOST_SECONDS else error

    def found(self, name: str) -> None:
        """It is there."""
        self._missing.pop(name.casefold(), None)

    def forget(self, name: str) -> None:
        """What was known may be wrong by now: a redirect was seen, or a refusal."""
        known = self._known.pop(name.casefold(), None)
        if known is not None:
            gone = [key for key, other in self._known.items() if other.facts.id == known.facts.id]
            for key in gone:
                del self._known[key]

    def current(self, name: str) -> str:
        """``owner/repo`` as the API spells it now, as far as is known without a call."""
        known = self._known.get(name.casefold())
        if known is not None:
            return known.facts.full_name
        return next((own for own in self.names if own.casefold() == name.casefold()), name)

    def configured(self, name: str) -> str | None:
        """The configured name of the repository that is called ``name`` now or was; None if it is foreign."""
        folded = name.casefold()
        for own in self.names:
            known = self._known.get(own.casefold())
            if folded == own.casefold() or (known is not None and folded == known.facts.full_name.casefold()):
                return own
        return None

    def webs(self) -> frozenset[str]:
        """The web origins that the API named so far."""
        return frozenset(known.facts.web for known in self._known.values() if known.facts.web)

    def _read(self, name: str) -> Facts:
        doing = f"reading repository {name}"
        try:
            answer = self.api.get(f"/repos/{name}", doing)
        except Gone as error:
            what = f"cannot see repository {name}: it was renamed away or made private, or {self.api.credential.blind}"
            raise Missing(self.api.name, what) from error
        return self._facts(answer.data, doing)

    def _facts(self, data: Any, doing: str) -> Facts:
        try:
            return Facts.model_validate(data)
        except ValueError:
            raise ours(self.api.name, doing, Answer(200, {}, NOT_JSON)) from None
