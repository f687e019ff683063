"""What a system can do, as data."""

from __future__ import annotations

from dataclasses import dataclass

from syncd.model import Role


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a system can do, as data: the core looks here and nowhere else.

    Attributes:
        roles: the parts it can play.
        fetch_batch: how many items one call of ``fetch`` reads at best; 1 = a call per item.
        apply_batch: how many actions one call of ``apply`` writes at best; 1 = a call or more per action.
        status_with_notes: status and notes go in one call.
        sets_fields: it writes ``Action.fields``.
        sets_tags: it writes ``Action.tags`` and ``untags``.
        keeps_links: it writes ``Action.links`` and ``unlinks``, and tells none of them in ``Item.addresses``.
        internal_notes: it has notes that only the team sees.
        feed_texts: items of ``changes`` carry ``texts`` (bodies at least); where False, notes cost a ``fetch``.
        notes_hold_links: links may stand where the feed doesn't show them: in the notes of a ticket, in the remote
            links of an issue (``Item.whole``). Unlinked items that aren't finished are then read once per change.
        attribution: it tells who moved an item.
        probe: how ``find`` looks: ``listing`` (consistent) or ``search`` (an index, so looked for twice).
        can_create: it can file items.
        resolve_batch: how many keys one call of ``resolve_many`` takes; 1 = they are resolved one by one.
        keys_are_ids: a key names its item, so that ``resolve`` asks nobody.
        details: it tells what a ticket says (``detail``), so that tickets can be filed.
        time_entries: it tells the time that the team has noted on tickets (``time_spent``), for the report.
        edits_notes: a note of our own can be given another text (``Note.replaces``).
        boards: issues can be put on boards (``board``).
        comments_apart: what is said on an item isn't among its ``texts``; ``comments`` reads it, which costs calls.
    """

    roles: frozenset[Role]
    fetch_batch: int = 1
    apply_batch: int = 1
    status_with_notes: bool = False
    sets_fields: bool = False
    sets_tags: bool = False
    keeps_links: bool = False
    internal_notes: bool = False
    feed_texts: bool = False
    notes_hold_links: bool = False
    attribution: bool = False
    probe: str = "listing"
    can_create: bool = True
    resolve_batch: int = 1
    keys_are_ids: bool = False
    details: bool = False
    time_entries: bool = False
    edits_notes: bool = False
    boards: bool = False
    comments_apart: bool = False
