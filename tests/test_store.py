"""The state file: who may write it, what it refuses, what survives a kill, and what it never holds."""

from __future__ import annotations

import os
import signal
import sqlite3 as plain_sqlite
import subprocess
import sys
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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StateError, match="can't be written"):
        Store.open(tmp_path / "syncd.db")


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
