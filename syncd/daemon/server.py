"""A small HTTP server, bounded in every direction: threads, connections, bytes, and seconds per connection.

waitress reads requests and writes answers in one thread that waits for nobody, so that clients who are slow hold up
neither others nor the end of the service; whole requests go to a few workers. One connection is one request.
"""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask
from waitress.wasyncore import dispatcher

from syncd.errors import ConfigError, PortBusy, Problem

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
THREADS = 4
CONNECTIONS = 200
LONGEST = 5.0
"""Seconds that a connection may last, whatever its client does."""
MAX_HEADER = 8 * 1024
MAX_BODY = 64 * 1024
CLOSING = 1
"""Seconds that the server, and then its workers, get to end."""


class _OneRequest(WSGITask):
    """An answer after which the connection is closed."""

    def build_response_header(self) -> bytes:
        self.set_close_on_finish()
        return super().build_response_header()


class _Channel(HTTPChannel):
    """A connection. It is closed when its client has seen the answer: what the client still sends is thrown away.

    If it were closed at once, with something of the client's unread, the kernel would take the answer back.
    """

    task_class = _OneRequest
    lingers = False

    def handle_close(self) -> None:
        if not self.lingers and self.connected:
            self.lingers, self.will_close = True, False
            sock: Any = self.socket  # there is one while it is connected
            try:
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                super().handle_close()
            return
        super().handle_close()

    def readable(self) -> bool:
        return self.lingers or bool(super().readable())

    def received(self, data: bytes) -> bool:
        return not self.lingers and bool(super().received(data))


class _Bounded(TcpWSGIServer):
    channel_class = _Channel

    def maintenance(self, now: float) -> None:
        """Connections that have lasted too long end, however busy they are."""
        channels: Any = self.active_channels  # by descriptor; the stubs say otherwise
        for channel in list(channels.values()):
            if now - channel.creation_time > LONGEST:
                channel.will_close = True


class Server:
    """Serves an application from construction until ``close``.

    Args:
        application: WSGI.
        address: host and port; port 0: any free one.

    Raises:
        PortBusy: another process listens there.
        ConfigError: this machine has no such address, or we may not listen there.
    """

    def __init__(self, application: Application, address: tuple[str, int]) -> None:
        for name in ("waitress", "waitress.queue"):  # what it would say is about clients, and not for our log
            logging.getLogger(name).setLevel(logging.CRITICAL)
        listener = _listen(address)
        limits = Adjustments(
            sockets=[listener],
            threads=THREADS,
            connection_limit=CONNECTIONS,
            cleanup_interval=1,
            max_request_header_size=MAX_HEADER,
            max_request_body_size=MAX_BODY,
            expose_tracebacks=False,
            ident=None,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=True,
        )
        self._map: dict[int, Any] = {}
        info = (listener.family, listener.type, listener.proto, listener.getsockname())
        self._inner = _Bounded(application, map=self._map, _sock=listener, adj=limits, sockinfo=info, bind_socket=False)
        self.host, self.port = listener.getsockname()[:2]
        self._thread = threading.Thread(target=self._inner.run, name="health server", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://[{self.host}]:{self.port}/" if ":" in self.host else f"http://{self.host}:{self.port}/"

    def close(self) -> None:
        """Serve no more, at once: whoever is in the middle of something is cut off."""
        # The workers first, and the pipe by which they wake the server's thread last: who writes to a descriptor that
        # was closed meanwhile may be writing into a file that has got its number.
        workers, trigger = self._inner.task_dispatcher, self._trigger
        workers.shutdown(timeout=CLOSING)
        trigger.pull_trigger(self._end)
        self._thread.join(CLOSING)
        if not workers.threads and not self._thread.is_alive():
            trigger.close()

    def _end(self) -> None:
        """In the server's own thread, which ends when it has nothing to look after."""
        for one in list(self._map.values()):
            if one is not self._trigger:
                dispatcher.close(one)  # that of the server itself would close the pipe, too
        self._map.clear()

    @property
    def _trigger(self) -> Any:  # no number, as the stubs say
        return self._inner.trigger


def _listen(address: tuple[str, int]) -> socket.socket:
    host, port = address
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server(address, family=family, backlog=CONNECTIONS)
    except (OSError, UnicodeError) as error:
        if getattr(error, "errno", 0) == errno.EADDRINUSE:
            cure = "Is another syncd running? Stop what listens there, or give `listen` in syncd.toml another port"
            raise PortBusy(f"{shown} is in use by another process. {cure}") from error
        what = f"nothing can listen on {shown} ({getattr(error, 'strerror', None) or 'no such name'})"
        cure = "Write an address of this machine and a port of 1024 or more, such as 127.0.0.1:8787"
        raise ConfigError([Problem("syncd.toml: listen", what, cure)]) from error
