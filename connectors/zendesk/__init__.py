"""Zendesk: the connector, its example config, and a stand-in server to try it on.

The connector is loaded on first use, so that the stand-in alone doesn't pull in its libraries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.zendesk.connector import ZendeskConnector

__all__ = ["ZendeskConnector"]


def __getattr__(name: str) -> Any:
    if name == "ZendeskConnector":
        from connectors.zendesk.connector import ZendeskConnector  # noqa: PLC0415  # on first use, see above

        return ZendeskConnector
    raise AttributeError(name)
