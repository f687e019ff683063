"""Tracker and helpdesk on one site: each sees its own projects, and one account speaks for both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.jira.sandbox.world import JiraWorld
from connectors.jsm.sandbox.world import JsmWorld
from syncd.actions import Action, Note
from syncd.model import Word
from syncd.testing.contract.support import MARKER, keyed, told, walk


@pytest.fixture(params=["cloud", "data center"])
def worlds(request: pytest.FixtureRequest) -> Iterator[tuple[JsmWorld, JiraWorld]]:
    desk = JsmWorld(cloud=request.param == "cloud")
    tracker = JiraWorld(beside=desk)
    yield desk, tracker
    tracker.close()
    desk.close()


def test_each_connector_is_told_of_its_own(worlds: tuple[JsmWorld, JiraWorld]) -> None:
    refs = [world.add("words") for world in worlds]
    for world, ref in zip(worlds, refs, strict=True):
        connector = world.connect()
        assert told(walk(connector)) == {ref} == set(world.items())
        connector.close()


def test_what_is_said_to_the_team_stays_there(worlds: tuple[JsmWorld, JiraWorld]) -> None:
    desk, _ = worlds
    desk.sandbox.books.mails.clear()
    for world in worlds:
        ref, connector = world.add(), world.connect()
        ref = keyed(connector, [ref])[0]
        word = Word.RESOLVED if world is desk else Word.DONE
        outcome = next(iter(connector.apply([Action(ref, world.native(word), None, (Note("e1", "Filed", MARKER),))])))
        assert outcome.error is None
        assert world.status(ref) == world.native(word)
        assert [one.internal for one in world.remarks(ref)] == [world is desk]
        connector.close()
    assert [(one["about"], one["issue"]) for one in desk.people.mails()] == [
        ("created", "SUP-1"),
        ("resolved", "SUP-1"),
    ]
