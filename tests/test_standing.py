"""One note on each end says how the other end stands, and is edited in place."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from syncd.model import Audience, Author
from syncd.testing.memory import Entry
from syncd.testing.world import Remark
from tests.ledger import Bench, Firm
from tests.pairs import Pair
from tests.test_carry import Died, Fuse, quiet

TEXT = """
{% if issue_url %}issue {{ issue_word }} {{ assignee }}{% else %}ticket {{ ticket_word }}{% endif %} since {{ since }}
"""
RULES: dict[str, Any] = {"conversation": {"status_note": True}, "texts": {"standing_note": TEXT}}


def standing(pair: Pair, entry: Entry) -> list[str]:
    """What our notes on an item say of the other end."""
    return [body.partition(" since ")[0].strip() for body in pair.notes(entry) if " since 20" in body]


def test_each_end_says_how_the_other_stands_in_one_note() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    quiet(pair)
    assert standing(pair, ticket) == ["issue open"]
    assert standing(pair, issue) == ["ticket pending"]
    markers = ticket.markers[:], issue.markers[:]
    for word, then in (("in_progress", "pending"), ("done", "resolved"), ("open", "pending")):
        pair.move(issue, word)
        quiet(pair)
        assert standing(pair, ticket) == [f"issue {word}"]
        assert standing(pair, issue) == [f"ticket {then}"]
    assert (ticket.markers, issue.markers) == markers, "no note for any of the moves"
    assert [one.internal for one in ticket.remarks if one.author is Author.SELF] == [True] * len(pair.notes(ticket))


def test_it_is_written_once_per_change_and_a_quiet_pair_costs_nothing() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    quiet(pair)
    versions, calls = (ticket.version, issue.version), sum(books.calls for books in pair.books.values())
    pair.pass_()
    idle = sum(books.calls for books in pair.books.values()) - calls
    for _ in range(3):
        pair.tick(600)
        pair.pass_()
    assert (ticket.version, issue.version) == versions
    assert sum(books.calls for books in pair.books.values()) - calls == 4 * idle
    pair.say(ticket, "no change of status", Author.TEAM)
    pair.say(issue, "neither here", Author.TEAM)
    after = ticket.version, issue.version
    quiet(pair)
    assert (ticket.version, issue.version) == after


def test_none_stands_in_public_nor_where_notes_cannot_be_edited() -> None:
    pair = Pair(connectors={"desk": Firm}, **RULES)
    ticket, issue = pair.filed_pair(audience=Audience.PUBLIC)
    pair.move(issue, "done")
    quiet(pair)
    assert standing(pair, ticket) == standing(pair, issue) == []
    assert "resolved" in pair.notes(ticket), "so each move is told by a note as ever"


def test_an_old_pair_gets_one_once_something_happens() -> None:
    pair = Pair(**RULES)
    ticket = pair.ticket("pending")
    issue = pair.issue(ticket)
    pair.tick()
    pair.reconcile()
    quiet(pair)
    assert pair.writes() == 0
    pair.move(issue, "done")
    quiet(pair)
    assert standing(pair, ticket) == ["issue done"]


def test_one_that_a_person_has_deleted_stays_so() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    quiet(pair)
    (at,) = [index for index, one in enumerate(ticket.remarks) if " since 20" in one.body]
    ticket.remarks[at] = Remark(Author.TEAM, "", internal=True)
    pair.move(issue, "in_progress")
    quiet(pair)
    assert standing(pair, ticket) == []
    assert not pair.parked()


@pytest.mark.parametrize("fault", ["lost_answer", "error_after", "error", "cut", "rate_limited", "unauthorized"])
@pytest.mark.parametrize("when", ["first", "edit"])
def test_whatever_goes_wrong_it_stands_there_once_and_is_right(fault: str, when: str) -> None:
    pair = Pair(connectors={"desk": Bench}, **RULES)
    ticket, issue = pair.filed_pair()
    if when == "edit":
        quiet(pair)
        pair.move(issue, "in_progress")
    pair.tracker.faults.append((fault, True))
    pair.desk.faults.append((fault, True))
    pair.tick()
    pair.pass_()
    pair.move(issue, "done")
    quiet(pair)
    assert standing(pair, ticket) == ["issue done"]
    assert standing(pair, issue) == ["ticket resolved"]
    assert not pair.parked()


STEPS = [3, pytest.param(1, marks=pytest.mark.torture)]
"""At every third moment, and in the long run at each."""


@pytest.mark.parametrize("by", STEPS)
def test_wherever_syncd_dies_it_stands_there_once_and_is_right(tmp_path: Path, by: int) -> None:
    for step in range(1, 200, by):
        pair = Pair(tmp_path / f"{step}.db", **RULES)
        ticket, issue = pair.filed_pair()
        pair.move(issue, "in_progress")
        fuse = Fuse(step)
        pair.watch(fuse)
        with suppress(Died):
            pair.pass_()
            pair.move(issue, "done")
            pair.tick()
            pair.pass_()
        fuse.left = 0
        pair.restart()
        pair.move(issue, "done")
        quiet(pair)
        assert standing(pair, ticket) == ["issue done"], step
        assert standing(pair, issue) == ["ticket resolved"], step
        pair.store.close()
        if not fuse.struck:
            assert step > 12
            return
    pytest.fail("it never got through")


def test_a_note_on_an_issue_that_everybody_reads_by_now_is_edited_no_more() -> None:
    pair = Pair(**RULES)
    ticket, issue = pair.filed_pair()
    quiet(pair)
    issue.audience, issue.version = Audience.PUBLIC, pair.tracker.next()
    pair.move(ticket, "on_hold")
    quiet(pair)
    assert standing(pair, issue) == ["ticket pending"]
