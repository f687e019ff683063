"""Said: which texts of an item are to be carried to the other end of its links; none of their words are kept.

What was said before the pair was linked, or before the conversation was switched on, is history. Between clocks of
different services a moment is carried over by how far each service's clock is ahead of ours.

Everything here happens inside the caller's transaction.
"""

from __future__ import annotations

from datetime import timedelta

from syncd.clock import moment, stamp
from syncd.model import Item, Place, Ref, Text
from syncd.plan.group import CLOCKS_DIFFER
from syncd.quote import digest, fitting, may_carry
from syncd.records import Link, LinkState, Origin
from syncd.store import Way
from syncd.work import Work


def switch(work: Work) -> None:
    """Keep since when each helpdesk's conversation is carried as its playbook says; a transaction, if that is news."""
    for name, desk in work.helpdesks.items():
        on: dict[Way, str] = {way: getattr(desk.playbook.conversation, way) for way in Way}
        news = work.store.carried.switched(name, on)
        if news:
            with work.store.write():
                for way, what in news:
                    work.store.carried.switch(name, way, what, work.now)


def is_carried(work: Work, item: Ref, link: Link | None = None) -> bool:
    """Whether anything that is said on an item may be carried; then its texts are read once per change."""
    links = [link] if link else work.store.links.of(item)
    return any(one.state is LinkState.LIVE and _way(work, item, one) is not None for one in links)


def _way(work: Work, source: Ref, link: Link) -> Way | None:
    way = Way.TO_ISSUE if source == link.ticket else None
    desk = work.helpdesks.get(link.ticket.connector)
    return way if way and desk and getattr(desk.playbook.conversation, way) != "off" else None


def notice(work: Work, item: Item) -> None:
    """Note which texts are new, and which read otherwise now; then the group is asked for."""
    news = False
    for link in work.store.links.of(item.ref):
        if link.state is LinkState.LIVE:
            begin(work, link)
            way = _way(work, item.ref, link)
            if way is not None and item.texts is not None:
                news |= _notice(work, item, link, way)
    if news:
        work.ask(item.ref, "said")


def _notice(work: Work, item: Item, link: Link, way: Way) -> bool:
    carried = work.store.carried
    since, known, news = carried.since(link.id, way), carried.of(link.id, way), False
    muted = bool(work.store.commands.muted_since(link.ticket))
    texts = fitting(item.texts)
    vanished = {row.digest: row for row in known.values() if row.text not in texts}
    for text in texts.values():
        row, now = known.get(text.id), digest(work.marker_key, text)
        if row is None and now in vanished:
            carried.renamed(vanished[now], text.id)
        elif row is not None and row.digest != now:
            carried.seen(row, now)
            news = True
        elif row is None and since and is_due(work, text, link) and text.at and stamp(text.at) >= since:
            carried.add(link.id, way, text.id, now, left=muted)
            news |= not muted
    return news


def is_due(work: Work, text: Text, link: Link) -> bool:
    """Whether such a text is carried this way."""
    if text.place is Place.BODY or not may_carry(text):
        return False
    return text.place is not Place.NOTE or work.helpdesks[link.ticket.connector].playbook.conversation.to_issue == "all"


def is_new(work: Work, link: Link) -> bool:
    """Whether it is still to be kept since when what is said there is carried."""
    ways = [way for way in Way if _way(work, link.ticket, link) is way]
    return any(not work.store.carried.since(link.id, way) for way in ways)


def begin(work: Work, link: Link) -> None:
    """From when on what is said there is carried, once that can be told: kept by the clock of the end that speaks.

    An issue that was filed for the ticket begins the talk; else it begins when the pair was linked, or when the
    conversation was switched on.
    """
    ticket, issue = (work.store.snapshots.get(ref) for ref in (link.ticket, link.issue))
    for way in Way:
        source = link.ticket
        if work.store.carried.since(link.id, way) or _way(work, source, link) is None:
            continue
        on = work.store.carried.on(link.ticket.connector, way)
        if on and isinstance(ticket, Item) and isinstance(issue, Item):
            since = moment(max(on, link.live_at)) + _ahead(work, source.connector)
            if link.live_at >= on and _is_filed(work, link, ticket, issue):
                since = issue.created_at
                if source != issue.ref:
                    since += _ahead(work, source.connector) - _ahead(work, issue.ref.connector)
            work.store.carried.begin(link.id, way, stamp(since))


def _is_filed(work: Work, link: Link, ticket: Item, issue: Item) -> bool:
    """Whether an issue was filed for its ticket, so that it says itself since when they belong together."""
    if not link.filed or link.origin not in {Origin.BODY, Origin.SYNCD}:
        return False
    mark = work.start_marks().get(issue.ref.connector, "")
    return stamp(issue.created_at) > mark and issue.created_at >= ticket.created_at - CLOCKS_DIFFER


def _ahead(work: Work, connector: str) -> timedelta:
    return work.connectors[connector].ahead or timedelta()


__all__ = ["begin", "is_carried", "is_due", "is_new", "notice", "switch"]
