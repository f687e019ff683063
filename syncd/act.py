"""Act: steps and effects become connector calls, and what came of them becomes state.

Before a note's first byte leaves it is stored as an effect; after an unknown outcome it waits to settle, is looked
for, and only if it is certainly absent is it sent again (rule 12). A status needs no such care: it is read afresh
before every try.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from syncd import marker
from syncd.errors import ConnectorError, RateLimited, Transient, Unauthorized
from syncd.model import Action, Outcome, Status, Written
from syncd.records import Effect, Record, Step
from syncd.retry import reads
from syncd.store import EffectRow, EffectState
from syncd.work import Work

SEARCH_LOOKS = 2
"""Where only a search index can be asked, an effect is looked for twice before it counts as absent."""
ASK_AGAIN = 60.0
"""Seconds until a look that failed is repeated."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one step: an error means that its records were not made."""

    step: Step
    error: ConnectorError | None = None


def carry_out(work: Work, group: str, steps: Sequence[Step], before: Iterable[Record]) -> list[Result]:
    """Every step of a plan, each on its own: one that fails leaves the others alone."""
    with work.store.write():
        for record in before:
            work.store.links.record(record, work.now)
    return [_one(work, group, step) for step in steps]


def _one(work: Work, group: str, step: Step) -> Result:
    notes = _store_effects(work, step.effects)
    action = Action(step.target, step.status, step.expect, tuple(work.note(row) for row in notes))
    outcome = Outcome(action)
    if action.notes or action.status is not None:
        outcome = next(iter(work.connectors[step.target.connector].apply([action])))
    error = outcome.error if isinstance(outcome.error, ConnectorError) else None
    with work.store.write():
        _keep_notes(work, step.target.connector, notes, outcome.notes)
        _keep_status(work, step, outcome)
        if error is None:
            for record in step.records:
                work.store.links.record(_confirmed(work, step, record, outcome.status), work.now)
        said = "done" if error is None else "answer lost" if error.doubt else error.what
        work.store.journal.write(group, step, seen_at=work.now, outcome=said, now=work.now)
    _count(work, step, outcome, error)
    return Result(step, error)


def _store_effects(work: Work, effects: Iterable[Effect]) -> list[EffectRow]:
    """Stored, and marked as sent, before the first byte leaves; those that were sent before are not sent again."""
    rows = []
    with work.store.write():
        for effect in effects:
            row = work.store.effects.store(effect, work.clock.now())
            if row.state is EffectState.READY:
                work.store.effects.send(row.id, work.clock.now())
                rows.append(row)
    return rows


def _keep_notes(work: Work, connector: str, sent: Sequence[EffectRow], written: Sequence[Written]) -> None:
    """What came of each note; one that was not begun is as it was before."""
    results = {one.effect: one for one in written}
    now = work.clock.now()
    for row in sent:
        one = results.get(row.id)
        error = one.error if one else None
        if one is None:
            work.store.effects.later(row.id, now, "not begun")
        elif error is None:
            work.store.effects.done(row.id, one.remote_id, now)
            work.tally["notes"] += 1
        elif not isinstance(error, ConnectorError) or error.doubt:
            settle = timedelta(seconds=work.connectors[connector].settle)
            work.store.effects.doubt(row.id, now + settle, "the answer was lost")
        elif isinstance(error, (Transient, RateLimited, Unauthorized)):
            wait = timedelta(seconds=error.retry_after or ASK_AGAIN)
            work.store.effects.later(row.id, now + wait, error.what)
        else:
            work.store.effects.refused(row.id, error.what, now)
            work.tally["refused"] += 1


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
    if step.status is not None and error is None:
        work.tally["statuses"] += 1
        work.tally[f"rule {step.why.rule}+"] += 1
    elif error is None and outcome.notes:
        work.tally[f"rule {step.why.rule}"] += 1


def settle(work: Work) -> int:
    """Look for effects in doubt that have settled, and send those that are certainly not there; how many were due."""
    due = [row for row in work.store.effects.open(work.clock.now()) if not work.paused_for(row.target.connector)]
    for row in due:
        if row.state is EffectState.DOUBT:
            _look(work, row)
        else:
            _send(work, row)
    return len(due)


def _look(work: Work, row: EffectRow) -> None:
    connector = work.connectors[row.target.connector]
    began = row.began_at or work.clock.now()
    try:
        found = reads(work.clock)(connector.find, marker.make(work.marker_key, row.id), row.target, began)
    except ConnectorError as error:
        with work.store.write():
            wait = timedelta(seconds=max(error.retry_after or 0.0, ASK_AGAIN))
            work.store.effects.doubt(row.id, work.clock.now() + wait, error.what)
        if isinstance(error, (Unauthorized, RateLimited)):
            work.pause(row.target.connector, error.retry_after or 300.0, error.what)
        return
    now = work.clock.now()
    looks = SEARCH_LOOKS if connector.capabilities.probe == "search" else 1
    with work.store.write():
        if found:
            work.store.effects.done(row.id, found, now)
            work.tally["notes"] += 1
        elif row.looks + 1 < looks:
            work.store.effects.looked(row.id, now + timedelta(seconds=connector.settle))
        else:
            work.store.effects.absent(row.id, now)


def _send(work: Work, row: EffectRow) -> None:
    """A note that certainly isn't there, on its own."""
    with work.store.write():
        work.store.effects.send(row.id, work.clock.now())
    action = Action(row.target, notes=(work.note(row),))
    outcome = next(iter(work.connectors[row.target.connector].apply([action])))
    with work.store.write():
        _keep_notes(work, row.target.connector, [row], outcome.notes)
        known = work.store.snapshots.get(row.target)
        status = getattr(known, "status", None)
        if outcome.version and status is not None:
            work.store.snapshots.wrote(row.target, status, outcome.version, work.now)
    error = next((one.error for one in outcome.notes if isinstance(one.error, ConnectorError)), None)
    if isinstance(error, (Unauthorized, RateLimited)):
        work.pause(row.target.connector, error.retry_after or 300.0, error.what)
    elif isinstance(error, Transient) and not error.doubt:
        work.tally["delayed"] += 1
