"""Alerts of the service as a real process: once each, across restarts, and without holding anything up."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator

import pytest
from office import CANARY, PENDING, SECRETS, Office
from test_system_health import ask, becomes, busy, health, sample
from test_system_run import events, service, until

from syncd.store.file import open_fellow
from syncd.testing.exchange import Fault
from tests.notify.receivers import SECRET, Receiver
from tests.notify.slack_stand_in import CHANNEL, TOKEN, Slack

BRAKE = "[brake]\nmax_changes = 0\nshare = 0.0\n"
ON = "freshdesk: the brake is on, and nothing more is written"
AT = "2026-01-01T00:00:00.000000Z"
RELEASED = "freshdesk: the brake is released"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as one:
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


def test_slack_gets_a_message_and_a_check_mark_whatever_proxy_the_environment_names(
    build: Callable[..., Office], slack: Slack
) -> None:
    office = with_slack(build, slack, BRAKE)
    proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "http_proxy"), "http://127.0.0.1:1")
    with service(office, **proxies) as started:
        becomes(started, github="ok", freshdesk="ok")
        office.later()
        office.issue(office.ticket())
        until(lambda: len(slack.said) == 1, started)
        office.run("pause", "freshdesk").ended(0)
        office.run("brake", "release", "freshdesk").ended(0)
        until(lambda: slack.reactions == {(slack.said[0]["ts"], "white_check_mark")}, started)
    assert slack.texts[0].startswith(f"*syncd: {ON}*")
    assert CANARY not in slack.texts[0]
    assert TOKEN not in started.said()


def test_observe_mode_tells_and_commands_do_not(build: Callable[..., Office], receiver: Receiver) -> None:
    office = office_with(build, receiver, 'mode = "observe"\n')
    office.sync()
    park(office)
    office.sync(status=1)
    assert receiver.log == []
    with service(office) as started:
        until(lambda: receiver.titles == ["1 group is parked"], started)
    private(receiver, office)


def test_check_sends_a_test_message_only_when_asked(build: Callable[..., Office], slack: Slack) -> None:
    office = with_slack(build, slack)
    for code in (6, 7):
        del office.freshdesk.statuses[code]
    assert "No problems found" in office.run("check").ended(0).out
    assert slack.said == []
    assert "A test message went to notify.team" in office.run("check", "--notify").ended(0).out
    assert slack.texts == ["*syncd: this is a test, and nothing needs a person*"]
    slack.archived = True
    assert "notify.team: the test message didn't arrive" in office.run("check", "--notify").ended(1).out
    slack.revoked = True
    run = office.run("check").ended(1)
    assert "syncd.toml: notify.team.token: the token was revoked (token_revoked)" in run.out
    assert TOKEN not in run.said


def with_slack(build: Callable[..., Office], slack: Slack, main: str = "") -> Office:
    keys = f'token = "env:SYNCD_TEST_SLACK"\nchannel = "{CHANNEL}"\napi_url = "{slack.api}"\n'
    office = busy(build(main=f'{main}[notify.team]\nkind = "slack"\n{keys}'))
    office.environ["SYNCD_TEST_SLACK"] = TOKEN
    return office


def test_a_service_that_is_killed_amid_a_message_does_not_send_it_again(
    build: Callable[..., Office], receiver: Receiver
) -> None:
    office = office_with(build, receiver)
    office.sync()
    park(office)
    receiver.faults.append(Fault("hang", seconds=30))
    killed = office.start("run", cold=True)
    until(lambda: receiver.faults[0].times == 0, killed)
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait(30)
    with service(office) as started:
        becomes(started, github="ok", freshdesk="ok")
        pull(office)  # so that it is seen to send
        until(lambda: len(receiver.got) == 1, started)
    assert receiver.titles == ["github: the brake is on, and nothing more is written"]


def pull(office: Office) -> None:
    """A brake is pulled."""
    db = open_fellow(office.state)
    with db.conn:
        db.execute("INSERT INTO brakes VALUES ('github', 'a test', ?, '', 0)", [AT])
    db.conn.close()


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
        assert "notify.own is off" in ask(started, "/")[1]
        assert sample(started, 'syncd_notify_sinks{state="off"}') == 1
        started.process.send_signal(signal.SIGHUP)
        until(lambda: len(receiver.log) == 2, started)
    assert "geheim-und-falsch" not in started.said()
