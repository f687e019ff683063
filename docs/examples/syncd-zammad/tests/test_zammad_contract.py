"""Zammad meets the contract, whether or not its search takes the moment that it is asked from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.testing import World
from syncd.testing.contract import ConnectorContract
from syncd_zammad.sandbox.world import ZammadWorld


class TestZammad(ConnectorContract):
    @pytest.fixture(params=["inclusive", "exclusive"])
    def world(self, request: pytest.FixtureRequest) -> Iterator[World]:
        world = ZammadWorld()
        world.sandbox.inclusive = request.param == "inclusive"
        yield world
        world.close()
