"""Promoted: a public issue closes the private ones that were promoted to it, where the playbook has that switched on.

It is closed as the public one was, done or declined, with one comment; what becomes of the tickets follows from that,
as from any other closing. Only the public issue's own move closes anything: what a person reopens afterwards stays so.
"""

from __future__ import annotations

from collections.abc import Iterator

from syncd.model import UNFINISHED, Audience, Word
from syncd.plan.asks import Ask
from syncd.plan.ticket import Ticket

RULE = "promoted_closed"


def closes(ticket: Ticket) -> Iterator[Ask]:
    """What the ticket's public issue asks of its private ones: those that it had before the public one."""
    group = ticket.group
    for made in ticket.links if ticket.playbook.file.close_promoted else ():
        public = ticket.issue(made)
        finished = ticket.counts(public) in (Word.DONE, Word.DECLINED)
        if public.ref not in group.promoted or not finished or not ticket.finishes(made):
            continue
        for link in ticket.links:
            issue = ticket.issue(link)
            unfinished = group.word(issue.ref, issue.status) in UNFINISHED
            private = issue.audience is Audience.PRIVATE and issue.ref not in group.promoted
            if link.id < made.id and unfinished and private:
                yield Ask(ticket, issue, "close", RULE, public)
