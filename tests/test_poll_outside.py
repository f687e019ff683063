"""What independent stand-ins showed of the feed: services whose clock stands still, or counts in large steps."""

from __future__ import annotations

import pytest

from syncd.model import Status
from syncd.records import Standing
from tests.pairs import Pair


@pytest.mark.trap("freshdesk", 9)
def test_a_ticket_that_is_moved_and_moved_back_in_the_second_of_our_own_write_is_seen_both_times() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.pass_()
    second = ticket.version

    def agent(status: str) -> None:
        ticket.status, ticket.version = Status(status), second
        pair.pass_()
        pair.reconcile()

    agent("open")
    agent("resolved")
    pair.move(issue, "open")
    pair.pass_()
    assert ticket.status == Status("pending")


def test_a_walk_hears_an_agent_whose_answer_the_list_does_not_show() -> None:
    pair = Pair(plain=True)
    ticket, issue = pair.filed_pair()
    pair.reply(ticket)
    pair.move(issue, "done")
    pair.pass_()
    pair.pass_()
    assert pair.standing() is Standing.WAITS_FOR_AGENT
    second = ticket.version
    pair.answer(ticket)
    ticket.version = second
    pair.reconcile()
    assert ticket.status == Status("resolved")
