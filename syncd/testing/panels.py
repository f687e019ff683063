"""The boards of the reference connector's system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from syncd.actions import Board
from syncd.model import Audience


@dataclass(slots=True)
class Panel:
    """A board: its fields with their options (a field without options takes any text), and what is on it."""

    fields: dict[str, tuple[str, ...]]
    items: dict[int, dict[str, str]] = field(default_factory=dict)
    """Number of an item -> what its fields hold."""
    public: bool = False

    def obstacles(self, board: Board) -> Iterator[str]:
        """Why values can't be set, in words."""
        if board.audience is Audience.PRIVATE and self.public:
            yield "everybody can read the board, and a value is for the team alone"
        for name, value in board.fields.items():
            known = self.named(name)
            if not known:
                yield f"the board {board.name} has no field {name}"
            elif self.fields[known] and value not in self.fields[known]:
                shown = value if board.audience is Audience.PUBLIC else "of that name"
                yield f"the field {known} has no option {shown}"

    def put(self, number: int, board: Board) -> None:
        """The item is there, and has these values where it had none."""
        held = self.items.setdefault(number, {})
        for name, value in board.fields.items():
            held.setdefault(self.named(name), value)

    def named(self, name: str) -> str:
        """A field as the board has it; names have no case. Empty: there is none."""
        return next((one for one in self.fields if one.casefold() == name.casefold()), "")
