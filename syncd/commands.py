"""Which commands does this ticket hold? Pure.

An agent gives one on a line of its own in an internal note, ``/link https://…/issues/4``, or by a tag, ``syncd_mute``.
Nothing that a customer can write is one: no public text, no text of an outsider's, no note that an automation made (it
may hold a customer's words), no tag that a customer can set; nor
is what stands in a quotation, in a list, in code, in a mail that was passed on, or in what a reader of the page doesn't
see. What syncd itself wrote is none either. Other words behind a ``/`` are other tools' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from markdown_it.token import Token

from syncd.links import FORWARDED, MARKDOWN, TOO_LONG, Reader
from syncd.model import Author, Item, Place, Text
from syncd.records import NOTE, TAG, Command, Verb

_VERBS = "|".join(verb.value for verb in Verb)
_LIKELY = re.compile(rf"^[ \t]*/(?:{_VERBS})\b", re.IGNORECASE | re.MULTILINE)
_COMMAND = re.compile(rf"/({_VERBS})(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_KEY = re.compile(r"(?:([A-Za-z0-9][A-Za-z0-9_-]*):)?([A-Za-z0-9_.#/-]{0,150}[0-9])")
_OF_MARKUP = "\0"
"""Stands for what is shown otherwise than as plain text: code, an image, HTML."""
_TAGGED = (Verb.UNLINK, Verb.MUTE, Verb.UNMUTE, Verb.REOPEN, Verb.FILE)
"""What needs no argument."""


def commands(item: Item, readers: Mapping[str, Reader], prefix: str = "") -> tuple[Command, ...]:
    """The commands that a ticket shows: those in its notes, as they were written, then those of its tags.

    Args:
        item: a ticket with whatever of its texts and tags the answer carried.
        readers: by configured tracker, what finds its URLs in a text.
        prefix: how tags that are commands begin, before a ``_``; empty: none is one.
    """
    found = [command for text in item.texts or () if _may_command(text) for command in _of(text, readers)]
    return (*found, *_of_tags(item.tags, prefix))


def _unix(body: str) -> str:
    return body.replace("\r\n", "\n").replace("\r", "\n")


def _may_command(text: Text) -> bool:
    """Only what a member of the team wrote where customers can't write or read; a rule's note may repeat theirs."""
    by_agent = text.author is Author.TEAM and not text.automatic
    return text.place is Place.NOTE and by_agent and bool(text.id) and len(text.body) <= TOO_LONG


def _of(text: Text, readers: Mapping[str, Reader]) -> Iterator[Command]:
    """The commands of one note."""
    body = _unix(text.body)
    if not _LIKELY.search(body):
        return
    for line in _lines(body):
        given = _COMMAND.fullmatch(line.strip())
        if given:
            yield _command(Verb(given[1].casefold()), given[2] or "", f"{NOTE}{text.id}", text.at, readers)


def _lines(body: str) -> Iterator[str]:
    """The lines of a note's own paragraphs, as a reader sees them, an address in place of the words that link to it."""
    lines = body.split("\n")
    end = next((number for number, line in enumerate(lines) if FORWARDED.match(line)), len(lines))
    tokens = MARKDOWN.parse("\n".join(lines[:end]))
    for before, token in pairwise(tokens):
        if before.type == "paragraph_open" and before.level == 0:
            yield from _shown(token.children or []).split("\n")


def _shown(pieces: Iterable[Token]) -> str:
    text, inside = "", 0
    for piece in pieces:
        if piece.type == "link_open":
            text += str(piece.attrGet("href") or "") if not inside else ""
            inside += 1
        elif piece.type == "link_close":
            inside -= 1
        elif piece.type in {"softbreak", "hardbreak"}:
            text += "\n"
        elif not inside:
            shown = piece.content if piece.type == "text" else piece.markup
            text += shown if piece.type == "text" or piece.nesting else _OF_MARKUP
    return text


def _command(verb: Verb, said: str, source: str, at: datetime | None, readers: Mapping[str, Reader]) -> Command:
    """A command with its argument, or with what is wrong with that."""
    said = said.strip().rstrip(".,;!")
    if verb in _TAGGED and (not said or verb is not Verb.UNLINK):
        return Command(verb, source, fault="it takes nothing behind it" if said else "", at=at)
    trackers = ", ".join(readers)
    if not said:
        return Command(verb, source, fault="the address or key of an issue is missing", at=at)
    for name, read in readers.items():
        mentions = read(said)
        if len(mentions) == 1 and mentions[0].start == 0 and not re.search(r"\s", said):
            return Command(verb, source, f"{name}:{mentions[0].key}", at=at)
    key = _KEY.fullmatch(said)
    if key is None:
        return Command(verb, source, fault=f"that is no address or key of an issue of {trackers}", at=at)
    if key[1] and key[1] not in readers:
        return Command(verb, source, fault=f"that names none of this helpdesk's trackers: {trackers}", at=at)
    return Command(verb, source, said, at=at)


def _of_tags(tags: Sequence[str], prefix: str) -> Iterator[Command]:
    if not prefix:
        return
    worn = {tag.casefold(): tag for tag in tags}
    for verb in _TAGGED:
        tag = worn.get(f"{prefix}_{verb}".casefold())
        if tag is not None:
            yield Command(verb, f"{TAG}{tag}")
