"""Who we are to Zendesk: an OAuth client's access token, or an API token.

An OAuth client gets access tokens for itself (Zendesk docs, OAuth, client credentials grant): no user logs in, and
there is nothing to refresh. A token lives as long as was asked for, and a new one is made at 80 % of that, or once
when a call is answered 401.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from connectors.zendesk.options import ZendeskOptions
from syncd.clock import Clock

LIFE = 1800
"""Seconds asked for. It may be 300 to 172,800; left out, an old client's token would never end."""
FRESH = 0.8
"""The share of its life after which a token is replaced."""


class NoCredential(AuthBase):
    """Sends none: a new access token is asked for with the client's own secret, in the body."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """See requests."""
        return request


class Bearer(AuthBase):
    """An access token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """See requests."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass(slots=True)
class ApiToken:
    """``email/token`` and the token, as HTTP Basic."""

    auth: HTTPBasicAuth
    due: bool = False
    """Nothing is ever to be minted."""


@dataclass(slots=True)
class OAuthClient:
    """A confidential client and the access token that it has now.

    ``granted``: the scope that the latest token was given; None where none was, or the answer didn't say.
    """

    client_id: str
    secret: str
    scope: str
    clock: Clock
    auth: AuthBase | None = None
    until: float = -math.inf
    granted: str | None = None

    @property
    def due(self) -> bool:
        """Whether a new token is to be made before the next call."""
        return self.auth is None or self.clock.monotonic() >= self.until

    def asked(self) -> dict[str, Any]:
        """The body of the call that makes one."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
            "scope": self.scope,
            "expires_in": LIFE,
        }

    def take(self, answer: object) -> None:
        """The token of an answer.

        Raises:
            ValueError: it holds none.
        """
        found = answer if isinstance(answer, dict) else {}
        token = found.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token.strip():
            raise ValueError("no access token")
        life = found.get("expires_in")
        seconds = life if isinstance(life, int) and not isinstance(life, bool) and life > 0 else LIFE
        self.auth = Bearer(token)
        self.until = self.clock.monotonic() + min(seconds, LIFE) * FRESH
        self.granted = scope if isinstance(scope := found.get("scope"), str) else None

    def drop(self) -> None:
        """It was refused."""
        self.auth = None

    @property
    def lacks(self) -> list[str]:
        """What was asked for and not granted; an invalid scope gets a token all the same, with which nothing works."""
        return [] if self.granted is None else sorted(set(self.scope.split()) - set(self.granted.split()))


Credential = ApiToken | OAuthClient


def credential(options: ZendeskOptions, clock: Clock) -> Credential:
    """The one that the file names."""
    if options.client_id is not None and options.client_secret is not None:
        return OAuthClient(options.client_id, options.client_secret.get_secret_value(), options.scope, clock)
    token = options.api_token.get_secret_value() if options.api_token else ""
    return ApiToken(HTTPBasicAuth(f"{options.email}/token".encode(), token.encode()))
