"""``[report]``: what the report counts, and what is kept for it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from syncd.schema import Table
from syncd.tables.parts import IssueKind


class Figures(Table):
    """``[report]``; nothing of it changes what syncd writes.

    Attributes:
        counted: kinds of issue that count as engineering that was needed.
        goal: the share of all tickets that may need it, at most; left out: there is none.
        companies: whether the customer of an issue is kept in the state, as labels have it, so that figures can be told
            by company. Its name then stands in the report, too.
    """

    counted: Annotated[tuple[IssueKind, ...], Field(strict=False)] = ("rfh",)
    goal: Annotated[float, Field(gt=0, le=1)] | None = None
    companies: bool = False
