"""Recall: what syncd has written and the state doesn't know, because an older one was restored, or it was lost.

Each item that may hold such a note is asked for them once, before anything is decided about it. A note's marker tells
its link, its occasion and its time, and so what was decided then: that becomes the base again. What has happened since
counts as a move, and is caught up; what was said is not said again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from syncd import marker
from syncd.clock import moment
from syncd.errors import Gone, Refused, Transient
from syncd.model import FINISHED_ISSUE, Audience, Item, Ref, Role, Status, Word
from syncd.plan import Group
from syncd.playbook import Playbook
from syncd.records import Base, Effect, Link, LinkState, Origin, Record, Standing
from syncd.retry import reads
from syncd.texts import Kind
from syncd.work import IN_PLACE, Work, subject

SLACK = timedelta(minutes=10)
"""How far our clock and a service's may be apart, for an item that changed in the very second of a backup."""
LONG_AFTER = timedelta(days=1)
"""What was made so long after a restore wasn't there before it, however wrong our clock is."""
MOST_TURNS = 200
"""A link whose issue was closed or reopened more often than this isn't recalled to its end."""
MESSAGES = frozenset(kind for kind in Kind if kind.startswith("message_"))
FILED = frozenset({Kind.LINK_NOTE, Kind.MESSAGE_FILED, Kind.ISSUE_REOPENED})
HELD = {
    Kind.WAITS_FOR_AGENT: Standing.WAITS_FOR_AGENT,
    Kind.CASCADE: Standing.CASCADES,
    Kind.DUPLICATE: Standing.WAITS_FOR_PERSON,
    Kind.CONFLICT: Standing.CONFLICT,
    Kind.DRIFT: Standing.DRIFT,
}
"""Notes of a question that stays open: the base was kept, and the same turn asks for the same note."""
SILENT = frozenset({Kind.COMMAND_FAILED, Kind.TWO_ISSUES, Kind.TICKET_LINKED, Kind.PROMOTED, Kind.STANDING_NOTE})
"""Of these nobody can tell what was decided."""
_UNTOLD = frozenset({Kind.CONFLICT, Kind.DRIFT, Kind.LOST_ISSUE, Kind.FINAL_REOPENED})


@dataclass(frozen=True)
class Said:
    """A note of ours that the state didn't know."""

    name: str
    link: Link
    kind: Kind
    turn: int


def recall(work: Work, group: Group) -> bool:
    """Ask the items of a group for what we wrote there, where that is due; whether the state knows more by now.

    Raises:
        ConnectorError: one of them could not be asked; nothing was kept.
    """
    span = work.store.recalls.span()
    due = [item for item in group.items.values() if isinstance(item, Item) and span and _is_due(work, item, span)]
    if not due:
        return False
    marks = {item.ref: _marks(work, item.ref) for item in sorted(due, key=lambda item: str(item.ref))}
    with work.store.write():
        found = [one for ref in marks for one in keep(work, ref, marks[ref])]
        for ticket in {one.link.ticket for one in found}:
            _rebase(work, ticket, [one for one in found if one.link.ticket == ticket])
    return bool(found)


def recall_item(work: Work, ref: Ref) -> None:
    """The same for one item, whatever is known of it: a link that our own note names is live again.

    Raises:
        ConnectorError: it could not be asked.
    """
    marks = _marks(work, ref)
    with work.store.write():
        found = list(keep(work, ref, marks))
        for ticket in {one.link.ticket for one in found}:
            _rebase(work, ticket, [one for one in found if one.link.ticket == ticket])


def _is_due(work: Work, item: Item, span: tuple[str, str]) -> bool:
    """Whether a note of that time may stand there: it changed since then, and was there before its end."""
    version, asked = work.store.recalls.of(item.ref)
    changed = not span[0] or item.version > version or moment(item.version) >= moment(span[0]) - SLACK
    there = item.created_at <= moment(span[1]) + LONG_AFTER
    # We comment on private issues alone (rule 6).
    ours = work.role(item.ref.connector) is Role.HELPDESK or item.audience is Audience.PRIVATE
    return changed and there and ours and not asked


def _marks(work: Work, ref: Ref) -> Mapping[str, Sequence[str]]:
    left = work.paused_for(ref.connector)
    if left:
        raise Transient(ref.connector, work.paused[ref.connector][1], retry_after=left)
    try:
        return reads(work.clock, patience=IN_PLACE)(work.connectors[ref.connector].marks, ref)
    except (Gone, Refused) as error:
        work.say(f"{ref.human}: what syncd wrote there can't be recalled: {error.what}")
        return {}


def keep(work: Work, ref: Ref, marks: Mapping[str, Sequence[str]]) -> Iterator[Said]:
    """Effects of the notes on an item that the state didn't know. Inside a transaction."""
    work.store.recalls.asked(ref)
    effects = work.store.effects
    for text, (remote, *_) in marks.items():
        names = marker.read(work.marker_key, text)
        work.tally["foreign marks"] += not names
        for name in names:
            known = effects.get(name)
            if known is not None:
                effects.done(name, remote, work.clock.now())
                continue
            said = _said(work, ref, name)
            if said is None:
                work.tally["unknown marks"] += 1
                continue
            wanted = Effect(said.link.id, said.kind, said.turn, ref, "", internal=said.kind not in MESSAGES)
            if effects.recall(wanted, name, remote, marker.made_at(name)):
                work.tally["recalled"] += 1
                _revive(work, said.link)
                if said.kind not in SILENT:
                    yield said


def _said(work: Work, ref: Ref, name: str) -> Said | None:
    """What a note of ours was for: tried with every link of its item, occasion and turn."""
    for link in work.store.links.of(ref):
        for kind in Kind:
            for turn in range(MOST_TURNS):
                if marker.is_for(work.marker_key, name, subject(link, kind, turn)):
                    return Said(name, link, kind, turn)
    return None


def _revive(work: Work, link: Link) -> None:
    """A link that was only proposed: our own note proves that it was one."""
    if link.state is LinkState.PROPOSED:
        work.store.links.set_state(link, LinkState.LIVE, "", work.now)
        work.store.links.begin_anew(link, Origin.PERSON, filed=True)
        work.tally["linked"] += 1


def _rebase(work: Work, ticket: Ref, found: list[Said]) -> None:
    """The base as the newest note on a ticket, or on its issues, left it."""
    last = max(found, key=lambda one: one.name)
    named = {one.link.id for one in found}
    item = work.store.snapshots.get(ticket)
    for link in work.store.links.of(ticket):
        issue, before = work.store.snapshots.get(link.issue), work.store.links.base(link.id)
        known = before is not None or link.id in named
        if link.state is LinkState.LIVE and known and isinstance(item, Item) and isinstance(issue, Item):
            _rebase_one(work, last, link, _Ends(work, item, issue, last), before)


def _rebase_one(work: Work, last: Said, link: Link, ends: _Ends, before: Base | None) -> None:
    if last.kind is Kind.LOST_ISSUE and before is None:
        return
    after, standing = _after(last, ends, before)
    if last.kind is Kind.LINK_NOTE and link.id != last.link.id and before is not None:
        after = replace(before, ticket=after.ticket)
    if last.kind not in HELD and last.kind is not Kind.LOST_ISSUE:
        key = work.store.groups.of(link.ticket) or ""
        after = replace(after, turn=max(last.turn + 1, work.store.links.turns(key).get(link.ticket, 0)))
    work.store.links.record(Record(link.id, standing), work.now)
    work.store.links.put_base(link.id, after, work.now)
    for end in (link.ticket, link.issue):  # what was begun when the state ends is older than its newest note
        work.store.begun.drop(end)


def _after(last: Said, ends: _Ends, before: Base | None) -> tuple[Base, Standing]:
    """What the newest note's decision recorded."""
    kind = last.kind
    if kind is Kind.COMMAND:  # an agent had it reopened, whatever the ticket's status
        fits = ends.work.mapping(ends.item.ref.connector).word(ends.item.status) in ends.playbook.fits[Word.OPEN]
        left = Base(ends.item.status, ends.unfinished, agreed=True, exempt=not fits, turn=last.turn)
        return left, Standing.AGREED if fits else Standing.TOLD
    if kind in {Kind.SPRINT_OVER, Kind.MESSAGE_SPRINT_OVER}:
        left = Base(ends.resolved, ends.unfinished, agreed=True, exempt=True, turn=last.turn, expired=True)
        return left, Standing.TOLD
    if kind in _UNTOLD and before is not None:  # of these nobody can tell how the ends stood
        return replace(before, turn=last.turn), HELD.get(kind, Standing.AGREED)
    if kind in _UNTOLD:
        present = Base(ends.item.status, ends.issue.status, turn=last.turn)
        return present, Standing.AGREED if kind is Kind.FINAL_REOPENED else Standing.ADOPTED
    waiting = kind in FILED or kind in HELD or kind in {Kind.CLOSED_OUTSIDE, Kind.TICKET_REOPENED}
    reopened = kind is Kind.TICKET_REOPENED and ends.playbook.on_requester_reopen == "reopen"
    told = kind in {Kind.TICKET_RESOLVED, Kind.TICKET_REOPENED} and not reopened
    if kind is Kind.TICKET_RESOLVED:  # told, or closed by us: either way the issue is as it was left
        issue = ends.issue.status
    else:
        issue = ends.unfinished if kind in FILED or kind in HELD or reopened else ends.finished
    outside = kind is Kind.CLOSED_OUTSIDE
    ticket = ends.waiting if waiting else ends.resolved
    standing = HELD.get(kind, Standing.TOLD if told or outside else Standing.AGREED)
    return Base(ticket, issue, agreed=True, exempt=told, turn=last.turn, outside=outside), standing


@dataclass(frozen=True)
class _Ends:
    """A pair, and the statuses that each end had: the present one where it is of that sort, else as a mapping writes.

    Several of a system's statuses may mean one word, so the present one is the likelier.
    """

    work: Work
    item: Item
    issue: Item
    last: Said

    @property
    def playbook(self) -> Playbook:
        return self.work.helpdesks[self.item.ref.connector].playbook

    @property
    def waiting(self) -> Status:
        return self._status(self.item, self.playbook.fits[Word.OPEN], self.playbook.filed)

    @property
    def resolved(self) -> Status:
        word = self.playbook.write.get(Word.DONE, Word.RESOLVED)
        return self._status(self.item, self.playbook.fits[Word.DONE], word)

    @property
    def unfinished(self) -> Status:
        return self._status(self.issue, frozenset({Word.OPEN, Word.IN_PROGRESS}), Word.OPEN)

    @property
    def finished(self) -> Status:
        declined = self.last.kind in {Kind.DECLINED, Kind.MESSAGE_DECLINED}
        return self._status(self.issue, FINISHED_ISSUE, Word.DECLINED if declined else Word.DONE)

    def _status(self, item: Item, among: frozenset[Word], word: Word) -> Status:
        mapping = self.work.mapping(item.ref.connector)
        if mapping.word(item.status) in among:
            return item.status
        return mapping.native(word) or item.status
