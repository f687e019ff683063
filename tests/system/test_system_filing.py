"""Filing through the real program: what people see of it, and how they set right what went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from office import CANARY, MARKER, OPEN, PENDING, REPOSITORY, Office

FILES = f"""
playbook = "2i2c"
file_after = "0s"
[sync.file]
authorised = "anyone"
answered_first = false
[sync.routing.places]
infrastructure = "{REPOSITORY}"
"""


@pytest.fixture
def files(office: Office) -> Office:
    """A team that works by 2i2c's playbook, watching since a moment ago."""
    office.write_desk(sync=FILES)
    office.hub.make_label(REPOSITORY, "support")
    office.sync()
    office.later(5)
    return office


def escalated(office: Office) -> int:
    """A customer writes, and an agent escalates it."""
    ticket = office.ticket()
    office.later(5)
    office.desk.add_tag(ticket, "escalate")
    office.later(5)
    return ticket


def ours(office: Office) -> list[str]:
    """The issues that syncd has filed, by the books."""
    return [key for key in office.hub.issues() if MARKER.search(office.hub.body(key))]


def test_an_escalated_ticket_is_filed_once_and_everything_tells_of_it(files: Office) -> None:
    ticket = escalated(files)
    told = files.sync().out
    assert "1 issue filed" in told
    (issue,) = ours(files)
    assert (files.status(ticket), len(files.notes(ticket))) == (PENDING, 1)
    assert files.issue_url(issue) in files.notes(ticket)[0]
    assert files.ticket_url(ticket) in files.hub.body(issue)
    files.later()
    assert "filed" not in files.sync().out
    assert ours(files) == [issue]
    status = files.json("status")
    assert (status["filings"], status["needs_a_person"]) == ({"filed": 1}, 0)
    for ref in (f"freshdesk:{ticket}", f"github:{issue}"):
        told = files.run("explain", ref).ended(0).out
        assert f"freshdesk:{ticket} escalated, seen" in told
        assert "the tag escalate" in told
        assert f"filed: github:{issue}" in told
        assert "issue filed, because its ticket was escalated: the tag " in told


def test_a_dry_run_shows_it_and_writes_nothing(files: Office) -> None:
    ticket = escalated(files)
    before = files.writes(), files.tree()
    told = files.sync("--dry-run").out
    found = files.json("reconcile", "--dry-run")
    assert (files.writes(), files.tree()) == before
    assert f"for freshdesk:{ticket} in github:{REPOSITORY}: guidance, labels support" in told
    assert found["would_file"][0] | {"labels": ["support"]} == found["would_file"][0]


def test_a_plan_holds_it_without_a_word_of_the_ticket_and_files_it_as_it_was_seen(files: Office) -> None:
    ticket, changed = escalated(files), escalated(files)
    plan, before = files.folder / "plan.json", files.writes()
    told = files.sync("--plan", str(plan)).out
    assert f"The plan, 2 issues to be filed, is in {plan}" in told
    assert files.writes() == before
    text = plan.read_text(encoding="utf-8")
    assert CANARY not in text
    found = {one["item"]: one for one in json.loads(text)["filings"]}
    assert found[f"freshdesk:{ticket}"]["place"] == REPOSITORY
    assert found[f"freshdesk:{ticket}"]["audience"] == "public"
    assert found[f"freshdesk:{ticket}"]["labels"] == ["support"]
    files.desk.agent_note(changed, "wait, I know what it is")
    files.later(5)
    run = files.run("reconcile", "--apply", str(plan)).ended(1)
    assert "1 of 2 issues filed as planned" in run.out
    assert f"no issue was filed for freshdesk:{changed}: the ticket, or what is decided of it, has changed" in run.err
    (issue,) = ours(files)
    assert files.ticket_url(ticket) in files.hub.body(issue)
    assert (files.status(ticket), len(files.notes(ticket))) == (PENDING, 1)
    assert (files.status(changed), files.notes(changed)) == (OPEN, [])
    written = files.writes()
    again = files.run("reconcile", "--apply", str(plan), "--json").ended(1).data
    assert (again["issues_filed"], len(again["not_filed"]), files.writes()) == (0, 2, written)


def test_before_there_is_a_marker_key_a_plan_leaves_issues_out_and_says_so(office: Office) -> None:
    office.write_desk(sync=FILES)
    office.hub.make_label(REPOSITORY, "support")
    escalated(office)
    plan = office.folder / "plan.json"
    told = office.sync("--plan", str(plan), "--file-since", "2020-01-01").out
    assert "Issues to be filed are no part of it: that takes a marker key" in told
    assert json.loads(plan.read_text(encoding="utf-8"))["filings"] == []


def test_what_is_refused_is_shown_everywhere_and_tried_again_on_demand(office: Office) -> None:
    office.write_desk(sync=FILES)
    office.sync()
    office.later(5)
    ticket = escalated(office)
    told = office.sync(status=1).said
    assert f"an issue for freshdesk:{ticket} was refused" in told
    assert "support" in told
    status = office.run("status").ended(1).out
    assert f"`syncd queue retry freshdesk:{ticket}` tries it again" in status
    (row,) = office.json("queue", "list")
    assert (row["group"], row["parked"]) == (f"freshdesk:{ticket}", True)
    assert office.json("status")["status"] == "degraded"
    office.hub.make_label(REPOSITORY, "support")
    office.run("queue", "retry", f"freshdesk:{ticket}").ended(0)
    office.sync()
    assert len(ours(office)) == 1
    assert office.json("queue", "list") == []


def test_what_is_given_up_is_filed_when_it_is_escalated_anew(office: Office) -> None:
    office.write_desk(sync=FILES)
    office.sync()
    office.later(5)
    ticket = escalated(office)
    office.sync(status=1)
    office.run("queue", "drop", f"freshdesk:{ticket}", "--yes").ended(0)
    office.hub.make_label(REPOSITORY, "support")
    office.later(5)
    office.sync()
    assert ours(office) == []
    office.run("queue", "drop", f"freshdesk:{ticket}", "--yes").ended(1)
    office.desk.remove_tag(ticket, "escalate")
    office.later(5)
    office.sync()
    office.desk.add_tag(ticket, "escalate")
    office.later(5)
    office.sync()
    assert len(ours(office)) == 1


def test_what_was_escalated_before_the_first_look_is_left_to_people_until_they_ask_for_it(office: Office) -> None:
    office.write_desk(sync=FILES)
    office.hub.make_label(REPOSITORY, "support")
    old, done = escalated(office), escalated(office)
    office.desk.set_status(done, 5)
    office.later(5)
    office.sync()
    assert (ours(office), office.json("status")["filings"]) == ([], {"old": 1})
    assert "--file-since" in office.run("status").ended(0).out
    office.later(5)
    office.sync("--file-since", "2999-01-01")
    assert ours(office) == []
    office.sync("--file-since", "2020-01-01")
    assert (len(ours(office)), office.status(old), office.status(done)) == (1, PENDING, 5)


def test_observe_mode_says_what_would_be_filed(build: Callable[..., Office]) -> None:
    office = build(sync=FILES, main='mode = "observe"\n')
    office.hub.make_label(REPOSITORY, "support")
    office.sync()
    office.later(5)
    ticket = escalated(office)
    told = office.sync().out
    assert f"for freshdesk:{ticket} in github:{REPOSITORY}: guidance" in told
    assert (office.writes(), ours(office)) == (0, [])


def test_a_restored_state_finds_what_was_filed_since_and_files_nothing_twice(files: Office) -> None:
    backup = files.folder / "backup.db"
    before = escalated(files)
    files.run("backup", str(backup)).ended(0)
    files.sync()
    after = escalated(files)
    files.sync()
    assert len(ours(files)) == 2
    files.run("restore", str(backup)).ended(0)
    files.later()
    for _ in range(3):
        files.sync()
        files.later()
    assert len(ours(files)) == 2
    assert files.json("status")["filings"] == {"filed": 2}
    assert [len(files.notes(ticket)) for ticket in (before, after)] == [1, 1]


def test_a_public_place_learns_nothing_of_the_customer(files: Office) -> None:
    escalated(files)
    files.sync()
    assert CANARY not in "".join(files.hub.body(key) for key in ours(files))


def test_what_everybody_can_read_by_now_is_told_until_a_person_accepts_it(files: Office) -> None:
    files.hub.set_private(REPOSITORY)
    ticket = files.desk.make_ticket("The disk is full", "<div>The disk is full</div>")
    files.later(5)
    files.desk.add_tag(ticket, "escalate")
    files.later(5)
    files.sync()
    (issue,) = ours(files)
    assert "The disk is full" in files.hub.body(issue), "it was written for the team"
    files.later()
    files.hub.set_private(REPOSITORY, private=False)
    files.hub.comment(issue, "news")
    files.later(5)
    files.sync()
    assert files.json("status")["exposed"] == [f"github:{issue}"]
    told = files.run("status").ended(1).out
    assert f"`syncd queue drop github:{issue}`" in told
    dropped = files.run("queue", "drop", f"github:{issue}", "--yes").ended(0).out
    assert "It may stay as it is" in dropped
    assert files.json("status")["exposed"] == []
    files.run("queue", "drop", f"github:{issue}", "--yes").ended(1)
