"""A command's side of the control socket."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from syncd import __version__
from syncd.control.protocol import LINE, REQUEST, Lines, TooMuch, encode
from syncd.control.stopping import stopping
from syncd.errors import StateBusy
from syncd.store import noted

PATIENCE = 30.0
"""Seconds until the service must have said that it begins."""
Answer = dict[str, Any] | None
"""A line of the service's; None when it says no more."""


class Shown(Protocol):
    """Where what the service says is shown."""

    def output(self, text: str, *, err: bool) -> None:
        """Text that is fit to print as it is."""

    def say(self, line: str) -> None:
        """A wait or a failure, as it happens."""

    def progress(self, what: str, done: int, total: float | None) -> None:
        """As :class:`syncd.work.Work` tells it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command wants of the service.

    Attributes:
        state: the state that it means.
        digest: of the config folder that it means.
        verb: what is to be done, and ``told`` with which arguments.
    """

    state: Path
    digest: str
    verb: str
    told: Mapping[str, Any]

    def line(self) -> bytes:
        """As it is sent.

        Raises:
            StateBusy: it is longer than the service takes.
        """
        line = encode(
            version=__version__, state=str(self.state), digest=self.digest, verb=self.verb, told=dict(self.told)
        )
        if len(line) > REQUEST:
            cure = "Name fewer items in one command, or stop the service for it"
            raise StateBusy(f"That is more than the running service takes at once. {cure}")
        return line


def ask(asked: Asked, shown: Shown) -> int | None:
    """Let the running service do it; its exit status, or None if no service runs on this state.

    Raises:
        StateBusy: it runs, and can't be asked.
        KeyboardInterrupt: the person in front of it doesn't want to wait for its end.
    """
    sock = _connect(asked.state)
    if sock is None:
        return None
    with sock:
        line = asked.line()
        with suppress(OSError):  # it may have refused, and closed, before it has heard everything
            sock.sendall(line)
        lines: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        threading.Thread(target=_hear, args=(sock, lines), daemon=True).start()
        with stopping(partial(_ask_to_stop, sock)):
            return _show(lines, shown)


def _connect(state: Path) -> socket.socket | None:
    try:
        path = str(json.loads(noted(state))["control"])
    except (ValueError, TypeError, KeyError):
        return None
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(PATIENCE)
    try:
        sock.connect(path)
    except (FileNotFoundError, ConnectionRefusedError):  # it has ended, or was killed
        sock.close()
        return None
    except OSError as error:
        sock.close()
        cure = "Run the command as the account that the service runs as, or as root"
        raise StateBusy(f"the service can't be asked at {path} ({error.strerror}). {cure}") from error
    return sock


def _hear(sock: socket.socket, lines: queue.SimpleQueue[Answer]) -> None:
    """Take in what the service says as fast as it comes: whoever reads our own output may be slower."""
    heard, began = Lines(LINE), False
    with suppress(OSError, ValueError, TooMuch):
        while data := sock.recv(65536):
            for one in heard.feed(data):
                lines.put(one)
                if not began:
                    began = True
                    sock.settimeout(None)
    lines.put(None)


def _show(lines: queue.SimpleQueue[Answer], shown: Shown) -> int | None:
    """Until it is done; None if that service works on another state."""
    began = False
    while (one := lines.get()) is not None:
        began = True
        if "exit" in one:
            return int(one["exit"])
        if "elsewhere" in one:
            shown.say(f"The service that runs here works on {one['elsewhere']}; this command works on its own state")
            return None
        if "refused" in one:
            status, why = one["refused"]
            shown.output(f"syncd: {why}\n", err=True)
            return int(status)
        if "say" in one:
            shown.say(one["say"])
        elif "progress" in one:
            shown.progress(*one["progress"])
        for kind in one.keys() & {"out", "err"}:
            shown.output(one[kind], err=kind == "err")
    if not began:
        raise StateBusy("The service didn't answer. Look at its log, and run the command again")
    shown.output("syncd: the service ended before this was done. What was done is kept; run it again\n", err=True)
    return 130


def _ask_to_stop(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.sendall(encode(stop=True))
