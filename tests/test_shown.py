"""What tickets show of their issues, and issues of their tickets, in fields and tags."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from syncd.ingest.poll import poll
from syncd.model import Audience, Author, Status
from syncd.plan import decide
from syncd.probe.observe import load, settled
from syncd.records import Left, LinkState, Standing
from syncd.sync.approval import keep
from syncd.sync.reconcile import drain
from syncd.testing.memory import Entry
from tests.pairs import Pair

TICKET: dict[str, Any] = {
    "ticket_fields": {"key": "issue_key", "url": "issue_url", "word": "issue_word"},
    "ticket_tag": "issue",
}
ISSUE: dict[str, Any] = {"issue_fields": {"count": "waiting_tickets"}, "issue_tag": "tickets"}
RULES: dict[str, Any] = TICKET | ISSUE


def shows(entry: Entry) -> dict[str, Any]:
    return {**entry.fields, **({"tags": entry.tags} if entry.tags else {})}


def of(pair: Pair, issue: Entry, word: str) -> dict[str, Any]:
    """What a ticket of one issue shows."""
    fields = {"key": f"TRACKER-{issue.number}", "url": pair.url(issue), "word": word}
    return fields | {"tags": (f"issue_{word}",)}


def waiting(count: int) -> dict[str, Any]:
    return {"count": count} | ({"tags": (f"tickets-{count}",)} if count else {})


@pytest.mark.parametrize("plain", [False, True])
def test_a_ticket_shows_its_issue_and_the_issue_how_many_wait(plain: bool) -> None:
    pair = Pair(plain=plain, **RULES)
    ticket, issue = pair.filed_pair()
    assert (shows(ticket), shows(issue)) == (of(pair, issue, "open"), waiting(1))
    pair.move(issue, "in_progress")
    pair.settle()
    assert (shows(ticket), shows(issue)) == (of(pair, issue, "in_progress"), waiting(1))
    pair.move(issue, "done")
    pair.settle()
    assert (str(ticket.status), shows(ticket), shows(issue)) == ("resolved", of(pair, issue, "done"), waiting(0))
    pair.move(issue, "declined")
    pair.settle()
    assert shows(ticket) == of(pair, issue, "declined")


def test_it_is_written_with_the_status_in_one_call() -> None:
    pair = Pair(**TICKET)
    ticket, issue = pair.filed_pair()
    before = pair.desk.calls, ticket.status_writes, ticket.shown_writes
    pair.move(issue, "done")
    pair.pass_()
    assert (ticket.status_writes - before[1], ticket.shown_writes - before[2]) == (1, 1)
    assert pair.desk.calls - before[0] == 3  # a poll, a fresh read, and the write


def test_quiet_stays_quiet() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    pair.settle()
    before = ticket.shown_writes, issue.shown_writes, pair.desk.calls + pair.tracker.calls
    pair.pass_()
    pair.pass_()
    assert pair.desk.calls + pair.tracker.calls - before[2] == 4  # two idle polls of two feeds
    pair.reconcile()
    assert (ticket.shown_writes, issue.shown_writes) == before[:2] == (1, 1)


def test_nothing_is_shown_of_adopted_pairs_until_an_end_has_moved() -> None:
    pair = Pair(**RULES)
    pairs = []
    for status, word in [("pending", "open"), ("resolved", "done"), ("resolved", "open"), ("open", "open")]:
        ticket = pair.ticket(status)
        pairs.append((ticket, pair.issue(ticket, status=word)))
    pair.reconcile()
    pair.settle()
    assert [(shows(ticket), shows(issue)) for ticket, issue in pairs] == [({}, {})] * 4
    pair.move(pairs[0][1], "done")
    pair.move(pairs[1][1], "open")
    pair.move(pairs[2][1], "done")
    pair.move(pairs[3][0], "resolved")
    pair.settle()
    words = [of(pair, pairs[0][1], "done"), of(pair, pairs[1][1], "open"), of(pair, pairs[2][1], "done")]
    assert [shows(ticket) for ticket, _ in pairs] == [*words, of(pair, pairs[3][1], "open")]
    assert [shows(issue) for _, issue in pairs] == [{}, waiting(1), {}, {}]


def test_several_issues_and_several_tickets() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    other, second = pair.ticket(), pair.issue(ticket)
    pair.say(other, pair.url(issue), Author.TEAM, internal=True)
    pair.settle()
    assert ticket.fields["key"] == f"TRACKER-{issue.number}, TRACKER-{second.number}"
    assert ticket.fields["url"] == f"{pair.url(issue)}, {pair.url(second)}"
    assert (shows(issue), shows(second)) == (waiting(2), waiting(1))
    pair.move(issue, "done")
    pair.settle()
    assert (ticket.fields["word"], ticket.tags) == ("open", ("issue_open",))
    assert (shows(issue), str(other.status)) == (waiting(1), "resolved")
    pair.move(second, "declined")
    pair.settle()
    assert (ticket.fields["word"], ticket.tags) == ("done", ("issue_done",))
    assert (shows(issue), shows(second)) == (waiting(0), waiting(0))


def test_what_an_agent_puts_there_is_not_fought_over() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    ticket.fields["key"] = "mine"
    pair.label(ticket, "vip")
    pair.label(issue, "bug")
    pair.settle()
    pair.reconcile()
    assert (ticket.fields["key"], ticket.tags, issue.tags) == ("mine", ("vip",), ("bug",))
    pair.move(issue, "done")
    pair.settle()
    assert (ticket.fields["key"], ticket.tags) == ("mine", ("vip", "issue_done"))
    assert issue.tags == ("bug",)


def test_what_stands_there_already_is_not_written() -> None:
    pair = Pair(ticket_tag="issue", issue_tag="tickets")
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket("on_hold")
    pair.label(ticket, "issue_open", "vip")
    issue = pair.issue(ticket)
    pair.label(issue, "tickets-1")
    pair.settle()
    assert (ticket.shown_writes, issue.shown_writes) == (0, 0)
    pair.move(issue, "in_progress")
    pair.settle()
    assert (ticket.tags, ticket.shown_writes) == (("vip", "issue_in_progress"), 1)


def test_one_tag_of_its_kind_is_left_whatever_stood_there() -> None:
    pair = Pair(**RULES)
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    pair.label(ticket, "issue_done", "issue_declined", "issue_of_mine", "vip")
    issue = pair.issue(ticket)
    pair.label(issue, "tickets-17", "tickets-x", "bug")
    pair.settle()
    assert ticket.tags == ("issue_of_mine", "vip", "issue_open")
    assert issue.tags == ("tickets-x", "bug", "tickets-1")


@pytest.mark.parametrize("plain", [False, True])
def test_a_link_that_a_person_removed_is_shown_no_more(plain: bool) -> None:
    pair = Pair(plain=plain, **RULES)
    ticket, issue = pair.filed_pair()
    pair.cut(ticket, issue)
    pair.settle()
    assert (ticket.fields, ticket.tags) == ({"key": "", "url": "", "word": ""}, ())
    assert shows(issue) == waiting(0)
    assert pair.store.queue.rows() == []
    writes = ticket.shown_writes
    pair.reconcile()
    assert (ticket.shown_writes, pair.store.shown.among([pair.ref(ticket), pair.ref(issue)])) == (writes, {})


def test_what_somebody_else_put_there_is_left_when_the_link_ends() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    ticket.fields["key"] = "mine"
    pair.label(ticket, "issue_done")
    pair.cut(ticket, issue)
    pair.settle()
    assert shows(ticket) == {"key": "mine", "url": "", "word": "", "tags": ("issue_done",)}


def test_a_lost_issue_is_shown_no_more() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    pair.remove(issue)
    pair.settle()
    assert (str(ticket.status), shows(ticket)) == ("open", {"key": "", "url": "", "word": ""})
    pair.restore(issue)
    pair.settle()
    assert shows(ticket) == of(pair, issue, "open")


def test_one_of_several_is_shown_no_more() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    second = pair.issue(ticket)
    other = pair.ticket()
    pair.say(other, pair.url(issue), Author.TEAM, internal=True)
    pair.settle()
    pair.cut(ticket, issue)  # the group falls apart
    pair.settle()
    assert (shows(ticket), shows(other)) == (of(pair, second, "open"), of(pair, issue, "open"))
    assert (shows(issue), shows(second)) == (waiting(1), waiting(1))


def test_a_ticket_that_has_lost_its_link_and_got_another_shows_that_one() -> None:
    pair = Pair(**RULES)
    tickets = [pair.ticket(), pair.ticket()]
    other = pair.issue(*tickets)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.settle()
    pair.cut(tickets[1], other)  # the group is due before
    pair.tick()
    pair.cut(ticket, issue)  # the ticket is due by itself, as nothing is linked to it
    pair.say(ticket, pair.url(other), Author.TEAM, internal=True)
    pair.settle()
    assert shows(ticket) == of(pair, other, "open")
    assert shows(issue) == waiting(0)


def test_a_duplicates_ticket_shows_the_canonical_issue() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    canonical = pair.issue()
    pair.duplicate(issue, canonical)
    pair.settle()
    assert (shows(ticket), shows(issue), shows(canonical)) == (of(pair, canonical, "open"), waiting(0), waiting(1))


def test_an_item_that_moved_shows_the_same_under_its_new_name() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    pair.tracker.tells_moves = True
    new = pair.transfer(issue)
    new.fields, new.tags = dict(issue.fields), issue.tags
    pair.settle()
    assert (shows(ticket), shows(new), new.shown_writes) == (of(pair, new, "open"), waiting(1), 0)


def test_nothing_is_shown_on_what_is_closed_for_good_or_muted() -> None:
    pair = Pair(mapped={"final": ["closed"]}, **RULES)
    ticket, issue = pair.filed_pair()
    pair.move(ticket, "closed")
    pair.settle()
    pair.move(issue, "done")
    pair.settle()
    assert (shows(ticket), shows(issue)) == (of(pair, issue, "open"), waiting(0))
    assert not pair.desk.written_though_final


@pytest.mark.parametrize("plain", [False, True])
def test_a_muted_ticket_shows_nothing_new_nor_does_its_issue_because_of_it(plain: bool) -> None:
    pair = Pair(plain=plain, **RULES)
    ticket, issue = pair.filed_pair()
    pair.say(ticket, "/mute", Author.TEAM, internal=True)
    pair.pass_()
    pair.move(issue, "in_progress")
    pair.settle()
    pair.move(ticket, "resolved")
    pair.settle()
    assert (shows(ticket), shows(issue)) == (of(pair, issue, "open"), waiting(1))
    pair.say(ticket, "/unmute", Author.TEAM, internal=True)
    pair.settle()
    assert (shows(ticket), shows(issue)) == (of(pair, issue, "in_progress"), waiting(0))


def test_a_public_issue_shows_the_count_and_nothing_else() -> None:
    pair = Pair(**RULES)
    _, issue = pair.filed_pair(audience=Audience.PUBLIC)
    assert (shows(issue), pair.notes(issue)) == (waiting(1), [])


def test_what_can_not_be_told_is_shown_as_it_was() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "strange")
    pair.settle()
    assert shows(ticket) == of(pair, issue, "open")


def test_what_a_label_makes_done_is_shown_as_done() -> None:
    pair = Pair(resolve_when="label:shipped", **RULES)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.settle()
    assert shows(ticket) == of(pair, issue, "in_progress")
    pair.label(issue, *issue.tags, "shipped")
    pair.settle()
    assert (shows(ticket), issue.tags) == (of(pair, issue, "done"), ("shipped",))


# trouble ---


def test_a_field_that_is_not_there_fails_alone_and_is_told() -> None:
    pair = Pair(**TICKET)
    ticket, issue = pair.filed_pair()
    pair.desk.no_fields.add("url")
    other = pair.issue(ticket)
    pair.move(issue, "done")
    pair.move(other, "done")
    pair.pass_()
    assert (str(ticket.status), pair.notes(ticket), ticket.status_writes) == ("resolved", ["link_note", "resolved"], 2)
    assert pair.parked() == ["there is no field url"]
    pair.desk.no_fields.clear()
    with pair.store.write():
        pair.store.queue.retry([row.group for row in pair.store.queue.rows()], pair.clock.now())
    pair.settle()
    assert (ticket.fields["word"], ticket.status_writes, pair.parked()) == ("done", 2, [])
    assert pair.link(ticket, issue).standing is Standing.AGREED


@pytest.mark.parametrize("fault", ["lost_answer", "error_after", "error", "rate_limited"])
def test_what_was_not_answered_is_shown_in_the_end(fault: str) -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "in_progress")
    pair.desk.faults.append((fault, True))
    pair.pass_()
    pair.settle()
    assert shows(ticket) == of(pair, issue, "in_progress")
    assert pair.store.shown.among([pair.ref(ticket)])[pair.ref(ticket)]["tag:issue"] == Left("issue_in_progress")


@pytest.mark.parametrize("fault", ["lost_answer", "error_after", "error"])
def test_what_may_have_been_shown_is_taken_away_with_its_link(fault: str) -> None:
    pair = Pair(**RULES, issue_links=True)
    tickets = [pair.ticket(), pair.ticket()]
    pair.settle()
    issue = pair.issue(*tickets)
    pair.tracker.faults.append((fault, True))
    pair.pass_()
    for ticket in tickets:
        pair.cut(ticket, issue)
    pair.settle()
    assert (shows(issue), issue.pointers) == (waiting(0) if issue.fields else {}, {})
    assert [shows(ticket) for ticket in tickets] == [{"key": "", "url": "", "word": ""}] * 2


@pytest.mark.parametrize("fault", ["lost_answer", "error_after"])
def test_what_may_have_been_counted_is_counted_anew(fault: str) -> None:
    pair = Pair(**RULES)
    tickets = [pair.ticket(), pair.ticket()]
    pair.settle()
    issue = pair.issue(*tickets)
    pair.tracker.faults.append((fault, True))
    pair.pass_()
    assert shows(issue) == waiting(2)
    pair.move(issue, "done")
    pair.settle()
    assert shows(issue) == waiting(0)


@pytest.mark.parametrize("fault", ["lost_answer", "error_after", "error"])
def test_what_may_have_been_taken_away_is_shown_again(fault: str) -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.tracker.faults.append((fault, True))
    pair.pass_()
    pair.reply(ticket, reopens=True)
    pair.settle()
    assert (str(ticket.status), shows(issue)) == ("open", waiting(1))


def test_what_was_out_of_sight_when_its_link_ended_shows_nothing_once_it_is_back() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    pair.cut(ticket, issue)
    pair.remove(ticket)
    pair.settle()
    assert shows(ticket) == of(pair, issue, "open")
    pair.restore(ticket)
    pair.pass_()
    assert shows(ticket) == {"key": "", "url": "", "word": ""}


def test_nothing_stays_parked_of_a_ticket_that_is_gone() -> None:
    pair = Pair(**RULES, issue_links=True)
    tickets = [pair.ticket(), pair.ticket()]
    issue = pair.issue(*tickets)
    pair.settle()
    pair.move(issue, "done")
    pair.settle()
    pair.tracker.faults.append(("refused", True))
    pair.remove(tickets[0])
    pair.pass_()
    pair.reconcile()
    assert pair.store.queue.rows() == []
    assert issue.pointers.keys() == {str(pair.ref(tickets[1]))}


def test_what_was_shown_before_a_crash_is_not_written_again() -> None:
    pair = Pair(**TICKET)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "in_progress")
    with pair.store.write():
        pair.store.shown.put(pair.ref(ticket), "tag:issue", "issue_done")  # as if the answer had never come
        pair.store.shown.put(pair.ref(ticket), "field:word", "done")
    ticket.fields["word"], ticket.tags = "in_progress", ("issue_in_progress",)
    writes = ticket.shown_writes
    pair.settle()
    assert ticket.shown_writes == writes


def test_it_counts_as_a_change_for_the_brake_and_not_as_a_status_for_the_damper() -> None:
    pair = Pair(**TICKET)
    ticket, issue = pair.filed_pair()
    pair.tick()
    since = pair.work.now
    pair.tick()
    for word in ["in_progress", "open"] * 4:
        pair.move(issue, word)
        pair.pass_()
    assert (ticket.fields["word"], pair.parked()) == ("open", [])
    assert str(pair.ref(ticket)) in pair.store.journal.changed("desk", since)
    pair.move(issue, "done")
    pair.pass_()
    assert str(ticket.status) == "resolved"


def test_a_connector_that_can_not_set_them_is_asked_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(**RULES)
    tracker = pair.work.connectors["tracker"]
    monkeypatch.setattr(tracker, "capabilities", replace(tracker.capabilities, sets_fields=False))
    ticket, issue = pair.filed_pair()
    assert (shows(ticket), shows(issue)) == (of(pair, issue, "open"), {"tags": ("tickets-1",)})


def test_what_a_plan_would_show_stands_in_it_in_words() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.work.writes = False
    groups: dict[str, Any] = {}
    pair.work.planned = lambda plan: keep(pair.work, groups, plan)
    pair.pass_()
    (group,) = groups.values()
    assert json.loads(group.model_dump_json())["steps"][0]["shown"] == ["field word = done", "tag issue_done"]
    assert shows(ticket) == of(pair, issue, "open")


def test_the_journal_tells_of_it() -> None:
    pair = Pair(**RULES)
    pair.filed_pair()
    rows = [(row["target"], row["rule"], row["shown"]) for row in pair.store.journal.of(pair.link().id)]
    assert sorted(rows) == [("desk:1", "filed", 4), ("tracker:1", "shown", 2)]


def test_another_playbook_takes_away_what_it_does_not_show() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    pair.rules = {"ticket_tag": "work"}
    pair.restart()
    plan = settled(pair.work, decide(load(pair.work, pair.store.groups.all()[0])))
    assert {step.target for step in plan.steps} == {pair.ref(ticket), pair.ref(issue)}
    pair.reconcile()
    pair.settle()
    assert (shows(ticket), shows(issue)) == ({"key": "", "url": "", "word": "", "tags": ("work_open",)}, {"count": 0})
    assert pair.link().state is LinkState.LIVE
    assert ticket.status == Status("pending")


@pytest.mark.parametrize("happens", ["lost", "moved"])
def test_whatever_is_queued_of_an_item_that_is_left_alone_finds_a_lane(happens: str) -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    pair.tracker.tells_moves = True
    if happens == "lost":
        pair.remove(issue)
        shown = ""
    else:
        new = pair.transfer(issue)
        new.fields, new.tags = dict(issue.fields), issue.tags
        shown = pair.url(new)
    for _ in range(6):
        pair.clock.advance(600)
        for name in pair.books:
            poll(pair.work, name)
        for route in pair.store.queue.routes(pair.clock.now()):  # as the service's lanes do
            drain(pair.work, route=route)
    assert pair.store.queue.rows() == []
    assert shows(ticket)["url"] == shown
