"""Limits are obeyed for what they cover and for nothing else, and a part of each is left to people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.zendesk.budget import ACCOUNT, ONE_TICKET, UPDATES, limits
from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.options import ZendeskOptions
from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.actions import Action, Note, Outcome
from syncd.errors import ConnectorError, RateLimited, Transient
from syncd.model import Item, Ref, Status
from syncd.testing import Fault, Reply

WORDS = ("solved", "open")
NOTE = Note("e1", "filed", "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123")


@pytest.fixture
def world() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    yield world
    world.close()


def connect(world: ZendeskWorld, headroom: float = 0.3, **over: Any) -> ZendeskConnector:
    access = world.sandbox.access
    known: dict[str, Any] = {"client_id": access.client_id, "client_secret": SecretStr(access.client_secret)}
    options = ZendeskOptions(connector="zendesk", url=world.sandbox.url, headroom=headroom, **known, **over)
    return ZendeskConnector("zendesk", options, world.clock)


def act(connector: ZendeskConnector, ref: Ref, status: str = "solved") -> Outcome:
    return next(iter(connector.apply([Action(ref, Status(status))])))


def puts(world: ZendeskWorld) -> int:
    return sum(one.request.method == "PUT" for one in world.sandbox.log)


@pytest.mark.trap("zendesk", 9)
@pytest.mark.parametrize(("headroom", "left"), [(0.3, 15), (0.5, 25), (0.0, 0)])
def test_the_rest_of_the_minute_is_left_to_people(world: ZendeskWorld, headroom: float, left: int) -> None:
    ref = world.add()
    world.sandbox.limits.account.limit = 50
    connector = connect(world, headroom)
    with pytest.raises(RateLimited, match="left to people") as caught:
        for _ in chain.from_iterable(connector.changes("fresh", None, None) for _ in range(100)):
            pass
    now = int(world.sandbox.now().timestamp())
    assert world.sandbox.limits.account.left(now, "") == left
    assert not any(one.status == 429 for one in world.sandbox.log)
    assert caught.value.retry_after is not None
    world.advance(caught.value.retry_after)
    assert isinstance(connector.fetch([ref])[ref], Item)


@pytest.mark.trap("zendesk", 9)
def test_a_part_of_the_ticket_updates_is_left_to_agents(world: ZendeskWorld) -> None:
    refs = [world.add() for _ in range(4)]
    world.advance(60)
    world.sandbox.limits.updates.limit = 20
    connector = connect(world)
    outcomes = [act(connector, refs[i % 4], WORDS[i // 4 % 2]) for i in range(20)]
    assert puts(world) == 14
    assert [one.error is None for one in outcomes] == [True] * 14 + [False] * 6
    error = outcomes[-1].error
    assert isinstance(error, RateLimited)
    assert "left to people" in error.what
    assert error.retry_after
    assert list(connector.changes("fresh", None, None))
    world.advance(error.retry_after)
    assert act(connector, refs[0]).error is None


def test_what_was_begun_in_a_minute_gets_on_a_little_though_others_leave_nothing(world: ZendeskWorld) -> None:
    ref = world.add()
    world.advance(60)
    world.sandbox.limits.account.limit = 100
    world.sandbox.limits.use("account", 85)
    connector = connect(world)
    assert list(connector.changes("fresh", None, None))
    assert isinstance(connector.fetch([ref])[ref], Item)
    with pytest.raises(RateLimited):
        connector.fetch([ref])
    first, second = connector.apply([Action(ref, Status("solved"), notes=(NOTE,)), Action(ref, Status("open"))])
    assert first.error is None
    assert isinstance(second.error, RateLimited)
    assert len(world.remarks(ref)) == 1


@pytest.mark.trap("zendesk", 9)
@pytest.mark.parametrize("body", ["json", "text", "empty"])
def test_a_ticket_that_was_changed_too_often_rests_alone(world: ZendeskWorld, body: str) -> None:
    flapping, other = world.add(), world.add()
    world.sandbox.limits.body = body
    connector = connect(world, headroom=0.0)
    world.sandbox.limits.per_ticket.limit = 3
    world.advance(600)
    for i in range(3):
        assert act(connector, flapping, WORDS[i % 2]).error is None
    outcome = act(connector, flapping, "open")
    error = outcome.error
    assert isinstance(error, Transient)
    assert not error.doubt
    assert error.retry_after is not None
    assert error.retry_after > 60
    assert act(connector, other).error is None
    before = world.calls()
    again = act(connector, flapping, "open").error
    assert isinstance(again, Transient)
    assert world.calls() == before
    world.advance(error.retry_after)
    assert act(connector, flapping, "open").error is None


@pytest.mark.trap("zendesk", 9)
def test_in_a_job_a_resting_ticket_is_left_out(world: ZendeskWorld) -> None:
    refs = [world.add() for _ in range(7)]
    connector = connect(world, headroom=0.0)
    told = {"Retry-After": "400", "zendesk-ratelimit-per-ticket-updates": "total=30; remaining=0; resets=400"}
    world.sandbox.faults.append(Fault("answer", "PUT", "/tickets/", reply=Reply(429, b"", told)))
    assert isinstance(act(connector, refs[0]).error, Transient)
    outcomes = list(connector.apply([Action(ref, Status("solved")) for ref in refs]))
    assert isinstance(outcomes[0].error, Transient)
    assert [one.error for one in outcomes[1:]] == [None] * 6
    assert world.status(refs[0]) == Status("open")


TICKET = "zendesk-ratelimit-per-ticket-updates"
TOLD = {"x-rate-limit": "700", "x-rate-limit-remaining": "690"}


@pytest.mark.parametrize(
    ("headers", "kind", "wait"),
    [
        ({"Retry-After": "7"}, RateLimited, 7),
        ({"Retry-After": "7", TICKET: "total=30; remaining=12; resets=7"}, RateLimited, 7),
        ({"Retry-After": "7", TICKET: "total=30; remaining=0; resets=7"}, Transient, 7),
        ({"Retry-After": "400", **TOLD}, Transient, 400),
        ({"Retry-After": "400", **TOLD, "x-rate-limit-remaining": "0"}, RateLimited, 400),
        ({"Retry-After": "400", **TOLD, "zendesk-ratelimit-tickets-update": "total=9; remaining=0"}, RateLimited, 400),
        ({"Retry-After": "400"}, RateLimited, 400),
        ({}, RateLimited, 10),
        ({"Retry-After": "soon"}, RateLimited, 10),
        ({"Retry-After": "0"}, RateLimited, 1),
        ({"Retry-After": "1.5"}, RateLimited, 1.5),
    ],
)
def test_what_a_refusal_covers_is_told_by_its_headers(
    world: ZendeskWorld, headers: dict[str, str], kind: type[ConnectorError], wait: float
) -> None:
    ref = world.add()
    connector = connect(world)
    connector.statuses()
    world.sandbox.limits.lift()
    page = Reply(429, b"Number of allowed updates exceeded", headers)
    connector.session.hooks["response"].append(lambda answer, **_: _only(answer, headers))
    world.sandbox.faults.append(Fault("answer", "PUT", reply=page))
    error = act(connector, ref).error
    assert isinstance(error, kind)
    assert error.retry_after == wait
    assert not error.doubt


def _only(answer: Any, headers: dict[str, str]) -> None:
    """A refusal carries these headers and none of the stand-in's own."""
    if answer.status_code == 429:
        for name in [one for one in answer.headers if "limit" in one.lower()]:
            del answer.headers[name]
        answer.headers.update(headers)


@pytest.mark.trap("zendesk", 12)
def test_nobody_sleeps_on_a_limit(world: ZendeskWorld) -> None:
    ref = world.add()
    connector = connect(world)
    connector.statuses()
    world.clock.slept.clear()
    world.sandbox.faults.append(Fault("answer", times=9, reply=Reply(429, b"", {"Retry-After": "3600"})))
    for read in (
        connector.statuses,
        lambda: connector.fetch([ref]),
        lambda: connector.find("x", ref, world.clock.now()),
    ):
        with pytest.raises(RateLimited):
            read()
    act(connector, ref)
    assert world.clock.slept == []
    assert sum(one.status == 429 for one in world.sandbox.log) == 4


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, []),
        ({"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "696"}, [(ACCOUNT, 700, 696, None)]),
        ({"ratelimit-limit": "700", "ratelimit-remaining": "6", "ratelimit-reset": "41"}, [(ACCOUNT, 700, 6, 41)]),
        ({"x-rate-limit": "many", "x-rate-limit-remaining": "696"}, []),
        ({"x-rate-limit": "0", "x-rate-limit-remaining": "0"}, []),
        ({"x-rate-limit": "nan", "x-rate-limit-remaining": "inf"}, []),
        ({"Zendesk-Rate-Limit-Tickets-Update": "total=100;remaining=99;resets=59"}, [(UPDATES, 100, 99, 59)]),
        ({"zendesk-ratelimit-per-ticket-updates": "total=30; remaining=29"}, [(ONE_TICKET, 30, 29, None)]),
        ({"zendesk-ratelimit-tickets-update": "remaining=29"}, []),
        ({"zendesk-ratelimit-tickets-update": ""}, []),
    ],
)
def test_limits_are_read_in_any_spelling(headers: dict[str, str], found: list[Any]) -> None:
    assert list(limits(headers)) == found
