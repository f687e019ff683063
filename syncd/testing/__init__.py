"""What a connector's author needs to prove it, shipped with syncd.

:class:`~syncd.testing.contract.ConnectorContract` is the conformance suite (it needs pytest),
:class:`World` what it asks of a stand-in, :class:`MemoryConnector` the reference connector, :class:`Sandbox` the base
of stand-in servers.
"""

from syncd.testing.exchange import Exchange, Fault, Reply, Request
from syncd.testing.memory import Books, MemoryConnector
from syncd.testing.memory_world import MemoryWorld
from syncd.testing.sandbox import Sandbox
from syncd.testing.world import Case, Remark, World

__all__ = [
    "Books",
    "Case",
    "Exchange",
    "Fault",
    "MemoryConnector",
    "MemoryWorld",
    "Remark",
    "Reply",
    "Request",
    "Sandbox",
    "World",
]
