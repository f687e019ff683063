"""What independent stand-ins of GitHub showed: each of these once went wrong against one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import pytest
from github_direct import HOME, START, State, connect, serving, told

from connectors.github.connector import GitHubConnector
from connectors.github.sandbox import GitHubSandbox
from connectors.github.urls import Urls
from syncd.clock import moment, stamp
from syncd.errors import Transient
from syncd.model import Item, Ref, Status
from syncd.testing import Fault, Reply, Request


def _urls(url: str, web_url: str | None = None, learned: tuple[str, ...] = ()) -> Urls:
    return Urls(url, web_url, lambda: learned, lambda name: name)


def _keys(urls: Urls, text: str) -> list[str]:
    return [one.key for one in urls.mentions(text)]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8123", "http://localhost:8123", "http://[::1]:8123/api/v3"])
def test_a_proxy_on_this_machine_shows_the_pages_of_github_until_it_names_others(url: str) -> None:
    pasted = "https://github.com/acme/ops/issues/4"
    assert _keys(_urls(url), pasted) == ["acme/ops#4"]
    assert _keys(_urls(url, learned=("https://git.acme.example",)), pasted) == []
    assert _keys(_urls(url, "https://git.acme.example"), pasted) == []


def test_the_pages_of_another_server_are_not_githubs() -> None:
    assert _keys(_urls("https://git.acme.example/api/v3"), "https://github.com/acme/ops/issues/4") == []


@pytest.fixture
def sandbox() -> Iterator[GitHubSandbox]:
    with serving() as sandbox:
        yield sandbox


@pytest.fixture
def connector(sandbox: GitHubSandbox) -> Iterator[GitHubConnector]:
    connector = connect(sandbox)
    yield connector
    connector.close()


def changed(sandbox: GitHubSandbox, change: Callable[[Request, Reply], Reply]) -> None:
    """Every answer goes through ``change`` on its way out, its body as data."""
    after = type(sandbox).after

    def answer(request: Request, reply: Reply) -> Reply:
        made = after(sandbox, request, reply)
        data = json.loads(made.body) if made.body else made.body
        return change(request, Reply(made.status, data, made.headers))

    sandbox.after = answer  # type: ignore[method-assign]  # this stand-in only


LINKS = [
    "<{url}>; rel=next",
    "<{url}>; rel='next'",
    '<{url}>; Rel="Next"',
    '<{url}>; rel="last next"',
    ' <{url}> ;rel = "next"',
    '<{url}>; title="a=b; c, d"; rel="next"; type="x"',
    '<{url}&x=1;2,3>; rel="next"',
    '<https://x.example/?a=1,2;b>; rel="first", <{url}>; rel="next"',
]


@pytest.mark.parametrize("form", LINKS)
def test_the_next_page_is_found_however_the_header_is_written(
    sandbox: GitHubSandbox, connector: GitHubConnector, form: str
) -> None:
    def rewritten(_: Request, reply: Reply) -> Reply:
        link = reply.headers.get("Link", "")
        headers = {**reply.headers, "Link": form.format(url=link[1 : link.index(">")])} if link else reply.headers
        return Reply(reply.status, reply.body, headers)

    keys = {sandbox.people.make_issue(HOME) for _ in range(130)}
    changed(sandbox, rewritten)
    assert set(told(State().poll(connector))) == keys


def test_a_page_may_be_empty_though_another_follows(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    def gap(request: Request, reply: Reply) -> Reply:
        if not request.path.endswith("/issues") or request.arg("gap"):
            return reply
        query = urlencode([*request.query, ("gap", "1")])
        return Reply(200, [], {"Link": f'<{request.origin}{request.path}?{query}>; rel="next"'})

    key = sandbox.people.make_issue(HOME)
    changed(sandbox, gap)
    assert told(State().poll(connector)) == [key]


def nothing_but(*wanted: str) -> Callable[[Any], Any]:
    """Every other field of a record is null."""

    def thin(data: Any) -> Any:
        if isinstance(data, list):
            return [thin(one) for one in data]
        if not isinstance(data, dict):
            return data
        return {key: thin(value) if key in wanted else None for key, value in data.items()}

    return thin


def test_fields_that_may_be_null_or_missing_and_fields_from_the_future_change_nothing(sandbox: GitHubSandbox) -> None:
    wanted = (
        "id", "number", "state", "created_at", "updated_at", "login", "full_name", "private", "user", "body",
        "author_association", "state_reason", "html_url", "closed_by",
        "closed_at",
    )  # fmt: skip
    for _ in range(5):
        sandbox.people.make_issue(HOME, body="text", association="MEMBER")
    sandbox.people.close(f"{HOME}#2", "not_planned")
    before, after = State(), State()
    before.poll(connect(sandbox))
    thin = nothing_but(*wanted)

    def strange(_: Request, reply: Reply) -> Reply:
        data = thin(reply.body)
        rows = data if isinstance(data, list) else [data]
        for row in rows:
            if isinstance(row, dict):
                row |= {"labels": [None, "a label", {"name": None}], "from_the_future": {"x": [None, 1.5]}}
        return Reply(reply.status, data, {key.upper(): value for key, value in reply.headers.items()})

    changed(sandbox, strange)
    connector = connect(sandbox)
    after.poll(connector)
    assert [replace(one, tags=(), assignees=()) for one in after.items.values()] == list(before.items.values())
    assert {one.tags for one in after.items.values()} == {("a label",)}
    found = connector.fetch(list(after.items))
    assert [one.status for one in found.values() if isinstance(one, Item)] == [
        one.status for one in before.items.values()
    ]


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S.5Z"])
def test_times_may_have_an_offset_or_a_fraction(sandbox: GitHubSandbox, connector: GitHubConnector, form: str) -> None:
    def shifted(_: Request, reply: Reply) -> Reply:
        for row in reply.body if isinstance(reply.body, list) else ():
            zone = UTC if form.endswith("Z") else timezone(timedelta(hours=5, minutes=30))
            row["updated_at"] = moment(row["updated_at"]).astimezone(zone).strftime(form)
        return reply

    sandbox.people.make_issue(HOME)
    changed(sandbox, shifted)
    (page,) = State().poll(connector)
    assert page.items[0].version == stamp(START)


def test_a_body_may_begin_with_a_byte_order_mark(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    key = sandbox.people.make_issue(HOME, body="ü")
    changed(sandbox, lambda _, reply: Reply(reply.status, b"\xef\xbb\xbf" + reply.encoded()[0], reply.headers))
    assert told(State().poll(connector)) == [key]


def test_an_answer_that_nothing_changed_is_none_where_nothing_was_known(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    sandbox.people.make_issue(HOME)
    sandbox.faults.append(Fault("answer", path="/issues$", reply=Reply(304, b"")))
    state = State()
    with pytest.raises(Transient):
        state.poll(connector)
    assert not state.walked
    assert told(state.poll(connector)) == [f"{HOME}#1"]


def test_a_duplicate_that_is_read_alone_names_its_canonical_issue(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    keys = [sandbox.people.make_issue(HOME) for _ in range(2)]
    sandbox.people.close(keys[1], "duplicate", duplicate_of=keys[0])
    first, second = (Ref("github", str(sandbox.people.id(key)), key) for key in keys)
    item = connector.fetch([second])[second]
    assert isinstance(item, Item)
    assert item.duplicate_of == first


@pytest.mark.parametrize("count", [1, 3])
def test_a_canonical_issue_where_nobody_looks_is_not_followed(sandbox: GitHubSandbox, count: int) -> None:
    sandbox.people.make_repo("acme/elsewhere")
    connector = connect(sandbox)
    foreign = sandbox.people.make_issue("acme/elsewhere")
    keys = [sandbox.people.make_issue(HOME) for _ in range(count)]
    sandbox.people.close(keys[0], "duplicate", duplicate_of=foreign)
    refs = [Ref("github", str(sandbox.people.id(key)), key) for key in keys]
    item = connector.fetch(refs)[refs[0]]
    assert isinstance(item, Item)
    assert (item.status, item.duplicate_of) == (Status("closed", "duplicate"), None)
    connector.close()
