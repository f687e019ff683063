"""What must be true of every status at the moment when syncd writes it (rules 5, 6, 8 and 10)."""

from __future__ import annotations

from syncd.records import LinkState
from syncd.testing.memory import Entry
from tests.properties.chronicle import Chronicle
from tests.properties.rules import FINISHED_ISSUE, FINISHED_TICKET, UNFINISHED_ISSUE, UNFINISHED_TICKET


class Judge:
    """Called by the books; asks them what the items that are linked ask for, as they stand."""

    def __init__(self, chronicle: Chronicle) -> None:
        self.chronicle, self.pair, self.rules = chronicle, chronicle.pair, chronicle.rules
        self.wrong: list[str] = []
        """Kept, not raised: syncd would take it for a defect of a connector, set the group aside, and go on."""

    def __call__(self, entry: Entry, before: str) -> None:
        """An item whose status syncd has just written, and the status that it had."""
        try:
            (self._issue if self.chronicle.books(entry) is self.pair.tracker else self._ticket)(entry, before)
        except AssertionError as error:
            self.wrong.append(f"{entry.number}: {before} -> {entry.status}: {error}")

    def _ticket(self, entry: Entry, before: str) -> None:
        linked = [int(link.issue.id) for link in self.chronicle.links() if int(link.ticket.id) == entry.number]
        issues = [self._now(self.pair.tracker.entries[number]) for number in linked]
        left = [one.number for one in issues if not one.gone]
        word = str(entry.status)
        if len(left) < len(issues) and word == "open" and before in {"pending", "on_hold"}:
            waited = left and self.chronicle.view(entry.number, left).shown not in FINISHED_ISSUE
            assert not waited, "it still waits for an issue"
            return
        assert left, f"{entry} was written to for no issue"
        view = self.chronicle.view(entry.number, left)
        assert before != "strange", "an unknown status was written over"
        assert word not in FINISHED_TICKET or view.believed in FINISHED_ISSUE, f"finished while {view}"
        assert view.fits, f"written, and doesn't fit: {view}"
        assert before not in self.rules.fits(view.shown) or before in {"new", "open"}, f"{before} was right: {view}"

    def _issue(self, entry: Entry, before: str) -> None:
        links = [link for link in self.pair.links() if int(link.issue.id) == entry.number]
        tickets = [self.pair.desk.entries[int(x.ticket.id)] for x in links if x.state is LinkState.LIVE]
        words = {str(ticket.status) for ticket in tickets if not ticket.gone}
        if str(entry.status) in FINISHED_ISSUE:
            assert self.rules.may_close, "closed, and no rule says so"
            assert words <= FINISHED_TICKET, f"closed while tickets are {words}"
            assert before in UNFINISHED_ISSUE, f"closed from {before}"
        else:
            assert self.rules.may_reopen, "reopened, and no rule says so"
            assert words & UNFINISHED_TICKET, f"reopened while tickets are {words}"
            assert before in FINISHED_ISSUE, f"reopened from {before}"

    def _now(self, entry: Entry) -> Entry:
        while entry.moved_to:
            entry = self.pair.tracker.entries[entry.moved_to]
        return entry
