"""The base of the stand-in servers: real HTTP on a loopback port, a log of every exchange, faults on demand.

A stand-in is a subclass with a table of routes. It speaks the real wire format of its system, keeps its own books,
and lets a test act as a person does, in process or over HTTP (:mod:`syncd.testing.control`).
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from syncd.testing.control import PREFIX, control
from syncd.testing.exchange import Cut, Exchange, Fault, Reply, Request


class Sandbox:
    """A stand-in server. Subclasses give ``routes`` and, as ``people``, an object whose methods act as a person.

    Every handler is called with the lock held, as ``handler(request, **path_parts)``, and returns a Reply.
    """

    facts: ClassVar[frozenset[str]] = frozenset()
    """Methods of ``people`` that act on nothing, and only tell what is in the books."""
    examples: ClassVar[tuple[tuple[str, Mapping[str, Any]], ...]] = ()
    """What people may do first on empty books: verbs with their parameters, in this order."""
    mishap: ClassVar[Mapping[str, str]] = {"kind": "lost_answer", "method": "POST|PUT|PATCH"}
    """The fault to try first: the answer to the next write is lost."""

    def __init__(self, port: int = 0) -> None:
        self.lock = threading.RLock()
        self.log: list[Exchange] = []
        self.faults: list[Fault] = []
        self.people: Any = None
        self.about = ""
        """What one has to know to configure it: the key or token that it takes."""
        self._shift = timedelta()
        self._frozen: datetime | None = None
        routes = self.routes()
        self._handlers = [do for _, _, do in routes]
        self._map = _compiled(tuple((method, path) for method, path, _ in routes))
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread: threading.Thread | None = None

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        """(method, path in werkzeug's notation, handler) of everything that is served."""
        raise NotImplementedError

    def not_found(self, request: Request) -> Reply:
        """The system's own answer to a path that isn't served."""
        del request
        return Reply(404)

    def before(self, request: Request) -> Reply | None:
        """What comes before any route: authentication, limits. A Reply here ends the call."""
        del request
        return None

    def after(self, request: Request, reply: Reply) -> Reply:
        """What is added to every answer: rate limit headers, request ids."""
        del request
        return reply

    # --- time: the real one, shifted or stopped ---

    def now(self) -> datetime:
        """The stand-in's own clock, whole seconds, UTC."""
        return (self._frozen or (datetime.now(UTC) + self._shift)).replace(microsecond=0)

    def freeze(self, at: datetime) -> None:
        """Stop the clock; from now on only ``advance`` moves it."""
        self._frozen = at

    def thaw(self) -> None:
        """Let the clock run again, with the real time."""
        self._frozen, self._shift = None, timedelta()

    def advance(self, seconds: float) -> None:
        """Let time pass here."""
        if self._frozen is not None:
            self._frozen += timedelta(seconds=seconds)
        else:
            self._shift += timedelta(seconds=seconds)

    # --- life ---

    @property
    def base(self) -> str:
        """The address to configure."""
        return self.url

    @property
    def url(self) -> str:
        """The origin to configure."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Self:
        """Serve from a thread; returns itself."""
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def serve(self) -> None:
        """Serve from this thread until interrupted."""
        self._server.serve_forever()

    def stop(self) -> None:
        """Close the port."""
        if self._thread is not None:
            with suppress(OSError):  # wakes the thread, which looks otherwise only now and then whether it is to end
                self._server.socket.shutdown(socket.SHUT_RDWR)
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- one exchange ---

    def exchange(self, request: Request, send: Callable[[Reply, Fault | None], None]) -> None:
        """Answer one request, with whatever fault is due; called by the server."""
        if request.path.startswith(PREFIX):
            with self.lock:
                reply = control(self, request)
            send(reply, None)
            return
        with self.lock:
            fault = next((one for one in self.faults if one.takes(request)), None)
        kind = fault.kind if fault else ""
        if fault and fault.hook:
            fault.hook()
        if fault and kind in {"hang", "late"}:
            time.sleep(fault.seconds)
        if kind in {"hang", "cut"}:
            self._note(request, Reply(0))
            raise Cut
        if fault and kind == "answer":
            reply = fault.reply
        else:
            with self.lock:
                reply = self.answer(request)
        if fault and kind == "commit_then_answer":
            reply = fault.reply
        self._note(request, Reply(0) if kind == "lost_answer" else reply)
        if kind == "lost_answer":
            raise Cut
        send(reply, fault)

    def answer(self, request: Request) -> Reply:
        """The answer, all being well."""
        reply = self.before(request)
        return self.after(request, self.handled(request) if reply is None else reply)

    def handled(self, request: Request) -> Reply:
        """What the handler of its route answers."""
        try:
            number, parts = self._map.bind("sandbox").match(request.path, request.method)
        except HTTPException:
            return self.not_found(request)
        do: Callable[..., Reply] = self._handlers[number]
        return do(request, **parts)

    def _note(self, request: Request, reply: Reply) -> None:
        self.log.append(Exchange(self.now(), request, reply.status, reply.encoded()[0]))


@lru_cache(maxsize=64)
def _compiled(routes: tuple[tuple[str, str], ...]) -> Map:
    """The map of (method, path) to its place in the table: costly to make, and the same for each of a kind."""
    return Map([Rule(path, methods=[method], endpoint=number) for number, (method, path) in enumerate(routes)])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no news."""


def _handler(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:  # noqa: C901  # a class, not a function
    """The handler class for one sandbox: reads a request whole, hands it over, writes the answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        server_version = "sandbox"
        sys_version = ""

        def log_message(self, *_: Any) -> None:
            """Silent: the sandbox keeps its own log."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            """``Date`` by the sandbox's own clock."""
            return super().date_time_string(sandbox.now().timestamp() if timestamp is None else timestamp)

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                parts.path,
                tuple(parse_qsl(parts.query, keep_blank_values=True)),
                {key.lower(): value for key, value in self.headers.items()},
                body,
                f"http://{self.headers.get('Host', '')}",
            )
            try:
                sandbox.exchange(request, self.reply)
            except Cut:
                self.cut()

        def cut(self) -> None:
            """Close with a reset: what a lost answer looks like."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

        def reply(self, reply: Reply, fault: Fault | None) -> None:
            raw, headers = reply.encoded()
            self.send_response(reply.status)
            if reply.status not in {204, 304}:
                headers["Content-Length"] = str(len(raw))
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            if fault and fault.kind == "truncate":
                self.wfile.write(raw[: len(raw) // 2])
                self.close_connection = True
            elif fault and fault.kind == "drip":
                for byte in raw:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(fault.seconds)
            else:
                self.wfile.write(raw)

    return Handler
