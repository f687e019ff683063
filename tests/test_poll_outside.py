"""What independent stand-ins showed of the feed: services whose clock stands still, or counts in large steps."""

from __future__ import annotations

from syncd.model import Status
from tests.pairs import Pair


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
