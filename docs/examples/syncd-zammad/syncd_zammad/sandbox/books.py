"""The books of the stand-in: tickets, their articles, and what moves ``updated_at``; and what people do to them.

Shapes as docs.zammad.org gives them (REST API: Tickets, Articles, Users, Ticket states). That an article moves its
ticket's time, that a customer's answer reopens, and what merging does stands in Zammad's own source.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

ME, AGENT, CUSTOMER = 7, 3, 10
"""User ids: the token's own agent, another agent, a customer."""
NAMES = {ME: "syncd@example.com", AGENT: "emma@example.com", CUSTOMER: "david@example.net"}
STATES = ("new", "open", "pending reminder", "closed", "merged", "removed", "pending close")
"""In the order of their ids."""
PENDING = frozenset({"pending reminder", "pending close"})
_PLAIN = ("group_id", "priority_id", "owner_id", "customer_id", "pending_time", "issue_url", "title")
"""What may be set of a ticket, as far as this stand-in knows."""


@dataclass(slots=True)
class Ticket:
    """A ticket: ``row`` without the names that ``expand`` adds."""

    row: dict[str, Any]
    articles: list[dict[str, Any]] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    hidden: bool = False
    """It is in a group that the token's agent may not see."""
    status_writes: int = 0
    """How often a state came through the API."""

    @property
    def state(self) -> str:
        """Its state's name."""
        return STATES[self.row["state_id"] - 1]


class Books:
    """What the account holds. ``now`` is the stand-in's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.tickets: dict[int, Ticket] = {}
        self._last = datetime(2000, 1, 1, tzinfo=UTC)
        self._articles = 0
        self._tickets = 0

    def time(self) -> str:
        """A moment of its own for each change, in milliseconds."""
        self._last = max(self.now(), self._last + timedelta(milliseconds=1))
        return precise(self._last)

    def make(self, title: str, body: str, *, sender: str, by: int, **over: Any) -> Ticket:
        """A ticket with its first article."""
        self._tickets += 1
        now = self.time()
        row = {**_blank(self._tickets, now), "title": title, "created_by_id": by, "updated_by_id": by, **over}
        ticket = self.tickets[self._tickets] = Ticket(row)
        self.say(ticket, body, sender=sender, by=by, kind="email" if sender == "Customer" else "phone")
        return ticket

    def bump(self, ticket: Ticket, by: int) -> None:
        """The ticket changed just now."""
        ticket.row["updated_at"], ticket.row["updated_by_id"] = self.time(), by

    def move(self, ticket: Ticket, state: str, by: int) -> None:
        """Set a state; a pending one keeps its time."""
        ticket.row["state_id"] = STATES.index(state) + 1
        if state not in PENDING:
            ticket.row["pending_time"] = None
        self.bump(ticket, by)

    def say(
        self, ticket: Ticket, html: str, *, sender: str, by: int, internal: bool = False, kind: str = "note"
    ) -> dict[str, Any]:
        """Add an article; the ticket's time moves with it."""
        self._articles += 1
        now = self.time()
        article = {
            "id": self._articles,
            "ticket_id": ticket.row["id"],
            "type_id": {"email": 1, "phone": 5, "note": 10}[kind],
            "sender_id": {"Agent": 1, "Customer": 2, "System": 3}[sender],
            "from": NAMES[by],
            "to": None,
            "cc": None,
            "subject": None,
            "content_type": "text/html",
            "body": sanitised(html),
            "internal": internal,
            "preferences": {},
            "created_by_id": by,
            "updated_by_id": by,
            "origin_by_id": None,
            "created_at": now,
            "updated_at": now,
            "attachments": [],
            "type": kind,
            "sender": sender,
            "created_by": NAMES[by],
            "updated_by": NAMES[by],
        }
        ticket.articles.append(article)
        ticket.row["article_count"] = len(ticket.articles)
        self.bump(ticket, by)
        return article

    def set(self, ticket: Ticket, values: dict[str, Any], by: int) -> None:
        """Set attributes; those that Zammad doesn't know are passed over without a word."""
        ticket.row |= {key: value for key, value in values.items() if key in _PLAIN}
        self.bump(ticket, by)


def precise(when: datetime) -> str:
    """UTC as Zammad writes it, in milliseconds."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"


def sanitised(html: str) -> str:
    """What is left of markup in an article: comments and scripts are dropped."""
    return re.sub(r"<!--.*?-->|<script.*?</script>", "", html, flags=re.DOTALL | re.IGNORECASE)


def _blank(number: int, now: str) -> dict[str, Any]:
    return {
        "id": number,
        "group_id": 1,
        "priority_id": 2,
        "state_id": 1,
        "organization_id": None,
        "number": str(22000 + number),
        "title": "",
        "owner_id": 1,
        "customer_id": CUSTOMER,
        "note": None,
        "close_at": None,
        "last_contact_at": None,
        "article_count": 0,
        "pending_time": None,
        "type": None,
        "time_unit": None,
        "preferences": {},
        "issue_url": None,
        "created_at": now,
        "updated_at": now,
    }
