"""What agents command from a ticket is done, once, and nothing that is history or a customer's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncd.model import Author, Status
from syncd.poll import poll
from syncd.reconcile import drain
from syncd.records import LinkState, Standing
from syncd.store import Store, back_up, restore
from syncd.store.commands import DONE, PAST
from syncd.testing.memory import Entry
from tests.ledger import Bench, Plain
from tests.pairs import Pair, hour

KINDS = pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])


def order(pair: Pair, ticket: Entry, text: str) -> None:
    """An agent's internal note."""
    pair.say(ticket, text, Author.TEAM, internal=True)
    pair.tick()


def outcomes(pair: Pair, ticket: Entry) -> list[str]:
    """What became of the last command of each note and tag."""
    return [row.outcome for row in pair.store.commands.sources(pair.ref(ticket)).values()]


def passed_over(pair: Pair) -> dict[str, str]:
    return {row["what"]: row["why"] for row in pair.store.journal.skips()}


def rules(pair: Pair) -> list[str]:
    """What the journal says of every link, the oldest first."""
    return [row["rule"] for link in pair.links() for row in reversed(pair.store.journal.of(link.id))]


def begun(*, plain: bool = False, path: Path | None = None, other: bool = False) -> tuple[Pair, Entry, Entry]:
    """An open ticket and an issue that have nothing to do with each other yet."""
    pair = Pair(path, plain=plain, other=other)
    pair.reconcile()
    pair.tick()
    ticket, issue = pair.ticket(), pair.issue()
    pair.tick()
    pair.pass_()
    pair.tick()
    return pair, ticket, issue


def waiting(*, plain: bool = False, **rules: Any) -> tuple[Pair, Entry, Entry]:
    """A ticket that waits for an issue."""
    pair = Pair(plain=plain, **rules)
    return pair, *pair.filed_pair()


# --- link ---


@KINDS
@pytest.mark.parametrize("how", ["{}", "tracker:TRACKER-1", "TRACKER-1", "<{}>"])
def test_a_link_that_an_agent_commands_is_filed(how: str, plain: bool) -> None:
    pair, ticket, issue = begun(plain=plain)
    order(pair, ticket, f"/link {how.format(pair.url(issue))}")
    pair.pass_()
    assert ticket.status == Status("pending")
    assert pair.notes(ticket) == ["link_note"]
    assert outcomes(pair, ticket) == [DONE]
    assert rules(pair) == ["command_link", "filed"]


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


# --- mute ---


@KINDS
def test_nothing_is_written_to_a_muted_ticket_or_because_of_it(plain: bool) -> None:
    pair, ticket, issue = waiting(plain=plain)
    order(pair, ticket, "/mute")
    pair.pass_()
    written = pair.writes()
    pair.move(ticket, "resolved")
    pair.pass_()
    pair.move(ticket, "pending")
    pair.move(issue, "done")
    pair.pass_()
    pair.reconcile()
    order(pair, ticket, "/link TRACKER-99")
    order(pair, ticket, "/reopen")
    pair.settle()
    assert pair.writes() == written
    assert (ticket.status, issue.status) == (Status("pending"), Status("done"))
    order(pair, ticket, "/unmute")
    pair.pass_()
    assert ticket.status == Status("resolved")
    assert pair.notes(ticket) == ["link_note", "resolved"]


def test_the_other_tickets_of_a_muted_ticket_s_issue_go_on() -> None:
    pair, ticket, issue = waiting()
    other = pair.ticket()
    pair.join(other, issue)
    order(pair, ticket, "/mute")
    pair.pass_()
    pair.move(issue, "done")
    pair.pass_()
    assert (str(ticket.status), str(other.status)) == ("pending", "resolved")


def test_a_note_that_is_still_owed_to_a_muted_ticket_waits() -> None:
    pair, ticket, issue = waiting(plain=True)
    pair.move(issue, "done")
    pair.desk.faults.append(("error", True))
    pair.pass_()
    assert pair.notes(ticket) == ["link_note"]
    order(pair, ticket, "/mute")
    pair.settle()
    assert pair.notes(ticket) == ["link_note"]
    order(pair, ticket, "/unmute")
    pair.settle()
    assert (str(ticket.status), pair.notes(ticket)) == ("resolved", ["link_note", "resolved"])


def test_a_link_that_is_made_while_its_ticket_is_muted_is_decided_afterwards() -> None:
    pair, ticket, issue = begun()
    order(pair, ticket, f"/mute\n/link {pair.url(issue)}")
    pair.pass_()
    assert (pair.standing(), pair.writes()) == (Standing.NEW, 0)
    order(pair, ticket, "/unmute")
    pair.pass_()
    assert (str(ticket.status), pair.notes(ticket)) == ("pending", ["link_note"])


def test_muting_goes_along_with_a_ticket_that_is_merged() -> None:
    pair, ticket, issue = waiting()
    order(pair, ticket, "/mute")
    pair.pass_()
    kept = pair.ticket("pending")
    pair.desk.tells_moves = True
    pair.merge(ticket, kept)
    pair.move(issue, "done")
    pair.reconcile()
    assert [ref for ref, _ in pair.store.commands.muted()] == [pair.ref(kept)]
    assert kept.status == Status("pending")


# --- reopen ---


def closed(*, plain: bool = False, **rules: Any) -> tuple[Pair, Entry, Entry]:
    """A ticket that was resolved because its issue was closed."""
    pair, ticket, issue = waiting(plain=plain, **rules)
    pair.move(issue, "done")
    pair.tick()
    pair.pass_()
    assert ticket.status == Status("resolved")
    pair.tick()
    return pair, ticket, issue


@KINDS
@pytest.mark.parametrize("policy", ["tell", "reopen"])
def test_an_agent_may_have_a_closed_issue_reopened(policy: str, plain: bool) -> None:
    pair, ticket, issue = closed(plain=plain, on_requester_reopen=policy)
    order(pair, ticket, "/reopen")
    pair.pass_()
    assert (str(ticket.status), str(issue.status)) == ("resolved", "open")
    assert pair.notes(issue) == ["command"]
    assert rules(pair)[-1] == "command"
    pair.tick()
    pair.move(issue, "done")
    pair.pass_()
    pair.settle()
    pair.reconcile()
    assert issue.status == Status("done")
    assert pair.notes(issue) == ["command"]


def test_an_order_is_over_if_somebody_else_was_faster() -> None:
    pair, ticket, issue = closed()
    order(pair, ticket, "/reopen")
    poll(pair.work, "desk")
    pair.tracker.faults.append(("error", True))
    drain(pair.work)
    assert pair.link().ordered
    pair.move(issue, "open")
    poll(pair.work, "tracker")
    pair.move(issue, "done")
    pair.settle()
    assert issue.status == Status("done")


@KINDS
def test_an_order_stands_while_the_tracker_is_out_of_order(plain: bool) -> None:
    pair, ticket, issue = closed(plain=plain)
    order(pair, ticket, "/reopen")
    poll(pair.work, "desk")
    pair.tracker.faults.append(("error", True))
    drain(pair.work)
    assert issue.status == Status("done")
    pair.restart()
    pair.settle()
    assert (str(issue.status), pair.notes(issue)) == ("open", ["command"])


def test_an_order_stands_while_its_pair_is_damped() -> None:
    pair, ticket, issue = closed()
    for _ in range(2):
        pair.move(issue, "open")
        pair.pass_()
        pair.move(issue, "done")
        pair.pass_()
    order(pair, ticket, "/reopen")
    pair.pass_()
    assert (str(issue.status), len(pair.parked())) == ("done", 1)
    hour(pair)
    pair.reconcile()
    assert (str(issue.status), pair.parked()) == ("open", [])


@KINDS
def test_an_order_that_is_refused_for_good_is_told_and_holds_up_nothing(plain: bool) -> None:
    pair, ticket, issue = closed(plain=plain)
    order(pair, ticket, "/reopen")
    pair.tracker.faults.append(("refused", True))
    pair.pass_()
    assert pair.parked() == []
    pair.settle()
    assert issue.status == Status("done")
    assert pair.notes(ticket)[2:] == ["command_failed"]
    assert passed_over(pair) == {"/reopen": "the value isn't accepted"}
    assert pair.parked() == []


def test_of_several_issues_the_closed_ones_are_reopened() -> None:
    pair, ticket, first = waiting()
    second, third = pair.issue(ticket), pair.issue(ticket)
    pair.tick()
    pair.pass_()
    pair.move(first, "done")
    pair.move(second, "declined")
    pair.pass_()
    order(pair, ticket, "/reopen")
    pair.pass_()
    assert [str(one.status) for one in (first, second, third)] == ["open"] * 3
    assert [len(pair.notes(one)) for one in (first, second, third)] == [1, 1, 0]


def test_an_issue_that_was_closed_a_moment_ago_is_reopened() -> None:
    pair, ticket, issue = waiting()
    order(pair, ticket, "/reopen")
    poll(pair.work, "desk")
    pair.move(issue, "done")  # the poll of the tracker is yet to come
    drain(pair.work)
    assert issue.status == Status("open")
    assert outcomes(pair, ticket) == [DONE]


def test_an_open_issue_needs_no_reopening() -> None:
    pair, ticket, _ = waiting()
    order(pair, ticket, "/reopen")
    pair.pass_()
    assert passed_over(pair) == {"/reopen": "none of its issues is closed"}


# --- tags ---


def tag(pair: Pair, ticket: Entry, *tags: str) -> None:
    """An agent tags a ticket."""
    pair.label(ticket, *tags)
    pair.tick()


@KINDS
def test_a_tag_commands_once_until_it_was_away(plain: bool) -> None:
    pair, ticket, issue = waiting(plain=plain)
    pair.move(issue, "done")
    pair.pass_()
    for times in (1, 2):
        tag(pair, ticket, "vip", "syncd_reopen")
        pair.pass_()
        assert (str(issue.status), len(pair.notes(issue))) == ("open", times)
        hour(pair)
        pair.move(issue, "done")
        pair.pass_()
        order(pair, ticket, "and another change")
        pair.pass_()
        pair.reconcile()
        assert issue.status == Status("done")
        assert "vip" in ticket.tags
        tag(pair, ticket, "vip")
        pair.pass_()


def test_a_tag_that_an_older_answer_doesn_t_show_has_not_been_away() -> None:
    pair, ticket, issue = closed()
    tag(pair, ticket, "syncd_reopen")
    pair.pass_()
    pair.move(issue, "done")
    pair.pass_()
    ticket.version, now = ticket.version - 20, ticket.version
    shown, ticket.tags = ticket.tags, ()
    pair.store.commands.sources(pair.ref(ticket))
    from syncd.take import resolve, take

    old = pair.work.connectors["desk"].fetch([pair.ref(ticket)])[pair.ref(ticket)]
    with pair.store.write():
        take(pair.work, old, resolve(pair.work, old), first_walk=False, cause="read")  # type: ignore[arg-type]
    ticket.version, ticket.tags = now, shown
    order(pair, ticket, "seen")
    pair.pass_()
    assert issue.status == Status("done")


@KINDS
def test_a_tag_that_was_there_at_the_first_walk_is_history(plain: bool) -> None:
    pair = Pair(plain=plain)
    ticket = pair.ticket()
    ticket.tags = ("syncd_mute",)
    pair.tick()
    pair.reconcile()
    order(pair, ticket, "hello")
    pair.pass_()
    assert pair.store.commands.muted() == []
    assert outcomes(pair, ticket) == [PAST]


@KINDS
def test_a_tag_is_taken_away_where_that_can_be_done_and_its_echo_is_known(
    monkeypatch: pytest.MonkeyPatch, plain: bool
) -> None:
    for kind in (Bench, Plain):
        monkeypatch.setattr(kind, "capabilities", replace(kind.capabilities, sets_tags=True))
    pair, ticket, issue = closed(plain=plain)
    for times in (1, 2):
        tag(pair, ticket, "vip", "syncd_reopen")
        pair.pass_()
        assert (str(issue.status), ticket.tags) == ("open", ("vip",))
        pair.tick()
        calls = pair.desk.calls
        pair.pass_()
        assert pair.desk.calls - calls == 1
        pair.move(issue, "done")
        hour(pair)
        pair.pass_()
        assert len(pair.notes(issue)) == times


@pytest.mark.parametrize("how", ["refused", "error"])
def test_a_tag_that_can_t_be_taken_away_commands_once_all_the_same(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(Bench, "capabilities", replace(Bench.capabilities, sets_tags=True))
    pair, ticket, issue = closed()
    tag(pair, ticket, "syncd_reopen")
    pair.desk.faults.append((how, True))
    poll(pair.work, "desk")
    drain(pair.work)
    assert pair.desk.faults == []
    assert issue.status == Status("open")
    pair.move(issue, "done")
    pair.settle()
    order(pair, ticket, "seen")
    pair.settle()
    assert issue.status == Status("done")
    assert ticket.tags == (("syncd_reopen",) if how == "refused" else ())


# --- once, whatever happens ---


class Died(BaseException):
    """The process is gone."""


@KINDS
@pytest.mark.parametrize("moment", range(0, 60, 2))
def test_a_process_that_dies_anywhere_does_each_command_once(tmp_path: Path, moment: int, plain: bool) -> None:
    pair = Pair(tmp_path / "state.db", plain=plain)
    ticket, issue = pair.filed_pair()
    second = pair.issue()
    pair.move(issue, "done")
    pair.tick()
    pair.pass_()
    order(pair, ticket, f"/reopen\n/link {pair.url(second)}\n/mute please")
    left = iter(range(moment))

    def die() -> None:
        if next(left, None) is None:
            raise Died

    pair.watch(die)
    died = False
    try:
        pair.pass_()
    except Died:
        died = True
    pair.watch(lambda: None)
    pair.restart()
    pair.settle()
    assert died or moment > 20
    assert pair.store.commands.open() == []
    assert (str(ticket.status), str(issue.status)) == ("resolved", "open")
    assert sorted(pair.notes(ticket)) == ["command_failed", "link_note", "resolved"]
    assert pair.notes(issue) == ["command"]
    assert pair.link(ticket, second).state is LinkState.LIVE
    assert rules(pair).count("command_link") == 1


@KINDS
def test_commands_cost_nothing_where_they_are_off(plain: bool) -> None:
    pair, ticket, issue = closed(plain=plain)
    table = pair.work.helpdesks
    desk = table["desk"]
    table["desk"] = replace(desk, commands=False)  # type: ignore[index]
    order(pair, ticket, "/reopen")
    before = pair.desk.calls
    pair.pass_()
    assert pair.desk.calls - before == 1
    assert issue.status == Status("done")


def test_the_notes_of_a_finished_ticket_that_is_linked_are_read_once_per_change() -> None:
    pair, ticket, _ = closed(plain=True)
    pair.pass_()
    for cost in (2, 1, 1):
        if cost == 2:
            order(pair, ticket, "thanks")
        before = pair.desk.calls
        pair.pass_()
        assert pair.desk.calls - before == cost


# --- after an older state was restored ---


def restored(pair: Pair, path: Path, backup: Path) -> None:
    """The state is lost, and an older one is put in its place."""
    pair.store.close()
    restore(path, backup, pair.clock.now())
    pair.store = Store.open(path)
    pair.watch(lambda: None)
    pair.store.recover(pair.clock.now())
    pair.work = pair.connect()
    pair.tick(1)


@KINDS
def test_after_an_older_state_was_restored_nothing_is_reopened_or_told_twice(tmp_path: Path, plain: bool) -> None:
    path, backup = tmp_path / "state.db", tmp_path / "backup.db"
    pair = Pair(path, plain=plain)
    ticket, issue = pair.filed_pair()
    second = pair.issue()
    pair.move(issue, "done")
    pair.tick()
    pair.pass_()
    back_up(path, backup)
    order(pair, ticket, f"/link {pair.url(second)}\n/unlink TRACKER-99")
    order(pair, ticket, "/reopen")
    pair.pass_()
    assert (str(issue.status), pair.notes(issue)) == ("open", ["command"])
    assert pair.notes(ticket) == ["link_note", "resolved", "command_failed"]
    pair.tick(3700)
    pair.move(issue, "done")
    pair.pass_()
    restored(pair, path, backup)
    pair.reconcile()
    pair.settle()
    assert (str(issue.status), pair.notes(issue)) == ("done", ["command"])
    assert pair.notes(ticket) == ["link_note", "resolved", "command_failed"]
    assert pair.link(ticket, second).state is LinkState.LIVE
    assert "restored" in passed_over(pair)["/reopen"]
    pair.tick(7200)  # the quiet was an hour of our clock alone
    order(pair, ticket, "/reopen")
    pair.pass_()
    assert issue.status == Status("open")


def test_after_an_older_state_was_restored_a_muted_ticket_is_muted_again(tmp_path: Path) -> None:
    path, backup = tmp_path / "state.db", tmp_path / "backup.db"
    pair = Pair(path, plain=True)
    ticket, issue = pair.filed_pair()
    back_up(path, backup)
    order(pair, ticket, "/mute")
    pair.pass_()
    restored(pair, path, backup)
    pair.move(issue, "done")
    pair.pass_()
    assert ticket.status == Status("pending")
    assert [ref for ref, _ in pair.store.commands.muted()] == [pair.ref(ticket)]


@KINDS
def test_after_an_older_state_was_restored_our_notes_tell_what_agents_had_us_do(tmp_path: Path, plain: bool) -> None:
    path, backup = tmp_path / "state.db", tmp_path / "backup.db"
    pair = Pair(path, plain=plain)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.tick()
    pair.pass_()
    back_up(path, backup)
    order(pair, ticket, "/reopen")
    pair.pass_()
    restored(pair, path, backup)
    pair.reconcile()
    pair.settle()
    assert (str(ticket.status), str(issue.status)) == ("resolved", "open")
    assert (pair.notes(ticket), pair.notes(issue)) == (["link_note", "resolved"], ["command"])


@KINDS
def test_after_an_older_state_was_restored_a_refused_command_tells_nothing_of_the_ends(
    tmp_path: Path, plain: bool
) -> None:
    path, backup = tmp_path / "state.db", tmp_path / "backup.db"
    pair = Pair(path, plain=plain)
    ticket, issue = pair.filed_pair()
    back_up(path, backup)
    order(pair, ticket, "/link TRACKER-99")
    pair.pass_()
    assert pair.notes(ticket) == ["link_note", "command_failed"]
    restored(pair, path, backup)
    pair.move(issue, "done")
    pair.reconcile()
    assert pair.notes(ticket) == ["link_note", "command_failed", "resolved"]
    assert ticket.status == Status("resolved")
