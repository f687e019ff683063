"""What an issue is given besides its text: a type, fields of its own, places on boards."""

from __future__ import annotations

from syncd import guard
from syncd.actions import Board
from syncd.details import Detail
from syncd.filing.values import Choice, Decision
from syncd.model import Audience
from syncd.playbook import Playbook
from syncd.tables.parts import GIVEN


def type_of(decision: Decision, playbook: Playbook) -> Choice:
    """The tracker's own type of issue: the kind's, else that of every issue."""
    row = playbook.kinds.get(decision.kind.value)
    if row is not None and row.type:
        return Choice(row.type, f"the kind is {decision.kind.value}")
    return Choice(playbook.file.type, "every issue has it" if playbook.file.type else "the tracker's default")


def fields_of(decision: Decision, detail: Detail, playbook: Playbook, audience: Audience | None) -> dict[str, str]:
    """Fields of the issue's own, by the tracker's names; those that nothing tells are left out."""
    told = {name: _told(text, decision, detail, playbook) for name, text in playbook.file.set.items()}
    return {name: value for name, (value, ours) in told.items() if value and (ours or _private(audience))}


def boards_of(decision: Decision, detail: Detail, playbook: Playbook, audience: Audience | None) -> tuple[Board, ...]:
    """The boards of the issue's place, with what is to be set there."""
    found = []
    for row in playbook.boards:
        if row.place and playbook.routing.places.get(row.place) != decision.place.value:
            continue
        told = {name: _told(text, decision, detail, playbook) for name, text in row.fields.items()}
        kept = {name: one for name, one in told.items() if one[0] and (one[1] or _private(audience))}
        seen = Audience.PUBLIC if all(ours for _, ours in kept.values()) else Audience.PRIVATE
        found.append(Board(row.board, {name: value for name, (value, _) in kept.items()}, seen))
    return tuple(found)


def _told(text: str, decision: Decision, detail: Detail, playbook: Playbook) -> tuple[str, bool]:
    """A value with what the ticket has in it, empty where that is missing; and whether it is the playbook's own."""
    row = playbook.kinds.get(decision.kind.value)
    known = {
        "kind": decision.kind.value,
        "kind_name": (row.shown if row else "") or decision.kind.value,
        "priority": decision.priority.value,
    }
    ours, value = True, text
    for found in GIVEN.finditer(text):
        name = found[1]
        told = known.get(name)
        if told is None:
            ours, told = False, " ".join(detail.fields.get(name.removeprefix("field:"), "").split())
        if not told:
            return "", ours
        value = value.replace(found[0], told)
    return value[: guard.LINE], ours


def _private(audience: Audience | None) -> bool:
    return guard.of(audience) is Audience.PRIVATE
