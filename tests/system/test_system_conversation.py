"""A conversation carried by the program itself: once whatever dies, and not a word of it left lying about."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

import pytest
from office import REPOSITORY, Office, Started

from syncd.testing import Fault

WORDS = "WorteDesKunden"
SYNC = '[sync.conversation]\nto_issue = "all"\nto_ticket = "notes"\nstatus_note = true\n'


@pytest.fixture
def talking(build: Callable[..., Office]) -> Office:
    """A private repository, and a ticket that waits for an issue there."""
    office = build(sync=SYNC)
    office.hub.set_private(REPOSITORY)
    office.sync()
    office.later()
    office.issue(office.ticket())
    office.sync()
    office.later()
    office.sync()
    office.later()
    return office


def nowhere(office: Office) -> None:
    """Neither in the state nor in anything that was ever said to people."""
    for path in office.state.parent.glob("*"):
        if path.is_file():
            assert WORDS.encode() not in path.read_bytes(), path
    for started in office.started:
        assert WORDS not in started.said(), started.args


def there(office: Office) -> str:
    return "\n".join(office.comments(f"{REPOSITORY}#1"))


def test_it_is_told_once_and_left_nowhere(talking: Office) -> None:
    talking.desk.customer_reply(1, f"{WORDS} one")
    talking.desk.agent_note(1, f"{WORDS} two")
    talking.hub.comment(f"{REPOSITORY}#1", f"{WORDS} three")
    talking.later()
    talking.sync()
    for verb in ("status", "explain freshdesk:1", "links list", "reconcile --dry-run", "queue list"):
        talking.run(*verb.split())
    assert there(talking).count(f"{WORDS} one") == there(talking).count(f"{WORDS} two") == 1
    assert "\n".join(talking.notes(1)).count(f"{WORDS} three") == 1
    before = talking.writes()
    talking.later()
    talking.sync()
    assert talking.writes() == before
    nowhere(talking)


@pytest.mark.parametrize("skip", range(3))
@pytest.mark.parametrize("kind", ["before", "cut"])
def test_killed_while_it_writes_it_is_told_once(talking: Office, kind: str, skip: int) -> None:
    talking.desk.customer_reply(1, f"{WORDS} one")
    talking.hub.comment(f"{REPOSITORY}#1", f"{WORDS} two")
    talking.later()
    ready = threading.Event()
    begun: list[Started] = []

    def strike() -> None:
        ready.wait(30)
        begun[0].process.send_signal(signal.SIGKILL)

    for sandbox in (talking.github, talking.freshdesk):
        sandbox.faults.append(Fault(kind, method="POST|PUT|PATCH", skip=skip, hook=strike))
    begun.append(talking.start("reconcile"))
    ready.set()
    status = begun[0].process.wait(60)
    assert status == -signal.SIGKILL or skip, "it was killed at its first write"
    for sandbox in (talking.github, talking.freshdesk):
        sandbox.faults.clear()
    time.sleep(1.1)  # what is in doubt settles by the real clock
    for _ in range(2):
        talking.later()
        talking.sync()
    assert there(talking).count(f"{WORDS} one") == 1
    assert "\n".join(talking.notes(1)).count(f"{WORDS} two") == 1
    nowhere(talking)


def test_the_service_carries_it_and_logs_no_word(talking: Office) -> None:
    service = talking.start("run")
    talking.desk.customer_reply(1, f"{WORDS} one")
    talking.hub.comment(f"{REPOSITORY}#1", f"{WORDS} two")
    talking.later()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if f"{WORDS} one" in there(talking) and f"{WORDS} two" in "\n".join(talking.notes(1)):
            break
        time.sleep(0.2)
    service.process.send_signal(signal.SIGTERM)
    talking.finish(service)
    assert there(talking).count(f"{WORDS} one") == 1
    assert "\n".join(talking.notes(1)).count(f"{WORDS} two") == 1
    nowhere(talking)
