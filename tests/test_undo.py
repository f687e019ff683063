"""Undo: the statuses that syncd wrote are put back, what people did since is not, and nothing is written after it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from syncd.ingest.poll import poll
from syncd.jobs import undo as undoing
from syncd.jobs.apply import Applied, apply
from syncd.model import GoneKind, Role
from syncd.planfile import PlanFile, parse
from syncd.records import Standing
from syncd.sync.approval import CHANGED, MORE, NOTHING_LEFT
from syncd.testing.memory import Entry
from tests.pairs import Pair
from tests.rules import mapping

WHEN = "2026-01-05T09:00:00Z"


class Killed(BaseException):
    """The process is gone."""


def undo(pair: Pair, since: str = "") -> undoing.Undo:
    known = {name: pair.work.mapping(name) for name in pair.books}
    return undoing.undo(pair.store, known, since)


def put_back(pair: Pair, found: undoing.Undo) -> Applied:
    file = PlanFile(syncd="plan", format=1, kind="undo", made_at=WHEN, groups=found.groups)
    return apply(pair.work, parse(file.text().encode()))


def statuses(*entries: Entry) -> list[str]:
    return [str(entry.status) for entry in entries]


def resolved(pair: Pair, number: int = 1) -> tuple[list[Entry], list[Entry], str]:
    """Tickets that syncd made pending, then resolved; and a moment between the two."""
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(number)]
    issues = [pair.issue(ticket) for ticket in tickets]
    pair.pass_()
    pair.tick()
    between = pair.work.now
    for issue in issues:
        pair.move(issue, "done")
    pair.tick()
    pair.pass_()
    assert statuses(*tickets) == ["resolved"] * number
    pair.tick()
    return tickets, issues, between


@pytest.mark.parametrize("plain", [False, True])
def test_what_was_resolved_is_put_back_and_stays_so(plain: bool) -> None:
    pair = Pair(plain=plain)
    tickets, issues, between = resolved(pair, 2)
    before = pair.writes()
    found = undo(pair, between)
    assert [(one.rule, one.word, one.back_to) for one in found.back] == [("issue_finished", "resolved", "pending")] * 2
    assert pair.writes() == before
    applied = put_back(pair, found)
    assert (len(applied.done), applied.skipped) == (2, {})
    assert statuses(*tickets) == ["pending"] * 2
    assert pair.writes() == before + 2
    assert {link.standing for link in pair.links()} == {Standing.ADOPTED}
    pair.pass_()
    pair.reconcile()
    pair.settle()
    assert pair.writes() == before + 2
    pair.move(issues[0], "open")  # a later move is followed as ever
    pair.pass_()
    pair.tick()
    pair.move(issues[0], "done")
    pair.settle()
    assert statuses(*tickets) == ["resolved", "pending"]
    assert pair.notes(tickets[0]) == ["link_note", "resolved", "resolved"]


def test_everything_is_put_back_to_what_it_was_before_the_first_write() -> None:
    pair = Pair()
    (ticket,), (issue,), _ = resolved(pair)
    found = undo(pair)
    assert [(one.word, one.back_to) for one in found.back] == [("resolved", "open")]
    put_back(pair, found)
    assert statuses(ticket) == ["open"]
    pair.settle()
    assert statuses(ticket, issue) == ["open", "done"]
    assert [why for _, why in undo(pair).left] == [undoing.AS_IT_WAS]


def test_ends_that_go_together_again_are_in_step() -> None:
    """A ticket that was made pending is put back to open: it fits its open issue, and its later moves speak."""
    pair = Pair()
    ticket, issue = pair.filed_pair()
    put_back(pair, undo(pair))
    assert (statuses(ticket), pair.standing()) == (["open"], Standing.AGREED)
    pair.settle()
    assert statuses(ticket) == ["open"]
    pair.move(ticket, "resolved")
    pair.settle()
    assert pair.notes(issue) == ["ticket_resolved"]


def test_an_undo_can_be_undone() -> None:
    pair = Pair()
    (ticket,), _, between = resolved(pair)
    put_back(pair, undo(pair, between))
    pair.tick()
    found = undo(pair, pair.store.journal.of(pair.link().id)[0]["at"])
    assert [(one.rule, one.back_to) for one in found.back] == [("undone", "resolved")]
    put_back(pair, found)
    assert statuses(ticket) == ["resolved"]
    assert pair.standing() is Standing.AGREED


def test_what_people_did_since_is_left(tmp_path: Path) -> None:
    pair = Pair(tmp_path / "state.db")
    tickets, issues, between = resolved(pair, 5)
    seen, unseen, deleted, cut, same = tickets
    pair.move(seen, "on_hold")
    pair.remove(deleted, GoneKind.DELETED)
    pair.move(same, "pending")
    for name in ("tracker", "desk"):
        poll(pair.work, name)
    pair.cut(cut, issues[3])
    before = pair.writes()
    found = undo(pair, between)
    assert {ref.id: why for ref, why in found.left} == {
        str(seen.number): undoing.MOVED,
        str(deleted.number): undoing.GONE,
        str(cut.number): undoing.ENDED,
        str(same.number): undoing.AS_IT_WAS,
    }
    pair.tick()
    pair.move(unseen, "closed")  # after the file was made
    applied = put_back(pair, found)
    assert list(applied.skipped.values()) == [CHANGED]
    assert pair.writes() == before
    assert statuses(seen, unseen, cut, same) == ["on_hold", "closed", "resolved", "pending"]


def test_an_item_that_moves_just_before_it_is_written_is_left() -> None:
    pair = Pair()
    (ticket,), _, between = resolved(pair)
    found, calls = undo(pair, between), count()

    def move() -> None:
        if next(calls) == 2:  # both feeds have been polled by then
            pair.move(ticket, "on_hold")

    pair.desk.before_call = pair.tracker.before_call = move
    assert list(put_back(pair, found).skipped.values()) == [CHANGED]
    assert statuses(ticket) == ["on_hold"]


@pytest.mark.parametrize("what", ["a word of the customer's", "another issue"])
def test_what_nobody_has_seen_keeps_a_group_from_being_put_back(what: str) -> None:
    pair = Pair()
    (ticket,), _, between = resolved(pair)
    found = undo(pair, between)
    if what == "another issue":
        pair.issue(ticket, status="done")
    else:
        pair.reply(ticket, reopens=False)
    pair.tick()
    assert list(put_back(pair, found).skipped.values()) == [CHANGED]
    assert statuses(ticket) == ["resolved"]


def test_what_is_final_is_never_put_back() -> None:
    pair = Pair(mapped={"final": ["closed"]})
    (ticket,), _, between = resolved(pair)
    found = undo(pair, between)
    pair.move(ticket, "closed")
    put_back(pair, found)
    assert (statuses(ticket), pair.desk.written_though_final) == (["closed"], [])
    assert [why for _, why in undo(pair, between).left] == [undoing.FINAL]


def test_a_status_that_is_not_mapped_any_more_is_left_and_so_is_a_connector() -> None:
    pair = Pair()
    _, _, between = resolved(pair)
    words = {"open": ["open"], "pending": ["waiting"], "resolved": ["resolved"]}
    other = mapping(Role.HELPDESK, words=words, write={"open": "open", "pending": "waiting", "resolved": "resolved"})
    found = undoing.undo(pair.store, {"desk": other}, between)
    assert [why for _, why in found.left] == [undoing.UNKNOWN]
    assert [why for _, why in undoing.undo(pair.store, {}, between).left] == [undoing.NOBODYS]


def test_an_issue_that_has_moved_goes_first() -> None:
    """What is to be written there anyway isn't swallowed by putting back what was written before."""
    pair = Pair()
    ticket, issue = pair.filed_pair()
    found = undo(pair)
    pair.move(issue, "done")
    pair.tick()
    assert list(put_back(pair, found).skipped.values()) == [MORE]
    pair.pass_()
    assert statuses(ticket) == ["resolved"]


@pytest.mark.parametrize("fails", [False, True])
def test_several_items_of_a_group_are_put_back_one_after_the_other(fails: bool) -> None:
    """An agent resolved a ticket, so syncd closed both of its issues. What fails on the way is no riddle afterwards."""
    pair = Pair(on_ticket_resolved="close")
    ticket, one = pair.filed_pair()
    other = pair.issue(ticket)
    pair.pass_()
    pair.tick()
    between = pair.work.now
    pair.move(ticket, "resolved")
    pair.settle()
    assert statuses(ticket, one, other) == ["resolved", "done", "done"]
    pair.tick()
    before, found = pair.writes(), undo(pair, between)
    assert [(len(group.steps), group.group) for group in found.groups] == [(2, "desk:1")]
    if fails:
        pair.tracker.after_write = lambda: pair.tracker.faults.extend([("unauthorized", False)] * 9)
        assert len(put_back(pair, found).skipped) == 1
        pair.tracker.after_write = lambda: None
        pair.tracker.faults.clear()
        pair.work.paused.clear()
        assert sorted(statuses(one, other)) == ["done", "open"]
        found = undo(pair, between)
    assert put_back(pair, found).skipped == {}
    assert statuses(ticket, one, other) == ["resolved", "open", "open"]
    assert {link.standing for link in pair.links()} == {Standing.ADOPTED}
    pair.settle()
    assert pair.writes() == before + 2
    assert statuses(ticket, one, other) == ["resolved", "open", "open"]


def test_what_was_written_often_is_put_back_all_the_same() -> None:
    """The damper is against programs that work against each other."""
    pair = Pair()
    ticket, issue = pair.filed_pair()
    for status in ("done", "open", "done"):
        pair.tick()
        pair.move(issue, status)
        pair.pass_()
    assert (statuses(ticket), ticket.status_writes) == (["resolved"], 4)
    assert put_back(pair, undo(pair)).skipped == {}
    assert statuses(ticket) == ["open"]


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.torture)])
def test_a_killed_undo_is_known_for_ours_afterwards(tmp_path: Path, step: int) -> None:
    """At calls and transactions: what was put back stays, and is no move of anybody's."""
    for boundary in range(0, 300, step):
        folder = tmp_path / str(boundary)
        folder.mkdir()
        pair = Pair(folder / "state.db")
        tickets, _, between = resolved(pair, 2)
        found, counter = undo(pair, between), count()

        def strike(counter: Iterator[int] = counter, at: int = boundary) -> None:
            if next(counter) == at:
                raise Killed

        pair.watch(strike)
        try:
            put_back(pair, found)
        except Killed:
            pair.watch(lambda: None)
            pair.restart()
            skipped = put_back(pair, found).skipped.values()
            assert set(skipped) <= {CHANGED, NOTHING_LEFT, MORE}
        else:
            assert boundary > 10
            return
        finally:
            pair.watch(lambda: None)
        pair.settle()
        assert statuses(*tickets) == ["pending"] * 2, boundary
        assert [ticket.status_writes for ticket in tickets] == [3, 3], boundary
        assert [pair.notes(ticket) for ticket in tickets] == [["link_note", "resolved"]] * 2, boundary
        pair.store.close()
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize("how", ["error", "cut", "rate_limited", "lost_answer", "error_after"])
def test_a_failure_on_the_way_is_made_good(how: str) -> None:
    pair = Pair()
    (ticket,), _, between = resolved(pair)
    found = undo(pair, between)
    pair.desk.faults.append((how, True))
    applied = put_back(pair, found)
    assert (statuses(ticket), applied.skipped) == (["pending"], {})
    assert ticket.status_writes == 3
    pair.settle()
    assert (statuses(ticket), ticket.status_writes) == (["pending"], 3)


def test_a_write_whose_answer_was_lost_is_undone_if_it_was_made() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    between = pair.work.now
    pair.tick()
    pair.move(issue, "done")
    pair.desk.faults.append(("lost_answer", True))
    pair.settle()
    assert statuses(ticket) == ["resolved"]
    put_back(pair, undo(pair, between))
    assert statuses(ticket) == ["pending"]
