"""A stand-in of Zammad over real HTTP, and the books that say what came of what it was told."""

from syncd_zammad.sandbox.server import ZammadSandbox

__all__ = ["ZammadSandbox"]
