"""The state file: who may write it, whether it is sound, and how it is opened.

The lock file stands beside it; whoever writes holds it. A file that isn't ours, is corrupt, or was written by a newer
syncd is refused and left as it is. ``synchronous=FULL`` always.

WAL is used only where SQLite is free of the WAL-reset race (3.51.3, or the backports 3.44.6 and 3.50.7), else the
rollback journal; and only while somebody writes. A file that is left in WAL mode makes every reader put two files
beside it, which stay there under the reader's name, and can't be read at all where he may not make them.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # whichever SQLite sqlite-utils itself uses

from syncd.errors import StateBusy, StateError
from syncd.store.schema import migrations

DatabaseError: type[Exception] = sqlite3.DatabaseError
"""Whatever SQLite raises: the state is busy, its disk full or broken."""
NEWER = "Install the newer syncd again; this one leaves the file as it is"
RESTORE = "Put a backup in its place with `syncd restore`, or move it away and run `syncd links import --from-markers`"


def wal_is_safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite is free of the WAL-reset race."""
    branch = version[:2]
    return version >= (3, 51, 3) or (branch == (3, 50) and version[2] >= 7) or (branch == (3, 44) and version[2] >= 6)


class Lock:
    """The right to write a state; held from construction until ``release`` or the end of the process.

    Raises:
        StateBusy: another process holds it.
        StateError: the folder can't be written.
    """

    def __init__(self, state: Path) -> None:
        self.path = state.with_name(state.name + ".lock")
        try:
            state.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            belong(self.path)
        except OSError as error:
            raise StateError(
                str(state.parent), f"the folder of the state can't be written ({error.strerror})", "Mend its rights"
            ) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._handle)
            raise StateBusy(
                f"{state} is in use by another syncd. Wait for it, or stop it, and run the command again"
            ) from error
        self.note("")

    def note(self, text: str) -> None:
        """Leave a line for whoever finds the state locked; see :func:`noted`."""
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text.encode(), 0)

    def release(self) -> None:
        """Give the right back."""
        os.close(self._handle)


def is_held(state: Path) -> bool:
    """Whether a process holds the right to write a state; makes nothing."""
    try:
        handle = os.open(state.with_name(state.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def belong(path: Path) -> None:
    """Give a file beside the state, or the state itself, to whoever its folder belongs to.

    Only root can, and only root need: what a command run by root makes would else be out of the service's reach.
    """
    if os.geteuid() == 0:
        with suppress(OSError):
            folder = path.parent.stat()
            os.chown(path, folder.st_uid, folder.st_gid, follow_symlinks=False)


def noted(state: Path) -> str:
    """What the process that last held the state's lock has noted for others; whether it still lives isn't known."""
    try:
        return state.with_name(state.name + ".lock").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def open_for_writing(path: Path) -> Database:
    """The state, sound and migrated; made if it doesn't exist. The caller holds the lock.

    Raises:
        StateError: corrupt, newer than this syncd, or unwritable; the file is as it was.
    """
    known = path.exists() and path.stat().st_size > 0
    with _as_state_error(path):
        db = _connect(str(path), uri=False)
        known = known and not _is_blank(db)
        if known:
            _prove(db, path)
            if migrations.pending(db):
                _keep_copy(db, path)
        path.chmod(0o600)
        belong(path)
        if not known:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        for pragma in ("synchronous = FULL", "journal_size_limit = 67108864"):
            db.execute(f"PRAGMA {pragma}")
        if wal_is_safe():
            _switch(db, "WAL")
        migrations.apply(db)
    return db


def upgrade(path: Path) -> Database:
    """A file that is nobody's state yet, as this syncd's states are."""
    with _as_state_error(path):
        db = _connect(str(path), uri=False)
        migrations.apply(db)
    return db


def open_fellow(path: Path) -> Database:
    """The state once more, to write to, in a process that has it open and holds the lock."""
    with _as_state_error(path):
        db = _connect(str(path), uri=False)
        db.execute("PRAGMA synchronous = FULL")
    return db


def close_for_writing(db: Database) -> None:
    """Close it as one file that readers leave as it is; the caller holds the lock."""
    _switch(db, "DELETE")
    db.conn.close()


def open_for_reading(path: Path, *, whole: bool = False) -> Database:
    """The state as it is now, read-only, while a daemon may be writing it.

    ``whole``: every page is looked at, and not only what is asked for afterwards.

    Raises:
        StateError: there is none, or it can't be read.
    """
    if not path.exists():
        raise StateError(str(path), "there is no state yet", "Run `syncd reconcile` first")
    with _as_state_error(path):
        db = _connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        if _is_blank(db):
            db.conn.close()
            raise StateError(str(path), "there is nothing in it yet", "Run `syncd reconcile` first")
        _prove(db, path, quick=whole)
    return db


def open_copy(path: Path) -> Database:
    """A copy in memory, for a dry run: what is written to it is gone with it."""
    memory = _connect(":memory:", uri=False)
    if path.exists():
        source = open_for_reading(path)
        source.conn.backup(memory.conn)
        source.conn.close()
    migrations.apply(memory)
    return memory


def _switch(db: Database, mode: str) -> None:
    """Use another journal, unless somebody who reads right now is in the way: each is as safe as the other."""
    with suppress(sqlite3.DatabaseError):
        db.execute(f"PRAGMA journal_mode = {mode}")


def _connect(name: str, *, uri: bool) -> Database:
    conn = sqlite3.connect(name, uri=uri, timeout=5.0, isolation_level=None)
    db = Database(conn)
    for pragma in ("foreign_keys = ON", "busy_timeout = 5000", "trusted_schema = OFF", "mmap_size = 0"):
        db.execute(f"PRAGMA {pragma}")
    return db


def _prove(db: Database, path: Path, *, quick: bool = True) -> None:
    """Reads only."""
    tables = {row["name"] for row in db.query("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if "_sqlite_migrations" not in tables:
        raise StateError(str(path), "this is not a state file of syncd", "Mend `state` in syncd.toml")
    applied = {migration.name for migration in migrations.applied(db)}
    newer = applied - {migration.name for migration in migrations.pending(_empty())}
    if newer:
        raise StateError(str(path), f"it was written by a newer syncd ({', '.join(sorted(newer))})", NEWER)
    if quick:
        verdict = next(iter(db.query("PRAGMA quick_check(1)")))
        if verdict["quick_check"] != "ok":
            raise StateError(str(path), "the file is damaged", RESTORE)


def _is_blank(db: Database) -> bool:
    """Whether nothing was ever kept in it: what made it was stopped while it did."""
    tables = {row["name"] for row in db.query("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")}
    return not tables or (tables == {"_sqlite_migrations"} and not migrations.applied(db))


def _empty() -> Database:
    return Database(memory=True)


def _keep_copy(db: Database, path: Path) -> None:
    """Before a migration: a copy beside the state, named by the last migration it has."""
    last = max(migration.name for migration in migrations.applied(db))
    copy = path.with_name(f"{path.name}.before-upgrade-from-{last}")
    copy.unlink(missing_ok=True)
    db.execute("VACUUM INTO ?", [str(copy)])
    belong(copy)


@contextmanager
def _as_state_error(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StateError(str(path), *_told(error)) from error


def _told(error: sqlite3.DatabaseError) -> tuple[str, str]:
    """What is wrong with the file, and the cure."""
    if error.sqlite_errorname.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return f"the file can't be made or changed ({error})", "Look at the disk that holds it: is it full, or broken?"
    if isinstance(error, sqlite3.OperationalError):
        return f"the file can't be opened ({error})", "Mend its rights"
    return "the file is damaged, or no SQLite file at all", RESTORE
