"""`syncd links import FILE`: all lines or none, each bad one with its number and reason."""

from __future__ import annotations

import sqlite3

import pytest
from office import OPEN, PENDING, REPOSITORY, RESOLVED, Office


@pytest.fixture
def busy(office: Office) -> Office:
    """An office that syncd knows, with three tickets and three issues that know nothing of each other."""
    office.sync()
    office.later()
    for _ in range(3):
        office.ticket()
        office.issue()
    return office


def links(office: Office) -> set[tuple[str, str, str]]:
    return {(one["ticket"], one["issue"], one["state"]) for one in office.json("links", "list")}


def listed(office: Office, *lines: str, head: str = "ticket,issue,kind") -> str:
    return str(office.write("links.csv", "\n".join((head, *lines)) + "\n"))


def issue(number: int) -> str:
    return f"github:{REPOSITORY}#{number}"


def test_good_lines_are_taken_as_they_stand_and_followed_from_then_on(busy: Office) -> None:
    file = listed(
        busy,
        f"freshdesk:1,{issue(1)},",
        f"{busy.ticket_url(2)},{busy.issue_url(f'{REPOSITORY}#2')},",
        f"{issue(3)},freshdesk:3,",
        "",
    )
    run = busy.run("links", "import", file).ended(0)
    assert "3 links taken over as they stand, 0 known already" in run.out
    assert links(busy) == {(f"freshdesk:{n}", issue(n), "live") for n in (1, 2, 3)}
    busy.sync()
    assert busy.writes() == 0
    assert [busy.status(number) for number in (1, 2, 3)] == [OPEN] * 3
    busy.later()
    busy.hub.close(f"{REPOSITORY}#2")
    busy.sync()
    assert [busy.status(number) for number in (1, 2, 3)] == [OPEN, RESOLVED, OPEN]


def test_the_same_list_again_changes_nothing(busy: Office) -> None:
    file = listed(busy, f"freshdesk:1,{issue(1)},", f"freshdesk:1,{issue(1)},")
    busy.run("links", "import", file).ended(0)
    before = busy.json("links", "list")
    assert "0 links taken over as they stand, 1 known already" in busy.run("links", "import", file).ended(0).out
    assert busy.json("links", "list") == before


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"freshdesk:99,{issue(1)},", "freshdesk:99 is not there"),
        (f"freshdesk:1,{issue(99)},", "github has no 'acme/infrastructure#99'"),
        ("freshdesk:1,github:acme/nowhere#1,", "acme/nowhere isn't one of the configured repositories"),
        ("freshdesk:1,freshdesk:2,", "can't be linked: a ticket and an issue of its trackers can"),
        (f"zendesk:1,{issue(1)},", "no URL of a ticket or issue, and no NAME:KEY with NAME one of freshdesk, github"),
        (f"hello,{issue(1)},", "no URL of a ticket or issue"),
        ("freshdesk:1,,", "the issue is missing"),
        (f",{issue(1)},", "the ticket is missing"),
        (f"freshdesk:1,{issue(1)},incident", "the kind follows from the issue"),
        (f"see freshdesk:1 please,{issue(1)}", "no URL of a ticket or issue"),
    ],
)
def test_one_bad_line_is_told_with_its_number_and_nothing_is_taken(busy: Office, line: str, why: str) -> None:
    file = listed(busy, f"freshdesk:2,{issue(2)},", line, f"freshdesk:3,{issue(3)},")
    run = busy.run("links", "import", file).ended(1)
    assert [told for told in run.err.splitlines() if "line " in told] == [run.err.splitlines()[0]]
    assert run.err.startswith("syncd: line 3: ")
    assert why in run.err
    assert "Nothing was taken: 1 line of 3 can't be" in run.out
    assert links(busy) == set()
    assert busy.json("links", "import", file)["bad"][0]["line"] == 3


def test_every_bad_line_is_told_at_once(busy: Office) -> None:
    file = listed(busy, "x,y,", f"freshdesk:1,{issue(1)},", "freshdesk:98,github:acme/infrastructure#98,")
    run = busy.run("links", "import", file).ended(1)
    assert [line.split(":")[1].strip() for line in run.err.splitlines()] == ["line 2", "line 4"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the first line must be ticket,issue,kind"),
        ("a,b\n1,2\n", "the first line must be ticket,issue,kind"),
        ('ticket,issue\n"freshdesk:1"x,y\n', "line 2: this is no CSV"),
        ("ticket,issue\n\xff\n", "is not UTF-8"),
    ],
)
def test_what_is_no_list_is_told(busy: Office, text: str, why: str) -> None:
    path = busy.write("links.csv", "")
    path.write_bytes(text.encode("latin-1"))
    assert why in busy.run("links", "import", str(path)).ended(2).err


def test_a_list_from_a_spreadsheet_is_taken(busy: Office) -> None:
    path = busy.write("links.csv", "")
    rows = f'Ticket;Issue;Subject\r\nfreshdesk:1;{issue(1)};"two\r\nlines; of text"\r\n;;\r\n'
    path.write_bytes(rows.encode("utf-8-sig"))
    busy.run("links", "import", str(path)).ended(0)
    assert links(busy) == {("freshdesk:1", issue(1), "live")}


def test_nothing_or_both_is_usage(busy: Office) -> None:
    busy.run("links", "import").ended(2)
    busy.run("links", "import", "x.csv", "--from-markers").ended(2)
    assert "can't be read" in busy.run("links", "import", "nowhere.csv").ended(2).err


def test_dry_says_the_same_and_writes_nothing(busy: Office) -> None:
    file = listed(busy, f"freshdesk:1,{issue(1)},")
    before = busy.tree()
    run = busy.run("links", "import", file, "--dry-run").ended(0)
    assert "1 link would be taken over" in run.out
    assert busy.tree() == before


def test_what_a_person_removed_stays_removed_and_what_was_proposed_is_taken(busy: Office) -> None:
    busy.run("links", "add", "freshdesk:1", issue(1)).ended(0)
    busy.run("links", "remove", "freshdesk:1", issue(1)).ended(0)
    strange = busy.issue(2, association="NONE")
    busy.later()
    busy.sync()
    assert ("freshdesk:2", f"github:{strange}", "proposed") in links(busy)
    file = listed(busy, f"freshdesk:1,{issue(1)},", f"freshdesk:2,github:{strange},")
    writes = busy.writes()
    run = busy.run("links", "import", file).ended(0)
    busy.sync()
    assert (busy.writes(), busy.status(2)) == (writes, OPEN)  # taken as it stands, not filed
    assert "1 link left out, because a person removed them" in run.out
    assert links(busy) == {("freshdesk:1", issue(1), "ended"), ("freshdesk:2", f"github:{strange}", "live")}


def test_what_is_listed_as_csv_can_be_imported(busy: Office) -> None:
    busy.issue(busy.pending())
    busy.later()
    busy.sync()
    text = busy.run("links", "list", "--csv").ended(0).out
    assert text == f"ticket,issue,kind\nfreshdesk:4,{issue(4)},\n"
    path = busy.write("links.csv", text)
    with sqlite3.connect(busy.state) as db:
        for table in ("bases", "effects", "links"):
            db.execute(f"DELETE FROM {table}")  # noqa: S608  # three words of our own
    db.close()
    busy.run("links", "import", str(path)).ended(0)
    assert links(busy) == {("freshdesk:4", issue(4), "live")}
    assert busy.status(4) == PENDING
