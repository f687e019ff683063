"""People, faults and crashes in any order; and once they stop, everything is in step or the books show why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from syncd.errors import ConnectorError
from syncd.model import Audience, Author, Role
from syncd.records import LinkState
from syncd.testing.memory import Entry
from tests.pairs import ISSUE_WORDS, TEXTS, TICKET_WORDS, Pair
from tests.properties.oracle import Oracle
from tests.properties.rules import Rules

FAULTS = ("lost_answer", "error_after", "error", "cut", "rate_limited", "refused")
ANY = st.integers(0, 99)
CROWDED = 6
"""Where there are so many, no more are made: histories of few items go deeper."""
SIGNED = {kind: f"{kind} {{{{ ticket_key }}}} {{{{ issue_key }}}} {{{{ count }}}}" for kind in TEXTS}
"""Texts that tell of which ticket and issue they speak, and of how many."""
TICKET_MOVES = st.sampled_from(["resolved", "open", *TICKET_WORDS, "strange"])
ISSUE_MOVES = st.sampled_from(["done", "open", "done", *ISSUE_WORDS, "strange"])


class Crash(BaseException):
    """The process dies here."""


def peopled(machine: Machine) -> bool:
    """There is an issue already, and so a ticket."""
    return bool(machine.pair.tracker.entries)


class Machine(RuleBasedStateMachine):
    """Two systems with people, and syncd between them."""

    on_disk = False

    def __init__(self) -> None:
        super().__init__()
        self.fuse = -1
        self.dead = False
        self.sound = False
        """It has begun, and nothing was found so far."""

    @initialize(
        rules=st.builds(
            Rules,
            on_ticket_resolved=st.sampled_from(["tell", "tell", "close", "ignore"]),
            on_requester_reopen=st.sampled_from(["tell", "tell", "reopen"]),
            on_conflict=st.sampled_from(["hold", "hold", "tracker", "helpdesk"]),
            resolve_when_issues=st.sampled_from(["all", "any", "primary"]),
            narrow=st.booleans(),
        ),
        plain=st.booleans(),
        final=st.booleans(),
    )
    def begin(self, rules: Rules, plain: bool, final: bool) -> None:
        self.folder = TemporaryDirectory() if self.on_disk else None
        path = Path(self.folder.name) / "syncd.db" if self.folder else None
        mapped = {"final": ["closed"]} if final else None
        self.pair = Pair(path, plain=plain, mapped=mapped, texts=SIGNED, **rules.playbook)
        self.oracle = Oracle(self.pair, rules)
        self.pair.reconcile()
        self.pair.watch(self.step)
        self.pair.tick()
        self.sound = True

    def step(self) -> None:
        """Every call and every transaction begins and ends here; some don't end."""
        if self.dead or self.fuse == 0:
            self.dead = True
            raise Crash
        self.fuse -= 1

    # --- people ---

    def pick(self, role: Role, number: int, *, gone: bool = False) -> Entry | None:
        books = self.pair.desk if role is Role.HELPDESK else self.pair.tracker
        entries = [entry for entry in books.entries.values() if not entry.moved_to and bool(entry.gone) == gone]
        return entries[number % len(entries)] if entries else None

    def ticket_(self, number: int) -> Entry | None:
        """A ticket that people can still write to."""
        entry = self.pick(Role.HELPDESK, number)
        return entry if entry and str(entry.status) not in self.pair.desk.final else None

    @precondition(lambda self: len(self.pair.desk.entries) < CROWDED)
    @rule(new=st.booleans())
    def ticket(self, new: bool) -> None:
        self.pair.ticket("new" if new else "open")

    @precondition(lambda self: self.pair.desk.entries and len(self.pair.tracker.entries) < CROWDED)
    @rule(tickets=st.lists(ANY, min_size=1, max_size=3), public=st.booleans(), stranger=st.integers(0, 4))
    def issue(self, tickets: list[int], public: bool, stranger: int) -> None:
        named = [entry for entry in (self.pick(Role.HELPDESK, n) for n in tickets) if entry]
        by = Author.OUTSIDE if stranger == 4 else Author.TEAM
        audience = Audience.PUBLIC if public else Audience.PRIVATE
        if named:
            self.pair.issue(*named, by=by, audience=audience)

    @precondition(lambda self: len(self.pair.tracker.entries) < CROWDED)
    @rule(tickets=st.integers(1, 3), issues=st.sampled_from([1, 1, 2]))
    def filed(self, tickets: int, issues: int) -> None:
        """As most histories begin."""
        made = [self.pair.ticket() for _ in range(tickets)]
        for _ in range(issues):
            self.pair.issue(*made)
        self.look()

    @precondition(peopled)
    @rule(ticket=ANY, issue=ANY)
    def agent_names(self, ticket: int, issue: int) -> None:
        one, other = self.pick(Role.HELPDESK, ticket), self.pick(Role.TRACKER, issue)
        if one and other:
            self.pair.say(one, self.pair.url(other), Author.TEAM, internal=True)

    @precondition(peopled)
    @rule(ticket=ANY, word=TICKET_MOVES)
    def move_ticket(self, ticket: int, word: str) -> None:
        entry = self.ticket_(ticket)
        if entry:
            self.pair.move(entry, word)

    @precondition(peopled)
    @rule(issue=ANY, word=ISSUE_MOVES)
    def move_issue(self, issue: int, word: str) -> None:
        entry = self.pick(Role.TRACKER, issue)
        if entry:
            self.pair.move(entry, word)

    @precondition(peopled)
    @rule(issue=ANY, word=st.sampled_from(["done", "open"]))
    def close_or_reopen(self, issue: int, word: str) -> None:
        self.move_issue(issue, word)

    @precondition(peopled)
    @rule(issue=ANY, word=st.sampled_from(["done", "declined"]))
    def stranger_closes(self, issue: int, word: str) -> None:
        """On a public tracker the author of an issue may close it, whoever he is."""
        entry = self.pick(Role.TRACKER, issue)
        if entry and str(entry.status) not in {"done", "declined"}:
            self.pair.move(entry, word, outside=True)

    @precondition(lambda self: any(one.closed_outside for one in self.pair.tracker.entries.values()))
    @rule(issue=ANY, reopened=st.booleans(), seen=st.booleans())
    def member_takes_over(self, issue: int, reopened: bool, seen: bool) -> None:
        """What a stranger had closed is looked at by the team, and closed."""
        entry = self.pick(Role.TRACKER, issue)
        if entry and entry.closed_outside:
            if reopened:
                self.pair.move(entry, "open")
            if reopened and seen:
                self.look()
            self.pair.move(entry, "done")

    @precondition(peopled)
    @rule(ticket=ANY, reopens=st.booleans())
    def reply(self, ticket: int, reopens: bool) -> None:
        entry = self.ticket_(ticket)
        if entry:
            self.pair.reply(entry, reopens=reopens)

    @precondition(peopled)
    @rule(ticket=ANY)
    def answer(self, ticket: int) -> None:
        entry = self.pick(Role.HELPDESK, ticket)
        if entry:
            self.pair.answer(entry)

    @precondition(peopled)
    @rule(role=st.sampled_from([Role.HELPDESK, Role.TRACKER]), number=ANY)
    def delete(self, role: Role, number: int) -> None:
        entry = self.pick(role, number)
        if entry:
            self.pair.remove(entry)

    @precondition(lambda self: any(e.gone for books in self.pair.books.values() for e in books.entries.values()))
    @rule(role=st.sampled_from([Role.HELPDESK, Role.TRACKER]), number=ANY)
    def restore(self, role: Role, number: int) -> None:
        entry = self.pick(role, number, gone=True)
        if entry:
            self.pair.restore(entry)

    @precondition(peopled)
    @rule(issue=ANY, canonical=ANY)
    def duplicate(self, issue: int, canonical: int) -> None:
        one, other = self.pick(Role.TRACKER, issue), self.pick(Role.TRACKER, canonical)
        if one and other and one is not other:
            self.pair.duplicate(one, other)

    @precondition(peopled)
    @rule(issue=ANY)
    def transfer(self, issue: int) -> None:
        entry = self.pick(Role.TRACKER, issue)
        if entry and issue % 3 == 0:
            self.pair.transfer(entry)

    @precondition(lambda self: self.pair.links())
    @rule(number=ANY)
    def cut(self, number: int) -> None:
        """``syncd links remove``."""
        links = [link for link in self.pair.links() if link.state in {LinkState.LIVE, LinkState.PROPOSED}]
        if links:
            link = links[number % len(links)]
            self.pair.cut(self.pair.desk.entries[int(link.ticket.id)], self.pair.tracker.entries[int(link.issue.id)])

    @precondition(peopled)
    @rule(ticket=ANY, issue=ANY)
    def tie(self, ticket: int, issue: int) -> None:
        """``syncd links add``."""
        one, other = self.pick(Role.HELPDESK, ticket), self.pick(Role.TRACKER, issue)
        if one and other:
            self.attempt(lambda: self.pair.join(one, other))

    # --- the world is unkind ---

    @rule(desk=st.booleans(), how=st.sampled_from(FAULTS), writes=st.booleans())
    def fault(self, desk: bool, how: str, writes: bool) -> None:
        (self.pair.desk if desk else self.pair.tracker).faults.append((how, writes))

    @rule(desk=st.booleans(), changes=st.integers(0, 4))
    def lag(self, desk: bool, changes: int) -> None:
        (self.pair.desk if desk else self.pair.tracker).lag = changes

    @rule(minutes=st.sampled_from([0, 1, 5, 90]))
    def time_passes(self, minutes: int) -> None:
        self.pair.tick(minutes * 60)

    # --- syncd ---

    def attempt(self, what: Callable[[], None]) -> None:
        try:
            what()
        except ConnectorError:
            pass  # a poll that failed; the daemon goes on with the next
        except Crash:
            self.restart()
        queued, passed = self.pair.store.queue.rows(), self.pair.store.journal.skips()
        told = [*(row.reason for row in queued), *(one["why"] for one in passed)]
        assert not any("defect" in why for why in told), told

    @rule()
    def restart(self) -> None:
        self.dead, self.fuse = False, -1
        self.pair.restart()

    @rule()
    def look(self) -> None:
        self.attempt(self.pair.pass_)

    @rule()
    def walk(self) -> None:
        self.attempt(self.pair.reconcile)

    @rule(steps=st.integers(0, 40), whole=st.booleans())
    def crash(self, steps: int, whole: bool) -> None:
        self.fuse = steps
        self.attempt(self.pair.reconcile if whole else self.pair.pass_)
        self.fuse = -1

    # --- quiet ---

    @precondition(peopled)
    @rule()
    def quiet(self) -> None:
        self.sound = False
        for books in self.pair.books.values():
            books.faults.clear()
            books.lag = 0
        self.restart()
        for _ in range(3):
            self.pair.tick(4000)  # longer than what damps, backs off or settles
            self.pair.pass_()
            self.pair.reconcile()
        self.nothing_more_is_written()
        self.nothing_is_left_open()
        self.oracle.check()
        self.sound = True

    @precondition(peopled)
    @rule(issues=st.booleans(), number=ANY, ticket_word=TICKET_MOVES, issue_word=ISSUE_MOVES)
    def one_moves(self, issues: bool, number: int, ticket_word: str, issue_word: str) -> None:
        """Where only one end moves between two quiet moments, most is known of what must come of it."""
        self.quiet()
        if issues:
            self.move_issue(number, issue_word)
        else:
            self.move_ticket(number, ticket_word)
        self.quiet()

    def teardown(self) -> None:
        if self.sound and self.pair.desk.entries:
            self.quiet()
        folder: TemporaryDirectory[str] | None = getattr(self, "folder", None)
        if folder is not None:
            self.pair.store.close()
            folder.cleanup()

    def nothing_more_is_written(self) -> None:
        before = len(self.pair.diary)
        self.pair.pass_()
        self.pair.reconcile()
        assert self.pair.diary[before:] == []
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


class OnDisk(Machine):
    """The same with a real file, which is closed and opened again at every crash."""

    on_disk = True


QUICK = settings(
    max_examples=90,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,  # the same histories each time; new ones are for the long runs
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, max_examples=3000, stateful_step_count=60, derandomize=False)


def test_once_people_stop_everything_is_in_step_or_says_why_not() -> None:
    run_state_machine_as_test(Machine, settings=QUICK)


@pytest.mark.torture
def test_the_same_for_long() -> None:
    run_state_machine_as_test(Machine, settings=LONG)


@pytest.mark.torture
def test_the_same_with_a_real_file() -> None:
    run_state_machine_as_test(OnDisk, settings=settings(LONG, max_examples=300))
