"""The stand-in as the conformance suite sees it."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from syncd.clock import ManualClock
from syncd.model import Author, GoneKind, Ref, Role, Status, Word
from syncd.testing import Fault, Remark, Reply, World
from syncd_zammad.connector import ZammadConnector, ZammadOptions
from syncd_zammad.items import NOBODY
from syncd_zammad.sandbox.books import AGENT, ME, Ticket
from syncd_zammad.sandbox.server import ZammadSandbox, error

STATES = {Word.NEW: "new", Word.OPEN: "open", Word.PENDING: "pending reminder", Word.RESOLVED: "closed"}
WRITES = "PUT"
FIELD = "issue_url"

_PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>"
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_FAULTS = {
    "lost_answer": ("lost_answer", Reply()),
    "error_after": ("commit_then_answer", Reply(502, _PAGE, _HTML)),
    "error": ("answer", Reply(502, _PAGE, _HTML)),
    "cut": ("cut", Reply()),
    "rate_limited": ("answer", Reply(429, b"", {"Retry-After": "7"})),
    "unauthorized": ("answer", error(401, "Can't find User for Token")),
    "refused": ("answer", error(422, "Missing required value for field 'group_id'!")),
    "html": ("answer", Reply(200, _PAGE, _HTML)),
}


class ZammadWorld(World):
    """A running stand-in with a stopped clock, which it shares with its connectors."""

    def __init__(self, name: str = "zammad") -> None:
        super().__init__(Role.HELPDESK, frozenset({"create", "restore", "copies"}))
        self.name = name
        self.clock = ManualClock()
        self.sandbox = ZammadSandbox().start()
        self.sandbox.freeze(self.clock.now())
        self.people = self.sandbox.people

    def connect(self) -> ZammadConnector:
        """See :class:`World`."""
        options = ZammadOptions(connector="zammad", url=self.sandbox.url, token=SecretStr(self.sandbox.token))
        return ZammadConnector(self.name, options, self.clock)

    def add(self, body: str = "", *, by: Author = Author.TEAM) -> Ref:
        """See :class:`World`; a ticket's first article is the customer's."""
        del by
        return self.ref(self.people.make_ticket(body=f"<div>{body}</div>", state="open"))

    def set_status(self, ref: Ref, word: Word) -> None:
        """See :class:`World`."""
        self.people.set_state(int(ref.id), STATES[word])

    def native(self, word: Word) -> Status:
        """See :class:`World`."""
        return Status(STATES[word])

    def say(self, ref: Ref, body: str, *, by: Author, internal: bool = False) -> None:
        """See :class:`World`."""
        if by is Author.OUTSIDE:
            self.people.customer_reply(int(ref.id), body)
        elif internal:
            self.people.agent_note(int(ref.id), body)
        else:
            self.people.agent_reply(int(ref.id), body)

    def touch(self, ref: Ref) -> None:
        """See :class:`World`."""
        self.people.touch(int(ref.id))

    def assign(self, ref: Ref, *, to: bool = True) -> str:
        """See :class:`World`."""
        self.people.assign(int(ref.id), AGENT if to else NOBODY)
        return str(AGENT)

    def field(self, ref: Ref, value: str | None = None) -> tuple[str, str]:
        """See :class:`World`; a text that an administrator added."""
        if value is not None:
            self.people.set_field(int(ref.id), FIELD, value)
        return FIELD, self.ticket(ref).row[FIELD] or ""

    def remove(self, ref: Ref, kind: GoneKind) -> None:
        """See :class:`World`; there is one way to be gone."""
        del kind
        self.people.delete(int(ref.id))

    def restore(self, ref: Ref) -> None:
        """What is deleted is gone for good: ``lacks`` says so."""
        raise NotImplementedError(str(ref))

    def move(self, ref: Ref) -> Ref:
        """See :class:`World`: it is merged into a new one."""
        new = self.add("the other one")
        self.people.merge(int(ref.id), int(new.id))
        return new

    def url(self, ref: Ref) -> str:
        """See :class:`World`."""
        return f"{self.sandbox.url}/#ticket/zoom/{ref.id}"

    def status(self, ref: Ref) -> Status:
        """See :class:`World`."""
        return Status(self.ticket(ref).state)

    def remarks(self, ref: Ref) -> list[Remark]:
        """See :class:`World`."""
        return [Remark(_author(one), one["body"], one["internal"]) for one in self.ticket(ref).articles[1:]]

    def items(self) -> list[Ref]:
        """See :class:`World`."""
        return [self.ref(number) for number in self.sandbox.books.tickets]

    def status_writes(self, ref: Ref) -> int:
        """See :class:`World`."""
        return self.ticket(ref).status_writes

    def calls(self) -> int:
        """See :class:`World`."""
        return len(self.sandbox.log)

    def advance(self, seconds: float) -> None:
        """See :class:`World`."""
        self.clock.advance(seconds)
        self.sandbox.advance(seconds)

    def fail(self, how: str, *, times: int = 1, writes_only: bool = False) -> None:
        """See :class:`World`."""
        kind, reply = _FAULTS[how]
        self.sandbox.faults.append(Fault(kind, WRITES if writes_only else "", times=times, reply=reply))

    def close(self) -> None:
        """See :class:`World`."""
        self.sandbox.stop()

    def ref(self, number: int) -> Ref:
        """A ticket's ref."""
        return Ref(self.name, str(number), str(number))

    def ticket(self, ref: Ref) -> Ticket:
        """A ticket in the books."""
        return self.sandbox.books.tickets[int(ref.id)]


def _author(article: dict[str, Any]) -> Author:
    if article["sender"] != "Agent":
        return Author.OUTSIDE
    return Author.SELF if article["created_by_id"] == ME else Author.TEAM
