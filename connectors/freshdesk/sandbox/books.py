"""The books of the stand-in: tickets, what was said on them, and what moves ``updated_at``.

Shapes and rules as Freshdesk's API docs give them and recordings of live accounts show them: whole seconds in UTC; a
create bumps the ticket once more a second later, when its due dates are set; a write that changes nothing bumps
nothing; merging closes; a customer's reply reopens.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bs4 import BeautifulSoup

from syncd.clock import stamp

OPEN, PENDING, RESOLVED, CLOSED = 2, 3, 4, 5
REPLY, NOTE, SURVEY, FORWARD = 0, 2, 6, 8
ME, AGENT, CUSTOMER = 158017609801, 158017609802, 158018064981
"""User ids: the key's own agent, another agent, a requester."""

STATUSES: dict[int, tuple[str, str]] = {
    OPEN: ("Open", "Being Processed"),
    PENDING: ("Pending", "Awaiting your Reply"),
    RESOLVED: ("Resolved", "This ticket has been Resolved"),
    CLOSED: ("Closed", "This ticket has been Closed"),
    6: ("Waiting on Customer", "Awaiting your Reply"),
    7: ("Waiting on Third Party", "Being Processed"),
}


@dataclass(slots=True)
class Ticket:
    """A ticket: ``row`` as a list shows it, and what only a single read shows."""

    row: dict[str, Any]
    description: str
    talk: list[dict[str, Any]] = field(default_factory=list)
    trashed: bool = False
    archived: bool = False
    purged: bool = False
    stats: dict[str, str | None] = field(default_factory=dict)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    status_writes: int = 0
    """How often a status came through the API."""
    mails: int = 0
    """How often the requester was told that it is resolved."""

    @property
    def number(self) -> int:
        """Its display number."""
        return int(self.row["id"])

    @property
    def listed(self) -> str:
        """The view that shows it: ``""`` for the plain list, ``deleted``, ``spam``, or ``nowhere``."""
        if self.purged or self.archived:
            return "nowhere"
        return "deleted" if self.trashed else "spam" if self.row["spam"] else ""


class Books:
    """What the account holds. ``now`` is the stand-in's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.tickets: dict[int, Ticket] = {}
        self.contacts: dict[int, dict[str, Any]] = {CUSTOMER: contact(CUSTOMER, "Customer", "customer@example.org")}
        self.companies: dict[int, dict[str, Any]] = {}
        self.groups: dict[int, str] = {}
        self.worked: list[dict[str, Any]] = []
        self.bump_after_create = True
        self.delete_bumps = True
        self.auto_close_after: float | None = None
        self._due: list[tuple[datetime, int, str]] = []
        self._ids = 158040183000

    def time(self) -> str:
        """Now, as the API writes it."""
        return stamp(self.now())

    def tick(self) -> None:
        """Let happen what was due by now."""
        while self._due and self._due[0][0] <= self.now():
            when, number, what = heapq.heappop(self._due)
            ticket = self.tickets[number]
            if what == "due dates":
                ticket.row["due_by"] = ticket.row["fr_due_by"] = stamp(when + timedelta(days=1))
                ticket.row["updated_at"] = max(ticket.row["updated_at"], stamp(when))
            elif ticket.row["status"] == RESOLVED:
                self.move(ticket, CLOSED)

    def next_id(self) -> int:
        """An id for whatever isn't a ticket."""
        self._ids += 1
        return self._ids

    def make(self, subject: str, description: str, **over: Any) -> Ticket:
        """A ticket that a requester opened."""
        number, now = len(self.tickets) + 1, self.now()
        row = {**_blank(number, stamp(now)), "subject": subject, **over}
        ticket = Ticket(row, description)
        self.tickets[number] = ticket
        if self.bump_after_create and "updated_at" not in over:
            heapq.heappush(self._due, (now + timedelta(seconds=1), number, "due dates"))
        return ticket

    def bump(self, ticket: Ticket) -> None:
        """The ticket changed just now."""
        ticket.row["updated_at"] = max(ticket.row["updated_at"], self.time())

    def move(self, ticket: Ticket, status: int) -> bool:
        """Set a status; whether that changed anything."""
        before = ticket.row["status"]
        if before == status:
            return False
        ticket.row["status"], now = status, self.time()
        ticket.stats["status_updated_at"] = now
        if status in {RESOLVED, CLOSED}:
            ticket.stats["resolved_at" if status == RESOLVED else "closed_at"] = now
        elif before in {RESOLVED, CLOSED}:
            ticket.stats["reopened_at"] = now
        if status == RESOLVED:
            ticket.mails += 1
            if self.auto_close_after is not None:
                due = self.now() + timedelta(seconds=self.auto_close_after)
                heapq.heappush(self._due, (due, ticket.number, "auto-close"))
        self.bump(ticket)
        return True

    def embedded(self, number: int) -> dict[str, Any] | None:
        """What a ticket shows of its requester, who may be an agent."""
        found = self.contacts.get(number)
        if found is None and number in {ME, AGENT}:
            found = contact(number, "Agent", "agent@example.com")
        return {key: found[key] for key in ("id", "name", "email", "mobile", "phone")} if found else None

    def say(self, ticket: Ticket, html: str, *, user: int, private: bool, source: int, **over: Any) -> dict[str, Any]:
        """Add to the conversation; ``incoming`` and the rest by ``over``."""
        now = self.time()
        said = {
            "id": self.next_id(),
            "ticket_id": ticket.number,
            "user_id": user,
            **_worded(html),
            "incoming": False,
            "private": private,
            "source": source,
            "category": 1,
            "support_email": None,
            "from_email": None,
            "to_emails": [],
            "cc_emails": [],
            "bcc_emails": None,
            "email_failure_count": None,
            "auto_response": False,
            "automation_id": None,
            "last_edited_at": None,
            "last_edited_user_id": None,
            "attachments": [],
            "created_at": now,
            "updated_at": now,
            **over,
        }
        ticket.talk.append(said)
        self.bump(ticket)
        return said

    def edit(self, ticket: Ticket, said: dict[str, Any], html: str, user: int) -> None:
        """Give a note another text."""
        now = self.time()
        said |= {**_worded(html), "last_edited_at": now, "last_edited_user_id": user, "updated_at": now}
        self.bump(ticket)


def _worded(html: str) -> dict[str, str]:
    """What was written, in both forms."""
    body = f"<div>{sanitised(html)}</div>"
    return {"body": body, "body_text": BeautifulSoup(body, "html.parser").get_text(" ").strip()}


def contact(number: int, name: str, email: str, **over: Any) -> dict[str, Any]:
    """A contact as a single read shows it (Freshdesk API docs, View a contact)."""
    day = "2025-08-28T11:47:58Z"
    return {
        "active": True, "address": None, "company_id": None, "view_all_tickets": None, "description": None,
        "email": email, "id": number, "job_title": None, "language": "en", "mobile": None, "name": name,
        "phone": None, "time_zone": "UTC", "twitter_id": None, "custom_fields": {}, "tags": [], "other_emails": [],
        "facebook_id": None, "created_at": day, "updated_at": day, "other_companies": [], "unique_external_id": None,
        "avatar": None, **over,
    }  # fmt: skip


def company(number: int, name: str, **over: Any) -> dict[str, Any]:
    """A company (Freshdesk API docs, View a company): its custom fields go without ``cf_``."""
    day = "2021-11-16T14:48:31Z"
    return {
        "id": number, "name": name, "description": None, "note": None, "domains": [], "custom_fields": {},
        "health_score": None, "account_tier": None, "renewal_date": None, "industry": None,
        "created_at": day, "updated_at": day, **over,
    }  # fmt: skip


def sanitised(html: str) -> str:
    """What is left of markup in a note: comments and scripts are dropped."""
    return re.sub(r"<!--.*?-->|<script.*?</script>", "", html, flags=re.DOTALL | re.IGNORECASE)


def _blank(number: int, now: str) -> dict[str, Any]:
    """A ticket's row with everything in it that recordings show; every third one has the odd, legal forms."""
    odd = number % 3 == 0
    emails: list[str] | None = None if odd else []
    return {
        "id": number,
        "subject": "",
        "status": OPEN,
        "priority": 1,
        "source": 15 if odd else 2,
        "type": None if odd else "Question",
        "requester_id": CUSTOMER,
        "responder_id": None,
        "group_id": None,
        "company_id": None,
        "product_id": None,
        "email_config_id": None,
        "support_email": None,
        "to_emails": None,
        "cc_emails": emails,
        "fwd_emails": emails,
        "reply_cc_emails": emails,
        "ticket_cc_emails": emails,
        "ticket_bcc_emails": emails,
        "tags": [],
        "custom_fields": {"cf_reference_number": None, "cf_issue_url_297457": None, "cf_escalated": None},
        "spam": False,
        "fr_escalated": False,
        "is_escalated": False,
        "nr_escalated": False,
        "due_by": None,
        "fr_due_by": None,
        "nr_due_by": None,
        "association_type": None,
        "associated_tickets_count": None,
        "source_info": None,
        "structured_description": None,
        "form_id": 158000869325,
        "sentiment_score": 10 if odd else None,
        "initial_sentiment_score": None,
        "created_at": now,
        "updated_at": now,
    }
