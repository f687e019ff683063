"""Connections with a deadline: what lies under the one HTTP session, :mod:`syncd.http`.

requests and urllib3 bound each read from a socket, not the whole call: a server that sends a byte every few seconds
holds a caller for ever. Here every connect, send and receive of a call gets only what is left of the call's time.
Only the name server is out of reach: the system's resolver has time-outs of its own.
"""

from __future__ import annotations

import io
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

CONNECT_SECONDS = 5.0
"""For one call, all addresses of a name together."""
READ_SECONDS = 30.0
"""Without a single byte."""
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
"""At DEBUG it tells the path of each call, and the path of a webhook is its secret."""


@dataclass(slots=True)
class Call:
    """One call under way: when it must be over (monotonic seconds), and whether a byte of it may have left."""

    until: float
    sent: bool = False

    def left(self, most: float) -> float:
        """Seconds for the next step.

        Raises:
            TimeoutError: there are none left.
        """
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's total deadline passed")
        return min(left, most)


_current: ContextVar[Call] = ContextVar("_current")


@contextmanager
def call(total: float) -> Iterator[Call]:
    """Everything inside is one call that may take ``total`` seconds."""
    one = Call(time.monotonic() + total)
    token = _current.set(one)
    try:
        yield one
    finally:
        _current.reset(token)


class _File(io.RawIOBase):
    """A socket's file whose every read is bounded by what is left of the call."""

    def __init__(self, sock: Any, raw: Any) -> None:
        self._sock, self._raw = sock, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_current.get().left(READ_SECONDS))
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Reader(io.BufferedReader):
    """What http.client reads an answer from. It takes an answer that breaks off in its headers for a whole one."""

    _head = True

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if self._head and not line.endswith(b"\n") and len(line) != size:
            raise ConnectionResetError("the answer ended before its body began")
        if line in {b"\r\n", b"\n"}:
            self._head = False
        return line


def bounded(sock: socket.socket) -> io.BufferedReader:
    """What another protocol's library reads a socket through, so that it keeps the deadline of :func:`call`."""
    return io.BufferedReader(_File(sock, sock.makefile("rb", buffering=0)))


class _Socket:
    """A connected socket for http.client, TLS already done: reading and sending know the call's deadline."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendall(self, data: Any) -> None:
        one = _current.get()
        self._sock.settimeout(one.left(READ_SECONDS))
        one.sent = True
        self._sock.sendall(data)

    def makefile(self, _mode: str, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return _Reader(_File(self._sock, self._sock.makefile("rb", buffering=0)))


def _dial(conn: HTTPConnection) -> socket.socket:
    """A connected socket: each address of the name is tried, all of them within one time-out."""
    host = conn.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, conn.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        reason = error if isinstance(error, socket.gaierror) else socket.gaierror(socket.EAI_NONAME, "not a name")
        raise NameResolutionError(host, conn, reason) from error
    until = time.monotonic() + _current.get().left(CONNECT_SECONDS)
    last: OSError = TimeoutError("no address answered in time")
    for family, kind, protocol, _, address in found:
        left = until - time.monotonic()
        if left <= 0:
            break
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(left)
            sock.connect(address)
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    if isinstance(last, TimeoutError):
        raise ConnectTimeoutError(conn, "no connection in time") from last
    raise NewConnectionError(conn, "no connection") from last


class _Way(_Socket):
    """The way through a proxy, before TLS begins: what is said there reaches the proxy, not the server."""

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(_current.get().left(READ_SECONDS))
        self._sock.sendall(data)


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _dial(self)

    def connect(self) -> None:
        super().connect()
        self.sock = _Socket(self.sock)


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _dial(self)

    def _tunnel(self) -> None:
        sock: Any = self.sock
        self.sock = _Way(sock)
        super()._tunnel()
        self.sock = sock
        sock.settimeout(_current.get().left(CONNECT_SECONDS))

    def connect(self) -> None:
        super().connect()
        self.sock = _Socket(self.sock)


class _Pool(HTTPConnectionPool):
    def _new_conn(self) -> Any:
        made = super()._new_conn()
        if type(made) is HTTPConnection:  # else a recorder's, which is left alone
            made.__class__ = _Connection
        return made


class _SecurePool(HTTPSConnectionPool):
    def _new_conn(self) -> Any:
        made = super()._new_conn()
        if type(made) is HTTPSConnection:
            made.__class__ = _SecureConnection
        return made


_POOLS = {"http": _Pool, "https": _SecurePool}


class DeadlineAdapter(HTTPAdapter):
    """A requests adapter whose connections keep the deadline of :func:`call`; it never repeats anything."""

    def __init__(self) -> None:
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As requests' own, with our pools."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """As requests' own, with our pools."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
