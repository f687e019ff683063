"""Speaks to a stand-in as any client would, and nothing of it knows the connector."""

from __future__ import annotations

from typing import Any

import requests

from connectors.zendesk.sandbox import API, ZendeskSandbox


class Caller:
    """A session with an OAuth token; ``mint`` gets another."""

    def __init__(self, sandbox: ZendeskSandbox) -> None:
        self.sandbox, self.session = sandbox, requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept"] = "application/json"

    def __call__(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        url = self.sandbox.url + (path if path.startswith("/oauth") else API + path)
        return self.session.request(method, url, timeout=30, allow_redirects=False, **kwargs)

    def mint(self, scope: str = "read write", **more: Any) -> requests.Response:
        """Ask for a token, and use it if one comes."""
        access = self.sandbox.access
        asked = {
            "grant_type": "client_credentials",
            "client_id": access.client_id,
            "client_secret": access.client_secret,
            "scope": scope,
            **more,
        }
        answer = self("POST", "/oauth/tokens", json=asked)
        if answer.ok:
            self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer

    def by_token(self, email: str = "syncd@example.com", token: str | None = None) -> None:
        """Use an API token."""
        self.session.headers.pop("Authorization", None)
        self.session.auth = (f"{email}/token", token or self.sandbox.access.api_token)

    def get(self, path: str, **query: Any) -> Any:
        """The body of a read that goes well."""
        answer = self("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, ticket: int, **asked: Any) -> requests.Response:
        """Write one ticket."""
        return self("PUT", f"/tickets/{ticket}", json={"ticket": asked})

    def ticket(self, number: int = 1) -> dict[str, Any]:
        """One ticket as it stands."""
        found: dict[str, Any] = self.get(f"/tickets/{number}")["ticket"]
        return found

    def walk(self, **query: Any) -> list[dict[str, Any]]:
        """Every row of the export, page after page, each from the last page's cursor."""
        found, kept = [], {"start_time": 0, **query}
        while True:
            page = self.get("/incremental/tickets/cursor", **kept)
            found += page["tickets"]
            if page["end_of_stream"]:
                return found
            kept = {**query, "cursor": page["after_cursor"]}
