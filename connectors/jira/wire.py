"""The ``jira`` library on our own session: the one module that touches its private names.

The library is used for what it knows: addresses below a context path or the gateway, headers, bearer tokens. Closed
here: its retries, which repeat a POST after a reset (off); its call to serverInfo (none: the configuration tells what
it would); its time-outs, redirects and cookies (our session's); its errors, whose text holds whole bodies (the answer
is kept instead); its log, which prints them at DEBUG.
"""

from __future__ import annotations

from typing import Any

import requests
from jira import JIRA, JIRAError
from jira.client import TokenAuth
from jira.resilientsession import ResilientSession
from requests.auth import HTTPBasicAuth

from syncd.http import Session

API = "2"
"""Version 3 wants rich text as ADF; everything else is the same (Jira Cloud platform REST API, About v3)."""

FOREIGN = (requests.RequestException, JIRAError, ValueError, TypeError, AttributeError, RuntimeError)
"""What a call through the library may raise: its own errors, requests', and what it makes of odd error bodies."""


class Wire(ResilientSession, Session):  # type: ignore[misc]  # both override `request`, each in its own way
    """The library's session, whose calls go through ours."""

    def __init__(self, origin: str, *, proxy: str | None) -> None:
        Session.__init__(self, origin, proxy=proxy)
        self.timeout = None
        self.max_retries = 0
        self.max_retry_delay = 0
        self.headers["Accept"] = "application/json"
        self.last: requests.Response | None = None
        """The answer to the latest call, whatever became of it; None where there was none."""

    def forget(self) -> None:
        """Another call begins: what was answered before isn't the answer to that one."""
        self.last = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """As our session's; the answer is kept, because the library's errors may lose it."""
        self.forget()
        self.last = Session.send(self, request, **kwargs)
        return self.last


class Library:
    """One account, as the library reaches it.

    Args:
        url: the site's address, with its context path, or the gateway's with the cloud id.
        auth: (email, API token), or a bearer token.
        proxy: what calls go through.
    """

    def __init__(self, url: str, auth: tuple[str, str] | str, *, proxy: str | None) -> None:
        options: dict[str, Any] = {"server": url, "rest_api_version": API}
        self._jira = JIRA(options=options, get_server_info=False, max_retries=0, timeout=(5, 30), logging=False)
        wire = Wire(url, proxy=proxy)
        wire.headers.update(self._jira._options["headers"])  # noqa: SLF001  # the seam
        if isinstance(auth, str):
            wire.auth = TokenAuth(auth)
        else:
            wire.auth = HTTPBasicAuth(auth[0].encode(), auth[1].encode())
        self._jira._session.close()  # noqa: SLF001  # the seam
        self._jira._session = wire  # noqa: SLF001  # the seam
        self.session = wire

    def send(self, method: str, path: str, *, params: dict[str, Any], body: str | None) -> requests.Response:
        """One request, once; the answer whatever its status.

        Args:
            method: such as ``GET``.
            path: below ``/rest/api/2``; one that begins with a slash is below the site.
            params: the query.
            body: JSON.

        Raises:
            requests.RequestException: there was no answer; one of ``FOREIGN``: none that could be kept.
        """
        url = f"{self._jira.server_url}{path}" if path.startswith("/") else self._jira._get_url(path)  # noqa: SLF001
        self.session.forget()
        try:
            return self.session.request(method, url, params=params, data=body)
        except FOREIGN:
            if self.session.last is None:
                raise
            return self.session.last

    def close(self) -> None:
        """Release the connections."""
        self.session.close()
