"""The links by which issues lead back to their tickets, in the systems that keep links."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from syncd.actions import Pointer
from syncd.model import Audience, Author
from syncd.playbook import Playbook
from syncd.sync.approval import keep
from syncd.testing.memory import Entry
from tests.pairs import Pair

ON: dict[str, Any] = {"issue_links": True}


def back(pair: Pair, *tickets: Entry) -> dict[str, Pointer]:
    """What an issue of these tickets shows."""
    found = (Pointer(f"desk:{one.number}", pair.url(one), f"Ticket desk:DESK-{one.number}") for one in tickets)
    return {one.id: one for one in found}


def test_a_playbook_wants_them_unless_it_says_otherwise() -> None:
    assert Playbook(name="x").issue_links
    assert not Playbook.parse("x", {"issue_links": False}).issue_links


@pytest.mark.parametrize("plain", [False, True])
def test_an_issue_leads_back_to_its_tickets(plain: bool) -> None:
    pair = Pair(plain=plain, **ON)
    ticket, issue = pair.filed_pair()
    assert issue.pointers == back(pair, ticket)
    other = pair.ticket()
    pair.say(other, pair.url(issue), Author.TEAM, internal=True)
    pair.settle()
    assert issue.pointers == back(pair, ticket, other)
    pair.move(issue, "done")
    pair.settle()
    assert (str(ticket.status), issue.pointers) == ("resolved", back(pair, ticket, other))
    writes = issue.shown_writes
    pair.reconcile()
    pair.settle()
    assert issue.shown_writes == writes == 2


@pytest.mark.parametrize("plain", [False, True])
def test_a_link_that_ended_is_shown_no_more_and_others_are(plain: bool) -> None:
    pair = Pair(plain=plain, **ON)
    ticket, issue = pair.filed_pair()
    other = pair.ticket()
    pair.say(other, pair.url(issue), Author.TEAM, internal=True)
    pair.settle()
    pair.cut(ticket, issue)
    pair.settle()
    assert issue.pointers == back(pair, other)
    pair.remove(other)
    pair.settle()
    assert issue.pointers == {}
    assert pair.store.shown.among([pair.ref(issue)]) == {}
    assert pair.store.queue.rows() == []


def test_what_a_person_took_away_or_made_is_left() -> None:
    pair = Pair(**ON)
    ticket, issue = pair.filed_pair()
    issue.pointers = {"theirs": Pointer("theirs", "https://wiki.example.com", "Theirs")}
    pair.move(issue, "in_progress")
    pair.settle()
    pair.reconcile()
    pair.cut(ticket, issue)
    pair.settle()
    assert list(issue.pointers) == ["theirs"]


def test_an_adopted_pair_shows_none_until_an_end_has_moved() -> None:
    pair = Pair(**ON)
    ticket = pair.ticket("pending")
    issue, still = pair.issue(ticket), pair.ticket("open")
    quiet = pair.issue(still)
    pair.reconcile()
    pair.settle()
    assert (issue.pointers, quiet.pointers) == ({}, {})
    pair.move(issue, "done")
    pair.settle()
    assert (issue.pointers, quiet.pointers) == (back(pair, ticket), {})


def test_an_adopted_ticket_of_an_issue_is_not_shown_for_the_sake_of_a_new_one() -> None:
    pair = Pair(**ON)
    old = pair.ticket("pending")
    issue = pair.issue(old)
    pair.reconcile()
    pair.tick()
    new = pair.ticket("pending")
    pair.pass_()
    pair.join(new, issue)
    pair.settle()
    assert issue.pointers == back(pair, new)
    pair.move(issue, "done")
    pair.settle()
    assert issue.pointers == back(pair, old, new)


def test_a_public_issue_shows_none_and_one_that_becomes_public_no_more() -> None:
    pair = Pair(**ON)
    _, public = pair.filed_pair(audience=Audience.PUBLIC)
    assert public.pointers == {}
    ticket, issue = pair.filed_pair()
    assert issue.pointers == back(pair, ticket)
    issue.audience = Audience.PUBLIC
    pair.move(issue, "in_progress")
    pair.settle()
    assert issue.pointers == {}


def test_a_muted_ticket_changes_nothing_of_it() -> None:
    pair = Pair(**ON)
    ticket, issue = pair.filed_pair()
    muted = pair.ticket()
    pair.say(muted, "/mute", Author.TEAM, internal=True)
    pair.pass_()
    pair.say(muted, pair.url(issue), Author.TEAM, internal=True)
    pair.settle()
    assert issue.pointers == back(pair, ticket)
    pair.say(ticket, "/mute", Author.TEAM, internal=True)
    pair.settle()
    assert issue.pointers == back(pair, ticket)
    pair.say(muted, "/unmute", Author.TEAM, internal=True)
    pair.settle()
    assert issue.pointers == back(pair, ticket, muted)


def test_a_ticket_that_is_closed_for_good_is_still_led_to() -> None:
    pair = Pair(mapped={"final": ["closed"]}, **ON)
    ticket, issue = pair.filed_pair()
    pair.move(ticket, "closed")
    pair.settle()
    pair.move(issue, "done")
    pair.settle()
    assert issue.pointers == back(pair, ticket)


def test_a_duplicates_ticket_is_led_to_from_the_canonical_issue() -> None:
    pair = Pair(**ON)
    ticket, issue = pair.filed_pair()
    canonical = pair.issue()
    pair.duplicate(issue, canonical)
    pair.settle()
    assert (issue.pointers, canonical.pointers) == ({}, back(pair, ticket))


def test_where_it_is_switched_off_nothing_leads_back_and_what_did_is_taken_away() -> None:
    pair = Pair(**ON)
    _, issue = pair.filed_pair()
    pair.rules = {"issue_links": False}
    pair.restart()
    pair.reconcile()
    pair.settle()
    assert issue.pointers == {}
    _, second = pair.filed_pair()
    assert second.pointers == {}


def test_a_tracker_that_keeps_no_links_is_asked_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(**ON)
    tracker = pair.work.connectors["tracker"]
    monkeypatch.setattr(tracker, "capabilities", replace(tracker.capabilities, keeps_links=False))
    _, issue = pair.filed_pair()
    assert (issue.pointers, issue.shown_writes) == ({}, 0)


@pytest.mark.parametrize("fault", ["lost_answer", "error_after", "error", "rate_limited"])
def test_what_was_not_answered_is_written_in_the_end_and_stands_once(fault: str) -> None:
    pair = Pair(**ON)
    ticket, issue = pair.filed_pair()
    other = pair.ticket("pending")
    pair.say(other, pair.url(issue), Author.TEAM, internal=True)
    pair.tracker.faults.append((fault, True))
    pair.pass_()
    pair.settle()
    assert issue.pointers == back(pair, ticket, other)
    assert pair.store.shown.among([pair.ref(issue)])[pair.ref(issue)].keys() == {"link:desk:1", "link:desk:2"}


def test_a_refused_one_is_told_and_holds_up_no_status() -> None:
    pair = Pair(**ON)
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    pair.tracker.faults.append(("refused", True))
    issue = pair.issue(ticket)
    pair.settle()
    assert (str(ticket.status), issue.pointers) == ("pending", {})
    assert pair.parked() == ["the value isn't accepted"]
    pair.move(issue, "done")
    pair.settle()
    assert (str(ticket.status), issue.pointers) == ("resolved", back(pair, ticket))


def test_it_counts_for_the_brake_and_stands_in_the_journal() -> None:
    pair = Pair(**ON)
    pair.tick()
    since = pair.work.now
    pair.tick()
    _, issue = pair.filed_pair()
    assert str(pair.ref(issue)) in pair.store.journal.changed("tracker", since)
    told = [(row["target"], row["rule"], row["shown"]) for row in pair.store.journal.of(pair.link().id)]
    assert ("tracker:1", "shown", 1) in told


def test_a_dry_run_tells_of_it_and_writes_nothing() -> None:
    pair = Pair(**ON)
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket("pending")
    issue = pair.issue(ticket)
    pair.work.writes = False
    groups: dict[str, Any] = {}
    pair.work.planned = lambda plan: keep(pair.work, groups, plan)
    pair.pass_()
    (group,) = groups.values()
    steps = json.loads(group.model_dump_json())["steps"]
    assert [one for step in steps for one in step["shown"]] == ["link to Ticket desk:DESK-1"]
    assert issue.pointers == {}
