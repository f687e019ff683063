"""What agents command of links is done, once, and nothing that is history or a customer's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.ingest.poll import poll
from syncd.model import Audience, Author, Status
from syncd.records import LinkState, Standing
from syncd.store.commands import DONE, PAST
from syncd.sync.reconcile import drain
from syncd.testing.memory import Entry
from tests.agents import KINDS, begun, order, outcomes, passed_over, rules, waiting
from tests.pairs import Pair


@KINDS
@pytest.mark.parametrize("how", ["{}", "tracker:TRACKER-1", "TRACKER-1", "<{}>"])
def test_a_link_that_an_agent_commands_is_filed(how: str, plain: bool) -> None:
    pair, ticket, issue = begun(plain=plain)
    order(pair, ticket, f"/link {how.format(pair.url(issue))}")
    pair.pass_()
    assert ticket.status == Status("pending")
    assert pair.notes(ticket) == ["link_note"]
    assert outcomes(pair, ticket) == [DONE]
    assert rules(pair) == ["command_link", "filed", "ticket_linked"]


@pytest.mark.parametrize(
    ("audience", "shows", "told"),
    [(Audience.PRIVATE, False, ["ticket_linked"]), (Audience.PUBLIC, False, []), (Audience.PRIVATE, True, [])],
)
def test_an_issue_that_was_there_is_told_once_of_a_ticket_that_an_agent_adds(
    audience: Audience, shows: bool, told: list[str]
) -> None:
    pair = Pair(texts={"ticket_linked": "ticket_linked"}, issue_links=shows)
    pair.reconcile()
    pair.tick()
    ticket, issue = pair.ticket(), pair.issue(audience=audience)
    pair.pass_()
    for command in (f"/link {pair.url(issue)}", "/unlink", f"/link {pair.url(issue)}"):
        order(pair, ticket, command)
        pair.pass_()
        pair.tick()
    pair.pass_()
    assert pair.notes(issue) == told
    assert pair.store.effects.count(pair.link().id, "ticket_linked") == len(told), "and nothing waits to be told"


def test_an_old_issue_that_syncd_never_met_is_told_as_well_of_a_ticket_that_an_agent_adds() -> None:
    pair = Pair()
    issue = pair.issue()
    pair.tick()
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    pair.pass_()
    order(pair, ticket, f"/link {pair.url(issue)}")
    pair.pass_()
    pair.settle()
    assert (str(ticket.status), pair.notes(issue)) == ("pending", ["ticket_linked"])


@KINDS
@pytest.mark.parametrize(("by", "internal"), [(Author.OUTSIDE, False), (Author.TEAM, False), (Author.SELF, True)])
def test_what_a_customer_writes_or_reads_commands_nothing(by: Author, internal: bool, plain: bool) -> None:
    pair, ticket, issue = begun(plain=plain)
    pair.say(ticket, f"/link {pair.url(issue)}", by, internal=internal)
    pair.say(ticket, "/mute\n/unlink\n/reopen", by, internal=internal)
    pair.pass_()
    assert not any(link.state is LinkState.LIVE for link in pair.links())
    assert outcomes(pair, ticket) == []
    assert ticket.status == Status("open")


@KINDS
def test_a_command_is_done_once_however_often_its_note_is_read_or_edited(plain: bool) -> None:
    pair, ticket, issue = begun(plain=plain)
    order(pair, ticket, f"/link {pair.url(issue)}")
    pair.pass_()
    pair.cut(ticket, issue)
    for _ in range(2):
        pair.tick()
        ticket.remarks[0] = replace(ticket.remarks[0], body=f"{ticket.remarks[0].body}\n/link TRACKER-1")
        ticket.version = pair.desk.next()
        pair.pass_()
        pair.reconcile()
    pair.restart()
    pair.pass_()
    assert pair.link().state is LinkState.ENDED


@KINDS
def test_what_was_commanded_before_syncd_looked_is_history(plain: bool) -> None:
    pair = Pair(plain=plain)
    issue = pair.issue()
    unlinked, linked, resolved = pair.ticket(), pair.ticket(), pair.ticket("resolved")
    pair.issue(linked)
    for ticket in (unlinked, linked, resolved):
        order(pair, ticket, f"/link {pair.url(issue)}")
        order(pair, ticket, "/mute")
    pair.tick()
    pair.reconcile()
    pair.tick()
    for ticket in (unlinked, linked, resolved):
        order(pair, ticket, "seen")
    pair.pass_()
    assert [link.ticket for link in pair.links() if link.state is LinkState.LIVE] == [pair.ref(linked)]
    assert pair.store.commands.muted() == []
    assert set(outcomes(pair, unlinked) + outcomes(pair, linked)) == {PAST}
    order(pair, linked, f"/link {pair.url(issue)}")
    order(pair, unlinked, f"/link {pair.url(issue)}")
    pair.pass_()
    assert pair.link(linked, issue).state is LinkState.LIVE
    assert pair.link(unlinked, issue).state is LinkState.LIVE


def test_a_note_of_which_nobody_knows_the_time_is_as_old_as_its_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(plain=True)
    old = pair.ticket("resolved")
    pair.issue(old)
    pair.tick()
    pair.reconcile()
    pair.tick()
    new = pair.ticket()
    item = type(pair.work.connectors["desk"])._item  # type: ignore[attr-defined]

    def timeless(self: object, entry: Entry) -> object:
        shown = item(self, entry)
        return replace(shown, texts=tuple(replace(text, at=None) for text in shown.texts))

    monkeypatch.setattr(type(pair.work.connectors["desk"]), "_item", timeless)
    for ticket in (old, new):
        order(pair, ticket, "/mute")
    pair.pass_()
    assert [ref for ref, _ in pair.store.commands.muted()] == [pair.ref(new)]


@KINDS
def test_a_command_that_waits_for_its_tracker_holds_up_what_comes_after_it(plain: bool) -> None:
    pair, ticket, issue = begun(plain=plain)
    other = pair.ticket()
    pair.work.seen.clear()
    order(pair, ticket, f"/link {pair.url(issue)}")
    order(pair, ticket, "/unlink")
    order(pair, other, "/mute")
    pair.tracker.faults += [("error", False)] * 9
    poll(pair.work, "desk")
    drain(pair.work)
    assert outcomes(pair, ticket) == ["", ""]
    assert [ref for ref, _ in pair.store.commands.muted()] == [pair.ref(other)]
    pair.tracker.faults.clear()
    pair.pass_()
    assert outcomes(pair, ticket) == [DONE, DONE]
    assert pair.link().state is LinkState.ENDED


FAILURES = {
    "/link TRACKER-99": "tracker has no such issue, or hides it from us",
    "/link https://tracker.example.com/items/99": "tracker has no such issue, or hides it from us",
    "/link other:OTHER-1": "that names none of this helpdesk's trackers: tracker",
    "/link the one from yesterday": "that is no address or key of an issue of tracker",
    "/unlink": "no issue is linked to this ticket",
    "/unlink TRACKER-1": "that issue is not linked to this ticket",
    "/reopen": "no issue is linked to this ticket",
}


@KINDS
@pytest.mark.parametrize("text", FAILURES)
def test_a_command_that_can_t_be_done_is_told_in_status_until_another_is_done(text: str, plain: bool) -> None:
    pair, ticket, issue = begun(plain=plain)
    order(pair, ticket, text)
    pair.pass_()
    what = text.split(maxsplit=1)[0]
    assert passed_over(pair) == {what: FAILURES[text]}
    order(pair, ticket, "never mind")
    pair.pass_()
    pair.reconcile()
    assert passed_over(pair) == {what: FAILURES[text]}
    assert pair.writes() == 0  # there is nothing to hang a note on
    order(pair, ticket, f"/link {pair.url(issue)}")
    pair.pass_()
    assert passed_over(pair) == {}


@KINDS
def test_what_failed_is_over_with_the_next_command_though_nothing_is_read_for_that(plain: bool) -> None:
    pair, ticket, _ = begun(plain=plain)
    order(pair, ticket, "/reopen")
    pair.pass_()
    assert list(passed_over(pair)) == ["/reopen"]
    order(pair, ticket, "/mute")
    pair.pass_()
    assert passed_over(pair) == {}


@KINDS
def test_a_command_that_can_t_be_done_is_told_once_on_a_ticket_that_has_a_link(plain: bool) -> None:
    pair, ticket, _ = waiting(plain=plain)
    order(pair, ticket, "/link TRACKER-99\n/mute it, please")
    pair.pass_()
    assert pair.notes(ticket) == ["link_note", "command_failed", "command_failed"]
    assert all(remark.internal for remark in ticket.remarks)
    pair.restart()
    pair.settle()
    pair.reconcile()
    assert len(pair.notes(ticket)) == 3
    order(pair, ticket, "/link TRACKER-99")
    pair.settle()
    assert pair.notes(ticket) == ["link_note"] + ["command_failed"] * 3


@KINDS
def test_the_poll_after_a_command_was_refused_costs_no_further_call(plain: bool) -> None:
    pair, ticket, _ = waiting(plain=plain)
    order(pair, ticket, "/mute it, please")
    pair.pass_()
    assert pair.notes(ticket)[1:] == ["command_failed"]
    before = pair.desk.calls
    pair.pass_()
    assert pair.desk.calls - before == 1


def test_what_a_customer_writes_just_before_a_command_is_refused_is_not_passed_over() -> None:
    pair, ticket, issue = waiting(plain=True)
    order(pair, ticket, "/mute it, please")
    poll(pair.work, "desk")
    pair.reply(ticket, reopens=False)
    drain(pair.work)
    assert pair.notes(ticket)[1:] == ["command_failed"]
    pair.move(issue, "done")
    pair.pass_()
    assert (str(ticket.status), pair.standing()) == ("pending", Standing.WAITS_FOR_AGENT)


def test_what_can_t_be_done_is_told_in_words_of_our_own() -> None:
    text = "{{ command }}: {{ reason }}"
    pair, ticket, _ = waiting(texts={"command_failed": text})
    order(pair, ticket, "/link Mrs Miller's one")
    pair.pass_()
    assert pair.notes(ticket)[1:] == ["/link: that is no address or key of an issue of tracker"]


def test_a_note_that_can_t_be_written_is_written_later() -> None:
    pair, ticket, _ = waiting()
    order(pair, ticket, "/mute it, please")
    poll(pair.work, "desk")
    pair.desk.faults.append(("error", True))
    pair.pass_()
    assert pair.notes(ticket) == ["link_note"]
    pair.settle()
    assert pair.notes(ticket) == ["link_note", "command_failed"]


# --- unlink ---


@KINDS
def test_what_an_agent_unlinks_stays_unlinked(plain: bool) -> None:
    pair, ticket, issue = waiting(plain=plain)
    order(pair, ticket, "/unlink")
    pair.pass_()
    assert pair.link().state is LinkState.ENDED
    pair.move(issue, "done")
    order(pair, ticket, pair.url(issue))
    pair.pass_()
    pair.reconcile()
    assert pair.link().state is LinkState.ENDED
    assert ticket.status == Status("pending")
    assert rules(pair)[-1] == "command_unlink"


@pytest.mark.parametrize("how", ["{}", "TRACKER-2", "tracker:tracker-2"])
def test_an_agent_may_unlink_one_of_several(how: str) -> None:
    pair, ticket, first = waiting()
    second = pair.issue(ticket)
    pair.tick()
    pair.pass_()
    order(pair, ticket, f"/unlink {how.format(pair.url(second))}")
    pair.pass_()
    assert pair.link(ticket, first).state is LinkState.LIVE
    assert pair.link(ticket, second).state is LinkState.ENDED
    pair.move(first, "done")
    pair.pass_()
    assert ticket.status == Status("resolved")
