"""A part of the account's calls per minute is left to people, and syncd gets on all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest
from pydantic import SecretStr
from requests import Response

from connectors.freshdesk.connector import FreshdeskConnector, FreshdeskOptions
from connectors.freshdesk.sandbox import FreshdeskSandbox
from connectors.freshdesk.sandbox.books import OPEN, PENDING, RESOLVED
from connectors.github.sandbox import TOKEN, GitHubSandbox
from syncd.actions import Action, Note
from syncd.clock import ManualClock
from syncd.config import load
from syncd.errors import RateLimited
from syncd.jobs.backfill import backfill
from syncd.model import Item, Ref, Status
from syncd.store import Store
from syncd.testing import Fault, Reply
from syncd.work import Work

HOME = "acme/ops"
KEY = b"a marker key for tests only"
START = datetime(2026, 1, 5, 9, 0, 20, tzinfo=UTC)
"""In the middle of a minute of the service's."""


class Together(ManualClock):
    """One time for syncd and the services. ``others``: calls that other integrations make in each minute."""

    def __init__(self, freshdesk: FreshdeskSandbox, github: GitHubSandbox) -> None:
        super().__init__(START)
        self.freshdesk, self.github, self.others = freshdesk, github, 0
        for sandbox in (freshdesk, github):
            sandbox.freeze(START)

    def advance(self, seconds: float) -> None:
        before = self.now()
        super().advance(seconds)
        self.freshdesk.freeze(self.now())
        self.github.freeze(self.now())
        if (self.now() - before).total_seconds() >= 1 and self.now().minute != before.minute:
            self.freshdesk.limits.use(self.others)


class Desk:
    """A connector, a stand-in and a core between them and a tracker."""

    def __init__(self, folder: Path) -> None:
        self.freshdesk, self.github = FreshdeskSandbox().start(), GitHubSandbox().start()
        self.github.people.make_repo(HOME)
        self.freshdesk.books.bump_after_create = False
        self.clock = Together(self.freshdesk, self.github)
        self.folder = folder
        self.store = Store.scratch()

    def connect(self, headroom: float = 0.3) -> FreshdeskConnector:
        options = FreshdeskOptions(
            connector="freshdesk",
            url=self.freshdesk.url,
            api_key=SecretStr(self.freshdesk.key),
            headroom=headroom,
        )
        return FreshdeskConnector("freshdesk", options, self.clock)

    def reconcile(self) -> None:
        """One run, by a process of its own."""
        (self.folder / "connectors").mkdir(exist_ok=True)
        (self.folder / "syncd.toml").write_text(f'state = "{self.folder}/syncd.db"\n')
        desk = f'connector = "freshdesk"\nurl = "{self.freshdesk.url}"\napi_key = "env:SYNCD_DESK"\n[sync]\n'
        hub = f'connector = "github"\nurl = "{self.github.url}"\ntoken = "env:SYNCD_HUB"\n'
        (self.folder / "connectors/freshdesk.toml").write_text(desk)
        (self.folder / "connectors/github.toml").write_text(f'{hub}[[repositories]]\nname = "{HOME}"\n')
        config = load(self.folder)
        accounts = {**config.trackers, **config.helpdesks}
        work = Work(
            store=self.store,
            clock=self.clock,
            connectors={name: one.connect(self.clock) for name, one in accounts.items()},
            helpdesks=config.helpdesks,
            trackers=config.trackers,
            marker_key=KEY,
        )
        backfill(work, accounts)
        for connector in work.connectors.values():
            connector.close()

    def pairs(self, count: int) -> list[int]:
        """Tickets that are pending, each with an issue."""
        tickets = []
        for _ in range(count):
            ticket = self.freshdesk.people.make_ticket()
            self.freshdesk.people.set_status(ticket, PENDING)
            self.github.people.make_issue(HOME, body=f"{self.freshdesk.url}/a/tickets/{ticket}", association="MEMBER")
            tickets.append(ticket)
        self.clock.advance(600)
        return tickets

    def statuses(self, tickets: list[int]) -> list[int]:
        return [self.freshdesk.books.tickets[number].row["status"] for number in tickets]

    def least(self) -> float:
        """The least that was left in a minute, by what the stand-in itself kept."""
        return self.freshdesk.limits.least

    def refused(self) -> int:
        return sum(one.status == 429 for one in self.freshdesk.log)

    def close(self) -> None:
        self.freshdesk.stop()
        self.github.stop()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    monkeypatch.setenv("SYNCD_DESK", desk.freshdesk.key)
    monkeypatch.setenv("SYNCD_HUB", TOKEN)
    yield desk
    desk.close()


@pytest.mark.trap("freshdesk", 8)
@pytest.mark.parametrize(("headroom", "left"), [(0.3, 15), (0.5, 25), (0.0, 0)])
def test_the_rest_of_the_minute_is_left_to_people(desk: Desk, headroom: float, left: int) -> None:
    desk.freshdesk.limits.account = 50
    connector = desk.connect(headroom)
    with pytest.raises(RateLimited, match="left to people") as caught:
        list(chain.from_iterable(connector.changes("tickets", None, None) for _ in range(100)))
    assert (desk.least(), desk.refused()) == (left, 0)
    wait = caught.value.retry_after
    assert wait is not None
    assert 1 <= wait <= 60
    desk.clock.advance(wait)
    assert list(connector.changes("tickets", None, None))


def test_an_account_that_does_not_tell_its_limit_is_asked_on(desk: Desk) -> None:
    connector = desk.connect()

    def silent(answer: Response, **_: object) -> None:
        for name in ("X-RateLimit-Total", "X-RateLimit-Remaining"):
            del answer.headers[name]

    connector.session.hooks["response"].append(silent)
    desk.freshdesk.limits.account = 50
    for _ in range(50):
        list(connector.changes("tickets", None, None))
    assert desk.least() == 0


@pytest.mark.parametrize("total", ["many", "nan", "inf", "-5", "0", ""])
def test_a_limit_that_is_no_number_is_none(desk: Desk, total: str) -> None:
    connector = desk.connect()
    headers = {"X-RateLimit-Total": total, "X-RateLimit-Remaining": "0"}
    desk.freshdesk.faults.append(Fault("answer", times=5, reply=Reply(200, [], headers)))
    for _ in range(5):
        assert list(connector.changes("tickets", None, None))


def test_where_the_service_says_when_to_come_back_that_is_when_the_minute_ends(desk: Desk) -> None:
    desk.freshdesk.limits.account = 50
    connector = desk.connect()
    list(connector.changes("tickets", None, None))
    desk.freshdesk.limits.use(60)
    with pytest.raises(RateLimited) as caught:
        list(connector.changes("tickets", None, None))
    assert caught.value.retry_after == 40
    desk.clock.advance(40)
    assert list(connector.changes("tickets", None, None))


def test_what_was_begun_in_a_minute_gets_on_a_little_though_others_leave_nothing(desk: Desk) -> None:
    number = desk.freshdesk.people.make_ticket()
    ref = Ref("freshdesk", str(number), str(number))
    desk.freshdesk.limits.account = 50
    desk.freshdesk.limits.use(40)
    connector = desk.connect()
    list(connector.changes("tickets", None, None))
    assert isinstance(connector.fetch([ref])[ref], Item)
    with pytest.raises(RateLimited):
        connector.fetch([ref])
    action = Action(ref, Status(str(RESOLVED)), None, (Note("e", "done", "syncd:v1:x"),))
    first, second = connector.apply([action, action])
    assert first.error is None
    assert isinstance(second.error, RateLimited)
    assert second.notes == ()
    assert len(desk.freshdesk.books.tickets[number].talk) == 1


@pytest.mark.parametrize("others", [0, 40])
def test_reconcile_gets_on_and_loses_nothing(desk: Desk, others: int) -> None:
    desk.freshdesk.limits.account = 50
    tickets = desk.pairs(12)
    desk.reconcile()
    desk.clock.advance(600)
    desk.clock.others = others
    for number in range(1, 13):
        desk.github.people.close(f"{HOME}#{number}")
    begun, done = desk.clock.now(), [0]
    while done[-1] < len(tickets):
        desk.reconcile()
        done.append(desk.statuses(tickets).count(RESOLVED))
        assert done[-1] > done[-2], "a run that brought nothing on"
        desk.clock.advance(60)
    assert [len(desk.freshdesk.books.tickets[number].talk) for number in tickets] == [1] * len(tickets)
    assert desk.refused() == 0
    assert (desk.clock.now() - begun).total_seconds() < 3600
    if not others:
        assert desk.least() >= 15 - 1


def test_a_first_walk_waits_for_the_minutes_that_it_needs(desk: Desk) -> None:
    desk.freshdesk.limits.account = 50
    key = desk.github.people.make_issue(HOME)
    tickets = [desk.freshdesk.people.make_ticket() for _ in range(60)]
    for number in tickets:
        desk.freshdesk.people.agent_note(number, f"{desk.github.url}/{key.replace('#', '/issues/')}")
    desk.clock.advance(600)
    desk.reconcile()
    assert len(desk.store.links.all()) == len(tickets)
    assert desk.statuses(tickets) == [OPEN] * len(tickets)
    assert (desk.refused(), desk.least() >= 15 - 1) == (0, True)
