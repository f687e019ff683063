"""Layers of a playbook: the default, a file over it, and a helpdesk's own settings over that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from syncd.tables.parts import ISSUE_KINDS

MERGED = (
    *("fit", "texts", "file", "kinds", "routing", "priorities", "customer", "issue_texts"),
    *("replies", "conversation", "announce", "timers", "report"),
)
"""Tables of which a layer may hold some keys only."""
DEEPER = (
    *("places", "tags", "agents", "engineers", "no_issue"),
    *("calendar", "sprint"),
    *ISSUE_KINDS,
    *("texts", "by_reason"),
    *("sinks", "mentions"),
    "budget",
)
"""Tables in these, of which the same holds."""


def layered(below: Mapping[str, Any], above: Mapping[str, Any], tables: Collection[str] = MERGED) -> dict[str, Any]:
    """Two layers as one; some tables are merged key by key."""
    merged = {**below, **above}
    for table in tables:
        low, high = below.get(table), above.get(table)
        if isinstance(low, Mapping) and isinstance(high, Mapping):
            merged[table] = layered(low, high, DEEPER if tables is MERGED else ())
    return merged
