"""Every other command that writes, while the service runs and without it: the same world afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from office import OPEN, PENDING, RESOLVED, Office
from test_system_control import commands, filed
from test_system_run import events, ready, service, until

from syncd.testing import Fault


def test_reconcile_says_what_observe_mode_would_write(build: Callable[..., Office]) -> None:
    office = build(main='mode = "observe"\n')
    office.write_hub(more='poll_interval = "1h"')
    office.write_desk(more='poll_interval = "1h"')
    with service(office) as started:
        until(lambda: ready(started), started)
        pairs = [filed(office) for _ in range(60)]
        office.freshdesk.faults.append(Fault("before", hook=lambda: time.sleep(0.03), path=r"/tickets/\d+$", times=999))
        report = office.run("reconcile", "--json").ended(0).data
        assert {step["target"] for step in report["planned"]} == {f"freshdesk:{ticket}" for ticket, _ in pairs}
    assert office.writes() == 0


def test_links_are_added_and_removed_by_the_service(still: Office) -> None:
    with service(still) as started:
        until(lambda: ready(started), started)
        still.later()
        ticket = still.ticket()
        issue = still.issue()
        still.later(5)
        run = still.run("links", "add", f"freshdesk:{ticket}", still.issue_url(issue)).ended(0)
        assert run.out.startswith(f"Linked: freshdesk:{ticket} (pending) <-> github:{issue} (open): in step")
        assert (still.status(ticket), len(still.notes(ticket))) == (PENDING, 1)
        assert still.json("links", "show", f"freshdesk:{ticket}")[0]["state"] == "live"
        assert "can't be linked" in still.run("links", "add", f"freshdesk:{ticket}", f"freshdesk:{ticket}").ended(1).err
        still.run("links", "remove", f"freshdesk:{ticket}", f"github:{issue}").ended(0)
        assert "are not linked" in still.run("links", "remove", f"freshdesk:{ticket}", f"github:{issue}").ended(1).err
        still.hub.close(issue)
        still.later()
        still.sync()
        assert still.status(ticket) == PENDING
    assert commands(started)[:4] == [("links add", 0), ("links add", 1), ("links remove", 0), ("links remove", 1)]


def test_status_says_whether_anything_reads_the_services_now(still: Office) -> None:
    idle = "No syncd is at work now"
    assert idle in still.run("status").ended(0).out
    with service(still) as started:
        until(lambda: ready(started), started)
        assert idle not in still.run("status").ended(0).out
        assert still.json("status")["running"] is True
    assert still.json("status")["running"] is False


def test_a_brake_is_released_in_the_service_which_goes_on(build: Callable[..., Office]) -> None:
    office = build(main="brake.max_changes = 1\nbrake.share = 0.0\n")
    office.write_desk(more='poll_interval = "1s"')
    office.write_hub(more='poll_interval = "1s"')
    with service(office) as started:
        until(lambda: ready(started), started)
        office.later()
        tickets = [office.ticket() for _ in range(2)]
        for ticket in tickets:
            office.issue(ticket)
        until(lambda: bool(office.json("brake", "list")), started)
        assert "syncd brake release freshdesk" in office.run("brake", "list").ended(0).out
        assert sorted(office.status(ticket) for ticket in tickets) == [OPEN, PENDING]
        waits = {row["next"] for row in office.json("queue", "list")}
        assert waits == {"waits for `syncd brake release freshdesk`"}
        assert "freshdesk goes on" in office.run("brake", "release", "freshdesk").ended(0).out
        until(lambda: {office.status(ticket) for ticket in tickets} == {PENDING}, started)
        assert "no brake is on for 'freshdesk'" in office.run("brake", "release", "freshdesk").ended(1).err
        assert office.run("brake", "list").ended(0).out == "No brake is on.\n"


@pytest.mark.parametrize("served", [False, True])
def test_what_is_parked_is_listed_and_tried_again_or_dropped(still: Office, served: bool) -> None:
    def play() -> None:
        still.sync()
        pairs = [filed(still), filed(still)]
        refused = [Fault("answer", method="PUT", path=rf"/tickets/{ticket}$", times=9) for ticket, _ in pairs]
        still.freshdesk.faults += refused
        for fault in refused:
            fault.reply = fault.reply.__class__(403, b'{"code": "access_denied", "message": "You are not authorized"}')
        still.sync(status=1)
        (one, two) = (ticket for ticket, _ in pairs)
        rows = still.json("queue", "list")
        assert [row["parked"] for row in rows] == [True, True]
        assert {row["group"] for row in rows} == {f"freshdesk:{one}", f"freshdesk:{two}"}
        shown = still.run("queue", "list").ended(0).out
        assert f"`syncd queue retry freshdesk:{one}` tries it again" in shown
        still.freshdesk.faults.clear()
        asked = still.run("queue", "drop", f"freshdesk:{two}").ended(2)
        assert "What was to be written to these items isn't written" in asked.out
        still.run("queue", "drop", "--yes", f"freshdesk:{two}").ended(0)
        still.run("queue", "retry", f"freshdesk:{one}").ended(0)
        if not served:
            still.sync("--connector", "github", "--since", "2035-01-01")
        until(lambda: still.status(one) == PENDING, running)
        assert "waits for nothing" in still.run("queue", "retry", f"freshdesk:{two}").ended(1).err
        still.run("queue", "retry").ended(2)
        until(lambda: still.run("queue", "list").out == "Nothing waits.\n", running)
        still.run("queue", "retry", "--all").ended(0)
        assert still.status(two) == (OPEN if served else PENDING)
        still.sync(f"freshdesk:{two}")
        assert [(still.status(ticket), len(still.notes(ticket))) for ticket in (one, two)] == [(PENDING, 1)] * 2

    if served:
        with service(still) as running:
            until(lambda: ready(running), running)
            play()
    else:
        running = still.start("status")
        play()


@pytest.mark.parametrize("served", [False, True])
def test_a_paused_connector_is_left_alone_and_catches_up(build: Callable[..., Office], served: bool) -> None:
    office = build()
    office.write_desk(more='poll_interval = "1s"')
    office.write_hub(more='poll_interval = "1s"')
    if not served:
        office.sync()
        ticket, issue = filed(office)
        office.sync()
        office.run("pause", "freshdesk").ended(0)
        silent(office, issue, office.sync)
        office.run("resume", "freshdesk").ended(0)
        office.sync()
        assert office.status(ticket) == RESOLVED
        return
    with service(office) as started:
        until(lambda: ready(started), started)
        ticket, issue = filed(office)
        until(lambda: office.status(ticket) == PENDING, started)
        assert "until `syncd resume freshdesk`" in office.run("pause", "freshdesk").ended(0).out
        time.sleep(1.5)  # what was under way
        silent(office, issue, lambda: time.sleep(2.5))
        assert office.json("status")["connectors"]["freshdesk"]["state"] == "paused"
        assert "it is paused by a person" in office.run("reconcile", f"freshdesk:{ticket}").ended(1).err
        assert "freshdesk is paused by a person" in office.sync().err
    with service(office) as started:  # a pause outlives the service
        until(lambda: bool(events(started, "started")), started)
        calls = len(office.freshdesk.log)
        time.sleep(2.0)
        assert len(office.freshdesk.log) == calls
        office.run("resume", "freshdesk").ended(0)
        until(lambda: office.status(ticket) == RESOLVED, started)
        assert office.run("resume", "freshdesk").ended(0).out == "freshdesk was not paused\n"
        office.run("pause", "freshdesk", "--for", "1s").ended(0)
        until(lambda: office.json("status")["connectors"]["freshdesk"]["state"] != "paused", started)
        assert "no connector is called 'nobody'" in office.run("pause", "nobody").ended(1).err
        office.run("pause", "freshdesk", "--for", "0s").ended(2)
    assert len(office.notes(ticket)) == 2


def silent(office: Office, issue: str, go_on: Callable[[], object]) -> None:
    """Nothing is asked of the helpdesk, whatever happens at the tracker."""
    calls = len(office.freshdesk.log)
    office.later()
    office.hub.close(issue)
    office.later(5)
    go_on()
    assert [one.request.path for one in office.freshdesk.log[calls:]] == []
