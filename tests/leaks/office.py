"""An office of one team on stand-ins: the real connectors over HTTP, sinks that take messages, people, and mishaps."""

from __future__ import annotations

import io
import os
import random
import re
import socket
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiosmtpd.controller import Controller

from connectors.freshdesk.sandbox import FreshdeskSandbox
from connectors.github.sandbox import GitHubSandbox
from connectors.jira.sandbox import JiraSandbox
from syncd.cli import call
from syncd.clock import ManualClock
from syncd.config import load
from syncd.daemon.lane import Shared
from syncd.daemon.metrics import Metrics
from syncd.errors import ConnectorError
from syncd.filing import uses
from syncd.health import intervals, look
from syncd.ingest.poll import poll
from syncd.jobs.backfill import backfill
from syncd.late import what_is_late
from syncd.model import Audience
from syncd.notify import Announcer, Outlet, Teller, begin, open_sink
from syncd.store import Store
from syncd.sync.reconcile import drain
from syncd.testing import Fault, Reply, Request
from syncd.work import Work
from tests.leaks.private import canary
from tests.leaks.teams import FIELD, REPOSITORIES, Team, toml
from tests.leaks.watch import Place, Watch, attend, freshdesk_place, github_place
from tests.notify.receivers import Receiver
from tests.notify.slack_stand_in import Slack

ORDER = ("github", "jira", "open", "freshdesk")
_WRITES = "POST|PUT|PATCH"
MAIN = """
state = "{state}"
marker_key = "env:LEAKS_KEY"
[brake]
max_changes = 1000000
max_messages = 1000000
[notify.hook]
kind = "webhook"
url = "env:LEAKS_HOOK"
audience = "public"
[notify.inner]
kind = "webhook"
url = "env:LEAKS_INNER"
audience = "private"
[notify.chat]
kind = "slack"
url = "env:LEAKS_SLACK"
[notify.post]
kind = "mail"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "syncd@example.com"
to = ["all@example.com"]
"""


def _webhook(name: str, _request: Request) -> Place:
    """Where a sink's message goes, whatever it is."""
    return Place("webhook", name)


class Post:
    """A mail server that takes whatever comes."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's
        raw = envelope.content
        self.watch.look(Place("mail"), "mail", raw, public=True)
        return "250 OK"


class Office:
    """See the module.

    Args:
        folder: for configuration and state.
        team: whose.
        seed: of mishaps and visibilities.
        calm: nothing goes wrong, and nothing changes who can read where.
    """

    def __init__(self, folder: Path, team: Team, seed: int, *, calm: bool = False) -> None:
        self.folder, self.team, self.calm = folder, team, calm
        self.chance = random.Random(seed)  # noqa: S311  # a test's chance is to be repeatable
        self.clock, self.watch = ManualClock(), Watch()
        self.desk, self.hub = FreshdeskSandbox().start(), GitHubSandbox().start()
        self.site = JiraSandbox().start()
        self.receivers = {name: Receiver().start() for name in ("hook", "inner")}
        self.slack = Slack().start()
        self.slack.tight = False
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.mail = Controller(Post(self.watch), hostname="127.0.0.1", port=self.port)
        self.mail.start()
        self.stand_ins = (self.desk, self.hub, self.site)
        for one in (*self.stand_ins, self.slack):
            one.freeze(self.clock.now())
        self.desk.books.bump_after_create = False
        self.hub.limit, self.hub.content_per_minute = 10**9, None
        self.metrics = Metrics()
        self._furnish()
        self._attend()
        self._configure()

    # --- the beginning ---

    def _furnish(self) -> None:
        for name, private in REPOSITORIES.items():
            self.hub.people.make_repo(name, private=private)
        for public in (False, True):
            fields: dict[str, tuple[str, ...]] = {"Note": (), FIELD: ("1", "2")}
            self.hub.people.make_board("acme", fields, public=public)
        for key in ("BUG", "OPEN"):
            self.site.people.make_project(key)
        self.site.people.add_options(self.site.people.add_field(FIELD, "select"), "1", "2")
        for name in ("Words", "Kind"):
            self.site.people.add_field(name)

    def _attend(self) -> None:
        attend(self.desk, self.watch, freshdesk_place, lambda where: where.ticket > 0)
        attend(self.hub, self.watch, github_place, self._public, self._mischief)
        attend(self.site, self.watch, self._project, lambda where: where.name != "BUG")
        for name, one in self.receivers.items():
            attend(one, self.watch, partial(_webhook, name), lambda where: where.name == "hook")
        attend(self.slack, self.watch, lambda _request: Place("Slack"), lambda _where: True)

    def _configure(self) -> None:
        self.state = self.folder / "syncd.db"
        (self.folder / "connectors").mkdir(parents=True)
        files = {"syncd.toml": MAIN.format(state=self.state, port=self.port)}
        common = 'settle = "1s"\n'
        files["connectors/freshdesk.toml"] = (
            f'connector = "freshdesk"\nurl = "{self.desk.url}"\napi_key = "env:LEAKS_DESK"\n{common}'
            + toml(self.team.sync, "sync")
        )
        places = "".join(f'[[repositories]]\nname = "{name}"\n' for name in REPOSITORIES)
        files["connectors/github.toml"] = (
            f'connector = "github"\nurl = "{self.hub.url}"\ntoken = "env:LEAKS_HUB"\n{common}{places}'
        )
        for name, key, audience in (("jira", "BUG", "private"), ("open", "OPEN", "public")):
            files[f"connectors/{name}.toml"] = (
                f'connector = "jira"\nurl = "{self.site.base}"\nweb_url = "{self.site.site}"\nprojects = ["{key}"]\n'
                f'email = "syncd@example.com"\napi_token = "env:LEAKS_SITE"\naudience = "{audience}"\n{common}'
            )
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        os.environ |= {
            "LEAKS_KEY": "a marker key for tests only, and a long one at that",
            "LEAKS_DESK": self.desk.key,
            "LEAKS_HUB": "test-token",
            "LEAKS_SITE": "sandbox-token",
            "LEAKS_HOOK": self.receivers["hook"].hook,
            "LEAKS_INNER": self.receivers["inner"].hook,
            "LEAKS_SLACK": self.slack.hook,
        }
        self.config = load(self.folder)
        seen: dict[str, Audience | None] = dict.fromkeys(self.team.places.values(), Audience.PRIVATE)
        for use in uses(self.config.helpdesks["freshdesk"].playbook, seen):
            for name in REPOSITORIES:
                if use.draft.labels:
                    self.hub.people.make_label(name, *use.draft.labels)
        self.open()
        with suppress(ConnectorError):
            backfill(self.work, list(ORDER))

    def open(self) -> None:
        """The service starts."""
        self.store = Store.open(self.state)
        self.store.recover(self.clock.now())
        config = self.config
        made = {name: one.connect(self.clock) for name, one in {**config.helpdesks, **config.trackers}.items()}
        made["github"].write_interval = 0.0  # type: ignore[attr-defined]  # GitHub's alone: nobody waits here
        log = self._log()
        shared: Any = SimpleNamespace(log=log, told={}, alerted={}, clock=self.clock)
        self.work = Work(
            self.store,
            self.clock,
            made,
            config.helpdesks,
            config.trackers,
            config.marker_key or b"",
            config.brake,
            say=lambda line: self._said("told", what=line),
            wrote=lambda step, outcome: Shared._wrote(shared, step, outcome),
            parked=lambda group, reason: Shared._parked(shared, group, reason),
            counted=self.metrics.wrote,
        )
        begin(self.store, config.notify, self.clock.now())
        how: dict[str, Any] = {"clock": self.clock, "log": log}
        self.lanes: list[Callable[[], None]] = []
        for name, sink in config.notify.items():
            outlet = Outlet(name, open_sink(name, sink), **how)
            late = partial(what_is_late, helpdesks=config.helpdesks, trackers=config.trackers)
            teller = Teller(outlet, on=sink.on, connectors=frozenset(made), late=late, **how)
            announcer = Announcer(outlet, Audience(sink.audience), **how)
            self.lanes += [partial(teller.turn, self.store), partial(announcer.turn, self.work)]

    def restart(self) -> None:
        """The process dies and is started again."""
        for one in self.work.connectors.values():
            one.close()
        self.store.close()
        self.open()

    def _log(self) -> Any:
        def say(level: str) -> Callable[..., None]:
            return lambda event, **what: self._said(f"{level} {event}", **what)

        return SimpleNamespace(**{level: say(level) for level in ("info", "warning", "error")})

    def _said(self, event: str, **what: object) -> None:
        self.watch.look(Place("log"), event, f"{event} {what!r}", public=True)

    # --- who can read where ---

    def _public(self, where: Place) -> bool:
        if where.kind == "GitHub repository":
            repo = self.hub.books.repo(where.name)
            return repo is None or not repo.private
        if where.kind == "GitHub board":
            return any(one.public for one in self.hub.books.boards.values() if one.id == where.name)
        return True

    def _project(self, request: Request) -> Place:
        """The project that a request to the site leads to; one that names none counts as public."""
        if request.method == "POST" and request.path.endswith("/issue"):
            asked: Any = request.json()
            return Place("Jira project", str(asked["fields"]["project"]["key"]))
        found = re.search(r"/issue/([^/]+)", request.path)
        issue = self.site.books.find(found[1]) if found else None
        return Place("Jira project", issue.now.project.key if issue is not None else "")

    def _mischief(self, request: Request) -> None:
        """Somebody changes who can read where: now and then, and most often right after it was looked at."""
        if self.calm:
            return
        last = self.hub.log[-1].request.path if self.hub.log else ""
        near = re.fullmatch(r"/repos/[^/]+/[^/]+", last) or last.endswith("graphql") or request.method != "GET"
        if self.chance.random() < (0.08 if near else 0.02):
            if self.chance.random() < 0.25:
                board = self.chance.choice(list(self.hub.books.boards.values()))
                board.public = not board.public
            else:
                repo = self.hub.books.repo(self.chance.choice(list(REPOSITORIES)))
                assert repo is not None
                repo.private = not repo.private
            self.watch.flips += 1

    def mishaps(self) -> None:
        """Answers are lost, or quote what was sent."""
        for one in self.stand_ins:
            if self.calm or self.chance.random() < 0.5:
                continue
            kind = self.chance.choice(("lost_answer", "cut", "commit_then_answer", "answer"))
            words = f"{canary(999_999, 'w')} is not valid"
            body = {
                "message": words, "description": words, "errorMessages": [words], "error": words,
                "errors": self.chance.choice((
                    {"summary": words, words: words},
                    [{"field": "title", "code": "invalid", "value": words, "message": words, "resource": "Issue"}],
                )),
                "details": {words: [{"description": words}]},
            }  # fmt: skip
            status = self.chance.choice((400, 403, 404, 409, 422, 500, 503))
            path = self.chance.choice(("", "issues?$", "/comments", "/reply", "/notes", "/tickets/"))
            one.faults.append(
                Fault(kind, _WRITES, path, times=1, skip=self.chance.randrange(3), reply=Reply(status, body))
            )

    # --- time ---

    def pass_(self, seconds: float = 90.0) -> None:
        """Time passes, and the service does its rounds in it."""
        self.clock.advance(seconds)
        for one in (*self.stand_ins, self.slack):
            one.advance((self.clock.now() - one.now()).total_seconds())
        self.work.paused.clear()
        for name in ORDER:
            with suppress(ConnectorError):
                poll(self.work, name)
        drain(self.work)
        for turn in self.lanes:
            turn()
        if not self.calm and self.chance.random() < 0.15:
            self.restart()

    # --- what is shown on this machine ---

    def look_around(self) -> None:
        """Health, metrics, the state, and what commands tell."""
        config = self.config
        for words in ("status", "report", "queue list", "links list --json", "report --open"):
            told = io.StringIO()
            with redirect_stdout(told), redirect_stderr(told):
                assert call(["--config", str(self.folder), *words.split()]) in {0, 1}, told.getvalue()
            self.watch.look(Place("command"), words, told.getvalue(), public=True)
        shown = look(
            self.store, intervals(config), self.clock.now(), helpdesks=config.helpdesks, trackers=config.trackers
        )
        self.watch.look(Place("health"), "health", repr(shown.data()), public=True)
        self.watch.look(Place("metrics"), "metrics", self.metrics.text(), public=True)
        for path in self.folder.glob("syncd.db*"):
            self.watch.look(Place("state"), path.name, path.read_bytes().decode("latin-1"), public=True)

    def close(self) -> None:
        """Go home."""
        self.look_around()
        for connector in self.work.connectors.values():
            connector.close()
        self.store.close()
        self.mail.stop()
        for one in (*self.stand_ins, *self.receivers.values(), self.slack):
            one.stop()
