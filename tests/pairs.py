"""A helpdesk and a tracker in memory, and syncd's core between them: what the tests of the core act on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from syncd.backfill import backfill
from syncd.clock import ManualClock
from syncd.config import Brake, Helpdesk, Tracker
from syncd.mapping import Mapping
from syncd.model import Audience, Author, Ref, Role, Status, Word
from syncd.playbook import Playbook
from syncd.poll import poll
from syncd.reconcile import drain
from syncd.records import Link, Standing
from syncd.store import Store
from syncd.testing.memory import START, Books, Entry, MemoryConnector
from syncd.testing.world import Remark
from syncd.work import Work

TICKET_WORDS = ("new", "open", "pending", "on_hold", "resolved", "closed")
ISSUE_WORDS = ("open", "in_progress", "done", "declined", "duplicate")
KEY = b"a marker key for tests only"


def mapping(role: Role, **final: Any) -> Mapping:
    """Every word is its own native status; ``strange`` is one that the mapping doesn't know."""
    words = TICKET_WORDS if role is Role.HELPDESK else ISSUE_WORDS
    write = words if role is Role.HELPDESK else ("open", "done", "declined")
    return Mapping.parse(
        role, {"role": str(role), "words": {w: [w] for w in words}, "write": {w: w for w in write}} | final
    )


def playbook(**over: Any) -> Playbook:
    """The default playbook, with texts short enough to compare."""
    kinds = (
        "link_note resolved declined issue_reopened waits_for_agent conflict drift closed_outside lost_issue duplicate "
        "final_reopened ticket_resolved ticket_reopened"
    )
    texts = {kind: kind for kind in kinds.split()}
    return Playbook.parse("test", {"texts": texts} | over)


class Pair:
    """Two systems, the state between them, and people on both ends."""

    def __init__(self, path: Path | None = None, *, mapped: dict[str, Any] | None = None, **rules: Any) -> None:
        self.clock = ManualClock(START)
        self.desk = Books("desk", Role.HELPDESK)
        self.tracker = Books("tracker", Role.TRACKER)
        self.path = path
        self.rules = rules
        self.mapped = mapped or {}
        self.store = Store.open(path) if path else Store.scratch()
        self.work = self.connect()

    def connect(self) -> Work:
        """A run of syncd, as after a start."""
        books = {"desk": self.desk, "tracker": self.tracker}
        connectors = {name: MemoryConnector(one, self.clock) for name, one in books.items()}
        options = MemoryConnector.Options(connector="memory", url="https://memory.example.com")
        common: dict[str, Any] = {"kind": "memory", "options": options, "connector": MemoryConnector}
        desk = Helpdesk(
            name="desk",
            mapping=mapping(Role.HELPDESK, **self.mapped),
            trackers=("tracker",),
            playbook=playbook(**self.rules),
            **common,
        )
        tracker = Tracker(name="tracker", mapping=mapping(Role.TRACKER), **common)
        return Work(
            store=self.store,
            clock=self.clock,
            connectors=connectors,
            helpdesks={"desk": desk},
            trackers={"tracker": tracker},
            marker_key=KEY,
            brake=Brake(max_changes=1000),
        )

    def restart(self) -> None:
        """The process died and was started again."""
        if self.path:
            self.store.close()
            self.store = Store.open(self.path)
        self.store.recover(self.clock.now())
        self.work = self.connect()

    # --- people ---

    def tick(self, seconds: int = 10) -> None:
        """Time passes everywhere."""
        self.desk.tick += seconds
        self.tracker.tick += seconds
        self.clock.advance(seconds)

    def ticket(self, status: str = "open", body: str = "help", by: Author = Author.OUTSIDE) -> Entry:
        self._together()
        return self.desk.add(body, by=by, status=status)

    def issue(
        self, *tickets: Entry, status: str = "open", by: Author = Author.TEAM, audience: Audience = Audience.PRIVATE
    ) -> Entry:
        self._together()
        entry = self.tracker.add("\n".join(self.url(t) for t in tickets), by=by, status=status)
        entry.audience = audience
        return entry

    def url(self, ticket: Entry) -> str:
        return f"https://desk.example.com/items/{ticket.number}"

    def issue_url(self, issue: Entry) -> str:
        return f"https://tracker.example.com/items/{issue.number}"

    def move(self, entry: Entry, status: str, *, outside: bool = False) -> None:
        self._together()
        self._books(entry).set_status(entry.number, Status(status), outside=outside)

    def say(self, entry: Entry, body: str, by: Author, *, internal: bool = False) -> None:
        self._together()
        self._books(entry).say(entry.number, Remark(by, body, internal))

    def reply(self, ticket: Entry, *, reopens: bool = True) -> None:
        """The customer writes; helpdesks open a ticket on that."""
        self.say(ticket, "and another thing", Author.OUTSIDE)
        if reopens:
            self.move(ticket, "open")

    def answer(self, ticket: Entry) -> None:
        self.say(ticket, "here you are", Author.TEAM)

    def _books(self, entry: Entry) -> Books:
        return self.desk if self.desk.entries.get(entry.number) is entry else self.tracker

    def _together(self) -> None:
        """Both systems' clocks show the same time, as those of real services do."""
        self.desk.tick = self.tracker.tick = max(self.desk.tick, self.tracker.tick)

    # --- syncd ---

    def reconcile(self) -> None:
        """``syncd reconcile``."""
        self.work.paused.clear()
        backfill(self.work, ["desk", "tracker"])

    def pass_(self) -> None:
        """What the daemon does each time round."""
        self._together()
        for name in ("tracker", "desk"):
            poll(self.work, name)
        drain(self.work)

    def settle(self, minutes: int = 10) -> None:
        """Quiet: nobody does anything, syncd goes on until there is nothing to do."""
        for _ in range(6):
            self.clock.advance(minutes * 60)
            self.pass_()

    # --- the books ---

    def writes(self) -> int:
        """Everything that syncd ever wrote, by the books of both systems."""
        return sum(
            e.status_writes + sum(r.author is Author.SELF for r in e.remarks)
            for books in (self.desk, self.tracker)
            for e in books.entries.values()
        )

    def notes(self, entry: Entry) -> list[str]:
        """What syncd wrote on an item."""
        return [remark.body for remark in entry.remarks if remark.author is Author.SELF]

    def links(self) -> list[Link]:
        return self.store.links.all()

    def link(self) -> Link:
        (link,) = self.store.links.all()
        return link

    def standing(self) -> Standing:
        return self.link().standing

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
    pair.clock.advance(timedelta(hours=1, minutes=1).total_seconds())


def ref(entry: Entry, role: Role) -> Ref:
    return Ref("desk" if role is Role.HELPDESK else "tracker", str(entry.number))


__all__ = ["Pair", "Word", "hour", "mapping", "playbook", "ref"]
