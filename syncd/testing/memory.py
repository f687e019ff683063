"""The reference connector: a system in memory, with people in it, that forgets answers and lags on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syncd.actions import Action, Outcome, Written
from syncd.clock import Clock, ManualClock, stamp
from syncd.connector import Capabilities, ConnectorOptions
from syncd.details import Detail, Spent
from syncd.errors import ConnectorError, Gone, Problem, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Author, GoneKind, Item, Mention, Page, Place, Ref, Removed, Role, Text, Word
from syncd.testing.books import START, Books, Entry, moment_of
from syncd.testing.memory_filing import MemoryFiling

PAGE = 3
"""Small, so that every test of a feed sees more than one page."""


def _removed(books: Books, entry: Entry) -> Removed:
    return Removed(books.ref(entry), entry.gone or GoneKind.DELETED, stamp(moment_of(entry.version)))


class MemoryConnector(MemoryFiling):
    """Speaks to a :class:`Books` as a connector speaks to a service."""

    Options = ConnectorOptions
    capabilities = Capabilities(
        roles=frozenset(Role),
        sets_fields=True,
        sets_tags=True,
        keeps_links=True,
        fetch_batch=10,
        apply_batch=10,
        status_with_notes=True,
        internal_notes=True,
        feed_texts=True,
        details=True,
        time_entries=True,
        edits_notes=True,
        boards=True,
    )

    def __init__(self, books: Books, clock: Clock | None = None) -> None:
        options = ConnectorOptions(connector="memory", url="https://memory.example.com")
        super().__init__(books.name, options, clock or ManualClock())
        self.books = books

    @property
    def ahead(self) -> timedelta | None:
        """By the books' clock."""
        return moment_of(self.books.tick) - self.clock.now()

    def sources(self) -> Sequence[str]:
        """One feed."""
        return ("items",)

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """Pages of entries by version; the cursor is the last version told, and whether the walk is over."""
        del source
        after, walking = json.loads(cursor) if cursor else (0, True)
        while True:
            self._call()
            horizon = self.books.tick - self.books.lag
            rows = sorted(
                (e for e in self.books.entries.values() if after < e.version <= horizon), key=lambda e: e.version
            )
            part = rows[:PAGE]
            after = part[-1].version if part else after
            last = len(rows) <= PAGE
            visible = [e for e in part if since is None or moment_of(e.version) >= since]
            yield Page(
                items=tuple(self._told(e) for e in visible if e.gone is None and e.moved_to is None),
                removed=tuple(
                    Removed(self.books.ref(e), e.gone, stamp(moment_of(e.version))) for e in visible if e.gone
                ),
                cursor=json.dumps([after, walking and not last]),
                first_walk=walking,
                last=last,
            )
            if last:
                return

    def fetch(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """Fresh reads."""
        self._call()
        found: dict[Ref, Item | Removed | ConnectorError] = {}
        for ref in refs:
            entry = self.books.entries.get(int(ref.id))
            while entry is not None and entry.moved_to:
                entry = self.books.entries[entry.moved_to]
            if entry is None:
                found[ref] = Removed(ref, GoneKind.DELETED)
            elif entry.gone:
                found[ref] = Removed(ref, entry.gone, stamp(moment_of(entry.version)))
            else:
                item = self._item(entry)
                found[ref] = item if item.ref == ref else replace(item, formerly=ref)
        return found

    def detail(self, ref: Ref) -> Detail:
        """What the books say; one call."""
        item = self.fetch([ref])[ref]
        if not isinstance(item, Item):
            raise Gone(self.name, f"reading item {ref.id}: it isn't there")
        entry = self.books.entries[int(item.ref.id)]
        answers = (text for text in item.texts or () if text.place is Place.COMMENT and text.author is Author.TEAM)
        answered_at = next((text.at for text in answers), None)
        return Detail(
            item=item,
            subject=entry.subject,
            description=entry.body,
            requester=entry.requester,
            company=entry.company,
            representatives=entry.representatives,
            group=entry.group,
            kind=entry.kind,
            priority=entry.priority,
            fields=item.fields,
            answered=answered_at is not None,
            answered_at=answered_at,
            attachments=tuple(file for text in item.texts or () for file in text.attachments),
        )

    def time_spent(self, since: datetime, until: datetime) -> Sequence[Spent]:
        """What the books say; one call."""
        self._call()
        found = []
        for entry in self.books.entries.values():
            worked = [seconds for tick, seconds in entry.worked if since <= moment_of(tick) < until]
            if worked:
                found.append(Spent(self.books.ref(entry), sum(worked), entry.company))
        return found

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """Notes and status in one call, so that both are done or neither; of several items in one call as well."""
        size = self.capabilities.apply_batch
        for start in range(0, len(actions), size):
            fault = self._strike()
            for action in actions[start : start + size]:
                yield self._write(action, fault)
                fault = "" if isinstance(fault, Refused) else fault  # what isn't accepted is one item's value

    def _strike(self) -> str | ConnectorError:
        """One call to write, and what goes wrong with it."""
        try:
            return self._call(write=True)
        except ConnectorError as error:
            return error

    def _write(self, action: Action, fault: str | ConnectorError) -> Outcome:
        try:
            if isinstance(fault, ConnectorError):
                raise fault
            entry = self.books.entries[int(action.target.id)]
            if entry.gone or entry.final:
                raise Refused(self.name, "the item can't be written any more")
        except ConnectorError as error:
            return Outcome(action, notes=tuple(Written(n.effect, error=error) for n in action.notes), error=error)
        done = tuple(self.books.leave(entry.number, note) for note in action.notes)
        if action.status is not None:
            entry.status_writes += 1
            self.books.set_status(entry.number, action.status)
        aside = self._show(entry, action)
        if fault in {"lost_answer", "error_after"}:
            lost = Transient(self.name, "the answer was lost", doubt=True)
            return Outcome(action, notes=tuple(Written(n.effect, error=lost) for n in action.notes), error=lost)
        version = stamp(moment_of(entry.version))
        if action.status is None:
            return Outcome(action, None, version, done, aside)
        return Outcome(action, entry.status, version, done, aside=aside)

    def _show(self, entry: Entry, action: Action) -> ConnectorError | None:
        """Fields, tags and links, unless a field of that name isn't there."""
        if not action.shows:
            return None
        unknown = self.books.no_fields.intersection(action.fields)
        if unknown:
            return Refused(self.name, f"there is no field {min(unknown)}")
        entry.fields |= action.fields
        kept_links = {id_: one for id_, one in entry.pointers.items() if id_ not in action.unlinks}
        entry.pointers = kept_links | {one.id: one for one in action.links}
        kept = [tag for tag in entry.tags if tag not in action.untags]
        entry.tags, entry.version = tuple(dict.fromkeys((*kept, *action.tags))), self.books.next()
        entry.shown_writes += 1
        return None

    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        """Look at the books."""
        del since
        self._call()
        if isinstance(where, Ref):
            entry = self.books.entries[int(where.id)]
            return entry.noted.get(marker, f"{where.id}-note") if marker in entry.markers else None
        return next((self.books.ref(e).key for e in self.books.entries.values() if marker in e.markers), None)

    def marks(self, where: Ref) -> Mapping[str, Sequence[str]]:
        """Look at the books."""
        self._call()
        found: dict[str, list[str]] = {}
        entry = self.books.entries[int(where.id)]
        for number, marker in enumerate(entry.markers):
            known = entry.noted.get(marker) if marker not in found else None
            found.setdefault(marker, []).append(known or f"{where.id}-note-{number}")
        return found

    def parse_url(self, text: str) -> Sequence[Mention]:
        """``https://NAME.example.com/items/7``."""
        prefix = f"https://{self.name}.example.com/items/"
        found, at = [], text.find(prefix)
        while at >= 0:
            end = at + len(prefix)
            while end < len(text) and text[end].isdigit():
                end += 1
            if end > at + len(prefix):
                found.append(Mention(f"{self.name.upper()}-{text[at + len(prefix) : end]}", at, end))
            at = text.find(prefix, end)
        return found

    def resolve(self, key: str) -> Ref | None:
        """``NAME-7``."""
        self._call()
        number = key.rpartition("-")[2]
        entry = self.books.entries.get(int(number)) if number.isdigit() else None
        return self.books.ref(entry) if entry and not entry.gone else None

    def statuses(self) -> Mapping[str, str]:
        """The words themselves are the native statuses."""
        return {word.value: word.value for word in Word if word is not Word.UNKNOWN}

    def check(self) -> Sequence[Problem]:
        """Nothing can be wrong with it but the credential."""
        try:
            self._call()
        except Unauthorized:
            return [Problem(self.name, "the credential isn't accepted", "Make a new one.")]
        return []

    def _told(self, entry: Entry) -> Item:
        former = self.books.entries.get(entry.came_from or 0)
        return replace(self._item(entry), formerly=self.books.ref(former) if former else None)

    def _item(self, entry: Entry) -> Item:
        replies = [remark for remark in entry.remarks if not remark.internal]
        texts = [Text(entry.body, entry.author, Place.BODY, "", moment_of(entry.created), entry.attachments)]
        for at, one in enumerate(entry.remarks):
            place, when = Place.NOTE if one.internal else Place.COMMENT, moment_of(entry.said[at])
            texts.append(Text(one.body, one.author, place, f"{entry.number}-{at}", when, entry.files.get(at, ())))
        canonical, parent = (self.books.entries.get(n or 0) for n in (entry.duplicate_of, entry.follows))
        return Item(
            ref=self.books.ref(entry),
            url=f"https://{self.name}.example.com/items/{entry.number}",
            status=entry.status,
            version=stamp(moment_of(entry.version)),
            created_at=moment_of(entry.created),
            audience=entry.audience,
            texts=tuple(texts),
            waiting=bool(replies and replies[-1].author is Author.OUTSIDE),
            final=entry.final,
            moved_at=moment_of(entry.moved) if entry.moved else None,
            closed_outside=entry.closed_outside,
            duplicate_of=self.books.ref(canonical) if canonical else None,
            follows=self.books.ref(parent) if parent else None,
            cascades=entry.cascades,
            fields={name: str(value) for name, value in entry.fields.items() if value != ""},
            group=entry.group,
            tags=entry.tags,
            assignees=entry.assignees,
            automated=entry.automated,
            addresses=entry.addresses,
            released=entry.released,
        )

    def _call(self, *, write: bool = False) -> str:
        """Count a call and raise the fault that is due; names the ones that strike after the write."""
        if self.books.before_call:
            self.books.before_call()
        self.books.calls += 1
        self.calls["WRITE" if write else "READ"] += 1
        due = next((f for f in self.books.faults if write or not f[1]), None)
        if due is None:
            return ""
        self.books.faults.remove(due)
        match due[0]:
            case "rate_limited":
                raise RateLimited(self.name, "asks to wait", retry_after=7)
            case "unauthorized":
                raise Unauthorized(self.name, "the credential isn't accepted")
            case "refused":
                raise Refused(self.name, "the value isn't accepted")
            case "error":
                raise Transient(self.name, "answered 502", doubt=write)
            case "cut" | "html":
                raise Transient(self.name, "cut the connection", doubt=write)
            case "lost_answer" | "error_after" if not write:
                raise Transient(self.name, "the answer was lost")
        return due[0]


__all__ = ["START", "Books", "Entry", "MemoryConnector"]
