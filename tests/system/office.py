"""A support office for system tests: two stand-ins, a config folder, and the program itself as a process.

The stand-ins serve from threads of the test, so that a test can open their books and stop their clocks; the program
gets nothing but the config folder. Whatever it prints is held against the rules of every output: no control
characters, no traceback, no secret, no text of a ticket.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warm import Command, Kettle

from connectors.freshdesk.sandbox import FreshdeskSandbox
from connectors.github.sandbox import TOKEN, GitHubSandbox

REPOSITORY = "acme/infrastructure"
OPEN, PENDING, RESOLVED, CLOSED = 2, 3, 4, 5
CANARY = "KanarienvogelAusDemTicket"
"""Stands in every subject, description and reply; nothing of syncd's may ever show it."""
DESK_KEY = "sandbox-key-4711-geheim"
SECRETS = (DESK_KEY, TOKEN)
STEERING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
MARKER = re.compile(r"syncd:v1:[0-9A-Z]{26}:[0-9a-f]{20}")
LISTEN = 'listen = "127.0.0.1:0"\n'
"""Any free port: many offices are open at once."""
FORM = "### The Freshdesk ticket link\n\n{links}\n\n### Ticket impact\n\nmedium\n"


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


class Office:
    """See the module.

    Args:
        folder: for the config folder, the state, and nothing else.
        kettle: starts the commands.
        sync: lines of ``[sync]``.
        main: lines of ``syncd.toml``.
        settle: how long a note whose answer was lost is waited for.
    """

    def __init__(self, folder: Path, kettle: Kettle, *, sync: str = "", main: str = "", settle: str = "1s") -> None:
        self.folder, self.config, self.state = folder, folder / "config", folder / "state" / "syncd.db"
        self.kettle = kettle
        self.freshdesk = FreshdeskSandbox(key=DESK_KEY).start()
        self.github = GitHubSandbox().start()
        self.desk, self.hub = self.freshdesk.people, self.github.people
        self.hub.make_repo(REPOSITORY)
        self.settle = settle
        self.environ = {"SYNCD_TEST_DESK": DESK_KEY, "SYNCD_TEST_HUB": TOKEN}
        self.started: list[Started] = []
        self.write("syncd.toml", f'state = "{self.state}"\n{"" if "listen" in main else LISTEN}{main}')
        self.write_desk(sync=sync)
        self.write_hub()

    # --- the config folder ---

    def write(self, name: str, text: str) -> Path:
        """A file of the config folder."""
        path = self.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def write_desk(self, *, url: str = "", sync: str = "", more: str = "") -> None:
        """The helpdesk's file."""
        url = url or self.freshdesk.url
        head = f'connector = "freshdesk"\nurl = "{url}"\napi_key = "env:SYNCD_TEST_DESK"\nsettle = "{self.settle}"\n'
        self.write("connectors/freshdesk.toml", f"{head}{more}\n[sync]\n{sync}\n")

    def write_hub(self, *repositories: str, url: str = "", more: str = "") -> None:
        """The tracker's file."""
        url = url or self.github.url
        head = f'connector = "github"\nurl = "{url}"\ntoken = "env:SYNCD_TEST_HUB"\nsettle = "{self.settle}"\n{more}\n'
        names = repositories or (REPOSITORY,)
        self.write("connectors/github.toml", head + "".join(f'[[repositories]]\nname = "{one}"\n' for one in names))

    # --- people ---

    def ticket(self, text: str = "help") -> int:
        """A customer writes."""
        return self.desk.make_ticket(f"{CANARY} {text}", f"<div>{CANARY} {text}</div>")

    def pending(self, text: str = "help") -> int:
        """A customer wrote, and the ticket is pending already."""
        number = self.ticket(text)
        self.desk.set_status(number, PENDING)
        return number

    def issue(self, *tickets: int, title: str = "An issue", association: str = "MEMBER", by: str = "dev") -> str:
        """An agent files an issue from the form, naming tickets; its key."""
        links = "\n".join(self.ticket_url(number) for number in tickets)
        body = FORM.format(links=links)
        return self.hub.make_issue(REPOSITORY, title, body, association=association, by=by)

    def ticket_url(self, number: int) -> str:
        """The address that agents paste."""
        return f"{self.freshdesk.url}/a/tickets/{number}"

    def issue_url(self, key: str) -> str:
        """The address that engineers paste."""
        return f"{self.github.url}/{key.replace('#', '/issues/')}"

    def later(self, seconds: float = 600) -> None:
        """Time passes at both services."""
        self.freshdesk.advance(seconds)
        self.github.advance(seconds)

    # --- the program ---

    def env(self, **more: str) -> dict[str, str]:
        """The environment of a command: the caller's, without what could lead it to another configuration."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SYNCD", "CREDENTIALS_"))}
        return kept | self.environ | more

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

    # --- the books ---

    def status(self, number: int) -> int:
        """A ticket's status code."""
        code = self.freshdesk.books.tickets[number].row["status"]
        assert isinstance(code, int)
        return code

    def notes(self, number: int) -> list[str]:
        """What syncd left on a ticket, oldest first."""
        return [said["body"] for said in self.freshdesk.books.tickets[number].talk if MARKER.search(said["body"])]

    def comments(self, key: str) -> list[str]:
        """What syncd left on an issue, oldest first."""
        return [body for _, body in self.hub.comments(key) if MARKER.search(body)]

    def writes(self) -> int:
        """How many writes reached either service; a query or a new token is none."""
        logs = (*self.freshdesk.log, *self.github.log)
        nothing = ("graphql", "access_tokens")
        return sum(one.request.method != "GET" and not one.request.path.endswith(nothing) for one in logs)

    def calls(self) -> int:
        """How many calls reached either service."""
        return len(self.freshdesk.log) + len(self.github.log)

    def tree(self) -> dict[str, bytes]:
        """Every file below the office's folder with its bytes, and every folder."""
        paths = sorted(self.folder.rglob("*"))
        return {str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else b"" for path in paths}

    def close(self) -> None:
        """Go home: nothing is left running, and nothing private was left where it doesn't belong."""
        for one in self.started:
            if one.process.returncode is None:
                one.process.send_signal(signal.SIGKILL)
                one.process.wait(30)
        self.freshdesk.stop()
        self.github.stop()
        self.audit()

    def audit(self) -> None:
        """What must hold whatever happened: no marker twice, no ticket's text in the state or at the tracker."""
        talks = [said["body"] for ticket in self.freshdesk.books.tickets.values() for said in ticket.talk]
        bodies = [body for key in self.hub.issues() for body in self.comments(key)]
        found = Counter(marker for text in (*talks, *bodies) for marker in MARKER.findall(text))
        assert [marker for marker, count in found.items() if count > 1] == []
        for exchange in self.github.log:
            assert CANARY.encode() not in exchange.request.body
            assert CANARY not in exchange.request.path
        for path in self.state.parent.glob("*"):
            if not path.is_file():
                continue
            assert CANARY.encode() not in path.read_bytes(), path
            assert not any(secret.encode() in path.read_bytes() for secret in SECRETS), path


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
