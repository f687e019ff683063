from __future__ import annotations

import gzip
import ipaddress
import json
import select
import socket
import ssl
import struct
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import vcr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from syncd import wire
from syncd.clock import ManualClock
from syncd.connector import installed, load
from syncd.errors import ConnectorError
from syncd.http import (
    MAX_BODY,
    BodyTooLarge,
    ForeignOrigin,
    Session,
    how_failed,
    next_page,
    reached_server,
    until,
    wait_asked,
    well_formed,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-Id: 1\r\n\r\nok"
SOON = 0.4
"""A total deadline that a test can wait for, and the slack that a busy machine may need on top."""
SLACK = 10.0
PROXY_VARIABLES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy")


class Server:
    """A TCP server that says exactly what a test wants said; keeps every request it got."""

    def __init__(self, answer: Callable[[Any], bool], tls: ssl.SSLContext | None = None) -> None:
        self._answer, self._tls = answer, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{'localhost' if tls else '127.0.0.1'}:{self.port}"
        self.requests: list[bytes] = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: Any) -> None:
        with suppress(OSError), sock:
            sock.settimeout(60)
            if not self._tls:
                self._talk(sock)
                return
            with self._tls.wrap_socket(sock, server_side=True) as secure:
                self._talk(secure)

    def _talk(self, sock: Any) -> None:
        while request := _request(sock):
            self.requests.append(request)
            if not self._answer(_Asked(sock, request)):
                return

    def close(self) -> None:
        self._listener.close()


class _Asked:
    """A socket, and what was asked on it."""

    def __init__(self, sock: Any, asked: bytes) -> None:
        self._sock, self.asked = sock, asked

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def _request(sock: Any) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and not data.startswith(b"\x16"):  # which would be a TLS hello
        piece = sock.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(answer: Callable[[Any], bool] | bytes, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    say = answer if callable(answer) else lambda sock: sock.sendall(answer) is None
    server = Server(say, tls)
    try:
        yield server
    finally:
        server.close()


def then_close(*pieces: bytes, pause: float = 0) -> Callable[[Any], bool]:
    """Say so much, then close."""

    def answer(sock: Any) -> bool:
        for piece in pieces:
            sock.sendall(piece)
            time.sleep(pause)
        return False

    return answer


def endless(first: bytes, piece: bytes, pause: float = 0) -> Callable[[Any], bool]:
    def answer(sock: Any) -> bool:
        sock.sendall(first)
        while True:
            sock.sendall(piece)
            time.sleep(pause)

    return answer


def reset(sock: Any) -> None:
    """Make the close of this socket an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def post(url: str, **how: Any) -> requests.Response:
    with Session(url, **how) as session:
        return session.post(f"{url}/x", data=b"{}")


def fails(url: str, kind: type[Exception] = requests.RequestException, **how: Any) -> Exception:
    with pytest.raises(kind) as caught:
        post(url, **how)
    assert isinstance(caught.value, requests.RequestException)
    return caught.value


# --- what goes well ---


def test_a_call_gives_the_answer_and_is_counted() -> None:
    with serving(OK) as server, Session(server.url) as session:
        answer = session.get(server.url + "/a", params={"q": "1"})
        assert (answer.status_code, answer.content, answer.text) == (200, b"ok", "ok")
        session.post(server.url + "/b", json={"a": 1})
        assert session.calls == {"GET": 1, "POST": 1}
        first, second = server.requests
        assert first.startswith(b"GET /a?q=1 HTTP/1.1\r\n")
        assert b"user-agent: syncd/" in first.lower()
        assert json.loads(second.partition(b"\r\n\r\n")[2]) == {"a": 1}


def test_a_connection_is_used_again() -> None:
    with serving(OK) as server, Session(server.url) as session:
        for _ in range(5):
            session.get(server.url)
        assert (server.connections, len(server.requests)) == (1, 5)


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_without_a_fuss() -> None:
    with serving(then_close(OK)) as server, Session(server.url) as session:
        for _ in range(3):
            assert session.post(server.url, data=b"x").ok
            time.sleep(0.05)
        assert (server.connections, len(server.requests)) == (3, 3)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b"abcde", mtime=0),
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde",
        b"HTTP/1.0 200 OK\r\n\r\nabcde",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
    ],
    ids=["chunked", "gzip", "until the end", "HTTP 1.0", "continue first"],
)
def test_every_legal_way_to_send_a_body_is_read(answer: bytes) -> None:
    with serving(then_close(answer)) as server:
        assert post(server.url).content == b"abcde"


def test_an_answer_without_a_body_is_one() -> None:
    with serving(b"HTTP/1.1 204 No Content\r\n\r\n") as server, Session(server.url) as session:
        assert session.delete(server.url).content == b""
        assert session.delete(server.url).status_code == 204
        assert server.connections == 1


# --- what must not hang ---


@pytest.mark.trap("freshdesk", 5)
@pytest.mark.parametrize(
    "answer",
    [
        endless(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.02),
        endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.02),
        endless(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x", 0.02),
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.02),
        endless(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n\x1f\x8b", b"\x08", 0.02),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
        endless(b"", b"", 0.02),
        endless(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", b"", 0.02),
        endless(b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 9999\r\n\r\n", b"x", 0.02),
    ],
    ids=["header", "headers", "body", "chunks", "gzip", "continue", "silence", "half a body", "redirect"],
)
def test_a_server_that_drips_or_falls_silent_is_left_in_time(answer: Callable[[Any], bool]) -> None:
    with serving(answer) as server:
        begun = time.monotonic()
        error = fails(server.url, requests.ReadTimeout, total=SOON)
        assert SOON * 0.9 <= time.monotonic() - begun < SOON + SLACK
        assert reached_server(error)
        assert how_failed(error) == "no answer in time"


def test_a_server_that_never_reads_is_left_in_time() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with listener, Session(url, total=SOON) as session:
        begun = time.monotonic()
        with pytest.raises(requests.RequestException) as caught:
            session.post(url, data=b"x" * 50_000_000)
        assert time.monotonic() - begun < SOON + SLACK
        assert reached_server(caught.value)


# --- what must not flood ---


BOMB = gzip.compress(bytes(64 * 1024 * 1024), 1)
CLOSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: %s\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        then_close(CLOSE % b"gzip", BOMB),
        then_close(CLOSE % b"gzip, gzip", gzip.compress(BOMB)),
        then_close(b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Encoding: gzip\r\n\r\n", BOMB),
        endless(b"HTTP/1.1 200 OK\r\n\r\n", bytes(1024 * 1024)),
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + bytes(0x10000) + b"\r\n"),
    ],
    ids=["bomb", "bomb in a bomb", "redirected bomb", "endless", "endless chunks"],
)
def test_a_body_without_end_is_cut_and_takes_little_memory(answer: Callable[[Any], bool]) -> None:
    with serving(answer) as server:
        tracemalloc.start()
        try:
            error = fails(server.url, BodyTooLarge)
            assert tracemalloc.get_traced_memory()[1] < 50 * 1024 * 1024
        finally:
            tracemalloc.stop()
        assert reached_server(error)


def test_the_largest_body_that_is_allowed_is_read() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    with serving(head % MAX_BODY + bytes(MAX_BODY)) as server:
        assert len(post(server.url).content) == MAX_BODY
    with serving(head % (MAX_BODY + 1) + bytes(MAX_BODY + 1)) as server:
        assert how_failed(fails(server.url, BodyTooLarge)) == "the answer is larger than any should be"


@pytest.mark.parametrize(
    "answer",
    [
        endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        endless(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 9999),
        endless(b"", b"HTTP/1.1 100 Continue\r\n" + b"X: y\r\n" * 200),
    ],
)
def test_headers_without_end_are_cut(answer: Callable[[Any], bool]) -> None:
    with serving(answer) as server:
        assert reached_server(fails(server.url))


# --- what breaks ---


@pytest.mark.parametrize("abrupt", [True, False], ids=["reset", "closed"])
def test_an_answer_cut_anywhere_is_an_error_that_may_have_done_something(abrupt: bool) -> None:
    cuts = iter(range(len(OK)))

    def answer(sock: Any) -> bool:
        sock.sendall(OK[: next(cuts)])
        if abrupt:
            reset(sock)
        return False

    with serving(answer) as server, Session(server.url) as session:
        for _ in range(len(OK)):
            with pytest.raises(requests.RequestException) as caught:
                session.post(server.url, data=b"{}")
            assert reached_server(caught.value)
            assert how_failed(caught.value) == "the connection broke off"
        assert len(server.requests) == len(OK), "each was sent once"


def test_a_connection_that_breaks_under_the_second_request_is_not_tried_again() -> None:
    answers = iter([True, False])

    def answer(sock: Any) -> bool:
        go_on = next(answers)
        if go_on:
            sock.sendall(OK)
        else:
            reset(sock)
        return go_on

    with serving(answer) as server, Session(server.url) as session:
        session.post(server.url, data=b"1")
        with pytest.raises(requests.ConnectionError) as caught:
            session.post(server.url, data=b"2")
        assert reached_server(caught.value)
        assert (server.connections, len(server.requests)) == (1, 2)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nthis is no gzip",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_an_answer_that_is_none_is_an_error_that_may_have_done_something(answer: bytes) -> None:
    with serving(then_close(answer)) as server:
        assert reached_server(fails(server.url))


def test_a_body_longer_than_it_said_ends_where_it_said_and_spoils_no_later_answer() -> None:
    with serving(OK + b"HTTP/1.1 500 Smuggled\r\nContent-Length: 0\r\n\r\n") as server, Session(server.url) as session:
        for _ in range(3):
            answer = session.get(server.url)
            assert (answer.status_code, answer.content) == (200, b"ok")


# --- what never got there ---


def test_a_refused_connection_has_done_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    error = fails(url)
    assert not reached_server(error)
    assert how_failed(error) == "the machine there refuses the connection"


def test_a_name_that_does_not_resolve_has_done_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    error = fails("http://nowhere.example")
    assert not reached_server(error)
    assert how_failed(error) == "no machine of that name is known"


@pytest.fixture
def black_hole() -> Iterator[tuple[str, int]]:
    """An address that never answers a knock: its queue of connections is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)  # noqa: FBT003  # its only way to say it
            with suppress(BlockingIOError):
                sock.connect(listener.getsockname())
        yield listener.getsockname()
        for sock in waiting:
            sock.close()


def test_all_addresses_of_a_name_together_get_one_time_out(
    black_hole: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = (socket.AF_INET, socket.SOCK_STREAM, 0, "", black_hole)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [found] * 50)
    monkeypatch.setattr(wire, "CONNECT_SECONDS", SOON)
    begun = time.monotonic()
    error = fails("http://many.example", requests.ConnectTimeout)
    assert SOON * 0.9 <= time.monotonic() - begun < SOON + SLACK
    assert not reached_server(error)


def test_an_address_that_refuses_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()
    with serving(OK) as server:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", one) for one in (closed, ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert post("http://two.example").ok


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.InvalidURL("x"),
        requests.exceptions.MissingSchema("x"),
        requests.exceptions.InvalidHeader("x"),
        requests.ConnectTimeout("x"),
        ForeignOrigin("x"),
    ],
)
def test_what_is_refused_before_it_is_sent_has_done_nothing(error: Exception) -> None:
    assert not reached_server(error)
    wrapped = RuntimeError("a library's own")
    wrapped.__cause__ = error
    assert not reached_server(wrapped)


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.SSLError("handshake or lost answer, who knows"),
        requests.ConnectionError("x"),
        requests.ReadTimeout("x"),
        requests.exceptions.JSONDecodeError("x", "", 0),
        ValueError("x"),
        OSError("x"),
    ],
)
def test_what_can_not_be_told_may_have_done_something(error: Exception) -> None:
    assert reached_server(error)


def test_a_chain_of_errors_that_bites_its_tail_ends() -> None:
    one, two = ValueError("1"), ValueError("2")
    one.__cause__, two.__cause__ = two, one
    assert reached_server(one)


# --- what must not be led astray ---


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    with serving(OK) as other:
        head = f"HTTP/1.1 {status} Moved\r\nLocation: {other.url}/y\r\nContent-Length: 4\r\n\r\nmove"
        with serving(head.encode()) as server, Session(server.url) as session:
            session.auth = ("me", "kanarienvogel")
            for verb in ("GET", "POST", "HEAD"):
                if verb == "HEAD":
                    continue
                answer = session.request(verb, server.url, allow_redirects=True)
                assert (answer.status_code, answer.content) == (status, b"move")
                assert answer.next is None
            assert session.calls.total() == len(server.requests) == 2
        assert other.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://127.0.0.2:{port}/",
        "http://localhost:{port}/",
        "https://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@evil.example/",
        "http://evil.example/?127.0.0.1:{port}",
        "http://127.0.0.1:{port}.evil.example/",
        "http://127.0.0.1/",
    ],
)
def test_another_origin_is_not_called(url: str) -> None:
    with serving(OK) as server, Session(server.url) as session:
        with pytest.raises(requests.RequestException) as caught:
            session.get(url.format(port=server.port))
        assert not reached_server(caught.value)
        assert session.calls.total() == server.connections == 0


@pytest.mark.parametrize(
    ("origin", "url"),
    [
        ("https://API.example", "https://api.example:443/x"),
        ("http://[::1]:80/base", "http://[::1]/x"),
        ("https://api.example/api/v3", "https://api.example/other?q"),
    ],
)
def test_the_same_origin_may_be_written_differently(origin: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "as far as we need to get")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with Session(origin) as session, pytest.raises(requests.ConnectionError, match="resolve"):
        session.get(url)


def test_the_environment_lends_neither_proxy_nor_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password kanarienvogel\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(OK) as proxy, serving(OK) as server, Session(server.url) as session:
        for name in PROXY_VARIABLES:
            monkeypatch.setenv(name, proxy.url)
        session.proxies = {"http": proxy.url}
        session.get(server.url)
        session.get(server.url, proxies={"http": proxy.url})
        assert proxy.connections == 0
        assert not any(b"authorization" in request.lower() for request in server.requests)


def test_a_cookie_is_not_sent_back() -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nContent-Length: 0\r\n\r\n"
    with serving(answer) as server, Session(server.url) as session:
        session.get(server.url)
        session.get(server.url)
        assert not any(b"cookie" in request.lower() for request in server.requests)


# --- TLS ---


class Authority:
    """A certificate authority for one test."""

    def __init__(self, folder: Path) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's authority")])
        self.folder = folder
        made = self._builder(self.name, self.key, timedelta(days=1)).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.file = folder / "ca.pem"
        self.file.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, key: Any, ends: timedelta) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + ends)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )

    def server(self, *names: str, ends: timedelta = timedelta(days=1)) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [
            x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
        ]
        made = self._builder(x509.Name([]), key, ends).add_extension(
            x509.SubjectAlternativeName(alternatives), critical=True
        )
        path = self.folder / "server.pem"
        path.write_bytes(
            made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_a_certificate_that_is_trusted_is_called(authority: Authority) -> None:
    with serving(OK, authority.server("localhost")) as server, Session(server.url, ca=str(authority.file)) as session:
        assert session.get(server.url).content == session.get(server.url).content == b"ok"
        assert server.connections == 1


def test_the_environment_lends_no_proxy_to_https(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(OK, authority.server("localhost")) as server, serving(OK) as proxy:
        for name in PROXY_VARIABLES:
            monkeypatch.setenv(name, proxy.url)
        with Session(server.url, ca=str(authority.file)) as session:
            session.proxies = {"https": proxy.url}
            assert session.get(server.url, proxies={"https": proxy.url}).content == b"ok"
        assert proxy.connections == 0


@pytest.mark.parametrize("case", ["untrusted", "wrong host", "expired", "not yet trusted by the environment"])
def test_a_certificate_that_is_not_good_is_never_talked_to(
    authority: Authority, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = authority.server(
        "elsewhere.example" if case == "wrong host" else "localhost",
        ends=timedelta(days=-1) if case == "expired" else timedelta(days=1),
    )
    ca: str | None = str(authority.file)
    if case == "untrusted":
        ca = None
    elif case.startswith("not yet"):
        ca = None
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
        monkeypatch.setenv("CURL_CA_BUNDLE", str(authority.file))
    with serving(OK, context) as server, Session(server.url, ca=ca) as session:
        session.verify = False
        for verify in (None, False):
            with pytest.raises(requests.exceptions.SSLError) as caught:
                session.post(server.url, data=b"kanarienvogel", verify=verify)
            assert not reached_server(caught.value)
            assert how_failed(caught.value) == "the TLS certificate was not accepted"
        assert server.requests == []


@pytest.mark.parametrize("cut", [0, 20, len(OK) - 1])
def test_an_answer_lost_under_tls_may_have_done_something(authority: Authority, cut: int) -> None:
    def answer(sock: Any) -> bool:
        sock.sendall(OK[:cut])
        reset(sock)
        return False  # without TLS's own good-bye, as a connection that breaks

    with serving(answer, authority.server("localhost")) as server:
        assert reached_server(fails(server.url, ca=str(authority.file)))
        assert len(server.requests) == 1


def test_a_drip_under_tls_is_left_in_time(authority: Authority) -> None:
    drip = endless(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x", 0.02)
    with serving(drip, authority.server("localhost")) as server:
        begun = time.monotonic()
        assert reached_server(fails(server.url, requests.ReadTimeout, total=SOON, ca=str(authority.file)))
        assert time.monotonic() - begun < SOON + SLACK


def test_a_handshake_that_drips_is_left_in_time_and_has_done_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CONNECT_SECONDS", SOON)
    hello = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + bytes(9000)

    def answer(sock: Any) -> None:
        for index in range(len(hello)):
            sock.sendall(hello[index : index + 1])
            time.sleep(0.02)

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError), listener.accept()[0] as sock:
                answer(sock)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        begun = time.monotonic()
        error = fails(f"https://localhost:{listener.getsockname()[1]}")
        assert time.monotonic() - begun < SOON + SLACK
        assert not reached_server(error)
        thread.join()


def test_plain_text_where_tls_is_expected_has_done_nothing() -> None:
    with serving(then_close(OK)) as server:
        assert not reached_server(fails(server.url.replace("http:", "https:")))


# --- a proxy ---


def passed_on(sock: Any) -> bool:
    """What a proxy does after CONNECT: nothing but to pass bytes on, both ways, until one side is done."""
    _, target, _ = sock.asked.split(b" ", 2)
    host, _, port = target.decode().rpartition(":")
    with socket.create_connection((host, int(port))) as there:
        sock.sendall(b"HTTP/1.1 200 through\r\nVia: 1.1 a-proxy\r\n\r\n")
        ends = [sock, there]
        while True:
            for one in select.select(ends, [], [], 5)[0]:
                data = one.recv(65536)
                if not data:
                    return False
                ends[one is sock].sendall(data)


def through(proxy: Server, server: Server, authority: Authority, **how: Any) -> requests.Response:
    with Session(server.url, ca=str(authority.file), proxy=proxy.url, **how) as session:
        return session.post(f"{server.url}/x", data=b"kanarienvogel", auth=("kanarienvogel", "kanarienvogel"))


def not_through(answer: Callable[[Any], bool] | bytes, authority: Authority, **how: Any) -> Exception:
    """How it fails if a proxy answers so; the server was never reached, and that is known."""
    with serving(OK, authority.server("localhost")) as server, serving(answer) as proxy:
        with pytest.raises(requests.RequestException) as caught:
            through(proxy, server, authority, **how)
        assert not reached_server(caught.value)
        assert server.connections == 0
    return caught.value


def test_a_proxy_passes_https_on_and_sees_nothing_but_the_server_s_name(authority: Authority) -> None:
    with serving(OK, authority.server("localhost")) as server, serving(passed_on) as proxy:
        with Session(server.url, ca=str(authority.file), proxy=proxy.url) as session:
            for _ in range(2):
                assert session.get(server.url, auth=("kanarienvogel", "x")).content == b"ok"
        assert [request.split(b"\r\n")[0] for request in proxy.requests] == [
            b"CONNECT localhost:%d HTTP/1.%d" % (server.port, sys.version_info >= (3, 12))
        ]
        assert b"uthorization" not in proxy.requests[0]
        assert len(server.requests) == 2
        assert server.connections == 1


def test_plain_http_stays_on_this_machine_and_needs_no_proxy() -> None:
    with serving(OK) as server, serving(OK) as proxy, Session(server.url, proxy=proxy.url) as session:
        assert session.get(server.url).content == b"ok"
        assert proxy.connections == 0
        assert server.requests[0].startswith(b"GET / ")


def test_a_proxy_that_poses_as_the_server_is_told_nothing(authority: Authority) -> None:
    with (
        serving(OK, authority.server("elsewhere.example")) as server,
        serving(passed_on) as proxy,
        pytest.raises(requests.exceptions.SSLError) as caught,
    ):
        through(proxy, server, authority)
    assert not reached_server(caught.value)
    assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        then_close(),
        then_close(b"HTTP/1.1 200 thro"),
        then_close(b"HTTP/1.1 200 through\r\n"),
    ],
)
def test_a_proxy_that_lets_nothing_through_has_done_nothing(
    authority: Authority, answer: Callable[[Any], bool] | bytes
) -> None:
    not_through(answer, authority)


def test_a_proxy_that_is_not_there_has_done_nothing(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    with serving(OK, authority.server("localhost")) as server, Session(server.url, proxy=url) as session:
        with pytest.raises(requests.exceptions.ProxyError) as caught:
            session.post(server.url)
        assert not reached_server(caught.value)
        assert server.connections == 0


@pytest.mark.parametrize(
    "answer",
    [
        lambda sock: sock.recv(1) == b"never",  # until we hang up
        endless(b"HTTP/1.1 200 through\r\n", b"X-Y: z\r\n", 0.02),
        endless(b"HTTP/1.1 ", b"2", 0.02),
    ],
)
def test_a_proxy_that_drips_or_falls_silent_is_left_in_time(
    authority: Authority, answer: Callable[[Any], bool]
) -> None:
    begun = time.monotonic()
    not_through(answer, authority, total=SOON)
    assert time.monotonic() - begun < SOON + SLACK


def test_an_answer_lost_on_the_way_through_a_proxy_may_have_done_something(authority: Authority) -> None:
    with serving(then_close(OK[:20]), authority.server("localhost")) as server, serving(passed_on) as proxy:
        with pytest.raises(requests.RequestException) as caught:
            through(proxy, server, authority)
        assert reached_server(caught.value)
        assert len(server.requests) == 1


CREDENTIALS = {
    "freshdesk": ("api_key",),
    "github": ("token",),
    "jira": ("email", "api_token"),
    "jsm": ("email", "api_token"),
    "zendesk": ("client_id", "client_secret"),
}
GIVEN = {"repositories": [{"name": "o/r"}], "projects": ["ENG"], "email": "syncd@example.com", "client_id": "syncd"}


@pytest.mark.parametrize("kind", sorted(installed()))
def test_every_connector_calls_through_the_proxy_of_its_file(kind: str, authority: Authority) -> None:
    made = load(kind)
    with serving(OK, authority.server("localhost")) as server, serving(passed_on) as proxy:
        wanted: dict[str, Any] = {"connector": kind, "url": server.url, "proxy": proxy.url}
        for name, field in made.Options.model_fields.items():
            if (field.is_required() or name in CREDENTIALS[kind]) and name not in wanted:
                wanted[name] = GIVEN.get(name, SecretStr("x"))
        connector = made("x", made.Options.model_validate(wanted), ManualClock())
        with suppress(ConnectorError):  # no machine trusts this server's certificate
            connector.check()
        connector.close()
        assert proxy.requests[0].startswith(b"CONNECT localhost:%d " % server.port)
        assert server.connections == proxy.connections


# --- how long to wait ---

DATE = "Tue, 20 Jan 2026 10:00:00 GMT"
NOW = datetime(2026, 1, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30),
        ("30.5", 30.5),
        (" 30 ", 30),
        ("0", 1),
        ("-5", 1),
        ("86400", 3600),
        ("9" * 30, 3600),
        ("Tue, 20 Jan 2026 10:00:45 GMT", 45),
        ("Tuesday, 20-Jan-26 10:00:45 GMT", 45),
        ("Tue Jan 20 10:00:45 2026", 45),
        ("Tue, 20 Jan 2026 12:00:45 +0200", 45),
        ("Tue, 20 Jan 2026 09:00:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("2026-01-20T10:01:00Z", 60),
        ("2026-01-20T10:05Z", 300),
        ("2026-01-20T10:01:00", 60),
        (str(int(NOW.timestamp()) + 90), 90),
        (str((int(NOW.timestamp()) + 90) * 1000), 90),
        (str(int(NOW.timestamp()) - 90), 1),
        ("", 60),
        ("soon", 60),
        ("nan", 60),
        ("inf", 60),
        ("1e3", 60),
        ("1_000", 60),
        ("0x10", 60),
        ("\u0663\u0660", 60),
        ("30, 60", 60),
        ("Tue, 99 Jan 2026 10:00:45 GMT", 60),
        ("2026-13-01T00:00:00Z", 60),
    ],
)
def test_retry_after_in_all_its_forms(said: str, seconds: float) -> None:
    for name in ("Retry-After", "retry-after", "RETRY-AFTER"):
        assert wait_asked({name: said, "date": DATE}) == seconds


def test_no_header_means_the_default() -> None:
    assert wait_asked({}) == 60
    assert wait_asked({}, default=7) == 7


def test_a_point_in_time_is_read_against_our_clock_only_where_the_answer_has_none() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 95 < wait_asked({"Retry-After": soon}) <= 100
    assert 95 < wait_asked({"Retry-After": soon, "Date": "garbage"}) <= 100
    assert wait_asked({"Retry-After": soon, "Date": soon}) == 1


def test_other_headers_are_asked_in_the_order_given() -> None:
    names = ("Retry-After", "X-RateLimit-Reset", "RateLimit-Reset")
    epoch = str(int(NOW.timestamp()) + 120)
    assert wait_asked({"x-ratelimit-reset": epoch, "Date": DATE}, names=names) == 120
    assert wait_asked({"x-ratelimit-reset": epoch, "Date": DATE, "retry-after": "5"}, names=names) == 5
    assert wait_asked({"ratelimit-reset": "17", "retry-after": "soon"}, names=names) == 17
    assert wait_asked({"x-ratelimit-reset": "2026-01-20T10:01Z", "Date": DATE}, names=names) == 60


def test_until_tells_the_past_and_nothing_apart() -> None:
    assert until("Tue, 20 Jan 2026 09:59:00 GMT", {"Date": DATE}) == -60
    assert until("whenever", {"Date": DATE}) is None


# --- cassettes ---


def test_a_recorder_sees_what_this_session_does(tmp_path: Path) -> None:
    cassette = str(tmp_path / "one.yaml")
    with serving(OK) as server:
        with vcr.use_cassette(cassette), Session(server.url) as session:
            assert session.get(server.url).content == b"ok"
        assert len(server.requests) == 1
        with vcr.use_cassette(cassette, record_mode="none"), Session(server.url) as session:
            assert session.get(server.url).content == b"ok"
        assert len(server.requests) == 1


def test_half_a_surrogate_pair_is_made_a_character_that_can_be_kept() -> None:
    found = json.loads('{"a\\ud800": ["x\\udfff", {"b": "\\ud83e\\udde8", "c": 1, "d": null}]}')
    assert well_formed(found) == {"a\ufffd": ["x\ufffd", {"b": "\U0001f9e8", "c": 1, "d": None}]}


# --- the next page ---


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ("", ""),
        ('<https://x/?page=2>; rel="next"', "https://x/?page=2"),
        ("<https://x/?page=2>;rel=next", "https://x/?page=2"),
        ("<https://x/?page=2>; REL='NEXT'", "https://x/?page=2"),
        ('<https://x/?page=2>; rel="prefetch next"', "https://x/?page=2"),
        ('<https://x/?a=1,2;3>; title="rel=next, <b>"; rel="prev", <?page=3> ; rel = "next"', "?page=3"),
        ('<https://x/?page=2>; title="a=b"; rel="next"; type', "https://x/?page=2"),
        ('<https://x/>; rel="last"', ""),
        ('<https://x/>; rel="nextish"', ""),
        ('<https://x/>; rel="prev"; rel="next"', ""),  # the first counts (RFC 8288, section 3.3)
        ("https://x/; rel=next", ""),
        ("<https://x/", ""),
        ("<>; rel=next", ""),
    ],
)
def test_the_next_page_is_read_from_a_header(header: str, url: str) -> None:
    assert next_page({"LINK": header}) == url


@given(st.text())
def test_no_header_breaks_the_reading_of_the_next_page(header: str) -> None:
    assert isinstance(next_page({"Link": header}), str)
