"""Beside: a person has filed an issue for the same ticket at about the same time as we did (rule 17).

Both are kept; syncd closes neither. The row of ours names the other one as long as both are unfinished and linked, so
that ``status`` and an alert can tell; the ticket is told once, in an internal note.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from syncd.clock import moment
from syncd.model import UNFINISHED, Item, Ref
from syncd.records import Effect, Link, LinkState, Origin
from syncd.store import FilingRow
from syncd.texts import Kind
from syncd.work import Work

ABOUT = timedelta(hours=1)
"""How far apart they may have been made: a service's clock may be wrong."""
MEANT = frozenset({Origin.PERSON, Origin.FOLLOWED})
"""Links that somebody made knowing of ours, or that have come along with another."""


def look_again(work: Work) -> None:
    """What is private again is told once more, should it be opened up; asks nobody."""
    for subject in work.store.accepted.outdated():
        with work.store.write():
            work.store.accepted.forget(subject)


def look_beside(work: Work, desk: str) -> None:
    """Note what stands beside issues of ours, for tickets of this helpdesk; asks nobody."""
    for row in work.store.filings.several(desk):
        live = {link.issue: link for link in work.store.links.of(row.ticket) if link.state is LinkState.LIVE}
        mine = live.get(row.issue) if row.issue is not None else None
        others = (link for link in live.values() if mine is not None and _is_beside(work, row, link))
        other = next(others, None) if mine is not None and _unfinished(work, mine) else None
        name = other.issue.human if other is not None else ""
        if work.store.accepted.may_stand_beside(row.id, name):
            continue
        if name != row.beside:
            with work.store.write():
                work.store.filings.put(replace(row, beside=name))
                if mine is not None and other is not None:
                    _tell(work, mine, other.issue)


def _is_beside(work: Work, row: FilingRow, link: Link) -> bool:
    """Whether another of the ticket's issues was made by somebody who didn't know of ours."""
    item = work.store.snapshots.get(link.issue)
    if link.issue == row.issue or not isinstance(item, Item) or not _unfinished(work, link):
        return False
    if link.origin is Origin.SYNCD:
        ours = work.store.filings.of(row.ticket)
        return any(one.issue == link.issue and one.occasion == row.occasion for one in ours)
    return link.origin not in MEANT and abs(item.created_at - moment(row.began_at or row.filed_at)) <= ABOUT


def _unfinished(work: Work, link: Link) -> bool:
    item = work.store.snapshots.get(link.issue)
    return isinstance(item, Item) and work.issue_word(link.ticket.connector, item) in UNFINISHED


def _tell(work: Work, mine: Link, other: Ref) -> None:
    """An internal note, once for a pair. Inside a transaction."""
    effects, issue, ticket = work.store.effects, work.store.snapshots.get(mine.issue), mine.ticket
    if not work.writes or work.store.commands.muted_since(ticket) or effects.count(mine.id, Kind.TWO_ISSUES):
        return
    url = issue.url if isinstance(issue, Item) else ""
    values = {"issue_key": mine.issue.key, "issue_url": url, "reason": other.key or other.id}
    body = work.helpdesks[ticket.connector].playbook.render(Kind.TWO_ISSUES, **values)
    if body:
        effect = Effect(mine.id, Kind.TWO_ISSUES, 0, ticket, body)
        effects.promise(effect, work.name(effect), work.clock.now())


__all__ = ["look_again", "look_beside"]
