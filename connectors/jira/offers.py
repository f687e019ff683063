"""Which transitions an issue has, as far as that was told already, so that it needn't be asked of each.

A fresh read of one issue brings them along (Jira platform REST API, Get issue: ``expand``). Of many that are written
together only the first of its project, type and status is asked: those three decide the workflow and the screens. What
one of the others hasn't all the same, because of a condition, Jira refuses without effect; then that one is asked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from connectors.jira import items, transitions
from connectors.jira.transitions import Transition
from syncd.clock import Clock

EXPAND = "transitions.fields"
"""What a read is to bring along: the transitions, with the fields of their screens."""
HOLDS = 60.0
"""Seconds for which what was told is believed: between a read and the write, and while many are written."""
ISSUES, KINDS = 2000, 100
"""So many are remembered."""

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class _Told:
    """Transitions out of a status, and until when that is believed (monotonic)."""

    here: str
    found: Sequence[Transition]
    until: float


class Offers:
    """Transitions of one site's issues, for one account."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.too_large = False
        """With its transitions an issue was too much to read: they are asked for apart from then on."""
        self._kinds: OrderedDict[str, str] = OrderedDict()
        """Issue -> its project and type."""
        self._own: OrderedDict[str, _Told] = OrderedDict()
        self._alike: OrderedDict[tuple[str, str], _Told] = OrderedDict()
        """By project and type, and status."""

    def saw(self, row: items.Row) -> None:
        """A fresh read of an issue, with its transitions or without."""
        issue, fields = str(row.get("id")), row.get("fields")
        self._own.pop(issue, None)
        self._kinds.pop(issue, None)
        if not isinstance(fields, dict):
            return
        project, kind = (_id(fields.get(name)) for name in ("project", "issuetype"))
        if project and kind:
            _put(self._kinds, issue, f"{project}/{kind}", ISSUES)
        rows = row.get("transitions")
        # One without its screen doesn't say what has to be sent along, and none at all may be none that is told.
        if isinstance(rows, list) and rows and all(isinstance(one, dict) and "fields" in one for one in rows):
            status = fields.get("status")
            here = transitions.native(status) if isinstance(status, dict) else ""
            _put(self._own, issue, self._told(here, transitions.listed(rows)), KINDS)

    def listed(self, issue: str, here: str, found: Sequence[Transition]) -> None:
        """What Jira lists of an issue that stands at ``here``."""
        kind = self._kinds.get(issue)
        if kind is not None:
            _put(self._alike, (kind, here), self._told(here, found), KINDS)

    def known(self, issue: str, here: str) -> tuple[Sequence[Transition], bool]:
        """What is known of an issue that stands at ``here``, and whether those are its own, not of its kind."""
        own, alike = self._own.get(issue), self._alike.get((self._kinds.get(issue, ""), here))
        for one in (own, alike):
            if one is not None and one.here == here and self.clock.monotonic() < one.until:
                return one.found, one is own
        return (), False

    def forget(self, issue: str) -> None:
        """It has moved, or one of these was refused: its own are others by now."""
        self._own.pop(issue, None)

    def _told(self, here: str, found: Sequence[Transition]) -> _Told:
        return _Told(here, found, self.clock.monotonic() + HOLDS)


def _id(record: Any) -> str:
    found = record.get("id") if isinstance(record, dict) else None
    return found if isinstance(found, str) else ""


def _put(where: OrderedDict[_K, _V], key: _K, value: _V, most: int) -> None:
    where.pop(key, None)
    where[key] = value
    while len(where) > most:
        where.popitem(last=False)
