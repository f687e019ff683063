"""What is late, through the program: ``status`` and the service, over stand-ins."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from office import REPOSITORY, RESOLVED, Office
from test_system_health import ask, sample
from test_system_run import ready, service, until

TIMERS = """
[sync.timers]
ownerless = "1s"
still_waiting = "2wh"
ended_early = true
[sync.timers.calendar]
country = "DE"
"""


@pytest.fixture
def timed(build: Callable[..., Office]) -> Office:
    """An office that watches the time; what happens there is of last month."""
    office = build(sync=TIMERS)
    office.later(-30 * 86400)
    return office


def test_what_is_late_is_shown_with_a_cure_and_over_when_it_is(timed: Office) -> None:
    ended, waits = timed.pending(), timed.pending()
    issues = [timed.issue(one) for one in (ended, waits)]
    timed.sync()
    timed.later()
    timed.desk.set_status(ended, RESOLVED)  # by a rule, for all that anybody can tell
    timed.desk.customer_reply(waits, "any news?")
    timed.hub.close(issues[1])
    timed.later()
    timed.sync()
    said = timed.run("status").ended(1).out
    assert "1 ticket ended while its issue is open. If the customer still waits, open the ticket again" in said
    assert f"  freshdesk:{ended} and github:{issues[0]}: nothing tells by whom, since " in said
    assert "1 ticket still waits though its issue is finished. `syncd explain REF` says what holds it" in said
    assert f"  freshdesk:{waits} and github:{issues[1]}: the issue is finished, since " in said
    assert "Nothing needs a person" not in said
    before = timed.writes()
    found = timed.json("status")
    assert found["late"] == {"still_waiting": 1, "ended_early": 1}
    assert found["needs_a_person"] == 2
    dues = {row["alert"]: (row["since"], row["due"]) for row in found["overdue"]}
    assert dues["ended_early"][1] is None
    assert dues["still_waiting"][0] < dues["still_waiting"][1], "two working hours later"
    assert ", due 20" in said
    assert {row["ticket"]: row["issue"] for row in found["overdue"]} == {
        f"freshdesk:{number}": f"github:{issue}" for number, issue in zip((ended, waits), issues, strict=True)
    }
    assert timed.writes() == before
    timed.desk.agent_reply(waits, "done")
    timed.hub.close(issues[0])
    timed.later()
    timed.sync()
    assert (timed.status(ended), timed.status(waits)) == (RESOLVED, RESOLVED)
    assert "Nothing needs a person" in timed.run("status").ended(0).out


def test_an_open_ticket_is_answered_in_time_whether_it_is_linked_or_not(timed: Office) -> None:
    timed.write_desk(sync='[sync.timers]\nacknowledge = "1d"\n')
    timed.sync()
    timed.later()
    linked, unlinked, answered, done = (timed.ticket() for _ in range(4))
    timed.issue(linked)
    timed.desk.agent_note(unlinked, "who sees to this?")
    timed.desk.agent_reply(answered, "we are on it")
    timed.desk.set_status(done, RESOLVED)
    timed.later()
    timed.sync()
    assert [row["ticket"] for row in timed.json("status")["overdue"]] == [
        f"freshdesk:{one}" for one in (linked, unlinked)
    ]
    calls = timed.calls()
    assert "2 tickets have had no answer in time. Answer the requester:" in timed.run("status").ended(1).out
    assert timed.calls() == calls
    timed.later()
    for one in (linked, unlinked):
        timed.desk.agent_reply(one, "we are on it")
    timed.later()
    timed.sync()
    assert timed.json("status")["overdue"] == []


def test_the_service_tells_it_too(timed: Office) -> None:
    timed.issue(timed.pending())
    with service(timed) as started:
        until(lambda: ready(started), started)
        until(lambda: sample(started, 'syncd_late{connector="freshdesk",kind="ownerless"}') == 1, started)
        assert sample(started, 'syncd_late_oldest_seconds{connector="freshdesk",kind="ownerless"}') > 0
        assert sample(started, 'syncd_late{connector="freshdesk",kind="old_link"}') == 0
        assert '"late":{"ownerless":1}' in ask(started, "/healthz")[1].replace(" ", "")


def test_a_mistake_in_the_timers_is_told_with_its_key_and_a_cure(timed: Office) -> None:
    timed.write_desk(sync='[sync.timers]\nownerless = "1wd"\n')
    said = timed.run("status").ended(78).said
    assert "connectors/freshdesk.toml: sync.timers: ownerless is in working time" in said
    assert "Add [timers.calendar]" in said
    assert REPOSITORY not in said
