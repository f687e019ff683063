"""Act: steps and effects become connector calls, and what came of them becomes state.

Before a note's first byte leaves it is stored as an effect (rule 12); what becomes of one whose outcome isn't known,
:mod:`syncd.probe.settle` finds out. A status needs no such care: it is read afresh before every try.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.actions import Action, Outcome, Way
from syncd.braking import refuse_too_much
from syncd.clock import precise
from syncd.details import Detail
from syncd.errors import ConnectorError, Refused, Transient
from syncd.ingest.hear import tell_failed
from syncd.messages.replies import detail_of, ready
from syncd.model import UNFINISHED, Role, Status
from syncd.plan.shown import put_on
from syncd.probe.settle import keep_notes, passes
from syncd.records import Left, Plan, Record, Step, Verb, Why, called
from syncd.store import Begun, EffectRow, EffectState
from syncd.work import Work

DAMPED_WRITES = 4
"""More status writes than this per link and hour are held back (rule 11)."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one step: an error means that its records were not made."""

    step: Step
    error: ConnectorError | None = None


def carry_out(work: Work, plan: Plan) -> list[Result]:
    """Every step of a plan, each on its own: one that fails leaves the others alone.

    What several steps record of the same link is recorded with the last of them, if none has failed: a ticket that
    asks two issues has been answered when both are.

    Raises:
        BrakeOn: the next step would be one too many; those before it are done and recorded.
    """
    made = begin_plan(work, plan)
    return [_one(work, step, made) for step in plan.steps]


def begin_plan(work: Work, plan: Plan) -> Made:
    """What holds before any of its steps is recorded."""
    if plan.before:
        with work.store.write():
            for record in plan.before:
                work.store.links.record(record, work.now)
    left = Counter(record.link for step in plan.steps for record in step.records)
    return Made(plan.group, left, frozenset(effect.kind for step in plan.steps for effect in step.effects))


@dataclass(slots=True)
class Made:
    """Records of a plan in the making: how many steps of each link are to come, which have failed, what is known."""

    group: str
    left: Counter[int]
    kinds: frozenset[str]
    """Of what it wants said."""
    failed: set[int] = field(default_factory=set)
    known: dict[int, Record] = field(default_factory=dict)

    def alone(self, step: Step) -> tuple[Record, ...]:
        """What can be recorded once this step alone is done."""
        ready = (one for one in step.records if self.left[one.link] == 1 and one.link not in self.failed)
        return tuple(one for one in ready if one.link not in self.known)

    def after(self, step: Step, confirm: Callable[[Record], Record] | None) -> list[Record]:
        """What can be recorded now that this step is done, or has failed (``confirm`` None)."""
        ready = []
        for record in step.records:
            self.left[record.link] -= 1
            if confirm is None:
                self.failed.add(record.link)
                continue
            self.known[record.link] = confirm(self.known.get(record.link, record))
            if not self.left[record.link] and record.link not in self.failed:
                ready.append(self.known[record.link])
        return ready


def _one(work: Work, step: Step, made: Made) -> Result:
    refuse_too_much(work, step)
    hindered = hindrance(work, step)
    try:
        detail = detail_of(work, step.target, step.effects) if hindered is None else None
    except ConnectorError as error:
        hindered, detail = error, None
    if hindered is not None:
        made.after(step, None)
        return Result(step, hindered)
    with work.store.write():
        notes = begin(work, step, made, detail)
    action = action_of(work, step, notes)
    if writes_nothing(action):
        return keep(work, step, made, notes, Outcome(action))
    try:
        outcome = next(iter(work.connectors[step.target.connector].apply([action])))
        error_of(step, outcome), aside_of(step, outcome)  # a defect shows before anything is kept of it
    except Exception:
        with work.store.write():
            doubt(work, step, notes)
        raise
    return keep(work, step, made, notes, outcome)


def action_of(work: Work, step: Step, notes: Sequence[EffectRow]) -> Action:
    """A step as its connector takes it."""
    way = work.mapping(step.target.connector).way(step.status) if step.status is not None else Way()
    action = Action(step.target, step.status, step.expect, tuple(work.note(row) for row in notes), way=way)
    return put_on(action, step.shows)


def writes_nothing(action: Action) -> bool:
    """Whether all that a step was for is done already."""
    return action.status is None and not (action.notes or action.shows)


def doubt(work: Work, step: Step, notes: Sequence[EffectRow]) -> None:
    """After a defect nobody knows whether the notes of a step were written. Inside a transaction."""
    due = work.clock.now() + timedelta(seconds=work.connectors[step.target.connector].settle)
    for row in notes:
        work.store.effects.doubt(row.id, due, "a defect struck while it was written")


def keep(work: Work, step: Step, made: Made, notes: Sequence[EffectRow], outcome: Outcome) -> Result:
    """What came of a step, as state; a transaction of its own."""
    error, aside = error_of(step, outcome), aside_of(step, outcome)
    confirm = None if error else lambda record: _confirmed(work, step, record, outcome.status)
    with work.store.write():
        keep_notes(work, step.target.connector, notes, outcome.notes, error)
        if error is not None and not error.doubt:  # what was to go out later is decided afresh as well
            for effect in step.effects:
                work.store.effects.unsay(effect)
        _keep_status(work, step, outcome)
        if error is None or (step.status is None and not error.doubt):
            work.store.begun.drop(step.target)
        for record in made.after(step, confirm):
            work.store.links.record(record, work.now, made.kinds)
        if error is None:
            _owe_others(work, step)
        over = _end_orders(work, step, error)
        said = "done" if error is None else "answer lost" if error.doubt else error.what
        written = step if aside is None else replace(step, shows=())
        _enter(work, made.group, written, said, outcome.status)
        if aside is not None:
            _enter(work, made.group, _only_shown(step), aside.what)
        _keep_shown(work, step, error or aside)
    work.wrote(written, said)
    _count(work, written, outcome, error)
    return Result(step, aside if over or error is None else error)


def _enter(work: Work, group: str, step: Step, said: str, confirmed: Status | None = None) -> None:
    approved = work.approved is not None
    work.store.journal.write(group, step, outcome=said, now=work.now, confirmed=confirmed, approved=approved)


def _only_shown(step: Step) -> Step:
    """The part of a step that is written to fields, tags and links."""
    word = step.why.before if step.status is None else step.why.after
    return Step(step.target, step.links, Why("shown", step.why.moved, before=word, after=word), shows=step.shows)


def _end_orders(work: Work, step: Step, error: ConnectorError | None) -> bool:
    """What agents ordered of an issue is over once it is done, or refused for good. Inside a transaction.

    Returns:
        Whether it was refused, so that the group is decided anew, without it.
    """
    tracker = work.role(step.target.connector) is Role.TRACKER
    if step.status is None or not tracker or (error is not None and (passes(error) or error.doubt)):
        return False
    if error is None and work.mapping(step.target.connector).word(step.status) not in UNFINISHED:
        return False
    tickets = work.store.commands.end_orders(step.target)
    if error is None:
        return False
    for ticket in tickets:
        work.store.commands.refuse(ticket, Verb.REOPEN, error.what)
        tell_failed(work, ticket, called(Verb.REOPEN, ""), error.what)
    return bool(tickets)


def hindrance(work: Work, step: Step) -> ConnectorError | None:
    """Why a step must not be tried now: its connector is left alone, or it was written too often (rule 11).

    What a person has approved is no back and forth of two programs, however often they have written.
    """
    name = step.target.connector
    left = work.paused_for(name)
    if left:
        return Transient(name, work.paused[name][1], retry_after=left)
    if work.approved is not None:
        return None
    since = precise(work.clock.now() - timedelta(hours=1))
    if step.status is None or all(work.store.journal.status_writes(x, since) < DAMPED_WRITES for x in step.links):
        return None
    what = f"{step.target.human} was changed {DAMPED_WRITES} times within an hour; something works against us"
    return Refused(name, what)


def error_of(step: Step, outcome: Outcome) -> ConnectorError | None:
    """Why a step was not done. One that only leaves notes is done unless a note has to be tried again."""
    if _left_notes(step, outcome):
        failed: list[Exception | None] = [one.error for one in outcome.notes]
    else:
        failed = [outcome.error]
    for error in failed:
        if error is None:
            continue
        if not isinstance(error, ConnectorError):
            raise error  # a defect of the connector
        if not _left_notes(step, outcome) or passes(error):
            return error
    return None


def _left_notes(step: Step, outcome: Outcome) -> bool:
    """Whether a step was for notes alone, or for notes and what is shown beside them."""
    said = bool(step.effects and step.shows and not outcome.action.notes)  # they were left before
    return step.status is None and (bool(outcome.notes) or said)


def aside_of(step: Step, outcome: Outcome) -> ConnectorError | None:
    """Why fields, tags and links were not written, though what they were written with was."""
    found = outcome.error if step.shows and _left_notes(step, outcome) else outcome.aside
    if found is None or isinstance(found, ConnectorError):
        return found
    raise found  # a defect of the connector


def begin(work: Work, step: Step, made: Made, detail: Detail | None = None) -> list[EffectRow]:
    """Kept before the first byte leaves: what is to be recorded once it is done, and its notes, marked as sent.

    Notes that were sent before are not sent again; messages may be too early. Inside a transaction.
    """
    rows = []
    work.store.begun.put(Begun(step.target, step.status, made.alone(step)), work.now)
    for one in step.shows:
        work.store.shown.try_(step.target, one.what, one.value)
    for effect in step.effects:
        row = work.store.effects.store(effect, work.name(effect), work.clock.now())
        note = ready(work, row, detail) if row.state is EffectState.READY else None
        if note is not None and work.store.effects.send(row.id, work.clock.now()):
            rows.append(note)
    return rows


def _keep_status(work: Work, step: Step, outcome: Outcome) -> None:
    """The snapshot as our own write left it, so that the next poll knows its echo (rule 11).

    A status that was confirmed holds without a version, too: the group is decided once more before the next read.
    """
    status = outcome.status or step.expect
    if status is not None and (outcome.version or outcome.status is not None):
        work.store.snapshots.wrote(step.target, status, outcome.version, work.now)


def _owe_others(work: Work, step: Step) -> None:
    """What a step that is done says in the name of links of which it records nothing is still to be said, too."""
    recorded = {record.link for record in step.records}
    for effect in step.effects:
        if effect.link not in recorded:
            work.store.effects.owe(effect.link, frozenset({effect.kind}))


def _keep_shown(work: Work, step: Step, error: ConnectorError | None) -> None:
    """What an item shows now; where no answer came, it may be that, and the next plan writes over it."""
    for one in step.shows:
        if error is None:
            work.store.shown.put(step.target, one.what, one.value)
        elif not error.doubt:
            work.store.shown.leave(step.target, one.what, Left(one.before, one.tried))


def _confirmed(work: Work, step: Step, record: Record, status: Status | None) -> Record:
    """A record with the status as the system confirmed it (its reason may differ), where that means the same."""
    if record.base is None or status is None or step.status is None:
        return record
    mapping = work.mapping(step.target.connector)
    if mapping.word(status) is not mapping.word(step.status):  # an automation moved it at once: that is its move
        return record
    link = work.store.links.get(record.link)
    if link is None or step.target not in (link.ticket, link.issue):
        return record
    base = record.base
    own = link.ticket == step.target
    return replace(record, base=replace(base, ticket=status) if own else replace(base, issue=status))


def _count(work: Work, step: Step, outcome: Outcome, error: ConnectorError | None) -> None:
    if step.status is not None:
        failed = "doubt" if error and error.doubt else "later" if error and passes(error) else "refused"
        work.counted(step.target.connector, "status", failed if error else "done")
    if step.status is not None and error is None:
        work.tally["statuses"] += 1
        work.tally[f"rule {step.why.rule}+"] += 1
    elif error is None and (outcome.notes or step.shows):
        work.tally[f"rule {step.why.rule}"] += 1
