"""``[conversation]``: what is said on one end and carried to the other."""

from __future__ import annotations

from syncd.schema import Table


class Conversation(Table):
    """``[conversation]``."""
