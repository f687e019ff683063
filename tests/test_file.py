"""An escalated ticket becomes an issue, once, whatever the services answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncd.daemon.lanes import Shared
from syncd.daemon.metrics import Metrics
from syncd.details import Company
from syncd.errors import Unauthorized
from syncd.ingest.watch import begin_watch
from syncd.model import Audience, Author, Place, Status
from syncd.records import LinkState, Origin
from syncd.store import FilingState
from tests.filings import AFTER, RULES, Desk

SECRET = "the token is 1234"


def test_an_escalated_ticket_becomes_an_issue_and_waits_for_it() -> None:
    desk = Desk()
    ticket = desk.escalated("Search is slow", body=SECRET)
    desk.pass_()
    assert desk.filed() == [], "people get a minute to file it themselves"
    desk.go()
    (issue,) = desk.filed()
    assert (issue.subject, issue.place, issue.audience) == ("Search is slow", "BUG", Audience.PRIVATE)
    assert issue.body == f"Ticket: {desk.url(ticket)}\n\n> {SECRET}"
    assert ticket.status == Status("pending")
    assert desk.notes(ticket) == ["link_note"]
    link = desk.link(ticket, issue)
    assert (link.state, link.origin, link.filed) == (LinkState.LIVE, Origin.SYNCD, True)
    row = desk.row(ticket)
    assert (row.state, row.issue, row.place, row.audience) == (FilingState.FILED, desk.ref(issue), "BUG", "private")
    assert row.trigger == "the tag escalate"
    journal = [(one["rule"], one["outcome"]) for one in desk.store.journal.of(link.id)]
    assert journal == [("filed", "done"), ("issue_filed", "done")]


def test_it_is_filed_once_and_the_next_polls_write_nothing() -> None:
    desk = Desk()
    desk.escalated()
    desk.go()
    before = desk.writes()
    desk.settle()
    assert (len(desk.filed()), desk.writes()) == (1, before)


def test_the_issue_s_end_resolves_the_ticket_and_the_trigger_that_is_left_files_nothing_more() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.go()
    desk.move(desk.filed()[0], "done")
    desk.go()
    assert (ticket.status, len(desk.filed())) == (Status("resolved"), 1)
    desk.reply(ticket)
    desk.go()
    assert len(desk.filed()) == 1


def test_what_was_escalated_before_the_watch_began_is_left_to_people() -> None:
    desk = Desk(file={"when": []})
    ticket = desk.ticket()
    desk.escalate(ticket)
    desk.rules = RULES
    desk.store = type(desk.store).scratch()
    desk.work = desk.connect()
    desk.reconcile()
    desk.say(ticket, "any news?", Author.OUTSIDE)
    desk.go()
    assert (desk.filed(), desk.states(ticket)) == ([], ["old"])


def test_a_trigger_that_is_taken_away_in_time_files_nothing_and_counts_anew_when_it_is_set_again() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.calm(ticket)
    desk.go()
    assert (desk.filed(), desk.states(ticket)) == ([], ["withdrawn"])
    desk.escalate(ticket)
    desk.go()
    assert (len(desk.filed()), desk.states(ticket)) == (1, ["withdrawn", "filed"])


def test_a_ticket_that_is_resolved_in_time_becomes_no_issue_until_it_is_open_again() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.move(ticket, "resolved")
    desk.go()
    assert (desk.filed(), desk.row(ticket).state, desk.row(ticket).rule) == ([], FilingState.UNFILED, "finished")
    desk.move(ticket, "open")
    desk.go()
    assert len(desk.filed()) == 1


def test_a_person_s_issue_for_the_ticket_is_adopted_even_if_it_is_made_at_the_last_moment() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    issue = desk.issue(ticket)
    desk.pass_()
    assert (desk.filed(), desk.row(ticket).state, desk.row(ticket).issue) == ([], FilingState.ADOPTED, desk.ref(issue))


def test_a_person_s_issue_that_no_poll_but_our_own_last_look_shows_is_adopted() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    made: list[Any] = []

    def person() -> None:  # between the poll of the helpdesk and the filing
        if not made:
            made.append(desk.issue(ticket))

    desk.desk.before_call = person
    desk.pass_()
    desk.go()
    assert (desk.filed(), desk.row(ticket).issue) == ([], desk.ref(made[0]))


def test_an_outsider_s_issue_that_names_the_ticket_keeps_nobody_from_filing() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.issue(ticket, by=Author.OUTSIDE)
    desk.go()
    assert len(desk.filed()) == 1


@pytest.mark.parametrize("fault", ["lost_answer", "error_after"])
def test_an_issue_whose_answer_was_lost_is_found_and_not_filed_again(fault: str) -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append((fault, True))
    desk.pass_()
    assert desk.row(ticket).state is FilingState.DOUBT
    desk.go(3)
    (issue,) = desk.filed()
    assert (desk.row(ticket).issue, ticket.status) == (desk.ref(issue), Status("pending"))
    assert desk.notes(ticket) == ["link_note"]
    assert desk.link(ticket, issue).origin is Origin.SYNCD


@pytest.mark.parametrize("fault", ["error", "cut"])
def test_an_issue_that_may_not_have_been_made_is_looked_for_before_it_is_filed_again(fault: str) -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append((fault, True))
    desk.pass_()
    assert (desk.row(ticket).state, desk.filed()) == (FilingState.DOUBT, [])
    desk.pass_()
    assert desk.filed() == [], "not before it has settled"
    desk.go(3)
    assert (len(desk.filed()), desk.row(ticket).state) == (1, FilingState.FILED)


def test_a_person_who_files_while_ours_is_in_doubt_is_left_the_only_one() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append(("error", True))
    desk.pass_()
    issue = desk.issue(ticket)
    desk.go(3)
    assert (desk.filed(), desk.row(ticket).state, desk.row(ticket).issue) == ([], FilingState.ADOPTED, desk.ref(issue))


@pytest.mark.parametrize("fault", ["rate_limited", "unauthorized"])
def test_a_tracker_that_lets_nobody_write_gets_the_issue_later_and_once(fault: str) -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append((fault, True))
    desk.pass_()
    assert (desk.filed(), desk.row(ticket).state) == ([], FilingState.WAITING)
    desk.go(6)
    assert (len(desk.filed()), desk.row(ticket).tries) == (1, 0)


@pytest.mark.parametrize("broken", ["desk", "tracker"])
def test_what_waits_for_a_system_is_filed_as_soon_as_that_works_again(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    if broken == "desk":
        monkeypatch.setattr(desk.work.connectors["desk"], "detail", lambda _ref: _raise(desk))
    else:
        desk.tracker.faults.append(("unauthorized", True))
    desk.pass_()
    monkeypatch.undo()
    fresh = desk.escalated("It is slower")
    desk.pass_()
    assert desk.states(ticket) == desk.states(fresh) == ["waiting"]
    works_again(desk, broken)
    desk.pass_()
    assert (desk.states(ticket), desk.states(fresh)) == (["filed"], ["waiting"]), "people get their minute all the same"


def works_again(desk: Desk, name: str) -> None:
    """As the service finds once a connector's trouble is over."""
    whatever: Any = None
    how: dict[str, Any] = {"clock": desk.clock, "connectors": desk.work.connectors, "store": desk.store}
    shared = Shared(config=whatever, marker_key=b"", log=whatever, walked={}, tried={}, metrics=Metrics(), **how)
    shared.paused = desk.work.paused
    with desk.store.write():
        shared.works_again(name)


def test_what_the_tracker_refuses_is_set_aside_with_the_reason() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append(("refused", True))
    desk.go(4)
    row = desk.row(ticket)
    assert (desk.filed(), row.state, row.reason) == ([], FilingState.REFUSED, "the value isn't accepted")


@pytest.mark.parametrize("call", ["detail", "audience"])
@pytest.mark.parametrize("fault", ["rate_limited", "unauthorized", "error", "lost_answer"])
def test_what_can_t_be_read_now_is_filed_later_and_once(call: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    books = desk.desk if call == "detail" else desk.tracker
    one = desk.work.connectors[books.name]
    real, struck = getattr(one, call), list[str]()

    def strike(what: Any) -> Any:
        if len(struck) < 5:
            struck.append(fault)
            books.faults.append((fault, False))
        return real(what)

    monkeypatch.setattr(one, call, strike)
    desk.pass_()
    assert (desk.filed(), desk.row(ticket).state) == ([], FilingState.WAITING)
    desk.go(30)
    assert (len(desk.filed()), desk.row(ticket).state) == (1, FilingState.FILED)


def test_a_ticket_that_may_not_be_read_is_set_aside_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    monkeypatch.setattr(desk.work.connectors["desk"], "detail", lambda _ref: _raise(desk))
    desk.pass_()
    assert (desk.filed(), desk.row(ticket).state) == ([], FilingState.WAITING)
    assert desk.work.paused_for("desk")


def _raise(desk: Desk) -> None:
    raise Unauthorized(desk.desk.name, "the credential isn't accepted")


def test_a_ticket_that_is_deleted_in_time_becomes_no_issue() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.remove(ticket)
    desk.go()
    assert (desk.filed(), desk.states(ticket)) == ([], ["withdrawn"])


def test_a_place_that_everybody_reads_shows_nothing_of_the_customer() -> None:
    desk = Desk()
    desk.tracker.audiences["BUG"] = Audience.PUBLIC
    ticket = desk.escalated(SECRET, body=SECRET)
    desk.go()
    (issue,) = desk.filed()
    assert SECRET not in issue.subject + issue.body
    assert (desk.row(ticket).audience, desk.url(ticket) in issue.body) == ("public", True)


def test_a_place_of_which_nobody_tells_who_reads_it_is_public() -> None:
    desk = Desk()
    desk.tracker.audiences["BUG"] = None
    desk.escalated(body=SECRET)
    desk.go()
    assert [SECRET in issue.body for issue in desk.filed()] == [False]


def test_a_place_that_opens_up_at_the_last_moment_gets_an_issue_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    ticket = desk.escalated(body=SECRET)
    tracker = desk.work.connectors["tracker"]
    create = tracker.create

    def open_up(draft: Any) -> Any:
        desk.tracker.audiences["BUG"] = Audience.PUBLIC
        return create(draft)

    monkeypatch.setattr(tracker, "create", open_up)
    desk.go(4)
    (issue,) = desk.filed()
    assert (SECRET in issue.body, desk.row(ticket).audience) == (False, "public")


def test_a_paused_or_braked_end_gets_no_issue_until_it_may() -> None:
    for name in ("desk", "tracker"):
        desk = Desk()
        ticket = desk.escalated()
        with desk.store.write():
            desk.store.brakes.pull(name, "too much", desk.work.now)
        desk.go()
        assert (desk.filed(), desk.row(ticket).state) == ([], FilingState.WAITING)
        with desk.store.write():
            desk.store.brakes.release(name, desk.work.now)
            desk.store.connectors.pause(name, "", desk.work.now)
        desk.go()
        assert desk.filed() == []
        with desk.store.write():
            desk.store.connectors.resume(name)
        desk.go()
        assert len(desk.filed()) == 1


def test_a_muted_ticket_becomes_no_issue_until_it_is_unmuted() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.say(ticket, "/mute", Author.TEAM, internal=True)
    desk.go()
    assert desk.filed() == []
    desk.say(ticket, "/unmute", Author.TEAM, internal=True)
    desk.go()
    assert len(desk.filed()) == 1


def test_the_brake_counts_issues_that_are_filed() -> None:
    desk = Desk()
    desk.work.brake = desk.work.brake.model_copy(update={"max_changes": 3})
    tickets = [desk.escalated() for _ in range(6)]
    desk.go(4)
    assert len(desk.filed()) == 3
    assert {brake.connector for brake in desk.store.brakes.on()} & {"desk", "tracker"}
    assert sorted(desk.row(one).state.value for one in tickets) == ["filed"] * 3 + ["waiting"] * 3


def test_where_nothing_may_be_written_it_is_told_once_what_would_be_filed() -> None:
    desk = Desk(customer={"label": "customer/"})
    desk.work.writes = False
    told: list[Any] = []
    desk.work.planned_issue = told.append
    ticket = desk.escalated(body=SECRET)
    ticket.company = Company("Acme")  # a log says what would be filed, and names no customer
    desk.go(4)
    assert (desk.filed(), desk.writes()) == ([], 0)
    ((would,)) = (told,)
    assert [(one.ticket, one.place, one.kind, one.labels) for one in would] == [(desk.ref(ticket), "BUG", "rfh", ())]
    assert SECRET not in repr(would)


@pytest.mark.parametrize(
    ("when", "act"),
    [
        ({"group": "Tier 2"}, lambda ticket: setattr(ticket, "group", "tier 2")),
        ({"field": "cf_escalated", "value": True}, lambda ticket: ticket.fields.update(cf_escalated="true")),
        ({"status": "on_hold"}, lambda ticket: setattr(ticket, "status", Status("on_hold"))),
    ],
)
def test_each_trigger_is_seen(when: dict[str, Any], act: Any) -> None:
    desk = Desk(file={"when": [when]})
    ticket = desk.ticket()
    desk.pass_()
    desk.tick()
    act(ticket)
    ticket.version = desk.desk.next()
    desk.go()
    assert (len(desk.filed()), desk.states(ticket)) == (1, ["filed"])


def test_a_follow_up_ticket_files_nothing_by_the_tag_that_it_has_from_the_one_before() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.go()
    desk.move(desk.filed()[0], "done")
    desk.go()
    new = desk.follow_up(ticket)
    desk.escalate(new)
    desk.go()
    assert (len(desk.filed()), desk.states(new)) == (1, [])


def test_a_ticket_that_was_merged_into_another_before_it_was_due_files_nothing_more() -> None:
    desk = Desk()
    ticket, other = desk.escalated(), desk.escalated()
    desk.desk.tells_moves = True
    desk.pass_()
    desk.merge(ticket, other)
    desk.go(4)
    assert len(desk.filed()) == 1


def test_only_the_rule_is_kept_of_why_nothing_is_filed(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "syncd.db", file=RULES["file"] | {"authorised": "representatives"})
    desk.escalated(SECRET, body=SECRET)
    desk.go()
    (row,) = desk.store.filings.all()
    assert (row.state, row.rule, row.reason) == (FilingState.UNFILED, "no_company", "")
    assert SECRET.encode() not in (tmp_path / "syncd.db").read_bytes()


def test_an_answer_files_what_waited_for_one() -> None:
    desk = Desk(file=RULES["file"] | {"answered_first": True})
    ticket = desk.escalated()
    desk.go()
    assert (desk.filed(), desk.row(ticket).rule) == ([], "not_answered")
    desk.answer(ticket)
    desk.go()
    assert len(desk.filed()) == 1


def test_a_process_that_dies_after_the_issue_was_made_finds_it_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "syncd.db")
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)

    class _Dies(BaseException):
        """A kill."""

    tracker = desk.work.connectors["tracker"]
    create = tracker.create

    def die(draft: Any) -> Any:
        create(draft)
        raise _Dies

    tracker.create = die  # type: ignore[method-assign]
    with pytest.raises(_Dies):
        desk.pass_()
    assert desk.row(ticket).state is FilingState.SENT
    desk.restart()
    desk.go(4)
    (issue,) = desk.filed()
    assert (desk.row(ticket).issue, desk.notes(ticket)) == (desk.ref(issue), ["link_note"])


def test_what_the_issue_lacks_is_kept_as_the_connector_says_it() -> None:
    desk = Desk(routing=RULES["routing"] | {"labels": ["support"]})
    desk.tracker.dropped.add("support")
    ticket = desk.escalated()
    desk.go()
    assert (len(desk.filed()), desk.row(ticket).state) == (1, FilingState.FILED)
    assert "support" in desk.row(ticket).reason


def test_a_new_customer_s_label_is_made_and_a_playbook_s_own_has_to_be_there() -> None:
    desk = Desk(routing=RULES["routing"] | {"labels": ["support"]}, customer={"label": "customer/"})
    desk.tracker.absent |= {"customer/acme"}
    ticket = desk.escalated()
    ticket.company = Company("Acme")
    desk.go()
    (issue,) = desk.filed()
    assert set(issue.tags) == {"support", "customer/acme"}
    desk.tracker.absent |= {"support"}
    other = desk.escalated()
    desk.go()
    assert (desk.filed(), desk.row(other).state) == ([issue], FilingState.REFUSED)


def test_the_note_on_the_ticket_is_internal_and_its_text_is_the_playbook_s() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.go()
    items = desk.work.connectors["desk"].fetch([desk.ref(ticket)])
    texts = [text for item in items.values() for text in getattr(item, "texts", ()) if text.author is Author.SELF]
    assert [text.place for text in texts] == [Place.NOTE]


# --- for the report ---


def test_the_first_answer_is_kept_once_it_shows_and_not_moved_by_a_second() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.go()
    assert desk.row(ticket).answered_at == ""
    desk.say(ticket, "thanks for asking", Author.OUTSIDE)
    desk.say(ticket, "between us", Author.TEAM, internal=True)
    desk.go()
    assert desk.row(ticket).answered_at == "", "neither the customer nor a note answers"
    desk.answer(ticket)
    desk.go()
    first = desk.row(ticket).answered_at
    assert first
    desk.tick(3600)
    desk.answer(ticket)
    desk.go()
    assert desk.row(ticket).answered_at == first


@pytest.mark.parametrize(("companies", "kept"), [(True, "acme-soehne"), (False, "")])
def test_the_customer_of_an_issue_is_kept_only_where_the_playbook_says_so(companies: bool, kept: str) -> None:
    desk = Desk(report={"companies": companies})
    ticket = desk.escalated()
    ticket.company = Company("Acme Soehne")
    desk.go()
    assert (desk.row(ticket).state, desk.row(ticket).company) == (FilingState.FILED, kept)


def changed(when: list[dict[str, str]]) -> tuple[Desk, Any, Any]:
    """A desk whose playbook files by a tag since a moment ago: a ticket that bore it before, and one of later."""
    desk = Desk(file={"when": when})
    before = desk.ticket()
    desk.ticket()
    desk.escalate(before)
    desk.pass_()
    desk.tick()
    desk.rules = RULES
    desk.work = desk.connect()
    for name in desk.work.helpdesks:
        begin_watch(desk.work, name)
    desk.tick()
    return desk, before, desk.escalated()


@pytest.mark.parametrize("when", [[], [{"tag": "another"}]])
def test_a_playbook_that_has_changed_makes_nothing_new_of_what_was_set_before(when: list[dict[str, str]]) -> None:
    desk, before, after = changed(when)
    desk.say(before, "any news?", Author.OUTSIDE)
    desk.go()
    assert (desk.states(before), desk.states(after)) == (["old"], ["filed"])


@pytest.mark.parametrize("walked", [False, True])
def test_what_is_set_on_an_older_ticket_is_new_once_a_whole_walk_has_shown_all(*, walked: bool) -> None:
    desk, before, _ = changed([])
    older = next(one for one in desk.desk.entries.values() if one is not before)
    if walked:
        desk.reconcile()
    desk.tick()
    desk.escalate(older)
    desk.go()
    assert desk.states(older) == (["filed"] if walked else ["old"])
    assert set(desk.states(before)) <= {"old"}
