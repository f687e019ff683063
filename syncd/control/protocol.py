"""What a command and the service say to each other: JSON objects, one a line, over a Unix socket.

The command sends one request: ``{"version", "state", "digest", "verb", "told"}``. The service answers with one of
``{"began": true}``, ``{"refused": [exit status, why]}`` and ``{"elsewhere": its state}``; after the first of them with
any number of ``{"out": text}``, ``{"err": text}``, ``{"say": line}`` and ``{"progress": [what, done, total]}``, and at
last ``{"exit": status}``. ``{"stop": true}`` from the command, or its end, stops what it asked for between two steps.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

REQUEST = 8 * 1024 * 1024
"""Bytes of a request at most: a plan of some ten thousand groups."""
LINE = 1024 * 1024
"""Bytes of a line of an answer at most."""
PIECE = 64 * 1024
"""Characters of output in one line of an answer; at worst a character becomes twelve bytes."""
LONGEST_PATH = 107
"""Bytes that the path of a Unix socket may have (unix(7))."""


class TooMuch(Exception):  # no error of syncd's: whoever sends this is no syncd
    """More than a line may hold."""


def place(state: Path, environ: Mapping[str, str] | None = None) -> Path:
    """Where the service listens: in the folder that systemd made for it, else beside the state."""
    folder = (os.environ if environ is None else environ).get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder) / "control.sock" if folder else state.with_name(state.name + ".sock")


def encode(**what: Any) -> bytes:
    """One line."""
    return json.dumps(what, separators=(",", ":")).encode() + b"\n"


def pieces(text: str) -> Iterator[str]:
    """Output in parts that fit into a line each."""
    for start in range(0, len(text), PIECE):
        yield text[start : start + PIECE]


class Lines:
    """Bytes as they arrive become objects.

    Args:
        most: bytes that a line may have.
    """

    def __init__(self, most: int) -> None:
        self._most, self._rest = most, b""

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The objects that are whole by now.

        Raises:
            TooMuch: a line is too long.
            ValueError: a line is no JSON object.
        """
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > self._most or any(len(line) > self._most for line in whole):
            raise TooMuch
        found = [json.loads(line) for line in whole]
        if not all(isinstance(one, dict) for one in found):
            raise ValueError("not an object")
        return found
