from __future__ import annotations

from syncd.model import Author, Status
from syncd.poll import poll
from syncd.reconcile import drain
from syncd.records import Standing
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
