"""The feed loses nothing, tells little twice, and costs one call when nothing happens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from github_direct import HOME, START, State, asked, books, connect, serving, told
from github_exchanges import violations

from connectors.github.connector import GitHubConnector
from connectors.github.feed import DEEPEST
from connectors.github.sandbox import GitHubSandbox
from connectors.github.sandbox.books import Access
from syncd.actions import Action
from syncd.errors import Refused, Transient
from syncd.model import Status
from syncd.testing import Fault, Reply

LISTS = r"/issues$"


@pytest.fixture
def sandbox() -> Iterator[GitHubSandbox]:
    with serving() as sandbox:
        yield sandbox
        assert violations(sandbox.log[-300:]) == []


@pytest.fixture
def connector(sandbox: GitHubSandbox) -> Iterator[GitHubConnector]:
    connector = connect(sandbox)
    yield connector
    connector.close()


def make(sandbox: GitHubSandbox, count: int, *, apart: float = 0.0) -> list[str]:
    keys = []
    for i in range(count):
        keys.append(sandbox.people.make_issue(HOME, f"issue {i}", f"text {i}"))
        sandbox.advance(apart)
    return keys


# --- walks that are broken off, and rows that are late ---


@pytest.mark.parametrize("paging", ["cursor", "page"])
@pytest.mark.parametrize("apart", [0.0, 1.0])
def test_a_walk_kept_page_by_page_by_ever_new_processes_ends_and_is_whole(
    sandbox: GitHubSandbox, paging: str, apart: float
) -> None:
    sandbox.paging, sandbox.most_per_page = paging, 10
    keys = make(sandbox, 57, apart=apart)
    state = State()
    for _ in range(40):
        connector = connect(sandbox)
        page = next(iter(connector.changes(HOME, state.cursor, None)))
        connector.close()
        assert page.first_walk
        state.keep(page)
        if page.last:
            break
    assert state.walked
    assert sorted(state.shown()) == sorted(keys)


def test_a_cursor_of_the_servers_that_has_died_costs_no_row(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.most_per_page = 10
    keys = make(sandbox, 35, apart=1)
    state = State()
    state.keep(next(iter(connector.changes(HOME, None, None))))
    sandbox.faults.append(Fault("answer", path="/repositories/", reply=Reply(422, {"message": "Validation Failed"})))
    state.poll(connector)
    assert sorted(state.shown()) == sorted(keys)


def test_where_repositories_have_no_numbered_paths_pages_are_asked_for_by_name(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    keys = make(sandbox, 250)
    sandbox.faults.append(Fault("answer", path="/repositories/", times=50, reply=Reply(404, {"message": "Not Found"})))
    state = State()
    state.poll(connector)
    assert sorted(state.shown()) == sorted(keys)


@pytest.mark.trap("github", 6)
@pytest.mark.parametrize("paging", ["cursor", "page"])
def test_a_row_that_appears_late_is_told(sandbox: GitHubSandbox, connector: GitHubConnector, paging: str) -> None:
    sandbox.paging = paging
    sandbox.lag = 480
    make(sandbox, 3)
    state = State()
    for _ in range(20):
        state.poll(connector)
        sandbox.advance(60)
        sandbox.people.make_issue(HOME)
    sandbox.advance(480)
    state.poll(connector)
    assert state.shown() == books(sandbox)


def test_a_late_row_behind_newer_ones_is_told(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    state = State()
    make(sandbox, 2)
    late = sandbox.people.make_issue(HOME, "late")
    hidden = sandbox.books.by_id[sandbox.people.id(late)]
    hidden.deleted = True
    sandbox.advance(600)
    sandbox.people.make_issue(HOME, "newer")
    state.poll(connector)
    state.poll(connector)
    hidden.deleted = False
    state.poll(connector)
    assert late in state.shown()


def test_a_late_row_in_a_large_window_is_told_once_nothing_can_be_late_any_more(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    state = State()
    late = sandbox.people.make_issue(HOME, "late")
    hidden = sandbox.books.by_id[sandbox.people.id(late)]
    hidden.deleted = True
    sandbox.advance(60)
    make(sandbox, 150)
    sandbox.advance(5)
    state.poll(connector)
    hidden.deleted = False
    before = len(sandbox.log)
    for _ in range(20):
        sandbox.advance(60)
        state.poll(connector)
    assert late in state.shown()
    # One call each, but for the one whole pass.
    assert len(sandbox.log) - before == 20 + 2
    assert state.shown() == books(sandbox)


# --- what an idle poll and news cost ---


@pytest.mark.trap("github", 6)
def test_an_idle_poll_is_one_call_answered_304(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    make(sandbox, 5)
    state = State()
    state.poll(connector)
    state.poll(connector)
    for _ in range(3):
        before, used, cursor = len(sandbox.log), sandbox.used, state.cursor
        sandbox.advance(30)
        assert told(state.poll(connector)) == []
        assert [status for _, _, status in asked(sandbox)[before:]] == [304]
        assert sandbox.used == used
        assert state.cursor == cursor


@pytest.mark.parametrize("etags", [True, False])
def test_many_rows_of_one_second_cost_no_more_when_idle(
    sandbox: GitHubSandbox, connector: GitHubConnector, etags: bool
) -> None:
    sandbox.etags = etags
    make(sandbox, 450)
    sandbox.advance(5)
    state = State()
    state.poll(connector)
    state.poll(connector)
    before = len(sandbox.log)
    for _ in range(5):
        assert told(state.poll(connector)) == []
    assert len(sandbox.log) - before == 5
    sandbox.people.close(f"{HOME}#7")
    before = len(sandbox.log)
    assert told(state.poll(connector)) == [f"{HOME}#7"]
    assert len(sandbox.log) - before == 1


@pytest.mark.parametrize("paging", ["cursor", "page"])
@pytest.mark.parametrize(("changed", "pages"), [(100, 2), (250, 3), (1100, 0)])
def test_many_changes_in_a_large_window_cost_a_call_per_hundred(
    sandbox: GitHubSandbox, connector: GitHubConnector, paging: str, changed: int, pages: int
) -> None:
    sandbox.paging = paging
    make(sandbox, 1400)
    sandbox.advance(5)
    state = State()
    state.poll(connector)
    state.poll(connector)
    sandbox.advance(5)
    keys = [f"{HOME}#{number}" for number in range(1, changed + 1)]
    for key in keys:
        sandbox.people.close(key)
    sandbox.advance(5)
    before = len(sandbox.log)
    news = told(state.poll(connector))
    assert set(news) >= set(keys)
    assert state.shown() == books(sandbox)
    assert len(sandbox.log) - before == pages or changed > DEEPEST * 100
    sandbox.advance(5)
    before = len(sandbox.log)
    assert told(state.poll(connector)) == []
    assert len(sandbox.log) - before == 1


@pytest.mark.parametrize("paging", ["cursor", "page"])
def test_what_moves_up_while_pages_are_read_down_is_told(
    sandbox: GitHubSandbox, connector: GitHubConnector, paging: str
) -> None:
    sandbox.paging = paging
    make(sandbox, 450)
    sandbox.advance(5)
    state = State()
    state.poll(connector)
    state.poll(connector)
    sandbox.advance(5)
    for number in range(1, 151):
        sandbox.people.close(f"{HOME}#{number}")

    def moves() -> None:  # one that was read already, one that is still to come, and one that was not to be read
        sandbox.people.reopen(f"{HOME}#150")
        sandbox.people.reopen(f"{HOME}#1")
        sandbox.people.close(f"{HOME}#400")

    sandbox.faults.append(Fault("before", "GET", LISTS, skip=1, hook=moves))
    state.poll(connector)
    sandbox.advance(5)
    state.poll(connector)
    assert state.shown() == books(sandbox)


@pytest.mark.trap("github", 3)
def test_a_first_walk_of_five_thousand_issues_takes_a_call_per_hundred(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    make(sandbox, 5000)
    state = State()
    pages = state.poll(connector)
    assert len(state.items) == 5000
    assert len(told(pages)) == 5000
    assert sum(path.endswith("/issues") for _, path, _ in asked(sandbox)) == 50


def test_numbered_pages_of_rows_apart_cost_little_more(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.paging = "page"
    make(sandbox, 1000, apart=7)
    state = State()
    assert len(set(told(state.poll(connector)))) == 1000
    assert sum(path.endswith("/issues") for _, path, _ in asked(sandbox)) <= 11


def test_the_first_walk_goes_back_no_further_than_it_may(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    make(sandbox, 10, apart=60)
    pages = list(connector.changes(HOME, None, START + timedelta(seconds=300)))
    assert told(pages) == [f"{HOME}#{i}" for i in range(6, 11)]


@pytest.mark.trap("github", 7)
def test_the_zone_of_this_machine_changes_no_question(
    sandbox: GitHubSandbox, connector: GitHubConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(sandbox, 10, apart=60)
    with monkeypatch.context() as here:
        here.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        pages = list(connector.changes(HOME, None, START + timedelta(seconds=300)))
    time.tzset()
    assert told(pages) == [f"{HOME}#{i}" for i in range(6, 11)]


@pytest.mark.trap("github", 2)
def test_the_library_never_waits_by_itself(
    sandbox: GitHubSandbox, connector: GitHubConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(sandbox, 500)
    slept: list[float] = []
    monkeypatch.setattr("github.Requester.time.sleep", slept.append)
    refs = [item.ref for page in connector.changes(HOME, None, None) for item in page.items]
    outcomes = list(connector.apply([Action(ref, Status("closed", "completed")) for ref in refs[:3]]))
    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert slept == []


# --- what isn't an issue, and what isn't a repository any more ---


@pytest.mark.trap("github", 4)
def test_pull_requests_are_left_out_and_fill_no_window(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    key = sandbox.people.make_issue(HOME)
    for _ in range(130):
        sandbox.people.make_issue(HOME, is_pull=True)
    state = State()
    state.poll(connector)
    sandbox.advance(10)
    sandbox.people.close(key)
    state.poll(connector)
    assert state.shown() == {key: "closed:completed"}


def test_null_bodies_users_and_plain_labels_are_borne(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    key = sandbox.people.make_issue(HOME, body=None, by=None, association="NONE")
    state = State()
    state.poll(connector)
    (item,) = state.items.values()
    assert item.ref.key == key
    assert item.texts is not None
    assert item.texts[0].body == ""


@pytest.mark.trap("github", 8)
@pytest.mark.parametrize("paging", ["cursor", "page"])
def test_a_rename_is_followed_with_the_whole_list(
    sandbox: GitHubSandbox, connector: GitHubConnector, paging: str
) -> None:
    sandbox.paging = paging
    make(sandbox, 150)
    state = State()
    state.poll(connector)
    sandbox.people.rename_repo(HOME, "newer/tools")
    sandbox.advance(3600)
    sandbox.people.close("newer/tools#3", "not_planned")
    assert told(state.poll(connector)) == ["newer/tools#3"]
    before = len(sandbox.log)
    state.poll(connector)
    assert told(state.poll(connector)) == []
    assert len(sandbox.log) - before == 2
    again = connect(sandbox)
    assert told(state.poll(again)) == []
    again.close()


def test_a_name_that_another_repository_took_is_not_followed(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    make(sandbox, 2)
    state = State()
    state.poll(connector)
    sandbox.people.rename_repo(HOME, "acme/moved")
    sandbox.people.make_repo(HOME)
    sandbox.people.make_issue(HOME, "a stranger's")
    with closing(connect(sandbox)) as again, pytest.raises(Refused, match="another repository"):
        state.poll(again)


@pytest.mark.parametrize("odd", [{"state": None}, {"labels": 7, "created_at": "soon"}])
def test_a_row_that_says_which_issue_it_is_but_not_how_it_stands_holds_up_no_other(
    sandbox: GitHubSandbox, connector: GitHubConnector, odd: dict[str, object]
) -> None:
    first, second, third = make(sandbox, 3)
    listed = connector.api.listed

    def broken(*args: Any) -> list[Any]:
        return [row | odd if row["number"] == 2 else row for row in listed(*args)]

    connector.api.listed = broken  # type: ignore[method-assign, assignment]  # a service with one broken issue
    state = State()
    pages = state.poll(connector)
    assert told(pages) == [first, third]
    assert [one.ref.key for page in pages for one in page.unreadable] == [second]
    connector.api.listed = listed  # type: ignore[method-assign]
    sandbox.advance(1)
    sandbox.people.close(second)
    assert told(state.poll(connector)) == [second]


def test_issues_switched_off_is_a_refusal_of_that_source(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    make(sandbox, 2)
    state = State()
    state.poll(connector)
    sandbox.people.switch_issues(HOME, on=False)
    with pytest.raises(Refused, match="switched off"):
        state.poll(connector)
    sandbox.people.switch_issues(HOME, on=True)
    sandbox.people.close(f"{HOME}#1")
    assert told(state.poll(connector)) == [f"{HOME}#1"]


def test_a_repository_out_of_sight_is_refused_with_the_reasons(sandbox: GitHubSandbox) -> None:
    sandbox.tokens["blind"] = Access("other", private=False)
    sandbox.people.set_private(HOME)
    connector = connect(sandbox, token="blind")
    with pytest.raises(Refused, match="made private"):
        list(connector.changes(HOME, None, None))
    connector.close()


def test_a_cursor_that_cannot_be_read_begins_anew(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    keys = make(sandbox, 2)
    pages = list(connector.changes(HOME, '{"version": 99}', None))
    assert told(pages) == keys
    assert pages[0].first_walk


@pytest.mark.parametrize(
    "link",
    ['<https://evil.example.com/x?after=1>; rel="next"', '<{url}/repos/acme/widgets/issues?page=1>; rel="next"'],
)
def test_a_next_page_elsewhere_or_without_end_is_an_outage(
    sandbox: GitHubSandbox, connector: GitHubConnector, link: str
) -> None:
    headers = {"Link": link.format(url=sandbox.url)}
    sandbox.faults.append(Fault("answer", path=LISTS, times=99, reply=Reply(200, [], headers)))
    with pytest.raises(Transient):
        list(connector.changes(HOME, None, None))
    assert all(path.startswith(("/repos", "/user")) for _, path, _ in asked(sandbox))


def test_links_that_name_a_proxys_inside_are_asked_for_at_the_configured_origin(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    make(sandbox, 30)
    number = next(iter(sandbox.books.repos))
    headers = {"Link": f'<https://api.github.com/repositories/{number}/issues?state=all&per_page=100>; rel="next"'}
    sandbox.faults.append(Fault("answer", path=LISTS, reply=Reply(200, [], headers)))
    state = State()
    state.poll(connector)
    assert len(state.items) == 30
