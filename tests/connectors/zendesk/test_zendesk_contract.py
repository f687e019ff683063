"""The Zendesk connector keeps the contract, and asks nothing that Zendesk's documentation doesn't know."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from zendesk_exchanges import violations

from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.connector import Connector
from syncd.testing import World
from syncd.testing.contract import ConnectorContract


class TestZendesk(ConnectorContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        world = ZendeskWorld()
        yield world
        world.close()
        assert world.sandbox.unknown_query == []
        assert violations(world.sandbox.log) == []
        # The reference has no path with a suffix, though Zendesk takes one.
        assert not any(one.request.path.endswith(".json") for one in world.sandbox.log)


class TestZendeskByToken(ConnectorContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        world = ZendeskWorld(by_token=True)
        yield world
        world.close()
        assert world.sandbox.unknown_query == []
        assert violations(world.sandbox.log) == []

    def test_a_healthy_account_has_no_problems(self, world: World, connector: Connector) -> None:
        world.add()
        (only,) = connector.check()
        assert only.warning
        assert "2027-04-30" in only.what


class TestZendeskOtherwise(ConnectorContract):
    """Where the documentation leaves something open, the stand-in does the other thing."""

    @pytest.fixture
    def world(self) -> Iterator[World]:
        world = ZendeskWorld()
        box = world.sandbox
        box.exports.null_cursors, box.exports.cursors_live = "always", 600
        box.limits.name, box.access.mint_status, box.delete_tags_status = "Rate-Limit", 200, 200
        box.jobs.failed_rows, box.updates.disagreement = frozenset({"index"}), "custom"
        box.people.switch_hold(on=False)
        yield world
        world.close()
        assert box.unknown_query == []
        assert violations(box.log) == []


class TestZendeskWithoutCursors(ConnectorContract):
    """Lists are answered as if no page had been asked for, and as the reference's examples show them."""

    @pytest.fixture(params=["numbered", "bare"])
    def world(self, request: pytest.FixtureRequest) -> Iterator[World]:
        world = ZendeskWorld()
        world.sandbox.lists = request.param
        yield world
        world.close()
