"""Freshdesk's records as items. Every shape that the API may legally give works; anything else is ``ValueError``.

Freshdesk API docs, Tickets and Conversations. Any list or scalar may be null, and keys appear without notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from connectors.freshdesk.forms import Form
from connectors.freshdesk.forms import number as _id
from connectors.keeping import as_fields, attachments, named
from connectors.markup import clean, to_markdown
from connectors.records import number, time_of, version
from syncd.model import Attachment, Author, GoneKind, Item, Place, Ref, Removed, Status, Text, Unreadable

Row = Mapping[str, Any]

_SURVEY = 6
_FORWARD = 8
"""Conversation sources (Freshdesk API docs, Conversations)."""


def status(row: Row) -> Status:
    """The status code as text; ``null`` where there is none, which no mapping knows."""
    found = row.get("status")
    if found is None:
        return Status("null")
    if isinstance(found, bool) or not isinstance(found, (int, str)):
        raise ValueError("a status that is no code")  # noqa: TRY004  # a wrong answer, not a wrong call
    return Status(clean(str(found)))


def item(
    name: str,
    web: str,
    row: Row,
    texts: tuple[Text, ...] | None = None,
    waiting: bool | None = None,
    *,
    form: Form,
    settled: bool = True,
) -> Item:
    """A ticket.

    Args:
        name: the configured connector's name.
        web: origin of the agent portal.
        row: the record, from a list or a single read.
        texts: its texts, where they were read.
        waiting: whether the requester waits for an answer, where that is known.
        form: what its fields and its group are called.
        settled: whether nothing more can come that its version doesn't show.

    Raises:
        ValueError: the record isn't a ticket's.
    """
    key = str(number(row))
    return Item(
        ref=Ref(name, key, key),
        url=f"{web}/a/tickets/{key}",
        status=status(row),
        version=version(row),
        created_at=time_of(row, "created_at", "updated_at"),
        texts=texts,
        fields=named(as_fields(row.get("custom_fields")), form.labels),
        group=form.groups.get(_id(row.get("group_id")), ""),
        assignees=_assignees(row),
        tags=tags(row),
        waiting=waiting,
        final=row.get("archived") is True,
        settled=settled,
    )


def gone(row: Row) -> GoneKind | None:
    """How the ticket is out of sight, if it is: in the trash or in spam."""
    if row.get("deleted") is True:
        return GoneKind.DELETED
    return GoneKind.SPAM if row.get("spam") is True else None


def removed(name: str, row: Row, kind: GoneKind) -> Removed:
    """The observation that a ticket isn't there any more.

    Raises:
        ValueError: the record isn't a ticket's.
    """
    key = str(number(row))
    return Removed(Ref(name, key, key), kind, version(row))


def unreadable(name: str, row: Row, why: str) -> Unreadable:
    """A ticket whose record can't be understood.

    Raises:
        ValueError: nor can be told which ticket it is.
    """
    key = str(number(row))
    return Unreadable(Ref(name, key, key), f"{name} sent {why} for it")


def description(row: Row) -> Text:
    """What the requester wrote first.

    Raises:
        ValueError: the record isn't a ticket's.
    """
    body = to_markdown(row.get("description"), row.get("description_text"))
    return Text(body, Author.OUTSIDE, Place.BODY, "", time_of(row, "created_at", "updated_at"), _files(row))


def conversation(rows: Iterable[Row], me: int) -> tuple[tuple[Text, ...], bool]:
    """Notes and replies, oldest first, and whether the newest public message is the requester's.

    Survey answers and automatic responses are no messages. ``me`` is our own agent's id.

    Raises:
        ValueError: a record isn't a conversation's.
    """
    # Two notes of one second are told apart by their ids, which grow.
    ordered = sorted(rows, key=lambda row: (time_of(row, "created_at", "updated_at"), number(row)))
    public = [
        row
        for row in ordered
        if row.get("private") is not True and row.get("source") != _SURVEY and row.get("auto_response") is not True
    ]
    waiting = bool(public) and public[-1].get("incoming") is True
    return tuple(_text(row, me) for row in ordered), waiting


def answered_at(rows: Iterable[Row], me: int) -> datetime | None:
    """When a member of the team first wrote publicly; what an automation or syncd itself wrote doesn't count.

    Raises:
        ValueError: a record isn't a conversation's.
    """
    found = (
        time_of(row, "created_at", "updated_at")
        for row in rows
        if row.get("private") is not True
        and row.get("source") != _SURVEY
        and not _is_automatic(row)
        and _author(row, me, private=False) is Author.TEAM
    )
    return min(found, default=None)


def _text(row: Row, me: int) -> Text:
    private = row.get("private") is True
    return Text(
        to_markdown(row.get("body"), row.get("body_text")),
        _author(row, me, private=private),
        Place.NOTE if private else Place.COMMENT,
        str(number(row)),
        time_of(row, "created_at", "updated_at"),
        _files(row),
        automatic=_is_automatic(row),
    )


def _is_automatic(row: Row) -> bool:
    """Whether a rule wrote it, or the helpdesk by itself (Freshdesk API docs, Conversations)."""
    return row.get("auto_response") is True or bool(row.get("automation_id"))


def _files(row: Row) -> tuple[Attachment, ...]:
    return tuple(attachments(row.get("attachments"), name="name", url="attachment_url"))


def _author(row: Row, me: int, *, private: bool) -> Author:
    """Whom to trust: what a customer may have written is the customer's."""
    incoming = row.get("incoming")
    if incoming is True or (incoming is None and not private):
        return Author.OUTSIDE
    if row.get("user_id") == me:
        return Author.SELF
    # A forwarded mail is an agent's act, but most of its words are the customer's.
    return Author.OUTSIDE if row.get("source") == _FORWARD else Author.TEAM


def _assignees(row: Row) -> tuple[str, ...] | None:
    """The agent who has it; None where the record doesn't tell."""
    found = row.get("responder_id", "")
    if found is None:
        return ()
    return (str(found),) if _id(found) else None


def tags(row: Row) -> tuple[str, ...]:
    """Its tags, which only agents set."""
    found = row.get("tags")
    return tuple(clean(tag) for tag in found if isinstance(tag, str)) if isinstance(found, list) else ()
