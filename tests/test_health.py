"""Health: what the state says of each connector, and of all together."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from ulid import ULID

from syncd.clock import precise
from syncd.health import COUNTS, STATES, Picture, look
from syncd.records import Effect
from syncd.store import Store
from tests.pairs import Pair

INTERVAL = 30.0


class Desk:
    """A pair whose two connectors a daemon polls."""

    def __init__(self) -> None:
        self.pair = Pair()
        self.store: Store = self.pair.store
        self.begin()

    @property
    def now(self) -> str:
        return precise(self.pair.clock.now())

    def begin(self) -> None:
        with self.store.write():
            for name in ("desk", "tracker"):
                self.store.connectors.begins(name, self.now)

    def stands(self, state: str, name: str = "tracker") -> None:
        with self.store.write():
            self.store.connectors.stands(name, state, "GET /secret-ticket/17 said no", self.now)

    def look(self) -> Picture:
        return look(self.store, {"desk": INTERVAL, "tracker": INTERVAL}, self.pair.clock.now())

    def state(self, name: str = "tracker") -> str:
        return self.look().connectors[name].state


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_connector_is_starting_until_it_was_read_once(desk: Desk) -> None:
    assert (desk.state(), desk.look().whole.state) == ("starting", "ok")
    assert not desk.look().whole.polled
    desk.pair.reconcile()
    assert (desk.state(), desk.look().whole.state) == ("ok", "ok")
    assert desk.look().whole.polled


def test_after_a_new_start_it_is_starting_again_though_it_was_read_before(desk: Desk) -> None:
    desk.pair.reconcile()
    desk.pair.clock.advance(10)
    desk.begin()
    assert desk.state() == "starting"
    assert not desk.look().whole.polled
    assert desk.look().connectors["tracker"].last_poll is not None
    desk.pair.pass_()
    assert desk.state() == "ok"


def test_told_twice_of_the_same_beginning_it_stays_as_it_is(desk: Desk) -> None:
    began = desk.now
    desk.pair.clock.advance(10)
    desk.pair.reconcile()
    desk.stands("unauthorized")
    with desk.store.write():
        desk.store.connectors.begins("tracker", began)
    assert desk.state() == "unauthorized"


def test_without_a_daemon_nothing_lags() -> None:
    pair = Pair()
    pair.reconcile()
    pair.clock.advance(86_400)
    found = look(pair.store, {"desk": INTERVAL, "tracker": INTERVAL, "new": INTERVAL}, pair.clock.now())
    assert {name: one.state for name, one in found.connectors.items()} == {
        "desk": "ok",
        "tracker": "ok",
        "new": "starting",
    }
    assert found.connectors["new"].lag_seconds is None
    assert not found.whole.polled


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (90, "ok"), (91, "lagging")])
def test_three_intervals_without_a_poll_are_a_lag(desk: Desk, seconds: float, state: str) -> None:
    desk.pair.reconcile()
    last = desk.look().connectors["tracker"]
    desk.pair.clock.advance(seconds - (last.lag_seconds or 0.0))
    found = desk.look().connectors["tracker"]
    assert (found.state, found.lag_seconds) == (state, seconds)


@pytest.mark.parametrize("state", ["rate_limited", "unauthorized", "unavailable", "misconfigured"])
def test_what_calls_have_shown_is_its_state(desk: Desk, state: str) -> None:
    desk.pair.reconcile()
    desk.stands(state)
    found = desk.look()
    assert found.connectors["tracker"].state == state
    assert found.connectors["desk"].state == "ok"
    assert found.whole.state == "degraded"


def test_it_fails_only_if_nothing_is_read(desk: Desk) -> None:
    desk.pair.reconcile()
    desk.stands("unauthorized")
    desk.stands("unavailable", "desk")
    assert desk.look().whole.state == "failing"
    desk.stands("rate_limited", "desk")
    assert desk.look().whole.state == "degraded"


def pause(desk: Desk) -> None:
    desk.store.connectors.pause("tracker", "moving house", desk.now)


def brake(desk: Desk) -> None:
    desk.store.brakes.pull("tracker", "too much", desk.now)


@pytest.mark.parametrize(
    ("shown", "act", "state"),
    [
        ("ok", pause, "paused"),
        ("unauthorized", pause, "paused"),
        ("ok", brake, "braked"),
        ("unavailable", brake, "braked"),
        ("rate_limited", brake, "braked"),
        ("unauthorized", brake, "unauthorized"),
        ("misconfigured", brake, "misconfigured"),
    ],
)
def test_what_a_person_must_mend_comes_first(desk: Desk, shown: str, act: Callable[[Desk], None], state: str) -> None:
    desk.pair.reconcile()
    desk.stands(shown)
    with desk.store.write():
        act(desk)
    assert desk.state() == state
    assert desk.state("desk") == "ok"


def test_what_waits_is_counted_for_both_ends_and_once_in_all(desk: Desk) -> None:
    pair = desk.pair
    ticket, _ = pair.filed_pair()
    link = pair.link()
    with desk.store.write():
        desk.store.queue.ask(f"desk:{ticket.number}", "test", pair.clock.now())
    pair.clock.advance(100)
    found = desk.look()
    for one in (found.whole, *found.connectors.values()):
        assert one.counts == dict(zip(COUNTS, (1, 0, 0, 0, 0), strict=True))
        assert one.oldest_unsynced_seconds == 100
    with desk.store.write():
        desk.store.queue.park([f"desk:{ticket.number}"], "it was refused")
        effect = Effect(link.id, "resolved", 7, link.ticket, "text")
        row = desk.store.effects.store(effect, str(ULID()), pair.clock.now())
        desk.store.effects.send(row.id, pair.clock.now())
        desk.store.effects.doubt(row.id, pair.clock.now() + timedelta(hours=1), "lost")
    found = desk.look()
    assert found.whole.counts == dict(zip(COUNTS, (0, 1, 0, 0, 1), strict=True))
    assert found.whole.oldest_unsynced_seconds == 0
    assert [found.connectors[name].counts["doubt"] for name in ("desk", "tracker")] == [1, 0]
    assert ("desk", "doubt") in found.effects
    assert found.whole.state == "degraded"


@pytest.mark.parametrize(("standing", "count"), [("conflict", "conflicts"), ("drift", "drift")])
def test_what_is_held_is_counted_and_is_nothing_to_mend(desk: Desk, standing: str, count: str) -> None:
    desk.pair.filed_pair()
    with desk.store.write():
        desk.store._db.execute("UPDATE links SET standing = ?", [standing])
    found = desk.look()
    assert found.whole.counts[count] == 1
    assert found.connectors["desk"].counts[count] == found.connectors["tracker"].counts[count] == 1
    assert found.whole.state == "ok"


def test_of_all_together_the_worst_is_told(desk: Desk) -> None:
    assert desk.look().whole.last_poll is None
    desk.pair.reconcile()
    desk.pair.clock.advance(40)
    earliest = desk.look().connectors["desk"].last_poll
    with desk.store.write():
        desk.store.connectors.polled("tracker", desk.now)
    found = desk.look().whole
    assert found.last_poll == earliest
    assert found.lag_seconds is not None
    assert found.lag_seconds >= 40


def test_the_data_has_these_names_and_tells_nothing_private(desk: Desk) -> None:
    desk.pair.filed_pair()
    desk.stands("unavailable")
    data = desk.look().data()
    each = {"lag_seconds", "oldest_unsynced_seconds", "last_poll", *COUNTS}
    assert set(data) == {"status", "as_of", "connectors", "notify", "late", *each}
    assert set(data["connectors"]["tracker"]) == {"state", *each}
    assert data["connectors"]["tracker"]["state"] in STATES
    assert "secret-ticket" not in json.dumps(data)
    assert desk.look().connectors["tracker"].reason == "GET /secret-ticket/17 said no"


def test_a_clock_that_was_put_back_makes_no_negative_age(desk: Desk) -> None:
    desk.pair.reconcile()
    desk.pair.clock.advance(-1000)
    assert desk.look().connectors["tracker"].lag_seconds == 0


def test_looking_changes_nothing(desk: Desk) -> None:
    desk.pair.filed_pair()
    desk.store._db.execute("PRAGMA query_only = ON")
    assert desk.look().whole.figures.links == {"live": 1}
