"""Whole histories through the core, one line each: people at both ends, and what the books say afterwards."""

from __future__ import annotations

import pytest

from tests.histories import Row, play

FILED = "ticket a; issue x for a; pass"
CLOSED = f"{FILED}; x done; pass"
TOLD = {"on_requester_reopen": "tell"}
REOPEN = {"on_requester_reopen": "reopen"}
CLOSE = {"on_ticket_resolved": "close"}

ONE = [
    # how links come to be (rules 4 and 5) ---
    Row("an issue that names a ticket on its own line is filed", FILED, "a pending: link_note; a-x agreed; writes 2"),
    Row(
        "a form's link field names a ticket",
        "ticket a; issue x for a form; pass",
        "a pending: link_note; x open",
        {"link_headings": ["Link to the ticket"]},
    ),
    Row("a new ticket becomes pending too", "ticket a new; issue x for a; pass", "a pending: link_note"),
    Row("a ticket that waits already is left alone", "ticket a on_hold; issue x for a; pass", "a on_hold; a-x agreed"),
    Row(
        "a stranger's issue is only proposed", "ticket a; issue x for a outside; pass", "a open; a-x proposed; writes 0"
    ),
    Row(
        "a ticket named in a sentence is only proposed",
        "ticket a; issue x for a sentence; pass",
        "a open; a-x proposed; writes 0",
    ),
    Row(
        "a ticket named in a quotation is only proposed",
        "ticket a; issue x for a quoted; pass",
        "a open; a-x proposed; writes 0",
    ),
    Row(
        "an agent's note names the issue",
        "ticket a; issue x; pass; a names x; pass",
        "a pending: link_note; a-x agreed",
    ),
    Row("filed and closed between two polls", "ticket a; issue x for a; x done; pass", "a open; a-x adopted; writes 0"),
    Row(
        "an issue older than its ticket, linked later, is adopted",
        "issue x; hour; ticket a; ticket b; pass; a names x; pass",
        "a open; a-x agreed; writes 0",
    ),
    Row(
        "an issue from before the start mark is adopted",
        "ticket a; issue x; walk; pass; a names x; pass",
        "a open; a-x agreed; writes 0",
        cold=True,
    ),
    Row(
        "a filed link whose ticket is resolved already is adopted",
        "ticket a; a resolved; issue x for a; pass",
        "a resolved; a-x adopted; writes 0",
    ),
    Row(
        "a removal by a person stays, wherever the ticket was meanwhile",
        f"{FILED}; cut a x; a deleted; pass; a restored; pass; x done; pass; walk",
        "a pending: link_note; a-x ended; writes 2",
    ),
    Row(
        "a removal by a person stays",
        f"{FILED}; cut a x; x in_progress; pass; a names x; pass; x done; pass; walk",
        "a pending: link_note; a-x ended; writes 2",
    ),
    Row("a passing restart changes nothing", f"{FILED}; restart; pass; walk", "a pending: link_note; writes 2"),
    # old pairs (rule 4) ---
    Row(
        "an old pair in step is adopted",
        "ticket a pending; issue x for a; walk",
        "a pending; a-x agreed; writes 0",
        cold=True,
    ),
    Row("an old pair is open", "ticket a; issue x for a; walk", "a open; a-x agreed; writes 0", cold=True),
    Row(
        "an old pair that disagrees",
        "ticket a resolved; issue x for a; walk; pass",
        "a resolved; a-x adopted; writes 0",
        cold=True,
    ),
    Row(
        "an old pair whose issue is done and ticket open",
        "ticket a; issue x for a done; walk; pass; weeks; pass",
        "a open; a-x adopted; writes 0",
        cold=True,
    ),
    Row(
        "an old pair whose issue is a duplicate",
        "ticket a; issue x for a duplicate; walk; pass",
        "a open; a-x adopted; writes 0",
        cold=True,
    ),
    Row(
        "an old disagreeing pair: its issue is reopened",
        "ticket a resolved; issue x for a done; walk; x open; pass",
        "a pending: issue_reopened; a-x agreed",
        cold=True,
    ),
    Row(
        "an old disagreeing pair: its issue moves into agreement",
        "ticket a resolved; issue x for a; walk; x done; pass",
        "a resolved; a-x agreed; writes 0",
        cold=True,
    ),
    Row(
        "an old disagreeing pair: its issue closes",
        "ticket a resolved; issue x for a; walk; x declined; pass; x open; pass",
        "a pending: issue_reopened; a-x agreed",
        cold=True,
    ),
    Row(
        "an old disagreeing pair: its ticket moves, still in disagreement",
        "ticket a; issue x for a done; walk; a pending; pass",
        "a pending; x done; a-x adopted; writes 0",
        cold=True,
    ),
    Row(
        "an old disagreeing pair: its ticket moves into agreement, and from then on it is a pair like any other",
        "ticket a resolved; issue x for a; walk; a open; pass; x done; pass",
        "a resolved: resolved; a-x agreed",
        cold=True,
    ),
    # the issue moves (rules 2 and 3) ---
    Row("a done issue resolves its ticket", CLOSED, "a resolved: link_note resolved; a-x agreed; writes 4"),
    Row(
        "a declined issue resolves its ticket, with another note",
        f"{FILED}; x declined; pass",
        "a resolved: link_note declined; writes 4",
    ),
    Row("work begins: nothing to write", f"{FILED}; x in_progress; pass", "a pending: link_note; writes 2"),
    Row("closed and reopened between two polls", f"{FILED}; x done; x open; pass", "a pending: link_note; writes 2"),
    Row(
        "a reopened issue takes its ticket back",
        f"{CLOSED}; x open; pass",
        "a pending: link_note resolved issue_reopened; a-x agreed; writes 6",
    ),
    Row(
        "closed a second time, told a second time",
        f"{CLOSED}; x open; pass; x done; pass",
        "a resolved: link_note resolved issue_reopened resolved; writes 8",
    ),
    Row("the agent was first", f"{FILED}; x done; a closed; pass", "a closed: link_note; a-x agreed; writes 2"),
    Row("an agent's on_hold is not undone", f"{FILED}; a on_hold; pass; x in_progress; pass", "a on_hold: link_note"),
    Row(
        "an agent's closed is not undone", f"{CLOSED}; a closed; pass; walk", "a closed: link_note resolved; a-x agreed"
    ),
    Row("an automation closes the resolved ticket", f"{CLOSED}; weeks; a closed; pass", "a closed: link_note resolved"),
    Row(
        "two weeks of silence", f"{CLOSED}; weeks; pass; walk; weeks; pass", "a resolved: link_note resolved; writes 4"
    ),
    Row(
        "closed by a stranger: told, not followed",
        f"{FILED}; x done outside; pass",
        "a pending: link_note closed_outside; x done; a-x told; writes 3",
    ),
    Row(
        "closed by a stranger, reopened and closed by the team",
        f"{FILED}; x done outside; pass; x open; pass; x done; pass",
        "a resolved: link_note closed_outside resolved; a-x agreed",
    ),
    Row(
        "closed by a stranger, reopened and closed by the team before anybody looked",
        f"{FILED}; x done outside; pass; x open; x done; pass; walk",
        "a resolved: link_note closed_outside resolved; a-x agreed; writes 5",
    ),
    Row(
        "closed by a stranger twice: told twice",
        f"{FILED}; x done outside; pass; x open; pass; x done outside; pass",
        "a pending: link_note closed_outside closed_outside; a-x told; writes 4",
    ),
    Row(
        "closed by a stranger, settled by hand, and then the requester reopens: engineering is told",
        f"{FILED}; x done outside; pass; a resolved; pass; a reply; pass; walk",
        "a open: link_note closed_outside; x done: ticket_reopened; a-x told; writes 4",
    ),
    Row(
        "closed by a stranger, settled by hand, reopened by the team",
        f"{FILED}; x done outside; pass; a resolved; pass; x open; pass",
        "a pending: link_note closed_outside issue_reopened; a-x agreed",
    ),
    Row(
        "an old pair whose issue a stranger closed, and the team closes again",
        "ticket a pending; issue x for a; x done outside; walk; pass; x open; x done; pass",
        "a resolved: resolved; a-x agreed; writes 2",
        cold=True,
    ),
    Row("an unknown issue status is left alone", f"{FILED}; x strange; pass", "a pending: link_note; a-x unknown"),
    Row("an unknown issue status passes", f"{FILED}; x strange; pass; x done; pass", "a resolved: link_note resolved"),
    Row(
        "an unknown issue status is mapped later",
        f"{FILED}; x strange; pass; map strange done; walk",
        "a resolved: link_note resolved",
    ),
    Row(
        "an unknown ticket status is never written over",
        f"{FILED}; a strange; pass; x done; pass",
        "a strange: link_note; a-x unknown; writes 2",
    ),
    Row(
        "an unknown ticket status is mapped later",
        f"{FILED}; a strange; pass; x done; pass; map strange on_hold; walk",
        "a resolved: link_note resolved; a-x agreed",
    ),
    Row(
        "an unknown ticket is filed once it is mapped",
        "ticket a strange; issue x for a; pass; map strange open; walk",
        "a pending: link_note; a-x agreed",
    ),
    Row(
        "a feed that lags shows our own write late",
        f"{FILED}; x done; lag 2; pass; lag 1; pass; lag 0; pass",
        "a resolved: link_note resolved; a-x agreed; writes 4",
    ),
    Row(
        "a feed that lags shows the agent's move late",
        f"{FILED}; a resolved; x done; lag 9; pass; lag 0; pass",
        "a resolved: link_note; x done; a-x agreed; writes 2",
    ),
    Row(
        "found by its note long after the issue was closed",
        "ticket a; issue x; pass; x done; pass; hour; a names x; pass",
        "a open; x done; a-x adopted; writes 0",
    ),
    Row(
        "an issue made after the start mark is filed, however late the agent names it",
        "ticket a; issue x; pass; weeks; a names x; pass",
        "a pending: link_note; x open: ticket_linked; a-x agreed; writes 3",
    ),
    Row(
        "a link that nobody trusts, named again by the team",
        "ticket a; issue x for a outside; pass; a names x; pass; x done; pass",
        "a resolved: link_note resolved; a-x agreed",
    ),
    Row(
        "a mapping that changes its mind is drift, and held",
        f"{FILED}; a on_hold; pass; map on_hold resolved; walk; pass",
        "a on_hold: link_note drift; a-x drift",
    ),
]


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
@pytest.mark.parametrize("row", ONE, ids=str)
def test_a_history_of_one_pair(row: Row, plain: bool) -> None:
    play(row, plain=plain)
