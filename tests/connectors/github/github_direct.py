"""What the GitHub tests share: a stand-in with one repository, connectors to it, and the feed as the state keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pydantic import SecretStr

from connectors.github.connector import GitHubConnector
from connectors.github.options import GitHubOptions, Repository
from connectors.github.sandbox import TOKEN, GitHubSandbox
from syncd.clock import ManualClock
from syncd.model import Item, Page, Ref

HOME = "acme/widgets"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@contextmanager
def serving(*names: str) -> Iterator[GitHubSandbox]:
    """A stand-in whose clock stands still."""
    with GitHubSandbox() as sandbox:
        sandbox.freeze(START)
        for name in names or (HOME,):
            sandbox.people.make_repo(name)
        yield sandbox


def connect(sandbox: GitHubSandbox, *names: str, base: str = "", token: str = TOKEN) -> GitHubConnector:
    """A fresh connector; ``base`` is the path under which the API is mounted."""
    options = GitHubOptions(
        connector="github",
        url=sandbox.url + base,
        token=SecretStr(token),
        repositories=[Repository(name=name) for name in names or (HOME,)],
    )
    connector = GitHubConnector("github", options, ManualClock(START))
    connector.write_interval = 0.0
    return connector


class State:
    """What the program would keep of one source: the cursor, and each item as it was told last."""

    def __init__(self, source: str = HOME) -> None:
        self.source = source
        self.cursor: str | None = None
        self.items: dict[Ref, Item] = {}
        self.walked = False

    def keep(self, page: Page) -> None:
        self.cursor = page.cursor
        self.items |= {item.ref: item for item in page.items}
        self.walked |= page.last

    def poll(self, connector: GitHubConnector) -> list[Page]:
        pages = []
        for page in connector.changes(self.source, self.cursor, None):
            self.keep(page)
            pages.append(page)
        assert pages[-1].last
        return pages

    def shown(self) -> dict[str, str]:
        return {item.ref.key: str(item.status) for item in self.items.values()}


def books(sandbox: GitHubSandbox) -> dict[str, str]:
    """Every issue's status in the stand-in's books."""
    return {key: ":".join(filter(None, sandbox.people.status(key))) for key in sandbox.people.issues()}


def told(pages: list[Page]) -> list[str]:
    return [item.ref.key for page in pages for item in page.items]


def asked(sandbox: GitHubSandbox) -> list[tuple[str, str, int]]:
    """Every exchange: method, path, status."""
    return [(one.request.method, one.request.path, one.status) for one in sandbox.log]
