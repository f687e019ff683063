"""Writing to many tickets at once: one call and a job of Zendesk's for up to a hundred of them.

``PUT /tickets/update_many`` (Zendesk API docs, Update many tickets) answers at once; the job runs as a safe update.
That a job is completed says nothing of its rows: each has its own result, which counts for its ticket alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors import records
from connectors.zendesk import bodies, items
from connectors.zendesk.answers import CONFLICT, Conflict, JobsFull, Row
from connectors.zendesk.onward import PER_PAGE
from connectors.zendesk.writes import Progress, Single, stops
from syncd.actions import Action, Outcome, Written
from syncd.clock import stamp
from syncd.errors import ConnectorError, RateLimited, Refused, Transient
from syncd.model import Status

FROM = 5
"""Actions from which a job saves calls: it costs the write, two looks or more at how far it is, and a read."""
PATIENCE = 60.0
"""Seconds that a job is waited for; what has become of it after that is unknown."""
WAITS = (0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 5.0)
"""Seconds between two looks; the last again and again."""
OVER = frozenset({"completed", "failed", "killed"})

_KEY = re.compile(r"[\w-]{1,100}")


@dataclass(slots=True)
class _Row:
    """One action of a job."""

    done: Progress
    status: Status | None
    sent: dict[str, Any]


class Writer:
    """Writes actions: one by one, or many in a job."""

    def __init__(self, single: Single) -> None:
        self.single, self.api, self.reader = single, single.api, single.reader

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :meth:`syncd.connector.Connector.apply`.

        After a failure that concerns the whole account nothing more is sent; the rest of the actions get its error.
        """
        for start in range(0, len(actions), PER_PAGE):
            yield from self._some(actions[start : start + PER_PAGE])

    def _some(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        rows = self._rows(actions)
        together, stopped = self._together(rows) if len(rows) >= FROM else ({}, None)
        for index, action in enumerate(actions):
            if index in together:
                yield together[index]
            elif stopped is not None:
                yield Outcome(action, error=stopped)
            else:
                outcome, stopped = self.single.act(action)
                yield outcome

    def _rows(self, actions: Sequence[Action]) -> dict[int, _Row]:
        """What may go into a job: one write each to tickets that can be written, by the action's place."""
        found: dict[int, _Row] = {}
        targets = [action.target for action in actions]
        for index, action in enumerate(actions):
            several = len(action.notes) > 1 or targets.count(action.target) > 1
            several = several or any(note.copies or note.replaces for note in action.notes)
            known = self.reader.known.get(action.target.id)
            if several or (known is not None and known.status == items.CLOSED):
                continue
            try:
                number = self.reader.number(action.target)
                status = next(iter(self.single.choices(action)), None)
                bodies.tags(action)
                extras, unknown = bodies.extras(action)
                tags = self.single.tags(action, known, extras)
                if (action.tags or action.untags) and not tags:
                    continue  # they take a call of their own
                sent = {**(bodies.wish(status) if status else {}), **extras, **tags}
            except (ConnectorError, bodies.Unfit):
                continue  # alone it gets the error that it deserves
            if not unknown and not self.single.blocked(number):
                note = {"comment": bodies.comment(action.notes[0])} if action.notes else {}
                body = {"id": number, **sent, **note, **bodies.guard(known)}
                found[index] = _Row(Progress(action, number, known), status, body)
        return found

    def _together(self, rows: dict[int, _Row]) -> tuple[dict[int, Outcome], ConnectorError | None]:
        """What became of a job's rows, and the error that concerns the whole account; who isn't named goes alone."""
        what = f"writing to {len(rows)} tickets"
        order = list(rows)
        try:
            self.api.begin("write", what, account=4, tickets_update=1)
            job = self.api.update_many(what, [rows[index].sent for index in order])
        except JobsFull:
            return {}, None
        except Refused:
            return {}, None  # of all of them, for one of them; alone each is judged by itself
        except ConnectorError as error:
            for one in rows.values():
                self.reader.known.pop(one.done.action.target.id, None)
            stop = error if stops(self.api, error) else None
            return {index: _failed(one, error) for index, one in rows.items()}, stop
        results = self._results(what, job)
        until = stamp(self.api.time)  # the job is over: whatever comes later is somebody else's
        shown = self._shown([rows[index] for index in results.good(order, rows)])
        found: dict[int, Outcome] = {}
        for place, index in enumerate(order):
            one = rows[index]
            result = results.of(place, one.done.number)
            if result is not None and result.get("success") is not True and not _conflicts(result):
                continue  # it wasn't written: alone it is told why, and may have another status instead
            self.reader.known.pop(one.done.action.target.id, None)
            found[index] = self._outcome(one, result, shown.get(one.done.number), until)
        return found, None

    def _outcome(self, one: _Row, result: Row | None, row: Row | None, until: str) -> Outcome:
        name, what = self.api.name, self.single.what(one.done.action)
        if result is None:
            return _failed(one, Transient(name, f"{what}: it isn't known what became of it", doubt=True))
        if _conflicts(result):
            return _failed(one, Conflict(name, f"{what}: it was changed at the same time, and is to be read again"))
        action = one.done.action
        notes = tuple(Written(note.effect) for note in action.notes)
        status = version = None
        if row is not None:
            status, version = items.status(row, self.single.account.customs), records.version(row)
        # Who changed it since the job is somebody else: that is news, and not the echo of our own write.
        ours = version is not None and version <= until and status in (None, one.status)
        missed = bodies.untaken(row, one.sent) if row is not None and ours else []
        error = Refused(name, f"{what}: Zendesk passed over {', '.join(missed)}") if missed else None
        if action.status is None:
            return Outcome(action, None, version or "" if ours else "", notes, error)
        return Outcome(action, one.status, (version or "") if ours else "", notes, None, error)

    def _results(self, what: str, job: Row) -> _Results:
        """The job's results once it is over; none where that isn't known."""
        key, waited, looks = job.get("id"), 0.0, 0
        while job.get("status") not in OVER:
            wait = WAITS[min(looks, len(WAITS) - 1)]
            if not isinstance(key, str) or not _KEY.fullmatch(key) or waited + wait > PATIENCE:
                return _Results(())
            if self.api.clock.sleep(wait):
                return _Results(())  # to stop now leaves it unknown
            waited, looks = waited + wait, looks + 1
            try:
                job = self.api.job(f"{what}: looking how far it is", key)
            except RateLimited as error:
                if waited + (error.retry_after or 0.0) > PATIENCE or self.api.clock.sleep(error.retry_after or wait):
                    return _Results(())
                waited += error.retry_after or wait
            except ConnectorError:
                continue  # a look that failed says nothing of the job
        found = job.get("results")
        return _Results([one for one in found if isinstance(one, dict)] if isinstance(found, list) else ())

    def _shown(self, rows: Sequence[_Row]) -> dict[int, Row]:
        """The tickets as they are now, for what the job's results don't tell: the version that our writes left."""
        try:
            return self.reader.rows(sorted(one.done.number for one in rows)) if rows else {}
        except ConnectorError:
            return {}


@dataclass(frozen=True, slots=True)
class _Results:
    """A job's results. A row names its place in what was sent, or the ticket, or both."""

    rows: Sequence[Row]

    def of(self, place: int, number: int) -> Row | None:
        """What became of one ticket; None where nothing is told of it."""
        placed = next((one for one in self.rows if _is(one.get("index"), place)), None)
        if placed is not None and placed.get("id") in (None, number):
            return placed
        return next((one for one in self.rows if _is(one.get("id"), number)), None)

    def good(self, order: Sequence[int], rows: dict[int, _Row]) -> list[int]:
        """The places of those that were written."""
        told = {index: self.of(place, rows[index].done.number) for place, index in enumerate(order)}
        return [index for index, one in told.items() if one is not None and one.get("success") is True]


def _is(value: object, number: int) -> bool:
    return value == number and not isinstance(value, bool)


def _conflicts(result: Row) -> bool:
    """Whether a row failed because the ticket was changed meanwhile; under which key that stands isn't documented."""
    return result.get("success") is not True and any(CONFLICT in str(value) for value in result.values())


def _failed(one: _Row, error: ConnectorError) -> Outcome:
    action = one.done.action
    notes = tuple(Written(note.effect, error=error) for note in action.notes)
    failed = error if action.status is not None or action.fields or not notes else None
    return Outcome(action, notes=notes, error=failed)
