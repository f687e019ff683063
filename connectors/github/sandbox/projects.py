"""What the stand-in's books hold of boards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ProjectField:
    """A field of a board; ``kind`` as the query interface names it, ``options``: name -> id."""

    id: str
    name: str
    kind: str = "TEXT"
    options: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Project:
    """A board."""

    id: str
    number: int
    title: str
    public: bool = False
    fields: dict[str, ProjectField] = field(default_factory=dict)
    items: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Id of an issue -> what its fields hold, by the field's name."""
    writes: int = 0
    """How often a field was set through the API."""
