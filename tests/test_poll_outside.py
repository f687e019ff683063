"""What independent stand-ins showed of the feed: services whose clock stands still, or counts in large steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import pytest

from syncd.errors import ConnectorError, Gone, Refused
from syncd.ingest.poll import poll, walk
from syncd.model import Page, Status
from syncd.records import Standing
from syncd.testing.memory import MemoryConnector
from tests.filings import Desk
from tests.ledger import Bench
from tests.pairs import Pair

NO = "listing what is switched off: it is switched off"


class HalfShut(Bench):
    """A tracker with a source that can't be read, before the one that can."""

    error: type[ConnectorError] = Refused
    shut: Sequence[str] = ("shut",)

    def sources(self) -> Sequence[str]:
        return (*self.shut, *super().sources())

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        if source in self.shut:
            raise self.error(self.name, NO)
        return super().changes(source, cursor, since)


class Shut(HalfShut):
    """A tracker that can't be read at all."""

    def sources(self) -> Sequence[str]:
        return self.shut


@pytest.fixture
def half() -> Callable[[Pair], MemoryConnector]:
    """One of the tracker's sources can't be read from now on."""

    def shut(pair: Pair) -> MemoryConnector:
        pair.connectors = {"tracker": HalfShut}
        pair.restart()
        return pair.work.connectors["tracker"]  # type: ignore[return-value]

    return shut


@pytest.mark.parametrize("error", [Refused, Gone])
def test_a_source_that_is_refused_holds_up_no_other(
    half: Callable[[Pair], MemoryConnector], error: type[ConnectorError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HalfShut, "error", error)
    pair = Pair()
    ticket, issue = pair.filed_pair()
    half(pair)
    pair.move(issue, "done")
    told = poll(pair.work, "tracker")
    assert told is not None
    assert told.what == NO
    pair.pass_()
    assert ticket.status == Status("resolved")


def test_a_walk_reads_what_it_can_and_says_what_it_could_not(half: Callable[[Pair], MemoryConnector]) -> None:
    pair = Pair()
    half(pair)
    with pytest.raises(Refused, match="switched off"):
        walk(pair.work, "tracker")
    assert pair.store.cursors.walked("tracker")


def test_where_every_source_is_refused_the_tracker_is() -> None:
    pair = Pair(connectors={"tracker": Shut})
    with pytest.raises(Refused, match="switched off"):
        poll(pair.work, "tracker")


def test_filing_in_one_place_waits_for_no_other_place_that_is_refused(half: Callable[[Pair], MemoryConnector]) -> None:
    desk = Desk()
    half(desk)
    ticket = desk.escalated()
    desk.go()
    assert (len(desk.filed()), ticket.status) == (1, Status("pending"))


def test_nothing_is_filed_where_nobody_can_see_what_people_have_filed() -> None:
    desk = Desk()
    desk.connectors = {"tracker": Shut}
    desk.restart()
    ticket = desk.escalated()
    poll(desk.work, "desk")
    desk.tick(61)
    desk.reconcile()
    assert (desk.filed(), desk.states(ticket)) == ([], ["waiting"])


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
