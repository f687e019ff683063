"""The reference connector under the suite that it is the reference for."""

from __future__ import annotations

import pytest

from syncd.model import Role
from syncd.testing import MemoryWorld, World
from syncd.testing.contract import ConnectorContract


class TestMemoryHelpdesk(ConnectorContract):
    @pytest.fixture
    def world(self) -> World:
        return MemoryWorld(Role.HELPDESK)


class TestMemoryTracker(ConnectorContract):
    @pytest.fixture
    def world(self) -> World:
        return MemoryWorld(Role.TRACKER)
