"""The stand-in as the conformance suite sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pydantic import SecretStr

from connectors.freshdesk.connector import FreshdeskConnector, FreshdeskOptions
from connectors.freshdesk.sandbox.books import AGENT, ME
from connectors.freshdesk.sandbox.rules import invalid
from connectors.freshdesk.sandbox.server import FreshdeskSandbox
from syncd.clock import ManualClock
from syncd.details import Attachment, Company, Person
from syncd.model import Author, GoneKind, Ref, Role, Status, Word
from syncd.testing import Case, Fault, Remark, Reply, World

CODES = {Word.OPEN: 2, Word.PENDING: 3, Word.RESOLVED: 4, Word.CLOSED: 5, Word.ON_HOLD: 6}
WRITES = "POST|PUT"

_PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>"
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_FAULTS = {
    "lost_answer": ("lost_answer", Reply()),
    "error_after": ("commit_then_answer", Reply(502, _PAGE, _HTML)),
    "error": ("answer", Reply(502, _PAGE, _HTML)),
    "cut": ("cut", Reply()),
    "rate_limited": ("answer", Reply(429, b"", {"Retry-After": "7"})),
    "unauthorized": (
        "answer",
        Reply(401, {"code": "invalid_credentials", "message": "You have to be logged in to perform this action."}),
    ),
    "refused": ("answer", invalid(("status", "It should be one of these values: '2,3,4,5'", "invalid_value"))),
    "html": ("answer", Reply(200, _PAGE, _HTML)),
}


class FreshdeskWorld(World):
    """A running stand-in with a stopped clock, which it shares with its connectors."""

    def __init__(self, name: str = "freshdesk") -> None:
        super().__init__(Role.HELPDESK, frozenset({"move", "create"}))
        self.name = name
        self.clock = ManualClock()
        self.sandbox = FreshdeskSandbox().start()
        self.sandbox.freeze(self.clock.now())
        # A second change of every new ticket would be news that nobody made.
        self.sandbox.books.bump_after_create = False
        self.people = self.sandbox.people

    def connect(self) -> FreshdeskConnector:
        """See :class:`World`."""
        options = FreshdeskOptions(connector="freshdesk", url=self.sandbox.url, api_key=SecretStr(self.sandbox.key))
        return FreshdeskConnector(self.name, options, self.clock)

    def add(self, body: str = "", *, by: Author = Author.TEAM) -> Ref:
        """See :class:`World`; a description is always taken for the requester's."""
        del by
        number = str(self.people.make_ticket(description=f"<div>{body}</div>"))
        return Ref(self.name, number, number)

    def set_status(self, ref: Ref, word: Word) -> None:
        """See :class:`World`."""
        self.people.set_status(int(ref.id), CODES[word])

    def label(self, ref: Ref, label: str) -> None:
        """See :class:`World`."""
        self.people.add_tag(int(ref.id), label)

    def unlabel(self, ref: Ref, label: str) -> None:
        """See :class:`World`."""
        self.people.remove_tag(int(ref.id), label)

    def send(self, ref: Ref, body: str, name: str) -> Attachment:
        """See :class:`World`."""
        said = self.people.customer_reply(int(ref.id), body)
        return Attachment(name, self.people.attach(int(ref.id), name, 17, said), 17)

    def copied(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        return list(self.sandbox.books.tickets[int(ref.id)].talk[-1]["cc_emails"])

    def assign(self, ref: Ref, *, to: bool = True) -> str:
        """See :class:`World`."""
        self.people.hand_over(int(ref.id), responder_id=AGENT if to else None)
        return str(AGENT)

    def tags(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        return list(self.sandbox.books.tickets[int(ref.id)].row["tags"])

    def field(self, ref: Ref, value: str | None = None) -> tuple[str, str]:
        """See :class:`World`."""
        name = "cf_reference_number"
        if value is not None:
            self.people.set_field(int(ref.id), name, value)
        return name, self.sandbox.books.tickets[int(ref.id)].row["custom_fields"][name] or ""

    def native(self, word: Word) -> Status:
        """See :class:`World`."""
        return Status(str(CODES[word]))

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

    def ask(self, subject: str, description: str) -> Case:
        """See :class:`World`; the requester belongs to two companies and leads the first."""
        people = self.people
        first = people.add_company("Example Observatory", account_tier="Premium", region="north")
        other = people.add_company("Example College")
        asked = people.add_contact(
            "Requester", "requester@example.org", [first, other], [first], language="pt-BR", tags=["vip"],
            custom_fields={"role": "lead"},
        )  # fmt: skip
        people.add_contact("Deputy", "deputy@example.org", [other, first], [first])
        people.add_contact("Colleague", "colleague@example.org", [first], [])
        number = people.make_ticket(subject, f"<div>{description}</div>", type="Incident")
        people.hand_over(number, requester_id=asked, group_id=people.add_group("Tier 2"), priority=3)
        people.set_field(number, "cf_reference_number", "R-17")
        url = people.attach(number, "log.txt", 42)
        companies = (
            Company("Example Observatory", {"account_tier": "Premium", "region": "north"}),
            Company("Example College"),
        )
        person = Person(
            "Requester", "requester@example.org", "pt-BR", ("vip",), {"role": "lead"}, companies, leads=True
        )
        return Case(
            Ref(self.name, str(number), str(number)), person, companies[0], "Tier 2", "Incident", "High",
            {"cf_reference_number": "R-17", "Reference number": "R-17"}, (Attachment("log.txt", url, 42),),
            (Person("Deputy", "deputy@example.org", "en", leads=True), replace(person, companies=())),
        )  # fmt: skip

    def spend(self, ref: Ref, seconds: int) -> None:
        """See :class:`World`."""
        self.people.work(int(ref.id), seconds)

    def now(self) -> datetime:
        """See :class:`World`."""
        return self.sandbox.now()

    def dissolve(self, case: Case) -> None:
        """See :class:`World`."""
        for number in list(self.sandbox.books.companies):
            self.people.delete_company(number)
        self.people.delete_group(self.sandbox.books.tickets[int(case.ref.id)].row["group_id"])

    def remove(self, ref: Ref, kind: GoneKind) -> None:
        """See :class:`World`."""
        (self.people.spam if kind is GoneKind.SPAM else self.people.delete)(int(ref.id))

    def restore(self, ref: Ref) -> None:
        """See :class:`World`."""
        self.people.restore(int(ref.id))

    def move(self, ref: Ref) -> Ref:
        """Freshdesk's tickets don't move: ``lacks`` says so."""
        raise NotImplementedError(str(ref))

    def url(self, ref: Ref) -> str:
        """See :class:`World`."""
        return f"{self.sandbox.url}/a/tickets/{ref.id}"

    def status(self, ref: Ref) -> Status:
        """See :class:`World`."""
        return Status(str(self.sandbox.books.tickets[int(ref.id)].row["status"]))

    def remarks(self, ref: Ref) -> list[Remark]:
        """See :class:`World`."""
        return [
            Remark(
                Author.OUTSIDE if said["incoming"] else Author.SELF if said["user_id"] == ME else Author.TEAM,
                said["body"],
                said["private"],
            )
            for said in self.sandbox.books.tickets[int(ref.id)].talk
        ]

    def items(self) -> list[Ref]:
        """See :class:`World`."""
        listed = [str(one.number) for one in self.sandbox.books.tickets.values() if not one.listed]
        return [Ref(self.name, number, number) for number in listed]

    def status_writes(self, ref: Ref) -> int:
        """See :class:`World`."""
        return self.sandbox.books.tickets[int(ref.id)].status_writes

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
