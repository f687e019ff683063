"""``[[boards]]``: which boards an issue is put on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from syncd.schema import Table, Wrong
from syncd.tables.parts import Given, Name


def _board(name: str) -> str:
    owner, slash, number = name.partition("/")
    if not (owner and slash and number.isascii() and number.isdecimal() and " " not in owner):
        raise Wrong("this is no board", 'Write its owner and its number, as its address has them: "acme/4"')
    return name


class BoardRow(Table):
    """One of ``[[boards]]``: every issue that syncd files is put there, once; also one that a person filed meanwhile.

    Attributes:
        board: its owner and its number: ``acme/4``.
        place: the place whose issues are put there, by its name in ``routing.places``; left out: those of every place.
        fields: the board's own field names -> what is set where the field is empty. ``{priority}``, ``{kind}``,
            ``{kind_name}`` and ``{field:NAME}``, a field of the ticket, stand for what the ticket has; where it has
            none, the field is left alone. A ticket's field never comes where everybody reads.
    """

    board: Annotated[str, AfterValidator(_board)]
    place: str = ""
    fields: dict[Name, Given] = Field(default_factory=dict)


def unplaced(rows: Sequence[BoardRow], places: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Boards of places that aren't there: key, what is wrong, and its cure."""
    for row in rows:
        if row.place and row.place not in places:
            cure = f"Use one of: {', '.join(places)}" if places else "Leave place out"
            yield "boards", f"the place {row.place!r} of the board {row.board} is not in routing.places", cure
