"""Follow: links go along when their item moves, is merged, is a duplicate, comes back, or is continued by another.

Everything here happens inside the caller's transaction.
"""

from __future__ import annotations

from dataclasses import replace

from syncd.clock import stamp
from syncd.model import FINISHED_ISSUE, UNFINISHED, Item, Ref, Removed, Word
from syncd.records import GONE, Base, Link, LinkState, Origin
from syncd.work import Work

DUPLICATE_OF = "a duplicate of "
"""How the reason of a link begins that ended because its issue was a duplicate: it comes back if that was a mistake."""


def revive(work: Work, ref: Ref) -> None:
    """An item came back into sight: so do the links that ended with it (rule 10)."""
    for link in work.store.links.of(ref):
        if link.state is LinkState.ENDED and link.reason.startswith(GONE):
            _rejoin(work, link, work.store.links.base(link.id))


def come_back(work: Work, ref: Ref, duplicate: Item) -> None:
    """An issue is no duplicate any more: its tickets are its own again. What followed the canonical one stays, too."""
    links = work.store.links
    for link in links.of(ref):
        if link.issue == ref and link.state is LinkState.ENDED and link.reason.startswith(DUPLICATE_OF):
            canonical = links.pair(link.ticket, duplicate.duplicate_of) if duplicate.duplicate_of else None
            _rejoin(work, link, links.base(canonical.id if canonical else link.id))
            work.ask(ref, "no duplicate")


def _rejoin(work: Work, link: Link, agreed: Base | None) -> None:
    """A link that had ended goes on with what its issue was then, and what the ticket's links have agreed on since.

    Else what we ourselves wrote on the ticket meanwhile would be taken for a move of a person's.
    """
    links = work.store.links
    newest = links.newest_base(link.ticket)
    links.set_state(link, LinkState.LIVE, "", work.now)
    if agreed is not None and newest is not None:
        turn = max(agreed.turn, newest.turn)
        links.put_base(
            link.id, replace(newest, issue=agreed.issue, outside=agreed.outside, met=agreed.met, turn=turn), work.now
        )
    work.tally["revived"] += 1


def follow(work: Work, item: Item) -> None:
    """An item that goes on under another ref: links, effects and snapshot go along, once (rule 10)."""
    old, store = item.formerly, work.store
    if old is None:
        return
    store.tickets.forget(old)
    before = store.snapshots.get(old)
    if before is None and not store.links.linked(old) and store.filings.last(old) is None:
        return
    store.links.rekey(old, item.ref, work.now)
    store.effects.rekey(old, item.ref)
    store.shown.rekey(old, item.ref)
    store.commands.rekey(old, item.ref)
    store.filings.rekey(old, item.ref)
    store.journal.unskip(old)
    store.snapshots.rekey(old, item.ref)
    if not store.snapshots.is_old(work.kept(item)):
        work.keep(item)
    if isinstance(before, Removed):  # it seemed gone, until it was known where to
        revive(work, item.ref)
    work.tally["followed"] += 1
    work.ask(item.ref, "followed")


def continue_(work: Work, item: Item, *, first_walk: bool) -> None:
    """A follow-up ticket takes the links over of the one that it continues, each once (rule 9).

    With a finished issue goes what had been agreed, so that the follow-up counts as the requester's reopening. Where
    the issue is unfinished the follow-up waits for it as filed. An old one is adopted. Tags that it has from its
    parent ask for nothing: what was filed for the parent is the follow-up's, too.
    """
    parent, links, now = item.follows, work.store.links, work.now
    if parent is None:
        return
    since = work.start_marks().get(item.ref.connector, "")
    new, taken = not first_walk and stamp(item.created_at) > since, 0
    for link in links.of(parent):
        over = link.ticket == parent and link.state in {LinkState.LIVE, LinkState.FINAL}
        if not over or links.pair(item.ref, link.issue) is not None:
            continue
        there = links.add(item.ref, link.issue, LinkState.LIVE, Origin.FOLLOWED, filed=new, reason="", now=now)
        base = _inherited(work, link) if new else None
        if base is not None:
            links.put_base(there, base, now)
        taken += 1
    if taken:
        work.tally["followed"] += taken
        work.ask(item.ref, "followed")
        hand_over(work, item.ref, first_walk=first_walk)


def hand_over(work: Work, ticket: Ref, *, first_walk: bool) -> None:
    """What is linked to a ticket that others continue is linked to those."""
    for item in work.store.snapshots.following(ticket):
        continue_(work, item, first_walk=first_walk)


def _inherited(work: Work, link: Link) -> Base | None:
    """What the link of a finally closed ticket and a finished issue passes on; None: it begins as a new one."""
    base = work.store.links.base(link.id)
    ticket, issue = work.store.snapshots.get(link.ticket), work.store.snapshots.get(link.issue)
    if base is None or not isinstance(issue, Item):
        return base
    word = work.issue_word(link.ticket.connector, issue)
    if word in FINISHED_ISSUE:
        closed = ticket.status if isinstance(ticket, Item) else base.ticket
        met = work.helpdesks[link.ticket.connector].playbook.met(issue.tags, issue.released)
        return replace(base, ticket=closed, issue=issue.status, exempt=False, outside=issue.closed_outside, met=met)
    return None if word in UNFINISHED else base


def is_duplicate(work: Work, item: Item) -> bool:
    """Whether an issue's status says that another stands for it."""
    return work.mapping(item.ref.connector).word(item.status) is Word.DUPLICATE


def follow_canonical(work: Work, item: Item) -> None:
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
        elif own is not None and base is not None and _waited(work, link, base):
            # The ticket waited: should the canonical issue have been closed before, that speaks only now.
            links.put_base(there, replace(own, issue=base.issue, outside=False, met=base.met), work.now)
        work.tally["followed"] += 1
        key = work.store.groups.of(link.ticket)
        if key:
            work.store.queue.ask(key, "followed", work.clock.now())


def _waited(work: Work, link: Link, base: Base) -> bool:
    """Whether the ticket waited for the issue, when that was recorded."""
    word = work.mapping(link.issue.connector).word(base.issue)
    return work.helpdesks[link.ticket.connector].playbook.counts(word, base.met) in UNFINISHED
