"""What every sink is, and how one fails; whoever sends handles that.

::

    SinkError    a message wasn't, or perhaps wasn't, taken
    +- Unsent    certainly not; it may be taken later
    +- Unknown   nobody knows; it isn't sent again
    +- Off       certainly not, and no other will be until a person acts
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Protocol

import requests

from syncd.errors import Problem
from syncd.http import Session, how_failed, reached_server, wait_asked
from syncd.notify.announcement import Mention

TOTAL = 8.0
"""Seconds for one call: as long as a service that is to stop waits."""
LATER = frozenset({408, 425, 429, 503})
"""Answers that say that nothing was done, and that it may be later."""


class SinkError(Exception):
    """A message was not taken, as far as is known; ``what`` holds no secret and nothing of the message."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Unsent(SinkError):
    """Certainly not; it may be tried again, after ``wait`` seconds if the service has asked for that."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


class Unknown(SinkError):
    """The answer was lost, or says nothing: it may have been taken."""


class Off(SinkError):
    """The service refuses us, whatever we send, until a person acts."""


Mark = Literal["seen", "done"]
"""What a message can be marked with: somebody has it, or it is over."""


class Sayable(Protocol):
    """A message: an alert, an announcement, or a test."""

    @property
    def title(self) -> str:
        """One line."""

    @property
    def lines(self) -> list[str]:
        """What follows the title."""

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """Who is called."""

    def data(self) -> dict[str, Any]:
        """For programs."""


class Notifier(Protocol):
    """A way to reach people. Used by one thread; no call takes longer than about half a minute."""

    def send(self, message: Sayable, thread: str) -> str:
        """Send, with exactly one request; ``thread``: what it belongs to, as an earlier call has named it.

        Returns:
            What later messages about the same may name as their thread; empty if there are none.

        Raises:
            SinkError: it was not taken, or perhaps not.
        """

    def end(self, message: Sayable, thread: str) -> None:
        """Tell that all that was told in a thread is over.

        Raises:
            SinkError: as above.
        """

    def answered(self, thread: str) -> bool:
        """Whether a person has reacted or replied to what was sent; False where this kind of sink can't tell.

        Raises:
            SinkError: it could not be asked.
        """

    def mark(self, thread: str, mark: Mark) -> None:
        """React to what was sent, where this kind of sink can. To do it twice is to do it once.

        Raises:
            SinkError: as above.
        """

    def check(self) -> Iterator[Problem]:
        """Look at the account, without sending anything: every problem with its cure."""

    def close(self) -> None:
        """Release connections."""


class Deaf:
    """A sink that takes messages and tells nothing of what became of them."""

    def answered(self, thread: str) -> bool:
        """See :class:`Notifier`."""
        del thread
        return False

    def mark(self, thread: str, mark: Mark) -> None:
        """See :class:`Notifier`."""


class Caller:
    """One service that takes messages over HTTP: our session under whatever library builds the requests."""

    def __init__(self, url: str, proxy: str | None) -> None:
        self.session = Session(url, total=TOTAL, proxy=proxy)

    def post(self, url: str, data: object, headers: Mapping[str, str]) -> requests.Response:
        """One request, on a connection of its own: one that has been idle for hours may be dead, and nobody knows.

        Raises:
            Unsent, Unknown: there was no answer.
        """
        try:
            return self.session.post(url, data=data, headers=dict(headers))  # type: ignore[arg-type]  # str or bytes
        except requests.RequestException as error:
            kind: Callable[[str], SinkError] = Unknown if reached_server(error) else Unsent
            raise kind(how_failed(error)) from None
        finally:
            self.session.close()


def refuse(status: int, headers: Mapping[str, str], said: str = "") -> None:
    """What an answer that isn't 2xx means.

    Raises:
        SinkError: it isn't.
    """
    if 200 <= status < 300:
        return
    code = said if re.fullmatch(r"[a-z][a-z_]{2,40}", said) else ""
    what = f"it answered {status}" + (f" {code}" if code else "")
    if status in LATER:
        raise Unsent(what, wait_asked(headers) if "retry-after" in {name.lower() for name in headers} else None)
    if status >= 500:
        raise Unknown(what)
    raise Off(what)
