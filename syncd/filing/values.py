"""What filing decides, each with its reason in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.actions import Board
from syncd.tables import Rule


@dataclass(frozen=True, slots=True)
class Choice:
    """A value and why it was chosen; an empty value means none, and the reason says why there is none."""

    value: str = field(repr=False)
    why: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unfiled:
    """Why no issue is filed.

    Attributes:
        rule: ``nothing_filed``, ``not_escalated``, ``finished``, ``not_authorised``, ``no_company``, ``not_answered``,
            ``no_issue`` or ``no_place``.
        why: a sentence for people; it may name the requester and the company.
    """

    rule: str
    why: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """Where an issue goes and what it is, before anybody has looked who can read it there.

    Attributes:
        escalated: by what.
        place: the repository or project as the playbook has it (``acme/customer``, ``github:acme/customer``).
        area: of the keyword table, None where none is meant.
        others: further areas that the ticket may concern, and their teams.
        priority: without the label's prefix.
        proposed: a priority that keywords propose.
        labels: that don't depend on who can see them.
        remarks: what whoever looks at this ought to know.
    """

    escalated: Choice
    place: Choice
    kind: Choice
    priority: Choice
    proposed: Choice
    area: Choice
    rule: Rule | None
    others: tuple[str, ...] = ()
    labels: tuple[Choice, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filing:
    """An issue as it would be filed: all of :class:`Decision`, and what depends on who can see it.

    Attributes:
        type: the tracker's own type of issue, empty for its default.
        fields: of the issue's own, by the tracker's names.
        boards: on which it is put once it is there.
        new_labels: those of the labels that are made where the place has none of that name: the customer's.
    """

    decision: Decision
    audience: Choice
    labels: tuple[Choice, ...]
    team: Choice
    mention: Choice
    assignee: Choice
    title: Choice
    body: Choice
    type: Choice = Choice("", "")
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    boards: tuple[Board, ...] = field(default=(), repr=False)
    new_labels: tuple[str, ...] = field(default=(), repr=False)
