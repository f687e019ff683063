"""What the tables of a playbook are made of: names, handles, places, kinds and words, each proven."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from syncd.model import ISSUE_WORDS, TICKET_WORDS, Word
from syncd.schema import Table, Wrong
from syncd.texts import ISSUE_VARIABLES, proven


def _one_of(words: tuple[Word, ...], side: str) -> BeforeValidator:
    def check(value: object) -> Word:
        if not isinstance(value, str) or value not in words:
            raise Wrong(f"this is no word for {side}", f"Use one of: {', '.join(words)}")
        return Word(value)

    return BeforeValidator(check)


TicketWord = Annotated[Word, _one_of(TICKET_WORDS, "a ticket")]
IssueWord = Annotated[Word, _one_of(ISSUE_WORDS, "an issue")]


def matching(pattern: str, what: str, cure: str) -> BeforeValidator:
    """Text of that form, or nothing."""

    def check(value: object) -> str:
        if not isinstance(value, str) or (value and not re.fullmatch(pattern, value)):
            raise Wrong(what, cure)
        return value

    return BeforeValidator(check)


def _issue_kind(value: object) -> str:
    if isinstance(value, str) and value in ISSUE_KINDS:
        return value
    raise Wrong("this is no kind of issue", f"Use one of: {', '.join(ISSUE_KINDS)}")


def _issue_template(value: str) -> str:
    return proven(value, ISSUE_VARIABLES)


Name = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Name, ...], Field(strict=False)]
_HANDLE = r"@[A-Za-z0-9][\w./:-]*"
Handle = Annotated[str, matching(_HANDLE, "this is no handle", 'Write "@somebody"')]
Handles = Annotated[
    str,
    matching(rf"{_HANDLE}( {_HANDLE})*", "these are no handles", 'Write "@organisation/team", several with spaces'),
]
Spot = Annotated[
    str,
    matching(
        r"([A-Za-z0-9][\w-]*:)?[\w.-]+(/[\w.-]+)?",
        "this is no repository or project",
        'Write "owner/repository" or a project\'s key, with "NAME:" before it if it isn\'t in the first tracker',
    ),
]
"""A repository or project, empty where the helpdesk's own file is to name it."""
IssueTemplate = Annotated[str, AfterValidator(_issue_template)]
ISSUE_KINDS = ("rfh", "defect", "incident", "change", "guidance", "workshop")
IssueKind = Annotated[str, BeforeValidator(_issue_kind)]
FORM_FIELDS = ("environment", "steps", "logs", "changes", "affected", "urgency", "expected", "actual", "success")
"""What of an issue's text comes from a ticket field of its own."""
FormField = Literal["environment", "steps", "logs", "changes", "affected", "urgency", "expected", "actual", "success"]


def plain(value: object) -> object:
    """A field's value as text: ``true`` for yes, ``7`` for a number."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


GIVEN = re.compile(r"\{(kind|kind_name|priority|field:[^{}]+)\}")
"""What stands for something of the ticket, in a value that a tracker is given."""


def _given(value: object) -> object:
    """Text, with placeholders that are known."""
    text = plain(value)
    if isinstance(text, str) and re.search(r"[{}]", GIVEN.sub("", text)):
        raise Wrong("a brace here stands for nothing", "Use {priority}, {kind}, {kind_name} or {field:NAME}")
    return text


Given = Annotated[str, BeforeValidator(_given), Field(min_length=1)]


def exactly_one(table: Table, keys: tuple[str, ...]) -> None:
    """Exactly one of the keys is there.

    Raises:
        ValueError: none is, or several.
    """
    if sum(getattr(table, key) is not None for key in keys) != 1:
        raise Wrong("exactly one thing has to be named", f"Write one of: {', '.join(keys)}")
