"""``[timers]``: working days, sprints, and what is late."""

from __future__ import annotations

from syncd.schema import Table


class Timers(Table):
    """``[timers]``."""
