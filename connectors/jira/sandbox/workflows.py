"""Statuses, resolutions and workflows of the stand-in: which status leads to which, and what that asks for.

The software workflows are those that Jira brings (classic and simplified); ``strict`` has no direct way from its first
status to its last. The service workflow is that of JSM's request templates, in short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CATEGORIES = {
    "undefined": (1, "No Category", "medium-gray"),
    "new": (2, "To Do", "blue-gray"),
    "done": (3, "Done", "green"),
    "indeterminate": (4, "In Progress", "yellow"),
}
"""Key -> id, name, colour: there are no others (Jira Cloud REST API, Workflow status categories)."""
RESOLUTIONS = {"10000": "Done", "10001": "Won't Do", "10002": "Duplicate", "10003": "Cannot Reproduce"}
PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}


@dataclass(frozen=True, slots=True)
class Status:
    """A status of the site; ``category`` is a key of CATEGORIES."""

    id: str
    name: str
    category: str


@dataclass(frozen=True, slots=True)
class Transition:
    """An edge of a workflow.

    ``of``: names of the statuses that it begins at; None for a global one. ``screen``: the fields that it shows, and
    whether each is required. ``sets``: the resolution that it sets by itself. ``clears``: it takes the resolution
    away. ``closed``: a condition keeps our account from it.
    """

    id: int
    name: str
    to: str
    of: tuple[str, ...] | None = None
    screen: Mapping[str, bool] = field(default_factory=dict)
    sets: str | None = None
    clears: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Workflow:
    """Statuses by their names, first the one that new issues have."""

    name: str
    statuses: tuple[str, ...]
    transitions: tuple[Transition, ...]

    def of(self, status: str) -> list[Transition]:
        """What leads away from a status."""
        return [one for one in self.transitions if one.of is None or status in one.of]


STATUSES = {
    name: Status(id_, name, category)
    for id_, name, category in (
        ("1", "Open", "new"),
        ("3", "In Progress", "indeterminate"),
        ("4", "Reopened", "new"),
        ("5", "Resolved", "done"),
        ("6", "Closed", "done"),
        ("10000", "To Do", "new"),
        ("10001", "Done", "done"),
        ("10002", "In Review", "indeterminate"),
        ("10003", "Won't Do", "done"),
        ("10010", "Waiting for support", "indeterminate"),
        ("10011", "Waiting for customer", "indeterminate"),
        ("10012", "Pending", "indeterminate"),
        ("10013", "Work in progress", "indeterminate"),
        ("10014", "Escalated", "indeterminate"),
        ("10015", "Canceled", "done"),
    )
}

_RESOLVING = {"resolution": True}
_ACTIVE = ("Waiting for support", "Waiting for customer", "Pending", "Work in progress", "Escalated")


def _simple(name: str, first: int, resolution: str | None) -> Workflow:
    """Every status leads to every other; the resolution is set and taken away without a screen."""
    return Workflow(
        name,
        ("To Do", "In Progress", "Done"),
        (
            Transition(first, "To Do", "To Do", clears=True),
            Transition(first + 10, "In Progress", "In Progress", clears=True),
            Transition(first + 20, "Done", "Done", sets=resolution),
        ),
    )


WORKFLOWS = {
    one.name: one
    for one in (
        _simple("simple", 11, "Done"),
        _simple("team", 211, None),
        Workflow(
            "classic",
            ("Open", "In Progress", "Resolved", "Reopened", "Closed"),
            (
                Transition(4, "Start Progress", "In Progress", ("Open", "Reopened")),
                Transition(301, "Stop Progress", "Open", ("In Progress",)),
                Transition(5, "Resolve Issue", "Resolved", ("Open", "In Progress", "Reopened"), _RESOLVING),
                Transition(2, "Close Issue", "Closed", ("Open", "In Progress", "Reopened"), _RESOLVING),
                Transition(701, "Close Issue", "Closed", ("Resolved",)),
                Transition(3, "Reopen Issue", "Reopened", ("Resolved", "Closed"), clears=True),
            ),
        ),
        Workflow(
            "strict",
            ("Open", "In Progress", "In Review", "Done", "Won't Do"),
            (
                Transition(111, "Start", "In Progress", ("Open",)),
                Transition(121, "Ask for review", "In Review", ("In Progress",)),
                Transition(131, "Approve", "Done", ("In Review",), sets="Done"),
                Transition(141, "Reject", "In Progress", ("In Review",)),
                Transition(151, "Drop", "Won't Do", ("Open", "In Progress"), sets="Won't Do"),
                Transition(161, "Reopen", "Open", ("Done", "Won't Do"), clears=True),
            ),
        ),
        Workflow(
            "service",
            ("Waiting for support", "Waiting for customer", "Pending", "Work in progress", "Escalated", "Resolved",
             "Closed", "Canceled"),
            (
                Transition(761, "Respond to customer", "Waiting for customer",
                           ("Waiting for support", "Work in progress", "Pending", "Escalated")),
                Transition(781, "Respond to support", "Waiting for support", ("Waiting for customer",)),
                Transition(791, "Back to support", "Waiting for support", ("Pending", "Work in progress", "Escalated")),
                Transition(801, "Pending", "Pending", tuple(name for name in _ACTIVE if name != "Pending")),
                Transition(811, "In progress", "Work in progress", ("Waiting for support", "Pending")),
                Transition(751, "Escalate", "Escalated", ("Waiting for support", "Work in progress")),
                Transition(891, "Resolve this issue", "Resolved", _ACTIVE, _RESOLVING),
                Transition(901, "Cancel request", "Canceled", _ACTIVE, sets="Won't Do"),
                Transition(911, "Close", "Closed", ("Resolved",)),
                Transition(921, "Reopen", "Waiting for support", ("Resolved", "Closed", "Canceled"), clears=True),
            ),
        ),
    )
}  # fmt: skip
CUSTOMERS = {"Cancel request", "Close"}
"""The transitions that the portal shows to customers, by name."""
