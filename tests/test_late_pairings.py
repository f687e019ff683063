"""What is late with any helpdesk and any tracker, as they tell assignees and who moved a ticket: over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bench.systems import KINDS, System
from syncd.cli.running import working
from syncd.config import load
from syncd.connector import load as connector
from syncd.late import Late, what_is_late
from syncd.model import Ref, Role, Word
from tests.house import House, is_at

DESKS = [kind for kind in KINDS if Role.HELPDESK in connector(kind).capabilities.roles]
TRACKERS = [kind for kind in KINDS if Role.TRACKER in connector(kind).capabilities.roles]
TIMERS = """
[sync.timers]
ownerless = "1h"
ended_early = true
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    one = House(tmp_path, monkeypatch)
    one.more_sync = TIMERS
    yield one
    one.close()


def pair(house: House, desk_kind: str, tracker_kind: str) -> tuple[System, Ref, System, Ref]:
    """A ticket that waits for its issue; nobody has taken either."""
    desk, tracker = house.add(desk_kind), house.add(tracker_kind)
    house.sync()
    house.later()
    ticket = desk.world.add("It is slow")
    desk.world.assign(ticket, to=False)
    issue = tracker.world.add(desk.world.url(ticket))
    house.later()
    house.sync()
    assert is_at(desk, ticket, Word.PENDING)
    return desk, ticket, tracker, issue


def late(house: House) -> list[Late]:
    """Two hours from now."""
    house.later()
    house.sync()
    with working(load(house.folder)) as work:
        now = work.clock.now() + timedelta(hours=2)
        return what_is_late(work.store, now, helpdesks=work.helpdesks, trackers=work.trackers)


def take(tracker: System, issue: Ref, who: str | None) -> None:
    """An engineer takes an issue, or drops it."""
    people = tracker.stand_in.people
    if tracker.kind == "github":
        people._issue(issue.key).change(people._books.now(), assignees=(who,) if who else ())
    else:
        people.edit(issue.id, "assignee", who, by="dev")


@pytest.mark.parametrize("kind", TRACKERS)
def test_every_tracker_tells_who_has_an_issue(house: House, kind: str) -> None:
    _, ticket, tracker, issue = pair(house, "freshdesk", kind)
    (found,) = late(house)
    assert (found.ticket, found.issue, found.why) == (ticket, issue, "neither end has an assignee")
    take(tracker, issue, "dev")
    assert late(house) == []
    take(tracker, issue, None)
    (found,) = late(house)
    assert found.why == "the issue has lost its assignee"


@pytest.mark.parametrize("kind", DESKS)
def test_every_helpdesk_tells_who_has_a_ticket_and_keeps_them(house: House, kind: str) -> None:
    desk, ticket, _, _ = pair(house, kind, "github")
    assert [one.alert for one in late(house)] == ["ownerless"]
    agent = desk.world.assign(ticket)
    assert late(house) == []
    item = desk.world.connect().fetch([ticket])[ticket]
    assert getattr(item, "assignees", None) == (agent,)


@pytest.mark.parametrize("kind", DESKS)
def test_a_ticket_that_ended_while_its_issue_is_open(house: House, kind: str) -> None:
    desk, ticket, tracker, issue = pair(house, kind, "github")
    take(tracker, issue, "dev")
    if kind == "jsm":
        desk.stand_in.people.set_status(ticket.id, "Resolved", "Done", by="automation")
    else:
        desk.world.set_status(ticket, Word.RESOLVED)
    (found,) = late(house)
    assert (found.alert, found.ticket, found.issue) == ("ended_early", ticket, issue)
    assert found.why == ("ended by a rule or an app" if kind == "jsm" else "nothing tells by whom")
    tracker.world.set_status(issue, Word.DONE)
    assert late(house) == []


def test_a_request_that_an_agent_resolved_is_left_to_the_agent(house: House) -> None:
    desk, ticket, tracker, issue = pair(house, "jsm", "github")
    take(tracker, issue, "dev")
    desk.stand_in.people.set_status(ticket.id, "Resolved", "Done", by="agent")
    assert late(house) == []
