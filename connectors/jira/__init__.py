"""Jira: the connector, its example config, and a stand-in server to try it on.

The connector is loaded on first use, so that the stand-in alone doesn't pull in its libraries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.jira.connector import JiraConnector

__all__ = ["JiraConnector"]


def __getattr__(name: str) -> Any:
    if name == "JiraConnector":
        from connectors.jira.connector import JiraConnector  # noqa: PLC0415  # on first use, see above

        return JiraConnector
    raise AttributeError(name)
