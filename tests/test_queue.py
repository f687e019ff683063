"""Who sees to what is queued: lanes, a run that has asked for it, or nobody while a connector is paused."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from syncd.cli.verbs.queue import CAUSES
from syncd.clock import SystemClock, stamp
from syncd.daemon.lanes import Shared
from syncd.daemon.metrics import Metrics
from syncd.errors import Refused
from syncd.jobs.backfill import backfill, some
from syncd.model import Ref
from syncd.records import LinkState, Origin
from syncd.store import Store
from syncd.sync.reconcile import drain
from syncd.testing.memory import START
from tests.pairs import Pair

ROOT = Path(__file__).parent.parent


def test_what_a_run_has_asked_for_is_left_to_it_until_it_leaves() -> None:
    pair = Pair()
    pair.filed_pair()
    queue, now = pair.store.queue, pair.clock.now()
    key = next(iter(pair.store.groups.all()))
    with pair.store.write():
        queue.ask(key, "reconcile", now, "run")
        assert queue.claim(now, 10) == []
        assert queue.routes(now) == []
        (row,) = queue.claim(now, 10, owner="run")
        queue.free([row.group])
        queue.leave("run")
        assert [row.group for row in queue.claim(now, 10)] == [key]


def test_what_a_lane_sees_change_does_not_wait_for_a_run_that_asked_before() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.pass_()
    key = next(iter(pair.store.groups.all()))
    with pair.store.write():
        pair.store.queue.ask(key, "reconcile", pair.clock.now(), "run")
    pair.pass_()
    assert [row.owner for row in pair.store.queue.rows()] == ["run"]
    pair.move(issue, "done")
    pair.pass_()
    assert ticket.status.native == "resolved"
    assert pair.store.queue.rows() == []


def test_a_run_waits_for_what_a_lane_has_in_hand() -> None:
    pair = Pair()
    pair.filed_pair()
    queue, now = pair.store.queue, pair.clock.now()
    key = next(iter(pair.store.groups.all()))
    with pair.store.write():
        queue.ask(key, "poll", now)
        assert queue.elsewhere(now, frozenset([key]), "run") == 1
        assert queue.elsewhere(now, frozenset([key]), "") == 0
        queue.claim(now, 10)
        queue.ask(key, "reconcile", now, "run")
        assert queue.elsewhere(now, None, "run") == 1
        assert queue.elsewhere(now, None, "other") == 0
        queue.free([key])
        assert queue.elsewhere(now, None, "run") == 0


def test_a_group_keeps_its_owner_when_it_gets_another_key() -> None:
    store = Store.scratch()
    now = stamp(START)
    with store.write():
        for number in "21":
            ticket, issue = Ref("desk", number), Ref("tracker", "10")
            store.links.add(ticket, issue, LinkState.LIVE, Origin.BODY, filed=True, reason="", now=now)
            if number == "2":
                store.queue.ask("desk:2", "reconcile", START, "run")
    assert [(row.group, row.owner) for row in store.queue.rows()] == [("desk:1", "run")]


def pause(pair: Pair, name: str) -> None:
    with pair.store.write():
        pair.store.connectors.pause(name, "", pair.work.now)


def test_groups_of_a_paused_connector_wait_and_are_caught_up() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pause(pair, "desk")
    written = pair.writes()
    pair.pass_()
    assert (pair.writes(), ticket.status.native) == (written, "pending")
    (row,) = pair.store.queue.rows()
    assert pair.store.queue.held(row.group) == {"desk": "pause"}
    assert pair.store.queue.next_due() is None
    with pair.store.write():
        pair.store.connectors.resume("desk")
    drain(pair.work)
    assert ticket.status.native == "resolved"


def test_reconcile_leaves_a_paused_connector_out_and_refuses_its_items() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pause(pair, "desk")
    calls = pair.desk.calls
    assert backfill(pair.work, ["desk", "tracker"]) == {}
    for entry in (ticket, issue):
        with pytest.raises(Refused, match="it is paused by a person, since"):
            some(pair.work, [pair.ref(entry)])
    assert pair.desk.calls == calls


def test_a_pause_ends_by_itself() -> None:
    pair = Pair()
    later = pair.clock.now() + timedelta(hours=2)
    with pair.store.write():
        pair.store.connectors.pause("desk", later.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), pair.work.now)
        pair.store.connectors.pause("tracker", "", pair.work.now)
    assert not pair.store.connectors.over(pair.work.now)
    pair.clock.advance(7200)
    assert pair.store.connectors.over(pair.work.now)
    with pair.store.write():
        pair.store.connectors.lift(pair.work.now)
    assert pair.store.connectors.paused() == {"tracker"}


def test_a_lane_is_woken_when_its_pause_ends_and_only_then() -> None:
    pair = Pair()
    lanes = {name: SimpleNamespace(wake=threading.Event()) for name in ("desk", "tracker")}
    whatever: Any = None
    how: dict[str, Any] = {"clock": SystemClock(), "connectors": lanes, "lanes": lanes, "store": pair.store}
    shared = Shared(config=whatever, marker_key=b"", log=whatever, walked={}, tried={}, metrics=Metrics(), **how)
    pause(pair, "desk")
    shared.heed_pauses(pair.store.connectors.all())
    assert set(shared.paused) == {"desk"}
    assert "paused by a person" in shared.paused["desk"][1]
    shared.paused["tracker"] = (1e9, "asks for a pause")
    with pair.store.write():
        pair.store.connectors.resume("desk")
    shared.heed_pauses(pair.store.connectors.all())
    assert set(shared.paused) == {"tracker"}
    assert {name for name, lane in lanes.items() if lane.wake.is_set()} == {"desk"}


def test_every_cause_has_words_for_people() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "syncd").rglob("*.py"))
    named = set(re.findall(r'cause="(\w+)"', code))
    named |= set(re.findall(r'\bask\([^"()]*(?:\([^()]*\)[^"()]*)*"([\w ]+)"', code))
    assert {"poll", "reconcile", "linked", "rules changed"} <= named
    assert named <= set(CAUSES)


def test_what_waits_for_a_connector_is_due_when_it_works_again_and_nothing_else() -> None:
    pair = Pair(other=True)
    pair.reconcile()
    pair.tick()
    for place in ("tracker", "other"):
        pair.issue(pair.ticket(), at=place)
    pair.pass_()
    queue, now = pair.store.queue, pair.clock.now()
    keys = pair.store.groups.all()
    with pair.store.write():
        for key in keys:
            queue.ask(key, "poll", now + timedelta(minutes=50))
        queue.park([keys[0]], "a person must act")
        queue.wake("tracker", now)
        assert queue.due(now) == 0  # what is parked stays so
        queue.ask(keys[0], "poll", now + timedelta(minutes=50))
        queue.wake("other", now)
        assert queue.routes(now) == ["desk other"]
