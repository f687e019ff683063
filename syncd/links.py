"""Which items does a text or field name, and may it be believed? Pure; rule 5.

URL patterns come from the connectors. A URL makes a link by itself only where a member of the team (or our own
account) put it as a link: in the form's link field, or on a line that holds nothing else but a list mark, a label
ending in a colon, and the full stop or comma that people put at the end of a line; never in a quotation, in code, or
in what the reader of the page doesn't see. Everything else is a proposal for a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt

from syncd.model import Author, Item, Mention, Place, Role, Text
from syncd.records import Origin

Reader = Callable[[str], Sequence[Mention]]

_BEFORE = re.compile(
    r"""^[ \t]*
    (?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?            # a list mark
    (?:\[[ xX]\][ \t]+)?                        # a check box
    (?:(?:\*\*|__)?[^:\n]{1,60}:(?:\*\*|__)?[ \t]*)?   # a label ending in a colon
    (?:<|\[[^\]\n]*\]\()?$""",
    re.VERBOSE,
)
_AFTER = re.compile(r"^[>)]?[ \t]*[.,;!]?[ \t\\]*$")
_COMMANDED = re.compile(r"[ \t]*/(?:un)?link[ \t]", re.IGNORECASE)
FORWARDED = re.compile(r"^\s*-{2,}\s*(original|forwarded) message", re.IGNORECASE)
"""Where a mail that an agent passed on begins."""

MARKDOWN = MarkdownIt("commonmark")
_NOT_SAID = frozenset({"blockquote_open", "fence", "code_block", "html_block"})
TOO_LONG = 200_000
"""Characters; a text longer than this is a log, and nothing in it is taken for a link."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an item says of another: the connector and the human key, and whether it may be believed."""

    connector: str
    key: str
    trusted: bool
    origin: Origin
    why: str = ""
    """Why it is only a proposal."""


def claims(
    item: Item,
    role: Role,
    readers: Mapping[str, Reader],
    *,
    issue_field: str | None = None,
    headings: Iterable[str] = (),
) -> list[Claim]:
    """Every item of the ``readers``' connectors that this item names, each once, the most trusted claim of each.

    Args:
        item: a ticket or an issue with its texts and fields.
        role: which of the two it is.
        readers: by configured connector, what finds its URLs in a text.
        issue_field: the ticket field that holds the issue's URL, by the helpdesk's own name.
        headings: headings of an issue form whose section is the form's link field.
    """
    best: dict[tuple[str, str], Claim] = {}
    for claim in _all(item, role, readers, issue_field, tuple(one.casefold() for one in headings)):
        known = best.get((claim.connector, claim.key))
        if known is None or (claim.trusted and not known.trusted):
            best[claim.connector, claim.key] = claim
    return list(best.values())


def _all(
    item: Item, role: Role, readers: Mapping[str, Reader], issue_field: str | None, headings: tuple[str, ...]
) -> Iterator[Claim]:
    value = item.fields.get(issue_field, "") if issue_field else ""
    for connector, read in readers.items():
        for mention in read(value) if value else ():
            yield Claim(connector, mention.key, trusted=True, origin=Origin.FIELD)
        for address in item.addresses:
            for mention in read(address):
                yield Claim(connector, mention.key, trusted=True, origin=Origin.SYSTEM)
        for text in item.texts or ():
            origin = Origin.NOTE if role is Role.HELPDESK else Origin.BODY
            distrust = _distrust(text, role)
            for mention, placed, shown in _placed(text.body, read(text.body), headings):
                if not shown and text.author is Author.SELF:  # what we quoted are somebody else's words
                    continue
                if role is Role.HELPDESK and not distrust and _is_commanded(text.body, mention):
                    continue
                why = distrust or ("" if placed else "it stands in a sentence, a quotation or code")
                yield Claim(connector, mention.key, trusted=not why, origin=origin, why=why)


def _distrust(text: Text, role: Role) -> str:
    """Why the author of a text isn't believed; empty if he is."""
    if text.author is Author.OUTSIDE:
        return "its author is not a member of the team"
    if role is Role.HELPDESK and text.place is not Place.NOTE:
        return "it does not stand in an internal note"
    if role is Role.HELPDESK and text.automatic:  # which may repeat a customer's words
        return "an automation wrote it"
    return ""


def _is_commanded(body: str, mention: Mention) -> bool:
    """Whether an agent says on that line what is to be done with the address; see :mod:`syncd.commands`."""
    return bool(_COMMANDED.match(body[body.rfind("\n", 0, mention.start) + 1 :]))


def _placed(body: str, mentions: Sequence[Mention], headings: tuple[str, ...]) -> Iterator[tuple[Mention, bool, bool]]:
    """Each mention, whether it was put there as a link, and whether that is no quotation, nor hidden."""
    if not mentions:
        return
    body = body.replace("\r\n", " \n").replace("\r", " ")  # one line end, every offset as it was
    hidden, field = (set(), set()) if len(body) > TOO_LONG else _regions(body, headings)
    for mention in mentions:
        number = body.count("\n", 0, mention.start)
        start = body.rfind("\n", 0, mention.start) + 1
        end = body.find("\n", mention.end)
        before, after = body[start : mention.start], body[mention.end : end if end >= 0 else len(body)]
        alone = bool(_BEFORE.match(before) and _AFTER.match(after))
        shown = len(body) <= TOO_LONG and number not in hidden and "<!--" not in before
        yield mention, shown and (number in field or alone), shown


def section(body: str, heading: str) -> str:
    """What stands under a heading of a form, without what is quoted there or hidden; empty where there is none."""
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    if len(body) > TOO_LONG:
        return ""
    hidden, field = _regions(body, (heading.casefold(),))
    return "\n".join(line for number, line in enumerate(body.split("\n")) if number in field - hidden)


def _regions(body: str, headings: tuple[str, ...]) -> tuple[set[int], set[int]]:
    """The numbers of the lines that quote, or hide what they hold; and of those in the form's link field."""
    hidden: set[int] = set()
    field: set[int] = set()
    tokens = MARKDOWN.parse(body)
    last = body.count("\n") + 1
    begun: int | None = None
    for token, inside in zip(tokens, [*tokens[1:], None], strict=True):
        lines = range(*token.map) if token.map else range(0)
        if token.type in _NOT_SAID:
            hidden.update(lines)
        elif token.type == "heading_open":
            if begun is not None:
                field.update(range(begun, lines.start))
            title = inside.content.strip().casefold() if inside else ""
            begun = lines.stop if title in headings else None
    if begun is not None:
        field.update(range(begun, last))
    for number, line in enumerate(body.split("\n")):
        if FORWARDED.match(line):
            hidden.update(range(number, last))
            break
    return hidden, field
