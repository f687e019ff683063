"""The feed loses nothing, whatever the index, the clocks and the pages do; and costs one call when idle."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from jira_bench import Bench, bench, cloud, server

from connectors.jira.cursor import LAG, WIDE, Cursor
from syncd.errors import Refused, Transient, Unauthorized
from syncd.model import Unreadable
from syncd.testing import Fault, Reply

__all__ = ["bench", "cloud", "server"]


def missed(bench: Bench) -> list[int]:
    """Issues whose present state was never told."""
    found = []
    for issue in bench.sandbox.books.issues.values():
        told = bench.told.get(str(issue.id))
        status = f"{issue.now.status.category}/{issue.now.status.name}"
        if told is None or (told.status.native, told.status.reason) != (status, issue.now.resolution or ""):
            found.append(issue.id)
    return found


def test_one_poll_of_all_projects_is_one_call(bench: Bench) -> None:
    issues = {bench.issue(), bench.issue(project="OPS")}
    assert bench.news() == issues
    for _ in range(5):
        bench.advance(30)
        before = len(bench.calls)
        assert bench.news() == set()
        assert len(bench.asked(before)) == 1


def test_an_idle_hour_costs_one_call_for_each_poll(bench: Bench) -> None:
    for _ in range(30):
        bench.issue()
    bench.pages()
    for _ in range(70):
        bench.advance(60)
        before = len(bench.calls)
        assert bench.news() == set()
        assert len(bench.asked(before)) == 1


@pytest.mark.trap("jira", 6)
def test_the_end_of_a_walk_is_told_by_its_token_not_by_a_short_page(cloud: Bench) -> None:
    cloud.sandbox.most_per_page = 7
    issues = {cloud.issue() for _ in range(30)}
    pages = cloud.pages()
    assert [len(page.items) for page in pages] == [7, 7, 7, 7, 2]
    assert [page.last for page in pages] == [False] * 4 + [True]
    assert set(cloud.told) == issues


@pytest.mark.trap("jira", 6)
def test_an_empty_page_before_the_end_is_no_end(cloud: Bench) -> None:
    issues = {cloud.issue() for _ in range(3)}
    cloud.pages()
    rows = json.loads(next(one.body for one in cloud.sandbox.log if "/search" in one.request.path))["issues"]
    for body in ({"issues": [], "nextPageToken": "a", "isLast": False}, {"issues": rows, "isLast": True}):
        cloud.sandbox.faults.append(Fault("answer", path="search/jql", reply=Reply(200, body)))
    cloud.cursor = None
    assert cloud.news() == issues


def test_a_token_that_comes_again_ends_the_walk_with_an_error(cloud: Bench) -> None:
    row = {"issues": [], "nextPageToken": "again", "isLast": False}
    cloud.sandbox.faults.append(Fault("answer", path="search/jql", times=9, reply=Reply(200, row)))
    with pytest.raises(Transient, match="don't end"):
        cloud.pages()


def test_a_token_that_has_run_out_is_an_outage_and_the_walk_goes_on_from_where_it_was(cloud: Bench) -> None:
    cloud.sandbox.most_per_page = 3
    issues = {cloud.issue() for _ in range(10)}
    said = {"errorMessages": ["The provided next page token is invalid or expired."], "errors": {}}
    cloud.sandbox.faults.append(Fault("answer", path="search/jql", skip=2, reply=Reply(400, said)))
    with pytest.raises(Transient, match="run out"):
        cloud.pages()
    cloud.connect()
    assert all(page.first_walk for page in cloud.pages())
    assert set(cloud.told) == issues


@pytest.mark.trap("jira", 4)
def test_what_the_index_shows_late_is_told_when_it_shows(bench: Bench) -> None:
    bench.pages()
    bench.sandbox.lag = LAG - 30
    issue = bench.issue()
    told: set[str] = set()
    for _ in range(9):
        bench.advance(30)
        told |= bench.news()
    assert told == {issue}


@pytest.mark.trap("jira", 4)
def test_what_the_index_shows_very_late_is_told_within_the_hour(bench: Bench) -> None:
    bench.pages()
    bench.sandbox.lag = 1200
    issue = bench.issue()
    for _ in range(130):
        bench.advance(30)
        bench.pages()
    assert issue in bench.told


@pytest.mark.trap("jira", 4)
def test_what_a_search_forgets_for_a_moment_is_neither_lost_nor_gone(bench: Bench) -> None:
    issue = bench.issue()
    bench.pages()
    bench.advance(30)
    bench.people.touch(issue)
    bench.people.flicker(issue)
    assert all(not page.removed for page in bench.pages())
    bench.advance(30)
    assert bench.news() == {issue}


@pytest.mark.trap("jira", 5)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"])
def test_nothing_is_missed_in_whatever_zones_times_are_asked_and_told(bench: Bench, zone: str) -> None:
    # The night in which Berlin's clocks go back: an hour comes twice.
    bench.advance((datetime(2026, 10, 24, 23, 30, tzinfo=UTC) - bench.clock.now()).total_seconds())
    bench.sandbox.account_zone = ZoneInfo(zone)
    bench.sandbox.site_zone = ZoneInfo("America/St_Johns")
    bench.pages()
    for _ in range(24):
        bench.advance(300)
        issue = bench.issue()
        assert bench.news() == {issue}
        assert bench.told[issue].created_at == bench.clock.now()


@pytest.mark.parametrize("ahead", [-7200, -600, 600, 7200])
def test_clocks_that_differ_lose_nothing(bench: Bench, ahead: float) -> None:
    bench.sandbox.advance(ahead)
    first = bench.issue()
    assert bench.news() == {first}
    for _ in range(5):
        issue = bench.issue()
        bench.advance(1200)
        bench.connect()  # knows nothing of the site's clock, and may tell more than once what it told
        assert issue in bench.news()


def test_a_long_silence_is_made_up_for(bench: Bench) -> None:
    bench.pages()
    bench.advance(60)
    issues = {bench.issue() for _ in range(3)}
    bench.advance(5 * 86400)
    bench.connect()
    assert bench.news() == issues


def test_the_first_walk_goes_back_as_far_as_is_said() -> None:
    for is_cloud in (True, False):
        old = Bench(cloud=is_cloud, start_from="2026-01-06T00:00:00Z")
        early = old.issue()
        old.advance(86400)
        late = old.issue()
        old.advance(3600)
        assert old.news() == {late}
        old.people.touch(early)
        assert old.news() == {early}
        old.close()


def test_a_restriction_holds(bench: Bench) -> None:
    bench.given["jql"] = 'labels = "support" OR labels = "help me"'
    bench.connect()
    wanted = bench.issue(labels=["support"])
    bench.issue()
    assert bench.news() == {wanted}


@pytest.mark.trap("jira", 3)
def test_a_token_that_ran_out_is_no_silence(cloud: Bench) -> None:
    cloud.issue()
    cloud.pages()
    cloud.sandbox.expired = True
    cloud.advance(30)
    with pytest.raises(Unauthorized):
        cloud.pages()


@pytest.mark.trap("jira", 7)
def test_a_project_that_is_not_there_is_told_by_a_server(server: Bench) -> None:
    server.given["projects"] = ["ENG", "NOPE"]
    server.connect()
    with pytest.raises(Refused):
        server.pages()


def test_a_record_that_cannot_be_understood_holds_up_no_other(bench: Bench) -> None:
    issues = [bench.issue() for _ in range(3)]
    bench.pages()
    bench.cursor, bench.odd = None, True
    body = json.loads(next(one.body for one in bench.sandbox.log if "/search" in one.request.path))
    body["issues"][1]["fields"]["status"] = "done"
    path = "search/jql" if bench.sandbox.cloud else "search"
    bench.sandbox.faults.append(Fault("answer", path=f"{path}$", reply=Reply(200, body)))
    page = bench.pages()[-1]
    assert [item.ref.id for item in page.items] == [issues[0], issues[2]]
    assert [type(one) for one in page.unreadable] == [Unreadable]
    assert page.unreadable[0].ref.id == issues[1]


@pytest.mark.parametrize("wrong", [{"issues": 7}, {"issues": [1]}, {"issues": [{"id": "x"}]}, {"total": 1}, []])
def test_what_is_no_list_of_issues_is_an_outage(bench: Bench, wrong: object) -> None:
    bench.odd = True
    bench.sandbox.faults.append(Fault("answer", path="search", reply=Reply(200, wrong)))
    with pytest.raises(Transient):
        bench.pages()


@pytest.mark.parametrize("wrong", ["", "{}", "[]", "x", '{"seen": {}}', '{"low": 1, "began": "x", "seen": {}}'])
def test_a_cursor_that_cannot_be_read_starts_the_first_walk(wrong: str) -> None:
    walk = Cursor.load(wrong, None)
    assert (walk.low, walk.walked, walk.seen) == (None, False, {})


def test_a_cursor_is_what_it_was(bench: Bench) -> None:
    bench.issue()
    bench.pages()
    assert bench.cursor is not None
    assert Cursor.load(bench.cursor, None).dump() == bench.cursor


def test_a_cursor_forgets_what_no_poll_is_told_of_again(bench: Bench) -> None:
    for _ in range(20):
        bench.issue()
    bench.pages()
    assert bench.cursor is not None
    assert len(json.loads(bench.cursor)["seen"]) == 20
    bench.advance(WIDE + 2 * LAG)
    bench.pages()
    assert bench.cursor is not None
    assert json.loads(bench.cursor)["seen"] == {}


def test_many_issues_of_one_minute_are_all_told_by_offsets(server: Bench) -> None:
    server.sandbox.most_per_search = 20
    issues = {server.issue() for _ in range(130)}
    assert server.news() == issues
    server.advance(3600)
    assert server.news() == set()


def test_a_walk_by_offsets_loses_nothing_while_issues_move_under_it(server: Bench) -> None:
    server.sandbox.most_per_search = 10
    issues = [server.issue() for _ in range(60)]
    server.advance(86400)  # so that no later poll looks there again
    rng = random.Random(7)  # noqa: S311  # a test's disorder
    moved = iter(rng.sample(issues, 40))
    for page in server.jira.changes("ENG,OPS", None, None):
        server.cursor = page.cursor
        server.told |= {item.ref.id: item for item in page.items}
        for issue in [one for one, _ in zip(moved, range(8), strict=False)]:
            server.people.resolve(issue)
    server.pages()
    assert missed(server) == []


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_everything_is_told_in_the_end(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # a test's disorder
    bench.sandbox.most_per_page = bench.sandbox.most_per_search = 9
    issues = [bench.issue() for _ in range(20)]
    for _ in range(40):
        bench.advance(rng.choice([0, 1, 20, 90]))
        bench.sandbox.lag = rng.choice([0, 0, 5, 100])
        do, issue = rng.choice(["new", "touch", "resolve", "reopen"]), rng.choice(issues)
        if do == "new":
            issues.append(bench.issue())
        else:
            getattr(bench.people, do)(issue)
        if rng.random() < 0.4:
            bench.pages(stop_after=rng.choice([1, 2, 99]))
        if rng.random() < 0.1:
            bench.connect()
    bench.advance(LAG)
    bench.sandbox.lag = 0
    bench.pages()
    assert missed(bench) == []


@pytest.mark.trap("jira", 3)
def test_what_was_missed_as_nobody_is_told_once_the_token_works_again(cloud: Bench) -> None:
    issue = cloud.issue()
    cloud.hide_names()
    cloud.pages()
    cloud.sandbox.lag = LAG - 30
    cloud.advance(1)
    cloud.people.resolve(issue)
    cloud.advance(150)
    cloud.jira.check()
    cloud.sandbox.expired = True
    for _ in range(9):
        cloud.advance(30)
        assert cloud.news() == set()
    cloud.advance(LAG)
    with pytest.raises(Unauthorized):
        cloud.pages()
    cloud.advance(2 * WIDE)
    cloud.sandbox.expired = False
    assert cloud.news() == {issue}
