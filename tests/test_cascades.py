"""A ticket whose resolving would resolve others: noticed whenever it shows, and not done by `undo` either."""

from __future__ import annotations

from syncd.records import Standing
from tests.pairs import Pair
from tests.test_undo import put_back, undo


def test_that_it_resolves_others_no_more_is_noticed_though_its_version_did_not_move() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    ticket.cascades = True
    pair.move(issue, "done")
    pair.settle()
    assert (str(ticket.status), pair.standing()) == ("pending", Standing.CASCADES)
    ticket.cascades = False
    pair.reconcile()
    assert (str(ticket.status), pair.standing()) == ("resolved", Standing.AGREED)


def test_undo_resolves_no_ticket_that_has_come_to_resolve_others() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.pass_()
    pair.tick()
    pair.move(issue, "open")
    moment = pair.work.now
    pair.tick()
    pair.pass_()
    assert str(ticket.status) == "pending"
    pair.lead(ticket)
    pair.settle()
    applied = put_back(pair, undo(pair, moment))
    assert (applied.done, str(ticket.status)) == ([], "pending")
