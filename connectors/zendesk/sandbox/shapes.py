"""What the stand-in's answers look like: tickets with what is loaded beside them, and the smaller records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connectors.zendesk.sandbox.books import Books, Ticket
from connectors.zendesk.sandbox.defaults import Row
from syncd.testing import Request

ORIGIN = "https://z3n-acme.zendesk.com"
"""What ``url`` begins with: not always the address that was called (recorded)."""
BLANK = "SCRUBBED"
"""What is left of the texts of a ticket that was deleted for good."""


@dataclass(slots=True)
class Shapes:
    """Shows what is in the books."""

    books: Books

    def ticket(self, ticket: Ticket) -> Row:
        """A ticket with every key that recordings show, in their order; custom fields stand there twice."""
        listed = [
            {"id": number, "value": ticket.values.get(number)}
            for number, one in self.books.fields.items()
            if one["removable"] and one["active"]
        ]
        url = f"{ORIGIN}/api/v2/tickets/{ticket.number}.json"
        row = {**ticket.row, "url": url, "custom_fields": listed, "fields": [dict(one) for one in listed]}
        if ticket.deleted:
            row["status"] = "deleted"
        if ticket.purged:
            row |= {"subject": BLANK, "raw_subject": BLANK, "description": BLANK, "tags": [], "custom_fields": []}
            row["fields"] = []
        return row

    def tickets(self, request: Request, found: Iterable[Ticket]) -> dict[str, Any]:
        """Tickets, and what ``include`` asks for of theirs."""
        shown = list(found)
        rows = [self.ticket(one) for one in shown]
        asked = request.arg("include").split(",")
        body: dict[str, Any] = {"tickets": rows}
        if "comment_count" in asked:
            for row, one in zip(rows, shown, strict=True):
                row["comment_count"] = len(one.comments)
        if "users" in asked:
            people = {row[key] for row in rows for key in ("requester_id", "submitter_id", "assignee_id")}
            body["users"] = [self.user(one) for key, one in self.books.users.items() if key in people]
        if "organizations" in asked:
            named = {row["organization_id"] for row in rows}
            body["organizations"] = [
                self.organization(one) for key, one in self.books.organizations.items() if key in named
            ]
        if "groups" in asked:
            used = {row["group_id"] for row in rows}
            body["groups"] = [self.group(one) for key, one in self.books.groups.items() if key in used]
        if "custom_statuses" in asked:
            used = {row["custom_status_id"] for row in rows}
            body["custom_statuses"] = [one for key, one in self.books.custom_statuses.items() if key in used]
        return body

    def user(self, row: Row) -> Row:
        """A user."""
        return _with_url(row, "users")

    def organization(self, row: Row) -> Row:
        """An organization."""
        return _with_url(row, "organizations")

    def group(self, row: Row) -> Row:
        """A group."""
        return _with_url(row, "groups")

    def membership(self, row: Row) -> Row:
        """That somebody belongs to an organization."""
        return _with_url(row, "organization_memberships")

    def comments(self, found: Iterable[Row]) -> list[Row]:
        """Comments as they are listed."""
        keys = (
            "id", "type", "author_id", "body", "html_body", "plain_body", "public", "attachments", "audit_id", "via",
            "created_at", "metadata",
        )  # fmt: skip
        return [{key: one[key] for key in keys} for one in found]


def _with_url(row: Row, kind: str) -> Row:
    return {**row, "url": f"{ORIGIN}/api/v2/{kind}/{row['id']}.json"}
