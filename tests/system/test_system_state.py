"""The state file: whatever is wrong with it is told in a sentence, and it is left as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from office import PENDING, Office, Run

from syncd.testing import Fault

WRITERS: tuple[tuple[str, ...], ...] = (
    ("reconcile",),
    ("links", "add", "freshdesk:1", "github:acme/infrastructure#1"),
    ("brake", "release", "x"),
)
READERS: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("links", "list"),
    ("explain", "freshdesk:1"),
    ("reconcile", "--dry-run"),
)


@pytest.fixture
def lived(office: Office) -> Office:
    """An office whose state holds a link."""
    ticket = office.pending()
    office.issue(ticket)
    office.sync()
    return office


def kept(tree: dict[str, bytes]) -> dict[str, bytes]:
    """A tree without the lock, which is empty of news."""
    return {name: data for name, data in tree.items() if not name.endswith(".lock")}


def refused(office: Office, verb: tuple[str, ...]) -> Run:
    """The command is refused, and nothing in the office has changed."""
    before = office.tree()
    calls = office.calls()
    run = office.run(*verb).ended(78)
    assert kept(office.tree()) == kept(before)
    assert office.calls() == calls
    assert run.out == ""
    assert len(run.err.splitlines()) == 1
    return run


def cut(path: Path) -> None:
    """Half of it is lost."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribble(path: Path) -> None:
    """A page in the middle is overwritten."""
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 3] = b"\xa5" * (4096 * 2)
    path.write_bytes(data)


def no_sqlite(path: Path) -> None:
    """Something else stands there."""
    path.write_bytes(b"These are my notes.\n" * 500)


def newer(path: Path) -> None:
    """A syncd of next year was here."""
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('syncd', 'of_next_year', '')"
        )
    db.close()


def others(path: Path) -> None:
    """The database of another program."""
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE customers (name TEXT)")
    db.close()


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (cut, "damaged"),
        (scribble, "damaged"),
        (no_sqlite, "damaged, or no SQLite file at all"),
        (newer, "written by a newer syncd (of_next_year)"),
        (others, "not a state file of syncd"),
    ],
)
def test_a_state_that_cannot_be_used_is_refused_and_left_as_it_was(
    lived: Office, harm: Callable[[Path], None], told: str
) -> None:
    harm(lived.state)
    for verb in (*WRITERS, *READERS):
        if harm in {cut, scribble} and verb in READERS:
            continue  # readers don't prove every page: what they need may be sound
        run = refused(lived, verb)
        assert told in run.err
        assert str(lived.state) in run.err


@pytest.mark.parametrize("place", ["/proc/syncd/syncd.db", "syncd.toml/syncd.db", "/dev/null/syncd.db"])
def test_a_state_where_nothing_can_be_written_is_a_sentence(office: Office, place: str) -> None:
    office.write("syncd.toml", f'state = "{place}"\n')
    for verb in WRITERS:
        run = refused(office, verb)
        assert "the folder of the state can't be written" in run.err
    for verb in (("status",), ("reconcile", "--dry-run")):  # nothing is needed there to look
        office.run(*verb).ended(0)


def test_a_folder_where_the_state_should_be_is_a_sentence(office: Office) -> None:
    office.state.mkdir(parents=True)
    for verb in (*WRITERS, *READERS):
        refused(office, verb)


def test_a_second_process_is_told_to_wait_and_readers_are_not_disturbed(lived: Office) -> None:
    seen: list[Run] = []

    def meanwhile() -> None:
        seen.extend(lived.run(*verb) for verb in (*WRITERS, *READERS))

    lived.freshdesk.faults.append(Fault("before", method="GET", hook=meanwhile))
    lived.sync()
    writers, readers = seen[: len(WRITERS)], seen[len(WRITERS) :]
    for run in writers:
        run.ended(75)
        assert "in use by another syncd. Wait for it, or stop it, and run the command again" in run.err
    assert [run.exit for run in readers] == [0, 0, 0, 0]


def test_who_only_looks_leaves_nothing_behind(lived: Office) -> None:
    before = lived.tree()
    for verb in (*READERS, ("links", "propose"), ("links", "show", "freshdesk:1")):
        lived.run(*verb).ended(0)
        assert lived.tree() == before, verb


def test_a_dry_run_leaves_state_and_books_as_they_were(office: Office) -> None:
    first = office.pending()
    office.issue(first)
    before = office.tree()
    office.run("reconcile", "--dry-run").ended(0)
    assert office.tree() == before  # not even a folder is made

    office.sync()
    office.later()
    ticket = office.ticket()
    office.issue(ticket)
    before, writes = office.tree(), office.writes()
    run = office.run("reconcile", "--dry-run").ended(0)
    assert "1 ticket would be set to waiting, because its issue is open:" in run.out
    assert f"freshdesk:{ticket}" in run.out
    planned = office.json("reconcile", "--dry-run")["planned"]
    assert [(one["target"], one["from"], one["to"]) for one in planned] == [(f"freshdesk:{ticket}", "open", "pending")]
    assert kept(office.tree()) == kept(before)
    assert office.writes() == writes
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)


def test_a_full_disk_is_a_sentence_and_the_next_run_goes_on(lived: Office) -> None:
    lived.later()
    tickets = [lived.ticket() for _ in range(3)]
    for ticket in tickets:
        lived.issue(ticket)
    room = max(path.stat().st_size for path in lived.state.parent.glob("*")) // 4096 * 4096
    run = lived.run("reconcile", limit=room)
    assert run.exit in {0, 78}, run.said
    lived.sync()
    assert [(lived.status(ticket), len(lived.notes(ticket))) for ticket in tickets] == [(PENDING, 1)] * 3


def test_a_state_from_elsewhere_goes_on_here(lived: Office) -> None:
    """A backup is the file and its key; both are ordinary files."""
    moved = lived.folder / "restored"
    shutil.copytree(lived.state.parent, moved)
    lived.write("syncd.toml", f'state = "{moved / "syncd.db"}"\n')
    assert len(lived.json("links", "list")) == 1
    lived.sync()


def test_the_marker_key_is_kept_beside_the_state_for_its_owner_only(lived: Office) -> None:
    key = lived.state.with_name("syncd.db.marker_key")
    assert key.stat().st_mode & 0o777 == 0o600
    assert lived.state.stat().st_mode & 0o777 == 0o600
    assert lived.state.parent.stat().st_mode & 0o777 == 0o700
    assert key.read_bytes() not in lived.state.read_bytes()
    before = key.read_bytes()
    lived.sync()
    assert key.read_bytes() == before


def test_an_empty_marker_key_is_told_and_not_signed_with(lived: Office) -> None:
    key = lived.state.with_name("syncd.db.marker_key")
    key.write_bytes(b"")
    lived.later()
    lived.issue(lived.ticket())
    run = lived.run("reconcile").ended(78)
    assert str(key) in run.err
    assert key.read_bytes() == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_in_the_service_s_folder_is_the_service_s(office: Office) -> None:
    office.state.parent.mkdir()
    os.chown(office.state.parent, 61234, 61234)
    office.issue(office.pending())
    office.sync()
    made = [path for path in office.state.parent.iterdir() if path.is_file()]
    assert {path.name for path in made} == {"syncd.db", "syncd.db.lock", "syncd.db.marker_key"}
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(61234, 61234)}


@pytest.mark.parametrize("name", ["a b.db", "50%41.db", "what?.db", "a#b.db", "sch\N{SNOWMAN}n.db", "-.db", "x" * 200])
def test_a_state_may_be_called_anything(office: Office, name: str) -> None:
    office.write("syncd.toml", f'state = "state/{name}"\n')
    office.issue(office.pending())
    for verb in (("reconcile",), ("status",), ("reconcile", "--dry-run")):
        office.run(*verb).ended(0)
    assert len(office.json("links", "list")) == 1
    assert (office.config / "state" / name).is_file()
    assert not office.state.exists()
