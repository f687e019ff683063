"""The process dies before or after any one of its calls, on every system: nothing is doubled, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bench.systems import System
from syncd.http import Session
from syncd.model import Author, Ref, Word
from tests.house import House, is_at

PAIRS = [("zendesk", "jira"), ("jsm", "jira"), ("zendesk", "github"), ("freshdesk", "jira")]
TICKETS = 3


class Died(BaseException):
    """The process is gone."""


class Fuse:
    """Counts the calls of all connectors, and ends the process around one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.after = -1, False
        send = Session.send

        def counted(session: Session, request: requests.PreparedRequest, **how: Any) -> requests.Response:
            self.left -= 1
            if self.left == -1 and not self.after:
                raise Died
            answer = send(session, request, **how)
            if self.left == -1:
                raise Died
            return answer

        monkeypatch.setattr(Session, "send", counted)

    def burns(self, do: Callable[[], None], calls: int, *, after: bool) -> bool:
        """Whether the process died of it."""
        self.left, self.after = calls, after
        try:
            do()
        except Died:
            return True
        finally:
            self.left = -(10**9)
        return False


@pytest.fixture
def fuse(monkeypatch: pytest.MonkeyPatch) -> Fuse:
    return Fuse(monkeypatch)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    one = House(tmp_path, monkeypatch)
    yield one
    one.close()


def ours(system: System, ref: Ref) -> list[str]:
    """What syncd said on an item, without the marks that tell one note from another."""
    return [said.body.split("syncd:v1:")[0].strip() for said in system.world.remarks(ref) if said.author is Author.SELF]


def play(house: House, fuse: Fuse, kinds: tuple[str, str], calls: int, *, after: bool) -> bool:
    """Tickets wait for issues, which are closed; whether the process died on the way."""
    desk, tracker = house.add(kinds[0]), house.add(kinds[1])
    house.sync()
    house.later()
    tickets = [desk.world.add("It is slow") for _ in range(TICKETS)]
    issues = [tracker.world.add(desk.world.url(ticket)) for ticket in tickets]
    house.later()
    died = fuse.burns(house.sync, calls, after=after)
    house.later()
    house.quiet()
    for ticket in tickets:
        assert is_at(desk, ticket, Word.PENDING)
        assert len(ours(desk, ticket)) == 1
    for issue in issues:
        tracker.world.set_status(issue, Word.DONE)
    house.later()
    died |= fuse.burns(house.sync, calls, after=after)
    house.later()
    house.quiet()
    for ticket in tickets:
        assert is_at(desk, ticket, Word.RESOLVED)
        said = ours(desk, ticket)
        assert len(said) == len(set(said)) == 2
        assert desk.world.status_writes(ticket) <= 4, "a status may be written again, but not for ever"
    return died


@pytest.mark.parametrize("kinds", PAIRS)
@pytest.mark.parametrize(("calls", "after"), [(6, True), (9, True)])
def test_a_process_that_dies_at_a_call_doubles_and_loses_nothing(
    house: House, fuse: Fuse, kinds: tuple[str, str], calls: int, after: bool
) -> None:
    assert play(house, fuse, kinds, calls, after=after)


@pytest.mark.torture
@pytest.mark.parametrize("kinds", PAIRS)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("calls", range(36))
def test_a_process_that_dies_at_any_call_doubles_and_loses_nothing(
    house: House, fuse: Fuse, kinds: tuple[str, str], calls: int, after: bool
) -> None:
    if not play(house, fuse, kinds, calls, after=after):
        pytest.skip("it doesn't make so many calls")
