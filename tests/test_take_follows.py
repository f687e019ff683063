"""Links that go along: with an item that moved, as its feed tells, and with a ticket that continues a closed one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncd.model import Item, Status
from syncd.records import LinkState, Origin, Standing
from syncd.testing.memory import Entry
from tests.pairs import Pair

FINAL = {"final": ["closed"]}


def telling(**rules: Any) -> Pair:
    """Feeds that name what an item was before."""
    pair = Pair(**rules)
    for books in pair.books.values():
        books.tells_moves = True
    return pair


# what the feed says of an item's former name (rule 10) ---


def test_an_issue_that_the_feed_says_has_moved_is_followed() -> None:
    pair = telling()
    ticket, issue = pair.filed_pair()
    new = pair.transfer(issue)
    pair.pass_()
    assert pair.link().issue == pair.ref(new)
    pair.move(new, "done")
    pair.settle()
    assert ticket.status == Status("resolved")
    assert pair.notes(ticket) == ["link_note", "resolved"]
    assert pair.store.snapshots.get(pair.ref(issue)) is None


def test_a_ticket_that_was_merged_leaves_its_link_to_the_one_that_is_left() -> None:
    pair = telling()
    ticket, issue = pair.filed_pair()
    other = pair.ticket()
    pair.tick()
    pair.merge(ticket, other)
    pair.pass_()
    assert pair.link().ticket == pair.ref(other)
    pair.move(issue, "done")
    pair.settle()
    assert other.status == Status("resolved")
    assert pair.notes(other) == ["resolved"]


def test_a_move_that_the_feed_tells_again_is_followed_once() -> None:
    pair = telling()
    _, issue = pair.filed_pair()
    new = pair.transfer(issue)
    pair.pass_()
    pair.move(new, "in_progress")
    pair.pass_()
    assert pair.work.tally["followed"] == 1


def test_a_move_is_followed_though_the_feed_shows_the_item_as_it_was_before_our_own_write() -> None:
    pair = telling()
    ticket, issue = pair.filed_pair()
    new = pair.ticket()
    pair.issue(new)
    pair.pass_()
    assert new.status == Status("pending")
    pair.merge(ticket, new)
    new.version -= 1  # a list that is behind
    pair.pass_()
    assert pair.link(new, issue).state is LinkState.LIVE


def test_links_that_ended_when_the_item_seemed_gone_come_back_where_it_went() -> None:
    pair = telling()
    ticket, issue = pair.filed_pair()
    pair.remove(issue)
    pair.pass_()
    assert pair.link().state is LinkState.ENDED
    issue.gone = None
    new = pair.transfer(issue)
    pair.pass_()
    assert (pair.link().issue, pair.link().state) == (pair.ref(new), LinkState.LIVE)
    pair.move(new, "done")
    pair.settle()
    assert ticket.status == Status("resolved")


# follow-up tickets (rule 9) ---


def closed_for_good(issue: str = "done", **rules: Any) -> tuple[Pair, Entry, Entry]:
    """A ticket that is closed for good, and its issue."""
    pair = Pair(mapped=FINAL, **rules)
    ticket, made = pair.filed_pair()
    if issue != "open":
        pair.move(made, issue)
        pair.pass_()
    pair.move(ticket, "closed")
    pair.pass_()
    assert pair.link().state is LinkState.FINAL
    pair.tick(3600)
    return pair, ticket, made


def test_a_follow_up_of_a_ticket_whose_issue_is_finished_is_the_requesters_reopening() -> None:
    pair, ticket, issue = closed_for_good()
    new = pair.follow_up(ticket)
    pair.settle()
    assert pair.notes(issue) == ["ticket_reopened"]
    assert (new.status, pair.notes(new)) == (Status("new"), [])
    assert pair.link(new, issue).origin is Origin.FOLLOWED
    assert pair.link(new, issue).standing is Standing.TOLD
    assert pair.link(ticket, issue).state is LinkState.FINAL


def test_a_follow_up_reopens_the_issue_where_the_playbook_says_so() -> None:
    pair, ticket, issue = closed_for_good(on_requester_reopen="reopen")
    new = pair.follow_up(ticket)
    pair.settle()
    assert issue.status == Status("open")
    pair.move(issue, "done")
    pair.settle()
    assert new.status == Status("resolved")
    assert pair.notes(new) == ["resolved"]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_second_follow_up_is_told_as_well(at_once: bool) -> None:
    pair, ticket, issue = closed_for_good()
    new = pair.follow_up(ticket)
    pair.settle()
    pair.move(new, "closed")
    if not at_once:
        pair.settle()
    again = pair.follow_up(new)
    pair.settle()
    assert pair.notes(issue) == ["ticket_reopened", "ticket_reopened"]
    assert pair.link(again, issue).standing is Standing.TOLD


@pytest.mark.parametrize("status", ["open", "in_progress"])
def test_a_follow_up_of_a_ticket_whose_issue_is_still_open_waits_as_filed(status: str) -> None:
    pair, ticket, issue = closed_for_good(status)
    new = pair.follow_up(ticket)
    pair.settle()
    assert (new.status, pair.notes(new)) == (Status("pending"), ["link_note"])
    pair.move(issue, "done")
    pair.settle()
    assert (new.status, pair.notes(new)) == (Status("resolved"), ["link_note", "resolved"])
    assert ticket.status == Status("closed")


def test_an_issue_that_is_closed_after_its_ticket_counts_as_finished_for_a_follow_up() -> None:
    pair, ticket, issue = closed_for_good("open")
    pair.move(issue, "done")
    new = pair.follow_up(ticket)
    pair.settle()
    assert pair.notes(issue) == ["ticket_reopened"]
    assert pair.link(new, issue).standing is Standing.TOLD


def test_the_link_of_a_follow_up_that_a_person_removed_stays_removed() -> None:
    pair, ticket, issue = closed_for_good("open")
    new = pair.follow_up(ticket)
    pair.settle()
    pair.cut(new, issue)
    pair.move(new, "open")
    pair.settle()
    pair.reconcile()
    assert pair.link(new, issue).state is LinkState.ENDED
    assert new.status == Status("open")


def test_a_follow_up_takes_over_what_is_linked_to_its_ticket_only_later() -> None:
    pair = Pair(mapped=FINAL)
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    pair.pass_()
    pair.move(ticket, "closed")
    pair.tick()
    new = pair.follow_up(ticket)
    pair.pass_()
    assert pair.links() == []
    issue = pair.issue(ticket)
    pair.settle()
    assert (new.status, pair.notes(new)) == (Status("pending"), ["link_note"])
    assert pair.link(new, issue).origin is Origin.FOLLOWED


def test_an_old_follow_up_is_adopted() -> None:
    pair = Pair(mapped=FINAL)
    ticket = pair.ticket("closed")
    pair.tick()
    pair.issue(ticket)
    pair.tick()
    new = pair.follow_up(ticket)
    pair.reconcile()
    pair.settle()
    assert (new.status, pair.writes()) == (Status("new"), 0)
    assert {link.standing for link in pair.links() if link.ticket == pair.ref(new)} == {Standing.AGREED}


def test_a_read_that_does_not_tell_what_a_ticket_follows_takes_nothing_away() -> None:
    pair, ticket, _ = closed_for_good("open")
    new = pair.follow_up(ticket)
    pair.pass_()
    seen = pair.store.snapshots.get(pair.ref(new))
    assert isinstance(seen, Item)
    with pair.store.write():
        pair.store.snapshots.put(replace(seen, follows=None), pair.work.now)
    assert pair.store.snapshots.following(pair.ref(ticket)) == [seen]


@pytest.mark.parametrize("word", ["done", "open"])
def test_an_issue_that_the_feed_of_another_place_shows_as_a_new_one_is_the_one_that_was_linked(word: str) -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    moved = pair.transfer(issue)
    pair.tick()
    pair.pass_()
    assert [link.issue for link in pair.links()] == [pair.ref(moved)]
    pair.move(moved, word)
    pair.tick()
    pair.pass_()
    assert str(ticket.status) == {"done": "resolved", "open": "pending"}[word]
    assert pair.notes(ticket)[:1] == ["link_note"]


def test_a_second_issue_of_a_ticket_is_no_move_of_the_first() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    second = pair.issue(ticket)
    pair.tick()
    pair.pass_()
    assert {link.issue for link in pair.links()} == {pair.ref(issue), pair.ref(second)}
