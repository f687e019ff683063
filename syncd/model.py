"""The frozen values that every room passes on. No I/O, no rules; see ``docs/glossary.md`` for the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """The part a connector plays in a link."""

    HELPDESK = "helpdesk"
    TRACKER = "tracker"


class Word(StrEnum):
    """syncd's own status words; a mapping ties an account's native statuses to them."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    DECLINED = "declined"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"


TICKET_WORDS = (Word.NEW, Word.OPEN, Word.PENDING, Word.ON_HOLD, Word.RESOLVED, Word.CLOSED)
ISSUE_WORDS = (Word.OPEN, Word.IN_PROGRESS, Word.DONE, Word.DECLINED, Word.DUPLICATE)
FINISHED_TICKET = frozenset({Word.RESOLVED, Word.CLOSED})
UNFINISHED = (Word.OPEN, Word.IN_PROGRESS)
FINISHED_ISSUE = frozenset({Word.DONE, Word.DECLINED})


class Author(StrEnum):
    """Who wrote a text, as far as trust goes (rule 5)."""

    SELF = "self"
    """The account that syncd itself uses."""
    TEAM = "team"
    """A helpdesk agent; on GitHub OWNER, MEMBER or COLLABORATOR; in Jira anyone but a portal customer."""
    OUTSIDE = "outside"
    """The requester, or anybody else."""


class Place(StrEnum):
    """Where on an item a text stands."""

    BODY = "body"
    NOTE = "note"
    """An internal note of a helpdesk."""
    COMMENT = "comment"
    """A comment on an issue, or a public reply on a ticket."""


class Audience(StrEnum):
    """Who can read what is written to an item. Unknown visibility counts as public."""

    PRIVATE = "private"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Ref:
    """The identity of an item: configured connector name + native id; ``key`` is for people only.

    ``Ref("github", "4711", "owner/repo#4")``. Two refs are equal if connector and id are: a key changes with a
    rename, an id only with a transfer (then the link is re-keyed).
    """

    connector: str
    id: str
    key: str = field(default="", compare=False)

    def __str__(self) -> str:
        """As stored and compared: ``github:4711``."""
        return f"{self.connector}:{self.id}"

    @property
    def human(self) -> str:
        """As shown to people, and as taken on the command line: ``github:owner/repo#4``."""
        return f"{self.connector}:{self.key or self.id}"

    @classmethod
    def parse(cls, text: str, key: str = "") -> Ref:
        """The reverse of ``str(ref)``."""
        connector, _, native = text.partition(":")
        return cls(connector, native, key)


@dataclass(frozen=True, slots=True)
class Status:
    """A native status: the system's own value as text, and its reason where it has one.

    Freshdesk ``Status("3")``; GitHub ``Status("closed", "not_planned")``. A system that sorts its statuses into a few
    fixed kinds names the kind first: Jira ``Status("done/Closed", "Won't Do")``, Zendesk ``Status("pending/9001")``.
    """

    native: str
    reason: str = ""

    @property
    def kind(self) -> str:
        """What stands before the slash: ``done`` of ``done/Closed``; the whole where there is none."""
        return self.native.partition("/")[0]

    def __str__(self) -> str:
        """``closed:not_planned``, as a mapping file writes it."""
        return f"{self.native}:{self.reason}" if self.reason else self.native


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file. ``url``: where it can be had, maybe for a while only; ``size`` in bytes, 0 if unknown."""

    name: str = field(repr=False)
    url: str = field(repr=False)
    size: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """A text on an item, as Markdown, whatever markup the system uses. Never stored, never logged.

    ``id`` is the native id of the note or comment, empty for a body. ``at``: when it was written, by the system's own
    clock, aware, UTC; None where the answer doesn't tell. ``attachments``: files that came with it. ``automatic``: no
    person wrote it, as far as the answer tells.
    """

    body: str = field(repr=False)
    author: Author
    place: Place
    id: str = ""
    at: datetime | None = None
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A ticket or an issue as its system showed it in one answer.

    Attributes:
        url: the address that people open.
        version: orders the states of this item; compared as text, equal or greater = not older. ISO UTC stamps.
        created_at: by the system's own clock, aware, UTC.
        audience: who can read what is written there (rule 14).
        texts: what was written on it, newest last; None where this answer did not carry the notes or comments.
        fields: every custom field that holds something, as text, by its id and by its name (a ticket's link field is
            one); several values with a comma and a space between them, yes and no as ``true`` and ``false``.
        group: the name of the helpdesk's group that has the ticket; empty without one, or where nothing tells.
        assignees: who is to see to it: an issue's assignees by login, a ticket's agent by id, never a customer; None
            where the answer does not tell.
        addresses: of items elsewhere, where the system itself keeps them as links that only the team can make (issue
            links, remote links, what its own integration noted); as people open them.
        tags: labels of an issue, or tags of a ticket: only those that a customer can't set, by a form's field either.
        waiting: whether the newest public message is the requester's (rule 7); None where the answer does not
            tell. The ticket's own description doesn't count: filing the issue is the answer to it.
        final: the system itself says that nothing can be written any more (archived).
        moved_by: who made the last move of status, where the API tells; a login, never a customer's name.
        automated: whether a rule or an app made that move, and no person; None where nothing tells.
        moved_at: when that was, by the system's own clock, aware, UTC; None where the answer does not tell.
        closed_outside: an issue that was closed by an author from outside the team (rule 5).
        duplicate_of: the canonical issue, where a duplicate names it.
        formerly: the ref under which this item was asked for, if it has moved or was merged since (rule 10).
        follows: the finally closed ticket that this one continues, where the system names it (rule 9).
        cascades: a ticket whose resolving resolves others with it, which the customers of those would see.
        released: whether what an issue brought is out: its milestone is closed, its version released; None where it
            has neither, or the answer does not tell.
        whole: False where this answer, though it carries ``texts``, doesn't show all that may hold a link; what
            ``Connector.explore`` reads does.
        settled: False where this answer is so fresh that more may be written on the item without a change of its
            version, because that is a time in whole seconds: its ``texts`` are to be read once more.
    """

    ref: Ref
    url: str
    status: Status
    version: str
    created_at: datetime
    audience: Audience = Audience.PRIVATE
    texts: tuple[Text, ...] | None = field(default=None, repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    group: str = ""
    assignees: tuple[str, ...] | None = None
    addresses: tuple[str, ...] = field(default=(), repr=False)
    tags: tuple[str, ...] = ()
    waiting: bool | None = None
    final: bool = False
    moved_by: str = ""
    automated: bool | None = None
    moved_at: datetime | None = None
    closed_outside: bool = False
    duplicate_of: Ref | None = None
    formerly: Ref | None = None
    follows: Ref | None = None
    cascades: bool = False
    released: bool | None = None
    whole: bool = True
    settled: bool = True


class GoneKind(StrEnum):
    """How an item went out of sight (rule 10)."""

    DELETED = "deleted"
    SPAM = "spam"
    CONVERTED = "converted"
    """Into something that is no issue (a GitHub discussion)."""
    OUT_OF_SIGHT = "out_of_sight"
    """Moved where we may not look. Never concluded from absence in a list."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What a connector observed of an item that isn't there any more. Reversible: it may come back."""

    ref: Ref
    kind: GoneKind
    version: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item of a feed whose record can't be understood: passed over and told, so that it holds up no other."""

    ref: Ref
    why: str
    """In words for people; no text of the item."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a feed. ``cursor`` covers everything up to and with this page; save both in one transaction.

    ``first_walk`` is true while the source is walked for the first time: what a link needs to be adopted and
    not filed (rule 4). ``last`` marks the page after which the source has nothing more to tell for now. An item in
    ``unreadable`` comes again when it changes.
    """

    items: tuple[Item, ...]
    cursor: str
    removed: tuple[Removed, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    first_walk: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One HTTP call that was made: what metrics count.

    Attributes:
        method: such as ``GET``.
        status: of the answer; None if none came.
        seconds: how long it took.
        remaining: calls that the service says are left before it limits us; None if it doesn't say.
    """

    method: str
    status: int | None
    seconds: float
    remaining: float | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """A URL in a text that names an item: the system's own key for it, and where in the text it stands."""

    key: str
    start: int
    end: int
