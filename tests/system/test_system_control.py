"""Commands while the service runs: done by the service, with the same words and exit statuses as without it."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from office import PENDING, RESOLVED, Office, Started
from test_system_run import PATIENCE, events, ready, service, until

from syncd.testing import Fault


def commands(started: Started) -> list[tuple[str, int]]:
    """What the service has done for others, and how it ended."""
    return [(line["verb"], line["exit"]) for line in events(started, "command")]


def filed(office: Office) -> tuple[int, str]:
    """A pair that is filed since the service first looked, and that nobody has seen yet."""
    office.later()
    ticket = office.ticket()
    issue = office.issue(ticket)
    office.later(5)
    return ticket, issue


# --- reconcile ---


def test_reconcile_is_done_by_the_service(still: Office) -> None:
    with service(still) as started:
        until(lambda: ready(started), started)
        ticket, issue = filed(still)
        dry = still.run("reconcile", "--dry-run", "--json").ended(0).data
        assert [step["rule"] for step in dry["planned"]] == ["filed"]
        assert still.writes() == 0
        run = still.sync()
        assert (still.status(ticket), len(still.notes(ticket))) == (PENDING, 1)
        assert "1 ticket set to waiting, because its issue is open\n" in run.out
        assert "1 status and 1 note written" in run.out
        still.later()
        still.hub.close(issue)
        found = still.run("reconcile", "--json", still.issue_url(issue)).ended(0).data
        assert (still.status(ticket), len(still.notes(ticket))) == (RESOLVED, 2)
        assert found["status_writes"] == 1
        assert "no such item" in still.run("reconcile", "github:acme/infrastructure#999").ended(1).err
        assert "no connector is called 'nobody'" in still.run("reconcile", "--connector", "nobody").ended(2).err
        since = still.run("reconcile", "--json", "--connector", "github", "--since", "2026-01-01").ended(0).data
        assert since["items_read"] == 1
    assert commands(started) == [("reconcile", status) for status in (0, 0, 0, 1, 2, 0)]


def test_what_the_service_does_while_it_walks_is_told_too(still: Office) -> None:
    still.desk.seed(450, first="2026-01-01T00:00:00Z")
    with service(still) as started:
        until(lambda: ready(started), started)
        ticket, issue = filed(still)
        still.sync()
        still.later()
        still.hub.close(issue)
        still.freshdesk.faults.append(Fault("before", hook=lambda: time.sleep(0.5), path="/tickets$", times=99))
        walking = still.start("reconcile", "--json")
        until(lambda: still.status(ticket) == RESOLVED, walking)
        assert not walking.out.read_text()  # it still walks
        report = still.finish(walking).ended(0).data
    assert (report["status_writes"], report["notes_written"]) == (1, 1)
    assert report["rules"] == {"issue_finished+": 1}


def test_a_move_is_followed_while_a_walk_is_under_way(build: Callable[..., Office]) -> None:
    office = build()
    office.write_desk(more='poll_interval = "1s"')
    office.write_hub(more='poll_interval = "1s"')
    office.desk.seed(900, first="2026-01-01T00:00:00Z")
    with service(office) as started:
        until(lambda: ready(started), started)
        ticket, issue = filed(office)
        until(lambda: office.status(ticket) == PENDING, started)
        office.later(3600)
        office.freshdesk.faults.append(Fault("before", hook=lambda: time.sleep(0.7), path="/tickets$", times=99))
        walking = office.start("reconcile", "--connector", "freshdesk")
        asked = len(office.freshdesk.log)
        until(lambda: len(lists(office, asked)) > 1, walking)
        office.hub.close(issue)
        until(lambda: office.status(ticket) == RESOLVED, started)
        assert "looked at" not in walking.said()  # it still walks
        office.finish(walking).ended(0)
    assert len(office.notes(ticket)) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_client_that_ends_stops_its_walk_and_the_next_goes_on_from_there(still: Office, number: int) -> None:
    still.desk.seed(450, first="2026-01-01T00:00:00Z")
    with service(still) as started:
        until(lambda: ready(started), started)
        held = threading.Event()
        running: list[Started] = []

        def strike() -> None:
            held.wait(PATIENCE)
            running[0].process.send_signal(number)
            time.sleep(1.0)

        asked = len(still.freshdesk.log)
        still.freshdesk.faults.append(Fault("before", hook=strike, path=r"/tickets$", skip=2))
        running.append(still.start("reconcile"))
        held.set()
        run = still.finish(running[0], 30)
        if number == signal.SIGKILL:
            assert run.exit == -signal.SIGKILL
        else:
            run.ended(130)
            assert run.err.endswith("syncd: stopped; what was done is kept, and the next run goes on from there\n")
        until(lambda: commands(started) == [("reconcile", 130)], started)
        pages = lists(still, asked)
        assert len(pages) == 3
        asked = len(still.freshdesk.log)
        still.sync()
        assert pages[0] not in lists(still, asked)
    assert still.writes() == 0


def lists(office: Office, skip: int) -> list[str]:
    """From when on each page of tickets was asked for, the first calls left out."""
    asked = [one.request for one in office.freshdesk.log[skip:] if one.request.path.endswith("/tickets")]
    return [request.arg("updated_since") for request in asked if not request.arg("filter")]


def test_a_service_that_is_told_to_stop_tells_its_clients(still: Office) -> None:
    still.desk.seed(450, first="2026-01-01T00:00:00Z")
    started = still.start("run")
    until(lambda: ready(started), started)

    def strike() -> None:
        started.process.send_signal(signal.SIGTERM)
        time.sleep(1.0)

    asked = len(still.freshdesk.log)
    still.freshdesk.faults.append(Fault("before", hook=strike, path=r"/tickets$", skip=2))
    run = still.run("reconcile").ended(130)
    assert "the service was told to stop" in run.err
    still.finish(started).ended(0)
    pages = lists(still, asked)
    assert len(pages) == 3
    asked = len(still.freshdesk.log)
    still.sync()  # alone, by now
    assert pages[0] not in lists(still, asked)


def test_a_service_that_is_killed_leaves_no_client_waiting_and_its_socket_is_replaced(still: Office) -> None:
    started = still.start("run")
    until(lambda: ready(started), started)
    path = still.state.with_name("syncd.db.sock")
    assert path.stat().st_mode & 0o777 == 0o600

    def strike() -> None:
        started.process.send_signal(signal.SIGKILL)
        time.sleep(0.5)

    still.freshdesk.faults.append(Fault("before", hook=strike, path=r"/tickets$"))
    run = still.run("reconcile").ended(130)
    assert "the service ended before this was done" in run.err
    still.finish(started)
    assert path.is_socket()
    still.sync()
    with service(still) as again:
        until(lambda: ready(again), again)
        still.sync()
        assert commands(again) == [("reconcile", 0)]
    assert not path.exists()


def test_two_clients_at_once_are_both_served(still: Office) -> None:
    with service(still) as started:
        until(lambda: ready(started), started)
        ticket, _ = filed(still)
        both = [still.start("reconcile") for _ in range(2)]
        for one in both:
            still.finish(one).ended(0)
        assert (still.status(ticket), len(still.notes(ticket))) == (PENDING, 1)
    assert commands(started) == [("reconcile", 0)] * 2


def test_a_first_walk_is_waited_for(still: Office) -> None:
    still.desk.seed(450, first="2026-01-01T00:00:00Z")
    old = still.ticket()
    still.issue(old)
    still.later()
    still.github.faults.append(Fault("before", hook=lambda: time.sleep(2.0), path="/issues$"))
    with service(still) as started:
        until(lambda: bool(events(started, "started")), started)
        run = still.sync()
        assert "for the first time; waiting for its end" in run.err
    assert still.writes() == 0


# --- who may ask, and what for ---


def test_a_command_needs_none_of_the_services_secrets(still: Office) -> None:
    with service(still) as started:
        until(lambda: ready(started), started)
        ticket, _ = filed(still)
        still.run("reconcile", env={"SYNCD_TEST_DESK": "", "SYNCD_TEST_HUB": ""}).ended(0)
        assert still.status(ticket) == PENDING
    still.run("reconcile", env={"SYNCD_TEST_DESK": "", "SYNCD_TEST_HUB": ""}).ended(78)


def test_too_many_at_once_are_told(still: Office) -> None:
    with service(still) as started:
        until(lambda: ready(started), started)
        path, many = str(still.state.with_name("syncd.db.sock")), []
        for _ in range(16):
            many.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            many[-1].connect(path)
        assert "busy with other commands" in still.run("reconcile").ended(75).err
        for one in many:
            one.close()
        until(lambda: still.run("reconcile").exit == 0, started)


def test_another_configuration_than_the_services_is_told(still: Office, tmp_path: Path) -> None:
    with service(still) as started:
        until(lambda: ready(started), started)
        still.write_hub(more='poll_interval = "2h"')
        run = still.run("reconcile").ended(78)
        assert "Run `syncd check`, then reload it" in run.err
        started.process.send_signal(signal.SIGHUP)
        until(lambda: bool(events(started, "configuration read anew")), started)
        until(lambda: still.run("reconcile").exit == 0, started)
        other = build_beside(still, tmp_path)
        assert "works on its own state" in still.run("--config", str(other), "reconcile", folder=False).ended(0).err
    assert (tmp_path / "other.db").exists()


def build_beside(office: Office, folder: Path) -> Path:
    """A config folder with another state, whose lock file was copied from the service's state."""
    config = folder / "other"
    for path in office.config.rglob("*.toml"):
        copy = config / path.relative_to(office.config)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text(encoding="utf-8").replace(str(office.state), str(folder / "other.db")))
    lock = office.state.with_name("syncd.db.lock").read_bytes()
    (folder / "other.db.lock").write_bytes(lock)
    return config


def test_another_version_than_the_services_is_told(still: Office) -> None:
    with service(still) as started:
        until(lambda: ready(started), started)
        answer = heard(still, {"version": "9.9", "state": str(still.state), "verb": "reconcile", "told": {}})
        assert "this is 9.9" in answer["refused"][1]


def heard(office: Office, request: object) -> dict[str, Any]:
    """The first line that the service answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(20)
        sock.connect(str(office.state.with_name("syncd.db.sock")))
        try:
            sock.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(sock.makefile("rb").readline() or b"{}")
        except ConnectionError:  # it has heard enough
            return {}
        return answer


def test_nonsense_and_silence_hold_up_nobody(still: Office) -> None:
    with service(still) as started:
        until(lambda: ready(started), started)
        path = str(still.state.with_name("syncd.db.sock"))
        silent_ones = []
        for _ in range(8):
            silent_ones.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            silent_ones[-1].connect(path)
        assert heard(still, [1, 2]) == {}
        assert heard(still, "x" * 300_000) == {}
        assert heard(still, {"verb": "reconcile"}) == {"elsewhere": str(still.state)}
        still.sync()
        until(lambda: all(ended(one) for one in silent_ones), started)
        for one in silent_ones:
            one.close()
        still.sync()
    assert commands(started) == [("reconcile", 0)] * 2


def ended(sock: socket.socket) -> bool:
    """Whether the other side has closed it."""
    sock.settimeout(0.05)
    try:
        return sock.recv(1) == b""
    except TimeoutError:
        return False


def test_a_client_that_hears_nothing_holds_up_neither_lanes_nor_the_end(build: Callable[..., Office]) -> None:
    office = build()
    office.write_desk(more='poll_interval = "1s"')
    office.write_hub(more='poll_interval = "1s"')
    with service(office) as started:
        until(lambda: ready(started), started)
        asleep = office.start("reconcile", "--json")
        asleep.process.send_signal(signal.SIGSTOP)
        ticket, _ = filed(office)
        until(lambda: office.status(ticket) == PENDING, started)
        until(lambda: len(commands(started)) <= 1, started)
    asleep.process.send_signal(signal.SIGCONT)
    asleep.process.wait(30)


def test_the_socket_is_in_the_folder_that_systemd_made(still: Office, tmp_path: Path) -> None:
    folder = tmp_path / "runtime"
    folder.mkdir()
    with service(still, RUNTIME_DIRECTORY=str(folder)) as started:
        until(lambda: ready(started), started)
        assert (folder / "control.sock").is_socket()
        still.sync()
        assert commands(started) == [("reconcile", 0)]
        other = build_beside(still, tmp_path)
        second = still.run("--config", str(other), "run", folder=False, env={"RUNTIME_DIRECTORY": str(folder)})
        assert f"another syncd listens at {folder}" in second.ended(75).err
        still.sync()
    assert not list(folder.iterdir())


def test_what_is_no_socket_is_left_alone(still: Office) -> None:
    path = still.state.with_name("syncd.db.sock")
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    assert "no socket" in still.run("run").ended(78).err
    assert path.read_text() == "mine"


def test_a_path_that_is_too_long_is_told_and_the_service_runs(build: Callable[..., Office], tmp_path: Path) -> None:
    office = build()
    office.state = tmp_path / ("x" * 100) / "syncd.db"
    office.write("syncd.toml", f'state = "{office.state}"\nlisten = "127.0.0.1:0"\n')
    with service(office) as started:
        until(lambda: ready(started), started)
        (line,) = events(started, "control")
        assert "107 bytes" in line["why"]
        assert "in use by another syncd" in office.run("reconcile").ended(75).err
