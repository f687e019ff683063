"""Time entries of a Freshdesk account: all pages, whole seconds, and what keeps them from us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from freshdesk_exchanges import violations

from connectors.freshdesk.connector import FreshdeskConnector
from connectors.freshdesk.sandbox.world import FreshdeskWorld
from syncd.errors import Refused, Transient

DAY = timedelta(days=1)


@pytest.fixture
def world() -> Iterator[FreshdeskWorld]:
    world = FreshdeskWorld()
    yield world
    world.close()
    assert violations(world.sandbox.log) == []


def spent(world: FreshdeskWorld, connector: FreshdeskConnector | None = None) -> dict[str, float]:
    world.advance(60)
    found = (connector or world.connect()).time_spent(world.now() - DAY, world.now())
    return {one.ticket.id: one.seconds for one in found}


def test_every_page_is_read_and_each_company_once(world: FreshdeskWorld) -> None:
    first, second = world.ask("a", "b"), world.add()
    for _ in range(130):
        world.spend(first.ref, 10)
    for _ in range(70):
        world.spend(second, 1)
    calls = world.calls()
    connector = world.connect()
    assert spent(world, connector) == {first.ref.id: 1300, second.id: 70}
    assert world.calls() - calls == 3, "two pages, and one company"
    assert spent(world, connector) == {first.ref.id: 1300, second.id: 70}
    assert world.calls() - calls == 5


def test_a_timer_that_runs_has_taken_no_time_yet(world: FreshdeskWorld) -> None:
    ticket = world.add()
    world.people.work(int(ticket.id), 600, running=True)
    world.spend(ticket, 60)
    assert spent(world) == {ticket.id: 60}


@pytest.mark.parametrize(("told", "seconds"), [("01:30", 5400), ("120:05", 432300)])
def test_hours_and_minutes_will_do_where_the_seconds_are_not_told(
    world: FreshdeskWorld, told: str, seconds: int
) -> None:
    ticket = world.add()
    world.spend(ticket, 60)
    entry: dict[str, Any] = world.sandbox.books.worked[0]
    entry["time_spent"] = told
    del entry["time_spent_in_seconds"]
    assert spent(world) == {ticket.id: seconds}


@pytest.mark.parametrize(
    "change", [{"time_spent": "soon", "time_spent_in_seconds": None}, {"executed_at": "2026-01-05T25:00:00Z"}]
)
def test_what_is_no_time_entry_is_refused_whole(world: FreshdeskWorld, change: dict[str, Any]) -> None:
    world.spend(world.add(), 60)
    world.sandbox.books.worked[0].update(change)
    with pytest.raises(Transient, match="not a time entry"):
        world.connect().time_spent(world.now() - DAY, world.now() + 2 * DAY)
    world.sandbox.log.clear()  # Freshdesk wouldn't answer that


def test_a_plan_without_time_tracking_is_told_with_what_to_do(world: FreshdeskWorld) -> None:
    world.sandbox.tracks_time = False
    with pytest.raises(Refused, match=r"answered 403 \(require_feature\); time tracking is part of some plans only"):
        spent(world)
