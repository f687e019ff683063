"""The Zendesk connector keeps the contract, and asks nothing that Zendesk's documentation doesn't know."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from zendesk_exchanges import violations

from connectors.zendesk.world import ZendeskWorld
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
