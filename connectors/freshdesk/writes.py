"""Writing to tickets: notes first, then status, fields and tags together; each exactly one request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connectors import records
from connectors.freshdesk import items
from connectors.freshdesk.api import FreshdeskApi
from connectors.freshdesk.reads import Reader, number
from connectors.markup import to_html
from syncd.actions import Action, Note, Outcome, Written
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.marker import PATTERN
from syncd.model import Status

_COPIES = "cc_emails"
"""The field that holds a reply's copies."""
_PLAIN = {
    "ticket_type": "type", "group": "group_id", "agent": "responder_id", "product": "product_id",
    "priority": "priority",
}  # fmt: skip
"""What a write calls fields that every account has, by what the ticket fields call them (Freshdesk API docs)."""

_FIRST = "Have agents fill what Freshdesk requires for that, or give it under [set] in the mapping"


class Writer:
    """Writes to the tickets of one account.

    ``reader``: knows a ticket's tags, which a write replaces all (Freshdesk API docs, Update a ticket).
    """

    def __init__(self, api: FreshdeskApi, reader: Reader) -> None:
        self.api, self.reader = api, reader

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
            self.api.begin("write", what, len(action.notes) + _changes(action))
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
        failure, aside = None, None
        if _changes(action):
            try:
                status, aside = self._change(action, versions)
            except ConnectorError as error:
                failure = error
        stops = failure if failure is not None and self._stops(failure) else None
        return Outcome(action, status, max(versions, default=""), tuple(notes), failure, aside), stops

    def _change(self, action: Action, versions: list[str]) -> tuple[Status | None, Refused | None]:
        """Status, fields and tags in one request; where that is refused, the status alone, and why it was refused."""
        shown = bool(action.fields or action.tags or action.untags)
        if action.status is None:
            self._put(action, {}, versions)
            return None, None
        try:
            return self._status(action, action.status, versions, shown=shown), None
        except Refused as error:
            if not shown:
                raise
            return self._status(action, action.status, versions, shown=False), error

    def _note(self, action: Action, note: Note, versions: list[str]) -> Written:
        """A note, a reply, or another text for a note; its body shows no HTML but our own."""
        ticket, body = number(self.api, action.target), {"body": to_html(note.body, note.marker)}
        if note.replaces:
            return self._edit(action, note, versions)
        aside: Refused | None = None
        if note.internal:
            # Freshdesk API docs, Create a note: ``private`` is true unless given, and is always given here.
            what = f"adding a note to ticket {ticket}"
            made = self.api.create(what, f"tickets/{ticket}/notes", {**body, "private": True})
        else:
            what = f"replying to ticket {ticket}"
            made, aside = self._reply(what, f"tickets/{ticket}/reply", body, note.copies)
        try:
            remote = str(records.number(made))
        except ValueError:
            raise Transient(self.api.name, f"{what}: the answer names no note", doubt=True) from None
        versions.extend(_version(made))
        return Written(note.effect, remote, aside=aside)

    def _reply(
        self, what: str, path: str, body: dict[str, Any], copies: Sequence[str]
    ) -> tuple[dict[str, Any], Refused | None]:
        """Freshdesk API docs, Create a reply: mailed to the requester at once. It never sets a status by itself.

        Where the copies are refused, the reply goes without them, and why is told.
        """
        if not copies:
            return self.api.create(what, path, body), None
        try:
            return self.api.create(what, path, {**body, "cc_emails": list(copies)}), None
        except Refused as error:
            if _COPIES not in error.what:
                raise
            aside = Refused(self.api.name, f"{error.what}; it went without copies: mend the addresses")
        return self.api.create(what, path, body), aside

    def _edit(self, action: Action, note: Note, versions: list[str]) -> Written:
        """Freshdesk API docs, Update a conversation: notes only, and anybody's, so it is looked at first.

        What was mailed stays as it is. The marker is the one that the note has.
        """
        what = f"changing a note of ticket {action.target.id}"
        rows = self.reader.conversations(action.target)
        there = next((row for row in rows if str(row.get("id")) == note.replaces), None)
        if there is None or there.get("user_id") != self.reader.account.me:
            raise Refused(self.api.name, f"{what}: the note that was to be changed isn't there, or isn't ours")
        if not (note.internal and there.get("private") is True):
            raise Refused(self.api.name, f"{what}: what was written to a customer can't be changed")
        found = PATTERN.search(f"{there.get('body_text')}\n{there.get('body')}")
        body = {"body": to_html(note.body, found[0] if found else note.marker)}
        versions.extend(_version(self.api.update(what, f"conversations/{records.number(there)}", body)))
        return Written(note.effect, note.replaces)

    def _status(self, action: Action, wanted: Status, versions: list[str], *, shown: bool) -> Status:
        """Freshdesk API docs, Update a ticket: a partial update; the code goes as an integer."""
        what = f"setting the status of ticket {action.target.id}"
        if not (wanted.native.isascii() and wanted.native.isdecimal()):
            raise Refused(self.api.name, f"{what}: {wanted.native[:40]!r} is not a status code")
        try:
            made = self._put(action, {"status": int(wanted.native)}, versions, shown=shown)
        except Refused as error:
            if shown or self.api.status != 400:
                raise
            raise Refused(self.api.name, f"{error.what}. {_FIRST}") from None
        try:
            if "status" in made:
                return items.status(made)
        except ValueError:
            pass
        raise Transient(self.api.name, f"{what}: the answer shows no status", doubt=True)

    def _put(self, action: Action, body: dict[str, Any], versions: list[str], *, shown: bool = True) -> dict[str, Any]:
        what = f"setting the {'status' if body else 'fields and tags'} of ticket {action.target.id}"
        given = action.way.fields if action.status is not None else {}
        body |= {_PLAIN[name]: value for name, value in given.items() if name in _PLAIN}
        custom = {name: value for name, value in given.items() if name not in _PLAIN}
        if shown:
            custom |= {name: value if value != "" else None for name, value in action.fields.items()}
        if custom:
            body["custom_fields"] = custom
        if shown and (action.tags or action.untags):
            kept = [tag for tag in self.reader.tags(action.target) if tag not in action.untags]
            body["tags"] = list(dict.fromkeys([*kept, *action.tags]))
        made = self.api.update(what, f"tickets/{number(self.api, action.target)}", body)
        versions.extend(_version(made))
        if "tags" in made:
            self.reader.knows(action.target.id, made)
        return made

    def _stops(self, error: ConnectorError) -> bool:
        """Whether nothing else would work either: credentials, limits, a service that isn't reached at all."""
        unreached = isinstance(error, Transient) and not error.doubt and self.api.status == 0
        return isinstance(error, (Unauthorized, RateLimited)) or unreached


def _changes(action: Action) -> bool:
    """Whether more than notes is to be written."""
    return action.status is not None or bool(action.fields or action.tags or action.untags)


def _version(made: items.Row) -> list[str]:
    try:
        return [records.version(made)]
    except ValueError:
        return []
