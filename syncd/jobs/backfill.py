"""``syncd reconcile``: walk the feeds, find links, look at every group; the backfill and the repair.

Trackers are walked before helpdesks, so that tickets are known to be linked when they are met and their notes need no
reading. Broken off at any point, the next run goes on where this one stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from syncd.clock import moment
from syncd.errors import BrakeOn, ConnectorError, Interrupted, Refused, UnknownRef
from syncd.ingest.poll import read_again, walk
from syncd.model import Item, Ref, Removed
from syncd.probe.doubles import look_for_doubles
from syncd.probe.observe import read
from syncd.records import LinkState, Standing
from syncd.retry import reads
from syncd.store import FilingState
from syncd.sync.reconcile import drain
from syncd.work import Work

PATIENCE = 300.0
"""Seconds that a run waits in all for what is due later: effects that settle, limits that end."""
LANES = 30.0
"""Seconds to wait for groups that another thread of the service has in hand."""
LONGEST_LIMIT = 120.0
"""Seconds; a connector that asks for a longer pause is left to the next run."""


def backfill(
    work: Work, names: Iterable[str], since: datetime | None = None, file_since: str | None = None
) -> dict[str, ConnectorError]:
    """Everything, or everything since a moment; ``file_since``: what was escalated before is filed, too, see ``some``.

    Returns:
        Per connector that could not be read, why; the others were done all the same.

    Raises:
        BrakeOn: too much would change at once, and this run may write nothing anyway; else see :mod:`syncd.braking`.
        Interrupted: syncd is to stop; what was done is kept.
    """
    began: dict[str, str] = {}
    failures: dict[str, ConnectorError] = {}
    order = [*work.trackers, *work.helpdesks]
    resting = work.store.connectors.all()
    for name in sorted(names, key=order.index):
        if name in resting and resting[name].paused:
            work.say(f"{name} is paused {resting[name].resting}; it is left out")
            continue
        try:
            with work.feeds[name].walks.turn(work.clock):
                began[name] = walk(work, name, since)
        except ConnectorError as error:
            failures[name] = error
    _catch_up(work, list(began), failures)
    work.troubles |= failures
    if since is None:
        _look_for_unseen(work, {name: when for name, when in began.items() if name not in failures}, failures)
    if since is None and work.writes:
        _look_for_doubles(work, [name for name in began if name not in failures], failures)
    with work.store.write():
        for key in work.store.groups.all():
            work.store.queue.ask(key, "reconcile", work.clock.now(), work.owner)
        if file_since is not None:
            work.store.filings.take_up(file_since, work.now)
    drain_and_wait(work)
    return failures


def some(work: Work, refs: Sequence[Ref], file_since: str | None = None) -> None:
    """Only these items and what is linked with them, read afresh.

    ``file_since``: those of these tickets that were escalated before the watch began are filed, if they were made or
    have changed since then.

    Raises:
        UnknownRef: one of them isn't known to its system.
        ConnectorError: one of them can't be read.
    """
    refuse_resting(work, refs)
    read(work, list(refs))
    others = _linked_with(work, refs)
    refuse_resting(work, others)
    read(work, others)
    keys = set()
    with work.store.write():
        for ref in refs:
            key = work.store.groups.of(ref)
            if key:
                work.store.queue.ask(key, "reconcile", work.clock.now(), work.owner)
                keys.add(key)
            work.store.filings.retry([FilingState.UNFILED], work.now, ticket=ref)
        if file_since is not None:
            work.store.filings.take_up(file_since, work.now, refs)
    drain_and_wait(work, frozenset(keys))


def refuse_resting(work: Work, refs: Sequence[Ref]) -> None:
    """An item of a connector that a person has paused can't be looked at.

    Raises:
        Refused: with how to let it go on.
    """
    rows = work.store.connectors.all()
    for name in sorted({ref.connector for ref in refs}):
        if name in rows and rows[name].paused:
            raise Refused(name, f"it is paused {rows[name].resting}. Nothing was done")


def _linked_with(work: Work, refs: Sequence[Ref]) -> list[Ref]:
    """The other items of the groups that these belong to."""
    keys = {key for ref in refs if (key := work.store.groups.of(ref))}
    ends = {end for key in keys for link in work.store.links.group(key)[0] for end in (link.ticket, link.issue)}
    return sorted(ends.difference(refs), key=str)


def find(work: Work, text: str) -> Ref:
    """The item that a REF of the command line names: a URL, ``NAME:ID`` or ``NAME:KEY``.

    Raises:
        UnknownRef: it names nothing.
        ConnectorError: its system can't be asked.
    """
    for connector in work.connectors.values():
        mentions = connector.parse_url(text)
        if len(mentions) == 1 and mentions[0].start == 0:
            return _resolved(work, connector.name, mentions[0].key, text)
    name, _, key = text.partition(":")
    if name in work.connectors and key:
        known = work.store.snapshots.get(Ref(name, key))
        return known.ref if known is not None else _resolved(work, name, key, text)
    names = ", ".join(sorted(work.connectors))
    raise UnknownRef(f"{text!r} names no ticket or issue. Write its URL, or NAME:KEY with NAME one of {names}")


def _resolved(work: Work, name: str, key: str, text: str) -> Ref:
    connector = work.connectors[name]
    ref = work.store.snapshots.by_key(name, key)
    if ref is None:
        refuse_resting(work, [Ref(name, key)])
        ref = reads(work.clock)(connector.resolve, key)
        if ref is not None and isinstance(reads(work.clock)(connector.fetch, [ref])[ref], Removed):
            ref = None  # where a key is the id, resolving it asks nobody
        ref = ref or work.store.snapshots.by_former_key(name, key)
    if ref is None:
        raise UnknownRef(f"{text!r}: {name} has no such item, or hides it from us")
    return ref


def _catch_up(work: Work, names: list[str], failures: dict[str, ConnectorError]) -> None:
    """Names that couldn't be looked up while another system was limiting us, or was not reached."""
    behind = [name for name in names if work.store.snapshots.to_read(name)]
    asked = [name for name in work.connectors if name not in work.store.connectors.paused()]
    waits = [wait for name in asked if 0 < (wait := work.paused_for(name)) <= LONGEST_LIMIT]
    if behind and waits and work.clock.sleep(max(waits)):
        raise Interrupted("stopped while waiting")
    for name in behind:
        try:
            read_again(work, name)
        except ConnectorError as error:
            failures[name] = error


def _look_for_unseen(work: Work, began: dict[str, str], failures: dict[str, ConnectorError]) -> None:
    """Linked items that a whole walk did not show: absence proves nothing, so each is asked for (rule 10).

    And tickets that wait for an agent's answer: a list shows none of that but a time in whole seconds, which doesn't
    change for an answer in the second of our own note.
    """
    for name, when in began.items():
        since = work.connectors[name].start_from
        unseen = [ref for ref in work.store.links.stale(when) if ref.connector == name]
        unseen = [ref for ref in unseen if not _before(work, ref, since)]
        doubtful = sorted({*unseen, *_held_back(work, name)}, key=str)
        if not doubtful:
            continue
        try:
            read(work, doubtful)
        except ConnectorError as error:
            failures[name] = error
        except BrakeOn as error:
            if not work.writes:
                raise
            work.say(str(error))


def _look_for_doubles(work: Work, names: list[str], failures: dict[str, ConnectorError]) -> None:
    for name in names:
        try:
            look_for_doubles(work, name)
        except ConnectorError as error:
            failures[name] = error


def _held_back(work: Work, name: str) -> list[Ref]:
    """A helpdesk's tickets that an agent's answer would let go on (rule 7)."""
    waiting = (link for link in work.store.links.all() if link.standing is Standing.WAITS_FOR_AGENT)
    return [link.ticket for link in waiting if link.state is LinkState.LIVE and link.ticket.connector == name]


def _before(work: Work, ref: Ref, since: datetime | None) -> bool:
    """Whether an item was last changed before the walk's span, so that the walk could not show it."""
    item = work.store.snapshots.get(ref)
    return since is not None and isinstance(item, Item) and moment(item.version) < since


def drain_and_wait(work: Work, only: frozenset[str] | None = None) -> None:
    """Drain, wait for what a short wait can still bring to its end, and drain again.

    That is: limits that end soon, answers that were lost, and notes in doubt that settle. What has failed twice is
    left to the next run.

    Raises:
        Interrupted: syncd is to stop.
    """
    until = work.clock.monotonic() + PATIENCE
    while True:
        failed = work.tally["looks failed"]
        drain(work, only)
        if _waited_for_lanes(work, only):
            continue
        settled = _next_settled(work) if work.tally["looks failed"] == failed else {}
        wait = _soonest(work, work.store.queue.next_due(only, work.owner), settled)
        if wait is None or not work.writes or work.clock.monotonic() + wait > until:
            return
        work.say(f"waiting {wait:.0f} s for {_why(work)}")
        if work.clock.sleep(wait):
            raise Interrupted("stopped while waiting")


def _next_settled(work: Work) -> dict[str, str]:
    """By connector: when its next effect, or issue, in doubt has settled."""
    effects, filings = work.store.effects.next_due(), work.store.filings.doubtful()
    return effects | {name: min(due, effects.get(name, due)) for name, due in filings.items()}


def _why(work: Work) -> str:
    """What a wait is for, as far as a connector has told: a limit, calls that are left to people."""
    found = [f"{name} ({why})" for name, (_, why) in work.paused.items() if 0 < work.paused_for(name) <= LONGEST_LIMIT]
    return ", ".join(found) or "what is due later"


def _waited_for_lanes(work: Work, only: frozenset[str] | None) -> bool:
    """What another thread of the service has in hand of these groups is done in a moment; whether it was waited for."""
    queue, until = work.store.queue, work.clock.monotonic() + LANES
    waited = False
    while queue.elsewhere(work.clock.now(), only, work.owner):
        if work.clock.monotonic() > until:
            return False
        waited = True
        if work.clock.sleep(0.1):
            raise Interrupted("stopped while waiting")
    return waited


def _soonest(work: Work, queued: str | None, settled: Mapping[str, str]) -> float | None:
    """Seconds until something is due that is worth waiting for; None if there is nothing."""
    now = work.clock.now()
    waits = [(moment(queued) - now).total_seconds()] if queued else []
    waits = [wait for wait in waits if wait <= LONGEST_LIMIT]
    pauses = {name: work.paused_for(name) for name in settled if name in work.connectors}
    waits += [
        max(pause, (moment(settled[name]) - now).total_seconds())
        for name, pause in pauses.items()
        if pause <= LONGEST_LIMIT
    ]
    return max(0.05, min(waits)) if waits else None
