"""A stand-in of Zendesk over real HTTP: what the API is told to do, and the books that say what came of it."""

from connectors.zendesk.sandbox.server import API, ZendeskSandbox

__all__ = ["API", "ZendeskSandbox"]
