"""Writing, when the other end is unkind: what stands in the books afterwards, and what syncd knows of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from syncd.actions import Action, Outcome, Written
from syncd.errors import Refused, Transient
from syncd.jobs.backfill import drain_and_wait
from syncd.model import Audience, Author, Ref, Status
from syncd.probe.settle import settle
from syncd.records import Standing
from syncd.store import EffectState
from syncd.sync.reconcile import drain
from syncd.testing.memory import Entry
from tests.ledger import Bench
from tests.pairs import Pair


class Died(BaseException):
    """The process is gone."""


def effects(pair: Pair) -> dict[str, EffectState]:
    return {row.kind: row.state for link in pair.links() for row in pair.store.effects.of(link.id)}


def closed(pair: Pair) -> tuple[Entry, Entry]:
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    return ticket, issue


def two_trackers() -> tuple[Pair, Entry, Entry, Entry]:
    """A ticket that waits for an issue in each of two trackers."""
    pair = Pair(other=True)
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    one = pair.issue(ticket)
    pair.pass_()
    other = pair.issue(ticket, at="other")
    pair.pass_()
    pair.tick()
    return pair, ticket, one, other


@pytest.mark.parametrize("how", ["lost_answer", "error_after"])
@pytest.mark.parametrize("plain", [False, True])
def test_a_write_whose_answer_was_lost_is_not_made_twice(how: str, plain: bool) -> None:
    pair = Pair(plain=plain)
    ticket, _ = closed(pair)
    pair.desk.faults.append((how, True))
    pair.pass_()
    assert effects(pair)["resolved"] is EffectState.DOUBT
    pair.settle()
    assert ticket.status == Status("resolved")
    assert pair.notes(ticket) == ["link_note", "resolved"]
    assert ticket.status_writes == 2
    assert effects(pair)["resolved"] is EffectState.DONE


@pytest.mark.parametrize("how", ["error", "cut", "rate_limited", "unauthorized"])
@pytest.mark.parametrize("plain", [False, True])
def test_a_write_that_was_not_made_is_made_once(how: str, plain: bool) -> None:
    pair = Pair(plain=plain)
    ticket, _ = closed(pair)
    pair.desk.faults.append((how, True))
    pair.pass_()
    pair.settle()
    assert ticket.status == Status("resolved")
    assert pair.notes(ticket) == ["link_note", "resolved"]
    assert len(set(ticket.markers)) == 2


@pytest.mark.parametrize("how", ["error", "cut", "rate_limited"])
@pytest.mark.parametrize("public", [False, True])
def test_a_note_whose_reason_is_gone_by_then_is_never_written(how: str, public: bool) -> None:
    open_ = {"replies": {"answered_first": False}}
    rules: dict[str, Any] = (
        {"messages": "public", "texts": {"message_resolved": "It is mended."}} | open_ if public else {}
    )
    pair = Pair(**rules)
    ticket, issue = closed(pair)
    pair.desk.faults.append((how, True))
    pair.pass_()
    pair.move(issue, "open")
    pair.settle()
    assert ticket.status == Status("pending")
    assert pair.notes(ticket) == ["link_note"]
    pair.move(issue, "done")
    pair.settle()
    assert pair.notes(ticket) == ["link_note", "resolved", *(["It is mended."] if public else [])]


def test_a_comment_that_was_held_up_is_not_left_once_the_agent_took_it_back() -> None:
    pair = Pair(plain=True)
    ticket, issue = pair.filed_pair()
    pair.move(ticket, "resolved")
    pair.tracker.faults.append(("rate_limited", True))
    pair.pass_()
    pair.move(ticket, "open")
    pair.settle()
    assert pair.notes(issue) == []


def test_a_refused_note_leaves_the_status_standing_and_is_shown() -> None:
    pair = Pair(plain=True)
    ticket, _ = closed(pair)
    pair.desk.faults.append(("refused", True))
    pair.pass_()
    pair.settle()
    assert ticket.status == Status("resolved")
    assert pair.standing() is Standing.AGREED
    assert pair.notes(ticket) == ["link_note"]
    assert effects(pair)["resolved"] is EffectState.REFUSED
    assert pair.work.tally["refused"] == 1


def test_a_refused_status_is_parked_with_its_reason_and_tried_again_when_asked() -> None:
    pair = Pair()
    ticket, _ = closed(pair)
    pair.desk.faults.append(("refused", True))
    pair.pass_()
    assert pair.parked() == ["the value isn't accepted"]
    pair.settle()
    assert ticket.status == Status("pending")
    pair.reconcile()
    assert ticket.status == Status("resolved")
    assert pair.parked() == []


def test_a_note_in_doubt_does_not_hold_up_the_status() -> None:
    pair = Pair(plain=True)
    ticket, _ = closed(pair)
    pair.desk.faults.append(("cut", True))
    pair.pass_()
    assert ticket.status == Status("resolved")
    assert pair.notes(ticket) == ["link_note"]
    pair.settle()
    assert pair.notes(ticket) == ["link_note", "resolved"]


@pytest.mark.parametrize("plain", [False, True])
def test_a_crash_anywhere_in_filing_leaves_one_note_and_the_status(plain: bool) -> None:
    for fuse in range(200):
        pair, left = Pair(plain=plain), [fuse]
        pair.reconcile()
        pair.tick()
        ticket = pair.ticket()
        pair.issue(ticket)

        def burn(left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Died

        pair.watch(burn)
        try:
            pair.pass_()
        except Died:
            left[0] = 10_000
            pair.restart()
            pair.settle()
        assert ticket.status == Status("pending"), fuse
        assert pair.notes(ticket) == ["link_note"], fuse
        if fuse - 1 > left[0] >= 0:
            return
    pytest.fail("filing takes more steps than that")


def test_a_note_that_is_owed_while_it_is_looked_for_is_left_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    ticket, _ = closed(pair)

    def unanswered(_: Bench, action: Action, _fault: object) -> Outcome:
        error = Transient("desk", "no answer", doubt=True)
        return Outcome(action, notes=tuple(Written(n.effect, error=error) for n in action.notes), error=error)

    with monkeypatch.context() as patched:
        patched.setattr(Bench, "_write", unanswered)
        pair.pass_()
    pair.tick(600)
    real = Bench.find

    def meanwhile(self: Bench, marker: str, where: Ref | str, since: datetime) -> str | None:
        found = real(self, marker, where, since)
        for route in pair.store.queue.routes(pair.clock.now()):
            drain(pair.work, route=route)  # another thread writes the status, without the note that is in doubt
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Bench, "find", meanwhile)
        settle(pair.work)
    assert (ticket.status, pair.notes(ticket)) == (Status("resolved"), ["link_note"])
    pair.settle()
    assert pair.notes(ticket) == ["link_note", "resolved"]


def test_a_note_in_doubt_is_not_sent_again_with_the_status_that_is() -> None:
    pair = Pair(plain=True)
    ticket, _ = closed(pair)
    pair.desk.faults += [("lost_answer", True), ("rate_limited", True)]  # the note, then the status
    pair.pass_()
    assert ticket.status == Status("pending")
    pair.tick(10)  # the limit is over, the note has not settled
    pair.pass_()
    assert ticket.status == Status("resolved")
    assert pair.notes(ticket) == ["link_note", "resolved"]
    pair.settle()
    assert pair.notes(ticket) == ["link_note", "resolved"]


@pytest.mark.parametrize("slow", ["tracker", "other"])
def test_a_ticket_that_asks_two_issues_is_not_done_before_both_are_told(slow: str) -> None:
    pair, ticket, one, other = two_trackers()
    pair.move(ticket, "resolved")
    pair.books[slow].faults += [("rate_limited", True)]
    pair.pass_()
    assert {link.standing for link in pair.links()} == {Standing.AGREED}
    assert len(pair.notes(one) + pair.notes(other)) == 1
    pair.settle()
    assert (pair.notes(one), pair.notes(other)) == (["ticket_resolved"], ["ticket_resolved"])
    assert {link.standing for link in pair.links()} == {Standing.TOLD}


@pytest.mark.parametrize("how", ["error", "refused", "unauthorized", "rate_limited"])
@pytest.mark.parametrize("slow", ["tracker", "other"])
def test_a_ticket_that_closes_two_issues_closes_the_second_when_it_can(how: str, slow: str) -> None:
    pair, ticket, one, other = two_trackers()
    pair.work.helpdesks = Pair(other=True, on_ticket_resolved="close").work.helpdesks
    pair.move(ticket, "resolved")
    pair.books[slow].faults += [(how, True)]
    pair.pass_()
    assert sorted([str(one.status), str(other.status)]) == ["done", "open"]
    pair.settle()
    pair.reconcile()
    assert (str(one.status), str(other.status)) == ("done", "done")
    assert {link.standing for link in pair.links()} == {Standing.AGREED}
    assert one.status_writes == other.status_writes == 1


@pytest.mark.parametrize("how", ["rate_limited", "unauthorized"])
def test_a_connector_that_must_be_left_alone_holds_up_no_other(how: str) -> None:
    pair = Pair(other=True, on_ticket_resolved="close")
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(6)]
    issues = [pair.issue(t, at="other" if n % 2 else "tracker") for n, t in enumerate(tickets)]
    pair.pass_()
    for ticket in tickets:
        pair.move(ticket, "resolved")
    pair.tick()
    pair.books["other"].faults += [(how, True)]
    calls = pair.books["other"].calls
    pair.pass_()
    assert [str(issue.status) for issue in issues] == ["done", "open"] * 3
    assert pair.books["other"].calls - calls <= 4  # its poll, a read, and the one write that met the limit
    pair.settle()
    assert {str(issue.status) for issue in issues} == {"done"}


def test_a_comment_that_was_owed_is_not_left_where_the_public_reads_it_by_now() -> None:
    pair = Pair(plain=True)
    ticket, issue = pair.filed_pair()
    pair.move(ticket, "resolved")
    pair.tracker.faults.append(("cut", True))
    pair.pass_()
    issue.audience = Audience.PUBLIC
    pair.settle()
    assert pair.notes(issue) == []


def test_a_note_that_was_owed_is_not_left_on_a_ticket_that_is_closed_for_good_by_now() -> None:
    pair = Pair(plain=True, mapped={"final": ["closed"]})
    ticket, _ = closed(pair)
    pair.desk.faults.append(("cut", True))
    pair.pass_()
    pair.move(ticket, "closed")
    pair.settle()
    assert pair.notes(ticket) == ["link_note"]
    assert not pair.desk.written_though_final


def test_the_journal_says_which_end_moved_and_what_came_of_it() -> None:
    pair = Pair()
    closed(pair)
    pair.pass_()
    done, filed = pair.store.journal.of(pair.link().id)
    assert (filed["rule"], filed["moved"], filed["before"], filed["after"]) == ("filed", "issue", "open", "pending")
    assert (done["rule"], done["moved"], done["before"], done["after"]) == (
        "issue_finished",
        "issue",
        "pending",
        "resolved",
    )
    assert {done["outcome"], filed["outcome"]} == {"done"}


def test_a_status_that_was_confirmed_without_a_version_is_known_before_it_is_decided_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair(audience=Audience.PUBLIC)
    pair.move(issue, "done")
    real = Bench._write

    def silent(self: Bench, action: Action, fault: Any) -> Outcome:
        return replace(real(self, action, fault), version="")

    with monkeypatch.context() as patched:
        patched.setattr(Bench, "_write", silent)
        pair.pass_()
    base = pair.store.links.base(pair.link().id)
    assert base is not None
    assert (ticket.status, base.ticket) == (Status("resolved"), Status("resolved"))
    pair.move(issue, "open")
    pair.settle()
    assert ticket.status == Status("pending")
    assert pair.standing() is Standing.AGREED


def test_a_connector_that_breaks_its_contract_is_a_defect_and_what_it_sent_is_in_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = Pair()
    ticket, _ = closed(pair)

    def broken(_: Bench, action: Action, _fault: object) -> Outcome:
        error = ValueError("a defect")
        return Outcome(action, notes=tuple(Written(n.effect, error=error) for n in action.notes), error=error)

    with monkeypatch.context() as patched:
        patched.setattr(Bench, "_write", broken)
        pair.pass_()
    assert effects(pair)["resolved"] is EffectState.DOUBT
    assert pair.store.queue.rows()[0].reason.startswith("a defect in syncd: ValueError in act.py")
    pair.settle()
    pair.reconcile()
    assert pair.notes(ticket) == ["link_note", "resolved"]
    assert ticket.status == Status("resolved")


def test_a_defect_while_a_note_is_looked_for_is_told_and_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    ticket, first = pair.filed_pair()
    other, second = pair.filed_pair()
    pair.move(first, "done")
    pair.move(second, "done")
    pair.desk.faults += [("lost_answer", True), ("lost_answer", True)]
    pair.pass_()
    real = Bench.find

    def broken(self: Bench, marker: str, where: Ref | str, since: datetime) -> str | None:
        if isinstance(where, Ref) and where.id == str(ticket.number):
            raise ValueError("a defect")
        return real(self, marker, where, since)

    monkeypatch.setattr(Bench, "find", broken)
    pair.settle()
    states = {row.target.id: row.state for row in pair.store.effects.still_refused()}
    assert states == {str(ticket.number): EffectState.REFUSED}
    assert pair.notes(other) == ["link_note", "resolved"]


def test_a_look_at_what_is_gone_is_not_repeated_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    closed(pair)
    pair.desk.faults.append(("cut", True))
    pair.pass_()

    def gone(*_: object) -> str | None:
        raise Refused("desk", "there is no such ticket")

    monkeypatch.setattr(Bench, "find", gone)
    pair.settle()
    assert effects(pair)["resolved"] is EffectState.REFUSED


def test_a_customer_who_writes_while_the_note_is_in_doubt_is_not_closed_upon() -> None:
    pair = Pair(plain=True)
    ticket, _ = closed(pair)
    pair.desk.faults.append(("rate_limited", True))
    pair.pass_()
    pair.say(ticket, "wait, there is more", Author.OUTSIDE)
    pair.settle()
    assert ticket.status == Status("pending")
    assert pair.notes(ticket) == ["link_note", "waits_for_agent"]
    assert not pair.desk.closed_upon


def test_a_note_in_doubt_on_a_connector_that_is_not_configured_any_more_holds_up_nothing() -> None:
    pair = Pair(other=True)
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    pair.issue(ticket, at="other")
    pair.pass_()
    pair.tick()
    pair.books["other"].faults.append(("lost_answer", True))
    pair.move(ticket, "resolved")  # the comment that tells of it is in doubt
    pair.pass_()
    for table in (pair.work.connectors, pair.work.trackers):
        assert isinstance(table, dict)
        del table["other"]
    del pair.books["other"]
    pair.tick(1000)
    began = pair.clock.now()
    pair.reconcile()
    assert pair.clock.now() == began, "nobody waits for what can't be sent"
    newer, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.pass_()
    assert newer.status == Status("resolved")


def test_a_note_in_doubt_is_waited_for_once_where_its_connector_rests() -> None:
    pair = Pair()
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    pair.issue(ticket)
    pair.desk.faults.append(("lost_answer", True))
    pair.pass_()
    pair.tick(1000)
    said: list[str] = []
    pair.work.say = said.append
    pair.work.pause("desk", 90, "a limit")
    drain_and_wait(pair.work)
    assert said == ["waiting 90 s for desk (a limit)"]
    assert pair.notes(ticket) == ["link_note"]
