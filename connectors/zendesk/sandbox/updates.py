"""What a write of a ticket does: which keys are taken, which values are refused, what solving needs.

As Zendesk's API reference has it (Tickets: Update Ticket): unknown keys are passed over with a warning, tags replace
the whole set, a closed ticket takes nothing, and what is refused is refused whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.zendesk.sandbox import rules
from connectors.zendesk.sandbox.books import Books, Ticket
from connectors.zendesk.sandbox.defaults import ASSIGNEE_FIELD, Row
from connectors.zendesk.sandbox.wording import Said, said
from syncd.testing import Reply

COMMENTS = 5000
"""As many comments as a ticket takes."""
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PLAIN = frozenset({
    "subject", "priority", "type", "external_id", "assignee_id", "group_id", "organization_id", "requester_id",
    "problem_id", "ticket_form_id", "collaborator_ids", "follower_ids", "email_cc_ids",
})  # fmt: skip
REFERENCES = frozenset({"requester_id", "assignee_id", "organization_id", "problem_id", "ticket_form_id"})
OTHER = frozenset({
    "status", "custom_status_id", "tags", "custom_fields", "comment", "safe_update", "updated_stamp", "metadata",
    "email_ccs",
})  # fmt: skip
BULK = frozenset({"additional_tags", "remove_tags"})
"""Taken by the bulk form of update_many only."""
CHOICES = {
    "priority": ("urgent", "high", "normal", "low", None),
    "type": ("problem", "incident", "question", "task", None),
}


@dataclass(slots=True)
class Wanted:
    """What a write asks for, understood."""

    row: Row = field(default_factory=dict)
    values: dict[int, Any] = field(default_factory=dict)
    said: Said | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Updates:
    """Writes tickets in the books.

    Switch: ``disagreement`` (what a status and a custom status of another category in one write do: ``refused``, or
    ``status`` or ``custom`` wins), ``ccs`` (whether the account lets people be copied in).
    """

    books: Books
    disagreement: str = "refused"
    ccs: bool = True

    def write(self, ticket: Ticket, asked: Mapping[str, Any], by: int, *, bulk: bool = False) -> Row | Reply:
        """Make one write; its audit, or the refusal."""
        wanted = self.understood(ticket, asked, by, bulk=bulk)
        if isinstance(wanted, Reply):
            return wanted
        if {"status", "custom_status_id"} & asked.keys():
            ticket.status_writes += 1
        return self.books.change(ticket, by, wanted.row, values=wanted.values, said=wanted.said, custom=wanted.custom)

    def understood(self, ticket: Ticket, asked: Mapping[str, Any], by: int, *, bulk: bool) -> Wanted | Reply:
        """What a write asks for, or what is wrong with it."""
        if ticket.status == "closed":
            return rules.CLOSED
        refusal = rules.stale(asked, ticket.row["updated_at"])
        if refusal is not None:
            return refusal
        wanted = Wanted({key: asked[key] for key in PLAIN & asked.keys()})
        metadata = asked.get("metadata")
        wanted.custom = metadata if isinstance(metadata, dict) else {}
        if "subject" in asked:
            wanted.row["raw_subject"] = asked["subject"]
        return (
            self._plain(ticket, wanted)
            or self._status(ticket, asked, wanted)
            or self._fields(asked, wanted)
            or self._tags(ticket, asked, wanted, bulk=bulk)
            or self._comment(ticket, asked, by, wanted)
            or self._copies(ticket, asked, wanted)
            or self._solving(ticket, wanted)
            or wanted
        )

    def _plain(self, ticket: Ticket, wanted: Wanted) -> Reply | None:
        for key, allowed in CHOICES.items():
            if key in wanted.row and wanted.row[key] not in allowed:
                return rules.wrong(key, f"{key.capitalize()}: {wanted.row[key]} is not included in the list")
        named = {key: wanted.row[key] for key in REFERENCES & wanted.row.keys()}
        requester = self.books.users.get(named.get("requester_id", ticket.row["requester_id"]) or 0, {})
        problem = self.books.tickets.get(named.get("problem_id") or 0)
        sound = {
            "requester_id": bool(requester),
            "assignee_id": self.books.users.get(named.get("assignee_id") or 0, {}).get("role") in {"agent", "admin"},
            "organization_id": named.get("organization_id") == requester.get("organization_id"),
            "problem_id": problem is not None and problem.row["type"] == "problem",
            "ticket_form_id": named.get("ticket_form_id") in self.books.forms,
        }
        for key, value in named.items():
            if not sound[key] and (value is not None or key in {"requester_id", "ticket_form_id"}):
                name = key.removesuffix("_id")
                return rules.wrong(name, f"{name.capitalize()}: is invalid")
        if problem is not None and "problem_id" in named:
            problem.row["has_incidents"] = True
        return None

    # --- status ---

    def _status(self, ticket: Ticket, asked: Mapping[str, Any], wanted: Wanted) -> Reply | None:
        status, custom = asked.get("status"), asked.get("custom_status_id")
        found = self.books.custom_statuses.get(custom) if isinstance(custom, int) else None
        if custom is not None and (found is None or not found["active"]):
            return rules.wrong("custom_status_id", "Custom status: is invalid")
        if found is not None and status is not None and found["status_category"] != status:
            if self.disagreement == "refused":
                return rules.wrong("custom_status_id", "Custom status: does not belong to the status category")
            status, found = (status, None) if self.disagreement == "status" else (None, found)
        if found is not None:
            wanted.row |= self.books.status_row(int(found["id"]))
        elif status is not None:
            if status not in STATUSES or (status == "hold" and not self.books.hold):
                return rules.wrong("status", f"Status: {status} is not included in the list")
            if status != ticket.status:  # in another custom status of the category it stays
                wanted.row |= self.books.status_row(status)
        new = wanted.row.get("status", ticket.status) == "new"
        if new and ticket.status != "new":
            return rules.wrong("status", "Status: cannot be changed to New")
        if new and wanted.row.get("assignee_id") is not None:
            wanted.row |= self.books.status_row("open")
        return None

    def _solving(self, ticket: Ticket, wanted: Wanted) -> Reply | None:
        """What is missing for a ticket to be solved, every field at once."""
        if wanted.row.get("status") != "solved":
            return None
        row, values = ticket.row | wanted.row, ticket.values | wanted.values
        missing = [] if row["assignee_id"] else [(ASSIGNEE_FIELD, "Assignee", "FieldAssignee")]
        for number in self._needed(row, values):
            if values.get(number) in {None, "", False} if not isinstance(values.get(number), list) else False:
                one = self.books.fields[number]
                missing.append((number, one["title"], f"Field{one['type'].capitalize()}"))
        if not missing:
            return None
        return rules.invalid(
            {
                "base": [
                    {
                        "description": f"{title}: is required when solving a ticket",
                        "error": None,
                        "ticket_field_id": number,
                        "ticket_field_type": kind,
                    }
                    for number, title, kind in missing
                ]
            }
        )

    def _needed(self, row: Row, values: Mapping[int, Any]) -> list[int]:
        """The fields that the ticket's form requires when it is solved."""
        form = self.books.forms[row["ticket_form_id"]]
        found = [
            number
            for number in form["ticket_field_ids"]
            if self.books.fields[number]["required"] and self.books.fields[number]["removable"]
        ]
        for one in form["agent_conditions"]:
            if values.get(one["parent_field_id"]) == one["value"]:
                found += [child["id"] for child in one["child_fields"] if _on_solved(child)]
        return list(dict.fromkeys(found))

    # --- fields and tags ---

    def _fields(self, asked: Mapping[str, Any], wanted: Wanted) -> Reply | None:
        given = asked.get("custom_fields") or []
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            return rules.bad_attribute("custom_fields", "must be an array of objects")
        for one in given:
            number, value = one.get("id"), one.get("value")
            found = self.books.fields.get(number) if isinstance(number, int) else None
            if found is None or not found["active"] or not found["removable"]:
                continue  # passed over without a word
            if not _fits(found, value):
                return rules.wrong("base", f"{found['title']}: '{value}' is not a valid value")
            wanted.values[int(found["id"])] = None if value == "" else value
        return None

    def _tags(self, ticket: Ticket, asked: Mapping[str, Any], wanted: Wanted, *, bulk: bool) -> Reply | None:
        """Tags as a whole, or (bulk form) some more and some fewer; dropdowns and their tags go together."""
        tags = asked.get("tags", ticket.row["tags"])
        if not isinstance(tags, list):
            return rules.bad_attribute("tags", "must be an array")
        if bulk:
            taken = asked.get("remove_tags") or []
            tags = [one for one in [*tags, *(asked.get("additional_tags") or [])] if one not in taken]
        set_tags(self.books, ticket, [str(one) for one in tags], wanted)
        return None

    def _comment(self, ticket: Ticket, asked: Mapping[str, Any], by: int, wanted: Wanted) -> Reply | None:
        given = asked.get("comment")
        if given is None:
            return None
        text = given.get("html_body") or given.get("body") if isinstance(given, dict) else None
        if not isinstance(text, str) or not text.strip():
            return rules.wrong("comment", "Comment: Body: cannot be blank")
        if len(ticket.comments) >= COMMENTS:
            return rules.wrong("base", f"Ticket has reached the limit of {COMMENTS} comments")
        public = bool(given.get("public", ticket.row["is_public"]))
        author = given.get("author_id", by)
        wanted.said = said(given, author, public=public)
        return None

    def _copies(self, ticket: Ticket, asked: Mapping[str, Any], wanted: Wanted) -> Reply | None:
        """Who is copied in besides; an address that nobody has makes a user. The requester gets all that is public."""
        given = asked.get("email_ccs") or []
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            return rules.bad_attribute("email_ccs", "must be an array of objects")
        if not given or not self.ccs:
            return None
        ids = list(ticket.row["email_cc_ids"])
        for one in given:
            number = one.get("user_id") or self.books.user_of(str(one.get("user_email")))
            ids = [known for known in ids if known != number]
            if one.get("action", "put") == "put" and number != ticket.row["requester_id"]:
                ids.append(number)
        wanted.row["email_cc_ids"] = ids
        return None


def set_tags(books: Books, ticket: Ticket, tags: list[str], wanted: Wanted) -> None:
    """Work out tags and dropdowns together: an option's value is a tag, and each brings the other along."""
    kept = list(dict.fromkeys(one.lower() for one in tags))
    for number, one in books.fields.items():
        own = field_tags(one)
        if number in wanted.values:  # the field was written: its tags follow
            chosen = chosen_tags(one, wanted.values[number])
            kept = [tag for tag in kept if tag not in own] + chosen
        elif own and one["type"] != "checkbox":
            found = [tag for tag in kept if tag in own]
            value = (found or None) if one["type"] == "multiselect" else (found[-1] if found else None)
            if ticket.values.get(number) != value:
                wanted.values[number] = value
    if kept != ticket.row["tags"]:
        wanted.row["tags"] = kept


def field_tags(one: Mapping[str, Any]) -> list[str]:
    """The tags that belong to a field."""
    options = [str(option["value"]) for option in one.get("custom_field_options", ())]
    return [*options, *([one["tag"]] if one["tag"] else [])]


def chosen_tags(one: Mapping[str, Any], value: Any) -> list[str]:
    """The tags that a field's value stands for."""
    if one["type"] == "checkbox":
        return [one["tag"]] if value and one["tag"] else []
    if one["type"] not in {"tagger", "multiselect"} or value is None:
        return []
    return value if isinstance(value, list) else [value]


def _fits(one: Mapping[str, Any], value: Any) -> bool:
    if value is None or value == "":
        return True
    options = {option["value"] for option in one.get("custom_field_options", ())}
    if one["type"] == "tagger":
        return value in options
    if one["type"] == "multiselect":
        return isinstance(value, list) and set(value) <= options
    return isinstance(value, bool) if one["type"] == "checkbox" else isinstance(value, str | int | float)


def _on_solved(child: Mapping[str, Any]) -> bool:
    when = child.get("required_on_statuses") or {"type": "ALL_STATUSES"}
    always = when["type"] == "ALL_STATUSES" and child["is_required"]
    return bool(always or (when["type"] == "SOME_STATUSES" and "solved" in when["statuses"]))
