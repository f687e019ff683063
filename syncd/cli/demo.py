"""``syncd demo``: a day of support, played on stand-ins over real HTTP, and what syncd does about it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from syncd.backfill import backfill
from syncd.cli.running import working
from syncd.cli.sandbox import stand_in
from syncd.cli.sentences import sentence
from syncd.cli.show import plural, say
from syncd.config import Config, load
from syncd.testing import Fault, Sandbox

REPOSITORY = "acme/infrastructure"
KEYS = {"SYNCD_DEMO_FRESHDESK": "sandbox-key", "SYNCD_DEMO_GITHUB": "test-token"}
WORDS = {2: "Open", 3: "Pending", 4: "Resolved", 5: "Closed"}
FILES = {
    "syncd.toml": 'state = "state/syncd.db"\n',
    "connectors/freshdesk.toml": """
connector = "freshdesk"
url = "{freshdesk}"
api_key = "env:SYNCD_DEMO_FRESHDESK"
settle = "2s"
[sync]
playbook = "2i2c"
""",
    "connectors/github.toml": f"""
connector = "github"
url = "{{github}}"
token = "env:SYNCD_DEMO_GITHUB"
settle = "2s"
[[repositories]]
name = "{REPOSITORY}"
""",
}


class Day:
    """The stand-ins, the configuration, and a narrator."""

    def __init__(self, folder: Path, freshdesk: Sandbox, github: Sandbox) -> None:
        self.desk, self.hub = freshdesk.people, github.people
        self.freshdesk, self.github = freshdesk, github
        self.config = _written(folder, freshdesk=freshdesk.url, github=github.url)
        self._told = 0

    def scene(self, time: str, text: str) -> None:
        """What people do, and what ``syncd reconcile`` does about it, told from its own journal."""
        say(f"\n{time}  {text}")
        for sandbox in (self.freshdesk, self.github):
            sandbox.advance(600)
        with working(self.config) as work:
            work.say = lambda _line: None  # the narrator tells what there is to tell
            work.progress = lambda _what, _done, _total: None
            backfill(work, ["github", "freshdesk"])
            rows = [row for link in work.store.links.all() for row in work.store.journal.of(link.id, 100)]
            keys = {str(ref): ref.human for link in work.store.links.all() for ref in (link.ticket, link.issue)}
            tally = work.tally
        fresh = sorted((row for row in rows if row["id"] > self._told), key=lambda row: row["id"])
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
        self._told = max((row["id"] for row in rows), default=0)

    def notes(self, number: int) -> int:
        """How many notes syncd left on a ticket."""
        talk = self.freshdesk.books.tickets[number].talk  # type: ignore[attr-defined]  # the stand-in's
        return sum("syncd:v1:" in said["body"] for said in talk)

    def show(self, *numbers: int, issue: str = "") -> None:
        """Tickets and their issue, from the stand-ins' books."""
        for number in numbers:
            status = WORDS[self.freshdesk.books.tickets[number].row["status"]]  # type: ignore[attr-defined]
            say(f"         freshdesk:{number} is {status}, with {plural(self.notes(number), 'note')} of syncd's")
        if issue:
            state, reason = self.hub.status(issue)
            say(f"         github:{issue} is {state}{f' ({reason})' if reason else ''}")

    def file(self, *tickets: int, title: str, association: str = "MEMBER") -> str:
        """An issue from the team's form, naming tickets."""
        links = "\n".join(f"{self.freshdesk.url}/a/tickets/{number}" for number in tickets)
        body = f"### The Freshdesk ticket link\n\n{links}\n\n### Ticket impact\n\nmedium\n"
        key: str = self.hub.make_issue(REPOSITORY, title, body, association=association)
        return key


@click.command("demo")
def command() -> int:
    """Play a day of support on stand-ins of Freshdesk and GitHub, on this machine. Needs no account."""
    with tempfile.TemporaryDirectory(prefix="syncd-demo-") as folder, ExitStack() as stack:
        stack.enter_context(_environment())
        freshdesk = stack.enter_context(stand_in("freshdesk"))
        github = stack.enter_context(stand_in("github"))
        day = Day(Path(folder), freshdesk, github)
        say(f"A stand-in Freshdesk serves on {freshdesk.url}, a stand-in GitHub on {github.url}, with one public")
        say(
            f"repository, {REPOSITORY}. freshdesk:2 is the second ticket there, github:{REPOSITORY}#2 the second issue."
        )
        say("After each scene `syncd reconcile` runs once; then you see what both services hold.")
        _morning(day)
        _afternoon(day)
        _evening(day)
    return 0


def _morning(day: Day) -> None:
    day.hub.make_repo(REPOSITORY)
    old = day.desk.make_ticket("Image build fails", "Please help")
    closed = day.file(old, title="Image build fails")
    day.hub.close(closed)
    day.scene(
        "08:00", "syncd sees both for the first time. An old ticket is open, though its issue was closed long ago."
    )
    day.show(old, issue=closed)

    hub = day.desk.make_ticket("The hub is slow", "Since Monday")
    key = day.file(hub, title="Hub of a community is slow")
    day.scene("09:00", "A customer writes. The agent files an issue from the form, with the ticket's address in it.")
    day.show(hub, issue=key)

    day.desk.customer_reply(hub, "Any news?")
    day.scene("10:00", "The customer asks for news, and Freshdesk opens the ticket. Nobody fights about that.")
    day.show(hub, issue=key)

    day.hub.close(key)
    day.scene("11:00", "An engineer closes the issue. But the customer wrote last, and isn't closed upon.")
    day.show(hub, issue=key)

    day.desk.agent_reply(hub, "It is fixed, could you check?")
    day.scene("11:20", "The agent answers the customer.")
    day.show(hub, issue=key)

    day.desk.customer_reply(hub, "Sorry, it is slow again")
    day.scene(
        "12:00", "It isn't fixed: the customer's answer opens the ticket. This team's playbook reopens the issue."
    )
    day.show(hub, issue=key)


def _afternoon(day: Day) -> None:
    tickets = [day.desk.make_ticket(f"Login fails at site {n}", "Help") for n in range(3)]
    key = day.file(*tickets, title="Login fails at several sites")
    day.scene("13:00", "Three customers have one problem: the agent files one issue for three tickets.")
    day.show(*tickets, issue=key)

    day.freshdesk.faults.append(Fault("lost_answer", method="POST", path="/notes"))
    day.freshdesk.faults.append(Fault("commit_then_answer", method="PUT"))
    day.hub.close(key)
    day.scene(
        "14:00", "The issue is closed while the network fails: answers are lost. syncd waits, looks, doubles nothing."
    )
    day.show(*tickets, issue=key)


def _evening(day: Day) -> None:
    number = day.desk.make_ticket("A question", "How do I ...")
    strange = day.file(number, title="I found this address somewhere", association="NONE")
    day.scene("15:00", "A stranger's issue names a ticket of another customer. That proves nothing.")
    day.show(number, issue=strange)

    ticket = day.desk.make_ticket("Quota", "More, please")
    key = day.file(ticket, title="Raise the quota")
    day.scene("16:00", "A customer needs a larger quota, and the agent files an issue.")
    day.show(ticket, issue=key)

    day.hub.delete(key)
    day.scene("17:00", "Somebody deletes that issue, and the ticket waits for nothing any more.")
    day.show(ticket)

    before = _writes(day)
    day.scene("18:00", "A quiet evening.")
    comments = sum(len(day.hub.comments(key)) for key in day.hub.issues())
    say(f"\nWrites in the last run: {_writes(day) - before}. Comments by syncd in the public repository: {comments}.")
    say("That was `syncd demo`. To connect real accounts, read the README: it begins with a dry run.")


def _line(text: str) -> None:
    say(f"         syncd: {text}")


def _writes(day: Day) -> int:
    logs = (*day.freshdesk.log, *day.github.log)
    return sum(one.request.method in {"POST", "PUT", "PATCH"} and "graphql" not in one.request.path for one in logs)


@contextmanager
def _environment() -> Iterator[None]:
    """The stand-ins' keys, where the configuration looks for them."""
    os.environ.update(KEYS)
    try:
        yield
    finally:
        for key in KEYS:
            del os.environ[key]


def _written(folder: Path, **urls: str) -> Config:
    """The configuration, as a user would write it."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(**urls), encoding="utf-8")
    return load(folder)
