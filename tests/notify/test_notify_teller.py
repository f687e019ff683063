"""What a sink is told, how often, and when no more; over real HTTP to a webhook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from syncd.notify import begin
from syncd.testing.exchange import Fault, Reply
from tests.notify.receivers import SECRET, Receiver, Watched, webhook

DAY = 86_400.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture
def watched(receiver: Receiver) -> Watched:
    return Watched(webhook(receiver))


ON, RELEASED = "desk: the brake is on, and nothing more is written", "desk: the brake is released"


def test_a_brake_is_told_once_and_its_release_once(receiver: Receiver, watched: Watched) -> None:
    watched.brake()
    watched.turns(600)
    assert receiver.titles == [ON]
    assert "more than 20 tickets would have changed" in receiver.got[0]["text"]
    assert "`syncd brake release desk`" in receiver.got[0]["text"]
    watched.release()
    watched.turns(600)
    assert receiver.titles == [ON, RELEASED]


def test_a_restart_tells_nothing_twice(receiver: Receiver, watched: Watched) -> None:
    watched.brake()
    watched.park(range(3))
    watched.turns(120)
    told = len(receiver.got)
    for _ in range(3):
        watched.start()
        watched.turns(120)
    assert told == len(receiver.got) == 2


def test_a_brake_that_is_pulled_again_right_after_its_release_is_another(receiver: Receiver, watched: Watched) -> None:
    watched.brake()
    watched.turn()
    watched.clock.advance(1)
    watched.brake(reason="the same, and while it is on")
    watched.turn()
    assert receiver.titles == [ON]
    watched.release()
    watched.clock.advance(1)
    watched.brake()
    watched.turn()
    assert sorted(receiver.titles) == sorted([ON, RELEASED, ON])


def test_a_changed_playbook_that_waits_for_its_release_is_told_as_that(receiver: Receiver, watched: Watched) -> None:
    with watched.store.write():
        watched.store.brakes.pull("desk", "its mapping has changed", watched.now, rehearsal=True)
    watched.turn()
    assert receiver.titles == ["desk: a changed mapping or playbook waits for its release"]
    assert receiver.got[0]["alerts"][0]["alert"] == "rehearsal"


def test_what_comes_and_goes_is_not_told(receiver: Receiver, watched: Watched) -> None:
    for _ in range(5):
        watched.stands("unavailable")
        watched.turns(540)
        watched.stands("ok")
        watched.turns(120)
    assert receiver.got == []
    assert watched.open() == {}


@pytest.mark.parametrize(("state", "seconds"), [("unauthorized", 60), ("misconfigured", 600), ("unavailable", 600)])
def test_a_connector_that_is_not_read_is_told_after_a_while(
    receiver: Receiver, watched: Watched, state: str, seconds: float
) -> None:
    watched.stands(state, reason="GET /api/v2/tickets/4711 of anna@example.com said no")
    watched.turns(seconds - 30)
    assert receiver.got == []
    watched.turns(120)
    assert [one["alerts"][0]["alert"] for one in receiver.got] == [state]
    assert "4711" not in receiver.got[0]["text"]
    watched.stands("ok")
    watched.turn(30)
    assert len(receiver.got) == 1
    watched.turns(90)
    assert receiver.titles[1].startswith("desk: ")
    assert receiver.got[1]["alerts"][0]["event"] == "over"


def test_a_restart_amid_an_outage_says_neither_that_it_is_over_nor_that_it_began(
    receiver: Receiver, watched: Watched
) -> None:
    watched.stands("unavailable")
    watched.turns(700)
    with watched.store.write():
        watched.store.connectors.begins("desk", watched.now)
    watched.start()
    watched.turns(3600)  # starting: nobody knows
    watched.stands("unavailable")
    watched.turns(3600)
    assert len(receiver.got) == 1


def test_a_pause_hides_no_release(receiver: Receiver, watched: Watched) -> None:
    watched.brake()
    watched.turn()
    with watched.store.write():
        watched.store.connectors.pause("desk", "", watched.now)
    watched.release()
    watched.turn()
    assert receiver.titles == [ON, RELEASED]


def test_a_thousand_parked_groups_are_one_message_with_five_of_them(receiver: Receiver, watched: Watched) -> None:
    for start in range(0, 1000, 100):
        watched.park(range(start, start + 100))
        watched.turn(3)
    watched.turns(1800)
    (message,) = receiver.got
    assert message["title"] == "1,000 groups are parked"
    assert len(message["alerts"][0]["items"]) == 5
    assert "- and 995 more" in message["text"]
    assert "422 for the field cf_team" in message["text"]


def test_more_of_the_same_is_told_an_hour_later_and_only_what_is_new(receiver: Receiver, watched: Watched) -> None:
    watched.park([1, 2])
    watched.turns(120)
    watched.park([3])
    watched.drop([1])
    watched.turns(1800)
    assert receiver.titles == ["2 groups are parked"]
    watched.turns(3600)
    assert receiver.titles == ["2 groups are parked", "2 groups are parked, 1 of them new"]
    assert [one["item"] for one in receiver.got[1]["alerts"][0]["items"]] == ["desk:3"]
    watched.drop([2, 3])
    watched.turns(1200)
    assert receiver.titles[2:] == ["nothing is parked any more"]


def test_what_lasts_is_told_again_after_a_day(receiver: Receiver, watched: Watched) -> None:
    watched.brake()
    watched.turns(3 * DAY + 3600, every=600)
    assert receiver.titles == [ON] + [f"desk: still: {ON[6:]}"] * 3


def test_no_address_of_a_person_and_no_second_line_gets_into_a_reason(receiver: Receiver, watched: Watched) -> None:
    watched.park([1], "422: Anna <anna@example.com> is\nno \x1b[31magent " + "x" * 500)
    watched.turns(120)
    reason = receiver.got[0]["alerts"][0]["items"][0]["reason"]
    assert reason.startswith("422: Anna <(address)> is no [31magent xx")
    assert len(reason) < 210


def test_a_sink_hears_only_of_what_it_is_to_hear(receiver: Receiver, watched: Watched) -> None:
    watched.start(on=["parked"])
    watched.brake()
    watched.park([1])
    watched.turns(120)
    assert receiver.titles == ["1 group is parked"]


def test_what_concerns_a_connector_that_is_no_more_is_forgotten(receiver: Receiver, watched: Watched) -> None:
    watched.brake()
    watched.turn()
    watched.connectors = ("tracker",)
    watched.start()
    watched.turns(600)
    assert receiver.titles == [ON]
    assert watched.open() == {}


def test_no_connection_is_kept_that_could_be_dead_when_it_is_needed(receiver: Receiver, watched: Watched) -> None:
    watched.brake()
    watched.turn()
    notifier: Any = watched.teller._outlet.notifier
    adapter: Any = notifier._caller.session.get_adapter(receiver.url)
    assert receiver.titles == [ON]
    assert len(adapter.poolmanager.pools) == 0


# --- storms ---


def test_a_storm_is_one_message(receiver: Receiver) -> None:
    names = [f"desk-{number}" for number in range(12)]
    watched = Watched(webhook(receiver), connectors=names)
    for name in names:
        watched.brake(name)
    watched.turn()
    (message,) = receiver.got
    assert message["title"] == "12 alerts"
    assert len(message["alerts"]) == 12
    assert all(f"- {name}: the brake is on" in message["text"] for name in names)
    for name in names:
        watched.release(name)
    watched.turn()
    assert receiver.titles == ["12 alerts", "12 alerts"]


def test_no_more_than_six_messages_a_minute(receiver: Receiver, watched: Watched) -> None:
    for _ in range(20):
        watched.brake()
        watched.turn(1)
        watched.release()
        watched.turn(1)
    assert len(receiver.got) <= 6
    watched.turns(120)
    assert watched.open() == {}
    assert len(receiver.got) <= 12


# --- what goes wrong ---


def test_a_sink_that_is_down_is_told_later_and_once(receiver: Receiver, watched: Watched) -> None:
    receiver.stop()
    watched.brake()
    watched.turns(600)
    assert (watched.row().state, watched.row().waiting) == ("failing", 1)
    assert [line["event"] for line in watched.logged] == ["not notified"]
    with Receiver(int(receiver.url.rpartition(":")[2])) as back:
        watched.turns(1200)
        assert back.titles == [ON]
        assert (watched.row().state, watched.row().waiting) == ("ok", 0)


@pytest.mark.parametrize("status", [429, 503])
def test_a_sink_that_asks_to_wait_is_left_alone_so_long(receiver: Receiver, watched: Watched, status: int) -> None:
    receiver.faults.append(Fault("answer", reply=Reply(status, b"<html>", {"Retry-After": "100"})))
    watched.brake()
    watched.turn()
    watched.turns(90)
    assert (len(receiver.log), receiver.got) == (1, [])
    watched.turn(15)
    assert receiver.titles == [ON]


@pytest.mark.parametrize("fault", [Fault("lost_answer"), Fault("commit_then_answer"), Fault("cut")])
def test_what_may_have_arrived_is_not_sent_again(receiver: Receiver, watched: Watched, fault: Fault) -> None:
    receiver.faults.append(Fault(fault.kind))
    watched.brake()
    watched.turns(3600)
    assert len(receiver.log) == 1
    watched.release()
    watched.turns(3600)
    assert receiver.titles[-1] == RELEASED
    assert len(receiver.log) == 2


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_sink_that_refuses_is_off_until_the_next_start_and_says_so_once(
    receiver: Receiver, watched: Watched, status: int
) -> None:
    receiver.faults.append(Fault("answer", times=1, reply=Reply(status)))
    watched.brake()
    watched.turns(7200)
    assert (watched.row().state, watched.row().waiting) == ("off", 1)
    assert [line["level"] for line in watched.logged] == ["error"]
    assert (len(receiver.log), receiver.got) == (1, [])
    watched.start()
    watched.turn()
    assert receiver.titles == [ON]


def test_no_secret_gets_into_log_state_or_error(receiver: Receiver, watched: Watched) -> None:
    for fault in (Fault("cut"), Fault("answer", reply=Reply(500)), Fault("answer", reply=Reply(404))):
        receiver.faults.append(fault)
        watched.start()
        watched.brake()
        watched.turns(600)
        watched.release()
        watched.turns(600)
    assert SECRET not in repr(watched.logged)
    assert SECRET not in repr(watched.store.alerts.sinks())
    assert SECRET not in repr(watched.to)
    assert SECRET not in repr([list(table.rows) for table in watched.store._db.tables])


def test_what_a_dead_process_was_about_to_send_is_not_sent(receiver: Receiver, watched: Watched) -> None:
    class Died(BaseException):
        pass

    def die(*_: object) -> str:
        raise Died

    dying: Any = watched.teller._outlet.notifier
    dying.send = die
    watched.brake()
    with pytest.raises(Died):
        watched.turn()
    watched.start()
    watched.turns(3600)
    assert receiver.got == []
    watched.release()
    watched.turn()
    assert receiver.titles == [RELEASED]


def test_an_idle_look_writes_nothing(receiver: Receiver, watched: Watched) -> None:
    watched.brake()
    watched.park([1])
    watched.turns(120)
    watched.store._db.execute("PRAGMA query_only = ON")
    watched.turns(1800)
    assert len(receiver.got) == 2


def test_nothing_is_left_of_a_sink_that_is_no_more(receiver: Receiver, watched: Watched) -> None:
    watched.brake()
    watched.turn()
    begin(watched.store, [], watched.clock.now())
    assert watched.store.alerts.sinks() == {}
    assert watched.open() == {}
