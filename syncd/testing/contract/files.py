"""What becomes of issues that are filed: who can read them, what they are given, and what stands in the way."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from syncd.actions import Action, Board, Draft, Note
from syncd.connector import Connector
from syncd.errors import ConnectorError, Refused
from syncd.model import Audience, Item, Ref
from syncd.testing.contract.support import MARKER, OTHER, Part, item, keyed, needs, needs_act, needs_create, walk
from syncd.testing.world import World

NOWHERE = "syncd-no-such-thing"
"""A name that nothing has in any world."""


class Files(Part):
    """What becomes of issues that are filed."""

    def test_an_issue_is_created_once_with_its_marker_and_found_again(self, world: World, connector: Connector) -> None:
        place, began = home(world, connector), connector.clock.now()
        made = connector.create(Draft(place, "A title", "The body", MARKER))
        assert made.aside is None
        assert [ref for ref in world.items() if ref == made.item.ref] == [made.item.ref]
        assert connector.find(MARKER, place, began) == made.item.ref.key
        assert connector.find(OTHER, place, began) is None

    def test_where_syncd_files_nothing_it_is_refused_and_nothing_is_made(
        self, world: World, connector: Connector
    ) -> None:
        if "create" not in world.lacks and connector.capabilities.can_create:
            pytest.skip("syncd files issues in this system")
        before = world.items()
        with pytest.raises(Refused):
            connector.create(Draft("anywhere", "A title", "The body", MARKER))
        assert world.items() == before

    def test_a_created_issue_whose_answer_was_lost_is_in_doubt_and_stands_once(
        self, world: World, connector: Connector
    ) -> None:
        place, began = home(world, connector), connector.clock.now()
        needs(world, "lost_answer")
        world.fail("lost_answer", writes_only=True)
        with pytest.raises(ConnectorError) as caught:
            connector.create(Draft(place, "A title", "The body", MARKER))
        assert caught.value.doubt
        assert len(world.items()) == 1
        assert connector.find(MARKER, place, began)

    def test_an_issue_gets_the_labels_the_assignee_and_the_type_of_its_draft(
        self, world: World, connector: Connector
    ) -> None:
        draft = full(world, connector)
        made = connector.create(draft)
        assert made.aside is None
        assert set(world.tags(made.item.ref)) >= set(draft.labels)
        assert world.assigned(made.item.ref) == list(draft.assignees)
        assert world.type(made.item.ref) == draft.type
        read = connector.fetch([made.item.ref])[made.item.ref]
        assert isinstance(read, Item)
        assert read.assignees == draft.assignees
        told = {one.ref: one.assignees for page in walk(connector) for one in page.items}
        assert told[made.item.ref] == draft.assignees
        assert not connector.check_filing([draft], [])

    @pytest.mark.parametrize("part", ["place", "type", "assignees", "fields"])
    def test_a_draft_that_names_what_is_not_there_is_refused_and_nothing_is_filed(
        self, world: World, connector: Connector, part: str
    ) -> None:
        draft = full(world, connector)
        world.lack(NOWHERE)
        wrong: dict[str, Any] = {"assignees": (NOWHERE,), "fields": {NOWHERE: "x"}}
        odd = replace(draft, **{part: wrong.get(part, NOWHERE)})
        with pytest.raises(Refused, match=NOWHERE):
            connector.create(odd)
        assert world.items() == []
        problems = connector.check_filing([draft, odd], [])
        assert problems
        assert all(NOWHERE in one.what and one.cure for one in problems)

    def test_a_label_that_may_be_made_is_and_others_are_not(self, world: World, connector: Connector) -> None:
        draft = full(world, connector)
        label = draft.labels[0]
        world.lack(NOWHERE)
        new = replace(draft, labels=(label, NOWHERE), new_labels=(NOWHERE,))
        assert not connector.check_filing([new], [])
        made = connector.create(new)
        assert made.aside is None
        assert set(world.tags(made.item.ref)) >= {label, NOWHERE}
        assert not connector.check_filing([replace(new, new_labels=())], [])

    def test_who_can_read_a_place_is_told_as_it_is_now(self, world: World, connector: Connector) -> None:
        place = home(world, connector)
        needs_act(world, "show")
        for audience in (Audience.PRIVATE, Audience.PUBLIC, Audience.PRIVATE):
            world.show(place, audience)
            assert (connector.audience(place) or Audience.PUBLIC) is audience

    def test_who_can_read_an_item_is_told_as_it_is_now(self, world: World, connector: Connector) -> None:
        place = home(world, connector)
        needs_act(world, "show")
        world.show(place, Audience.PRIVATE)
        ref = connector.create(Draft(place, "A title", "The body", MARKER)).item.ref
        fresh = item(connector, ref)
        for audience in (Audience.PRIVATE, Audience.PUBLIC, Audience.PRIVATE):
            world.show(place, audience)
            assert (connector.audience_now(fresh) or Audience.PUBLIC) is audience

    def test_what_was_written_for_the_team_is_not_filed_where_everybody_reads(
        self, world: World, connector: Connector
    ) -> None:
        place = home(world, connector)
        needs_act(world, "show")
        world.show(place, Audience.PRIVATE)
        assert connector.audience(place) is Audience.PRIVATE
        world.show(place, Audience.PUBLIC)
        with pytest.raises(Refused):
            connector.create(Draft(place, "A title", "The body", MARKER, audience=Audience.PRIVATE))
        assert world.items() == []
        made = connector.create(Draft(place, "A title", "The body", MARKER, audience=Audience.PUBLIC))
        assert made.item.audience is Audience.PUBLIC

    def test_a_note_for_the_team_is_not_left_where_everybody_reads(self, world: World, connector: Connector) -> None:
        place = home(world, connector)
        needs_act(world, "show")
        world.show(place, Audience.PRIVATE)
        ref = connector.create(Draft(place, "A title", "The body", MARKER)).item.ref
        assert item(connector, ref).audience is Audience.PRIVATE
        world.advance(60)
        world.show(place, Audience.PUBLIC)
        note = Note("e1", "between us", OTHER, audience=Audience.PRIVATE)
        (written,) = next(iter(connector.apply([Action(ref, notes=(note,))]))).notes
        assert isinstance(written.error, Refused)
        assert world.remarks(ref) == []
        world.show(place, Audience.PRIVATE)
        world.advance(60)
        (written,) = next(iter(connector.apply([Action(ref, notes=(note,))]))).notes
        assert written.error is None
        assert len(world.remarks(ref)) == 1

    def test_of_a_place_that_is_gone_nobody_is_told_who_reads_it(self, world: World, connector: Connector) -> None:
        place = home(world, connector)
        needs_act(world, "close_place")
        with suppress(ConnectorError):
            connector.audience(place)
        world.close_place(place)
        with pytest.raises(ConnectorError) as caught:
            connector.audience(place)
        assert not caught.value.doubt
        with pytest.raises(ConnectorError) as caught:
            connector.create(Draft(place, "A title", "The body", MARKER))
        assert not caught.value.doubt
        assert connector.check_filing([Draft(place, "", "", MARKER)], [])

    def test_an_issue_is_put_on_a_board_once_and_only_empty_fields_are_set(
        self, world: World, connector: Connector
    ) -> None:
        ref, board = on_a_board(world, connector)
        assert not connector.check_filing([], [Board(board, {"Type": "support", "Note": "7"})])
        for fields in ({"type": "support", "Note": "first"}, {"Type": "defect", "Note": "second"}, {}):
            assert list(connector.board(ref, [Board(board, fields)])) == [None]
        assert world.on_board(ref, board) == {"Type": "support", "Note": "first"}

    def test_what_a_person_has_set_on_a_board_stays(self, world: World, connector: Connector) -> None:
        ref, board = on_a_board(world, connector)
        world.on_board(ref, board, {"Type": "defect"})
        assert list(connector.board(ref, [Board(board, {"Type": "support", "Note": "n"})])) == [None]
        assert world.on_board(ref, board) == {"Type": "defect", "Note": "n"}

    def test_a_board_a_field_or_an_option_that_is_not_there_is_refused_and_spoils_no_other(
        self, world: World, connector: Connector
    ) -> None:
        ref, board = on_a_board(world, connector)
        world.lack(f"{NOWHERE}/9")
        world.lack(NOWHERE)
        wrong = [Board(f"{NOWHERE}/9"), Board(board, {NOWHERE: "x"}), Board(board, {"Type": NOWHERE})]
        found = list(connector.board(ref, [*wrong, Board(board, {"Note": "n"})]))
        assert [type(one) for one in found] == [Refused, Refused, Refused, type(None)]
        assert all(NOWHERE in str(one) for one in found[:3])
        assert world.on_board(ref, board) == {"Note": "n"}
        problems = connector.check_filing([], wrong)
        assert len(problems) == 3
        assert all(NOWHERE in str(one) and one.cure for one in problems)

    def test_what_is_for_the_team_is_not_shown_on_a_board_that_everybody_reads(
        self, world: World, connector: Connector
    ) -> None:
        ref, board = on_a_board(world, connector, public=True)
        private = Board(board, {"Note": "n"}, Audience.PRIVATE)
        (error,) = connector.board(ref, [private])
        assert isinstance(error, Refused)
        assert world.on_board(ref, board) is None
        assert list(connector.board(ref, [Board(board, {"Note": "n"})])) == [None]


def on_a_board(world: World, connector: Connector, *, public: bool = False) -> tuple[Ref, str]:
    """An issue and a board with a choice and a text; skips where there are no boards."""
    if not connector.capabilities.boards:
        pytest.skip("this connector puts no issues on boards")
    needs(world, "boards")
    needs_act(world, "board")
    return keyed(connector, [world.add()])[0], world.board(public=public)


def home(world: World, connector: Connector) -> str:
    """Where issues are filed; skips where syncd files none."""
    needs_create(world, connector)
    return connector.sources()[0]


def full(world: World, connector: Connector) -> Draft:
    """A draft with everything that can be set; skips where the world doesn't say what there is."""
    place = home(world, connector)
    needs_act(world, "offer")
    label, person, kind = world.offer()
    return Draft(place, "A title", "The body", MARKER, (label,), (person,), kind)
