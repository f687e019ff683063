"""What becomes of writes, and of their lost answers."""

from __future__ import annotations

import pytest

from syncd.actions import Action, Note, Pointer
from syncd.connector import Connector
from syncd.errors import ConnectorError, RateLimited, Refused, Unauthorized
from syncd.model import Author, Item
from syncd.testing.contract.support import (
    MARKER,
    OTHER,
    Part,
    finished,
    item,
    keyed,
    needs,
    needs_fields,
    needs_links,
    needs_tags,
    walk,
)
from syncd.testing.world import World


class Writes(Part):
    """What becomes of writes, and of their lost answers."""

    def test_a_status_is_written_once_and_confirmed(self, world: World, connector: Connector) -> None:
        ref = keyed(connector, [world.add()])[0]
        wanted = world.native(finished(world))
        outcome = next(iter(connector.apply([Action(ref, wanted, world.status(ref))])))
        assert outcome.error is None
        assert outcome.status == world.status(ref) == wanted
        assert world.status_writes(ref) == 1

    def test_the_echo_of_a_write_is_not_newer_than_the_outcome_said(self, world: World, connector: Connector) -> None:
        cursors: dict[str, str] = {}
        ref = world.add()
        walk(connector, cursors)
        ref = keyed(connector, [ref])[0]
        note = Note("e1", "filed", MARKER)
        outcome = next(iter(connector.apply([Action(ref, world.native(finished(world)), None, (note,))])))
        assert outcome.version
        for page in walk(connector, cursors):
            assert all(one.version <= outcome.version for one in page.items)

    def test_a_note_is_written_with_its_marker_and_found_again(self, world: World, connector: Connector) -> None:
        ref = keyed(connector, [world.add()])[0]
        began = connector.clock.now()
        outcome = next(iter(connector.apply([Action(ref, notes=(Note("e1", "**Filed** as o/r#7", MARKER),))])))
        assert outcome.error is None
        assert [written.effect for written in outcome.notes] == ["e1"]
        assert outcome.notes[0].remote_id
        remarks = world.remarks(ref)
        assert len(remarks) == 1
        assert "Filed" in remarks[0].body
        assert "o/r#7" in remarks[0].body
        assert remarks[0].author is Author.SELF
        assert connector.find(MARKER, ref, began)
        assert connector.find(OTHER, ref, began) is None
        assert set(connector.marks(ref)) == {MARKER}

    def test_a_note_that_replaces_keeps_one_note_with_its_marker(self, world: World, connector: Connector) -> None:
        if not connector.capabilities.edits_notes:
            pytest.skip("this connector gives no note another text")
        ref = keyed(connector, [world.add()])[0]
        began = connector.clock.now()
        world.say(ref, "a person's own words", by=Author.TEAM)
        outcome = next(iter(connector.apply([Action(ref, notes=(Note("e1", "it is looked at", MARKER),))])))
        first = outcome.notes[0].remote_id
        for body in ("it is **mended**", "it is **released**", "it is **released**"):
            note = Note("e2", body, OTHER, replaces=first)
            outcome = next(iter(connector.apply([Action(ref, notes=(note,))])))
            assert (outcome.error, outcome.notes[0].error, outcome.notes[0].remote_id) == (None, None, first)
        remarks = world.remarks(ref)
        assert [one.author for one in remarks] == [Author.TEAM, Author.SELF]
        assert "released" in remarks[1].body
        assert "looked at" not in remarks[1].body
        assert connector.find(MARKER, ref, began) == first
        assert set(connector.marks(ref)) == {MARKER}

    def test_an_internal_note_is_internal(self, world: World, connector: Connector) -> None:
        needs(world, "internal_notes")
        ref = keyed(connector, [world.add()])[0]
        list(connector.apply([Action(ref, notes=(Note("e1", "between us", MARKER, internal=True),))]))
        list(connector.apply([Action(ref, notes=(Note("e2", "to the customer", OTHER, internal=False),))]))
        assert [remark.internal for remark in world.remarks(ref)] == [True, False]

    def test_a_marker_that_somebody_else_pasted_is_not_found(self, world: World, connector: Connector) -> None:
        ref = keyed(connector, [world.add()])[0]
        world.say(ref, f"look: {MARKER}", by=Author.OUTSIDE)
        world.say(ref, f"look: {MARKER}", by=Author.TEAM)
        assert connector.find(MARKER, ref, connector.clock.now()) is None
        assert not connector.marks(ref)

    def test_a_marker_is_found_behind_a_hundred_others(self, world: World, connector: Connector) -> None:
        ref = keyed(connector, [world.add()])[0]
        began = connector.clock.now()
        for i in range(120):
            world.say(ref, f"remark {i}", by=Author.TEAM)
        list(connector.apply([Action(ref, notes=(Note("e1", "filed", MARKER),))]))
        assert connector.find(MARKER, ref, began)
        assert set(connector.marks(ref)) == {MARKER}

    def test_many_actions_have_an_outcome_each_in_order(self, world: World, connector: Connector) -> None:
        refs = keyed(connector, [world.add(f"number {i}") for i in range(3)])
        wanted = world.native(finished(world))
        outcomes = list(connector.apply([Action(ref, wanted) for ref in refs]))
        assert [outcome.action.target for outcome in outcomes] == refs
        assert all(world.status(ref) == wanted for ref in refs)

    def test_a_refused_write_changes_nothing_and_spoils_no_other(self, world: World, connector: Connector) -> None:
        refs = keyed(connector, [world.add(f"number {i}") for i in range(2)])
        before = world.status(refs[0])
        wanted = world.native(finished(world))
        world.fail("refused", writes_only=True)
        outcomes = list(connector.apply([Action(ref, wanted) for ref in refs]))
        assert isinstance(outcomes[0].error, Refused)
        assert outcomes[1].error is None
        assert world.status(refs[0]) == before
        assert world.status(refs[1]) == wanted

    @pytest.mark.parametrize("how", ["lost_answer", "error_after"])
    def test_a_note_whose_answer_was_lost_is_in_doubt_and_was_sent_once(
        self, world: World, connector: Connector, how: str
    ) -> None:
        needs(world, "lost_answer")
        ref = keyed(connector, [world.add()])[0]
        began = connector.clock.now()
        world.fail(how, writes_only=True)
        outcome = next(iter(connector.apply([Action(ref, notes=(Note("e1", "filed", MARKER),))])))
        error = outcome.notes[0].error
        assert isinstance(error, ConnectorError)
        assert error.doubt
        assert len(world.remarks(ref)) == 1
        assert connector.find(MARKER, ref, began)

    def test_a_status_whose_answer_was_lost_is_in_doubt_and_was_sent_once(
        self, world: World, connector: Connector
    ) -> None:
        needs(world, "lost_answer")
        ref = keyed(connector, [world.add()])[0]
        world.fail("lost_answer", writes_only=True)
        outcome = next(iter(connector.apply([Action(ref, world.native(finished(world)))])))
        assert isinstance(outcome.error, ConnectorError)
        assert outcome.error.doubt
        assert world.status_writes(ref) == 1

    def test_tags_are_added_and_taken_away_and_others_stay(self, world: World, connector: Connector) -> None:
        needs_tags(world, connector)
        ref = keyed(connector, [world.add()])[0]
        world.label(ref, "vip")
        world.label(ref, "issue_open")
        item(connector, ref)
        action = Action(ref, tags=("issue_done",), untags=("issue_open", "issue_declined"))
        outcome = next(iter(connector.apply([action])))
        assert (outcome.error, outcome.aside) == (None, None)
        assert sorted(world.tags(ref)) == ["issue_done", "vip"]
        assert sorted(item(connector, ref).tags) == ["issue_done", "vip"]
        assert world.status_writes(ref) == 0

    def test_tags_that_are_added_again_and_missing_ones_taken_away_are_no_trouble(
        self, world: World, connector: Connector
    ) -> None:
        needs_tags(world, connector)
        ref = keyed(connector, [world.add()])[0]
        item(connector, ref)
        for _ in range(2):
            outcome = next(iter(connector.apply([Action(ref, tags=("issue_done",), untags=("issue_open",))])))
            assert (outcome.error, outcome.aside) == (None, None)
        assert world.tags(ref) == ["issue_done"]

    def test_a_field_is_set_and_emptied(self, world: World, connector: Connector) -> None:
        needs_fields(world, connector)
        ref = world.add()
        name, _ = world.field(ref, "from a person")
        ref = keyed(connector, [ref])[0]
        for value in ("https://tracker.example.com/items/7", ""):
            item(connector, ref)
            outcome = next(iter(connector.apply([Action(ref, fields={name: value})])))
            assert outcome.error is None
            assert world.field(ref) == (name, value)
            assert item(connector, ref).fields.get(name, value) == value  # which fields are read is its own business

    def test_a_status_takes_fields_and_tags_along_and_its_echo_is_known(
        self, world: World, connector: Connector
    ) -> None:
        able = connector.capabilities
        if able.sets_tags:
            needs_tags(world, connector)
        if able.sets_fields:
            needs_fields(world, connector)
        cursors: dict[str, str] = {}
        ref = world.add()
        fields = {world.field(ref)[0]: "o/r#7"} if able.sets_fields else {}
        walk(connector, cursors)
        ref = keyed(connector, [ref])[0]
        item(connector, ref)
        wanted = world.native(finished(world))
        tags = ("issue_done",) if able.sets_tags else ()
        outcome = next(iter(connector.apply([Action(ref, wanted, world.status(ref), fields=fields, tags=tags)])))
        assert (outcome.error, outcome.aside, outcome.status) == (None, None, wanted)
        assert (world.status(ref), world.status_writes(ref)) == (wanted, 1)
        assert not tags or world.tags(ref) == ["issue_done"]
        assert not fields or world.field(ref)[1] == "o/r#7"
        if "tags_version" not in world.lacks:
            for page in walk(connector, cursors):
                assert all(one.version <= outcome.version for one in page.items)

    def test_a_field_that_is_not_there_holds_up_no_status(self, world: World, connector: Connector) -> None:
        needs_fields(world, connector)
        ref = keyed(connector, [world.add()])[0]
        world.field(ref)
        item(connector, ref)
        wanted = world.native(finished(world))
        outcome = next(iter(connector.apply([Action(ref, wanted, fields={world.no_field: "x"})])))
        assert (outcome.error, outcome.status) == (None, wanted)
        assert isinstance(outcome.aside, Refused)
        assert world.status(ref) == wanted
        alone = next(iter(connector.apply([Action(ref, fields={world.no_field: "x"})])))
        assert isinstance(alone.error, Refused)

    def test_a_link_is_written_over_and_taken_away_and_is_no_news(self, world: World, connector: Connector) -> None:
        needs_links(world, connector)
        ref = keyed(connector, [world.add()])[0]
        theirs, old, new = (f"https://desk.example.com/tickets/{number}" for number in (6, 17, 18))
        world.point(ref, theirs)
        first, second = Pointer("desk:17", old, "Ticket desk:17"), Pointer("desk:17", new, "Ticket desk:17")
        for action, left in (
            (Action(ref, links=(first,)), [theirs, old]),
            (Action(ref, links=(second, Pointer("desk:19", old, "Ticket desk:19"))), [theirs, new, old]),
            (Action(ref, unlinks=("desk:19", "desk:20")), [theirs, new]),
            (Action(ref, unlinks=("desk:17",)), [theirs]),
        ):
            item(connector, ref)
            outcome = next(iter(connector.apply([action])))
            assert (outcome.error, outcome.aside) == (None, None)
            assert world.pointers(ref) == left
            seen = connector.explore([ref])[ref]
            assert isinstance(seen, Item)
            assert seen.addresses == (theirs,)
        assert world.status_writes(ref) == 0

    def test_a_status_takes_links_along(self, world: World, connector: Connector) -> None:
        needs_links(world, connector)
        ref = keyed(connector, [world.add()])[0]
        item(connector, ref)
        wanted, url = world.native(finished(world)), "https://desk.example.com/tickets/17"
        action = Action(ref, wanted, world.status(ref), links=(Pointer("desk:17", url, "Ticket desk:17"),))
        outcome = next(iter(connector.apply([action])))
        assert (outcome.error, outcome.aside, outcome.status) == (None, None, wanted)
        assert (world.status(ref), world.pointers(ref)) == (wanted, [url])

    def test_a_rate_limit_tells_how_long_and_the_write_had_no_effect(self, world: World, connector: Connector) -> None:
        needs(world, "rate_limit")
        ref = keyed(connector, [world.add()])[0]
        before = world.status(ref)
        world.fail("rate_limited", writes_only=True)
        outcome = next(iter(connector.apply([Action(ref, world.native(finished(world)))])))
        assert isinstance(outcome.error, RateLimited)
        assert outcome.error.retry_after is not None
        assert outcome.error.retry_after >= 7
        assert not outcome.error.doubt
        assert world.status(ref) == before

    def test_a_lost_credential_is_told_as_such(self, world: World, connector: Connector) -> None:
        world.add()
        world.fail("unauthorized", times=50)
        with pytest.raises(Unauthorized):
            walk(connector)
        assert connector.check()
