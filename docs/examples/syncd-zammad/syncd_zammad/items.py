"""Zammad's records as syncd's items. Everything raises ValueError where a record isn't one.

Sources: docs.zammad.org, REST API, Tickets and Articles: the shapes, and that ``sender`` is Agent, Customer or System.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from syncd.clock import moment
from syncd.model import Author, Item, Place, Ref, Status, Text
from syncd_zammad.markup import to_markdown

MERGED = "merged"
"""The state of a ticket that was merged into another (docs.zammad.org, REST API, Ticket states)."""

NOBODY = 1
"""The owner of a ticket that no agent has taken."""

_OWN = frozenset(
    {"number", "title", "note", "type", "time_unit", "group", "organization", "state", "priority", "owner", "customer"}
    | {"created_by", "updated_by", "create_article_type", "create_article_sender", "pending_time"}
)
"""Texts that every ticket has; what else is text are the fields that an administrator added."""

Row = dict[str, Any]


def number(row: Row) -> int:
    """A record's id."""
    found = row.get("id")
    if isinstance(found, bool) or not isinstance(found, int):
        raise ValueError("no id")  # noqa: TRY004  # a record that is none
    return found


def version(row: Row) -> str:
    """When it last changed, in milliseconds, so that texts compare as times do."""
    return precise(_time(row, "updated_at"))


def precise(when: datetime) -> str:
    """UTC as Zammad writes it: ``2026-01-05T09:00:00.123Z``."""
    when = when.astimezone(UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"


def status(row: Row) -> Status:
    """Its state by name: ids differ between instances."""
    name = row.get("state")
    if not isinstance(name, str) or not name:
        raise ValueError("no state")
    return Status(name)


def item(name: str, web: str, row: Row, articles: Sequence[Row] | None = None, me: int = 0) -> Item:
    """A ticket; with its articles, if these were read (oldest first)."""
    key = str(number(row))
    texts = None if articles is None else tuple(_text(one, me, first=not at) for at, one in enumerate(articles))
    return Item(
        ref=Ref(name, key, key),
        url=f"{web}/#ticket/zoom/{key}",
        status=status(row),
        version=version(row),
        created_at=_time(row, "created_at"),
        texts=texts,
        fields={key: value for key, value in row.items() if isinstance(value, str) and value and not _is_own(key)},
        group=group if isinstance(group := row.get("group"), str) else "",
        assignees=_assignees(row),
        waiting=None if articles is None else _waits(articles[1:]),
    )


def _assignees(row: Row) -> tuple[str, ...] | None:
    """Its owner; a ticket that is nobody's has the system's own user, number 1."""
    owner = row.get("owner_id")
    if isinstance(owner, bool) or not isinstance(owner, int):
        return None
    return () if owner == NOBODY else (str(owner),)


def _is_own(key: str) -> bool:
    """Whether every ticket has it: its texts, and its many times (``close_at``, ``last_contact_at``)."""
    return key in _OWN or key.endswith("_at")


def _time(row: Row, key: str) -> datetime:
    found = row.get(key)
    if not isinstance(found, str):
        raise ValueError(f"no {key}")  # noqa: TRY004  # a record that is none
    return moment(found)


def _text(article: Row, me: int, *, first: bool) -> Text:
    internal = article.get("internal") is True
    place = Place.BODY if first else Place.NOTE if internal else Place.COMMENT
    key = "" if first else str(number(article))
    return Text(to_markdown(article), _author(article, me), place, key, _time(article, "created_at"))


def _author(article: Row, me: int) -> Author:
    """Who wrote it: only the sender counts, who by the name in a From line could be anybody."""
    if article.get("sender") != "Agent":
        return Author.OUTSIDE
    if article.get("type") == "email" and article.get("internal") is True:
        return Author.OUTSIDE  # an answer by mail to an internal article: nobody proved to be that agent
    return Author.SELF if me and article.get("created_by_id") == me else Author.TEAM


def _waits(articles: Sequence[Row]) -> bool:
    """Whether the newest message is the customer's; an automatic one (System) is no answer."""
    people = [one for one in articles if one.get("internal") is not True and one.get("sender") in {"Agent", "Customer"}]
    return bool(people) and people[-1].get("sender") == "Customer"
