"""All state: one SQLite file, opened here and nowhere else; every SQL statement has its home in this folder.

A write is made inside ``with store.write():``, which is one ``BEGIN IMMEDIATE`` transaction; no network call is made
while one is open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from syncd.clock import precise
from syncd.store.accepted import Accepted
from syncd.store.alerts import AlertRow, Alerts, SinkRow
from syncd.store.announcements import AnnouncementRow, Announcements, Telling
from syncd.store.backup import Restored, back_up, restore
from syncd.store.begun import Begun, BegunWrites
from syncd.store.boards import Boards
from syncd.store.brakes import Brakes
from syncd.store.carried import CARRIED, LEFT, CarriedRow, CarriedTexts, Way
from syncd.store.commands import CommandRow, Commands
from syncd.store.connectors import ConnectorRow, Connectors
from syncd.store.cursors import BEGINNING, CursorRow, Cursors, unread
from syncd.store.effect_rows import EffectRow, EffectState
from syncd.store.effects import Effects
from syncd.store.figures import Figures, figures, size
from syncd.store.file import (
    DatabaseError,
    Lock,
    close_for_writing,
    noted,
    open_copy,
    open_fellow,
    open_for_reading,
    open_for_writing,
)
from syncd.store.filing_rows import FilingRow, FilingState
from syncd.store.filings import Filings
from syncd.store.groups import Groups
from syncd.store.journal import Journal
from syncd.store.late import End, Escalated, PairRow, Waits
from syncd.store.links import Links
from syncd.store.queue import Queue, QueueRow
from syncd.store.recalls import Recalls
from syncd.store.shown import WhatIsShown
from syncd.store.snapshots import Snapshots
from syncd.store.tickets import Tickets
from syncd.store.unwritten import Unwritten, unwritten
from syncd.store.updates import Looked, Updates

LOOK = 500
"""Milliseconds."""


class Store:
    """The tables, and transactions over them. Used by one thread."""

    def __init__(self, db: Database, lock: Lock | None = None, path: Path | None = None) -> None:
        self._db, self._lock, self._path = db, lock, path
        self.snapshots = Snapshots(db)
        self.queue = Queue(db)
        self.effects = Effects(db)
        self.begun = BegunWrites(db)
        self.shown = WhatIsShown(db)
        self.groups = Groups(db)
        self.links = Links(db, self.groups, self.effects)
        self.journal = Journal(db)
        self.cursors = Cursors(db)
        self.accepted = Accepted(db)
        self.alerts = Alerts(db)
        self.announcements = Announcements(db)
        self.brakes = Brakes(db)
        self.carried = CarriedTexts(db)
        self.commands = Commands(db)
        self.connectors = Connectors(db)
        self.filings = Filings(db)
        self.boards = Boards(db)
        self.updates = Updates(db)
        self.recalls = Recalls(db)
        self.tickets = Tickets(db)
        self.waits = Waits(db)
        self.committed: Callable[[float], None] = lambda _seconds: None
        """Told how long each transaction took to become safe."""

    @classmethod
    def open(cls, path: Path) -> Store:
        """The state, to write to; made if there is none.

        Raises:
            StateBusy: another process holds it.
            StateError: it can't be used; it is as it was.
        """
        lock = Lock(path)
        try:
            return cls(open_for_writing(path), lock, path)
        except BaseException:
            lock.release()
            raise

    def fellow(self) -> Store:
        """The same state for another thread, which must call this itself; close it before this one."""
        assert self._path is not None  # noqa: S101  # a state in memory has no fellows
        fellow = Store(open_fellow(self._path))
        fellow.committed = self.committed
        return fellow

    def reader(self) -> Store:
        """The same state for a thread that only looks, and waits no longer than ``LOOK`` for one who writes.

        Raises:
            StateError: it can't be read now.
        """
        assert self._path is not None  # noqa: S101  # as above
        store = Store(open_for_reading(self._path), path=self._path)
        store._db.execute(f"PRAGMA busy_timeout = {LOOK}")
        return store

    @classmethod
    def read(cls, path: Path, *, whole: bool = False) -> Store:
        """The state, to look at; ``whole``: see :func:`syncd.store.file.open_for_reading`.

        Raises:
            StateError: there is none, or it can't be read.
        """
        return cls(open_for_reading(path, whole=whole))

    @classmethod
    def scratch(cls, path: Path | None = None) -> Store:
        """A copy in memory of the state at ``path`` (or an empty one): whatever is written is gone with it."""
        return cls(open_copy(path or Path("/nonexistent")))

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction, all or nothing; never nested."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            began = time.monotonic()
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.conn.in_transaction:  # of a full disk SQLite may have rolled back by itself
                self._db.execute("ROLLBACK")
            raise
        self.committed(time.monotonic() - began)

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the open transaction: if it fails it is undone alone, and the rest may go on."""
        self._db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO part")
            raise
        finally:
            self._db.execute("RELEASE part")

    def unwritten(self) -> dict[int, Unwritten]:
        """Live links of which something could not be written, by id."""
        return {one.link: one for one in unwritten(self._db)}

    def figures(self) -> tuple[Figures, dict[str, Figures]]:
        """How much there is of what: in all, and by connector."""
        return figures(self._db)

    def sizes(self) -> tuple[int, int]:
        """Bytes of the state's main file, and of its write-ahead log."""
        log = self._path.with_name(f"{self._path.name}-wal") if self._path else None
        return size(self._db), log.stat().st_size if log and log.exists() else 0

    def note(self, text: str) -> None:
        """Leave a line for processes that find the state in use; see :func:`syncd.store.noted`."""
        assert self._lock is not None  # noqa: S101  # only who holds the lock has something to say
        self._lock.note(text)

    def recover(self, now: datetime, settle: float = 120.0) -> None:
        """After a start: whatever a dead process held or had in flight is free, or in doubt."""
        with self.write():
            self.queue.free_all()
            self.effects.doubt_orphans(now + timedelta(seconds=settle))
            self.filings.doubt_orphans(precise(now + timedelta(seconds=settle)))

    def close(self) -> None:
        """Close the file and give back the right to write it."""
        if self._lock is None:
            self._db.conn.close()
            return
        close_for_writing(self._db)
        self._lock.release()


__all__ = [
    "BEGINNING",
    "CARRIED",
    "LEFT",
    "AlertRow",
    "AnnouncementRow",
    "Begun",
    "CarriedRow",
    "CommandRow",
    "ConnectorRow",
    "CursorRow",
    "DatabaseError",
    "EffectRow",
    "EffectState",
    "End",
    "Escalated",
    "Figures",
    "FilingRow",
    "FilingState",
    "Filings",
    "Looked",
    "PairRow",
    "QueueRow",
    "Restored",
    "SinkRow",
    "Store",
    "Telling",
    "Unwritten",
    "Way",
    "back_up",
    "noted",
    "restore",
    "unread",
]
