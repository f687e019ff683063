"""The query language of the stand-in: as much of JQL as a client of issues needs, with Jira's own complaints.

Known are AND, OR, NOT, parentheses, ``= != < <= > >= ~ !~ in, not in, is, is not``, quoted and bare values, lists,
relative and absolute times, milliseconds, and a few functions (JQL reference, Fields and Functions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<sign>!=|!~|>=|<=|&&|\|\||[=~><(),!])"""
    r"""|(?P<word>[^\s"'()=!<>~,&|]+)|(?P<wrong>\S))"""
)
_END = ("end", "")
_SIGNS = {"=", "!=", "~", "!~", ">", ">=", "<", "<="}
_RESERVED = {"and", "or", "not", "in", "is", "order", "by", "empty", "null", "asc", "desc", "was", "changed"}


class SyntaxWrong(Exception):
    """The query can't be read; the text is Jira's complaint."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """``field sign values``; ``sign`` also ``in``, ``not in``, ``is``, ``is not``, ``was``."""

    field: str
    sign: str
    values: tuple[str | Call, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """``and``, ``or`` or ``not`` of what is in it."""

    how: str
    parts: tuple[Node, ...]


Node = Clause | Both


@dataclass(frozen=True, slots=True)
class Query:
    """A query: what to find (None: all there is), and by what to sort (field, whether descending)."""

    where: Node | None
    order: tuple[tuple[str, bool], ...]


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        SyntaxWrong: it is none.
    """
    return _Reader(text).query()


def clauses(node: Node | None) -> Iterator[Clause]:
    """All of its clauses."""
    if isinstance(node, Clause):
        yield node
    elif node is not None:
        for part in node.parts:
            yield from clauses(part)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0

    # --- tokens ---

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def word(self, *names: str) -> bool:
        """Take the next token if it is one of these words, or the sign that stands for it."""
        kind, text = self.peek()
        if (kind == "word" and text.lower() in names) or (kind == "sign" and text in names):
            self.at += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if self.take() != ("sign", sign):
            raise self.wrong(f"Expecting '{sign}' but got", -1)

    def wrong(self, said: str, ahead: int = 0) -> SyntaxWrong:
        kind, text = self.peek(ahead)
        if kind == "end":
            return SyntaxWrong(f"Error in the JQL Query: {said} the end of the query. (line 1, character 1)")
        return SyntaxWrong(f"Error in the JQL Query: {said} '{text}'. (line 1, character {self.text.find(text) + 1})")

    # --- the grammar ---

    def query(self) -> Query:
        first = self.peek()
        where = None if first == _END or first[1].lower() == "order" else self.either()
        order: list[tuple[str, bool]] = []
        if self.word("order"):
            if not self.word("by"):
                raise self.wrong("Expecting 'by' but got")
            order.append(self.sorting())
            while self.word(","):
                order.append(self.sorting())
        if self.peek() != _END:
            raise self.wrong("Expecting either 'OR' or 'AND' but got")
        return Query(where, tuple(order))

    def sorting(self) -> tuple[str, bool]:
        field = self.name()
        descending = self.word("desc")
        self.word("asc")
        return field, descending

    def either(self) -> Node:
        parts = [self.all()]
        while self.word("or", "||"):
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else Both("or", tuple(parts))

    def all(self) -> Node:
        parts = [self.one()]
        while self.word("and", "&&"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else Both("and", tuple(parts))

    def one(self) -> Node:
        if self.word("not", "!"):
            return Both("not", (self.one(),))
        if self.word("("):
            inside = self.either()
            self.expect(")")
            return inside
        field = self.name()
        return Clause(field, *self.condition())

    def name(self) -> str:
        kind, text = self.peek()
        if kind not in {"word", "text"} or (kind == "word" and text.lower() in _RESERVED):
            raise self.wrong("Expecting a field name but got")
        self.at += 1
        return text

    def condition(self) -> tuple[str, tuple[str | Call, ...]]:
        kind, text = self.peek()
        if kind == "sign" and text in _SIGNS:
            self.at += 1
            return text, (self.value(),)
        if self.word("was"):
            return "was", (self.value(),)
        if self.word("is"):
            sign = "is not" if self.word("not") else "is"
            if not self.word("empty", "null"):
                raise self.wrong("Expecting 'EMPTY' but got")
            return sign, ()
        sign = "not in" if self.word("not") else "in"
        if not self.word("in"):
            raise self.wrong("Expecting operator but got")
        return sign, self.values()

    def values(self) -> tuple[str | Call, ...]:
        if self.peek() != ("sign", "("):
            return (self.value(),)
        self.expect("(")
        found = [self.value()]
        while self.word(","):
            found.append(self.value())
        self.expect(")")
        return tuple(found)

    def value(self) -> str | Call:
        kind, text = self.peek()
        if kind not in {"word", "text"} or (kind == "word" and text.lower() in _RESERVED - {"empty", "null"}):
            raise self.wrong("Expecting either a value, list or function but got")
        self.at += 1
        if self.peek() != ("sign", "("):
            return text
        self.expect("(")
        given: list[str] = []
        while self.peek() != ("sign", ")"):
            if given:
                self.expect(",")
            given.append(self.name())
        self.expect(")")
        return Call(text, tuple(given))


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while (found := _TOKEN.match(text, at)) is not None and found.lastgroup is not None:
        at = found.end()
        kind, part = found.lastgroup, found[found.lastgroup]
        if kind == "wrong":
            where = f"(line 1, character {found.start(kind) + 1})"
            if part in "\"'":
                said = f"The quoted string '{text[at:]}' has not been completed."
                raise SyntaxWrong(f"Error in the JQL Query: {said} {where}")
            raise SyntaxWrong(f"Error in the JQL Query: The character '{part}' is a reserved JQL character. {where}")
        yield kind, re.sub(r"\\(.)", r"\1", part[1:-1]) if kind == "text" else part
    yield _END
