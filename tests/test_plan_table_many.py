"""Whole histories: items that go or are closed for good, and groups of more than two."""

from __future__ import annotations

import pytest

from syncd.model import Status
from syncd.records import Standing
from tests.histories import Row, play
from tests.pairs import Pair
from tests.rules import ISSUE_WORDS, TICKET_WORDS
from tests.test_plan_table import CLOSE, CLOSED, FILED, REOPEN

TWO = "ticket a; issue x for a; pass; issue y for a; pass"
BOTH = "ticket a; ticket b; issue x for a b; pass"
CASES = [
    # duplicates (rule 2) ---
    Row(
        "a duplicate of nobody knows what",
        f"{FILED}; x duplicate; pass; walk",
        "a pending: link_note duplicate; a-x waits_for_person; writes 3",
    ),
    Row(
        "a duplicate, closed for good by a person",
        f"{FILED}; x duplicate; pass; x done; pass",
        "a resolved: link_note duplicate resolved; a-x agreed",
    ),
    Row(
        "a duplicate whose canonical issue is known",
        f"{FILED}; issue y; x of y; pass",
        "a pending: link_note; a-x ended; a-y agreed; writes 2",
    ),
    Row(
        "the canonical issue closes",
        f"{FILED}; issue y; x of y; pass; y done; pass",
        "a resolved: link_note resolved; a-y agreed",
    ),
    Row(
        "the canonical issue was closed already",
        f"{FILED}; issue y done; x of y; pass",
        "a resolved: link_note resolved; a-y agreed",
    ),
    Row(
        "the canonical issue, of the same ticket, was closed already",
        f"{FILED}; issue y for a; pass; y done; pass; x of y; pass",
        "a resolved: link_note resolved; a-x ended; a-y agreed",
    ),
    Row(
        "the canonical issue, of the same ticket, is still open",
        f"{FILED}; issue y for a; pass; x of y; pass; y done; pass",
        "a resolved: link_note resolved; a-x ended; a-y agreed",
    ),
    Row(
        "duplicates of each other wait for a person",
        f"{FILED}; issue y; x of y; pass; y of x; pass",
        "a pending: link_note duplicate; a-x ended; a-y waits_for_person",
    ),
    # gone (rule 10) ---
    Row(
        "the ticket is deleted", f"{FILED}; a deleted; pass; x done; pass", "a pending: link_note; a-x ended; writes 2"
    ),
    Row(
        "the ticket comes back",
        f"{FILED}; a deleted; pass; a restored; pass; x done; pass",
        "a resolved: link_note resolved; a-x agreed",
    ),
    Row(
        "the ticket comes back to an issue that closed meanwhile",
        f"{FILED}; a deleted; pass; x done; pass; a restored; pass",
        "a resolved: link_note resolved; a-x agreed",
    ),
    Row(
        "the issue is deleted: its ticket goes back to a person",
        f"{FILED}; x deleted; pass; walk",
        "a open: link_note lost_issue; a-x ended; writes 4",
    ),
    Row("the issue becomes a discussion", f"{FILED}; x converted; pass", "a open: link_note lost_issue; a-x ended"),
    Row(
        "the issue of a resolved ticket is deleted",
        f"{CLOSED}; x deleted; pass",
        "a resolved: link_note resolved; a-x ended; writes 4",
    ),
    Row(
        "the issue comes back",
        f"{FILED}; x deleted; pass; x restored; pass; x done; pass",
        "a resolved: link_note lost_issue resolved; a-x agreed",
    ),
    Row(
        "the issue is lost a second time",
        f"{FILED}; x deleted; pass; x restored; pass; a pending; pass; x deleted; pass",
        "a open: link_note lost_issue lost_issue; a-x ended",
    ),
    Row(
        "one of two issues is deleted",
        f"{TWO}; x deleted; pass; y done; pass",
        "a resolved: link_note resolved; a-x ended; a-y agreed",
    ),
    Row(
        "the issue moves elsewhere",
        f"{FILED}; x transferred y; pass; walk; y done; pass",
        "a resolved: link_note resolved; a-y agreed",
    ),
    Row(
        "named by an issue that is gone when it is looked at",
        "ticket a; issue x; x deleted; a names x; pass",
        "a open; writes 0; none",
    ),
    # closed for good (rule 9) ---
    Row(
        "a ticket closed for good is never written",
        f"{CLOSED}; a closed; pass; x open; pass; walk",
        "a closed: link_note resolved; x open: final_reopened; a-x final; writes 5",
        mapped={"final": ["closed"]},
    ),
    Row(
        "an archived ticket is never written",
        f"{CLOSED}; a archived; pass; x open; pass",
        "a closed: link_note resolved; x open: final_reopened; a-x final; writes 5",
    ),
    Row(
        "closed for good while its issue was open",
        f"{FILED}; a closed; pass; x done; pass",
        "a closed: link_note; x done; a-x final; writes 2",
        mapped={"final": ["closed"]},
    ),
    Row(
        "its issue is reopened twice",
        f"{CLOSED}; a closed; pass; x open; pass; x done; pass; x open; pass",
        "x open: final_reopened final_reopened; a-x final",
        mapped={"final": ["closed"]},
    ),
    # many (rule 8) ---
    Row(
        "one issue, two tickets: both",
        f"{BOTH}; x done; pass",
        "a resolved: link_note resolved; b resolved: link_note resolved; writes 8",
    ),
    Row(
        "one of two customers reopens: the other isn't moved",
        f"{BOTH}; x done; pass; a reply; pass",
        "a open: link_note resolved; b resolved: link_note resolved; x open: ticket_reopened; a-x agreed; b-x told",
        REOPEN,
    ),
    Row(
        "and when it closes again both are in step",
        f"{BOTH}; x done; pass; a reply; pass; a answer; x done; pass",
        "a resolved: link_note resolved resolved; b resolved: link_note resolved; a-x agreed; b-x agreed",
        REOPEN,
    ),
    Row("all issues must be done", f"{TWO}; x done; pass", "a pending: link_note; a-x agreed; a-y agreed; writes 2"),
    Row("all issues are done", f"{TWO}; x done; pass; y done; pass", "a resolved: link_note resolved; writes 4"),
    Row("done and declined is done", f"{TWO}; x declined; pass; y done; pass", "a resolved: link_note resolved"),
    Row("done and unknown is unfinished", f"{TWO}; x strange; y done; pass", "a pending: link_note; a-x unknown"),
    Row(
        "any issue is enough", f"{TWO}; y done; pass", "a resolved: link_note resolved", {"resolve_when_issues": "any"}
    ),
    Row(
        "the primary issue decides",
        f"{TWO}; y done; pass",
        "a pending: link_note; a-x agreed; a-y agreed",
        {"resolve_when_issues": "primary"},
    ),
    Row(
        "the primary issue is done",
        f"{TWO}; x done; pass",
        "a resolved: link_note resolved",
        {"resolve_when_issues": "primary"},
    ),
    Row(
        "a solved ticket tells each of its issues",
        f"{TWO}; a resolved; pass",
        "a resolved: link_note; x open: ticket_resolved; y open: ticket_resolved; a-x told; a-y told",
    ),
    Row(
        "a solved ticket closes each of its issues",
        f"{TWO}; a resolved; pass",
        "a resolved: link_note; x done: ticket_resolved; y done: ticket_resolved; a-x agreed; a-y agreed",
        CLOSE,
    ),
    Row(
        "two closed between polls, one by a stranger: told, not followed",
        f"{TWO}; x done; y done outside; pass",
        "a pending: link_note closed_outside; a-x told",
    ),
    Row(
        "a second issue is filed for a ticket that was reopened",
        f"{CLOSED}; a reply; issue y for a; pass",
        "a pending: link_note resolved link_note; a-y agreed",
    ),
    Row(
        "an old open issue joins a resolved ticket: adopted",
        f"issue y; hour; {CLOSED}; hour; y names a; pass; walk",
        "a resolved: link_note resolved; a-x adopted; a-y adopted; writes 4",
    ),
    Row(
        "an old open issue has joined a resolved ticket, that is reopened and resolved: it is told as any other",
        f"issue y; hour; {CLOSED}; hour; y names a; pass; a open; pass; a resolved; pass",
        "a resolved: link_note resolved; x done; y open: ticket_resolved; a-x told; a-y told",
    ),
    Row(
        "an old open issue has joined a resolved ticket, and closes",
        f"issue y; hour; {CLOSED}; hour; y names a; pass; y done; pass",
        "a resolved: link_note resolved; a-x agreed; a-y agreed; writes 4",
    ),
    Row(
        "an old open issue has joined a resolved ticket that is reopened, and closes",
        f"issue y; hour; {CLOSED}; hour; y names a; pass; a reply; pass; a answer; y done; pass",
        "a resolved: link_note resolved resolved; x done; a-x agreed; a-y agreed; writes 6",
    ),
    Row(
        "one is closed by a stranger while the other is open; the other is closed by the team: told, not followed",
        f"{TWO}; x done outside; pass; y done; pass; walk",
        "a pending: link_note closed_outside; a-x told; a-y told",
    ),
    Row(
        "one is closed by a stranger, the other by the team, and the first by the team as well",
        f"{TWO}; x done outside; pass; y done; pass; x open; x done; pass",
        "a resolved: link_note closed_outside resolved; a-x agreed; a-y agreed",
    ),
    Row(
        "one is closed by a stranger, and any would do: the team's closing is followed",
        f"{TWO}; x done outside; pass; y done; pass",
        "a resolved: link_note closed_outside resolved",
        {"resolve_when_issues": "any"},
    ),
    # added on to an issue that is there ---
    Row(
        "a ticket is added on: the issue names it, once",
        f"ticket b; {FILED}; b names x; pass; walk; pass",
        "b pending: link_note; x open: ticket_linked; b-x agreed; a-x agreed; writes 5",
    ),
    Row(
        "two tickets are added on, one by an agent's note and one by a command",
        f"ticket b; ticket c; {FILED}; b names x; c /link x; pass; walk",
        "b pending: link_note; c pending: link_note; x open: ticket_linked ticket_linked",
    ),
    Row(
        "a ticket is added on that an agent has set to waiting",
        f"ticket b; {FILED}; b pending; b names x; pass; walk",
        "b pending; x open: ticket_linked; b-x agreed",
    ),
    Row(
        "a newer ticket that names an older issue is adopted: the issue is told nothing",
        f"{FILED}; hour; ticket b; b names x; pass; walk",
        "b open; x open; b-x agreed; writes 2",
    ),
    Row(
        "a resolved ticket that is added on is adopted",
        f"ticket b; {FILED}; b resolved; join b x; pass; walk",
        "b resolved; x open; b-x adopted",
    ),
    Row(
        "added on to a public issue: nothing in public",
        "ticket a; ticket b; issue x for a public; pass; b names x; pass; walk",
        "b pending: link_note; x open; b-x agreed",
    ),
    Row(
        "the issue names the ticket, in a sentence only, and so does the ticket the issue",
        "ticket a; issue x for a sentence; a names x; pass; walk",
        "a pending: link_note; x open; a-x agreed",
    ),
    Row(
        "each names the other",
        "ticket a; issue x for a; a names x; pass; walk; a open; pass",
        "a open: link_note; x open; a-x agreed",
    ),
    Row(
        "an agent removes what the issue names, and links it again",
        f"{FILED}; cut a x; a open; join a x; pass; walk",
        "a pending: link_note; x open; a-x agreed",
    ),
    # what is left of several issues ---
    Row(
        "a person removes the one link that kept a ticket waiting",
        f"{TWO}; y done; pass; cut a x; pass; walk",
        "a resolved: link_note resolved; a-x ended; a-y agreed; x open",
    ),
    Row(
        "a person removes a link, and the ticket still waits",
        f"{TWO}; cut a x; pass; y done; pass",
        "a resolved: link_note resolved; a-x ended; a-y agreed",
    ),
    Row(
        "a person removes the link to a finished issue: the ticket still waits",
        f"{TWO}; y done; pass; cut a y; pass",
        "a pending: link_note; a-x agreed; a-y ended",
    ),
    Row(
        "the one issue that kept a ticket waiting is deleted: a person decides",
        f"{TWO}; y done; pass; x deleted; pass; walk",
        "a open: link_note lost_issue; a-x ended; a-y told",
    ),
    Row(
        "deleted while the other closes: a person decides",
        f"{TWO}; y done; x deleted; pass; walk",
        "a open: link_note lost_issue; a-x ended; a-y told",
    ),
    Row(
        "an agent was at it already when the last unfinished issue was deleted",
        f"{TWO}; a open; y done; pass; x deleted; pass; walk",
        "a open: link_note; a-x ended; a-y told",
    ),
    Row(
        "one of two finished issues is deleted",
        f"{TWO}; x done; y done; pass; x deleted; pass; walk",
        "a resolved: link_note resolved; a-x ended; a-y agreed",
    ),
    Row(
        "what was said for one link isn't said again when that link ends",
        f"{TWO}; x done; y done; lag 9; a reply; lag 0; pass; cut a x; pass; walk; pass",
        "a open: link_note waits_for_agent; a-x ended; a-y waits_for_agent",
    ),
    Row(
        "linked anew after all its links had ended: its second closing is told as well",
        f"{CLOSED}; cut a x; a open; issue y for a; pass; y done; pass",
        "a resolved: link_note resolved link_note resolved; a-x ended; a-y agreed",
    ),
    Row(
        "removed and linked again: its second closing is told as well",
        f"{CLOSED}; cut a x; a open; x open; pass; join a x; pass; x done; pass",
        "a resolved: link_note resolved resolved; a-x agreed",
    ),
]


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
@pytest.mark.parametrize("row", CASES, ids=str)
def test_a_history(row: Row, plain: bool) -> None:
    play(row, plain=plain)


def test_one_issue_with_fifty_tickets_moves_all_of_them_and_one_customer_moves_only_his_own() -> None:
    pair = Pair(on_requester_reopen="reopen")
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(50)]
    issue = pair.issue(*tickets)
    pair.pass_()
    pair.move(issue, "done")
    pair.pass_()
    assert {str(ticket.status) for ticket in tickets} == {"resolved"}
    pair.tick(3700)
    pair.reply(tickets[7])
    pair.pass_()
    assert issue.status == Status("open")
    assert [str(ticket.status) for ticket in tickets].count("resolved") == 49
    before = pair.writes()
    pair.settle()
    pair.reconcile()
    assert pair.writes() == before
    pair.tick(3700)
    pair.answer(tickets[7])
    pair.move(issue, "declined")
    pair.pass_()
    assert {str(ticket.status) for ticket in tickets} == {"resolved"}
    assert pair.notes(tickets[7]) == ["link_note", "resolved", "declined"]
    assert pair.notes(tickets[8]) == ["link_note", "resolved"]


@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.torture)])
def test_thousands_of_old_pairs_are_adopted_without_a_write(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr("syncd.testing.memory.PAGE", 100)
    pair = Pair()
    for number in range(count):
        pair.issue(pair.ticket(TICKET_WORDS[number % 6]), status=ISSUE_WORDS[number % 5])
    pair.reconcile()
    assert len(pair.links()) == count
    assert {link.standing for link in pair.links()} == {Standing.AGREED, Standing.ADOPTED}
    assert pair.writes() == 0
    assert pair.desk.calls + pair.tracker.calls < count * 1.1  # a look-up per ticket, where it costs one


@pytest.mark.trap("freshdesk", 13)
def test_the_fifth_status_within_an_hour_is_held_back_and_parked_with_the_reason() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    for word in ("done", "open", "done", "open"):  # filed was the first
        pair.move(issue, word)
        pair.pass_()
    assert ticket.status_writes == 4
    assert "4 times within an hour" in pair.parked()[0]
    pair.tick(3700)
    pair.reconcile()
    assert ticket.status == Status("pending")
    assert pair.parked() == []
