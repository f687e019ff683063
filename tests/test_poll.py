"""The feed: what a poll costs, and that nothing it was told, or should have read, is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syncd.clock import moment, stamp
from syncd.errors import ConnectorError
from syncd.ingest.poll import poll, walk
from syncd.model import Author, GoneKind, Page, Status
from syncd.records import LinkState, Origin, Standing
from syncd.sync.reconcile import drain
from syncd.testing.memory import Entry
from tests.ledger import Plain
from tests.pairs import Pair


def calls(pair: Pair) -> int:
    return sum(books.calls for books in pair.books.values())


def rewind(pair: Pair, name: str) -> None:
    """The feed will tell everything again."""
    with pair.store.write():
        pair.store.cursors.put(replace(pair.store.cursors.all()[["desk", "tracker"].index(name)], cursor="[0, false]"))


@pytest.mark.parametrize("plain", [False, True])
def test_the_poll_after_our_own_write_costs_no_write_and_no_further_call(plain: bool) -> None:
    pair = Pair(plain=plain)
    _, issue = pair.filed_pair()
    pair.pass_()
    pair.move(issue, "done")
    pair.pass_()
    before, written = calls(pair), pair.writes()
    pair.pass_()
    pair.pass_()
    assert calls(pair) - before == 4  # two idle polls of two feeds
    assert pair.writes() == written


def test_a_note_that_could_not_be_read_is_read_later() -> None:
    pair = Pair(plain=True)
    pair.reconcile()
    pair.tick()
    ticket, issue = pair.ticket(), pair.issue()
    pair.pass_()
    pair.say(ticket, pair.url(issue), Author.TEAM, internal=True)
    polled = calls(pair) + 1

    def fail() -> None:
        if calls(pair) >= polled:
            pair.desk.faults.append(("error", False))

    pair.desk.before_call = fail
    poll(pair.work, "desk")
    assert pair.links() == []
    pair.desk.before_call = None
    pair.desk.faults.clear()
    pair.restart()
    pair.pass_()
    assert ticket.status == Status("pending")


def test_a_name_that_could_not_be_looked_up_is_looked_up_later() -> None:
    pair = Pair()
    pair.reconcile()
    pair.tick()
    ticket, issue = pair.ticket(), pair.issue()
    pair.pass_()
    pair.work.seen.clear()  # as after a restart
    pair.say(ticket, pair.url(issue), Author.TEAM, internal=True)
    pair.tracker.faults += [("error", False)] * 2
    poll(pair.work, "desk")
    assert pair.links() == []
    pair.pass_()
    assert ticket.status == Status("pending")


def test_a_tracker_that_is_down_does_not_hold_up_the_helpdesk_s_feed() -> None:
    pair = Pair(other=True)
    ticket, issue = pair.filed_pair()
    pair.work.seen.clear()
    stranger = pair.issue(at="other")
    pair.say(pair.ticket(), pair.url(stranger), Author.TEAM, internal=True)
    pair.move(ticket, "resolved")
    pair.books["other"].faults += [("cut", False)] * 50
    before = pair.books["other"].calls
    poll(pair.work, "desk")
    assert pair.books["other"].calls - before <= 2
    pair.work.paused.clear()
    poll(pair.work, "tracker")
    pair.books["other"].faults.clear()
    pair.pass_()
    assert pair.notes(issue) == ["ticket_resolved"]


def test_a_feed_that_shows_how_it_was_before_our_own_write_is_passed_over() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.pass_()
    now = ticket.status, ticket.version
    ticket.status, ticket.version = Status("pending"), ticket.version - 3
    rewind(pair, "desk")
    poll(pair.work, "desk")
    ticket.status, ticket.version = now
    before = calls(pair)
    drain(pair.work)
    assert calls(pair) == before
    assert pair.standing() is Standing.AGREED


class Listing(Plain):
    """Its feed shows addresses that the system keeps beside a ticket, once."""

    def __init__(self, pair: Pair, addresses: dict[int, str]) -> None:
        super().__init__(pair.desk, pair.clock)
        self.addresses = addresses

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        for page in super().changes(source, cursor, since):
            shown = [replace(one, addresses=(self.addresses.pop(int(one.ref.id), ""),)) for one in page.items]
            yield replace(page, items=tuple(shown))


def listing(pair: Pair, ticket: Entry, address: str) -> None:
    pair.work.connectors = {**pair.work.connectors, "desk": Listing(pair, {ticket.number: address})}


@pytest.mark.parametrize("behind", [0, 3])
def test_an_echo_of_our_own_write_that_names_another_issue_links_it(behind: int) -> None:
    pair = Pair(plain=True)
    ticket, issue = pair.filed_pair()
    other = pair.issue(status="done")
    pair.move(issue, "done")
    pair.pass_()
    assert ticket.status == Status("resolved")
    now, ticket.version = ticket.version, ticket.version - behind
    listing(pair, ticket, pair.url(other))
    rewind(pair, "desk")
    poll(pair.work, "desk")
    ticket.version = now
    assert pair.link(ticket, other).origin is Origin.SYSTEM
    written = pair.writes()
    pair.settle()
    assert pair.writes() == written
    assert ticket.status == Status("resolved")


def test_an_echo_that_names_what_a_person_unlinked_or_what_is_not_there_costs_one_look_at_most() -> None:
    pair = Pair(plain=True)
    ticket, issue = pair.filed_pair()
    pair.cut(ticket, issue)
    pair.pass_()
    nowhere = "https://tracker.example.com/items/99"
    for address, looks in ((pair.url(issue), 0), (nowhere, 1), (nowhere, 0)):
        listing(pair, ticket, address)
        rewind(pair, "desk")
        before = pair.tracker.calls
        poll(pair.work, "desk")
        assert pair.tracker.calls - before == looks, address
    assert pair.link().state is LinkState.ENDED
    assert [row["what"] for row in pair.store.journal.skips()] == ["TRACKER-99"]


def test_the_issue_field_that_is_filled_in_the_second_of_our_own_write_is_read() -> None:
    pair = Pair(plain=True)
    pair.work.helpdesks = {"desk": replace(pair.work.helpdesks["desk"], issue_field="cf_issue")}
    ticket, issue = pair.filed_pair()
    other = pair.issue(status="done")
    pair.move(issue, "done")
    pair.pass_()
    ticket.fields["cf_issue"] = pair.url(other)
    rewind(pair, "desk")
    poll(pair.work, "desk")
    assert pair.link(ticket, other).origin is Origin.FIELD


def test_a_feed_that_goes_back_in_time_changes_nothing() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.pass_()
    now = issue.status, issue.version
    issue.status, issue.version = Status("open"), issue.version - 3
    rewind(pair, "tracker")
    poll(pair.work, "tracker")
    issue.status, issue.version = now
    pair.pass_()
    pair.reconcile()
    assert ticket.status == Status("resolved")
    assert pair.notes(ticket) == ["link_note", "resolved"]


def test_an_agent_who_answers_in_the_second_of_our_note_is_heard() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.reply(ticket)
    pair.move(issue, "done")
    pair.pass_()
    assert pair.standing() is Standing.WAITS_FOR_AGENT
    pair.answer(ticket)
    ticket.version -= 1
    pair.desk.tick -= 1
    pair.pass_()
    pair.reconcile()
    assert ticket.status == Status("resolved")


def test_a_page_is_kept_whole_or_not_at_all() -> None:
    pair = Pair()
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(7)]
    for ticket in tickets:
        pair.issue(ticket)
    pair.tracker.faults += [("error", False)] * 2
    pair.pass_()
    pair.pass_()
    assert [str(ticket.status) for ticket in tickets] == ["pending"] * 7


def test_a_feed_that_fails_is_told_and_goes_on_where_it_was() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.tracker.faults += [("refused", False)]
    with pytest.raises(ConnectorError):
        poll(pair.work, "tracker")
    pair.pass_()
    assert ticket.status == Status("resolved")


def test_a_ticket_that_was_deleted_and_restored_is_noticed_in_any_order() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.remove(ticket, GoneKind.SPAM)
    pair.pass_()
    assert pair.link().state is LinkState.ENDED
    pair.remove(issue)
    pair.pass_()
    pair.restore(ticket)
    pair.pass_()
    assert pair.link().state is LinkState.ENDED
    pair.restore(issue)
    pair.pass_()
    assert pair.link().state is LinkState.LIVE
    assert pair.notes(ticket) == ["link_note", "lost_issue"]
    assert ticket.status == Status("open")


def test_the_start_mark_is_the_newest_that_the_first_walk_saw() -> None:
    pair = Pair()
    pair.issue()
    last = pair.issue()
    pair.reconcile()
    assert pair.work.start_marks()["tracker"] == f"2026-01-05T09:00:0{last.version}Z"
    pair.tick()
    pair.move(last, "done")
    pair.reconcile()
    assert pair.work.start_marks()["tracker"] == f"2026-01-05T09:00:0{last.created}Z"


def test_a_helpdesk_that_is_added_later_has_its_old_pairs_adopted() -> None:
    pair = Pair()
    walk(pair.work, "tracker")
    pair.tick()
    tickets = [pair.ticket(), pair.ticket()]
    for ticket in tickets:
        pair.issue(ticket)
        poll(pair.work, "tracker")
    pair.reconcile()
    pair.settle()
    assert pair.writes() == 0
    pair.tick()
    new = pair.ticket()
    pair.issue(new)
    pair.pass_()
    assert str(new.status) == "pending"


class BrokenOff(BaseException):
    """A walk that doesn't get on."""


def half_walked(pair: Pair, name: str, since: datetime | None = None) -> str:
    """A walk of a connector is under way: its first page has been read; where it stands."""
    books, left = pair.books[name], [1]

    def stop() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise BrokenOff

    books.before_call = stop
    with pytest.raises(BrokenOff):
        walk(pair.work, name, since)
    books.before_call = None
    return next(row.cursor for row in pair.store.cursors.all() if row.connector == name)


@pytest.mark.parametrize("part", [False, True])
def test_a_move_is_followed_while_a_walk_is_under_way_and_the_walk_keeps_its_place(part: bool) -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    for _ in range(9):
        pair.issue(pair.ticket("pending"))
    pair.pass_()
    pair.tick()
    since = moment(stamp(pair.clock.now() - timedelta(days=1))) if part else None
    place = half_walked(pair, "tracker", since)
    pair.move(issue, "done")
    pair.pass_()
    assert ticket.status.native == "resolved"
    row = next(row for row in pair.store.cursors.all() if row.connector == "tracker")
    assert (row.cursor, bool(row.walking)) == (place, True)
    walk(pair.work, "tracker", since)
    row = next(row for row in pair.store.cursors.all() if row.connector == "tracker")
    assert (row.walking, row.resume) == ("", "")
    before = calls(pair)
    pair.pass_()
    assert calls(pair) - before == 2  # polls go on from the end of the feed


def test_a_first_walk_that_was_broken_off_is_ended_by_the_polls() -> None:
    pair = Pair()
    for _ in range(9):
        pair.issue(pair.ticket("pending"))
    half_walked(pair, "tracker")
    pair.pass_()
    assert len(pair.links()) == 9
    assert all(row.walked and not row.walking for row in pair.store.cursors.all())


def test_what_a_walk_has_still_to_read_is_not_read_by_a_poll_beside_it() -> None:
    pair = Pair(plain=True)
    pair.reconcile()
    tickets = [pair.ticket() for _ in range(9)]
    half_walked(pair, "desk")
    assert len(pair.store.snapshots.to_read("desk")) == 3
    pair.tick()
    newer = pair.ticket()
    before = calls(pair)
    with pair.work.feeds["desk"].walks.turn(pair.clock):
        poll(pair.work, "desk")
    waiting = {ref for ref, _ in pair.store.snapshots.to_read("desk")}
    assert {pair.ref(ticket) for ticket in tickets[:3]} <= waiting
    assert pair.ref(newer) not in waiting
    assert calls(pair) > before
