"""Replies that customers read, and notes that get another text; asserted against the stand-in's books."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from freshdesk_exchanges import violations

from connectors.freshdesk.connector import FreshdeskConnector
from connectors.freshdesk.sandbox.books import PENDING, RESOLVED
from connectors.freshdesk.sandbox.world import FreshdeskWorld
from syncd.actions import Action, Note, Outcome
from syncd.errors import Refused
from syncd.model import Author, Status
from syncd.testing import Fault

MARKER = "syncd:v1:01ARZ3NDEKTSV4RRFFQ69G5FAV:0123456789abcdef0123456789abcdef"


@pytest.fixture
def world() -> Iterator[FreshdeskWorld]:
    world = FreshdeskWorld()
    yield world
    assert violations(world.sandbox.log) == []
    world.close()


@pytest.fixture
def desk(world: FreshdeskWorld) -> Iterator[FreshdeskConnector]:
    desk = world.connect()
    yield desk
    desk.close()


def written(desk: FreshdeskConnector, action: Action) -> Outcome:
    return next(iter(desk.apply([action])))


def public(body: str, *copies: str) -> Note:
    return Note("e1", body, MARKER, internal=False, copies=copies)


def test_markup_in_a_reply_is_shown_as_text(world: FreshdeskWorld, desk: FreshdeskConnector) -> None:
    ref = world.add()
    body = '<script>alert(1)</script> <img src="x" onerror="alert(1)"> [here](javascript:alert(1)) **bold**'
    assert written(desk, Action(ref, notes=(public(body),))).error is None
    (said,) = world.sandbox.books.tickets[1].talk
    assert "<strong>bold</strong>" in said["body"]
    assert not any(text in said["body"] for text in ("<script", "<img", 'href="javascript'))


def test_what_an_automation_does_after_a_reply_yields_to_the_status_that_was_asked_for(
    world: FreshdeskWorld, desk: FreshdeskConnector
) -> None:
    ref = world.add()
    world.sandbox.after_reply = PENDING
    outcome = written(desk, Action(ref, Status(str(RESOLVED)), notes=(public("It is mended."),)))
    assert outcome.status == world.status(ref) == Status(str(RESOLVED))


def test_a_reply_whose_copies_are_refused_goes_without_them_and_says_so(
    world: FreshdeskWorld, desk: FreshdeskConnector
) -> None:
    ref = world.add()
    (told,) = written(desk, Action(ref, notes=(public("May we proceed?", "lead at example.org"),))).notes
    assert (told.error, isinstance(told.aside, Refused)) == (None, True)
    assert "mend the addresses" in str(told.aside)
    assert "lead" not in str(told.aside)
    assert [said["cc_emails"] for said in world.sandbox.books.tickets[1].talk] == [[]]


def test_a_reply_that_is_refused_for_another_reason_is_not_sent_again(
    world: FreshdeskWorld, desk: FreshdeskConnector
) -> None:
    ref = world.add()
    world.fail("refused", writes_only=True)
    (told,) = written(desk, Action(ref, notes=(public("May we proceed?", "lead@example.org"),))).notes
    assert isinstance(told.error, Refused)
    assert world.remarks(ref) == []


def test_what_was_mailed_and_what_others_wrote_is_not_changed(world: FreshdeskWorld, desk: FreshdeskConnector) -> None:
    ref = world.add()
    mailed = written(desk, Action(ref, notes=(public("first text"),))).notes[0].remote_id
    theirs = str(world.people.agent_note(1, "an agent's own words"))
    before = world.remarks(ref)
    for remote in (mailed, theirs, "../agents/me"):
        for internal in (True, False):
            note = Note("e2", "second text", MARKER, internal, replaces=remote)
            assert isinstance(written(desk, Action(ref, notes=(note,))).notes[0].error, Refused)
    assert world.remarks(ref) == before


def test_a_note_whose_list_can_not_be_read_is_not_changed(world: FreshdeskWorld, desk: FreshdeskConnector) -> None:
    ref = world.add()
    note = Note("e1", "first text", MARKER)
    remote = written(desk, Action(ref, notes=(note,))).notes[0].remote_id
    world.sandbox.faults.append(Fault("cut", "GET", "/conversations", 1))
    told = written(desk, Action(ref, notes=(Note("e2", "second text", MARKER, replaces=remote),))).notes[0]
    assert told.error is not None
    assert [("first text" in one.body, one.author) for one in world.remarks(ref)] == [(True, Author.SELF)]
