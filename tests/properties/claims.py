"""Which tickets and issues belong together, told from what people did, without asking syncd (rules 5 and 10)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from syncd.model import Author
from syncd.records import Link, LinkState
from tests.ledger import FINISHED
from tests.pairs import Pair

ADDRESS = re.compile(r"https://(desk|tracker)\.example\.com/items/(\d+)")
Two = tuple[int, int]
"""A ticket and an issue, by number."""


class Claims:
    """Compares syncd's links with the books."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.met: set[Two] = set()
        """Pairs that were linked at a quiet moment."""

    def check(self) -> None:
        """No link that nobody asked for, and none missing that somebody asked for."""
        self._have_a_reason()
        live = {_two(link) for link in self.pair.links() if link.state is LinkState.LIVE}
        final = {_two(link) for link in self.pair.links() if link.state is LinkState.FINAL}
        linked = live | final
        removed, asked = self._removed(), set(self.asked())
        tickets, issues = self.pair.desk.entries, self.pair.tracker.entries
        for two in linked:
            ticket, issue = tickets[two[0]], issues[two[1]]
            assert not ticket.gone, f"{two} are linked, and the ticket is gone"
            assert not issue.gone, f"{two} are linked, and the issue is gone"
            assert issue.moved_to is None or two not in live, f"{two} are linked, and the issue is elsewhere"
            assert two not in removed, f"{two} are linked, and a person has unlinked them"
            assert any(ticket == two[0] and two[1] in self._goes_on(issue) for ticket, issue in asked), (
                f"{two} are linked, and nobody to be trusted said so"
            )
        removed |= {(ticket, other) for ticket, issue in removed for other in self._goes_on(issue)}
        for two in asked - removed - linked:
            assert not self._visible(two) or not self._read(two[0]), f"{two} are not linked"
        for two in (asked & self.met) - removed:
            if self.pair.plain and two in final:  # no feed tells of it, and what is closed for good costs no call
                continue
            way = self._way(two[1])
            there = (two[0], way[-1])
            assert there == two or there in linked or there in removed or self._hidden(two[0], *way), (
                f"the link of {two} did not follow to {there}"
            )
        self.met |= linked

    def _have_a_reason(self) -> None:
        for link in self.pair.links():
            assert link.reason or link.state is not LinkState.ENDED, f"{link} ended, and nobody knows why"

    def asked(self) -> Iterator[Two]:
        """What members of the team put as a link: an issue's body, an agent's internal note, ``links add``."""
        for issue in self.pair.tracker.entries.values():
            if issue.author is not Author.OUTSIDE:
                for found in ADDRESS.finditer(issue.body):
                    yield int(found[2]), issue.number
        for event in self.pair.diary:
            note = ADDRESS.fullmatch(event.value) if event.what == "says" else None
            if event.system == "desk" and event.who == "team" and note:
                yield event.number, int(note[2])
            if event.what == "linked":
                yield event.number, int(event.value)

    def _read(self, ticket: int) -> bool:
        """Whether a ticket's notes are surely read: where the feed holds none, those of finished tickets are not."""
        words = [
            e.value for e in self.pair.diary if (e.system, e.number) == ("desk", ticket) and e.what in {"new", "status"}
        ]
        return not self.pair.plain or not {*FINISHED, "strange"}.intersection(words)

    def _removed(self) -> set[Two]:
        """What a person has unlinked, and nobody has linked since."""
        removed: set[Two] = set()
        for event in self.pair.diary:
            if event.what == "unlinked":
                removed.add((event.number, int(event.value)))
            elif event.what == "linked":
                removed.discard((event.number, int(event.value)))
        return removed

    def _goes_on(self, issue: int) -> set[int]:
        """The issue, and those that it moved to or is a duplicate of."""
        found, todo = set[int](), [issue]
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += [int(e.value) for e in self.pair.diary if e.number == one and e.what in {"moved", "duplicate"}]
        return found

    def _visible(self, two: Two) -> bool:
        """Whether both are there, under their own names, and were there when they were named."""
        ticket, issue = self.pair.desk.entries[two[0]], self.pair.tracker.entries[two[1]]
        if ticket.gone or issue.gone or self._goes_on(two[1]) != {two[1]} or self._was_duplicate(two[1]):
            return False
        return not self._hidden(*two) or two in self.met

    def _was_duplicate(self, issue: int) -> bool:
        """Whether it is known as one whose tickets went on with another issue, before it moved here."""
        before = [number for number, one in self.pair.tracker.entries.items() if one.moved_to == issue]
        entries = self.pair.tracker.entries
        return any(entries[number].duplicate_of or self._was_duplicate(number) for number in before)

    def _hidden(self, ticket: int, *issues: int) -> bool:
        """Whether one of them was out of sight for a while."""
        ends = {("desk", ticket), *(("tracker", issue) for issue in issues)}
        return any(e.what == "gone" and (e.system, e.number) in ends for e in self.pair.diary)

    def _way(self, issue: int) -> list[int]:
        """An issue, and where it moved to; only itself, if it was a duplicate on its way: its links went elsewhere."""
        entries, way = self.pair.tracker.entries, [issue]
        while moved_to := entries[way[-1]].moved_to:
            way.append(moved_to)
        return [issue] if any(entries[one].duplicate_of for one in way) else way


def _two(link: Link) -> Two:
    return int(link.ticket.id), int(link.issue.id)
