"""Take: an item as its system showed it becomes links, a snapshot, and its group's place in the queue.

A look-up that failed is remembered with the item, which is read again on a later poll: nothing named is lost. What
would fail again is passed over, and ``status`` says so until the item is mended, linked, done or gone.
"""

from __future__ import annotations

from dataclasses import replace

from syncd.ingest.follow import come_back, continue_, follow_canonical, hand_over, is_duplicate, revive
from syncd.ingest.hear import hear
from syncd.ingest.named import Found, Named
from syncd.ingest.said import is_heard, notice
from syncd.ingest.watch import note_answer, watch
from syncd.messages.occasions import note_agent
from syncd.model import FINISHED_ISSUE, FINISHED_TICKET, UNFINISHED, Item, Ref, Removed, Role
from syncd.records import LinkState, Standing
from syncd.work import Work


def take(work: Work, item: Item, named: Named, *, first_walk: bool, cause: str) -> None:
    """One item as seen: its links, its snapshot, its group's place in the queue. Inside a transaction.

    ``cause``: ``poll``, ``note``, ``read``; ``links``: it is as it was seen before, but for the links that it shows.
    """
    store = work.store
    before = store.snapshots.get(item.ref)
    for one in named.found:
        _link(work, item.ref, one, first_walk=first_walk)
        _note_named(work, item.ref, one)
    if isinstance(before, Removed):
        revive(work, item.ref)
    elif before is not None and is_duplicate(work, before) and not is_duplicate(work, item):
        come_back(work, item.ref, before)
    continue_(work, item, first_walk=first_walk)
    note_agent(work, before, item)
    hear(work, item, named.commands, past=first_walk and cause in {"poll", "links"})
    if cause != "links":
        watch(work, item, first_walk=first_walk)
        note_answer(work, item)
    linked = store.links.linked(item.ref)
    _say_passed(work, item, named, linked=linked)
    changed = not isinstance(before, Item) or _differs(before, work.kept(item))
    work.tally["echoes"] += not changed
    if not linked:
        _keep_unlinked(work, item, named, before, first_walk=first_walk)
        return
    if isinstance(before, Item) and item.waiting is None and before.version == item.version:
        item = replace(item, waiting=before.waiting)  # a list that doesn't tell takes nothing away
    work.keep(item)
    _mark(work, item, named, changed=changed, first_walk=first_walk)
    _note_open(work, item.ref)
    notice(work, item, changed=not isinstance(before, Item) or before.version != item.version)
    if changed:
        work.ask(item.ref, cause)
    if is_duplicate(work, item) and item.duplicate_of not in (None, item.ref):
        follow_canonical(work, item)


def _keep_unlinked(work: Work, item: Item, named: Named, before: Item | Removed | None, *, first_walk: bool) -> None:
    """An ended link may come back, and one that is only proposed is to be shown and accepted by its key."""
    known = before is not None or named.found or named.passed or item.follows
    if known or not named.complete or _awaits_links(work, item):
        changed = not isinstance(before, Item) or _differs(before, work.kept(item))
        work.keep(item)
        _mark(work, item, named, changed=changed, first_walk=first_walk)
    if isinstance(before, Removed):  # while it was gone nothing could be taken away that it shows of its links
        work.store.groups.regroup(item.ref, work.now)


def _mark(work: Work, item: Item, named: Named, *, changed: bool, first_walk: bool) -> None:
    """Whether it is to be read again: what it names wasn't all looked up, or its notes may name something.

    On a first walk a ticket that is linked already is left alone: thousands of reads for a second link to few.
    """
    snapshots = work.store.snapshots
    wanted = not named.complete
    awaits = _awaits_links(work, item) or _awaits_commands(work, item) or is_heard(work, item.ref)
    if not _shows_all(item) and awaits:
        wanted |= changed if not first_walk else not work.store.links.linked(item.ref)
    elif item.texts is not None and named.complete:
        snapshots.was_read(item.ref)
        wanted = not item.settled and awaits
        if wanted:
            work.unsettled.add(item.ref)
    if wanted:
        if changed and not first_walk:  # what is found now need not have been there on the first walk
            snapshots.was_read(item.ref)
        unread = not _shows_all(item) or not named.complete
        snapshots.read_again(item.ref, first_walk=first_walk and unread)


def _shows_all(item: Item) -> bool:
    """Whether an answer shows all that may hold a link."""
    return item.texts is not None and item.whole


def _say_passed(work: Work, item: Item, named: Named, *, linked: bool) -> None:
    """What this answer shows to be passed over; of a ticket that is done, and linked to nothing, it is nothing."""
    journal, desk = work.store.journal, work.helpdesks.get(item.ref.connector)
    if desk is not None and not linked and desk.mapping.word(item.status) in FINISHED_TICKET:
        journal.unskip(item.ref)
        return
    if _shows_all(item) or (desk is not None and not _notes_are_read(work, item.ref.connector)):
        journal.unskip_but(item.ref, {**named.passed, **work.store.commands.failures(item.ref)})
    for what, why in named.passed.items():
        journal.skip(item.ref, what, why, work.now)


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
        work.ask(ticket, "linked")
        hand_over(work, ticket, first_walk=first_walk)


def _note_named(work: Work, ref: Ref, found: Found) -> None:
    """An issue that names its ticket, however little that is believed, and whoever linked the two."""
    ticket, issue = work.pair(ref, found.other)
    if ref == issue:
        work.store.links.is_named(ticket, issue)


def _keep_seen(work: Work, ref: Ref) -> None:
    """The other end's snapshot, if this run's walk met it before anybody knew that it was linked."""
    item = work.seen.get((ref.connector, ref.key.casefold()))
    if item is not None and work.store.snapshots.get(ref) is None:
        work.keep(item)


def _note_open(work: Work, ref: Ref) -> None:
    """An issue that is seen unfinished before anything is decided of it: if it is finished by then, it has moved."""
    issue = work.store.snapshots.get(ref)
    if work.role(ref.connector) is Role.HELPDESK or not isinstance(issue, Item):
        return
    if work.mapping(ref.connector).word(issue.status) in UNFINISHED:
        work.store.commands.end_orders(ref)
    for link in work.store.links.of(ref):
        undecided = link.standing is Standing.NEW and work.store.links.base(link.id) is None
        is_open = work.issue_word(link.ticket.connector, issue) in UNFINISHED
        if undecided and is_open and link.filed and not link.seen_open:
            work.store.links.saw_open(link)


def take_removed(work: Work, removed: Removed) -> None:
    """What a feed says is gone. Inside a transaction."""
    work.seen.pop((removed.ref.connector, removed.ref.key.casefold()), None)
    before = work.store.snapshots.get(removed.ref)
    if isinstance(before, Item) and removed.version >= before.version:
        set_gone(work, removed)
        work.ask(removed.ref, "removed")
    elif before is None:
        work.store.tickets.forget(removed.ref)


def set_gone(work: Work, removed: Removed) -> None:
    """An item isn't there any more, nor is anything of it passed over. Inside a transaction."""
    work.store.snapshots.set_gone(removed, work.now)
    work.store.tickets.forget(removed.ref)
    work.store.journal.unskip(removed.ref)


def _differs(before: Item, item: Item) -> bool:
    """Whether a snapshot holds something else now; not all of it moves the version."""
    return any(getattr(before, name) != getattr(item, name) for name in _COMPARED)


_COMPARED = ("version", "status", "final", "audience", "cascades", "tags", "released")


def _awaits_links(work: Work, item: Item) -> bool:
    """An unlinked item that may hold a link one day where no feed shows it: remembered, and read once per change."""
    name = item.ref.connector
    return _notes_are_read(work, name) and work.mapping(name).word(item.status) not in FINISHED_TICKET | FINISHED_ISSUE


def _awaits_commands(work: Work, item: Item) -> bool:
    """A linked ticket, finished or not, on which an agent may have commanded something: its notes are read, too.

    A note in the very second of our own write is met with the next change, or by a sweep: more would cost a call for
    each write.
    """
    desk, hidden = work.helpdesks.get(item.ref.connector), work.connectors[item.ref.connector].capabilities
    return bool(desk and desk.commands and hidden.notes_hold_links) and work.store.links.linked(item.ref)


def _notes_are_read(work: Work, connector: str) -> bool:
    """Whether links are looked for where the feed of this connector doesn't show them: notes, remote links."""
    desk = work.helpdesks.get(connector)
    return (desk is None or desk.read_notes) and work.connectors[connector].capabilities.notes_hold_links
