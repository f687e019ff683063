"""A mapping: one system's own status words <-> syncd's words, proven sound when it is loaded.

A mapping file says which native statuses mean which word, which native status is written for a word, and which
statuses are final::

    role = "tracker"
    [words]
    open = ["open"]
    done = ["closed", "closed:completed"]
    declined = ["closed:not_planned"]
    [write]
    open = "open"
    done = "closed:completed"

A native status is written ``native`` or ``native:reason``; the one with its reason wins over the plain one. Where a
system sorts its statuses into kinds, ``kind/name`` wins over ``kind:reason``, and that over ``kind``: with
``done = ["done"]`` and ``declined = ["done/Rejected", "done:Won't Do"]`` every status of the kind done means done, but
for that name and that reason. What an account has beyond all that is ``unknown``: it takes no part, counts as
unfinished and is never written over.

How a status is reached may need more words::

    [write]
    pending = ["indeterminate/Waiting for customer", "indeterminate/Pending"]   # the first that an item can have
    [via]
    done = ["In Review"]           # statuses to pass through where no direct way leads there
    [set.done]
    customfield_10050 = "Fixed"    # what has to be set in the same call
"""

from __future__ import annotations

import hashlib
import json
from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError

from syncd.actions import Way
from syncd.errors import ConfigError
from syncd.model import ISSUE_WORDS, TICKET_WORDS, UNFINISHED, Role, Status, Word
from syncd.schema import Table, problem, problems

WORDS = {Role.HELPDESK: TICKET_WORDS, Role.TRACKER: ISSUE_WORDS}
MUST_WRITE = {Role.HELPDESK: (Word.OPEN, Word.PENDING, Word.RESOLVED), Role.TRACKER: (Word.OPEN, Word.DONE)}
"""The words without which syncd couldn't do its work."""


def _choices(value: object) -> object:
    """One status, or a list of them."""
    return [value] if isinstance(value, str) else value


class _File(Table):
    """The shape of a mapping file; what it says is proven by :func:`_faults`."""

    role: Literal["helpdesk", "tracker"]
    final: list[str] = Field(default_factory=list)
    words: dict[str, list[str]]
    write: dict[str, Annotated[list[str], BeforeValidator(_choices)]]
    """The first choice first."""
    via: dict[str, list[str]] = Field(default_factory=dict)
    set: dict[str, dict[str, Any]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the statuses of one system read in syncd's words.

    Attributes:
        name: the file's name without ``.toml``.
        role: the part that a connector with this mapping plays.
        words: ``native`` or ``native:reason`` -> word.
        write: word -> the native status that is written for it; a word that isn't there can't be written.
        ways: word -> how that status is reached, where naming it isn't enough.
        final: natives (with or without reason) after which an item can't be written any more (rule 9).
    """

    name: str
    role: Role
    words: abc.Mapping[str, Word]
    write: abc.Mapping[Word, Status]
    final: frozenset[str] = frozenset()
    ways: abc.Mapping[Word, Way] = field(default_factory=dict)

    @classmethod
    def parse(cls, name: str, data: abc.Mapping[str, Any], *, where: str = "") -> Self:
        """A mapping from its parsed TOML.

        Args:
            name: the file's name without ``.toml``.
            data: the file as tomllib gives it.
            where: how problems call the file; ``mappings/NAME.toml`` if not given.

        Raises:
            ConfigError: with every problem of the file.
        """
        where = where or f"mappings/{name}.toml"
        try:
            file = _File.model_validate(data)
        except ValidationError as error:
            raise ConfigError(problems(error, where, _File)) from None
        found = [problem(where, *fault) for fault in _faults(file)]
        if found:
            raise ConfigError(found)
        return cls(
            name=name,
            role=Role(file.role),
            words=MappingProxyType({native: Word(word) for word, natives in file.words.items() for native in natives}),
            write=MappingProxyType({Word(word): _status(natives[0]) for word, natives in file.write.items()}),
            final=frozenset(file.final),
            ways=MappingProxyType({Word(word): _way(file, word, natives[1:]) for word, natives in file.write.items()}),
        )

    def word(self, status: Status) -> Word:
        """What a native status means; ``UNKNOWN`` if the mapping doesn't cover it."""
        return next((self.words[name] for name in _names(status) if name in self.words), Word.UNKNOWN)

    def native(self, word: Word) -> Status | None:
        """The native status to write for a word; None if this mapping can't write it."""
        return self.write.get(word)

    def way(self, status: Status) -> Way:
        """How a status is reached that :meth:`native` names; any other has no more to say than itself."""
        word = self.word(status)
        return self.ways.get(word, Way()) if self.write.get(word) == status else Way()

    def is_written(self, status: Status, found: Status) -> bool:
        """Whether an item that shows ``found`` has what was written for it: ``status``, or what does as well."""
        return any(one.native in (found.native, found.kind) for one in (status, *self.way(status).instead))

    def is_final(self, status: Status) -> bool:
        """Whether an item in this status can't be written any more."""
        return any(name in self.final for name in _names(status))

    def unmapped(self, statuses: abc.Mapping[str, str]) -> list[str]:
        """The account's statuses that this mapping doesn't cover, as people know them: ``6 (Waiting on customer)``.

        Args:
            statuses: what the connector's ``statuses()`` gives: native value -> label.
        """
        missing = [(native, label) for native, label in statuses.items() if self.word(_status(native)) is Word.UNKNOWN]
        return [f"{native} ({' '.join(label.split())})" if label.strip() else native for native, label in missing]

    @property
    def fingerprint(self) -> str:
        """Changes when, and only when, the meaning of the mapping does (rule 16)."""
        meaning = [
            self.role,
            sorted(self.words.items()),
            sorted((word, str(status)) for word, status in self.write.items()),
            sorted(self.final),
            sorted(
                (word, [str(one) for one in way.instead], way.via, sorted(way.fields.items()))
                for word, way in self.ways.items()
            ),
        ]
        return hashlib.sha256(json.dumps(meaning, default=str).encode()).hexdigest()


def _names(status: Status) -> Iterator[str]:
    """What a mapping may call a status, the narrowest first."""
    yield from (str(status), status.native)
    if status.kind != status.native:
        yield from (str(Status(status.kind, status.reason)), status.kind)


def _way(file: _File, word: str, instead: list[str]) -> Way:
    via, fields = tuple(file.via.get(word, ())), MappingProxyType(file.set.get(word, {}))
    return Way(tuple(_status(native) for native in instead), via, fields)


def _status(text: str) -> Status:
    native, _, reason = text.partition(":")
    return Status(native, reason)


def _faults(file: _File) -> Iterator[tuple[str, str, str]]:
    """Every contradiction in a well-shaped file: key, what, cure."""
    role = Role(file.role)
    native_words: dict[str, str] = {}
    for word, natives in file.words.items():
        if word not in WORDS[role]:
            yield f"words.{word}", f"a {role} has no such word", f"Use some of: {', '.join(WORDS[role])}"
        for native in natives:
            if not native.strip() or native.startswith(":"):
                yield f"words.{word}", "an empty status is listed", "Remove it"
            elif native in native_words:
                what = f"{native!r} stands under {native_words[native]!r} already"
                yield f"words.{word}", what, "Keep it under one word, once"
            native_words.setdefault(native, word)
    yield from _write_faults(file, role, native_words)
    for table in ("via", "set"):
        for word in sorted(getattr(file, table).keys() - file.write.keys()):
            yield (
                f"{table}.{word}",
                "nothing is written for this word",
                f"Add it to [write], or remove it from [{table}]",
            )
    for native in file.final:
        if _meaning(native_words, native) is None and not any(
            one.startswith((f"{native}:", f"{native}/")) for one in native_words
        ):
            yield "final", f"{native!r} stands under no word", "Add it to [words] as well"


_AS_WELL = (frozenset(UNFINISHED), frozenset({Word.PENDING, Word.ON_HOLD}))
"""Words that do for one another as a later choice.

An issue that can't be opened may be in progress, since unfinished is what is meant; a ticket that can't be put on hold
may be pending, since it waits.
"""


def _write_faults(file: _File, role: Role, native_words: abc.Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the statuses to write."""
    for word, natives in file.write.items():
        key = f"write.{word}"
        if not natives:
            yield key, "an empty list is no status", "Name the status to write, or leave the word out"
        if word not in WORDS[role]:
            yield key, f"a {role} has no such word", f"Use some of: {', '.join(WORDS[role])}"
        for place, native in enumerate(natives):
            meant = _meaning(native_words, native)
            does = meant == word or (place > 0 and any({word, meant} <= alike for alike in _AS_WELL))
            if word in WORDS[role] and not does:
                yield key, f"{native!r} does not mean {word!r} in [words]", f"Add it to words.{word}, or write another"
            if any(name in file.final for name in _names(_status(native))):
                what = f"{native!r} is final, and final statuses are never set"
                yield key, what, "Write another, or leave the word out"
    for needed in MUST_WRITE[role]:
        if needed not in file.write:
            yield f"write.{needed}", "this key is missing", f"Say which status to write for {needed!r}"


def _meaning(native_words: abc.Mapping[str, str], native: str) -> str | None:
    return next((native_words[name] for name in _names(_status(native)) if name in native_words), None)
