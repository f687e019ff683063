"""A stand-in of GitHub over real HTTP: what the API is told to do, and the books that say what came of it."""

from connectors.github.sandbox.server import LOGIN, TOKEN, GitHubSandbox

__all__ = ["LOGIN", "TOKEN", "GitHubSandbox"]
