"""Fields and tags on tickets: what a write of tags must know, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.freshdesk.sandbox.world import FreshdeskWorld
from syncd.actions import Action, Way
from syncd.errors import Refused
from syncd.model import Ref, Status


@pytest.fixture
def world() -> Iterator[FreshdeskWorld]:
    world = FreshdeskWorld()
    yield world
    world.close()


def put(world: FreshdeskWorld) -> list[str]:
    """The bodies of the writes so far."""
    return [one.request.body.decode() for one in world.sandbox.log if one.request.method == "PUT"]


def test_status_fields_and_tags_are_one_request(world: FreshdeskWorld) -> None:
    ref, connector = world.add(), world.connect()
    world.label(ref, "vip")
    connector.fetch([ref])
    action = Action(ref, Status("4"), fields={"cf_reference_number": "o/r#4"}, tags=("issue_done",))
    outcome = next(iter(connector.apply([action])))
    assert (outcome.error, outcome.aside) == (None, None)
    assert put(world) == [
        '{"status": 4, "custom_fields": {"cf_reference_number": "o/r#4"}, "tags": ["vip", "issue_done"]}'
    ]


def test_tags_that_were_not_read_before_are_read_and_not_lost(world: FreshdeskWorld) -> None:
    ref, connector = world.add(), world.connect()
    world.label(ref, "vip")
    next(iter(connector.apply([Action(ref, tags=("issue_done",))])))
    assert world.tags(ref) == ["vip", "issue_done"]


def test_what_our_own_write_left_is_known_to_the_next(world: FreshdeskWorld) -> None:
    ref, connector = world.add(), world.connect()
    connector.fetch([ref])
    list(connector.apply([Action(ref, tags=("issue_open",)), Action(Ref(ref.connector, ref.id), tags=("second",))]))
    assert world.tags(ref) == ["issue_open", "second"]


def test_where_a_field_is_refused_the_status_goes_alone_and_once(world: FreshdeskWorld) -> None:
    ref, connector = world.add(), world.connect()
    connector.fetch([ref])
    action = Action(ref, Status("4"), fields={"cf_gone": "x"}, tags=("issue_done",))
    outcome = next(iter(connector.apply([action])))
    assert outcome.aside is not None
    assert "cf_gone" in str(outcome.aside)
    assert (world.status_writes(ref), world.status(ref), world.tags(ref)) == (1, Status("4"), [])


def test_a_field_that_is_not_there_is_told_before_and_by_the_write(world: FreshdeskWorld) -> None:
    ref, connector = world.add(), world.connect()
    assert connector.lacks(["cf_reference_number", "cf_nowhere"]) == ["cf_nowhere"]
    outcome = next(iter(connector.apply([Action(ref, fields={"cf_nowhere": "x"})])))
    assert outcome.error is not None
    assert "there is no field cf_nowhere" in str(outcome.error)


def test_what_has_to_be_set_in_the_same_call_is_and_also_where_a_field_is_refused(world: FreshdeskWorld) -> None:
    world.sandbox.required_for_closure = {"cf_reference_number"}
    ref, connector = world.add(), world.connect()
    connector.fetch([ref])
    way = Way(fields={"cf_reference_number": "engineering", "ticket_type": "Problem"})
    action = Action(ref, Status("4"), fields={"cf_gone": "x"}, way=way)
    outcome = next(iter(connector.apply([action])))
    assert (outcome.error, world.status(ref)) == (None, Status("4"))
    row = world.sandbox.books.tickets[int(ref.id)].row
    assert (row["custom_fields"]["cf_reference_number"], row["type"]) == ("engineering", "Problem")
    other = world.add()
    outcome = next(iter(connector.apply([Action(other, fields={"cf_escalated": "4"}, way=way)])))
    assert (outcome.error, put(world)[-1]) == (None, '{"custom_fields": {"cf_escalated": "4"}}')


def test_a_refusal_for_want_of_a_field_tells_who_can_fill_it(world: FreshdeskWorld) -> None:
    world.sandbox.required_for_closure = {"cf_reference_number"}
    ref, connector = world.add(), world.connect()
    connector.fetch([ref])
    outcome = next(iter(connector.apply([Action(ref, Status("4"))])))
    assert isinstance(outcome.error, Refused)
    assert "cf_reference_number" in outcome.error.what
    assert "[set]" in outcome.error.what
    assert world.status(ref) != Status("4")
