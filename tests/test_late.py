"""What is late by the timers of a playbook, over a state that the core has written; the clock is moved by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.clock import stamp
from syncd.health import look
from syncd.late import LATE_ALERTS, Late, what_is_late
from syncd.model import Author, Item, Status
from syncd.records import Standing
from syncd.store import FilingRow, FilingState
from syncd.testing.memory import Entry
from tests.filings import RULES
from tests.pairs import Pair

HOUR, DAY = 3600, 86400
CALENDAR: dict[str, Any] = {"time_zone": "UTC"}
OFFICE = {"hours": "09:00-17:00"}
SPRINT = {"start": "2026-01-05", "length": "14d"}


def made(rules: dict[str, Any] | None = None, **timers: Any) -> tuple[Pair, Entry, Entry]:
    """A ticket that waits for its issue since Monday morning, 5 January 2026; both are assigned."""
    pair = Pair(timers=timers, **rules or {})
    ticket, issue = pair.filed_pair()
    assign(pair, ticket, "agent")
    assign(pair, issue, "dev")
    return pair, ticket, issue


def assign(pair: Pair, entry: Entry, *who: str) -> None:
    pair.tick()
    entry.assignees, entry.version = who, pair._books(entry).next()
    pair.pass_()


def after(pair: Pair, seconds: float) -> list[Late]:
    """Time passes, and syncd looks again and again."""
    pair.tick(int(seconds))
    pair.pass_()
    return late(pair)


def late(pair: Pair) -> list[Late]:
    return what_is_late(pair.store, pair.clock.now(), helpdesks=pair.work.helpdesks, trackers=pair.work.trackers)


def alerts(found: list[Late]) -> list[str]:
    return [one.alert for one in found]


def test_without_timers_nothing_is_ever_late() -> None:
    pair, ticket, issue = made()
    assign(pair, ticket)
    assign(pair, issue)
    assert after(pair, 900 * DAY) == []
    pair.move(issue, "done")
    assert after(pair, 900 * DAY) == []


# --- ownership ---


def test_an_issue_that_loses_its_assignee_is_told_of_until_somebody_takes_it() -> None:
    pair, ticket, issue = made(ownerless="1d")
    assert after(pair, 30 * DAY) == []
    assign(pair, issue)
    assert after(pair, DAY - HOUR) == []
    (found,) = after(pair, 2 * HOUR)
    assert (found.alert, found.ticket, found.issue) == ("ownerless", pair.ref(ticket), pair.ref(issue))
    assert "lost its assignee, since 2026-02-04" in found.reason
    pair.say(issue, "who takes this?", Author.TEAM)
    (again,) = after(pair, 5 * DAY)
    assert again.since == found.since, "nothing about its assignees has changed since"
    assign(pair, issue, "other")
    assert after(pair, 30 * DAY) == []
    assert ticket.assignees == ("agent",), "whoever has the ticket keeps it"


def test_a_pair_that_nobody_has_taken_is_told_of_and_one_that_an_agent_has_is_not() -> None:
    pair, ticket, issue = made(ownerless="1d")
    other = pair.ticket()
    third = pair.issue(other)
    assign(pair, other, "agent")
    assert after(pair, 3 * DAY) == [], "an issue that nobody has taken yet, and an agent who sees to the ticket"
    assign(pair, other)
    assert after(pair, DAY - HOUR) == []
    (found,) = after(pair, 2 * HOUR)
    assert (found.ticket, found.issue) == (pair.ref(other), pair.ref(third))
    assert "neither end has an assignee" in found.reason
    assert ticket.assignees == ("agent",)
    assert issue.assignees == ("dev",)


def test_a_workshop_needs_no_agent_but_keeps_its_engineer() -> None:
    pair, ticket, issue = made(ownerless="1d")
    file(pair, ticket, FilingState.FILED, issue=issue, kind="workshop", answered_at=stamp(pair.clock.now()))
    with pair.store.write():  # as if nobody had ever had it
        pair.store._db.execute("UPDATE snapshots SET assigned_at = '', assignees = '[]', unassigned_at = seen_at")
    assert late_after(pair, 9 * DAY) == []
    assign(pair, issue, "other")
    assign(pair, issue)
    assert alerts(after(pair, 2 * DAY)) == ["ownerless"]


def test_whoever_passes_an_issue_on_in_time_is_not_told_of() -> None:
    pair, _, issue = made(ownerless="1d")
    for day in range(5):
        assign(pair, issue)
        pair.pass_()
        assert after(pair, DAY / 2) == []
        assign(pair, issue, f"dev {day}")
        assert after(pair, DAY) == []


def test_a_weekend_is_no_working_time() -> None:
    pair, _, issue = made(ownerless="1wd", calendar=CALENDAR)
    after(pair, 4 * DAY)  # Friday morning
    assign(pair, issue)
    assert after(pair, 2 * DAY) == []
    assert after(pair, DAY - HOUR) == []  # Monday, less than a working day since
    assert alerts(after(pair, 2 * HOUR)) == ["ownerless"]


def test_nobody_is_told_of_a_service_that_does_not_tell_assignees() -> None:
    pair, ticket, issue = made(ownerless="1d")
    assign(pair, ticket)
    assign(pair, issue)
    with pair.store.write():
        pair.store._db.execute("UPDATE snapshots SET assignees = NULL")
    assert late_after(pair, 9 * DAY) == []


def late_after(pair: Pair, seconds: float) -> list[Late]:
    """Time passes, and nothing is read."""
    pair.clock.advance(seconds)
    return late(pair)


def test_a_finished_end_needs_nobody() -> None:
    for end, word in ((0, "closed"), (1, "done")):
        pair, *ends = made(ownerless="1d")
        assign(pair, ends[1])
        pair.pass_()
        pair.move(ends[end], word)
        assert after(pair, 9 * DAY) == []


def test_an_assignment_in_the_second_of_our_own_write_is_no_echo_of_it() -> None:
    pair, ticket, _ = made()
    seen = pair.store.snapshots.get(pair.ref(ticket))
    assert isinstance(seen, Item)
    with pair.store.write():
        pair.store.snapshots.wrote(seen.ref, seen.status, seen.version, pair.work.now)
    assert pair.store.snapshots.is_old(seen)
    assert pair.store.snapshots.is_old(replace(seen, assignees=None)), "it doesn't tell"
    assert not pair.store.snapshots.is_old(replace(seen, assignees=("other",)))


# --- sprints ---


def test_a_sprints_time_runs_from_the_assignment() -> None:
    pair, ticket, issue = made(sprint=SPRINT, sprint_limit=1)
    assign(pair, issue)
    assert after(pair, 20 * DAY) == [], "nobody has taken it: that is another alert"
    assign(pair, issue, "dev")
    assert after(pair, 14 * DAY - HOUR) == []
    assign(pair, issue, "dev", "second")
    (found,) = after(pair, 2 * HOUR)
    assert (found.alert, found.ticket, found.issue) == ("sprint_over", pair.ref(ticket), pair.ref(issue))
    assert found.reason == "assigned, since 2026-01-25"
    assign(pair, issue)
    assign(pair, issue, "third")
    assert after(pair, 14 * DAY - HOUR) == [], "begun anew"
    assert alerts(after(pair, 2 * HOUR)) == ["sprint_over"]
    pair.move(issue, "done")
    assert after(pair, DAY) == []


@pytest.mark.parametrize("label", ["exception", "Exception"])
def test_an_exception_is_approved_by_a_label(label: str) -> None:
    pair, _, issue = made(sprint=SPRINT, sprint_limit=1)
    assert alerts(after(pair, 20 * DAY)) == ["sprint_over"]
    pair.label(issue, label, "other")
    assert after(pair, HOUR) == []
    pair.label(issue, "other")
    assert alerts(after(pair, HOUR)) == ["sprint_over"]


def test_an_old_issue_gets_its_time_from_when_a_ticket_waits_for_it() -> None:
    pair, ticket, issue = made(sprint=SPRINT, sprint_limit=1)
    pair.move(ticket, "closed")
    assert after(pair, 100 * DAY) == []
    pair.join(pair.ticket(), issue)
    assert after(pair, 13 * DAY) == []
    assert alerts(after(pair, 2 * DAY)) == ["sprint_over"]


@pytest.mark.parametrize("label", ["critical", "CRITICAL"])
def test_what_is_critical_is_done_within_the_sprint_that_runs(label: str) -> None:
    pair, _, issue = made(sprint=SPRINT, sprint_limit=1)
    pair.label(issue, label)
    assert after(pair, 13 * DAY) == []
    (found,) = after(pair, DAY)  # the sprint is over on Monday the 19th
    assert found.reason == "critical, and linked, since 2026-01-05"


def test_what_was_filed_as_critical_needs_no_label() -> None:
    pair, ticket, issue = made(sprint=SPRINT, sprint_limit=1)
    file(pair, ticket, FilingState.FILED, issue=issue, priority="critical", answered_at=stamp(pair.clock.now()))
    after(pair, 8 * DAY)
    assign(pair, issue)
    assign(pair, issue, "dev")
    assert alerts(after(pair, 6 * DAY)) == ["sprint_over"]


# --- age ---


def test_a_link_gets_old_while_both_ends_are_open() -> None:
    pair, ticket, issue = made(old_link="30d")
    assert after(pair, 29 * DAY) == []
    (found,) = after(pair, 2 * DAY)
    assert (found.alert, found.ticket, found.issue) == ("old_link", pair.ref(ticket), pair.ref(issue))
    pair.move(issue, "done")
    assert after(pair, DAY) == []


def test_a_link_that_has_ended_is_not_late() -> None:
    pair, ticket, issue = made(old_link="30d")
    assert alerts(after(pair, 31 * DAY)) == ["old_link"]
    pair.cut(ticket, issue)
    assert late(pair) == []


# --- still waiting ---


@pytest.mark.parametrize(
    ("status", "told"), [("pending", ["still_waiting"]), ("on_hold", ["still_waiting"]), ("open", [])]
)
def test_an_old_pair_that_was_linked_as_it_stood(status: str, told: list[str]) -> None:
    pair = Pair(timers={"still_waiting": "1d"})
    pair.issue(pair.ticket(status), status="done")
    pair.tick()
    pair.reconcile()
    assert pair.standing() is Standing.ADOPTED
    assert alerts(after(pair, 2 * DAY)) == told, "an open one is in the agents' sight"


def test_the_issues_of_a_ticket_belong_together_whatever_was_linked_between_them() -> None:
    pair, ticket, issue = made(still_waiting="1d")
    other, second = pair.ticket(), pair.issue()
    pair.join(other, issue)
    pair.join(ticket, second)
    pair.reply(other)
    pair.move(issue, "done")
    pair.pass_()
    assert [one.ticket for one in after(pair, 2 * DAY)] == [pair.ref(other)]


def test_a_ticket_that_is_resolved_with_its_issue_does_not_wait() -> None:
    pair, ticket, issue = made(still_waiting="1h")
    pair.move(issue, "done")
    assert after(pair, DAY) == []
    assert ticket.status == Status("resolved")


def test_a_ticket_whose_customer_wrote_last_waits_for_an_agent() -> None:
    pair, ticket, issue = made(still_waiting="1d")
    pair.reply(ticket)
    pair.move(issue, "done")
    pair.pass_()
    assert pair.standing() is Standing.WAITS_FOR_AGENT
    assert after(pair, DAY - HOUR) == []
    (found,) = after(pair, 2 * HOUR)
    assert (found.alert, found.reason) == ("still_waiting", "the issue is finished, since 2026-01-05")
    pair.answer(ticket)
    assert after(pair, DAY) == []
    assert ticket.status == Status("resolved")


def test_a_muted_ticket_that_waits_is_told_of() -> None:
    pair, ticket, issue = made(still_waiting="1d")
    with pair.store.write():
        pair.store.commands.mute(pair.ref(ticket), stamp(pair.clock.now()))
    pair.move(issue, "done")
    assert after(pair, HOUR) == []
    assert alerts(after(pair, DAY)) == ["still_waiting"]
    assert ticket.status == Status("pending")


def test_a_duplicate_leaves_its_ticket_waiting() -> None:
    pair, _, issue = made(still_waiting="1d")
    pair.move(issue, "duplicate")
    assert alerts(after(pair, 2 * DAY)) == ["still_waiting"]


def test_a_ticket_with_another_open_issue_waits_for_that() -> None:
    pair, ticket, issue = made(still_waiting="1d")
    second = pair.issue(ticket)
    pair.pass_()
    pair.move(issue, "done")
    assert after(pair, 9 * DAY) == []
    pair.reply(ticket, reopens=False)
    pair.move(second, "done")
    (found,) = after(pair, 2 * DAY)
    assert found.issue == pair.ref(second), "the one that was finished last"


def test_a_ticket_that_its_requester_has_reopened_waits_for_something_else() -> None:
    pair, ticket, issue = made(still_waiting="1d")
    pair.move(issue, "done")
    pair.pass_()
    pair.tick()
    pair.reply(ticket)
    pair.pass_()
    assert pair.standing() is Standing.TOLD
    pair.answer(ticket)
    pair.move(ticket, "pending")
    assert after(pair, 9 * DAY) == []


# --- the Pending trap ---


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_a_ticket_that_a_rule_has_ended_while_its_issue_is_open(status: str) -> None:
    pair, ticket, issue = made(ended_early=True)
    pair.move(ticket, status)
    ticket.automated = True
    (found,) = after(pair, HOUR)
    assert (found.alert, found.ticket, found.issue) == ("ended_early", pair.ref(ticket), pair.ref(issue))
    assert found.reason == "ended by a rule or an app, since 2026-01-05"
    pair.move(ticket, "open")
    assert after(pair, HOUR) == []


def test_a_ticket_that_an_agent_has_ended_is_an_agents_business() -> None:
    pair, ticket, _ = made(ended_early=True)
    pair.move(ticket, "resolved")
    ticket.automated = False
    assert after(pair, HOUR) == []
    assert pair.standing() is Standing.TOLD


def test_where_nothing_tells_who_ended_it_that_is_said() -> None:
    pair, ticket, issue = made(ended_early=True)
    pair.move(ticket, "resolved")
    (found,) = after(pair, HOUR)
    assert found.reason == "nothing tells by whom, since 2026-01-05"
    pair.move(issue, "done")
    assert after(pair, HOUR) == []


def test_a_word_that_goes_with_an_open_issue_is_an_end_only_if_a_rule_made_it() -> None:
    words = ["new", "open", "pending", "on_hold", "closed"]
    pair, ticket, _ = made({"fit": {"open": {"fits": words, "write": "pending"}}}, ended_early=True)
    pair.move(ticket, "closed")
    assert after(pair, HOUR) == []
    assert pair.standing() is Standing.AGREED
    ticket.automated, ticket.version = True, pair.desk.next()
    assert alerts(after(pair, HOUR)) == ["ended_early"]


def test_an_issue_that_is_closed_and_not_released_is_open_for_its_ticket() -> None:
    pair, ticket, issue = made({"resolve_when": "label:released"}, ended_early=True)
    pair.move(issue, "done")
    pair.move(ticket, "resolved")
    ticket.automated = True
    assert alerts(after(pair, HOUR)) == ["ended_early"]
    pair.label(issue, "released")
    assert after(pair, HOUR) == []


def test_what_was_known_of_a_move_is_kept_until_the_next_one() -> None:
    pair, ticket, _ = made(ended_early=True)
    pair.move(ticket, "resolved")
    ticket.automated = True
    assert [one.reason[:5] for one in after(pair, HOUR)] == ["ended"]
    ticket.automated, ticket.version = None, pair.desk.next()  # a feed that doesn't tell
    assert [one.reason[:5] for one in after(pair, HOUR)] == ["ended"]
    pair.move(ticket, "open")
    pair.pass_()
    pair.move(ticket, "resolved")
    assert [one.reason[:7] for one in after(pair, HOUR)] == ["nothing"]


def test_a_ticket_that_was_given_up_for_this_sprint_has_not_ended_early() -> None:
    rules: dict[str, Any] = {"replies": {"sprint_label": "sprint-expired"}, "texts": {"message_sprint_over": "sorry"}}
    pair, ticket, issue = made(rules, ended_early=True, sprint=SPRINT, sprint_limit=1)
    assert alerts(after(pair, 20 * DAY)) == ["sprint_over"]
    pair.label(issue, "sprint-expired")
    assert after(pair, HOUR) == []
    assert ticket.status == Status("resolved")
    pair.reply(ticket)
    assert after(pair, HOUR) == [], "somebody has decided"


def test_a_ticket_that_we_resolved_has_not_ended_early_when_another_one_reopens_its_issue() -> None:
    pair, ticket, issue = made({"on_requester_reopen": "reopen"}, ended_early=True)
    other = pair.ticket()
    pair.join(other, issue)
    pair.move(issue, "done")
    pair.pass_()
    assert (ticket.status, other.status) == (Status("resolved"), Status("resolved"))
    pair.tick()
    pair.reply(other)
    assert after(pair, HOUR) == []
    assert issue.status == Status("open")
    assert pair.link(ticket, issue).standing is Standing.TOLD
    pair.move(ticket, "open")
    assert after(pair, HOUR) == []
    pair.move(ticket, "resolved")
    assert alerts(after(pair, HOUR)) == ["ended_early"], "that wasn't us"


# --- escalated tickets ---


def file(
    pair: Pair, ticket: Entry, state: FilingState, issue: Entry | None = None, turn: int = 0, **values: Any
) -> None:
    """As filing keeps what it sees: the ticket was made now, and is escalated since."""
    now = stamp(pair.clock.now())
    row = FilingRow(
        id=f"01{ticket.number}{turn}",
        ticket=pair.ref(ticket),
        created_at=now,
        occasion="escalated",
        turn=turn,
        state=state,
        seen_at=now,
        due=now,
        issue=pair.ref(issue) if issue else None,
        **values,
    )
    with pair.store.write():
        pair.store.filings.put(row)


def unread(pair: Pair) -> None:
    """Nobody has read what was written on any item."""
    with pair.store.write():
        pair.store._db.execute("UPDATE snapshots SET answered = NULL")


def test_a_ticket_is_answered_by_an_agent_in_public() -> None:
    pair, ticket, _ = made(acknowledge="1d")
    pair.say(ticket, "for the team", Author.TEAM, internal=True)
    pair.reply(ticket)
    assert after(pair, DAY - HOUR) == []
    (found,) = after(pair, 2 * HOUR)
    assert (found.alert, found.ticket, found.issue) == ("overdue_answer", pair.ref(ticket), None)
    pair.answer(ticket)
    assert after(pair, 9 * DAY) == []
    pair.reply(ticket)
    assert after(pair, 9 * DAY) == [], "the first answer counts"


def test_an_answer_that_was_seen_is_not_forgotten() -> None:
    pair, ticket, _ = made(acknowledge="1d")
    seen = pair.desk.entries[ticket.number]
    pair.answer(seen)
    assert after(pair, 9 * DAY) == []
    (item,) = pair.work.connectors["desk"].fetch([pair.ref(ticket)]).values()
    assert isinstance(item, Item)
    for texts in (None, (), item.texts):
        with pair.store.write():
            pair.store.snapshots.put(replace(item, texts=texts), pair.work.now)
        assert late(pair) == [], "an answer that doesn't tell takes nothing away, nor does one that was deleted"


def test_a_part_of_what_was_written_tells_nothing_of_an_answer() -> None:
    pair, ticket, _ = made(acknowledge="1d")
    unread(pair)
    (item,) = pair.work.connectors["desk"].fetch([pair.ref(ticket)]).values()
    assert isinstance(item, Item)
    for whole, told in ((False, []), (True, ["overdue_answer"])):
        with pair.store.write():
            pair.store.snapshots.put(replace(item, whole=whole), pair.work.now)
        assert alerts(late_after(pair, 2 * DAY)) == told


def test_a_ticket_that_is_done_or_that_the_team_began_needs_no_answer() -> None:
    pair, ticket, _ = made(acknowledge="1d")
    own = pair.ticket(by=Author.TEAM)
    pair.issue(own)
    pair.move(ticket, "resolved")
    assert after(pair, 9 * DAY) == []
    pair.move(ticket, "open")
    assert [one.ticket for one in after(pair, HOUR)] == [pair.ref(ticket)]
    pair.remove(ticket)
    assert after(pair, HOUR) == []


def test_an_escalated_ticket_is_answered_within_a_working_day() -> None:
    pair, ticket, issue = made(acknowledge="1wd", calendar=CALENDAR)
    after(pair, 4 * DAY)  # Friday morning
    unread(pair)
    file(pair, ticket, FilingState.FILED, issue=issue)
    assert late_after(pair, 2 * DAY) == []
    assert late_after(pair, DAY - HOUR) == []
    (found,) = late_after(pair, 2 * HOUR)
    assert (found.alert, found.ticket, found.issue) == ("overdue_answer", pair.ref(ticket), pair.ref(issue))
    file(pair, ticket, FilingState.FILED, issue=issue, answered_at=stamp(pair.clock.now()))
    assert late(pair) == []


def test_an_answer_that_comes_after_the_filing_is_an_answer() -> None:
    pair, ticket, issue = made(RULES, acknowledge="1d", calendar=CALENDAR)
    file(pair, ticket, FilingState.FILED, issue=issue)
    pair.say(ticket, "for the team", Author.TEAM, internal=True)
    pair.reply(ticket)
    assert alerts(after(pair, 2 * DAY)) == ["overdue_answer"], "a note is none, nor is what the customer writes"
    pair.answer(ticket)
    assert after(pair, HOUR) == []
    first = pair.store.filings.last(pair.ref(ticket))
    pair.tick()
    pair.answer(ticket)
    assert after(pair, HOUR) == []
    assert pair.store.filings.last(pair.ref(ticket)) == first, "the first one counts"


def test_of_several_filings_of_a_ticket_the_last_one_counts() -> None:
    pair, ticket, _ = made(acknowledge="1d", evaluate="1d")
    unread(pair)
    file(pair, ticket, FilingState.REFUSED)
    assert alerts(late_after(pair, 2 * DAY)) == ["overdue_answer", "overdue_filing"]
    file(pair, ticket, FilingState.REFUSED, turn=1)
    assert late(pair) == []


def test_where_notes_are_not_read_nobody_knows_of_answers_after_the_filing() -> None:
    pair, ticket, issue = made(acknowledge="1d")
    unread(pair)
    pair.work.helpdesks["desk"] = replace(pair.work.helpdesks["desk"], read_notes=False, commands=False)  # type: ignore[index]
    for state, told in ((FilingState.FILED, []), (FilingState.WAITING, ["overdue_answer"])):
        file(pair, ticket, state, issue=issue)
        assert alerts(late_after(pair, 2 * DAY)) == told


@pytest.mark.parametrize(
    ("state", "rule", "late"),
    [
        ("waiting", "", True), ("unfiled", "not_authorised", True), ("refused", "", True), ("doubt", "", True),
        ("unfiled", "no_issue", False), ("filed", "", False), ("adopted", "", False), ("withdrawn", "", False),
        ("old", "", False),
    ],
)  # fmt: skip
def test_an_escalated_ticket_gets_its_issue_or_a_decision_that_there_will_be_none(
    state: str, rule: str, late: bool
) -> None:
    pair, ticket, _ = made(evaluate="24wh", calendar=OFFICE)
    file(pair, ticket, FilingState(state), rule=rule, answered_at=stamp(pair.clock.now()))
    assert late_after(pair, 3 * DAY - HOUR) == [], "three days of eight hours"
    assert alerts(late_after(pair, 2 * HOUR)) == (["overdue_filing"] if late else [])
    pair.move(ticket, "resolved")
    assert after(pair, HOUR) == []


# --- all of them ---


def test_two_helpdesks_have_a_calendar_each() -> None:
    limits: dict[str, Any] = {"ownerless": "1wd"}
    pair = Pair(
        timers=limits | {"calendar": CALENDAR},
        beside={"timers": limits | {"calendar": {"hours": "10:00-14:00", "time_zone": "Asia/Tokyo"}}},
    )
    pair.reconcile()
    after(pair, 3 * DAY)  # Thursday, 9 in London and 18 in Tokyo
    tickets = [pair.ticket(at=name) for name in ("desk", "emea")]
    for ticket in tickets:
        pair.issue(ticket)
    pair.tick()
    pair.pass_()
    assert len(pair.links()) == 2
    names = [(hours, [one.ticket.connector for one in after(pair, hours * HOUR)]) for hours in (18, 4, 4)]
    # Friday 14:00 in Tokyo is 5 in London; a whole day there ends on Friday at 9
    assert names == [(18, []), (4, ["emea"]), (4, ["desk", "emea"])]
    picture = look(pair.store, {}, pair.clock.now(), helpdesks=pair.work.helpdesks, trackers=pair.work.trackers)
    assert picture.timed == ["desk", "emea"]


@settings(max_examples=30)
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["ticket", "issue", "take", "drop", "reply", "wait"]), st.integers(0, 40)),
        max_size=6,
    )
)
def test_looking_never_writes_and_what_is_told_is_true(moves: list[tuple[str, int]]) -> None:
    on: dict[str, Any] = {"ownerless": "1d", "old_link": "5d", "still_waiting": "1d", "ended_early": True}
    pair, ticket, issue = made(**on, sprint=SPRINT, sprint_limit=1)
    for what, number in moves:
        if what == "ticket":
            pair.move(ticket, ["open", "pending", "resolved"][number % 3])
        elif what == "issue":
            pair.move(issue, ["open", "done", "declined", "duplicate"][number % 4])
        elif what in {"take", "drop"}:
            assign(pair, [ticket, issue][number % 2], *(["dev"] if what == "take" else []))
        elif what == "reply":
            pair.reply(ticket)
        found, before = after(pair, number * DAY / 10), pair.writes()
        assert late(pair) == found
        assert pair.writes() == before
        done, over = issue.status.native != "open", ticket.status.native in {"resolved", "closed"}
        for one in found:
            assert one.alert in LATE_ALERTS
            assert one.since <= pair.clock.now()
            if one.alert in {"ownerless", "sprint_over", "old_link"}:
                assert not done
                assert not over
            if one.alert == "ownerless":
                assert not issue.assignees
                assert pair.clock.now() - one.since >= timedelta(days=1)
            assert (one.alert != "still_waiting") or (done and not over)
            assert (one.alert != "ended_early") or (over and not done)
