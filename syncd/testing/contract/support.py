"""What the parts of the suite share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.connector import Connector
from syncd.model import Item, Page, Ref, Role, Word
from syncd.testing.world import World

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
OTHER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VY:0123456789abcdef0123"


class Part:
    """A part of the suite: a world, and a connector to it."""

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


def finished(world: World) -> Word:
    """The word of a finished item."""
    return Word.RESOLVED if world.role is Role.HELPDESK else Word.DONE


def needs(world: World, what: str) -> None:
    """Skip, and say why, where the system lacks something."""
    if what in world.lacks:
        pytest.skip(f"this system has no {what}")


def needs_act(world: World, act: str) -> None:
    """Skip where people of this world don't do that: the connector doesn't tell of it."""
    if getattr(type(world), act) is getattr(World, act):
        pytest.skip(f"nobody can {act} here")


def needs_create(world: World, connector: Connector) -> None:
    """Skip where syncd files nothing."""
    if "create" in world.lacks or not connector.capabilities.can_create:
        pytest.skip("syncd files nothing in this system")


def needs_tags(world: World, connector: Connector) -> None:
    """Skip where no tags are set."""
    if not connector.capabilities.sets_tags:
        pytest.skip("this connector sets no tags")
    needs_act(world, "tags")


def needs_fields(world: World, connector: Connector) -> None:
    """Skip where no fields are set."""
    if not connector.capabilities.sets_fields:
        pytest.skip("this connector sets no fields")
    needs_act(world, "field")


def needs_links(world: World, connector: Connector) -> None:
    """Skip where no links are kept."""
    if not connector.capabilities.keeps_links:
        pytest.skip("this connector keeps no links")
    needs_act(world, "pointers")


def keyed(connector: Connector, refs: list[Ref]) -> list[Ref]:
    """Refs as the state has them: with the human key that the feed told."""
    known = {item.ref: item.ref for page in walk(connector) for item in page.items}
    return [known[ref] for ref in refs]


def item(connector: Connector, ref: Ref) -> Item:
    """One fresh read."""
    item = connector.fetch([ref])[ref]
    assert isinstance(item, Item)
    return item
