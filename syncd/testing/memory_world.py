"""The system in memory as the conformance suite sees it (:mod:`syncd.testing.world`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from syncd.connector import Connector
from syncd.details import Attachment, Company, Person
from syncd.model import Audience, Author, GoneKind, Ref, Role, Status, Word
from syncd.testing.books import moment_of
from syncd.testing.memory import Books, Entry, MemoryConnector
from syncd.testing.panels import Panel
from syncd.testing.world import Case, Remark, World


class MemoryWorld(World):
    """The books as the conformance suite wants them."""

    def __init__(self, role: Role = Role.HELPDESK) -> None:
        super().__init__(role, lacks=frozenset({"move"} if role is Role.HELPDESK else {"waiting", "spam"}))
        self.books = Books("memory", role)

    def connect(self) -> Connector:
        """See :class:`World`."""
        return MemoryConnector(self.books)

    def _entry(self, ref: Ref) -> Entry:
        return self.books.entries[int(ref.id)]

    def add(self, body: str = "", *, by: Author = Author.TEAM) -> Ref:
        """See :class:`World`."""
        return self.books.ref(self.books.add(body, by=by))

    def native(self, word: Word) -> Status:
        """See :class:`World`."""
        return Status(word.value)

    def set_status(self, ref: Ref, word: Word) -> None:
        """See :class:`World`."""
        self.books.set_status(int(ref.id), Status(word.value))

    def say(self, ref: Ref, body: str, *, by: Author, internal: bool = False) -> None:
        """See :class:`World`."""
        self.books.say(int(ref.id), Remark(by, body, internal))

    def touch(self, ref: Ref) -> None:
        """See :class:`World`."""
        self._entry(ref).version = self.books.next()

    def label(self, ref: Ref, label: str) -> None:
        """See :class:`World`."""
        self._entry(ref).tags += (label,)
        self.touch(ref)

    def send(self, ref: Ref, body: str, name: str) -> Attachment:
        """See :class:`World`."""
        file = Attachment(name, f"https://memory.example.com/files/{name}", 17)
        self._entry(ref).files[len(self._entry(ref).remarks)] = (file,)
        self.say(ref, body, by=Author.OUTSIDE)
        return file

    def copied(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        return list(self._entry(ref).copied)

    def assign(self, ref: Ref, *, to: bool = True) -> str:
        """See :class:`World`."""
        self._entry(ref).assignees = ("agent-1",) if to else ()
        self.touch(ref)
        return "agent-1"

    def unlabel(self, ref: Ref, label: str) -> None:
        """See :class:`World`."""
        self._entry(ref).tags = tuple(one for one in self._entry(ref).tags if one != label)
        self.touch(ref)

    def tags(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        return list(self._entry(ref).tags)

    def field(self, ref: Ref, value: str | None = None) -> tuple[str, str]:
        """See :class:`World`."""
        self.books.no_fields.add("no_such_field")
        if value is not None:
            self._entry(ref).fields["note"] = value
            self.touch(ref)
        return "note", str(self._entry(ref).fields.get("note", ""))

    def point(self, ref: Ref, url: str) -> None:
        """See :class:`World`."""
        self._entry(ref).addresses += (url,)

    def pointers(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        entry = self._entry(ref)
        return [*entry.addresses, *(one.url for one in entry.pointers.values())]

    def plan(self, ref: Ref) -> None:
        """See :class:`World`."""
        self._entry(ref).released = False
        self.touch(ref)

    def release(self, ref: Ref) -> None:
        """See :class:`World`."""
        self._entry(ref).released = True

    def offer(self) -> tuple[str, str, str]:
        """See :class:`World`: everything is there until it isn't."""
        return "team", "engineer", "Bug"

    def assigned(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        return list(self._entry(ref).assignees)

    def type(self, ref: Ref) -> str:
        """See :class:`World`."""
        return self._entry(ref).type

    def lack(self, name: str) -> None:
        """See :class:`World`."""
        self.books.absent.add(name)
        self.books.no_fields.add(name)

    def show(self, place: str, audience: Audience) -> None:
        """See :class:`World`."""
        self.books.audiences[place] = audience

    def close_place(self, place: str) -> None:
        """See :class:`World`."""
        self.books.absent.add(place)

    def board(self, *, public: bool = False) -> str:
        """See :class:`World`."""
        self.books.boards["team/1"] = Panel({"Type": ("support", "defect"), "Note": ()}, public=public)
        return "team/1"

    def on_board(self, ref: Ref, board: str, fields: Mapping[str, str] | None = None) -> Mapping[str, str] | None:
        """See :class:`World`."""
        items = self.books.boards[board].items
        if fields:
            items.setdefault(int(ref.id), {}).update(fields)
        return items.get(int(ref.id))

    def ask(self, subject: str, description: str) -> Case:
        """See :class:`World`."""
        entry = self.books.add(description, by=Author.OUTSIDE)
        company = Company("Example Observatory", {"tier": "1"}, ("pilot",))
        person = Person("Requester", "requester@example.com", "en", ("vip",), {"role": "lead"}, (company,), leads=True)
        deputy = Person("Deputy", "deputy@example.com", leads=True)
        entry.subject, entry.requester, entry.company = subject, person, company
        entry.representatives = (deputy, replace(person, companies=()))
        entry.group, entry.kind, entry.priority = "Tier 2", "Incident", "High"
        entry.attachments = (Attachment("log.txt", "https://memory.example.com/files/log.txt", 42),)
        entry.fields["area"] = "storage"
        entry.version, case = self.books.next(), {"area": "storage"}
        return Case(
            self.books.ref(entry), person, company, entry.group, entry.kind, entry.priority, case, entry.attachments,
            entry.representatives,
        )  # fmt: skip

    def spend(self, ref: Ref, seconds: int) -> None:
        """See :class:`World`."""
        self._entry(ref).worked.append((self.books.tick, seconds))

    def now(self) -> datetime:
        """See :class:`World`."""
        return moment_of(self.books.tick)

    def dissolve(self, case: Case) -> None:
        """See :class:`World`."""
        entry = self._entry(case.ref)
        entry.company, entry.group, entry.representatives = None, "", ()
        if entry.requester is not None:
            entry.requester = replace(entry.requester, companies=(), leads=False)

    def remove(self, ref: Ref, kind: GoneKind) -> None:
        """See :class:`World`."""
        self._entry(ref).gone = kind
        self.touch(ref)

    def restore(self, ref: Ref) -> None:
        """See :class:`World`."""
        self._entry(ref).gone = None
        self.touch(ref)

    def move(self, ref: Ref) -> Ref:
        """See :class:`World`."""
        old = self._entry(ref)
        new = self.books.add(old.body, by=old.author, status=old.status.native)
        old.moved_to = new.number
        return self.books.ref(new)

    def url(self, ref: Ref) -> str:
        """See :class:`World`."""
        return f"https://memory.example.com/items/{ref.id}"

    def status(self, ref: Ref) -> Status:
        """See :class:`World`."""
        return self._entry(ref).status

    def remarks(self, ref: Ref) -> list[Remark]:
        """See :class:`World`."""
        return list(self._entry(ref).remarks)

    def items(self) -> list[Ref]:
        """See :class:`World`."""
        return [self.books.ref(e) for e in self.books.entries.values() if not e.gone and not e.moved_to]

    def status_writes(self, ref: Ref) -> int:
        """See :class:`World`."""
        return self._entry(ref).status_writes

    def calls(self) -> int:
        """See :class:`World`."""
        return self.books.calls

    def advance(self, seconds: float) -> None:
        """See :class:`World`."""
        self.books.tick += int(seconds)

    def fail(self, how: str, *, times: int = 1, writes_only: bool = False) -> None:
        """See :class:`World`."""
        self.books.faults += [(how, writes_only)] * times

    def close(self) -> None:
        """See :class:`World`."""
