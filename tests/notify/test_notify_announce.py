"""What is announced of filings, to whom and in what order, once; over real HTTP to the sinks' own books."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncd.details import Detail
from syncd.model import Author, Ref
from syncd.store import FilingState, Store, back_up, restore
from syncd.testing.exchange import Fault, Reply
from tests.notify.announced import CANARY, EMERGENCY, SUBJECT, Announced, announce
from tests.notify.receivers import Receiver, sink
from tests.notify.slack_stand_in import CHANNEL, TOKEN, Slack


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture
def other() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as one:
        yield one


def hook(receiver: Receiver, **keys: Any) -> Any:
    return sink(kind="webhook", url=receiver.hook, **keys)


def bot(slack: Slack, **keys: Any) -> Any:
    return sink(**({"kind": "slack", "token": TOKEN, "channel": CHANNEL, "api_url": slack.api} | keys))


# --- what is said ---


def test_a_filing_is_announced_once_with_links_and_timeline(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver, audience="private")}, announce({}))
    ticket, issue = office.file(priority="high", team="Search", area="Search")
    office.turns(600)
    (message,) = receiver.got
    assert message["title"] == f"{office.pair.ref(issue).key} was filed for ticket {office.pair.ref(ticket).key}"
    for part in (
        office.pair.url(ticket),
        office.pair.url(issue),
        "kind: request for help, priority: high, team: Search",
        "escalated by: the tag engineering",
        "ticket opened 2026-01-05 09:00, escalated 2026-01-05 09:00, filed 2026-01-05 09:00 (UTC)",
        f"Down {CANARY}",
        f"Nobody {CANARY} can",
    ):
        assert part in message["text"], part
    assert office.states() == ["sent"]


@pytest.mark.parametrize(("priority", "said"), [("critical", "to be done in"), ("low", "it falls into")])
def test_the_sprint_is_named_where_the_playbook_says_when_they_begin(
    receiver: Receiver, priority: str, said: str
) -> None:
    timers = {"sprint": {"start": "2025-12-29T09:00:00Z", "length": "14d"}}
    office = Announced({"dev": hook(receiver)}, announce({}), timers=timers)
    office.file(priority=priority)
    office.turns(60)
    assert f"{said} the sprint that ends 2026-01-12 09:00 (UTC)" in receiver.got[0]["text"]


def test_no_text_of_a_customer_gets_into_a_public_channel(receiver: Receiver, slack: Slack) -> None:
    table = announce({"shows": ["steps"]}, {"on": ["critical"]}, critical={"priorities": ["critical"]})
    office = Announced({"dev": hook(receiver)}, table)
    office.file(priority="critical")
    linked = office.ticket("level_critical")
    office.pair.issue(linked)
    office.pair.reconcile()
    office.turns(600)
    assert len(receiver.got) == 2
    assert CANARY not in repr(receiver.got)
    assert CANARY not in repr(office.logged)
    again = Announced({"dev": bot(slack)}, table)
    again.file()
    again.turn()
    assert len(slack.said) == 1
    assert CANARY not in repr(slack.said)


def test_a_private_channel_is_shown_what_was_said_and_nobody_is_called_by_it(slack: Slack) -> None:
    office = Announced({"dev": bot(slack, audience="private")}, announce({"shows": ["steps"]}))
    office.file()
    office.turn()
    (text,) = slack.texts
    assert f"Down {CANARY}" in text
    assert f"steps: Open it {CANARY}" in text
    assert "<" not in text
    assert "`" not in text
    assert "@here" not in text
    assert slack.said[0]["unfurl_links"] is False
    assert slack.said[0]["unfurl_media"] is False


def test_nothing_of_a_ticket_is_kept_or_logged(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver, audience="private")}, announce({}))
    office.file()
    office.turns(120)
    assert CANARY in repr(receiver.got)
    assert CANARY not in repr(office.logged)
    tables = [list(table.rows) for table in office.pair.store._db.tables]
    assert CANARY not in repr(tables)


@pytest.mark.parametrize(
    ("state", "facts", "title"),
    [
        (FilingState.ADOPTED, {}, "was filed by hand for ticket"),
        (FilingState.REFUSED, {"reason": "there is no label ce/p1"}, "no issue could be filed for ticket DESK-1"),
        (FilingState.UNFILED, {"rule": "not_authorised"}, "ticket DESK-1 waits for a representative"),
    ],
)
def test_each_event_has_its_words(receiver: Receiver, state: FilingState, facts: dict[str, str], title: str) -> None:
    table = announce({"on": ["adopted"]}, {"on": ["refused", "not_authorised"]})
    office = Announced({"dev": hook(receiver)}, table)
    ticket = office.ticket()
    issue = office.pair.issue(ticket) if state is FilingState.ADOPTED else None
    office.row(ticket, issue, state=state, **facts)
    office.turns(300)
    (message,) = receiver.got
    assert title in message["title"]
    assert facts.get("reason", "") in message["text"]


def test_what_is_not_for_people_is_not_announced(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver)}, announce({"on": ["filed", "adopted"]}, {"on": ["refused"]}))
    ticket = office.ticket()
    for state, rule in ((FilingState.WAITING, ""), (FilingState.OLD, ""), (FilingState.UNFILED, "no_issue")):
        office.row(office.ticket(), None, state=state, rule=rule)
    issue = office.pair.issue(ticket)
    office.row(ticket, issue, state=FilingState.FILED, occasion="promoted")
    office.turns(300)
    assert receiver.got == []


def test_what_was_filed_more_than_a_day_ago_is_an_old_story(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}))
    office.file(filed_at="2026-01-03T09:00:00.000000Z")
    office.turns(300)
    assert (receiver.got, office.rows()) == ([], [])


def test_what_is_done_before_anybody_could_be_told_is_not_told(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}))
    _, issue = office.file()
    receiver.faults.append(Fault("answer", reply=Reply(503)))
    office.turn()
    office.pair.move(issue, "done")
    office.pair.reconcile()
    office.turns(1200)
    assert (receiver.got, office.states()) == ([], ["needless"])


# --- who is told ---

ROUTES = [
    {"name": "help", "kinds": ["rfh"], "to": [{"sink": "dev"}]},
    {"name": "urgent", "priorities": ["critical", "high"], "to": [{"sink": "product"}]},
]


@pytest.mark.parametrize(
    ("facts", "dev", "product"),
    [
        ({"kind": "rfh", "priority": "low"}, 1, 0),
        ({"kind": "defect", "priority": "high"}, 0, 1),
        ({"kind": "rfh", "priority": "critical"}, 1, 1),
        ({"kind": "defect", "priority": "low"}, 0, 0),
    ],
)
def test_every_route_that_fits_announces(
    receiver: Receiver, other: Receiver, facts: dict[str, Any], dev: int, product: int
) -> None:
    table = {"sinks": {"dev": "dev", "product": "product"}, "routes": ROUTES}
    office = Announced({"dev": hook(receiver), "product": hook(other)}, table)
    office.file(**facts)
    office.turns(120)
    assert (len(receiver.got), len(other.got)) == (dev, product)


@pytest.mark.parametrize(("tags", "told"), [(["rfh"], 0), (["defect"], 1)])
def test_what_people_filed_is_read_before_a_route_is_chosen(receiver: Receiver, tags: list[str], told: int) -> None:
    office = Announced({"dev": hook(receiver)}, announce({"kinds": ["defect"], "priorities": ["high"]}))
    ticket = office.ticket("level_high", *tags)
    office.row(ticket, office.pair.issue(ticket), state=FilingState.ADOPTED, kind="", place="")
    office.turns(120)
    assert len(receiver.got) == told
    assert all("kind: defect, priority: high" in one["text"] for one in receiver.got)


def test_where_no_sink_stands_for_a_channel_nobody_is_told(receiver: Receiver) -> None:
    table = {"sinks": {"dev": "dev", "product": ""}, "routes": ROUTES}
    office = Announced({"dev": hook(receiver)}, table)
    office.file(kind="defect", priority="high")
    office.turns(120)
    assert (receiver.got, office.rows()) == ([], [])


def test_observe_mode_announces_nothing_and_says_what_it_would(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}))
    office.pair.work.writes = False
    office.file()
    office.turns(600)
    assert (receiver.got, office.rows()) == ([], [])
    assert [one["event"] for one in office.logged] == ["would announce"]


# --- chains ---


def chain(slack: Slack, other: Receiver) -> Announced:
    return Announced({"dev": bot(slack), "product": hook(other)}, EMERGENCY)


def test_who_does_not_answer_hands_on_to_the_next(slack: Slack, other: Receiver) -> None:
    office = chain(slack, other)
    office.file()
    office.turn()
    assert "\n<!subteam^S0DEV91100>\n" in slack.texts[0]
    office.turns(1140)
    assert other.got == []
    office.turns(120)
    (message,) = other.got
    assert "@oncall" in message["text"]
    assert "Nobody has answered in dev for 20 minutes." in message["text"]
    office.turns(7200)
    assert (len(slack.said), len(other.got)) == (1, 1)
    assert office.states() == ["passed", "sent"]


@pytest.mark.parametrize("how", ["reply", "react", "assignee", "in_progress", "agent"])
def test_an_answer_ends_the_chain(slack: Slack, other: Receiver, how: str) -> None:
    office = chain(slack, other)
    ticket, issue = office.file()
    office.turn()
    office.pair.tick(300)
    ts = slack.said[0]["ts"]
    if how == "reply":
        slack.reply(ts)
    elif how == "react":
        slack.react(ts)
    elif how == "in_progress":
        office.pair.move(issue, "in_progress")
    else:
        entry = issue if how == "assignee" else ticket
        entry.assignees = ("somebody",)
    office.turns(7200)
    assert (other.got, office.states()) == ([], ["answered"])


def test_whom_the_filing_itself_assigned_has_not_answered_by_that(slack: Slack, other: Receiver) -> None:
    office = chain(slack, other)
    _, issue = office.file()
    issue.assignees = ("engineer",)
    office.turns(1500)
    assert len(other.got) == 1


def test_what_bots_say_is_no_answer(slack: Slack, other: Receiver) -> None:
    office = chain(slack, other)
    office.file()
    office.turn()
    slack.said.append({"ts": "1503435957.1", "thread_ts": slack.said[0]["ts"], "text": "a bot"})
    office.turns(1500)
    assert len(other.got) == 1


def test_where_answers_cannot_be_seen_the_next_is_told_unless_the_issue_is_taken(slack: Slack, other: Receiver) -> None:
    slack.scopes = ["chat:write"]
    office = chain(slack, other)
    _, taken = office.file()
    office.turn()
    taken.assignees = ("somebody",)
    slack.reply(slack.said[0]["ts"])
    office.file()
    office.turns(1800)
    assert len(other.got) == 1
    assert any(one["event"] == "answers not seen" for one in office.logged)
    assert sorted(office.states()) == ["answered", "passed", "sent"]


def test_a_sink_that_is_off_hands_on_in_time(slack: Slack, other: Receiver) -> None:
    slack.archived = True
    office = chain(slack, other)
    office.file()
    office.turns(1140)
    assert other.got == []
    office.turns(180)
    (message,) = other.got
    assert "It could not be told in dev." in message["text"]


def test_while_a_sink_is_off_nothing_is_read_for_it(receiver: Receiver, other: Receiver) -> None:
    sinks = {"dev": hook(receiver), "product": hook(other)}
    steps = [{"sink": "dev", "after": "20m"}, {"sink": "product"}]
    routes = [{"name": "critical", "on": ["critical"], "to": steps}]
    office = Announced(sinks, EMERGENCY | {"routes": routes, "critical": {"priorities": ["critical"]}})
    receiver.faults.append(Fault("answer", times=99, reply=Reply(404)))
    office.pair.issue(office.ticket("level_critical"))
    office.pair.reconcile()
    calls = office.pair.desk.calls
    office.turns(1140)
    assert office.pair.desk.calls <= calls + 3
    office.turns(120)
    assert len(other.got) == 1


def test_a_chain_that_nobody_answers_ends_and_is_known_for_it(slack: Slack) -> None:
    steps = [{"sink": "dev", "mention": "dev911", "after": "20m"}, {"sink": "dev", "mention": "oncall", "after": "1h"}]
    office = Announced({"dev": bot(slack)}, EMERGENCY | {"routes": [{"name": "emergency", "to": steps}]})
    office.file()
    office.turns(2 * 3600)
    first, second = slack.said
    assert second["thread_ts"] == first["ts"]
    assert "@oncall" in second["text"]
    assert "<" not in second["text"]
    assert office.states() == ["passed", "unanswered"]


def test_a_chain_goes_on_across_a_restart_and_a_renamed_sink(slack: Slack, other: Receiver) -> None:
    office = chain(slack, other)
    office.file()
    office.turn()
    office.sinks = {"chat": bot(slack), "product": hook(other)}
    table = EMERGENCY | {"sinks": {"dev": "chat", "product": "product"}}
    office.pair.rules = office.pair.rules | {"announce": table}
    office.pair.restart()
    office.start()
    office.turns(1500)
    assert len(other.got) == 1
    assert len(slack.said) == 1


# --- once ---


class Died(BaseException):
    """The process is killed."""


def test_what_a_dead_process_was_about_to_send_is_not_sent_again(receiver: Receiver, tmp_path: Path) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}), tmp_path / "syncd.db")

    def die(*_: object) -> str:
        raise Died

    dying: Any = office.announcers["dev"].outlet.notifier
    dying.send = die
    office.file()
    with pytest.raises(Died):
        office.turn()
    assert office.states() == ["sending"]
    office.pair.restart()
    office.start()
    office.turns(3600)
    assert (receiver.got, office.states()) == ([], ["unknown"])


def test_what_was_stored_and_not_sent_yet_is_sent_after_a_restart(receiver: Receiver, tmp_path: Path) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}), tmp_path / "syncd.db")
    receiver.faults.append(Fault("answer", reply=Reply(503)))
    office.file()
    office.turn()
    assert office.states() == ["waiting"]
    office.pair.restart()
    office.start()
    office.turns(3600)
    assert (len(receiver.got), office.states()) == (1, ["sent"])


@pytest.mark.parametrize("kind", ["lost_answer", "commit_then_answer", "cut"])
def test_what_may_have_arrived_is_not_sent_again_and_is_known(receiver: Receiver, kind: str) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}))
    receiver.faults.append(Fault(kind))
    office.file()
    office.turns(7200)
    assert len(receiver.log) == 1
    assert [row.state.value for row in office.pair.store.announcements.unsure("")] == ["unknown"]


def test_a_sink_that_is_down_is_told_later_and_once(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}))
    receiver.stop()
    office.file()
    office.turns(600)
    assert office.states() == ["waiting"]
    assert office.pair.store.alerts.sinks()["dev"].waiting == 1
    with Receiver(int(receiver.url.rpartition(":")[2])) as back:
        office.turns(1200)
        assert len(back.got) == 1


@pytest.mark.parametrize("times", [1, 9])
def test_a_ticket_that_cannot_be_read_delays_it_for_a_minute_at_most(receiver: Receiver, times: int) -> None:
    office = Announced({"dev": hook(receiver, audience="private")}, announce({}))
    office.file()
    office.pair.desk.faults += [("error", False)] * times
    office.turns(90, every=15)
    (message,) = receiver.got
    assert (SUBJECT[:4] in message["text"]) is (times == 1)
    assert "escalated by: the tag engineering" in message["text"]


def test_one_ticket_that_brings_a_defect_to_light_holds_up_no_other(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}))
    poisoned, _ = office.file()
    desk = office.pair.work.connectors["desk"]
    detail = type(desk).detail

    def poison(ref: Ref) -> Detail:
        if ref == office.pair.ref(poisoned):
            raise KeyError(CANARY)
        return detail(desk, ref)

    monkeypatch.setattr(desk, "detail", poison)
    office.file()
    office.turn()
    assert [one["title"][-6:] for one in receiver.got] == ["DESK-2"]
    office.turns(300)
    assert len(receiver.got) == 2
    assert CANARY not in repr(office.logged)


def test_what_is_in_a_tracker_that_is_no_more_is_passed_over(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}, reactions=True))
    office.file()
    office.pair.reconcile()
    office.pair.work.trackers = {}
    office.turns(60)
    assert (receiver.got, office.states()) == ([], ["needless"])


def test_an_idle_turn_writes_nothing_and_reads_nothing(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}))
    office.file()
    office.turn()
    calls = office.pair.desk.calls + office.pair.tracker.calls
    office.pair.store._db.execute("PRAGMA query_only = ON")
    office.turns(1800)
    assert office.pair.desk.calls + office.pair.tracker.calls == calls


def test_what_may_have_been_told_after_the_backup_was_made_is_not_told_after_a_restore(
    receiver: Receiver, tmp_path: Path
) -> None:
    path, copy = tmp_path / "syncd.db", tmp_path / "copy.db"
    table = announce({}, {"on": ["critical"]}, critical={"priorities": ["critical"]})
    office = Announced({"dev": hook(receiver)}, table, path)
    office.turn()
    receiver.faults.append(Fault("answer", reply=Reply(503)))
    office.file()
    office.turn()
    back_up(path, copy)
    office.turns(120)
    ticket, issue = office.file()
    ticket.tags = ("level_critical",)
    office.pair.reconcile()
    office.turns(120)
    told = len(receiver.got)
    assert told == 2
    office.pair.store.close()
    path.unlink()
    restore(path, copy, office.pair.clock.now())
    office.pair.store = Store.open(path)
    office.pair.work = office.pair.connect()
    office.pair.reconcile()
    office.row(ticket, issue, state=FilingState.ADOPTED)
    office.start()
    office.turns(3600)
    assert len(receiver.got) == told
    office.file()
    office.turns(120)
    assert len(receiver.got) == told + 1


# --- many ---


def test_a_storm_is_one_message_that_names_the_most_urgent(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver, audience="private")}, announce({}))
    for number in range(200):
        office.file(priority={150: "critical", 90: "high"}.get(number, "low"))
    calls = office.pair.desk.calls
    office.turns(3600)
    (message,) = receiver.got
    assert message["title"] == "200 issues were filed"
    assert len(message["announcements"]) == 5
    assert [one["priority"] for one in message["announcements"]] == ["critical", "high", "low", "low", "low"]
    assert "- and 195 more" in message["text"]
    assert CANARY not in message["text"]
    assert office.pair.desk.calls == calls
    assert office.states() == ["sent"] * 200


def test_a_storm_names_each_issue_once_where_one_sink_stands_for_several_channels(receiver: Receiver) -> None:
    table = {
        "sinks": {"support": "team", "product": "team"},
        "mentions": {"dev911": "", "oncall": ""},
        "routes": [
            {"name": "emergency", "to": [{"sink": "support", "mention": "dev911"}]},
            {"name": "product", "to": [{"sink": "product", "mention": "oncall"}]},
        ],
    }
    office = Announced({"team": hook(receiver)}, table)
    issues = [office.pair.ref(office.file()[1]).id for _ in range(8)]
    office.turns(3600)
    (message,) = receiver.got
    assert (message["title"], message["count"]) == ("8 issues were filed", 8)
    assert sorted(one["issue_key"] for one in message["announcements"]) == issues[:5]
    assert all(message["text"].count(f"- {key},") == 1 for key in issues[:5])
    assert "- and 3 more" in message["text"]
    assert "@dev911 @oncall" in message["text"]
    assert office.states() == ["sent"] * 16


def both(*, after: str = "", **more: Any) -> dict[str, Any]:
    """Two channels that one sink stands for, each with a route; the second one calls somebody, and the next in time."""
    then = [{"sink": "support", "mention": "oncall"}] if after else []
    wait = {"after": after} if after else {}
    routes = [
        {"name": "product", "to": [{"sink": "product"}]},
        {"name": "emergency", "shows": ["steps"], "to": [{"sink": "support", "mention": "dev911", **wait}, *then]},
    ]
    names = {"sinks": {"support": "team", "product": "team"}, "mentions": {"dev911": "S0DEV91100", "oncall": ""}}
    return {**names, "routes": routes} | more


@pytest.mark.parametrize("filings", [1, 3])
def test_what_several_routes_bring_to_a_sink_is_one_message_for_each_issue(receiver: Receiver, filings: int) -> None:
    office = Announced({"team": hook(receiver, audience="private")}, both())
    keys = [office.pair.ref(office.file()[1]).key for _ in range(filings)]
    calls = office.pair.desk.calls
    office.turns(3600)
    assert [one["title"].partition(" ")[0] for one in receiver.got] == keys
    for message in receiver.got:
        assert (message["count"], message["mentions"]) == (1, ["dev911"])
        assert f"steps: Open it {CANARY}" in message["text"], "what any of the routes shows"
        assert message["text"].count(CANARY) == 3
        assert "@dev911" in message["text"]
    assert office.states() == ["sent"] * 2 * filings
    assert office.pair.desk.calls - calls <= 2 * filings, "each ticket is read once for all"


def test_what_is_filed_and_critical_is_one_message_that_says_so(slack: Slack) -> None:
    routes: tuple[dict[str, Any], ...] = ({}, {"on": ["critical"]})
    office = Announced({"dev": bot(slack)}, announce(*routes, critical={"priorities": ["critical"]}))
    ticket, issue = office.file(priority="critical")
    office.pair.reconcile()
    office.turns(600)
    (text,) = slack.texts
    assert text.startswith(f"*syncd: critical: {office.pair.ref(issue).key}, for ticket {office.pair.ref(ticket).key}*")
    assert text.count("escalated by: the tag engineering") == 1
    assert sorted(office.states()) == ["sent", "sent"]


def test_a_chain_goes_on_alone_after_a_message_for_several_routes(slack: Slack) -> None:
    office = Announced({"team": bot(slack)}, both(after="20m"))
    office.file()
    office.turns(3600)
    first, second = slack.said
    assert "<!subteam^S0DEV91100>" in first["text"]
    assert second["thread_ts"] == first["ts"]
    assert "@oncall" in second["text"]
    assert "Nobody has answered in support for 20 minutes." in second["text"]
    assert sorted(office.states()) == ["passed", "sent", "sent"]


def test_an_answer_to_a_message_for_several_routes_ends_their_chains(slack: Slack) -> None:
    office = Announced({"team": bot(slack)}, both(after="20m"))
    office.file()
    office.turn()
    slack.reply(slack.said[0]["ts"])
    office.turns(3600)
    assert sum("text" in one and "syncd" in one["text"] for one in slack.said) == 1
    assert sorted(office.states()) == ["answered", "sent"]


def test_two_tickets_of_one_issue_are_two_messages(receiver: Receiver) -> None:
    office = Announced({"team": hook(receiver)}, both())
    _, issue = office.file()
    office.row(office.ticket(), issue, state=FilingState.FILED)
    office.turns(600)
    assert len(receiver.got) == 2


def test_a_ticket_that_cannot_be_read_now_is_told_once_for_all_routes(receiver: Receiver) -> None:
    office = Announced({"team": hook(receiver, audience="private")}, both())
    office.file()
    office.pair.desk.faults += [("error", False)] * 2
    office.turns(600)
    (message,) = receiver.got
    assert f"Down {CANARY}" in message["text"]
    unread = Announced({"team": hook(receiver, audience="private")}, both())
    unread.file()
    unread.pair.desk.faults += [("error", False)] * 99
    unread.turns(900)
    assert len(receiver.got) == 2
    assert CANARY not in receiver.got[1]["text"], "then what the state knows is told"


def test_a_message_for_several_routes_whose_answer_is_lost_is_not_sent_again(receiver: Receiver) -> None:
    office = Announced({"team": hook(receiver)}, both())
    office.file()
    receiver.faults.append(Fault("lost_answer"))
    office.turns(600)
    assert len(receiver.got) == 1
    assert office.states() == ["unknown", "unknown"]


def test_no_more_than_six_messages_a_minute(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver)}, announce({}))
    for _ in range(30):
        office.file()
        office.turn(2)
    assert len(receiver.got) <= 6
    office.turns(300)
    assert sum(one["count"] for one in receiver.got) == 30
    assert len(receiver.got) <= 12


def test_what_is_critical_goes_out_before_and_apart_from_a_storm(slack: Slack) -> None:
    slack.tight = False
    routes: tuple[dict[str, Any], ...] = ({}, {"on": ["critical"]})
    office = Announced({"dev": bot(slack)}, announce(*routes, critical={"priorities": ["critical"]}))
    for _ in range(5):
        office.file()
    ticket = office.ticket("level_critical")
    issue = office.pair.issue(ticket)
    office.pair.reconcile()
    office.turns(300)
    titles = [text.partition("\n")[0] for text in slack.texts]
    assert titles[0] == f"*syncd: critical: {office.pair.ref(issue).key}, for ticket {office.pair.ref(ticket).key}*"
    assert titles[1:] == ["*syncd: 5 issues were filed*"]


# --- what is critical ---

FORM = "### Ticket impact\n\n{}\n\n### Investigation\n\nnot critical at all\n\n### Ticket\n\n{{}}"
HOW = {
    "priorities": ["critical"],
    "labels": ["impact: critical"],
    "heading": "Ticket impact",
    "fields": {"impact": ["critical"]},
}


@pytest.mark.parametrize(
    ("what", "told"),
    [("ticket", 1), ("label", 1), ("field", 1), ("form", 1), ("form: high", 0), ("nothing", 0), ("stranger", 0)],
)
def test_a_link_to_a_critical_issue_is_told_once_whoever_made_it(receiver: Receiver, what: str, told: int) -> None:
    office = Announced({"dev": hook(receiver)}, announce({"on": ["critical"]}, critical=HOW))
    ticket = office.ticket(*(["level_critical"] if what == "ticket" else []))
    impact = {"form": "🟥 Critical", "stranger": "🟥 Critical", "form: high": "🟧 High"}.get(what, "")
    issue = office.pair.issue(ticket, text=FORM.format(impact))
    if what == "label":
        issue.tags = ("Impact: Critical",)
    if what == "field":
        issue.fields["impact"] = "Critical"
    office.pair.reconcile()
    if what == "stranger":
        issue.author = Author.OUTSIDE
    office.turns(3600)
    assert len(receiver.got) == told
    assert office.states() == [["needless"], ["sent"]][told]


def test_a_link_that_cannot_be_read_is_looked_at_again(receiver: Receiver) -> None:
    office = Announced({"dev": hook(receiver)}, announce({"on": ["critical"]}, critical=HOW))
    office.pair.issue(office.ticket("level_critical"))
    office.pair.reconcile()
    office.pair.desk.faults += [("error", False)] * 5
    office.turns(60)
    assert receiver.got == []
    office.turns(900)
    assert len(receiver.got) == 1


# --- reactions ---


def test_a_message_gets_eyes_and_then_a_check_mark_where_that_is_wanted(slack: Slack) -> None:
    office = Announced({"dev": bot(slack)}, announce({}, reactions=True))
    _, issue = office.file()
    office.pair.reconcile()
    office.turn()
    ts = slack.said[0]["ts"]
    assert slack.reactions == set()
    office.pair.move(issue, "in_progress")
    office.pair.pass_()
    slack.faults.append(Fault("lost_answer", path="reactions"))
    office.turns(120)
    assert slack.reactions == {(ts, "eyes")}
    office.pair.move(issue, "done")
    office.pair.pass_()
    office.turns(120)
    assert slack.reactions == {(ts, "eyes"), (ts, "white_check_mark")}
    assert len(slack.said) == 1


def test_without_the_switch_no_message_gets_a_reaction(slack: Slack) -> None:
    office = Announced({"dev": bot(slack)}, announce({}))
    _, issue = office.file()
    office.turn()
    office.pair.move(issue, "done")
    office.pair.reconcile()
    office.turns(120)
    assert slack.reactions == set()
