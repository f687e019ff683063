"""Freshdesk: the connector, its example config, and a stand-in server to try it on.

The connector is loaded on first use, so that the stand-in alone doesn't pull in its libraries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.freshdesk.connector import FreshdeskConnector

__all__ = ["FreshdeskConnector"]


def __getattr__(name: str) -> Any:
    if name == "FreshdeskConnector":
        from connectors.freshdesk.connector import FreshdeskConnector  # noqa: PLC0415  # on first use, see above

        return FreshdeskConnector
    raise AttributeError(name)
