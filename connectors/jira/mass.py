"""Many issues to one status, by Jira Cloud's bulk transition: four calls and some waiting, whatever their number.

It takes transitions that ask for nothing, and a permission of its own (Jira Cloud REST API v3, Bulk operations). What
it doesn't do is left to be done one by one. People are mailed as by single transitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.jira import items, moves, transitions
from connectors.jira.api import JiraApi
from connectors.jira.transitions import Transition
from syncd.actions import Way
from syncd.errors import ConnectorError, Transient
from syncd.model import Ref, Status

LEAST = 20
"""Fewer are done as fast one by one."""
MOST = 100
"""So many at once: what one read afterwards shows."""
PATIENCE = 120.0
"""Seconds that one task may take."""
ROUNDED = timedelta(seconds=2)
"""How far the time of an answer may be behind: it is told in whole seconds."""

_BULK = "/rest/api/3/bulk"
_OVER = frozenset({"COMPLETE", "FAILED", "CANCELLED", "DEAD"})


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one issue: its status and version afterwards, or an error that leaves doubt.

    Without a version somebody else has changed it since.
    """

    status: Status | None = None
    version: str = ""
    error: ConnectorError | None = None


class Mass:
    """Moves many issues of one site at once."""

    def __init__(self, api: JiraApi) -> None:
        self.api = api
        self._natives: Mapping[str, str] = {}

    def takes(self, wanted: Status, way: Way, number: int) -> bool:
        """Whether so many issues may go to a status together: nothing but the status may be asked for."""
        return self.api.cloud and number >= LEAST and not wanted.reason and not way.fields

    def move(self, refs: Sequence[Ref], wanted: Status, way: Way) -> dict[Ref, Moved]:
        """What was reached, or may have been reached; an issue that isn't in it was not moved."""
        found: dict[Ref, Moved] = {}
        for start in range(0, len(refs), MOST):
            found |= self._some(refs[start : start + MOST], wanted, way)
        return found

    def _some(self, refs: Sequence[Ref], wanted: Status, way: Way) -> dict[Ref, Moved]:
        doing = f"moving {len(refs)} issues to {moves.shown(wanted)}"
        try:
            sent = self._chosen(refs, wanted, way, doing)
        except (ConnectorError, ValueError):
            return {}
        if not sent:
            return {}
        try:
            task = self._submit(sent, doing)
        except ConnectorError as error:
            # Without doubt nothing was done: by one, each meets its own fate.
            return {ref: Moved(error=error) for ref in sent} if error.doubt else {}
        over = self._wait(task, doing)
        # The task is over by now: whatever comes later is somebody else's, and news.
        until = self.api.time() + ROUNDED if over else None
        return self._found(sent, (wanted, *way.instead), doing, until)

    def _chosen(self, refs: Sequence[Ref], wanted: Status, way: Way, doing: str) -> dict[Ref, Transition]:
        """The transition of each issue that can be moved so; two calls, one of them only the first time."""
        known = {name: ref for ref in refs for name in (ref.id, ref.key) if name}
        if not self._natives:
            self._natives = natives(self.api)
        asked = ",".join(ref.id for ref in refs)
        path, query = f"{_BULK}/issues/transition", {"issueIdsOrKeys": asked}
        chosen: dict[Ref, Transition] = {}
        for group in self.api.rows("GET", path, doing, "availableTransitions", params=query):
            ways = [self._transition(row) for row in items.listed(group, "transitions") if isinstance(row, dict)]
            step = transitions.direct(ways, (wanted, *way.instead), way)
            if step is not None and not step.missing:
                of = (known.get(str(name)) for name in items.listed(group, "issues"))
                chosen |= {ref: step.transition for ref in of if ref is not None}
        return chosen

    def _transition(self, row: Mapping[str, Any]) -> Transition:
        to = row.get("to")
        status = str(to.get("statusId")) if isinstance(to, dict) else ""
        return Transition(str(row.get("transitionId")), Status(self._natives.get(status, "")))

    def _submit(self, sent: Mapping[Ref, Transition], doing: str) -> str:
        ways: dict[str, list[str]] = {}
        for ref, transition in sent.items():
            ways.setdefault(transition.id, []).append(ref.id)
        inputs = [{"selectedIssueIdsOrKeys": ids, "transitionId": way} for way, ids in ways.items()]
        body = {"bulkTransitionInputs": inputs, "sendBulkNotification": True}
        task = self.api.record("POST", f"{_BULK}/issues/transition", doing, body=body).get("taskId")
        if not isinstance(task, (str, int)) or not str(task).isalnum():
            raise self.api.odd(doing, write=True)
        return str(task)

    def _wait(self, task: str, doing: str) -> bool:
        """Until the task is over; False if it isn't yet."""
        pause, left = 0.5, PATIENCE
        while left > 0:
            try:
                if self.api.record("GET", f"{_BULK}/queue/{task}", doing).get("status") in _OVER:
                    return True
            except ConnectorError as error:
                if not isinstance(error, Transient):
                    return False
            if self.api.clock.sleep(pause):
                return False
            left -= pause
            pause = min(2 * pause, 10.0)
        return False

    def _seen(self, row: items.Row, doing: str, until: datetime | None) -> Moved:
        try:
            fields = items.fields_of(row)
            ours = until is None or items.needed(fields, "updated") <= until
            return Moved(items.status(fields), items.version(fields) if ours else "")
        except ValueError:
            raise self.api.odd(doing) from None

    def _found(
        self, sent: Mapping[Ref, Transition], choices: Sequence[Status], doing: str, until: datetime | None
    ) -> dict[Ref, Moved]:
        """What became of each, by what Jira shows of it now: a task that is over may have failed for some.

        ``until``: when it was over, by the site's clock; None: it isn't yet.
        """
        doubt = Transient(self.api.name, f"{doing}: Jira hasn't said yet what became of it", doubt=True)
        try:
            body = {"issueIdsOrKeys": [ref.id for ref in sent], "fields": ["status", "resolution", "updated"]}
            rows = self.api.rows("POST", "issue/bulkfetch", doing, "issues", body=body, write=False)
            now = {str(row.get("id")): self._seen(row, doing, until) for row in rows}
        except ConnectorError:
            return {ref: Moved(error=doubt) for ref in sent}
        found: dict[Ref, Moved] = {}
        for ref in sent:
            moved = now.get(ref.id)
            if moved is not None and moved.status is not None and transitions.reached(choices, moved.status):
                found[ref] = moved
            elif until is None:
                found[ref] = Moved(error=doubt)
        return found


def natives(api: JiraApi) -> dict[str, str]:
    """The id of each of the site's statuses -> ``kind/name`` (Jira platform REST API, Get all statuses); one call."""
    doing = "reading the statuses"
    rows = api.rows("GET", "status", doing)
    try:
        return {items.digits(row, "id"): transitions.native(row) for row in rows}
    except ValueError:
        raise api.odd(doing) from None
