"""The feed loses nothing, whatever happens between two pages, and an idle poll is one call."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from syncd.errors import Transient
from syncd.model import Item, Page, Ref
from syncd.testing import Fault, Reply
from syncd_zammad import feed
from syncd_zammad.connector import SOURCE, ZammadConnector
from syncd_zammad.sandbox.server import expanded
from syncd_zammad.sandbox.world import ZammadWorld


class Bench:
    """A world, a connector to it, and what a state would keep of what it tells."""

    def __init__(self) -> None:
        self.world = ZammadWorld()
        self.connector: ZammadConnector = self.world.connect()
        self.cursor: str | None = None
        self.told: dict[Ref, Item] = {}

    def poll(self, *, stop_after: int = 0) -> list[Page]:
        pages = []
        for page in self.connector.changes(SOURCE, self.cursor, None):
            self.cursor = page.cursor
            self.told |= {item.ref: item for item in page.items}
            pages.append(page)
            if len(pages) == stop_after:
                break
        return pages

    def missed(self) -> list[Ref]:
        """Tickets whose present state was never told."""
        books = self.world.sandbox.books.tickets
        versions = {self.world.ref(number): ticket.row["updated_at"] for number, ticket in books.items()}
        return [ref for ref, version in versions.items() if ref not in self.told or self.told[ref].version != version]


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.connector.close()
    bench.world.close()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PER_PAGE", 4)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_while_people_work_between_pages(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # a test's choices
    people, books = bench.world.people, bench.world.sandbox.books
    for _ in range(25):
        people.make_ticket()

    def act() -> None:
        bench.world.advance(rng.choice([0, 0, 1, 90]))
        number = rng.choice(list(books.tickets))
        do: list[Callable[[], object]] = [
            lambda: people.touch(number),
            lambda: people.agent_note(number, "x"),
            people.make_ticket,
        ]
        rng.choice(do)()

    bench.world.sandbox.faults.append(Fault("before", path="/search$", times=12, hook=act))
    for _ in range(4):
        bench.poll(stop_after=rng.choice([0, 2]))
    bench.poll()
    assert bench.missed() == []


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("before", [0, 2])
def test_more_than_a_page_within_one_millisecond_is_told_whole(bench: Bench, before: int, *, inclusive: bool) -> None:
    bench.world.sandbox.inclusive = inclusive
    for _ in range(before):
        bench.world.people.make_ticket()
    _crowd(bench)
    bench.poll()
    assert bench.missed() == []


@pytest.mark.usefixtures("small_pages")
def test_a_ticket_that_slips_over_the_edge_of_a_page_within_a_millisecond_is_told(bench: Bench) -> None:
    first = _crowd(bench)[0]
    bench.world.sandbox.faults.append(
        Fault("before", path="/search$", skip=2, hook=lambda: bench.world.people.delete(first))
    )
    bench.poll()
    assert bench.missed() == []


def _crowd(bench: Bench) -> list[int]:
    """Tickets that all changed within one millisecond, as a job of the server's own may do it."""
    numbers = [bench.world.people.make_ticket() for _ in range(10)]
    moment = bench.world.sandbox.books.time()
    for number in numbers:
        bench.world.sandbox.books.tickets[number].row["updated_at"] = moment
    return numbers


@pytest.mark.usefixtures("small_pages")
def test_a_millisecond_without_end_is_an_outage(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_PAGES", 2)
    _crowd(bench)
    with pytest.raises(Transient):
        bench.poll()


def test_a_change_that_becomes_visible_late_is_told(bench: Bench) -> None:
    late, early = bench.world.add(), bench.world.add()
    bench.poll()
    bench.world.touch(late)
    bench.world.sandbox.late = {int(late.id)}
    bench.world.advance(30)
    bench.world.touch(early)
    bench.poll()
    assert bench.missed() == [late]
    bench.world.advance(60)
    bench.world.sandbox.late = set()
    bench.poll()
    assert bench.missed() == []


@pytest.mark.usefixtures("small_pages")
def test_an_idle_poll_is_one_call_once_nothing_can_be_late_any_more(bench: Bench) -> None:
    for _ in range(30):
        bench.world.add()
    bench.poll()
    bench.world.advance(feed.OVERLAP.total_seconds() + 1)
    bench.poll()
    before = bench.world.calls()
    (page,) = bench.poll()
    assert (page.items, bench.world.calls() - before) == ((), 1)


def test_a_cursor_does_not_grow_with_the_account(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PER_PAGE", 20)
    for _ in range(300):
        bench.world.people.make_ticket()
    bench.world.advance(3600)
    assert max(len(page.cursor) for page in bench.poll()) < 4000


@pytest.mark.parametrize(
    "cursor", ["", "x", "[]", "null", '{"seen": []}', '{"seen": {}, "since": "x"}', '{"seen": {}}']
)
def test_a_cursor_that_is_not_ours_starts_a_first_walk(bench: Bench, cursor: str) -> None:
    bench.world.add()
    bench.cursor = cursor
    (page,) = bench.poll()
    assert (page.first_walk, bench.missed()) == (True, [])


def test_the_first_walk_goes_back_no_further_than_asked(bench: Bench) -> None:
    bench.world.add()
    bench.world.advance(3600)
    ref = bench.world.add()
    pages = bench.connector.changes(SOURCE, None, bench.world.clock.now())
    assert [item.ref for page in pages for item in page.items] == [ref]


def test_a_row_without_a_state_holds_up_no_other(bench: Bench) -> None:
    for _ in range(2):
        bench.world.add()
    bad = {"id": 9, "updated_at": "2026-01-05T08:00:00.000Z"}
    rows = [bad, *map(expanded, bench.world.sandbox.books.tickets.values())]
    bench.world.sandbox.faults.append(Fault("answer", path="/search$", reply=Reply(200, rows)))
    (page,) = bench.poll()
    assert [one.ref.id for one in page.unreadable] == ["9"]
    assert bench.missed() == []


def test_a_row_that_is_no_ticket_is_an_outage_and_the_cursor_stays(bench: Bench) -> None:
    bench.world.sandbox.faults.append(Fault("answer", path="/search$", reply=Reply(200, [{"id": "x"}])))
    with pytest.raises(Transient):
        bench.poll()
    assert bench.cursor is None


def test_a_ticket_that_is_merged_is_told_under_its_new_name_but_for_the_first_walk(bench: Bench) -> None:
    old = bench.world.add()
    bench.world.move(old)
    calls = bench.world.calls()
    bench.poll()
    assert bench.told[old].status.native == "merged"
    assert bench.world.calls() - calls == 1
    other = bench.world.add()
    bench.poll()
    new = bench.world.move(other)
    told = [item for page in bench.poll() for item in page.items]
    assert {(item.ref, item.formerly) for item in told} == {(new, None), (new, other)}
