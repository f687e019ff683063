"""A stand-in of Freshdesk over real HTTP: what the API is told to do, and the books that say what came of it."""

from connectors.freshdesk.sandbox.server import FreshdeskSandbox

__all__ = ["FreshdeskSandbox"]
