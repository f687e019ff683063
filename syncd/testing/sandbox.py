"""The base of the stand-in servers: real HTTP on a loopback port, a log of every exchange, faults on demand.

A stand-in is a subclass with a table of routes. It speaks the real wire format of its system, keeps its own books,
and lets a test act as a person does, in process or over HTTP under ``/_sandbox/``:

* ``POST /_sandbox/act`` ``{"do": "<method of people>", "with": {...}}`` acts as a person;
* ``POST /_sandbox/faults`` with the fields of a :class:`Fault` makes the next matching calls go wrong;
* ``GET /_sandbox/log`` tells what was asked and answered.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule


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


class Sandbox:
    """A stand-in server. Subclasses give ``routes`` and, as ``people``, an object whose methods act as a person.

    Every handler is called with the lock held, as ``handler(request, **path_parts)``, and returns a Reply.
    """

    about = ""
    """What one has to know to configure it: the key or token that it takes."""

    def __init__(self, port: int = 0) -> None:
        self.lock = threading.RLock()
        self.log: list[Exchange] = []
        self.faults: list[Fault] = []
        self.people: Any = None
        self._shift = timedelta()
        self._frozen: datetime | None = None
        self._map = Map([Rule(path, methods=[method], endpoint=do) for method, path, do in self.routes()])
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
        if request.path.startswith("/_sandbox/"):
            return self._admin(request)
        reply = self.before(request)
        if reply is None:
            try:
                do, parts = self._map.bind("sandbox").match(request.path, request.method)
            except HTTPException:
                reply = self.not_found(request)
            else:
                reply = do(request, **parts)
        return self.after(request, reply)

    def _note(self, request: Request, reply: Reply) -> None:
        if not request.path.startswith("/_sandbox/"):
            self.log.append(Exchange(self.now(), request, reply.status, reply.encoded()[0]))

    def _admin(self, request: Request) -> Reply:
        """Acting as a person, faults and the log, over HTTP."""
        if request.path == "/_sandbox/log":
            seen = [{"method": e.request.method, "path": e.request.path, "status": e.status} for e in self.log]
            return Reply(200, seen)
        asked = request.json() or {}
        if request.path == "/_sandbox/faults":
            reply = Reply(**asked.pop("reply", {"status": 502}))
            self.faults.append(Fault(reply=reply, **asked))
            return Reply(201, {})
        if request.path == "/_sandbox/act" and not str(asked.get("do", "_")).startswith("_"):
            result = getattr(self.people, asked["do"])(**asked.get("with", {}))
            return Reply(200, json.loads(json.dumps({"result": result}, default=str)))
        return Reply(404)


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
