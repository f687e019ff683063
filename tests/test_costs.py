"""What a change of status costs in calls, by the stand-ins' own logs: a read, two writes, and nothing after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.systems import KINDS, System
from syncd.cli.running import working
from syncd.config import load
from syncd.connector import load as connector
from syncd.ingest.poll import poll
from syncd.jobs.backfill import backfill, drain_and_wait
from syncd.model import Audience, Role, Word
from syncd.work import Work
from tests.house import House, is_at

READS = {"freshdesk": 1, "github": 1, "jira": 2, "jsm": 2, "zendesk": 2}
"""Jira's answer to a transition shows nothing, so it is looked at; Zendesk lists apart what was said on a ticket."""
WRITES = {"freshdesk": 2, "github": 2, "jira": 3, "jsm": 2, "zendesk": 1}
"""Jira shows on an issue, once, which tickets it has."""
READING = ("GET", "graphql", "search", "bulkfetch")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    one = House(tmp_path, monkeypatch)
    yield one
    one.close()


def since(system: System, start: int) -> tuple[int, int]:
    """Reads and writes since so many calls."""
    asked = [f"{one.request.method} {one.request.path}" for one in system.stand_in.log[start:]]
    reads = sum(any(word in one for word in READING) for one in asked)
    return reads, len(asked) - reads


def follow(work: Work, told: System, other: System) -> tuple[int, int]:
    """Reads and writes that it costs one system that the other has news."""
    poll(work, other.name)
    start = len(told.stand_in.log)
    drain_and_wait(work)
    return since(told, start)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_page_says_so(kind: str) -> None:
    page = (Path(__file__).parents[1] / "docs" / "one-change.md").read_text(encoding="utf-8")
    assert f"\n| {kind} | {READS[kind]} | {WRITES[kind]} |" in page


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_change_costs_a_read_and_two_writes_and_the_poll_after_it_nothing(house: House, kind: str) -> None:
    helps = Role.HELPDESK in connector(kind).capabilities.roles
    desk, tracker = house.add(kind if helps else "freshdesk"), house.add("github" if helps else kind)
    house.more_sync = 'on_ticket_resolved = "close"\n'
    if kind == "github":
        tracker.world.show("acme/widgets", Audience.PRIVATE)  # elsewhere no comment is left
    tickets = [desk.waiting() for _ in range(2)]
    issues = [tracker.world.add(desk.world.url(ticket)) for ticket in tickets]
    house.later()
    house.sync()
    told, other = (desk, tracker) if helps else (tracker, desk)
    moves, word = (issues, Word.DONE) if helps else (tickets, Word.RESOLVED)
    mine, reached = (tickets, Word.RESOLVED) if helps else (issues, Word.DONE)
    with working(load(house.folder)) as work:
        backfill(work, [desk.name, tracker.name])
        other.world.set_status(moves[0], word)  # what is asked for once is known after this one
        follow(work, told, other)
        house.later()
        other.world.set_status(moves[1], word)
        reads, writes = follow(work, told, other)
        assert is_at(told, mine[1], reached)
        assert (reads, writes) == (READS[kind], WRITES[kind])
        house.later(5)
        start = len(told.stand_in.log)
        poll(work, told.name)
        drain_and_wait(work)
        assert since(told, start)[1] == 0
        assert since(told, start)[0] <= len(work.connectors[told.name].sources())
