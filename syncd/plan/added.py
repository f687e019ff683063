"""Added: a ticket that comes to an issue which doesn't name it is named there, so that engineers find their way back.

Once, by a comment on a private issue, and only where syncd begins to bring the two into step: of what is adopted as it
stands nothing is written (rule 4). A tracker that keeps links shows them (:mod:`syncd.plan.shown`).
"""

from __future__ import annotations

from dataclasses import replace

from syncd.model import Item
from syncd.plan.asks import Outline, take_records
from syncd.plan.group import is_new
from syncd.plan.notes import issue_note
from syncd.plan.ticket import view
from syncd.records import Effect, Link, LinkState, Origin, Standing, Step, Why
from syncd.texts import Kind


def name_added(outline: Outline) -> None:
    """A comment for each new link; what was decided of the link is known once that is written, so that none is lost."""
    group = outline.group
    planned = [*outline.records, *(record for step in outline.steps for record in step.records)]
    begun = {one.link for one in planned if one.base is not None and one.standing is Standing.AGREED}
    for link in group.links:
        new = link.id in begun and link.id not in group.bases and link.state is LinkState.LIVE
        note = _note(outline, link) if new and is_new(group, link) and not _leads_back(outline, link) else None
        if note is not None:
            _add(outline, link, note)


def _leads_back(outline: Outline, link: Link) -> bool:
    """Whether the issue names the ticket already, or shows the link by itself."""
    playbook, able = outline.group.playbooks[link.ticket.connector], outline.group.can[link.issue.connector]
    return link.named or link.origin in (Origin.SYNCD, Origin.SYSTEM) or (playbook.issue_links and "links" in able)


def _note(outline: Outline, link: Link) -> Effect | None:
    ticket, issue = outline.group.items[link.ticket], outline.group.items[link.issue]
    if not isinstance(ticket, Item) or not isinstance(issue, Item):
        return None
    note = issue_note(view(outline.group, ticket, [link]), issue, Kind.TICKET_LINKED)
    return replace(note, turn=0) if note else None


def _add(outline: Outline, link: Link, note: Effect) -> None:
    """With the step that the issue has anyway, or as a step of its own."""
    records = take_records(outline, {link.id})
    for index, step in enumerate(outline.steps):
        if step.target == link.issue:
            more = tuple(one for one in records if one not in step.records)
            outline.steps[index] = replace(step, effects=(*step.effects, note), records=step.records + more)
            return
    issue = outline.group.items[link.issue]
    assert isinstance(issue, Item)  # noqa: S101  # there is a note for it
    word = outline.group.word(issue.ref, issue.status)
    why = Why("ticket_linked", "ticket", before=word, after=word)
    outline.steps.append(Step(issue.ref, (link.id,), why, effects=(note,), records=records))
