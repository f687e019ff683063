"""The Freshdesk connector keeps the contract, and says nothing that Freshdesk's documentation doesn't know."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from freshdesk_exchanges import violations

from connectors.freshdesk.sandbox.world import FreshdeskWorld
from syncd.testing import World
from syncd.testing.contract import ConnectorContract


class TestFreshdesk(ConnectorContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        world = FreshdeskWorld()
        yield world
        world.close()
        assert violations(world.sandbox.log) == []
