"""Services that fail while syncd works: right in the end, nothing doubled, and one bad item holds up no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from office import PENDING, RESOLVED, Office

from syncd.testing import Fault, Reply

WRITES = "POST|PUT|PATCH"
LIMITED = Reply(429, b'{"message": "slow down"}', {"Retry-After": "1"})
DOWN = Reply(502, b"<html><title>502 Bad Gateway</title></html>", {"Content-Type": "text/html"})
PAGE = Reply(200, b"<html><title>Log in</title></html>", {"Content-Type": "text/html"})


def busy(office: Office, count: int) -> list[tuple[int, str]]:
    """Pairs that were filed, whose issues have just been closed."""
    office.sync()
    office.later()
    tickets = [office.ticket() for _ in range(count)]
    pairs = [(ticket, office.issue(ticket)) for ticket in tickets]
    office.later(5)
    office.sync()
    assert [office.status(ticket) for ticket in tickets] == [PENDING] * count
    office.later()
    for _, key in pairs:
        office.hub.close(key)
    return pairs


@pytest.fixture
def wide(build: Callable[..., Office]) -> Office:
    """An office whose brake holds for a bulk of changes."""
    return build(main="[brake]\nmax_changes = 1000\n")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("answer", reply=LIMITED, times=2, skip=1),
        Fault("answer", reply=LIMITED, times=2, skip=1, method=WRITES),
        Fault("answer", reply=DOWN, times=1, skip=2, method="GET"),
        Fault("answer", reply=PAGE, times=1, skip=2, method="GET"),
        Fault("cut", times=1, skip=2, method="GET"),
        Fault("truncate", times=1, skip=1, method="GET"),
        Fault("lost_answer", times=2, method=WRITES),
        Fault("truncate", times=2, method=WRITES),
        Fault("commit_then_answer", reply=DOWN, times=2, method=WRITES),
        Fault("commit_then_answer", reply=PAGE, times=2, method=WRITES),
        Fault("cut", times=2, method=WRITES),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.reply.status}-{fault.method or 'ANY'}",
)
def test_whatever_fails_at_the_helpdesk_all_is_right_in_the_end(office: Office, fault: Fault) -> None:
    pairs = busy(office, 3)
    copy = Fault(fault.kind, fault.method, fault.path, fault.times, fault.skip, fault.reply)
    office.freshdesk.faults.append(copy)
    run = office.run("reconcile")
    assert copy.times == 0, "the fault never struck"
    assert run.exit in {0, 1}
    office.later()
    office.sync()
    assert [(office.status(ticket), len(office.notes(ticket))) for ticket, _ in pairs] == [(RESOLVED, 2)] * 3
    office.run("status").ended(0)


@pytest.mark.parametrize("kind", ["answer", "lost_answer", "cut", "commit_then_answer", "truncate"])
def test_whatever_fails_at_the_tracker_all_is_right_in_the_end(build: Callable[..., Office], kind: str) -> None:
    office = build(sync='playbook = "2i2c"')
    pairs = busy(office, 2)
    office.sync()
    office.later()
    for ticket, _ in pairs:
        office.desk.customer_reply(ticket, "again")
    fault = Fault(kind, method="PATCH", reply=LIMITED if kind == "answer" else DOWN)
    office.github.faults.append(fault)
    office.run("reconcile")
    assert fault.times == 0
    office.later()
    office.sync()
    assert [office.hub.status(key)[0] for _, key in pairs] == ["open", "open"]
    assert [office.comments(key) for _, key in pairs] == [[], []]


def test_one_poisoned_ticket_of_thirty_holds_up_no_other(wide: Office) -> None:
    pairs = busy(wide, 30)
    poisoned = pairs[11][0]
    wide.freshdesk.required_for_closure = {"cf_reference_number"}
    for ticket, _ in pairs:
        if ticket != poisoned:
            wide.freshdesk.books.tickets[ticket].row["custom_fields"]["cf_reference_number"] = "17"
    run = wide.run("reconcile").ended(1)
    assert "29 tickets resolved, because their issues were closed" in run.out
    assert f"freshdesk:{poisoned}" in run.err
    assert "cf_reference_number" in run.err
    assert [wide.status(ticket) for ticket, _ in pairs].count(RESOLVED) == 29
    assert wide.status(poisoned) == PENDING
    told = wide.run("status").ended(1).out
    assert f"Parked: freshdesk:{poisoned}" in told
    assert "cf_reference_number: missing_field" in told
    assert len(wide.json("status")["parked"]) == 1


def test_a_tracker_that_is_down_is_told_and_the_helpdesk_is_read_all_the_same(office: Office) -> None:
    pairs = busy(office, 1)
    office.desk.agent_note(pairs[0][0], "a note")
    desk = len(office.freshdesk.log)
    office.github.stop()
    run = office.run("reconcile").ended(1)
    assert "github could not be read: " in run.err
    assert "/api/v2/tickets" in {one.request.path for one in office.freshdesk.log[desk:]}
    assert office.status(pairs[0][0]) == PENDING
    assert run.err.count("\n") < 12, run.err


def test_a_helpdesk_that_refuses_the_key_is_told_once_and_asked_no_more(office: Office) -> None:
    busy(office, 5)
    office.freshdesk.key = "another"
    desk = len(office.freshdesk.log)
    run = office.run("reconcile").ended(1)
    assert "invalid_credentials" in run.err
    assert len(office.freshdesk.log) - desk < 5
    office.freshdesk.key = office.environ["SYNCD_TEST_DESK"]
    office.sync()
    assert {office.status(ticket) for ticket in office.freshdesk.books.tickets} == {RESOLVED}
