"""Tickets met: each ticket that is there is counted once, and nothing else is kept of one that isn't linked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from syncd.clock import precise, stamp
from syncd.ingest.poll import walk
from syncd.jobs.backfill import backfill
from syncd.model import GoneKind, Ref, Status
from syncd.store import BEGINNING, FilingRow, FilingState
from syncd.testing.books import moment_of
from tests.pairs import Pair

TABLES: dict[str, Any] = {"kinds": {"rfh": {"labels": ["rfh"]}}}


def counted(pair: Pair) -> list[str]:
    """The tickets in the state, as refs."""
    return [row["ref"] for row in pair.store._db.query("SELECT ref FROM tickets_met ORDER BY ref")]


def test_every_ticket_is_counted_once_and_no_issue_is() -> None:
    pair = Pair()
    first = pair.ticket()
    pair.issue()
    pair.reconcile()
    pair.tick()
    second = pair.ticket("closed")
    pair.pass_()
    pair.move(first, "pending")
    pair.pass_()
    pair.reconcile()
    assert counted(pair) == [f"desk:{first.number}", f"desk:{second.number}"]
    assert len(pair.store.tickets.made("desk")) == 2
    assert pair.store.tickets.made("tracker") == []


def test_of_a_ticket_that_is_linked_to_nothing_only_its_ref_and_its_birth_are_kept(tmp_path: Path) -> None:
    pair = Pair(tmp_path / "state.db", plain=True)
    ticket = pair.ticket("closed", body="MY PRINTER IS ON FIRE")
    pair.reconcile()
    rows = [tuple(row.values()) for row in pair.store._db.query("SELECT * FROM tickets_met")]
    assert rows == [(f"desk:{ticket.number}", stamp(moment_of(ticket.created)))]
    assert b"PRINTER" not in (tmp_path / "state.db").read_bytes()


def test_a_ticket_that_is_deleted_or_spam_is_counted_no_more_until_it_is_back() -> None:
    pair = Pair()
    plain, linked, spam = pair.ticket(), pair.ticket(), pair.ticket()
    pair.issue(linked)
    pair.reconcile()
    pair.tick()
    pair.remove(plain)
    pair.remove(linked)
    pair.remove(spam, GoneKind.SPAM)
    pair.pass_()
    assert counted(pair) == []
    pair.restore(plain)
    pair.restore(linked)
    pair.pass_()
    assert counted(pair) == [f"desk:{plain.number}", f"desk:{linked.number}"]


def test_a_merged_ticket_leaves_what_is_counted_to_the_one_that_is_left() -> None:
    pair = Pair()
    pair.desk.tells_moves = True
    old, new = pair.ticket(), pair.ticket()
    pair.reconcile()
    pair.tick()
    pair.merge(old, into=new)
    pair.pass_()
    assert counted(pair) == [f"desk:{new.number}"]


def test_how_far_back_tickets_were_met_is_known_only_once_a_walk_has_ended() -> None:
    pair = Pair()
    pair.ticket()
    assert pair.store.tickets.reach("desk") == ""
    pair.reconcile()
    assert pair.store.tickets.reach("desk") == BEGINNING


def test_a_walk_of_a_part_reaches_no_further_and_a_later_whole_one_does() -> None:
    pair = Pair()
    pair.ticket()
    since = pair.clock.now()
    walk(pair.work, "desk", since)
    assert pair.store.tickets.reach("desk") == stamp(since)
    pair.tick()
    pair.pass_()
    assert pair.store.tickets.reach("desk") == stamp(since), "a poll reads on, and no further back"
    backfill(pair.work, ["desk"])
    assert pair.store.tickets.reach("desk") == BEGINNING
    walk(pair.work, "desk", since)
    assert pair.store.tickets.reach("desk") == BEGINNING


def test_a_connector_with_a_start_reaches_back_to_it() -> None:
    pair = Pair()
    start = pair.clock.now()
    pair.work.connectors["desk"].start_from = start
    pair.reconcile()
    assert pair.store.tickets.reach("desk") == stamp(start)


def test_a_pair_is_told_with_the_labels_that_the_playbook_asks_for() -> None:
    pair = Pair(**TABLES)
    ticket = pair.ticket()
    issue = pair.issue(ticket)
    pair.label(issue, "rfh", "good first issue")
    pair.label(ticket, "rfh", "vip")
    pair.reconcile()
    (one,) = pair.store.tickets.handed("desk")
    assert (one.ticket.id, one.issue.id, one.labels) == (str(ticket.number), str(issue.number), ("rfh",))
    assert (one.created_at, one.by_syncd, one.kind) == (stamp(moment_of(ticket.created)), False, "")
    (kept,) = pair.store._db.query("SELECT tags FROM snapshots WHERE connector = 'desk'")
    assert kept["tags"] == "[]", "a ticket's tags aren't kept"
    pair.label(issue, "good first issue")
    pair.pass_()
    assert pair.store.tickets.handed("desk")[0].labels == ()


def test_links_that_are_only_proposed_or_have_ended_hand_nothing_over() -> None:
    pair = Pair()
    ticket, issue = pair.ticket(), pair.issue()
    pair.reconcile()
    pair.join(ticket, issue)
    assert len(pair.store.tickets.handed("desk")) == 1
    pair.cut(ticket, issue)
    assert pair.store.tickets.handed("desk") == []


def test_when_syncd_finished_a_ticket_is_told() -> None:
    pair = Pair()
    ticket = pair.ticket()
    issue = pair.issue(ticket)
    pair.reconcile()
    pair.tick()
    assert pair.store.tickets.handed("desk")[0].finished_at == ""
    pair.move(issue, "done")
    pair.pass_()
    assert pair.store.tickets.handed("desk")[0].finished_at[:10] == stamp(pair.clock.now())[:10]


def test_when_a_ticket_was_assigned_is_told_of_those_that_were_made_since_the_watch_began() -> None:
    pair = Pair()
    old = pair.ticket()
    old.assignees = ("agent-1",)
    pair.reconcile()
    pair.tick()
    new = pair.ticket()
    pair.issue(old, new)
    pair.pass_()
    assert {one.assigned_at for one in pair.store.tickets.handed("desk")} == {""}
    pair.tick()
    new.assignees, new.version = ("agent-1",), pair.desk.next()
    at = precise(pair.clock.now())
    pair.pass_()
    found = {one.ticket.id: one.assigned_at for one in pair.store.tickets.handed("desk")}
    assert found == {str(old.number): "", str(new.number): at}


def test_a_gone_issue_is_no_open_request_and_is_told_without_a_status() -> None:
    pair = Pair()
    ticket = pair.ticket()
    issue = pair.issue(ticket)
    pair.reconcile()
    pair.tick()
    with pair.store.write():
        pair.store.filings.put(filing(pair.ref(ticket), pair.ref(issue)))
    pair.remove(issue)
    pair.pass_()
    (one,) = pair.store.tickets.handed("desk")
    assert (one.linked, one.by_syncd, one.kind, one.issue_status) == (False, True, "rfh", Status(""))


def test_a_filing_tells_what_was_decided() -> None:
    pair = Pair()
    ticket = pair.ticket()
    issue = pair.issue(ticket)
    pair.reconcile()
    with pair.store.write():
        pair.store.filings.put(filing(pair.ref(ticket), pair.ref(issue)))
    (one,) = pair.store.tickets.handed("desk")
    assert (one.linked, one.by_syncd, one.kind, one.team, one.company) == (True, True, "rfh", "Search", "acme")


def filing(ticket: Ref, issue: Ref) -> FilingRow:
    """As it stands once the issue is there."""
    now = "2026-01-05T09:00:00Z"
    row = FilingRow("an effect", ticket, now, "escalated", 1, FilingState.FILED, now, "", issue=issue)
    return replace(row, kind="rfh", team="Search", company="acme")
