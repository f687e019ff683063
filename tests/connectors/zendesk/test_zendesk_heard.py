"""What was said is listed only of tickets on which something can have been said; and nobody who waits is missed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.reads import LISTEN_AGAIN
from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.actions import Action, Note
from syncd.errors import Busy
from syncd.model import Item, Ref, Status
from syncd.testing.contract.support import MARKER, item


@pytest.fixture
def world() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    yield world
    world.close()


@pytest.fixture
def connector(world: ZendeskWorld) -> Iterator[ZendeskConnector]:
    connector = world.connect()
    assert isinstance(connector, ZendeskConnector)
    yield connector
    connector.close()


def waits(connector: ZendeskConnector, refs: list[Ref]) -> list[bool | None]:
    found = [one for one in connector.fetch(refs).values() if isinstance(one, Item)]
    assert len(found) == len(refs)
    return [one.waiting for one in found]


def test_what_was_said_is_listed_once_for_tickets_that_stand_as_they_did(
    world: ZendeskWorld, connector: ZendeskConnector
) -> None:
    refs = [world.add() for _ in range(20)]
    world.people.customer_reply(int(refs[3].id), "any news?")
    world.advance(60)
    assert waits(connector, refs) == [ref is refs[3] for ref in refs]
    before = world.calls()
    assert waits(connector, refs) == [ref is refs[3] for ref in refs]
    assert world.calls() - before == 1
    world.people.customer_reply(int(refs[7].id), "me too")
    world.people.agent_reply(int(refs[3].id), "soon")
    world.people.agent_note(int(refs[5].id), "between us")
    before = world.calls()
    assert waits(connector, refs) == [ref is refs[7] for ref in refs]
    assert world.calls() - before == 1 + 3
    # One alone, and whoever looks for links, gets the words each time.
    assert item(connector, refs[0]).texts
    assert all(one.texts for one in connector.explore(refs).values() if isinstance(one, Item))
    world.advance(LISTEN_AGAIN)
    before = world.calls()
    assert waits(connector, refs) == [ref is refs[7] for ref in refs]
    assert world.calls() - before >= 1 + len(refs)


def test_what_comes_in_the_second_of_a_read_or_of_our_own_write_is_heard(
    world: ZendeskWorld, connector: ZendeskConnector
) -> None:
    refs = [world.add() for _ in range(6)]
    assert waits(connector, refs) == [False] * 6
    for ref in refs[:2]:
        world.people.agent_note(int(ref.id), "between us")
    assert waits(connector, refs) == [False] * 6
    world.people.customer_reply(int(refs[0].id), "in the same second")
    assert waits(connector, refs) == [True, *[False] * 5]
    (outcome,) = connector.apply([Action(refs[4], notes=(Note("e1", "filed", MARKER),))])
    assert outcome.version
    world.people.customer_reply(int(refs[4].id), "in the second of the note")
    world.advance(60)
    assert waits(connector, refs) == [True, False, False, False, True, False]


def test_a_ticket_whose_words_were_not_listed_is_written_only_as_it_was_read(
    world: ZendeskWorld, connector: ZendeskConnector
) -> None:
    refs = [world.add() for _ in range(3)]
    connector.fetch(refs)
    assert waits(connector, refs) == [False] * 3
    world.advance(60)
    world.people.customer_reply(int(refs[1].id), "wait")
    outcomes = list(connector.apply([Action(ref, Status("solved"), Status("open")) for ref in refs]))
    assert [one.error is None for one in outcomes] == [True, False, True]
    assert isinstance(outcomes[1].error, Busy)
    assert [str(world.status(ref)) for ref in refs] == ["solved", "open", "solved"]


def test_chats_and_other_processes_are_listened_to_each_time(world: ZendeskWorld, connector: ZendeskConnector) -> None:
    refs = [world.add() for _ in range(2)]
    for ref in refs:
        world.sandbox.books.tickets[int(ref.id)].row["from_messaging_channel"] = True
    connector.fetch(refs)
    before = world.calls()
    connector.fetch(refs)
    assert world.calls() - before == 1 + 2
