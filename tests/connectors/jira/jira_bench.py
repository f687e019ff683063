"""A stand-in site with a stopped clock, a connector to it, and what a state would keep of its feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from jira_exchanges import violations
from pydantic import SecretStr

from connectors.jira.connector import JiraConnector
from connectors.jira.options import JiraOptions
from connectors.jira.sandbox import EMAIL, TOKEN, JiraSandbox
from syncd.clock import ManualClock
from syncd.model import Item, Page, Ref
from syncd.testing import Reply, Request


class Bench:
    """``told``: what the feed told last, by id; ``people`` act on the site."""

    def __init__(self, *, cloud: bool = True, **given: Any) -> None:
        self.clock = ManualClock()
        self.sandbox = JiraSandbox(cloud=cloud, context="" if cloud else "/jira")
        self.sandbox.freeze(self.clock.now())
        self.sandbox.start()
        self.people = self.sandbox.people
        self.people.make_project("ENG")
        self.people.make_project("OPS", workflow="strict")
        self.given: dict[str, Any] = {"projects": ["ENG", "OPS"], **given}
        self.connectors: list[JiraConnector] = []
        self.jira = self.connect()
        self.cursor: str | None = None
        self.told: dict[str, Item] = {}
        self.odd = False
        """Something was answered that Jira wouldn't."""

    def connect(self) -> JiraConnector:
        """A fresh connector, as after a restart."""
        token: dict[str, Any] = {"email": EMAIL, "api_token": SecretStr(TOKEN)}
        token = token if self.sandbox.cloud else {"token": SecretStr(TOKEN)}
        where = {"url": self.sandbox.base, "web_url": self.sandbox.site}
        options = JiraOptions.model_validate({"connector": "jira", **where, **token, **self.given})
        self.jira = JiraConnector("jira", options, self.clock)
        self.connectors.append(self.jira)
        return self.jira

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.sandbox.advance(seconds)

    def issue(self, body: str = "", **given: Any) -> str:
        """Somebody makes one in ENG; its id."""
        return str(self.people.id(self.people.make_issue(given.pop("project", "ENG"), "Something", body, **given)))

    def ref(self, issue: str) -> Ref:
        return Ref("jira", issue, self.people.key(issue))

    def pages(self, stop_after: int | None = None) -> list[Page]:
        """One poll; broken off after so many pages."""
        pages: list[Page] = []
        for page in self.jira.changes(self.jira.sources()[0], self.cursor, None):
            self.cursor = page.cursor
            self.told |= {item.ref.id: item for item in page.items}
            pages.append(page)
            if len(pages) == stop_after:
                break
        return pages

    def news(self) -> set[str]:
        """One poll: the ids that it told."""
        return {item.ref.id for page in self.pages() for item in page.items}

    def item(self, issue: str) -> Item:
        """A fresh read."""
        found = self.jira.fetch([self.ref(issue)])[self.ref(issue)]
        assert isinstance(found, Item), found
        return found

    def alter(self, change: Callable[[Request, Reply], Reply]) -> None:
        """From now on every answer goes out as this makes it."""
        before = self.sandbox.after
        self.sandbox.after = lambda request, reply: change(request, before(request, reply))  # type: ignore[method-assign]  # in its place

    def hide_names(self) -> None:
        """From now on no header tells whom an answer was given to, as behind a proxy that drops such headers."""
        named = {"x-aaccountid", "x-ausername", "x-seraph-loginreason"}
        self.alter(
            lambda _, told: replace(told, headers={k: v for k, v in told.headers.items() if k.lower() not in named})
        )

    def hide_kinds(self, *, user: bool) -> None:
        """From now on records of people don't tell whether they are customers; ``user``: but for their own record."""

        def change(request: Request, told: Reply) -> Reply:
            if not request.path.endswith("/user"):
                return replace(told, body=_without(told.body, "accountType"))
            return told if user else Reply(404, {"errorMessages": ["No such user."], "errors": {}})

        self.odd = True
        self.alter(change)

    @property
    def calls(self) -> list[str]:
        """What was asked of the API so far: method and path below ``/rest``."""
        return [f"{one.request.method} {one.request.path.partition('/rest/')[2]}" for one in self.sandbox.log]

    def asked(self, since: int) -> list[str]:
        """What was asked since so many calls."""
        return self.calls[since:]

    def close(self) -> None:
        for one in self.connectors:
            one.close()
        self.sandbox.stop()
        assert self.odd or violations(self.sandbox.log, cloud=self.sandbox.cloud) == []


def _without(body: Any, name: str) -> Any:
    """A body without a key, wherever it stands."""
    if isinstance(body, dict):
        return {key: _without(value, name) for key, value in body.items() if key != name}
    return [_without(one, name) for one in body] if isinstance(body, list) else body


@pytest.fixture(params=["cloud", "server"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench(cloud=request.param == "cloud")
    yield bench
    bench.close()


@pytest.fixture
def cloud() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def server() -> Iterator[Bench]:
    bench = Bench(cloud=False)
    yield bench
    bench.close()
