"""A stand-in of Jira Service Management over real HTTP: the site of Jira's, that begins with other examples."""

from connectors.jsm.sandbox.server import JsmSandbox

__all__ = ["JsmSandbox"]
