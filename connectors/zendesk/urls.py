"""The addresses of tickets, as people paste them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connectors.portals import Portals

# The agents' pages, old and new; the customers' portal, with and without a language; the API.
_TICKET = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/\s?#]+)"
    r"/(?:agent/(?:#/)?tickets|tickets|hc/(?:[\w-]{1,20}/)?requests|requests|api/v2/tickets)"
    r"/0*(?P<id>[1-9][0-9]{0,18})(?:\.json)?(?!\w)(?:[/?#][^\s<>\"'`()\[\]]*)?",
    re.IGNORECASE,
)


class Urls(Portals):
    """See :class:`connectors.portals.Portals`."""

    def __init__(self, url: str, web: str | None, hosts: Iterable[str]) -> None:
        super().__init__(_TICKET, url, web, hosts)
