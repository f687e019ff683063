from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from syncd.clock import moment
from syncd.errors import ConnectorError, RateLimited, Refused, Transient
from syncd.ingest.poll import poll
from syncd.model import Author, Item, Ref, Removed, Status
from syncd.records import Standing
from syncd.sync.reconcile import _weight, drain
from tests.ledger import Bench
from tests.pairs import Pair


def test_an_issue_filed_for_a_ticket_makes_it_pending_with_one_note() -> None:
    pair = Pair()
    ticket, _ = pair.filed_pair()
    assert pair.notes(ticket) == ["link_note"]
    assert pair.standing() is Standing.AGREED


def test_a_closed_issue_resolves_its_ticket_with_one_note() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.pass_()
    assert ticket.status == Status("resolved")
    assert pair.notes(ticket) == ["link_note", "resolved"]
    before = pair.writes()
    pair.reconcile()
    pair.settle()
    assert pair.writes() == before


def test_a_connector_that_is_no_longer_configured_parks_its_links_and_says_so() -> None:
    pair = Pair()
    _, issue = pair.filed_pair()
    pair.move(issue, "done")
    del pair.work.connectors["tracker"]  # type: ignore[attr-defined]  # its file was removed
    pair.store.queue.ask(pair.link().ticket.connector + ":1", "test", pair.clock.now())
    drain(pair.work)
    (row,) = pair.store.queue.rows()
    assert row.parked
    assert "connectors/tracker.toml" in row.reason


def test_an_address_that_cannot_be_looked_up_is_passed_over_and_shown() -> None:
    pair = Pair()
    pair.reconcile()
    pair.tick()
    pair.ticket()
    ticket = pair.ticket()
    pair.say(ticket, f"https://tracker.example.com/items/{pair.tracker.add().number}", Author.TEAM, internal=True)
    pair.tracker.faults += [("refused", False)]
    poll(pair.work, "desk")
    (skip,) = pair.store.journal.skips()
    assert skip["what"] == "TRACKER-1"


def test_an_issue_made_in_the_second_of_the_start_mark_is_filed_unless_it_was_there_already() -> None:
    pair = Pair()
    ticket, old = pair.ticket(), pair.tracker.add("an old one")
    pair.reconcile()
    new = pair.issue(ticket)
    new.created = old.created  # within the same second
    pair.pass_()
    assert ticket.status == Status("pending")


def test_an_issue_that_was_there_already_is_adopted_though_it_is_as_new_as_the_start_mark() -> None:
    pair = Pair()
    ticket, old = pair.ticket(), pair.tracker.add("an old one")
    pair.reconcile()
    old.body = pair.url(ticket)
    old.version = pair.tracker.next()
    pair.pass_()
    assert pair.link().ticket.id == str(ticket.number)
    assert ticket.status == Status("open")


def test_an_outage_is_survived_by_waiting_longer_and_longer_and_then_parked() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    polled = pair.desk.calls
    poll(pair.work, "tracker")
    pair.desk.faults += [("error", False)] * 1000
    waits: list[float] = []
    drain(pair.work)
    (row,) = pair.store.queue.rows()
    while not row.parked and len(waits) < 20:
        waits.append((moment(row.due) - pair.clock.now()).total_seconds())
        pair.clock.advance(waits[-1] + 1)
        drain(pair.work)
        (row,) = pair.store.queue.rows()
    assert waits[0] < 5
    assert waits[-1] > 1000
    assert row.parked
    assert pair.desk.calls - polled < 80
    pair.desk.faults.clear()
    pair.reconcile()
    assert ticket.status == Status("resolved")
    assert pair.store.queue.rows() == []


def test_a_long_limit_is_not_waited_for_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(other=True)
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(4)]
    issues = [pair.issue(ticket, at="tracker" if n % 2 else "other") for n, ticket in enumerate(tickets)]
    pair.pass_()
    for issue in issues:
        pair.move(issue, "done")
    pair.tick()
    for name in ("tracker", "other", "desk"):
        poll(pair.work, name)
    fetch, other = Bench.fetch, pair.work.connectors["other"]

    def limited(self: Bench, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        if self is other:
            raise RateLimited("other", "asks to wait", retry_after=600)
        return fetch(self, refs)

    monkeypatch.setattr(Bench, "fetch", limited)
    before = pair.clock.monotonic()
    drain(pair.work)
    assert pair.clock.monotonic() - before < 30
    assert [str(ticket.status) for ticket in tickets] == ["pending", "resolved", "pending", "resolved"]
    monkeypatch.undo()
    pair.clock.advance(601)
    drain(pair.work)
    assert {str(ticket.status) for ticket in tickets} == {"resolved"}


def test_what_a_group_lacks_in_the_mapping_does_not_hide_what_failed() -> None:
    pair = Pair(
        mapped={"write": {"open": "open", "pending": "pending", "resolved": "resolved"}},
        fit={"in_progress": {"fits": ["on_hold"], "write": "on_hold"}},
    )
    pair.reconcile()
    pair.tick()
    stuck, fine = pair.ticket(), pair.ticket()
    one = pair.issue(stuck)
    two = pair.issue(fine, stuck)
    pair.pass_()
    pair.move(one, "in_progress")
    pair.move(two, "done")
    pair.pass_()
    assert (str(stuck.status), str(fine.status)) == ("pending", "resolved")
    assert "no status to write for on_hold" in pair.parked()[0]


@pytest.mark.parametrize("how", ["", "lost_answer"])
def test_a_ticket_is_not_written_more_than_four_times_an_hour_though_its_issue_goes_to_and_fro(how: str) -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    for status in ("done", "open", "done", "open"):
        pair.move(issue, status)
        if how:
            pair.desk.faults.append((how, True))
        for _ in range(3):  # a lost answer is looked at again, and again after it has settled
            pair.pass_()
            pair.tick(100)
    assert ticket.status_writes == 4
    assert "something works against us" in " ".join(pair.parked())


@pytest.mark.parametrize(("days", "public"), [(2, True), (10, False)])
def test_a_message_about_an_old_closing_stays_a_draft_though_the_issue_was_talked_about_since(
    days: int, public: bool
) -> None:
    pair = Pair(messages="public", texts={"message_resolved": "it is done"}, replies={"answered_first": False})
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.tick(days * 86_400)
    pair.say(issue, "by the way", Author.TEAM)
    pair.pass_()
    seen = [note.body.split("\n")[0] for note in ticket.remarks if not note.internal]
    assert seen == (["it is done"] if public else [])
    assert any("it is done" in note for note in pair.notes(ticket))


def test_a_failure_of_a_kind_of_the_connectors_own_is_tried_again_as_its_parent_is() -> None:
    class Busy(Transient):
        """A connector may tell its failures more exactly."""

    busy, refused = Busy("desk", "later"), Refused("desk", "never")
    assert max([refused, busy], key=_weight) is busy
