"""Alerts of the service as a real process: once each, across restarts, and without holding anything up."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator

import pytest
from office import CANARY, PENDING, SECRETS, Office
from test_system_health import becomes, busy, health
from test_system_run import events, service, until

from syncd.store.file import open_fellow
from syncd.testing.exchange import Fault
from tests.notify.receivers import SECRET, Receiver

BRAKE = "[brake]\nmax_changes = 0\nshare = 0.0\n"
ON = "freshdesk: the brake is on, and nothing more is written"
AT = "2026-01-01T00:00:00.000000Z"
RELEASED = "freshdesk: the brake is released"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


def office_with(build: Callable[..., Office], receiver: Receiver, main: str = "") -> Office:
    office = busy(build(main=f'{main}[notify.own]\nkind = "webhook"\nurl = "env:SYNCD_TEST_HOOK"\n'))
    office.environ["SYNCD_TEST_HOOK"] = receiver.hook
    return office


def private(receiver: Receiver, office: Office) -> None:
    """Nothing of a ticket was sent, and nothing of the webhook was said."""
    said = json.dumps(receiver.got) + "".join(one.request.body.decode() for one in receiver.log)
    for secret in (CANARY, *SECRETS):
        assert secret not in said
    for one in office.started:
        assert SECRET not in one.said()
    for path in office.state.parent.glob("syncd.db*"):
        assert SECRET.encode() not in path.read_bytes()


def test_a_brake_is_told_once_across_restarts_and_so_is_its_release(
    build: Callable[..., Office], receiver: Receiver
) -> None:
    office = office_with(build, receiver, BRAKE)
    with service(office) as started:
        becomes(started, github="ok", freshdesk="ok")
        office.later()
        office.issue(office.ticket())
        becomes(started, freshdesk="braked")
        until(lambda: receiver.titles == [ON], started)
        until(lambda: health(started)["notify"]["own"]["state"] == "ok", started)
        assert health(started)["notify"]["own"]["waiting"] == 0
    for _ in range(2):
        with service(office) as started:
            becomes(started, github="ok", freshdesk="braked")
            polls = len(receiver.log)
            until(lambda: len(events(started, "connector")) >= 2, started)
            assert polls == 1
    with service(office) as started:
        becomes(started, github="ok", freshdesk="braked")
        office.run("pause", "freshdesk").ended(0)
        office.run("brake", "release", "freshdesk").ended(0)
        until(lambda: receiver.titles == [ON, RELEASED], started)
        assert office.json("status")["notify"]["own"]["state"] == "ok"
    private(receiver, office)


def test_a_sink_that_hangs_delays_no_sync(build: Callable[..., Office], receiver: Receiver) -> None:
    office = office_with(build, receiver)
    office.sync()
    park(office)
    receiver.faults.append(Fault("hang", times=100, seconds=60))
    with service(office) as started:
        until(lambda: receiver.faults[0].times < 100, started)
        becomes(started, github="ok", freshdesk="ok")
        office.later()
        ticket = office.ticket()
        office.issue(ticket)
        until(lambda: office.status(ticket) == PENDING, started)
        until(lambda: health(started)["notify"]["own"]["state"] == "failing", started)
        assert (receiver.got, len(receiver.log)) == ([], 0)
    private(receiver, office)


def park(office: Office) -> None:
    """A group is parked, and has been for longer than a sink waits before it tells of it."""
    db = open_fellow(office.state)
    with db.conn:
        db.execute(
            "INSERT INTO queue VALUES ('freshdesk:4711', 'poll', 1, :at, :at, 1, '', 1, 'it was refused', '')",
            {"at": AT},
        )
        db.execute("INSERT INTO alerts VALUES ('own', 'parked', ?, '', '', '[]', '', '')", [AT])
    db.conn.close()


def test_a_sink_that_refuses_is_off_until_the_configuration_is_read_again(
    build: Callable[..., Office], receiver: Receiver
) -> None:
    office = office_with(build, receiver, BRAKE)
    office.environ["SYNCD_TEST_HOOK"] = f"{receiver.url}/hook/geheim-und-falsch"
    with service(office) as started:
        becomes(started, github="ok", freshdesk="ok")
        office.later()
        office.issue(office.ticket())
        until(lambda: health(started)["notify"]["own"]["state"] == "off", started)
        assert health(started)["status"] == "degraded"
        assert [line["level"] for line in events(started, "not notified")] == ["error"]
        assert "403" in office.run("status").ended(1).out
        started.process.send_signal(signal.SIGHUP)
        until(lambda: len(receiver.log) == 2, started)
    assert "geheim-und-falsch" not in started.said()
