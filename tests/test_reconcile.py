from __future__ import annotations

from syncd.model import Status
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
