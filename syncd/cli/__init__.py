"""The command line: every verb, and what its exit status means; see :mod:`syncd.cli.ends`."""

from __future__ import annotations

import io
import signal
import sys

from syncd.cli.app import app
from syncd.cli.ends import EXITS, ended
from syncd.cli.show import clean


def main() -> None:
    """Run the command line and leave with its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a letter is no reason to fall over
            stream.reconfigure(errors="backslashreplace")
    status = call(sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done and told: a Ctrl-C from here on can't undo how it ended
    sys.exit(status)


def call(args: list[str]) -> int:
    """Run one command."""
    return ended(lambda: app.main(args, prog_name="syncd", standalone_mode=False))


__all__ = ["EXITS", "call", "clean", "main"]
