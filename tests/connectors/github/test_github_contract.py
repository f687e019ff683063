"""GitHub meets the contract, whichever way its server pages and wherever it is mounted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from github_exchanges import violations

from connectors.github.sandbox.world import GitHubWorld
from syncd.model import Author, Ref
from syncd.testing import World
from syncd.testing.contract import ConnectorContract


class Unhurried(GitHubWorld):
    """Where time passes between two changes: in a busy second a large window is read again at each poll."""

    def add(self, body: str = "", *, by: Author = Author.TEAM) -> Ref:
        ref = GitHubWorld.add(self, body, by=by)
        self.advance(2)
        return ref


class TestGitHub(ConnectorContract):
    @pytest.fixture(
        params=[
            "cursor",
            "page",
            "no GraphQL",
            "small pages",
            "small numbered pages",
            "app",
            "enterprise page",
            pytest.param("app enterprise page", marks=pytest.mark.torture),  # each of these is shown alone above
        ]
    )
    def world(self, request: pytest.FixtureRequest) -> Iterator[World]:
        small = request.param.startswith("small")
        kinds = request.param.split()
        base = "/api/v3" if "enterprise" in kinds else ""
        world = (Unhurried if small else GitHubWorld)(base=base, as_app="app" in kinds)
        world.sandbox.paging = "page" if "page" in kinds or "numbered" in request.param else "cursor"
        world.sandbox.graphql = request.param != "no GraphQL"
        world.lacks |= {"boards"} if not world.sandbox.graphql else set()
        world.sandbox.most_per_page = 3 if small else 100
        yield world
        world.close()
        assert violations(world.sandbox.log) == []
