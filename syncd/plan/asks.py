"""What the moves of tickets ask of their issues, added up (rules 6 and 8)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from syncd.model import FINISHED_ISSUE, FINISHED_TICKET, UNFINISHED, Item, Ref, Status, Word
from syncd.plan.group import Group
from syncd.plan.notes import issue_note
from syncd.plan.ticket import Ticket
from syncd.records import Base, Link, LinkState, Record, Standing, Step, Why

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
    about: Item | None = None
    """The issue that the ticket's other one is closed for (:mod:`syncd.plan.promoted`); else the ticket itself asks."""


@dataclass
class Outline:
    """A plan in the making."""

    group: Group
    steps: list[Step] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    before: list[Record] = field(default_factory=list)
    stuck: list[tuple[int, str]] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)


def answer_all(outline: Outline) -> None:
    """One step per issue that is asked for something; what becomes of a ticket is recorded once all of its are done."""
    native: dict[Ref, Status] = {}
    steps: dict[Ref, Step] = {}
    for ref in sorted({ask.issue.ref for ask in outline.asks}, key=str):
        step = _answer(outline, [ask for ask in outline.asks if ask.issue.ref == ref])
        if step is None:
            continue
        if step.effects or step.status is not None:
            steps[ref] = step
        if step.status is not None:
            native[ref] = step.status
    stuck = {link for link, _ in outline.stuck}
    for ticket in {ask.ticket.item.ref: ask.ticket for ask in outline.asks}.values():
        asks = [ask for ask in outline.asks if ask.ticket is ticket]
        itself = any(ask.about is None for ask in asks)
        records = _afterwards(ticket, native) if itself else _taken_back(outline, asks)
        if stuck.intersection(link.id for link in ticket.links):
            continue  # it asks again once the mapping is mended
        asked = {ask.issue.ref for ask in asks} & steps.keys()
        for ref in asked:
            steps[ref] = replace(steps[ref], records=steps[ref].records + records)
        if not asked:
            outline.records += records
    outline.steps += steps.values()


def _answer(outline: Outline, asks: list[Ask]) -> Step | None:
    """One issue, the strongest ask of its tickets (rule 8); None if its mapping can't write what is wanted."""
    first = max(asks, key=lambda ask: STRENGTH.index(ask.want))
    want, issue, group = first.want, first.issue, outline.group
    before = group.word(issue.ref, issue.status)
    if want == "close" and not _all_finished(outline, issue, first.about):
        want = "tell"  # other customers still wait on it
    if before in (FINISHED_ISSUE if want == "close" else UNFINISHED):
        want = "tell"  # its status is that already; what it lacks, or has, is a label or a release
    asking = tuple(link.id for ask in asks for link in ask.ticket.links if link.issue == issue.ref)
    note = issue_note(first.ticket, issue, first.rule, count=len(asks), about=first.about)
    effects = (note,) if note else ()
    if want == "tell":
        return Step(issue.ref, asking, Why(first.rule, "ticket", before=before, after=before), effects=effects)
    word = Word.OPEN if want == "reopen" else first.ticket.counts(first.about) if first.about else Word.DONE
    native = group.mappings[issue.ref.connector].native(word)
    if native is None:
        reason = f"the mapping of {issue.ref.connector} has no status to write for {word}"
        outline.stuck += [(link, reason) for link in asking]
        return None
    if want == "reopen":  # the other tickets of this issue aren't moved by one ticket's reopening
        outline.before += _others_exempt(group, issue, native, set(asking))
    why = Why(first.rule, "ticket", before=before, after=word)
    return Step(issue.ref, asking, why, native, issue.status, effects)


def _afterwards(ticket: Ticket, native: dict[Ref, Status]) -> tuple[Record, ...]:
    """What to know of an asking ticket once its issues have the statuses that we write."""
    statuses = {link.id: native.get(link.issue, ticket.issue(link).status) for link in ticket.links}
    word = ticket.fold([ticket.counts(ticket.issue(link), statuses[link.id]) for link in ticket.links])
    fits = ticket.fits(word, ticket.word)
    standing = Standing.AGREED if fits else Standing.TOLD
    turned = any(link.issue in native for link in ticket.links)
    records = ticket.records(standing, exempt=not fits)
    return tuple(_at(record, statuses[record.link], turned=turned) for record in records)


def _taken_back(outline: Outline, asks: list[Ask]) -> tuple[Record, ...]:
    """What was decided of the links whose issues ask: known only once that is done, so that no closing is lost."""
    about = {ask.about.ref for ask in asks if ask.about is not None}
    return take_records(outline, {link.id for ask in asks for link in ask.ticket.links if link.issue in about})


def take_records(outline: Outline, mine: set[int]) -> tuple[Record, ...]:
    """What was decided of these links, for a step that must be done before it is known; other steps keep theirs."""
    found = tuple(record for record in outline.records if record.link in mine)
    outline.records = [record for record in outline.records if record.link not in mine]
    return found + tuple(record for step in outline.steps for record in step.records if record.link in mine)


def _at(record: Record, issue: Status, *, turned: bool) -> Record:
    base = record.base
    assert base is not None  # noqa: S101  # `Ticket.records` gives every record a base
    turn = base.turn + 1 if turned else base.turn
    return replace(record, base=replace(base, issue=issue, turn=turn, outside=base.outside and issue == base.issue))


def _others_exempt(group: Group, issue: Item, native: Status, asking: set[int]) -> list[Record]:
    return [
        Record(link.id, Standing.TOLD, replace(base, issue=native, exempt=True, turn=base.turn + 1, outside=False))
        for link, base in _known(group)
        if link.issue == issue.ref and link.id not in asking
    ]


def _known(group: Group) -> list[tuple[Link, Base]]:
    return [(link, group.bases[link.id]) for link in group.links if link.id in group.bases]


def _all_finished(outline: Outline, issue: Item, about: Item | None) -> bool:
    """Whether no ticket waits for the issue any more, as far as is planned; nor for what it is closed for."""
    group, words = outline.group, []
    beside = {link.ticket for link in group.links if about is not None and link.issue == about.ref}
    planned = {step.target: step.status for step in outline.steps if step.status is not None}
    for link in group.links:
        ticket = group.items[link.ticket]
        if link.ticket in beside or not isinstance(ticket, Item):
            continue
        if link.issue == issue.ref and link.state is LinkState.LIVE:
            words.append(group.word(ticket.ref, planned.get(ticket.ref, ticket.status)))
    return all(word in FINISHED_TICKET for word in words)


def step_or_records(outline: Outline, step: Step) -> None:
    """A step that would write nothing is no step."""
    if step.effects:
        outline.steps.append(step)
    else:
        outline.records += step.records
