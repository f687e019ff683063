"""Fresh reads: when they are made, what they may bring, and when they are not believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from syncd.errors import ConnectorError, Transient
from syncd.model import GoneKind, Item, Ref, Removed, Status
from syncd.records import LinkState
from syncd.sync.reconcile import drain
from syncd.testing.memory import Entry
from tests.ledger import Bench
from tests.pairs import Pair


def many(pair: Pair, number: int) -> tuple[list[Entry], list[Entry]]:
    """Pairs in step."""
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(number)]
    issues = [pair.issue(ticket) for ticket in tickets]
    pair.tick()
    pair.pass_()
    pair.tick()
    return tickets, issues


def calls(pair: Pair) -> int:
    return sum(books.calls for books in pair.books.values())


def ask_all(pair: Pair) -> None:
    with pair.store.write():
        for key in pair.store.groups.all():
            pair.store.queue.ask(key, "test", pair.clock.now())


@pytest.mark.parametrize("plain", [False, True])
def test_an_unchanged_group_costs_no_call(plain: bool) -> None:
    pair = Pair(plain=plain)
    many(pair, 7)
    pair.pass_()
    before = calls(pair)
    ask_all(pair)
    drain(pair.work)
    assert calls(pair) == before


def test_a_batch_is_read_in_bulk_where_the_system_can() -> None:
    pair = Pair()
    _, issues = many(pair, 10)
    for issue in issues:
        pair.move(issue, "done")
    pair.pass_()
    assert pair.work.tally["statuses"] == 20
    before = calls(pair)
    for issue in issues:
        pair.move(issue, "open")
    pair.pass_()
    polled = 4 + 4  # pages of three: our own last writes, and the issues
    assert calls(pair) - before == polled + 2 + 1  # a bulk read of each end, and one write of them all


def test_a_move_that_the_feed_does_not_show_yet_is_seen_before_writing() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.move(issue, "open")
    pair.tracker.lag = 1  # the closing shows, the reopening doesn't
    pair.pass_()
    assert ticket.status == Status("pending")
    assert pair.notes(ticket) == ["link_note"]


def test_an_issue_that_is_gone_when_it_is_first_looked_at_ends_its_link() -> None:
    pair = Pair()
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    issue = pair.issue(ticket)
    pair.tick()
    pair.tracker.lag = 0
    pair.pass_()
    pair.remove(issue, GoneKind.CONVERTED)
    with pair.store.write():
        pair.store.snapshots.drop(pair.ref(issue))
    ask_all(pair)
    drain(pair.work)
    assert pair.link().state is LinkState.ENDED
    assert pair.link().reason == "gone: the issue is converted"
    assert pair.store.queue.rows() == []


def test_many_that_vanish_at_once_are_not_believed_and_every_claim_is_given_back() -> None:
    pair = Pair()
    tickets, issues = many(pair, 8)
    for entry in tickets:
        pair.move(entry, "resolved")
    for entry in issues:
        entry.gone = GoneKind.OUT_OF_SIGHT  # the token lost a right; no feed says so
    pair.pass_()
    assert [brake.connector for brake in pair.store.brakes.on()] == ["tracker"]
    assert {link.state for link in pair.links()} == {LinkState.LIVE}
    assert pair.store.queue.due(pair.clock.now()) == 8
    with pair.store.write():
        assert pair.store.queue.claim(pair.clock.now(), 50) == []
        assert len(pair.store.queue.claim(pair.clock.now(), 50, braked=True)) == 8


def test_once_a_person_has_released_the_brake_they_are_gone() -> None:
    pair = Pair()
    tickets, issues = many(pair, 8)
    for entry in issues:
        entry.gone = GoneKind.OUT_OF_SIGHT
    for entry in tickets:
        pair.move(entry, "resolved")
    pair.pass_()
    with pair.store.write():
        pair.store.brakes.release("tracker", pair.work.now)
    pair.pass_()
    assert {link.state for link in pair.links()} == {LinkState.ENDED}


def test_a_few_that_go_now_and_then_never_trip_the_brake() -> None:
    pair = Pair()
    tickets, issues = many(pair, 12)
    pair.tick(7200)
    pair.work.brake = pair.work.brake.model_copy(update={"max_changes": 3, "share": 0.0})
    for ticket, issue in zip(tickets, issues, strict=True):
        issue.gone = GoneKind.OUT_OF_SIGHT
        pair.move(ticket, "resolved")
        pair.pass_()
        pair.tick(1300)  # three an hour
    assert {link.state for link in pair.links()} == {LinkState.ENDED}


def test_an_issue_that_moved_elsewhere_keeps_its_link_under_the_new_name() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    new = pair.transfer(issue)
    new.body = "rewritten on the way"
    pair.move(ticket, "resolved")
    pair.pass_()
    assert pair.link().issue.id == str(new.number)
    assert pair.notes(new) == ["ticket_resolved"]
    pair.move(new, "done")
    pair.pass_()
    assert pair.link(ticket, new).standing == "agreed"


def test_one_item_that_cannot_be_read_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    tickets, issues = many(pair, 5)
    for issue in issues:
        pair.move(issue, "done")
    broken, fetch = pair.ref(tickets[2]), Bench.fetch

    def some(self: Bench, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        trouble = Transient("desk", "answered 500")
        return {ref: trouble if ref == broken else one for ref, one in fetch(self, refs).items()}

    with monkeypatch.context() as patched:
        patched.setattr(Bench, "fetch", some)
        pair.pass_()
    assert [str(ticket.status) for ticket in tickets] == ["resolved", "resolved", "pending", "resolved", "resolved"]
    pair.settle()
    assert str(tickets[2].status) == "resolved"
