"""A webhook of any service: the message as JSON, by POST."""

from __future__ import annotations

import json
from collections.abc import Iterator

from syncd.config.notify import WebhookSink
from syncd.errors import Problem
from syncd.notify.reach import unreachable
from syncd.notify.sink import Caller, Deaf, Sayable, refuse

JSON = "application/json"


class WebhookNotifier(Deaf):
    """See :class:`syncd.notify.sink.Notifier`. It knows no threads; each message says which alerts it is about."""

    def __init__(self, name: str, sink: WebhookSink) -> None:
        self.name, self._sink = name, sink
        self._url = sink.url.get_secret_value()
        self._caller = Caller(self._url, sink.proxy)

    def send(self, message: Sayable, thread: str) -> str:
        """See :class:`syncd.notify.sink.Notifier`."""
        del thread
        token = self._sink.token
        headers = {"Content-Type": JSON} | (
            {"Authorization": f"Bearer {token.get_secret_value()}"} if token is not None else {}
        )
        answer = self._caller.post(self._url, json.dumps(message.data()).encode(), headers)
        refuse(answer.status_code, answer.headers)
        return ""

    def end(self, message: Sayable, thread: str) -> None:
        """See :class:`syncd.notify.sink.Notifier`."""
        self.send(message, thread)

    def check(self) -> Iterator[Problem]:
        """Whether its host has a name; nothing can be asked of it without sending something."""
        yield from unreachable(self.name, self._url, self._sink.proxy)

    def close(self) -> None:
        """See :class:`syncd.notify.sink.Notifier`."""
        self._caller.session.close()
