"""Whole histories: tickets that move, customers who write, and conflicts."""

from __future__ import annotations

import pytest

from tests.histories import Row, play
from tests.test_plan_table import CLOSE, CLOSED, FILED, REOPEN

BOTH = "ticket a; ticket b; issue x for a b; pass"
CASES = [
    # the ticket moves (rule 6) ---
    Row(
        "an agent solves while the issue is open: told once",
        f"{FILED}; a resolved; pass; walk",
        "a resolved: link_note; x open: ticket_resolved; a-x told; writes 3",
    ),
    Row(
        "an agent solves while a public issue is open: nothing is said",
        "ticket a; issue x for a public; pass; a resolved; pass",
        "a resolved: link_note; x open; a-x told; writes 2",
    ),
    Row(
        "ignore: nothing is said",
        f"{FILED}; a resolved; pass",
        "a resolved: link_note; x open; writes 2",
        {"on_ticket_resolved": "ignore"},
    ),
    Row(
        "close: the issue is closed",
        f"{FILED}; a resolved; pass",
        "a resolved: link_note; x done: ticket_resolved; a-x agreed; writes 4",
        CLOSE,
    ),
    Row(
        "close while another customer waits: only told",
        f"{BOTH}; a resolved; pass",
        "a resolved: link_note; b pending: link_note; x open: ticket_resolved; a-x told; b-x agreed; writes 5",
        CLOSE,
    ),
    Row(
        "close when the last customer is served",
        f"{BOTH}; a resolved; pass; b resolved; pass",
        "x done: ticket_resolved ticket_resolved; a-x agreed; b-x agreed",
        CLOSE,
    ),
    Row(
        "solved, told, and then the issue closes",
        f"{FILED}; a resolved; pass; x done; pass",
        "a resolved: link_note; x done: ticket_resolved; a-x agreed; writes 3",
    ),
    Row(
        "solved and told, taken back, solved again",
        f"{FILED}; a resolved; pass; a open; pass; a resolved; pass",
        "a resolved: link_note; x open: ticket_resolved; a-x told",
    ),
    Row(
        "a thank-you on a resolved ticket: engineering is told",
        f"{CLOSED}; a reply; pass; walk",
        "a open: link_note resolved; x done: ticket_reopened; a-x told; writes 5",
    ),
    Row(
        "a thank-you on a ticket of a public issue: nothing is said",
        "ticket a; issue x for a public; pass; x done; pass; a reply; pass",
        "a open: link_note resolved; x done; a-x told; writes 4",
    ),
    Row(
        "a second thank-you is not told again",
        f"{CLOSED}; a reply; pass; a resolved; pass; a reply; pass",
        "a open: link_note resolved; x done: ticket_reopened; a-x told; writes 5",
    ),
    Row(
        "told, and the issue moves: the pair goes on",
        f"{CLOSED}; a reply; pass; x open; pass; a answer; x done; pass",
        "a resolved: link_note resolved resolved; x done: ticket_reopened; a-x agreed",
    ),
    Row(
        "a new closing may be told anew",
        f"{CLOSED}; a reply; pass; x open; pass; a answer; x done; pass; a reply; pass",
        "a open: link_note resolved resolved; x done: ticket_reopened ticket_reopened; a-x told",
    ),
    Row(
        "reopen: the issue is reopened",
        f"{CLOSED}; a reply; pass",
        "a open: link_note resolved; x open: ticket_reopened; a-x agreed; writes 6",
        REOPEN,
    ),
    Row(
        "reopen in public: without a word",
        "ticket a; issue x for a public; pass; x done; pass; a reply; pass",
        "a open: link_note resolved; x open; a-x agreed; writes 5",
        REOPEN,
    ),
    Row(
        "reopened by a customer, and closed again",
        f"{CLOSED}; a reply; pass; a answer; x done; pass",
        "a resolved: link_note resolved resolved; x done: ticket_reopened; a-x agreed",
        REOPEN,
    ),
    # a customer who waits (rule 7) ---
    Row(
        "a customer writes before the close",
        f"{FILED}; a mail; pass; x done; pass",
        "a pending: link_note waits_for_agent; a-x waits_for_agent; writes 3",
    ),
    Row(
        "a customer writes and the issue closes",
        f"{FILED}; a reply; x done; pass",
        "a open: link_note waits_for_agent; a-x waits_for_agent; writes 3",
    ),
    Row(
        "a customer waited, and an agent answers",
        f"{FILED}; a reply; x done; pass; a answer; pass",
        "a resolved: link_note waits_for_agent resolved; a-x agreed; writes 5",
    ),
    Row(
        "answered before the close", f"{FILED}; a mail; a answer; pass; x done; pass", "a resolved: link_note resolved"
    ),
    Row(
        "answered, and the customer writes again",
        f"{FILED}; a reply; x done; pass; a answer; a mail; pass",
        "a open: link_note waits_for_agent; a-x waits_for_agent",
    ),
    Row(
        "a customer waits, and the agent resolves",
        f"{FILED}; a reply; x done; pass; a resolved; pass",
        "a resolved: link_note waits_for_agent; x done; a-x agreed; writes 3",
    ),
    Row(
        "a customer waits, and the issue is reopened and closed",
        f"{FILED}; a reply; x done; pass; x open; pass; x done; pass",
        "a open: link_note waits_for_agent waits_for_agent; a-x waits_for_agent; writes 4",
    ),
    # a ticket that would resolve others ---
    Row(
        "a ticket that would resolve others is left to a person",
        f"{FILED}; a leads; x done; pass; walk",
        "a pending: link_note cascade; a-x cascades; writes 3",
    ),
    Row(
        "resolving others is seen only when the ticket is read",
        f"{FILED}; x done; a leads; pass",
        "a pending: link_note cascade; a-x cascades",
    ),
    Row(
        "it resolves others, and the playbook says that it may",
        f"{FILED}; a leads; x done; pass",
        "a resolved: link_note resolved; a-x agreed",
        {"on_cascade": "resolve"},
    ),
    Row(
        "it resolves others no more",
        f"{FILED}; a leads; x done; pass; a leads none; pass",
        "a resolved: link_note cascade resolved; a-x agreed; writes 5",
    ),
    Row(
        "it would resolve others, and the agent does",
        f"{FILED}; a leads; x done; pass; a resolved; pass",
        "a resolved: link_note cascade; x done; a-x agreed; writes 3",
    ),
    Row(
        "it would resolve others: told once for each closing",
        f"{FILED}; a leads; x done; pass; x in_progress; pass; x done; pass",
        "a pending: link_note cascade cascade; a-x cascades; writes 4",
    ),
    Row(
        "it would resolve others, and its customer waits",
        f"{FILED}; a leads; a mail; x done; pass; a answer; pass",
        "a pending: link_note waits_for_agent cascade; a-x cascades; writes 4",
    ),
    Row(
        "it would resolve others, but its issue is reopened",
        f"{FILED}; a leads; a resolved; x done; pass; x open; pass",
        "a pending: link_note issue_reopened; a-x agreed",
    ),
    Row(
        "it would resolve others, and the tracker wins",
        f"{FILED}; a leads; a on_hold; pass; x done; pass",
        "a on_hold: link_note cascade; a-x cascades",
        {"on_conflict": "tracker"},
    ),
    # both moved (rule 3) ---
    Row(
        "conflict is held, with one note",
        f"{CLOSED}; a on_hold; x in_progress; pass; walk",
        "a on_hold: link_note resolved conflict; x in_progress; a-x conflict; writes 5",
        {"fit": {"in_progress": {"fits": ["pending"], "write": "pending"}}},
    ),
    Row(
        "conflict ends when an end gives in",
        f"{CLOSED}; a on_hold; x in_progress; pass; a pending; pass",
        "a pending: link_note resolved conflict; a-x agreed",
        {"fit": {"in_progress": {"fits": ["pending"], "write": "pending"}}},
    ),
    Row(
        "conflict: the tracker wins",
        f"{CLOSED}; a on_hold; x in_progress; pass",
        "a pending: link_note resolved issue_reopened; a-x agreed",
        {"on_conflict": "tracker", "fit": {"in_progress": {"fits": ["pending"], "write": "pending"}}},
    ),
    Row(
        "conflict: the helpdesk wins",
        f"{FILED}; a resolved; x in_progress; pass",
        "a resolved: link_note; x done: ticket_resolved; a-x agreed",
        {"on_conflict": "helpdesk", "fit": {"in_progress": {"fits": ["on_hold"], "write": "on_hold"}}},
    ),
    Row(
        "one customer waits, the other has the issue reopened: its second closing is told of as well",
        f"{BOTH}; b reply; x done; pass; a open; pass; hour; x done; pass",
        "a resolved: link_note resolved resolved; b open: link_note waits_for_agent waits_for_agent;"
        " x done: ticket_reopened; a-x agreed; b-x waits_for_agent",
        REOPEN,
    ),
    Row(
        "the helpdesk wins, but not over a customer who waits anew from this moment on",
        f"{BOTH}; x done; pass; a on_hold; pass; x strange; pass; a resolved; pass; x open; pass",
        "a resolved: link_note resolved; b pending: link_note resolved issue_reopened;"
        " x open: ticket_reopened ticket_resolved; a-x told; b-x agreed",
        {"on_conflict": "helpdesk"},
    ),
    Row(
        "a helpdesk that wins but has nothing to enforce says so",
        f"{FILED}; a on_hold; x in_progress; pass",
        "a on_hold: link_note conflict; x in_progress; a-x conflict",
        {
            "on_conflict": "helpdesk",
            "fit": {
                "open": {"fits": ["open", "pending"], "write": "pending"},
                "in_progress": {"fits": ["new"], "write": "new"},
            },
        },
    ),
    Row(
        "work begins, and the playbook tells that apart",
        f"{FILED}; x in_progress; pass; walk",
        "a on_hold: link_note; a-x agreed; writes 3",
        {"fit": {"in_progress": {"fits": ["on_hold"], "write": "on_hold"}}},
    ),
    Row(
        "work had begun when it was filed, and the playbook tells that apart",
        "ticket a; issue x for a in_progress; pass; walk",
        "a on_hold: link_note; a-x agreed; writes 2",
        {"fit": {"in_progress": {"fits": ["on_hold"], "write": "on_hold"}}},
    ),
    Row(
        "a word that nothing fits waits for a person",
        f"{FILED}; x declined; pass",
        "a pending: link_note; a-x waits_for_person",
        {"fit": {"declined": {"fits": []}}},
    ),
    Row(
        "a word that can't be written is parked",
        f"{FILED}; x in_progress; pass",
        "a pending: link_note; parked no status",
        {"fit": {"in_progress": {"fits": ["on_hold"], "write": "on_hold"}}},
        mapped={"write": {"open": "open", "pending": "pending", "resolved": "resolved"}},
    ),
]


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
@pytest.mark.parametrize("row", CASES, ids=str)
def test_a_history(row: Row, plain: bool) -> None:
    play(row, plain=plain)
