"""What a stand-in server exchanges: requests, replies, and the faults that strike between them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in. ``query`` keeps every pair; ``arg`` gives the last of a name."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    origin: str
    """``http://127.0.0.1:PORT`` as the client addressed us: what URLs in answers are made of."""

    def arg(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return next((value for key, value in reversed(self.query) if key == name), default)

    def header(self, name: str, default: str = "") -> str:
        """A header, whatever its case."""
        return self.headers.get(name.lower(), default)

    def json(self) -> Any:
        """The body, decoded; None if it is empty.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``body``: bytes as they are, or anything JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, dict[str, str]]:
        """The bytes to send, and the headers with the type that fits."""
        if isinstance(self.body, bytes):
            return self.body, dict(self.headers)
        return json.dumps(self.body).encode(), {"Content-Type": "application/json; charset=utf-8", **self.headers}


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next ``times`` matching calls, after ``skip`` of them went well.

    ``kind``: ``answer`` (``reply``, not applied) · ``commit_then_answer`` (applied, then ``reply``) · ``lost_answer``
    (applied, connection cut) · ``cut`` (connection cut, not applied) · ``hang`` (``seconds``, then cut, not applied)
    · ``late`` (applied only after ``seconds``, by when the client may have gone) · ``truncate`` (half the body) ·
    ``drip`` (a byte every ``seconds``) · ``before`` (``hook`` runs, then all goes well).
    """

    kind: str
    method: str = ""
    path: str = ""
    """A regular expression that must be found in the path."""
    times: int = 1
    skip: int = 0
    reply: Reply = field(default_factory=lambda: Reply(502, b"<html><title>502 Bad Gateway</title></html>"))
    seconds: float = 1.0
    hook: Callable[[], None] | None = None

    def takes(self, request: Request) -> bool:
        """Whether this fault strikes this call; counts down as it is asked."""
        if self.times <= 0 or (self.method and request.method not in self.method.split("|")):
            return False
        if self.path and not re.search(self.path, request.path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of the log. Holds what was sent, so that tests can look for what must not be there."""

    at: datetime
    request: Request
    status: int
    """0 where the connection was cut instead."""
    body: bytes


class Cut(Exception):
    """The connection is to be cut without an answer."""
