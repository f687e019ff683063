"""Watch: a ticket that shows a trigger of its playbook's ``[file] when`` gets a row in ``filings``, each trigger once.

Everything here happens inside the caller's transaction, and asks nobody. What becomes of the rows is
:mod:`syncd.issues.file`'s.

Only a trigger that appears after the start mark counts (rule 17): what a first walk shows is ``old``, and so is what a
ticket shows that lay outside of it, or was there before these triggers were watched for, because nobody knows since
when. A trigger counts again once it has been away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncd import filing, marker
from syncd.clock import moment, precise, stamp
from syncd.config import Helpdesk
from syncd.model import FINISHED_TICKET, Author, Item, Place, Ref
from syncd.store import FilingRow, FilingState
from syncd.store.filings import ESCALATED, PROMOTED
from syncd.tables import Condition
from syncd.work import Work

OPEN = frozenset({FilingState.OLD, FilingState.WAITING, FilingState.UNFILED, FilingState.REFUSED})
"""Nothing was filed yet, and nothing is under way."""
ORDERED = str(Condition(command="/file"))
FINISHED = "finished"
"""The rule of an old one whose ticket is done: nobody asks for an issue any more."""


def watch(work: Work, item: Item, *, first_walk: bool) -> None:
    """Keep whether a ticket is escalated."""
    desk = work.helpdesks.get(item.ref.connector)
    if desk is None or not desk.playbook.file.when:
        return
    word = desk.mapping.word(item.status)
    by = str(filing.shown(item, desk.playbook.file.when, word) or "")
    _watch(_Seen(work, desk, item, by, ESCALATED, first_walk=first_walk))
    tag = filing.promotes(item, desk.playbook)
    _watch(_Seen(work, desk, item, f"the tag {tag}" if tag else "", PROMOTED, first_walk=first_walk))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A ticket as seen, and what it shows of an occasion: ``by``, empty for nothing."""

    work: Work
    desk: Helpdesk
    item: Item
    by: str
    occasion: str
    first_walk: bool


def _watch(seen: _Seen) -> None:
    item, last = seen.item, seen.work.store.filings.last(seen.item.ref, seen.occasion)
    if last is None:
        if seen.by:
            _begin(seen, old=seen.first_walk or _lay_outside(seen.work, item) or _is_older(seen))
    elif item.version >= last.version:
        if not seen.by and last.stands:
            _is_away(seen, last)
        elif seen.by and not last.stands:
            _is_back(seen, last)
        elif item.version > last.version and (last.stands or last.ordered):
            _is_as_before(seen, last)


def note_answer(work: Work, item: Item) -> None:
    """Keep when an agent first answered, of an escalated ticket whose texts show it."""
    if item.ref.connector in work.helpdesks:
        said = (text for text in item.texts or () if text.author is Author.TEAM and text.place is Place.COMMENT)
        first = min((text.at for text in said if text.at is not None), default=None)
        if first is not None:
            work.store.filings.answered(item.ref, precise(first))


def _begin(seen: _Seen, *, old: bool = False, turn: int = 0) -> None:
    """A new row. What is to be promoted must have an issue: else the tag only says where the first one goes."""
    work, item = seen.work, seen.item
    due = precise(work.clock.now() + timedelta(seconds=seen.desk.playbook.file_after))
    row = begun(work, item.ref, item.created_at, turn, due, occasion=seen.occasion)
    row = replace(row, trigger=seen.by, stands=True, version=item.version)
    if old:
        row = replace(row, state=FilingState.OLD, rule=_rule(seen))
    elif seen.occasion == PROMOTED and not work.store.links.linked(item.ref):
        row = replace(row, state=FilingState.WITHDRAWN)
    work.store.filings.put(row)


def begun(
    work: Work, ticket: Ref, created_at: datetime, turn: int, due: str, *, occasion: str = ESCALATED
) -> FilingRow:
    """A new row, as yet for no reason.

    Its name can be worked out again by whoever holds the marker key: it is made of the ticket's own time, so that an
    issue is found again of which an older or a lost state knows nothing.
    """
    made = moment(stamp(created_at))
    name = marker.name(work.marker_key, made, f"{ticket} {occasion} {turn}")
    return FilingRow(name, ticket, stamp(made), occasion, turn, FilingState.WAITING, work.now, due)


def order(work: Work, item: Item) -> None:
    """An agent wants an issue for a ticket that has none: looked at now, trigger or not, until there is one."""
    filings, last = work.store.filings, work.store.filings.last(item.ref)
    if last is not None and last.state in OPEN | {FilingState.WAITING}:
        filings.put(replace(last, state=FilingState.WAITING, ordered=True, due=work.now, rule="", reason="", tries=0))
    elif last is None or last.state not in {FilingState.SENT, FilingState.DOUBT}:
        turn, stands = (last.turn + 1, last.stands) if last is not None else (0, False)
        row = begun(work, item.ref, item.created_at, turn, work.now)
        filings.put(replace(row, ordered=True, trigger=ORDERED, stands=stands, version=item.version))


def _is_away(seen: _Seen, last: FilingRow) -> None:
    """The next trigger counts as new; what has led to nothing yet is withdrawn, unless an agent has ordered it."""
    if last.state in OPEN and not last.ordered:
        last = replace(last, state=FilingState.WITHDRAWN)
    seen.work.store.filings.put(replace(_again(seen.work, last), stands=False, version=seen.item.version))


def _again(work: Work, last: FilingRow) -> FilingRow:
    """A ticket that has changed may be filed by now."""
    return replace(last, state=FilingState.WAITING, due=work.now) if last.state is FilingState.UNFILED else last


def _is_as_before(seen: _Seen, last: FilingRow) -> None:
    news = replace(_again(seen.work, last), version=seen.item.version)
    seen.work.store.filings.put(replace(news, rule=_rule(seen)) if news.state is FilingState.OLD else news)


def _is_back(seen: _Seen, last: FilingRow) -> None:
    """It is set, or set anew: a new turn, unless the one before is still under way, or has led to an issue."""
    filings, item = seen.work.store.filings, seen.item
    stands = replace(last, stands=True, version=item.version)
    if last.state in {FilingState.UNFILED, FilingState.REFUSED}:  # an agent has ordered it
        filings.put(replace(stands, state=FilingState.WAITING, due=seen.work.now, trigger=seen.by))
    elif last.state is FilingState.WITHDRAWN or (last.state in _OVER and not seen.work.store.links.linked(item.ref)):
        _begin(seen, turn=last.turn + 1)
    else:
        filings.put(stands)


_OVER = frozenset({FilingState.FILED, FilingState.ADOPTED})


def _rule(seen: _Seen) -> str:
    finished = seen.desk.mapping.word(seen.item.status) in FINISHED_TICKET or seen.item.final
    return FINISHED if finished else ""


def _is_older(seen: _Seen) -> bool:
    """Whether the ticket was there before these triggers were watched for, and no whole walk has shown it since.

    A playbook that has changed makes nothing new of what people set long ago.
    """
    since = seen.work.store.filings.watched_since(seen.desk.name)
    return bool(since) and precise(seen.item.created_at) < since


def begin_watch(work: Work, name: str) -> None:
    """From now on these triggers of a helpdesk are watched for; a transaction of its own."""
    desk = work.helpdesks.get(name)
    if desk is None:
        return
    tags = sorted(tag for tag, row in desk.playbook.routing.tags.items() if row.place)
    triggers = "; ".join([*map(str, desk.playbook.file.when), *tags])
    since = work.now if work.store.cursors.walked(name) else ""
    with work.store.write():
        work.store.filings.watch(name, triggers, since)


def _lay_outside(work: Work, item: Item) -> bool:
    """Whether the first walk didn't go back as far as this ticket, or isn't over, so that nobody knows its age."""
    name = item.ref.connector
    begin = work.connectors[name].start_from
    unseen = begin is not None and item.created_at < begin and work.store.snapshots.get(item.ref) is None
    return unseen or not work.store.cursors.walked(name)


__all__ = ["begin_watch", "begun", "note_answer", "order", "watch"]
