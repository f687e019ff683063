"""``[report]``: what the report counts, and what is kept for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Self

from pydantic import Field, model_validator

from syncd.schema import Duration, Table, Wrong
from syncd.tables.parts import IssueKind, Name, Names


class Rank(Table):
    """One row of ``[[report.order]]``: which open requests belong to it. One that names nothing is for the rest.

    Attributes:
        labels: of the issue, any of them.
        companies: whose it is, as labels have it; only where companies are kept.
        tickets: how many tickets wait for it, at least.
    """

    name: Name
    labels: Names = ()
    companies: Names = ()
    tickets: Annotated[int, Field(ge=2)] | None = None

    @property
    def for_the_rest(self) -> bool:
        """Whether it takes what no other row is for."""
        return not (self.labels or self.companies or self.tickets)

    def fits(self, labels: Collection[str], companies: Collection[str], tickets: int) -> bool:
        """Whether an issue belongs to it, by what this row names."""
        worn, whose = ({one.casefold() for one in some} for some in (labels, companies))
        named = any(label.casefold() in worn for label in self.labels)
        named |= any(company.casefold() in whose for company in self.companies)
        return named or (self.tickets is not None and tickets >= self.tickets)


class Figures(Table):
    """``[report]``; nothing of it changes what syncd writes.

    Attributes:
        counted: kinds of issue that count as engineering that was needed.
        goal: the share of all tickets that may need it, at most; left out: there is none.
        companies: whether the customer of an issue is kept in the state, as labels have it, so that figures can be told
            by company. Its name then stands in the report, too.
        budget: customers, as labels have them, and the working time that may be used for each in the span that a report
            is made of.
        order: in which order open requests are to be taken that are no incidents.
    """

    counted: Annotated[tuple[IssueKind, ...], Field(strict=False)] = ("rfh",)
    goal: Annotated[float, Field(gt=0, le=1)] | None = None
    companies: bool = False
    budget: dict[Name, Annotated[Duration, Field(gt=0)]] = Field(default_factory=dict)
    order: Annotated[tuple[Rank, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if sum(rank.for_the_rest for rank in self.order) > 1:
            raise Wrong("two rows of the order are for the rest", "Name labels, companies or tickets in all but one")
        if any(rank.companies for rank in self.order) and not self.companies:
            raise Wrong("the order names companies, and none are kept", "Add companies = true, or take them out")
        if self.budget and not self.companies:
            raise Wrong("the budget names companies, and none are kept", "Add companies = true, or take it out")
        return self
