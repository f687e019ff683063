"""Occasions: messages to customers, and a note to agents, that belong to no link, each once per ticket.

Everything here happens inside the caller's transaction, and asks nobody: the message is promised, and leaves when
effects are settled. Nothing is promised where nothing may be written.
"""

from __future__ import annotations

from datetime import timedelta

from syncd import marker
from syncd.model import FINISHED_TICKET, Item, Ref
from syncd.plan.notes import wordings
from syncd.records import Effect
from syncd.store import FilingRow
from syncd.texts import Kind
from syncd.work import Work

APPROVAL_NEEDED = "approval_needed"
"""Somebody else than a representative has opened the ticket: no issue is filed until one agrees."""
ASSIGNED = "assigned"
"""The ticket has an agent now."""
TOLD_OF = ("no_issue", "refused", "not_authorised", "no_company", "not_answered", "no_place")
"""Reasons of which agents are told on the ticket."""


def note_agent(work: Work, before: object, item: Item) -> None:
    """A ticket that had no agent when it was last seen, and has one now."""
    desk = work.helpdesks.get(item.ref.connector)
    had_none = isinstance(before, Item) and before.assignees == ()
    if desk is not None and had_none and item.assignees and desk.mapping.word(item.status) not in FINISHED_TICKET:
        promise(work, item, ASSIGNED)


def note_unfiled(work: Work, row: FilingRow, rule: str, why: str) -> None:
    """An agent is to know why an escalated ticket has no issue, or none yet; once for each reason and turn.

    ``why`` is of the playbook's own words and of the names of places, labels, types and fields: nothing that a
    requester wrote, and no name of one.
    """
    playbook, ticket = work.helpdesks[row.ticket.connector].playbook, row.ticket
    if not work.writes or work.store.commands.muted_since(ticket):
        return
    body = playbook.render(Kind.NO_ISSUE, reason=why, **_named(work, ticket))
    if body:
        turn = row.turn * len(TOLD_OF) + TOLD_OF.index(rule)
        effect = Effect(0, Kind.NO_ISSUE, turn, ticket, body, shared=True)
        work.store.effects.promise(effect, work.name(effect), work.clock.now())


def _named(work: Work, ticket: Ref) -> dict[str, str]:
    """What a text may show of the ticket itself."""
    item = work.store.snapshots.get(ticket)
    values = {"ticket_key": ticket.key or ticket.id}
    if isinstance(item, Item):
        word = work.mapping(ticket.connector).word(item.status)
        values |= {"ticket_url": item.url, "ticket_word": word.value}
    return {name: marker.neutralise(value) for name, value in values.items()}


def promise(work: Work, item: Item, occasion: str) -> None:
    """A ticket's customer is to be told, unless that was promised before."""
    playbook = work.helpdesks[item.ref.connector].playbook
    how, ticket = playbook.how(occasion), item.ref
    if how == "off" or not work.writes or work.store.commands.muted_since(ticket):
        return
    said = wordings(playbook, f"message_{occasion}", _named(work, ticket))
    if said:
        now = work.clock.now()
        until = now + timedelta(seconds=playbook.late_after)
        internal = how != "public"
        effect = Effect(
            0, f"message_{occasion}", 0, ticket, "", internal=internal, shared=True, wordings=said, until=until
        )
        work.store.effects.promise(effect, work.name(effect), now)
