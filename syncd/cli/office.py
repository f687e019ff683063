"""The office of ``syncd demo``: five systems as stand-ins over real HTTP, the files of a user, and a narrator."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from syncd.cli.running import working
from syncd.cli.sentences import sentence
from syncd.cli.show import plural, say
from syncd.cli.verbs.sandbox import stand_in
from syncd.config import Config, load
from syncd.jobs.backfill import backfill
from syncd.testing import Sandbox

REPOSITORY = "acme/infrastructure"
SECRETS = {
    "SYNCD_DEMO_FRESHDESK": "sandbox-key",
    "SYNCD_DEMO_GITHUB": "test-token",
    "SYNCD_DEMO_JIRA": "sandbox-token",
    "SYNCD_DEMO_ZENDESK": "sandbox-secret",
}
STATUSES = {2: "Open", 3: "Pending", 4: "Resolved", 5: "Closed"}
"""What Freshdesk's agents see for each code."""
MARKER = "syncd:v1:"
READ_OUT = 8
"""Lines of an issue."""
FILES = {
    "syncd.toml": 'state = "state/syncd.db"\n',
    "connectors/freshdesk.toml": """
connector = "freshdesk"
url = "{freshdesk}"
api_key = "env:SYNCD_DEMO_FRESHDESK"
settle = "2s"
[sync]
playbook = "2i2c"
trackers = ["github"]
file_after = "0s"
[sync.file]
authorised = "anyone"
[sync.routing.places]
infrastructure = "{repository}"
""",
    "connectors/zendesk.toml": """
connector = "zendesk"
url = "{zendesk}"
client_id = "syncd"
client_secret = "env:SYNCD_DEMO_ZENDESK"
settle = "2s"
[sync]
trackers = ["github", "jira"]
""",
    "connectors/jsm.toml": """
connector = "jsm"
url = "{jira}"
email = "syncd@example.com"
api_token = "env:SYNCD_DEMO_JIRA"
projects = ["SUP"]
settle = "2s"
[sync]
trackers = ["jira"]
""",
    "connectors/github.toml": """
connector = "github"
url = "{github}"
token = "env:SYNCD_DEMO_GITHUB"
settle = "2s"
[[repositories]]
name = "{repository}"
""",
    "connectors/jira.toml": """
connector = "jira"
url = "{jira}"
email = "syncd@example.com"
api_token = "env:SYNCD_DEMO_JIRA"
projects = ["ENG"]
settle = "2s"
""",
}


class Office:
    """The stand-ins with their people, and a narrator.

    Attributes:
        freshdesk, zendesk, github, jira: people of each system; the Jira site holds the service desk's project as well.
    """

    def __init__(self, folder: Path, **stand_ins: Sandbox) -> None:
        self.stand_ins = stand_ins
        self.freshdesk, self.zendesk, self.github, self.jira = (
            stand_ins[name].people for name in ("freshdesk", "zendesk", "github", "jira")
        )
        self.github.make_repo(REPOSITORY)
        self.github.make_label(REPOSITORY, "support")
        self.jira.make_project("ENG", kind="software")
        self.jira.make_project("SUP", kind="service")
        self.config = _written(folder, {name: one.url for name, one in stand_ins.items()})
        self._told = 0

    def scene(self, time: str, text: str) -> None:
        """What people do, and what ``syncd reconcile`` does about it, told from its own journal."""
        say(f"\n{time}  {text}")
        for one in self.stand_ins.values():
            one.advance(600)
        with working(self.config) as work:
            work.say = lambda _line: None  # the narrator tells what there is to tell
            work.progress = lambda _what, _done, _total: None
            backfill(work, [*self.config.trackers, *self.config.helpdesks])
            rows = {row["id"]: row for link in work.store.links.all() for row in work.store.journal.of(link.id, 100)}
            keys = {str(ref): ref.human for link in work.store.links.all() for ref in (link.ticket, link.issue)}
            tally = work.tally
        fresh = [rows[number] for number in sorted(rows) if number > self._told]
        for row in fresh:
            words, what = sentence(row["rule"], status=bool(row["status"]))
            lost = " (the answer was lost, so it was read again)" if row["outcome"] == "answer lost" else ""
            _line(f"{what} {keys[row['target']]} {words}{lost}")
        if tally["adopted"]:
            _line(f"{plural(tally['adopted'], 'link')} adopted as it stands, nothing written")
        if tally["proposed"]:
            _line(f"{plural(tally['proposed'], 'link')} proposed to a person, nothing written")
        if not fresh and not tally["adopted"] and not tally["proposed"]:
            _line("nothing to write")
        self._told = max(rows, default=self._told)

    # --- what the books hold ---

    def show(self, *names: str) -> None:
        """Tickets and issues, as their systems hold them."""
        for name in names:
            system, _, key = name.partition(":")
            status, notes = self._ticket(system, key) if system not in ("github", "jira") else (self._issue(name), -1)
            say(f"         {name} is {status}" + (f", with {plural(notes, 'note')} of syncd's" if notes >= 0 else ""))

    def newest_issue(self) -> str:
        """The key of the issue that was filed last."""
        return str(self.github.issues()[-1])

    def read_out(self, key: str) -> None:
        """What an issue on GitHub says, as everybody can read it."""
        lines = [line for line in self.github.body(key).split("\n") if line.strip() and MARKER not in line]
        say(f"         github:{key} says:")
        for line in lines[:READ_OUT]:
            say(f"           {line}")
        if len(lines) > READ_OUT:
            say(f"           and {plural(len(lines) - READ_OUT, 'line')} more")

    def _ticket(self, system: str, key: str) -> tuple[str, int]:
        """What a ticket's status is called, and how many notes of syncd's are on it."""
        if system == "jsm":
            said = self.jira.comments(key)
            return _named(self.jira.status(key)), sum(MARKER in one["body"] for one in said)
        ticket = self._books(system).tickets[int(key)]
        if system == "zendesk":
            return self.zendesk.status(int(key)).title(), sum(MARKER in one["body"] for one in ticket.comments)
        return STATUSES[ticket.row["status"]], sum(MARKER in one["body"] for one in ticket.talk)

    def _issue(self, name: str) -> str:
        system, _, key = name.partition(":")
        if system == "jira":
            return _named(self.jira.status(key))
        state, reason = self.github.status(key)
        return f"{state}{f' ({reason})' if reason else ''}"

    def _books(self, system: str) -> Any:
        return self.stand_ins[system].books  # type: ignore[attr-defined]  # a stand-in has books

    def public_comments(self) -> int:
        """What syncd has said in the public repository."""
        return sum(len(self.github.comments(key)) for key in self.github.issues())

    def writes(self) -> int:
        """Every request so far that can change something."""
        log = [one.request for stand_in in self.stand_ins.values() for one in stand_in.log]
        reads = ("graphql", "search", "bulkfetch", "oauth")
        return sum(one.method in {"POST", "PUT", "PATCH"} and not any(x in one.path for x in reads) for one in log)

    # --- what people do ---

    def file(self, *tickets: str, title: str, association: str = "MEMBER") -> str:
        """An issue on GitHub from the team's form, naming tickets; its key."""
        links = "\n".join(self._address(name) for name in tickets)
        body = f"### The Freshdesk ticket link\n\n{links}\n\n### Ticket impact\n\nmedium\n"
        key: str = self.github.make_issue(REPOSITORY, title, body, association=association)
        return key

    def _address(self, name: str) -> str:
        system, _, key = name.partition(":")
        path = "a/tickets" if system == "freshdesk" else "agent/tickets"
        return f"{self.stand_ins[system].url}/{path}/{key}"


@contextmanager
def opened() -> Iterator[Office]:
    """The office, on a temporary folder and free ports."""
    with tempfile.TemporaryDirectory(prefix="syncd-demo-") as folder, ExitStack() as stack:
        os.environ.update(SECRETS)
        for key in SECRETS:
            stack.callback(os.environ.pop, key)
        names = ("freshdesk", "zendesk", "github", "jira")
        yield Office(Path(folder), **{name: stack.enter_context(stand_in(name)) for name in names})


def _named(status: str) -> str:
    """``done/Closed:Won't Do`` as people read it."""
    native, _, reason = status.partition(":")
    name = native.partition("/")[2]
    return f"{name} ({reason})" if reason not in ("", name) else name


def _line(text: str) -> None:
    say(f"         syncd: {text}")


def _written(folder: Path, urls: dict[str, str]) -> Config:
    """The configuration, as a user would write it."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(**urls, repository=REPOSITORY), encoding="utf-8")
    return load(folder)
