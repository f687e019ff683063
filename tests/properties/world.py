"""Two systems with people, and syncd between them: what a random history acts on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from syncd.errors import ConnectorError
from syncd.model import Author, Role
from syncd.testing.memory import Entry
from tests.pairs import Pair
from tests.properties.oracle import Oracle
from tests.properties.rules import FINISHED_ISSUE, Rules
from tests.properties.shown import SHOWS, check_shown, written
from tests.rules import ISSUE_WORDS, TEXTS, TICKET_WORDS

SIGNED = {kind: f"{kind} {{{{ ticket_key }}}} {{{{ issue_key }}}} {{{{ count }}}}" for kind in TEXTS}
"""Texts that tell of which ticket and issue they speak, and of how many."""
TICKET_MOVES = ("resolved", "open", *TICKET_WORDS, "strange")
ISSUE_MOVES = ("done", "open", "done", *ISSUE_WORDS, "strange")
POLICIES = {
    "on_ticket_resolved": ("tell", "tell", "close", "ignore"),
    "on_requester_reopen": ("tell", "tell", "reopen"),
    "on_conflict": ("hold", "hold", "tracker", "helpdesk"),
    "resolve_when_issues": ("all", "any", "primary"),
    "narrow": (False, True),
    "shows": (False, True),
}


class Crash(BaseException):
    """The process dies here."""


class World:
    """Who acts when is for others to say; here is what they can do, and what must be true once all is quiet."""

    on_disk = False
    rounds = 1
    """How often syncd looks until all must be done: once where nothing fails."""
    fuse = -1
    dead = False
    sound = False
    """It has begun, and nothing was found so far."""

    def begin(self, rules: Rules, *, plain: bool, final: bool) -> None:
        """Nobody has written anything yet, and syncd watches."""
        self.folder = TemporaryDirectory() if self.on_disk else None
        path = Path(self.folder.name) / "syncd.db" if self.folder else None
        mapped = {"final": ["closed"]} if final else None
        shown = SHOWS if rules.shows else {}
        self.pair = Pair(path, plain=plain, mapped=mapped, texts=SIGNED, **rules.playbook, **shown)
        self.oracle = Oracle(self.pair, rules)
        self.pair.reconcile()
        self.pair.watch(self.step)
        self.pair.tick()
        self.sound = True

    def end(self) -> None:
        """Nothing is left of it."""
        folder: TemporaryDirectory[str] | None = getattr(self, "folder", None)
        if folder is not None:
            self.pair.store.close()
            folder.cleanup()

    def step(self) -> None:
        """Every call and every transaction begins and ends here; some don't end."""
        if self.dead or self.fuse == 0:
            self.dead = True
            raise Crash
        self.fuse -= 1

    # --- people ---

    def pick(self, role: Role, number: int, *, gone: bool = False) -> Entry | None:
        """One of the items that are there, or that are gone."""
        books = self.pair.desk if role is Role.HELPDESK else self.pair.tracker
        entries = [entry for entry in books.entries.values() if not entry.moved_to and bool(entry.gone) == gone]
        return entries[number % len(entries)] if entries else None

    def writable(self, number: int) -> Entry | None:
        """A ticket that people can still write to."""
        entry = self.pick(Role.HELPDESK, number)
        return entry if entry and str(entry.status) not in self.pair.desk.final else None

    def stranger_closes(self, issue: Entry, word: str) -> None:
        """On a public tracker the author of an issue may close it, whoever he is."""
        if str(issue.status) not in FINISHED_ISSUE:
            self.pair.move(issue, word, outside=True)

    def file(self, tickets: int, issues: int) -> None:
        """As most histories begin."""
        made = [self.pair.ticket() for _ in range(tickets)]
        for _ in range(issues):
            self.pair.issue(*made)
        self.attempt(self.pair.pass_)

    def touch_ticket(self, act: str, number: int, word: str) -> None:
        """Somebody does one thing to a ticket."""
        ticket = self.writable(number)
        if ticket is None:
            return
        match act:
            case "move":
                self.pair.move(ticket, word)
            case "answer":
                self.pair.answer(ticket)
            case _:
                self.pair.reply(ticket, reopens=act == "reopen")

    def touch_issue(self, act: str, number: int, word: str, other: int) -> None:
        """Somebody does one thing to an issue."""
        issue = self.pick(Role.TRACKER, number, gone=act == "restore")
        ticket, canonical = self.pick(Role.HELPDESK, other), self.pick(Role.TRACKER, other)
        match act, issue:
            case "move", Entry():
                self.pair.move(issue, word)
            case "stranger", Entry():
                self.stranger_closes(issue, "done")
            case "delete", Entry():
                self.pair.remove(issue)
            case "restore", Entry():
                self.pair.restore(issue)
            case "transfer", Entry():
                self.pair.transfer(issue)
            case "duplicate", Entry() if canonical and canonical is not issue:
                self.pair.duplicate(issue, canonical)
            case "name", Entry() if ticket:
                self.pair.say(ticket, self.pair.url(issue), Author.TEAM, internal=True)

    # --- syncd ---

    def attempt(self, what: Callable[[], None]) -> None:
        """Something of syncd's, that may fail and may crash, but brings no defect to light."""
        try:
            what()
        except ConnectorError:
            pass  # a poll that failed; the daemon goes on with the next
        except Crash:
            self.restart()
        queued, passed = self.pair.store.queue.rows(), self.pair.store.journal.skips()
        told = [*(row.reason for row in queued), *(one["why"] for one in passed)]
        assert not any("defect" in why for why in told), told

    def restart(self) -> None:
        """The process has died, or was stopped, and is started."""
        self.dead, self.fuse = False, -1
        self.pair.restart()

    # --- quiet ---

    def calm_down(self) -> None:
        """Whatever troubles the systems is over."""

    def quiet(self) -> None:
        """Nobody does anything, until syncd has nothing to do; then it is known what must be true."""
        self.sound = False
        self.calm_down()
        for _ in range(self.rounds):
            self.pair.tick(4000)  # longer than what damps, backs off or settles
            self.pair.pass_()
            self.pair.reconcile()
        self.nothing_more_is_written()
        self.nothing_is_left_open()
        self.oracle.check()
        self.sound = True

    def nothing_more_is_written(self) -> None:
        before, shown = len(self.pair.diary), written(self.pair)
        self.pair.pass_()
        self.pair.reconcile()
        assert self.pair.diary[before:] == []
        assert written(self.pair) == shown
        check_shown(self.pair)
        for books in self.pair.books.values():
            assert not books.closed_upon
            assert not books.written_though_final
        markers = [m for books in self.pair.books.values() for e in books.entries.values() for m in e.markers]
        assert len(markers) == len(set(markers))
        notes = [e for link in self.pair.links() for e in self.pair.store.effects.of(link.id) if e.state == "done"]
        assert len(markers) == len(notes), "a note that nobody knows of, or one that never was"

    def nothing_is_left_open(self) -> None:
        assert self.pair.store.queue.rows() == []
        for link in self.pair.links():
            for effect in self.pair.store.effects.of(link.id):  # one that nobody decided on is kept, and not sent
                assert effect.state in {"done", "refused"} or (effect.state == "ready" and not effect.owed), effect
