"""How issues are filed in the system in memory, and put on its boards."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from syncd.actions import Board, Created, Draft
from syncd.connector import Connector
from syncd.errors import ConnectorError, Problem, Refused, Transient
from syncd.model import Audience, Item, Ref
from syncd.testing.books import Books, Entry


class MemoryFiling(Connector):
    """The part of the reference connector that files."""

    books: Books

    @abstractmethod
    def _call(self, *, write: bool = False) -> str:
        """Count a call and raise the fault that is due; names the ones that strike after the write."""

    @abstractmethod
    def _item(self, entry: Entry) -> Item:
        """An entry as an answer shows it."""

    def audience(self, place: str) -> Audience | None:
        """As the books say now."""
        self._call()
        if place in self.books.absent:
            raise Refused(self.name, f"looking who can read {place}: there is no such place")
        return self.books.audiences.get(place, Audience.PRIVATE)

    def place(self, ref: Ref) -> str:
        """By the books."""
        return self.books.entries[int(ref.id)].place

    def audience_now(self, item: Item) -> Audience:
        """As the books say now."""
        self._call()
        return self.books.readers(self.books.entries[int(item.ref.id)])

    def create(self, draft: Draft) -> Created:
        """File an item; what it names has to be there."""
        doing = f"filing an item in {draft.place}"
        obstacles = self.books.obstacles(draft)
        if obstacles:
            raise Refused(self.name, f"{doing}: {obstacles[0]}")
        fault = self._call(write=True)
        entry, dropped = self.books.file(draft)
        if fault in {"lost_answer", "error_after"}:
            raise Transient(self.name, "the answer was lost", doubt=True)
        lacks = sorted("a new label" if one in draft.new_labels else one for one in dropped)
        aside = Refused(self.name, f"{doing}: it was left without {', '.join(lacks)}") if lacks else None
        return Created(self._item(entry), aside)

    def board(self, issue: Ref, boards: Sequence[Board]) -> Iterator[ConnectorError | None]:
        """Each in a call of its own."""
        for board in boards:
            try:
                obstacles = self.books.board_obstacles(board)
                self._call()  # repeating it does no harm, so nothing is ever in doubt
            except ConnectorError as error:
                yield error
                continue
            if not obstacles:
                self.books.boards[board.name].put(int(issue.id), board)
            yield Refused(self.name, f"putting item {issue.id} on a board: {obstacles[0]}") if obstacles else None

    def check_filing(self, drafts: Sequence[Draft], boards: Sequence[Board]) -> Sequence[Problem]:
        """What the books lack."""
        self._call()
        found = [(draft.place, one) for draft in drafts for one in self.books.obstacles(draft)]
        found += [(board.name, one) for board in boards for one in self.books.board_obstacles(board)]
        return [Problem(f"{self.name}: {place}", what, "Make it there, or name another one") for place, what in found]
