"""Speaks to a stand-in site as any client would."""

from __future__ import annotations

from typing import Any

import requests

from connectors.jira.sandbox import EMAIL, TOKEN, JiraSandbox


class Caller:
    """Calls with plain requests; paths are below the API's newest version, or from the root."""

    def __init__(self, sandbox: JiraSandbox) -> None:
        self.sandbox, self.session = sandbox, requests.Session()
        if sandbox.cloud:
            self.session.auth = (EMAIL, TOKEN)
        else:
            self.session.headers["Authorization"] = f"Bearer {TOKEN}"

    def __call__(self, method: str, path: str, body: Any = None, **kwargs: Any) -> requests.Response:
        url = self.sandbox.base + (path if path.startswith("/rest") else f"/rest/api/2{path}")
        if body is not None:
            kwargs["json"] = body
        return self.session.request(method, url, timeout=30, allow_redirects=False, **kwargs)

    def get(self, path: str, **query: Any) -> Any:
        """What is answered when all is well."""
        answer = self("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        """What is answered when all is well."""
        answer = self("POST", path, body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def found(self, jql: str, **more: Any) -> list[str]:
        """The keys of every issue that a search finds, page by page."""
        if not self.sandbox.cloud:
            answer = self.get("/search", jql=jql, fields="updated", maxResults=1000, **more)
            return [one["key"] for one in answer["issues"]]
        keys: list[str] = []
        body: dict[str, Any] = {"jql": jql, "fields": ["updated"], "maxResults": 100, **more}
        while True:
            answer = self.post("/search/jql", body)
            keys += [one["key"] for one in answer["issues"]]
            if answer["isLast"]:
                return keys
            body["nextPageToken"] = answer["nextPageToken"]
