"""The program itself as a process, over a config folder: what system tests drive.

It gets nothing but the folder and an environment. Whatever it prints is held against the rules of every output: no
control characters, no traceback, no secret, no text of a ticket.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warm import AHEAD, Command, Kettle

from connectors.github.sandbox import TOKEN

CANARY = "KanarienvogelAusDemTicket"
"""Stands in every subject, description and reply; nothing of syncd's may ever show it."""
DESK_KEY = "sandbox-key-4711-geheim"
SECRETS = (DESK_KEY, TOKEN)
STEERING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
SCRIPT = Path(sys.executable).with_name("syncd")


@dataclass(frozen=True)
class Started:
    """A command under way, and where its output goes."""

    args: Sequence[str]
    process: Command | subprocess.Popen[bytes]
    out: Path
    err: Path

    def said(self) -> str:
        """What it has told people by now."""
        return self.out.read_text(encoding="utf-8") + self.err.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Run:
    """What came of one command."""

    args: Sequence[str]
    exit: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output, as a program reads it that asked for ``--json``."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Everything that it told people."""
        return self.out + self.err

    def ended(self, status: int) -> Run:
        """Itself, if it left with this status."""
        assert self.exit == status, f"{self.args} left with {self.exit}:\n{self.said}"
        return self


class Program:
    """See the module.

    Args:
        folder: for the config folder, the state, and nothing else.
        kettle: starts the commands.
    """

    def __init__(self, folder: Path, kettle: Kettle) -> None:
        self.folder, self.config, self.state = folder, folder / "config", folder / "state" / "syncd.db"
        self.kettle = kettle
        self.environ: dict[str, str] = {}
        self.started: list[Started] = []
        self.ahead = 0.0
        """Seconds by which the clock of what is started is ahead of the real one."""

    def write(self, name: str, text: str) -> Path:
        """A file of the config folder."""
        path = self.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def env(self, **more: str) -> dict[str, str]:
        """The environment of a command: the caller's, without what could lead it to another configuration."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SYNCD", "CREDENTIALS_"))}
        ahead = {AHEAD: str(self.ahead)} if self.ahead else {}
        return kept | self.environ | ahead | more

    def start(
        self, *args: str, env: Mapping[str, str] | None = None, cold: bool = False, limit: int = 0, folder: bool = True
    ) -> Started:
        """Begin a command.

        Args:
            args: its arguments; the config folder is added.
            env: more of an environment.
            cold: as the installed script, from Python's start on.
            limit: how large a file of its may grow, in bytes: a disk that is full.
            folder: whether to add the config folder.
        """
        args = (*(("--config", str(self.config)) if folder else ()), *args)
        number = len(self.started)
        out, err = (self.folder.with_name(f"{self.folder.name}-{number}.{name}") for name in ("out", "err"))
        for path in (out, err):
            path.touch()
        environ = self.env(**(env or {}))
        process: Command | subprocess.Popen[bytes]
        if cold:
            with out.open("wb") as to, err.open("wb") as errors:
                process = subprocess.Popen([SCRIPT, *args], env=environ, cwd=self.folder, stdout=to, stderr=errors)
        else:
            process = self.kettle.start(args, environ, self.folder, out, err, limit=limit)
        self.started.append(Started(args, process, out, err))
        return self.started[-1]

    def finish(self, started: Started, timeout: float = 90) -> Run:
        """Wait for its end, and hold what it said against the rules."""
        status = started.process.wait(timeout)
        out, err = (path.read_text(encoding="utf-8") for path in (started.out, started.err))
        run = Run(started.args, status, out, err)
        fit_to_print(run)
        return run

    def run(self, *args: str, **how: Any) -> Run:
        """One command, from beginning to end; see :meth:`start`."""
        return self.finish(self.start(*args, **how))

    def json(self, *args: str) -> Any:
        """The data that a command prints; whatever its exit status, it is whole."""
        return self.run(*args, "--json").data

    def sync(self, *args: str, status: int = 0) -> Run:
        """``syncd reconcile``, which must end with this status."""
        return self.run("reconcile", *args).ended(status)

    def tree(self) -> dict[str, bytes]:
        """Every file below the office's folder with its bytes, and every folder."""
        paths = sorted(self.folder.rglob("*"))
        return {str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else b"" for path in paths}

    def stop(self) -> None:
        """Nothing is left running."""
        for one in self.started:
            if one.process.returncode is None:
                one.process.send_signal(signal.SIGKILL)
                one.process.wait(30)


def fit_to_print(run: Run) -> None:
    """What holds for every output of every command."""
    for line in run.said.split("\n"):
        odd = [char for char in line if unicodedata.category(char) in STEERING]
        assert not odd, f"{run.args} printed {odd!r} in {line!r}"
    assert "Traceback" not in run.said, run.said
    assert run.exit != 70, run.said
    secrets = () if "sandbox" in run.args else SECRETS  # a stand-in tells what it takes: it guards nothing
    for private in (CANARY, *secrets):
        assert private not in run.said, f"{run.args} printed {private}"
    if "--json" in run.args and run.out:
        json.loads(run.out)
