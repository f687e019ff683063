"""Moved: issues that go on elsewhere under a new ref, found when the feed of that place shows them.

Where a tracker gives an issue a new id with a new place, the feed there shows it as one that nobody has met, and the
one of the old place says nothing any more. So where an issue that is new to us names a ticket that waits for another
one of the same tracker, that one is read: it says where it is now.
"""

from __future__ import annotations

from collections.abc import Sequence

from syncd.ingest.named import Named
from syncd.model import Item, Ref, Role
from syncd.records import LinkState
from syncd.retry import reads
from syncd.work import IN_PLACE, Work


def moved(work: Work, name: str, todo: Sequence[tuple[Item, Named]]) -> list[Item]:
    """Linked issues that are among these under a new ref. No transaction.

    Raises:
        ConnectorError: it could not be told.
    """
    if work.role(name) is not Role.TRACKER:
        return []
    refs = {item.ref for item, _ in todo}
    others = sorted({other for item, named in todo for other in _others(work, item, named)} - refs, key=str)
    if not others:
        return []
    found = reads(work.clock, patience=IN_PLACE)(work.connectors[name].fetch, others)
    return [one for one in found.values() if isinstance(one, Item) and one.formerly is not None and one.ref in refs]


def _others(work: Work, item: Item, named: Named) -> list[Ref]:
    """What the tickets that a new issue names are linked with in the same tracker."""
    if work.store.snapshots.get(item.ref) is not None:
        return []
    tickets = {found.other for found in named.found if work.pair(item.ref, found.other)[1] == item.ref}
    links = [link for ticket in tickets for link in work.store.links.of(ticket)]
    live = [link.issue for link in links if link.state in (LinkState.LIVE, LinkState.FINAL)]
    return [issue for issue in live if issue.connector == item.ref.connector]


__all__ = ["moved"]
