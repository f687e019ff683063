"""Whole histories: what agents command goes before every policy, and no further than they said."""

from __future__ import annotations

import pytest

from tests.histories import Row, play
from tests.test_plan_table import CLOSE, CLOSED, FILED, REOPEN

BOTH = "ticket a; ticket b; issue x for a b; pass"
CASES = [
    # linked by command ---
    Row("an open issue is linked: filed", "ticket a; issue x; a /link x; pass", "a pending: link_note; a-x agreed"),
    Row(
        "an old issue is linked: filed all the same",
        "issue x; ticket a; hour; pass; a /link x; pass; x done; pass",
        "a resolved: link_note resolved; a-x agreed",
    ),
    Row(
        "a closed issue is linked: adopted", "ticket a; issue x done; a /link x; pass", "a open; a-x adopted; writes 0"
    ),
    Row(
        "linked again after it was cut",
        f"{FILED}; cut a x; a open; pass; a /link x; pass",
        "a pending: link_note; a-x agreed",
    ),
    Row(
        "unlinked, and the issue closes",
        f"{FILED}; a /unlink; pass; x done; pass; a reply; pass",
        "a open: link_note; x done; a-x ended; writes 2",
    ),
    Row(
        "the only unfinished one of two is unlinked: the ticket is resolved",
        "ticket a; issue x for a; issue y for a; pass; y done; pass; a /unlink x; pass",
        "a resolved: link_note link_note resolved; a-x ended; a-y agreed",
    ),
    # muted ---
    Row(
        "muted, and the issue closes",
        f"{FILED}; a /mute; pass; x done; pass; walk; weeks; pass",
        "a pending: link_note; x done; a-x agreed; writes 2",
    ),
    Row(
        "muted while the issue closed: followed once it is unmuted",
        f"{FILED}; a /mute; pass; x done; pass; a /unmute; pass",
        "a resolved: link_note resolved; a-x agreed; writes 4",
    ),
    Row(
        "muted while the issue closed and was reopened: nothing has happened",
        f"{FILED}; a /mute; pass; x done; pass; x open; pass; a /unmute; pass",
        "a pending: link_note; a-x agreed; writes 2",
    ),
    Row(
        "muted before it is filed: filed once it is unmuted",
        "ticket a; a /mute; pass; issue x for a; pass; walk; a /unmute; pass",
        "a pending: link_note; a-x agreed",
    ),
    Row(
        "muted before it is filed, and the issue closes meanwhile: followed once it is unmuted",
        "ticket a; a /mute; pass; issue x for a; pass; x done; pass; a /unmute; pass",
        "a resolved: resolved; a-x agreed",
    ),
    Row(
        "muted, and the agent resolves it: the issue isn't told",
        f"{FILED}; a /mute; pass; a resolved; pass; walk",
        "a resolved: link_note; x open; a-x agreed; writes 2",
    ),
    Row(
        "muted, and the agent resolves it: the issue isn't closed",
        f"{FILED}; a /mute; pass; a resolved; pass; walk",
        "a resolved: link_note; x open; a-x agreed; writes 2",
        CLOSE,
    ),
    Row(
        "muted, and the customer reopens: the issue isn't reopened",
        f"{CLOSED}; a /mute; pass; a reply; pass; walk",
        "a open: link_note resolved; x done; a-x agreed; writes 4",
        REOPEN,
    ),
    Row(
        "muted, and its last issue is deleted: opened once it is unmuted",
        f"{FILED}; a /mute; pass; x deleted; pass; walk; a /unmute; pass",
        "a open: link_note lost_issue; a-x ended",
    ),
    Row(
        "muted and deleted: the link ends all the same",
        f"{FILED}; a /mute; pass; a deleted; pass",
        "a-x ended; writes 2",
    ),
    Row(
        "one of two tickets is muted: the other goes on",
        f"{BOTH}; a /mute; pass; x done; pass",
        "a pending: link_note; b resolved: link_note resolved; a-x agreed; b-x agreed",
    ),
    Row(
        "a muted ticket still waits for its issue, which isn't closed for another",
        f"{BOTH}; a /mute; pass; b resolved; pass",
        "a pending: link_note; x open: ticket_resolved; b-x told",
        CLOSE,
    ),
    Row(
        "a muted ticket isn't moved by another's reopening, nor afterwards",
        f"{BOTH}; x done; pass; a /mute; pass; b reply; pass; a /unmute; pass",
        "a resolved: link_note resolved; b open: link_note resolved; x open: ticket_reopened; a-x told; b-x agreed",
        REOPEN,
    ),
    # reopened by command ---
    Row(
        "reopened though the playbook only tells",
        f"{CLOSED}; a /reopen; pass; walk",
        "a resolved: link_note resolved; x open: command; a-x told; writes 6",
    ),
    Row(
        "a customer waits, and the agent has the issue reopened",
        f"{FILED}; a reply; x done; pass; a /reopen; pass",
        "a open: link_note waits_for_agent; x open: command; a-x agreed",
    ),
    Row(
        "a customer reopened, was told of, and the agent has the issue reopened",
        f"{CLOSED}; a reply; pass; a /reopen; pass",
        "a open: link_note resolved; x open: ticket_reopened command; a-x agreed",
    ),
    Row(
        "reopened in public: without a word",
        "ticket a; issue x for a public; pass; x done; pass; a /reopen; pass",
        "a resolved: link_note resolved; x open; a-x told",
    ),
    Row(
        "reopened, closed again: resolved again, and no order is left",
        f"{CLOSED}; a /reopen; pass; a open; pass; x done; pass; walk",
        "a resolved: link_note resolved resolved; x done: command; a-x agreed",
    ),
    Row(
        "ordered again after it was closed again",
        f"{CLOSED}; a /reopen; pass; hour; x done; pass; a /reopen; pass",
        "a resolved: link_note resolved; x open: command command; a-x told",
    ),
    Row(
        "reopened for one ticket: the other stays as it is",
        f"{BOTH}; x done; pass; a /reopen; pass; walk",
        "a resolved: link_note resolved; b resolved: link_note resolved; x open: command; a-x told; b-x told",
    ),
    Row(
        "an adopted pair's issue is reopened",
        "ticket a resolved; issue x for a done; walk; a /reopen; pass",
        "a resolved; x open: command; a-x told; writes 2",
        cold=True,
    ),
    Row(
        "both the customer and the agent want it open: it is reopened once",
        f"{CLOSED}; a reply; a /reopen; pass",
        "a open: link_note resolved; x open: command; a-x agreed; writes 6",
        REOPEN,
    ),
    Row(
        "reopened where any of several issues is enough",
        f"{CLOSED}; a /reopen; pass",
        "a resolved: link_note resolved; x open: command; a-x told",
        {"resolve_when_issues": "any"},
    ),
]


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
@pytest.mark.parametrize("row", CASES, ids=str)
def test_a_history(row: Row, plain: bool) -> None:
    play(row, plain=plain)
