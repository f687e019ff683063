"""Said: which texts of an item are to be carried to the other end of its links; none of their words are kept.

What was said before the pair was linked, or before the conversation was switched on, is history. That moment is kept by
the clock of the system on which it is said, reckoned from ours by how far that system's clock is ahead.

Everything here but :func:`switch` happens inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from syncd import guard
from syncd.clock import moment, stamp
from syncd.messages.quote import digest, fitting, may_carry
from syncd.messages.updates import is_passed_on
from syncd.model import Audience, Author, Item, Place, Ref, Text
from syncd.plan.group import CLOCKS_DIFFER
from syncd.records import Link, LinkState, Origin
from syncd.store import LEFT, Way
from syncd.work import Work


def switch(work: Work) -> None:
    """Keep since when each helpdesk's conversation is carried as its playbook says; a transaction, if that is news.

    Where nothing may be written nothing is switched on: what is said meanwhile is history once it may.
    """
    for name, desk in work.helpdesks.items():
        on: dict[Way, str] = {way: getattr(desk.playbook.conversation, way) for way in Way}
        news = work.store.carried.switched(name, on)
        if news and work.writes:
            with work.store.write():
                for way, what in news:
                    work.store.carried.switch(name, way, what, work.now)


def ends(link: Link, way: Way) -> tuple[Ref, Ref]:
    """Who speaks, and who hears."""
    return (link.ticket, link.issue) if way is Way.TO_ISSUE else (link.issue, link.ticket)


def ways(work: Work, link: Link) -> list[Way]:
    """Which ways anything is carried over a link."""
    desk = work.helpdesks.get(link.ticket.connector)
    if desk is None or link.state is not LinkState.LIVE:
        return []
    return [way for way in Way if getattr(desk.playbook.conversation, way) != "off"]


def _talks(work: Work, ref: Ref) -> list[tuple[Link, Way]]:
    """Where what is said on an item is carried to."""
    links = work.store.links.of(ref)
    return [(link, way) for link in links for way in ways(work, link) if ends(link, way)[0] == ref]


def is_heard(work: Work, ref: Ref) -> bool:
    """Whether what is said on an item is carried and among its texts, which are then read once per change."""
    return not _is_apart(work, ref) and bool(_talks(work, ref))


def _is_apart(work: Work, ref: Ref) -> bool:
    return work.connectors[ref.connector].capabilities.comments_apart


def notice(work: Work, item: Item, *, changed: bool = False) -> None:
    """Note which of the texts of an item are new, and which read otherwise now; then the group is asked for.

    ``changed``: something may have been said on it; where its texts don't show that, it is looked for.
    """
    for link in work.store.links.of(item.ref):
        begin(work, link)
    news, apart = False, _is_apart(work, item.ref)
    for link, way in _talks(work, item.ref):
        if apart and changed:
            work.store.carried.look(link.id, way)
        elif not apart and item.texts is not None:
            news |= take_down(work, link, way, item.texts)
    if news:
        work.ask(item.ref, "said")


def take_down(work: Work, link: Link, way: Way, said: Sequence[Text]) -> bool:
    """Note what is new of what was said at one end of a link; whether anything is."""
    carried = work.store.carried
    since, known, news = carried.since(link.id, way), carried.of(link.id, way), False
    muted = bool(work.store.commands.muted_since(link.ticket))
    texts = fitting(said)
    vanished = {row.digest: row for row in known.values() if row.text not in texts}
    for text in texts.values():
        row, now = known.get(text.id), digest(work.marker_key, text)
        if row is None and now in vanished:
            carried.renamed(vanished[now], text.id)
        elif row is not None and row.digest != now:
            carried.seen(row, now)
            news |= row.effect != LEFT
        elif row is None and since and is_due(work, text, link, way) and text.at and stamp(text.at) >= since:
            carried.add(link.id, way, text.id, now, left=muted)
            news |= not muted
    return news


def is_due(work: Work, text: Text, link: Link, way: Way) -> bool:
    """Whether such a text is carried this way. What strangers write on an issue that everybody reads is not."""
    if text.place is Place.BODY or not may_carry(text, on_ticket=way is Way.TO_ISSUE):
        return False
    if way is Way.TO_ISSUE:
        conversation = work.helpdesks[link.ticket.connector].playbook.conversation
        return text.place is not Place.NOTE or conversation.to_issue == "all"
    if is_passed_on(work, text, link):
        return False
    issue = work.store.snapshots.get(link.issue)
    private = isinstance(issue, Item) and guard.of(issue.audience) is Audience.PRIVATE
    return text.author is Author.TEAM or private


def is_new(work: Work, link: Link) -> bool:
    """Whether it is still to be kept since when what is said there is carried."""
    return any(not work.store.carried.since(link.id, way) for way in ways(work, link))


def begin(work: Work, link: Link) -> None:
    """From when on what is said there is carried, once that can be told.

    An issue that was filed for the ticket begins the talk, so that something may have been said already; one that syncd
    has filed gets all that was said on the ticket. Else it begins when the pair was linked, or when the conversation
    was switched on.
    """
    ticket, issue = (work.store.snapshots.get(ref) for ref in (link.ticket, link.issue))
    for way in ways(work, link):
        on, source = work.store.carried.on(link.ticket.connector, way), ends(link, way)[0]
        known = work.store.carried.since(link.id, way)
        if known or not (on and isinstance(ticket, Item) and isinstance(issue, Item)):
            continue
        since = moment(max(on, link.live_at)) + _ahead(work, source.connector)
        filed = link.live_at >= on and _is_filed(work, link, ticket, issue)
        if filed:
            since = issue.created_at
            if source != issue.ref and link.origin is Origin.SYNCD:  # nobody told engineers what was said before
                since = ticket.created_at
            elif source != issue.ref:
                since += _ahead(work, source.connector) - _ahead(work, issue.ref.connector)
        work.store.carried.begin(link.id, way, stamp(since), look=filed)


def _is_filed(work: Work, link: Link, ticket: Item, issue: Item) -> bool:
    """Whether an issue was filed for its ticket, so that it says itself since when they belong together."""
    if not link.filed or link.origin not in {Origin.BODY, Origin.SYNCD}:
        return False
    mark = work.start_marks().get(issue.ref.connector, "")
    return stamp(issue.created_at) > mark and issue.created_at >= ticket.created_at - CLOCKS_DIFFER


def _ahead(work: Work, connector: str) -> timedelta:
    return work.connectors[connector].ahead or timedelta()


__all__ = ["begin", "ends", "is_due", "is_heard", "is_new", "notice", "switch", "take_down", "ways"]
