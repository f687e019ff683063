"""The conformance suite: what every connector must do, whatever system it speaks to.

Subclass it in a test module and give it a world::

    class TestFreshdesk(ConnectorContract):
        @pytest.fixture
        def world(self) -> Iterator[World]:
            world = FreshdeskWorld()
            yield world
            world.close()

Each test acts on the stand-in as people do, calls the connector as syncd does, and then looks at the stand-in's own
books. What a system doesn't have it names in ``world.lacks``, and the tests for it say so when they skip.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.connector import Connector
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Action, Author, Draft, GoneKind, Item, Note, Page, Place, Ref, Removed, Role, Word
from syncd.testing.world import World

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
OTHER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VY:0123456789abcdef0123"


def walk(connector: Connector, cursors: dict[str, str] | None = None) -> list[Page]:
    """Every page of every source; ``cursors`` is updated as the state would be."""
    pages: list[Page] = []
    kept = {} if cursors is None else cursors
    for source in connector.sources():
        for page in connector.changes(source, kept.get(source), None):
            pages.append(page)
            kept[source] = page.cursor
    return pages


def told(pages: list[Page]) -> set[Ref]:
    """The refs that some pages told of."""
    return {item.ref for page in pages for item in page.items}


class ConnectorContract:
    """See the module."""

    @pytest.fixture
    def world(self) -> Iterator[World]:
        """The stand-in; a subclass gives it."""
        raise NotImplementedError

    @pytest.fixture
    def connector(self, world: World) -> Iterator[Connector]:
        """A connector to it, for one test."""
        connector = world.connect()
        yield connector
        connector.close()

    # --- the feed ---

    def test_the_first_walk_tells_every_item_once_and_says_that_it_is_the_first(
        self, world: World, connector: Connector
    ) -> None:
        refs = {world.add(f"number {i}") for i in range(7)}
        pages = walk(connector)
        assert told(pages) == refs
        assert all(page.first_walk for page in pages if page.items)

    def test_an_empty_system_has_an_empty_last_page(self, connector: Connector) -> None:
        for source in connector.sources():
            pages = list(connector.changes(source, None, None))
            assert not told(pages)
            assert pages[-1].last

    def test_an_item_carries_identity_status_version_and_a_time_in_utc(
        self, world: World, connector: Connector
    ) -> None:
        ref = world.add()
        item = next(item for page in walk(connector) for item in page.items)
        assert item.ref == ref
        assert item.ref.connector == connector.name
        assert item.ref.key
        assert item.status == world.status(ref)
        assert item.created_at.utcoffset() is not None
        assert item.version
        assert item.url == world.url(ref)

    def test_after_the_first_walk_only_changes_are_told(self, world: World, connector: Connector) -> None:
        cursors: dict[str, str] = {}
        old = [world.add(f"number {i}") for i in range(4)]
        walk(connector, cursors)
        world.advance(1)
        new = world.add("later")
        world.set_status(old[2], _finished(world))
        pages = walk(connector, cursors)
        assert told(pages) == {new, old[2]}
        assert not any(page.first_walk for page in pages)

    def test_a_change_in_the_same_second_as_the_cursor_is_not_lost(self, world: World, connector: Connector) -> None:
        cursors: dict[str, str] = {}
        ref = world.add()
        walk(connector, cursors)
        world.set_status(ref, _finished(world))
        assert ref in told(walk(connector, cursors))

    def test_an_idle_poll_tells_nothing_and_costs_one_call_per_source(self, world: World, connector: Connector) -> None:
        cursors: dict[str, str] = {}
        for i in range(5):
            world.add(f"number {i}")
        walk(connector, cursors)
        walk(connector, cursors)
        before = world.calls()
        assert not told(walk(connector, cursors))
        assert world.calls() - before == len(connector.sources())

    def test_a_walk_goes_on_from_any_page_in_a_fresh_connector(self, world: World) -> None:
        refs = {world.add(f"number {i}") for i in range(8)}
        first = world.connect()
        pages = [(s, page) for s in first.sources() for page in first.changes(s, None, None)]
        for stop in range(1, len(pages) + 1):
            cursors: dict[str, str] = {}
            seen: set[Ref] = set()
            for source, page in pages[:stop]:
                cursors[source] = page.cursor
                seen |= told([page])
            again = world.connect()
            rest = walk(again, cursors)
            assert seen | told(rest) == refs
            assert all(page.first_walk for page in rest if set(told([page])) - seen)
            again.close()
        first.close()

    def test_a_change_during_the_walk_is_not_lost(self, world: World, connector: Connector) -> None:
        refs = [world.add(f"number {i}") for i in range(8)]
        cursors: dict[str, str] = {}
        last: dict[Ref, Item] = {}
        for source in connector.sources():
            for page in connector.changes(source, None, None):
                cursors[source] = page.cursor
                last |= {item.ref: item for item in page.items}
                if page.items and world.status(refs[1]) != world.native(_finished(world)):
                    world.set_status(refs[1], _finished(world))
        last |= {item.ref: item for page in walk(connector, cursors) for item in page.items}
        assert set(last) == set(refs)
        assert last[refs[1]].status == world.native(_finished(world))

    def test_a_failure_in_a_feed_is_raised_and_the_next_poll_loses_nothing(
        self, world: World, connector: Connector
    ) -> None:
        cursors: dict[str, str] = {}
        walk(connector, cursors)
        ref = world.add()
        world.fail("error")
        with pytest.raises(Transient):
            walk(connector, dict(cursors))
        assert ref in told(walk(connector, cursors))

    def test_a_page_that_is_no_answer_of_the_api_is_an_outage_not_an_empty_list(
        self, world: World, connector: Connector
    ) -> None:
        _needs(world, "html_answer")
        world.add()
        world.fail("html")
        with pytest.raises(Transient):
            walk(connector)

    def test_a_removed_item_is_seen_as_removed_and_comes_back(self, world: World, connector: Connector) -> None:
        _needs(world, "remove")
        ref = world.add()
        world.remove(ref, GoneKind.DELETED)
        gone = connector.fetch([ref])[ref]
        assert isinstance(gone, Removed)
        assert gone.kind in {GoneKind.DELETED, GoneKind.OUT_OF_SIGHT}
        _needs(world, "restore")
        world.restore(ref)
        assert isinstance(connector.fetch([ref])[ref], Item)

    # --- fresh reads ---

    def test_fetch_reads_many_and_answers_each(self, world: World, connector: Connector) -> None:
        refs = [world.add(f"number {i}") for i in range(5)]
        world.set_status(refs[3], _finished(world))
        found = connector.fetch(_keyed(connector, refs))
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

    def test_one_item_that_is_not_there_spoils_no_other(self, world: World, connector: Connector) -> None:
        _needs(world, "remove")
        refs = [world.add(f"number {i}") for i in range(4)]
        keyed = _keyed(connector, refs)
        world.remove(refs[1], GoneKind.DELETED)
        found = connector.fetch(keyed)
        assert isinstance(found[refs[1]], Removed)
        assert all(isinstance(found[ref], Item) for ref in (refs[0], refs[2], refs[3]))

    def test_a_moved_item_is_found_under_its_new_name(self, world: World, connector: Connector) -> None:
        _needs(world, "move")
        ref = _keyed(connector, [world.add()])[0]
        new = world.move(ref)
        item = connector.fetch([ref])[ref]
        assert isinstance(item, Item)
        assert item.ref == new
        assert item.formerly == ref

    def test_who_wrote_a_text_is_told(self, world: World, connector: Connector) -> None:
        ref = _keyed(connector, [world.add("from outside", by=Author.OUTSIDE)])[0]
        item = connector.fetch([ref])[ref]
        assert isinstance(item, Item)
        assert item.texts
        body = next(text for text in item.texts if text.place is Place.BODY)
        assert body.author is Author.OUTSIDE
        assert "from outside" in body.body

    def test_an_agents_note_is_read_and_known_as_the_teams(self, world: World, connector: Connector) -> None:
        _needs(world, "internal_notes")
        ref = _keyed(connector, [world.add()])[0]
        world.say(ref, "see https://tracker.example.com/items/7", by=Author.TEAM, internal=True)
        item = connector.fetch([ref])[ref]
        assert isinstance(item, Item)
        note = next(text for text in item.texts or () if text.place is Place.NOTE)
        assert note.author is Author.TEAM
        assert "https://tracker.example.com/items/7" in note.body

    def test_a_waiting_customer_is_seen_until_an_agent_replies(self, world: World, connector: Connector) -> None:
        _needs(world, "waiting")
        ref = _keyed(connector, [world.add(by=Author.OUTSIDE)])[0]
        assert _item(connector, ref).waiting is False
        world.say(ref, "any news?", by=Author.OUTSIDE)
        assert _item(connector, ref).waiting is True
        world.say(ref, "between us", by=Author.TEAM, internal=True)
        assert _item(connector, ref).waiting is True
        world.say(ref, "soon", by=Author.TEAM)
        assert _item(connector, ref).waiting is False

    def test_a_waiting_customer_is_seen_behind_a_long_conversation(self, world: World, connector: Connector) -> None:
        _needs(world, "waiting")
        ref = _keyed(connector, [world.add(by=Author.OUTSIDE)])[0]
        for i in range(12):
            world.say(ref, f"reply {i}", by=Author.TEAM)
        world.say(ref, "and now?", by=Author.OUTSIDE)
        assert _item(connector, ref).waiting is True

    # --- writes ---

    def test_a_status_is_written_once_and_confirmed(self, world: World, connector: Connector) -> None:
        ref = _keyed(connector, [world.add()])[0]
        wanted = world.native(_finished(world))
        outcome = next(iter(connector.apply([Action(ref, wanted, world.status(ref))])))
        assert outcome.error is None
        assert outcome.status == world.status(ref) == wanted
        assert world.status_writes(ref) == 1

    def test_the_echo_of_a_write_is_not_newer_than_the_outcome_said(self, world: World, connector: Connector) -> None:
        cursors: dict[str, str] = {}
        ref = world.add()
        walk(connector, cursors)
        ref = _keyed(connector, [ref])[0]
        note = Note("e1", "filed", MARKER)
        outcome = next(iter(connector.apply([Action(ref, world.native(_finished(world)), None, (note,))])))
        assert outcome.version
        for page in walk(connector, cursors):
            for item in page.items:
                assert item.version <= outcome.version

    def test_a_note_is_written_with_its_marker_and_found_again(self, world: World, connector: Connector) -> None:
        ref = _keyed(connector, [world.add()])[0]
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

    def test_an_internal_note_is_internal(self, world: World, connector: Connector) -> None:
        _needs(world, "internal_notes")
        ref = _keyed(connector, [world.add()])[0]
        list(connector.apply([Action(ref, notes=(Note("e1", "between us", MARKER, internal=True),))]))
        list(connector.apply([Action(ref, notes=(Note("e2", "to the customer", OTHER, internal=False),))]))
        assert [remark.internal for remark in world.remarks(ref)] == [True, False]

    def test_a_marker_that_somebody_else_pasted_is_not_found(self, world: World, connector: Connector) -> None:
        ref = _keyed(connector, [world.add()])[0]
        world.say(ref, f"look: {MARKER}", by=Author.OUTSIDE)
        world.say(ref, f"look: {MARKER}", by=Author.TEAM)
        assert connector.find(MARKER, ref, connector.clock.now()) is None

    def test_a_marker_is_found_behind_a_hundred_others(self, world: World, connector: Connector) -> None:
        ref = _keyed(connector, [world.add()])[0]
        began = connector.clock.now()
        for i in range(120):
            world.say(ref, f"remark {i}", by=Author.TEAM)
        list(connector.apply([Action(ref, notes=(Note("e1", "filed", MARKER),))]))
        assert connector.find(MARKER, ref, began)

    def test_many_actions_have_an_outcome_each_in_order(self, world: World, connector: Connector) -> None:
        refs = _keyed(connector, [world.add(f"number {i}") for i in range(3)])
        wanted = world.native(_finished(world))
        outcomes = list(connector.apply([Action(ref, wanted) for ref in refs]))
        assert [outcome.action.target for outcome in outcomes] == refs
        assert all(world.status(ref) == wanted for ref in refs)

    def test_a_refused_write_changes_nothing_and_spoils_no_other(self, world: World, connector: Connector) -> None:
        refs = _keyed(connector, [world.add(f"number {i}") for i in range(2)])
        before = world.status(refs[0])
        wanted = world.native(_finished(world))
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
        _needs(world, "lost_answer")
        ref = _keyed(connector, [world.add()])[0]
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
        _needs(world, "lost_answer")
        ref = _keyed(connector, [world.add()])[0]
        world.fail("lost_answer", writes_only=True)
        outcome = next(iter(connector.apply([Action(ref, world.native(_finished(world)))])))
        assert isinstance(outcome.error, ConnectorError)
        assert outcome.error.doubt
        assert world.status_writes(ref) == 1

    def test_a_rate_limit_tells_how_long_and_the_write_had_no_effect(self, world: World, connector: Connector) -> None:
        _needs(world, "rate_limit")
        ref = _keyed(connector, [world.add()])[0]
        before = world.status(ref)
        world.fail("rate_limited", writes_only=True)
        outcome = next(iter(connector.apply([Action(ref, world.native(_finished(world)))])))
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

    def test_an_issue_is_created_once_with_its_marker_and_found_again(self, world: World, connector: Connector) -> None:
        _needs_create(world, connector)
        began = connector.clock.now()
        place = connector.sources()[0]
        item = connector.create(Draft(place, "A title", "The body", MARKER))
        assert [ref for ref in world.items() if ref == item.ref] == [item.ref]
        assert connector.find(MARKER, place, began)
        assert connector.find(OTHER, place, began) is None

    def test_a_created_issue_whose_answer_was_lost_is_in_doubt_and_stands_once(
        self, world: World, connector: Connector
    ) -> None:
        _needs_create(world, connector)
        _needs(world, "lost_answer")
        began = connector.clock.now()
        place = connector.sources()[0]
        world.fail("lost_answer", writes_only=True)
        with pytest.raises(ConnectorError) as caught:
            connector.create(Draft(place, "A title", "The body", MARKER))
        assert caught.value.doubt
        assert len(world.items()) == 1
        assert connector.find(MARKER, place, began)

    # --- names ---

    def test_a_pasted_address_is_recognised_and_leads_to_the_item(self, world: World, connector: Connector) -> None:
        ref = world.add()
        connector.check()
        url = world.url(ref)
        text = f"Please see {url}, thanks. (Not https://elsewhere.example.net/items/1.)"
        mentions = connector.parse_url(text)
        assert len(mentions) == 1
        assert text[mentions[0].start : mentions[0].end] == url
        assert connector.resolve(mentions[0].key) == ref

    def test_every_status_of_an_item_is_among_the_accounts(self, world: World, connector: Connector) -> None:
        statuses = connector.statuses()
        for word in (Word.OPEN, _finished(world)):
            native = world.native(word)
            assert str(native) in statuses or native.native in statuses

    def test_a_healthy_account_has_no_problems(self, world: World, connector: Connector) -> None:
        world.add()
        assert list(connector.check()) == []


def _finished(world: World) -> Word:
    return Word.RESOLVED if world.role is Role.HELPDESK else Word.DONE


def _needs(world: World, what: str) -> None:
    if what in world.lacks:
        pytest.skip(f"this system has no {what}")


def _needs_create(world: World, connector: Connector) -> None:
    if "create" in world.lacks or not connector.capabilities.can_create:
        pytest.skip("syncd files nothing in this system")


def _keyed(connector: Connector, refs: list[Ref]) -> list[Ref]:
    """Refs as the state has them: with the human key that the feed told."""
    known = {item.ref: item.ref for page in walk(connector) for item in page.items}
    return [known[ref] for ref in refs]


def _item(connector: Connector, ref: Ref) -> Item:
    item = connector.fetch([ref])[ref]
    assert isinstance(item, Item)
    return item
