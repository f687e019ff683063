"""Carry: what was said on one end of a link is left on the other, each text once (rules 11, 12 and 14).

A text that is to be carried was noted when it was seen (:mod:`.said`), without its words: these, and who can read
the place where they go, are read afresh when they are sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syncd import guard
from syncd.clock import moment
from syncd.errors import ConnectorError, Gone, Refused, Transient
from syncd.ingest.said import begin, ends, is_new, take_down, ways
from syncd.messages.updates import SAME_SECOND, may_say_more
from syncd.model import Audience, Item, Ref, Removed, Role
from syncd.probe.observe import read, refuse_paused
from syncd.records import Link, LinkState
from syncd.retry import reads
from syncd.store import CarriedRow, EffectState, Way
from syncd.sync.talk import TEXTS, Opened, Talk, recall, tell
from syncd.work import IN_PLACE, Work

CLOCKS_DIFFER = timedelta(minutes=10)
"""How far the clocks of two services may be apart, for what was said about when a state was restored."""


def carry(work: Work, group: str) -> datetime | None:
    """Whatever is to be carried in a group; when to look again, if anything is left.

    Raises:
        ConnectorError: something of it could not be read or written, and is to be tried again.
    """
    if work.approved is not None:  # nothing but what a person has approved
        return None
    _begin_all(work, group)
    looks, pending = work.store.carried.looks(group), work.store.carried.pending(group)
    failed, left, again = list[ConnectorError](), TEXTS, list[datetime]()
    for number, way in sorted(looks.keys() | {(row.link, row.way) for row in pending}):
        link = work.store.links.get(number)
        if link is None or way not in ways(work, link):
            continue
        try:
            carried, later = _between(work, link, way, looks.get((number, way), 0), left)
        except ConnectorError as error:  # another link's other end may be there
            failed.append(error)
            continue
        left -= carried
        again += [later] if later else []
    if failed:
        raise failed[0]
    return work.clock.now() if left <= 0 else min(again, default=None)


def _begin_all(work: Work, group: str) -> None:
    links = [link for link in work.store.links.group(group)[0] if link.state is LinkState.LIVE and is_new(work, link)]
    if links:
        with work.store.write():
            for link in links:
                begin(work, link)


def _pending(work: Work, link: Link, way: Way) -> list[CarriedRow]:
    key = work.store.groups.of(link.ticket) or ""
    return [row for row in work.store.carried.pending(key) if (row.link, row.way) == (link.id, way)]


def _between(work: Work, link: Link, way: Way, look: int, most: int) -> tuple[int, datetime | None]:
    """From one end of a link to the other; how many texts were carried, and when there will be more to tell."""
    speaks, hears = ends(link, way)
    muted = bool(work.store.commands.muted_since(link.ticket))
    is_open = not muted and _is_open(work, hears, work.store.snapshots.get(hears))
    if not is_open and not (muted and look):
        return _leave(work, _pending(work, link, way)), None
    if most <= 0:
        return 0, None
    source = _speaker(work, link, way, speaks)
    again = work.clock.now() + SAME_SECOND if look and source is not None and may_say_more(work, source) else None
    if source is not None:
        with work.store.write():
            take_down(work, link, way, source.texts or ())
            if again is None:
                work.store.carried.looked(link.id, way, look)
    rows = _pending(work, link, way)
    target = fresh(work, hears) if rows and is_open else None
    if source is None or target is None or not _is_open(work, hears, target):
        return _leave(work, rows, exposed=target), again
    carried, later = _tell(Talk(work, link, way, source, target), rows, most)
    return carried, min(filter(None, (later, again)), default=None)


def _tell(talk: Talk, rows: Sequence[CarriedRow], most: int) -> tuple[int, datetime | None]:
    """What is to be carried and stands there still; how many texts that were, and when there will be more to tell."""
    work, link, way, there = talk.work, talk.link, talk.way, talk.texts
    _leave(work, [row for row in rows if row.text not in there])  # deleted, or made internal
    _recall(talk, [row for row in _pending(work, link, way) if row.text in there and not row.effect])
    try:
        return tell(talk, [row for row in _pending(work, link, way) if row.text in there], most)
    except Opened:
        return _leave(work, _pending(work, link, way), exposed=talk.target), None


def _recall(talk: Talk, new: Sequence[CarriedRow]) -> None:
    """What was said before an older state was restored may stand there already.

    Raises:
        ConnectorError: the end that hears could not be asked.
    """
    work, there, span = talk.work, talk.texts, talk.work.store.recalls.span()
    said = [at for row in new if (at := there[row.text].at) is not None]
    if span is None or not said or min(said) > moment(span[1]) + CLOCKS_DIFFER:
        return
    connector = work.connectors[talk.target.ref.connector]
    marks = reads(work.clock, patience=IN_PLACE)(connector.marks, talk.target.ref)
    with work.store.write():
        recall(talk, new, marks)


def _is_open(work: Work, ref: Ref, item: Item | Removed | None) -> bool:
    """Whether what was said may be left on an item: it isn't closed for good, and an issue is private."""
    if not isinstance(item, Item) or item.final or work.mapping(ref.connector).is_final(item.status):
        return False
    return work.role(ref.connector) is Role.HELPDESK or guard.of(item.audience) is Audience.PRIVATE


def _leave(work: Work, rows: Sequence[CarriedRow], exposed: Item | None = None) -> int:
    """What can't be carried isn't, later on either: it was said when nobody there was to read it.

    What stands there already stays as it is. ``exposed``: there, where it may be that everybody can read it by now.

    Raises:
        ConnectorError, BrakeOn: that item could not be read, so that this would be told.
    """
    if rows:
        with work.store.write():
            for row in rows:
                if row.state == EffectState.DONE:
                    work.store.carried.send(row, row.effect, row.digest)
            work.store.carried.leave(row for row in rows if row.state != EffectState.DONE)
    if exposed is not None and work.role(exposed.ref.connector) is Role.TRACKER:
        read(work, [exposed.ref])
    return 0


def _speaker(work: Work, link: Link, way: Way, ref: Ref) -> Item | None:
    """An end with what is said there now; None: it isn't there, or may not be read.

    Raises:
        ConnectorError: it could not be read now.
    """
    if not work.connectors[ref.connector].capabilities.comments_apart:
        return fresh(work, ref)
    known, since = work.store.snapshots.get(ref), work.store.carried.since(link.id, way)
    if not isinstance(known, Item) or not since:
        return None
    refuse_paused(work, ref.connector)
    try:
        said = reads(work.clock, patience=IN_PLACE)(work.connectors[ref.connector].comments, ref, moment(since))
    except (Gone, Refused):
        return None
    return replace(known, texts=tuple(said))


def fresh(work: Work, ref: Ref) -> Item | None:
    """An item as it is now; None: it isn't there, or may not be read.

    Raises:
        ConnectorError: it could not be read now.
    """
    refuse_paused(work, ref.connector)
    try:
        found = reads(work.clock, patience=IN_PLACE)(work.connectors[ref.connector].fetch, [ref])[ref]
    except (Gone, Refused):
        return None
    if isinstance(found, ConnectorError) and not isinstance(found, (Gone, Refused)):
        raise found
    if isinstance(found, Item) and found.ref != ref:  # the next poll follows it
        raise Transient(ref.connector, f"{ref.human} has moved")
    return found if isinstance(found, Item) else None


__all__ = ["carry", "fresh"]
