"""Opened: a place in which something was left for the team may be shown to everybody, and no feed tells of that.

So each such place is asked about every quarter of an hour. Where everybody can read, and where an issue is met that
everybody can read, what else was left in that place is read again, so that all of it is told (rule 14).
"""

from __future__ import annotations

from collections.abc import Sequence

from syncd import guard
from syncd.errors import Busy, Gone, Refused
from syncd.model import Audience, Ref
from syncd.probe.observe import read, refuse_paused
from syncd.retry import reads
from syncd.work import IN_PLACE, Work


def look_who_reads(work: Work, name: str, *, ask: bool) -> None:
    """Find out what everybody can read by now of what was left for the team in one tracker.

    ``ask``: the tracker, by a call for each place; else only what is known already counts.

    Raises:
        ConnectorError, BrakeOn: as :func:`syncd.probe.observe.read`.
    """
    connector = work.connectors[name]
    met = {connector.place(ref) for ref in work.store.accepted.public(name)}
    places: dict[str, list[Ref]] = {}
    for ref in work.store.accepted.private(name) if met or ask else ():
        places.setdefault(connector.place(ref), []).append(ref)
    for place, refs in places.items():
        if place and (place in met or (ask and _is_open(work, name, place))):
            _read(work, refs, connector.capabilities.fetch_batch)


def _is_open(work: Work, name: str, place: str) -> bool:
    """Whether everybody can read there. One that isn't there, for now or for good, is told of by its feed."""
    refuse_paused(work, name)
    try:
        now = reads(work.clock, patience=IN_PLACE)(work.connectors[name].audience, place)
    except (Busy, Gone, Refused):
        return False
    return guard.of(now) is not Audience.PRIVATE


def _read(work: Work, refs: Sequence[Ref], size: int) -> None:
    for start in range(0, len(refs), size):
        read(work, refs[start : start + size])


__all__ = ["look_who_reads"]
