"""A ticket that syncd has resolved is closed once nobody has done anything on it for long, if the playbook says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from syncd.errors import ConfigError
from syncd.model import Audience, Author
from syncd.probe.sweep import Sweep
from syncd.records import Standing
from syncd.testing.memory import Entry
from tests.pairs import Pair
from tests.rules import playbook

DAY = 86400
WEEKDAYS: dict[str, Any] = {"calendar": {"time_zone": "UTC"}}


def resolved(pair: Pair) -> tuple[Entry, Entry]:
    """A pair whose issue was done, and whose ticket was resolved with it."""
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.settle()
    assert str(ticket.status) == "resolved"
    return ticket, issue


def passes(pair: Pair, days: float) -> None:
    """Time passes, and the service looks for what that alone brings about."""
    pair.tick(int(days * DAY))
    Sweep("desk", due=1.0, night=1e12).run(pair.work)
    pair.pass_()


def test_it_is_closed_with_a_note_once_and_stays_so() -> None:
    pair = Pair(close_after="3d")
    ticket, _ = resolved(pair)
    passes(pair, 2.9)
    assert str(ticket.status) == "resolved"
    passes(pair, 0.2)
    assert (str(ticket.status), pair.notes(ticket).count("nobody_objects")) == ("closed", 1)
    assert pair.standing() is Standing.AGREED
    before = pair.writes()
    for _ in range(3):
        passes(pair, 9)
        pair.reconcile()
    assert pair.writes() == before
    (row,) = [row for row in pair.store.journal.of(pair.link().id, 100) if row["rule"] == "nobody_objects"]
    assert (row["moved"], row["before"], row["after"]) == ("neither", "resolved", "closed")


def test_reconcile_sees_to_it_where_no_service_runs() -> None:
    pair = Pair(close_after="3d")
    ticket, _ = resolved(pair)
    pair.tick(4 * DAY)
    pair.reconcile()
    assert str(ticket.status) == "closed"


def test_as_shipped_nothing_is_closed() -> None:
    pair = Pair()
    ticket, _ = resolved(pair)
    passes(pair, 900)
    pair.reconcile()
    assert str(ticket.status) == "resolved"


@pytest.mark.parametrize(("limit", "days", "closed"), [("2wd", 3, False), ("2wd", 4.1, True), ("2d", 3, True)])
def test_working_days_leave_the_weekend_out(limit: str, days: float, closed: bool) -> None:
    pair = Pair(close_after=limit, timers=WEEKDAYS)
    pair.tick(4 * DAY)  # a Friday
    ticket, _ = resolved(pair)
    passes(pair, days)
    assert (str(ticket.status) == "closed") is closed


def writes(pair: Pair, ticket: Entry) -> None:
    pair.reply(ticket, reopens=False)


def note(pair: Pair, ticket: Entry) -> None:
    pair.say(ticket, "I asked them how it is", Author.TEAM, internal=True)


def answer(pair: Pair, ticket: Entry) -> None:
    pair.answer(ticket)


@pytest.mark.parametrize("what", [note, answer])
def test_whatever_happens_on_it_begins_the_time_anew(what: Callable[[Pair, Entry], None]) -> None:
    pair = Pair(close_after="3d")
    ticket, _ = resolved(pair)
    passes(pair, 2)
    what(pair, ticket)
    passes(pair, 2)
    assert str(ticket.status) == "resolved"
    passes(pair, 1.1)
    assert str(ticket.status) == "closed"


@pytest.mark.parametrize("plain", [False, True])
def test_a_customer_who_wrote_last_is_never_closed_upon(plain: bool) -> None:
    pair = Pair(close_after="3d", plain=plain)
    ticket, _ = resolved(pair)
    writes(pair, ticket)
    for _ in range(3):
        passes(pair, 30)
        pair.reconcile()
    assert (str(ticket.status), pair.notes(ticket).count("nobody_objects")) == ("resolved", 0)
    pair.answer(ticket)
    passes(pair, 4)
    assert str(ticket.status) == "closed"


def test_a_customer_who_writes_while_it_is_decided_is_not_closed_upon() -> None:
    pair = Pair(close_after="3d")
    ticket, _ = resolved(pair)
    pair.tick(4 * DAY)
    Sweep("desk", due=1.0, night=1e12).run(pair.work)
    writes(pair, ticket)
    pair.pass_()
    assert str(ticket.status) == "resolved"


def by_an_agent(pair: Pair) -> Entry:
    """The agent was quicker than syncd."""
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.move(ticket, "resolved")
    pair.settle()
    return ticket


def anew_by_an_agent(pair: Pair) -> Entry:
    ticket, _ = resolved(pair)
    pair.move(ticket, "open")
    pair.settle()
    pair.move(ticket, "resolved")
    pair.settle()
    return ticket


def before_the_watch(pair: Pair) -> Entry:
    """An old pair, adopted as it stands."""
    ticket = pair.ticket("resolved")
    pair.issue(ticket, status="done")
    pair.reconcile()
    return ticket


def with_an_open_issue(pair: Pair) -> Entry:
    """A sprint is over: the ticket is resolved, and the work goes on."""
    ticket, issue = pair.filed_pair()
    pair.label(issue, "late")
    pair.settle()
    assert str(ticket.status) == "resolved"
    return ticket


@pytest.mark.parametrize("how", [by_an_agent, anew_by_an_agent, before_the_watch, with_an_open_issue])
def test_what_syncd_has_not_resolved_with_its_issue_is_the_agents_own(how: Callable[[Pair], Entry]) -> None:
    pair = Pair(close_after="3d", replies={"sprint_label": "late"})
    ticket = how(pair)
    before = ticket.status_writes
    for _ in range(3):
        passes(pair, 30)
        pair.reconcile()
    assert (str(ticket.status), ticket.status_writes) == ("resolved", before)


def test_an_issue_that_is_opened_again_in_time_keeps_it_from_that() -> None:
    pair = Pair(close_after="3d")
    ticket, issue = resolved(pair)
    passes(pair, 2)
    pair.move(issue, "open")
    pair.settle()
    assert str(ticket.status) == "pending"
    passes(pair, 30)
    assert str(ticket.status) == "pending"


def test_an_issue_that_somebody_from_outside_has_closed_anew_counts_for_nothing() -> None:
    pair = Pair(close_after="3d")
    ticket, issue = resolved(pair)
    pair.move(issue, "open")
    pair.move(issue, "done", outside=True)
    pair.pass_()
    passes(pair, 30)
    assert str(ticket.status) == "resolved"


def test_a_muted_ticket_is_left_alone() -> None:
    pair = Pair(close_after="3d")
    ticket, _ = resolved(pair)
    pair.say(ticket, "/mute", Author.TEAM, internal=True)
    pair.settle()
    passes(pair, 30)
    assert str(ticket.status) == "resolved"


def test_what_is_refused_waits_its_turn_and_is_not_asked_for_anew() -> None:
    pair = Pair(close_after="3d")
    ticket, _ = resolved(pair)
    pair.desk.faults.append(("refused", True))
    passes(pair, 4)
    assert (str(ticket.status), len(pair.parked())) == ("resolved", 1)
    calls = pair.work.connectors["desk"].calls.total()
    Sweep("desk", due=1.0, night=1e12).run(pair.work)
    assert (len(pair.parked()), pair.work.connectors["desk"].calls.total()) == (1, calls)


def test_a_restart_between_the_look_and_the_write_closes_it_once() -> None:
    pair = Pair(close_after="3d")
    ticket, _ = resolved(pair)
    pair.desk.faults.append(("lost_answer", True))
    passes(pair, 4)
    pair.restart()
    pair.settle()
    assert (str(ticket.status), pair.notes(ticket).count("nobody_objects")) == ("closed", 1)


def test_the_report_counts_until_it_was_resolved_and_not_the_silence_afterwards() -> None:
    pair = Pair(close_after="3d")
    resolved(pair)
    (before,) = pair.store.tickets.handed("desk")
    assert before.finished_at
    passes(pair, 4)
    (after,) = pair.store.tickets.handed("desk")
    assert after.finished_at == before.finished_at


def test_where_the_issue_is_public_nothing_is_written_there() -> None:
    pair = Pair(close_after="3d")
    ticket, issue = pair.filed_pair(audience=Audience.PUBLIC)
    pair.move(issue, "done")
    pair.settle()
    passes(pair, 4)
    assert (str(ticket.status), pair.notes(issue)) == ("closed", [])


def test_a_playbook_that_closes_what_would_not_go_with_its_issue_is_refused() -> None:
    with pytest.raises(ConfigError, match="doesn't go with a ticket that is closed"):
        playbook(close_after="3d", fit={"done": {"fits": ["resolved"], "write": "resolved"}})


def test_working_days_take_a_calendar() -> None:
    with pytest.raises(ConfigError, match="nothing says when the team works"):
        playbook(close_after="3wd")


def test_when_it_is_closed_is_part_of_what_a_playbook_writes() -> None:
    prints = {playbook(**how).fingerprint for how in ({}, {"close_after": "3d"}, {"close_after": "4d"})}
    assert len(prints) == 3
