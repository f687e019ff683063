"""One action under way on an issue: what was written so far, and what it met."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from connectors.jira import items, links
from connectors.jira.api import JiraApi
from connectors.jira.mass import ROUNDED, Moved
from connectors.jira.moves import move
from syncd.actions import Action, Outcome, Written
from syncd.errors import ConnectorError, Gone, Refused, Transient
from syncd.model import Status

if TYPE_CHECKING:
    from connectors.jira.writes import Writer


class Doing:
    """One action under way: what was written so far, and the worst that it met."""

    def __init__(self, writer: Writer, action: Action) -> None:
        self.writer, self.action = writer, action
        self.notes: list[Written] = []
        self.status: Status | None = None
        self.version = ""
        self.wrote = False
        """Something was written whose version isn't known yet."""
        self.until = writer.api.time()
        """When the last of it was written, by the site's clock."""
        self.failed: ConnectorError | None = None
        self.aside: ConnectorError | None = None
        self.worst: ConnectorError | None = None
        self.ready: bool | None = None
        """Whether the notes are written as far as they can be, so that the rest may follow; None before that."""
        self.moved: Moved | None = None
        """What became of the status, where it was written together with others."""

    def begin(self) -> None:
        """The notes."""
        if self.ready is None:
            self.ready = self._notes()

    def carry_out(self, stopped: ConnectorError | None) -> None:
        """All but the look at what came of it; nothing that wasn't begun before everything stopped."""
        action = self.action
        if stopped is not None and self.moved is None:
            self.failed = stopped
            return
        self.begin()
        if not self.ready:
            self.failed = untried(self.worst) if self.worst is not None and (action.status or action.shows) else None
            self.wrote = False
            return
        if action.status is not None:
            self.failed = self._move(action.status)
        if action.shows and self.failed is None:
            self.aside = self._show() if stopped is None else stopped
        if action.status is None:
            self.failed, self.aside = self.aside, None
        self.until = self.writer.api.time()

    @property
    def outcome(self) -> Outcome:
        """As the core takes it."""
        return Outcome(self.action, self.status, self.version, tuple(self.notes), self.failed, self.aside)

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
            self.wrote = self.wrote and self.status is None  # else it has been looked at
            return self.worst
        target, way = self.action.target, self.action.way
        try:
            self.status = move(
                self.writer.api,
                target.id,
                wanted,
                way,
                self.action.expect,
                called=target.human,
                offers=self.writer.offers,
            )
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
        self.wrote = not (shown and self.see(shown))

    def see(self, row: items.Row, *, later: bool = False) -> bool:
        """Take status and version from a record; False where it holds none.

        ``later``: it was asked for after other issues were written to. Who changed this one since is somebody else, and
        that is news.
        """
        try:
            fields = items.fields_of(row)
            version, status, changed = items.version(fields), items.status(fields), items.needed(fields, "updated")
        except ValueError:
            return False
        if later and changed > self.until + ROUNDED:
            return False
        self.version, self.status = version, status if self.status is not None else None
        return True


def untried(error: ConnectorError) -> ConnectorError:
    """The same trouble, for what was not begun because of it: nothing is in doubt."""
    what = error.what if error.what.startswith("not tried") else f"not tried, because of {error.what}"
    return type(error)(error.connector, what, retry_after=error.retry_after)


def _id(api: JiraApi, made: items.Row) -> str:
    try:
        return items.digits(made, "id")
    except ValueError:
        raise Transient(api.name, "commenting: the answer names no comment", doubt=True) from None
