"""GitHub Enterprise: other addresses, and servers that are some versions behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from github_direct import HOME, START, State, asked, connect, serving
from github_exchanges import violations

from connectors.github.connector import GitHubConnector
from connectors.github.options import web_origin
from connectors.github.sandbox import GitHubSandbox
from connectors.github.urls import Urls
from syncd.actions import Action, Draft, Note
from syncd.model import Audience, GoneKind, Item, Removed, Status

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"


@pytest.fixture
def sandbox() -> Iterator[GitHubSandbox]:
    """As such a server is: numbered pages, no limits, ids that are still small."""
    with serving() as sandbox:
        sandbox.behind, sandbox.paging = True, "page"
        sandbox.books._ids["issue"] = 1000
        yield sandbox
        assert violations(sandbox.log) == []
        assert all(path.startswith(("/api/v3/", "/api/graphql")) for _, path, _ in asked(sandbox))


@pytest.fixture
def connector(sandbox: GitHubSandbox) -> Iterator[GitHubConnector]:
    connector = connect(sandbox, base="/api/v3")
    yield connector
    connector.close()


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("https://git.acme.example/api/v3", "https://git.acme.example"),
        ("https://api.acme.example/api/v3", "https://api.acme.example"),
        ("https://git.acme.example:8443/api/v3", "https://git.acme.example:8443"),
    ],
)
def test_people_open_issues_where_the_server_shows_them(url: str, web: str) -> None:
    assert web_origin(url) == web
    urls = Urls(url, None, lambda: (), lambda name: name)
    assert [one.key for one in urls.mentions(f"see {web}/acme/ops/issues/4")] == ["acme/ops#4"]


def test_queries_go_without_what_the_server_does_not_know(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    keys = [sandbox.people.make_issue(HOME, by="dev") for _ in range(5)]
    for number, key in enumerate(keys):
        sandbox.advance(5)
        if number % 2:
            sandbox.people.close(key, None)
    sandbox.people.convert_to_discussion(keys[4])
    state = State()
    state.poll(connector)
    sandbox.log.clear()
    refs = [ref for _, ref in sorted((ref.key, ref) for ref in state.items)]
    for _ in range(2):
        found = connector.fetch(refs)
        shown = [str(item.status) for item in found.values() if isinstance(item, Item)]
        assert shown == ["open", "closed", "open", "closed"]
        last = found[refs[4]]
        assert isinstance(last, Removed)
        assert last.kind is GoneKind.CONVERTED
    assert [path for _, path, _ in asked(sandbox)] == ["/api/graphql"] * 3  # one to learn it, then one for each read


def test_ids_that_the_older_field_can_not_hold_are_read_one_by_one(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    sandbox.books._ids["issue"] = 2**31
    keys = [sandbox.people.make_issue(HOME) for _ in range(4)]
    state = State()
    state.poll(connector)
    assert {item.ref.key for item in connector.fetch(list(state.items)).values() if isinstance(item, Item)} == set(keys)


def test_a_server_that_knows_no_reasons_takes_the_state_alone(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    made = connector.create(Draft(HOME, "T", "Filed", MARKER)).item
    note = Note("e1", "Done", MARKER[::-1])
    (outcome,) = connector.apply([Action(made.ref, Status("closed", "not_planned"), None, (note,))])
    assert (outcome.error, outcome.status) == (None, Status("closed"))
    assert sandbox.people.status(made.ref.key) == ("closed", "")
    assert str(outcome.status) in connector.statuses()
    assert connector.find(MARKER, HOME, START) == made.ref.key
    assert connector.find(note.marker, made.ref, START) == outcome.notes[0].remote_id


def test_an_issue_is_followed_to_where_it_was_moved(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.people.make_repo("acme/gadgets", private=True)
    key = sandbox.people.make_issue(HOME)
    ref = connector.resolve(key)
    assert ref is not None
    sandbox.people.transfer(key, "acme/gadgets")
    found = connector.fetch([ref])[ref]
    assert isinstance(found, Item)
    assert (found.ref.key, found.formerly, found.audience) == ("acme/gadgets#1", ref, Audience.PRIVATE)


def test_the_pages_of_a_long_list_and_of_a_long_talk_are_all_read(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    sandbox.most_per_page = 3
    keys = []
    for _ in range(10):
        keys.append(sandbox.people.make_issue(HOME))
        sandbox.advance(2)
    state = State()
    state.poll(connector)
    assert set(state.shown()) == set(keys)
    ref = next(ref for ref in state.items if ref.key == keys[0])
    for _ in range(7):
        sandbox.people.comment(keys[0], "hello")
    (outcome,) = connector.apply([Action(ref, None, None, (Note("e1", "Done", MARKER),))])
    assert connector.find(MARKER, ref, START) == outcome.notes[0].remote_id
