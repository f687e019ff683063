"""Together: writes of many groups, or of one large group, that a connector can put into few calls.

A storm is what this is for: one issue is closed for a hundred tickets, or a release closes a hundred issues. Each step
keeps its own records, notes and outcome; one that fails is tried again alone, with what it needs of care.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import NoneType

from syncd.actions import Action, Outcome, Written
from syncd.braking import refuse_too_much
from syncd.defects import of_one_item
from syncd.errors import BrakeOn, ConnectorError, Transient
from syncd.messages.replies import asks_for_detail
from syncd.records import Plan, Step
from syncd.store import EffectRow
from syncd.sync.act import Made, Result, action_of, begin, begin_plan, doubt, hindrance, keep, writes_nothing
from syncd.work import Work

DEFECT = "a defect struck while it was written with others"


@dataclass(slots=True, eq=False)
class _Job:
    """One step on its way, and where what comes of it is to stand."""

    step: Step
    made: Made
    results: list[Result]
    notes: Sequence[EffectRow] = ()


@dataclass(slots=True)
class Several:
    """What came of several plans.

    Attributes:
        results: one list per plan; shorter than its steps where the brake went on before.
        brake: why the rest was left undone.
    """

    results: list[list[Result]]
    brake: BrakeOn | None = None


def goes_together(work: Work, plan: Plan) -> bool:
    """Whether the steps of a plan may be written with those of others.

    None says anything that depends on whom a ticket is from. All are to connectors that write several items in one
    call, and none shares a link with another: what is to be recorded once it is done can be kept before it begins.
    """
    links = [record.link for step in plan.steps for record in step.records]
    return (
        bool(plan.steps)
        and len(links) == len(set(links))
        and not any(asks_for_detail(work, step.effects) for step in plan.steps)
        and all(work.connectors[step.target.connector].capabilities.apply_batch > 1 for step in plan.steps)
    )


def carry_out_together(work: Work, plans: Sequence[Plan]) -> Several:
    """Every step of plans that go together; one that fails leaves the others alone. Never raises BrakeOn."""
    written = Several([[] for _ in plans])
    jobs: dict[str, list[_Job]] = {}
    for plan, results in zip(plans, written.results, strict=True):
        made = begin_plan(work, plan)
        try:
            for step in plan.steps:
                mine = jobs.setdefault(step.target.connector, [])
                refuse_too_much(work, step, [job.step for job in mine])
                hindered = hindrance(work, step)
                if hindered is None:
                    mine.append(_Job(step, made, results))
                else:
                    made.after(step, None)
                    results.append(Result(step, hindered))
        except BrakeOn as error:
            written.brake = error
            break
    for name, mine in jobs.items():
        size = work.connectors[name].capabilities.apply_batch
        for start in range(0, len(mine), size):
            _write(work, name, mine[start : start + size])
    return written


def _write(work: Work, name: str, jobs: Sequence[_Job]) -> None:
    """As many as go into one call: begun in one transaction, each kept as its outcome is known."""
    with work.store.write():
        for job in jobs:
            job.notes = begin(work, job.step, job.made)
    wanted = [(job, action_of(work, job.step, job.notes)) for job in jobs]
    sent = [job for job, action in wanted if not writes_nothing(action)]
    actions = [action for _, action in wanted if not writes_nothing(action)]
    known = iter(work.connectors[name].apply(actions) if actions else ())
    for number, job in enumerate(jobs):
        try:
            outcome = _next(name, known, actions[sent.index(job)]) if job in sent else Outcome(Action(job.step.target))
        except Exception:
            with work.store.write():
                for one in jobs[number:]:
                    doubt(work, one.step, one.notes)
            raise
        job.results.append(keep(work, job.step, job.made, job.notes, outcome))


def _next(name: str, outcomes: Iterator[Outcome], action: Action) -> Outcome:
    """The outcome of an action; of one that a defect took along nobody knows what became (rule 13)."""
    try:
        outcome = next(outcomes)
        if isinstance(outcome.error, (ConnectorError, NoneType)):
            return outcome
    except Exception as error:
        if not of_one_item(error):
            raise
    lost = Transient(name, DEFECT, doubt=True)
    return Outcome(action, notes=tuple(Written(note.effect, error=lost) for note in action.notes), error=lost)
