"""An effect as it is stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from syncd.clock import moment
from syncd.model import Ref
from syncd.records import Wording


class EffectState(StrEnum):
    """Where an effect is."""

    READY = "ready"
    SENT = "sent"
    """Handed to the connector; if the process dies now, it is in doubt."""
    DOUBT = "doubt"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class EffectRow:
    """An effect as stored.

    ``looks``: how often it was looked for since it was last sent. ``owed``: the decision that it belongs to has been
    recorded, so nobody will ask for it again; one that isn't owed is decided afresh instead of being sent again.
    ``wordings``, ``until`` and ``source``: see :class:`syncd.records.Effect`.
    ``doubles``: the remote ids under which it stands, where a sweep has found several; else empty.
    """

    id: str
    link: int
    kind: str
    turn: int
    target: Ref
    body: str = field(repr=False)
    internal: bool
    state: EffectState
    began_at: datetime | None
    looks: int
    remote_id: str
    reason: str
    owed: bool
    doubles: str
    wordings: tuple[Wording, ...] = field(default=(), repr=False)
    until: datetime | None = None
    source: str = ""
    copies: tuple[str, ...] = field(default=(), repr=False)
    """Who else gets it; never stored."""


def effect_row(row: dict[str, Any]) -> EffectRow:
    """From a row of the table, with its target's ``key``."""
    return EffectRow(
        id=row["id"],
        link=row["link"] or 0,
        kind=row["kind"],
        turn=row["turn"],
        target=Ref.parse(row["target"], row["key"] or ""),
        body=row["body"],
        internal=bool(row["internal"]),
        state=EffectState(row["state"]),
        began_at=moment(row["began_at"]) if row["began_at"] else None,
        looks=row["looks"],
        remote_id=row["remote_id"],
        reason=row["reason"],
        owed=bool(row["owed"]),
        doubles=row["doubles"],
        wordings=tuple(Wording(*one) for one in json.loads(row["wordings"] or "[]")),
        until=moment(row["until"]) if row["until"] else None,
        source=row["source"],
    )
