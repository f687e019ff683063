"""Which announcements there are to be: filings and links against the routes of the playbooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from syncd.clock import precise
from syncd.config import Helpdesk
from syncd.model import Item
from syncd.notify.routes import following, meant, sink_of
from syncd.notify.subject import EVENTS, LINK, issue_of
from syncd.store import AnnouncementRow, Store
from syncd.tables import Event, Route

LATE = timedelta(days=1)
"""What happened longer ago, nobody is told of: a playbook that begins to announce tells no old story."""


def due(store: Store, desks: Mapping[str, Helpdesk], now: datetime) -> Iterator[AnnouncementRow]:
    """First steps that nobody has stored yet."""
    announcing = {name: desk for name, desk in desks.items() if desk.playbook.announce.routes}
    if not announcing:
        return
    since, at = precise(now - LATE), precise(now)
    for desk, about, event, route in _asked(store, announcing, since):
        step = following(desk.playbook, route, -1)
        if step is None or store.announcements.chain((about, event, route.name)):
            continue
        if not _may_have_been_told(store, about, since):
            sink = sink_of(desk, route, step)
            yield AnnouncementRow(about, event, desk.name, route.name, step, made_at=at, due=at, sink=sink)


def _may_have_been_told(store: Store, about: str, since: str) -> bool:
    """Whether its issue was made in a time of which this state knows less than was done, as after a restore."""
    began, ended = store.recalls.span() or ("", "")
    issue = issue_of(store, about) if ended > since else None
    seen = store.snapshots.get(issue) if issue else None
    return isinstance(seen, Item) and began <= precise(seen.created_at) <= ended


def _asked(store: Store, desks: Mapping[str, Helpdesk], since: str) -> Iterator[tuple[Helpdesk, str, Event, Route]]:
    """What has a route. Of what people filed or linked, its conditions can be told only once it was read."""
    for filing in store.filings.to_tell(since):
        desk, event = desks.get(filing.ticket.connector), EVENTS[filing.state]
        for route in desk.playbook.announce.routes if desk else ():
            holds = desk is not None and (event == "adopted" or meant(route, filing, desk.playbook))
            if desk and event in route.on and holds:
                yield desk, filing.id, event, route
    if not any("critical" in route.on for desk in desks.values() for route in desk.playbook.announce.routes):
        return
    for link in store.links.fresh(since):
        desk = desks.get(link.ticket.connector)
        for route in desk.playbook.announce.routes if desk else ():
            if desk and "critical" in route.on:
                yield desk, f"{LINK}{link.id}", "critical", route
