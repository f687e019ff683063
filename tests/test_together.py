"""Many writes at once: what one of them meets, and what the brake and a lost answer do to the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from syncd.actions import Action, Outcome, Written
from syncd.config import Brake
from syncd.errors import Refused, Transient
from syncd.model import Status
from syncd.store import EffectState
from syncd.testing.memory import Entry, MemoryConnector
from tests.pairs import Pair

MANY = 8


def storm(pair: Pair, *, one_issue: bool = False) -> list[Entry]:
    """Tickets that wait, whose issues have just been closed."""
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(MANY)]
    issues = [pair.issue(*tickets)] if one_issue else [pair.issue(ticket) for ticket in tickets]
    pair.pass_()
    pair.tick()
    assert {str(ticket.status) for ticket in tickets} == {"pending"}
    for issue in issues:
        pair.move(issue, "done")
    return tickets


def resolved(tickets: Sequence[Entry]) -> int:
    return sum(ticket.status == Status("resolved") for ticket in tickets)


def doubled(pair: Pair, tickets: Sequence[Entry]) -> list[Entry]:
    return [one for one in tickets if len(pair.notes(one)) != len(set(pair.notes(one))) or one.status_writes > 2]


@pytest.mark.parametrize("one_issue", [False, True])
def test_a_storm_is_one_write(one_issue: bool) -> None:
    pair = Pair()
    tickets = storm(pair, one_issue=one_issue)
    before = pair.work.connectors["desk"].calls["WRITE"]
    pair.pass_()
    assert pair.work.connectors["desk"].calls["WRITE"] == before + 1
    assert resolved(tickets) == MANY
    assert {tuple(pair.notes(ticket)) for ticket in tickets} == {("link_note", "resolved")}
    before = pair.writes()
    pair.settle()
    assert pair.writes() == before, "nothing is left to do"


@pytest.mark.parametrize("how", ["lost_answer", "error_after", "error", "cut", "rate_limited"])
def test_what_happens_to_the_one_call_doubles_and_loses_nothing(how: str) -> None:
    pair = Pair()
    tickets = storm(pair)
    pair.desk.faults.append((how, True))
    pair.pass_()
    pair.settle()
    assert resolved(tickets) == MANY
    assert {tuple(pair.notes(ticket)) for ticket in tickets} == {("link_note", "resolved")}
    assert doubled(pair, tickets) == []


def test_one_that_refuses_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    tickets = storm(pair)
    real = MemoryConnector._write

    def stubborn(self: MemoryConnector, action: Action, fault: object) -> Outcome:
        if action.target.id == str(tickets[3].number):
            no = Refused("desk", "a field is missing")
            return Outcome(action, notes=tuple(Written(one.effect, error=no) for one in action.notes), error=no)
        return real(self, action, fault)  # type: ignore[arg-type]

    monkeypatch.setattr(MemoryConnector, "_write", stubborn)
    pair.pass_()
    assert resolved(tickets) == MANY - 1
    assert pair.parked() == ["a field is missing"]


def test_one_that_changed_meanwhile_is_decided_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    tickets = storm(pair)
    real, struck = MemoryConnector._write, list[str]()

    def conflict(self: MemoryConnector, action: Action, fault: object) -> Outcome:
        if action.target.id == str(tickets[3].number) and not struck:
            struck.append(action.target.id)
            later = Transient("desk", "changed meanwhile")
            return Outcome(action, notes=tuple(Written(one.effect, error=later) for one in action.notes), error=later)
        return real(self, action, fault)  # type: ignore[arg-type]

    monkeypatch.setattr(MemoryConnector, "_write", conflict)
    pair.pass_()
    assert resolved(tickets) == MANY - 1
    pair.settle()
    assert resolved(tickets) == MANY
    assert doubled(pair, tickets) == []


def test_the_brake_counts_what_is_to_be_written_at_once() -> None:
    pair = Pair()
    tickets = storm(pair)
    pair.clock.advance(3700)
    pair.work.brake = Brake(max_changes=5, share=0)
    pair.work.writes = True
    pair.pass_()
    assert resolved(tickets) == 5
    assert [brake.connector for brake in pair.store.brakes.on()] == ["desk"]
    pair.settle()
    assert resolved(tickets) == 5


def test_messages_to_customers_are_counted_too() -> None:
    pair = Pair(messages="public", texts={"message_resolved": "It is mended."}, replies={"answered_first": False})
    tickets = storm(pair)
    pair.clock.advance(3700)
    pair.work.brake = Brake(max_changes=1000, max_messages=3)
    pair.pass_()
    assert resolved(tickets) == 3
    assert pair.store.brakes.on()


@pytest.mark.parametrize("at", range(1, 5))
def test_a_defect_takes_along_what_was_sent_with_it_and_everything_comes_right(
    monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    pair = Pair()
    tickets = storm(pair)
    real = MemoryConnector.apply

    def broken(self: MemoryConnector, actions: Sequence[Action]) -> Iterator[Outcome]:
        for number, outcome in enumerate(real(self, actions)):
            if len(actions) > 1 and number == at:
                raise KeyError("a defect")
            yield outcome

    with monkeypatch.context() as patched:
        patched.setattr(MemoryConnector, "apply", broken)
        pair.pass_()
    states = {row.state for link in pair.links() for row in pair.store.effects.of(link.id) if row.kind == "resolved"}
    assert states == {EffectState.DONE, EffectState.DOUBT}
    pair.settle()
    assert resolved(tickets) == MANY
    assert doubled(pair, tickets) == []
    assert pair.parked() == []


class Died(BaseException):
    """The process is gone."""


def _for_ever(pair: Pair) -> None:
    while True:
        pair.pass_()


@pytest.mark.parametrize("at", range(12))
def test_a_process_that_dies_in_the_middle_doubles_and_loses_nothing(tmp_path: object, at: int) -> None:
    pair = Pair()
    tickets = storm(pair)
    left = at

    def fuse() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Died

    pair.watch(fuse)
    with pytest.raises(Died):
        _for_ever(pair)
    pair.watch(lambda: None)
    pair.restart()
    pair.settle()
    assert resolved(tickets) == MANY
    assert doubled(pair, tickets) == []


def test_a_pair_that_is_damped_is_left_out_of_it() -> None:
    pair = Pair()
    tickets = storm(pair)
    (link,) = [one for one in pair.links() if one.ticket.id == str(tickets[0].number)]
    seen = pair.work.store.journal.status_writes
    pair.work.store.journal.status_writes = lambda x, since: (  # type: ignore[method-assign,assignment]
        9 if x == link.id else seen(x, since)
    )
    pair.pass_()
    assert resolved(tickets) == MANY - 1
    assert "something works against us" in pair.parked()[0]


def test_a_connector_that_writes_one_at_a_time_is_told_one_at_a_time() -> None:
    pair = Pair(plain=True)
    tickets = storm(pair)
    before = pair.work.connectors["desk"].calls["WRITE"]
    pair.pass_()
    assert resolved(tickets) == MANY
    assert pair.work.connectors["desk"].calls["WRITE"] == before + 2 * MANY
