"""Answers in the shapes that GitHub documents and that recordings show, replayed byte for byte.

The cassettes are written by hand: ids, names and addresses are made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import vcr
from github_direct import HOME, State
from pydantic import SecretStr

from connectors.github.connector import GitHubConnector
from connectors.github.options import GitHubOptions, Repository
from connectors.github.sandbox.installations import key_pair
from syncd.actions import Action, Draft, Note
from syncd.clock import ManualClock
from syncd.errors import RateLimited, Refused, Unauthorized
from syncd.model import Audience, Author, GoneKind, Item, Ref, Removed, Status

CASSETTES = Path(__file__).parent / "cassettes"
MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
REF = Ref("github", "4570308119", f"{HOME}#24")


@pytest.fixture
def connector() -> Iterator[GitHubConnector]:
    options = GitHubOptions(
        connector="github",
        url="https://api.github.com",
        token=SecretStr("t"),
        repositories=[Repository(name=HOME)],
    )
    connector = GitHubConnector("github", options, ManualClock(datetime(2026, 6, 2, 10, tzinfo=UTC)))
    yield connector
    connector.close()


@contextmanager
def replay(name: str) -> Iterator[None]:
    """Answers from a cassette, each once and in order; anything else that is asked is an error."""
    player = vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        record_mode=vcr.mode.NONE,
        match_on=["method", "scheme", "host", "port", "path", "query", "body"],
    )
    with player.use_cassette(f"{name}.yaml") as cassette:
        yield
        assert cassette.all_played


def test_a_list_by_cursor_and_the_polls_after_it(connector: GitHubConnector) -> None:
    state = State()
    with replay("list"):
        first = state.poll(connector)
        assert all(page.first_walk for page in first)
        assert state.poll(connector)[-1].items == ()
        assert state.poll(connector)[-1].items == ()
    assert state.shown() == {f"{HOME}#1": "closed:completed", f"{HOME}#2": "open", f"{HOME}#24": "closed:not_planned"}


def test_an_issue(connector: GitHubConnector) -> None:
    with replay("issue"):
        item = connector.fetch([REF])[REF]
    assert isinstance(item, Item)
    assert (item.ref, item.status, item.tags) == (REF, Status("open"), ("bug",))
    assert (item.url, item.audience) == (f"https://github.com/{HOME}/issues/24", Audience.PUBLIC)


def test_a_transferred_issue(connector: GitHubConnector) -> None:
    with replay("transferred"):
        item = connector.fetch([REF])[REF]
    assert isinstance(item, Item)
    assert (item.ref, item.ref.key) == (Ref("github", "4570309999"), "acme/gadgets#9")
    assert (item.formerly, item.audience) == (REF, Audience.PRIVATE)


@pytest.mark.parametrize(("name", "kind"), [("missing", GoneKind.OUT_OF_SIGHT), ("deleted", GoneKind.DELETED)])
def test_an_issue_that_is_gone(connector: GitHubConnector, name: str, kind: GoneKind) -> None:
    with replay(name):
        assert connector.fetch([REF])[REF] == Removed(REF, kind)


def test_a_comment_and_a_state(connector: GitHubConnector) -> None:
    with replay("write"):
        (outcome,) = connector.apply([Action(REF, Status("closed", "completed"), None, (Note("e1", "Filed", MARKER),))])
    assert outcome.error is None
    assert outcome.notes[0].remote_id == "3100000001"
    assert (outcome.status, outcome.version) == (Status("closed", "completed"), "2026-06-02T10:00:01Z")


def test_a_token_that_is_not_accepted(connector: GitHubConnector) -> None:
    with replay("unauthorized"), pytest.raises(Unauthorized):
        list(connector.changes(HOME, None, None))


def test_a_secondary_limit(connector: GitHubConnector) -> None:
    with replay("limited"):
        (outcome,) = connector.apply([Action(REF, Status("open"))])
    assert isinstance(outcome.error, RateLimited)
    assert outcome.error.retry_after == 47


def test_a_refused_issue(connector: GitHubConnector) -> None:
    with replay("invalid"), pytest.raises(Refused, match="assignees invalid"):
        connector.create(Draft(HOME, "T", "Filed", MARKER, assignees=("nobody",)))


@pytest.fixture
def app() -> Iterator[GitHubConnector]:
    options = GitHubOptions(
        connector="github",
        url="https://api.github.com",
        app_id="123456",
        private_key=SecretStr(key_pair(1)[0]),
        repositories=[Repository(name=HOME)],
    )
    connector = GitHubConnector("github", options, ManualClock(datetime(2026, 6, 2, 10, tzinfo=UTC)))
    yield connector
    connector.close()


def test_an_issue_that_an_app_reads(app: GitHubConnector) -> None:
    with replay("app"):
        item = app.fetch([REF])[REF]
    assert isinstance(item, Item)
    assert (item.ref, item.status) == (REF, Status("open"))
    assert item.texts is not None
    assert item.texts[0].author is Author.SELF


def test_an_app_that_is_suspended(app: GitHubConnector) -> None:
    with replay("suspended"), pytest.raises(Unauthorized, match="suspended"):
        app.fetch([REF])


@pytest.mark.parametrize("path", sorted(CASSETTES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_cassette_holds_no_credential_and_no_real_address(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"set-cookie|bearer|ghp_|ghs_|github_pat_|authorization: ", text, re.IGNORECASE)
    assert not re.findall(r"[\w.]+@[\w.]+", text)
    hosts = {"api.github.com", "github.com", "docs.github.com", "avatars.githubusercontent.com"}
    assert set(re.findall(r"https?://([^/\"\s]+)", text)) <= hosts
