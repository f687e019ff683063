"""How a source's place stands in the state: JSON, with the name of its shape, so that a later one isn't misread."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

P = TypeVar("P")


def write(shape: str, **kept: Any) -> str:
    """As text for the state."""
    return json.dumps({"shape": shape, **kept}, separators=(",", ":"))


def read(make: Callable[..., P], shape: str, cursor: str | None) -> P | None:
    """What was written; None where there is none yet, or it can't be read."""
    try:
        kept = json.loads(cursor or "")
        return make(**kept) if kept.pop("shape") == shape else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
