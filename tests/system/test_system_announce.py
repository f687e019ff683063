"""Announcements of the service as a real process: who hears of an escalated ticket's issue, once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest
from office import REPOSITORY, Office
from test_system_health import becomes
from test_system_run import events, service, until

from syncd.store.file import open_fellow
from tests.notify.receivers import Receiver
from tests.notify.slack_stand_in import CHANNEL, TOKEN, Slack

PRIVATE = "acme/customer"
WORDS = "Zugvogel"
"""Of a ticket; the private issue and the private channel may show them."""
SYNC = f"""
playbook = "sourcegraph-support"
file_after = "1s"
filed = "pending"
[sync.fit]
open = {{ fits = ["new", "open", "pending"], write = "pending" }}
in_progress = {{ fits = ["new", "open", "pending"], write = "pending" }}
[sync.file]
answered_first = false
[sync.routing.places]
customer = "{PRIVATE}"
public = "{REPOSITORY}"
[sync.announce.sinks]
teammates = "chat"
engineering = "hook"
"""
SINKS = """
[notify.chat]
kind = "slack"
token = "env:SYNCD_TEST_SLACK"
channel = "{channel}"
api_url = "{api}"
audience = "private"
on = ["brake"]
[notify.hook]
kind = "webhook"
url = "env:SYNCD_TEST_HOOK"
on = ["brake"]
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as one:
        yield one


@pytest.fixture
def told(build: Callable[..., Office], slack: Slack, receiver: Receiver) -> Office:
    """Support that files in a private repository: teammates in Slack first, then engineering by a public webhook."""
    office = build(main=SINKS.format(channel=CHANNEL, api=slack.api))
    office.hub.make_repo(PRIVATE, private=True)
    office.hub.make_label(PRIVATE, "rfh", "defect", "ce/p0", "ce/p1", "ce/p2", "ce/p3")
    office.write_desk(sync=SYNC, more='poll_interval = "1s"')
    office.write_hub(PRIVATE, REPOSITORY, more='poll_interval = "1s"')
    office.environ |= {"SYNCD_TEST_SLACK": TOKEN, "SYNCD_TEST_HOOK": receiver.hook}
    office.sync()
    office.later()
    return office


def escalate(office: Office, *tags: str) -> int:
    return office.desk.make_ticket(f"{WORDS} It stops", f"<p>{WORDS} here</p>", tags=["engineering", *tags])


def test_what_is_filed_is_announced_to_the_right_people_once(told: Office, slack: Slack, receiver: Receiver) -> None:
    help_wanted, defect = escalate(told), escalate(told, "defect")
    with service(told) as started:
        becomes(started, github="ok", freshdesk="ok")
        until(lambda: len(slack.said) == 1 and len(receiver.got) == 1, started)
    for _ in range(2):
        with service(told) as started:
            becomes(started, github="ok", freshdesk="ok")
            until(lambda: len(events(started, "connector")) >= 2, started)
    said = told.run("explain", f"freshdesk:{defect}").out
    assert f"Announcement (filed) of github:{PRIVATE}#" in said
    assert "in notify.hook on " in said
    (row,) = told.json("explain", f"freshdesk:{help_wanted}")["announcements"]
    assert (row["sink"], row["state"], row["route"]) == ("chat", "sent", "request for help")
    (text,) = slack.texts
    assert f"was filed for ticket {help_wanted}" in text
    assert f"{WORDS} It stops" in text
    assert told.ticket_url(help_wanted) in text
    (message,) = receiver.got
    assert f"was filed for ticket {defect}" in message["title"]
    assert told.ticket_url(defect) in message["text"]
    assert WORDS not in repr(receiver.got)
    assert WORDS.encode() not in b"".join(path.read_bytes() for path in told.state.parent.glob("syncd.db*"))
    assert WORDS not in started.said()


def test_who_does_not_answer_hands_on_and_a_kill_in_between_loses_nothing(
    told: Office, slack: Slack, receiver: Receiver
) -> None:
    escalate(told)
    started = told.start("run")
    until(lambda: len(slack.said) == 1, started)
    until(lambda: bool(events(started, "announced")), started)
    started.process.send_signal(signal.SIGKILL)
    started.process.wait(30)
    db = open_fellow(told.state)
    db.execute("UPDATE announcements SET due = '2000-01-01T00:00:00.000000Z' WHERE state = 'sent'")
    db.conn.commit()
    db.conn.close()
    with service(told) as started:
        until(lambda: len(receiver.got) == 1, started)
    assert "Nobody has answered in teammates" in receiver.got[0]["text"]
    assert len(slack.said) == 1


def test_without_a_sink_nothing_is_sent_and_status_and_check_say_so(told: Office, slack: Slack) -> None:
    told.write_desk(sync=SYNC.partition("[sync.announce.sinks]")[0])
    escalate(told)
    told.run("reconcile")
    status = told.run("status")
    assert "Nothing is announced for freshdesk in teammates, engineering" in status.out
    assert told.json("status")["announcements"]["unmapped"]["freshdesk"][:2] == ["teammates", "engineering"]
    assert "the playbook announces in teammates, engineering" in told.run("check").out
    assert slack.said == []


def test_a_channel_that_stands_for_no_sink_of_the_folder_is_refused(told: Office) -> None:
    told.write_desk(sync=SYNC + 'support = "nowhere"\n')
    run = told.run("check").ended(78)
    assert "sync.announce.sinks.support: there is no such [notify.NAME]. Use one of: chat, hook" in run.said


def test_what_reconcile_has_filed_the_service_announces(told: Office, slack: Slack) -> None:
    escalate(told)
    told.run("reconcile")

    def filed() -> bool:
        told.run("reconcile")
        return bool(told.hub.issues())

    until(filed, told.started[-1])
    assert slack.said == []
    with service(told) as started:
        until(lambda: len(slack.said) == 1, started)
