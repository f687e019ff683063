"""An issue as the API shows it, REST or GraphQL, made into an item."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, PrivateAttr, field_validator

from connectors.github.repositories import Facts
from syncd.clock import stamp
from syncd.model import Author, Item, Place, Ref, Status, Text, Unreadable

TEAM = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""Associations of people who may write to the repository (GitHub REST API docs, ``author_association``)."""


class _Login(BaseModel):
    login: str | None = None
    type: str | None = None


class _Label(BaseModel):
    name: str | None = None


class _Type(BaseModel):
    name: str | None = None


class _Milestone(BaseModel):
    state: str | None = None


class _Head(BaseModel):
    id: int
    number: int
    updated_at: datetime
    pull_request: Any = None


class Row(BaseModel):
    """One issue of a REST answer; a GraphQL node is brought into the same form.

    What the documented schema requires and nothing depends on may be null or missing here; what is unknown is ignored.
    """

    model_config = ConfigDict(extra="ignore")

    id: int
    number: int
    state: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    state_reason: str | None = None
    html_url: str | None = None
    repository_url: str | None = None
    body: str | None = None
    user: _Login | None = None
    closed_by: _Login | None = None
    author_association: str | None = None
    labels: list[_Label | str | None] | None = None
    assignees: list[_Login] | None = None
    type: _Type | None = None
    milestone: _Milestone | None = None
    locked: bool | None = None
    pull_request: Any = None
    _odd: bool = PrivateAttr(default=False)

    @classmethod
    def read(cls, record: object) -> Row:
        """A record of a list; an odd one where only that can be read which a list needs.

        Raises:
            ValueError: not even that.
        """
        try:
            return cls.model_validate(record)
        except ValueError:
            head = _Head.model_validate(record)
            row = cls(state="", created_at=head.updated_at, **head.model_dump())
            row._odd = True
            return row

    @property
    def odd(self) -> bool:
        """Nothing but its identity and its version could be understood."""
        return self._odd

    @field_validator("created_at", "updated_at", "closed_at")
    @classmethod
    def _utc(cls, moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    @property
    def version(self) -> str:
        """``updated_at``, whole seconds, UTC: sorts as text."""
        return stamp(self.updated_at)

    @property
    def is_issue(self) -> bool:
        """False for a pull request, which the issue endpoints also show (GitHub REST API docs, List issues)."""
        return self.pull_request is None

    @property
    def closed(self) -> bool:
        """Whether it is closed, for whatever reason."""
        return self.state == "closed"

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of its labels."""
        names = (one.name if isinstance(one, _Label) else one for one in self.labels or ())
        return tuple(name for name in names if name)

    @property
    def assigned(self) -> tuple[str, ...] | None:
        """Logins of those who are to see to it; None where the answer doesn't tell."""
        return tuple(_login(one) for one in self.assignees if one.login) if self.assignees is not None else None

    @property
    def kind(self) -> str:
        """The name of its type, one of the organisation's; empty without one."""
        return (self.type.name or "") if self.type is not None else ""

    @property
    def released(self) -> bool | None:
        """Whether its milestone is closed; None without one."""
        return (self.milestone.state or "").casefold() == "closed" if self.milestone is not None else None

    @property
    def repository(self) -> str:
        """``owner/repo`` as this answer names it, empty if it doesn't."""
        parts = (self.repository_url or "").rstrip("/").split("/")
        return "/".join(parts[-2:]) if len(parts) > 2 and parts[-3] == "repos" else ""

    @property
    def digest(self) -> str:
        """Changes whenever something that we look at does, even within one second."""
        people = (_login(self.user), _login(self.closed_by))
        shown = (self.state, self.state_reason, self.body, self.tags, self.assigned, self.released, *people)
        return f"{zlib.crc32(repr(shown).encode('utf-8', 'replace')):08x}"


class Comment(BaseModel):
    """A comment as the API shows it; what isn't used isn't here (GitHub REST API docs, List issue comments)."""

    id: int
    created_at: datetime
    body: str | None = None
    user: _Login | None = None
    author_association: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads: what an item looks like depends on it.

    ``login``: our own account, empty if it isn't known; ``web``: where people open what has no address of its own.
    """

    connector: str
    login: str
    web: str

    def key(self, row: Row, facts: Facts) -> str:
        """``owner/repo#number``."""
        return f"{facts.full_name}#{row.number}"

    def item(self, row: Row, facts: Facts, *, duplicate_of: Ref | None = None, formerly: Ref | None = None) -> Item:
        """The item behind a row of the repository that ``facts`` tell of. It must not be a pull request."""
        ref = Ref(self.connector, str(row.id), self.key(row, facts))
        closer = _login(row.closed_by) if row.closed else ""
        team = row.author_association in TEAM
        by_author = bool(closer) and closer.casefold() == _login(row.user).casefold()
        return Item(
            ref=ref,
            url=row.html_url or f"{self.web}/{facts.full_name}/issues/{row.number}",
            status=Status(row.state, row.state_reason or ""),
            version=row.version,
            created_at=row.created_at,
            audience=facts.audience,
            texts=(Text(row.body or "", self._author(row), Place.BODY),),
            tags=row.tags,
            assignees=row.assigned,
            released=row.released,
            moved_by=closer,
            moved_at=row.closed_at if row.closed else None,
            closed_outside=by_author and not team and not self.is_self(closer),
            duplicate_of=duplicate_of,
            formerly=formerly,
        )

    def unreadable(self, row: Row, facts: Facts) -> Unreadable:
        """The issue behind an odd row."""
        return Unreadable(
            Ref(self.connector, str(row.id), self.key(row, facts)),
            f"{self.connector} sent a record for it that can't be understood",
        )

    def is_self(self, login: str) -> bool:
        """Whether that is our own account; logins have no case."""
        return bool(self.login) and login.casefold() == self.login.casefold()

    def comment(self, row: Comment) -> Text:
        """What was said; an account of the type ``Bot`` is no person (GitHub REST API docs, Users)."""
        at = row.created_at.replace(tzinfo=UTC) if row.created_at.tzinfo is None else row.created_at.astimezone(UTC)
        robot = row.user is not None and row.user.type == "Bot"
        return Text(row.body or "", self._author(row), Place.COMMENT, str(row.id), at, automatic=robot)

    def _author(self, row: Row | Comment) -> Author:
        if self.is_self(_login(row.user)):
            return Author.SELF
        return Author.TEAM if row.author_association in TEAM else Author.OUTSIDE


def _login(user: _Login | None) -> str:
    return (user.login or "") if user is not None else ""
