"""What the connectors share to tell what a ticket says: what is kept for an hour, and values as text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from connectors.markup import clean
from syncd.clock import Clock
from syncd.errors import ConnectorError
from syncd.model import Attachment, Item, Place

TTL = 3600.0
"""Seconds after which what seldom changes is read again: companies, people, names of fields, statuses, roles."""
AFTER_FAILURE = 60.0
"""Seconds until it is tried to be read again where that failed."""
MANY = 2000
"""Of each kind so many are kept at most."""

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")
_T = TypeVar("_T")


@dataclass(slots=True)
class Hourly(Generic[_T]):
    """Something of the whole account that is read once an hour. Where a later read fails, the earlier one's stays."""

    clock: Clock
    read: Callable[[], _T]
    value: _T | None = None
    until: float = 0.0
    asked: set[str] = field(default_factory=set)
    """What was looked for in vain since the last hour's read, so that it costs one more read, once."""

    def now(self) -> _T:
        """The value.

        Raises:
            ConnectorError: it has never been read, and can't be now.
        """
        moment = self.clock.monotonic()
        if self.value is None:
            return self.anew()
        if moment >= self.until:
            self.until = moment + AFTER_FAILURE
            self.asked.clear()
            with suppress(ConnectorError):
                return self.anew()
        return self.value

    def anew(self) -> _T:
        """The value as it is now.

        Raises:
            ConnectorError: it can't be read.
        """
        self.value = self.read()
        self.until = self.clock.monotonic() + TTL
        return self.value

    def with_all(self, names: Iterable[str], has: Callable[[_T, str], bool]) -> _T:
        """The value; read anew for what it hasn't, since that may have been made within the hour. Once for each."""
        found = self.now()
        missing = {name for name in names if not has(found, name)} - self.asked
        if not missing:
            return found
        if len(self.asked) > MANY:
            self.asked.clear()
        self.asked |= missing
        with suppress(ConnectorError):
            return self.anew()
        return found


class Kept(Generic[_K, _V]):
    """What was read of each key within the last hour. What can't be read isn't kept, and raises each time.

    ``read``: the values of some keys, in one call where the API can; a key that it leaves out isn't there, which is
    kept as well.
    """

    def __init__(self, clock: Clock, read: Callable[[Sequence[_K]], Mapping[_K, _V]]) -> None:
        self._clock, self._read = clock, read
        self._known: OrderedDict[_K, tuple[_V | None, float]] = OrderedDict()

    def get(self, key: _K) -> _V | None:
        """One value; None if there is none."""
        return self.many([key]).get(key)

    def many(self, keys: Iterable[_K]) -> dict[_K, _V]:
        """The values of those keys that there are."""
        wanted = list(dict.fromkeys(keys))
        now = self._clock.monotonic()
        due = [key for key in wanted if key not in self._known or self._known[key][1] <= now]
        if due:
            read = self._read(due)
            self._known |= {key: (read.get(key), now + TTL) for key in due}
        found = {key: value for key in wanted if (value := self._known[key][0]) is not None}
        self._trim()
        return found

    def keep(self, values: Mapping[_K, _V]) -> None:
        """What another answer told just now."""
        until = self._clock.monotonic() + TTL
        self._known |= {key: (value, until) for key, value in values.items()}
        self._trim()

    def _trim(self) -> None:
        while len(self._known) > MANY:
            self._known.popitem(last=False)


def as_text(value: object) -> str:
    """A field's value: yes and no as ``true`` and ``false``, several with commas, what is no value as nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_text, value)))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean(str(value)) if isinstance(value, (str, int, float)) else ""


def as_fields(values: object) -> dict[str, str]:
    """A record's custom fields by name, of those that hold something."""
    pairs = values.items() if isinstance(values, dict) else ()
    return {clean(str(key)): text for key, value in pairs if (text := as_text(value))}


def named(fields: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Fields by id, and beside it by name; what an id says goes first, and of two with one name the first."""
    found = dict(fields)
    for key, text in fields.items():
        if names.get(key):
            found.setdefault(names[key], text)
    return found


def attachments(rows: object, *, name: str, url: str, size: str = "size") -> list[Attachment]:
    """Files from a list of records, by the keys that hold these; what has no address is left out."""
    found: list[dict[str, Any]] = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [
        Attachment(as_text(row.get(name)) or "file", as_text(row.get(url)), _count(row.get(size)))
        for row in found
        if as_text(row.get(url))
    ]


def files(item: Item) -> tuple[Attachment, ...]:
    """Those of the description, then of what was said publicly, then of internal notes (``Detail.attachments``)."""
    order = (Place.BODY, Place.COMMENT, Place.NOTE)
    return tuple(one for place in order for text in item.texts or () if text.place is place for one in text.attachments)


def _count(value: object) -> int:
    return max(value, 0) if isinstance(value, int) else 0
