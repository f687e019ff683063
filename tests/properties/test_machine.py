"""People, faults and crashes in any order; and once they stop, everything is in step or says why not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from syncd.errors import ConnectorError
from syncd.model import FINISHED_ISSUE, Audience, Author, Item, Role
from syncd.observe import load
from syncd.plan.ticket import view
from syncd.records import Link, LinkState, Standing
from syncd.testing.memory import Entry
from tests.pairs import ISSUE_WORDS, TICKET_WORDS, Pair

FAULTS = ("lost_answer", "error_after", "error", "cut", "rate_limited", "refused")
ANY = st.integers(0, 99)


class Crash(BaseException):
    """The process dies here."""


class Machine(RuleBasedStateMachine):
    """Two systems with people, and syncd between them."""

    on_disk = False

    def __init__(self) -> None:
        super().__init__()
        self.fuse = -1
        self.dead = False
        self.touched: set[str] = set()
        """Refs that people acted on since everything was quiet."""
        self.agreed: dict[int, tuple[str, str]] = {}
        """Links that were in step when everything was quiet, with their ends."""

    @initialize(
        solved=st.sampled_from(["tell", "close", "ignore"]),
        reopened=st.sampled_from(["tell", "reopen"]),
        mode=st.sampled_from(["all", "any", "primary"]),
        plain=st.booleans(),
        final=st.booleans(),
        wins=st.sampled_from(["hold", "hold", "tracker", "helpdesk"]),
        narrow=st.booleans(),
    )
    def begin(self, solved: str, reopened: str, mode: str, plain: bool, final: bool, wins: str, narrow: bool) -> None:
        rules: dict[str, Any] = {"on_ticket_resolved": solved, "on_requester_reopen": reopened, "on_conflict": wins}
        rules["resolve_when_issues"] = mode
        if narrow:
            rules["fit"] = {"in_progress": {"fits": ["on_hold"], "write": "on_hold"}}
        self.lively = (solved, reopened, wins) != ("tell", "tell", "hold")
        self.folder = TemporaryDirectory() if self.on_disk else None
        path = Path(self.folder.name) / "syncd.db" if self.folder else None
        self.pair = Pair(path, plain=plain, mapped={"final": ["closed"]} if final else None, **rules)
        self.pair.reconcile()
        self.pair.watch(self.step)
        self.pair.tick()

    def step(self) -> None:
        """Every call and every transaction begins and ends here; some don't end."""
        if self.dead or self.fuse == 0:
            self.dead = True
            raise Crash
        self.fuse -= 1

    # --- people ---

    def pick(self, role: Role, number: int) -> Entry | None:
        books = self.pair.desk if role is Role.HELPDESK else self.pair.tracker
        entries = [entry for entry in books.entries.values() if not entry.moved_to]
        return entries[number % len(entries)] if entries else None

    def touch(self, *entries: Entry) -> None:
        self.touched |= {str(self.pair.ref(entry)) for entry in entries}

    @rule(new=st.booleans())
    def ticket(self, new: bool) -> None:
        self.touch(self.pair.ticket("new" if new else "open"))

    @rule(tickets=st.lists(ANY, min_size=1, max_size=3), public=st.booleans(), stranger=st.integers(0, 4))
    def issue(self, tickets: list[int], public: bool, stranger: int) -> None:
        named = [entry for entry in (self.pick(Role.HELPDESK, n) for n in tickets) if entry]
        by = Author.OUTSIDE if stranger == 4 else Author.TEAM
        audience = Audience.PUBLIC if public else Audience.PRIVATE
        if named:
            self.touch(self.pair.issue(*named, by=by, audience=audience), *named)

    @rule(number=st.integers(1, 3))
    def filed(self, number: int) -> None:
        """As most histories begin."""
        tickets = [self.pair.ticket() for _ in range(number)]
        self.touch(self.pair.issue(*tickets), *tickets)
        self.look()

    @rule(ticket=ANY, issue=ANY)
    def agent_names(self, ticket: int, issue: int) -> None:
        one, other = self.pick(Role.HELPDESK, ticket), self.pick(Role.TRACKER, issue)
        if one and other:
            self.pair.say(one, self.pair.url(other), Author.TEAM, internal=True)
            self.touch(one, other)

    @rule(ticket=ANY, word=st.sampled_from(["resolved", "open", *TICKET_WORDS, "strange"]))
    def move_ticket(self, ticket: int, word: str) -> None:
        entry = self.pick(Role.HELPDESK, ticket)
        if entry and not entry.gone and str(entry.status) not in self.pair.desk.final:
            self.pair.move(entry, word)
            self.touch(entry)

    @rule(
        issue=ANY, word=st.sampled_from(["done", "open", "done", *ISSUE_WORDS, "strange"]), stranger=st.integers(0, 4)
    )
    def move_issue(self, issue: int, word: str, stranger: int) -> None:
        entry = self.pick(Role.TRACKER, issue)
        if entry and not entry.gone:
            self.pair.move(entry, word, outside=stranger == 4)

    @rule(issue=ANY, word=st.sampled_from(["done", "open"]))
    def close_or_reopen(self, issue: int, word: str) -> None:
        self.move_issue(issue, word, 0)

    @rule(ticket=ANY, reopens=st.booleans())
    def reply(self, ticket: int, reopens: bool) -> None:
        entry = self.pick(Role.HELPDESK, ticket)
        if entry and not entry.gone and str(entry.status) not in self.pair.desk.final:
            self.pair.reply(entry, reopens=reopens)
            self.touch(entry)

    @rule(ticket=ANY)
    def answer(self, ticket: int) -> None:
        entry = self.pick(Role.HELPDESK, ticket)
        if entry and not entry.gone:
            self.pair.answer(entry)
            self.touch(entry)

    @rule(role=st.sampled_from([Role.HELPDESK, Role.TRACKER]), number=ANY)
    def delete_or_restore(self, role: Role, number: int) -> None:
        entry = self.pick(role, number)
        if entry and number % 3 == 0:
            (self.pair.restore if entry.gone else self.pair.remove)(entry)
            self.touch(entry)

    @rule(issue=ANY, canonical=ANY)
    def duplicate(self, issue: int, canonical: int) -> None:
        one, other = self.pick(Role.TRACKER, issue), self.pick(Role.TRACKER, canonical)
        if one and other and one is not other and not one.gone:
            one.duplicate_of = other.number
            self.pair.move(one, "duplicate")
            self.touch(one)

    @rule(issue=ANY)
    def transfer(self, issue: int) -> None:
        entry = self.pick(Role.TRACKER, issue)
        if entry and not entry.gone and issue % 3 == 0:
            self.touch(entry, self.pair.transfer(entry))

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

    def run(self, what: str) -> None:
        try:
            getattr(self.pair, what)()
        except ConnectorError:
            pass  # a poll that failed; the daemon goes on with the next
        except Crash:
            self.restart()

    @rule()
    def restart(self) -> None:
        self.dead, self.fuse = False, -1
        self.pair.restart()

    @rule()
    def look(self) -> None:
        self.run("pass_")

    @rule()
    def walk(self) -> None:
        self.run("reconcile")

    @rule(steps=st.integers(0, 40), whole=st.booleans())
    def crash(self, steps: int, whole: bool) -> None:
        self.fuse = steps
        self.run("reconcile" if whole else "pass_")
        self.fuse = -1

    # --- quiet ---

    @precondition(lambda self: self.pair.desk.entries)
    @rule()
    def quiet(self) -> None:
        for books in self.pair.books.values():
            books.faults.clear()
            books.lag = 0
        self.restart()
        for _ in range(3):
            self.pair.tick(4000)  # longer than what damps, backs off or settles
            self.pair.pass_()
            self.pair.reconcile()
        self.nothing_more_is_written()
        self.every_link_fits_or_says_why()
        self.nothing_is_left_open()
        self.no_move_was_lost()
        self.touched.clear()
        self.agreed = {
            link.id: (str(link.ticket), str(link.issue))
            for link in self.pair.links()
            if link.state is LinkState.LIVE and link.standing is Standing.AGREED
        }

    def teardown(self) -> None:
        if hasattr(self, "pair") and self.pair.desk.entries:
            self.quiet()
        folder: TemporaryDirectory[str] | None = getattr(self, "folder", None)
        if folder is not None:
            self.pair.store.close()
            folder.cleanup()

    def nothing_more_is_written(self) -> None:
        before = self.pair.writes()
        self.pair.pass_()
        self.pair.reconcile()
        assert self.pair.writes() == before
        for books in self.pair.books.values():
            assert not books.closed_upon
            assert not books.written_though_final
        markers = [m for books in self.pair.books.values() for e in books.entries.values() for m in e.markers]
        assert len(markers) == len(set(markers))
        notes = [e for link in self.pair.links() for e in self.pair.store.effects.of(link.id) if e.state == "done"]
        assert len(markers) == len(notes), "a note that nobody knows of, or one that never was"

    def every_link_fits_or_says_why(self) -> None:
        for link in self.pair.links():
            if link.state is LinkState.ENDED:
                assert link.reason
            if link.state is not LinkState.LIVE:
                continue
            group = load(self.pair.work, self.pair.store.links.group_of(link.ticket) or "")
            item = group.items[link.ticket]
            assert isinstance(item, Item)
            entry = self.pair.desk.entries[int(link.ticket.id)]
            assert not entry.gone
            assert not self.pair.tracker.entries[int(link.issue.id)].gone
            assert item.status == entry.status
            ticket = view(group, item, [one for one in group.links if one.ticket == link.ticket])
            fits = ticket.fits(ticket.issues_word, ticket.word)
            assert fits == (link.standing is Standing.AGREED), (link.standing, ticket.word, ticket.issues_word)
            if link.standing is Standing.DRIFT:  # only a second link can bring ends together that don't fit
                assert len([one for one in self.pair.links() if one.ticket == link.ticket]) > 1
            if link.standing is Standing.WAITS_FOR_AGENT:
                assert item.waiting
                assert ticket.issues_word in FINISHED_ISSUE

    def nothing_is_left_open(self) -> None:
        for row in self.pair.store.queue.rows():
            assert row.parked, row
            assert row.reason
        counts = self.pair.store.effects.counts()
        assert not counts.keys() & {"ready", "sent", "doubt"}, counts

    def no_move_was_lost(self) -> None:
        """What agreed, and whose ticket nobody touched, agrees again wherever its issues went."""
        if self.lively:  # then another customer's move may have moved the issue
            return
        for link in self.pair.links():
            ends = self.agreed.get(link.id)
            if ends is None or self.touched.intersection(self._around(ends[0])) or link.state is not LinkState.LIVE:
                continue
            issues = [one.issue for one in self._live(ends[0])]
            entries = [self.pair.tracker.entries[int(issue.id)] for issue in issues]
            item = self.pair.store.snapshots.get(link.ticket)
            if any(str(e.status) in {"duplicate", "strange"} or e.closed_outside for e in entries):
                continue
            assert isinstance(item, Item)
            assert link.standing is Standing.AGREED or item.waiting, (link, entries)

    def _live(self, ticket: str) -> list[Link]:
        return [one for one in self.pair.links() if one.state is LinkState.LIVE and str(one.ticket) == ticket]

    def _around(self, ticket: str) -> Iterable[str]:
        return {ticket} | {str(one.issue) for one in self.pair.links() if str(one.ticket) == ticket}


class OnDisk(Machine):
    """The same with a real file, which is closed and opened again at every crash."""

    on_disk = True


QUICK = settings(
    max_examples=150,
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
