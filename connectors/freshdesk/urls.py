"""The addresses of tickets, as people paste them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connectors.portals import Portals

# The agent portal today, the agent portal of old, and the customers' portal.
_TICKET = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/\s?#]+)/(?:a|helpdesk|support)/tickets/0*(?P<id>[1-9][0-9]{0,18})(?!\w)"
    r"(?:[/?#][^\s<>\"'`()\[\]]*)?",
    re.IGNORECASE,
)


class Urls(Portals):
    """See :class:`connectors.portals.Portals`."""

    def __init__(self, url: str, web: str | None, hosts: Iterable[str]) -> None:
        super().__init__(_TICKET, url, web, hosts)
