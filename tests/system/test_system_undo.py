"""``syncd undo`` in a support lead's hands, with the service and without."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from office import CANARY, OPEN, PENDING, RESOLVED, Office, Started
from test_system_run import ready, service, until

from syncd.testing import Fault


def now() -> str:
    """A moment of syncd's clock; what is written from now on is later."""
    time.sleep(0.01)
    return datetime.now(UTC).isoformat()


def resolved(office: Office, number: int) -> tuple[list[int], list[str], str]:
    """Tickets that syncd made pending, then resolved; and a moment between the two."""
    office.later()
    tickets = [office.ticket() for _ in range(number)]
    issues = [office.issue(ticket) for ticket in tickets]
    office.sync()
    between = now()
    for issue in issues:
        office.hub.close(issue)
    office.later()
    office.sync()
    assert [office.status(ticket) for ticket in tickets] == [RESOLVED] * number
    return tickets, issues, between


def undone(office: Office, since: str, *more: str) -> Path:
    """The file that it makes, without a call or a write to anything else."""
    before, calls = office.tree(), office.calls()
    run = office.run("undo", "--since", since, *more).ended(0)
    (path,) = office.tree().keys() - before.keys()
    assert {name: data for name, data in office.tree().items() if name != path} == before
    assert office.calls() == calls
    assert f"syncd reconcile --apply {Path(path).name}" in run.out
    assert "Notes that were written stay: they can't be taken back." in run.out
    found = office.folder / path
    assert found.stat().st_mode & 0o777 == 0o600
    assert CANARY not in found.read_text(encoding="utf-8")
    return found


def check_an_undo(office: Office) -> None:
    """What syncd resolved is put back, but for what an agent moved since, before the file was made or after."""
    tickets, issues, between = resolved(office, 4)
    office.desk.set_status(tickets[1], OPEN)
    office.later(5)
    office.sync(f"freshdesk:{tickets[1]}")
    path = undone(office, between)
    assert path.name.startswith("undo-20")
    run = office.run("undo", "--since", between, "again.json").ended(0)
    assert "To be put back: 3 tickets resolved, because their issues are finished:" in run.out
    assert f"freshdesk:{tickets[0]}" in run.out
    assert "resolved -> pending" in run.out
    assert f"Left as it is, changed by somebody since: freshdesk:{tickets[1]}" in run.out
    office.desk.set_status(tickets[2], PENDING)
    office.later(5)
    written = office.writes()
    run = office.run("reconcile", "--apply", path.name).ended(1)
    assert "2 items put back to what they were" in run.out
    assert "2 of 3 groups done as planned, 2 statuses and 0 notes written" in run.out
    assert f"  freshdesk:{tickets[2]}\n" in run.err
    assert [office.status(ticket) for ticket in tickets] == [PENDING, OPEN, PENDING, PENDING]
    assert office.writes() == written + 2
    office.later()
    office.sync()
    office.later()
    office.sync()
    assert [office.status(ticket) for ticket in tickets][::3] == [PENDING, PENDING]
    told = office.run("explain", f"freshdesk:{tickets[0]}").ended(0).out
    assert "item put back to what it was (resolved -> pending)" in told
    assert "adopted as it stood" in told
    office.hub.reopen(issues[0])
    office.later()
    office.sync()
    office.hub.close(issues[0])
    office.later()
    office.sync()
    assert office.status(tickets[0]) == RESOLVED


def test_statuses_are_put_back_without_a_service(office: Office) -> None:
    office.sync()
    check_an_undo(office)


def test_statuses_are_put_back_by_the_service(build: Callable[..., Office]) -> None:
    office = build()
    office.write_desk(more='poll_interval = "1h"')
    office.write_hub(more='poll_interval = "1h"')
    with service(office) as started:
        until(lambda: ready(started), started)
        check_an_undo(office)


def test_the_poll_after_an_undo_writes_nothing(build: Callable[..., Office]) -> None:
    office = build()
    office.write_desk(more='poll_interval = "1s"')
    office.write_hub(more='poll_interval = "1s"')
    office.sync()
    tickets, _, between = resolved(office, 2)
    path = undone(office, between)
    with service(office) as started:
        until(lambda: ready(started), started)
        office.run("reconcile", "--apply", str(path)).ended(0)
        written, calls = office.writes(), office.calls()
        until(lambda: office.calls() > calls + 8, started)
        assert [office.status(ticket) for ticket in tickets] == [PENDING] * 2
        assert office.writes() == written


def test_nothing_to_put_back_makes_no_file(office: Office) -> None:
    run = office.run("undo", "--since", "2026-01-01").ended(0)
    assert "There is nothing to put back" in run.out
    office.sync()
    _, _, _ = resolved(office, 1)
    assert "There is nothing to put back" in office.run("undo", "--since", now()).ended(0).out
    assert office.json("undo", "--since", now()) == {"put_back": [], "left": []}
    assert list(office.folder.glob("*.json")) == []


def test_undo_is_told_as_data(office: Office) -> None:
    office.sync()
    (ticket,), _, between = resolved(office, 1)
    found = office.json("undo", "--since", between, "here.json")
    (row,) = found["put_back"]
    assert (row["item"], row["from"], row["to"], row["rule"]) == (
        f"freshdesk:{ticket}",
        "resolved",
        "pending",
        "issue_finished",
    )
    assert (found["left"], found["plan_file"], found["plan_groups"]) == ([], "here.json", 1)
    data = json.loads((office.folder / "here.json").read_text(encoding="utf-8"))
    assert (data["kind"], len(data["groups"])) == ("undo", 1)
    assert "is there already" in office.run("undo", "--since", between, "here.json").ended(2).err
    office.run("undo").ended(2)
    office.run("undo", "--since", "yesterday").ended(2)


@pytest.mark.parametrize("kind", ["before", "cut"])
def test_an_undo_that_was_killed_on_the_way_is_known_for_ours(office: Office, kind: str) -> None:
    office.sync()
    tickets, _, between = resolved(office, 3)
    path = undone(office, between)
    running: list[Started] = []
    held = threading.Event()

    def strike() -> None:
        held.wait(30)
        running[0].process.send_signal(signal.SIGKILL)

    office.freshdesk.faults.append(Fault(kind, method="POST|PUT", skip=1, hook=strike))
    running.append(office.start("reconcile", "--apply", str(path)))
    held.set()
    assert running[0].process.wait(60) == -signal.SIGKILL
    office.run("reconcile", "--apply", str(path)).ended(1)
    office.later()
    office.sync()
    office.later()
    office.sync()
    assert [office.status(ticket) for ticket in tickets] == [PENDING] * 3
    assert [len(office.notes(ticket)) for ticket in tickets] == [2] * 3
