"""The stand-in's GitHub App: its keys, its installations, and the endpoints that are called as the app itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.github.sandbox.books import Access, Repo
from connectors.github.sandbox.shapes import DOCS, Body, Shapes, error
from syncd.clock import stamp
from syncd.testing import Reply, Request

if TYPE_CHECKING:
    from connectors.github.sandbox.server import GitHubSandbox

LONGEST = timedelta(minutes=10)
"""How far ahead a signature may end (GitHub Apps docs, Generating a JSON web token)."""
LIFE = timedelta(hours=1)
_TOKEN_DOCS = f"{DOCS}/reference/apps#create-an-installation-access-token-for-an-app"
_UNDECODED = "A JSON web token could not be decoded"
_EXPIRED = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion "
    "expires"
)
_TOO_FAR = "'Expiration time' claim ('exp') is too far in the future"
_NOT_YET = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"


@cache
def key_pair(number: int) -> tuple[str, str]:
    """Private and public key, PEM; made once in a process, since making one takes a while."""
    del number
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@dataclass(slots=True, eq=False)
class Installation:
    """The app on one account. ``only``: folded names of the repositories that it reaches, None for all."""

    id: int
    owner: str
    only: frozenset[str] | None = None
    permissions: dict[str, str] = field(default_factory=lambda: {"issues": "write", "metadata": "read"})
    suspended: datetime | None = None

    def reaches(self, repo: Repo) -> bool:
        """Whether it is installed on the repository."""
        whole = repo.owner.casefold() == self.owner.casefold()
        return whole and (self.only is None or repo.full_name.casefold() in self.only)


@dataclass(frozen=True, slots=True)
class Minted:
    """A token of an installation."""

    installation: Installation
    until: datetime


class App:
    """The one app that the stand-in knows; nobody uses it until it is installed."""

    id = 4711
    client_id = "Iv23liSandboxClient"
    slug = "syncd-app"
    owner = "acme"

    def __init__(self, sandbox: GitHubSandbox) -> None:
        self.sandbox = sandbox
        self.keys = 1
        """How many were made; the latest one alone is accepted."""
        self.permissions = {"issues": "write", "metadata": "read"}
        """What it asks for; an installation has what its owner has accepted."""
        self.installations: dict[int, Installation] = {}
        self.minted: dict[str, Minted] = {}

    @property
    def login(self) -> str:
        """Its bot, as REST calls it."""
        return f"{self.slug}[bot]"

    @property
    def private_key(self) -> str:
        """The key that is accepted."""
        return key_pair(self.keys)[0]

    def of(self, owner: str) -> Installation:
        """The installation on an account."""
        for one in self.installations.values():
            if one.owner.casefold() == owner.casefold():
                return one
        raise LookupError(f"the app isn't installed on {owner!r}; install_app does that")

    def access(self, token: str) -> Access | None:
        """What a token may do that was given to an installation; None if it is none, or has ended."""
        found = self.minted.get(token)
        if found is None or self.sandbox.now() >= found.until or found.installation.id not in self.installations:
            return None
        one = found.installation
        may = one.permissions.get("issues")
        return Access(self.login, push=may == "write", owner=one.owner, only=one.only, reads=may is not None)

    def is_suspended(self, token: str) -> bool:
        """Whether the installation is suspended that a token was given to."""
        found = self.minted.get(token)
        return found is not None and found.installation.suspended is not None

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        """Below the API's base."""
        return [
            ("GET", "/app", self.app),
            ("GET", "/app/installations", self.listed),
            ("GET", "/app/installations/<int:number>", self.installation),
            ("POST", "/app/installations/<int:number>/access_tokens", self.token),
            ("GET", "/repos/<owner>/<name>/installation", self.of_repository),
            ("GET", "/repositories/<int:number>/installation", self.of_number),
        ]

    # --- what the app calls as itself ---

    def app(self, request: Request) -> Reply:
        """``GET /app``."""
        shapes, owner = self.sandbox.shapes(request), self.sandbox.books.account(self.owner)
        made = stamp(self.sandbox.now() - timedelta(days=100))
        body: Body = {
            "id": self.id,
            "slug": self.slug,
            "node_id": f"A_{self.id}",
            "client_id": self.client_id,
            "owner": shapes.user(owner),
            "name": self.slug,
            "description": None,
            "external_url": "https://syncd.example",
            "html_url": f"{shapes.web}/apps/{self.slug}",
            **dict.fromkeys(("created_at", "updated_at"), made),
            "permissions": self.permissions,
            "events": [],
            "installations_count": len(self.installations),
        }
        return Reply(200, body)

    def listed(self, request: Request) -> Reply:
        """``GET /app/installations``."""
        shapes = self.sandbox.shapes(request)
        return Reply(200, [self._shown(shapes, one) for one in self.installations.values()])

    def installation(self, request: Request, number: int) -> Reply:
        """``GET /app/installations/{id}``."""
        one = self.installations.get(number)
        return Reply(200, self._shown(self.sandbox.shapes(request), one)) if one else _missing()

    def of_repository(self, request: Request, owner: str, name: str) -> Reply:
        """``GET /repos/{owner}/{repo}/installation``."""
        books, full_name = self.sandbox.books, f"{owner}/{name}"
        repo, shapes = books.repo(full_name), self.sandbox.shapes(request)
        former = books.former.get(full_name.casefold())
        if repo is None and former is not None:
            url = f"{shapes.api}/repositories/{former.id}/installation"
            return Reply(
                301, {"message": "Moved Permanently", "url": url, "documentation_url": DOCS}, {"Location": url}
            )
        return self._reaching(request, repo)

    def of_number(self, request: Request, number: int) -> Reply:
        """The same, where a redirect leads."""
        return self._reaching(request, self.sandbox.books.repos.get(number))

    def _reaching(self, request: Request, repo: Repo | None) -> Reply:
        found = next((one for one in self.installations.values() if repo is not None and one.reaches(repo)), None)
        return Reply(200, self._shown(self.sandbox.shapes(request), found)) if found else _missing()

    def token(self, request: Request, number: int) -> Reply:
        """``POST /app/installations/{id}/access_tokens``: long ones, in the form of 2026."""
        del request
        one = self.installations.get(number)
        if one is None:
            return _missing()
        if one.suspended is not None:
            return Reply(403, error("This installation has been suspended", 403, _TOKEN_DOCS))
        word, until = f"ghs_{self.id}_{secrets.token_urlsafe(90)}", self.sandbox.now() + LIFE
        self.minted[word] = Minted(one, until)
        chosen = "all" if one.only is None else "selected"
        body = {"token": word, "expires_at": stamp(until), "permissions": one.permissions}
        return Reply(201, body | {"repository_selection": chosen})

    def refuses(self, request: Request, word: str) -> Reply | None:
        """Whether a signature is wrong, by the stand-in's own clock; the words are GitHub's."""
        del request
        lax = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        try:
            claims = jwt.decode(word, key_pair(self.keys)[1], algorithms=["RS256"], options=lax)  # type: ignore[arg-type]  # PyJWT's own type lacks some
        except jwt.InvalidTokenError:
            return Reply(401, error(_UNDECODED, 401))
        now, end, begin = self.sandbox.now().timestamp(), claims.get("exp"), claims.get("iat")
        if not isinstance(end, int) or end <= now:
            return Reply(401, error(_EXPIRED, 401))
        if end > now + LONGEST.total_seconds():
            return Reply(401, error(_TOO_FAR, 401))
        if not isinstance(begin, int) or begin > now:
            return Reply(401, error(_NOT_YET, 401))
        if claims.get("iss") not in {str(self.id), self.client_id}:
            return Reply(404, error("Integration not found", 404))
        return None

    def _shown(self, shapes: Shapes, one: Installation) -> Body:
        account = self.sandbox.books.account(one.owner, "Organization")
        made = stamp(self.sandbox.now() - timedelta(days=50))
        by: dict[str, Any] = {"suspended_by": None, "suspended_at": None}
        if one.suspended is not None:
            by = {"suspended_by": shapes.user(account), "suspended_at": stamp(one.suspended)}
        return {
            "id": one.id,
            "account": shapes.user(account),
            "repository_selection": "all" if one.only is None else "selected",
            "access_tokens_url": f"{shapes.api}/app/installations/{one.id}/access_tokens",
            "repositories_url": f"{shapes.api}/installation/repositories",
            "html_url": f"{shapes.web}/organizations/{one.owner}/settings/installations/{one.id}",
            "app_id": self.id,
            "client_id": self.client_id,
            "app_slug": self.slug,
            "target_id": account.id,
            "target_type": account.type,
            "permissions": one.permissions,
            "events": [],
            **dict.fromkeys(("created_at", "updated_at"), made),
            "single_file_name": None,
            **by,
        }


def _missing() -> Reply:
    return Reply(404, error("Not Found", 404))
