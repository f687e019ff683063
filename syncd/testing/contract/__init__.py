"""The conformance suite: what every connector must do, whatever system it speaks to.

Subclass it in a test module and give it a world::

    class TestFreshdesk(ConnectorContract):
        @pytest.fixture
        def world(self) -> Iterator[World]:
            world = FreshdeskWorld()
            yield world
            world.close()

Each test acts on the stand-in as people do, calls the connector as syncd does, and then looks at the stand-in's own
books. What a system doesn't have it names in ``world.lacks``, and the tests for it say so when they skip.
"""

from __future__ import annotations

from syncd.testing.contract.details import Details
from syncd.testing.contract.feed import Feed
from syncd.testing.contract.files import Files
from syncd.testing.contract.hours import Hours
from syncd.testing.contract.names import Names
from syncd.testing.contract.reads import Reads
from syncd.testing.contract.replies import Replies
from syncd.testing.contract.writes import Writes


class ConnectorContract(Feed, Reads, Details, Hours, Writes, Replies, Files, Names):
    """See the module."""


__all__ = ["ConnectorContract"]
