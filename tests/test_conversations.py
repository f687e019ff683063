"""A conversation between real stand-ins, over HTTP: what it costs, and that a quiet pair costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from bench.systems import System
from syncd.model import Author, Ref
from tests.house import House
from tests.test_pairings import DESKS, TRACKERS, writes

CANARY = "KanarienvogelAusDemTicket"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    one = House(tmp_path, monkeypatch)
    yield one
    one.close()
    for path in (one.folder / "state").iterdir():
        assert CANARY.encode() not in path.read_bytes(), path


def make_private(tracker: System) -> None:
    """GitHub's stand-in has public repositories, unless somebody says otherwise."""
    if tracker.kind == "github":
        tracker.stand_in.people.set_private("acme/widgets")


def comments(system: System, ref: Ref) -> str:
    """What syncd left on an item."""
    return "\n".join(said.body for said in system.world.remarks(ref) if said.author is Author.SELF)


def calls(house: House) -> int:
    return sum(system.world.calls() for system in house.systems)


def filed(house: House, desk: System, tracker: System) -> tuple[Ref, Ref]:
    """A ticket that waits for a private issue, and nothing left to do."""
    make_private(tracker)
    house.sync()
    house.later()
    ticket = desk.world.add("It is slow")
    issue = tracker.world.add(desk.world.url(ticket))
    house.later()
    house.sync()
    house.later()
    house.sync()
    house.later()
    return ticket, issue


@pytest.mark.parametrize(("desk_kind", "tracker_kind"), list(product(DESKS, TRACKERS)))
def test_what_is_said_on_a_ticket_is_read_by_engineers(
    house: House, desk_kind: str, tracker_kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    desk, tracker = house.add(desk_kind), house.add(tracker_kind)
    house.more_sync = '[sync.conversation]\nto_issue = "all"\n'
    ticket, issue = filed(house, desk, tracker)
    desk.world.say(ticket, f"{CANARY} still slow", by=Author.OUTSIDE)
    desk.world.say(ticket, "The disk is full", by=Author.TEAM, internal=True)
    house.later()
    house.sync()
    text = comments(tracker, issue)
    assert text.count(f"{CANARY} still slow") == 1
    assert text.count("The disk is full") == 1
    assert text.index("Customer wrote, public reply") < text.index("Agent, internal note")
    before = writes(house)
    for _ in range(3):
        house.later()
        house.sync()
    assert writes(house) == before, "no echo"
    said = capsys.readouterr()
    assert CANARY not in said.out + said.err


@pytest.mark.parametrize(("desk_kind", "tracker_kind"), list(product(DESKS, TRACKERS)))
def test_two_ends_hear_each_other_and_do_not_echo(house: House, desk_kind: str, tracker_kind: str) -> None:
    desk, tracker = house.add(desk_kind), house.add(tracker_kind)
    house.more_sync = '[sync.conversation]\nto_issue = "all"\nto_ticket = "notes"\n'
    ticket, issue = filed(house, desk, tracker)
    for number in range(2):
        desk.world.say(ticket, f"{CANARY} asked {number}", by=Author.OUTSIDE)
        tracker.world.say(issue, f"answered {number}", by=Author.TEAM)
        house.later()
        house.sync()
        house.later()  # what is said in the very second of our own write is met with the next change
    house.sync()
    there, back = comments(tracker, issue), comments(desk, ticket)
    for number in range(2):
        assert there.count(f"{CANARY} asked {number}") == 1
        assert back.count(f"answered {number}") == 1
    assert "answered" not in there
    assert CANARY not in back
    assert all(said.internal for said in desk.world.remarks(ticket) if said.author is Author.SELF)
    before = writes(house)
    for _ in range(2):
        house.later()
        house.sync()
    assert writes(house) == before


def test_a_public_repository_is_told_nothing(house: House) -> None:
    desk, tracker = house.add("freshdesk"), house.add("github")
    house.more_sync = '[sync.conversation]\nto_issue = "all"\n'
    ticket, issue = filed(house, desk, tracker)
    tracker.stand_in.people.set_private("acme/widgets", private=False)
    desk.world.say(ticket, CANARY, by=Author.OUTSIDE)
    house.later()
    house.sync()
    assert all(CANARY.encode() not in one.request.body for one in tracker.stand_in.log)
    assert CANARY not in comments(tracker, issue)


@pytest.mark.parametrize("pair", ["freshdesk github", "zendesk github", "jsm jira"])
def test_what_a_text_costs(house: House, pair: str) -> None:
    kinds = pair.split()
    desk, tracker = house.add(kinds[0]), house.add(kinds[1])
    house.more_sync = '[sync.conversation]\nto_issue = "all"\n'
    ticket, _ = filed(house, desk, tracker)
    house.sync()  # the walk of `reconcile`, which a quiet pair costs anyway
    house.later()
    before = calls(house)
    house.sync()
    idle = calls(house) - before
    desk.world.say(ticket, CANARY, by=Author.OUTSIDE)
    house.later()
    before = calls(house)
    house.sync()
    spent = calls(house) - before - idle
    assert spent == COSTS[pair]
    house.later()
    before = calls(house)
    house.sync()
    assert calls(house) - before <= idle, "and none once it is carried"


COSTS = {"freshdesk github": 6, "zendesk github": 8, "jsm jira": 6}
"""Calls for one text, beside what the feeds cost anyway: the ticket is read because it changed, and once more with its
comments when the text is sent, the issue is read, and the note written."""
