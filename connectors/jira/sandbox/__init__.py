"""A stand-in of Jira over real HTTP: what the API is told to do, and the books that say what came of it."""

from connectors.jira.sandbox.server import CLOUD_ID, EMAIL, TOKEN, Access, JiraSandbox

__all__ = ["CLOUD_ID", "EMAIL", "TOKEN", "Access", "JiraSandbox"]
