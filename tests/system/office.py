"""A support office for system tests: two stand-ins, a config folder, and the program itself as a process.

The stand-ins serve from threads of the test, so that a test can open their books and stop their clocks; the program
gets nothing but the config folder. Whatever it prints is held against the rules of every output: no control
characters, no traceback, no secret, no text of a ticket.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from program import CANARY, DESK_KEY, SCRIPT, SECRETS, Program, Run, Started, fit_to_print
from warm import Kettle

from connectors.freshdesk.sandbox import FreshdeskSandbox
from connectors.github.sandbox import TOKEN, GitHubSandbox

__all__ = ["CANARY", "DESK_KEY", "SCRIPT", "SECRETS", "Office", "Run", "Started", "fit_to_print"]

REPOSITORY = "acme/infrastructure"
OPEN, PENDING, RESOLVED, CLOSED = 2, 3, 4, 5
MARKER = re.compile(r"syncd:v1:[0-9A-Z]{26}:[0-9a-f]{20}")
LISTEN = 'listen = "127.0.0.1:0"\n'
"""Any free port: many offices are open at once."""
FORM = "### The Freshdesk ticket link\n\n{links}\n\n### Ticket impact\n\nmedium\n"


class Office(Program):
    """See the module.

    Args:
        folder: for the config folder, the state, and nothing else.
        kettle: starts the commands.
        sync: lines of ``[sync]``.
        main: lines of ``syncd.toml``.
        settle: how long a note whose answer was lost is waited for.
    """

    def __init__(self, folder: Path, kettle: Kettle, *, sync: str = "", main: str = "", settle: str = "1s") -> None:
        super().__init__(folder, kettle)
        self.freshdesk = FreshdeskSandbox(key=DESK_KEY).start()
        self.github = GitHubSandbox().start()
        self.desk, self.hub = self.freshdesk.people, self.github.people
        self.hub.make_repo(REPOSITORY)
        self.settle = settle
        self.environ = {"SYNCD_TEST_DESK": DESK_KEY, "SYNCD_TEST_HUB": TOKEN}
        self.write("syncd.toml", f'state = "{self.state}"\n{"" if "listen" in main else LISTEN}{main}')
        self.write_desk(sync=sync)
        self.write_hub()

    # --- the config folder ---

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

    def close(self) -> None:
        """Go home: nothing is left running, and nothing private was left where it doesn't belong."""
        self.stop()
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
