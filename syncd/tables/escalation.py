"""``[file]`` and ``[kinds]``: which tickets become issues, for whom, and of what kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from syncd.schema import Table, Wrong
from syncd.tables.parts import FormField, Given, IssueKind, Name, Names, TicketWord, exactly_one, plain


class Condition(Table):
    """One thing that a ticket may show: a tag, a field with a value, its group, its status, or an agent's command."""

    tag: Name | None = None
    field: Name | None = None
    value: Annotated[Name | None, BeforeValidator(plain)] = None
    group: Name | None = None
    status: TicketWord | None = None
    command: Literal["/file"] | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        exactly_one(self, ("tag", "field", "group", "status", "command"))
        if (self.field is None) != (self.value is None):
            raise Wrong("a field and its value go together", 'Write { field = "NAME", value = "VALUE" }')
        return self

    def __str__(self) -> str:
        """In words for people."""
        if self.field is not None:
            return f"the field {self.field} is {self.value}"
        if self.status is not None:
            return f"the ticket is {self.status.replace('_', ' ')}"
        if self.command is not None:
            return f"an agent's note that says {self.command}"
        return f"the tag {self.tag}" if self.tag is not None else f"the group {self.group}"


class Mark(Table):
    """What tells something of a person or a ticket: a tag, or a field with a value."""

    tag: Name | None = None
    field: Name | None = None
    value: Annotated[Name | None, BeforeValidator(plain)] = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        exactly_one(self, ("tag", "field"))
        if (self.field is None) != (self.value is None):
            raise Wrong("a field and its value go together", 'Write { field = "NAME", value = "VALUE" }')
        return self

    @property
    def name(self) -> str:
        """As the state has it, and people read it."""
        return self.tag.casefold() if self.tag is not None else f"{self.field} = {self.value}"

    def holds(self, tags: Collection[str], fields: Mapping[str, str]) -> bool:
        """Whether these show it."""
        if self.tag is not None:
            return self.tag.casefold() in {tag.casefold() for tag in tags}
        found, wanted = fields.get(self.field or "", ""), self.value or ""
        return bool(wanted) and found.strip().casefold() == wanted.strip().casefold()


class TextNames(Table):
    """Which of ``[issue_texts]`` an issue is written with."""

    title: Name = "title"
    body: Name = "body"


class FileTable(Table):
    """``[file]``.

    Attributes:
        when: what escalates a ticket, any of them; empty: nothing is filed.
        authorised: who may start a ticket that becomes an issue.
        representative: how a representative is known; ``leads``: the helpdesk says whom the company is led by.
        approved: what says that a representative has agreed to somebody else's ticket.
        answered_first: a person has to have answered before.
        kind: of a ticket that none of ``[kinds]`` is for.
        template: see :class:`TextNames`.
        fields: what of the text comes from which ticket field, by the helpdesk's own name.
        type: the tracker's own type of every issue (Jira's issue type, GitHub's issue type), unless its kind has one.
        set: fields of every issue, by the tracker's own name or id -> the value: those that Jira requires, say. See
            :class:`syncd.tables.BoardRow` for what may stand in it.
        order: which of several tickets is filed first: the most urgent one, or the one that was seen first.
        close_promoted: a public issue that private ones were promoted to closes them, once it is finished itself.
    """

    when: Annotated[tuple[Condition, ...], Field(strict=False)] = ()
    authorised: Literal["anyone", "representatives"] = "anyone"
    representative: Mark | Literal["leads"] = "leads"
    approved: Annotated[tuple[Condition, ...], Field(strict=False)] = ()
    answered_first: bool = False
    kind: IssueKind = "rfh"
    template: TextNames = TextNames()
    fields: dict[FormField, Name] = Field(default_factory=dict)
    type: str = ""
    set: dict[Name, Given] = Field(default_factory=dict)
    order: Literal["urgent", "seen"] = "urgent"
    close_promoted: bool = False


class KindRow(Table):
    """One of ``[kinds]``: by which type or tag of the ticket it is known, and what follows.

    Attributes:
        shown: what the kind is called in the issue.
        type: the tracker's own type of such issues.
        no_issue: why none is filed for this kind, and what happens instead.
    """

    types: Names = ()
    tags: Names = ()
    labels: Names = ()
    shown: str = ""
    type: str = ""
    no_issue: str = ""
