"""The frozen values of writing: what a connector is asked to write, and what it says came of it. No I/O, no rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.model import Audience, Item, Ref, Status


@dataclass(frozen=True, slots=True)
class Note:
    """A text to leave on an item: an effect (rule 12), so it carries a marker and is written once.

    ``body`` is Markdown; the connector turns it into the system's markup. ``internal`` notes are seen by the
    team only; where a tracker has no such thing, everybody who sees the issue sees the comment.

    Attributes:
        replaces: the remote id of a note of our own that gets this text instead of a new one being left, where
            ``Capabilities.edits_notes``; its marker stays the one that it has. Repeating it does no harm.
        copies: e-mail addresses that get a copy of a public reply; never stored.
        audience: whom it was written for. A connector whose fresh reads believe something older of who can read an
            item, or that makes a call of its own before it writes, asks before it leaves one for the team (for those
            that follow one another within seconds once), and refuses where everybody reads.
    """

    effect: str
    body: str
    marker: str
    internal: bool = True
    replaces: str = ""
    copies: tuple[str, ...] = field(default=(), repr=False)
    audience: Audience = Audience.PUBLIC


@dataclass(frozen=True, slots=True)
class Way:
    """How a status is reached where naming it isn't enough, as a mapping says.

    Attributes:
        instead: other statuses that do as well, in this order, where an item can't have the one that is asked for.
        via: names of statuses to pass through, in this order, where no direct way leads there.
        fields: what else has to be set in the same call, by the system's own names, as its API takes it.
    """

    instead: tuple[Status, ...] = ()
    via: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pointer:
    """A link to an item elsewhere that an item's own system keeps and shows, and that we made.

    Attributes:
        id: what makes it this one, so that it is written over and not doubled: the other item's ref as text.
        url: the address that people open.
        title: of the connector's name and the other item's key; nothing that a customer wrote.
    """

    id: str
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Action:
    """One item to write to: a status, notes, what is shown, or several of these (in one call where the API can).

    Attributes:
        expect: the status that the decision was based on: a connector whose API can compare and set uses it, others
            rely on the fresh read just before.
        fields: custom fields to set, by the system's own name or id; text, or a whole number.
        tags: tags (of an issue: labels) to add; what else is there stays.
        untags: tags to take away, if they are there.
        links: links that the item is to show; one of the same id is written over.
        unlinks: ids of such links to take away, if they are there; nobody else's is touched.
        way: how the status is reached.
    """

    target: Ref
    status: Status | None = None
    expect: Status | None = None
    notes: tuple[Note, ...] = ()
    fields: Mapping[str, str | int] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    untags: tuple[str, ...] = ()
    links: tuple[Pointer, ...] = ()
    unlinks: tuple[str, ...] = ()
    way: Way = field(default_factory=Way)

    @property
    def shows(self) -> bool:
        """Whether anything is to be shown: fields, tags or links."""
        return bool(self.fields or self.tags or self.untags or self.links or self.unlinks)


@dataclass(frozen=True, slots=True)
class Written:
    """What came of one note: the remote id, or the error that it met.

    ``aside``: why a public reply that was written went without its copies, and who may mend that; a ConnectorError.
    """

    effect: str
    remote_id: str = ""
    error: Exception | None = None
    aside: Exception | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one action.

    Attributes:
        status: the target's status as the system confirmed it after our write; None if it was not written.
        version: the newest version that our own writes gave the item, so that the next poll knows its echo.
        notes: one entry per note that was tried; a note that isn't listed was not begun.
        error: why the status was not written, if it was to be; else why fields, tags and links were not. A
            ConnectorError; ``doubt`` as it says.
        aside: why fields, tags or links were not written though the status was; a ConnectorError.
    """

    action: Action
    status: Status | None = None
    version: str = ""
    notes: tuple[Written, ...] = ()
    error: Exception | None = None
    aside: Exception | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An issue to create in ``place`` (a repository, a project).

    Attributes:
        title: plain text, one line.
        body: Markdown.
        type: the system's own type of issue (Jira needs one, GitHub organisations may have some); empty: the default.
        fields: what else has to be set, by the system's own names, as its API takes it (Jira's required fields).
        new_labels: those of ``labels`` that are made where they aren't there yet; the others must be there. Their names
            are for the team alone: no sentence of a connector repeats them.
        audience: whom title and body were written for. A connector refuses the draft without a request to create it
            if it knows that the place is public by now and this is private.
    """

    place: str
    title: str = field(repr=False)
    body: str = field(repr=False)
    marker: str
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    type: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    new_labels: tuple[str, ...] = field(default=(), repr=False)
    audience: Audience = Audience.PUBLIC


@dataclass(frozen=True, slots=True)
class Created:
    """An issue that was filed.

    Attributes:
        item: as the answer showed it, and no more is known of it: its tags and assignees are those really set.
        aside: what of the draft the issue hasn't got all the same (labels, assignees, a type), and who may mend that;
            a ConnectorError.
    """

    item: Item
    aside: Exception | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """A board (GitHub: a project) that an issue is put on, and what is set there.

    Attributes:
        name: as the playbook has it: ``acme/4``, the owner and the board's number.
        fields: the board's own field names -> the value or the option's name. A field that holds a value is left alone:
            a person or an automation has set it.
        audience: whom the values are for; those for the team alone are refused where everybody reads the board.
    """

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    audience: Audience = Audience.PUBLIC
