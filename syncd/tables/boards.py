"""``[[boards]]``: which boards an issue is put on."""

from __future__ import annotations

from syncd.schema import Table


class BoardRow(Table):
    """``[[boards]]``."""
