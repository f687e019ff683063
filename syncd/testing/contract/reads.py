"""What fresh reads tell."""

from __future__ import annotations

from syncd.connector import Connector
from syncd.model import Author, GoneKind, Item, Place, Removed
from syncd.testing.contract.details import SUBJECT, WORDS
from syncd.testing.contract.support import Part, finished, item, keyed, needs, needs_act, walk
from syncd.testing.world import World


class Reads(Part):
    """What fresh reads tell."""

    def test_fetch_reads_many_and_answers_each(self, world: World, connector: Connector) -> None:
        refs = [world.add(f"number {i}") for i in range(5)]
        world.set_status(refs[3], finished(world))
        found = connector.fetch(keyed(connector, refs))
        assert set(found) == set(refs)
        for ref in refs:
            item = found[ref]
            assert isinstance(item, Item)
            assert item.status == world.status(ref)
            assert item.texts is not None

    def test_feed_and_fetch_tell_the_same_of_an_item(self, world: World, connector: Connector) -> None:
        ref = world.add("body")
        listed = next(item for page in walk(connector) for item in page.items)
        for read in (connector.fetch([listed.ref]), connector.fetch([listed.ref] * 3)):
            item = read[ref]
            assert isinstance(item, Item)
            assert (item.ref, item.url, item.status) == (listed.ref, listed.url, listed.status)
            assert (item.version, item.created_at, item.audience) == (
                listed.version,
                listed.created_at,
                listed.audience,
            )

    def test_what_is_said_is_told_with_its_author_and_time(self, world: World, connector: Connector) -> None:
        ref = keyed(connector, [world.add("the body")])[0]
        made = item(connector, ref).created_at
        assert list(connector.comments(ref, made)) == []
        for by in (Author.TEAM, Author.OUTSIDE):
            world.advance(5)
            world.say(ref, f"words of the {by}", by=by)
        said = connector.comments(ref, made)
        assert [one.body.strip() for one in said] == ["words of the team", "words of the outside"]
        assert [one.author for one in said] == [Author.TEAM, Author.OUTSIDE]
        assert [one.place for one in said] == [Place.COMMENT] * 2
        assert len({one.id for one in said} - {""}) == 2
        assert all(one.at is not None and one.at >= made for one in said)
        assert not any(one.automatic for one in said)
        if not connector.capabilities.comments_apart:
            told = [text for text in item(connector, ref).texts or () if text.place is not Place.BODY]
            assert told == list(said)

    def test_labels_are_told_by_feed_and_fetch(self, world: World, connector: Connector) -> None:
        needs_act(world, "label")
        cursors: dict[str, str] = {}
        ref = world.add()
        walk(connector, cursors)
        world.label(ref, "shipped")
        world.label(ref, "looked-at")
        told = next(one for page in walk(connector, cursors) for one in page.items if one.ref == ref)
        assert {"shipped", "looked-at"} <= set(told.tags)
        assert set(item(connector, told.ref).tags) == set(told.tags)
        world.unlabel(ref, "shipped")
        told = next(one for page in walk(connector, cursors) for one in page.items if one.ref == ref)
        assert "shipped" not in told.tags
        assert set(item(connector, told.ref).tags) == set(told.tags)

    def test_group_and_fields_of_a_ticket_are_told_by_feed_and_fetch(self, world: World, connector: Connector) -> None:
        needs_act(world, "ask")
        cursors: dict[str, str] = {}
        cases = [world.ask(f"number {i}", "Help") for i in range(3)]
        told = {one.ref: one for page in walk(connector, cursors) for one in page.items}
        for case in cases:
            fresh = item(connector, told[case.ref].ref)
            assert (told[case.ref].group, fresh.group) == (case.group, case.group)
            assert (case.fields.items() <= told[case.ref].fields.items(), bool(case.fields)) == (True, True)
            assert fresh.fields == told[case.ref].fields
            assert "R-17" not in repr(fresh)
            assert "storage" not in repr(fresh)
        world.advance(5)
        for case in cases:
            world.touch(case.ref)
        before = world.calls()
        assert len([one for page in walk(connector, cursors) for one in page.items if one.fields]) >= len(cases)
        assert world.calls() - before == len(connector.sources()), (
            "names of groups and fields cost no call of their own"
        )

    def test_files_are_told_with_the_text_that_they_came_with(self, world: World, connector: Connector) -> None:
        needs_act(world, "send")
        case = world.ask(SUBJECT, WORDS)
        ref = keyed(connector, [case.ref])[0]
        world.say(ref, "we look into it", by=Author.TEAM)
        file = world.send(ref, "here is more", "more.log")
        told = item(connector, ref).texts or ()
        assert [text.attachments for text in told] == [case.attachments, (), (file,)]
        assert (told[-1].author, told[-1].place) == (Author.OUTSIDE, Place.COMMENT)
        assert connector.detail(ref).attachments == (*case.attachments, file)
        assert not any(one in repr(told) for one in (file.name, file.url, *(one.url for one in case.attachments)))

    def test_a_conversation_is_told_in_order_with_who_said_it_to_whom_and_when(
        self, world: World, connector: Connector
    ) -> None:
        needs(world, "internal_notes")
        ref = keyed(connector, [world.add("It began on Monday.")])[0]
        said = [(Author.OUTSIDE, False), (Author.TEAM, True), (Author.TEAM, False), (Author.OUTSIDE, False)]
        for at, (by, internal) in enumerate(said):
            world.advance(1)
            world.say(ref, f"words {at}", by=by, internal=internal)
        body, *told = item(connector, ref).texts or ()
        assert (body.place, body.id) == (Place.BODY, "")
        assert [text.place for text in told] == [Place.NOTE if internal else Place.COMMENT for _, internal in said]
        assert [text.author for text in told] == [by for by, _ in said]
        assert [f"words {at}" in text.body for at, text in enumerate(told)] == [True] * len(said)
        times = [text.at for text in told if text.at is not None]
        assert (len(times), len({text.id for text in told})) == (len(said), len(said))
        assert times == sorted(times)
        assert all(at.utcoffset() is not None for at in times)

    def test_who_has_an_item_is_told_by_feed_and_fetch(self, world: World, connector: Connector) -> None:
        needs_act(world, "assign")
        cursors: dict[str, str] = {}
        ref = world.add()
        first = next(one for page in walk(connector, cursors) for one in page.items if one.ref == ref)
        assert first.assignees is not None
        had = bool(first.assignees)
        for to in (not had, had):
            agent = world.assign(ref, to=to)
            told = next(one for page in walk(connector, cursors) for one in page.items if one.ref == ref)
            assert told.assignees == item(connector, told.ref).assignees == ((agent,) if to else ())

    def test_a_release_is_told_by_feed_and_fetch(self, world: World, connector: Connector) -> None:
        needs_act(world, "release")
        cursors: dict[str, str] = {}
        ref = keyed(connector, [world.add()])[0]
        for page in walk(connector, cursors):
            assert all(one.released is None for one in page.items)
        world.plan(ref)
        told = next(one for page in walk(connector, cursors) for one in page.items if one.ref == ref)
        assert (told.released, item(connector, ref).released) == (False, False)
        world.release(ref)
        assert item(connector, ref).released is True
        world.touch(ref)
        told = next(one for page in walk(connector, cursors) for one in page.items if one.ref == ref)
        assert told.released is True

    def test_one_item_that_is_not_there_spoils_no_other(self, world: World, connector: Connector) -> None:
        needs(world, "remove")
        refs = [world.add(f"number {i}") for i in range(4)]
        known = keyed(connector, refs)
        world.remove(refs[1], GoneKind.DELETED)
        found = connector.fetch(known)
        assert isinstance(found[refs[1]], Removed)
        assert all(isinstance(found[ref], Item) for ref in (refs[0], refs[2], refs[3]))

    def test_a_moved_item_is_found_under_its_new_name(self, world: World, connector: Connector) -> None:
        needs(world, "move")
        ref = keyed(connector, [world.add()])[0]
        new = world.move(ref)
        item = connector.fetch([ref])[ref]
        assert isinstance(item, Item)
        assert item.ref == new
        assert item.formerly == ref

    def test_who_wrote_a_text_is_told(self, world: World, connector: Connector) -> None:
        ref = keyed(connector, [world.add("from outside", by=Author.OUTSIDE)])[0]
        item = connector.fetch([ref])[ref]
        assert isinstance(item, Item)
        assert item.texts
        body = next(text for text in item.texts if text.place is Place.BODY)
        assert body.author is Author.OUTSIDE
        assert "from outside" in body.body

    def test_an_agents_note_is_read_and_known_as_the_teams(self, world: World, connector: Connector) -> None:
        needs(world, "internal_notes")
        ref = keyed(connector, [world.add()])[0]
        world.say(ref, "see https://tracker.example.com/items/7", by=Author.TEAM, internal=True)
        item = connector.fetch([ref])[ref]
        assert isinstance(item, Item)
        note = next(text for text in item.texts or () if text.place is Place.NOTE)
        assert note.author is Author.TEAM
        assert "https://tracker.example.com/items/7" in note.body

    def test_a_waiting_customer_is_seen_until_an_agent_replies(self, world: World, connector: Connector) -> None:
        needs(world, "waiting")
        ref = keyed(connector, [world.add(by=Author.OUTSIDE)])[0]
        assert item(connector, ref).waiting is False
        world.say(ref, "any news?", by=Author.OUTSIDE)
        assert item(connector, ref).waiting is True
        world.say(ref, "between us", by=Author.TEAM, internal=True)
        assert item(connector, ref).waiting is True
        world.say(ref, "soon", by=Author.TEAM)
        assert item(connector, ref).waiting is False

    def test_a_waiting_customer_is_seen_behind_a_long_conversation(self, world: World, connector: Connector) -> None:
        needs(world, "waiting")
        ref = keyed(connector, [world.add(by=Author.OUTSIDE)])[0]
        for i in range(12):
            world.say(ref, f"reply {i}", by=Author.TEAM)
        world.say(ref, "and now?", by=Author.OUTSIDE)
        assert item(connector, ref).waiting is True
