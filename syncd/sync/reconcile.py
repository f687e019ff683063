"""Reconcile: bring groups of tickets and issues into step. The page to read first.

One change goes a straight line: ``poll`` notes which groups to look at, ``drain`` takes each in turn, ``decide`` says
what to do, ``act`` does it, and what came of it is recorded. A group that fails goes back into the queue and is
decided afresh; it holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from syncd.defects import of_one_item, told
from syncd.errors import BrakeOn, ConnectorError, Interrupted, RateLimited, Refused, Transient, Unauthorized
from syncd.issues.file import file
from syncd.messages.updates import look
from syncd.probe.observe import decided, observe, prefetch
from syncd.probe.settle import LEFT_ALONE, settle
from syncd.records import Plan
from syncd.retry import LIMIT_WAIT, delay
from syncd.store import QueueRow
from syncd.sync.act import Result, carry_out
from syncd.sync.approval import NotApproved, approved
from syncd.sync.carry import carry
from syncd.sync.obey import obey
from syncd.sync.standing import stand
from syncd.sync.together import carry_out_together, goes_together
from syncd.work import Work

BATCH = 100
_Todo = list[tuple[QueueRow, Plan]]
LOOK_AGAIN = 3.0
"""After a first failure a group is read again so soon: if only the answer was lost, that shows it."""
SHORTEST = 1.0
"""Seconds that pass at least before a failed group is tried again."""


def drain(work: Work, only: frozenset[str] | None = None, route: str | None = None) -> None:
    """Reconcile every group that is due, and settle what is in doubt, until nothing is due any more.

    Args:
        work: the run.
        only: these groups.
        route: the groups that touch these connectors (:meth:`Queue.routes`); commands are obeyed, and effects settled,
            by somebody else.

    Raises:
        BrakeOn: too much would change at once, and this run may write nothing anyway. In one that writes, the groups
            of that connector are left as due as before, and the others are done.
        Interrupted: syncd is to stop; between two groups, so that nothing is left half done.
    """
    done = 0
    while True:
        if route is None:
            obey(work)
            file(work)
        settled = settle(work) if work.writes and route is None else 0
        with work.store.write():
            braked, owner = not work.writes, work.owner
            rows = work.store.queue.claim(work.clock.now(), BATCH, only, route, braked=braked, owner=owner)
        if not rows and not settled:
            return
        try:
            _batch(work, rows)
        except BrakeOn as error:  # the groups of that connector wait; the others go on
            if not work.writes:
                raise
            work.say(str(error))
        done += len(rows)
        work.progress("in step", done, done + work.store.queue.due(work.clock.now()))


def _batch(work: Work, rows: Sequence[QueueRow]) -> None:
    """Groups that were claimed. Those that needed no write are recorded together, however this ends."""
    quiet: _Todo = []
    held: _Todo = []
    try:
        prefetch(work, rows)
        for row in rows:
            if work.clock.sleep(0):
                raise Interrupted("stopped between two groups")
            _alone(work, row, partial(reconcile, work, row, quiet, held))
        _together(work, held, quiet)
    finally:
        with work.store.write():
            for row, plan in quiet:
                _record(work, row, plan)
            work.store.queue.free(row.group for row in rows)


def _alone(work: Work, row: QueueRow, do: Callable[[], None]) -> None:
    """Something with one group; a defect that it brings to light parks it, and holds up no other (rule 13)."""
    links = work.store.groups.links(row.group)
    try:
        do()
    except Exception as error:
        if not of_one_item(error):
            raise
        with work.store.write():
            _park(work, row, work.store.groups.of_links(links) | {row.group}, f"{told(error)}. Please report it")


def reconcile(work: Work, row: QueueRow, quiet: _Todo, held: _Todo | None = None) -> None:
    """One group: observe, decide, act, record.

    Args:
        work: the run.
        row: the group as it was claimed.
        quiet: takes a plan that needs no write: it is still to be recorded, with others of its kind in one
            transaction, because most groups of a large run are unchanged.
        held: takes a plan whose writes can go together with those of others.
    """
    links = work.store.groups.links(row.group)
    try:
        plan = observe(work, row.group) if work.approved is None else approved(work, row.group)
    except NotApproved as error:
        _leave(work, row, work.store.groups.of_links(links) | {row.group}, str(error))
        return
    except ConnectorError as error:  # by then the group may have got another key
        _failed(work, row, work.store.groups.of_links(links) | {row.group}, error)
        return
    if plan is None:  # nothing is linked there any more
        with work.store.write():
            work.store.queue.done(row)
        return
    if not work.writes:
        work.plans[plan.group] = plan
        work.planned(plan)
    if not plan.steps or not work.writes:
        if not work.writes or _carried(work, row, plan):
            quiet.append((row, plan))
    elif held is not None and not row.attempts and goes_together(work, plan):
        held.append((row, plan))
    else:
        _conclude(work, row, plan, carry_out(work, plan))


def _carried(work: Work, row: QueueRow, plan: Plan) -> bool:
    """Of a group in step, what was said on one end and not on the other yet. False: it is recorded already."""
    try:
        looked = (look(work, plan.group), carry(work, plan.group), stand(work, plan.group))
        again = [one for one in looked if one is not None]
    except ConnectorError as error:
        with work.store.write():
            keys = _record(work, row, plan, failed=True)
        _failed(work, row, keys, error)
        return False
    if again:
        with work.store.write():
            for key in _record(work, row, plan):
                work.store.queue.ask(key, "said", min(again), work.owner)
    return not again


def _together(work: Work, held: _Todo, quiet: _Todo) -> None:
    """Groups whose writes go together, unless a later read has changed one of them.

    Raises:
        BrakeOn: after what was written before it has been recorded.
    """
    if work.clock.sleep(0):
        raise Interrupted("stopped between two groups")
    todo = []
    for row, plan in held:
        if decided(work, row.group) == plan:
            todo.append((row, plan))
        else:
            _alone(work, row, partial(reconcile, work, row, quiet))
    if sum(len(plan.steps) for _, plan in todo) == 1:
        _alone(work, todo[0][0], lambda: _conclude(work, *todo[0], carry_out(work, todo[0][1])))
        return
    several = carry_out_together(work, [plan for _, plan in todo])
    for (row, plan), results in zip(todo, several.results, strict=True):
        if len(results) == len(plan.steps):
            _conclude(work, row, plan, results)
    if several.brake is not None:
        raise several.brake


def _conclude(work: Work, row: QueueRow, plan: Plan, results: Sequence[Result]) -> None:
    """A group whose steps were tried."""
    errors = [result.error for result in results if result.error is not None]
    with work.store.write():
        keys = _record(work, row, plan, results)
    if errors:
        _failed(work, row, keys, max(errors, key=_weight))
    elif work.approved is not None and row.group not in work.approved.more:
        work.approved.done.add(row.group)


def _leave(work: Work, row: QueueRow, keys: set[str], why: str) -> None:
    """A group of which nothing was approved as it is now: to others, as due as before."""
    if work.approved is not None and row.group not in work.approved.done:
        work.approved.skipped[row.group] = why
    with work.store.write():
        work.store.queue.give(keys)


def _record(work: Work, row: QueueRow, plan: Plan, results: Sequence[Result] = (), *, failed: bool = False) -> set[str]:
    """What needed no write, and the group's place in the queue: what it was asked for is done, wherever it is now.

    Inside a transaction. Returns the keys that the group has by now.
    """
    failed = failed or any(result.error is not None for result in results)
    queue = work.store.queue
    # Somebody else may have learned meanwhile whose a new link is: it is decided by that, and not adopted before.
    stale = not results and queue.is_news(row)
    for record in plan.records:
        first = record.base is not None and work.store.links.base(record.link) is None
        if first and stale:
            continue
        work.tally["adopted"] += first
        work.store.links.record(record, work.now)
    keys = work.store.groups.of_links(plan.links) | {row.group}
    if plan.stuck and not failed:
        _park(work, row, keys, "; ".join(sorted({reason for _, reason in plan.stuck})))
    elif not failed:
        queue.done(row)
        queue.free(keys)
    if results and not failed:  # decided once more: what was written may have settled other links of the group
        for key in work.store.groups.of_links(plan.links):
            queue.ask(key, row.cause, work.clock.now(), work.owner)
    work.tally["groups"] += 1
    return keys


def _weight(error: ConnectorError) -> int:
    """Of several failures the one that decides when to try again: what a person must mend comes last."""
    order = (Refused, Transient, RateLimited, Unauthorized)
    return next((index for index, kind in enumerate(order) if kind in type(error).__mro__), -1)


def _failed(work: Work, row: QueueRow, keys: set[str], error: ConnectorError) -> None:
    """Back into the queue, or parked with the reason (rule 13)."""
    wait = _wait(row, error)
    if isinstance(error, (Unauthorized, RateLimited)) and wait is not None:
        work.pause(error.connector, wait, error)
    with work.store.write():
        if wait is None:
            _park(work, row, keys, error.what)
        else:
            due = work.clock.now() + timedelta(seconds=max(wait, SHORTEST))
            failed = isinstance(error, Transient) and not error.retry_after
            work.store.queue.again(keys, due, error.what, failed=failed)
            work.tally["delayed"] += 1


def _park(work: Work, row: QueueRow, keys: set[str], reason: str) -> None:
    """Set aside until a person acts. Inside a transaction."""
    work.store.queue.park(keys, reason)
    work.tally["parked"] += 1
    work.parked(row.group, reason)


def _wait(row: QueueRow, error: ConnectorError) -> float | None:
    """Seconds until the next try; None if only a person can help."""
    if error.retry_after is not None:
        return error.retry_after
    if isinstance(error, Unauthorized):
        return LEFT_ALONE
    if isinstance(error, RateLimited):
        return LIMIT_WAIT
    if not isinstance(error, Transient):
        return None
    return delay(row.attempts) if row.attempts else LOOK_AGAIN
