"""Turns: how threads share the feed of one connector.

A cursor has one reader at a time. A walk may take hours, so it takes a turn for each page, and polls get in between;
but two walks of one connector would only undo each other's cursor, so the second waits for the end of the first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from syncd.clock import Clock
from syncd.errors import Interrupted

SLICE = 0.25
"""Seconds after which whoever waits looks whether it is to stop."""


class Turns:
    """A lock that is had in the order in which it was asked for; a plain one may starve those who wait."""

    def __init__(self) -> None:
        self._line: deque[object] = deque()
        self._moved = Condition()

    @property
    def taken(self) -> bool:
        """Whether somebody has it."""
        return bool(self._line)

    @contextmanager
    def turn(self, clock: Clock) -> Iterator[None]:
        """Have it for a while.

        Raises:
            Interrupted: stopped while waiting.
        """
        me = object()
        with self._moved:
            self._line.append(me)
        try:
            with self._moved:
                while self._line[0] is not me:
                    self._moved.wait(SLICE)
                    if clock.sleep(0):
                        raise Interrupted("stopped while waiting for a turn")
            yield
        finally:
            with self._moved:
                self._line.remove(me)
                self._moved.notify_all()


class Feed:
    """The turns at one connector's feed: ``pages``, and whole ``walks``."""

    def __init__(self) -> None:
        self.pages, self.walks = Turns(), Turns()
