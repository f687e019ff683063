"""What the stand-in's books hold: people, projects, issues, and what hangs on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from connectors.jira.sandbox.workflows import Status, Transition, Workflow


@dataclass(frozen=True, slots=True)
class Person:
    """An account. ``kind``: ``atlassian``, ``app`` or ``customer`` (of a portal, without a licence)."""

    name: str
    display: str
    kind: str = "atlassian"
    locale: str = "en_US"

    @property
    def id(self) -> str:
        """The accountId."""
        return f"qm:4f1c:{self.name}" if self.kind == "customer" else f"712020:{self.name}"


@dataclass(slots=True, eq=False)
class Version:
    """A version of a project."""

    id: str
    name: str
    released: bool = False
    archived: bool = False


@dataclass(slots=True, eq=False)
class Project:
    """A project; ``kind`` is ``software`` or ``service_desk``."""

    id: str
    key: str
    name: str
    kind: str
    workflow: Workflow
    types: tuple[str, ...]
    versions: dict[str, Version] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    """Custom fields that a new issue must have."""
    unlisted: set[str] = field(default_factory=set)
    """Fields that aren't on the screens to create and to edit."""
    may: set[str] = field(
        default_factory=lambda: {"BROWSE", "CREATE", "EDIT", "TRANSITION", "COMMENT", "LINK", "AGENT"}
    )
    """What our account may do there."""
    strangers: set[str] = field(default_factory=lambda: {"customer", "automation"})
    """Accounts that no issue there can be assigned to."""
    levels: tuple[str, ...] = ()
    """Security levels: who may see an issue, where more than the project decides."""
    numbers: int = 0
    asks: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Fields on the screen before a status, and whether each is required, besides those that the workflow names."""
    silent: set[str] = field(default_factory=set)
    """Fields that are on such a screen, and aren't listed."""
    closed: set[str] = field(default_factory=set)
    """Statuses that a condition keeps our account from."""
    validators: dict[str, str] = field(default_factory=dict)
    """What is complained of whenever somebody wants to reach a status."""
    answered: str = ""
    """Automation: the status that a public reply of the team leads to."""
    followed: dict[str, str] = field(default_factory=dict)
    """Automation: the status that is set right after one was reached through the API."""
    asked: str = ""
    """Automation: the status that a customer's comment leads to."""

    @property
    def hidden(self) -> bool:
        """Whether our account may not see it."""
        return "BROWSE" not in self.may

    @property
    def is_service(self) -> bool:
        """Whether it is a service project, whose comments customers read."""
        return self.kind == "service_desk"

    def ways(self, status: str) -> list[Transition]:
        """What leads away from a status here."""
        return [
            replace(one, screen={**one.screen, **self.asks.get(one.to, {})}, closed=one.closed or one.to in self.closed)
            for one in self.workflow.of(status)
        ]


@dataclass(slots=True, eq=False)
class Comment:
    """A comment; ``body`` is wiki markup."""

    id: int
    by: Person
    body: str
    internal: bool
    created: datetime
    updated: datetime
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """One entry of the changelog; an item is (field, from, fromString, to, toString)."""

    id: int
    by: Person
    at: datetime
    items: tuple[tuple[str, str | None, str | None, str | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """What a customer was mailed; ``about``: ``created``, ``comment`` or ``resolved``."""

    to: str
    issue: str
    about: str
    body: str


@dataclass(frozen=True, slots=True)
class State:
    """What changes in an issue."""

    project: Project
    number: int
    summary: str
    description: str | None
    type: str
    status: Status
    updated: datetime
    moved: datetime
    resolution: str | None = None
    resolved: datetime | None = None
    priority: str = "Medium"
    labels: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    assignee: str | None = None
    security: str | None = None
    """One of the project's security levels."""
    custom: Mapping[str, Any] = field(default_factory=dict)
    gone: bool = False

    @property
    def key(self) -> str:
        """As it is called now."""
        return f"{self.project.key}-{self.number}"


@dataclass(slots=True, eq=False)
class Issue:
    """An issue; ``past`` is what an index that lags shows."""

    id: int
    by: Person
    reporter: Person
    created: datetime
    now: State
    past: list[tuple[datetime, State]] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    history: list[History] = field(default_factory=list)
    remote: dict[int, dict[str, Any]] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    watchers: set[str] = field(default_factory=set)
    """Participants of a request, by their names."""
    organizations: list[str] = field(default_factory=list)
    """With which a request is shared, by their ids."""
    attachments: list[dict[str, Any]] = field(default_factory=list)
    request_type: str = ""
    """What it is on the portal; one that nobody asked for there has none."""
    hidden: bool = False
    busy: int = 0
    """So many transitions are refused because another one is under way."""
    status_writes: int = 0
    """How often a status came through the API."""

    def shown(self, until: datetime | None) -> State | None:
        """The state that an index shows which lags until then; None if it doesn't know the issue yet."""
        if until is None:
            return self.now
        return next((state for at, state in reversed(self.past) if at <= until), None)


@dataclass(frozen=True, slots=True)
class Link:
    """Between two issues, by their ids; of "A blocks B" A is the first."""

    id: int
    type: str
    first: int
    second: int
