"""Quiet: a ticket that syncd has resolved, and on which nobody has done anything since, is closed (``close_after``).

That the requester is content a person knows; where none looks after it, silence has to do. What an agent has resolved
is the agents' own, and a requester who wrote last isn't closed upon (rule 7).
"""

from __future__ import annotations

from syncd.clock import moment
from syncd.model import FINISHED_ISSUE, Word
from syncd.plan.ticket import Ticket


def is_quiet(ticket: Ticket) -> bool:
    """Whether a ticket is to be closed now: its last change, and its issues', are as long ago as the playbook says."""
    limit, item, group = ticket.playbook.close_after, ticket.item, ticket.group
    if limit is None or ticket.word is not Word.RESOLVED or item.ref not in group.ours or item.waiting:
        return False
    if ticket.issues_word not in FINISHED_ISSUE or ticket.only_told:
        return False
    issues = (ticket.issue(link) for link in ticket.links)
    changes = [group.by_our_clock(one.moved_at or moment(one.version), one.ref) for one in issues]
    last = max(group.by_our_clock(moment(item.version), item.ref), *changes)
    return last <= ticket.playbook.timers.latest(limit, group.now)
