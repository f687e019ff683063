"""``[conversation]``: what is said on one end and carried to the other."""

from __future__ import annotations

from typing import Literal

from syncd.schema import Table


class Conversation(Table):
    """``[conversation]``: nothing is carried unless it says so.

    Attributes:
        to_issue: what is said on a ticket goes to its private issues as comments: public replies, or all of it,
            internal notes included. A public issue gets none of it, whatever stands here.
        to_ticket: what is said on an issue goes to its tickets as internal notes; never as a public reply.
        status_note: one note on each end says how the other end stands, and is edited in place, instead of a note for
            each move of the issue; where notes can't be edited there is none.
        attachments: whether files that came with it are listed as links.
    """

    to_issue: Literal["off", "public", "all"] = "off"
    to_ticket: Literal["off", "notes"] = "off"
    status_note: bool = False
    attachments: Literal["links", "off"] = "links"
