"""What the moves of tickets ask of an issue, added up (rules 6 and 8)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from syncd.model import FINISHED_TICKET, Item, Ref, Status, Word
from syncd.plan.notes import issue_note
from syncd.plan.ticket import Group, Ticket, ids
from syncd.records import LinkState, Record, Standing, Step, Why

STRENGTH = ("tell", "close", "reopen")
"""Weaker asks first."""


@dataclass(frozen=True)
class Ask:
    """What one ticket's move asks of an issue."""

    ticket: Ticket
    issue: Item
    want: str
    """``tell``, ``reopen`` or ``close``; weaker ones first in ``STRENGTH``."""
    rule: str
    records: tuple[Record, ...]


@dataclass
class Draft:
    """A plan in the making."""

    group: Group
    steps: list[Step] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    before: list[Record] = field(default_factory=list)
    stuck: list[tuple[int, str]] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)


def answer(draft: Draft, asks: list[Ask]) -> None:
    """One issue, the strongest ask of its tickets (rule 8)."""
    first = max(asks, key=lambda ask: STRENGTH.index(ask.want))
    want, issue, group = first.want, first.issue, draft.group
    if want == "close" and not _all_finished(group, issue):
        want = "tell"  # other customers still wait on it
    asking = tuple(link for ask in asks for link in ids(ask.ticket))
    note = issue_note(first.ticket, issue, first.rule, count=len(asks))
    effects = (note,) if note else ()
    before = group.word(issue.ref, issue.status)
    if want == "tell":
        records = tuple(record for ask in asks for record in ask.records)
        why = Why(first.rule, "ticket", before=before, after=before)
        step_or_records(draft, Step(issue.ref, asking, why, effects=effects, records=records))
        return
    word = Word.OPEN if want == "reopen" else Word.DONE
    native = group.mappings[issue.ref.connector].native(word)
    if native is None:
        draft.stuck += [
            (link, f"the mapping of {issue.ref.connector} has no status to write for {word}") for link in asking
        ]
        return
    records = tuple(_at(record, issue.ref, native, group) for ask in asks for record in ask.records)
    if want == "reopen":  # the other tickets of this issue aren't moved by one ticket's reopening
        draft.before += _others_exempt(group, issue, native, set(asking))
    why = Why(first.rule, "ticket", before=before, after=word)
    draft.steps.append(Step(issue.ref, asking, why, native, issue.status, effects, records))


def _at(record: Record, issue: Ref, native: Status, group: Group) -> Record:
    """A record of the asking ticket, once its issue has the status that we write."""
    link = next(link for link in group.links if link.id == record.link)
    if record.base is None:
        return record
    now = native if link.issue == issue else record.base.issue
    base = replace(record.base, issue=now, agreed=True, exempt=False, turn=record.base.turn + 1)
    return replace(record, base=base, standing=Standing.AGREED)


def _others_exempt(group: Group, issue: Item, native: Status, asking: set[int]) -> list[Record]:
    others = [link for link in group.links if link.issue == issue.ref and link.id not in asking]
    return [
        Record(link.id, Standing.TOLD, replace(group.bases[link.id], issue=native, exempt=True))
        for link in others
        if link.id in group.bases
    ]


def _all_finished(group: Group, issue: Item) -> bool:
    words = []
    for link in group.links:
        ticket = group.items[link.ticket]
        if link.issue == issue.ref and link.state is LinkState.LIVE and isinstance(ticket, Item):
            words.append(group.word(ticket.ref, ticket.status))
    return all(word in FINISHED_TICKET for word in words)


def step_or_records(draft: Draft, step: Step) -> None:
    """A step that would write nothing is no step."""
    if step.effects:
        draft.steps.append(step)
    else:
        draft.records += step.records
