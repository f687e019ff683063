"""Occasions: messages to customers that belong to no link, each once per ticket.

Everything here happens inside the caller's transaction, and asks nobody: the message is promised, and leaves when
effects are settled. Nothing is promised where nothing may be written.
"""

from __future__ import annotations

from datetime import timedelta

from syncd import marker
from syncd.model import FINISHED_TICKET, Item
from syncd.plan.notes import wordings
from syncd.records import Effect
from syncd.work import Work

APPROVAL_NEEDED = "approval_needed"
"""Somebody else than a representative has opened the ticket: no issue is filed until one agrees."""
ASSIGNED = "assigned"
"""The ticket has an agent now."""


def note_agent(work: Work, before: object, item: Item) -> None:
    """A ticket that had no agent when it was last seen, and has one now."""
    desk = work.helpdesks.get(item.ref.connector)
    had_none = isinstance(before, Item) and before.assignees == ()
    if desk is not None and had_none and item.assignees and desk.mapping.word(item.status) not in FINISHED_TICKET:
        promise(work, item, ASSIGNED)


def promise(work: Work, item: Item, occasion: str) -> None:
    """A ticket's customer is to be told, unless that was promised before."""
    playbook = work.helpdesks[item.ref.connector].playbook
    how, ticket = playbook.how(occasion), item.ref
    if how == "off" or not work.writes or work.store.commands.muted_since(ticket):
        return
    word = work.mapping(ticket.connector).word(item.status)
    values = {"ticket_key": ticket.key or ticket.id, "ticket_url": item.url, "ticket_word": word.value}
    values = {name: marker.neutralise(value) for name, value in values.items()}
    said = wordings(playbook, f"message_{occasion}", values)
    if said:
        now = work.clock.now()
        until = now + timedelta(seconds=playbook.late_after)
        internal = how != "public"
        effect = Effect(
            0, f"message_{occasion}", 0, ticket, "", internal=internal, shared=True, wordings=said, until=until
        )
        work.store.effects.promise(effect, work.name(effect), now)
