"""``syncd reconcile``: the walk, the repair, and what it costs."""

from __future__ import annotations

from datetime import datetime

import pytest

from syncd.clock import moment
from syncd.errors import Interrupted, UnknownRef
from syncd.jobs.backfill import backfill, find, some
from syncd.model import GoneKind, Ref, Status
from syncd.records import LinkState, Standing
from syncd.sync.reconcile import drain
from tests.pairs import Pair


def calls(pair: Pair) -> int:
    return sum(books.calls for books in pair.books.values())


def old_pairs(pair: Pair, number: int = 9) -> None:
    for _ in range(number):
        pair.issue(pair.ticket("pending"))
    pair.tick()


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("how", ["error", "cut", "rate_limited", "html"])
def test_a_walk_that_is_broken_off_goes_on_where_it_stopped(plain: bool, how: str) -> None:
    pair = Pair(plain=plain)
    old_pairs(pair)
    pair.tracker.faults += [(how, False)] * 3
    pair.desk.faults += [(how, False)] * 2
    pair.reconcile()
    assert len(pair.links()) == 9
    assert pair.writes() == 0


@pytest.mark.parametrize("fuse", range(0, 39, 2))
def test_a_walk_that_is_killed_anywhere_is_finished_by_the_next(fuse: int) -> None:
    class Died(BaseException):
        pass

    pair, left = Pair(plain=True), [fuse]
    old_pairs(pair)

    def burn() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Died

    pair.watch(burn)
    with pytest.raises(Died):
        pair.reconcile()
    left[0] = 1_000_000
    pair.restart()
    pair.reconcile()
    assert len(pair.links()) == 9
    assert {link.standing for link in pair.links()} == {Standing.AGREED}
    assert pair.writes() == 0


def test_a_walk_that_goes_on_asks_for_nothing_that_it_has_shown_before() -> None:
    pair = Pair(plain=True)
    old_pairs(pair, 30)
    pair.reconcile()
    whole = -calls(pair)
    pair.reconcile()
    whole += calls(pair)
    pair.tick()
    before = calls(pair)
    interrupt(pair, 13)
    pair.tick()
    pair.restart()
    pair.reconcile()
    assert calls(pair) - before == whole + 10  # the tracker's walk had come to its end, so it is another one


def test_a_walk_of_a_part_that_is_broken_off_is_not_taken_for_a_walk_of_all() -> None:
    pair = Pair()
    old_pairs(pair, 9)
    pair.tick(86_400)
    recent = pair.clock.now()
    old_pairs(pair, 9)
    interrupt(pair, 2, since=recent)
    pair.restart()
    pair.reconcile()
    assert len(pair.links()) == 18


def test_a_walk_of_a_part_leaves_what_changed_before_it_to_the_next_poll() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.tick(86_400)
    backfill(pair.work, list(pair.books), since=pair.clock.now())
    assert ticket.status == Status("pending")
    pair.pass_()
    assert ticket.status == Status("resolved")


def interrupt(pair: Pair, calls: int, since: datetime | None = None) -> None:
    """A run that is told to stop after so many calls."""
    left = [calls]

    def count() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Interrupted("stopped")

    for books in pair.books.values():
        books.before_call = count
    with pytest.raises(Interrupted):
        backfill(pair.work, list(pair.books), since=since)
    for books in pair.books.values():
        books.before_call = None


def test_a_system_that_is_down_is_told_and_the_others_are_done() -> None:
    pair = Pair(other=True)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.books["other"].faults += [("refused", False)]
    failures = backfill(pair.work, ["desk", "tracker", "other"])
    assert list(failures) == ["other"]
    assert ticket.status == Status("resolved")


@pytest.mark.parametrize("plain", [False, True])
def test_an_unchanged_pair_costs_only_its_share_of_the_walk(plain: bool) -> None:
    pair = Pair(plain=plain)
    old_pairs(pair, 30)
    pair.reconcile()
    before = calls(pair)
    pair.reconcile()
    assert calls(pair) - before == 20  # thirty of each, in pages of three
    assert pair.writes() == 0


def test_what_a_feed_never_told_is_repaired() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    issue.status = Status("done")  # no feed tells: its version didn't move
    pair.pass_()
    assert ticket.status == Status("pending")
    pair.reconcile()
    assert ticket.status == Status("resolved")


def test_an_item_that_no_feed_shows_any_more_is_asked_for_and_its_link_ends() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    del pair.tracker.entries[issue.number]
    pair.pass_()
    assert pair.link().state is LinkState.LIVE
    pair.reconcile()
    assert pair.link().state is LinkState.ENDED
    assert ticket.status == Status("open")
    assert pair.notes(ticket) == ["link_note", "lost_issue"]


def test_only_what_was_asked_for_is_looked_at() -> None:
    pair = Pair()
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(2)]
    issues = [pair.issue(ticket) for ticket in tickets]
    pair.pass_()
    for issue in issues:
        pair.move(issue, "done")
    some(pair.work, [pair.ref(issues[1])])
    assert [str(ticket.status) for ticket in tickets] == ["pending", "resolved"]


def test_a_ref_is_found_by_its_address_its_key_and_its_id() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    for text in (pair.url(issue), "tracker:TRACKER-1", "tracker:tracker-1", "tracker:1"):
        assert find(pair.work, text) == Ref("tracker", "1"), text
    assert find(pair.work, pair.url(ticket)) == Ref("desk", "1")
    for text in ("tracker:TRACKER-99", "nobody:1", "what is this", "tracker:", ""):
        with pytest.raises(UnknownRef):
            find(pair.work, text)


def test_a_stop_is_obeyed_between_two_pages_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    old_pairs(pair)
    with monkeypatch.context() as patched:
        patched.setattr(pair.clock, "sleep", lambda _: pair.tracker.calls >= 2)
        with pytest.raises(Interrupted):
            pair.reconcile()
    assert pair.tracker.calls == 2
    pair.reconcile()
    assert len(pair.links()) == 9


def test_a_dry_run_writes_nothing_and_says_what_it_would() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.work.writes = False
    written = pair.writes()
    pair.reconcile()
    assert pair.writes() == written
    (plan,) = [plan for plan in pair.work.plans.values() if plan.steps]
    (step,) = plan.steps
    assert (step.target, str(step.status), step.why.rule) == (pair.ref(ticket), "resolved", "issue_finished")


def test_what_a_dry_run_decides_twice_it_tells_once() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.work.writes = False
    pair.reconcile()
    with pair.store.write():
        pair.work.ask(pair.ref(ticket), "poll")
    drain(pair.work)
    assert len([step for plan in pair.work.plans.values() for step in plan.steps]) == 1


def test_a_ticket_in_the_bin_of_an_old_pair_is_no_news() -> None:
    pair = Pair()
    ticket = pair.ticket("pending")
    pair.issue(ticket)
    pair.remove(ticket, GoneKind.DELETED)
    pair.reconcile()
    pair.reconcile()
    assert pair.writes() == 0
    assert not [link for link in pair.links() if link.state is LinkState.LIVE]


def test_the_moments_of_the_state_are_aware_and_in_utc() -> None:
    pair = Pair()
    pair.filed_pair()
    assert moment(pair.store.cursors.all()[0].polled_at) <= pair.clock.now()


def test_an_issue_that_no_ticket_names_is_left_alone() -> None:
    pair = Pair()
    issue = pair.issue()
    pair.reconcile()
    pair.move(issue, "done")
    pair.reconcile()
    pair.move(issue, "open")
    pair.reconcile()
    assert (pair.writes(), pair.links(), pair.notes(issue)) == (0, [], [])
