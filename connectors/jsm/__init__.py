"""Jira Service Management: the helpdesk's connector, and a stand-in site to try it on.

The connector is loaded on first use, so that the stand-in alone doesn't pull in its libraries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.jsm.connector import JsmConnector

__all__ = ["JsmConnector"]


def __getattr__(name: str) -> Any:
    if name == "JsmConnector":
        from connectors.jsm.connector import JsmConnector  # noqa: PLC0415  # on first use, see above

        return JsmConnector
    raise AttributeError(name)
