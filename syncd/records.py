"""What the state keeps of links: the frozen values between the store, the plan and those who carry it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from syncd.model import Ref, Status, Word


class LinkState(StrEnum):
    """Where a link is in its life."""

    PROPOSED = "proposed"
    """Seen, but not to be trusted without a person (rule 5)."""
    LIVE = "live"
    FINAL = "final"
    """The ticket can't be written any more (rule 9)."""
    ENDED = "ended"
    """A tombstone; reversible."""


class Origin(StrEnum):
    """How a link was found."""

    BODY = "body"
    NOTE = "note"
    FIELD = "field"
    SYSTEM = "system"
    """A system keeps it itself: an issue link, a remote link, what its own integration noted."""
    PERSON = "person"
    """``links add``."""
    SYNCD = "syncd"
    """syncd filed the issue."""
    FOLLOWED = "followed"
    """It took over from a link whose item moved, was merged, or was a duplicate."""


class Standing(StrEnum):
    """How the two ends of a link stand to each other since the last decision."""

    NEW = "new"
    AGREED = "agreed"
    ADOPTED = "adopted"
    """Taken over as it stood, though the ends disagree; nothing is written until one of them moves."""
    TOLD = "told"
    """One end was told of the other's move, and every ticket word fits until the issue moves."""
    WAITS_FOR_AGENT = "waits_for_agent"
    """The issue is closed, but the customer wrote last (rule 7)."""
    WAITS_FOR_PERSON = "waits_for_person"
    """A duplicate whose canonical issue isn't known."""
    CASCADES = "cascades"
    """The issue is finished, but resolving its ticket would resolve others with it."""
    CONFLICT = "conflict"
    DRIFT = "drift"
    UNKNOWN = "unknown"
    """An end has a status that the mapping doesn't know."""


SAME_PAIR = "the same pair is linked already"
"""Why a link ended whose end became that of another one, by a move or a merge."""
GONE = "gone: "
"""How the reason of a link begins that ended because an item went out of sight: it comes back with the item."""
BY_PERSON = "removed by a person"
"""The reason of a link that ended because a person said so: it doesn't come back by itself."""


class Verb(StrEnum):
    """What an agent can command from a ticket."""

    LINK = "link"
    UNLINK = "unlink"
    MUTE = "mute"
    UNMUTE = "unmute"
    REOPEN = "reopen"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Command:
    """What an agent wants done with a ticket, as it stands there.

    Attributes:
        source: where it stands: ``note:`` and the note's id, or ``tag:`` and the tag.
        argument: the key of an issue, with its connector before a colon where that is known; never other text.
        fault: why it can't be done as it stands; empty if it can.
        at: when it was given, by the system's own clock; None where nobody tells.
    """

    verb: Verb
    source: str
    argument: str = ""
    fault: str = ""
    at: datetime | None = None


NOTE, TAG = "note:", "tag:"
"""How the source of a command begins."""


def called(verb: Verb, source: str) -> str:
    """A command as whoever gave it knows it: ``/link``, ``syncd_mute``."""
    return source.removeprefix(TAG) if source.startswith(TAG) else f"/{verb}"


@dataclass(frozen=True, slots=True)
class Link:
    """A ticket tied to an issue. ``filed`` as rule 4 means it, settled when the link is made."""

    id: int
    ticket: Ref
    issue: Ref
    state: LinkState
    origin: Origin
    filed: bool = False
    seen_open: bool = False
    """Its issue was seen unfinished before anything was decided: if it is finished by then, it has moved."""
    named: bool = False
    """The issue's own text names the ticket."""
    ordered: bool = False
    """An agent wants its issue reopened."""
    standing: Standing = Standing.NEW
    reason: str = ""
    """Why it is proposed, or why it ended."""
    changed_at: str = field(default="", compare=False)
    """Our own clock, when its state or standing changed last."""
    live_at: str = field(default="", compare=False)
    """Our own clock, when it became live last."""


@dataclass(frozen=True, slots=True)
class Base:
    """Both ends' native status when the link last agreed, or when a decision was recorded.

    ``turn`` counts the moves of the ticket's issues between finished and unfinished: effects are keyed by it, so
    that one closing is told once. ``exempt``: every ticket word fits until the issue moves (rule 6). ``agreed``:
    the ends have agreed at least once. ``outside``: the issue had been closed by an author from outside the team, which
    is told and not followed (rule 5): if the team closes it afterwards, that is a move. ``met``: the condition of the
    playbook (a label, a release) that the issue met, beside its status; empty for none. ``expired``: it had the label
    that says that a sprint went by without it being done.
    """

    ticket: Status
    issue: Status
    agreed: bool = False
    exempt: bool = False
    turn: int = 0
    outside: bool = False
    met: str = ""
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A change of what is known of one link. ``base`` or ``state`` None: as it was."""

    link: int
    standing: Standing
    base: Base | None = None
    state: LinkState | None = None
    reason: str = ""


class Wording(NamedTuple):
    """A message to a customer in one language; nothing in it names anybody."""

    locale: str
    """Empty: for whoever speaks none of the others."""
    named: str
    """Where the requester's name is known, with :data:`syncd.texts.REQUESTER` in its place."""
    plain: str
    """Where it isn't."""
    incident: bool = False
    """It is for a ticket that turns out to be an incident; the others are for what is none."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A note that is wanted. Its identity is (link, kind, turn): asked for twice, it is written once.

    ``link``: 0 for a message that belongs to none, only to its target. ``shared``: it speaks for all links of its
    target, so that (target, kind, turn) is its identity, whichever of the links it is kept with. ``wordings``: what the
    requester is to read, or an agent is to send (``internal``), in each language; which of them is right shows when it
    is sent. ``until``: from then on it doesn't go out by itself. ``source``: the id of the comment that it passes on.
    """

    link: int
    kind: str
    turn: int
    target: Ref
    body: str = field(repr=False)
    internal: bool = True
    shared: bool = False
    wordings: tuple[Wording, ...] = field(default=(), repr=False)
    until: datetime | None = None
    source: str = ""


FIELD, NUMBER, WORD_TAG, COUNT_TAG, LINK = "field:", "number:", "tag:", "count:", "link:"
"""How the name of what is shown begins: a field of text or a count, a tag with a word or a count, a link."""


class Left(NamedTuple):
    """What an item shows of one thing, as we left it there."""

    value: str = ""
    tried: tuple[str, ...] = ()
    """What it may show instead: these were written since (or, if empty, it was taken away), and no answer came."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that an item is to show of its links (:mod:`syncd.plan.shown`).

    Attributes:
        what: ``field:NAME``, ``number:NAME``, ``tag:PREFIX``, ``count:PREFIX`` or ``link:REF``.
        value: empty where it is to be taken away; of a link its URL, a space and its title.
        before: what we showed last.
        tried: what it may show instead, as nobody knows what became of writing that.
        beside: tags of the same kind that must not stand beside it.
    """

    what: str
    value: str
    before: str = ""
    tried: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def ours(self) -> tuple[str, ...]:
        """What stands there of ours, for all we know; nothing of it need stand there any more."""
        return tuple(one for one in (self.before, *self.tried) if one)

    @property
    def name(self) -> str:
        """The field's name, how the tag begins, or the ref at the other end of a link."""
        return self.what.partition(":")[2]

    @property
    def in_field(self) -> bool:
        """A field, and no tag or link."""
        return self.what.startswith((FIELD, NUMBER))

    @property
    def in_words(self) -> str:
        """``field cf_issue = o/r#4``, ``tag issue_done``, ``no tag issue_open``, ``link to Ticket desk:17``."""
        if self.what.startswith(LINK):
            title = (self.value or next(iter(self.ours), "")).partition(" ")[2]
            return f"link to {title}" if self.value else f"no link to {title}"
        if self.in_field:
            return f"field {self.name} = {self.value}" if self.value else f"field {self.name} emptied"
        return f"tag {self.value}" if self.value else f"no tag {next(iter(self.ours), '')}"


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of a write, for ``explain`` and the journal (rule 15)."""

    rule: str
    """One of the names in :mod:`syncd.plan`, such as ``issue_finished``."""
    moved: str = ""
    """``ticket``, ``issue``, ``both`` or ``neither``."""
    who: str = ""
    """Who moved it, where the API tells."""
    before: Word = Word.UNKNOWN
    after: Word = Word.UNKNOWN


@dataclass(frozen=True, slots=True)
class Step:
    """One item to write to, and what to record of which links once that is done.

    Where several steps of a plan hold a record of the same link, it is made once all of them are done.
    """

    target: Ref
    links: tuple[int, ...]
    why: Why
    status: Status | None = None
    expect: Status | None = None
    effects: tuple[Effect, ...] = ()
    records: tuple[Record, ...] = ()
    shows: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for one group.

    Attributes:
        group: the group's key.
        steps: writes; each stands alone.
        records: what can be recorded without a write.
        before: what must be recorded before the first write, so that a crash in between misleads nobody.
        stuck: links that can't go on without a person, with the reason (no native status for a word).
        missing: items of which nothing is known yet: to be fetched before deciding again.
        links: every link of the group, by id.
    """

    group: str
    steps: tuple[Step, ...] = ()
    records: tuple[Record, ...] = ()
    before: tuple[Record, ...] = ()
    stuck: tuple[tuple[int, str], ...] = ()
    missing: tuple[Ref, ...] = ()
    links: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Handed:
    """A ticket that was handed to engineering, with one issue of its; for the report. Moments are ISO UTC text.

    Attributes:
        created_at: when the ticket was made, by its helpdesk's own clock.
        labels: of the issue, as far as a playbook asks for them.
        assigned_at: when the ticket was first seen to have an agent, our clock; empty where it was made before the
            watch began, so that nobody knows.
        finished_at: when syncd last wrote that the ticket is finished, our clock; empty if it never did.
        linked: the two are linked now; else they were when the issue was filed.
        by_syncd: syncd filed the issue, or adopted it for a filing. What follows is empty where it didn't, and holds
            what :class:`syncd.store.FilingRow` does.
    """

    ticket: Ref
    created_at: str
    issue: Ref
    ticket_status: Status
    issue_status: Status
    issue_url: str = ""
    issue_created_at: str = ""
    assigned_at: str = ""
    ticket_moved_at: str = ""
    issue_released: bool = True
    labels: tuple[str, ...] = ()
    finished_at: str = ""
    linked: bool = True
    by_syncd: bool = False
    kind: str = ""
    area: str = ""
    team: str = ""
    priority: str = ""
    company: str = ""
    seen_at: str = ""
    filed_at: str = ""
    answered_at: str = ""
