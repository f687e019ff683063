"""Zendesk's records as items. Every shape that the API may legally give works; anything else is ``ValueError``.

Zendesk API docs, Tickets and Ticket comments. Any list or scalar may be null, and keys appear without notice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.keeping import as_fields, attachments, named
from connectors.markup import clean, to_markdown
from connectors.records import number, time_of, version
from connectors.zendesk.answers import Row
from syncd.model import Attachment, Author, GoneKind, Item, Place, Ref, Removed, Status, Text, Unreadable

CLOSED = "closed"
DELETED = "deleted"
SOLVED = "solved"
MERGED = "closed_by_merge"
"""The tag that a ticket gets which was merged into another."""
TEAM = frozenset({"agent", "admin"})
"""Roles of users who are no customers (Zendesk API docs, Users)."""

_INTO = re.compile(r"merged into (?:request|ticket) #0*([1-9][0-9]{0,18})(?![0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Custom:
    """A status that an administrator has named, or the standard one of its category."""

    category: str
    label: str
    standard: bool
    active: bool


@dataclass(frozen=True, slots=True)
class View:
    """What has to be known of an account to read its tickets.

    Attributes:
        name: the configured connector's name.
        web: origin of the pages for people.
        customs: its named statuses by id; empty where it has none.
        portal_tags: tags that a customer can set, through a field of the form; None where that isn't known.
        titles: what custom fields are called, by id.
        groups: the names of its groups by id, as far as they are needed.
    """

    name: str
    web: str
    customs: Mapping[int, Custom] = field(default_factory=dict)
    portal_tags: frozenset[str] | None = frozenset()
    titles: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)


def all_tags(row: Row) -> tuple[str, ...] | None:
    """Every tag, customers' too; None where the record doesn't tell them."""
    found = row.get("tags")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        return None
    return tuple(found)


def status(row: Row, customs: Mapping[int, Custom]) -> Status:
    """``pending``, or ``pending/9001`` where an administrator has named more statuses of that category.

    Each ticket has a custom status id, also where nobody has named any: the standard one of its category.
    """
    found = row.get("status")
    if not isinstance(found, str) or not found:
        return Status("null")
    category, key = clean(found), row.get("custom_status_id")
    named = customs.get(key) if isinstance(key, int) else None
    own = named is not None and named.category == category and not named.standard
    return Status(f"{category}/{key}") if own else Status(category)


def item(
    view: View,
    row: Row,
    texts: tuple[Text, ...] | None = None,
    waiting: bool | None = None,
    *,
    cascades: bool | None = None,
    settled: bool = True,
    formerly: Ref | None = None,
) -> Item:
    """A ticket.

    Args:
        view: the account's.
        row: the record, from a feed or a read.
        texts: its texts, where they were read.
        waiting: whether the requester waits for an answer, where that is known.
        cascades: whether solving it solves others; None: take what the record itself says, which is too much at worst.
        settled: whether nothing more can come that its version doesn't show.
        formerly: the ref of a ticket that was merged into this one, where it was asked for.

    Raises:
        ValueError: the record isn't a ticket's.
    """
    key = str(number(row))
    now = status(row, view.customs)
    return Item(
        ref=Ref(view.name, key, key),
        url=f"{view.web}/agent/tickets/{key}",
        status=now,
        version=version(row),
        created_at=time_of(row, "created_at", "updated_at"),
        texts=texts,
        fields=named(as_fields(custom(row)), view.titles),
        group=view.groups.get(_id(row.get("group_id")), ""),
        assignees=_assignees(row),
        tags=tags(row, view.portal_tags),
        waiting=waiting,
        final=now.kind == CLOSED,
        formerly=formerly,
        follows=_follows(view.name, row),
        cascades=may_cascade(row) if cascades is None else cascades,
        settled=settled,
    )


def is_deleted(row: Row) -> bool:
    """Whether it is in the trash, or deleted for good."""
    return row.get("status") == DELETED


def is_merged(row: Row) -> bool:
    """Whether it was closed because another ticket goes on in its place."""
    found = row.get("tags")
    return row.get("status") == CLOSED and isinstance(found, list) and MERGED in found


def may_cascade(row: Row) -> bool:
    """A problem that has incidents, and isn't solved: solving it would solve those of them that are not."""
    open_problem = row.get("type") == "problem" and row.get("status") not in {SOLVED, CLOSED}
    return open_problem and row.get("has_incidents") is True


def removed(name: str, row: Row) -> Removed:
    """The observation that a ticket isn't there any more.

    Raises:
        ValueError: the record isn't a ticket's.
    """
    key = str(number(row))
    return Removed(Ref(name, key, key), GoneKind.DELETED, version(row))


def unreadable(name: str, row: Row, why: str) -> Unreadable:
    """A ticket whose record can't be understood.

    Raises:
        ValueError: nor can be told which ticket it is.
    """
    key = str(number(row))
    return Unreadable(Ref(name, key, key), f"{name} sent {why} for it")


def tags(row: Row, portal: frozenset[str] | None) -> tuple[str, ...]:
    """Tags, without those that a customer may have set by choosing from a list in the form."""
    found = row.get("tags")
    if portal is None or not isinstance(found, list):
        return ()
    return tuple(clean(tag) for tag in found if isinstance(tag, str) and tag not in portal)


def authors(rows: Iterable[Row]) -> set[int]:
    """Whose roles have to be known to read these comments."""
    found = (row.get("author_id") for row in rows)
    return {one for one in found if isinstance(one, int) and not isinstance(one, bool) and one > 0}


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Comments, oldest first; two of one second are told apart by their ids, which grow.

    Raises:
        ValueError: a record isn't a comment's.
    """
    return sorted(rows, key=lambda row: (time_of(row, "created_at"), number(row)))


def conversation(
    rows: Iterable[Row], requester: object, me: int, roles: Mapping[int, str]
) -> tuple[tuple[Text, ...], bool]:
    """What was said, oldest first, and whether the newest public message is the requester's, or another customer's.

    The first comment is the ticket's own description, and no message. Nor is what the system itself says.

    Args:
        rows: every comment of the ticket.
        requester: the requester's id.
        me: our own user's id.
        roles: by user's id; who isn't there is nobody's colleague.

    Raises:
        ValueError: a record isn't a comment's.
    """
    said = ordered(rows)
    public = [row for row in said[1:] if row.get("public") is not False and authors([row])]
    writer = public[-1].get("author_id") if public else None
    waiting = bool(public) and (writer == requester or roles.get(_id(writer)) not in TEAM)
    texts = (_text(row, me, roles, first=index == 0) for index, row in enumerate(said))
    return tuple(texts), waiting


def survivor(rows: Iterable[Row], own: int, roles: Mapping[int, str]) -> int | None:
    """The ticket into which this one was merged, where its last words say so: never by a customer's."""
    for row in reversed(ordered(rows)):
        if roles.get(_id(row.get("author_id"))) not in TEAM:
            continue
        named = _INTO.findall(f"{row.get('plain_body') or ''}\n{row.get('body') or ''}")
        found = next((one for one in [_merged_to(row), *map(int, named)] if one not in (None, own)), None)
        if found is not None:
            return found
    return None


def _merged_to(row: Row) -> int | None:
    """``via.source.to.ticket_id`` of a merge's own comment (Zendesk API docs, Via types)."""
    source = _source(row)
    to = source.get("to")
    found = str(to.get("ticket_id")) if source.get("rel") == "merge" and isinstance(to, dict) else ""
    return int(found) if found.isascii() and found.isdecimal() else None


def _source(row: Row) -> Row:
    via = row.get("via")
    source = via.get("source") if isinstance(via, dict) else None
    return source if isinstance(source, dict) else {}


def _follows(name: str, row: Row) -> Ref | None:
    """The closed ticket that this one was made to follow (Zendesk API docs, Via types: ``follow_up``)."""
    source = _source(row)
    begun = source.get("from")
    found = begun.get("ticket_id") if source.get("rel") == "follow_up" and isinstance(begun, dict) else None
    key = str(found)
    return Ref(name, key, key) if key.isascii() and key.isdecimal() else None


def _id(value: object) -> int:
    return value if isinstance(value, int) else 0


def _text(row: Row, me: int, roles: Mapping[int, str], *, first: bool) -> Text:
    private = row.get("public") is False
    writer = _id(row.get("author_id"))
    author = Author.SELF if writer == me else Author.TEAM if roles.get(writer) in TEAM else Author.OUTSIDE
    place = Place.NOTE if private else Place.BODY if first else Place.COMMENT
    body = to_markdown(row.get("html_body"), row.get("plain_body") or row.get("body"))
    key = "" if place is Place.BODY else str(number(row))
    return Text(body, author, place, key, _written(row), _files(row), automatic=_by_rule(row))


def _by_rule(row: Row) -> bool:
    """Whether a trigger or an automation wrote it (Zendesk API docs, Via types), or Zendesk itself."""
    via = row.get("via")
    return _id(row.get("author_id")) < 1 or (isinstance(via, dict) and via.get("channel") == "rule")


def _files(row: Row) -> tuple[Attachment, ...]:
    """What came with a comment, and wasn't redacted since."""
    found = row.get("attachments")
    rows = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    kept = [one for one in rows if one.get("deleted") is not True]
    return tuple(attachments(kept, name="file_name", url="content_url"))


def _written(row: Row) -> datetime | None:
    return time_of(row, "created_at") if row.get("created_at") else None


def custom(row: Row) -> dict[str, Any]:
    """The values of its custom fields, by id as text."""
    found = row.get("custom_fields")
    pairs = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return {str(one["id"]): one.get("value") for one in pairs if isinstance(one.get("id"), int)}


def _assignees(row: Row) -> tuple[str, ...] | None:
    """The agent who has it; None where the record doesn't tell."""
    found = row.get("assignee_id", "")
    if found is None:
        return ()
    return (str(found),) if _id(found) else None
