"""What the stand-in accepts and refuses, and the shapes of its smaller records (Freshdesk API docs, Errors)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bs4 import BeautifulSoup

from connectors.freshdesk.sandbox.books import CLOSED, NOTE, RESOLVED, Ticket
from syncd.clock import moment
from syncd.testing import Reply, Request

Wrong = tuple[str, str, str]
"""Field, message, code."""

NOTE_ANSWER = (
    "id", "ticket_id", "user_id", "body", "body_text", "incoming", "private", "support_email", "to_emails",
    "attachments", "created_at", "updated_at",
)  # fmt: skip
"""What the answer to a new note holds, by a recording: no ``source``."""

REPLY_ANSWER = (
    "id", "ticket_id", "user_id", "body", "body_text", "from_email", "cc_emails", "bcc_emails", "attachments",
    "created_at", "updated_at",
)  # fmt: skip
"""What the answer to a new reply holds, beside ``replied_to`` (Freshdesk API docs, Create a reply)."""

_VIEWS = ("new_and_my_open", "watching", "spam", "deleted")
_ORDERS = ("created_at", "due_by", "updated_at", "status")
_LIST_KEYS = frozenset({
    "updated_since", "order_by", "order_type", "per_page", "page", "filter", "include", "requester_id", "email",
    "unique_external_id", "company_id",
})  # fmt: skip
_WRITABLE = frozenset({
    "status", "priority", "source", "type", "subject", "description", "responder_id", "group_id", "product_id",
    "email_config_id", "requester_id", "company_id", "due_by", "fr_due_by", "tags", "custom_fields", "parent_id",
    "internal_agent_id", "internal_group_id",
})  # fmt: skip
_NOTE_KEYS = frozenset({"body", "private", "incoming", "notify_emails", "user_id", "attachments"})
_REPLY_KEYS = frozenset({"body", "from_email", "cc_emails", "bcc_emails", "user_id", "attachments"})
_EDIT_KEYS = frozenset({"body", "attachments"})


def invalid(*wrong: Wrong) -> Reply:
    """A 400 that names each field."""
    errors = [{"field": field, "message": message, "code": code} for field, message, code in wrong]
    return Reply(400, {"description": "Validation failed", "errors": errors})


def wrong_type(request: Request) -> Reply | None:
    """Only JSON is given and taken."""
    accepted = request.header("accept", "*/*")
    if "application/json" not in accepted and "*/*" not in accepted:
        return Reply(406)
    kind = request.header("content-type")
    if request.body and "application/json" not in kind:
        said = f"Content-Type header is set to {kind}. It should be set to application/json"
        return Reply(415, {"code": "invalid_content_type", "message": said})
    return None


def list_problem(request: Request, *, strict: bool) -> Reply | None:
    """What is wrong with the query of a list."""
    unknown = {key for key, _ in request.query} - _LIST_KEYS
    if strict and unknown:
        return invalid(*((key, "Unexpected/invalid field in request", "invalid_field") for key in sorted(unknown)))
    for key, allowed in (("filter", _VIEWS), ("order_by", _ORDERS), ("order_type", ("asc", "desc"))):
        if request.arg(key, allowed[0]) not in allowed:
            return invalid((key, f"It should be one of these values: '{','.join(allowed)}'", "invalid_value"))
    if request.arg("updated_since"):
        try:
            moment(request.arg("updated_since"))
        except ValueError:
            return invalid(
                ("updated_since", "It should be in the 'combined date and time ISO8601' format", "invalid_date")
            )
    return page_problem(request)


def entries_problem(request: Request) -> Reply | None:
    """What is wrong with the query of the time entries."""
    known = {"company_id", "agent_id", "billable", "executed_after", "executed_before", "per_page", "page"}
    unknown = {key for key, _ in request.query} - known
    if unknown:
        return invalid(*((key, "Unexpected/invalid field in request", "invalid_field") for key in sorted(unknown)))
    return page_problem(request)


def page_problem(request: Request) -> Reply | None:
    """What is wrong with the page that is asked for."""
    for key, most in (("per_page", 100), ("page", None)):
        text = request.arg(key, "1")
        if not text.isdecimal() or int(text) < 1 or (most is not None and int(text) > most):
            wanted = f"between 1 and {most}" if most else "a positive integer"
            return invalid((key, f"It should be {wanted}", "invalid_value"))
    if int(request.arg("page", "1")) > 300:
        said = "You cannot access tickets beyond the 300th page. Please provide a smaller page number."
        return invalid(("page", said, "invalid_value"))
    return None


def body(request: Request) -> tuple[dict[str, Any], Reply | None]:
    """The body of a write, and what is wrong with it as JSON."""
    try:
        found = request.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {}, Reply(400, {"code": "invalid_json", "message": "Request body has invalid json format"})
    return found, None


def update_problem(
    asked: Mapping[str, Any], ticket: Ticket, statuses: Collection[int], needed: Iterable[str]
) -> Reply | None:
    """What is wrong with an update, by the rules of the ticket form."""
    unknown = sorted(set(asked) - _WRITABLE) + sorted(
        set(asked.get("custom_fields") or {}) - set(ticket.row["custom_fields"])
    )
    if unknown:
        return invalid(*((key, "Unexpected/invalid field in request", "invalid_field") for key in unknown))
    choices = ",".join(map(str, sorted(statuses)))
    if "status" in asked:
        status = asked["status"]
        if isinstance(status, bool) or not isinstance(status, int):
            kind = type(status).__name__.replace("str", "String")
            said = f"Value set is of type {kind}.It should be one of these values: '{choices}'"
            return invalid(("status", said, "datatype_mismatch"))
        if status not in statuses:
            return invalid(("status", f"It should be one of these values: '{choices}'", "invalid_value"))
    if asked.get("status") in {RESOLVED, CLOSED}:
        values = {**ticket.row, **ticket.row["custom_fields"], **asked, **(asked.get("custom_fields") or {})}
        empty = [name for name in sorted(needed) if not values.get(name)]
        if empty:
            return invalid(*((name, "It should not be blank", "missing_field") for name in empty))
    return None


def update(ticket: Ticket, asked: Mapping[str, Any]) -> bool:
    """Take over all but the status: tags as a whole, custom fields by key. Whether anything changed."""
    before = dict(ticket.row)
    for key, value in asked.items():
        if key == "custom_fields":
            ticket.row[key] = {**ticket.row[key], **value}
        elif key == "description":
            ticket.description = value
        elif key != "status":
            ticket.row[key] = value
    return before != ticket.row


def _text_problem(asked: Mapping[str, Any], known: frozenset[str]) -> Reply | None:
    """What is wrong with what was written."""
    unknown = sorted(set(asked) - known)
    if unknown:
        return invalid(*((key, "Unexpected/invalid field in request", "invalid_field") for key in unknown))
    if not isinstance(asked.get("body"), str) or not asked["body"]:
        return invalid(("body", "Mandatory attribute missing", "missing_field"))
    return None


def edit_problem(asked: Mapping[str, Any], said: Mapping[str, Any]) -> Reply | None:
    """What is wrong with another text for a note: only notes take one."""
    if said["source"] != NOTE:
        return invalid(("id", "Only notes can be edited", "invalid_value"))
    return _text_problem(asked, _EDIT_KEYS)


def reply_problem(asked: Mapping[str, Any]) -> Reply | None:
    """What is wrong with a reply."""
    for key in ("cc_emails", "bcc_emails"):
        copies = asked.get(key, [])
        if not isinstance(copies, list):
            return invalid((key, "It should be a/an Array", "datatype_mismatch"))
        if not all(isinstance(one, str) and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", one) for one in copies):
            return invalid(
                (key, "It should contain elements that are in the 'valid email address' format", "invalid_value")
            )
    return _text_problem(asked, _REPLY_KEYS)


def note_problem(asked: Mapping[str, Any]) -> Reply | None:
    """What is wrong with a new note."""
    wrong = _text_problem(asked, _NOTE_KEYS)
    if wrong is not None:
        return wrong
    if not isinstance(asked.get("private", True), bool):
        return invalid(("private", "It should be a/an Boolean", "datatype_mismatch"))
    return None


def described(ticket: Ticket) -> dict[str, str]:
    """The description in both forms."""
    plain = BeautifulSoup(ticket.description, "html.parser").get_text(" ") if ticket.description else ""
    return {"description": ticket.description, "description_text": plain}


def agent(number: int, scope: int) -> dict[str, Any]:
    """An agent's record; name and address sit under ``contact``."""
    day = "2025-08-28T11:47:58Z"
    contact = {
        "active": True, "email": "syncd@example.com", "name": "Syncd", "job_title": None, "language": "en",
        "mobile": None, "phone": None, "time_zone": "UTC", "last_login_at": None, "created_at": day, "updated_at": day,
    }  # fmt: skip
    return {
        "available": True, "occasional": False, "id": number, "ticket_scope": scope, "type": "support_agent",
        "group_ids": [], "role_ids": [1], "skill_ids": [], "signature": None, "available_since": None,
        "created_at": day, "updated_at": day, "contact": contact,
    }  # fmt: skip


def fields(
    statuses: Mapping[int, tuple[str, str]], needed: Collection[str], groups: Mapping[int, str]
) -> list[dict[str, Any]]:
    """The ticket form: the shape of ``choices`` differs by type."""
    shapes: list[tuple[str, str, str, Any]] = [
        ("subject", "default_subject", "Subject", None),
        ("status", "default_status", "Status", {str(code): list(labels) for code, labels in statuses.items()}),
        ("priority", "default_priority", "Priority", {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4}),
        ("group", "default_group", "Group", {name: number for number, name in groups.items()}),
        ("ticket_type", "default_ticket_type", "Type", ["Question", "Incident", "Problem"]),
        ("cf_reference_number", "custom_text", "Reference number", None),
        ("cf_issue_url_297457", "custom_text", "Issue", None),
        ("cf_escalated", "custom_checkbox", "Escalated", None),
    ]
    found = []
    for number, (name, kind, label, choices) in enumerate(shapes, 1):
        one = {
            "id": number, "name": name, "type": kind, "label": label, "description": "", "position": number,
            "default": kind.startswith("default_"), "required_for_closure": name in needed,
            "required_for_agents": name == "status", "required_for_customers": False, "label_for_customers": label,
            "customers_can_edit": False, "displayed_to_customers": True,
            "created_at": "2025-08-28T11:47:58Z", "updated_at": "2025-08-28T11:47:58Z",
        }  # fmt: skip
        found.append(one if choices is None else {**one, "choices": choices})
    return found
