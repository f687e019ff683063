"""Which phrases stand in a text: whole words, upper or lower case, the longest first.

A phrase takes its words: ``monitoring`` isn't found in ``code monitoring`` where both are looked for. Addresses and
mail addresses are left out: every link into a code host would name it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from syncd.details import Detail
from syncd.guard import READ
from syncd.tables import Rule

_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+\.\S+", re.IGNORECASE)
_LETTER = r"[^\W_]"


@dataclass(frozen=True, slots=True)
class Match:
    """An area that a ticket names, by which words, and whether these are ordinary ones."""

    rule: Rule
    words: tuple[str, ...]
    weak: bool


def said(detail: Detail) -> str:
    """What is looked at: subject and description, as far as anybody reads them."""
    return f"{detail.subject}\n{detail.description}"[:READ]


def found(text: str, phrases: Iterable[str]) -> frozenset[str]:
    """Those of the phrases that the text holds."""
    text = _ADDRESS.sub(" ", unicodedata.normalize("NFKC", text)).casefold()
    taken: list[tuple[int, int]] = []
    hits = set()
    for phrase in sorted(set(phrases), key=lambda one: (-len(one), one)):
        words = r"\s+".join(re.escape(word) for word in phrase.casefold().split())
        for hit in re.finditer(f"(?<!{_LETTER}){words}(?!{_LETTER})", text):
            if not any(start < hit.end() and hit.start() < end for start, end in taken):
                taken.append(hit.span())
                hits.add(phrase)
    return frozenset(hits)


def areas(text: str, rules: Iterable[Rule]) -> tuple[Match, ...]:
    """The areas that a text names, in the table's order; by ordinary words only where nothing else names one."""
    rules = tuple(rules)
    spelled = {phrase.casefold(): phrase for rule in rules for phrase in (*rule.keywords, *rule.weak)}
    hits = {phrase.casefold() for phrase in found(text, spelled.values())}
    for weak in (False, True):
        matches = [
            Match(rule, tuple(word for word in (rule.weak if weak else rule.keywords) if word.casefold() in hits), weak)
            for rule in rules
        ]
        if any(match.words for match in matches):
            return tuple(match for match in matches if match.words)
    return ()
