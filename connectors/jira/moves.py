"""A status, reached as a person reaches it: by transitions, since Jira sets it in no other way.

Which transitions there are depends on the project, the type, the status and the account; nobody shows the whole
workflow. So they are read where they are needed and not known already, with the fields of their screens, and after
every hop.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.jira import transitions
from connectors.jira.answers import Answer, ours
from connectors.jira.api import JiraApi, part
from connectors.jira.offers import EXPAND, Offers
from connectors.jira.transitions import RESOLUTION, Step, Transition
from syncd.actions import Way
from syncd.errors import ConnectorError, Refused, Transient
from syncd.model import Status

HOPS = 4
"""So many transitions at most, for one status."""

_CURE = (
    "Name the statuses to pass through under [via] in the mapping, or another status under [write], or let the"
    " workflow give syncd's account a transition"
)
_ID = re.compile(r"customfield_\d+")
_SCREEN = "See what the transition's screen takes; [set] in the mapping gives it as Jira's API wants it"
_RULE = "A rule of the workflow speaks against it: make it by hand in Jira once, which says why"


def move(
    api: JiraApi,
    issue: str,
    wanted: Status,
    way: Way,
    have: Status | None = None,
    *,
    called: str = "",
    offers: Offers | None = None,
) -> Status:
    """Bring an issue to a status: a call for every transition, and one to learn which there are where that isn't known.

    Args:
        api: the site.
        issue: the issue's id.
        wanted: ``kind/name``, or a kind, of which any status will do; with the resolution as its reason.
        way: what does as well, what to pass through, what else to set.
        have: its status, where it was read just before.
        called: what people call the issue.
        offers: what is known of transitions.

    Returns:
        The status as the transition promises it, with the resolution that was sent; what became of it since, an
        automation's move for one, only a read tells.

    Raises:
        ConnectorError: it was not reached; the issue may stand half-way.
    """
    known = offers if offers is not None else Offers(api.clock)
    return _Move(api, known, issue, wanted, way, called=called or f"issue {issue}").run(have)


class _Unfit(Exception):
    """Jira refused a transition that wasn't listed of this very issue just now."""


class _Move:
    """One issue on its way."""

    def __init__(self, api: JiraApi, offers: Offers, issue: str, wanted: Status, way: Way, *, called: str) -> None:
        self.api, self.offers, self.issue, self.wanted, self.way = api, offers, issue, wanted, way
        self.choices: Sequence[Status] = (wanted, *way.instead)
        self.doing = f"moving {called} to {shown(wanted)}"
        self.path = f"issue/{part(issue)}/transitions"

    def run(self, have: Status | None) -> Status:
        here = have or self._read()
        seen = {here.native}
        for _ in range(HOPS):
            try:
                step, reached = self._go(here, seen)
            except _Unfit:
                here = self._read()
                if transitions.reached(self.choices, here):
                    return here
                seen = {here.native}
                step = self._next(here, seen)
                reached = self._make(step)
            self.offers.forget(self.issue)
            if reached is not None:
                return reached
            here = step.transition.to
            seen.add(here.native)
        raise Refused(self.api.name, f"{self.doing}: {HOPS} transitions did not lead there. {_CURE}")

    def _go(self, here: Status, seen: set[str]) -> tuple[Step, Status | None]:
        """One transition, and the status if it is one that will do: by what is known, else by what Jira lists.

        Raises:
            _Unfit: what was known isn't so: it stands elsewhere, or can't do what others of its kind can.
        """
        found, own = self.offers.known(self.issue, here.native)
        # One of its kind may lack a direct way that this one has: on a detour only its own lead it.
        step = self._choose(found, here, seen) if own else transitions.direct(found, self.choices, self.way)
        if step is not None and not step.missing:
            return step, self._make(step, listed=False)
        step = self._next(here, seen)
        return step, self._make(step)

    def _choose(self, found: Sequence[Transition], here: Status, seen: set[str]) -> Step | None:
        step = transitions.direct(found, self.choices, self.way)
        return step or transitions.hop(found, here, self.wanted, seen, self.way)

    def _next(self, here: Status, seen: set[str]) -> Step:
        """What to do from here.

        Raises:
            Refused: nothing leads on.
        """
        rows = self.api.rows("GET", self.path, self.doing, "transitions", params={"expand": EXPAND})
        found = transitions.listed(rows)
        self.offers.listed(self.issue, here.native, found)
        step = self._choose(found, here, seen)
        if step is None:
            to = transitions.names(found)
            raise Refused(self.api.name, f"{self.doing}: from {shown(here)} its transitions lead to {to}. {_CURE}")
        if step.missing:
            asked = ", ".join(step.missing)
            cure = "Give it under [set] in the mapping, or take it off the transition's screen"
            raise Refused(self.api.name, f"{self.doing}: the transition asks for {asked}, which isn't given. {cure}")
        return step

    def _make(self, step: Step, *, listed: bool = True) -> Status | None:
        """One transition, sent once; the status if it is one that will do, None after a hop.

        Raises:
            ConnectorError: it was not made, or nobody knows.
            _Unfit: it was not made, and wasn't ``listed`` just now.
        """
        try:
            answer = self._send(step)
        except Transient as error:
            if self.api.last is None or self.api.last.status != 409:
                raise
            return self._anyway(error)
        if answer.status != 400:
            to = Status(step.transition.to.native, step.reason)
            return to if transitions.reached(self.choices, to) else None
        if not listed:
            raise _Unfit
        if RESOLUTION in answer.fields and RESOLUTION in step.fields:
            # A screen can be listed with more than it takes; then the workflow sets the resolution by itself.
            return self._make(transitions.without_resolution(step))
        return self._anyway(self._refusal(step, answer))

    def _refusal(self, step: Step, answer: Answer) -> ConnectorError:
        """In words, fields by their names too. A rule of the workflow isn't quoted: it may quote anybody itself."""
        error = ours(self.api.name, self.doing, answer, write=True)
        if not isinstance(error, Refused):
            return error
        named = {key: known["name"] for key, known in step.transition.fields.items() if known.get("name")}
        what = _ID.sub(lambda one: f"{named[one[0]]} ({one[0]})" if one[0] in named else one[0], error.what)
        return Refused(self.api.name, f"{what}. {_SCREEN if answer.fields else _RULE}")

    def _send(self, step: Step) -> Answer:
        body: dict[str, object] = {"transition": {"id": step.transition.id}}
        if step.fields:
            body["fields"] = dict(step.fields)
        return self.api.call("POST", self.path, self.doing, body=body, accept=(400,))

    def _anyway(self, error: ConnectorError) -> Status:
        """After a refusal: somebody else may have made the same move meanwhile."""
        try:
            now = self._read()
        except ConnectorError:
            raise error from None
        if not transitions.reached(self.choices, now):
            raise error
        return now

    def _read(self) -> Status:
        row = self.api.record("GET", f"issue/{part(self.issue)}", self.doing, params={"fields": "status,resolution"})
        fields = row.get("fields")
        found, resolution = (
            (fields.get(name) for name in ("status", "resolution")) if isinstance(fields, dict) else (0, 0)
        )
        if not isinstance(found, dict):
            raise self.api.odd(self.doing)
        reason = resolution.get("name") if isinstance(resolution, dict) else None
        return Status(transitions.native(found), reason if isinstance(reason, str) else "")


def shown(status: Status) -> str:
    """As people know it: ``Closed (Won't Do)``; a kind by its key."""
    name = transitions.name_of(status) or status.native
    return f"{name} ({status.reason})" if status.reason else name
