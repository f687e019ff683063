"""What is written on tickets and issues: the playbook's texts, filled with keys, addresses and words only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncd import marker
from syncd.clock import moment
from syncd.model import UNFINISHED, Audience, Item, Word
from syncd.plan.ticket import Ticket
from syncd.playbook import Playbook
from syncd.records import Effect, Wording
from syncd.texts import REQUESTER, render

INCIDENT = "message_incident_resolved"


def closing_notes(ticket: Ticket) -> tuple[Effect, ...]:
    """The internal closing note, and what the customer is to be told."""
    kind = "resolved" if ticket.issues_word is Word.DONE else "declined"
    issue = ticket.mover
    values = values_of(ticket, issue, count=len(ticket.links))
    message = Message(kind, message_name(ticket, issue, kind), values, _moved_at(ticket))
    if is_incident(ticket, issue):
        message = replace(message, occasion="incident_resolved", name=INCIDENT)
    body = "" if _stands(ticket) else ticket.playbook.render(kind, **values)
    return with_message(ticket, _effect(ticket, kind, body), message)


def sprint_notes(ticket: Ticket) -> tuple[Effect, ...]:
    """What is said when a sprint went by without the issue being done."""
    values = values_of(ticket, ticket.mover, count=len(ticket.links))
    message = Message("sprint_over", "message_sprint_over", values, _by_our_clock(ticket, moment(ticket.mover.version)))
    note = _effect(ticket, "sprint_over", ticket.playbook.render("sprint_over", **values))
    return with_message(ticket, note, message)


@dataclass(frozen=True, slots=True)
class Message:
    """What a customer is to be told: on which occasion, with which text, about a move of which time."""

    occasion: str
    name: str
    values: dict[str, str]
    about: datetime


def with_message(ticket: Ticket, note: Effect, message: Message) -> tuple[Effect, ...]:
    """A note, with a message as a draft in it, or beside it where it may go out or the note itself does (rule 14)."""
    how, until = ticket.playbook.how(message.occasion), message.about + timedelta(seconds=ticket.playbook.late_after)
    said = wordings(ticket.playbook, message.name, message.values) if how != "off" else ()
    if message.occasion in {"resolved", "declined"} and (other := ticket.playbook.how("incident_resolved")) != "off":
        many = wordings(ticket.playbook, INCIDENT, message.values)
        said += tuple(one._replace(incident=True) for one in many)  # people link incidents, too
        how = "public" if many and other == "public" else how
    public = how == "public" and ticket.group.now <= until
    notes = (note,) if note.body else ()
    if not said:
        return notes
    if note.internal and not public:
        return (replace(note, wordings=said),)
    kind = f"message_{message.occasion}"
    return (*notes, replace(note, kind=kind, body="", internal=not public, wordings=said, until=until))


def wordings(playbook: Playbook, name: str, values: dict[str, str]) -> tuple[Wording, ...]:
    """A message in every language that the playbook has it in."""
    found = []
    for locale, texts in (("", playbook.texts), *sorted(playbook.replies.texts.items())):
        source = texts.get(name, "")
        named, plain = render(source, values | {"requester": REQUESTER}), render(source, values)
        if named or plain:
            found.append(Wording(locale, named, plain))
    return tuple(found)


def message_name(ticket: Ticket, issue: Item, occasion: str) -> str:
    """The text for an occasion: of a closing the one that its reason, or a label of the issue, has of its own."""
    if occasion in {"resolved", "declined"}:
        worn = {issue.status.reason.casefold(), *(tag.casefold() for tag in issue.tags)}
        for reason, name in ticket.playbook.replies.by_reason.items():
            if reason.casefold() in worn:
                return name
    return f"message_{occasion}"


def is_incident(ticket: Ticket, issue: Item) -> bool:
    """Whether it was filed as an incident: that has messages of its own, and never those of another kind."""
    return ticket.group.kinds.get(issue.ref) == "incident"


def _moved_at(ticket: Ticket) -> datetime:
    """When the move was that a message is about. Where nobody tells its time, the last change counts."""
    by_status = not any(_what_counts(ticket, ticket.mover))
    return _by_our_clock(ticket, (ticket.mover.moved_at if by_status else None) or moment(ticket.mover.version))


def _by_our_clock(ticket: Ticket, when: datetime) -> datetime:
    return ticket.group.by_our_clock(when, ticket.mover.ref)


def issue_note(ticket: Ticket, issue: Item, kind: str, *, count: int = 1, about: Item | None = None) -> Effect | None:
    """A comment on an issue, or on it about another; none in public (rule 6)."""
    if issue.audience is not Audience.PRIVATE:
        return None
    values = values_of(ticket, about or issue, count=count)
    who = {"who": "", "assignee": marker.neutralise(", ".join(issue.assignees or ()))}  # who moved it isn't known
    body = ticket.playbook.render(kind, **values | who)
    link = next(link.id for link in ticket.links if link.issue == issue.ref)  # each of a ticket's issues is told
    return Effect(link, kind, ticket.turn, issue.ref, body) if body else None


def ticket_note(ticket: Ticket, kind: str) -> Effect | None:
    """An internal note on the ticket; None where the playbook has no text for it, or another note says it."""
    if kind == "issue_reopened" and _stands(ticket):
        return None
    body = ticket.playbook.render(kind, **values_of(ticket, ticket.mover, count=len(ticket.links)))
    return _effect(ticket, kind, body) if body else None


def _stands(ticket: Ticket) -> bool:
    """Whether a note on the ticket says how its issues stand, whatever they do."""
    able = ticket.group.can.get(ticket.item.ref.connector, frozenset())
    return ticket.playbook.conversation.status_note and "edits" in able


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
