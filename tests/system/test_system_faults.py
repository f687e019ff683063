"""Services that fail while syncd works: right in the end, nothing doubled, and one bad item holds up no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from office import PENDING, REPOSITORY, RESOLVED, Office

from syncd.store import Store
from syncd.testing import Fault, Reply

WRITES = "POST|PUT|PATCH"
LIMITED = Reply(429, b'{"message": "slow down"}', {"Retry-After": "1"})
DOWN = Reply(502, b"<html><title>502 Bad Gateway</title></html>", {"Content-Type": "text/html"})
PAGE = Reply(200, b"<html><title>Log in</title></html>", {"Content-Type": "text/html"})
LOST = (
    ("lost_answer", DOWN),
    ("truncate", DOWN),
    ("commit_then_answer", DOWN),
    ("commit_then_answer", PAGE),
    ("cut", DOWN),
    ("answer", DOWN),
)
"""How the answer to a write can be lost, after it was applied or before."""


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
        Fault("answer", reply=DOWN, skip=2, method="GET"),
        Fault("answer", reply=PAGE, skip=2, method="GET"),
        Fault("cut", skip=2, method="GET"),
        Fault("truncate", skip=1, method="GET"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.reply.status}-{fault.method or 'ANY'}",
)
def test_a_helpdesk_that_cannot_answer_is_asked_again(office: Office, fault: Fault) -> None:
    pairs = busy(office, 3)
    office.freshdesk.faults.append(replace(fault))
    office.sync()
    assert office.freshdesk.faults[-1].times == 0, "the fault never struck"
    assert [(office.status(ticket), len(office.notes(ticket))) for ticket, _ in pairs] == [(RESOLVED, 2)] * 3


@pytest.mark.trap("freshdesk", 14)
def test_whatever_becomes_of_an_answer_each_note_and_status_is_written_once(office: Office) -> None:
    """Every kind of lost write at once, each on the note of one ticket and on the status of another."""
    pairs = busy(office, 2 * len(LOST))
    for (note, _), (status, _), (kind, reply) in zip(pairs[::2], pairs[1::2], LOST, strict=True):
        office.freshdesk.faults.append(Fault(kind, "POST", f"/tickets/{note}/notes$", reply=reply))
        office.freshdesk.faults.append(Fault(kind, "PUT", f"/tickets/{status}$", reply=reply))
    office.run("reconcile")
    assert [fault.times for fault in office.freshdesk.faults] == [0] * 2 * len(LOST)
    office.later()
    office.sync()
    found = [(office.status(ticket), len(office.notes(ticket))) for ticket, _ in pairs]
    assert found == [(RESOLVED, 2)] * len(pairs)
    office.run("status").ended(0)


def test_whatever_becomes_of_an_answer_each_issue_is_reopened(build: Callable[..., Office]) -> None:
    office = build(sync='playbook = "2i2c"')
    pairs = busy(office, len(LOST))
    office.sync()
    office.later()
    for (ticket, key), (kind, reply) in zip(pairs, LOST, strict=True):
        office.desk.customer_reply(ticket, "again")
        office.github.faults.append(Fault(kind, "PATCH", f"{key.replace('#', '/issues/')}$", reply=reply))
    office.run("reconcile")
    assert [fault.times for fault in office.github.faults] == [0] * len(LOST)
    office.later()
    office.sync()
    assert [office.hub.status(key)[0] for _, key in pairs] == ["open"] * len(LOST)
    assert [office.comments(key) for _, key in pairs] == [[]] * len(LOST)


def test_one_poisoned_ticket_of_thirty_holds_up_no_other(wide: Office) -> None:
    pairs = busy(wide, 30)
    poisoned = pairs[11][0]
    wide.freshdesk.required_for_closure = {"cf_reference_number"}
    for ticket, _ in pairs:
        if ticket != poisoned:
            wide.freshdesk.books.tickets[ticket].row["custom_fields"]["cf_reference_number"] = "17"
    run = wide.run("reconcile").ended(1)
    assert "29 tickets resolved, because their issues are finished" in run.out
    assert f"freshdesk:{poisoned}" in run.err
    assert "cf_reference_number" in run.err
    assert [wide.status(ticket) for ticket, _ in pairs].count(RESOLVED) == 29
    assert wide.status(poisoned) == PENDING
    told = wide.run("status").ended(1).out
    assert f"Parked: freshdesk:{poisoned}" in told
    assert "cf_reference_number: missing_field" in told
    assert wide.json("status")["parked"] == 1


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


REFUSAL = Reply(400, b'{"description": "Validation failed", "errors": [{"field": "body", "code": "invalid_value"}]}')


def refused(office: Office) -> tuple[int, str]:
    """A pair whose ticket became pending, but may not have its note."""
    office.sync()
    office.later()
    ticket = office.ticket()
    key = office.issue(ticket)
    office.freshdesk.faults.append(Fault("answer", method="POST", path="/notes$", times=99, reply=REFUSAL))
    told = office.sync(status=1)
    assert f"needs a person: a note on freshdesk:{ticket} was refused: " in told.err
    assert (office.status(ticket), office.notes(ticket)) == (PENDING, [])
    return ticket, key


def test_a_note_that_is_refused_is_told_until_it_can_be_written(office: Office) -> None:
    ticket, key = refused(office)
    told = office.run("status").ended(1).out
    assert f"Refused: a note on freshdesk:{ticket}: " in told
    assert "body: invalid_value" in told
    assert "Nothing needs a person" not in told
    (note,) = office.json("status")["refused_notes"]
    assert (note["on"], note["kind"], note["issue"]) == (f"freshdesk:{ticket}", "link_note", f"github:{key}")
    assert "note 'link_note' on freshdesk:" in office.run("explain", f"github:{key}").ended(0).out
    assert "was refused" in office.sync(status=1).err
    assert "was refused" in office.sync("--dry-run").err

    office.freshdesk.faults.clear()
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)
    assert "Nothing needs a person." in office.run("status").ended(0).out
    writes = office.writes()
    office.sync()
    assert office.writes() == writes


def test_a_note_that_is_refused_is_given_up_with_its_link(office: Office) -> None:
    ticket, _ = refused(office)
    cure = re.search(r"`syncd (links remove \S+ \S+)`", office.run("status").out)
    assert cure
    office.run(*cure[1].split()).ended(0)
    assert "Nothing needs a person." in office.run("status").ended(0).out
    office.freshdesk.faults.clear()
    office.sync()
    assert office.notes(ticket) == []


def test_a_note_that_was_refused_is_not_written_when_things_have_gone_on(office: Office) -> None:
    ticket, key = refused(office)
    for act in (office.hub.close, office.hub.reopen):
        office.later()
        act(key)
        office.sync(status=1)
    assert len(office.json("status")["refused_notes"]) == 1
    office.freshdesk.faults.clear()
    office.sync()
    assert office.status(ticket) == PENDING
    assert ["opened again" in note for note in office.notes(ticket)] == [True]
    office.run("status").ended(0)


def test_a_look_that_is_refused_leaves_the_note_to_be_looked_for_again(office: Office) -> None:
    """It may be there: sent without a look, it would be there twice."""
    office.sync()
    office.later()
    ticket = office.ticket()
    office.issue(ticket)
    office.freshdesk.faults.append(Fault("lost_answer", method="POST", path="/notes$"))
    office.freshdesk.faults.append(Fault("answer", method="GET", path="/conversations$", times=99, reply=REFUSAL))
    office.sync(status=1)
    assert len(office.notes(ticket)) == 1
    office.freshdesk.faults.clear()
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)
    office.run("status").ended(0)


def test_status_after_a_run_says_which_connector_a_person_must_mend(office: Office) -> None:
    busy(office, 2)
    office.freshdesk.key = "another"
    run = office.run("reconcile", "--dry-run").ended(1)
    assert "nothing to write" not in run.said
    run = office.run("reconcile").ended(1)
    assert "Mend the credential" in run.err
    assert "`syncd check`" in run.err
    assert "run `syncd reconcile` again later" not in run.err
    told = office.run("status").ended(1).out
    assert "freshdesk is unauthorized: " in told
    assert "Make a new credential, then restart the service" in told
    assert "Nothing needs a person" not in told
    assert office.json("status")["connectors"]["github"]["state"] == "ok"
    office.freshdesk.key = office.environ["SYNCD_TEST_DESK"]
    office.sync()
    assert office.run("status").ended(0).out.endswith("Nothing needs a person.\n")


def test_a_run_for_one_ticket_tells_of_the_credential_too(office: Office) -> None:
    (ticket, _), *_ = busy(office, 1)
    office.sync()
    office.freshdesk.key = "another"
    office.run("reconcile", f"freshdesk:{ticket}").ended(1)
    assert "freshdesk is unauthorized: " in office.run("status").ended(1).out
    office.freshdesk.key = office.environ["SYNCD_TEST_DESK"]
    office.sync(f"freshdesk:{ticket}")
    office.run("status").ended(0)


@pytest.mark.parametrize("before", ["rate_limited", "unavailable", "misconfigured"])
def test_what_a_service_has_left_of_a_connector_does_not_outlive_a_read(office: Office, before: str) -> None:
    office.sync()
    store = Store.open(office.state)
    with store.write():
        store.connectors.stands("github", before, "the service asked us to wait", "2026-01-01T00:00:00.000000Z")
    store.close()
    assert "the service asked us to wait" in office.run("status").out
    office.sync()
    assert "the service asked us to wait" not in office.run("status").ended(0).out


def test_what_is_not_there_to_be_read_is_told_by_status(office: Office) -> None:
    office.sync()
    office.write_hub(REPOSITORY, "acme/nowhere")
    office.run("reconcile").ended(1)
    told = office.run("status").ended(1).out
    assert "github is misconfigured: " in told
    assert "acme/nowhere" in told
