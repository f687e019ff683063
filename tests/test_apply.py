"""A plan file carried out: exactly what a person has seen is written, and only where it is still the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from syncd.config import Brake
from syncd.ingest.poll import poll
from syncd.jobs import apply as applying
from syncd.jobs.backfill import backfill
from syncd.model import GoneKind
from syncd.planfile import FileGroup, PlanFile, parse
from syncd.records import Standing
from syncd.store import Store
from syncd.sync.approval import CHANGED, NOT_LINKED, NOTHING_LEFT, OTHER_PLAN, keep
from syncd.testing.memory import Entry
from tests.pairs import Pair

WHEN = "2026-01-05T09:00:00Z"
STEP = {
    "target": "desk:1", "item": "desk:DESK-1", "rule": "filed", "from": "open", "to": "pending",
    "expect": {"native": "open"}, "status": {"native": "pending"}, "notes": ["link_note"],
}  # fmt: skip


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Two systems that have been walked."""
    return begun(tmp_path)


def begun(folder: Path, **rules: object) -> Pair:
    found = Pair(folder / "state.db", **rules)  # type: ignore[arg-type]
    found.reconcile()
    found.tick()
    return found


def planned(pair: Pair) -> PlanFile:
    """What ``reconcile --plan`` keeps; as it is read again from its text."""
    assert pair.path is not None
    store = Store.scratch(pair.path)
    groups: dict[str, FileGroup] = {}
    work = replace(pair.connect(), store=store, writes=False)
    backfill(replace(work, planned=partial(keep, work, groups)), list(pair.books))
    store.close()
    return parse(
        PlanFile(syncd="plan", format=1, kind="reconcile", made_at=WHEN, groups=list(groups.values())).text().encode()
    )


def apply(pair: Pair, file: PlanFile) -> applying.Applied:
    pair.work.paused.clear()
    return applying.apply(pair.work, file)


def why(found: applying.Applied) -> list[str]:
    return list(found.skipped.values())


def filed(pair: Pair, number: int) -> tuple[list[Entry], list[Entry]]:
    """Pairs that nobody of syncd has seen yet."""
    tickets = [pair.ticket() for _ in range(number)]
    issues = [pair.issue(ticket) for ticket in tickets]
    pair.tick()
    return tickets, issues


@pytest.mark.parametrize("plain", [False, True])
def test_a_plan_is_done_as_it_stands_and_only_once(tmp_path: Path, plain: bool) -> None:
    pair = begun(tmp_path, plain=plain)
    tickets, _ = filed(pair, 3)
    file = planned(pair)
    assert pair.writes() == 0
    assert [(step.rule, step.from_, step.to, step.notes) for one in file.groups for step in one.steps] == [
        ("filed", "open", "pending", ["link_note"])
    ] * 3
    found = apply(pair, file)
    assert (len(found.done), why(found)) == (3, [])
    assert [str(ticket.status) for ticket in tickets] == ["pending"] * 3
    assert [pair.notes(ticket) for ticket in tickets] == [["link_note"]] * 3
    written = pair.writes()
    assert written == 6
    again = apply(pair, file)
    assert (again.done, why(again)) == ([], [NOTHING_LEFT] * 3)
    pair.reconcile()
    pair.settle()
    assert pair.writes() == written


def test_what_changed_meanwhile_is_skipped_and_the_rest_is_done(pair: Pair) -> None:
    tickets, _ = filed(pair, 3)
    file = planned(pair)
    pair.move(tickets[1], "on_hold")
    found = apply(pair, file)
    assert [str(ticket.status) for ticket in tickets] == ["pending", "on_hold", "pending"]
    assert len(found.done) == 2
    assert why(found) == [NOTHING_LEFT]  # on hold goes with an open issue


def test_a_change_that_asks_for_another_write_is_left_to_the_next_run(pair: Pair) -> None:
    ticket = pair.ticket()
    issue = pair.issue(ticket)
    pair.reconcile()
    pair.tick()
    pair.move(issue, "done")
    pair.tick()
    file = planned(pair)
    pair.reply(ticket)
    found = apply(pair, file)
    assert why(found) == [CHANGED]
    assert (str(ticket.status), pair.notes(ticket)) == ("open", ["link_note"])
    pair.pass_()
    assert pair.notes(ticket) == ["link_note", "waits_for_agent"]


def test_only_the_groups_of_the_plan_are_reconciled(pair: Pair) -> None:
    tickets, _ = filed(pair, 2)
    file = planned(pair)
    first = PlanFile.model_validate(
        file.model_dump(by_alias=True) | {"groups": [file.groups[0].model_dump(by_alias=True)]}
    )
    owners: list[list[str]] = []
    pair.desk.after_write = lambda: owners.append([row.owner for row in pair.store.queue.rows() if row.owner == ""])
    apply(pair, first)
    assert owners == [[""]]  # what else was seen to change waits for nobody
    pair.desk.after_write = lambda: None
    assert sorted(str(ticket.status) for ticket in tickets) == ["open", "pending"]
    assert pair.writes() == 2
    pair.pass_()  # the other is as due as before
    assert [str(ticket.status) for ticket in tickets] == ["pending"] * 2


def test_a_step_that_nobody_planned_is_not_made(pair: Pair) -> None:
    (ticket,), _ = filed(pair, 1)
    data = planned(pair).model_dump(by_alias=True)
    data["groups"][0]["steps"][0]["status"]["native"] = "closed"
    found = apply(pair, PlanFile.model_validate(data))
    assert why(found) == [OTHER_PLAN]
    assert (str(ticket.status), pair.writes()) == ("open", 0)


def test_a_link_that_is_gone_is_skipped(pair: Pair) -> None:
    (cut, gone, joined), (issue, lost, _) = filed(pair, 3)
    file = planned(pair)
    for name in ("tracker", "desk"):
        poll(pair.work, name)
    pair.cut(cut, issue)
    pair.remove(lost, GoneKind.DELETED)
    pair.issue(joined)
    pair.tick()
    found = apply(pair, file)
    assert sorted(why(found)) == sorted([NOT_LINKED, NOTHING_LEFT, CHANGED])
    assert pair.writes() == 0
    assert str(gone.status) == "open"


def test_a_plan_made_on_an_empty_state_walks_first(tmp_path: Path) -> None:
    pair = Pair(tmp_path / "state.db")
    ticket = pair.ticket()
    pair.issue(ticket)
    pair.tick()
    file = planned(pair)
    assert file.groups == []  # an old pair is adopted
    data = file.model_dump(by_alias=True) | {"groups": [{"group": "desk:1", "version": "0", "steps": [STEP]}]}
    assert why(apply(pair, PlanFile.model_validate(data))) == [NOTHING_LEFT]
    pair.settle()
    assert pair.writes() == 0
    assert pair.link().standing is Standing.AGREED


def test_a_failure_on_the_way_is_made_good_within_the_plan(pair: Pair) -> None:
    (ticket,), _ = filed(pair, 1)
    file = planned(pair)
    pair.desk.faults += [("lost_answer", True)]
    found = apply(pair, file)
    pair.settle()
    assert (str(ticket.status), pair.notes(ticket)) == ("pending", ["link_note"])
    assert (len(found.done), why(found)) == (1, [])


def test_a_paused_connector_and_a_brake_that_is_on_hold_a_plan_up(pair: Pair) -> None:
    filed(pair, 2)
    file = planned(pair)
    with pair.store.write():
        pair.store.brakes.pull("desk", "somebody wants it", pair.work.now)
    found = apply(pair, file)
    assert (why(found), found.braked) == (["desk's brake is on"] * 2, True)
    with pair.store.write():
        pair.store.brakes.release("desk", pair.work.now)
        pair.store.connectors.pause("tracker", "", pair.work.now)
    found = apply(pair, file)
    assert (why(found), found.braked) == (["tracker is paused"] * 2, False)
    assert pair.writes() == 0
    with pair.store.write():
        pair.store.connectors.resume("tracker")
    assert len(apply(pair, file).done) == 2


def test_an_approved_plan_is_not_counted_by_the_brake(pair: Pair) -> None:
    pair.work = replace(pair.work, brake=Brake(max_changes=2, share=0.0))
    tickets, issues = filed(pair, 5)
    found = apply(pair, planned(pair))
    assert len(found.done) == 5
    assert pair.store.brakes.on() == []
    pair.tick()
    for issue in issues:
        pair.move(issue, "done")
    pair.pass_()
    assert [brake.connector for brake in pair.store.brakes.on()] == ["desk"]
    assert sorted(str(ticket.status) for ticket in tickets) == ["pending"] * 3 + ["resolved"] * 2


def test_a_connector_that_cannot_be_asked_is_told_and_its_groups_are_left(pair: Pair) -> None:
    (ticket,), _ = filed(pair, 1)
    file = planned(pair)
    pair.desk.faults += [("unauthorized", False)] * 9
    found = apply(pair, file)
    pair.desk.faults.clear()
    assert list(found.failures) == ["desk"]
    assert [text.partition(":")[0] for text in why(found)] == ["it could not be done"]
    assert pair.writes() == 0
    pair.settle()  # what is left is anybody's
    assert str(ticket.status) == "pending"


def test_a_killed_apply_leaves_what_is_left_to_the_next(tmp_path: Path) -> None:
    """At every call and every transaction: nothing is written twice, and the rest is done by the second."""
    for boundary in range(0, 300, 3):
        folder = tmp_path / str(boundary)
        folder.mkdir()
        pair = begun(folder)
        tickets, _ = filed(pair, 2)
        file, count = planned(pair), itertools.count()

        def strike(count: Iterator[int] = count, at: int = boundary) -> None:
            if next(count) == at:
                raise Killed

        pair.watch(strike)
        try:
            apply(pair, file)
        except Killed:
            pair.hook = lambda: None
            pair.watch(pair.hook)
            pair.restart()
            apply(pair, file)
        else:
            assert boundary > 20
            return
        finally:
            pair.watch(lambda: None)
        assert all(len(pair.notes(ticket)) <= 1 and ticket.status_writes <= 1 for ticket in tickets)
        pair.settle()
        assert [str(ticket.status) for ticket in tickets] == ["pending"] * 2, boundary
        assert [pair.notes(ticket) for ticket in tickets] == [["link_note"]] * 2, boundary
    raise AssertionError("it never came to its end")
