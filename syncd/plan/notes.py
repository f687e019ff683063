"""What is written on tickets and issues: the playbook's texts, filled with keys, addresses and words only."""

from __future__ import annotations

from syncd import marker
from syncd.clock import moment
from syncd.model import UNFINISHED, Audience, Item, Word
from syncd.plan.ticket import Ticket
from syncd.records import Effect


def closing_notes(ticket: Ticket) -> tuple[Effect, ...]:
    """The internal closing note, with the customer's message as a draft in it, or on its own where it may go out."""
    kind = "resolved" if ticket.issues_word is Word.DONE else "declined"
    issue = ticket.mover
    values = values_of(ticket, issue, count=len(ticket.links))
    message = ticket.playbook.render(f"message_{kind}", **values)
    public = ticket.playbook.messages == "public" and not is_late(ticket)
    if message and public:
        return (*some(ticket_note(ticket, kind)), _effect(ticket, f"message_{kind}", message, internal=False))
    body = with_message(ticket, kind, f"message_{kind}", values)
    return (_effect(ticket, kind, body),) if body else ()


def with_message(ticket: Ticket, kind: str, message: str, values: dict[str, str]) -> str:
    """A note's text, and under it what an agent may want to send."""
    body = ticket.playbook.render(kind, **values)
    text = ticket.playbook.render(message, **values) if ticket.playbook.messages != "off" else ""
    if not text:
        return body
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    return f"{body}\n\nSuggested reply to the customer (not sent):\n\n{quoted}".strip()


def is_late(ticket: Ticket) -> bool:
    """A message about a move this old stays a draft (rule 14). Where nobody tells its time, the last change counts."""
    by_status = not any(_what_counts(ticket, ticket.mover))
    moved_at = (ticket.mover.moved_at if by_status else None) or moment(ticket.mover.version)
    return (ticket.group.now - moved_at).total_seconds() > ticket.playbook.late_after


def issue_note(ticket: Ticket, issue: Item, kind: str, *, count: int = 1) -> Effect | None:
    """A comment on an issue; none in public (rule 6)."""
    if issue.audience is not Audience.PRIVATE:
        return None
    values = values_of(ticket, issue, count=count)
    body = ticket.playbook.render(kind, **values | {"who": ""})  # who moved the ticket isn't known
    link = next(link.id for link in ticket.links if link.issue == issue.ref)  # each of a ticket's issues is told
    return Effect(link, kind, ticket.turn, issue.ref, body) if body else None


def ticket_note(ticket: Ticket, kind: str) -> Effect | None:
    """An internal note on the ticket; None where the playbook has no text for it."""
    body = ticket.playbook.render(kind, **values_of(ticket, ticket.mover, count=len(ticket.links)))
    return _effect(ticket, kind, body) if body else None


def _effect(ticket: Ticket, kind: str, body: str, *, internal: bool = True) -> Effect:
    link = ticket.links[0].id
    return Effect(link, kind, ticket.turn, ticket.item.ref, body, internal=internal, shared=True)


def some(effect: Effect | None) -> tuple[Effect, ...]:
    """One or none."""
    return (effect,) if effect else ()


def values_of(ticket: Ticket, issue: Item, *, count: int, word: Word | None = None) -> dict[str, str]:
    """What a template may name; nothing that a customer wrote. ``word``: the ticket's, if not its present one."""
    label, release = _what_counts(ticket, issue)
    return _named(ticket.item, word or ticket.word) | {
        "issue_key": marker.neutralise(issue.ref.key or issue.ref.id),
        "issue_url": marker.neutralise(issue.url),
        "issue_word": ticket.counts(issue).value,
        "issue_reason": marker.neutralise(issue.status.reason),
        "count": str(count),
        "who": "" if label or release else marker.neutralise(issue.moved_by),
        "label": marker.neutralise(label),
        "release": release,
    }


def lost_values(ticket: Item, word: Word, issue_key: str) -> dict[str, str]:
    """The same of an issue that is gone: only its key is known."""
    return _named(ticket, word) | {"issue_key": marker.neutralise(issue_key), "count": "0"}


def _named(ticket: Item, word: Word) -> dict[str, str]:
    values = {"ticket_key": ticket.ref.key or ticket.ref.id, "ticket_url": ticket.url, "ticket_word": word.value}
    return {name: marker.neutralise(value) for name, value in values.items()}


def _what_counts(ticket: Ticket, issue: Item) -> tuple[str, str]:
    """The label, or ``released``, where that and not the status makes the issue done for this ticket, or made it so."""
    link = next(link for link in ticket.links if link.issue == issue.ref)
    then, now = ticket.then(link), ticket.counts(issue)
    ahead = then in UNFINISHED and now in UNFINISHED  # what the ticket waits for
    if Word.DONE not in (then, now) and not ahead:
        return "", ""
    closed = ticket.group.word(issue.ref, issue.status) is Word.DONE
    release = ticket.playbook.resolve_when == "released" and issue.released is not None and (closed or ahead)
    return ticket.playbook.label, "released" if release else ""
