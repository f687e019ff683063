"""Which addresses are those of one helpdesk account's tickets: at the hosts by which it is known, and at no other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from syncd.model import Mention

_DEFAULT_PORT = {"http": ":80", "https": ":443"}


class Portals:
    """The pages of one account.

    Args:
        ticket: the address of a ticket, with groups ``scheme``, ``host`` and ``id``.
        url: the API's origin.
        web: the origin of the agents' pages, if it is another.
        hosts: further hosts of portals.
    """

    def __init__(self, ticket: re.Pattern[str], url: str, web: str | None, hosts: Iterable[str]) -> None:
        self._ticket = ticket
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
            for found in self._ticket.finditer(text)
            if _host(found["scheme"], found["host"]) in self._hosts
        ]


def _bare(host: str) -> str:
    """A host, also if it was given as an address."""
    return urlsplit(host).netloc if "://" in host else host.strip("/")


def _host(scheme: str, host: str) -> str:
    return host.lower().removesuffix(_DEFAULT_PORT.get(scheme.lower(), ""))
