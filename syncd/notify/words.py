"""The words of a message: what has happened, to how much, and what a person can do about it.

Nothing of a ticket but its ref is in them; a reason is syncd's own, with whatever looks like an address left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from syncd.config.notify import Alert
from syncd.notify.announcement import Mention

Event = Literal["opened", "more", "reminder", "over"]
SHOWN = 5
"""Of what an incident is about, so many are named."""
LONGEST = 200
"""Characters of a reason."""
MOST_TITLES = 20
"""Incidents that one message names."""
ADDRESS = re.compile(r"[^\s@<>\"'(]+@[^\s@<>\"')]+")

ONE = {
    "brake": "the brake is on, and nothing more is written",
    "rehearsal": "a changed mapping or playbook waits for its release",
    "unauthorized": "the service doesn't accept the credential",
    "misconfigured": "what it is configured to read can't be read",
    "unavailable": "the service hasn't answered for a while",
}
"""What is true of a connector."""
MANY = {
    "parked": ("group is parked", "groups are parked"),
    "conflict": ("link is in conflict", "links are in conflict"),
    "drift": ("link has drifted", "links have drifted"),
    "waits_for_person": ("link waits for a person", "links wait for a person"),
    "cascade": ("ticket waits to be resolved by a person", "tickets wait to be resolved by a person"),
    "unknown": ("link has an end with an unknown status", "links have an end with an unknown status"),
    "refused": ("note was refused", "notes were refused"),
    "two_issues": ("ticket has two issues", "tickets have two issues"),
    "exposed": ("issue for the team can be read by everybody", "issues for the team can be read by everybody"),
    "doubled": ("note stands more than once", "notes stand more than once"),
    "overdue_answer": ("ticket has had no answer in time", "tickets have had no answer in time"),
    "overdue_filing": ("escalated ticket has no issue in time", "escalated tickets have no issue in time"),
    "ownerless": ("issue has nobody to see to it", "issues have nobody to see to them"),
    "sprint_over": ("issue wasn't finished within its sprint", "issues weren't finished within their sprint"),
    "old_link": ("ticket has waited long for its issue", "tickets have waited long for their issues"),
    "still_waiting": (
        "ticket still waits though its issue is finished",
        "tickets still wait though their issues are finished",
    ),
    "ended_early": ("ticket ended while its issue is open", "tickets ended while their issues are open"),
}
"""What is true of one or of many."""
CURES = {
    "brake": "`syncd status` says more. If that is right: `syncd brake release {connector}`",
    "rehearsal": "See it with `syncd reconcile --dry-run`. If that is right: `syncd brake release {connector}`",
    "unauthorized": "Make a new credential, then restart the service",
    "misconfigured": "`syncd check` names the cure",
    "unavailable": "Look at the service's status page; syncd goes on by itself",
    "parked": "`syncd queue list` shows all. Mend the reason, then `syncd queue retry REF`",
    "conflict": "Both ends have changed and don't go together. Put one right, and syncd goes on",
    "drift": "The ends don't go together, though neither has moved. `syncd status` says more; put one right",
    "waits_for_person": "An issue was closed as a duplicate, and syncd can't tell of which. Resolve the ticket by hand",
    "cascade": "Resolving it would resolve other tickets with it. Resolve it by hand, if that is right",
    "unknown": "`syncd status` names the status and the mapping to add it to",
    "refused": "`syncd status` says where and why. Mend that, and `syncd reconcile` tries again",
    "two_issues": "They were filed at about the same time. Close one as a duplicate of the other, or unlink it",
    "exposed": "What was written there was for the team. Make the place private again, or take it out; then "
    "`syncd queue drop REF`",
    "doubled": "`syncd status` names them. Delete all but one",
    "overdue_answer": "Answer the requester",
    "overdue_filing": "`syncd explain --ticket REF` says why. Mend that, or file the issue by hand",
    "ownerless": "Assign the issue, or agree with support who sees to it",
    "sprint_over": "Finish it, label the issue as an exception, or tell the customer that it won't be done now",
    "old_link": "See where the issue stands, and tell the customer",
    "still_waiting": "`syncd explain REF` says what holds it. Resolve the ticket by hand, if that is right",
    "ended_early": "If the customer still waits, open the ticket again; a rule of the helpdesk may have ended it",
}
OVER = {
    "brake": "the brake is released",
    "rehearsal": "the changed mapping or playbook holds now",
    "unauthorized": "the service accepts the credential again",
    "misconfigured": "it can be read again",
    "unavailable": "the service answers again",
    "parked": "nothing is parked any more",
    "conflict": "no link is in conflict any more",
    "drift": "no link has drifted any more",
    "waits_for_person": "no link waits for a person any more",
    "cascade": "no ticket waits to be resolved by a person any more",
    "unknown": "no link has an unknown status any more",
    "refused": "no note is refused any more",
    "two_issues": "no ticket has two issues any more",
    "exposed": "no issue for the team can be read by everybody any more",
    "doubled": "no note stands more than once any more",
    "overdue_answer": "no ticket is without an answer for too long any more",
    "overdue_filing": "no escalated ticket is without an issue for too long any more",
    "ownerless": "no issue is without somebody to see to it any more",
    "sprint_over": "no issue is beyond its sprint any more",
    "old_link": "no ticket has waited too long for its issue any more",
    "still_waiting": "no ticket waits for a finished issue any more",
    "ended_early": "no ticket is ended while its issue is open any more",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told of one incident.

    Attributes:
        count: how much it is about; 0 for an incident of a connector.
        new: how much of that wasn't known when it was told last.
        items: some of it, each with its reason.
        detail: the reason of an incident of a connector.
    """

    alert: Alert
    connector: str
    event: Event
    opened: str
    count: int = 0
    new: int = 0
    items: Sequence[tuple[str, str]] = ()
    detail: str = ""

    @property
    def title(self) -> str:
        """One line."""
        name = f"{self.connector}: " if self.connector else ""
        if self.event == "over":
            return name + OVER[self.alert]
        still = {"opened": "", "more": "", "reminder": "still: "}[self.event]
        if self.connector:
            return name + still + ONE[self.alert]
        what = f"{self.count:,} {MANY[self.alert][self.count != 1]}"
        return still + what + (f", {self.new:,} of them new" if self.event == "more" else "")

    @property
    def lines(self) -> list[str]:
        """What follows the title."""
        if self.event == "over":
            return []
        shown = [f"- {item}: {why}" if why else f"- {item}" for item, why in self.items]
        number = self.new if self.event == "more" else self.count
        rest = [f"- and {number - len(shown):,} more"] if number > len(shown) else []
        return [
            *([self.detail] if self.detail else []),
            *shown,
            *rest,
            CURES[self.alert].format(connector=self.connector),
        ]

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "alert": self.alert,
            "connector": self.connector,
            "event": self.event,
            "opened": self.opened,
            "title": self.title,
            "count": self.count,
            "new": self.new,
            "items": [{"item": item, "reason": why} for item, why in self.items],
        }


@dataclass(frozen=True, slots=True)
class Message:
    """One message; without notices it is a test."""

    at: str
    notices: Sequence[Notice] = ()

    @property
    def title(self) -> str:
        """One line."""
        if not self.notices:
            return "this is a test, and nothing needs a person"
        if len(self.notices) == 1:
            return self.notices[0].title
        return f"{len(self.notices)} alerts"

    @property
    def lines(self) -> list[str]:
        """What follows the title."""
        if len(self.notices) <= 1:
            return [line for one in self.notices for line in one.lines]
        titles = [f"- {one.title}" for one in self.notices[:MOST_TITLES]]
        more = len(self.notices) - len(titles)
        return [*titles, *([f"- and {more} more"] if more else []), "`syncd status` says more"]

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """Nobody is called."""
        return ()

    @property
    def text(self) -> str:
        """All of it, as plain text."""
        return "\n".join([self.title, *self.lines])

    def data(self) -> dict[str, Any]:
        """For programs."""
        alerts = [one.data() for one in self.notices]
        return {"source": "syncd", "at": self.at, "title": self.title, "text": self.text, "alerts": alerts}


def clean(reason: str) -> str:
    """A reason fit for a message: one line, not too long, no e-mail address."""
    line = " ".join("".join(one if one.isprintable() else " " for one in reason).split())
    line = ADDRESS.sub("(address)", line)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
