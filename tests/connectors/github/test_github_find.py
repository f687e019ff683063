"""What an effect left is found again, or it is proven that it left nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from github_direct import HOME, START, asked, connect, serving
from github_exchanges import violations

from connectors.github.connector import GitHubConnector
from connectors.github.sandbox import GitHubSandbox
from connectors.github.sandbox.shapes import error
from syncd.actions import Action, Draft, Note, Outcome
from syncd.errors import Refused, Transient
from syncd.model import Ref, Status
from syncd.testing import Fault, Reply

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
DONE = Status("closed", "completed")


@pytest.fixture
def sandbox() -> Iterator[GitHubSandbox]:
    with serving() as sandbox:
        yield sandbox
        assert violations(sandbox.log) == []


@pytest.fixture
def connector(sandbox: GitHubSandbox) -> Iterator[GitHubConnector]:
    connector = connect(sandbox)
    yield connector
    connector.close()


def make(sandbox: GitHubSandbox, count: int = 1) -> list[Ref]:
    keys = [sandbox.people.make_issue(HOME) for _ in range(count)]
    return [Ref("github", str(sandbox.people.id(key)), key) for key in keys]


def write(connector: GitHubConnector, *actions: Action) -> list[Outcome]:
    return list(connector.apply(actions))


def note() -> Note:
    return Note("e1", "filed", MARKER)


def test_an_issue_is_found_behind_hundreds_of_newer_ones(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    item = connector.create(Draft(HOME, "T", "B", MARKER)).item
    for _ in range(250):
        sandbox.people.make_issue(HOME)
    sandbox.people.close(item.ref.key)
    assert connector.find(MARKER, HOME, START) == item.ref.key


@pytest.mark.parametrize("apart", [-7200, 7200])
def test_clocks_that_differ_hide_nothing(sandbox: GitHubSandbox, connector: GitHubConnector, apart: float) -> None:
    sandbox.advance(apart)
    item = connector.create(Draft(HOME, "T", "B", MARKER)).item
    for _ in range(120):
        sandbox.people.make_issue(HOME)
    assert connector.find(MARKER, HOME, START) == item.ref.key


def test_the_look_ends_where_everything_is_older(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    for _ in range(500):
        sandbox.people.make_issue(HOME)
    sandbox.advance(3600)
    before = len(sandbox.log)
    assert connector.find(MARKER, HOME, START + timedelta(hours=1)) is None
    assert sum(path.endswith("/issues") for _, path, _ in asked(sandbox)[before:]) == 1


@pytest.mark.trap("github", 14)
def test_what_others_pasted_is_not_ours(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    key = sandbox.people.make_issue(HOME, body=f"<!-- {MARKER} -->")
    sandbox.people.comment(key, f"<!-- {MARKER} -->")
    ref = Ref("github", str(sandbox.people.id(key)), key)
    assert connector.find(MARKER, HOME, START) is None
    assert connector.find(MARKER, ref, START) is None


def test_whose_token_it_is_may_be_told_by_graphql_or_by_what_it_wrote(sandbox: GitHubSandbox) -> None:
    refs = make(sandbox, 2)
    forbidden = Reply(403, error("Resource not accessible by integration", 403))
    sandbox.faults.append(Fault("answer", path="/user$", times=9, reply=forbidden))
    for graphql, ref in zip((True, False), refs, strict=True):
        sandbox.graphql = graphql
        connector = connect(sandbox)
        if not graphql:
            with pytest.raises(Refused, match="whose token"):
                connector.find(MARKER, ref, START)
        write(connector, Action(ref, notes=(note(),)))
        assert connector.find(MARKER, ref, START)
        connector.close()


def test_a_look_that_breaks_off_proves_nothing(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    (ref,) = make(sandbox)
    for _ in range(150):
        sandbox.people.comment(ref.key, "x")
    sandbox.faults.append(Fault("answer", path="/comments$", skip=1))
    with pytest.raises(Transient):
        connector.find(MARKER, ref, START)


@pytest.mark.parametrize("event", ["edited", "closed", "labelled", "renamed", "transferred"])
def test_an_issue_that_people_touched_meanwhile_is_found(event: str) -> None:
    with serving(HOME, "acme/gadgets") as sandbox:
        connector = connect(sandbox, HOME, "acme/gadgets")
        sandbox.faults.append(Fault("lost_answer", method="POST", path="/issues$"))
        with pytest.raises(Transient):
            connector.create(Draft(HOME, "T", "B", MARKER))
        (key,) = sandbox.people.issues()
        if event == "edited":
            sandbox.people.edit_body(key, f"{sandbox.people.body(key)}\n\nand what else we know")
        elif event == "closed":
            sandbox.people.close(key, "not_planned")
        elif event == "labelled":
            sandbox.people.label(key, "bug")
        elif event == "renamed":
            sandbox.people.rename_repo(HOME, "acme/platform")
        else:
            key = sandbox.people.transfer(key, "acme/gadgets")
        found = connector.find(MARKER, HOME, START)
        ref = connector.resolve(found or "")
        assert ref is not None
        assert ref.key == (key.replace(HOME, "acme/platform") if event == "renamed" else key)
        assert connector.find(MARKER[::-1], HOME, START) is None
        connector.close()
        assert violations(sandbox.log) == []


def test_a_repository_out_of_sight_hides_nothing_of_the_others(sandbox: GitHubSandbox) -> None:
    connector = connect(sandbox, HOME, "acme/nowhere")
    made = connector.create(Draft(HOME, "T", "B", MARKER)).item
    assert connector.find(MARKER, HOME, START) == made.ref.key
    assert connector.find(MARKER[::-1], HOME, START) is None
    connector.close()
