"""What the feeds tell."""

from __future__ import annotations

import pytest

from syncd.connector import Connector
from syncd.errors import Transient
from syncd.model import GoneKind, Item, Ref, Removed
from syncd.testing.contract.support import Part, finished, needs, told, walk
from syncd.testing.world import World


class Feed(Part):
    """What the feeds tell."""

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
        world.set_status(old[2], finished(world))
        pages = walk(connector, cursors)
        assert told(pages) == {new, old[2]}
        assert not any(page.first_walk for page in pages)

    def test_a_change_in_the_same_second_as_the_cursor_is_not_lost(self, world: World, connector: Connector) -> None:
        cursors: dict[str, str] = {}
        ref = world.add()
        walk(connector, cursors)
        world.set_status(ref, finished(world))
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
                if page.items and world.status(refs[1]) != world.native(finished(world)):
                    world.set_status(refs[1], finished(world))
        last |= {item.ref: item for page in walk(connector, cursors) for item in page.items}
        assert set(last) == set(refs)
        assert last[refs[1]].status == world.native(finished(world))

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
        needs(world, "html_answer")
        world.add()
        world.fail("html")
        with pytest.raises(Transient):
            walk(connector)

    def test_a_removed_item_is_seen_as_removed_and_comes_back(self, world: World, connector: Connector) -> None:
        needs(world, "remove")
        ref = world.add()
        world.remove(ref, GoneKind.DELETED)
        gone = connector.fetch([ref])[ref]
        assert isinstance(gone, Removed)
        assert gone.kind in {GoneKind.DELETED, GoneKind.OUT_OF_SIGHT}
        needs(world, "restore")
        world.restore(ref)
        assert isinstance(connector.fetch([ref])[ref], Item)
