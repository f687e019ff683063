"""What was written for the team and everybody can read by now: told, until it is private or a person accepts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncd.cli import filings
from syncd.model import Audience, Author
from syncd.notify.incidents import incidents
from syncd.probe.sweep import EVERY, Sweep
from syncd.testing.memory import Entry
from tests.filings import Desk
from tests.pairs import Pair
from tests.test_file_beside import at_once

TALK: dict[str, Any] = {"conversation": {"to_issue": "all"}}


def exposed(pair: Pair) -> list[str]:
    """By the alert, which ``status`` agrees with."""
    found = {one.alert: one for one in incidents(pair.store, list(pair.books))}
    told = [found["exposed"].human(one) for one in found["exposed"].subjects] if "exposed" in found else []
    assert filings.gather(pair.store)["exposed"] == told
    return told


def publish(pair: Pair, issue: Entry, audience: Audience = Audience.PUBLIC) -> None:
    issue.audience, issue.version = audience, pair.tracker.next()
    pair.tick()
    pair.pass_()


def test_an_issue_that_people_made_and_a_conversation_was_carried_to() -> None:
    pair = Pair(**TALK)
    ticket, issue = pair.filed_pair()
    pair.say(ticket, "my password is 1234", Author.OUTSIDE)
    pair.tick()
    pair.pass_()
    assert (len(pair.notes(issue)), exposed(pair)) == (1, [])
    publish(pair, issue)
    assert exposed(pair) == [pair.ref(issue).human]
    publish(pair, issue, Audience.PRIVATE)
    assert exposed(pair) == []


def test_an_issue_that_people_made_and_a_note_was_left_on_for_the_team() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.move(ticket, "resolved")
    pair.pass_()
    assert (pair.notes(issue), exposed(pair)) == (["ticket_resolved"], [])
    publish(pair, issue)
    assert exposed(pair) == [pair.ref(issue).human]
    pair.cut(ticket, issue)
    assert exposed(pair) == [pair.ref(issue).human], "what stands there stands there without the link, too"


def test_a_note_that_was_decided_on_while_the_place_was_private_is_not_left_in_public() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.tracker.audiences[issue.place] = Audience.PUBLIC  # and the tracker's reads don't tell yet
    pair.move(ticket, "resolved")
    pair.pass_()
    assert pair.notes(issue) == []


def test_an_issue_on_which_nothing_was_written() -> None:
    pair = Pair()
    _, issue = pair.filed_pair()
    publish(pair, issue)
    assert exposed(pair) == []


@pytest.mark.parametrize("path", [None, "syncd.db"])
def test_what_a_person_accepts_is_told_no_more_until_it_is_opened_up_anew(path: str | None, tmp_path: Path) -> None:
    desk = Desk(tmp_path / path if path else None)
    desk.escalated()
    desk.go()
    (issue,) = desk.filed()
    publish(desk, issue)
    assert exposed(desk) == [desk.ref(issue).human]
    with desk.store.write():
        assert desk.store.accepted.accept(desk.ref(issue), desk.work.now) == 1
        assert desk.store.accepted.accept(desk.ref(issue), desk.work.now) == 0
    if path:
        desk.restart()
    desk.go()
    assert exposed(desk) == []
    publish(desk, issue, Audience.PRIVATE)
    publish(desk, issue)
    assert exposed(desk) == [desk.ref(issue).human]


def test_two_issues_that_a_person_accepts_are_told_no_more() -> None:
    desk = Desk()
    ticket, _ = at_once(desk)
    with desk.store.write():
        assert desk.store.accepted.accept(desk.ref(ticket), desk.work.now) == 1
    desk.settle()
    assert filings.gather(desk.store)["two_issues"] == []
    assert sorted(desk.notes(ticket)).count("two_issues") == 1


def written_on(pair: Pair, place: str, count: int) -> list[Entry]:
    """Issues of one place, each with a note for the team on it."""
    pairs = [pair.filed_pair() for _ in range(count)]
    for ticket, issue in pairs:
        issue.place = place
        pair.move(ticket, "resolved")
    pair.pass_()
    assert [pair.notes(issue) for _, issue in pairs] == [["ticket_resolved"]] * count
    return [issue for _, issue in pairs]


def open_up(pair: Pair, place: str, issues: list[Entry]) -> None:
    """No issue of it has changed, so no feed tells."""
    pair.tracker.audiences[place] = Audience.PUBLIC
    for issue in issues:
        issue.audience = Audience.PUBLIC


def test_a_place_where_nothing_happens_any_more_is_found_open_within_a_quarter_of_an_hour() -> None:
    pair = Pair()
    here, there = written_on(pair, "here", 3), written_on(pair, "there", 1)
    sweep = Sweep("tracker")
    sweep.run(pair.work)
    open_up(pair, "here", here)
    before = pair.tracker.calls
    pair.clock.advance(EVERY)
    sweep.run(pair.work)
    assert exposed(pair) == sorted(pair.ref(issue).human for issue in here)
    assert pair.tracker.calls - before == 3, "a question for each place, and one read of what stands in the open one"
    assert pair.ref(there[0]).human not in exposed(pair)
    pair.clock.advance(EVERY)
    sweep.run(pair.work)
    assert pair.tracker.calls - before == 4


def test_where_one_issue_is_met_in_the_open_the_others_are_looked_at() -> None:
    pair = Pair()
    issues = written_on(pair, "here", 3)
    sweep = Sweep("tracker")
    sweep.run(pair.work)
    publish(pair, issues[0])
    open_up(pair, "here", issues)
    assert exposed(pair) == [pair.ref(issues[0]).human]
    sweep.run(pair.work)
    assert exposed(pair) == sorted(pair.ref(issue).human for issue in issues)
    calls = pair.tracker.calls
    sweep.run(pair.work)
    assert pair.tracker.calls == calls


def test_what_is_not_carried_because_the_place_was_opened_up_tells_of_what_was() -> None:
    pair = Pair(**TALK)
    ticket, issue = pair.filed_pair()
    pair.say(ticket, "my password is 1234", Author.OUTSIDE)
    pair.tick()
    pair.pass_()
    issue.place = "here"
    open_up(pair, "here", [issue])
    pair.say(ticket, "and my key is 5678", Author.OUTSIDE)
    pair.tick()
    pair.pass_()
    assert (len(pair.notes(issue)), exposed(pair)) == (1, [pair.ref(issue).human])


def test_a_place_that_can_not_be_asked_about_is_asked_again() -> None:
    pair = Pair()
    issues = written_on(pair, "here", 1)
    sweep = Sweep("tracker")
    sweep.run(pair.work)
    pair.tracker.absent.add("here")
    pair.clock.advance(EVERY)
    sweep.run(pair.work)
    assert exposed(pair) == []
    pair.tracker.absent.discard("here")
    open_up(pair, "here", issues)
    pair.clock.advance(EVERY)
    sweep.run(pair.work)
    assert exposed(pair) == [pair.ref(issues[0]).human]


def test_what_was_written_before_an_issue_was_moved_stands_there_too() -> None:
    pair = Pair()
    (issue,) = written_on(pair, "here", 1)
    pair.tracker.tells_moves = True
    moved = pair.transfer(issue)
    pair.tick()
    pair.pass_()
    assert (pair.links()[0].issue, exposed(pair)) == (pair.ref(moved), [])
    publish(pair, moved)
    assert exposed(pair) == [pair.ref(moved).human]
