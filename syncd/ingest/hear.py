"""Hear: commands that a ticket shows become rows, each once; what becomes of them is :mod:`syncd.sync.obey`'s.

Everything here happens inside the caller's transaction.

History is no order. A command counts from the moment at which its helpdesk's first walk ended, by the helpdesk's own
clock: what is older is only remembered, so that it isn't taken for new when it is read again. A note counts once as a
whole, whatever is written into it later; a tag counts again once it has been away.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from syncd.clock import moment, stamp
from syncd.model import Item, Ref
from syncd.records import TAG, Command, Effect, LinkState, Verb, called
from syncd.store.commands import AWAY, PAST, SET, CommandRow
from syncd.texts import Kind
from syncd.work import Work


def hear(work: Work, item: Item, shown: Iterable[Command], *, past: bool) -> None:
    """Keep what a ticket commands. ``past``: a first walk shows it, so it is history."""
    desk = work.helpdesks.get(item.ref.connector)
    if desk is None or not desk.commands:
        return
    shown = tuple(shown)
    if any(command.verb is Verb.FILE for command in shown):  # when the ticket was made names its filing
        work.keep(item)
    known = work.store.commands.sources(item.ref)
    tags = {command.source: command for command in shown if command.source.startswith(TAG)}
    nth: dict[str, int] = {}
    for command in shown:
        if command.source not in known and command.source not in tags:
            nth[command.source] = nth.get(command.source, -1) + 1
            _keep(work, item, command, nth[command.source], past=past or not _is_order(work, item, command.at))
    for source, command in tags.items():
        _bear(work, item, command, known.get(source), past=past)
    for source, row in known.items():
        if row.tag and row.tag != AWAY and source not in tags and item.version > row.version:
            work.store.commands.shown(row.id, AWAY, item.version)


def _keep(work: Work, item: Item, command: Command, nth: int, *, past: bool) -> int:
    """A command that was never met before; what can't be done as it stands is told at once."""
    made = work.store.commands.add(item.ref, command, nth, now=work.now, outcome=PAST if past else command.fault)
    if command.fault and not past:
        given = stamp(command.at) if command.at else ""
        tell_failed(work, item.ref, called(command.verb, command.source), command.fault, given)
    return made


def _bear(work: Work, item: Item, command: Command, row: CommandRow | None, *, past: bool) -> None:
    """A ticket bears a tag: an order when it is new there, or again."""
    commands = work.store.commands
    if row is None:
        past = past or not work.store.cursors.walked(item.ref.connector) or _lay_outside(work, item)
        commands.shown(_keep(work, item, command, 0, past=past), SET, item.version)
    elif row.tag == AWAY and item.version > row.version:
        commands.shown(_keep(work, item, command, row.nth + 1, past=False), SET, item.version)
    elif row.tag != AWAY and item.version > row.version:
        commands.shown(row.id, row.tag, item.version)


def _is_order(work: Work, item: Item, at: datetime | None) -> bool:
    """Whether a note was written after the watch began; one of which nobody tells the time, as its ticket was made."""
    rows = [row for row in work.store.cursors.all() if row.connector == item.ref.connector]
    mark = max((row.start_mark for row in rows), default="")
    return any(row.walked for row in rows) and (not mark or (at or item.created_at) > moment(mark))


def _lay_outside(work: Work, item: Item) -> bool:
    """Whether the first walk didn't go back as far as this ticket, so that nobody knows how old its tags are."""
    begin = work.connectors[item.ref.connector].start_from
    return begin is not None and item.created_at < begin and work.store.snapshots.get(item.ref) is None


def tell_failed(work: Work, ticket: Ref, what: str, why: str, given: str = "") -> None:
    """``status`` says that a command wasn't done; the ticket, too, where it has a link and may be written to."""
    work.store.journal.skip(ticket, what, why, work.now)
    links = [link for link in work.store.links.of(ticket) if link.state is not LinkState.PROPOSED]
    if not (links and work.writes) or work.store.commands.muted_since(ticket) or is_unknown_time(work, given):
        return
    link = max(links, key=lambda one: (one.state is LinkState.LIVE, one.id))
    item = work.store.snapshots.get(ticket)
    values = {"ticket_key": ticket.key or ticket.id, "ticket_url": item.url if isinstance(item, Item) else ""}
    body = work.helpdesks[ticket.connector].playbook.render(Kind.COMMAND_FAILED, command=what, reason=why, **values)
    if body:
        turn = work.store.effects.count(link.id, Kind.COMMAND_FAILED)
        effect = Effect(link.id, Kind.COMMAND_FAILED, turn, ticket, body)
        work.store.effects.promise(effect, work.name(effect), work.clock.now())


def tell_done(work: Work, ticket: Ref) -> None:
    """What failed before is over, since another command was done."""
    commands = work.store.commands
    left = commands.failures(ticket)
    for row in commands.sources(ticket).values():
        if called(row.verb, row.source) not in left:
            work.store.journal.unskip(ticket, called(row.verb, row.source))


def is_unknown_time(work: Work, given: str) -> bool:
    """Whether a command was given when a state was at work that is lost: nobody knows whether it was done."""
    span = work.store.recalls.span()
    return span is not None and bool(given) and given <= span[1]
