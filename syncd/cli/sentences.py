"""What rules and standings are called when people read of them."""

from __future__ import annotations

from typing import NamedTuple


class Sentence(NamedTuple):
    """What happened to whom, of one and of several."""

    one: str
    many: str
    what: str


def _ticket(one: str, many: str = "") -> Sentence:
    return Sentence(one, many or one, "ticket")


def _issue(one: str, many: str = "") -> Sentence:
    return Sentence(one, many or one, "issue")


RULES = {
    "filed": _ticket("set to waiting, because its issue is open", "set to waiting, because their issues are open"),
    "issue_finished": _ticket(
        "resolved, because its issue is finished",
        "resolved, because their issues are finished",
    ),
    "issue_reopened": _ticket(
        "set back to waiting, because its issue was reopened",
        "set back to waiting, because their issues were reopened",
    ),
    "issue_moved": _ticket(
        "set to what goes with its issue's new status",
        "set to what goes with their issues' new status",
    ),
    "customer_waits": _ticket(
        "left open with a note: its issue was closed, but the customer wrote last",
        "left open with a note each: their issues were closed, but the customers wrote last",
    ),
    "sprint_over": _ticket(
        "resolved, because its issue was not done within its sprint",
        "resolved, because their issues were not done within their sprint",
    ),
    "nobody_objects": _ticket(
        "closed, because nobody has done anything on it since it was resolved",
        "closed, because nobody has done anything on them since they were resolved",
    ),
    "cascade": _ticket(
        "left as it is with a note: its issue was closed, but it would resolve other tickets with it",
        "left as they are with a note each: their issues were closed, but they would resolve other tickets with them",
    ),
    "closed_outside": _ticket(
        "left as it is with a note: its issue was closed by somebody from outside",
        "left as they are with a note each: their issues were closed by somebody from outside",
    ),
    "issue_gone": _ticket(
        "opened again with a note, because its issue is gone",
        "opened again with a note each, because their issues are gone",
    ),
    "duplicate": _ticket(
        "left as it is with a note: its issue was closed as a duplicate",
        "left as they are with a note each: their issues were closed as duplicates",
    ),
    "conflict": _ticket(
        "left as it is with a note: it and its issue both changed",
        "left as they are with a note each: they and their issues both changed",
    ),
    "drift": _ticket(
        "left as it is with a note: it and its issue do not go together",
        "left as they are with a note each: they and their issues do not go together",
    ),
    "ticket_resolved": _issue("told that its ticket was resolved", "told that their tickets were resolved"),
    "ticket_resolved+": _issue(
        "closed, because its tickets were resolved", "closed, because their tickets were resolved"
    ),
    "ticket_linked": _issue("told of a ticket that was added to it", "told of tickets that were added to them"),
    "ticket_reopened": _issue("told that its ticket was reopened", "told that their tickets were reopened"),
    "ticket_reopened+": _issue(
        "reopened, because its ticket was reopened",
        "reopened, because their tickets were reopened",
    ),
    "promoted_closed": _issue(
        "told that its public counterpart was closed", "told that their public counterparts were closed"
    ),
    "promoted_closed+": _issue(
        "closed, because its public counterpart was", "closed, because their public counterparts were"
    ),
    "command": _issue("told that an agent wants it open", "told that agents want them open"),
    "command+": _issue("reopened, because an agent ordered it", "reopened, because agents ordered it"),
    "issue_filed": _issue("filed, because its ticket was escalated", "filed, because their tickets were escalated"),
    "command_link": _ticket("linked, because an agent ordered it", "linked, because agents ordered it"),
    "command_unlink": _ticket("unlinked, because an agent ordered it", "unlinked, because agents ordered it"),
    "command_mute": _ticket("muted, because an agent ordered it", "muted, because agents ordered it"),
    "command_unmute": _ticket(
        "no longer muted, because an agent ordered it", "no longer muted, because agents ordered it"
    ),
    "carried": Sentence(
        "given what was said on the other end",
        "given what was said on the other end of each",
        "item",
    ),
    "shown": Sentence(
        "brought up to date in what it shows of its links",
        "brought up to date in what they show of their links",
        "item",
    ),
    "undone": Sentence("put back to what it was", "put back to what they were", "item"),
    "final_reopened": _issue(
        "told that its ticket can't be opened again",
        "told that their tickets can't be opened again",
    ),
}
"""Rule -> what happens to whom; with a ``+``, where a status was written and not only a note."""


def sentence(rule: str, *, status: bool, count: int = 1) -> tuple[str, str]:
    """What happened to so many, and to what."""
    found = RULES.get(f"{rule}+", RULES[rule]) if status else RULES[rule]
    return (found.one if count == 1 else found.many), found.what


STANDINGS = {
    "new": ("not looked at yet", ""),
    "agreed": ("in step", ""),
    "adopted": (
        "adopted as it stood, though its ends do not go together: nothing is written until one of them changes",
        "adopted as they stood, though their ends do not go together: nothing is written until one of them changes",
    ),
    "told": (
        "one end was told of the other's change; the ticket is the agents' own until the issue changes",
        "one end was told of the other's change; the tickets are the agents' own until the issues change",
    ),
    "waits_for_agent": (
        "the issue is closed, but the customer wrote last: resolved once an agent has answered",
        "the issues are closed, but the customers wrote last: resolved once an agent has answered",
    ),
    "cascades": (
        "the issue is closed, but resolving the ticket would resolve others with it: resolve it by hand",
        "the issues are closed, but resolving the tickets would resolve others with them: resolve them by hand",
    ),
    "waits_for_person": (
        "the issue is a duplicate, and of what isn't known: link the ticket to that one, or resolve it",
        "the issues are duplicates, and of what isn't known: link the tickets to those, or resolve them",
    ),
    "conflict": (
        "both ends changed and do not go together: change one of them so that they do",
        "",
    ),
    "drift": (
        "the ends do not go together, though neither changed: change one of them so that they do",
        "",
    ),
    "unknown": (
        "an end has a status that the mapping doesn't know: add it to the mapping",
        "",
    ),
}
"""Standing -> what it means for one link, and for several where that reads otherwise; and what to do."""


def meaning(standing: str, count: int = 1) -> str:
    """What a standing means for so many links."""
    one, many = STANDINGS[standing]
    return one if count == 1 else many or one
