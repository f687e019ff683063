"""Reconcile: bring groups of tickets and issues into step. The page to read first.

One change goes a straight line: ``poll`` notes which groups to look at, ``drain`` takes each in turn, ``decide`` says
what to do, ``act`` does it, and what came of it is recorded. A group that fails goes back into the queue and is
decided afresh; it holds up no other.
"""

from __future__ import annotations

from datetime import timedelta

from syncd.act import Result, carry_out, settle
from syncd.clock import precise
from syncd.errors import ConnectorError, Interrupted, RateLimited, Refused, Transient, Unauthorized
from syncd.observe import observe, prefetch, refuse_paused
from syncd.records import Plan
from syncd.retry import delay
from syncd.store import QueueRow
from syncd.work import Work

BATCH = 50
DAMPED_WRITES = 4
"""More status writes than this per link and hour are held back (rule 11)."""
LOOK_AGAIN = 3.0
"""A status whose answer was lost is read again so soon: then it is known whether it was written."""
PROBE_SECONDS = 300.0
"""A connector whose credential isn't accepted is tried again no sooner (rule 13)."""


def drain(work: Work, only: frozenset[str] | None = None) -> None:
    """Reconcile every group that is due, and settle what is in doubt, until nothing is due any more.

    Raises:
        Interrupted: syncd is to stop; between two groups, so that nothing is left half done.
    """
    done = 0
    while True:
        settled = settle(work) if work.writes else 0
        with work.store.write():
            rows = work.store.queue.claim(work.clock.now(), BATCH, only)
        if not rows and not settled:
            return
        prefetch(work, rows)
        for row in rows:
            if work.clock.sleep(0):
                raise Interrupted("stopped between two groups")
            reconcile(work, row)
            done += 1
            work.progress("in step", done, done + work.store.queue.due(work.clock.now()))


def reconcile(work: Work, row: QueueRow) -> None:
    """One group: observe, decide, act, record."""
    try:
        plan = observe(work, row.group)
        if plan is None:  # nothing is linked there any more
            with work.store.write():
                work.store.queue.done(row)
            return
        results = _carry_out(work, plan)
    except ConnectorError as error:
        _failed(work, row, error)
        return
    _record(work, row, plan, results)


def _carry_out(work: Work, plan: Plan) -> list[Result]:
    """The writes, unless this run only looks, or the links have been written too often within an hour."""
    if not work.writes:
        work.plans.append(plan)
        return []
    since = precise(work.clock.now() - timedelta(hours=1))
    for step in plan.steps:
        refuse_paused(work, step.target.connector)
        if step.status is not None and any(
            work.store.journal.status_writes(x, since) >= DAMPED_WRITES for x in step.links
        ):
            raise Refused(
                step.target.connector,
                f"{step.target.human} was changed {DAMPED_WRITES} times within an hour; something works against us",
            )
    return carry_out(work, plan.group, plan.steps, plan.before)


def _record(work: Work, row: QueueRow, plan: Plan, results: list[Result]) -> None:
    """What needed no write, and the group's place in the queue."""
    errors = [result.error for result in results if result.error is not None]
    with work.store.write():
        for record in plan.records:
            work.store.links.record(record, work.now)
        row = work.store.queue.now_at(row, plan.group)
        if not errors and not plan.stuck:
            work.store.queue.done(row)
        elif plan.stuck:
            work.store.queue.park(row, "; ".join(sorted({reason for _, reason in plan.stuck})))
            work.tally["parked"] += 1
    work.tally["groups"] += 1
    if errors:
        _failed(work, row, max(errors, key=_weight))


def _weight(error: ConnectorError) -> int:
    """Of several failures the one that decides when to try again: what a person must mend comes last."""
    order = (Refused, Transient, RateLimited, Unauthorized)
    return next((index for index, kind in enumerate(order) if type(error) is kind), -1)


def _failed(work: Work, row: QueueRow, error: ConnectorError) -> None:
    """Back into the queue, or parked with the reason (rule 13)."""
    wait: float | None
    if isinstance(error, Unauthorized):
        work.pause(error.connector, PROBE_SECONDS, error.what)
        wait = PROBE_SECONDS
    elif error.retry_after is not None:
        wait = error.retry_after
        if isinstance(error, RateLimited):
            work.pause(error.connector, wait, error.what)
    elif error.doubt and row.attempts == 0:
        wait = LOOK_AGAIN
    elif isinstance(error, Transient):
        wait = delay(row.attempts + 1)
    else:
        wait = None
    with work.store.write():
        if wait is None:
            work.store.queue.park(row, error.what)
            work.tally["parked"] += 1
        else:
            due = work.clock.now() + timedelta(seconds=wait)
            work.store.queue.again(row, due, error.what, failed=isinstance(error, Transient) and not error.retry_after)
            work.tally["delayed"] += 1
