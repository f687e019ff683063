"""Of several tickets of a helpdesk that wait for their issues, the most urgent one is filed first."""

from __future__ import annotations

from typing import Any

from syncd.details import Company
from syncd.issues.file import file
from syncd.store import FilingState
from syncd.testing.memory import Entry
from tests.filings import AFTER, RULES, Desk

PRIORITIES: dict[str, Any] = {
    "tiers": ["1", "2"],
    "severity": {"told_by": [{"ticket": "priority"}]},
    "tier": {"told_by": [{"company_field": "Tier"}], "default": "2"},
    "table": {"down": {"1": "p0", "2": "p1"}, "slow": {"1": "p1", "2": "p2"}},
    "labelled": False,
}
WAITING = {"slow of 2": ("slow", ""), "nobody says": ("", ""), "down of 2": ("down", ""), "down of 1": ("down", "1")}


def escalated(desk: Desk, subject: str, severity: str, tier: str) -> Entry:
    ticket = desk.escalated(subject)
    ticket.priority, ticket.company = severity, Company("Example College", {"Tier": tier})
    return ticket


def storm(**how: Any) -> tuple[Desk, dict[str, Entry]]:
    """A desk at which several tickets wait, in that order."""
    desk = Desk(priorities=PRIORITIES, **how)
    return desk, {subject: escalated(desk, subject, *told) for subject, told in WAITING.items()}


def in_order(desk: Desk) -> list[str]:
    return [issue.subject for issue in sorted(desk.filed(), key=lambda one: one.created)]


def test_the_most_urgent_is_filed_first_and_then_as_they_were_seen() -> None:
    desk, _ = storm()
    desk.go()
    assert in_order(desk) == ["down of 1", "down of 2", "slow of 2", "nobody says"]


def test_the_order_in_which_they_were_seen_holds_where_the_playbook_says_so() -> None:
    desk, _ = storm(file={**RULES["file"], "order": "seen"})
    desk.go()
    assert in_order(desk) == list(WAITING)


def test_what_a_brake_lets_through_is_the_most_urgent() -> None:
    desk, tickets = storm()
    desk.work.brake = desk.work.brake.model_copy(update={"max_changes": 2})
    desk.go(4)
    assert in_order(desk) == ["down of 1", "down of 2"]
    later = escalated(desk, "down of 1, too", "down", "1")
    desk.tick(AFTER)
    for _ in range(4):  # the tickets of those two change first, which counts as well
        with desk.store.write():
            for brake in desk.store.brakes.on():
                desk.store.brakes.release(brake.connector, desk.work.now)
        desk.go()
    assert in_order(desk)[2:] == ["down of 1, too", "slow of 2", "nobody says"]
    assert [desk.states(ticket) for ticket in (later, tickets["nobody says"])] == [["filed"], ["filed"]]


def test_what_has_become_urgent_meanwhile_is_looked_at_anew() -> None:
    desk, tickets = storm()
    with desk.store.write():
        desk.store.brakes.pull("tracker", "too much", desk.work.now)
    desk.go(3)
    ticket = tickets["nobody says"]
    ticket.priority, ticket.company, ticket.version = (
        "down",
        Company("Example College", {"Tier": "1"}),
        desk.desk.next(),
    )
    with desk.store.write():
        desk.store.brakes.release("tracker", desk.work.now)
    desk.go(4)
    assert in_order(desk)[:2] == ["nobody says", "down of 1"]


def test_each_is_read_beforehand_once_for_a_version_and_a_single_one_not_at_all() -> None:
    alone = Desk(priorities=PRIORITIES)
    escalated(alone, "down of 1", "down", "1")
    plain = Desk()
    escalated(plain, "down of 1", "down", "1")
    for desk in (alone, plain):
        desk.go()
    assert alone.desk.calls == plain.desk.calls
    desk, _ = storm()
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults += [("refused", True)] * 9  # nothing can be filed, again and again
    reads, detail = list[Any](), desk.work.connectors["desk"].detail

    def counted(ref: Any) -> Any:
        reads.append(ref)
        return detail(ref)

    desk.work.connectors["desk"].detail = counted  # type: ignore[method-assign]
    file(desk.work)
    assert len(reads) == 2 * len(WAITING), "once to see how urgent it is, once before it is filed"
    desk.tick(AFTER)
    with desk.store.write():
        desk.store.filings.retry([FilingState.REFUSED], desk.work.now)
    file(desk.work)
    assert len(reads) == 3 * len(WAITING)


def test_one_that_can_not_be_read_holds_up_no_other() -> None:
    desk, tickets = storm()
    desk.pass_()
    desk.tick(AFTER)
    detail, bad = desk.work.connectors["desk"].detail, desk.ref(tickets["slow of 2"])

    def stumble(ref: Any) -> Any:
        if ref == bad:
            raise ZeroDivisionError
        return detail(ref)

    desk.work.connectors["desk"].detail = stumble  # type: ignore[method-assign]
    desk.go()
    assert in_order(desk) == ["down of 1", "down of 2", "nobody says"]
    assert desk.states(tickets["slow of 2"]) == ["refused"]


def test_where_the_helpdesk_limits_us_nothing_is_lost() -> None:
    desk, tickets = storm()
    desk.pass_()
    desk.tick(AFTER)
    desk.desk.faults += [("none", False), ("none", False), ("rate_limited", False)]
    desk.go(6)
    assert {state for ticket in tickets.values() for state in desk.states(ticket)} == {"filed"}
    assert len(desk.filed()) == len(WAITING)


def test_a_ticket_that_can_not_be_understood_holds_up_no_other() -> None:
    desk, tickets = storm()
    detail, broken = desk.work.connectors["desk"].detail, desk.ref(tickets["down of 2"])

    def odd(ref: Any) -> Any:
        if ref == broken:
            raise TypeError("a list where a word was to be")
        return detail(ref)

    desk.work.connectors["desk"].detail = odd  # type: ignore[method-assign]
    desk.go()
    assert in_order(desk) == ["down of 1", "slow of 2", "nobody says"]
    (row,) = desk.store.filings.of(broken)
    assert row.state is FilingState.REFUSED
    assert row.reason.startswith("a defect in syncd: TypeError")


def test_a_tracker_that_can_not_be_understood_parks_each_ticket_with_the_reason(monkeypatch: Any) -> None:
    desk, tickets = storm()
    desk.pass_()
    desk.tick(AFTER)

    def odd(*_: Any) -> None:
        raise TypeError("a list where a word was to be")

    monkeypatch.setattr("syncd.issues.file.poll", odd)
    file(desk.work)
    assert {desk.states(ticket)[0] for ticket in tickets.values()} == {"refused"}
    assert desk.filed() == []
