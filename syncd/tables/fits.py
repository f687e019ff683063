"""``[fit]``: which words of a ticket go with each word of its issue (rule 2)."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Self

from pydantic import Field, model_validator

from syncd.model import ISSUE_WORDS, TICKET_WORDS, Word
from syncd.schema import Table, Wrong
from syncd.tables.parts import TicketWord


class Fit(Table):
    """For one issue word: the ticket words that go with it, and the one to write when none does."""

    fits: frozenset[TicketWord] = Field(strict=False)
    write: TicketWord | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.write is None and self.fits:
            raise Wrong("it says what fits, but not what to write", f"Add write, one of: {listed(self.fits)}")
        if self.write is not None and self.write not in self.fits:
            raise Wrong(
                "what it writes does not fit", f"Write one of: {listed(self.fits)}" if self.fits else "Leave write out"
            )
        return self


_UNFINISHED = Fit(fits=frozenset({Word.NEW, Word.OPEN, Word.PENDING, Word.ON_HOLD}), write=Word.PENDING)
_FINISHED = Fit(fits=frozenset({Word.RESOLVED, Word.CLOSED}), write=Word.RESOLVED)
FITS: Mapping[Word, Fit] = {
    Word.OPEN: _UNFINISHED,
    Word.IN_PROGRESS: _UNFINISHED,
    Word.DONE: _FINISHED,
    Word.DECLINED: _FINISHED,
    Word.DUPLICATE: Fit(fits=frozenset()),
}
"""Rule 2's fits, which hold for every issue word that a playbook doesn't name."""


def total(fit: dict[Word, Fit]) -> dict[Word, Fit]:
    """A table of fits with rule 2's own for every word that it leaves out."""
    return {word: fit.get(word, FITS[word]) for word in ISSUE_WORDS}


def listed(words: Container[Word]) -> str:
    """Words of a ticket, in their order, for people."""
    return ", ".join(word for word in TICKET_WORDS if word in words)
