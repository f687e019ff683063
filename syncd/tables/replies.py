"""``[replies]``: what customers are told, in which language, and when."""

from __future__ import annotations

from syncd.schema import Table


class Replies(Table):
    """``[replies]``."""
