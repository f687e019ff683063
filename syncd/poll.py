"""Poll: what changed becomes snapshots, links, queue rows and the cursor, a page in one transaction.

A poll only says which groups to look at (rule 1). What an item names is resolved before the transaction begins, since
no call is made while one is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from syncd.errors import ConnectorError, Interrupted, RateLimited, Refused, Transient
from syncd.links import Claim
from syncd.model import FINISHED_TICKET, Item, Page, Ref, Removed
from syncd.records import GONE, LinkState
from syncd.retry import reads
from syncd.store import CursorRow
from syncd.work import Work

MAX_FAILED = 3
"""Tickets of one page whose notes can't be read before it counts as the connector's trouble and not theirs."""


@dataclass(frozen=True, slots=True)
class Found:
    """A claim of an item, resolved to a ref."""

    claim: Claim
    other: Ref


def poll(work: Work, name: str) -> None:
    """Read on from every cursor of a connector.

    Raises:
        ConnectorError: a source could not be read; what was read before is kept.
    """
    for source in work.connectors[name].sources():
        _read_on(work, name, source, None)


def walk(work: Work, name: str, since: datetime | None = None) -> None:
    """Read every source of a connector from its beginning, or from ``since``; a walk broken off goes on.

    Raises:
        ConnectorError: a source could not be read; what was read before is kept.
    """
    connector, fresh = work.connectors[name], since is not None
    since = since or connector.start_from
    for source in reads(work.clock)(connector.sources):
        row = work.store.cursors.get(name, source)
        if row is None or not row.walking or fresh:
            row = row or CursorRow(name, source, "", walked=False, walking="", start_mark="", polled_at="")
            with work.store.write():
                work.store.cursors.put(replace(row, cursor="", walking=work.now))
        _read_on(work, name, source, since)


def _read_on(work: Work, name: str, source: str, since: datetime | None) -> None:
    """Pages until the last; a failure after some progress starts the retry policy anew."""
    done = False
    while not done:
        done = reads(work.clock)(_pages, work, name, source, since)


def _pages(work: Work, name: str, source: str, since: datetime | None) -> bool:
    row = work.store.cursors.get(name, source)
    cursor = row.cursor or None if row else None
    progress = False
    try:
        for page in work.connectors[name].changes(source, cursor, since):
            if work.clock.sleep(0):
                raise Interrupted("stopped between two pages")
            _absorb(work, name, source, page)
            progress = True
            if page.last:
                return True
    except (Transient, RateLimited):
        if not progress:
            raise
        return False
    return True


def _absorb(work: Work, name: str, source: str, page: Page) -> None:
    """One page, one transaction."""
    work.remember(page.items)
    row = work.store.cursors.get(name, source)
    first = row is None or not row.walked
    echoes = [item for item in page.items if work.store.snapshots.is_echo(item)]
    todo = [(item, resolve(work, item)) for item in page.items if item not in echoes]
    with work.store.write():
        for item in echoes:
            work.store.snapshots.touch(item.ref, work.now)
        for removed in page.removed:
            _take_removed(work, removed)
        changed = [item for item, found in todo if take(work, item, found, first_walk=first, cause="poll")]
        mark = max((item.version for item in page.items), default="")
        old = row or CursorRow(name, source, "", walked=False, walking="", start_mark="", polled_at="")
        work.store.cursors.put(
            replace(
                old,
                cursor=page.cursor,
                walked=old.walked or page.last,
                walking="" if page.last else old.walking,
                start_mark=max(old.start_mark, mark) if first else old.start_mark,
                polled_at=work.now,
            )
        )
    work.tally["items"] += len(page.items)
    work.progress(f"reading {name}", work.tally["items"], None)
    _read_notes(work, name, [item for item, _ in todo] if first else changed, first_walk=first)


def take(work: Work, item: Item, found: Iterable[Found], *, first_walk: bool, cause: str) -> bool:
    """One item as seen: its links, its snapshot, its group's place in the queue. Inside a transaction.

    Returns:
        Whether it is another than last time.
    """
    store, now = work.store, work.now
    before = store.snapshots.get(item.ref)
    for one in found:
        _link(work, item.ref, one, first_walk=first_walk)
    if isinstance(before, Removed):
        _revive(work, item.ref)
    changed = not isinstance(before, Item) or _differs(before, item)
    if not store.links.linked(item.ref):
        if isinstance(before, Item) or _awaits_links(work, item):  # an ended link may come back
            store.snapshots.put(item, now)
        return changed
    if isinstance(before, Item) and item.waiting is None and before.version == item.version:
        item = replace(item, waiting=before.waiting)  # a list that doesn't tell takes nothing away
    store.snapshots.put(item, now)
    if changed:
        ask(work, item.ref, cause)
    return changed


def ask(work: Work, ref: Ref, cause: str) -> None:
    """Queue an item's group. Inside a transaction."""
    key = work.store.links.group_of(ref)
    if key:
        work.store.queue.ask(key, cause, work.clock.now())


def resolve(work: Work, item: Item) -> list[Found]:
    """An item's claims with the refs behind them; asks the other system only for keys never met. No transaction."""
    found = []
    for claim in work.claims(item):
        try:
            ref = _ref(work, claim)
        except ConnectorError as error:  # one address that can't be looked up holds up no other item
            with work.store.write():
                work.store.journal.skip(item.ref, claim.key, error.what, work.now)
            continue
        if ref is not None:
            found.append(Found(claim, ref))
    return found


def _ref(work: Work, claim: Claim) -> Ref | None:
    seen = work.seen.get((claim.connector, claim.key.casefold()))
    known = seen.ref if seen else work.store.snapshots.by_key(claim.connector, claim.key)
    return known or reads(work.clock)(work.connectors[claim.connector].resolve, claim.key)


def _link(work: Work, ref: Ref, found: Found, *, first_walk: bool) -> None:
    """Make or confirm the link of a claim. A removal by a person stays removed."""
    store, now, claim = work.store, work.now, found.claim
    ticket, issue = work.pair(ref, found.other)
    known = store.links.pair(ticket, issue)
    if known is None:
        state = LinkState.LIVE if claim.trusted else LinkState.PROPOSED
        store.links.add(ticket, issue, state, claim.origin, filed=not first_walk, reason=claim.why, now=now)
        work.tally["linked" if claim.trusted else "proposed"] += 1
    elif known.state is LinkState.PROPOSED and claim.trusted:
        store.links.set_state(known, LinkState.LIVE, "", now)
        work.tally["linked"] += 1
    else:
        return
    if claim.trusted:
        _keep_seen(work, found.other)
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


def _take_removed(work: Work, removed: Removed) -> None:
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


def _read_notes(work: Work, name: str, items: list[Item], *, first_walk: bool) -> None:
    """Links that agents leave in notes, where the feed doesn't carry notes: a read per changed, unfinished ticket."""
    unread = [item for item in items if _awaits_links(work, item) and _unread(work, item, first_walk=first_walk)]
    failed = 0
    for done, item in enumerate(unread):
        work.progress(f"reading notes of {name}", done, len(unread))
        try:
            fresh = reads(work.clock)(work.connectors[name].fetch, [item.ref])[item.ref]
        except (Refused, Transient) as error:
            failed += 1
            if failed > MAX_FAILED:
                raise
            fresh = error
        if isinstance(fresh, Item):
            found = resolve(work, fresh)
            with work.store.write():
                take(work, fresh, found, first_walk=first_walk, cause="note")
                work.store.snapshots.notes_read(item.ref, fresh.version)
        elif isinstance(fresh, ConnectorError):
            with work.store.write():
                work.store.journal.skip(item.ref, "notes", fresh.what, work.now)


def _unread(work: Work, item: Item, *, first_walk: bool) -> bool:
    """On a first walk a ticket that is linked already is left alone: thousands of reads for a second link to few."""
    if first_walk and work.store.links.linked(item.ref):
        return False
    return work.store.snapshots.notes_read_at(item.ref) < item.version
