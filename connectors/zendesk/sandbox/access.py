"""Who may call the stand-in: OAuth clients with tokens that expire and scopes, and the older API tokens.

From Zendesk's API reference (OAuth Tokens for Grant Types; Security and authentication): a token may be minted with
any scope; one that doesn't exist or doesn't cover a call shows only when the call is answered with 403.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.zendesk.sandbox import rules
from connectors.zendesk.sandbox.defaults import ME, Row
from syncd.testing import Reply, Request

LIVES = 1800
"""Seconds that a token lives where nothing else is asked for."""
SCOPED = ("tickets", "users", "organizations")
ADMINS_ONLY = ("/incremental/", "/jira/")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token."""

    user: int
    scope: str
    until: datetime


@dataclass(slots=True)
class Access:
    """The account's credentials.

    Switches: ``client_works`` (the client's user still has access), ``api_tokens`` (the account still takes API
    tokens), ``mint_status`` (200 or 201: which of the two isn't certain).
    """

    now: Callable[[], datetime]
    users: dict[int, Row]
    client_id: str = "syncd"
    client_secret: str = "sandbox-secret"  # noqa: S105  # the stand-in's own
    api_token: str = "sandbox-token"  # noqa: S105  # the stand-in's own
    client_works: bool = True
    api_tokens: bool = True
    mint_status: int = 201
    tokens: dict[str, Token] = field(default_factory=dict)
    minted: int = 0

    def mint(self, request: Request) -> Reply:
        """``POST /oauth/tokens``, for the grant type of clients without a user."""
        try:
            asked = request.json()
        except ValueError:
            asked = None
        asked = asked if isinstance(asked, dict) else {}
        if asked.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", "The authorization grant type is not supported.")
        if (asked.get("client_id"), asked.get("client_secret")) != (self.client_id, self.client_secret):
            return _refused(401, "invalid_client", "Client authentication failed.")
        if not self.client_works:
            return _refused(401, "invalid_client", "The client's user has no access.")
        lives = asked.get("expires_in", LIVES)
        if not isinstance(lives, int) or not 300 < lives < 172_800:
            return _refused(400, "invalid_request", "expires_in must be over 300 and under 172800 seconds.")
        self.minted += 1
        token, scope = f"sandbox-access-{self.minted}", str(asked.get("scope", ""))
        self.tokens[token] = Token(ME, scope, self.now() + timedelta(seconds=lives))
        answer = {"access_token": token, "token_type": "bearer", "scope": scope, "expires_in": lives}
        return Reply(self.mint_status, answer)

    def who(self, request: Request) -> tuple[int | None, Reply | None]:
        """Whose call it is; or the refusal. Nobody's where no credential is sent."""
        kind, _, sent = request.header("authorization").partition(" ")
        if not kind:
            return None, None
        if kind.lower() == "bearer":
            token = self.tokens.get(sent)
            if token is None or token.until <= self.now():
                return None, rules.EXPIRED
            return token.user, None if covers(token.scope, request) else rules.FORBIDDEN
        user, _, secret = base64.b64decode(sent.encode()).decode(errors="replace").partition(":")
        found = next((key for key, one in self.users.items() if user == f"{one['email']}/token"), None)
        if found is None or secret != self.api_token or not self.api_tokens:
            return None, rules.COULD_NOT_AUTHENTICATE
        return found, None

    def may(self, user: int, request: Request) -> Reply | None:
        """What the user's role forbids."""
        role = self.users[user]["role"]
        path = request.path.removeprefix("/api/v2")
        if role == "end-user" or (role != "admin" and path.startswith(ADMINS_ONLY)):
            return rules.FORBIDDEN
        return None


def covers(scope: str, request: Request) -> bool:
    """Whether a token's scope allows a call; what no narrow scope names needs a broad one."""
    kind = "read" if request.method == "GET" else "write"
    resource = request.path.removeprefix("/api/v2/").partition("/")[0]
    given = scope.split()
    return kind in given or (resource in SCOPED and f"{resource}:{kind}" in given)


def _refused(status: int, error: str, description: str) -> Reply:
    return Reply(status, {"error": error, "error_description": description})
