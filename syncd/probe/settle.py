"""Settle: what becomes of notes whose outcome isn't known, and of those that are still owed (rule 12).

After an unknown outcome a note waits to settle, is looked for, and only if it is certainly absent is it sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from syncd import marker
from syncd.actions import Action, Written
from syncd.braking import may_tell
from syncd.defects import of_one_item, told
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.messages.replies import detail_of, ready
from syncd.messages.updates import words
from syncd.model import Audience, Item, Removed, Role
from syncd.retry import reads
from syncd.store import EffectRow, EffectState
from syncd.work import IN_PLACE, Work

SEARCH_LOOKS = 2
"""Where only a search index can be asked, an effect is looked for twice before it counts as absent."""
ASK_AGAIN = 60.0
"""Seconds until a look that failed is repeated."""
LEFT_ALONE = 300.0
"""Seconds that a connector is left alone whose credential isn't accepted (rule 13)."""


def settle(work: Work, name: str | None = None) -> int:
    """Look for effects in doubt that have settled, and send those that are certainly not there; how many were due.

    ``name``: only those on items of this connector.
    """
    rows = [row for row in work.store.effects.open(work.clock.now()) if name in (None, row.target.connector)]
    # One on a connector that isn't configured any more waits for it; its group is parked, which says so.
    known = [row for row in rows if row.target.connector in work.connectors]
    due = [row for row in known if not work.paused_for(row.target.connector)]
    for row in due:
        if work.paused_for(row.target.connector):  # since a moment ago
            continue
        with work.feeds[row.target.connector].pages.turn(work.clock):
            if work.store.effects.get(row.id) == row:  # else another thread has looked for it, or sent it
                _settle_one(work, row)
    return len(due)


def _settle_one(work: Work, row: EffectRow) -> None:
    """A defect that one of them brings to light must not keep others waiting (rule 13)."""
    try:
        (_look if row.state is EffectState.DOUBT else _send)(work, row)
    except Exception as error:
        if not of_one_item(error):
            raise
        with work.store.write():  # looked for, and sent if it isn't there, when a person asks for it
            work.store.effects.refused(row.id, f"{told(error)}. Please report it", work.clock.now())
            work.tally["refused"] += 1


def _look(work: Work, row: EffectRow) -> None:
    connector = work.connectors[row.target.connector]
    began = row.began_at or work.clock.now()
    try:
        found = reads(work.clock, patience=IN_PLACE)(
            connector.find, marker.make(work.marker_key, row.id), row.target, began
        )
    except ConnectorError as error:
        _not_looked(work, row, error)
        return
    now = work.clock.now()
    looks = SEARCH_LOOKS if connector.capabilities.probe == "search" else 1
    with work.store.write():
        if found:
            work.store.effects.done(row.id, found, now)
            work.tally["notes"] += 1
            work.counted(row.target.connector, row.kind, "done")
        elif row.looks + 1 < looks:
            work.store.effects.looked(row.id, now + timedelta(seconds=connector.settle))
        elif row.owed:
            work.store.effects.absent(row.id, now)
        else:  # whether it is still right, the group says; its status may have been written all the same
            work.store.effects.shelve(row.id)
            _ask_again(work, row)


def _not_looked(work: Work, row: EffectRow, error: ConnectorError) -> None:
    """A look that failed: to be repeated, unless there is nothing to look at any more."""
    work.tally["looks failed"] += 1
    with work.store.write():
        if passes(error):
            wait = timedelta(seconds=max(error.retry_after or 0.0, ASK_AGAIN))
            work.store.effects.doubt(row.id, work.clock.now() + wait, error.what)
        else:
            work.store.effects.refused(row.id, error.what, work.clock.now())
            work.tally["refused"] += 1
    _pause(work, row.target.connector, error)


def _ask_again(work: Work, row: EffectRow) -> None:
    link = work.store.links.get(row.link)
    key = work.store.groups.of(link.ticket) if link else None
    if key:
        work.store.queue.ask(key, "absent", work.clock.now())


def _pause(work: Work, connector: str, error: Exception | None) -> None:
    if isinstance(error, (Unauthorized, RateLimited)):
        work.pause(connector, error.retry_after or LEFT_ALONE, error)


def _send(work: Work, row: EffectRow) -> None:
    """A note that certainly isn't there, on its own."""
    name = row.target.connector
    fresh = _fit(work, row)
    if isinstance(fresh, ConnectorError):
        with work.store.write():
            keep_notes(work, name, [row], [Written(row.id, error=fresh)], None)
        _pause(work, name, fresh)
        return
    note = _worded(work, row)
    if isinstance(note, ConnectorError):
        with work.store.write():
            keep_notes(work, name, [row], [Written(row.id, error=note)], None)
        _pause(work, name, note)
        return
    if note is None:
        return
    action = Action(row.target, notes=(work.note(note),))
    outcome = next(iter(work.connectors[name].apply([action])))
    with work.store.write():
        keep_notes(work, name, [row], outcome.notes, None)
        known = work.store.snapshots.get(row.target)
        if outcome.version and isinstance(known, Item) and known.version == fresh.version:  # else more has happened
            work.store.snapshots.wrote(row.target, known.status, outcome.version, work.now)
    error = next((one.error for one in outcome.notes if one.error is not None), outcome.error)
    _pause(work, name, error)
    if error is not None and passes(error):
        work.tally["delayed"] += 1
        work.tally["looks failed"] += 1  # a run doesn't wait for the next try


def _worded(work: Work, row: EffectRow) -> EffectRow | ConnectorError | None:
    """A note as it is to be left now, and marked as sent; None if it isn't; why that couldn't be told.

    A message that was held, and whose decision was not recorded, waits until somebody asks for it again.
    """
    try:
        detail = detail_of(work, row.target, [row])
        update = words(work, row) if row.source else ""
    except ConnectorError as error:
        return error
    with work.store.write():
        if not row.internal and not row.owed:
            work.store.effects.lay_aside(row.id)
            return None
        note = ready(work, row, detail, update)
        if note is None or note.internal or may_tell(work, row.target.connector):
            sent = note is not None and work.store.effects.send(row.id, work.clock.now())
            return note if sent else None
        work.store.effects.later(row.id, work.clock.now() + timedelta(seconds=ASK_AGAIN), "the brake is on")
        return None


def _fit(work: Work, row: EffectRow) -> Item | ConnectorError:
    """Its target as it is now, or why a note can't be left there any more.

    What a place may see is checked at the moment of writing (rules 9 and 14).
    """
    name = row.target.connector
    try:
        fresh = reads(work.clock, patience=IN_PLACE)(work.connectors[name].fetch, [row.target])[row.target]
    except ConnectorError as error:
        return error
    if isinstance(fresh, ConnectorError):
        return fresh
    if isinstance(fresh, Removed):
        return Refused(name, f"{row.target.human} is {fresh.kind}")
    if fresh.final or work.mapping(name).is_final(fresh.status):
        return Refused(name, f"{row.target.human} is closed for good")
    if work.role(name) is Role.TRACKER and fresh.audience is not Audience.PRIVATE:
        return Refused(name, f"{row.target.human} is public now")
    return fresh


def keep_notes(
    work: Work, connector: str, sent: Sequence[EffectRow], written: Sequence[Written], failed: ConnectorError | None
) -> None:
    """What came of each note. One without effect is sent later; if its step has failed, it is decided afresh."""
    results = {one.effect: one for one in written}
    effects, now = work.store.effects, work.clock.now()
    for row in sent:
        one = results.get(row.id)
        error = one.error if one else failed
        if one is not None and error is None:
            aside = getattr(one.aside, "what", "")
            effects.done(row.id, one.remote_id, now, aside)
            if aside:
                work.say(f"{row.target.human}: {aside}")
            work.tally["notes"] += 1
            result = "done"
        elif one is None or (error is not None and passes(error)):
            wait = (error.retry_after if isinstance(error, ConnectorError) else None) or ASK_AGAIN
            effects.later(row.id, now + timedelta(seconds=wait), getattr(error, "what", "not begun"))
            if failed is not None:
                effects.forget(row.id)
            result = "later"
        elif not isinstance(error, ConnectorError) or error.doubt:
            settle = timedelta(seconds=work.connectors[connector].settle)
            effects.doubt(row.id, now + settle, "the answer was lost")
            result = "doubt"
        else:
            effects.refused(row.id, error.what, now)
            work.tally["refused"] += 1
            result = "refused"
        work.counted(connector, row.kind, result)


def passes(error: Exception) -> bool:
    """Whether a note certainly had no effect, and may be written later."""
    return isinstance(error, (Transient, RateLimited, Unauthorized)) and not error.doubt
