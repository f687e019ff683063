"""The books of the reference connector's system: what it knows, and what people do there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from syncd.actions import Board, Draft, Note, Pointer, Written
from syncd.details import Attachment, Company, Person
from syncd.errors import Refused
from syncd.model import Audience, Author, GoneKind, Ref, Role, Status
from syncd.testing.panels import Panel
from syncd.testing.world import Remark

NO_COPIES = "replying: copies aren't taken here; switch them on"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Entry:
    """One item in the books."""

    number: int
    status: Status
    created: int
    version: int
    author: Author
    body: str
    remarks: list[Remark] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    """When each remark was made."""
    markers: list[str] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)
    """Marker -> the id of the note that has it."""
    files: dict[int, tuple[Attachment, ...]] = field(default_factory=dict)
    """What came with which of the remarks."""
    copied: tuple[str, ...] = ()
    """The addresses that got a copy of the newest remark."""
    audience: Audience = Audience.PRIVATE
    place: str = ""
    """Where it was filed."""
    type: str = ""
    assignees: tuple[str, ...] = ()
    automated: bool | None = None
    gone: GoneKind | None = None
    moved_to: int | None = None
    closed_outside: bool = False
    moved: int | None = None
    duplicate_of: int | None = None
    final: bool = False
    tags: tuple[str, ...] = ()
    fields: dict[str, str | int] = field(default_factory=dict)
    pointers: dict[str, Pointer] = field(default_factory=dict)
    """Links that the API made, by id."""
    addresses: tuple[str, ...] = ()
    """Of links that people made."""
    released: bool | None = None
    follows: int | None = None
    cascades: bool = False
    subject: str = ""
    requester: Person | None = None
    company: Company | None = None
    representatives: tuple[Person, ...] = ()
    group: str = ""
    kind: str = ""
    priority: str = ""
    attachments: tuple[Attachment, ...] = ()
    came_from: int | None = None
    """What it was called before, where the feed tells that."""
    worked: list[tuple[int, float]] = field(default_factory=list)
    """When the team has worked on it, and for how many seconds."""
    status_writes: int = 0
    shown_writes: int = 0
    """How often fields, tags and links were written through the API."""


@dataclass(slots=True)
class Books:
    """What the system knows; time is a counter of changes, one second each."""

    name: str
    role: Role
    entries: dict[int, Entry] = field(default_factory=dict)
    tick: int = 0
    calls: int = 0
    faults: list[tuple[str, bool]] = field(default_factory=list)
    lag: int = 0
    """How many of the last changes the feed doesn't show yet."""
    silent_walks: int = 0
    no_copies: bool = False
    """Whether replies go without copies."""
    no_fields: set[str] = field(default_factory=set)
    """Fields that can't be set: a write that names one sets nothing of its fields and tags."""
    audiences: dict[str, Audience | None] = field(default_factory=dict)
    """Who can read what is filed in a place; where it doesn't stand, the team alone."""
    absent: set[str] = field(default_factory=set)
    """Places, labels, types, accounts and boards that aren't there: what names one is refused."""
    boards: dict[str, Panel] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    """Labels, types and accounts that are left out of a new item without a word."""
    before_call: Any = None
    """Called at the start of every API call: where a test lets people act in between."""

    def next(self) -> int:
        """A new moment."""
        self.tick += 1
        return self.tick

    def add(self, body: str = "", *, by: Author = Author.TEAM, status: str = "open") -> Entry:
        """A new item."""
        now = self.next()
        entry = Entry(len(self.entries) + 1, Status(status), now, now, by, body)
        self.entries[entry.number] = entry
        return entry

    def set_status(self, number: int, status: Status, *, outside: bool = False) -> None:
        """Somebody moves an item."""
        entry = self.entries[number]
        entry.status, entry.version, entry.closed_outside = status, self.next(), outside
        entry.automated = None
        entry.moved = entry.version

    def say(self, number: int, remark: Remark) -> None:
        """Somebody writes."""
        self.entries[number].remarks.append(remark)
        self.entries[number].copied = ()
        self.entries[number].version = self.next()
        self.entries[number].said.append(self.tick)

    def leave(self, number: int, note: Note) -> Written:
        """The API leaves a note, or gives one of its own another text."""
        entry = self.entries[number]
        if note.audience is Audience.PRIVATE and self.readers(entry) is Audience.PUBLIC:
            return Written(note.effect, error=Refused(self.name, "everybody can read there"))
        if not note.replaces:
            entry.markers.append(note.marker)
            entry.noted[note.marker] = f"{number}-{len(entry.remarks)}"
            self.say(number, Remark(Author.SELF, note.body, note.internal))
            entry.copied = () if note.internal or self.no_copies else note.copies
            lost = None if note.internal or len(entry.copied) == len(note.copies) else Refused(self.name, NO_COPIES)
            return Written(note.effect, entry.noted[note.marker], aside=lost)
        index = note.replaces.removeprefix(f"{number}-")
        there = entry.remarks[int(index)] if index.isdecimal() and int(index) < len(entry.remarks) else None
        if there is None or there.author is not Author.SELF:
            error = Refused(self.name, f"there is no note {note.replaces} of our own")
            return Written(note.effect, error=error)
        if there.internal is not note.internal:
            error = Refused(self.name, f"the note {note.replaces} is read by others than this text is for")
            return Written(note.effect, error=error)
        entry.remarks[int(index)] = Remark(Author.SELF, note.body, note.internal)
        entry.version = self.next()
        return Written(note.effect, note.replaces)

    def readers(self, entry: Entry) -> Audience:
        """Who can read an item now."""
        return self.audiences.get(entry.place) or entry.audience

    def obstacles(self, draft: Draft) -> list[str]:
        """Why an item can't be filed, in words."""
        missing = (one for one in _named(draft) if one in self.absent and one not in draft.new_labels)
        found = [f"there is no {one}" for one in missing]
        found += [f"there is no field {one}" for one in draft.fields if one in self.no_fields]
        seen = self.audiences.get(draft.place, Audience.PRIVATE)
        if draft.audience is Audience.PRIVATE and seen is not Audience.PRIVATE:
            found.append("everybody can read there by now, and the text is for the team alone")
        return found

    def board_obstacles(self, board: Board) -> list[str]:
        """Why an item can't be put on a board, in words."""
        panel = self.boards.get(board.name)
        return [f"there is no board {board.name}"] if panel is None else list(panel.obstacles(board))

    def file(self, draft: Draft) -> tuple[Entry, list[str]]:
        """The API makes an item; and what of the draft it has left out."""
        entry, dropped = self.add(draft.body, by=Author.SELF), [one for one in _named(draft) if one in self.dropped]
        self.absent -= set(draft.new_labels) - set(dropped)
        entry.place, entry.subject = draft.place, draft.title
        entry.audience = self.audiences.get(draft.place, Audience.PRIVATE) or Audience.PUBLIC
        entry.type = "" if draft.type in dropped else draft.type
        entry.tags = tuple(one for one in draft.labels if one not in dropped)
        entry.assignees = tuple(one for one in draft.assignees if one not in dropped)
        entry.fields |= draft.fields
        entry.markers.append(draft.marker)
        return entry, dropped

    def ref(self, entry: Entry) -> Ref:
        """The item's identity."""
        return Ref(self.name, str(entry.number), f"{self.name.upper()}-{entry.number}")


def _named(draft: Draft) -> tuple[str, ...]:
    """Everything that has to be there."""
    return tuple(one for one in (draft.place, *draft.labels, draft.type, *draft.assignees) if one)


def moment_of(tick: int) -> datetime:
    """By the system's own clock."""
    return START + timedelta(seconds=tick)
