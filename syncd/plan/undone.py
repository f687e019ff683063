"""Put back: the plan that gives items the status again that they had before syncd wrote another. Pure.

What is recorded is the present of both ends as it will be, so that nothing is written for it afterwards: where they go
together the link is in step, else it is adopted as it stands. A later move of an issue is followed as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from syncd.model import FINISHED_TICKET, Item, Ref, Status
from syncd.plan.group import Group
from syncd.plan.ticket import Ticket, view
from syncd.records import Link, LinkState, Plan, Record, Standing, Step, Why


@dataclass(frozen=True, slots=True)
class PutBack:
    """A status to put back, if the item still has the one that we wrote."""

    target: Ref
    expect: Status
    status: Status


def put_back(group: Group, wanted: Sequence[PutBack]) -> tuple[Plan, int] | None:
    """The plan for the first of what is not put back yet, and how many are left after it.

    One at a time, each with its record: if the next can't be put back, the first is no riddle to anybody. None if some
    of it can't be: an end has gone, moved, is final or muted.
    """
    live = [link for link in group.links if link.state is LinkState.LIVE]
    todo: list[tuple[PutBack, Item]] = []
    for one in wanted:
        item = _writable(group, one)
        if item is None or not _linked(live, one.target):
            return None
        if item.status != one.status:
            todo.append((one, item))
    steps = tuple(_step(group, one, item, _linked(live, one.target)) for one, item in todo[:1])
    return Plan(group.key, steps, links=tuple(link.id for link in group.links)), len(todo) - len(steps)


def _writable(group: Group, one: PutBack) -> Item | None:
    """The item as it is now, if it is as we left it or put back already, and may be written."""
    if one.target in group.muted:
        return None
    item, mapping = group.items.get(one.target), group.mappings[one.target.connector]
    if not isinstance(item, Item) or item.status not in (one.expect, one.status):
        return None
    final = item.final or mapping.is_final(item.status) or mapping.is_final(one.status)
    cascades = item.cascades and mapping.word(one.status) in FINISHED_TICKET  # others would be resolved with it
    return None if final or cascades else item


def _linked(live: Sequence[Link], ref: Ref) -> list[Link]:
    """The live links of every ticket that an item's status concerns."""
    tickets = {link.ticket for link in live if ref in (link.ticket, link.issue)}
    return [link for link in live if link.ticket in tickets]


def _step(group: Group, one: PutBack, item: Item, links: list[Link]) -> Step:
    after = replace(group, items={**group.items, one.target: replace(item, status=one.status)})
    mapping = group.mappings[one.target.connector]
    why = Why("undone", before=mapping.word(item.status), after=mapping.word(one.status))
    records: list[Record] = []
    for ref in sorted({link.ticket for link in links}, key=str):
        records += _records(after, ref, [link for link in links if link.ticket == ref])
    mine = tuple(link.id for link in links if one.target in (link.ticket, link.issue))
    return Step(one.target, mine, why, one.status, item.status, records=tuple(records))


def _records(after: Group, ref: Ref, links: list[Link]) -> tuple[Record, ...]:
    """What holds of a ticket's links once that is done."""
    item, there = after.items.get(ref), [link for link in links if isinstance(after.items.get(link.issue), Item)]
    if not isinstance(item, Item) or not there:
        return ()
    ticket: Ticket = view(after, item, there)
    if ticket.fits(ticket.issues_word, ticket.word):
        return ticket.records(Standing.AGREED)
    return ticket.records(Standing.ADOPTED, exempt=True)
