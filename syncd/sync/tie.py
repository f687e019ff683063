"""Tie and untie, mute and unmute: what a person says of a link or a ticket, which no text outweighs."""

from __future__ import annotations

from dataclasses import replace

from syncd.model import FINISHED_ISSUE, Item, Ref, Word
from syncd.plan.ticket import view
from syncd.probe.observe import load
from syncd.records import BY_PERSON, Base, Link, LinkState, Origin
from syncd.work import Work


def tie(work: Work, ticket: Ref, issue: Ref) -> None:
    """Link a pair, as filed; one that was proposed or had ended begins anew. Inside a transaction."""
    link = work.store.links.pair(ticket, issue)
    if link is None:
        work.store.links.add(ticket, issue, LinkState.LIVE, Origin.PERSON, filed=True, reason="", now=work.now)
    elif link.state in {LinkState.PROPOSED, LinkState.ENDED}:
        work.store.links.set_state(link, LinkState.LIVE, "", work.now)
        work.store.links.begin_anew(link, Origin.PERSON, filed=True)


def take_over(work: Work, ticket: Ref, issue: Ref) -> bool:
    """Link a pair that belongs together already, as adopted; False if it is linked. Inside a transaction.

    One that had ended begins anew.
    """
    link = work.store.links.pair(ticket, issue)
    if link is None:
        work.store.links.add(ticket, issue, LinkState.LIVE, Origin.PERSON, filed=False, reason="", now=work.now)
        return True
    if link.state not in {LinkState.PROPOSED, LinkState.ENDED}:
        return False
    work.store.links.set_state(link, LinkState.LIVE, "", work.now)
    work.store.links.begin_anew(link, Origin.PERSON, filed=False)
    return True


def untie(work: Work, link: Link) -> None:
    """End a link until :func:`tie`. Inside a transaction.

    A ticket that it alone kept waiting is decided anew on the next run.
    """
    left = _left_waiting(work, link)
    work.store.links.set_state(link, LinkState.ENDED, BY_PERSON, work.now)
    for other, base in left.items():
        work.store.links.put_base(other, base, work.now)
    work.ask(link.ticket, "removed")
    work.ask(link.issue, "removed")


def mute(work: Work, ticket: Ref) -> None:
    """Write nothing to a ticket any more, nor because of it to its issues, until :func:`unmute`. In a transaction."""
    work.store.commands.mute(ticket, work.now)


def unmute(work: Work, ticket: Ref) -> None:
    """From now on it is decided by what is true then. Inside a transaction."""
    work.store.commands.unmute(ticket)
    work.ask(ticket, "unmuted")


def _left_waiting(work: Work, link: Link) -> dict[int, Base]:
    """New bases for the ticket's other links, if their issues were finished all along and only this one was not.

    Their closing had no effect while the ticket waited; from now on it counts as a move of theirs.
    """
    key = work.store.groups.of(link.ticket)
    if key is None or link.state is not LinkState.LIVE:
        return {}
    group = load(work, key)
    item = group.items.get(link.ticket)
    links = [one for one in group.links if one.ticket == link.ticket and isinstance(group.items.get(one.issue), Item)]
    others = [one for one in links if one.id != link.id]
    if not isinstance(item, Item) or not others or link.id not in {one.id for one in links}:
        return {}
    before, after = view(group, item, links), view(group, item, others)
    if before.issues_base in FINISHED_ISSUE or after.issues_base not in FINISHED_ISSUE:
        return {}
    left = {}
    for one in others:
        native = group.mappings[one.issue.connector].native(Word.OPEN)
        if native is not None and one.id in group.bases:
            left[one.id] = replace(group.bases[one.id], issue=native, exempt=False, outside=False)
    return left
