"""Occasions: messages to customers, and a note to agents, that belong to no link, each once per ticket.

Everything here happens inside the caller's transaction, and asks nobody: the message is promised, and leaves when
effects are settled. Nothing is promised where nothing may be written.
"""

from __future__ import annotations

from datetime import timedelta

from syncd import marker
from syncd.model import FINISHED_TICKET, Item
from syncd.plan.notes import wordings
from syncd.records import Effect
from syncd.texts import Kind
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


def note_no_issue(work: Work, item: Item, why: str, turn: int) -> None:
    """An agent is to know why an escalated ticket gets no issue, and what happens instead; once per filing's turn.

    ``why`` is of the playbook's own words and of the names of types, tags and fields: nothing that a requester wrote.
    """
    playbook, ticket = work.helpdesks[item.ref.connector].playbook, item.ref
    if not work.writes or work.store.commands.muted_since(ticket):
        return
    body = playbook.render(Kind.NO_ISSUE, reason=why, **_named(work, item))
    if body:
        effect = Effect(0, Kind.NO_ISSUE, turn, ticket, body, shared=True)
        work.store.effects.promise(effect, work.name(effect), work.clock.now())


def _named(work: Work, item: Item) -> dict[str, str]:
    """What a text may show of the ticket itself."""
    word = work.mapping(item.ref.connector).word(item.status)
    values = {"ticket_key": item.ref.key or item.ref.id, "ticket_url": item.url, "ticket_word": word.value}
    return {name: marker.neutralise(value) for name, value in values.items()}


def promise(work: Work, item: Item, occasion: str) -> None:
    """A ticket's customer is to be told, unless that was promised before."""
    playbook = work.helpdesks[item.ref.connector].playbook
    how, ticket = playbook.how(occasion), item.ref
    if how == "off" or not work.writes or work.store.commands.muted_since(ticket):
        return
    said = wordings(playbook, f"message_{occasion}", _named(work, item))
    if said:
        now = work.clock.now()
        until = now + timedelta(seconds=playbook.late_after)
        internal = how != "public"
        effect = Effect(
            0, f"message_{occasion}", 0, ticket, "", internal=internal, shared=True, wordings=said, until=until
        )
        work.store.effects.promise(effect, work.name(effect), now)
