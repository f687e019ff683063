"""Mail as a sink: what arrives, how it is protected, and what each refusal means; over a real mail server."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from syncd.notify import Off, Unknown, Unsent, mail, open_sink
from syncd.notify.words import Message
from tests.notify.announced import CANARY, Announced, announce
from tests.notify.receivers import Watched, sink

USER, PASSWORD = "syncd", "postgeheimnis-4711"
ON = "syncd: desk: the brake is on, and nothing more is written"


class Post:
    """A mail server's books, and the answers that a test wants of it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.answers: dict[str, str] = {}
        self.logins: list[bool] = []

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  # aiosmtpd's
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  # aiosmtpd's
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's
        answer = self.answers.get("data", "250 OK")
        if answer.startswith("250") or self.answers.get("keep"):
            found = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(found, EmailMessage)
            self.mails.append(found)
            self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        return answer

    def login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = data == LoginPassword(USER.encode(), PASSWORD.encode())
        self.logins.append(right)
        return AuthResult(success=right, handled=right)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@contextmanager
def server(post: Post, certificate: Path, tls: str) -> Iterator[int]:
    """A mail server on this machine; its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    how: dict[str, Any] = {"authenticator": post.login, "auth_require_tls": tls == "starttls"}
    if tls == "starttls":
        how |= {"tls_context": context, "require_starttls": True}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    one = Controller(post, hostname="127.0.0.1", port=port, ssl_context=context if tls == "tls" else None, **how)
    one.start()
    try:
        yield port
    finally:
        one.stop()


def to(port: int, **keys: Any) -> Any:
    common = {"kind": "mail", "host": "localhost", "port": port, "from": "syncd@example.com"}
    return sink(**(common | {"to": ["on-call@example.com"], "user": USER, "password": PASSWORD} | keys))


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def port(post: Post, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that wants STARTTLS and a login, and whose certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with server(post, certificate, "starttls") as number:
        yield number


def test_an_incident_is_a_mail_and_its_end_an_answer_to_it(post: Post, port: int) -> None:
    watched = Watched(to(port))
    watched.brake()
    watched.turns(120)
    watched.start()
    watched.release()
    watched.turns(120)
    first, second = post.mails
    assert post.envelopes == [("syncd@example.com", ["on-call@example.com"])] * 2
    assert (first["Subject"], second["Subject"]) == (ON, "syncd: desk: the brake is released")
    assert first.get_content_type() == "text/plain"
    assert "more than 20 tickets would have changed" in first.get_content()
    assert "`syncd brake release desk`" in first.get_content()
    assert (first["Auto-Submitted"], first["In-Reply-To"]) == ("auto-generated", None)
    assert second["References"] == second["In-Reply-To"] == first["Message-ID"]
    assert post.logins == [True, True]


def test_an_announcement_by_mail_names_who_is_meant_and_a_restart_doubles_none(post: Post, port: int) -> None:
    table = announce({"to": [{"sink": "dev", "mention": "oncall"}]}, mentions={"oncall": "S0ONCALL01"})
    office = Announced({"dev": to(port)}, table)
    ticket, issue = office.file()
    office.turns(120)
    office.start()
    office.turns(120)
    (mail,) = post.mails
    assert mail["Subject"] == f"syncd: TRACKER-{issue.number} was filed for ticket DESK-{ticket.number}"
    assert "For: oncall" in mail.get_content()
    assert office.pair.url(issue) in mail.get_content()
    assert "S0ONCALL01" not in mail.get_content()
    assert CANARY not in mail.as_string()


@pytest.mark.parametrize("code", ["451 later", "550 no"])
def test_a_mail_that_was_refused_goes_out_once_it_is_taken(post: Post, port: int, code: str) -> None:
    office = Announced({"dev": to(port)}, announce({}))
    post.answers["data"] = code
    office.file()
    office.turns(120)
    assert post.mails == []
    post.answers.clear()
    office.start()
    office.turns(1800)
    assert len(post.mails) == 1
    assert office.states() == ["sent"]


@pytest.mark.parametrize("tls", ["tls", "none"])
def test_the_other_ways_of_protection(post: Post, certificate: Path, monkeypatch: pytest.MonkeyPatch, tls: str) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with server(post, certificate, tls) as port:
        open_sink("team", to(port, tls=tls)).send(Message("2026-01-05T09:00:00Z"), "")
    assert post.mails[0]["Subject"] == "syncd: this is a test, and nothing needs a person"


def test_a_certificate_that_is_not_trusted_is_refused_before_the_login(
    post: Post, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Off, match="certificate can't be trusted"):
        open_sink("team", to(port)).send(Message("now"), "")
    assert (post.logins, post.mails) == ([], [])


def test_a_server_without_tls_is_refused_before_the_login(post: Post, certificate: Path) -> None:
    with server(post, certificate, "none") as port, pytest.raises(Off, match="doesn't do what is configured"):
        open_sink("team", to(port)).send(Message("now"), "")
    assert (post.logins, post.mails) == ([], [])


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("mail", "451 later", Unsent),
        ("mail", "550 no", Off),
        ("on-call@example.com", "450 greylisted", Unsent),
        ("on-call@example.com", "550 nobody of that name", Off),
        ("data", "452 no room", Unsent),
        ("data", "554 no", Off),
    ],
)
def test_what_each_refusal_means(post: Post, port: int, step: str, answer: str, kind: type[Exception]) -> None:
    post.answers[step] = answer
    with pytest.raises(kind) as caught:
        open_sink("team", to(port)).send(Message("now"), "")
    assert post.mails == []
    assert "nobody of that name" not in str(caught.value)


def test_a_wrong_password_is_off_and_never_shown(post: Post, port: int) -> None:
    watched = Watched(to(port, password="falsches-geheimnis"))
    watched.brake()
    watched.turn()
    tries = len(post.logins)
    watched.turns(7200)
    assert (set(post.logins), len(post.logins)) == ({False}, tries)
    assert watched.row().state == "off"
    rows = [list(table.rows) for table in watched.store._db.tables]
    assert "falsches-geheimnis" not in repr(watched.logged) + repr(rows) + repr(watched.to)


def test_one_recipient_that_is_refused_does_not_keep_it_from_the_others(post: Post, port: int) -> None:
    post.answers["gone@example.com"] = "550 no"
    open_sink("team", to(port, to=["gone@example.com", "on-call@example.com"])).send(Message("now"), "")
    assert post.envelopes == [("syncd@example.com", ["on-call@example.com"])]


def test_a_server_that_is_down_is_told_later(post: Post, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with server(post, certificate, "starttls") as port:
        pass
    watched = Watched(to(port))
    watched.brake()
    watched.turns(60)
    assert (watched.row().state, watched.row().waiting) == ("failing", 1)
    with server(post, certificate, "starttls") as again:
        watched.to = to(again)
        watched.start()
        watched.turn()
    assert [one["Subject"] for one in post.mails] == [ON]


# --- servers that break off ---


@contextmanager
def broken(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that says what a test wants, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                link, _ = listening.accept()
            except OSError:
                return
            with link:
                try:
                    talk(link)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.close()
        thread.join(10)


def _takes_and_hangs_up(link: socket.socket) -> None:
    link.sendall(b"220 hello\r\n")
    lines = link.makefile("rb")
    for answer in (b"250 mx\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"):
        lines.readline()
        link.sendall(answer)
    while lines.readline() != b".\r\n":
        pass


def test_a_mail_whose_answer_was_lost_is_not_sent_again() -> None:
    with broken(_takes_and_hangs_up) as port:
        watched = Watched(to(port, tls="none", host="127.0.0.1", user=None, password=None))
        watched.brake()
        watched.turns(7200)
        assert (watched.row().state, watched.row().waiting) == ("failing", 0)


def _drips(link: socket.socket) -> None:
    for _ in range(400):
        link.sendall(b"2")
        time.sleep(0.05)


def test_a_server_that_drips_holds_nobody_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TOTAL", 0.5)
    with broken(_drips) as port, pytest.raises(Unsent):
        open_sink("team", to(port, tls="none", host="127.0.0.1", user=None, password=None)).send(Message("now"), "")


def test_check_sends_nothing_and_names_who_is_refused(post: Post, port: int) -> None:
    assert list(open_sink("team", to(port)).check()) == []
    post.answers["gone@example.com"] = "550 no"
    (found,) = open_sink("team", to(port, to=["gone@example.com", "on-call@example.com"])).check()
    assert str(found).startswith("syncd.toml: notify.team.to: the server answers 550 to the recipient gone@example.com")
    (found,) = open_sink("team", to(port, password="falsch")).check()
    assert "mail can't be sent: the server answers 535 to the login" in str(found)
    assert post.mails == []


def test_unknown_is_what_no_answer_to_a_text_is() -> None:
    with broken(_takes_and_hangs_up) as port, pytest.raises(Unknown):
        open_sink("team", to(port, tls="none", host="127.0.0.1", user=None, password=None)).send(Message("now"), "")
