"""The addresses of tickets, as people paste them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from syncd.model import Mention

# The agents' pages, old and new; the customers' portal, with and without a language; the API.
_TICKET = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/\s?#]+)"
    r"/(?:agent/(?:#/)?tickets|tickets|hc/(?:[\w-]{1,20}/)?requests|requests|api/v2/tickets)"
    r"/0*(?P<id>[1-9][0-9]{0,18})(?:\.json)?(?!\w)(?:[/?#][^\s<>\"'`()\[\]]*)?",
    re.IGNORECASE,
)
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


class Urls:
    """Which addresses are this account's, and how its tickets are addressed.

    Args:
        url: the API's origin.
        web: the origin of the agents' pages, if it is another.
        hosts: further hosts of portals.
    """

    def __init__(self, url: str, web: str | None, hosts: Iterable[str]) -> None:
        parts = urlsplit(web or url)
        self.web = f"{parts.scheme}://{parts.netloc}"
        """Origin of the agents' pages."""
        api = urlsplit(url)
        known = [_host(parts.scheme, parts.netloc), _host(api.scheme, api.netloc)]
        self._hosts = {*known, *(_host("https", _bare(host)) for host in hosts)}

    def mentions(self, text: str) -> list[Mention]:
        """Every address of a ticket of this account in ``text``; the key is the ticket's number."""
        return [
            Mention(found["id"], found.start(), found.start() + len(found[0].rstrip(".,;:!?*_")))
            for found in _TICKET.finditer(text)
            if _host(found["scheme"], found["host"]) in self._hosts
        ]


def _bare(host: str) -> str:
    """A host, also if it was given as an address."""
    return urlsplit(host).netloc if "://" in host else host.strip("/")


def _host(scheme: str, host: str) -> str:
    return host.lower().removesuffix(_DEFAULT_PORT.get(scheme.lower(), ""))
