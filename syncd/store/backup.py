"""Backup and restore of the state file: whole, proven, and never over something that exists."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # whichever SQLite sqlite-utils itself uses

from syncd.clock import precise
from syncd.errors import StateError
from syncd.store.announcements import Announcements
from syncd.store.effects import Effects
from syncd.store.file import NEWER, Lock, belong, open_for_reading, upgrade
from syncd.store.recalls import Recalls

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file while it is written, or after a crash."""

ANOTHER = "The state is as it was. Use another backup"


@dataclass(frozen=True)
class Restored:
    """What came of a restore: the moment that the backup knows of, empty if of none, and where the old state is."""

    known_until: str
    aside: Path | None


def back_up(state: Path, target: Path) -> int:
    """Copy the state as it is in one moment, while it may be written; its size in bytes.

    Raises:
        StateError: there is no state, it is damaged, or the target exists or can't be written; nothing is left there.
    """
    if os.path.lexists(target):
        raise StateError(str(target), "it exists already, and is left as it is", "Name another file")
    source = open_for_reading(state)
    try:
        _prove_whole(source, state, "Restore an older backup, and look at the disk")
        with _new_file(target) as new:
            try:
                source.execute("VACUUM INTO ?", [str(new)])
            except sqlite3.DatabaseError as error:
                raise _not_made(target, error) from error
            copy = _open(new)
            try:
                _prove_whole(copy, target, "Look at the disk that it was to be kept on")
            finally:
                copy.conn.close()
            return new.stat().st_size
    finally:
        source.conn.close()


def restore(state: Path, backup: Path, now: datetime) -> Restored:
    """Put a backup in the state's place, and keep the state as it was aside.

    Raises:
        StateBusy: another process holds the state.
        StateError: the backup can't be used, or the folder can't be written; the state is as it was.
    """
    if not backup.is_file():
        raise StateError(str(backup), "there is no such file", "Name a file that `syncd backup` has made")
    lock = Lock(state)
    try:
        source = _opened(backup)
        _prove_whole(source, backup, ANOTHER)
        aside = _free(state, now) if os.path.lexists(state) else None
        with _new_file(state, replace=aside) as new:
            try:
                source.execute("VACUUM INTO ?", [str(new)])
            except sqlite3.DatabaseError as error:
                raise _not_made(new, error) from error
            finally:
                source.conn.close()
            known = _recall_from_here(new, now)
            belong(new)
        return Restored(known, aside)
    finally:
        lock.release()


def _opened(backup: Path) -> Database:
    """A backup, by whom and of whichever version it is."""
    try:
        return open_for_reading(backup)
    except StateError as error:
        cure = error.cure if error.cure == NEWER else ANOTHER
        raise StateError(error.path, error.what, cure) from error


def _recall_from_here(path: Path, now: datetime) -> str:
    """Note in a state that more was done than it knows; the moment until which it knows."""
    db = upgrade(path)
    recalls = Recalls(db)
    known = recalls.latest()
    db.execute("BEGIN IMMEDIATE")
    recalls.begin(known, precise(now))
    Effects(db).doubt_all(now)
    Announcements(db).doubt_all()
    db.execute("COMMIT")
    db.conn.close()
    return known


def _open(path: Path) -> Database:
    return Database(sqlite3.connect(str(path)))


def _prove_whole(db: Database, named: Path, cure: str) -> None:
    """Every page, and every reference between tables."""
    try:
        verdict = next(iter(db.query("PRAGMA integrity_check(1)")))["integrity_check"]
        strays = list(db.query("PRAGMA foreign_key_check"))
    except sqlite3.DatabaseError as error:
        raise StateError(str(named), "the file is damaged", cure) from error
    if verdict != "ok" or strays:
        raise StateError(str(named), "the file is damaged", cure)


def _not_made(path: Path, error: Exception) -> StateError:
    cure = "Is the disk full, or broken? The state is as it was"
    return StateError(str(path), f"the copy can't be made ({error})", cure)


@contextmanager
def _new_file(target: Path, *, replace: Path | None = None) -> Iterator[Path]:
    """A file beside the target, for its owner only, that takes the target's place in one step once it is whole.

    ``replace``: what is in that place is kept under this name; else nothing may be there.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        what = f"the folder can't be written ({error.strerror})"
        raise StateError(str(target.parent), what, "Mend its rights, or name another") from error
    new = Path(name)
    try:
        yield new
        os.fsync(handle)
        if replace is not None:
            _put_aside(target, replace)
            new.replace(target)
        else:
            _put(new, target)
        _flush(target.parent)
    finally:
        os.close(handle)
        for path in (new, *(new.with_name(new.name + end) for end in BESIDE)):
            path.unlink(missing_ok=True)


def _put(new: Path, target: Path) -> None:
    """In the target's place, unless something has come there meanwhile."""
    try:
        os.link(new, target)
    except FileExistsError as error:
        raise StateError(str(target), "it exists already, and is left as it is", "Name another file") from error
    except OSError:  # a disk without hard links
        new.rename(target)


def _put_aside(state: Path, aside: Path) -> None:
    """The old state under another name; until the new one takes its place it is there under both."""
    for end in BESIDE:
        with suppress(FileNotFoundError):
            state.with_name(state.name + end).rename(aside.with_name(aside.name + end))
    try:
        os.link(state, aside)
    except OSError:  # a disk without hard links
        state.rename(aside)


def _free(state: Path, now: datetime) -> Path:
    stamp = f"{now:%Y-%m-%dT%H%M%S.%f}Z"
    return state.with_name(f"{state.name}.before-restore-{stamp}")


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
