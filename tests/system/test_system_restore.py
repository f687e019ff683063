"""`syncd backup`, `syncd restore` and a state that was lost: nothing is written twice, and nothing is missed."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from office import OPEN, PENDING, REPOSITORY, RESOLVED, Office, Run

from syncd.testing import Fault


@pytest.fixture
def lived(office: Office) -> Office:
    """An office that syncd knows, with a ticket that waits."""
    office.sync()
    office.later()
    office.issue(office.ticket())
    office.sync()
    office.later()
    return office


@pytest.fixture
def private(build: Callable[..., Office]) -> Office:
    """An office whose repository is private, so that syncd comments there."""
    office = build()
    office.hub.set_private(REPOSITORY)
    office.sync()
    office.later()
    return office


def books(office: Office) -> dict[str, object]:
    """What both services hold."""
    tickets = {number: (office.status(number), office.notes(number)) for number in office.freshdesk.books.tickets}
    issues = {key: (office.hub.status(key), office.comments(key)) for key in office.hub.issues()}
    return {"tickets": tickets, "issues": issues}


def quiet(office: Office, *, runs: int = 2) -> None:
    """However often syncd looks, it writes nothing more."""
    before, writes = books(office), office.writes()
    for _ in range(runs):
        office.sync()
        office.later()
    assert books(office) == before
    assert office.writes() == writes


def back_up(office: Office) -> Path:
    file = office.folder / "backup.db"
    office.run("backup", str(file)).ended(0)
    return file


def restore(office: Office, file: Path) -> Run:
    return office.run("restore", str(file)).ended(0)


def lose(office: Office) -> None:
    """The state is gone; the marker key, which is kept in another place, isn't."""
    for path in office.state.parent.glob("syncd.db*"):
        if not path.name.endswith(".marker_key"):
            path.unlink()


# --- what may have happened in the time that the state doesn't know of ---


def customer_asks_after_filing(office: Office) -> None:
    """Filed and Pending; then the customer asks for news, and Freshdesk opens the ticket."""
    ticket = office.ticket()
    office.issue(ticket)
    office.sync()
    office.later()
    office.desk.customer_reply(ticket, "any news?")
    office.desk.agent_reply(ticket, "soon")
    assert (office.status(ticket), len(office.notes(ticket))) == (OPEN, 1)


def closed_and_resolved(office: Office) -> None:
    ticket = office.ticket()
    key = office.issue(ticket)
    office.sync()
    office.later()
    office.hub.close(key)
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (RESOLVED, 2)


def closed_while_customer_waits(office: Office) -> None:
    ticket = office.ticket()
    key = office.issue(ticket)
    office.sync()
    office.later()
    office.desk.customer_reply(ticket, "any news?")
    office.later()
    office.hub.close(key)
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (OPEN, 2)


def closed_by_a_stranger(office: Office) -> None:
    ticket = office.ticket()
    key = office.issue(ticket)
    office.sync()
    office.later()
    office.hub.close(key, by="stranger")
    office.sync()


def closed_as_duplicate(office: Office) -> None:
    ticket = office.ticket()
    key = office.issue(ticket)
    office.sync()
    office.later()
    office.hub.close(key, "duplicate")
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 2)


def reopened_and_pending_again(office: Office) -> None:
    closed_and_resolved(office)
    office.later()
    key = max(office.hub.issues(), key=lambda one: int(one.rpartition("#")[2]))
    office.hub.reopen(key)
    office.sync()
    office.later()
    ticket = max(office.freshdesk.books.tickets)
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 3)
    office.desk.customer_reply(ticket, "really?")
    office.desk.agent_reply(ticket, "yes")


def linked_by_hand(office: Office) -> None:
    ticket, key = office.ticket(), office.issue()
    office.run("links", "add", f"freshdesk:{ticket}", f"github:{key}").ended(0)
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)


DAYS = [
    customer_asks_after_filing,
    closed_and_resolved,
    closed_while_customer_waits,
    closed_by_a_stranger,
    closed_as_duplicate,
    reopened_and_pending_again,
]


@pytest.mark.parametrize("day", DAYS)
def test_after_a_restore_nothing_of_the_time_since_is_written_twice(
    lived: Office, day: Callable[[Office], None]
) -> None:
    file = back_up(lived)
    day(lived)
    lived.later()
    before = lived.state.read_bytes()
    restore(lived, file)
    aside = list(lived.state.parent.glob("syncd.db.before-restore-*"))
    assert [path.read_bytes() for path in aside] == [before]
    quiet(lived)


@pytest.mark.parametrize("day", [*DAYS, linked_by_hand])
def test_a_lost_state_is_rebuilt_and_nothing_is_written_twice(lived: Office, day: Callable[[Office], None]) -> None:
    day(lived)
    lived.later()
    links = {(one["ticket"], one["issue"], one["state"]) for one in lived.json("links", "list")}
    lose(lived)
    run = lived.run("links", "import", "--from-markers").ended(0)
    assert "recalled" in run.out
    assert {(one["ticket"], one["issue"], one["state"]) for one in lived.json("links", "list")} == links
    quiet(lived)
    lived.run("links", "import", "--from-markers").ended(0)
    quiet(lived)


def test_two_issues_and_a_resolved_ticket_told_to_both_are_told_once(private: Office) -> None:
    file = back_up(private)
    ticket = private.ticket()
    keys = [private.issue(ticket), private.issue(ticket)]
    private.sync()
    private.later()
    private.desk.set_status(ticket, RESOLVED)
    private.sync()
    private.later()
    assert [len(private.comments(key)) for key in keys] == [1, 1]
    restore(private, file)
    quiet(private)
    lose(private)
    private.run("links", "import", "--from-markers").ended(0)
    quiet(private)


@pytest.mark.parametrize("how", ["restored", "lost"])
def test_what_happened_unseen_is_caught_up(lived: Office, how: str) -> None:
    file = back_up(lived)
    ticket = lived.ticket()
    key = lived.issue(ticket)
    lived.sync()
    lived.later()
    lived.hub.close(key)  # nobody has told syncd
    if how == "restored":
        restore(lived, file)
    else:
        lose(lived)
        lived.run("links", "import", "--from-markers").ended(0)
    lived.sync()
    assert (lived.status(ticket), len(lived.notes(ticket))) == (RESOLVED, 2)
    lived.later()
    quiet(lived)


@pytest.mark.parametrize("how", ["restored", "lost"])
def test_the_next_closing_is_told_although_an_earlier_one_was(lived: Office, how: str) -> None:
    file = back_up(lived)
    reopened_and_pending_again(lived)
    ticket = max(lived.freshdesk.books.tickets)
    key = max(lived.hub.issues(), key=lambda one: int(one.rpartition("#")[2]))
    if how == "restored":
        restore(lived, file)
    else:
        lose(lived)
        lived.run("links", "import", "--from-markers").ended(0)
    lived.sync()
    lived.later()
    lived.hub.close(key)
    lived.sync()
    assert (lived.status(ticket), len(lived.notes(ticket))) == (RESOLVED, 4)


def test_a_note_that_was_to_be_sent_when_the_backup_was_made_is_looked_for_first(lived: Office) -> None:
    ticket = lived.ticket()
    lived.issue(ticket)
    lived.freshdesk.faults.append(Fault("lost_answer", method="POST", path="/notes"))
    held: list[Path] = []
    lived.freshdesk.faults.append(Fault("before", method="PUT", hook=lambda: held.append(back_up(lived))))
    lived.sync()
    assert len(lived.notes(ticket)) == 1
    restore(lived, held[0])
    lived.sync()
    assert (lived.status(ticket), len(lived.notes(ticket))) == (PENDING, 1)
    quiet(lived)


def test_without_its_marker_key_a_rebuild_says_that_it_knows_no_note_again(lived: Office) -> None:
    lose(lived)
    lived.state.with_name("syncd.db.marker_key").unlink()
    run = lived.run("links", "import", "--from-markers").ended(1)
    assert "1 note of our account were signed with another marker key" in run.err


def test_a_restore_without_the_marker_key_says_what_to_do_first(lived: Office) -> None:
    file = back_up(lived)
    lived.state.with_name("syncd.db.marker_key").unlink()
    assert "Put it back before anything else" in restore(lived, file).err


def test_a_marker_that_somebody_copied_recalls_nothing(lived: Office) -> None:
    """Only what our own account wrote counts, and only on the ticket that it was written for."""
    note = lived.notes(1)[0]
    other = lived.ticket()
    lived.desk.agent_note(other, note)
    lived.desk.own_note(other, note)
    lived.issue(other)
    lose(lived)
    lived.run("links", "import", "--from-markers").ended(0)
    effects = sqlite3.connect(lived.state).execute("SELECT target, kind FROM effects").fetchall()
    assert effects == [("freshdesk:1", "link_note")]
    for said in lived.freshdesk.books.tickets[other].talk:  # the office is audited for markers that stand twice
        said["body"] = said["body_text"] = ""


def test_rebuilding_dry_leaves_state_and_books_as_they_were(lived: Office) -> None:
    lose(lived)
    before, writes = lived.tree(), lived.writes()
    run = lived.run("links", "import", "--from-markers", "--dry-run").ended(0)
    assert "1 live link; 1 note of syncd's own would be recalled" in run.out
    assert lived.tree() == before
    assert lived.writes() == writes


# --- the file ---


def test_a_backup_is_whole_and_for_its_owner_only(lived: Office) -> None:
    file = back_up(lived)
    assert file.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(file) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM links").fetchone() == (1,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    db.close()
    key = lived.state.with_name("syncd.db.marker_key").read_bytes()
    assert key not in file.read_bytes()


def test_a_backup_overwrites_nothing(lived: Office) -> None:
    file = lived.folder / "backup.db"
    file.write_text("mine", encoding="utf-8")
    before = lived.tree()
    assert "it exists already" in lived.run("backup", str(file)).ended(78).err
    assert lived.tree() == before
    link = lived.folder / "link.db"
    link.symlink_to("nowhere")
    lived.run("backup", str(link)).ended(78)
    assert not (lived.folder / "nowhere").exists()


def test_a_backup_of_nothing_or_to_nowhere_is_a_sentence(office: Office) -> None:
    assert "there is no state yet" in office.run("backup", "x.db").ended(78).err
    office.sync()
    assert "the folder can't be written" in office.run("backup", "/nonexistent/x.db").ended(78).err


def test_a_backup_is_made_while_the_daemon_writes_and_a_restore_is_refused(build: Callable[..., Office]) -> None:
    office = build()
    office.sync()
    file = back_up(office)
    seen: list[Run] = []

    def meanwhile() -> None:
        seen.append(office.run("backup", str(office.folder / "second.db")))
        seen.append(office.run("restore", str(file)))

    office.later()
    office.issue(office.ticket())
    office.freshdesk.faults.append(Fault("before", method="POST", hook=meanwhile))
    office.sync()
    made, refused = seen
    made.ended(0)
    assert "Wait for it, or stop it" in refused.ended(75).err
    with sqlite3.connect(office.folder / "second.db") as db:
        assert db.execute("SELECT state FROM effects").fetchone() == ("sent",)
    db.close()
    assert (office.status(1), len(office.notes(1))) == (PENDING, 1)


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 4] = b"\xa5" * (4096 * 3)
    path.write_bytes(data)


def no_state(path: Path) -> None:
    path.write_bytes(b"These are my notes.\n" * 500)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def newer(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('syncd', 'next_year', '')")
    db.close()


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (damage, "SQLite file at all. The state is as it was. Use another backup"),
        (no_state, "no SQLite file at all. The state is as it was. Use another backup"),
        (emptied, "there is nothing in it yet. The state is as it was. Use another backup"),
        (newer, "written by a newer syncd (next_year)"),
        (Path.unlink, "there is no such file"),
    ],
)
def test_a_backup_that_cannot_be_used_is_refused_and_the_state_stays(
    lived: Office, harm: Callable[[Path], None], told: str
) -> None:
    file = back_up(lived)
    harm(file)
    before = lived.tree()
    run = lived.run("restore", str(file)).ended(78)
    assert told in run.err
    after = lived.tree()
    assert {name: data for name, data in after.items() if not name.endswith(".lock")} == {
        name: data for name, data in before.items() if not name.endswith(".lock")
    }


def test_a_state_that_is_damaged_is_replaced_and_kept(lived: Office) -> None:
    file = back_up(lived)
    no_state(lived.state)
    lived.state.with_name("syncd.db-wal").write_bytes(b"left by a crash")
    restore(lived, file)
    assert not lived.state.with_name("syncd.db-wal").exists()
    kept = sorted(path.name.rpartition("Z")[2] for path in lived.state.parent.glob("syncd.db.before-restore-*"))
    assert kept == ["", "-wal"]
    quiet(lived)


def test_a_restore_where_there_was_no_state_makes_one(lived: Office) -> None:
    file = back_up(lived)
    shutil.rmtree(lived.state.parent)
    restore(lived, file)
    assert lived.state.stat().st_mode & 0o777 == 0o600
    assert len(lived.json("links", "list")) == 1


def test_restoring_twice_within_a_second_keeps_both(lived: Office) -> None:
    file = back_up(lived)
    restore(lived, file)
    restore(lived, file)
    assert len(list(lived.state.parent.glob("syncd.db.before-restore-*"))) == 2
    quiet(lived)


def test_the_service_recalls_as_reconcile_does(build: Callable[..., Office]) -> None:
    office = build()
    office.write_desk(more='poll_interval = "1s"')
    office.write_hub(more='poll_interval = "1s"')
    office.sync()
    office.later()
    file = back_up(office)
    closed_while_customer_waits(office)
    ticket = max(office.freshdesk.books.tickets)
    office.later()
    restore(office, file)
    before = books(office)
    started = office.start("run")
    end = time.monotonic() + 90
    while not any(one["standing"] == "waits_for_agent" for one in office.json("links", "list")):
        assert time.monotonic() < end, started.said()
        time.sleep(0.1)
    assert books(office) == before
    office.desk.agent_reply(ticket, "it is fixed")
    office.later()
    while office.status(ticket) != RESOLVED:
        assert time.monotonic() < end, started.said()
        time.sleep(0.1)
    started.process.send_signal(15)
    office.finish(started)
    assert len(office.notes(ticket)) == 3
