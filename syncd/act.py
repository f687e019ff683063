"""Act: steps and effects become connector calls, and what came of them becomes state.

Before a note's first byte leaves it is stored as an effect; after an unknown outcome it waits to settle, is looked
for, and only if it is certainly absent is it sent again (rule 12). A status needs no such care: it is read afresh
before every try.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd import marker
from syncd.braking import refuse_too_much
from syncd.clock import precise
from syncd.defects import of_one_item, told
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Action, Audience, Outcome, Removed, Role, Status, Written
from syncd.records import Plan, Record, Step
from syncd.retry import reads
from syncd.store import Begun, EffectRow, EffectState
from syncd.work import IN_PLACE, Work

SEARCH_LOOKS = 2
"""Where only a search index can be asked, an effect is looked for twice before it counts as absent."""
ASK_AGAIN = 60.0
"""Seconds until a look that failed is repeated."""
LEFT_ALONE = 300.0
"""Seconds that a connector is left alone whose credential isn't accepted (rule 13)."""
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
    if plan.before:
        with work.store.write():
            for record in plan.before:
                work.store.links.record(record, work.now)
    made = _Made(Counter(record.link for step in plan.steps for record in step.records))
    return [_one(work, plan.group, step, made) for step in plan.steps]


@dataclass(slots=True)
class _Made:
    """Records of a plan in the making: how many steps of each link are to come, which have failed, what is known."""

    left: Counter[int]
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


def _one(work: Work, group: str, step: Step, made: _Made) -> Result:
    refuse_too_much(work, step)
    hindrance = _hindrance(work, step)
    if hindrance is not None:
        made.after(step, None)
        return Result(step, hindrance)
    notes = _begin(work, step, made)
    outcome, error = _write(work, step, notes)
    confirm = None if error else lambda record: _confirmed(work, step, record, outcome.status)
    with work.store.write():
        _keep_notes(work, step.target.connector, notes, outcome.notes, error)
        _keep_status(work, step, outcome)
        if error is None or (step.status is None and not error.doubt):
            work.store.begun.drop(step.target)
        for record in made.after(step, confirm):
            work.store.links.record(record, work.now)
        said = "done" if error is None else "answer lost" if error.doubt else error.what
        journal, approved = work.store.journal, work.approved is not None
        journal.write(group, step, outcome=said, now=work.now, confirmed=outcome.status, approved=approved)
    work.wrote(step, said)
    _count(work, step, outcome, error)
    return Result(step, error)


def _write(work: Work, step: Step, notes: Sequence[EffectRow]) -> tuple[Outcome, ConnectorError | None]:
    """One action, and why the step was not done. After a defect nobody knows whether its notes were written."""
    action = Action(step.target, step.status, step.expect, tuple(work.note(row) for row in notes))
    if not action.notes and action.status is None:
        return Outcome(action), None
    try:
        outcome = next(iter(work.connectors[step.target.connector].apply([action])))
        return outcome, _error(step, outcome)
    except Exception:
        due = work.clock.now() + timedelta(seconds=work.connectors[step.target.connector].settle)
        with work.store.write():
            for row in notes:
                work.store.effects.doubt(row.id, due, "a defect struck while it was written")
        raise


def _hindrance(work: Work, step: Step) -> ConnectorError | None:
    """Why a step must not be tried now: its connector is left alone, or it was written too often (rule 11)."""
    name = step.target.connector
    left = work.paused_for(name)
    if left:
        return Transient(name, work.paused[name][1], retry_after=left)
    since = precise(work.clock.now() - timedelta(hours=1))
    if step.status is None or all(work.store.journal.status_writes(x, since) < DAMPED_WRITES for x in step.links):
        return None
    what = f"{step.target.human} was changed {DAMPED_WRITES} times within an hour; something works against us"
    return Refused(name, what)


def _error(step: Step, outcome: Outcome) -> ConnectorError | None:
    """Why a step was not done. One that only leaves notes is done unless a note has to be tried again."""
    failed = [outcome.error] if step.status is not None or not outcome.notes else [one.error for one in outcome.notes]
    for error in failed:
        if error is None:
            continue
        if not isinstance(error, ConnectorError):
            raise error  # a defect of the connector
        if step.status is not None or not outcome.notes or _passes(error):
            return error
    return None


def _passes(error: Exception) -> bool:
    """Whether a note certainly had no effect, and may be written later."""
    return isinstance(error, (Transient, RateLimited, Unauthorized)) and not error.doubt


def _begin(work: Work, step: Step, made: _Made) -> list[EffectRow]:
    """Kept before the first byte leaves: what is to be recorded once it is done, and its notes, marked as sent.

    Notes that were sent before are not sent again.
    """
    rows = []
    with work.store.write():
        work.store.begun.put(Begun(step.target, step.status, made.alone(step)), work.now)
        for effect in step.effects:
            row = work.store.effects.store(effect, work.name(effect), work.clock.now())
            if work.store.effects.send(row.id, work.clock.now()):
                rows.append(row)
    return rows


def _keep_notes(
    work: Work, connector: str, sent: Sequence[EffectRow], written: Sequence[Written], failed: ConnectorError | None
) -> None:
    """What came of each note. One without effect is sent later; if its step has failed, it is decided afresh."""
    results = {one.effect: one for one in written}
    effects, now = work.store.effects, work.clock.now()
    for row in sent:
        one = results.get(row.id)
        error = one.error if one else failed
        if one is not None and error is None:
            effects.done(row.id, one.remote_id, now)
            work.tally["notes"] += 1
            result = "done"
        elif one is None or (error is not None and _passes(error)):
            wait = (error.retry_after if isinstance(error, ConnectorError) else None) or ASK_AGAIN
            effects.later(row.id, now + timedelta(seconds=wait), getattr(error, "what", "not begun"))
            if failed is not None:
                effects.forget(row.id)
            result = "later"
        elif not isinstance(error, ConnectorError) or error.doubt:
            settle = timedelta(seconds=work.connectors[connector].settle)
            effects.doubt(row.id, now + settle, "the answer was lost")
            result = "doubt"
        else:
            effects.refused(row.id, error.what, now)
            work.tally["refused"] += 1
            result = "refused"
        work.counted(connector, row.kind, result)


def _keep_status(work: Work, step: Step, outcome: Outcome) -> None:
    """The snapshot as our own write left it, so that the next poll knows its echo (rule 11)."""
    status = outcome.status or step.expect
    if outcome.version and status is not None:
        work.store.snapshots.wrote(step.target, status, outcome.version, work.now)


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
        failed = "doubt" if error and error.doubt else "later" if error and _passes(error) else "refused"
        work.counted(step.target.connector, "status", failed if error else "done")
    if step.status is not None and error is None:
        work.tally["statuses"] += 1
        work.tally[f"rule {step.why.rule}+"] += 1
    elif error is None and outcome.notes:
        work.tally[f"rule {step.why.rule}"] += 1


def settle(work: Work, name: str | None = None) -> int:
    """Look for effects in doubt that have settled, and send those that are certainly not there; how many were due.

    ``name``: only those on items of this connector.
    """
    rows = [row for row in work.store.effects.open(work.clock.now()) if name in (None, row.target.connector)]
    # One on a connector that isn't configured any more waits for it; its group is parked, which says so.
    known = [row for row in rows if row.target.connector in work.connectors]
    due = [row for row in known if not work.paused_for(row.target.connector)]
    for row in due:
        if work.paused_for(row.target.connector):  # since a moment ago
            continue
        with work.feeds[row.target.connector].pages.turn(work.clock):
            if work.store.effects.get(row.id) == row:  # else another thread has looked for it, or sent it
                _settle_one(work, row)
    return len(due)


def _settle_one(work: Work, row: EffectRow) -> None:
    """A defect that one of them brings to light must not keep others waiting (rule 13)."""
    try:
        (_look if row.state is EffectState.DOUBT else _send)(work, row)
    except Exception as error:
        if not of_one_item(error):
            raise
        with work.store.write():  # looked for, and sent if it isn't there, when a person asks for it
            work.store.effects.refused(row.id, f"{told(error)}. Please report it", work.clock.now())
            work.tally["refused"] += 1


def _look(work: Work, row: EffectRow) -> None:
    connector = work.connectors[row.target.connector]
    began = row.began_at or work.clock.now()
    try:
        found = reads(work.clock, patience=IN_PLACE)(
            connector.find, marker.make(work.marker_key, row.id), row.target, began
        )
    except ConnectorError as error:
        _not_looked(work, row, error)
        return
    now = work.clock.now()
    looks = SEARCH_LOOKS if connector.capabilities.probe == "search" else 1
    with work.store.write():
        if found:
            work.store.effects.done(row.id, found, now)
            work.tally["notes"] += 1
            work.counted(row.target.connector, row.kind, "done")
        elif row.looks + 1 < looks:
            work.store.effects.looked(row.id, now + timedelta(seconds=connector.settle))
        elif row.owed:
            work.store.effects.absent(row.id, now)
        else:  # whether it is still right, the group says; its status may have been written all the same
            work.store.effects.shelve(row.id)
            _ask_again(work, row)


def _not_looked(work: Work, row: EffectRow, error: ConnectorError) -> None:
    """A look that failed: to be repeated, unless there is nothing to look at any more."""
    work.tally["looks failed"] += 1
    with work.store.write():
        if _passes(error):
            wait = timedelta(seconds=max(error.retry_after or 0.0, ASK_AGAIN))
            work.store.effects.doubt(row.id, work.clock.now() + wait, error.what)
        else:
            work.store.effects.refused(row.id, error.what, work.clock.now())
            work.tally["refused"] += 1
    _pause(work, row.target.connector, error)


def _ask_again(work: Work, row: EffectRow) -> None:
    link = work.store.links.get(row.link)
    key = work.store.links.group_of(link.ticket) if link else None
    if key:
        work.store.queue.ask(key, "absent", work.clock.now())


def _pause(work: Work, connector: str, error: Exception | None) -> None:
    if isinstance(error, (Unauthorized, RateLimited)):
        work.pause(connector, error.retry_after or LEFT_ALONE, error.what)


def _send(work: Work, row: EffectRow) -> None:
    """A note that certainly isn't there, on its own."""
    name = row.target.connector
    refusal = _unfit(work, row)
    if refusal is not None:
        with work.store.write():
            _keep_notes(work, name, [row], [Written(row.id, error=refusal)], None)
        _pause(work, name, refusal)
        return
    with work.store.write():
        mine = work.store.effects.send(row.id, work.clock.now())
    if not mine:
        return
    action = Action(row.target, notes=(work.note(row),))
    outcome = next(iter(work.connectors[name].apply([action])))
    with work.store.write():
        _keep_notes(work, name, [row], outcome.notes, None)
    error = next((one.error for one in outcome.notes if one.error is not None), outcome.error)
    _pause(work, name, error)
    if error is not None and _passes(error):
        work.tally["delayed"] += 1


def _unfit(work: Work, row: EffectRow) -> ConnectorError | None:
    """Why a note can't be left any more; what a place may see is checked at the moment of writing (rules 9 and 14)."""
    name = row.target.connector
    try:
        fresh = reads(work.clock, patience=IN_PLACE)(work.connectors[name].fetch, [row.target])[row.target]
    except ConnectorError as error:
        return error
    if isinstance(fresh, ConnectorError):
        return fresh
    if isinstance(fresh, Removed):
        return Refused(name, f"{row.target.human} is {fresh.kind}")
    if fresh.final or work.mapping(name).is_final(fresh.status):
        return Refused(name, f"{row.target.human} is closed for good")
    if work.role(name) is Role.TRACKER and fresh.audience is not Audience.PRIVATE:
        return Refused(name, f"{row.target.human} is public now")
    return None
