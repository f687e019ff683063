"""Whether a host has an address: all that can be told of a service that takes messages and answers no questions."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from syncd.errors import Problem


def unreachable(name: str, url: str, proxy: str | None) -> Iterator[Problem]:
    """The problem, if the host of a URL has no address; behind a proxy only the proxy's is looked up."""
    parts = urlsplit(proxy or url)
    try:
        socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        whose = "the proxy's" if proxy else "its"
        yield Problem(f"notify.{name}", f"{whose} host name isn't known here", "See that it is right, and your network")
