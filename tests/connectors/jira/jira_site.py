"""A site that answers what a test tells it to: for what no books are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.jira.api import JiraApi
from syncd.clock import Clock, ManualClock
from syncd.testing import Reply, Request, Sandbox

ME = "5b10a2844c20165700ede21g"


class Site(Sandbox):
    """``replies``: what is answered next, in order; then an empty record. ``asked``: what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[Reply | Callable[[Request], Reply]] = []
        self.asked: list[Request] = []

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        return []

    def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        reply = self.replies.pop(0) if self.replies else Reply(200, {})
        return reply(request) if callable(reply) else reply

    def will(self, status: int = 200, body: Any = b"", headers: Mapping[str, str] | None = None) -> None:
        """Answer so next."""
        self.replies.append(Reply(status, body, headers or {}))

    def api(self, clock: Clock | None = None, *, cloud: bool = True, base: str = "") -> JiraApi:
        """An account here."""
        auth = ("me@example.com", "t0ken") if cloud else "p4t"
        return JiraApi("jira", self.url + base, auth, clock or ManualClock(), cloud=cloud, proxy=None)

    @property
    def lines(self) -> list[str]:
        """What was asked: method and path."""
        return [f"{one.method} {one.path}" for one in self.asked]
