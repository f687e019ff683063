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

A native status is written ``native`` or ``native:reason``; the one with its reason wins over the plain one. What an
account has beyond that is ``unknown``: it takes no part, counts as unfinished and is never written over.
"""

from __future__ import annotations

import hashlib
import json
from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Self

from pydantic import Field, ValidationError

from syncd.errors import ConfigError
from syncd.model import ISSUE_WORDS, TICKET_WORDS, Role, Status, Word
from syncd.schema import Table, problem, problems

WORDS = {Role.HELPDESK: TICKET_WORDS, Role.TRACKER: ISSUE_WORDS}
MUST_WRITE = {Role.HELPDESK: (Word.OPEN, Word.PENDING, Word.RESOLVED), Role.TRACKER: (Word.OPEN, Word.DONE)}
"""The words without which syncd couldn't do its work."""


class _File(Table):
    """The shape of a mapping file; what it says is proven by :func:`_faults`."""

    role: Literal["helpdesk", "tracker"]
    final: list[str] = Field(default_factory=list)
    words: dict[str, list[str]]
    write: dict[str, str]


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the statuses of one system read in syncd's words.

    Attributes:
        name: the file's name without ``.toml``.
        role: the part that a connector with this mapping plays.
        words: ``native`` or ``native:reason`` -> word.
        write: word -> the native status that is written for it; a word that isn't there can't be written.
        final: natives (with or without reason) after which an item can't be written any more (rule 9).
    """

    name: str
    role: Role
    words: abc.Mapping[str, Word]
    write: abc.Mapping[Word, Status]
    final: frozenset[str] = frozenset()

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
            raise ConfigError(problems(error, where, _File.model_fields)) from None
        found = [problem(where, *fault) for fault in _faults(file)]
        if found:
            raise ConfigError(found)
        return cls(
            name=name,
            role=Role(file.role),
            words=MappingProxyType({native: Word(word) for word, natives in file.words.items() for native in natives}),
            write=MappingProxyType({Word(word): _status(native) for word, native in file.write.items()}),
            final=frozenset(file.final),
        )

    def word(self, status: Status) -> Word:
        """What a native status means; ``UNKNOWN`` if the mapping doesn't cover it."""
        return self.words.get(str(status)) or self.words.get(status.native) or Word.UNKNOWN

    def native(self, word: Word) -> Status | None:
        """The native status to write for a word; None if this mapping can't write it."""
        return self.write.get(word)

    def is_final(self, status: Status) -> bool:
        """Whether an item in this status can't be written any more."""
        return str(status) in self.final or status.native in self.final

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
        ]
        return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()


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
    for native in file.final:
        if _meaning(native_words, native) is None and not any(one.startswith(f"{native}:") for one in native_words):
            yield "final", f"{native!r} stands under no word", "Add it to [words] as well"


def _write_faults(file: _File, role: Role, native_words: abc.Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the statuses to write."""
    for word, native in file.write.items():
        key = f"write.{word}"
        if word not in WORDS[role]:
            yield key, f"a {role} has no such word", f"Use some of: {', '.join(WORDS[role])}"
        elif _meaning(native_words, native) != word:
            yield key, f"{native!r} does not mean {word!r} in [words]", f"Add it to words.{word}, or write another"
        if native in file.final or _status(native).native in file.final:
            yield key, f"{native!r} is final, and final statuses are never set", "Write another, or leave the word out"
    for needed in MUST_WRITE[role]:
        if needed not in file.write:
            yield f"write.{needed}", "this key is missing", f"Say which status to write for {needed!r}"


def _meaning(native_words: abc.Mapping[str, str], native: str) -> str | None:
    return native_words.get(native) or native_words.get(_status(native).native)
