"""The process dies before or after any one of its calls while it files issues, on every system: each is filed once.

The issues don't name their tickets: nothing but the marker tells whose they are.
"""

from __future__ import annotations

import pytest

from syncd.model import Author, Word
from tests.house import House, is_at
from tests.test_deadly_calls import Fuse, fuse, house

__all__ = ["fuse", "house"]

PAIRS = [("zendesk", "jira"), ("jsm", "jira"), ("zendesk", "github"), ("freshdesk", "github")]
PLACES = {"github": "acme/widgets", "jira": "ENG"}
TICKETS = 2
FILES = """
file_after = "0s"
[sync.file]
when = [{{ tag = "escalate" }}]
[sync.routing]
place = "bugs"
[sync.routing.places]
bugs = "{place}"
[sync.issue_texts]
title = "Something is slow"
body = "Somebody looks at it."
"""


def play(house: House, fuse: Fuse, kinds: tuple[str, str], calls: int, *, after: bool) -> bool:
    """Tickets are escalated; whether the process died on the way."""
    desk, tracker = house.add(kinds[0]), house.add(kinds[1])
    house.more_sync = FILES.format(place=PLACES[kinds[1]])
    house.sync()
    house.later()
    before = set(tracker.world.items())
    tickets = [desk.world.add("It is slow") for _ in range(TICKETS)]
    for ticket in tickets:
        desk.world.label(ticket, "escalate")
    house.later()
    died = fuse.burns(house.sync, calls, after=after)
    house.later()
    house.quiet()
    issues = set(tracker.world.items()) - before
    assert len(issues) == TICKETS
    for ticket in tickets:
        assert is_at(desk, ticket, Word.PENDING)
        notes = [said.body for said in desk.world.remarks(ticket) if said.author is Author.SELF]
        assert len(notes) == 1
        assert sum(names(tracker.world.url(issue), notes[0]) for issue in issues) == 1
    return died


def names(url: str, note: str) -> bool:
    """Whether a note holds this address, and not one that only begins so."""
    return any(not rest[:1].isdigit() for rest in note.split(url)[1:])


@pytest.mark.parametrize("kinds", PAIRS)
@pytest.mark.parametrize("calls", [9, 12])
def test_a_process_that_dies_at_a_call_files_each_issue_once(
    house: House, fuse: Fuse, kinds: tuple[str, str], calls: int
) -> None:
    assert play(house, fuse, kinds, calls, after=True)


@pytest.mark.torture
@pytest.mark.parametrize("kinds", PAIRS)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("calls", range(40))
def test_a_process_that_dies_at_any_call_files_each_issue_once(
    house: House, fuse: Fuse, kinds: tuple[str, str], calls: int, after: bool
) -> None:
    if not play(house, fuse, kinds, calls, after=after):
        pytest.skip("it doesn't make so many calls")
