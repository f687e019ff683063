"""Jira Service Management meets the contract, and is asked only what its documentation knows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jira_exchanges import violations

from connectors.jsm.sandbox.world import JsmWorld
from syncd.testing import World
from syncd.testing.contract import ConnectorContract


class TestJsm(ConnectorContract):
    @pytest.fixture(params=["cloud", "data center"])
    def world(self, request: pytest.FixtureRequest) -> Iterator[World]:
        world = JsmWorld(cloud=request.param == "cloud")
        yield world
        world.close()
        assert violations(world.sandbox.log, cloud=world.cloud) == []
