"""Undo: what the journal says was written since a moment becomes a plan file that puts the statuses back.

Nothing is written for it, there or here: the file is carried out by ``reconcile --apply``, if a person wants that. Of
each item the file holds the status that it had before the first such write. Notes can't be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncd.mapping import Mapping as StatusMapping
from syncd.model import Item, Ref, Status, Word
from syncd.planfile import FileGroup, FileStep, Native
from syncd.records import LinkState
from syncd.store import Store
from syncd.sync.approval import version_of

GONE = "gone, or known by another name"
ENDED = "not linked any more"
FINAL = "closed for good"
AS_IT_WAS = "as it was before"
MOVED = "changed by somebody since"
UNKNOWN = "was in a status that the mapping doesn't know any more"
NOBODYS = "no connector of that name is configured any more"


@dataclass(slots=True)
class Written:
    """What was written to an item: what it was before the first of it, what after the last, and why and when that."""

    target: Ref
    before: Status
    after: Status
    rule: str
    at: str
    word: Word = Word.UNKNOWN
    """For people: what it is now, and what it was."""
    back_to: Word = Word.UNKNOWN


@dataclass(frozen=True, slots=True)
class Undo:
    """What would be put back, what is left as it is and why, and the groups of the plan file."""

    back: list[Written]
    left: list[tuple[Ref, str]]
    groups: list[FileGroup]


def undo(store: Store, mappings: Mapping[str, StatusMapping], since: str) -> Undo:
    """Find it out. ``mappings``: by configured connector; ``since``: a moment of our own clock."""
    found: dict[Ref, Written] = {}
    for row in store.journal.written(since):
        one = found.setdefault(row.target, Written(row.target, row.before, row.after, row.rule, row.at))
        one.after, one.rule, one.at = row.after, row.rule, row.at
    back: list[Written] = []
    left: list[tuple[Ref, str]] = []
    steps: dict[str, list[FileStep]] = {}
    for one in found.values():
        item, why = store.snapshots.get(one.target), _left(store, mappings, one)
        key = store.groups.of(one.target)
        if why or key is None or item is None:
            left.append((item.ref if item is not None else one.target, why or ENDED))
            continue
        mapping = mappings[one.target.connector]
        one.target, one.word, one.back_to = item.ref, mapping.word(one.after), mapping.word(one.before)
        back.append(one)
        steps.setdefault(key, []).append(_step(one))
    groups = [FileGroup(group=key, version=version_of(store, key), steps=some) for key, some in steps.items()]
    return Undo(back, left, groups)


def _left(store: Store, mappings: Mapping[str, StatusMapping], one: Written) -> str:
    """Why an item is left as it is; empty if it can be put back."""
    item, mapping = store.snapshots.get(one.target), mappings.get(one.target.connector)
    if mapping is None:
        return NOBODYS
    if not isinstance(item, Item):
        return GONE
    linked = any(link.state is LinkState.LIVE for link in store.links.of(one.target))
    reasons = {
        FINAL: item.final or mapping.is_final(item.status) or mapping.is_final(one.before),
        ENDED: not linked,
        AS_IT_WAS: item.status == one.before,
        MOVED: item.status != one.after,
        UNKNOWN: mapping.word(one.before) is Word.UNKNOWN,
    }
    return next((why for why, holds in reasons.items() if holds), "")


def _step(one: Written) -> FileStep:
    told: dict[str, Any] = {
        "target": str(one.target),
        "item": one.target.human,
        "rule": "undone",
        "from": one.word.value,
        "to": one.back_to.value,
        "expect": Native.of(one.after),
        "status": Native.of(one.before),
        "notes": [],
    }
    return FileStep.model_validate(told)
