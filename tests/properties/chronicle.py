"""What the books tell of a *phase*, the time between two quiet moments: who did what, in which order.

Of what syncd recorded only its links are used; :mod:`tests.properties.claims` compares those with the books.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from syncd.records import Link, LinkState
from syncd.testing.memory import Entry
from tests.ledger import Event, Ledger, waiting
from tests.pairs import Pair
from tests.properties.rules import FINISHED_ISSUE, Rules, View


class Chronicle:
    """A history so far, and how its tickets stood at the last quiet moment."""

    def __init__(self, pair: Pair, rules: Rules) -> None:
        self.pair, self.rules = pair, rules
        self.mark = 0
        """Where in the diary this phase begins."""
        self.was: dict[int, View] = {}
        """Tickets with live links, as they were then."""

    # --- how things stand ---

    def links(self, state: LinkState = LinkState.LIVE) -> list[Link]:
        """The links in this state."""
        return [link for link in self.pair.links() if link.state is state]

    def tickets(self, state: LinkState = LinkState.LIVE) -> dict[int, View]:
        """Every ticket that has links in this state."""
        found: dict[int, list[int]] = {}
        for link in self.links(state):
            found.setdefault(int(link.ticket.id), []).append(int(link.issue.id))
        return {ticket: self.view(ticket, issues) for ticket, issues in found.items()}

    def view(self, ticket: int, issues: Iterable[int]) -> View:
        """A ticket with these issues, in the order of its links."""
        entry, found = self.pair.desk.entries[ticket], [self.pair.tracker.entries[number] for number in issues]
        shown = self.rules.fold([str(one.status) for one in found])
        believed = self.rules.fold(["open" if _by_stranger(one) else str(one.status) for one in found])
        word, numbers = str(entry.status), tuple(one.number for one in found)
        return View(word, numbers, shown, believed, word in self.rules.fits(shown), waiting(entry))

    def ever_linked(self, ticket: int) -> set[int]:
        """The issues that a ticket is, or was, linked to."""
        return {int(link.issue.id) for link in self.pair.links() if int(link.ticket.id) == ticket}

    def sharing(self, ticket: int, issues: Iterable[int]) -> set[int]:
        """The other tickets that are, or were, linked to these issues."""
        return {int(x.ticket.id) for x in self.pair.links() if int(x.issue.id) in issues} - {ticket}

    def books(self, entry: Entry) -> Ledger:
        """The books that hold an item."""
        return self.pair.desk if self.pair.desk.entries.get(entry.number) is entry else self.pair.tracker

    # --- what was done ---

    def acts(self, system: str, number: int, *, ours: bool = False) -> list[Event]:
        """What people did to an item in this phase; or what syncd did."""
        phase = self.pair.diary[self.mark :]
        return [e for e in phase if (e.system, e.number) == (system, number) and (e.who == "syncd") == ours]

    def on_issues(self, view: View) -> list[Event]:
        """What people did to a ticket's issues in this phase."""
        return [act for issue in view.issues for act in self.acts("tracker", issue)]

    def statuses(self, system: str, number: int, until: int | None = None) -> list[Event]:
        """The statuses of an item, up to a place in the diary."""
        told = self.pair.diary[:until]
        return [e for e in told if (e.system, e.number) == (system, number) and e.what in {"new", "status"}]

    def mover(self, issue: int) -> str:
        """Who moved an issue last, from one kind of status to another."""
        told, fits = self.statuses("tracker", issue), self.rules.fits
        turns = (new.who for old, new in reversed(list(pairwise(told))) if fits(old.value) != fits(new.value))
        return next(turns, told[0].who)

    def still(self, ticket: int, view: View) -> bool:
        """Whether the ticket has the links that it had, and nobody did more than move or comment their ends."""
        was = self.was.get(ticket)
        return was is not None and was.issues == view.issues and not self.pulled(ticket)

    def pulled(self, ticket: int) -> bool:
        """Whether the ticket, or an issue ever linked to it, was deleted, restored, moved away, linked or unlinked."""
        acts = [act for issue in self.ever_linked(ticket) for act in self.acts("tracker", issue)]
        acts += self.acts("desk", ticket)
        return bool({act.what for act in acts} - {"new", "status", "says"})

    def others_moved(self, ticket: int, view: View) -> bool:
        """Whether another ticket may have moved this one's issues in this phase."""
        if any(act.what == "status" for issue in view.issues for act in self.acts("tracker", issue, ours=True)):
            return True
        return self.rules.lively and any(self.acts("desk", one) for one in self.sharing(ticket, view.issues))

    def untouched(self, ticket: int, view: View) -> bool:
        """Nobody did anything to the ticket or its issues."""
        if not self.still(ticket, view) or self.others_moved(ticket, view):
            return False
        return not self.acts("desk", ticket) and not self.on_issues(view)

    def noted(self, entry: Entry, kind: str, since: int, ticket: int | None = None) -> bool:
        """Whether syncd left a note of this kind since then (of this ticket, if one is named); or was refused."""
        books = self.books(entry)
        if entry.number in books.said_no:
            return True
        start = kind if ticket is None else f"{kind} DESK-{ticket} "
        mine = [
            e for e in self.pair.diary[since:] if (e.system, e.number, e.who) == (books.name, entry.number, "syncd")
        ]
        return any(e.what == "says" and e.value.startswith(start) for e in mine)

    def written_before(self, ticket: int) -> bool:
        """Whether syncd wrote to a ticket in an earlier phase: for a link that is gone since, if it had none."""
        return any((e.system, e.number, e.who) == ("desk", ticket, "syncd") for e in self.pair.diary[: self.mark])


def _by_stranger(entry: Entry) -> bool:
    return entry.closed_outside and str(entry.status) in FINISHED_ISSUE
