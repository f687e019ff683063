"""A changed mapping or playbook shows first what it would write, and waits for a release (rule 16)."""

from __future__ import annotations

from typing import Any

import pytest

from syncd import braking
from syncd.errors import BrakeOn
from syncd.jobs import rehearsal
from syncd.jobs.rehearsal import rehearse
from syncd.testing.memory import Entry
from tests.pairs import Pair

RULES: dict[str, Any] = {"fit": {"in_progress": {"fits": ["pending"], "write": "pending"}}}


def conflicts(number: int = 3) -> tuple[Pair, list[Entry], list[Entry]]:
    """Pairs of which both ends were moved at once, which the playbook leaves to people."""
    pair = Pair(**RULES)
    rehearse(pair.work)
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(number)]
    issues = [pair.issue(ticket) for ticket in tickets]
    pair.pass_()
    for status in ("done", "in_progress"):
        pair.tick()
        for issue in issues:
            pair.move(issue, status)
        for ticket in tickets:
            if status == "in_progress":
                pair.move(ticket, "on_hold")
        pair.pass_()
    return pair, tickets, issues


def change(pair: Pair, **rules: str) -> None:
    """The playbook is edited, and syncd started again."""
    pair.rules = RULES | rules
    pair.restart()
    rehearse(pair.work)


def test_the_first_pass_after_a_change_only_plans_and_the_release_is_the_consent() -> None:
    pair, tickets, _ = conflicts()
    before = pair.writes()
    change(pair, on_conflict="tracker")
    with pytest.raises(BrakeOn, match="its mapping or playbook has changed, and 3 tickets and issues"):
        braking.tell(pair.work)
    pair.pass_()
    pair.reconcile()
    assert pair.writes() == before
    change(pair, on_conflict="tracker")  # starting anew is no consent
    pair.pass_()
    assert pair.writes() == before
    with pair.store.write():
        pair.store.brakes.release("desk", pair.work.now)
    pair.pass_()
    assert [str(ticket.status) for ticket in tickets] == ["pending"] * 3
    braking.tell(pair.work)


def test_a_rehearsal_costs_no_call() -> None:
    pair, *_ = conflicts()
    before = sum(books.calls for books in pair.books.values())
    change(pair, on_conflict="tracker")
    assert sum(books.calls for books in pair.books.values()) == before


def test_a_change_that_writes_nothing_holds_at_once() -> None:
    pair, tickets, issues = conflicts()
    change(pair, on_requester_reopen="reopen")
    braking.tell(pair.work)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.pass_()
    assert str(ticket.status) == "resolved"
    assert len(tickets) == len(issues) == 3


def test_the_first_rules_of_all_need_no_consent_and_unchanged_ones_none_again() -> None:
    pair, *_ = conflicts()
    pair.restart()
    rehearse(pair.work)
    braking.tell(pair.work)


def test_where_nothing_may_be_written_a_change_waits_until_something_may() -> None:
    pair, tickets, _ = conflicts()
    pair.rules = RULES | {"on_conflict": "tracker"}
    pair.restart()
    pair.work.writes = False
    rehearse(pair.work)
    assert pair.store.brakes.on() == []
    pair.restart()
    rehearse(pair.work)
    assert [brake.connector for brake in pair.store.brakes.on()] == ["desk"]
    assert [str(ticket.status) for ticket in tickets] == ["on_hold"] * 3


def test_a_death_while_it_is_rehearsed_is_no_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    pair, tickets, _ = conflicts()
    pair.rules = RULES | {"on_conflict": "tracker"}
    pair.restart()

    def die(*_: object) -> set[object]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rehearsal, "_targets", die)
        with pytest.raises(KeyboardInterrupt):
            rehearse(pair.work)
    pair.restart()
    rehearse(pair.work)
    pair.pass_()
    assert [brake.connector for brake in pair.store.brakes.on()] == ["desk"]
    assert [str(ticket.status) for ticket in tickets] == ["on_hold"] * 3
