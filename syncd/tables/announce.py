"""``[announce]``: whom a filed issue is announced to in chat or by mail, and how urgently."""

from __future__ import annotations

from syncd.schema import Table


class Announce(Table):
    """``[announce]``."""
