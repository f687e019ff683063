"""Which transition leads where, and what it asks for. Pure.

A transition is listed with the fields of its screen (Jira platform REST API, Get transitions); what isn't on the screen
is refused when it is sent, and what the screen requires has to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncd.actions import Way
from syncd.model import Status

RESOLUTION = "resolution"

_UNDONE = re.compile(
    r"cancel|declin|reject|won.?t|will not|duplicat|invalid|abandon|obsolete|not a bug|can.?not|can.?t|known error",
    re.IGNORECASE,
)
"""Names of statuses and resolutions that say that nothing was done."""
_USUAL = ("done", "fixed", "resolved", "completed", "complete")
"""Resolutions that say that it was, in the order in which one is taken."""
_TOWARDS = {"done": ("indeterminate", "new", "undefined", "done"), "new": ("new", "indeterminate", "undefined")}
_NEARER = ("indeterminate", "new", "undefined")


@dataclass(frozen=True, slots=True)
class Transition:
    """One way out of a status.

    Attributes:
        id: what is sent.
        to: the status that it leads to, without a reason.
        fields: its screen: by the field's id, what is known of the field.
    """

    id: str
    to: Status
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The name of the status that it leads to."""
        return name_of(self.to)


@dataclass(frozen=True, slots=True)
class Step:
    """A transition to be made, with the fields that are sent along; ``missing`` names those that nobody gave."""

    transition: Transition
    fields: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    missing: tuple[str, ...] = ()


def listed(rows: Iterable[Mapping[str, Any]]) -> list[Transition]:
    """The transitions of an answer; one that can't be understood can't be made either."""
    found = []
    for row in rows:
        to, screen = row.get("to"), row.get("fields")
        if not isinstance(to, dict) or not isinstance(to.get("name"), str) or row.get("isAvailable") is False:
            continue
        fields = {k: v for k, v in screen.items() if isinstance(v, dict)} if isinstance(screen, dict) else {}
        found.append(Transition(str(row.get("id")), Status(native(to)), fields))
    return found


def native(record: Mapping[str, Any]) -> str:
    """``done/Closed`` of a status's record; ``undefined`` where no category is told."""
    category = record.get("statusCategory")
    kind = category.get("key") if isinstance(category, dict) else None
    return f"{kind if isinstance(kind, str) and kind else 'undefined'}/{record.get('name')}"


def name_of(status: Status) -> str:
    """``Closed`` of ``done/Closed``; empty where only a kind is named."""
    return status.native.partition("/")[2]


def fits(wanted: Status, status: Status) -> bool:
    """Whether a status is the one that is wanted: by its kind alone, or by kind and name, in whatever case.

    What is done, for no reason that says otherwise, is none whose name says that nothing was done.
    """
    name = name_of(wanted)
    if wanted.kind != status.kind or name:
        return wanted.kind == status.kind and name.casefold() == name_of(status).casefold()
    return status.kind != "done" or bool(wanted.reason) or not _UNDONE.search(name_of(status))


def reached(choices: Sequence[Status], status: Status) -> bool:
    """Whether an item has one of the statuses that will do."""
    return any(fits(one, status) for one in choices)


def direct(transitions: Sequence[Transition], choices: Sequence[Status], way: Way) -> Step | None:
    """The best transition to the first of the choices that one leads to; ``missing`` where it can't be made."""
    blocked: Step | None = None
    for wanted in choices:
        steps = [filled(one, wanted.reason, way) for one in transitions if fits(wanted, one.to)]
        open_ = [step for step in steps if not step.missing]
        if open_:
            return min(open_, key=lambda step: _rank(step, wanted.reason))
        blocked = blocked or next(iter(steps), None)
    return blocked


def hop(transitions: Sequence[Transition], here: Status, wanted: Status, seen: set[str], way: Way) -> Step | None:
    """The best transition to a status on the way, where none leads to the one that is wanted.

    Statuses that the mapping names come first, in its order. Of the others none that was seen, and none that people
    would be told of wrongly: a finished one on the way from unfinished to unfinished, an unfinished one on the way
    from finished to finished.
    """
    steps = [filled(one, "", way) for one in transitions]
    steps = [step for step in steps if not step.missing and step.transition.to.native not in seen]
    for name in _ahead(way.via, name_of(here)):
        for step in steps:
            if step.transition.name.casefold() == name.casefold():
                return step
    ends = {here.kind == "done", wanted.kind == "done"}
    if not _UNDONE.search(str(wanted)):
        steps = [one for one in steps if one.transition.to.kind != "done" or not _UNDONE.search(one.transition.name)]
    steps = [step for step in steps if len(ends) > 1 or (step.transition.to.kind == "done") in ends]
    if ends == {True, False} and wanted.kind != "done":
        steps = [step for step in steps if step.transition.to.kind != "done"]
    return min(steps, key=lambda step: _nearness(step.transition, wanted), default=None)


def filled(transition: Transition, reason: str, way: Way) -> Step:
    """A transition with what its screen asks for: the reason, then what the mapping gives, then the usual."""
    sent: dict[str, Any] = {}
    missing: list[str] = []
    for key, known in transition.fields.items():
        if key == RESOLUTION and (reason or key not in way.fields):
            value = _resolution(transition, known, reason)
        else:
            value = _given(key, known, way)
        if value is not None:
            sent[key] = value
        elif (known.get("required") is True and not known.get("hasDefaultValue")) or (key == RESOLUTION and reason):
            missing.append(str(known.get("name") or key)[:80])
    return Step(transition, sent, _named(transition, sent), tuple(missing))


def without_resolution(step: Step) -> Step:
    """The same without a resolution: some workflows set it themselves, and say otherwise."""
    return Step(step.transition, {key: value for key, value in step.fields.items() if key != RESOLUTION})


def names(transitions: Iterable[Transition]) -> str:
    """Where transitions lead, for people."""
    found = dict.fromkeys(one.name for one in transitions)
    return ", ".join(found) if found else "nowhere"


def _rank(step: Step, reason: str) -> tuple[int, bool, int]:
    """How well a transition says what is meant; the least is the best."""
    name = step.transition.name
    if not reason:
        return 0, bool(_UNDONE.search(name)), len(step.fields)
    if RESOLUTION in step.fields:
        return 0, False, len(step.fields)
    # The workflow sets the resolution itself, then: the status's name is all that tells which.
    return (
        1 if name.casefold() == reason.casefold() else 2,
        bool(_UNDONE.search(name)) != bool(_UNDONE.search(reason)),
        0,
    )


def _nearness(transition: Transition, wanted: Status) -> tuple[int, bool]:
    order = _TOWARDS.get(wanted.kind, _NEARER)
    kind = transition.to.kind
    return order.index(kind) if kind in order else len(order), bool(_UNDONE.search(transition.name))


def _ahead(via: Sequence[str], here: str) -> Iterator[str]:
    """What is left of the statuses to pass through."""
    passed = [name.casefold() for name in via].index(here.casefold()) + 1 if _is_in(here, via) else 0
    yield from via[passed:]


def _is_in(name: str, names: Sequence[str]) -> bool:
    return name.casefold() in (one.casefold() for one in names)


def _resolution(transition: Transition, known: Mapping[str, Any], reason: str) -> dict[str, str] | None:
    """The resolution to send; None: none, or none that would be true."""
    allowed = _options(known)
    if reason:
        return next((_by_id(one) for one in allowed if _label(one).casefold() == reason.casefold()), None)
    if transition.to.kind != "done" or known.get("hasDefaultValue"):
        return None
    undone = bool(_UNDONE.search(transition.name))
    true = [one for one in allowed if bool(_UNDONE.search(_label(one))) is undone]
    order = {name: place for place, name in enumerate(_USUAL)}
    true.sort(key=lambda one: order.get(_label(one).casefold(), len(order)))
    return _by_id(true[0]) if true else None


def _given(key: str, known: Mapping[str, Any], way: Way) -> Any:
    """What the mapping gives for a field, by its id or its name; the name of a choice as the choice."""
    name = str(known.get("name") or "")
    value = way.fields.get(key, way.fields.get(name))
    allowed = _options(known)
    if not isinstance(value, str) or not allowed:
        return value
    found = next((_by_id(one) for one in allowed if _label(one).casefold() == value.casefold()), None)
    schema = known.get("schema")
    many = isinstance(schema, dict) and schema.get("type") == "array"
    return [found] if found is not None and many else found


def _options(known: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = known.get("allowedValues")
    return [one for one in found if isinstance(one, dict) and "id" in one] if isinstance(found, list) else []


def _label(option: Mapping[str, Any]) -> str:
    return str(option.get("name") or option.get("value") or "")


def _by_id(option: Mapping[str, Any]) -> dict[str, str]:
    return {"id": str(option["id"])}


def _named(transition: Transition, sent: Mapping[str, Any]) -> str:
    """The name of the resolution that is sent."""
    chosen = sent.get(RESOLUTION)
    allowed = _options(transition.fields.get(RESOLUTION, {}))
    return next((_label(one) for one in allowed if chosen == _by_id(one)), "")
