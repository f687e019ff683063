"""A handbook's process, walked through step by step: the program over a helpdesk, a tracker and chats of a kind.

The clocks of the stand-ins and of every command that is started go together, so that a story can last for weeks, and
the shipped playbook holds as it is shipped, delays included.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from program import CANARY, Program, Run
from test_system_run import events, serving, until
from warm import Kettle

from bench.systems import System
from tests.notify.slack_stand_in import CHANNEL, TOKEN, Slack

MARKER = re.compile(r"syncd:v1:[0-9A-Z]{26}:[0-9a-f]{20}")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
POLLED = 'poll_interval = "20s"'
"""Seldom: Zendesk gives out few exports a minute, and the walk that ends a service's time would wait for the next."""
SINK = """
[notify.{name}]
kind = "slack"
token = "env:SYNCD_TEST_SLACK"
channel = "{channel}"
api_url = "{api}"
audience = "{audience}"
on = ["brake"]
"""


class Walk(Program):
    """A team with a helpdesk, a tracker and chats.

    Args:
        folder: for the config folder, the state, and nothing else.
        kettle: starts the commands.
        desk: the helpdesk's kind.
        tracker: the tracker's kind.
        chats: names of sinks -> who can read there.
    """

    def __init__(self, folder: Path, kettle: Kettle, desk: str, tracker: str, chats: dict[str, str]) -> None:
        super().__init__(folder, kettle)
        self.desk, self.tracker = System(desk), System(tracker)
        self._open = ExitStack()
        self.chats = {name: self._open.enter_context(Slack()) for name in chats}
        sinks = (
            SINK.format(name=name, channel=CHANNEL, api=self.chats[name].api, audience=audience)
            for name, audience in chats.items()
        )
        self.write("syncd.toml", f'state = "{self.state}"\nlisten = "127.0.0.1:0"\n{"".join(sinks)}')
        self.environ = {**self.desk.secrets, **self.tracker.secrets, "SYNCD_TEST_SLACK": TOKEN}
        self.write(f"connectors/{tracker}.toml", self.tracker.toml(POLLED))

    def works_by(self, sync: str) -> None:
        """The helpdesk's own file: ``sync`` are the lines of ``[sync]``."""
        self.write(f"connectors/{self.desk.name}.toml", self.desk.toml(POLLED, sync))

    # --- time ---

    def later(self, seconds: float = 2 * MINUTE) -> None:
        """Time passes, everywhere."""
        for one in (self.desk.stand_in, self.tracker.stand_in, *self.chats.values()):
            with one.lock:
                one.advance(seconds)
        self.ahead += seconds

    def until(self, weekday: int, hour: int) -> None:
        """Time passes until it is that hour (UTC) of that day of the week; Monday is 0."""
        now = self.desk.stand_in.now()
        wanted = now.replace(hour=hour, minute=0, second=0) + timedelta(days=(weekday - now.weekday()) % 7)
        self.later((wanted + timedelta(days=7 if wanted <= now else 0) - now).total_seconds())

    def go(self, times: int = 2) -> None:
        """``syncd reconcile`` from time to time, as a timer does it, until everything is done that was due."""
        for _ in range(times):
            self.run("reconcile").ended(0)
            self.later()
        self.run("reconcile").ended(0)
        self.later()

    def serve(self, what: Callable[[], bool]) -> None:
        """The service runs until something is so, and a walk through everything longer."""
        with serving(self, self.start("run")) as started:
            until(lambda: bool(events(started, "started")), started)
            until(what, started)
            self.run("reconcile").ended(0)

    # --- what the program tells ---

    def status(self) -> dict[str, Any]:
        """``syncd status --json``."""
        found: dict[str, Any] = self.json("status")
        return found

    def late(self) -> set[tuple[str, str]]:
        """What is late, and which ticket's."""
        return {(row["alert"], row["ticket"]) for row in self.status()["overdue"]}

    def explain(self, *args: str) -> Run:
        """``syncd explain``."""
        return self.run("explain", *args)

    def close(self) -> None:
        """Nothing is left running, and nothing that a customer wrote is in the state."""
        self.stop()
        self._open.close()
        self.desk.close()
        self.tracker.close()
        for path in self.state.parent.glob("*"):
            assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
