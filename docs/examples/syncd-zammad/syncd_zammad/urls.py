"""The addresses of tickets, as people paste them: of the desktop's pages, old and new, and of the mobile ones."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from syncd.model import Mention

_TICKET = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/\s?#]+)/(?:#ticket/zoom|mobile/tickets|desktop/tickets)/"
    r"(?P<id>[1-9][0-9]{0,18})(?!\w)(?:[/?#][^\s<>\"'`()\[\]]*)?",
    re.IGNORECASE,
)
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


class Urls:
    """Which addresses are this account's; ``web``: the origin that agents open, where it isn't the ``url``."""

    def __init__(self, url: str, web: str | None) -> None:
        self.web = web or url
        self._hosts = {_host(parts.scheme, parts.netloc) for parts in (urlsplit(url), urlsplit(self.web))}

    def mentions(self, text: str) -> list[Mention]:
        """Every address of a ticket of this account in ``text``; the key is the id, which is not the ticket number."""
        return [
            Mention(found["id"], found.start(), found.start() + len(found[0].rstrip(".,;:!?*_")))
            for found in _TICKET.finditer(text)
            if _host(found["scheme"], found["host"]) in self._hosts
        ]


def _host(scheme: str, host: str) -> str:
    return host.lower().removesuffix(_DEFAULT_PORT.get(scheme.lower(), ""))
