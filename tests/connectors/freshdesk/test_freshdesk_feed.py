"""The feed loses nothing, whatever happens between two pages, and an idle poll is one call."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from freshdesk_direct import Bench

from connectors.freshdesk import feed
from syncd.clock import stamp
from syncd.errors import Transient
from syncd.model import GoneKind, Item, Removed

SOURCES = len(feed.KINDS)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PER_PAGE", 4)


@pytest.mark.trap("freshdesk", 6)
@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_lost_while_people_work_between_pages(bench: Bench, seed: int, inclusive: bool) -> None:
    rng = random.Random(seed)  # noqa: S311  # a test's choices
    bench.sandbox.inclusive = inclusive
    for _ in range(30):
        bench.advance(rng.choice([0, 0, 1, 5]))
        bench.people.make_ticket()
    bench.api.between = lambda: bench.somebody_acts(rng)
    for _ in range(4):
        bench.poll()
    bench.api.between = lambda: None
    bench.advance(feed.OVERLAP + 1)  # with four rows a page it is always crowded: the whole stretch is due by now
    bench.poll()
    assert bench.missed() == []


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("seed", range(20))
def test_a_walk_broken_off_anywhere_goes_on_without_loss(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # a test's choices
    for _ in range(25):
        bench.advance(rng.choice([0, 1]))
        bench.people.make_ticket()
    bench.advance(5)
    first_walks = []
    for _ in range(200):
        pages = bench.pages(stop_after=1)  # each page by a process of its own
        first_walks += [page.first_walk for page in pages if page.items]
        bench.somebody_acts(rng)
        if pages[-1].last:
            break
    else:
        pytest.fail("the walk did not end")
    assert all(first_walks)
    bench.advance(2)
    bench.poll()
    assert bench.missed() == []
    assert not any(page.first_walk for source in feed.KINDS for page in bench.pages(source))


@pytest.mark.parametrize("inclusive", [True, False])
def test_more_than_a_page_within_one_second_is_told_whole(bench: Bench, inclusive: bool) -> None:
    bench.sandbox.inclusive = inclusive
    for _ in range(250):
        bench.people.make_ticket()
    bench.advance(1)
    bench.poll()
    assert bench.missed() == []


@pytest.mark.trap("freshdesk", 8)
@pytest.mark.parametrize("apart", [0.0, 0.01, 1.0, 60.0])
def test_an_idle_poll_costs_one_call_however_crowded_the_last_minutes_were(bench: Bench, apart: float) -> None:
    bench.people.seed(350, first="2026-01-05T08:00:00Z", apart=apart)
    bench.poll()
    assert bench.missed() == []
    for _ in range(3):
        bench.advance(30)
        before = bench.tellings
        assert bench.poll() == SOURCES
        assert bench.tellings == before


def test_a_crowded_stretch_is_looked_at_whole_once_more_later(bench: Bench) -> None:
    bench.people.seed(350, first="2026-01-05T08:58:00Z", apart=0.2)
    bench.api.hidden = {20}  # a replica that is late
    bench.poll()
    bench.api.hidden = set()
    assert bench.missed() == [20]
    costs = []
    for _ in range(14):
        bench.advance(30)
        costs.append(bench.poll())
    assert bench.missed() == []
    assert sorted(costs)[:-1] == [SOURCES] * 13


@pytest.mark.parametrize("inclusive", [True, False])
def test_a_crowded_second_still_shows_what_comes_next(bench: Bench, inclusive: bool) -> None:
    bench.sandbox.inclusive = inclusive
    bench.people.seed(300, first="2026-01-05T09:00:00Z", apart=0)
    bench.poll()
    bench.advance(30)
    bench.people.set_status(7, 3)
    bench.poll()
    assert bench.missed() == []
    bench.people.touch(8)
    bench.poll()
    assert bench.missed() == []
    bench.advance(30)
    for number in range(1, 151):  # more than the one page that is glanced at
        bench.people.set_status(number, 4)
    bench.poll()
    assert bench.missed() == []


def test_a_row_that_shows_up_late_is_told(bench: Bench) -> None:
    for _ in range(5):
        bench.people.make_ticket()
        bench.advance(20)
    bench.api.hidden = {3}
    bench.poll()
    bench.api.hidden = set()
    bench.poll()
    assert bench.missed() == []


def test_two_changes_in_one_second_with_a_poll_between_are_both_told(bench: Bench) -> None:
    bench.people.make_ticket()
    bench.advance(60)
    bench.people.set_status(1, 3)
    bench.poll()
    bench.people.set_status(1, 4)
    bench.poll()
    told = bench.told[1]
    assert isinstance(told, Item)
    assert told.status.native == "4"


def test_the_first_walk_goes_back_before_the_last_thirty_days(bench: Bench) -> None:
    bench.people.seed(3, first="2019-03-01T00:00:00Z", apart=86400)
    bench.poll()
    assert bench.missed() == []


def test_the_first_walk_goes_back_no_further_than_asked(bench: Bench) -> None:
    bench.people.seed(10, first="2026-01-01T00:00:00Z", apart=86400 / 2)
    walk = feed.Walk.begin(None, bench.clock.now().replace(day=3, hour=0))
    bench.cursors["tickets"] = walk.cursor()
    pages = bench.pages()
    assert min(bench.told) == 5
    assert all(page.first_walk for page in pages)


@pytest.mark.trap("freshdesk", 10)
def test_deleted_and_spam_tickets_are_told_as_removed_and_come_back(bench: Bench) -> None:
    for _ in range(3):
        bench.people.make_ticket()
    bench.advance(10)
    bench.poll()
    bench.people.delete(1)
    bench.people.spam(2)
    bench.poll()
    kinds = {number: told.kind for number, told in bench.told.items() if isinstance(told, Removed)}
    assert kinds == {1: GoneKind.DELETED, 2: GoneKind.SPAM}
    bench.advance(400)
    bench.people.restore(1)
    bench.people.restore(2)
    bench.poll()
    assert bench.missed() == []


def test_a_service_that_ignores_the_filter_removes_nothing(bench: Bench) -> None:
    bench.people.make_ticket()
    row = bench.sandbox.books.tickets[1].row
    row["deleted"] = False
    bench.api.rows = lambda *_: [row]  # type: ignore[method-assign]  # a service of another kind
    bench.poll()
    assert isinstance(bench.told[1], Item)


def test_a_deleted_ticket_in_the_plain_list_is_removed(bench: Bench) -> None:
    bench.people.make_ticket()
    bench.sandbox.books.tickets[1].row["deleted"] = True
    bench.pages()
    assert isinstance(bench.told[1], Removed)


@pytest.mark.usefixtures("small_pages")
def test_a_list_that_is_out_of_order_is_read_to_its_end(bench: Bench) -> None:
    for _ in range(30):
        bench.people.make_ticket()
        bench.advance(3)
    bench.api.shuffled = True
    bench.poll()
    assert bench.missed() == []


@pytest.mark.usefixtures("small_pages")
def test_a_service_that_names_no_next_page_is_read_to_its_end(bench: Bench) -> None:
    bench.api.linked = False
    for _ in range(12):
        bench.people.make_ticket()
        bench.advance(2)
    bench.poll()
    assert bench.missed() == []


@pytest.mark.trap("freshdesk", 6)
def test_pages_without_end_are_an_outage(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LAST_PAGE", 5)
    bench.people.seed(700, first="2026-01-05T09:00:00Z", apart=0)
    with pytest.raises(Transient):
        bench.pages()


@pytest.mark.parametrize("cursor", ["", "x", "[]", "null", '{"seen-1":[]}', '{"seen-1":{},"odd":1}', '{"seen-2":{}}'])
def test_a_cursor_that_is_not_ours_starts_a_first_walk(bench: Bench, cursor: str) -> None:
    bench.people.make_ticket()
    bench.cursors["tickets"] = cursor
    assert bench.pages()[0].first_walk
    assert 1 in bench.told


@pytest.mark.parametrize("row", [{}, {"id": "1"}, {"id": True, "updated_at": "2026-01-01"}, {"id": 1}, {"id": 0}])
def test_a_malformed_row_is_an_outage_and_the_cursor_stays(bench: Bench, row: dict[str, object]) -> None:
    bench.people.make_ticket()
    bench.poll()
    before = dict(bench.cursors)
    bench.api.rows = lambda *_: [dict(row)]  # type: ignore[method-assign]  # a service of another kind
    with pytest.raises(Transient, match="not a ticket list"):
        bench.pages()
    assert bench.cursors == before


@pytest.mark.parametrize("odd", [{"status": {}}, {"created_at": 7, "status": True}])
def test_a_row_that_says_which_ticket_it_is_but_not_how_it_stands_holds_up_no_other(
    bench: Bench, odd: dict[str, object]
) -> None:
    for _ in range(3):
        bench.people.make_ticket()
    rows = bench.api.rows

    def broken(*args: Any, **kwargs: Any) -> list[dict[str, Any]]:
        return [row | odd if row["id"] == 2 else row for row in rows(*args, **kwargs)]

    bench.api.rows = broken  # type: ignore[method-assign]  # a service with one broken ticket
    pages = bench.pages("tickets")
    assert {item.ref.id for page in pages for item in page.items} == {"1", "3"}
    (unreadable,) = (one for page in pages for one in page.unreadable)
    assert unreadable.ref.id == "2"
    assert [one for page in bench.pages("tickets") for one in page.unreadable] == []
    bench.api.rows = rows  # type: ignore[method-assign]
    assert {item.ref.id for page in bench.pages("tickets") for item in page.items} == {"2"}


def test_the_mark_is_the_services_time_not_ours(bench: Bench) -> None:
    bench.people.seed(1, first="2031-01-01T00:00:00Z")
    bench.poll()
    bench.people.make_ticket(updated_at="2031-01-01T00:00:01Z")
    bench.poll()
    assert bench.missed() == []
    assert json.loads(bench.cursors["tickets"])["mark"] > bench.clock.now().timestamp()


def test_a_cursor_does_not_grow_with_the_account(bench: Bench) -> None:
    bench.people.seed(2000, first="2025-01-01T00:00:00Z", apart=3600)
    bench.poll()
    assert max(map(len, bench.cursors.values())) < 1000
    assert stamp(bench.clock.now())
