"""Writing: notes first, then the status, then fields and labels, then remote links; each exactly one request.

Jira answers most writes with nothing, so what came of them is read once at the end; only that tells the version that
our own writes gave the issue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from connectors.jira import items, links
from connectors.jira.account import Account
from connectors.jira.api import JiraApi, part
from connectors.jira.authors import part_of
from connectors.jira.markup import to_wiki
from connectors.jira.mass import Mass, Moved
from connectors.jira.moves import move
from syncd.actions import Action, Note, Outcome, Written
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.marker import PATTERN
from syncd.model import Ref, Status

SHOWN = "status,resolution,updated"


class Writer:
    """Writes to the issues of one account. A helpdesk's notes are written in another way: see ``post``.

    Args:
        api: the account.
        account: its fields, and what can be filed.
    """

    def __init__(self, api: JiraApi, account: Account) -> None:
        self.api, self.account, self.mass = api, account, Mass(api)

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :meth:`syncd.connector.Connector.apply`.

        After a failure that concerns the whole account, or two outages in a row, nothing more is sent; the rest of
        the actions get that error.
        """
        stopped: ConnectorError | None = None
        outages = 0
        doings = [_Doing(self, action) for action in actions]
        self._move_together(doings)
        for one in doings:
            yield one.outcome(stopped)
            if stopped is not None:
                continue
            outages = outages + 1 if isinstance(one.worst, Transient) else 0
            if one.worst is not None and (isinstance(one.worst, (Unauthorized, RateLimited)) or outages > 1):
                stopped = untried(one.worst)

    def _move_together(self, doings: Sequence[_Doing]) -> None:
        """Where many are to come to one status, in few calls; each has its notes first."""
        groups: dict[tuple[Status, str, Status | None], list[_Doing]] = {}
        for one in doings:
            if one.action.status is not None:
                # Jira offers what all of them can do, so those of another status would spoil it.
                alike = (one.action.status, repr(one.action.way), one.action.expect)
                groups.setdefault(alike, []).append(one)
        for (wanted, *_), group in groups.items():
            way = group[0].action.way
            if not self.mass.takes(wanted, way, len(group)):
                continue
            for one in group:
                one.begin()
                if one.worst is not None and not isinstance(one.worst, (Refused, Gone)):
                    return  # the rest is written one by one, and stops where that has to
            refs = [one.action.target for one in group]
            for ref, moved in self.mass.move(refs, wanted, way).items():
                group[refs.index(ref)].moved = moved

    def post(self, target: Ref, note: Note) -> items.Row:
        """POST a comment, once (Add comment); the answer's record."""
        body = {"body": to_wiki(note.body, note.marker)}
        return self.api.record("POST", f"{_path(self.api, target)}/comment", f"commenting on {target.human}", body=body)

    def replace(self, target: Ref, note: Note) -> items.Row:
        """PUT another text into a comment of ours, once (Update comment), which keeps its marker; the answer's record.

        Only the body is sent, so who can read it stays as it is.

        Raises:
            Refused: it isn't ours, or is read by others than the text is for.
        """
        doing = f"changing a comment on {target.human}"
        path = f"{_path(self.api, target)}/comment/{part(note.replaces)}"
        there = self.api.record("GET", path, doing, params={"expand": "properties"})
        who = there.get("author")
        if self.api.me not in (part_of(who, "accountId"), part_of(who, "name")):
            raise Refused(self.api.name, f"{doing}: the comment that was to be changed isn't ours")
        self.prove_readers(there, note, doing)
        found = PATTERN.search(str(there.get("body")))
        body = {"body": to_wiki(note.body, found[0] if found else note.marker)}
        return self.api.record("PUT", path, doing, body=body)

    def prove_readers(self, there: items.Row, note: Note, doing: str) -> None:
        """A tracker's comments are all read by whoever sees the issue."""

    def uncopied(self, note: Note) -> Refused | None:
        """Why a note went without the copies that it was to have; nobody is mailed of an issue."""
        del note
        return None

    def edit(self, action: Action) -> items.Row | None:
        """PUT fields and labels, once (Edit issue): labels are added and taken away, never replaced.

        Returns:
            The issue afterwards, where the site shows it (Cloud).
        """
        doing = f"setting fields of {action.target.human}"
        values = dict(self._value(doing, name, value) for name, value in action.fields.items())
        labels = [{"add": label(one)} for one in action.tags] + [{"remove": label(one)} for one in action.untags]
        body = {"fields": values} | ({"update": {"labels": labels}} if labels else {})
        found = self.api.call(
            "PUT", _path(self.api, action.target), doing, params={"returnIssue": "true"}, body=body
        ).data
        return found if isinstance(found, dict) else None

    def shown(self, target: Ref) -> items.Row:
        """The issue's status and version now; one call."""
        doing = f"looking at what was written to {target.human}"
        return self.api.record("GET", _path(self.api, target), doing, params={"fields": SHOWN})

    def _value(self, doing: str, name: str, value: str | int) -> tuple[str, Any]:
        try:
            return self.account.value(name, value)
        except ValueError:
            raise Refused(self.api.name, f"{doing}: {name[:60]!r} takes a number") from None


class _Doing:
    """One action under way: what was written so far, and the worst that it met."""

    def __init__(self, writer: Writer, action: Action) -> None:
        self.writer, self.action = writer, action
        self.notes: list[Written] = []
        self.status: Status | None = None
        self.version = ""
        self.wrote = False
        """Something was written whose version isn't known yet."""
        self.worst: ConnectorError | None = None
        self.ready: bool | None = None
        """Whether the notes are written as far as they can be, so that the rest may follow; None before that."""
        self.moved: Moved | None = None
        """What became of the status, where it was written together with others."""

    def begin(self) -> None:
        """The notes."""
        if self.ready is None:
            self.ready = self._notes()

    def outcome(self, stopped: ConnectorError | None = None) -> Outcome:
        """Carry it out; or tell what was written before everything stopped."""
        action = self.action
        if stopped is not None and self.moved is None:
            return Outcome(action, None, self.version, tuple(self.notes), stopped)
        failed, aside = None, None
        self.begin()
        if not self.ready:
            failed = untried(self.worst) if self.worst is not None and (action.status or action.shows) else None
            return Outcome(action, None, self.version, tuple(self.notes), failed)
        if action.status is not None:
            failed = self._move(action.status)
        if action.shows and failed is None:
            aside = self._show() if stopped is None else stopped
        if self.wrote and stopped is None:
            self._look()
        if action.status is None:
            failed, aside = aside, None
        return Outcome(action, self.status, self.version, tuple(self.notes), failed, aside)

    def _notes(self) -> bool:
        """Every note; False where nothing more may be written after one whose fate isn't known."""
        for note in self.action.notes:
            try:
                write = self.writer.replace if note.replaces else self.writer.post
                made = write(self.action.target, note)
                self.notes.append(Written(note.effect, _id(self.writer.api, made), aside=self.writer.uncopied(note)))
                self.wrote = True
            except ConnectorError as error:
                self.notes.append(Written(note.effect, error=error))
                self.worst = error
                if not isinstance(error, (Refused, Gone)):
                    return False
        return True

    def _move(self, wanted: Status) -> ConnectorError | None:
        if self.moved is not None:
            self.status, self.version, self.worst = self.moved.status, self.moved.version, self.moved.error
            self.wrote = self.wrote and not self.version
            return self.worst
        target, way = self.action.target, self.action.way
        try:
            self.status = move(self.writer.api, target.id, wanted, way, self.action.expect, called=target.human)
        except ConnectorError as error:
            self.worst = error
            return error
        self.wrote = True
        return None

    def _show(self) -> ConnectorError | None:
        """Fields and labels, then each link: what is refused holds up no other."""
        action, api = self.action, self.writer.api
        writes: list[Callable[[], None]] = [self._edit] if action.fields or action.tags or action.untags else []
        # A link moves no version that could be told, so nothing is read after it.
        writes += [partial(links.drop, api, action.target, one) for one in action.unlinks]
        writes += [partial(links.put, api, action.target, one) for one in action.links]
        refused: ConnectorError | None = None
        for write in writes:
            try:
                write()
            except ConnectorError as error:
                self.worst = error
                if not isinstance(error, (Refused, Gone)):
                    return error
                refused = refused or error
        return refused

    def _edit(self) -> None:
        shown = self.writer.edit(self.action)
        self.wrote = not (shown and self._see(shown))

    def _look(self) -> None:
        """What the issue shows now, an automation's further move included.

        A failure of this look is none of the writes': what comes back by the feed is then no echo, but no news either.
        """
        with suppress(ConnectorError):
            self._see(self.writer.shown(self.action.target))

    def _see(self, row: items.Row) -> bool:
        """Take status and version from a record; False where it holds none."""
        try:
            fields = items.fields_of(row)
            self.version, status = items.version(fields), items.status(fields)
        except ValueError:
            return False
        self.status = status if self.status is not None else None
        return True


def label(text: str) -> str:
    """A label holds no spaces."""
    return "-".join(text.split())


def word(marker: str) -> str:
    """The label that an issue of ours is searched by: no index finds a marker (Issue properties; JQL fields)."""
    return f"syncd-{hashlib.sha256(marker.encode()).hexdigest()[:12]}"


def untried(error: ConnectorError) -> ConnectorError:
    """The same trouble, for what was not begun because of it: nothing is in doubt."""
    what = error.what if error.what.startswith("not tried") else f"not tried, because of {error.what}"
    return type(error)(error.connector, what, retry_after=error.retry_after)


def _path(api: JiraApi, target: Ref) -> str:
    if not (target.id.isascii() and target.id.isdecimal()):
        raise Refused(api.name, f"{target.id[:40]!r} is not the id of an issue")
    return f"issue/{part(target.id)}"


def _id(api: JiraApi, made: items.Row) -> str:
    try:
        return items.digits(made, "id")
    except ValueError:
        raise Transient(api.name, "commenting: the answer names no comment", doubt=True) from None
