"""Slack as a sink: threads, check marks, refusals, limits, lost answers, and what never gets into a channel."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from syncd.notify import open_sink
from syncd.notify.slack import escaped
from syncd.notify.words import Message
from syncd.testing.exchange import Fault, Reply
from tests.notify.receivers import Watched, sink
from tests.notify.slack_stand_in import CHANNEL, HOOK, TOKEN, Slack

ON = "*syncd: desk: the brake is on, and nothing more is written*"


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as one:
        yield one


def bot(slack: Slack, **keys: Any) -> Any:
    return sink(**({"kind": "slack", "token": TOKEN, "channel": CHANNEL, "api_url": slack.api} | keys))


@pytest.fixture
def watched(slack: Slack) -> Watched:
    return Watched(bot(slack))


def first_lines(slack: Slack) -> list[str]:
    return [text.partition("\n")[0] for text in slack.texts]


def test_an_incident_is_one_message_and_a_check_mark_when_it_is_over(slack: Slack, watched: Watched) -> None:
    watched.brake()
    watched.turns(120)
    watched.release()
    watched.turns(120)
    assert first_lines(slack) == [ON]
    assert slack.reactions == {(slack.said[0]["ts"], "white_check_mark")}
    assert "`syncd brake release desk`" in slack.texts[0]


def test_the_thread_holds_across_a_restart(slack: Slack, watched: Watched) -> None:
    watched.brake()
    watched.turn()
    ts = slack.said[0]["ts"]
    assert watched.open().popitem()[1].thread == ts
    watched.start()
    watched.turns(90_000, every=600)
    slack.advance(60)
    assert slack.thread(ts) == [
        "*syncd: desk: still: the brake is on, and nothing more is written*" + slack.texts[0][len(ON) :]
    ]
    watched.release()
    watched.turn()
    assert len(slack.said) == 2
    assert slack.reactions == {(ts, "white_check_mark")}


def test_what_is_counted_goes_on_in_its_thread(slack: Slack, watched: Watched) -> None:
    watched.park([1])
    watched.turns(120)
    watched.park([2])
    watched.turns(4000)
    assert first_lines(slack) == ["*syncd: 1 group is parked*", "*syncd: 2 groups are parked, 1 of them new*"]
    assert len(slack.thread(slack.said[0]["ts"])) == 1


def test_a_storm_shares_a_message_that_is_marked_when_all_of_it_is_over(slack: Slack) -> None:
    names = [f"desk-{number}" for number in range(5)]
    watched = Watched(bot(slack), connectors=names)
    for name in names:
        watched.brake(name)
    watched.turn()
    assert len(slack.said) == 1
    watched.release(names[0])
    watched.turn()
    ts = slack.said[0]["ts"]
    assert slack.thread(ts) == ["*syncd: desk-0: the brake is released*"]
    assert slack.reactions == set()
    for name in names[1:]:
        watched.release(name)
    watched.turn(60)
    assert len(slack.said) == 2
    assert slack.reactions == {(ts, "white_check_mark")}


def test_without_the_right_to_react_it_is_told_in_words(slack: Slack, watched: Watched) -> None:
    slack.scopes = ["chat:write"]
    watched.brake()
    watched.turn()
    watched.release()
    watched.turn()
    assert slack.thread(slack.said[0]["ts"]) == ["*syncd: desk: the brake is released*"]


def test_a_check_mark_whose_answer_was_lost_is_set_again(slack: Slack, watched: Watched) -> None:
    watched.brake()
    watched.turn()
    slack.faults.append(Fault("lost_answer", path="reactions"))
    watched.release()
    watched.turns(120)
    assert slack.reactions == {(slack.said[0]["ts"], "white_check_mark")}
    assert watched.open() == {}
    assert watched.row().state == "ok"


def test_a_first_message_that_was_deleted_stops_nothing(slack: Slack, watched: Watched) -> None:
    watched.park([1])
    watched.turns(120)
    slack.said.clear()
    watched.park([2])
    watched.turns(4000)
    assert first_lines(slack) == ["*syncd: 2 groups are parked, 1 of them new*"]
    slack.said.clear()
    watched.drop([1, 2])
    watched.turns(1200)
    assert (slack.said, watched.open()) == ([], {})


@pytest.mark.parametrize("what", ["archived", "revoked", "stranger"])
def test_what_slack_refuses_for_good_switches_it_off(slack: Slack, watched: Watched, what: str) -> None:
    setattr(slack, what, True)
    watched.brake()
    watched.turns(7200)
    assert len(slack.log) == 1
    assert (watched.row().state, watched.row().waiting) == ("off", 1)
    assert [line["level"] for line in watched.logged] == ["error"]
    setattr(slack, what, False)
    watched.start()
    watched.turn()
    assert first_lines(slack) == [ON]


def test_another_channel_or_token_is_refused(slack: Slack) -> None:
    for keys in ({"channel": "C0NOTHERE9"}, {"token": "xoxb-other"}):
        watched = Watched(bot(slack, **keys))
        watched.brake()
        watched.turn()
        assert watched.row().state == "off"


def test_a_limit_is_waited_out(slack: Slack, watched: Watched) -> None:
    slack.faults.append(Fault("answer", reply=Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "90"})))
    watched.brake()
    watched.turns(60)
    assert len(slack.log) == 1
    watched.turns(60)
    assert (first_lines(slack), len(slack.log)) == ([ON], 2)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("lost_answer"), 1),
        (Fault("cut"), 0),
        (Fault("answer", reply=Reply(500, b"<html>500</html>")), 0),
        (Fault("commit_then_answer", reply=Reply(502, b"<html>502</html>")), 1),
        (Fault("commit_then_answer", reply=Reply(200, {"ok": False, "error": "internal_error"})), 1),
        (Fault("commit_then_answer", reply=Reply(200, b"<html>hello</html>")), 1),
        (Fault("truncate"), 1),
    ],
    ids=["lost", "cut", "500", "502", "internal_error", "html", "truncated"],
)
def test_what_may_have_been_posted_is_not_posted_again(slack: Slack, watched: Watched, fault: Fault, said: int) -> None:
    slack.faults.append(Fault(fault.kind, reply=fault.reply))
    watched.brake()
    watched.turns(7200)
    assert (len(slack.log), len(slack.said)) == (1, said)
    watched.release()
    watched.turns(120)
    assert first_lines(slack)[said:] == ["*syncd: desk: the brake is released*"]


@pytest.mark.parametrize(
    "reply", [Reply(503, b"<html>down</html>"), Reply(200, {"ok": False, "error": "service_unavailable"})]
)
def test_what_was_certainly_not_posted_is_posted_later(slack: Slack, watched: Watched, reply: Reply) -> None:
    slack.faults.append(Fault("answer", reply=reply, times=3))
    watched.brake()
    watched.turns(1200)
    assert (len(slack.log), first_lines(slack)) == (4, [ON])


def test_nothing_in_a_value_pings_or_links(slack: Slack, watched: Watched) -> None:
    watched.park([1], "422 <!channel> & <@U123> <https://evil.example.com|click> <!subteam^S1>")
    watched.turns(120)
    (message,) = slack.said
    assert "<" not in message["text"]
    assert "422 &lt;!channel&gt; &amp; &lt;@U123&gt; &lt;https://evil" in message["text"]
    assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)
    assert escaped("<&>") == "&lt;&amp;&gt;"


def test_a_message_is_short_enough_whatever_is_in_it(slack: Slack) -> None:
    names = [f"a-helpdesk-with-a-very-long-name-{'x' * 200}-{number}" for number in range(60)]
    watched = Watched(bot(slack), connectors=names)
    for name in names:
        watched.brake(name)
    watched.turn()
    assert 0 < len(slack.texts[0]) < 4000


def test_no_proxy_of_the_environment_is_used(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for to in (bot(slack), sink(kind="slack", url=slack.hook)):
        watched = Watched(to)
        watched.brake()
        watched.turn()
        assert watched.row().state == "ok"


@pytest.mark.parametrize("kind", ["bot", "webhook"])
def test_no_secret_gets_anywhere(
    slack: Slack, kind: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    watched = Watched(bot(slack) if kind == "bot" else sink(kind="slack", url=slack.hook))
    watched.brake()
    for fault in (Fault("cut"), Fault("answer", reply=Reply(200, b"no json")), Fault("answer", reply=Reply(404))):
        slack.faults.append(fault)
        watched.start()
        watched.turns(120)
        watched.release()
        watched.turns(120)
        watched.brake()
    rows = [list(table.rows) for table in watched.store._db.tables]
    said = caplog.text + repr(watched.logged) + repr(rows) + repr(watched.to) + "".join(capfd.readouterr())
    for secret in (TOKEN, HOOK):
        assert secret not in said
    assert [record for record in caplog.records if "slack" in record.name] == []  # it would tell what is sent


def test_slack_that_is_slow_is_not_waited_for_and_hears_of_it_once(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.notify.sink.TOTAL", 0.3)
    watched = Watched(bot(slack))
    slack.faults.append(Fault("late", seconds=1.0))
    watched.brake()
    watched.turn()
    assert watched.row().reason == "no answer in time"
    end = time.monotonic() + 30
    while not slack.said:
        assert time.monotonic() < end
        time.sleep(0.05)
    watched.turns(3600)
    assert first_lines(slack) == [ON]


# --- an incoming webhook ---


@pytest.fixture
def hooked(slack: Slack) -> Watched:
    return Watched(sink(kind="slack", url=slack.hook))


def test_a_webhook_gets_a_second_message_when_it_is_over(slack: Slack, hooked: Watched) -> None:
    hooked.brake()
    hooked.turn()
    hooked.release()
    hooked.turn()
    assert first_lines(slack) == [ON, "*syncd: desk: the brake is released*"]
    assert all((one["unfurl_links"], one["unfurl_media"]) == (False, False) for one in slack.said)


@pytest.mark.parametrize(("what", "code"), [("closed_hook", "404 no_service"), ("archived", "410 channel_is_archived")])
def test_a_webhook_that_is_gone_is_off(slack: Slack, hooked: Watched, what: str, code: str) -> None:
    setattr(slack, what, True)
    hooked.brake()
    hooked.turns(7200)
    assert len(slack.log) == 1
    assert (hooked.row().state, hooked.row().reason) == ("off", f"it answered {code}")


def test_a_webhook_s_limit_is_waited_out(slack: Slack, hooked: Watched) -> None:
    slack.faults.append(Fault("answer", reply=Reply(429, b"rate_limited", {"Retry-After": "90"})))
    hooked.brake()
    hooked.turns(60)
    assert len(slack.log) == 1
    hooked.turns(60)
    assert first_lines(slack) == [ON]


# --- check ---


def problems(to: Any) -> list[str]:
    return [f"{'warning ' if one.warning else ''}{one}" for one in open_sink("team", to).check()]


def test_check_asks_slack_of_the_token_and_posts_nothing(slack: Slack) -> None:
    assert problems(bot(slack)) == []
    (found,) = problems(bot(slack, token="xoxb-other"))
    assert found.startswith("syncd.toml: notify.team.token: the token isn't accepted (invalid_auth). Take the bot's")
    slack.scopes = ["channels:read"]
    lacks = problems(bot(slack))
    assert "the bot lacks the scope chat:write" in lacks[0]
    assert lacks[1].startswith("warning ")
    slack.stop()
    (found,) = problems(bot(slack))
    assert "Slack can't be asked: the machine there refuses the connection" in found
    assert slack.said == []


def test_check_says_that_a_webhook_s_host_is_not_known() -> None:
    (found,) = problems(sink(kind="slack", url="https://no-such-host.invalid/services/T/B/X"))
    assert "its host name isn't known here" in found


def test_a_test_message_says_so(slack: Slack) -> None:
    open_sink("team", bot(slack)).send(Message("2026-01-05T09:00:00Z"), "")
    assert slack.texts == ["*syncd: this is a test, and nothing needs a person*"]
