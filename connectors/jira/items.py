"""An issue as Jira shows it, made into an item; the raw record, because objects of it cost ten times as much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.jira.authors import Authors, part_of
from connectors.jira.markup import to_markdown
from connectors.jira.transitions import native
from syncd.model import Audience, Item, Place, Ref, Status, Text, Unreadable

Row = Mapping[str, Any]

FIELDS = (
    "status",
    "resolution",
    "resolutiondate",
    "statuscategorychangedate",
    "created",
    "updated",
    "project",
    "issuetype",
    "creator",
    "labels",
    "assignee",
    "description",
    "issuelinks",
    "fixVersions",
)
"""What is asked of every issue; nothing else is needed, and more makes answers slow."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads, and where: what an item looks like depends on it.

    Attributes:
        connector: the configured connector's name.
        authors: whose texts are whose.
        web: where people open the site, without a trailing slash.
        audience: who can read the projects.
        bodies: whether the description counts as a text (a helpdesk's ticket is read with its notes).
    """

    connector: str
    authors: Authors
    web: str
    audience: Audience = Audience.PRIVATE
    bodies: bool = True

    def item(
        self,
        row: Row,
        *,
        notes: Sequence[Text] = (),
        addresses: Iterable[str] | None = (),
        mover: Row | None = None,
    ) -> Item:
        """The item behind a record.

        Args:
            row: with the fields of ``FIELDS``.
            notes: its comments, where they were read.
            addresses: of its remote links; None where they weren't read.
            mover: who made the last move of status, where that is known.

        Raises:
            ValueError: it isn't the record of an issue.
        """
        fields = fields_of(row)
        links = tuple(_linked(fields, self.web))
        found = status(fields)
        done, outside = found.kind == "done", mover is not None and self.authors.is_customer(mover, unknown=False)
        moved = [one for one in (moment(fields, "statuscategorychangedate"), _resolved(fields, done=done)) if one]
        return Item(
            ref=ref(self.connector, row),
            url=f"{self.web}/browse/{key(row)}",
            status=found,
            version=version(fields),
            created_at=needed(fields, "created"),
            audience=self.audience,
            texts=(*((self.body(fields),) if self.bodies else ()), *notes),
            addresses=tuple(dict.fromkeys((*links, *(addresses or ())))),
            tags=tuple(one for one in listed(fields, "labels") if isinstance(one, str)),
            assignees=_assignees(fields),
            moved_by="" if outside else part_of(mover, "name") or part_of(mover, "displayName"),
            automated=self.authors.is_automation(mover),
            moved_at=max(moved, default=None),
            closed_outside=done and outside,
            duplicate_of=_canonical(self.connector, fields),
            released=_released(fields),
            whole=addresses is not None,
        )

    def body(self, fields: Row) -> Text:
        """The description; by whoever made the issue, since nobody tells who wrote it last."""
        who = self.authors.author(fields.get("creator"), unknown=not _for_the_team(fields))
        when = moment(fields, "created")
        return Text(to_markdown(fields.get("description")), who, Place.BODY, at=when)

    def comment(self, row: Row, fields: Row) -> Text:
        """A comment on the issue with these fields as a text.

        Raises:
            ValueError: it isn't the record of a comment.
        """
        who = self.authors.author(row.get("author"), unknown=not _for_the_team(fields))
        robot = self.authors.is_automation(row.get("author")) is True
        body, at = to_markdown(row.get("body")), moment(row, "created")
        return Text(body, who, Place.COMMENT, digits(row, "id"), at, automatic=robot)


# --- the parts of a record; each raises ValueError where it is none ---


def unreadable(connector: str, row: Row) -> Unreadable:
    """An issue whose record can't be understood, but for which it is and of when."""
    version(fields_of(row))
    return Unreadable(ref(connector, row), f"{connector} sent a record for it that can't be understood")


def ref(connector: str, row: Row) -> Ref:
    """Identity is the numeric id: a key changes when an issue is moved or its project renamed."""
    return Ref(connector, digits(row, "id"), key(row))


def key(row: Row) -> str:
    """``ENG-12``."""
    found = row.get("key")
    if not isinstance(found, str) or not found:
        raise ValueError("no key")
    return found


def digits(row: Row, name: str) -> str:
    """An id: digits in a text, or a number."""
    found = row.get(name)
    text = str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else ""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{name} is no number")
    return text


def fields_of(row: Row) -> Row:
    """The fields of an issue."""
    found = row.get("fields")
    if not isinstance(found, dict):
        raise ValueError("no fields")  # noqa: TRY004  # callers catch one kind
    return found


def status(fields: Row) -> Status:
    """``Status("done/Closed", "Won't Do")``: the category's key, the status's name, the resolution's name."""
    found = fields.get("status")
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        raise ValueError("no status")  # noqa: TRY004  # callers catch one kind
    return Status(native(found), named(fields.get("resolution")))


def version(fields: Row) -> str:
    """``updated`` in UTC with its milliseconds: sorts as text."""
    return f"{needed(fields, 'updated'):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def needed(fields: Row, name: str) -> datetime:
    """A time that every issue has."""
    found = moment(fields, name)
    if found is None:
        raise ValueError(f"no {name}")
    return found


def moment(fields: Row, name: str) -> datetime | None:
    """A time, UTC; None where there is none. It comes in the site's zone: ``2026-09-01T09:12:44.513-0800``."""
    text = fields.get(name)
    if not isinstance(text, str):
        return None
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def named(record: object) -> str:
    """The name of what has one: a resolution, a version."""
    name = record.get("name") if isinstance(record, dict) else None
    return name if isinstance(name, str) else ""


def listed(fields: Row, name: str) -> list[Any]:
    """A list; empty where the field is absent or null, which mean the same."""
    found = fields.get(name)
    return found if isinstance(found, list) else []


def mover(histories: Sequence[object]) -> Row | None:
    """Who moved the status last, by an issue's changelog; None if it isn't told.

    Each site sorts it in its own way (Cloud newest first), so it is sorted here.
    """
    moves = [one for one in histories if isinstance(one, dict) and any(map(_of_status, listed(one, "items")))]
    try:
        newest = max(moves, key=lambda one: (moment(one, "created") or datetime.min.replace(tzinfo=UTC), _id(one)))
    except ValueError:  # none, or none that can be sorted
        return None
    who = newest.get("author")
    return who if isinstance(who, dict) else None


def _of_status(change: object) -> bool:
    return isinstance(change, dict) and (change.get("fieldId") or str(change.get("field")).lower()) == "status"


def _id(record: Row) -> int:
    return int(digits(record, "id"))


def _for_the_team(fields: Row) -> bool:
    """Whether an issue's project is none that customers have a way into."""
    return part_of(fields.get("project"), "projectTypeKey") not in {"", "service_desk"}


def _resolved(fields: Row, *, done: bool) -> datetime | None:
    return moment(fields, "resolutiondate") if done else None


def _linked(fields: Row, web: str) -> Iterator[str]:
    """Where people open the issues that this one is linked with."""
    for link in listed(fields, "issuelinks"):
        for side in ("inwardIssue", "outwardIssue"):
            other = link.get(side) if isinstance(link, dict) else None
            if isinstance(other, dict) and isinstance(other.get("key"), str):
                yield f"{web}/browse/{other['key']}"


def _assignees(fields: Row) -> tuple[str, ...] | None:
    """Who has it: accountId (Cloud) or username (Data Center); None where the answer doesn't tell."""
    if "assignee" not in fields:
        return None
    who = part_of(fields["assignee"], "accountId") or part_of(fields["assignee"], "name")
    return (who,) if who else ()


def _canonical(connector: str, fields: Row) -> Ref | None:
    """The issue that a duplicate is one of.

    A link reads "this issue <outward> outwardIssue" (Jira platform, Issue linking model): the canonical one is where
    the words say that this one duplicates it. Somebody may have made a link type whose words stand the other way round.
    """
    if "duplicat" not in named(fields.get("resolution")).casefold():
        return None
    for link in listed(fields, "issuelinks"):
        kind = link.get("type") if isinstance(link, dict) else None
        if not isinstance(kind, dict):
            continue
        for words, side in (("outward", "outwardIssue"), ("inward", "inwardIssue")):
            other = link.get(side)
            if str(kind.get(words)).casefold().startswith("duplicates") and isinstance(other, dict):
                return ref(connector, other)
    return None


def _released(fields: Row) -> bool | None:
    """Whether every version that an issue is fixed in is released; None where it has none."""
    versions = [one for one in listed(fields, "fixVersions") if isinstance(one, dict)]
    return all(one.get("released") is True for one in versions) if versions else None
