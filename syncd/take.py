"""Take: an item as its system showed it becomes links, a snapshot, and its group's place in the queue.

What an item names is looked up (:func:`resolve`) before the transaction begins, since no call is made while one is
open. A look-up that failed is remembered with the item, which is read again on a later poll: nothing named is lost.
What would fail again is passed over, and ``status`` says so until the item is mended, linked, done or gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from syncd.defects import of_one_item, told
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Unauthorized
from syncd.links import Claim
from syncd.model import FINISHED_TICKET, UNFINISHED, Item, Ref, Removed, Role, Word
from syncd.records import GONE, Base, Link, LinkState, Origin, Standing
from syncd.retry import reads
from syncd.work import IN_PLACE, Work

MAX_FAILED = 3
"""Look-ups of one page, or reads of one poll, that may fail before it counts as the connector's trouble."""
UNASKED = 60.0
"""Seconds that a system is left alone which limits us, or refuses our credential, without saying for how long."""
RECORD = "its record"
"""What is passed over of an item that could not be understood, until it changes."""
DUPLICATE_OF = "a duplicate of "
"""How the reason of a link begins that ended because its issue was a duplicate: it comes back if that was a mistake."""


@dataclass(frozen=True, slots=True)
class Found:
    """A claim of an item, resolved to a ref."""

    claim: Claim
    other: Ref


@dataclass(frozen=True, slots=True)
class Named:
    """What an item names. Not ``complete``: something could not be looked up, so the item is to be read again.

    ``passed``: what was put there as a link and leads nowhere, each with the reason.
    """

    found: tuple[Found, ...] = ()
    complete: bool = True
    passed: Mapping[str, str] = field(default_factory=dict)


def take(work: Work, item: Item, named: Named, *, first_walk: bool, cause: str) -> None:
    """One item as seen: its links, its snapshot, its group's place in the queue. Inside a transaction."""
    store, now = work.store, work.now
    before = store.snapshots.get(item.ref)
    for one in named.found:
        _link(work, item.ref, one, first_walk=first_walk)
    if isinstance(before, Removed):
        _revive(work, item.ref)
    elif before is not None and _is_duplicate(work, before) and not _is_duplicate(work, item):
        _come_back(work, item.ref, before)
    linked = store.links.linked(item.ref)
    _say_passed(work, item, named, linked=linked)
    changed = not isinstance(before, Item) or _differs(before, item)
    work.tally["echoes"] += not changed
    if not linked:
        # An ended link may come back, and one that is only proposed is to be shown and accepted by its key.
        known = before is not None or named.found or named.passed
        if known or not named.complete or _awaits_links(work, item):
            store.snapshots.put(item, now)
            _mark(work, item, named, changed=changed, first_walk=first_walk)
        return
    if isinstance(before, Item) and item.waiting is None and before.version == item.version:
        item = replace(item, waiting=before.waiting)  # a list that doesn't tell takes nothing away
    store.snapshots.put(item, now)
    _mark(work, item, named, changed=changed, first_walk=first_walk)
    _note_open(work, item.ref)
    if changed:
        ask(work, item.ref, cause)
    if _is_duplicate(work, item) and item.duplicate_of not in (None, item.ref):
        _follow_canonical(work, item)


def _mark(work: Work, item: Item, named: Named, *, changed: bool, first_walk: bool) -> None:
    """Whether it is to be read again: what it names wasn't all looked up, or its notes may name something.

    On a first walk a ticket that is linked already is left alone: thousands of reads for a second link to few.
    """
    snapshots = work.store.snapshots
    wanted = not named.complete
    if item.texts is None and _awaits_links(work, item):
        wanted |= changed if not first_walk else not work.store.links.linked(item.ref)
    elif item.texts is not None and named.complete:
        snapshots.was_read(item.ref)
        wanted = not item.settled and _awaits_links(work, item)
        if wanted:
            work.unsettled.add(item.ref)
    if wanted:
        if changed and not first_walk:  # what is found now need not have been there on the first walk
            snapshots.was_read(item.ref)
        unread = item.texts is None or not named.complete
        snapshots.read_again(item.ref, first_walk=first_walk and unread)


def _say_passed(work: Work, item: Item, named: Named, *, linked: bool) -> None:
    """What this answer shows to be passed over; of a ticket that is done, and linked to nothing, it is nothing."""
    journal, desk = work.store.journal, work.helpdesks.get(item.ref.connector)
    if desk is not None and not linked and desk.mapping.word(item.status) in FINISHED_TICKET:
        journal.unskip(item.ref)
        return
    if item.texts is not None or (desk is not None and not _notes_are_read(work, item.ref.connector)):
        journal.unskip_but(item.ref, named.passed)
    for what, why in named.passed.items():
        journal.skip(item.ref, what, why, work.now)


def ask(work: Work, ref: Ref, cause: str) -> None:
    """Queue an item's group. Inside a transaction."""
    key = work.store.links.group_of(ref)
    if key:
        work.store.queue.ask(key, cause, work.clock.now(), work.owner if work.approved is not None else "")


def resolve(work: Work, item: Item, failed: Counter[str] | None = None) -> Named:
    """An item's claims with the refs behind them; asks the other system only for keys never met. No transaction.

    Args:
        work: the run.
        item: with its texts and fields.
        failed: per connector the look-ups that failed so far, where several items are resolved in a row.
    """
    failed = Counter() if failed is None else failed
    found: list[Found] = []
    passed: dict[str, str] = {}
    complete = True
    try:
        claims = work.claims(item)
    except Exception as error:
        if not of_one_item(error):
            raise
        return Named(passed={RECORD: told(error)})
    for claim in claims:
        if work.paused_for(claim.connector) or failed[claim.connector] >= MAX_FAILED:
            complete = False
            continue
        try:
            ref, why = _ref(work, claim), f"{claim.connector} has no such item, or hides it from us"
        except (Refused, Gone) as error:
            ref, why = None, error.what
        except ConnectorError as error:  # one address that can't be looked up holds up no other item
            complete = False
            failed[claim.connector] += 1
            if isinstance(error, (RateLimited, Unauthorized)):
                work.pause(claim.connector, error.retry_after or UNASKED, error.what)
            continue
        if ref is not None:
            found.append(Found(claim, ref))
        elif claim.trusted:  # of what would only have been a proposal nobody needs to hear
            passed[claim.key] = why
    return Named(tuple(found), complete, passed)


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
    _note_open(work, issue)
    if claim.trusted:
        store.journal.unskip(ref, found.other.key)
        store.journal.unskip(found.other, ref.key)
        ask(work, ticket, "linked")


def _keep_seen(work: Work, ref: Ref) -> None:
    """The other end's snapshot, if this run's walk met it before anybody knew that it was linked."""
    item = work.seen.get((ref.connector, ref.key.casefold()))
    if item is not None and work.store.snapshots.get(ref) is None:
        work.store.snapshots.put(item, work.now)


def _note_open(work: Work, ref: Ref) -> None:
    """An issue that is seen unfinished before anything is decided of it: if it is finished by then, it has moved."""
    issue = work.store.snapshots.get(ref)
    if work.role(ref.connector) is Role.HELPDESK or not isinstance(issue, Item):
        return
    if work.mapping(ref.connector).word(issue.status) in UNFINISHED:
        for link in work.store.links.of(ref):
            undecided = link.standing is Standing.NEW and work.store.links.base(link.id) is None
            if undecided and link.filed and not link.seen_open:
                work.store.links.saw_open(link)


def _revive(work: Work, ref: Ref) -> None:
    """An item came back into sight: so do the links that ended with it (rule 10)."""
    for link in work.store.links.of(ref):
        if link.state is LinkState.ENDED and link.reason.startswith(GONE):
            _rejoin(work, link, work.store.links.base(link.id))


def _come_back(work: Work, ref: Ref, duplicate: Item) -> None:
    """An issue is no duplicate any more: its tickets are its own again. What followed the canonical one stays, too."""
    links = work.store.links
    for link in links.of(ref):
        if link.issue == ref and link.state is LinkState.ENDED and link.reason.startswith(DUPLICATE_OF):
            canonical = links.pair(link.ticket, duplicate.duplicate_of) if duplicate.duplicate_of else None
            _rejoin(work, link, links.base(canonical.id if canonical else link.id))
            ask(work, ref, "no duplicate")


def _rejoin(work: Work, link: Link, agreed: Base | None) -> None:
    """A link that had ended goes on with what its issue was then, and what the ticket's links have agreed on since.

    Else what we ourselves wrote on the ticket meanwhile would be taken for a move of a person's.
    """
    links = work.store.links
    newest = links.newest_base(link.ticket)
    links.set_state(link, LinkState.LIVE, "", work.now)
    if agreed is not None and newest is not None:
        turn = max(agreed.turn, newest.turn)
        links.put_base(link.id, replace(newest, issue=agreed.issue, outside=agreed.outside, turn=turn), work.now)
    work.tally["revived"] += 1


def take_removed(work: Work, removed: Removed) -> None:
    """What a feed says is gone. Inside a transaction."""
    work.seen.pop((removed.ref.connector, removed.ref.key.casefold()), None)
    before = work.store.snapshots.get(removed.ref)
    if isinstance(before, Item) and removed.version >= before.version:
        set_gone(work, removed)
        ask(work, removed.ref, "removed")


def set_gone(work: Work, removed: Removed) -> None:
    """An item isn't there any more, nor is anything of it passed over. Inside a transaction."""
    work.store.snapshots.set_gone(removed, work.now)
    work.store.journal.unskip(removed.ref)


def follow(work: Work, old: Ref, item: Item) -> None:
    """An item goes on under another ref: links, effects and snapshot go along (rule 10). Inside a transaction."""
    work.store.links.rekey(old, item.ref, work.now)
    work.store.effects.rekey(old, item.ref)
    work.store.journal.unskip(old)
    work.store.snapshots.drop(old)
    work.store.snapshots.put(item, work.now)
    work.tally["followed"] += 1


def _differs(before: Item, item: Item) -> bool:
    return (before.version, before.status, before.final, before.audience) != (
        item.version,
        item.status,
        item.final,
        item.audience,
    )


def _awaits_links(work: Work, item: Item) -> bool:
    """An unlinked ticket whose notes may hold a link one day: remembered, to read its notes once per change."""
    name = item.ref.connector
    return _notes_are_read(work, name) and work.mapping(name).word(item.status) not in FINISHED_TICKET


def _notes_are_read(work: Work, connector: str) -> bool:
    """Whether links are looked for in notes that the feed of this connector doesn't carry."""
    desk = work.helpdesks.get(connector)
    return desk is not None and desk.read_notes and work.connectors[connector].capabilities.notes_hold_links


def _is_duplicate(work: Work, item: Item) -> bool:
    return work.mapping(item.ref.connector).word(item.status) is Word.DUPLICATE


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
        links.set_state(link, LinkState.ENDED, f"{DUPLICATE_OF}{item.duplicate_of.human}", work.now)
        own: Base | None = None
        if known is None:
            state, origin, filed = LinkState.LIVE, Origin.FOLLOWED, link.filed
            there = links.add(link.ticket, item.duplicate_of, state, origin, filed=filed, reason="", now=work.now)
        else:
            there, own = known.id, links.base(known.id)
            if known.state is LinkState.PROPOSED:
                links.set_state(known, LinkState.LIVE, "", work.now)
        if own is None and base is not None:
            links.put_base(there, base, work.now)
        elif own is not None and base is not None and work.mapping(item.ref.connector).word(base.issue) in UNFINISHED:
            # The ticket waited: should the canonical issue have been closed before, that speaks only now.
            links.put_base(there, replace(own, issue=base.issue, outside=False), work.now)
        work.tally["followed"] += 1
        key = links.group_of(link.ticket)
        if key:
            work.store.queue.ask(key, "followed", work.clock.now())
