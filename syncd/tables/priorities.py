"""``[priorities]`` and ``[customer]``: how urgent an issue is, and whose."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from syncd.schema import Table, Wrong
from syncd.tables.parts import Handle, Name, Names, exactly_one, plain


class Source(Table):
    """Where a severity or tier stands: a ticket's field, tag, type or priority, or a field of its company's record."""

    field: Name | None = None
    tag: Name | None = None
    company_field: Name | None = None
    ticket: Literal["type", "priority"] | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        exactly_one(self, ("field", "tag", "company_field", "ticket"))
        return self


class Told(Table):
    """How a severity or tier is found: by the first source that tells one, else the default.

    Attributes:
        told_by: sources in order; of a tag what it begins with (``tier_`` for ``tier_1``).
        values: the helpdesk's own values -> the playbook's, where they differ.
        default: where nothing tells; empty: then there is none.
    """

    told_by: Annotated[tuple[Source, ...], Field(strict=False)] = ()
    values: dict[Name, Annotated[Name, BeforeValidator(plain)]] = Field(default_factory=dict)
    default: Annotated[str, BeforeValidator(plain)] = ""


class Proposal(Table):
    """Keywords that propose a priority to whoever triages, and decide nothing."""

    keywords: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
    priority: Name


class Priorities(Table):
    """``[priorities]``: a decision table, severity x tier.

    Attributes:
        prefix: what the label of a priority begins with.
        also: other beginnings that are recognised in a tag set by hand.
        labelled: whether the priority is a label of the issue; where not, only its text may show it.
        tiers: the columns; empty where severity alone decides.
        table: severity -> priority, or tier -> priority.
        no_issue: priorities for which none is filed: why, and what happens instead.
    """

    prefix: str = ""
    also: Names = ()
    labelled: bool = True
    tiers: Annotated[tuple[Annotated[Name, BeforeValidator(plain)], ...], Field(strict=False)] = ()
    severity: Told = Told()
    tier: Told = Told()
    table: dict[Name, Name | dict[Name, Name]] = Field(default_factory=dict)
    proposals: Annotated[tuple[Proposal, ...], Field(strict=False)] = ()
    no_issue: dict[Name, Name] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for severity, row in self.table.items():
            if isinstance(row, dict) and set(row) != set(self.tiers):
                what = f"the row {severity!r} of the table doesn't have each tier once"
                cure = ", ".join(self.tiers) or "none; write one priority instead of the row"
                raise Wrong(what, f"Give it exactly these: {cure}")
        _known("severity", {self.severity.default, *self.severity.values.values()}, self.table)
        _known("tier", {self.tier.default, *self.tier.values.values()}, self.tiers)
        _known("priority", {*self.no_issue, *(one.priority for one in self.proposals)}, self.levels)
        if self.tiers and not self.tier.default:
            raise Wrong("no tier holds where none is told", f"Add default to tier, one of: {', '.join(self.tiers)}")
        return self

    @property
    def levels(self) -> tuple[str, ...]:
        """Every priority of the table, in its order."""
        found: dict[str, None] = {}
        for row in self.table.values():
            found |= dict.fromkeys([row] if isinstance(row, str) else row.values())
        return tuple(found)

    def cell(self, severity: str, tier: str) -> str:
        """The priority of a severity and a tier of this table."""
        row = self.table[severity]
        return row if isinstance(row, str) else row[tier]


def _known(what: str, named: set[str], known: Any) -> None:
    for value in sorted(named - set(known) - {""}):
        raise Wrong(f"{value!r} is no {what} of the table", f"Use one of: {', '.join(known)}" if known else "Remove it")


class Customer(Table):
    """``[customer]``; it is shown in private places only.

    Attributes:
        label: what the customer's label begins with; empty: there is none. A new customer's is made with the first
            issue, as the place may lack it; all other labels of a playbook must be there.
        field: of the company's record, where its name for labels stands; else it is made of the company's name.
        crm_field: of the company's record, where the address of its profile elsewhere stands.
        engineers: the company's name as labels have it -> who is assigned to its issues.
        fields: the company's name as labels have it -> fields that the helpdesk's record of it lacks, or can't have.
    """

    label: str = ""
    field: str = ""
    crm_field: str = ""
    engineers: dict[Name, Handle] = Field(default_factory=dict)
    fields: dict[Name, dict[Name, str]] = Field(default_factory=dict)
