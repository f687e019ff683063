"""One group, as the state knows it, and what is new in it."""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncd.clock import stamp
from syncd.mapping import Mapping
from syncd.model import FINISHED_ISSUE, Item, Ref, Removed, Status, Word
from syncd.playbook import Playbook
from syncd.records import Base, Left, Link, Origin, Standing

CLOCKS_DIFFER = timedelta(minutes=2)
"""How far the clocks of two services may be apart: an issue made this much before its ticket still counts as later."""


@dataclass(frozen=True)
class Group:
    """Connected tickets and issues, and all that a decision may rest on."""

    key: str
    links: tuple[Link, ...]
    """Live and final ones."""
    bases: Table[int, Base]
    items: Table[Ref, Item | Removed]
    mappings: Table[str, Mapping]
    """By configured connector."""
    playbooks: Table[str, Playbook]
    """By configured helpdesk."""
    start_marks: Table[str, str]
    """By configured connector: when its watch began, a stamp of its own clock; empty if it held nothing then."""
    there_at_start: frozenset[str]
    """Items made in the very second of a start mark that were there already."""
    now: datetime
    turns: Table[Ref, int] = field(default_factory=dict)
    """By ticket: where the count of a link without a base begins, beyond what was said of the ticket's ended links."""
    shown: Table[Ref, Table[str, Left]] = field(default_factory=dict)
    """By item: what of its links it shows in fields, tags and links, as we wrote it last."""
    can: Table[str, frozenset[str]] = field(default_factory=dict)
    """By configured connector: which of ``fields``, ``tags`` and ``links`` it can set; ``edits``: of our notes."""
    kinds: Table[Ref, str] = field(default_factory=dict)
    """By issue that syncd filed: of what kind it is."""
    promoted: frozenset[Ref] = frozenset()
    """Issues that syncd filed because private ones were to stand in another place, too."""
    muted: frozenset[Ref] = frozenset()
    """Tickets to which, and because of which, nothing is to be written."""
    ours: frozenset[Ref] = frozenset()
    """Items whose status is as we wrote it; none where no playbook asks for that."""
    ahead: Table[str, timedelta] = field(default_factory=dict)
    """By configured connector: how far its clock is ahead of ours, where that is much."""

    def word(self, ref: Ref, status: Status) -> Word:
        """Give our word for a native status of this item's system."""
        return self.mappings[ref.connector].word(status)

    def by_our_clock(self, when: datetime, ref: Ref) -> datetime:
        """When something was, of which this item's system told the time."""
        return when - self.ahead.get(ref.connector, timedelta())


def is_new(group: Group, link: Link) -> bool:
    """Whether syncd, a person or a follow-up made it, or its issue was made after its ticket and the start mark."""
    ticket, issue = group.items.get(link.ticket), group.items.get(link.issue)
    if not link.filed or not isinstance(ticket, Item) or not isinstance(issue, Item):
        return False
    if link.origin in (Origin.PERSON, Origin.SYNCD):
        return True
    if link.origin is Origin.FOLLOWED and ticket.follows is not None:  # its requester wrote after the start mark
        return True
    after_ticket = issue.created_at >= ticket.created_at - CLOCKS_DIFFER
    made, mark = stamp(issue.created_at), group.start_marks.get(issue.ref.connector, "")
    after_start = made > mark or (made == mark and str(issue.ref) not in group.there_at_start)
    return after_ticket and after_start


def has_turned(group: Group, link: Link) -> bool:
    """Whether a new link's issue was seen unfinished before anything was decided of it, and is finished by now."""
    return link.filed and link.seen_open and link.id not in group.bases and _is_finished(group, link)


def is_undecided(group: Group, link: Link) -> bool:
    """Whether nothing was decided of a link yet: its issue didn't turn meanwhile, or has turned back since."""
    base = group.bases.get(link.id)
    if base is None:
        return not has_turned(group, link)
    # It turned, and what was decided then was never done.
    return link.standing is Standing.NEW and link.filed and not base.agreed and not _is_finished(group, link)


def _is_finished(group: Group, link: Link) -> bool:
    issue = group.items[link.issue]
    if not isinstance(issue, Item):
        return False
    playbook = group.playbooks[link.ticket.connector]
    word = playbook.counts(group.word(link.issue, issue.status), playbook.met(issue.tags, issue.released))
    return word in FINISHED_ISSUE


def as_seen(group: Group, link: Link, now: Status) -> Status:
    """The issue's status as a decision would have found it, had there been one in time."""
    return (group.mappings[link.issue.connector].native(Word.OPEN) or now) if has_turned(group, link) else now
