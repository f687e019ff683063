"""Random histories, played while the feed is read: whatever people do, and whenever, the last of it is told."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from github_direct import State, books, connect, serving
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.github.sandbox import GitHubSandbox
from syncd.testing import Fault

LISTS = r"/issues$"


@pytest.fixture
def sandbox() -> Iterator[GitHubSandbox]:
    with serving() as sandbox:
        yield sandbox


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["add", "close", "reopen", "comment", "label", "edit", "pull"]),
        st.integers(0, 30),
        st.sampled_from([0, 0, 0, 1, 1, 2, 30, 400, 1000]),
    ),
    max_size=12,
)


def act(sandbox: GitHubSandbox, name: str, operation: tuple[str, int, int]) -> None:
    """One thing that people do, then time passes."""
    do, which, seconds = operation
    keys = [key for key in sandbox.people.issues() if key.startswith(f"{name}#")]
    people = sandbox.people
    key = keys[which % len(keys)] if keys else ""
    if do == "add" or not keys:
        people.make_issue(name)
    elif do == "pull":
        people.make_issue(name, is_pull=True)
    elif do == "close":
        people.close(key, "not_planned")
    elif do == "reopen":
        people.reopen(key)
    elif do == "comment":
        people.comment(key, "hm")
    elif do == "label":
        people.label(key, f"l{which}")
    else:
        people.edit_body(key, f"edited {which}")
    sandbox.advance(seconds)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paging=st.sampled_from(["cursor", "page"]),
    size=st.sampled_from([2, 3, 5]),
    etags=st.booleans(),
    exclusive=st.booleans(),
    first=st.lists(st.sampled_from([0, 0, 0, 1, 3, 60]), max_size=14),
    between=OPERATIONS,
    after=st.lists(OPERATIONS, max_size=3),
)
@example(  # more than a page changed in one second, and what lies behind the newest page changes in it again
    paging="cursor",
    size=2,
    etags=True,
    exclusive=False,
    first=[0, 0, 0],
    between=[],
    after=[[("close", 0, 0)]],
)
def test_every_change_is_told_whenever_it_happens(  # each is a way in which servers differ
    sandbox: GitHubSandbox,
    paging: str,
    size: int,
    etags: bool,
    exclusive: bool,
    first: list[int],
    between: list[tuple[str, int, int]],
    after: list[list[tuple[str, int, int]]],
) -> None:
    sandbox.paging, sandbox.most_per_page = paging, size
    sandbox.etags, sandbox.since_exclusive, sandbox.used = etags, exclusive, 0
    name = f"acme/r{len(sandbox.books.repos)}"
    sandbox.people.make_repo(name)
    for seconds in first:
        act(sandbox, name, ("add", 0, seconds))
    connector, state = connect(sandbox, name), State(name)
    sandbox.faults = [
        Fault("before", path=f"{name}{LISTS}|/repositories/", hook=partial(act, sandbox, name, one), skip=1)
        for one in between
    ]
    state.poll(connector)
    for some in after:
        state.poll(connector)
        for one in some:
            act(sandbox, name, one)
    # What was left of the operations happened during these polls, so one more sees the last of them.
    state.poll(connector)
    sandbox.faults = []
    state.poll(connector)
    wanted = {key: status for key, status in books(sandbox).items() if key.startswith(f"{name}#")}
    assert state.shown() == wanted
    bodies = {item.ref.key: item.texts[0].body for item in state.items.values() if item.texts}
    assert bodies == {key: sandbox.people.body(key) for key in wanted}
    connector.close()
