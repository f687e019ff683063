"""Any helpdesk with any tracker, several at once, one issue for tickets of two helpdesks: by files, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from bench.systems import KINDS, System
from syncd.cli.running import working
from syncd.config import load
from syncd.connector import load as connector
from syncd.ingest.poll import poll
from syncd.model import Author, Item, Ref, Role, Word
from syncd.records import LinkState
from syncd.testing import Fault
from tests.house import House, is_at

DESKS = [kind for kind in KINDS if Role.HELPDESK in connector(kind).capabilities.roles]
TRACKERS = [kind for kind in KINDS if Role.TRACKER in connector(kind).capabilities.roles]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    one = House(tmp_path, monkeypatch)
    yield one
    one.close()


def notes(system: System, ref: Ref) -> list[bool]:
    """Of each note that syncd left: whether only the team sees it."""
    return [said.internal for said in system.world.remarks(ref) if said.author is Author.SELF]


def writes(house: House) -> int:
    """Every request of the stand-ins that can change something."""
    log = [one.request for system in house.systems for one in system.stand_in.log]
    return sum(_writes(request.method, request.path) for request in log)


def _writes(method: str, path: str) -> bool:
    reads = ("graphql", "search", "bulkfetch", "oauth/tokens", "jql")
    return method in {"POST", "PUT", "PATCH", "DELETE"} and not any(one in path for one in reads)


@pytest.mark.parametrize(("desk_kind", "tracker_kind"), list(product(DESKS, TRACKERS)))
def test_a_filed_issue_makes_its_ticket_wait_and_its_closing_resolves_it(
    house: House, desk_kind: str, tracker_kind: str
) -> None:
    desk, tracker = house.add(desk_kind), house.add(tracker_kind)
    house.sync()
    house.later()
    ticket = desk.world.add("It is slow")
    issue = tracker.world.add(desk.world.url(ticket))
    house.later()
    house.sync()
    assert is_at(desk, ticket, Word.PENDING)
    assert notes(desk, ticket) == [True]
    if connector(tracker_kind).capabilities.keeps_links:
        assert tracker.world.pointers(issue) == [desk.world.url(ticket)]
    tracker.world.set_status(issue, Word.DONE)
    house.later()
    house.sync()
    assert is_at(desk, ticket, Word.RESOLVED)
    assert notes(desk, ticket) == [True, True]
    before = writes(house)
    house.later()
    house.sync()
    assert writes(house) == before, "a quiet day costs no write"


@pytest.mark.parametrize(("desk_kind", "tracker_kind"), list(product(DESKS, TRACKERS)))
def test_an_agent_commands_from_the_ticket_and_a_customer_does_not(
    house: House, desk_kind: str, tracker_kind: str
) -> None:
    desk, tracker = house.add(desk_kind), house.add(tracker_kind)
    house.sync()
    house.later()
    ticket, other = desk.world.add("It is slow"), desk.world.add("It is slow, too")
    issue = tracker.world.add("Make it fast")
    house.later()
    link = f"/link {tracker.world.url(issue)}"
    desk.world.say(ticket, link, by=Author.TEAM, internal=True)
    for by in (Author.OUTSIDE, Author.TEAM):
        desk.world.say(other, link, by=by)
    house.later()
    house.sync()
    assert is_at(desk, ticket, Word.PENDING)
    assert (notes(desk, ticket), notes(desk, other)) == ([True], [])
    tracker.world.set_status(issue, Word.DONE)
    house.later()
    house.sync()
    assert is_at(desk, ticket, Word.RESOLVED)
    house.later()
    desk.world.say(ticket, "/reopen", by=Author.TEAM, internal=True)
    house.later()
    house.sync()
    assert not is_at(tracker, issue, Word.DONE)
    before = writes(house)
    tracker.world.set_status(issue, Word.DONE)
    house.later()
    house.sync()
    assert writes(house) == before
    desk.world.say(ticket, "/unlink", by=Author.TEAM, internal=True)
    house.later()
    house.sync()
    with working(load(house.folder)) as work:
        assert [link.state for link in work.store.links.all() if link.ticket == ticket] == [LinkState.ENDED]


@pytest.mark.parametrize("desk_kind", DESKS)
def test_an_agent_commands_by_a_tag_which_is_taken_away_where_that_can_be_done(house: House, desk_kind: str) -> None:
    desk, tracker = house.add(desk_kind), house.add("github")
    house.sync()
    house.later()
    ticket = desk.world.add("It is slow")
    issue = tracker.world.add(desk.world.url(ticket))
    house.later()
    house.sync()
    tracker.world.set_status(issue, Word.DONE)
    house.later()
    house.sync()
    assert is_at(desk, ticket, Word.RESOLVED)
    house.later()
    for tag in ("vip", "syncd_reopen"):
        desk.world.label(ticket, tag)
    house.later()
    house.sync()
    assert is_at(tracker, issue, Word.OPEN)
    item = desk.world.connect().fetch([ticket])[ticket]
    assert isinstance(item, Item)
    taken = connector(desk_kind).capabilities.sets_tags
    assert {"vip", "syncd_reopen"} & set(item.tags) == ({"vip"} if taken else {"vip", "syncd_reopen"})
    tracker.world.set_status(issue, Word.DONE)
    house.later()
    house.sync()
    assert is_at(tracker, issue, Word.DONE), "once"


def test_one_issue_serves_tickets_of_two_helpdesks_and_two_of_a_kind(house: House) -> None:
    desks = [house.add(kind) for kind in DESKS]
    desks.append(house.add("freshdesk", "freshdesk-emea"))
    tracker = house.add("github")
    house.sync()
    house.later()
    tickets = [desk.world.add("It is slow") for desk in desks]
    urls = "\n\n".join(desk.world.url(ticket) for desk, ticket in zip(desks, tickets, strict=True))
    issue = tracker.world.add(urls)
    house.later()
    house.sync()
    _all(desks, tickets, lambda desk, ticket: is_at(desk, ticket, Word.PENDING))
    tracker.world.set_status(issue, Word.DONE)
    house.later()
    house.sync()
    _all(desks, tickets, lambda desk, ticket: is_at(desk, ticket, Word.RESOLVED))
    _all(desks, tickets, lambda desk, ticket: notes(desk, ticket) == [True, True])


def test_a_ticket_waits_for_issues_in_two_trackers(house: House) -> None:
    desk, trackers = house.add(DESKS[0]), [house.add(kind) for kind in TRACKERS]
    trackers.append(house.add("github", "github-two"))
    house.sync()
    house.later()
    ticket = desk.world.add("It is slow")
    issues = [tracker.world.add(desk.world.url(ticket)) for tracker in trackers]
    house.later()
    house.sync()
    for tracker, issue in zip(trackers, issues, strict=True):
        assert is_at(desk, ticket, Word.PENDING)
        tracker.world.set_status(issue, Word.DONE)
        house.later()
        house.sync()
    assert is_at(desk, ticket, Word.RESOLVED)


@pytest.mark.parametrize("kind", DESKS)
def test_an_agent_links_an_old_ticket_by_a_command_in_a_note(house: House, kind: str) -> None:
    desk, tracker = house.add(kind), house.add("github")
    ticket = desk.world.add("It is slow")
    issue = tracker.world.add("Somebody is slow")
    house.later()
    house.sync()
    house.later()
    desk.world.say(ticket, f"/link {tracker.world.url(issue)}", by=Author.OUTSIDE)
    house.later()
    house.sync()
    assert notes(desk, ticket) == [], "a customer commands nothing"
    desk.world.say(ticket, f"/link {tracker.world.url(issue)}", by=Author.TEAM, internal=True)
    house.later()
    house.sync()
    assert is_at(desk, ticket, Word.PENDING)
    assert notes(desk, ticket) == [True]


def test_a_link_of_zendesks_own_whose_issue_could_not_be_looked_up_is_met_again(house: House) -> None:
    desk, tracker = house.add("zendesk"), house.add("jira")
    desk.stand_in.people.enable_jira()
    house.more = {"zendesk": f'jira_url = "{tracker.stand_in.site}"'}
    house.sync()
    house.later()
    ticket, issue = desk.world.add("It is slow"), tracker.world.add("Somebody is slow")
    desk.stand_in.people.link_jira(int(ticket.id), issue.id, issue.key)
    house.later()
    with working(load(house.folder)) as work:
        tracker.stand_in.faults.append(Fault("answer", path="/issue", times=9))
        poll(work, "zendesk")
        assert work.store.links.all() == []
        tracker.stand_in.faults.clear()
        work.paused.clear()
        house.later()
        poll(work, "zendesk")
        assert [(link.ticket, link.issue) for link in work.store.links.all()] == [(ticket, issue)]


def _all(desks: list[System], tickets: list[Ref], holds: Callable[[System, Ref], bool]) -> None:
    assert [holds(desk, ticket) for desk, ticket in zip(desks, tickets, strict=True)] == [True] * len(desks)
