"""What rules and standings are called when people read of them."""

from __future__ import annotations

RULES = {
    "filed": ("set to waiting, because an issue was filed", "ticket"),
    "issue_finished": ("resolved, because its issue was closed", "ticket"),
    "issue_reopened": ("set back to waiting, because its issue was reopened", "ticket"),
    "issue_moved": ("set to what goes with its issue's new status", "ticket"),
    "customer_waits": ("left open with a note: its issue was closed, but the customer wrote last", "ticket"),
    "closed_outside": ("left as it is with a note: its issue was closed by somebody from outside", "ticket"),
    "issue_gone": ("opened again with a note, because its issue is gone", "ticket"),
    "duplicate": ("left as it is with a note: its issue was closed as a duplicate", "ticket"),
    "conflict": ("left as it is with a note: it and its issue both changed", "ticket"),
    "drift": ("left as it is with a note: it and its issue do not go together", "ticket"),
    "ticket_resolved": ("told that its ticket was resolved", "issue"),
    "ticket_resolved+": ("closed, because its tickets were resolved", "issue"),
    "ticket_reopened": ("told that its ticket was reopened", "issue"),
    "ticket_reopened+": ("reopened, because its ticket was reopened", "issue"),
    "final_reopened": ("told that its ticket can't be opened again", "issue"),
}
"""Rule -> what happens to whom; with a ``+``, where a status was written and not only a note."""


def sentence(rule: str, *, status: bool) -> tuple[str, str]:
    """What happened, and to what."""
    return RULES.get(f"{rule}+", RULES[rule]) if status else RULES[rule]


STANDINGS = {
    "new": "not looked at yet",
    "agreed": "in step",
    "adopted": "taken over as it stood; nothing is written until one end changes",
    "told": "one end was told of the other's change; the ticket is the agents' own until the issue changes",
    "waits_for_agent": "the issue is closed, but the customer wrote last: resolved once an agent has answered",
    "waits_for_person": "the issue is a duplicate, and of what isn't known: a person decides",
    "conflict": "both ends changed and do not go together: change one of them so that they do",
    "drift": "the ends do not go together, though neither changed: change one of them so that they do",
    "unknown": "an end has a status that the mapping doesn't know: add it to the mapping",
}
"""Standing -> what it means, and what to do."""
