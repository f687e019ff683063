"""The stand-in as the conformance suite sees it.

After every act of a person a minute passes, because the export withholds the latest one.
"""

from __future__ import annotations

import importlib
from dataclasses import replace

from pydantic import SecretStr

from connectors.zendesk.sandbox import rules
from connectors.zendesk.sandbox.books import Ticket
from connectors.zendesk.sandbox.defaults import AGENT, DEFAULT_STATUS, ME, REFERENCE
from connectors.zendesk.sandbox.server import ZendeskSandbox
from syncd.clock import ManualClock
from syncd.connector import Connector
from syncd.details import Attachment, Company, Person
from syncd.model import Author, GoneKind, Ref, Role, Status, Word
from syncd.testing import Case, Fault, Remark, Reply, World

WITHHELD = 60
NATIVE = {
    Word.NEW: "new", Word.OPEN: "open", Word.PENDING: "pending", Word.ON_HOLD: "hold", Word.RESOLVED: "solved",
    Word.CLOSED: "closed",
}  # fmt: skip
WRITES = "POST|PUT|DELETE"
CALLS, WRITTEN = "^/api/v2/", "^/api/v2/tickets"
"""Which paths the faults strike; minting a token is no write."""

_PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>"
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_FAULTS = {
    "lost_answer": ("lost_answer", Reply()),
    "error_after": ("commit_then_answer", Reply(502, _PAGE, _HTML)),
    "error": ("answer", Reply(502, _PAGE, _HTML)),
    "cut": ("cut", Reply()),
    "rate_limited": ("answer", Reply(429, b"Too many requests", {"Retry-After": "7", "Content-Type": "text/plain"})),
    "unauthorized": ("answer", rules.COULD_NOT_AUTHENTICATE),
    "refused": ("answer", rules.wrong("status", "Status: is not included in the list")),
    "html": ("answer", Reply(200, _PAGE, _HTML)),
}


class SharedClock(ManualClock):
    """A stopped clock that the stand-in goes by as well: who sleeps on it finds its limits and jobs moved on."""

    def __init__(self, sandbox: ZendeskSandbox) -> None:
        super().__init__()
        self._sandbox = sandbox
        sandbox.freeze(self.now())

    def advance(self, seconds: float) -> None:
        """Let time pass, here and there."""
        super().advance(seconds)
        with self._sandbox.lock:
            self._sandbox.advance(seconds)


class ZendeskWorld(World):
    """A running stand-in with a stopped clock, which it shares with its connectors.

    ``by_token``: the connector is configured with an API token in place of an OAuth client.
    """

    no_field = "987654321"

    def __init__(self, name: str = "zendesk", *, by_token: bool = False) -> None:
        super().__init__(Role.HELPDESK, frozenset({"create"}))
        self.name = name
        self.by_token = by_token
        self.sandbox = ZendeskSandbox().start()
        self.clock = SharedClock(self.sandbox)
        self.people = self.sandbox.people

    def connect(self) -> Connector:
        """See :class:`World`; the connector is imported here, so that the stand-in doesn't pull in its libraries."""
        kind = importlib.import_module("connectors.zendesk").ZendeskConnector
        access = self.sandbox.access
        credentials = (
            {"email": self.sandbox.books.users[ME]["email"], "api_token": SecretStr(access.api_token)}
            if self.by_token
            else {"client_id": access.client_id, "client_secret": SecretStr(access.client_secret)}
        )
        # As often as the limit allows: a test's polls follow one another at once.
        options = kind.Options(connector="zendesk", url=self.sandbox.url, exports_per_minute=10, **credentials)
        made: Connector = kind(self.name, options, self.clock)
        return made

    def add(self, body: str = "", *, by: Author = Author.TEAM) -> Ref:
        """See :class:`World`."""
        number = str(self.people.make_ticket(description=body or "Please help.", by_agent=by is not Author.OUTSIDE))
        self.advance(WITHHELD)
        return Ref(self.name, number, number)

    def label(self, ref: Ref, label: str) -> None:
        """See :class:`World`."""
        self.people.add_tag(int(ref.id), label)
        self.advance(WITHHELD)

    def unlabel(self, ref: Ref, label: str) -> None:
        """See :class:`World`."""
        self.people.remove_tag(int(ref.id), label)
        self.advance(WITHHELD)

    def set_status(self, ref: Ref, word: Word) -> None:
        """See :class:`World`."""
        self.people.set_status(int(ref.id), NATIVE[word])
        self.advance(WITHHELD)

    def native(self, word: Word) -> Status:
        """See :class:`World`."""
        return Status(NATIVE[word])

    def say(self, ref: Ref, body: str, *, by: Author, internal: bool = False) -> None:
        """See :class:`World`."""
        if by is Author.OUTSIDE:
            self.people.customer_reply(int(ref.id), body)
        elif internal:
            self.people.agent_note(int(ref.id), body)
        else:
            self.people.agent_reply(int(ref.id), body)
        self.advance(WITHHELD)

    def send(self, ref: Ref, body: str, name: str) -> Attachment:
        """See :class:`World`."""
        self.people.customer_reply(int(ref.id), body)
        url = self.people.attach(int(ref.id), name, 17)
        self.advance(WITHHELD)
        return Attachment(name, url, 17)

    def copied(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        ticket, books = self._ticket(ref), self.sandbox.books
        mails = [mail for mail in books.mails if mail.ticket == ticket.number and mail.to != ticket.row["requester_id"]]
        return [books.users[mail.to]["email"] for mail in mails if mail.text in ticket.comments[-1]["html_body"]]

    def assign(self, ref: Ref, *, to: bool = True) -> str:
        """See :class:`World`."""
        self.people.assign(int(ref.id), AGENT if to else None)
        self.advance(WITHHELD)
        return str(AGENT)

    def tags(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        return list(self._ticket(ref).row["tags"])

    def field(self, ref: Ref, value: str | None = None) -> tuple[str, str]:
        """See :class:`World`."""
        if value is not None:
            self.people.set_field(int(ref.id), REFERENCE, value)
            self.advance(WITHHELD)
        return str(REFERENCE), self._ticket(ref).values.get(REFERENCE) or ""

    def touch(self, ref: Ref) -> None:
        """See :class:`World`."""
        urgent = self._ticket(ref).row["priority"] == "urgent"
        self.people.set_priority(int(ref.id), "low" if urgent else "urgent")
        self.advance(WITHHELD)

    def ask(self, subject: str, description: str) -> Case:
        """See :class:`World`; the requester belongs to two organizations and leads the first."""
        people, books = self.people, self.sandbox.books
        first = people.make_organization("Example Observatory", {"tier": "gold"})
        books.organizations[first]["tags"] = ["pilot"]
        other = people.make_organization("Example College")
        asked = people.make_user("Requester")
        books.users[asked] |= {"locale": "pt-BR", "tags": ["vip"], "user_fields": {"role": "lead"}}
        people.join(asked, first, views=True)
        people.join(asked, other)
        people.join(deputy := people.make_user("Deputy"), first)
        books.users[deputy]["ticket_restriction"] = "organization"
        people.join(people.make_user("Colleague"), first)
        number = people.make_ticket(subject, description, requester=asked, type="incident")
        url = people.attach(number, "log.txt", 42)
        people.set_priority(number, "high")
        people.pass_on(number, people.make_group("Tier 2"))
        people.set_field(number, REFERENCE, "R-17")
        self.advance(WITHHELD)
        companies = (Company("Example Observatory", {"tier": "gold"}, ("pilot",)), Company("Example College"))
        email = books.users[asked]["email"]
        person = Person("Requester", email, "pt-BR", ("vip",), {"role": "lead"}, companies, leads=True)
        fields, files = {str(REFERENCE): "R-17", "Reference": "R-17"}, (Attachment("log.txt", url, 42),)
        ref = Ref(self.name, str(number), str(number))
        leads = (Person("Deputy", "deputy@example.com", "en-US", leads=True), replace(person, companies=()))
        return Case(ref, person, companies[0], "Tier 2", "Incident", "High", fields, files, leads)

    def dissolve(self, case: Case) -> None:
        """See :class:`World`."""
        for number in list(self.sandbox.books.organizations):
            self.people.delete_organization(number)
        self.people.delete_group(self._ticket(case.ref).row["group_id"])
        self.advance(WITHHELD)

    def remove(self, ref: Ref, kind: GoneKind) -> None:
        """See :class:`World`; what is marked as spam is deleted as well."""
        del kind
        self.people.delete(int(ref.id))
        self.advance(WITHHELD)

    def restore(self, ref: Ref) -> None:
        """See :class:`World`."""
        self.people.restore(int(ref.id))
        self.advance(WITHHELD)

    def move(self, ref: Ref) -> Ref:
        """See :class:`World`: a ticket moves where it is merged into another."""
        new = self.add("the other one")
        self.people.merge(int(new.id), int(ref.id))
        self.advance(WITHHELD)
        return new

    def url(self, ref: Ref) -> str:
        """See :class:`World`."""
        return f"{self.sandbox.url}/agent/tickets/{ref.id}"

    def status(self, ref: Ref) -> Status:
        """See :class:`World`; a custom status is named where it isn't its category's own."""
        row = self._ticket(ref).row
        own = row["custom_status_id"] not in DEFAULT_STATUS.values() and row["status"] != "closed"
        return Status(f"{row['status']}/{row['custom_status_id']}" if own else row["status"])

    def remarks(self, ref: Ref) -> list[Remark]:
        """See :class:`World`; the first comment is the description."""
        team = {number for number, one in self.sandbox.books.users.items() if one["role"] != "end-user"}
        return [
            Remark(
                Author.SELF
                if said["author_id"] == ME
                else Author.TEAM
                if said["author_id"] in team
                else Author.OUTSIDE,
                said["html_body"],
                not said["public"],
            )
            for said in self._ticket(ref).comments[1:]
        ]

    def items(self) -> list[Ref]:
        """See :class:`World`."""
        there = [str(one.number) for one in self.sandbox.books.tickets.values() if not one.deleted]
        return [Ref(self.name, number, number) for number in there]

    def status_writes(self, ref: Ref) -> int:
        """See :class:`World`."""
        return self._ticket(ref).status_writes

    def calls(self) -> int:
        """See :class:`World`."""
        return len(self.sandbox.log)

    def advance(self, seconds: float) -> None:
        """See :class:`World`."""
        self.clock.advance(seconds)

    def fail(self, how: str, *, times: int = 1, writes_only: bool = False) -> None:
        """See :class:`World`."""
        kind, reply = _FAULTS[how]
        method, path = (WRITES, WRITTEN) if writes_only else ("", CALLS)
        self.sandbox.faults.append(Fault(kind, method, path, times, reply=reply))

    def close(self) -> None:
        """See :class:`World`."""
        self.sandbox.stop()

    def _ticket(self, ref: Ref) -> Ticket:
        return self.sandbox.books.tickets[int(ref.id)]
