"""What people do in the stand-in's account: agents, requesters, and Freshdesk itself. Nothing here is an API call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.freshdesk.sandbox.books import (
    AGENT,
    CLOSED,
    CUSTOMER,
    FORWARD,
    ME,
    NOTE,
    OPEN,
    REPLY,
    SURVEY,
    Books,
    Ticket,
    company,
    contact,
)
from syncd.clock import moment, stamp


class People:
    """Acts on the books. Tickets are named by their number; texts are HTML."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.reopen_on_reply = True

    def make_ticket(
        self,
        subject: str = "Help",
        description: str = "",
        *,
        type: str | None = None,  # noqa: A002  # as the API calls it
        tags: Sequence[str] = (),
        updated_at: str | None = None,
    ) -> int:
        """A requester opens a ticket; ``updated_at``: it was last changed then. Its number."""
        over: dict[str, Any] = {"tags": list(tags)}
        over |= {"type": type} if type is not None else {}
        over |= {"updated_at": stamp(moment(updated_at))} if updated_at is not None else {}
        return self._books.make(subject, description, **over).number

    def seed(self, count: int, *, first: str, apart: float = 60.0, status: int = OPEN) -> None:
        """Many old tickets, last changed ``apart`` seconds from one another, beginning at the time ``first``."""
        begin = moment(first).timestamp()
        for i in range(count):
            when = stamp(type(moment(first)).fromtimestamp(begin + int(i * apart), moment(first).tzinfo))
            self._books.make(f"Old {i}", "", created_at=when, updated_at=when, status=status)

    def set_status(self, ticket: int, status: int) -> None:
        """An agent moves it."""
        self._books.move(self._ticket(ticket), status)

    def customer_reply(self, ticket: int, text: str) -> int:
        """The requester writes, and Freshdesk reopens the ticket."""
        found = self._ticket(ticket)
        said = self._books.say(found, text, user=CUSTOMER, private=False, source=REPLY, incoming=True)
        if self.reopen_on_reply and found.row["status"] != OPEN:
            self._books.move(found, OPEN)
        return int(said["id"])

    def agent_reply(self, ticket: int, text: str) -> int:
        """An agent writes to the requester."""
        return self._said(ticket, text, user=AGENT, private=False, source=REPLY)

    def agent_note(self, ticket: int, text: str, private: bool = True) -> int:
        """An agent leaves a note."""
        return self._said(ticket, text, user=AGENT, private=private, source=NOTE)

    def own_note(self, ticket: int, text: str) -> int:
        """The key's own agent leaves a private note, by hand."""
        return self._said(ticket, text, user=ME, private=True, source=NOTE)

    def forward(self, ticket: int, text: str) -> int:
        """An agent forwards the ticket to somebody."""
        return self._said(ticket, text, user=AGENT, private=True, source=FORWARD)

    def survey(self, ticket: int, text: str = "Happy") -> int:
        """The requester answers a survey; the ticket's own time moves later than the answer's."""
        return self._said(ticket, text, user=CUSTOMER, private=False, source=SURVEY, incoming=True)

    def auto_response(self, ticket: int, text: str = "We got your mail") -> int:
        """An automation answers the requester."""
        return self._said(ticket, text, user=AGENT, private=False, source=REPLY, auto_response=True)

    def delete(self, ticket: int) -> None:
        """An agent moves it to the trash."""
        found = self._ticket(ticket)
        found.trashed = True
        if self._books.delete_bumps:
            self._books.bump(found)

    def restore(self, ticket: int) -> None:
        """An agent takes it out of the trash, or out of spam."""
        found = self._ticket(ticket)
        found.trashed, found.row["spam"] = False, False
        self._books.bump(found)

    def spam(self, ticket: int) -> None:
        """An agent marks it as spam."""
        found = self._ticket(ticket)
        found.row["spam"] = True
        self._books.bump(found)

    def purge(self, ticket: int) -> None:
        """It is deleted for good."""
        self._ticket(ticket).purged = True

    def archive(self, ticket: int) -> None:
        """Freshdesk archives it, closed and long untouched."""
        found = self._ticket(ticket)
        found.row["status"], found.archived = CLOSED, True

    def merge(self, primary: int, other: int) -> None:
        """An agent merges a ticket into another: it is closed, and no field says into which."""
        found, kept = self._ticket(other), self._ticket(primary)
        self._books.say(found, f"Merged into #{kept.number}", user=AGENT, private=True, source=NOTE)
        self._books.move(found, CLOSED)

    def touch(self, ticket: int) -> None:
        """A service level is missed: the ticket moves without anybody doing anything."""
        found = self._ticket(ticket)
        found.row["is_escalated"] = not found.row["is_escalated"]
        self._books.bump(found)

    def add_tag(self, ticket: int, tag: str) -> None:
        """An agent tags it."""
        found = self._ticket(ticket)
        found.row["tags"] = [*(found.row["tags"] or []), tag]
        self._books.bump(found)

    def remove_tag(self, ticket: int, tag: str) -> None:
        """An agent takes a tag away."""
        found = self._ticket(ticket)
        found.row["tags"] = [one for one in found.row["tags"] or [] if one != tag]
        self._books.bump(found)

    def set_field(self, ticket: int, name: str, value: Any) -> None:
        """An agent fills in a custom field."""
        found = self._ticket(ticket)
        found.row["custom_fields"] = {**found.row["custom_fields"], name: value}
        self._books.bump(found)

    def work(self, ticket: int, seconds: int, *, running: bool = False) -> int:
        """An agent notes the time that was worked on it, or starts a timer; the entry's id. The ticket doesn't move."""
        self._ticket(ticket)
        number, now = self._books.next_id(), self._books.time()
        self._books.worked.append({
            "id": number, "ticket_id": ticket, "agent_id": AGENT, "billable": True, "note": "Looked into it",
            "timer_running": running, "time_spent": f"{seconds // 3600:02}:{seconds % 3600 // 60:02}",
            "time_spent_in_seconds": seconds, "executed_at": now, "start_time": now, "created_at": now,
            "updated_at": now,
        })  # fmt: skip
        return number

    # --- who asks ---

    def add_company(self, name: str, *, account_tier: str | None = None, **fields: Any) -> int:
        """An agent makes a company, with custom fields. Its id."""
        number = self._books.next_id()
        self._books.companies[number] = company(number, name, account_tier=account_tier, custom_fields=fields)
        return number

    def add_contact(
        self, name: str, email: str, companies: Sequence[int] = (), leads: Sequence[int] = (), **over: Any
    ) -> int:
        """Somebody who writes, for these companies, the main one first; of ``leads`` they see all tickets. Their id."""
        number = self._books.next_id()
        belongs = [{"company_id": one, "view_all_tickets": one in leads} for one in companies]
        over = {**(belongs[0] if belongs else {}), "other_companies": belongs[1:], **over}
        self._books.contacts[number] = contact(number, name, email, **over)
        return number

    def add_group(self, name: str) -> int:
        """An administrator makes a group of agents, unless there is one of that name. Its id."""
        known = {one: number for number, one in self._books.groups.items()}
        number = known.get(name) or self._books.next_id()
        self._books.groups[number] = name
        return number

    def hand_over(self, ticket: int, **row: Any) -> None:
        """Somebody sets what stands in the ticket's own record: ``requester_id``, ``group_id``, ``priority``."""
        found = self._ticket(ticket)
        asked = self._books.contacts.get(row.get("requester_id", 0))
        found.row |= {**({"company_id": asked["company_id"]} if asked else {}), **row}
        self._books.bump(found)

    def attach(self, ticket: int, name: str, size: int, said: int = 0) -> str:
        """The requester attaches a file, to what they asked or to what they ``said``; its address."""
        found, number, now = self._ticket(ticket), self._books.next_id(), self._books.time()
        url = f"https://attachment.example.com/data/{number}/{name}?signature=canary"
        files = next((one["attachments"] for one in found.talk if one["id"] == said), found.attachments)
        files.append({
            "id": number, "content_type": "text/plain", "size": size, "name": name, "attachment_url": url,
            "created_at": now, "updated_at": now,
        })  # fmt: skip
        return url

    def delete_company(self, number: int) -> None:
        """An agent deletes a company: its contacts and tickets stay, and belong to it no more."""
        del self._books.companies[number]
        for one in self._books.contacts.values():
            if one["company_id"] == number:
                one["company_id"] = one["view_all_tickets"] = None
            one["other_companies"] = [row for row in one["other_companies"] if row["company_id"] != number]
        for ticket in self._books.tickets.values():
            ticket.row["company_id"] = None if ticket.row["company_id"] == number else ticket.row["company_id"]

    def delete_group(self, number: int) -> None:
        """An administrator deletes a group; tickets that it had go on naming it."""
        del self._books.groups[number]

    def _ticket(self, number: int) -> Ticket:
        found = self._books.tickets.get(number)
        if found is None:
            raise LookupError(f"there is no ticket {number}; make_ticket makes one")
        return found

    def _said(self, ticket: int, text: str, **over: Any) -> int:
        return int(self._books.say(self._ticket(ticket), text, **over)["id"])
