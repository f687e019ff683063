"""A helpdesk and trackers in memory, and syncd's core between them: what the tests of the core act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from syncd.clock import ManualClock
from syncd.config import Brake, Helpdesk, Tracker
from syncd.ingest.poll import poll
from syncd.jobs.backfill import backfill, some
from syncd.model import Audience, Author, GoneKind, Ref, Role, Status
from syncd.records import Link, Standing
from syncd.store import Store
from syncd.sync.reconcile import drain
from syncd.sync.tie import tie, untie
from syncd.testing.memory import START, Entry, MemoryConnector
from syncd.testing.world import Remark
from syncd.work import Work
from tests.ledger import Bench, Diary, Ledger, Plain
from tests.rules import mapping, playbook

COMMANDS = "/unlink\n/mute\n/reopen"
"""Stand in everything that is said between customers and agents, and command nothing there."""
KEY = b"a marker key for tests only"


class Pair:
    """Two systems, the state between them, and people on all ends.

    With ``other`` there is a second tracker of that name; with ``beside`` a second helpdesk, ``emea``, of these rules.
    ``connectors``: other connectors than the reference one, by name.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        mapped: dict[str, Any] | None = None,
        plain: bool = False,
        other: bool = False,
        beside: dict[str, Any] | None = None,
        connectors: Mapping[str, type[MemoryConnector]] | None = None,
        **rules: Any,
    ) -> None:
        self.clock = ManualClock(START)
        self.diary = Diary()
        self.desk = Ledger("desk", Role.HELPDESK, self.diary)
        self.tracker = Ledger("tracker", Role.TRACKER, self.diary)
        self.books = {"desk": self.desk, "tracker": self.tracker}
        if beside is not None:
            self.books["emea"] = Ledger("emea", Role.HELPDESK, self.diary)
        self.beside = beside
        if other:
            self.books["other"] = Ledger("other", Role.TRACKER, self.diary)
        self.desk.final = frozenset((mapped or {}).get("final", ()))
        self.connectors = connectors or {}
        self.path, self.rules, self.mapped, self.plain = path, rules, mapped or {}, plain
        self.store = Store.open(path) if path else Store.scratch()
        self.hook: Callable[[], None] = lambda: None
        self.work = self.connect()

    def connect(self) -> Work:
        """A run of syncd, as after a start."""
        kinds: dict[str, type[MemoryConnector]] = dict.fromkeys(self.books, Bench)
        kinds |= ({"desk": Plain} if self.plain else {}) | dict(self.connectors)
        options = MemoryConnector.Options(connector="memory", url="https://memory.example.com")
        common: dict[str, Any] = {"kind": "memory", "options": options, "connector": MemoryConnector}
        trackers = tuple(name for name, books in self.books.items() if books.role is Role.TRACKER)
        desk = Helpdesk(
            name="desk",
            mapping=mapping(Role.HELPDESK, **self.mapped),
            trackers=trackers,
            playbook=playbook(**self.rules),
            **common,
        )
        desks = {"desk": desk}
        if self.beside is not None:
            desks["emea"] = Helpdesk(
                name="emea",
                mapping=mapping(Role.HELPDESK),
                trackers=trackers,
                playbook=playbook(**self.beside),
                **common,
            )
        known = mapping(Role.TRACKER)
        return Work(
            store=self.store,
            clock=self.clock,
            connectors={name: kinds[name](books, self.clock) for name, books in self.books.items()},
            helpdesks=desks,
            trackers={name: Tracker(name=name, mapping=known, **common) for name in trackers},
            marker_key=KEY,
            brake=Brake(max_changes=1000),
        )

    def restart(self) -> None:
        """The process died and was started again."""
        if self.path:
            self.store.close()
            self.store = Store.open(self.path)
            self.watch(self.hook)
        self.store.recover(self.clock.now())
        self.work = self.connect()

    def watch(self, hook: Callable[[], None]) -> None:
        """Call ``hook`` around every call of every connector and around every transaction."""
        self.hook, write = hook, type(self.store).write

        @contextmanager
        def watched() -> Iterator[None]:
            hook()
            with write(self.store):
                yield
            hook()

        self.store.write = watched  # type: ignore[method-assign]  # this store only
        for books in self.books.values():
            books.before_call = books.after_write = hook

    # --- people ---

    def tick(self, seconds: int = 10) -> None:
        """Time passes everywhere."""
        for books in self.books.values():
            books.tick += seconds
        self.clock.advance(seconds)

    def ticket(self, status: str = "open", body: str = "help", by: Author = Author.OUTSIDE, at: str = "desk") -> Entry:
        self._together()
        return self.books[at].add(body, by=by, status=status)

    def issue(
        self,
        *tickets: Entry,
        status: str = "open",
        by: Author = Author.TEAM,
        audience: Audience = Audience.PRIVATE,
        text: str = "{}",
        at: str = "tracker",
    ) -> Entry:
        self._together()
        body = "\n\n".join(text.format(self.url(ticket)) for ticket in tickets)
        entry = self.books[at].add(body, by=by, status=status)
        entry.audience = audience
        return entry

    def url(self, entry: Entry) -> str:
        return f"https://{self._books(entry).name}.example.com/items/{entry.number}"

    def move(self, entry: Entry, status: str, *, outside: bool = False) -> None:
        self._together()
        self._books(entry).set_status(entry.number, Status(status), outside=outside)

    def say(self, entry: Entry, body: str, by: Author, *, internal: bool = False) -> None:
        self._together()
        self._books(entry).say(entry.number, Remark(by, body, internal))

    def reply(self, ticket: Entry, *, reopens: bool = True) -> None:
        """The customer writes; helpdesks open a ticket on that."""
        self.say(ticket, f"and another thing\n\n{COMMANDS}", Author.OUTSIDE)
        if reopens:
            self.move(ticket, "open")

    def lead(self, ticket: Entry, *, leads: bool = True) -> None:
        """Agents hang other customers' tickets on one, or take them off."""
        self._together()
        ticket.cascades, ticket.version = leads, self.desk.next()

    def label(self, entry: Entry, *labels: str) -> None:
        """The team sets the labels of an item, or its tags."""
        self._together()
        entry.tags, entry.version = labels, self._books(entry).next()

    def answer(self, ticket: Entry) -> None:
        self.say(ticket, f"here you are\n\n{COMMANDS}", Author.TEAM)

    def remove(self, entry: Entry, kind: GoneKind = GoneKind.DELETED) -> None:
        self._together()
        entry.gone, entry.version = kind, self._books(entry).next()
        self._books(entry).note(entry.number, "team", "gone")

    def restore(self, entry: Entry) -> None:
        self._together()
        entry.gone, entry.version = None, self._books(entry).next()
        self._books(entry).note(entry.number, "team", "back")

    def transfer(self, entry: Entry) -> Entry:
        """An item goes elsewhere, under a new id, with what was written on it."""
        books = self._books(entry)
        new = books.add(entry.body, by=entry.author, status=str(entry.status))
        new.audience, entry.moved_to = entry.audience, new.number
        new.came_from = entry.number if books.tells_moves else None
        books.note(entry.number, "team", "moved", str(new.number))
        return new

    def follow_up(self, ticket: Entry) -> Entry:
        """The customer of a finally closed ticket answers: the helpdesk makes a new one."""
        new = self.ticket("new")
        new.follows = ticket.number
        self.desk.note(new.number, "outside", "follows", str(ticket.number))
        return new

    def merge(self, ticket: Entry, into: Entry) -> None:
        """The team makes one ticket of two; the one that is left tells, if its feed tells such things."""
        ticket.moved_to = into.number
        into.came_from = ticket.number if self.desk.tells_moves else None
        into.version = self._books(into).next()
        self.desk.note(ticket.number, "team", "moved", str(into.number))

    def duplicate(self, issue: Entry, canonical: Entry) -> None:
        """The team closes an issue in favour of another."""
        issue.duplicate_of = canonical.number
        self._books(issue).note(issue.number, "team", "duplicate", str(canonical.number))
        self.move(issue, "duplicate")

    def cut(self, ticket: Entry, issue: Entry) -> None:
        """A person removes a link."""
        link = self.store.links.pair(self.ref(ticket), self.ref(issue))
        assert link is not None
        self.desk.note(ticket.number, "team", "unlinked", str(issue.number))
        with self.store.write():
            untie(self.work, link)

    def join(self, ticket: Entry, issue: Entry) -> None:
        """A person adds a link."""
        self.desk.note(ticket.number, "team", "linked", str(issue.number))
        with self.store.write():
            tie(self.work, self.ref(ticket), self.ref(issue))
        some(self.work, [self.ref(ticket), self.ref(issue)])

    def _books(self, entry: Entry) -> Ledger:
        return next(books for books in self.books.values() if books.entries.get(entry.number) is entry)

    def ref(self, entry: Entry) -> Ref:
        return self._books(entry).ref(entry)

    def _together(self) -> None:
        """All systems' clocks show the same time, as those of real services do."""
        now = max(books.tick for books in self.books.values())
        for books in self.books.values():
            books.tick = now

    # --- syncd ---

    def reconcile(self) -> None:
        """``syncd reconcile``."""
        self.work.paused.clear()
        backfill(self.work, list(self.books))

    def pass_(self) -> None:
        """What the daemon does each time round."""
        self._together()
        for name in sorted(self.books, reverse=True):
            poll(self.work, name)
        drain(self.work)

    def settle(self, minutes: int = 10) -> None:
        """Quiet: nobody does anything, syncd goes on until there is nothing to do."""
        for _ in range(6):
            self.clock.advance(minutes * 60)
            self.pass_()

    # --- the books ---

    def writes(self) -> int:
        """Everything that syncd ever wrote, by the books of all systems."""
        return sum(
            e.status_writes + sum(r.author is Author.SELF for r in e.remarks)
            for books in self.books.values()
            for e in books.entries.values()
        )

    def notes(self, entry: Entry) -> list[str]:
        """What syncd wrote on an item."""
        return [remark.body for remark in entry.remarks if remark.author is Author.SELF]

    def links(self) -> list[Link]:
        return self.store.links.all()

    def link(self, ticket: Entry | None = None, issue: Entry | None = None) -> Link:
        """The link of a pair; the only one, where none is named."""
        if ticket is None or issue is None:
            (only,) = self.store.links.all()
            return only
        found = self.store.links.pair(self.ref(ticket), self.ref(issue))
        assert found is not None
        return found

    def standing(self) -> Standing:
        return self.link().standing

    def parked(self) -> list[str]:
        """Why groups are parked."""
        return [row.reason for row in self.store.queue.rows() if row.parked]

    def filed_pair(self, **issue: Any) -> tuple[Entry, Entry]:
        """A ticket that waits for an issue, in step."""
        self.reconcile()
        self.tick()
        ticket = self.ticket()
        made = self.issue(ticket, **issue)
        self.tick()
        self.reconcile()
        assert ticket.status == Status("pending"), ticket
        self.tick()
        return ticket, made


def hour(pair: Pair) -> None:
    """Long enough for the damper to forget."""
    pair.clock.advance(61 * 60)
