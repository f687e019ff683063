"""What is sent to change a ticket, and what an answer confirms of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.keeping import as_text
from connectors.markup import clean, to_html
from connectors.zendesk import items
from connectors.zendesk.answers import Row
from connectors.zendesk.reads import Known
from syncd.actions import Action, Note
from syncd.model import Status

MAX_BYTES = 60_000
"""A comment holds 65,535 bytes at most; the marker comes last and is never cut."""
MAX_COPIES = 48
"""People that one ticket can be copied to (Zendesk docs, Setting email CCs)."""
PLAIN = frozenset({
    "assignee_email", "assignee_id", "brand_id", "due_at", "external_id", "group_id", "organization_id", "priority",
    "problem_id", "subject", "ticket_form_id", "type",
})  # fmt: skip
"""Fields of a ticket that have a name in place of a number, and that a mapping or a playbook may set."""


class Unfit(ValueError):
    """What is wanted can't be sent; its text says why."""


def wish(status: Status) -> dict[str, Any]:
    """A status as the API takes it: the category, or the id of a custom one, never both.

    Raises:
        Unfit: it is none that may be set.
    """
    category, named, key = status.native.partition("/")
    if category == items.CLOSED:
        raise Unfit("closed can't be undone, and is never set")
    if named and (not key.isascii() or not key.isdecimal()):
        raise Unfit(f"{key[:40]!r} is not the id of a custom status")
    if not category.isascii() or not category.isalpha():
        raise Unfit(f"{category[:40]!r} is not a status")
    return {"custom_status_id": int(key)} if key else {"status": category}


def extras(action: Action) -> tuple[dict[str, Any], list[str]]:
    """Fields to set: custom ones by their number, others by their name; and names that no ticket has."""
    found: dict[str, Any] = {}
    custom, unknown = [], []
    for key, value in {**(action.way.fields if action.status is not None else {}), **action.fields}.items():
        if key.isascii() and key.isdecimal():
            custom.append({"id": int(key), "value": value})
        elif key in PLAIN:
            found[key] = value
        else:
            unknown.append(key[:40])
    return {**found, "custom_fields": custom} if custom else found, unknown


def tags(action: Action) -> None:
    """Tags are single words.

    Raises:
        Unfit: Zendesk would make several of one.
    """
    for tag in (*action.tags, *action.untags):
        if not tag or tag.split() != [tag]:
            raise Unfit(f"{tag[:40]!r} is not a tag: it has a space in it")


def comment(note: Note) -> dict[str, Any]:
    """A note. Whether it is public is always said: left out, it would be, and the requester would get mail."""
    body = clean(note.body)
    html = to_html(body, note.marker)
    while len(html.encode()) > MAX_BYTES:
        body = body[: len(body) // 2]
        html = to_html(body + "…", note.marker)
    return {"html_body": html, "public": not note.internal}


def copies(note: Note | None) -> dict[str, Any]:
    """Who gets copies of a public reply (Zendesk docs, Setting email CCs): from then on of all that is public there."""
    if note is None or note.internal or not note.copies:
        return {}
    return {"email_ccs": [{"user_email": one, "action": "put"} for one in note.copies[:MAX_COPIES]]}


def guard(known: Known | None) -> dict[str, Any]:
    """Compare and set: nothing is written if anybody wrote since the read.

    Without a read the keys are left out; ``safe_update: false`` may be taken for true.
    """
    return {"safe_update": True, "updated_stamp": known.stamp} if known is not None else {}


def note_id(answer: Row) -> str:
    """The id of the comment that a write made, from its audit; empty where the answer doesn't tell."""
    audit = answer.get("audit")
    events = audit.get("events") if isinstance(audit, dict) else None
    for one in events if isinstance(events, list) else ():
        if isinstance(one, dict) and one.get("type") == "Comment" and isinstance(one.get("id"), int):
            return str(one["id"])
    return ""


def untaken(ticket: Row, sent: Mapping[str, Any]) -> list[str]:
    """Custom fields that were sent and aren't as they were sent: unknown ids are passed over in silence."""
    shown = ticket.get("custom_fields")
    rows = [one for one in shown if isinstance(one, dict)] if isinstance(shown, list) else []
    have = {one.get("id"): as_text(one.get("value")) for one in rows}
    return [str(one["id"]) for one in sent.get("custom_fields", ()) if have.get(one["id"]) != as_text(one["value"])]
