"""Doubles: notes that stand twice after all, because a service applied a request later than anybody waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from syncd import marker
from syncd.errors import Gone, Refused
from syncd.model import Ref
from syncd.probe.observe import refuse_paused
from syncd.retry import reads
from syncd.work import IN_PLACE, Work

LATE = timedelta(hours=49)
"""For so long after a note was sent once more it is looked whether the first one has come after all: two nights."""


def look_for_doubles(work: Work, name: str) -> int:
    """See of notes that were sent more than once whether they stand there more than once; a call for each such item.

    One that does is left to a person, who knows which of the two was answered; ``status`` names it until one is gone.

    Returns:
        How many stand twice.

    Raises:
        ConnectorError: the connector could not be asked; what was seen before is kept.
    """
    rows = {row.id: row for row in work.store.effects.risky(name, work.clock.now() - LATE)}
    rows |= {row.id: row for row in work.store.effects.doubled() if row.target.connector == name}
    found = 0
    for target in dict.fromkeys(row.target for row in rows.values()):
        marks = _marks(work, target)
        with work.store.write():
            for row in rows.values():
                if row.target == target:
                    ids = marks.get(marker.make(work.marker_key, row.id), ())
                    work.store.effects.double(row.id, ids if len(ids) > 1 else ())
                    found += len(ids) > 1
                    if len(ids) > 1 and not row.doubles:
                        work.say(f"{target.human}: a note stands there twice; `syncd status` says which")
    return found


def _marks(work: Work, target: Ref) -> Mapping[str, Sequence[str]]:
    refuse_paused(work, target.connector)
    try:
        return reads(work.clock, patience=IN_PLACE)(work.connectors[target.connector].marks, target)
    except (Gone, Refused):  # what nobody can see stands nowhere twice
        return {}
