"""The breaker in front of a connector: what opens it, what closes it, and what proves nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from syncd.actions import Action
from syncd.clock import ManualClock
from syncd.daemon.guarded import FAILURES, LONGEST, SHORTEST, UNACCEPTED, Guarded
from syncd.errors import Busy, ConnectorError, Transient, Unauthorized
from syncd.model import Page, Status
from syncd.testing.memory import MemoryConnector
from tests.pairs import Pair


class Eager(MemoryConnector):
    """Reads something before it yields its first page, as connectors do that look at a repository first."""

    error: ConnectorError | None = None
    asked = 0

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        self._ask()
        return super().changes(source, cursor, since)

    def sources(self) -> Sequence[str]:
        return ["all"]  # known without a call

    def _ask(self) -> None:
        self.asked += 1
        self.calls["READ"] += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def inner() -> Eager:
    one = Eager.__new__(Eager)
    one.__dict__.update(Pair().work.connectors["tracker"].__dict__)
    return one


@pytest.fixture
def guarded(inner: Eager, clock: ManualClock) -> Guarded:
    return Guarded(inner, clock)


def poll(guarded: Guarded) -> None:
    for source in guarded.sources():
        list(guarded.changes(source, None, None))


def test_what_is_read_before_the_first_page_opens_it_as_well(
    guarded: Guarded, inner: Eager, clock: ManualClock
) -> None:
    inner.error = Unauthorized("tracker", "no")
    for _ in range(10):
        with pytest.raises(Unauthorized):
            poll(guarded)
        clock.advance(1)
    assert inner.asked == 1
    assert guarded.standing == ("unauthorized", "no")
    clock.advance(UNACCEPTED)
    inner.error = None
    poll(guarded)
    assert guarded.standing == ("ok", "")


def test_failures_of_several_polls_add_up_though_the_sources_are_known(
    guarded: Guarded, inner: Eager, clock: ManualClock
) -> None:
    inner.error = Transient("tracker", "out of order")
    for _ in range(FAILURES):
        assert guarded.standing == ("ok", "")
        with pytest.raises(Transient):
            poll(guarded)
    assert guarded.standing == ("unavailable", "out of order")
    with pytest.raises(Transient):
        poll(guarded)
    assert inner.asked == FAILURES
    clock.advance(SHORTEST)
    inner.error = None
    poll(guarded)
    assert guarded.standing == ("ok", "")


def test_an_answer_in_between_starts_the_count_anew(guarded: Guarded, inner: Eager) -> None:
    for _ in range(3):
        inner.error = Transient("tracker", "out of order")
        for _ in range(FAILURES - 1):
            with pytest.raises(Transient):
                poll(guarded)
        inner.error = None
        poll(guarded)
    assert guarded.standing == ("ok", "")


def test_a_connector_that_counts_no_calls_is_believed(guarded: Guarded, inner: Eager, clock: ManualClock) -> None:
    inner.error = Unauthorized("tracker", "no")
    with pytest.raises(Unauthorized):
        poll(guarded)
    clock.advance(UNACCEPTED)
    inner.error = None
    inner.calls.clear()
    guarded.sources()
    assert guarded.standing == ("ok", "")


def test_whoever_makes_the_call_that_tries_the_connector_again_has_no_part_in_its_trouble(
    guarded: Guarded, inner: Eager, clock: ManualClock
) -> None:
    for _ in range(FAILURES + 40):
        inner.error = Transient("tracker", "out of order")
        with pytest.raises(Transient) as caught:
            poll(guarded)
        if guarded.standing[0] == "unavailable":
            assert caught.value.retry_after
            clock.advance(guarded.closed_for)
    assert guarded.closed_for <= LONGEST


def test_a_look_up_for_another_lane_does_not_wait_for_a_call_that_hangs(guarded: Guarded, inner: Eager) -> None:
    held, done = threading.Event(), threading.Event()

    def hang() -> None:
        with guarded._call():
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hang)
    thread.start()
    held.wait(30)
    with pytest.raises(Transient, match="busy"):
        guarded.resolve("TRACKER-1")
    guarded.capabilities = replace(inner.capabilities, keys_are_ids=True)  # type: ignore[misc]
    assert guarded.resolve("TRACKER-1") == inner.resolve("TRACKER-1")
    assert guarded.standing == ("ok", "")
    done.set()
    thread.join(30)


def test_what_is_written_at_once_is_one_call_for_the_breaker(clock: ManualClock) -> None:
    pair = Pair()
    tickets = [pair.ticket() for _ in range(25)]
    guarded = Guarded(pair.work.connectors["desk"], clock)
    actions = [Action(pair.ref(ticket), Status("pending")) for ticket in tickets]
    pair.desk.faults.append(("error", True))
    outcomes = list(guarded.apply(actions))
    assert [outcome.action for outcome in outcomes] == actions
    assert [outcome.status for outcome in outcomes] == [None] * 10 + [Status("pending")] * 15
    assert guarded.standing[0] == "ok", "the call after it was answered"


def test_what_concerns_one_item_says_nothing_of_the_connector(guarded: Guarded, inner: Eager) -> None:
    for _ in range(FAILURES + 1):
        inner.error = Busy("tracker", "changed at the same time")
        with pytest.raises(Busy):
            poll(guarded)
    assert guarded.standing[0] == "ok"
    inner.error = Transient("tracker", "cut")
    for _ in range(FAILURES - 1):
        with pytest.raises(Transient):
            poll(guarded)
    inner.error = Busy("tracker", "changed at the same time")
    with pytest.raises(Busy):
        poll(guarded)
    inner.error = Transient("tracker", "cut")
    with pytest.raises(Transient):
        poll(guarded)
    assert guarded.standing[0] == "ok", "it has answered in between"


def test_what_a_ticket_says_is_asked_through_the_breaker(guarded: Guarded, inner: Eager, clock: ManualClock) -> None:
    ref = inner.books.ref(inner.books.add("words"))
    assert guarded.detail(ref).description == "words"
    inner.books.faults += [("unauthorized", False)]
    with pytest.raises(Unauthorized):
        guarded.detail(ref)
    made = inner.books.calls
    with pytest.raises(Unauthorized):
        guarded.detail(ref)
    assert inner.books.calls == made
    clock.sleep(UNACCEPTED + 1)
    assert guarded.detail(ref).description == "words"
