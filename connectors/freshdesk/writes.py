"""Writing to tickets: notes first, then the status; each exactly one request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.freshdesk import items
from connectors.freshdesk.api import FreshdeskApi
from connectors.freshdesk.markup import to_html
from connectors.freshdesk.reads import number
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Action, Note, Outcome, Status, Written


class Writer:
    """Writes to the tickets of one account."""

    def __init__(self, api: FreshdeskApi) -> None:
        self.api = api

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :meth:`syncd.connector.Connector.apply`.

        After a failure that concerns the whole account nothing more is sent; the rest of the actions get its error.
        """
        stopped: ConnectorError | None = None
        for action in actions:
            outcome, stopped = (Outcome(action, error=stopped), stopped) if stopped else self._act(action)
            yield outcome

    def _act(self, action: Action) -> tuple[Outcome, ConnectorError | None]:
        """One action, and the error that concerns the whole account, if there was one."""
        what = f"writing to ticket {action.target.id}"
        try:
            self.api.begin("write", what, len(action.notes) + (action.status is not None))
        except RateLimited as error:
            return Outcome(action, error=error), error
        versions: list[str] = []
        notes: list[Written] = []
        for note in action.notes:
            try:
                notes.append(self._note(action, note, versions))
            except ConnectorError as error:
                notes.append(Written(note.effect, error=error))
                if self._stops(error):
                    failed = error if action.status is not None else None
                    return Outcome(action, None, max(versions, default=""), tuple(notes), failed), error
        status: Status | None = None
        failure: ConnectorError | None = None
        if action.status is not None:
            try:
                status = self._status(action, action.status, versions)
            except ConnectorError as error:
                failure = error
        stops = failure if failure is not None and self._stops(failure) else None
        return Outcome(action, status, max(versions, default=""), tuple(notes), failure), stops

    def _note(self, action: Action, note: Note, versions: list[str]) -> Written:
        """Freshdesk API docs, Create a note: ``private`` is true unless given, and is always given here."""
        what = f"adding a note to ticket {action.target.id}"
        path = f"tickets/{number(self.api, action.target)}/notes"
        made = self.api.create(what, path, {"body": to_html(note.body, note.marker), "private": note.internal})
        try:
            remote = str(items.number(made))
        except ValueError:
            raise Transient(self.api.name, f"{what}: the answer names no note", doubt=True) from None
        versions.extend(_version(made))
        return Written(note.effect, remote)

    def _status(self, action: Action, wanted: Status, versions: list[str]) -> Status:
        """Freshdesk API docs, Update a ticket: a partial update; the code goes as an integer."""
        what = f"setting the status of ticket {action.target.id}"
        path = f"tickets/{number(self.api, action.target)}"
        if not (wanted.native.isascii() and wanted.native.isdecimal()):
            raise Refused(self.api.name, f"{what}: {wanted.native[:40]!r} is not a status code")
        made = self.api.update(what, path, {"status": int(wanted.native)})
        versions.extend(_version(made))
        try:
            if "status" in made:
                return items.status(made)
        except ValueError:
            pass
        raise Transient(self.api.name, f"{what}: the answer shows no status", doubt=True)

    def _stops(self, error: ConnectorError) -> bool:
        """Whether nothing else would work either: credentials, limits, a service that isn't reached at all."""
        unreached = isinstance(error, Transient) and not error.doubt and self.api.status == 0
        return isinstance(error, (Unauthorized, RateLimited)) or unreached


def _version(made: items.Row) -> list[str]:
    try:
        return [items.version(made)]
    except ValueError:
        return []
