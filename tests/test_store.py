"""The state file: who may write it, what it refuses, what survives a kill, and what it never holds."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3 as plain_sqlite
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syncd.errors import StateBusy, StateError
from syncd.model import Author
from syncd.store import Store
from syncd.store.file import wal_is_safe
from syncd.testing.memory import START
from tests.pairs import Pair

NOW = "2026-01-05T09:00:00.000000Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "syncd.db"


def child(code: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


# --- who may write ---


def test_a_second_process_is_told_that_the_state_is_in_use(path: Path) -> None:
    store = Store.open(path)
    code = "import sys; from pathlib import Path; from syncd.store import Store; Store.open(Path(sys.argv[1]))"
    process = child(code, path)
    assert "StateBusy" in process.communicate(timeout=30)[1]
    store.close()
    process = child(code, path)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_same_process_cannot_take_it_twice_either(path: Path) -> None:
    store = Store.open(path)
    with pytest.raises(StateBusy):
        Store.open(path)
    store.close()
    Store.open(path).close()


def test_a_reader_reads_while_a_writer_writes(path: Path) -> None:
    store = Store.open(path)
    with store.write():
        store.queue.ask("one", "test", START)
    with store.write():
        store.queue.ask("two", "test", START)
        reader = Store.read(path)
        assert [row.group for row in reader.queue.rows()] == ["one"]
    assert len(reader.queue.rows()) == 2
    with pytest.raises(Exception, match="readonly"), reader.write():
        reader.queue.ask("three", "test", START)
    reader.close()
    store.close()


def test_a_copy_in_memory_leaves_the_file_as_it_is(path: Path) -> None:
    store = Store.open(path)
    with store.write():
        store.queue.ask("one", "test", START)
    store.close()
    before = path.read_bytes()
    copy = Store.scratch(path)
    with copy.write():
        copy.queue.ask("two", "test", START)
    assert len(copy.queue.rows()) == 2
    copy.close()
    assert path.read_bytes() == before


# --- what it refuses ---


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, whatever its name says " * 200)


def _other(path: Path) -> None:
    db = plain_sqlite.connect(path)
    db.execute("CREATE TABLE accounts (id)")
    db.commit()
    db.close()


def _newer(path: Path) -> None:
    Store.open(path).close()
    db = plain_sqlite.connect(path)
    db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('syncd', 'of_2031', '2031')")
    db.commit()
    db.execute("PRAGMA journal_mode = DELETE")
    db.close()


def _truncated(path: Path) -> None:
    Store.open(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + 100])


def _zeroed(path: Path) -> None:
    store = Store.open(path)
    with store.write():
        for number in range(500):
            store.queue.ask(f"desk:{number}", "test", START)
    store.close()
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 4096 // 2 * 4096
    whole[middle : middle + 4096] = bytes(4096)
    path.write_bytes(whole)


@pytest.mark.parametrize("spoil", [_garbage, _other, _newer, _truncated, _zeroed])
def test_a_file_that_cannot_be_used_is_refused_and_left_as_it_is(spoil: object, path: Path) -> None:
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StateError) as caught:
        Store.open(path)
    assert path.read_bytes() == before
    assert caught.value.cure
    with pytest.raises(StateError):  # not StateBusy: the lock was given back
        Store.open(path)


def test_reading_where_there_is_no_state_says_so_and_makes_none(path: Path) -> None:
    with pytest.raises(StateError, match="no state yet"):
        Store.read(path)
    assert not path.exists()


def test_a_folder_that_cannot_be_written_is_told(show: Path) -> None:
    with shut(show), pytest.raises(StateError, match="can't be written"):
        Store.open(show / "syncd.db")


def test_nobody_else_may_read_the_state(path: Path) -> None:
    Store.open(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((4, 0, 0), True),
    ],
)
def test_the_write_ahead_log_is_used_only_where_it_is_safe(version: tuple[int, ...], safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_every_commit_is_on_the_disk_before_it_returns(path: Path) -> None:
    store = Store.open(path)
    (row,) = store._db.query("PRAGMA synchronous")
    assert row["synchronous"] == 2
    (row,) = store._db.query("PRAGMA journal_mode")
    assert row["journal_mode"] == ("wal" if wal_is_safe() else "delete")
    store.close()


# --- who only looks ---


@pytest.fixture
def show() -> Iterator[Path]:
    """A folder that everybody may look into."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@contextmanager
def shut(folder: Path) -> Iterator[None]:
    """Nothing can be made or changed in the folder: root, who always can, is somebody else meanwhile."""
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(PermissionError):
            (folder / "new").touch()
        yield
    finally:
        if root:
            os.seteuid(0)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def look(path: Path) -> list[str]:
    """What every reader does."""
    found = []
    for opened in (Store.read, Store.scratch):
        store = opened(path)
        found = [row.group for row in store.queue.rows()]
        store.close()
    return found


def test_a_disk_that_takes_no_more_is_told_as_that_and_nothing_is_broken(path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        with pytest.raises(StateError, match=r"Look at the disk that holds it: is it full"):
            Store.open(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    Store.open(path).close()


def test_at_rest_the_state_is_one_file_that_readers_leave_alone(path: Path) -> None:
    store = Store.open(path)
    with store.write():
        store.queue.ask("one", "test", START)
    store.close()
    whole = path.read_bytes()
    assert look(path) == ["one"]
    assert names(path.parent) == {"syncd.db", "syncd.db.lock"}
    assert path.read_bytes() == whole


@pytest.mark.parametrize("killed", [False, True])
def test_the_state_can_be_read_where_nothing_can_be_written(show: Path, killed: bool) -> None:
    path = show / "syncd.db"
    process = child(WRITER, path)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    if not killed:
        Store.open(path).close()
    before = names(show)
    with shut(show):
        assert "desk:1" in look(path)
    assert names(show) == before
    show.chmod(0o755)
    path.chmod(0o600)
    Store.open(path).close()
    assert names(show) == {"syncd.db", "syncd.db.lock"}


def test_a_reader_in_the_way_of_a_writer_that_closes_harms_nobody(path: Path) -> None:
    store = Store.open(path)
    with store.write():
        store.queue.ask("one", "test", START)
    reader = Store.read(path)
    assert [row.group for row in reader.queue.rows()] == ["one"]
    store.close()
    assert [row.group for row in reader.queue.rows()] == ["one"]
    reader.close()
    Store.open(path).close()
    assert names(path.parent) == {"syncd.db", "syncd.db.lock"}


# --- what survives ---

WRITER = """
import sys
from pathlib import Path
from syncd.model import Ref
from syncd.records import LinkState, Origin
from syncd.store import Store
from syncd.testing.memory import START
store = Store.open(Path(sys.argv[1]))
store.recover(START)
number = len(store.links.all())
while True:
    number += 1
    with store.write():
        ticket, issue = Ref("desk", str(number)), Ref("tracker", str(number))
        store.links.add(ticket, issue, LinkState.LIVE, Origin.BODY, filed=True, reason="", now="")
        store.queue.ask(f"desk:{number}", "test", START)
    print(number, flush=True)
"""


def test_a_kill_in_the_middle_leaves_a_sound_file_with_all_that_was_committed(path: Path) -> None:
    said = 0
    for _ in range(5):
        process = child(WRITER, path)
        assert process.stdout is not None
        goal = said + 5
        for line in process.stdout:
            said = int(line)
            if said >= goal:
                break
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
        said = max([said, *(int(line) for line in rest.split("\n")[:-1])])
        store = Store.open(path)
        assert len(store.links.all()) >= said
        assert len(store.links.all()) == len(store.queue.rows())
        store.close()
    assert said >= 25


# --- what it never holds ---


def test_no_text_of_a_ticket_and_no_name_is_in_the_file(path: Path) -> None:
    pair = Pair(path)
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket(body="canary-body of jane.doe@example.com")
    issue = pair.issue(ticket, text="canary-issue\n\n{}")
    pair.say(ticket, "canary-note", Author.TEAM, internal=True)
    pair.pass_()
    pair.reply(ticket)
    pair.say(issue, "canary-comment", Author.OUTSIDE)
    pair.move(issue, "done")
    pair.pass_()
    pair.answer(ticket)
    pair.pass_()
    assert str(ticket.status) == "resolved"
    for file in path.parent.iterdir():
        assert b"canary" not in file.read_bytes(), file
        assert b"jane.doe" not in file.read_bytes(), file


def test_a_restart_on_a_real_file_goes_on_where_it_was(path: Path) -> None:
    pair = Pair(path)
    ticket, issue = pair.filed_pair()
    pair.restart()
    pair.move(issue, "done")
    pair.pass_()
    pair.restart()
    pair.settle()
    assert str(ticket.status) == "resolved"
    assert pair.notes(ticket) == ["link_note", "resolved"]


MIGRATIONS = """
    CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT)
"""
"""What is made first, before any migration is applied."""


@pytest.mark.parametrize("statement", ["PRAGMA journal_mode = WAL", "", MIGRATIONS])
def test_a_state_that_was_being_made_when_its_process_died_is_made_anew(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "syncd.db"
    raw = plain_sqlite.connect(path)
    raw.execute("PRAGMA user_version = 0")
    raw.execute(statement)
    raw.commit()
    raw.close()
    path.touch()
    store = Store.open(path)
    assert store.links.all() == []
    store.close()
    Store.read(path).close()
