"""Take: an item as its system showed it becomes links, a snapshot, and its group's place in the queue.

What an item names is looked up (:func:`resolve`) before the transaction begins, since no call is made while one is
open. A look-up that failed is remembered with the item, which is read again on a later poll: nothing named is lost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from syncd.errors import ConnectorError, RateLimited, Refused, Unauthorized
from syncd.links import Claim
from syncd.model import FINISHED_TICKET, Item, Ref, Removed, Word
from syncd.records import GONE, LinkState, Origin
from syncd.retry import reads
from syncd.work import IN_PLACE, Work

MAX_FAILED = 3
"""Look-ups of one page, or reads of one poll, that may fail before it counts as the connector's trouble."""
UNASKED = 60.0
"""Seconds that a system is left alone which limits us, or refuses our credential, without saying for how long."""


@dataclass(frozen=True, slots=True)
class Found:
    """A claim of an item, resolved to a ref."""

    claim: Claim
    other: Ref


@dataclass(frozen=True, slots=True)
class Named:
    """What an item names. Not ``complete``: something could not be looked up, so the item is to be read again."""

    found: tuple[Found, ...] = ()
    complete: bool = True


def take(work: Work, item: Item, named: Named, *, first_walk: bool, cause: str) -> None:
    """One item as seen: its links, its snapshot, its group's place in the queue. Inside a transaction."""
    store, now = work.store, work.now
    before = store.snapshots.get(item.ref)
    for one in named.found:
        _link(work, item.ref, one, first_walk=first_walk)
    if isinstance(before, Removed):
        _revive(work, item.ref)
    changed = not isinstance(before, Item) or _differs(before, item)
    if not store.links.linked(item.ref):
        # An ended link may come back, and one that is only proposed is to be shown and accepted by its key.
        if before is not None or named.found or not named.complete or _awaits_links(work, item):
            store.snapshots.put(item, now)
            _mark(work, item, named, changed=changed, first_walk=first_walk)
        return
    if isinstance(before, Item) and item.waiting is None and before.version == item.version:
        item = replace(item, waiting=before.waiting)  # a list that doesn't tell takes nothing away
    store.snapshots.put(item, now)
    _mark(work, item, named, changed=changed, first_walk=first_walk)
    if changed:
        ask(work, item.ref, cause)
    if item.duplicate_of is not None and work.mapping(item.ref.connector).word(item.status) is Word.DUPLICATE:
        _follow_canonical(work, item)


def _mark(work: Work, item: Item, named: Named, *, changed: bool, first_walk: bool) -> None:
    """Whether it is to be read again: what it names wasn't all looked up, or its notes may name something.

    On a first walk a ticket that is linked already is left alone: thousands of reads for a second link to few.
    """
    if item.texts is None and _awaits_links(work, item):
        wanted = (first_walk or changed) and not (first_walk and work.store.links.linked(item.ref))
        if wanted or not named.complete:
            work.store.snapshots.read_again(item.ref, first_walk=first_walk)
    elif not named.complete:
        work.store.snapshots.read_again(item.ref, first_walk=first_walk)
    elif item.texts is not None:
        work.store.snapshots.was_read(item.ref)


def ask(work: Work, ref: Ref, cause: str) -> None:
    """Queue an item's group. Inside a transaction."""
    key = work.store.links.group_of(ref)
    if key:
        work.store.queue.ask(key, cause, work.clock.now())


def resolve(work: Work, item: Item, failed: Counter[str] | None = None) -> Named:
    """An item's claims with the refs behind them; asks the other system only for keys never met. No transaction.

    Args:
        work: the run.
        item: with its texts and fields.
        failed: per connector the look-ups that failed so far, where several items are resolved in a row.
    """
    failed = Counter() if failed is None else failed
    found, complete = [], True
    for claim in work.claims(item):
        if work.paused_for(claim.connector) or failed[claim.connector] >= MAX_FAILED:
            complete = False
            continue
        try:
            ref = _ref(work, claim)
        except ConnectorError as error:  # one address that can't be looked up holds up no other item
            failed[claim.connector] += 1
            complete = complete and isinstance(error, Refused)
            if isinstance(error, (RateLimited, Unauthorized)):
                work.pause(claim.connector, error.retry_after or UNASKED, error.what)
            with work.store.write():
                work.store.journal.skip(item.ref, claim.key, error.what, work.now)
            continue
        if ref is not None:
            found.append(Found(claim, ref))
    return Named(tuple(found), complete)


def _ref(work: Work, claim: Claim) -> Ref | None:
    seen = work.seen.get((claim.connector, claim.key.casefold()))
    known = seen.ref if seen else work.store.snapshots.by_key(claim.connector, claim.key)
    once = reads(work.clock, attempts=1, patience=IN_PLACE)
    return known or once(work.connectors[claim.connector].resolve, claim.key)


def _link(work: Work, ref: Ref, found: Found, *, first_walk: bool) -> None:
    """Make or confirm the link of a claim. A removal by a person stays removed."""
    store, now, claim = work.store, work.now, found.claim
    ticket, issue = work.pair(ref, found.other)
    known = store.links.pair(ticket, issue)
    if known is None:
        state = LinkState.LIVE if claim.trusted else LinkState.PROPOSED
        filed = not first_walk and store.cursors.walked(
            found.other.connector
        )  # old pairs of a system that is new to us
        store.links.add(ticket, issue, state, claim.origin, filed=filed, reason=claim.why, now=now)
        work.tally["linked" if claim.trusted else "proposed"] += 1
    elif known.state is LinkState.PROPOSED and claim.trusted:
        store.links.set_state(known, LinkState.LIVE, "", now)
        work.tally["linked"] += 1
    else:
        return
    _keep_seen(work, found.other)
    if claim.trusted:
        ask(work, ticket, "linked")


def _keep_seen(work: Work, ref: Ref) -> None:
    """The other end's snapshot, if this run's walk met it before anybody knew that it was linked."""
    item = work.seen.get((ref.connector, ref.key.casefold()))
    if item is not None and work.store.snapshots.get(ref) is None:
        work.store.snapshots.put(item, work.now)


def _revive(work: Work, ref: Ref) -> None:
    """An item came back into sight: so do the links that ended with it (rule 10)."""
    for link in work.store.links.of(ref):
        if link.state is LinkState.ENDED and link.reason.startswith(GONE):
            work.store.links.set_state(link, LinkState.LIVE, "", work.now)
            work.tally["revived"] += 1


def take_removed(work: Work, removed: Removed) -> None:
    """What a feed says is gone. Inside a transaction."""
    work.seen.pop((removed.ref.connector, removed.ref.key.casefold()), None)
    before = work.store.snapshots.get(removed.ref)
    if isinstance(before, Item) and removed.version >= before.version:
        work.store.snapshots.set_gone(removed, work.now)
        ask(work, removed.ref, "removed")


def _differs(before: Item, item: Item) -> bool:
    return (before.version, before.status, before.final, before.audience) != (
        item.version,
        item.status,
        item.final,
        item.audience,
    )


def _awaits_links(work: Work, item: Item) -> bool:
    """An unlinked ticket whose notes may hold a link one day: remembered, to read its notes once per change."""
    desk = work.helpdesks.get(item.ref.connector)
    if desk is None or not desk.read_notes or not work.connectors[item.ref.connector].capabilities.notes_hold_links:
        return False
    return desk.mapping.word(item.status) not in FINISHED_TICKET


def _follow_canonical(work: Work, item: Item) -> None:
    """A duplicate whose canonical issue is known: its links go on there, with what was agreed (rule 2)."""
    assert item.duplicate_of is not None  # noqa: S101  # the caller looked
    links = work.store.links
    for link in links.of(item.ref):
        if link.state is not LinkState.LIVE or link.issue != item.ref:
            continue
        base, known = links.base(link.id), links.pair(link.ticket, item.duplicate_of)
        if known is not None and known.state is LinkState.ENDED:  # duplicates of each other, or a person cut it
            continue
        links.set_state(link, LinkState.ENDED, f"a duplicate of {item.duplicate_of.human}", work.now)
        if known is not None and known.state is LinkState.PROPOSED:
            links.set_state(known, LinkState.LIVE, "", work.now)
        if known is None:
            new = links.add(
                link.ticket, item.duplicate_of, LinkState.LIVE, Origin.FOLLOWED, filed=False, reason="", now=work.now
            )
            if base is not None:
                links.put_base(new, replace(base), work.now)
        work.tally["followed"] += 1
        key = links.group_of(link.ticket)
        if key:
            work.store.queue.ask(key, "followed", work.clock.now())
