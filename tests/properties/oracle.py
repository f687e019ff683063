"""What must be true once everything is quiet: told from the stand-ins' own books, and from a small model of the rules.

Nothing here asks the plan. Where only one end was touched in a phase, what must have come of it is known, however often
and at whatever moments syncd looked or crashed.
"""

from __future__ import annotations

from syncd.clock import stamp
from syncd.model import Audience
from syncd.records import Link, LinkState, Standing
from syncd.testing.books import moment_of
from tests.pairs import Pair
from tests.properties.chronicle import Chronicle
from tests.properties.claims import Claims
from tests.properties.rules import FINISHED_ISSUE, FINISHED_TICKET, UNFINISHED_ISSUE, Rules, View
from tests.properties.writes import Judge


class Oracle(Chronicle):
    """Knows what was true at the last quiet moment, and what may be true at this one."""

    def __init__(self, pair: Pair, rules: Rules) -> None:
        super().__init__(pair, rules)
        self.even: set[int] = set()
        """Tickets whose ends fitted at the last quiet moment, or whose disagreement was told for good."""
        self.held: set[int] = set()
        """Tickets that waited for an agent's answer."""
        self.turned: dict[int, int] = {}
        """By ticket: where in the diary the phase began in which its issues last turned."""
        self.relinked: set[int] = set()
        """Tickets whose links have changed since their ends last fitted."""
        self.final: dict[int, View] = {}
        """Tickets with final links, at the last quiet moment."""
        self.claims = Claims(pair)
        self.judge = Judge(self)
        for books in pair.books.values():
            books.judge = self.judge

    def check(self) -> None:
        """Everything at once; then this quiet moment is the one to compare with."""
        assert self.judge.wrong == []
        self.claims.check()
        now = self.tickets()
        for ticket, view in now.items():
            self._keep_up(ticket, view)
        for link in self.links():
            self._check_standing(link, now[int(link.ticket.id)])
        even, held = set(), set()
        for ticket, view in now.items():
            self._check_reason(ticket, view)
            self._check_untouched(ticket, view)
            self._check_says_why(ticket)
            self._check_answered(ticket, view)
            followed, told = self._check_followed(ticket, view), self._check_told(ticket, view)
            same = self.untouched(ticket, view)
            if view.fits or (followed and view.by_stranger) or told or (same and ticket in self.even):
                even.add(ticket)
            elif (same and ticket in self.held) or (followed and self._is_held(ticket, view)):
                held.add(ticket)
        self._check_issues_untouched()
        self._check_lost(now)
        self._check_filed(now)
        self._check_final()
        self._check_counted()
        self.relinked -= {ticket for ticket, view in now.items() if view.fits}
        self.even, self.held, self.was, self.mark = even, held, now, len(self.pair.diary)
        self.final = self.tickets(LinkState.FINAL)
        for books in self.pair.books.values():
            books.said_no.clear()

    def _keep_up(self, ticket: int, view: View) -> None:
        was = self.was.get(ticket)
        if was is None or self.rules.asks(was) != self.rules.asks(view):
            self.turned[ticket] = self.mark
        known = ticket in self.was or self.written_before(ticket)
        if not self.still(ticket, view) and (known or len(view.issues) > 1 or self.pulled(ticket)):
            self.relinked.add(ticket)

    def _is_held(self, ticket: int, view: View) -> bool:
        """It would have followed its issues, but for its customer; not one that was told for good."""
        return self.was[ticket].fits and view.waits and view.believed in FINISHED_ISSUE

    # --- what is true of every pair ---

    def _check_standing(self, link: Link, view: View) -> None:
        """What ``status`` tells people is what the books show."""
        assert view.fits == (link.standing is Standing.AGREED), (link, view)
        assert ("strange" in (view.word, view.shown)) == (link.standing is Standing.UNKNOWN), (link, view)
        if link.standing is Standing.WAITS_FOR_AGENT:
            assert view.waits, (link, view)
            assert view.shown in FINISHED_ISSUE, (link, view)

    def _check_reason(self, ticket: int, view: View) -> None:
        """Ends that don't fit show why on the books: without that, syncd's own write can't have been the last word."""
        if view.fits or view.has_reason or ticket in self.relinked:
            return
        last = self.statuses("desk", ticket)[-1]
        if last.who != "syncd" or (last.value == "open" and self._was_lost(ticket)):
            return
        movers = {self.mover(issue) for issue in view.issues}
        assert "syncd" in movers, f"ticket {ticket} was left behind: {view}"

    def _was_lost(self, ticket: int) -> bool:
        """The issue that it waited for went: it is the agents' own until its issues move."""
        return self.noted(self.pair.desk.entries[ticket], "lost_issue", 0)

    def _check_says_why(self, ticket: int) -> None:
        """Every closing that syncd carried through says why, on the ticket."""
        ours = self.acts("desk", ticket, ours=True)
        if any(act.what == "status" and act.value in FINISHED_TICKET for act in ours):
            entry = self.pair.desk.entries[ticket]
            said = self.noted(entry, "resolved", self.mark) or self.noted(entry, "declined", self.mark)
            assert said, f"ticket {ticket} was resolved without a word"

    # --- where nothing was done ---

    def _check_untouched(self, ticket: int, view: View) -> None:
        """Where nothing happened, nothing is written, whatever else went on and went wrong."""
        if self.untouched(ticket, view):
            assert not self.acts("desk", ticket, ours=True), f"ticket {ticket} was written to: {view}"

    def _check_issues_untouched(self) -> None:
        for number in self.pair.tracker.entries:
            linked = [int(x.ticket.id) for x in self.pair.links() if int(x.issue.id) == number]
            ours = self.acts("tracker", number, ours=True)
            moved = any(act.what == "status" for act in ours)
            assert not moved or self.rules.lively, f"issue {number} was moved, and no rule says so"
            if self.acts("tracker", number) or any(self.acts("desk", ticket) for ticket in linked):
                continue
            if self.rules.on_conflict == "helpdesk" or any(ticket not in self.was for ticket in linked):
                continue
            beside = {issue for ticket in linked for issue in self.was[ticket].issues} - {number}
            assert not ours or any(self.acts("tracker", issue) for issue in beside), f"issue {number} was written to"

    # --- where one end was touched ---

    def _check_followed(self, ticket: int, view: View) -> bool:
        """Only the issues moved: the ticket follows them, unless the books show why not (rules 3, 5 and 7)."""
        was = self.was.get(ticket)
        if was is None or not self.still(ticket, view) or self.others_moved(ticket, view):
            return False
        moved = any(act.what == "status" for act in self.on_issues(view))
        if self.acts("desk", ticket) or not moved or ticket not in self.even:
            return False
        if was.fits or self.rules.asks(was) != self.rules.asks(view):
            assert view.fits or view.has_reason, f"ticket {ticket} did not follow: {was} -> {view}"
        entry, held = self.pair.desk.entries[ticket], was.fits and not view.fits
        if held and view.by_stranger:
            assert self.noted(entry, "closed_outside", self.mark), f"nobody told ticket {ticket} of the stranger"
        if held and view.waits and view.believed in FINISHED_ISSUE:
            assert self.noted(entry, "waits_for_agent", self.mark), f"nobody told ticket {ticket} that it waits"
        return True

    def _check_answered(self, ticket: int, view: View) -> None:
        """A ticket that was held back goes on once an agent has answered (rule 7)."""
        if ticket not in self.held or not self.still(ticket, view) or self.others_moved(ticket, view):
            return
        said = {act.what for act in self.acts("desk", ticket)} == {"says"}
        if said and not view.waits and not self.on_issues(view):
            assert view.fits, f"ticket {ticket} was answered, and still waits: {view}"

    def _check_told(self, ticket: int, view: View) -> bool:
        """Only the ticket moved, once: its status stands, and its issues are told or moved (rule 6)."""
        was, moves = self.was.get(ticket), [act for act in self.acts("desk", ticket) if act.what == "status"]
        if was is None or not was.fits or len(moves) != 1 or not self.still(ticket, view) or self.on_issues(view):
            return False
        if self.rules.lively and any(self.acts("desk", one) for one in self.sharing(ticket, view.issues)):
            return False
        word = moves[0].value
        assert view.word == word, f"a person made ticket {ticket} {word}, and syncd {view.word}"
        if word == "strange" or word in self.rules.fits(was.shown):
            return False
        before = {issue: self.statuses("tracker", issue, self.mark)[-1] for issue in was.issues}
        if word in FINISHED_TICKET:
            kind, policy = "ticket_resolved", self.rules.on_ticket_resolved
            wanted = [issue for issue, last in before.items() if last.value in UNFINISHED_ISSUE]
        else:
            kind, policy = "ticket_reopened", self.rules.on_requester_reopen
            wanted = [issue for issue, last in before.items() if last.value in FINISHED_ISSUE][:1]
        own = self._was_lost(ticket) or any(last.who == "syncd" for last in before.values())
        if policy != "ignore" and not own:
            for issue in wanted:
                self._check_heard(ticket, issue, kind)
        return True

    def _check_heard(self, ticket: int, issue: int, kind: str) -> None:
        """On the issue, or where it was before it moved; alone, or with others."""
        entry, ours = self.pair.tracker.entries[issue], self.acts("tracker", issue, ours=True)
        if entry.audience is Audience.PUBLIC or any(act.what == "status" for act in ours):
            return
        said = [act.value.split() for act in ours if act.what == "says"]
        together = any(words[0] == kind and words[-1] != "1" for words in said)  # one comment, of several tickets
        entries = [entry, *(one for one in self.pair.tracker.entries.values() if one.moved_to == issue)]
        alone = any(self.noted(one, kind, self.turned[ticket], ticket) for one in entries)
        assert alone or together, f"issue {issue} was not told of ticket {ticket}"

    # --- how links begin and end ---

    def _check_lost(self, now: dict[int, View]) -> None:
        """A waiting ticket whose only issues were deleted goes back to a person (rule 10)."""
        for ticket, was in self.was.items():
            acts = {issue: [act.what for act in self.acts("tracker", issue)] for issue in self.ever_linked(ticket)}
            gone = all(whats == (["gone"] if issue in was.issues else []) for issue, whats in acts.items())
            if ticket in now or not gone or self.acts("desk", ticket) or ticket not in self.even:
                continue
            if was.word in {"pending", "on_hold"} and was.fits:
                entry = self.pair.desk.entries[ticket]
                assert str(entry.status) == "open", f"ticket {ticket} waits for nothing"
                assert self.noted(entry, "lost_issue", self.mark)

    def _check_filed(self, now: dict[int, View]) -> None:
        """An issue that the team files for an open ticket makes it wait, and the ticket is told (rule 4)."""
        asked = set(self.claims.asked())
        for ticket, view in now.items():
            if ticket in self.was or len(view.issues) != 1 or (ticket, view.issues[0]) not in asked:
                continue
            acts, own = self.on_issues(view), [act.what for act in self.acts("desk", ticket)]
            if [act.what for act in acts] != ["new"] or own not in (["new"], []) or self.pulled(ticket):
                continue
            began = (self.statuses("desk", ticket, self.mark) or self.statuses("desk", ticket)[:1])[-1].value
            if acts[0].value in UNFINISHED_ISSUE and began in {"new", "open"}:
                entry, waits = self.pair.desk.entries[ticket], self.rules.fits(view.shown) & {"pending", "on_hold"}
                assert view.word in waits, f"ticket {ticket} doesn't wait: {view}"
                assert self.noted(entry, "link_note", self.mark), f"ticket {ticket} doesn't name its issue"

    def _check_final(self) -> None:
        """Engineering hears of a reopening that its customer can't hear of (rule 9)."""
        for ticket, view in self.tickets(LinkState.FINAL).items():
            was = self.final.get(ticket)
            if was is None or was.issues != view.issues or self.acts("desk", ticket) or self.pulled(ticket):
                continue
            if self.others_moved(ticket, view):  # one ticket's reopening doesn't move the others (rule 8)
                continue
            if was.shown in FINISHED_ISSUE and view.shown in UNFINISHED_ISSUE:
                entries = [self.pair.tracker.entries[issue] for issue in view.issues]
                private = all(entry.audience is Audience.PRIVATE for entry in entries)
                told = any(self.noted(entry, "final_reopened", self.mark, ticket) for entry in entries)
                assert told or not private, f"nobody told of ticket {ticket} that is closed for good"

    def _check_counted(self) -> None:
        """Every ticket that is there is counted once for the report, by when it was made; and nothing else is."""
        there = [stamp(moment_of(entry.created)) for entry in self.pair.desk.entries.values() if not entry.gone]
        assert list(self.pair.store.tickets.made("desk")) == sorted(there)
        assert list(self.pair.store.tickets.made("tracker")) == []
