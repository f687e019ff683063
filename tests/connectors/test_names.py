"""Names of groups and fields are read once an hour, and once more for what was made since; asserted on the books."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.freshdesk.sandbox.world import FreshdeskWorld
from connectors.jsm.sandbox.world import JsmWorld
from connectors.keeping import Hourly
from connectors.zendesk.sandbox import rules
from connectors.zendesk.sandbox.world import WITHHELD, ZendeskWorld
from syncd.clock import ManualClock
from syncd.connector import Connector
from syncd.errors import Transient
from syncd.model import Item, Ref
from syncd.testing import Fault, Reply


@pytest.fixture
def freshdesk() -> Iterator[FreshdeskWorld]:
    world = FreshdeskWorld()
    yield world
    world.close()


@pytest.fixture
def zendesk() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    yield world
    world.close()


def news(connector: Connector, cursors: dict[str, str]) -> dict[Ref, Item]:
    found: dict[Ref, Item] = {}
    for source in connector.sources():
        for page in connector.changes(source, cursors.get(source), None):
            cursors[source] = page.cursor
            found |= {one.ref: one for one in page.items}
    return found


def asked(world: Any, path: str) -> int:
    return sum(one.request.path.endswith(path) for one in world.sandbox.log)


def test_a_group_that_was_made_since_is_known_at_once(freshdesk: FreshdeskWorld) -> None:
    cursors: dict[str, str] = {}
    connector, ref = freshdesk.connect(), freshdesk.add()
    for name in ("Tier 1", "Tier 2"):
        freshdesk.people.hand_over(int(ref.id), group_id=freshdesk.people.add_group(name))
        assert news(connector, cursors)[ref].group == name
    assert asked(freshdesk, "/ticket_fields") == 2


def test_a_group_that_nobody_lists_costs_one_look_an_hour(freshdesk: FreshdeskWorld) -> None:
    cursors: dict[str, str] = {}
    connector, ref = freshdesk.connect(), freshdesk.add()
    for _ in range(3):
        freshdesk.advance(5)
        freshdesk.people.hand_over(int(ref.id), group_id=999, priority=1)
        assert news(connector, cursors)[ref].group == ""
    assert asked(freshdesk, "/ticket_fields") == 2


def test_names_that_may_not_be_seen_hold_up_no_feed(freshdesk: FreshdeskWorld) -> None:
    connector, ref = freshdesk.connect(), freshdesk.add()
    freshdesk.people.hand_over(int(ref.id), group_id=freshdesk.people.add_group("Tier 2"))
    freshdesk.people.set_field(int(ref.id), "cf_escalated", value=True)
    refused = Reply(403, {"code": "access_denied", "message": "You are not authorized to perform this action."})
    freshdesk.sandbox.faults.append(Fault("answer", "GET", "/ticket_fields", 9, reply=refused))
    told = news(connector, {})[ref]
    assert (told.group, told.fields) == ("", {"cf_escalated": "true"})


@pytest.mark.parametrize("change", [{"group_id": 7}, {"responder_id": 7}])
def test_a_ticket_handed_over_within_the_second_of_a_poll_is_told(
    freshdesk: FreshdeskWorld, change: dict[str, int]
) -> None:
    cursors: dict[str, str] = {}
    connector, ref = freshdesk.connect(), freshdesk.add()
    freshdesk.sandbox.books.groups[7] = "Tier 2"
    assert ref in news(connector, cursors)
    freshdesk.people.hand_over(int(ref.id), **change)
    assert ref in news(connector, cursors)


def test_a_zendesk_group_that_was_made_since_is_known_at_once(zendesk: ZendeskWorld) -> None:
    cursors: dict[str, str] = {}
    connector, ref = zendesk.connect(), zendesk.add()
    for name in ("Tier 1", "Tier 2"):
        zendesk.people.pass_on(int(ref.id), zendesk.people.make_group(name))
        zendesk.advance(WITHHELD)
        assert news(connector, cursors)[ref].group == name
    assert asked(zendesk, "/groups") == 2


def test_zendesk_groups_that_may_not_be_seen_hold_up_no_feed(zendesk: ZendeskWorld) -> None:
    connector, ref = zendesk.connect(), zendesk.add()
    zendesk.sandbox.faults.append(Fault("answer", "GET", "/groups$", 9, reply=rules.FORBIDDEN))
    assert news(connector, {})[ref].group == ""


@pytest.mark.parametrize("cloud", [True, False])
def test_a_field_that_was_made_since_is_known_by_its_name_at_once(cloud: bool) -> None:
    world, cursors = JsmWorld(cloud=cloud), dict[str, str]()
    connector, ref = world.connect(), world.add()
    for name in ("Area", "Site"):
        world.advance(5)
        world.people.edit(ref.id, world.people.add_field(name), "north")
        assert news(connector, cursors)[ref].fields[name] == "north"
    world.close()


def test_what_can_not_be_read_anew_stays_as_it_was_and_is_tried_again_a_minute_later() -> None:
    clock, answers = ManualClock(), iter([1, None, 3])

    def read() -> int:
        found = next(answers)
        if found is None:
            raise Transient("x", "it is out of order")
        return found

    kept = Hourly(clock, read)
    assert kept.now() == 1
    for seconds, value in ((3599, 1), (1, 1), (59, 1), (1, 3)):
        clock.advance(seconds)
        assert kept.now() == value
