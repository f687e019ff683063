"""Runs commands of syncd as processes of their own, without importing everything anew for each.

A server process imports the program once and forks for every command: each has its own memory, descriptors, signals
and end, and only Python's start is saved. What depends on that start is run cold, as the installed script.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import deadly
import time_machine

AHEAD = "SYNCD_TEST_AHEAD"
"""In an environment: by how many seconds the command's clock is ahead, so that a test need not wait for days."""
VERBS = ("brake", "check", "explain", "links", "pause", "queue", "reconcile", "resume", "run", "sandbox", "status")
PRELOADED = (
    *(f"syncd.cli.verbs.{verb}" for verb in VERBS),
    "connectors.freshdesk.connector",
    "connectors.github.connector",
    "connectors.jira.connector",
    "connectors.zendesk.connector",
)


class Kettle:
    """The server, as a test session sees it."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def start(
        self, args: Sequence[str], env: Mapping[str, str], folder: Path, out: Path, err: Path, *, limit: int = 0
    ) -> Command:
        """Begin a command whose output goes to files; ``limit``: bytes that a file of its may have at most."""
        order = {"args": args, "env": dict(env), "cwd": str(folder), "out": str(out), "err": str(err), "limit": limit}
        return Command(self, self.ask(order, 60)["pid"])

    def ask(self, order: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """One order, one answer."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with self._one_at_a_time:
            self._server.stdin.write(json.dumps(order).encode() + b"\n")
            ready, _, _ = select.select([self._server.stdout], [], [], seconds)
            if not ready:
                raise TimeoutError(f"no answer within {seconds} s to {order}")
            answer: dict[str, Any] = json.loads(self._server.stdout.readline())
            return answer

    def close(self) -> None:
        """End the server and whatever it started."""
        self._server.communicate()


@dataclass
class Command:
    """A command under way; as much of ``subprocess.Popen`` as is needed."""

    kettle: Kettle
    pid: int
    returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Its exit status; negative if a signal ended it."""
        until = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > until:
                raise TimeoutError(f"still running after {timeout} s")
            time.sleep(0.01)
        return status

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""
        if self.returncode is None:
            self.returncode = self.kettle.ask({"look": self.pid}, 30)["exit"]
        return self.returncode


def serve() -> None:
    """Take orders, a line each, until there are no more."""
    for name in PRELOADED:
        import_module(name)
    alive: set[int] = set()
    for line in sys.stdin.buffer:
        order = json.loads(line)
        answer: dict[str, int | None]
        if "look" in order:
            pid, status = os.waitpid(order["look"], os.WNOHANG)
            alive.discard(pid)
            answer = {"exit": os.waitstatus_to_exitcode(status) if pid else None}
        else:
            pid = os.fork() or _become(order)
            alive.add(pid)
            answer = {"pid": pid}
        os.write(1, json.dumps(answer).encode() + b"\n")
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


def _become(order: Mapping[str, Any]) -> int:
    """In the fork: be the command, and end as it does."""
    from syncd.cli import main

    status: object = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, key in ((1, "out"), (2, "err")):
            os.dup2(os.open(order[key], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.environ.clear()
        os.environ.update(order["env"])
        os.chdir(order["cwd"])
        if order["limit"]:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if AHEAD in order["env"]:
            time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(order["env"][AHEAD]))).start()
        if deadly.VARIABLE in order["env"]:
            deadly.arm(order["env"][deadly.VARIABLE])
        sys.argv = ["syncd", *order["args"]]
        main()
    except SystemExit as end:
        status = end.code
    finally:
        sys.stdout.flush()
        os._exit(status if isinstance(status, int) else 0 if status is None else 1)


if __name__ == "__main__":
    serve()
