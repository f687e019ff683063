"""The pages of the health endpoint, and the server that bounds whoever asks for them."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from syncd.daemon.pages import Pages
from syncd.daemon.server import CONNECTIONS, LONGEST, MAX_BODY, MAX_HEADER, Server
from syncd.errors import ConfigError, PortBusy
from syncd.health import COUNTS, STATES

PATHS = ("/", "/livez", "/readyz", "/healthz", "/metrics")


class Knows:
    """What the daemon knows, as a test wants it."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.missing: list[str] = []
        self.state = "ok"
        self.broken = False

    def dead(self) -> list[str]:
        return self.held

    def unready(self) -> list[str]:
        return self.missing

    def health(self) -> dict[str, Any]:
        if self.broken:
            raise RuntimeError("an inner secret")
        counts = dict.fromkeys(COUNTS, 3)
        name = "<script>alert(1)</script>"
        each = {name: {"state": self.state, "last_poll": None, **counts}}
        return {"status": "ok", "as_of": None, "connectors": each, **counts}

    def metrics(self) -> bytes:
        return b"syncd_queue 1\n"


@pytest.fixture
def knows() -> Knows:
    return Knows()


@pytest.fixture
def server(knows: Knows) -> Iterator[Server]:
    one = Server(Pages(knows, frozenset({"localhost"})), ("127.0.0.1", 0))
    yield one
    one.close()


def ask(server: Server, path: str, method: str = "GET", **how: Any) -> tuple[int, bytes, dict[str, str]]:
    """One request, as any client makes it."""
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        link.request(method, path, **how)
        answer = link.getresponse()
        return answer.status, answer.read(), {key.lower(): value for key, value in answer.getheaders()}
    finally:
        link.close()


def raw(server: Server, data: bytes) -> bytes:
    """What comes back for these bytes, until the connection is closed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(data)
        return b"".join(iter(lambda: sock.recv(65536), b""))


@pytest.mark.parametrize("path", PATHS)
def test_each_page_is_answered_and_may_not_be_kept(server: Server, path: str) -> None:
    status, body, headers = ask(server, path)
    assert (status, headers["content-length"]) == (200, str(len(body)))
    assert (headers["cache-control"], headers["connection"]) == ("no-store", "close")
    assert "server" not in headers


@pytest.mark.parametrize("path", PATHS)
def test_a_head_is_a_get_without_its_body(server: Server, path: str) -> None:
    _, body, headers = ask(server, path)
    status, nothing, same = ask(server, path, "HEAD")
    assert (status, nothing, same["content-length"]) == (200, b"", str(len(body)))
    assert same["content-type"] == headers["content-type"]


def test_what_is_wrong_is_said_with_503(server: Server, knows: Knows) -> None:
    knows.held, knows.missing = ["poll github doesn't get on"], ["no connector has been read yet"]
    for path, name, reasons in (("/livez", "live", knows.held), ("/readyz", "ready", knows.missing)):
        status, body, _ = ask(server, path)
        assert (status, json.loads(body)) == (503, {name: False, "reasons": reasons})
    assert ask(server, "/healthz")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "NONSENSE"])
def test_nothing_but_reading_is_allowed(server: Server, method: str) -> None:
    body = b"x" * 1000 if method in {"POST", "PUT"} else None
    status, said, headers = ask(server, "/healthz", method, body=body)
    assert (status, said, headers["allow"]) == (405, b"Only GET and HEAD.\n", "GET, HEAD")


@pytest.mark.parametrize("path", ["/nothing", "/livez/", "/livez//", "/../etc/passwd", "/healthz%2f", "*"])
def test_what_is_not_there_is_told_with_what_is(server: Server, path: str) -> None:
    status, said, _ = ask(server, path)
    assert (status, said) == (404, b"There is: / /livez /readyz /healthz /metrics\n")


def test_a_query_changes_nothing(server: Server) -> None:
    assert ask(server, "/livez?verbose&x=%00<script>")[:2] == ask(server, "/livez")[:2]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST.:8787", 200),
        ("127.0.0.1:8787", 200),
        ("192.0.2.7", 200),
        ("[::1]:8787", 200),
        ("[::1]", 200),
        ("", 200),
        ("rebound.example.com", 421),
        ("rebound.example.com:8787", 421),
        ("localhost.example.com", 421),
        ("127.0.0.1.example.com:80", 421),
        ("localhost@example.com", 421),
        (":80", 421),
        ("[", 421),
    ],
)
def test_a_browser_that_was_led_here_by_a_name_gets_nothing(server: Server, host: str, status: int) -> None:
    assert ask(server, "/healthz", headers={"Host": host})[0] == status


def test_where_other_machines_may_ask_any_name_will_do(knows: Knows) -> None:
    server = Server(Pages(knows, None), ("127.0.0.1", 0))
    assert ask(server, "/healthz", headers={"Host": "monitoring.example.com"})[0] == 200
    server.close()


def test_a_defect_is_an_answer_without_its_insides(server: Server, knows: Knows) -> None:
    knows.broken = True
    for path in ("/healthz", "/"):
        status, body, _ = ask(server, path)
        assert (status, body) == (503, b"This can't be told just now.\n")


@pytest.mark.parametrize("state", STATES)
def test_the_page_is_escaped_and_needs_no_script(server: Server, knows: Knows, state: str) -> None:
    knows.state, knows.missing = state, ["<b>reason</b>"]
    status, body, headers = ask(server, "/")
    page = body.decode()
    assert status == 200
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert f"<td>{state}</td>" in page


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * MAX_HEADER + b"\r\n\r\n", b"431"),
        (b"GET /" + b"a" * MAX_HEADER + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"a" * 1_000_000, b"413"),
        (b"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1), b"413"),
        (b"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nxx", b"405"),
        (b"POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", b"405"),
        (b"POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: x\r\n\r\n", b"501"),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET /livez HTTP/1.1\r\nHost localhost\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"400"),
        (b"GET /livez HTTP/1.0\r\n\r\n", b"200"),
    ],
)
def test_an_odd_request_gets_a_short_right_answer(server: Server, request_: bytes, status: bytes) -> None:
    answer = raw(server, request_)
    assert answer.split(b" ", 2)[1] == status
    assert len(answer) < 1000
    assert b"Traceback" not in answer
    assert ask(server, "/livez")[0] == 200


def test_one_connection_is_one_request(server: Server) -> None:
    answer = raw(server, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
    assert answer.count(b"HTTP/1.1 200 OK") == 1


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections may last for little more than a moment."""
    monkeypatch.setattr("syncd.daemon.server.LONGEST", 0.5)


def test_slow_clients_hold_up_nobody_and_are_cut_off(hasty: None, server: Server) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(CONNECTIONS // 2)]
    for sock in slow:
        sock.sendall(b"GET /livez HT")
    assert ask(server, "/livez")[0] == 200
    dripping, cut = slow[0], threading.Event()

    def drip() -> None:
        try:
            while not cut.wait(0.2):
                dripping.sendall(b"x")
        except OSError:
            cut.set()

    threading.Thread(target=drip, daemon=True).start()
    for sock in slow[1:]:
        assert sock.recv(100) == b""  # it was closed, by the limit of the connection
        sock.close()
    assert cut.wait(60)
    dripping.close()
    assert ask(server, "/livez")[0] == 200


def test_so_many_connections_are_not_held_for_long(hasty: None, server: Server) -> None:
    many = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(CONNECTIONS + 20)]
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LONGEST * 8)
    link.request("GET", "/livez")
    assert link.getresponse().status == 200
    for sock in many:
        sock.close()


def test_slow_clients_do_not_hold_up_the_end(knows: Knows) -> None:
    server = Server(Pages(knows, None), ("127.0.0.1", 0))
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(20)]
    for sock in slow:
        sock.sendall(b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    assert ask(server, "/livez")[0] == 200
    server.close()
    assert not server._thread.is_alive()
    for sock in slow:
        with suppress(ConnectionResetError):
            assert sock.recv(100) == b""
        sock.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=30)


def test_whoever_wakes_it_while_it_closes_writes_into_nothing_else(
    knows: Knows, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(Pages(knows, None), ("127.0.0.1", 0))
    wake = server._trigger._physical_pull

    def woken_by_another_too() -> None:
        wake()
        server._thread.join(20)
        wake()

    monkeypatch.setattr(server._trigger, "_physical_pull", woken_by_another_too)
    server.close()
    assert not server._thread.is_alive()


def test_its_threads_are_gone_when_it_is_closed(knows: Knows) -> None:
    before = set(threading.enumerate())
    server = Server(Pages(knows, None), ("127.0.0.1", 0))
    assert ask(server, "/livez")[0] == 200
    server.close()
    until = time.monotonic() + 60
    while set(threading.enumerate()) - before and time.monotonic() < until:
        time.sleep(0.02)
    assert set(threading.enumerate()) - before == set()


def test_a_port_that_is_taken_is_named_with_a_cure(server: Server, knows: Knows) -> None:
    with pytest.raises(PortBusy, match=f"127.0.0.1:{server.port} is in use by another process. .*`listen`"):
        Server(Pages(knows, None), ("127.0.0.1", server.port))


@pytest.mark.parametrize("host", ["192.0.2.1", "a" * 70])
def test_an_address_of_another_machine_is_a_wrong_configuration(knows: Knows, host: str) -> None:
    with pytest.raises(ConfigError, match=r"syncd.toml: listen: nothing can listen on"):
        Server(Pages(knows, None), (host, 0))


def test_it_listens_on_ipv6_too(knows: Knows) -> None:
    server = Server(Pages(knows, frozenset({"localhost"})), ("::1", 0))
    link = http.client.HTTPConnection("::1", server.port, timeout=30)
    link.request("GET", "/livez")
    assert link.getresponse().status == 200
    assert server.url == f"http://[::1]:{server.port}/"
    link.close()
    server.close()
