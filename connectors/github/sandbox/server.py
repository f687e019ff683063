"""A stand-in for GitHub: issues over REST and GraphQL, as github.com and as an Enterprise Server.

It serves REST under ``/`` and ``/api/v3``, GraphQL under ``/graphql`` and ``/api/graphql``. Left out: issue fields,
search, webhooks, GraphQL mutations but those of boards.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

from connectors.github.sandbox.books import Access, Books
from connectors.github.sandbox.endpoints import Endpoints
from connectors.github.sandbox.installations import App
from connectors.github.sandbox.people import People
from connectors.github.sandbox.shapes import DOCS, Shapes, error
from syncd.testing import Reply, Request, Sandbox

_AS_APP = re.compile(r"(/api/v3)?/(app(/.*)?|(repos/[^/]+/[^/]+|repositories/[0-9]+)/installation)")
TOKEN = "test-token"  # noqa: S105  # the stand-in's own
LOGIN = "syncd-bot"
_WORDS = {
    "primary": "API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, please include the "
    "request ID SBOX:1 and timestamp 2026-01-05 09:00:00 UTC.",
    "already": "API rate limit already exceeded for user ID 1.",
    "secondary": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    "secondary_429": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    "content": "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
    "Please retry your request again later.",
    "abuse": "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again.",
}
"""GitHub REST API docs, Rate limits; Troubleshooting."""


class GitHubSandbox(Sandbox):
    """See the module. Switches are attributes; people act through ``people``."""

    people: People
    facts = frozenset({"app_key", "body", "comments", "id", "issues", "status"})
    examples = (
        ("make_repo", {"name": "acme/infrastructure"}),
        ("make_issue", {"repo": "acme/infrastructure", "title": "The hub is slow"}),
    )

    def __init__(self, port: int = 0) -> None:
        self.books = Books(self.now)
        self.tokens = {TOKEN: Access(LOGIN)}
        self.app = App(self)
        self.paging = "cursor"
        """``cursor``: ``after=``, only a next page, as github.com; ``page``: numbers and a last page, rows shift."""
        self.most_per_page = 100
        self.since_exclusive = False
        """The documentation can be read both ways."""
        self.lag = 0.0
        """Seconds by which lists are behind."""
        self.etags = True
        self.graphql = True
        self.shows_types = True
        """Whether tokens may see an organisation's issue types."""
        self.drops_assignees = False
        """An assignee who can't be one is left out without a word, not refused: the documentation leaves it open."""
        self.behind = False
        """As an Enterprise Server some versions behind: no ``state_reason``, fewer fields in GraphQL."""
        self.off_lists_pulls = False
        """Where issues are switched off, the list shows pull requests instead of answering 410."""
        self.web = ""
        """Origin of pages for people; the API's own if empty."""
        self.compress = False
        self.limit = 5000
        self.used = 0
        self.content_per_minute: int | None = None
        self.expires = ""
        """The token's expiry header, as it is to be sent."""
        self.scopes: str | None = None
        self.violations: list[str] = []
        """Rules of good conduct that the client broke: writes within one second, calls beyond a limit."""
        self._writes: list[datetime] = []
        super().__init__(port)
        self.about = f"its token is {TOKEN}. Its GitHub App has the id {self.app.id}; app_key tells its key"
        self.people = People(self)
        self.books.account(LOGIN)
        self._reset = self.now() + timedelta(hours=1)

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        """REST by name and by number, at both places."""
        return Endpoints(self).routes()

    def not_found(self, request: Request) -> Reply:
        """GitHub's own answer."""
        del request
        return Reply(404, error("Not Found", 404))

    def access(self, request: Request) -> Access:
        """Whose call it is; ``before`` let it through."""
        access = self._known(request)
        assert access is not None  # noqa: S101  # `before` let it through
        self.books.account(access.login)
        return access

    def _known(self, request: Request) -> Access | None:
        token = _token(request)
        return self.tokens.get(token) or self.app.access(token)

    def shapes(self, request: Request) -> Shapes:
        """Bodies with the addresses of one request."""
        prefix = "/api/v3" if request.path.startswith("/api/v3/") else ""
        return Shapes(request.origin + prefix, self.web or request.origin, behind=self.behind)

    @property
    def reset(self) -> int:
        """When the limit is renewed, in seconds since 1970."""
        return int(self._reset.timestamp())

    # --- before every call ---

    def before(self, request: Request) -> Reply | None:
        """Authentication, then limits, in the order and with the words of GitHub."""
        refusal = self._refused(request)
        if refusal is not None or _AS_APP.fullmatch(request.path):
            return refusal
        if self.now() >= self._reset:
            self._reset, self.used = self.now() + timedelta(hours=1), 0
        if self.used >= self.limit and not request.path.endswith("/rate_limit"):
            self.violations.append("a call beyond the limit")
            return self.limited("primary")
        if request.method != "GET" and not request.path.endswith("/graphql"):
            return self._paced(request)
        return None

    def _refused(self, request: Request) -> Reply | None:
        """What is wrong with who calls."""
        if not request.header("User-Agent"):
            return Reply(403, error("Missing or invalid User Agent string.", 403))
        if not request.header("Authorization"):
            return Reply(401, error("Requires authentication", 401))
        if _AS_APP.fullmatch(request.path):
            return self.app.refuses(request, _token(request))
        if self._known(request) is None:
            return Reply(401, error("Bad credentials", 401))
        if self.app.is_suspended(_token(request)):
            return Reply(403, error("This installation has been suspended", 403))
        return None

    def _paced(self, request: Request) -> Reply | None:
        """Writes: at least a second apart, and only so many new texts in a minute."""
        now = self.now()
        if self._writes and (now - self._writes[-1]).total_seconds() < 1:
            self.violations.append("two writes within one second")
        made = [at for at in self._writes if now - at < timedelta(minutes=1)]
        most = self.content_per_minute
        if request.method == "POST" and most is not None and len(made) >= most:
            return self.limited("content")
        self._writes = [*made, now]
        return None

    def limited(self, kind: str, retry_after: float | None = None) -> Reply:
        """A refusal because of a limit.

        ``kind``: ``primary`` · ``already`` (its other wording) · ``secondary`` · ``secondary_429`` · ``content`` ·
        ``abuse`` (the wording of old servers).
        """
        headers = {} if retry_after is None else {"Retry-After": str(int(retry_after))}
        if kind in {"primary", "already"}:
            left = {"x-ratelimit-remaining": "0", "x-ratelimit-used": str(self.limit)}
            return Reply(403, error(_WORDS[kind], 403), headers | (left if kind == "primary" else {}))
        status = 429 if kind == "secondary_429" else 403
        return Reply(status, error(_WORDS[kind], status, f"{DOCS}/overview/rate-limits"), headers)

    # --- after every call ---

    def after(self, request: Request, reply: Reply) -> Reply:
        """Headers of every answer; an unchanged body is answered 304, which costs nothing of the limit."""
        body, headers = reply.encoded()
        if _AS_APP.fullmatch(request.path):  # an app's own calls have a limit of their own
            return Reply(reply.status, body, headers | {"x-github-api-version-selected": "2022-11-28"})
        if request.method == "GET" and reply.status == 200 and self.etags:
            url = f"{request.path}?{urlencode(request.query)}"
            seed = f"{_token(request)} {url} {headers.get('Link', '')} ".encode() + body
            headers["ETag"] = f'W/"{hashlib.sha256(seed).hexdigest()}"'
            headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            if request.header("If-None-Match") == headers["ETag"]:
                headers.pop("Content-Type", None)
                return Reply(304, b"", self._common(headers))
        self.used += 1
        if self.compress and body and "gzip" in request.header("Accept-Encoding"):
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        return Reply(reply.status, body, self._common(headers))

    def _common(self, headers: dict[str, str]) -> dict[str, str]:
        common = {
            "x-github-request-id": f"SBOX:{len(self.log)}",
            "x-github-api-version-selected": "2022-11-28",
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(0, self.limit - self.used)),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(self.reset),
            "x-ratelimit-resource": "core",
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With",
        }
        common |= {"github-authentication-token-expiration": self.expires} if self.expires else {}
        common |= {"x-oauth-scopes": self.scopes} if self.scopes is not None else {}
        return common | headers


def _token(request: Request) -> str:
    return request.header("Authorization").partition(" ")[2]
