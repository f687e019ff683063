"""People, faults and crashes in any order; and once they stop, everything is in step or the books show why not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from syncd.model import Audience, Author, Role
from syncd.records import LinkState
from tests.properties.rules import Rules
from tests.properties.world import ISSUE_MOVES, POLICIES, TICKET_MOVES, World

FAULTS = ("lost_answer", "error_after", "error", "cut", "rate_limited", "refused")
ANY = st.integers(0, 99)
CROWDED = 6
"""Where there are so many, no more are made: histories of few items go deeper."""


def peopled(machine: Machine) -> bool:
    """There is an issue already, and so a ticket."""
    return bool(machine.pair.tracker.entries)


class Machine(World, RuleBasedStateMachine):
    """Everything may happen at any time."""

    rounds = 3

    @initialize(
        rules=st.builds(Rules, **{name: st.sampled_from(values) for name, values in POLICIES.items()}),
        plain=st.booleans(),
        final=st.booleans(),
    )
    def start(self, rules: Rules, plain: bool, final: bool) -> None:
        self.begin(rules, plain=plain, final=final)

    def teardown(self) -> None:
        if self.sound and self.pair.desk.entries:
            self.quiet()
        self.end()

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

    @precondition(peopled)
    @rule(ticket=ANY, issue=ANY)
    def agent_names(self, ticket: int, issue: int) -> None:
        one, other = self.pick(Role.HELPDESK, ticket), self.pick(Role.TRACKER, issue)
        if one and other:
            self.pair.say(one, self.pair.url(other), Author.TEAM, internal=True)

    @precondition(lambda self: len(self.pair.tracker.entries) < CROWDED)
    @rule(tickets=st.integers(1, 3), issues=st.sampled_from([1, 1, 2]))
    def filed(self, tickets: int, issues: int) -> None:
        self.file(tickets, issues)

    @precondition(peopled)
    @rule(ticket=ANY, word=st.sampled_from(TICKET_MOVES))
    def move_ticket(self, ticket: int, word: str) -> None:
        entry = self.writable(ticket)
        if entry:
            self.pair.move(entry, word)

    @precondition(peopled)
    @rule(issue=ANY, word=st.sampled_from(ISSUE_MOVES))
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
    def stranger(self, issue: int, word: str) -> None:
        entry = self.pick(Role.TRACKER, issue)
        if entry:
            self.stranger_closes(entry, word)

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
        entry = self.writable(ticket)
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

    def calm_down(self) -> None:
        for books in self.pair.books.values():
            books.faults.clear()
            books.lag = 0
        self.restart()

    @precondition(peopled)
    @rule()
    def nobody_acts(self) -> None:
        self.quiet()

    @rule()
    def stop(self) -> None:
        self.restart()

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


class OnDisk(Machine):
    """The same with a real file, which is closed and opened again at every crash."""

    on_disk = True


QUICK = settings(
    max_examples=40,
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
