"""Obey: what agents command from a ticket is done, each command once, in the order given.

Links and muting are the state's own, so that a command is done in the transaction that says so; what follows from it
at the services is decided as ever. An issue is reopened by the plan: the order stands until the issue is unfinished, or
is refused for good. Steps in the journal: ``command_link``, ``command_unlink``, ``command_mute``, ``command_unmute``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from syncd.actions import Action
from syncd.defects import of_one_item, told
from syncd.errors import BrakeOn, ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.ingest.hear import is_unknown_time, tell_done, tell_failed
from syncd.ingest.named import UNASKED
from syncd.ingest.watch import order
from syncd.model import FINISHED_ISSUE, Item, Ref, Removed
from syncd.probe.observe import read
from syncd.probe.settle import passes
from syncd.records import TAG, Link, LinkState, Step, Verb, Why, called
from syncd.retry import reads
from syncd.store import CommandRow
from syncd.store.commands import AWAY, DONE, STUCK
from syncd.sync.tie import mute, tie, unmute, untie
from syncd.work import IN_PLACE, Work

_RULES = {
    Verb.LINK: "command_link",
    Verb.UNLINK: "command_unlink",
    Verb.MUTE: "command_mute",
    Verb.UNMUTE: "command_unmute",
}
NOTHING_LINKED = "no issue is linked to this ticket"


class _Fault(Exception):
    """Why a command can't be done, as its agent is told."""


def obey(work: Work, name: str | None = None) -> None:
    """Do what was commanded and nobody has done yet; ``name``: on tickets of this helpdesk.

    What has to wait for a service holds up the later commands of its ticket, and no other's.
    """
    if work.approved is not None:  # nothing but what a person has approved
        return
    behind: set[Ref] = set()
    for desk in [name] if name else list(work.helpdesks):
        for row in work.store.commands.open(desk) if desk in work.helpdesks else ():
            if row.ticket in behind or not _obeyed(work, row):
                behind.add(row.ticket)
        if desk in work.helpdesks and work.writes and _may_write(work, desk):
            _take_tags_away(work, desk)


def _obeyed(work: Work, row: CommandRow) -> bool:
    """One command. False: it has to wait."""
    try:
        _DO[row.verb](work, row)
    except (_Fault, Refused, Gone) as error:
        _fail(work, row, error.what if isinstance(error, ConnectorError) else str(error))
    except ConnectorError as error:
        if isinstance(error, (RateLimited, Unauthorized)):
            work.pause(error.connector, error.retry_after or UNASKED, error)
        return False
    except BrakeOn as error:
        work.say(str(error))
        return False
    except Exception as error:  # a defect that one command brings to light holds up no other (rule 13)
        if not of_one_item(error):
            raise
        _fail(work, row, f"{told(error)}. Please report it")
    return True


def _fail(work: Work, row: CommandRow, why: str) -> None:
    with work.store.write():
        if work.store.commands.close(row.id, why):
            tell_failed(work, row.ticket, called(row.verb, row.source), why, row.given_at)


def _done(work: Work, row: CommandRow) -> bool:
    """Whether it is ours to do, from here on in this transaction."""
    mine = work.store.commands.close(row.id, DONE)
    if mine:
        tell_done(work, row.ticket)
    return mine


def _journal(work: Work, row: CommandRow, links: Sequence[Link]) -> None:
    """A line for each link that it concerns."""
    step = Step(row.ticket, tuple(link.id for link in links), Why(_RULES[row.verb], "ticket"))
    group = work.store.groups.of(row.ticket) or str(row.ticket)
    work.store.journal.write(group, step, outcome=DONE, now=work.now)


def _links(work: Work, ticket: Ref, *states: LinkState) -> list[Link]:
    return [link for link in work.store.links.of(ticket) if link.ticket == ticket and link.state in states]


def _link(work: Work, row: CommandRow) -> None:
    issue = _issue(work, row)
    with work.store.write():
        if _done(work, row):
            tie(work, row.ticket, issue)
            work.ask(row.ticket, "command")
            _journal(work, row, [link for link in _links(work, row.ticket, LinkState.LIVE) if link.issue == issue])


def _issue(work: Work, row: CommandRow) -> Ref:
    """The issue that an address or key names; asked for at its tracker if nobody has met it yet.

    Raises:
        _Fault: there is none.
        ConnectorError: its tracker can't be asked now.
    """
    for name, key in _places(work, row):
        connector = work.connectors[name]
        known = work.store.snapshots.by_key(name, key)
        if known is not None:
            return known
        _refuse_paused(work, name)
        once = reads(work.clock, attempts=1, patience=IN_PLACE)
        try:
            found: Ref | None = once(connector.resolve, key)
        except (Refused, Gone):
            if ":" in row.argument:
                raise
            continue
        if found is not None and connector.capabilities.keys_are_ids:  # resolving it asked nobody
            found = None if isinstance(once(connector.fetch, [found])[found], Removed) else found
        if found is not None:
            return found
    names = [name for name, _ in _places(work, row)] or ["this helpdesk's tracker"]
    if len(names) > 1:
        raise _Fault(f"none of {', '.join(names)} has such an issue, or lets us see it")
    raise _Fault(f"{names[0]} has no such issue, or hides it from us")


def _places(work: Work, row: CommandRow) -> list[tuple[str, str]]:
    """(tracker, key): where the issue may be."""
    name, colon, key = row.argument.partition(":")
    trackers = [one for one in work.helpdesks[row.ticket.connector].trackers if one in work.connectors]
    return [(one, key if colon else row.argument) for one in trackers if not colon or one == name]


def _refuse_paused(work: Work, name: str) -> None:
    """Leave a connector alone that asked for it, or that a person has paused.

    Raises:
        ConnectorError: it is to be left alone; the command waits.
    """
    left = work.paused_for(name)
    if left or name in work.store.connectors.paused():
        raise Transient(name, "it is left alone for now", retry_after=left or UNASKED)


def _unlink(work: Work, row: CommandRow) -> None:
    places = {(name, key.casefold()) for name, key in _places(work, row)} if row.argument else None
    with work.store.write():
        linked = _links(work, row.ticket, LinkState.LIVE, LinkState.FINAL, LinkState.PROPOSED)
        meant = [x for x in linked if places is None or (x.issue.connector, x.issue.key.casefold()) in places]
        if not meant:
            raise _Fault(NOTHING_LINKED if places is None else "that issue is not linked to this ticket")
        if _done(work, row):
            _journal(work, row, meant)
            for link in meant:
                untie(work, link)


def _mute(work: Work, row: CommandRow) -> None:
    with work.store.write():
        if _done(work, row):
            mute(work, row.ticket)
            _journal(work, row, _links(work, row.ticket, LinkState.LIVE))


def _unmute(work: Work, row: CommandRow) -> None:
    with work.store.write():
        if _done(work, row):
            unmute(work, row.ticket)
            _journal(work, row, _links(work, row.ticket, LinkState.LIVE))


def _reopen(work: Work, row: CommandRow) -> None:
    """Its finished issues are to be reopened; the plan does it.

    One that seems open may have been closed a moment ago: that shows when its tracker has been read once more. It isn't
    read here, where a slow tracker would hold up the helpdesk (rule 13).
    """
    links, store = _links(work, row.ticket, LinkState.LIVE), work.store
    if not links:
        raise _Fault(NOTHING_LINKED)
    if store.commands.muted_since(row.ticket):
        raise _Fault("the ticket is muted")
    if is_unknown_time(work, row.given_at):
        raise _Fault("syncd's state was restored since, and nobody knows whether it was done; give it again")
    with store.write():
        finished = [link for link in _links(work, row.ticket, LinkState.LIVE) if _is_finished(work, link.issue)]
        for name in sorted({link.issue.connector for link in links if not finished}):
            tracker = store.connectors.get(name)
            if tracker is None or tracker.polled_at <= row.at:
                raise Transient(name, "it is yet to be read")
        if not finished:
            raise _Fault("none of its issues is closed")
        if _done(work, row):
            for link in finished:
                store.commands.order(link.id)
            work.ask(row.ticket, "command")


def _file(work: Work, row: CommandRow) -> None:
    """Its ticket is to become an issue; :mod:`syncd.issues.file` does that, and the order stands until it has one."""
    playbook, store = work.helpdesks[row.ticket.connector].playbook, work.store
    if not any(one.command for one in playbook.file.when):
        raise _Fault(
            f'the playbook {playbook.name} files nothing by command: [file] when has no {{ command = "/file" }}'
        )
    if store.commands.muted_since(row.ticket):
        raise _Fault("the ticket is muted")
    item = store.snapshots.get(row.ticket)
    if not isinstance(item, Item):
        raise _Fault("the ticket isn't there any more")
    with store.write():
        for link in _links(work, row.ticket, LinkState.LIVE, LinkState.FINAL):
            raise _Fault(f"it has {link.issue.human} already: use /link for another")
        if _done(work, row):
            order(work, item)


def _is_finished(work: Work, issue: Ref) -> bool:
    item = work.store.snapshots.get(issue)
    return isinstance(item, Item) and work.mapping(issue.connector).word(item.status) in FINISHED_ISSUE


def _may_write(work: Work, desk: str) -> bool:
    """Whether tags can be taken away there, and now."""
    held = {brake.connector for brake in work.store.brakes.on()} | work.store.connectors.paused()
    return work.connectors[desk].capabilities.sets_tags and desk not in held and not work.paused_for(desk)


def _take_tags_away(work: Work, desk: str) -> None:
    """Tags whose command has been seen to; one that is away by itself counts as well."""
    for ticket in dict.fromkeys(row.ticket for row in work.store.commands.to_take_away(desk)):
        try:
            read(work, [ticket])
            error = _untag(work, ticket)
        except ConnectorError as failed:
            error = failed
        except BrakeOn as brake:
            work.say(str(brake))
            return
        if error is not None and not error.doubt and not passes(error):
            with work.store.write():
                for row in _worn(work, ticket):
                    work.store.commands.shown(row.id, STUCK, row.version)


def _worn(work: Work, ticket: Ref) -> list[CommandRow]:
    return [row for row in work.store.commands.to_take_away(ticket.connector) if row.ticket == ticket]


def _untag(work: Work, ticket: Ref) -> ConnectorError | None:
    """Take them away in one call, and know its echo; why it wasn't done."""
    rows, name = _worn(work, ticket), ticket.connector
    item = work.store.snapshots.get(ticket)
    if isinstance(item, Removed):
        return Gone(name, f"{ticket.human} is {item.kind}")
    if not rows:
        return None
    tags = tuple(row.source.removeprefix(TAG) for row in rows)
    with work.feeds[name].pages.turn(work.clock):
        outcome = next(iter(work.connectors[name].apply([Action(ticket, untags=tags)])))
    error = outcome.error or outcome.aside
    if isinstance(error, ConnectorError):
        return error
    if error is not None:
        raise error  # a defect of the connector
    with work.store.write():
        for row in rows:
            work.store.commands.shown(row.id, AWAY, outcome.version)
        if isinstance(item, Item) and outcome.version:
            work.store.snapshots.wrote(ticket, item.status, outcome.version, work.now)
    return None


_DO: Mapping[Verb, Callable[[Work, CommandRow], None]] = {
    Verb.LINK: _link,
    Verb.UNLINK: _unlink,
    Verb.MUTE: _mute,
    Verb.UNMUTE: _unmute,
    Verb.REOPEN: _reopen,
    Verb.FILE: _file,
}


__all__ = ["obey"]
