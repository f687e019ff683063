"""``reconcile --apply``: carry out a plan file, each group and each issue to be filed as it was seen or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ulid import ULID

from syncd.errors import ConnectorError
from syncd.ingest.poll import poll, walk
from syncd.issues.seen import outcome, take_up
from syncd.jobs.backfill import drain_and_wait
from syncd.model import Ref
from syncd.planfile import Approval, PlanFile
from syncd.store import QueueRow
from syncd.sync.approval import CHANGED, NOT_LINKED
from syncd.work import Work

NOT_DONE = "it could not be done"


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a plan file."""

    done: list[str]
    """Groups."""
    skipped: Mapping[str, str]
    """Group -> why not all of it was written."""
    braked: bool
    """A brake is on for one of the skipped."""
    failures: Mapping[str, ConnectorError]
    """Per connector that could not be read, why."""
    filed: list[str]
    """Filings whose issue was filed."""
    unfiled: Mapping[str, str]
    """Filing -> why its issue was not."""


def apply(work: Work, file: PlanFile) -> Applied:
    """Carry it out. What else is due is left to others.

    Raises:
        Interrupted: syncd is to stop; between two groups.
    """
    approval = Approval(file.kind, {one.group: one for one in file.groups})
    work = replace(work, approved=approval, owner=work.owner or str(ULID()))
    try:
        failures = _look(work, file.connectors)
        work.troubles |= failures
        with work.store.write():
            work.store.queue.leave(work.owner)
            for key in approval.groups:
                _ask(work, approval, key, unread=sorted(failures))
        drain_and_wait(work)
        rows = {row.group: row for row in work.store.queue.rows()}
        if file.filings:  # afterwards: a group is as it was planned as long as no issue comes to it
            take_up(work, approval, file)
            drain_and_wait(work)
    finally:
        with work.store.write():
            work.store.queue.leave(work.owner)
    left = [key for key in approval.groups if key not in approval.done]
    skipped = {key: approval.skipped.get(key) or _why(work, key, rows.get(key)) for key in left}
    filed, unfiled = outcome(work, approval)
    braked = any("brake" in work.store.queue.held(key).values() for key in left)
    braked = braked or any(why.endswith("brake is on") for why in unfiled.values())
    done = [key for key in approval.groups if key in approval.done]
    return Applied(done, skipped, braked, failures, filed, unfiled)


def _look(work: Work, names: set[str]) -> dict[str, ConnectorError]:
    """What has changed since the plan was made: links that nobody has seen yet, and ends that moved."""
    failures: dict[str, ConnectorError] = {}
    resting = work.store.connectors.paused()
    wanted = names | {one for name in names for one in work.opposite(name)}
    for name in (*work.trackers, *work.helpdesks):
        if name not in wanted or name in resting:
            continue
        try:
            if work.store.cursors.walked(name):
                refused = poll(work, name)
                failures |= {name: refused} if refused else {}
            else:
                _walk(work, name)
        except ConnectorError as error:
            failures[name] = error
    return failures


def _walk(work: Work, name: str) -> None:
    """A connector that was never read whole, as when the plan was made on an empty state."""
    with work.feeds[name].walks.turn(work.clock):
        walk(work, name)


def _ask(work: Work, approval: Approval, key: str, *, unread: list[str]) -> None:
    """A group is looked at, if it is still that one, as far as is known."""
    now = work.store.groups.of(Ref.parse(key))
    if now == key:
        work.store.queue.ask(key, "reconcile", work.clock.now(), work.owner)
    elif now is None and unread:
        approval.skipped[key] = f"{NOT_DONE}: {unread[0]} could not be read"
    else:
        approval.skipped[key] = NOT_LINKED if now is None else CHANGED


def _why(work: Work, key: str, row: QueueRow | None) -> str:
    """Why a group that was asked for was not looked at, or not done."""
    for name, held in work.store.queue.held(key).items():
        return f"{name}'s brake is on" if held == "brake" else f"{name} is paused"
    if row is None or not row.reason:
        return NOT_DONE
    return f"{NOT_DONE}: {row.reason}"
