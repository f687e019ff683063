"""Watch: a ticket that shows a trigger of its playbook's ``[file] when`` gets a row in ``filings``, each trigger once.

Everything here happens inside the caller's transaction, and asks nobody. What becomes of the rows is
:mod:`syncd.file`'s.

Only a trigger that appears after the start mark counts (rule 17): what a first walk shows is ``old``, and so is what a
ticket shows that lay outside of it, because nobody knows since when. A trigger counts again once it has been away.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from syncd import filing, marker
from syncd.clock import moment, precise, stamp
from syncd.config import Helpdesk
from syncd.model import FINISHED_TICKET, Author, Item, Place, Ref
from syncd.store import FilingRow, FilingState
from syncd.store.filings import ESCALATED
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
    by = filing.shown(item, desk.playbook.file.when, desk.mapping.word(item.status))
    last = work.store.filings.last(item.ref)
    if last is None:
        if by is not None:
            _begin(work, desk, item, by, old=first_walk or _lay_outside(work, item))
    elif item.version >= last.version:
        if by is None and last.stands:
            _is_away(work, item, last)
        elif by is not None and not last.stands:
            _is_back(work, desk, item, by, last)
        elif item.version > last.version and (last.stands or last.ordered):
            _is_as_before(work, desk, item, last)


def note_answer(work: Work, item: Item) -> None:
    """Keep when an agent first answered, of an escalated ticket whose texts show it."""
    if item.ref.connector in work.helpdesks:
        said = (text for text in item.texts or () if text.author is Author.TEAM and text.place is Place.COMMENT)
        first = min((text.at for text in said if text.at is not None), default=None)
        if first is not None:
            work.store.filings.answered(item.ref, precise(first))


def _begin(work: Work, desk: Helpdesk, item: Item, by: Condition, *, old: bool = False, turn: int = 0) -> None:
    due = precise(work.clock.now() + timedelta(seconds=desk.playbook.file_after))
    row = begun(work, item.ref, item.created_at, turn, due)
    row = replace(row, trigger=str(by), stands=True, version=item.version)
    work.store.filings.put(replace(row, state=FilingState.OLD, rule=_rule(desk, item)) if old else row)


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


def _is_away(work: Work, item: Item, last: FilingRow) -> None:
    """The next trigger counts as new; what has led to nothing yet is withdrawn, unless an agent has ordered it."""
    if last.state in OPEN and not last.ordered:
        last = replace(last, state=FilingState.WITHDRAWN)
    work.store.filings.put(replace(_again(work, last), stands=False, version=item.version))


def _again(work: Work, last: FilingRow) -> FilingRow:
    """A ticket that has changed may be filed by now."""
    return replace(last, state=FilingState.WAITING, due=work.now) if last.state is FilingState.UNFILED else last


def _is_as_before(work: Work, desk: Helpdesk, item: Item, last: FilingRow) -> None:
    news = replace(_again(work, last), version=item.version)
    work.store.filings.put(replace(news, rule=_rule(desk, item)) if news.state is FilingState.OLD else news)


def _is_back(work: Work, desk: Helpdesk, item: Item, by: Condition, last: FilingRow) -> None:
    """It is set, or set anew: a new turn, unless the one before is still under way, or has led to an issue."""
    stands = replace(last, stands=True, version=item.version)
    if last.state in {FilingState.UNFILED, FilingState.REFUSED}:  # an agent has ordered it
        work.store.filings.put(replace(stands, state=FilingState.WAITING, due=work.now, trigger=str(by)))
    elif last.state is FilingState.WITHDRAWN or (last.state in _OVER and not work.store.links.linked(item.ref)):
        _begin(work, desk, item, by, turn=last.turn + 1)
    else:
        work.store.filings.put(stands)


_OVER = frozenset({FilingState.FILED, FilingState.ADOPTED})


def _rule(desk: Helpdesk, item: Item) -> str:
    return FINISHED if desk.mapping.word(item.status) in FINISHED_TICKET or item.final else ""


def _lay_outside(work: Work, item: Item) -> bool:
    """Whether the first walk didn't go back as far as this ticket, or isn't over, so that nobody knows its age."""
    name = item.ref.connector
    begin = work.connectors[name].start_from
    unseen = begin is not None and item.created_at < begin and work.store.snapshots.get(item.ref) is None
    return unseen or not work.store.cursors.walked(name)


__all__ = ["begun", "note_answer", "order", "watch"]
