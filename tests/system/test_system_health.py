"""Health of the service as a real process: states through a life, probes, metrics, and what none of them may tell."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from office import CANARY, PENDING, SECRETS, Office, Started
from test_system_run import PATIENCE, events, service, until

from syncd.store.file import open_fellow
from syncd.testing.exchange import Fault, Reply

PAGES = ("/", "/livez", "/readyz", "/healthz", "/metrics")
LONG = 90.0
"""Seconds to wait at most for what the breaker makes slow."""


@pytest.fixture
def quick(build: Callable[..., Office]) -> Office:
    """An office whose connectors are polled every second."""
    return busy(build())


def busy(office: Office) -> Office:
    office.write_desk(more='poll_interval = "1s"')
    office.write_hub(more='poll_interval = "1s"')
    return office


def ask(started: Started, path: str) -> tuple[int, str]:
    """A probe."""
    until(lambda: bool(events(started, "serving health")), started)
    port = urlsplit(events(started, "serving health")[-1]["url"]).port
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read().decode()
    finally:
        link.close()


def health(started: Started) -> Any:
    """``/healthz``, which is always answered."""
    status, body = ask(started, "/healthz")
    assert status == 200
    return json.loads(body)


def state(started: Started, name: str) -> str:
    """The state of a connector."""
    found = health(started)["connectors"][name]["state"]
    assert isinstance(found, str)
    return found


def becomes(started: Started, seconds: float = PATIENCE, **states: str) -> None:
    """Connectors come to these states."""
    until(lambda: all(state(started, name) == one for name, one in states.items()), started, seconds)


def sample(started: Started, series: str) -> float:
    """A series of ``/metrics``; 0 if it isn't there."""
    found = re.search(rf"^{re.escape(series)} (\S+)$", ask(started, "/metrics")[1], re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_a_life_from_starting_through_an_outage(quick: Office) -> None:
    down = Fault("answer", times=10_000)
    wait = Fault("hang", times=2, seconds=3)
    quick.github.faults.append(wait)
    with service(quick) as started:
        becomes(started, github="starting", freshdesk="starting")
        assert ask(started, "/readyz") == (503, '{"ready": false, "reasons": ["no connector has been read yet"]}\n')
        assert ask(started, "/livez")[0] == 200
        becomes(started, github="ok", freshdesk="ok")
        until(lambda: ask(started, "/readyz")[0] == 200, started)
        assert health(started)["status"] == "ok"

        quick.github.faults.append(down)
        becomes(started, LONG, github="unavailable")
        found = health(started)
        assert (found["status"], found["connectors"]["freshdesk"]["state"]) == ("degraded", "ok")
        assert sample(started, 'syncd_breaker_state{connector="github"}') == 1
        assert sample(started, 'syncd_http_requests_total{code_class="5xx",connector="github",method="GET"}') >= 5
        assert (ask(started, "/readyz")[0], ask(started, "/livez")[0]) == (200, 200)

        quick.github.faults.clear()
        becomes(started, LONG, github="ok")
        assert health(started)["status"] == "ok"


def test_a_credential_that_is_refused_and_mended(quick: Office) -> None:
    with service(quick) as started:
        becomes(started, github="ok", freshdesk="ok")
        refused = Fault("answer", times=10_000, reply=Reply(401, {"message": "Bad credentials"}))
        quick.github.faults.append(refused)
        becomes(started, github="unauthorized", freshdesk="ok")
        assert health(started)["status"] == "degraded"
        assert sample(started, 'syncd_credential_valid{connector="github"}') == 0
        assert sample(started, 'syncd_credential_valid{connector="freshdesk"}') == 1
        calls, polls = len(quick.github.log), sample(started, 'syncd_polls_total{connector="freshdesk",result="ok"}')
        until(
            lambda: sample(started, 'syncd_polls_total{connector="freshdesk",result="ok"}') > polls + 2, started
        )  # while the other is polled as before, this one is left alone
        assert len(quick.github.log) == calls
        quick.github.faults.clear()
        started.process.send_signal(signal.SIGHUP)
        becomes(started, github="ok")
        assert ask(started, "/readyz")[0] == 200
        assert sample(started, "syncd_config_last_reload_successful") == 1


def test_nothing_is_read_at_all(quick: Office) -> None:
    for one in (quick.github, quick.freshdesk):
        one.faults.append(Fault("answer", times=10_000, reply=Reply(401, {"message": "no"})))
    with service(quick) as started:
        becomes(started, github="unauthorized", freshdesk="unauthorized")
        assert health(started)["status"] == "failing"
        assert (ask(started, "/readyz")[0], ask(started, "/livez")[0]) == (503, 200)


def test_a_limit_is_told_and_ends(quick: Office) -> None:
    with service(quick) as started:
        becomes(started, github="ok", freshdesk="ok")
        limited = Reply(429, {"message": "too many"}, {"Retry-After": "3"})
        quick.freshdesk.faults.append(Fault("answer", times=1, reply=limited))
        becomes(started, freshdesk="rate_limited")
        assert sample(started, 'syncd_ratelimit_wait_seconds_total{connector="freshdesk"}') >= 3
        becomes(started, freshdesk="ok")


def test_a_repository_that_is_not_there_is_misconfigured(quick: Office) -> None:
    quick.write_hub("acme/no-such-place", more='poll_interval = "1s"')
    with service(quick) as started:
        becomes(started, github="misconfigured", freshdesk="ok")
        assert health(started)["status"] == "degraded"


def test_a_brake_and_a_pause(build: Callable[..., Office]) -> None:
    office = busy(build(main="[brake]\nmax_changes = 0\nshare = 0.0\n"))
    with service(office) as started:
        becomes(started, github="ok", freshdesk="ok")
        office.later()
        office.issue(office.ticket())
        becomes(started, freshdesk="braked")
        assert sample(started, 'syncd_mass_change_brake{connector="freshdesk"}') == 1
        assert health(started)["queue"] == 1
        db = open_fellow(office.state)
        db.execute("UPDATE connectors SET paused = 'by a person' WHERE name = 'github'")
        db.conn.close()
        becomes(started, github="paused")
        status = office.json("status")
    assert {name: one["state"] for name, one in status["connectors"].items()} == {
        "freshdesk": "braked",
        "github": "paused",
    }
    assert status["status"] == "degraded"


def test_what_was_done_is_counted_and_nothing_private_is_told(quick: Office) -> None:
    with service(quick) as started:
        becomes(started, github="ok", freshdesk="ok")
        quick.later()
        ticket = quick.ticket("Anna Beispiel <anna@example.com>")
        quick.issue(ticket, title=f"{CANARY} in a title", by="anna-dev")
        until(lambda: quick.status(ticket) == PENDING, started)
        for series in (
            'syncd_writes_total{connector="freshdesk",kind="status",result="done"}',
            'syncd_writes_total{connector="freshdesk",kind="link_note",result="done"}',
            'syncd_links{connector="github",state="live"}',
            'syncd_http_requests_total{code_class="2xx",connector="freshdesk",method="PUT"}',
            'syncd_polls_total{connector="github",result="ok"}',
            'syncd_items_seen_total{connector="github"}',
            'syncd_reconcile_progress_ratio{connector="github"}',
            "syncd_db_commit_duration_seconds_count",
        ):
            until(lambda series=series: sample(started, series) > 0, started)  # type: ignore[misc]
        until(lambda: health(started)["queue"] == 0, started)
        until(lambda: sample(started, 'syncd_echoes_suppressed_total{connector="freshdesk"}') > 0, started)
        calls = quick.calls()
        told = {path: ask(started, path)[1] for path in PAGES}
        for _ in range(50):
            ask(started, "/healthz")
        polled = sum(sample(started, f'syncd_polls_total{{connector="{one}",result="ok"}}') for one in ("github",))
        assert polled >= 1
        assert quick.calls() - calls < 50  # whatever was called meanwhile was polled; no probe made a call
    names = {"freshdesk", "github", "status", "link_note"}
    for path, text in told.items():
        for private in (CANARY, *SECRETS, "anna", "Anna", "acme", "infrastructure", f"freshdesk:{ticket}", "Traceback"):
            assert private not in text, f"{path} tells {private}"
    values = set(re.findall(r'(?:connector|kind)="([^"]*)"', told["/metrics"]))
    assert values <= names


def test_status_says_what_the_endpoint_says(quick: Office) -> None:
    with service(quick) as started:
        becomes(started, github="ok", freshdesk="ok")
        seen, told = health(started), quick.json("status")
    assert set(seen) <= set(told)
    for name, one in seen["connectors"].items():
        assert set(one) <= set(told["connectors"][name])
        assert told["connectors"][name]["state"] == one["state"]
    assert told["status"] == "ok"


def test_probes_go_on_while_somebody_holds_the_state(quick: Office) -> None:
    with service(quick) as started:
        becomes(started, github="ok", freshdesk="ok")
        other = open_fellow(quick.state)
        other.execute("BEGIN IMMEDIATE")
        try:
            until(lambda: "the state can't be written" in ask(started, "/readyz")[1], started)
            for path in PAGES:
                assert ask(started, path)[0] == (503 if path == "/readyz" else 200)
        finally:
            other.execute("ROLLBACK")
            other.conn.close()
        assert started.process.poll() is None


def test_slow_clients_do_not_keep_it_from_stopping(quick: Office) -> None:
    with service(quick) as started:
        becomes(started, github="ok", freshdesk="ok")
        where = urlsplit(events(started, "serving health")[0]["url"])
        slow = [socket.create_connection((where.hostname, where.port), timeout=30) for _ in range(30)]
        for sock in slow:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHo")
        assert ask(started, "/livez")[0] == 200
    for sock in slow:
        sock.close()


def test_a_port_that_is_taken_is_told_and_leaves_the_state_alone(quick: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        quick.write("syncd.toml", f'state = "{quick.state}"\nlisten = "127.0.0.1:{port}"\n')
        run = quick.run("run").ended(75)
        assert f"127.0.0.1:{port} is in use by another process" in run.err
        assert "`listen` in syncd.toml" in run.err
    assert (
        sorted(path.name for path in quick.state.parent.glob("syncd.db*") if path.name.endswith(("-wal", "-shm"))) == []
    )
    with service(quick) as started:
        becomes(started, github="ok", freshdesk="ok")


def test_an_endpoint_that_others_can_reach_is_allowed_and_said(quick: Office) -> None:
    quick.write("syncd.toml", f'state = "{quick.state}"\nlisten = "0.0.0.0:0"\n')
    with service(quick) as started:
        becomes(started, github="ok", freshdesk="ok")
        (line,) = events(started, "serving health")
        assert (line["level"], "other machines can read it" in line["why"]) == ("warning", True)
