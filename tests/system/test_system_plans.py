"""Plan files in a support lead's hands: made, read, carried out, with the service and without."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from office import CANARY, OPEN, PENDING, RESOLVED, Office, Started
from test_system_run import ready, service, until

from syncd.testing import Fault


@pytest.fixture
def still(build: Callable[..., Office]) -> Office:
    """An office whose service does nothing by itself once it has walked everything."""
    office = build()
    office.write_desk(more='poll_interval = "1h"')
    office.write_hub(more='poll_interval = "1h"')
    return office


def pairs(office: Office, number: int) -> tuple[list[int], list[str]]:
    """Tickets with an issue each, filed since syncd first looked."""
    office.later()
    tickets = [office.ticket() for _ in range(number)]
    issues = [office.issue(ticket) for ticket in tickets]
    office.later(5)
    return tickets, issues


def planned(office: Office, *more: str) -> Path:
    """A plan file."""
    path = office.folder / "plan.json"
    path.unlink(missing_ok=True)
    before = office.writes()
    run = office.sync("--plan", str(path), *more)
    assert f"is in {path}" in run.out
    assert f"syncd reconcile --apply {path}" in run.out
    assert office.writes() == before
    return path


def groups(path: Path) -> list[dict[str, Any]]:
    """What the file holds."""
    text = path.read_text(encoding="utf-8")
    assert CANARY not in text
    found: list[dict[str, Any]] = json.loads(text)["groups"]
    return found


def check_a_plan(office: Office) -> None:
    """Made, one of its groups changed, carried out, and once more."""
    tickets, issues = pairs(office, 3)
    path = planned(office)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in office.folder.glob("*plan*")] == ["plan.json"]
    steps = [step for group in groups(path) for step in group["steps"]]
    assert sorted(step["item"] for step in steps) == [f"freshdesk:{ticket}" for ticket in tickets]
    assert {(step["rule"], step["from"], step["to"], *step["notes"]) for step in steps} == {
        ("filed", "open", "pending", "link_note")
    }
    office.hub.close(issues[1])
    office.later(5)
    run = office.run("reconcile", "--apply", str(path)).ended(1)
    assert (
        "2 tickets set to waiting, because their issues are open\n2 of 3 groups done as planned, 2 statuses and 2 notes"
        in (run.out.replace("  2 tickets", "2 tickets"))
    )
    assert "1 group skipped: changed since the plan was made" in run.err
    assert f"  freshdesk:{tickets[1]}\n" in run.err
    assert [office.status(ticket) for ticket in (tickets[0], tickets[2])] == [PENDING] * 2
    assert [len(office.notes(ticket)) for ticket in (tickets[0], tickets[2])] == [1, 1]
    written = office.writes()
    found = office.run("reconcile", "--apply", str(path), "--json").ended(1).data
    assert (found["applied"], found["status_writes"], found["notes_written"]) == (0, 0, 0)
    assert {row["why"] for row in found["skipped"]} == {"changed since the plan was made; nothing is left to do there"}
    assert office.writes() == written


def test_a_plan_is_made_and_applied_without_a_service(office: Office) -> None:
    office.sync()
    check_a_plan(office)
    written = office.writes()
    office.sync()
    assert office.writes() == written


def test_a_plan_is_made_beside_the_service_and_applied_by_it(still: Office) -> None:
    with service(still) as started:
        until(lambda: ready(started), started)
        check_a_plan(still)


def test_a_plan_file_is_never_written_over_and_never_half_there(office: Office) -> None:
    office.sync()
    pairs(office, 2)
    path = planned(office)
    before, calls = path.read_bytes(), office.calls()
    assert "is there already" in office.run("reconcile", "--plan", str(path)).ended(2).err
    nowhere = office.folder / "nowhere" / "plan.json"
    assert "doesn't exist" in office.run("reconcile", "--plan", str(nowhere)).ended(2).err
    assert (path.read_bytes(), office.calls()) == (before, calls)
    other = office.folder / "other.json"
    run = office.run("reconcile", "--plan", str(other), limit=600).ended(2)
    assert "can't be written (File too large). Nothing was kept" in run.err
    assert not other.exists()
    assert list(office.folder.glob(".syncd-plan-*")) == []


def test_options_that_do_not_go_together_are_refused(office: Office) -> None:
    path = str(office.folder / "plan.json")
    for args in (
        ("--plan", path, "--dry-run"),
        ("--plan", path, "--apply", path),
        ("--apply", path, "--dry-run"),
        ("--apply", path, "freshdesk:1"),
        ("--apply", path, "--since", "2026-01-01"),
        ("--apply", path, "--connector", "github"),
    ):
        office.run("reconcile", *args).ended(2)
    assert office.calls() == 0


WHOLE: dict[str, Any] = {
    "syncd": "plan",
    "format": 1,
    "kind": "reconcile",
    "made_at": "2026-01-01T00:00:00Z",
    "groups": [],
}
STEP: dict[str, Any] = {
    "target": "freshdesk:1",
    "item": "freshdesk:1",
    "rule": "filed",
    "from": "open",
    "to": "pending",
    "expect": {"native": "2", "reason": ""},
    "status": {"native": "3", "reason": ""},
    "notes": [],
}
GROUP: dict[str, Any] = {"group": "freshdesk:1", "version": "0", "steps": [STEP]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "this is no JSON, or it was cut"),
        (json.dumps(WHOLE)[:-5], "this is no JSON, or it was cut"),
        ("\xff\x1b[2J", "this is no JSON, or it was cut"),
        ("[" * 100_000, "this is no JSON, or it was cut"),
        ("[]", "this is no plan of syncd"),
        ('{"a": 1}', "this is no plan of syncd"),
        (json.dumps(WHOLE | {"format": 2}), "made by a newer syncd"),
        (json.dumps(WHOLE | {"format": "1"}), "format: a whole number is expected"),
        (json.dumps(WHOLE | {"kind": "all"}), "kind: this is none of the known values"),
        (json.dumps(WHOLE | {"groups": {}}), "groups: a list is expected"),
        (json.dumps(WHOLE | {"\x1b[2J": 1}), "unknown key"),
        (json.dumps(WHOLE | {"groups": [GROUP, GROUP]}), "names a group twice"),
        (json.dumps(WHOLE | {"groups": [GROUP | {"steps": []}]}), "groups[0].steps"),
        (json.dumps(WHOLE | {"groups": [GROUP | {"steps": [STEP | {"status": "3"}]}]}), "groups[0].steps[0].status"),
        (json.dumps(WHOLE | {"groups": [GROUP | {"steps": [STEP | {"target": "17"}]}]}), "groups[0].steps[0].target"),
        (
            json.dumps(WHOLE | {"groups": [GROUP | {"steps": [STEP | {"target": "jira:1"}]}]}),
            "the plan speaks of jira, and no connector of that name is configured",
        ),
    ],
)
def test_a_broken_plan_is_refused_with_what_is_wrong(office: Office, text: str, why: str) -> None:
    path = office.folder / "plan.json"
    path.write_bytes(text.encode("latin-1"))
    assert why in office.run("reconcile", "--apply", str(path)).ended(2).err
    assert office.calls() == 0


def test_a_plan_that_is_not_there_or_no_file_is_refused(office: Office) -> None:
    for path in (office.folder / "nothing.json", office.folder):
        assert "can't be read" in office.run("reconcile", "--apply", str(path)).ended(2).err


def test_observe_mode_makes_plans_and_refuses_to_apply_them(build: Callable[..., Office]) -> None:
    office = build(main='mode = "observe"\n')
    office.sync()
    pairs(office, 1)
    path = planned(office)
    assert len(groups(path)) == 1
    assert "observe mode, in which nothing is written" in office.run("reconcile", "--apply", str(path)).ended(2).err
    office.write("syncd.toml", f'state = "{office.state}"\nmode = "live"\n')
    office.run("reconcile", "--apply", str(path)).ended(0)
    assert office.writes() == 2


def test_a_brake_that_is_on_stops_a_plan_and_its_count_does_not(build: Callable[..., Office]) -> None:
    office = build(main="brake.max_changes = 1\nbrake.share = 0.0\n")
    office.sync()
    tickets, _ = pairs(office, 3)
    path = planned(office)
    assert "The brake would stop freshdesk after 1 of 3 changes" in " ".join(office.sync("--dry-run").out.split())
    office.sync(status=3)
    assert sorted(office.status(ticket) for ticket in tickets) == [OPEN, OPEN, PENDING]
    run = office.run("reconcile", "--apply", str(path)).ended(3)
    assert "skipped: freshdesk's brake is on" in run.err
    assert "syncd brake release freshdesk" in run.err
    office.run("brake", "release", "freshdesk").ended(0)
    told = office.run("reconcile", "--dry-run", "--json").ended(0).data
    assert told["brakes_foreseen"] == [{"connector": "freshdesk", "room": 1, "changes": 2}]
    office.run("reconcile", "--apply", str(path)).ended(1)  # one of them was done before
    assert [office.status(ticket) for ticket in tickets] == [PENDING] * 3
    assert [len(office.notes(ticket)) for ticket in tickets] == [1] * 3


@pytest.mark.parametrize("kind", ["before", "cut"])
def test_a_plan_that_was_killed_on_the_way_is_applied_again(office: Office, kind: str) -> None:
    office.sync()
    tickets, _ = pairs(office, 4)
    path = planned(office)
    running: list[Started] = []
    held = threading.Event()

    def strike() -> None:
        held.wait(30)
        running[0].process.send_signal(signal.SIGKILL)

    office.freshdesk.faults.append(Fault(kind, method="POST|PUT", skip=3, hook=strike))
    running.append(office.start("reconcile", "--apply", str(path)))
    held.set()
    assert running[0].process.wait(60) == -signal.SIGKILL
    office.run("reconcile", "--apply", str(path)).ended(1)
    office.later()
    office.sync()
    assert [office.status(ticket) for ticket in tickets] == [PENDING] * 4
    assert [len(office.notes(ticket)) for ticket in tickets] == [1] * 4


def test_a_big_plan_goes_through_the_socket(still: Office) -> None:
    with service(still) as started:
        until(lambda: ready(started), started)
        (ticket,), (issue,) = pairs(still, 1)
        path = planned(still)
        data = json.loads(path.read_text(encoding="utf-8"))
        (group,) = data["groups"]
        for number in range(1_000_000, 1_002_000):
            step = group["steps"][0] | {"target": f"freshdesk:{number}", "item": f"freshdesk:{number}"}
            data["groups"].append(group | {"group": f"freshdesk:{number}", "steps": [step]})
        path.write_text(json.dumps(data), encoding="utf-8")
        assert path.stat().st_size > 500_000
        found = still.run("reconcile", "--apply", str(path), "--json").ended(1).data
        assert (found["applied"], len(found["skipped"])) == (1, 2000)
        assert {row["why"] for row in found["skipped"]} == {"not linked any more"}
        assert (still.status(ticket), len(still.notes(ticket))) == (PENDING, 1)
        still.hub.close(issue)
        still.later()
        still.sync()
        assert still.status(ticket) == RESOLVED
