"""The books of the stand-in: tickets, their comments and audits, and what moves their two times.

``updated_at`` moves only where a change makes a ticket event; ``generated_timestamp``, by which the export is ordered,
moves with everything (Zendesk API reference, Incremental Exports).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.zendesk.sandbox import defaults
from connectors.zendesk.sandbox.defaults import DEFAULT_STATUS, FORM, SYSTEM, Row, blank, via
from connectors.zendesk.sandbox.wording import Said, plain, sanitised
from syncd.clock import stamp

LATEST_CLOSE = timedelta(days=28)
"""Solved tickets are closed by then at the latest."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that Zendesk would have sent to somebody outside the team."""

    ticket: int
    to: int
    text: str


@dataclass(slots=True)
class Ticket:
    """A ticket: ``row`` as the API shows it, but for the custom fields, which are in ``values`` by id."""

    row: Row
    values: dict[int, Any] = field(default_factory=dict)
    comments: list[Row] = field(default_factory=list)
    audits: list[Row] = field(default_factory=list)
    generated: int = 0
    solved_at: datetime | None = None
    deleted: Row | None = None
    """What the list of deleted tickets shows of it."""
    purged: bool = False
    archived: bool = False
    ai_agent: bool = False
    status_writes: int = 0
    """How often a status came through the API."""

    @property
    def number(self) -> int:
        """Its id."""
        return int(self.row["id"])

    @property
    def status(self) -> str:
        """Its status, or the category of its custom status."""
        return str(self.row["status"])


class Books:
    """What the account holds. ``now`` is the stand-in's clock.

    Switches: ``auto_close_after`` (the stock automation: 4 days after solving; None: only at 28 days), ``mail_on``
    (statuses at which a trigger of the customer's own mails the requester).
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.lock = threading.RLock()
        """Held while people act, and while a call is answered."""
        self.tickets: dict[int, Ticket] = {}
        self.users = defaults.users()
        self.organizations = {
            defaults.ORGANIZATION: defaults.organization(defaults.ORGANIZATION, "Example Org", {"tier": "gold"})
        }
        self.groups = {defaults.GROUP: defaults.group()}
        only = defaults.membership(
            1, defaults.CUSTOMER, self.organizations[defaults.ORGANIZATION], main=True, views=False
        )
        self.memberships = {1: only}
        self.fields = defaults.fields()
        self.forms = {FORM: defaults.form(tuple(self.fields))}
        self.custom_statuses = defaults.custom_statuses()
        self.jira_links: dict[int, Row] = {}
        self.jira_enabled = False
        self.mails: list[Mail] = []
        self.mail_on: set[str] = set()
        self.auto_close_after: timedelta | None = timedelta(days=4)
        self.ticks: list[Callable[[], None]] = [self._close_solved]
        self._ids = 9_007_199_254_740_993

    @property
    def hold(self) -> bool:
        """Whether an administrator has switched On-hold on."""
        return any(one["status_category"] == "hold" and one["active"] for one in self.custom_statuses.values())

    def tick(self) -> None:
        """Let happen what was due by now."""
        for due in self.ticks:
            due()

    def next_id(self) -> int:
        """An id for whatever isn't a ticket; beyond what a double can hold, as real ones may be."""
        self._ids += 1
        return self._ids

    def status_row(self, wanted: str | int) -> Row:
        """What a ticket holds in a status, named by its category or as a custom status."""
        if wanted not in {*self.custom_statuses, *defaults.CATEGORIES, "closed"}:
            there = ", ".join((*defaults.CATEGORIES, "closed"))
            raise LookupError(f"there is no status {wanted}; there are {there}, and those of add_custom_status")
        if isinstance(wanted, int):
            return {"status": self.custom_statuses[wanted]["status_category"], "custom_status_id": wanted}
        category = "solved" if wanted == "closed" else wanted
        return {"status": wanted, "custom_status_id": self.default_of(category)}

    def default_of(self, category: str) -> int:
        """The custom status that a category has where none is named."""
        found = (key for key, one in self.custom_statuses.items() if one["status_category"] == category)
        return next((key for key in found if self.custom_statuses[key]["default"]), DEFAULT_STATUS[category])

    def user_of(self, email: str) -> int:
        """Whose address that is; a customer is made who has it, if need be."""
        known = (number for number, one in self.users.items() if one["email"] == email)
        number = next(known, None) or self.next_id()
        self.users.setdefault(number, defaults.user(number, email.partition("@")[0].title(), email, "end-user"))
        return number

    # --- making and changing ---

    def make(self, said: Said, *, at: datetime | None = None, **over: Any) -> Ticket:
        """A ticket with its first comment, which is its description."""
        now = at or self.now()
        number = len(self.tickets) + 1
        row = {**blank(number, stamp(now)), **self.status_row("new"), "is_public": said.public, **over}
        ticket = Ticket(row, generated=int(now.timestamp()))
        self.tickets[number] = ticket
        made = ("subject", "status", "priority", "type", "requester_id", "assignee_id", "tags")
        events = [self._event("Create", field_name=key, value=row[key]) for key in made]
        comment = self._comment(ticket, said, stamp(now))
        row["description"] = comment["plain_body"]
        self._audit(ticket, said.by, events, comment, stamp(now), row["via"], {})
        if said.by != row["requester_id"] and said.public:
            self._mail(ticket, said)
        return ticket

    def change(
        self,
        ticket: Ticket,
        by: int,
        row: Mapping[str, Any] | None = None,
        *,
        values: Mapping[int, Any] | None = None,
        said: Said | None = None,
        way: Mapping[str, Any] | None = None,
        custom: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> Row:
        """Make a change; the audit of it. Nothing moves where nothing changes."""
        now = at or self.now()
        before = ticket.status
        events = [
            *self._differences(ticket.row, row or {}),
            *self._differences(ticket.values, values or {}),
        ]
        ticket.row |= row or {}
        ticket.values |= values or {}
        comment = self._comment(ticket, said, stamp(now)) if said else None
        audit = self._audit(ticket, by, events, comment, stamp(now), way or via("api"), custom or {})
        if said and said.public:
            ticket.row["is_public"] = True
            if said.by != ticket.row["requester_id"]:
                self._mail(ticket, said)
        if audit["events"]:
            ticket.row["updated_at"] = max(ticket.row["updated_at"], stamp(now))
            self.touch(ticket, now)
        if ticket.status != before:
            self._moved(ticket, by, said, now)
        return audit

    def touch(self, ticket: Ticket, at: datetime | None = None) -> None:
        """A change of the system's own: the export tells of it, and ``updated_at`` stays."""
        ticket.generated = max(ticket.generated, int((at or self.now()).timestamp()))

    def delete(self, ticket: Ticket, by: int) -> None:
        """Move it to the deleted tickets."""
        ticket.deleted = {
            "id": ticket.number,
            "subject": ticket.row["subject"],
            "actor": {"id": by, "name": self.users[by]["name"]},
            "deleted_at": stamp(self.now()),
            "previous_state": ticket.status,
        }
        self._event_of(ticket, by, "deleted")

    def restore(self, ticket: Ticket, by: int) -> None:
        """Bring it back from there, as it was."""
        ticket.deleted = None
        self._event_of(ticket, by, ticket.status)

    def incidents(self, problem: int) -> list[Ticket]:
        """The incidents of a problem."""
        return [one for one in self.tickets.values() if one.row["problem_id"] == problem and not one.deleted]

    # --- what follows from a change ---

    def _moved(self, ticket: Ticket, by: int, said: Said | None, now: datetime) -> None:
        ticket.solved_at = now if ticket.status == "solved" else None
        if ticket.status in self.mail_on:
            self.mails.append(Mail(ticket.number, ticket.row["requester_id"], f"Your request is {ticket.status}"))
        if ticket.status == "solved" and ticket.row["type"] == "problem":
            for one in self.incidents(ticket.number):
                if one.status not in {"solved", "closed"}:
                    self.change(one, by, self.status_row("solved"), said=said, way=via("system"), at=now)

    def _close_solved(self) -> None:
        after = min(self.auto_close_after or LATEST_CLOSE, LATEST_CLOSE)
        for ticket in self.tickets.values():
            if ticket.solved_at is not None and not ticket.deleted and ticket.solved_at + after <= self.now():
                closed = {**self.status_row(ticket.row["custom_status_id"]), "status": "closed"}
                self.change(ticket, SYSTEM, closed, way=via("rule", "automation"), at=ticket.solved_at + after)

    def _mail(self, ticket: Ticket, said: Said) -> None:
        for to in dict.fromkeys([ticket.row["requester_id"], *ticket.row["email_cc_ids"]]):
            self.mails.append(Mail(ticket.number, to, said.html))

    # --- records ---

    def _differences(self, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Row]:
        return [
            self._event("Change", field_name=str(key), value=_told(value), previous_value=_told(before.get(key)))
            for key, value in after.items()
            if before.get(key) != value
        ]

    def _event_of(self, ticket: Ticket, by: int, state: str) -> None:
        event = self._event("Change", field_name="status", value=state, previous_value=ticket.status)
        now = stamp(self.now())
        self._audit(ticket, by, [event], None, now, via("web"), {})
        ticket.row["updated_at"] = max(ticket.row["updated_at"], now)
        self.touch(ticket)

    def _event(self, kind: str, **more: Any) -> Row:
        return {"id": self.next_id(), "type": kind, **more}

    def _comment(self, ticket: Ticket, said: Said, now: str) -> Row:
        clean = sanitised(said.html)
        words = plain(clean)
        comment = {
            "id": self.next_id(),
            "type": "Comment",
            "author_id": said.by,
            "body": words if said.body is None else said.body,
            "html_body": f'<div class="zd-comment" dir="auto">{clean}</div>',
            "plain_body": words,
            "public": said.public,
            "attachments": [],
            "created_at": now,
        }
        ticket.comments.append(comment)
        return comment

    def _audit(  # noqa: PLR0917  # what an audit holds
        self,
        ticket: Ticket,
        by: int,
        events: list[Row],
        comment: Row | None,
        now: str,
        way: Mapping[str, Any],
        custom: Mapping[str, Any],
    ) -> Row:
        number = self.next_id()
        if comment is not None:
            shown = {key: value for key, value in comment.items() if key != "created_at"}
            events = [{**shown, "audit_id": number}, *events]
            comment |= {"audit_id": number, "via": dict(way), "metadata": {"system": {}, "custom": dict(custom)}}
        audit = {
            "id": number,
            "ticket_id": ticket.number,
            "created_at": now,
            "author_id": by,
            "metadata": {"system": {}, "custom": dict(custom)},
            "events": events,
            "via": dict(way),
        }
        if events:
            ticket.audits.append(audit)
        return audit


def _told(value: Any) -> Any:
    """A value as an audit has it: text, or a list of texts."""
    if value is None or isinstance(value, list):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
