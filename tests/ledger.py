"""The systems' own books of the core's tests: a diary of who did what, and what no write may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from syncd.actions import Action, Outcome, Written
from syncd.errors import ConnectorError
from syncd.model import Author, Item, Page, Place, Ref, Role, Status, Text
from syncd.testing.memory import Books, Entry, MemoryConnector
from syncd.testing.world import Remark

FINISHED = ("resolved", "closed")


class Event(NamedTuple):
    """One line of the diary: what was done to an item, and by whom (``syncd``, ``team`` or ``outside``)."""

    system: str
    number: int
    who: str
    what: str
    """``new`` and ``status`` (the status), ``says`` (the text), ``gone``, ``back``,
    ``moved`` and ``duplicate`` (to what, of what), ``linked``, ``unlinked``."""
    value: str = ""


Diary = list[Event]
"""What happened in all systems, in order."""


class Ledger(Books):
    """Books that also keep who did what and what no write may do, and tell when a write is done."""

    def __init__(self, name: str, role: Role, diary: Diary) -> None:
        super().__init__(name, role)
        self.diary = diary
        self.writing = False
        self.tells_moves = False
        """Whether the feed names what an item was before it moved."""
        self.closed_upon: list[int] = []
        """Tickets that syncd finished while their customer waited."""
        self.final: frozenset[str] = frozenset()
        self.written_though_final: list[int] = []
        self.said_no: set[int] = set()
        """Items that refused a write."""
        self.judge: Callable[[Entry, str], None] = lambda _entry, _before: None
        """Called with an item whose status syncd has just written, and the status that it had."""
        self.after_write: Callable[[], None] = lambda: None
        """Called when the system has done what it was asked, and before syncd knows."""

    def note(self, number: int, who: str, what: str, value: str = "") -> None:
        """A line of the diary."""
        self.diary.append(Event(self.name, number, who, what, value))

    def add(self, body: str = "", *, by: Author = Author.TEAM, status: str = "open") -> Entry:
        entry = super().add(body, by=by, status=status)
        self.note(entry.number, by.value, "new", status)
        return entry

    def set_status(self, number: int, status: Status, *, outside: bool = False) -> None:
        super().set_status(number, status, outside=outside)
        self.note(number, "syncd" if self.writing else "outside" if outside else "team", "status", str(status))

    def say(self, number: int, remark: Remark) -> None:
        super().say(number, remark)
        who = "syncd" if remark.author is Author.SELF else remark.author.value
        self.note(number, who, "says", remark.body)


def waiting(entry: Entry) -> bool:
    """Whether the newest public message is the customer's."""
    public = [remark.author for remark in entry.remarks if not remark.internal]
    return bool(public) and public[-1] is Author.OUTSIDE


class Bench(MemoryConnector):
    """The reference connector; the books keep what was wrong at the moment of a write."""

    def _write(self, action: Action, fault: str | ConnectorError) -> Outcome:
        books = self.books
        assert isinstance(books, Ledger)
        entry = books.entries[int(action.target.id)]
        before, status, remarks = entry.status_writes, str(entry.status), len(entry.remarks)
        books.writing, waits = True, waiting(entry)
        try:
            outcome = super()._write(action, fault)
        finally:
            books.writing = False
        if entry.status_writes > before:
            if waits and str(entry.status) in FINISHED:
                books.closed_upon.append(entry.number)
            books.judge(entry, status)
        if status in books.final and (entry.status_writes, len(entry.remarks)) != (before, remarks):
            books.written_though_final.append(entry.number)
        if any(type(one).__name__ == "Refused" for one in (outcome.error, *(note.error for note in outcome.notes))):
            books.said_no.add(entry.number)
        books.after_write()
        return outcome


class Plain(Bench):
    """As most helpdesks are: the feed carries no notes and doesn't tell who wrote last; a call per item and write."""

    capabilities = replace(
        MemoryConnector.capabilities,
        fetch_batch=1,
        apply_batch=1,
        status_with_notes=False,
        feed_texts=False,
        notes_hold_links=True,
    )

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        for page in super().changes(source, cursor, since):
            yield replace(page, items=tuple(replace(one, texts=None, waiting=None) for one in page.items))

    def _write(self, action: Action, fault: str | ConnectorError) -> Outcome:
        done: list[Written] = []
        version = ""
        for note in action.notes:
            made = super()._write(Action(action.target, notes=(note,)), fault if not done else self._strike())
            done += made.notes
            version = max(version, made.version)
            if made.error is not None and type(made.error).__name__ in {"RateLimited", "Unauthorized"}:
                return Outcome(action, None, version, tuple(done), made.error if action.status else None)
        if action.status is None and not action.shows:
            return Outcome(action, None, version, tuple(done))
        made = super()._write(replace(action, notes=()), self._strike() if done else fault)
        return Outcome(action, made.status, max(version, made.version), tuple(done), made.error, made.aside)


class Apart(Bench):
    """As GitHub is: what is said on an issue is read by a call of its own, and who can read it is known for a while."""

    capabilities = replace(MemoryConnector.capabilities, internal_notes=False, comments_apart=True)

    def _item(self, entry: Entry) -> Item:
        item = super()._item(entry)
        return replace(item, texts=tuple(text for text in item.texts or () if text.place is Place.BODY))

    def comments(self, ref: Ref, since: datetime) -> list[Text]:
        self._call()
        texts = super()._item(self.books.entries[int(ref.id)]).texts or ()
        return [text for text in texts if text.place is not Place.BODY and text.at and text.at >= since]


class Firm(Bench):
    """As Zendesk is: what was left once stays as it is."""

    capabilities = replace(MemoryConnector.capabilities, edits_notes=False)

    def _write(self, action: Action, fault: str | ConnectorError) -> Outcome:
        assert not any(note.replaces for note in action.notes)
        return super()._write(action, fault)
