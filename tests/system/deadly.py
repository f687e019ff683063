"""Kills a process at the N-th boundary that it comes to: a statement that writes, the end of a transaction, a request.

``kill -9`` from outside strikes where a process happens to be, which is mostly where it waits. This counts the places
where a death can matter, and strikes at one of them: before a statement that begins, writes or commits, before a
request leaves, and when its answer is there and nothing has been made of it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

VARIABLE = "SYNCD_TEST_DEADLY"
"""Holds the number of the boundary at which to die: ``any 40``, or ``write 7`` where they are counted only from the
moment on at which something is about to be written to a service."""
WRITING = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE")


class Boundaries:
    """Counts; at ``deadly`` the process is gone."""

    def __init__(self, deadly: str) -> None:
        kind, _, number = deadly.partition(" ")
        self._counts, self._deadly, self._met, self._lock = kind == "any", int(number), 0, threading.Lock()

    def meet(self, *, writes: bool) -> None:
        """One more. ``writes``: it has to do with a write to a service."""
        with self._lock:
            self._counts |= writes
            self._met += self._counts
            if self._met == self._deadly:
                os.kill(os.getpid(), signal.SIGKILL)
                threading.Event().wait()  # the signal may take a moment; nothing may happen in it


def arm(deadly: str) -> None:
    """From now on this process dies at that boundary."""
    from requests import PreparedRequest
    from sqlite_utils import Database

    from syncd.http import Session

    boundaries = Boundaries(deadly)
    execute: Callable[..., Any] = Database.execute
    send: Callable[..., Any] = Session.send

    def executed(self: Database, sql: str, *args: Any, **kwargs: Any) -> Any:
        if sql.lstrip().upper().startswith(WRITING):
            boundaries.meet(writes="INTO effects" in sql)
        return execute(self, sql, *args, **kwargs)

    def sent(self: Session, request: PreparedRequest, **kwargs: Any) -> Any:
        boundaries.meet(writes=request.method in {"POST", "PUT", "PATCH"})
        answer = send(self, request, **kwargs)
        boundaries.meet(writes=False)
        return answer

    Database.execute = executed  # type: ignore[method-assign]
    Session.send = sent  # type: ignore[method-assign]
