"""What customers get to read, and notes of ours that get another text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.actions import Action, Note, Outcome
from syncd.connector import Connector
from syncd.errors import ConnectorError, Refused
from syncd.model import Author, Place, Ref, Role
from syncd.testing.contract.support import MARKER, OTHER, Part, finished, item, keyed, needs, needs_act
from syncd.testing.world import World

LEADS = ("lead@example.org", "deputy@example.org")


class Replies(Part):
    """What customers get to read, and notes of ours that get another text."""

    def test_a_public_reply_has_its_copies_or_tells_that_it_has_none(self, world: World, connector: Connector) -> None:
        _needs_helpdesk(world)
        ref = keyed(connector, [world.add()])[0]
        note = Note("e1", "May we proceed?", MARKER, internal=False, copies=LEADS)
        (written,) = _applied(connector, Action(ref, notes=(note,))).notes
        assert (written.error, bool(written.remote_id)) == (None, True)
        assert [(one.author, one.internal) for one in world.remarks(ref)] == [(Author.SELF, False)]
        if "copies" in world.lacks:
            assert isinstance(written.aside, Refused)
            assert not any(one in str(written.aside) for one in LEADS)
            return
        assert written.aside is None
        assert sorted(world.copied(ref)) == sorted(LEADS)

    def test_an_internal_note_has_no_copies(self, world: World, connector: Connector) -> None:
        _needs_helpdesk(world)
        needs(world, "internal_notes")
        ref = keyed(connector, [world.add()])[0]
        (written,) = _applied(connector, Action(ref, notes=(Note("e1", "between us", MARKER, copies=LEADS),))).notes
        assert (written.error, written.aside) == (None, None)
        assert [one.internal for one in world.remarks(ref)] == [True]
        if "copies" not in world.lacks:
            assert not world.copied(ref)

    def test_a_status_that_goes_with_a_public_reply_stands(self, world: World, connector: Connector) -> None:
        _needs_helpdesk(world)
        ref = keyed(connector, [world.add()])[0]
        wanted = world.native(finished(world))
        note = Note("e1", "It is mended.", MARKER, internal=False)
        outcome = _applied(connector, Action(ref, wanted, world.status(ref), notes=(note,)))
        assert (outcome.error, outcome.status, world.status(ref)) == (None, wanted, wanted)
        assert [one.internal for one in world.remarks(ref)] == [False]

    @pytest.mark.parametrize("how", ["lost_answer", "error_after"])
    def test_a_public_reply_whose_answer_was_lost_is_in_doubt_and_was_sent_once(
        self, world: World, connector: Connector, how: str
    ) -> None:
        _needs_helpdesk(world)
        needs(world, "lost_answer")
        ref = keyed(connector, [world.add()])[0]
        began = connector.clock.now()
        world.fail(how, writes_only=True)
        note = Note("e1", "May we proceed?", MARKER, internal=False, copies=LEADS)
        (written,) = _applied(connector, Action(ref, notes=(note,))).notes
        assert isinstance(written.error, ConnectorError)
        assert written.error.doubt
        assert [one.internal for one in world.remarks(ref)] == [False]
        assert connector.find(MARKER, ref, began)

    def test_a_note_of_ours_gets_another_text_and_stays_one(self, world: World, connector: Connector) -> None:
        ref, note, remote = _left(world, connector)
        world.say(ref, "somebody else's words", by=Author.TEAM, internal="internal_notes" not in world.lacks)
        others = world.remarks(ref)[1:]
        for text in ("second text", "second text", "third text"):
            action = Action(ref, notes=(replace(note, effect="e2", body=text, replaces=remote),))
            (written,) = _applied(connector, action).notes
            assert (written.error, written.remote_id) == (None, remote)
            mine, *rest = world.remarks(ref)
            assert (text in mine.body, "first text" in mine.body) == (True, False)
            assert (rest, mine.internal, mine.author) == (others, note.internal, Author.SELF)
        assert {mark: list(ids) for mark, ids in connector.marks(ref).items()} == {MARKER: [remote]}
        told = [text for text in item(connector, ref).texts or () if text.place is not Place.BODY]
        if told or world.role is Role.HELPDESK:  # a tracker's comments need not be read
            assert [(text.id == remote, "third text" in text.body) for text in told] == [(True, True), (False, False)]

    def test_an_edit_whose_answer_was_lost_is_in_doubt_and_may_be_repeated(
        self, world: World, connector: Connector
    ) -> None:
        ref, note, remote = _left(world, connector)
        needs(world, "lost_answer")
        action = Action(ref, notes=(replace(note, effect="e2", body="second text", replaces=remote),))
        world.fail("lost_answer", writes_only=True)
        (written,) = _applied(connector, action).notes
        assert isinstance(written.error, ConnectorError)
        assert written.error.doubt
        (written,) = _applied(connector, action).notes
        assert (written.error, written.remote_id) == (None, remote)
        assert ["second text" in one.body for one in world.remarks(ref)] == [True]

    def test_a_note_that_is_not_there_is_not_replaced_by_a_new_one(self, world: World, connector: Connector) -> None:
        ref, note, _ = _left(world, connector)
        before = world.remarks(ref)
        action = Action(ref, notes=(Note("e2", "second text", OTHER, note.internal, replaces="987654321"),))
        (written,) = _applied(connector, action).notes
        assert isinstance(written.error, ConnectorError)
        assert not written.error.doubt
        assert world.remarks(ref) == before


def _applied(connector: Connector, action: Action) -> Outcome:
    return next(iter(connector.apply([action])))


def _left(world: World, connector: Connector) -> tuple[Ref, Note, str]:
    """A note of ours on an item, and its remote id."""
    if not connector.capabilities.edits_notes:
        pytest.skip("this connector edits no notes")
    ref = keyed(connector, [world.add()])[0]
    note = Note("e1", "first text", MARKER, internal="internal_notes" not in world.lacks)
    (written,) = _applied(connector, Action(ref, notes=(note,))).notes
    return ref, note, written.remote_id


def _needs_helpdesk(world: World) -> None:
    if world.role is not Role.HELPDESK:
        pytest.skip("customers read no tracker")
    if "copies" not in world.lacks:
        needs_act(world, "copied")
