"""``[report]``: what the report counts, and what is kept for it."""

from __future__ import annotations

from syncd.schema import Table


class Figures(Table):
    """``[report]``."""
