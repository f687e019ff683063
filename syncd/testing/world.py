"""What the conformance suite asks of a stand-in: to act as people do, to misbehave, and to open its books."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from syncd.connector import Connector
from syncd.details import Attachment, Company, Person
from syncd.model import Audience, Author, GoneKind, Ref, Role, Status, Word


@dataclass(frozen=True, slots=True)
class Remark:
    """One note, reply or comment in the stand-in's books."""

    author: Author
    body: str
    internal: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket that a customer wrote, as ``Connector.detail`` is to tell it (see :class:`syncd.details.Detail`)."""

    ref: Ref
    requester: Person
    company: Company | None
    group: str
    kind: str
    priority: str
    fields: Mapping[str, str]
    """Some of its custom fields, by id and by name."""
    attachments: tuple[Attachment, ...]
    representatives: tuple[Person, ...] = ()
    """Who leads the company, by name; the requester is one of them, where the system tells who does."""


@dataclass(slots=True)
class World(ABC):
    """One system with people in it. Everything here is done to the stand-in's books, never through a connector.

    ``lacks`` names what the system doesn't have, so that the suite skips it and says why: ``internal_notes``,
    ``waiting``, ``remove``, ``restore``, ``move``, ``create``, ``rate_limit``, ``lost_answer``, ``html_answer``,
    ``tags_version`` (the answer to a write of tags doesn't show the item's version), ``copies`` (a public reply goes to
    no addresses besides).
    """

    no_field: ClassVar[str] = "no_such_field"
    """The name of a custom field that isn't there."""

    role: Role
    lacks: frozenset[str] = field(default_factory=frozenset)

    @abstractmethod
    def connect(self) -> Connector:
        """A fresh connector to this world, as configured by a careful user."""

    @abstractmethod
    def add(self, body: str = "", *, by: Author = Author.TEAM) -> Ref:
        """A person makes a ticket (or an issue) that is open."""

    @abstractmethod
    def set_status(self, ref: Ref, word: Word) -> None:
        """A team member moves an item to the native status that stands for ``word``."""

    @abstractmethod
    def native(self, word: Word) -> Status:
        """The native status that stands for ``word`` here."""

    @abstractmethod
    def say(self, ref: Ref, body: str, *, by: Author, internal: bool = False) -> None:
        """A person leaves a note, reply or comment."""

    @abstractmethod
    def touch(self, ref: Ref) -> None:
        """Something changes that is no status and no text, and moves the item's version."""

    def label(self, ref: Ref, label: str) -> None:
        """A team member gives an item a label, or a tag; overridden where the connector fills ``Item.tags``."""
        raise NotImplementedError

    def unlabel(self, ref: Ref, label: str) -> None:
        """A team member takes it away again."""
        raise NotImplementedError

    def assign(self, ref: Ref, *, to: bool = True) -> str:
        """A team member takes an item, or leaves it; how ``Item.assignees`` tells them, where it is filled."""
        raise NotImplementedError

    def send(self, ref: Ref, body: str, name: str) -> Attachment:
        """The customer writes, and sends a file along; overridden where the connector tells of files."""
        raise NotImplementedError

    def copied(self, ref: Ref) -> list[str]:
        """The addresses that got a copy of an item's newest note or reply; overridden where a reply has copies."""
        raise NotImplementedError

    def tags(self, ref: Ref) -> list[str]:
        """An item's labels, or tags, in the books; overridden where the connector sets them."""
        raise NotImplementedError

    def field(self, ref: Ref, value: str | None = None) -> tuple[str, str]:
        """A custom field of text that we may set: its name in ``Action.fields``, and what it holds in the books.

        With a ``value`` a team member fills it in before. Overridden where the connector sets fields.
        """
        raise NotImplementedError

    def point(self, ref: Ref, url: str) -> None:
        """A team member links an issue to a page elsewhere; overridden with ``pointers``."""
        raise NotImplementedError

    def pointers(self, ref: Ref) -> list[str]:
        """The addresses of an issue's links, whoever made them; overridden where the connector keeps links."""
        raise NotImplementedError

    def plan(self, ref: Ref) -> None:
        """A team member puts an issue into a milestone, or a version, that isn't out; overridden with ``release``."""
        raise NotImplementedError

    def release(self, ref: Ref) -> None:
        """What the issue was planned for is out: overridden where the connector fills ``Item.released``."""
        raise NotImplementedError

    def offer(self) -> tuple[str, str, str]:
        """A label, an account and a type that are there to be given to new issues; overridden where issues are filed.

        Overridden with ``assigned``, ``type`` and ``lack``.
        """
        raise NotImplementedError

    def assigned(self, ref: Ref) -> list[str]:
        """Who an issue is assigned to in the books, as ``Draft.assignees`` names them."""
        raise NotImplementedError

    def type(self, ref: Ref) -> str:
        """An issue's type in the books."""
        raise NotImplementedError

    def lack(self, name: str) -> None:
        """Nothing has this name: overridden where whatever is named is there."""
        del name

    def show(self, place: str, audience: Audience) -> None:
        """An owner changes who can read a place; overridden where the connector can tell."""
        raise NotImplementedError

    def close_place(self, place: str) -> None:
        """A place goes away, or out of our sight."""
        raise NotImplementedError

    def board(self, *, public: bool = False) -> str:
        """A board with the fields ``Type`` (one of ``support`` and ``defect``) and ``Note`` (a text): its name.

        Overridden with ``on_board`` where issues are put on boards.
        """
        raise NotImplementedError

    def on_board(self, ref: Ref, board: str, fields: Mapping[str, str] | None = None) -> Mapping[str, str] | None:
        """What an issue's fields hold on a board, None if it isn't there; with ``fields`` a person has set them."""
        raise NotImplementedError

    def ask(self, subject: str, description: str) -> Case:
        """A customer who leads a company, as a deputy does, asks and attaches a file; a colleague leads nothing.

        Overridden where the connector tells details.

        An agent has given the ticket a type, a priority, a group and a custom field, and nobody has answered it.
        """
        raise NotImplementedError

    def spend(self, ref: Ref, seconds: int) -> None:
        """An agent notes that so long has been worked on a ticket, until now; overridden with ``now``.

        Overridden where the connector tells of time entries.
        """
        raise NotImplementedError

    def now(self) -> datetime:
        """The system's own clock; aware, UTC."""
        raise NotImplementedError

    def dissolve(self, case: Case) -> None:
        """A team member deletes the company and the group of a ticket; overridden with ``ask``."""
        raise NotImplementedError

    @abstractmethod
    def remove(self, ref: Ref, kind: GoneKind) -> None:
        """A person deletes, spams or converts an item."""

    @abstractmethod
    def restore(self, ref: Ref) -> None:
        """A person brings a removed item back."""

    @abstractmethod
    def move(self, ref: Ref) -> Ref:
        """A person moves an item to another place that we may see; it gets a new id."""

    @abstractmethod
    def url(self, ref: Ref) -> str:
        """The address that people paste."""

    @abstractmethod
    def status(self, ref: Ref) -> Status:
        """The item's status in the books."""

    @abstractmethod
    def remarks(self, ref: Ref) -> list[Remark]:
        """Every note, reply and comment in the books, oldest first."""

    @abstractmethod
    def items(self) -> list[Ref]:
        """Every item in the books that hasn't been removed."""

    @abstractmethod
    def status_writes(self, ref: Ref) -> int:
        """How often a status was written to the item through the API."""

    @abstractmethod
    def calls(self) -> int:
        """How many API calls the books show so far."""

    @abstractmethod
    def advance(self, seconds: float) -> None:
        """Time passes."""

    @abstractmethod
    def fail(self, how: str, *, times: int = 1, writes_only: bool = False) -> None:
        """The next calls go wrong.

        ``how``: ``lost_answer`` (applied, then the connection is cut), ``error_after`` (applied, then a 5xx),
        ``error`` (a 5xx, not applied), ``cut`` (connection cut, not applied), ``rate_limited`` (with 7 s to wait),
        ``unauthorized``, ``refused`` (a 4xx of the kind that a wrong value gets), ``html`` (a page with status 200).
        """

    @abstractmethod
    def close(self) -> None:
        """Stop the stand-in."""
