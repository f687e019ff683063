"""Tags, crashes, restored states: each command is done once, whatever happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syncd.ingest.poll import poll
from syncd.model import Status
from syncd.records import LinkState
from syncd.store import Store, back_up, restore
from syncd.store.commands import PAST
from syncd.sync.reconcile import drain
from syncd.testing.memory import Entry
from tests.agents import KINDS, closed, order, outcomes, passed_over, rules, waiting
from tests.ledger import Bench, Plain
from tests.pairs import Pair, hour

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
    from syncd.ingest.named import resolve
    from syncd.ingest.take import take

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


MOMENTS = [pytest.param(one, marks=() if one % 6 == 0 else pytest.mark.torture) for one in range(60)]


@KINDS
@pytest.mark.parametrize("moment", MOMENTS)
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


@KINDS
def test_after_an_older_state_was_restored_an_issue_is_not_told_again_of_a_ticket(tmp_path: Path, plain: bool) -> None:
    path, backup = tmp_path / "state.db", tmp_path / "backup.db"
    pair = Pair(path, plain=plain, issue_links=False, texts={"ticket_linked": "{{ ticket_key }}, too"})
    pair.reconcile()
    pair.tick()
    ticket, issue = pair.ticket(), pair.issue()
    pair.pass_()
    pair.tick()
    back_up(path, backup)
    order(pair, ticket, f"/link {pair.url(issue)}")
    pair.pass_()
    pair.tick()
    pair.pass_()
    assert pair.notes(issue) == ["DESK-1, too"]
    restored(pair, path, backup)
    for _ in range(3):
        pair.pass_()
        pair.tick()
    assert pair.notes(issue) == ["DESK-1, too"]
    assert pair.link().state is LinkState.LIVE
