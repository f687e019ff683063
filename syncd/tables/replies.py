"""``[replies]``: what customers are told, in which language, and when."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from syncd.schema import Table, Wrong
from syncd.tables.hours import Hours, Zone
from syncd.tables.parts import IssueKind, Name
from syncd.texts import KindName, Template


def _locale(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        raise Wrong("this is no language", 'Write it as "de" or "pt-BR"')
    return value


Locale = Annotated[str, BeforeValidator(_locale)]
How = Literal["off", "draft", "public"]
OCCASIONS = (
    *("filed", "resolved", "declined", "incident_resolved", "incident_update", "sprint_over"),
    *("approval_needed", "assigned"),
)
"""Each has a key of its own in ``[replies]``, and the text ``message_`` and its name."""
OPTIONAL = frozenset({"incident_update", "assigned"})
"""Off unless they are named: they cost calls, or many notes."""


class Replies(Table):
    """``[replies]``. What is said on each occasion stands in ``[texts]``: ``message_filed`` and so on.

    Attributes:
        filed, resolved, declined, incident_resolved, incident_update, sprint_over, approval_needed, assigned: what
            becomes of the message on this occasion; where nothing is said, what ``messages`` says, and of
            ``incident_update`` and ``assigned`` nothing.
        answered_first: nothing goes out to a requester whom no agent has answered yet: it stays a draft.
        quiet_hours: when nothing goes out; what would, waits for their end. See :mod:`syncd.tables.hours`.
        time_zone: whose hours these are.
        texts: messages in other languages, by locale and name: the requester's own locale (``pt-BR``), else its
            language (``pt``), else ``[texts]``.
        by_reason: which message a closing has by the reason that the issue was closed with, or by a label of it.
        updates_of: the kinds of issues on which an engineer's comment may be for customers.
        update_mark: the first line of such a comment; what stands below it they are told, once.
        sprint_label: the label that says that a sprint went by without the issue being done; empty: none does.
    """

    filed: How | None = None
    resolved: How | None = None
    declined: How | None = None
    incident_resolved: How | None = None
    incident_update: How | None = None
    sprint_over: How | None = None
    approval_needed: How | None = None
    assigned: How | None = None
    answered_first: bool = True
    quiet_hours: Hours = ()
    time_zone: Zone = "UTC"
    texts: dict[Locale, dict[KindName, Template]] = Field(default_factory=dict)
    by_reason: dict[Name, KindName] = Field(default_factory=dict)
    sprint_label: str = ""
    updates_of: Annotated[tuple[IssueKind, ...], Field(strict=False)] = ("incident",)
    update_mark: Name = "/customers"

    def update(self, comment: str) -> str:
        """What a comment on an issue says to customers: all that stands below its first line, if that is the mark."""
        first, _, rest = comment.strip().partition("\n")
        return rest.strip() if first.strip() == self.update_mark else ""
