"""Zammad for syncd: the connector, its mapping and example, and a stand-in server to try it on.

The connector is loaded on first use, so that the stand-in alone doesn't pull in its libraries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syncd_zammad.connector import ZammadConnector

__all__ = ["ZammadConnector"]


def __getattr__(name: str) -> Any:
    if name == "ZammadConnector":
        from syncd_zammad.connector import ZammadConnector  # noqa: PLC0415  # on first use, see above

        return ZammadConnector
    raise AttributeError(name)
