"""Writing to tickets: a note, the state and fields in one request, which Zammad carries out whole or not at all.

Source: docs.zammad.org, REST API, Tickets: Update, where ``article`` adds one. A note alone goes the same way: the
answer then is the ticket, and its time is the newest that our write gave it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from syncd.actions import Action, Note, Outcome, Written
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Status
from syncd_zammad import items
from syncd_zammad.api import Row, ZammadApi
from syncd_zammad.markup import to_html
from syncd_zammad.reads import number


class Writer:
    """Writes to the tickets of one account.

    Args:
        api: the account.
        pending: states that Zammad accepts only together with a time at which it reminds of the ticket.
        remind_after: how many seconds from now that is.
    """

    def __init__(self, api: ZammadApi, pending: Sequence[str], remind_after: float) -> None:
        self.api, self.pending, self.remind_after = api, frozenset(pending), remind_after

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :meth:`syncd.connector.Connector.apply`.

        After a failure that concerns the whole account nothing more is sent; the rest of the actions get its error.
        """
        stopped: ConnectorError | None = None
        for action in actions:
            outcome = Outcome(action, error=stopped) if stopped else self._act(action)
            stopped = stopped or next(filter(self._stops, _errors(outcome)), None)
            yield outcome

    def _act(self, action: Action) -> Outcome:
        """All notes but the last go first, each alone; the last one goes with the rest."""
        change = self._state(action, action.status) | dict(action.fields)
        *before, last = action.notes or (None,)
        outcome = self._alone(Outcome(action), before, change)
        if self._stops_at(outcome) or not (last or change):
            return outcome
        tried = self._sent(outcome, last, change)
        parts = bool(last) + (action.status is not None) + bool(action.fields)
        if not change or not isinstance(tried.error, Refused):
            return tried
        return self._apart(outcome, last, change) if parts > 1 else self._instead(tried)

    def _apart(self, outcome: Outcome, note: Note | None, change: dict[str, Any]) -> Outcome:
        """One by one what was refused together, and so wasn't done: what is wrong with one must not stop the others."""
        action = outcome.action
        outcome = self._alone(outcome, [note] if note else [], change)
        if self._stops_at(outcome):
            return outcome
        if action.status is not None:
            outcome = self._instead(self._sent(outcome, None, self._state(action, action.status)))
        if not action.fields or self._stops_at(outcome):
            return outcome
        found = self._sent(replace(outcome, error=None), None, dict(action.fields))
        if action.status is None:
            return found
        return replace(found, error=outcome.error, aside=found.error if outcome.status else None)

    def _instead(self, outcome: Outcome) -> Outcome:
        """The states that do as well, in their order, as long as one is refused."""
        for status in outcome.action.way.instead:
            if not isinstance(outcome.error, Refused):
                break
            outcome = self._sent(replace(outcome, error=None), None, self._state(outcome.action, status))
        return outcome

    def _alone(self, outcome: Outcome, notes: Sequence[Note | None], change: dict[str, Any]) -> Outcome:
        """Notes, each by itself, until one meets what stops everything; then ``change`` isn't written either."""
        for note in notes:
            outcome = self._sent(outcome, note, {})
            stop = next(filter(self._stops, _errors(outcome)), None)
            if stop is not None:
                return replace(outcome, error=stop if change else None)
        return outcome

    def _state(self, action: Action, status: Status | None) -> dict[str, Any]:
        """What is to be set for a status."""
        if status is None:
            return {}
        change: dict[str, Any] = {**action.way.fields, "state": str(status)}
        if change["state"] in self.pending:
            when = self.api.clock.now() + timedelta(seconds=self.remind_after)
            change.setdefault("pending_time", items.precise(when))
        return change

    def _sent(self, outcome: Outcome, note: Note | None, change: dict[str, Any]) -> Outcome:
        """One request; the outcome with what came of it."""
        what = f"writing to ticket {outcome.action.target.id}"
        article = {"article": _article(note)} if note else {}
        try:
            row = self.api.update(what, f"tickets/{number(self.api, outcome.action.target)}", change | article)
            version, status, remote = self._confirmed(what, row)
        except ConnectorError as error:
            written = (Written(note.effect, error=error),) if note else ()
            return replace(outcome, notes=outcome.notes + written, error=error if change else outcome.error)
        written = (Written(note.effect, remote, aside=self._uncopied(what, note)),) if note else ()
        done = replace(
            outcome,
            status=status if "state" in change else outcome.status,
            version=max(outcome.version, version),
            notes=outcome.notes + written,
        )
        lost = sorted(change.keys() - row.keys())
        if not lost:
            return done
        # What isn't an attribute of tickets is passed over without a word.
        passed = Refused(self.api.name, f"{what}: tickets have no field {', '.join(lost)}")
        return replace(done, aside=passed) if done.status else replace(done, error=passed)

    def _uncopied(self, what: str, note: Note) -> Refused | None:
        """Why nobody got a copy of it."""
        if note.internal or not note.copies:
            return None
        return Refused(self.api.name, f"{what}: a note is never mailed, so nobody got a copy; forward it by hand")

    def _confirmed(self, what: str, row: Row) -> tuple[str, Status, str]:
        """What the ticket is by now: version, state, newest article."""
        try:
            return items.version(row), items.status(row), str(max(row.get("article_ids") or [0]))
        except (ValueError, TypeError):
            raise Transient(self.api.name, f"{what}: the answer shows no ticket", doubt=True) from None

    def _stops_at(self, outcome: Outcome) -> bool:
        return any(self._stops(error) for error in _errors(outcome))

    def _stops(self, error: ConnectorError) -> bool:
        """Whether nothing else would work either: credentials, limits, a service that isn't reached at all."""
        unreached = isinstance(error, Transient) and not error.doubt and not self.api.reached
        return isinstance(error, (Unauthorized, RateLimited)) or unreached


def _article(note: Note) -> dict[str, Any]:
    """Docs.zammad.org, REST API, Articles. A ``note`` is never mailed, so a public one is read in the portal."""
    body = to_html(note.body, note.marker)
    return {"type": "note", "sender": "Agent", "content_type": "text/html", "internal": note.internal, "body": body}


def _errors(outcome: Outcome) -> list[ConnectorError]:
    found = [outcome.error, *(note.error for note in outcome.notes)]
    return [error for error in found if isinstance(error, ConnectorError)]
