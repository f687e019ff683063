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
        """What people do."""
        say(f"\n{time}  {text}")
        for sandbox in (self.freshdesk, self.github):
            sandbox.advance(600)

    def sync(self) -> None:
        """What ``syncd reconcile`` does about it, told from its own journal."""
        with working(self.config) as work:
            backfill(work, ["github", "freshdesk"])
            rows = [row for link in work.store.links.all() for row in work.store.journal.of(link.id, 100)]
            keys = {str(ref): ref.human for link in work.store.links.all() for ref in (link.ticket, link.issue)}
            proposed = work.tally["proposed"]
        fresh = sorted((row for row in rows if row["id"] > self._told), key=lambda row: row["id"])
        for row in fresh:
            words, what = sentence(row["rule"], status=bool(row["status"]))
            lost = " (the answer was lost, so it was read again)" if row["outcome"] == "answer lost" else ""
            say(f"         syncd: {what} {keys[row['target']]} {words}{lost}")
        if proposed:
            say(f"         syncd: {plural(proposed, 'link')} proposed to a person, nothing written")
        if not fresh and not proposed:
            say("         syncd: nothing to write")
        self._told = max((row["id"] for row in rows), default=0)

    def ticket(self, number: int) -> str:
        """A ticket's status, in Freshdesk's own words."""
        return WORDS[self.freshdesk.books.tickets[number].row["status"]]  # type: ignore[attr-defined]  # the stand-in's

    def notes(self, number: int) -> int:
        """How many notes syncd left on a ticket."""
        talk = self.freshdesk.books.tickets[number].talk  # type: ignore[attr-defined]  # the stand-in's
        return sum("syncd:v1:" in said["body"] for said in talk)

    def issue(self, key: str) -> str:
        """An issue's state."""
        state, reason = self.hub.status(key)
        return f"{state} ({reason})" if reason else str(state)

    def show(self, number: int, key: str) -> None:
        """Both ends, from the stand-ins' books."""
        notes = plural(self.notes(number), "note")
        say(f"         ticket {number}: {self.ticket(number)}, {notes}; {key}: {self.issue(key)}")

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
        say(f"A stand-in Freshdesk on {freshdesk.url}, a stand-in GitHub on {github.url}, one public repository.")
        _morning(day)
        _afternoon(day)
        _evening(day)
    return 0


def _morning(day: Day) -> None:
    day.hub.make_repo(REPOSITORY)
    old = day.desk.make_ticket("Image build fails", "Please help")
    closed = day.file(old, title="Image build fails")
    day.hub.close(closed)
    day.scene("08:00", "syncd sees both systems for the first time: an old ticket is open, its issue closed long ago.")
    day.sync()
    day.show(old, closed)

    hub = day.desk.make_ticket("The hub is slow", "Since Monday")
    key = day.file(hub, title="Hub of a community is slow")
    day.scene("09:00", "A community writes; the agent files an issue from the form, with the ticket's address in it.")
    day.sync()
    day.show(hub, key)

    day.desk.customer_reply(hub, "Any news?")
    day.scene("10:00", "The customer asks for news, and Freshdesk opens the ticket. Nobody fights about that.")
    day.sync()
    day.show(hub, key)

    day.hub.close(key)
    day.scene("11:00", "An engineer closes the issue. But the customer wrote last, and isn't closed upon.")
    day.sync()
    day.show(hub, key)

    day.desk.agent_reply(hub, "It is fixed, could you check?")
    day.scene("11:20", "The agent answers.")
    day.sync()
    day.show(hub, key)

    day.desk.customer_reply(hub, "Sorry, it is slow again")
    day.scene("12:00", "It isn't fixed: the customer's answer opens the ticket. The playbook reopens the issue.")
    day.sync()
    day.show(hub, key)
    day.desk.agent_reply(hub, "We look again")


def _afternoon(day: Day) -> None:
    tickets = [day.desk.make_ticket(f"Login fails at site {n}", "Help") for n in range(3)]
    key = day.file(*tickets, title="Login fails at several sites")
    day.scene("13:00", "Three customers, one problem: one issue for three tickets.")
    day.sync()
    day.show(tickets[0], key)

    day.freshdesk.faults.append(Fault("lost_answer", method="POST", path="/notes"))
    day.freshdesk.faults.append(Fault("commit_then_answer", method="PUT"))
    day.hub.close(key)
    day.scene("14:00", "The issue is closed while the network fails: the answers to a note and a status are lost.")
    say("         (syncd waits, looks for its own note, and doesn't send it twice)")
    day.sync()
    for ticket in tickets:
        day.show(ticket, key)


def _evening(day: Day) -> None:
    number = day.desk.make_ticket("A question", "How do I ...")
    day.file(number, title="I found this address somewhere", association="NONE")
    day.scene("16:00", "A stranger's public issue names a ticket.")
    day.sync()
    say(f"         ticket {number}: {day.ticket(number)}")

    ticket = day.desk.make_ticket("Quota", "More, please")
    key = day.file(ticket, title="Raise the quota")
    day.sync()
    day.hub.delete(key)
    day.scene("17:00", "Somebody deletes an issue that a ticket waits for.")
    day.sync()
    say(f"         ticket {ticket}: {day.ticket(ticket)}, {plural(day.notes(ticket), 'note')}")

    before = _writes(day)
    day.scene("18:00", "A quiet evening.")
    day.sync()
    comments = sum(len(day.hub.comments(key)) for key in day.hub.issues())
    say(f"\nWrites in the last run: {_writes(day) - before}. Comments of ours in the public repository: {comments}.")
    say("That was `syncd demo`. To connect real accounts, read the README: it begins with a dry run.")


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
