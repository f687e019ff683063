"""E-mail: one plain text per message, handed to a server that takes it for delivery (RFC 6409)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

from syncd.config.notify import MailSink
from syncd.errors import Problem
from syncd.http import how_failed
from syncd.notify.sink import Deaf, Off, Sayable, SinkError, Unknown, Unsent
from syncd.wire import bounded, call

TOTAL = 25.0
"""Seconds for one message: a server may make a stranger wait before it greets."""
STEP = 15.0
"""Seconds for one step of it."""


class _Deadline:
    """A connection that reads nothing without looking at the call's deadline, however slowly a server answers."""

    sock: Any
    file: Any

    def getreply(self) -> tuple[int, bytes]:
        """As smtplib's own."""
        if self.file is None:
            self.file = bounded(self.sock)
        return super().getreply()  # type: ignore[misc,no-any-return]  # smtplib.SMTP comes next


class _Plain(_Deadline, smtplib.SMTP):
    pass


class _Secure(_Deadline, smtplib.SMTP_SSL):
    pass


class MailNotifier(Deaf):
    """See :class:`syncd.notify.sink.Notifier`; a thread is the ``Message-ID`` of its first mail."""

    def __init__(self, name: str, sink: MailSink) -> None:
        self.name, self._sink = name, sink

    def send(self, message: Sayable, thread: str) -> str:
        """See :class:`syncd.notify.sink.Notifier`. What one recipient is refused, the others get."""
        mail = self._mail(message, thread)
        with self._server() as server:
            self._address(server)
            data = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
            try:
                code, _ = server.data(data)
            except smtplib.SMTPDataError as error:  # before the text: the server didn't want it
                raise _refused(error.smtp_code, "the message") from None
            except (OSError, smtplib.SMTPException) as error:
                raise Unknown(how_failed(error)) from None
            if code != 250:
                raise _refused(code, "the message")
        return thread or str(mail["Message-ID"])

    def end(self, message: Sayable, thread: str) -> None:
        """See :class:`syncd.notify.sink.Notifier`."""
        self.send(message, thread)

    def check(self) -> Iterator[Problem]:
        """Whether the server takes the credential, the sender and each recipient; nothing is sent."""
        where = f"notify.{self.name}"
        try:
            with self._server() as server:
                for address, code in self._address(server).items():
                    what = f"the server answers {code} to the recipient {address}"
                    yield Problem(f"syncd.toml: {where}.to", what, "See that the address is right")
        except SinkError as error:
            yield Problem(where, f"mail can't be sent: {error.what}", "See that host, port, tls and user are right")

    def close(self) -> None:
        """See :class:`syncd.notify.sink.Notifier`."""

    def _mail(self, message: Sayable, thread: str) -> EmailMessage:
        sink, mail = self._sink, EmailMessage()
        mail["From"], mail["To"] = sink.sender, ", ".join(sink.to)
        mail["Subject"] = f"syncd: {message.title}"
        mail["Date"] = formatdate(usegmt=True)
        mail["Message-ID"] = make_msgid("syncd", sink.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's machine is to answer, or to make a ticket of it
        if thread:
            mail["In-Reply-To"] = mail["References"] = thread
        called = [f"For: {', '.join(one.name for one in message.mentions)}"] if message.mentions else []
        mail.set_content("\n".join([message.title, "", *called, *message.lines, ""]))
        return mail

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """A server that knows us."""
        sink = self._sink
        with call(TOTAL):
            server: smtplib.SMTP | None = None
            try:
                trust = ssl.create_default_context()
                if sink.security == "tls":
                    server = _Secure(sink.host, sink.port, timeout=STEP, context=trust)
                else:
                    server = _Plain(sink.host, sink.port, timeout=STEP)
                if sink.security == "starttls":
                    server.starttls(context=trust)
                if sink.user is not None and sink.password is not None:
                    server.login(sink.user, sink.password.get_secret_value())
            except (OSError, ValueError, smtplib.SMTPException) as error:
                _hang_up(server)
                raise _failed(error) from None
            try:
                yield server
            finally:
                _hang_up(server)

    def _address(self, server: smtplib.SMTP) -> dict[str, int]:
        """Say from whom and to whom; the recipients that the server refuses, and how it says so.

        Raises:
            SinkError: it refuses the sender, or all of them.
        """
        try:
            server.ehlo_or_helo_if_needed()
            code, _ = server.mail(self._sink.sender)
            if code != 250:
                raise _refused(code, "the sender")
            answers = {address: server.rcpt(address)[0] for address in self._sink.to}
        except (OSError, smtplib.SMTPException) as error:
            raise _failed(error) from None
        refused = {address: code for address, code in answers.items() if code not in {250, 251}}
        if len(refused) == len(self._sink.to):
            raise _refused(min(refused.values()), "every recipient")
        return refused


def _hang_up(server: smtplib.SMTP | None) -> None:
    if server is not None:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _refused(code: int, what: str) -> SinkError:
    """An answer to a step: 4xx may pass by itself, the rest won't (RFC 5321, section 4.2.1)."""
    kind = Unsent if 400 <= code < 500 else Off
    return kind(f"the server answers {code} to {what}")


def _failed(error: Exception) -> SinkError:
    """What went wrong before any text was sent."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _refused(error.smtp_code, "the login" if isinstance(error, smtplib.SMTPAuthenticationError) else "us")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Off("the server doesn't do what is configured: TLS, or a login")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Off(f"the server's certificate can't be trusted: {error.verify_message}")
    return Unsent(how_failed(error))


__all__ = ["MailNotifier"]
