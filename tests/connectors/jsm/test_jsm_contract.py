"""Jira Service Management meets the contract, on Cloud and on Data Center."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.jsm.world import JsmWorld
from syncd.testing import World
from syncd.testing.contract import ConnectorContract


class TestJsm(ConnectorContract):
    @pytest.fixture(params=["cloud", "data center"])
    def world(self, request: pytest.FixtureRequest) -> Iterator[World]:
        world = JsmWorld(cloud=request.param == "cloud")
        yield world
        world.close()
