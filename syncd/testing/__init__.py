"""What a connector's author needs to prove it, shipped with syncd.

:class:`ConnectorContract` is the conformance suite, :class:`World` what it asks of a stand-in,
:class:`MemoryConnector` the reference connector, :class:`Sandbox` the base of stand-in servers.
"""

from syncd.testing.sandbox import Fault, Reply, Request, Sandbox
from syncd.testing.world import Remark, World

__all__ = ["Fault", "Remark", "Reply", "Request", "Sandbox", "World"]
