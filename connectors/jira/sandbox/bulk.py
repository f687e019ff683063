"""What the stand-in does for many issues in the background: transitions, and properties under a condition (Cloud)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors.jira.sandbox.calls import CLOUD, Call, Refusal, Route
from connectors.jira.sandbox.entries import Issue
from connectors.jira.sandbox.refusals import error
from connectors.jira.sandbox.shapes import Body
from connectors.jira.sandbox.workflows import STATUSES, Transition
from syncd.testing import Reply

if TYPE_CHECKING:
    from connectors.jira.sandbox.server import JiraSandbox

MOST_ISSUES, MOST_AT_ONCE, MOST_SET, MOST_NAMES = 1000, 5, 100, 10


@dataclass(slots=True)
class Task:
    """Something that is under way, until it has been looked at so often or so many seconds have passed."""

    id: str
    begun: datetime
    looks: int
    work: Callable[[], Body]
    result: Body = field(default_factory=dict)
    done: bool = False
    seen: bool = False

    @property
    def status(self) -> str:
        """As the queue names it."""
        return "COMPLETE" if self.done else "RUNNING" if self.seen else "ENQUEUED"


class Bulk:
    """See the module. ``looks`` and ``seconds`` say how long each task takes."""

    def __init__(self, sandbox: JiraSandbox) -> None:
        self.sandbox = sandbox
        self.tasks: dict[str, Task] = {}
        self.looks, self.seconds = 3, 10.0

    def routes(self) -> list[Route]:
        """Under ``/rest/api/VERSION``."""
        return [
            Route("GET", "/bulk/issues/transition", self.available, "3"),
            Route("POST", "/bulk/issues/transition", self.submit, "3"),
            Route("GET", "/bulk/queue/<task>", self.queue, "3"),
            Route("PUT", "/issue/properties/<name>", self.set_where, CLOUD),
            Route("POST", "/issue/properties/multi", self.set_many, CLOUD),
            Route("GET", "/task/<task>", self.task, CLOUD),
        ]

    def tick(self) -> None:
        """Carry out what is due."""
        for task in self.tasks.values():
            passed = (self.sandbox.precise() - task.begun).total_seconds()
            if not task.done and (task.looks <= 0 or passed >= self.seconds):
                task.result, task.done = task.work(), True

    def _begun(self, work: Callable[[], Body]) -> Task:
        task = Task(str(10640 + len(self.tasks) + 1), self.sandbox.precise(), self.looks, work)
        self.tasks[task.id] = task
        return task

    def _looked(self, id_: str) -> Task | None:
        task = self.tasks.get(id_)
        if task is not None:
            task.looks -= 1
            self.tick()
        return task

    # --- transitions ---

    def available(self, call: Call) -> Reply:
        """By workflow, what all of its issues can do without a field."""
        issues = [one for text in call.lists("issueIdsOrKeys") if (one := call.issue(text)) is not None]
        groups: dict[str, list[Issue]] = {}
        for issue in issues:
            groups.setdefault(issue.now.project.workflow.name, []).append(issue)
        return Reply(200, {"availableTransitions": [_group(found) for found in groups.values()]})

    def submit(self, call: Call) -> Reply:
        """Up to a thousand issues; what comes of them the queue tells."""
        if "BULK" not in self.sandbox.may:
            return _wrong("You do not have the global permission to make bulk changes.", 403)
        sent = call.object()
        inputs = sent.get("bulkTransitionInputs")
        if not isinstance(inputs, list) or not inputs:
            return _wrong("bulkTransitionInputs must not be empty.")
        pairs = [
            (str(key), str(one.get("transitionId"))) for one in inputs for key in one.get("selectedIssueIdsOrKeys", [])
        ]
        if not 1 <= len(pairs) <= MOST_ISSUES:
            return _wrong(f"The number of issues must be between 1 and {MOST_ISSUES}.")
        if sum(not task.done for task in self.tasks.values()) >= MOST_AT_ONCE:
            return _wrong(f"Only {MOST_AT_ONCE} bulk operations can run at the same time.")
        silent = sent.get("sendBulkNotification", True) is False
        task = self._begun(lambda: self._transit(call, pairs, silent=silent))
        return Reply(201, {"taskId": task.id})

    def _transit(self, call: Call, pairs: list[tuple[str, str]], *, silent: bool) -> Body:
        before = len(call.books.mails)
        done: list[int] = []
        failed: dict[str, list[str]] = {}
        lost = 0
        for key, wanted in pairs:
            issue = call.issue(key)
            if issue is None:
                lost += 1
                continue
            chosen = next((one for one in _plain(issue) if str(one.id) == wanted), None)
            if chosen is None:
                failed[str(issue.id)] = [f"Transition id '{wanted}' is not valid for this issue."]
                continue
            over: Body = {"status": STATUSES[chosen.to]}
            over |= {"resolution": chosen.sets} if chosen.sets or chosen.clears else {}
            call.books.transit(issue, call.me, over)
            done.append(issue.id)
        if silent:
            del call.books.mails[before:]
        result: Body = {"processedAccessibleIssues": done, "failedAccessibleIssues": failed}
        return result | {"invalidOrInaccessibleIssueCount": lost, "totalIssueCount": len(pairs)}

    def queue(self, call: Call, task: str) -> Reply:
        """How far it is; a complete one may have failed for some."""
        found = self._looked(task)
        if found is None:
            return _wrong(f"The task {task} was not found.", 404)
        at = int(found.begun.timestamp() * 1000)
        body: Body = {"taskId": found.id, "status": found.status, "progressPercent": 100 if found.done else 0}
        body |= {"submittedBy": {"accountId": call.me.id}, "created": at, "started": at, "updated": at}
        found.seen = True
        return Reply(200, body | found.result)

    # --- properties ---

    def set_where(self, call: Call, name: str) -> Reply:
        """A property on every issue that a filter names: on all of them, or on none."""
        sent = call.object()
        asked = sent.get("filter") or {}
        ids = asked.get("entityIds")
        if not isinstance(ids, list) or not ids or not all(isinstance(one, int) for one in ids):
            return error("The filter must name the issues by their ids.")
        if asked.get("hasProperty") is False and "currentValue" in asked:
            return error("hasProperty and currentValue exclude one another.")
        return self._later(call, lambda: self._set(call, name, sent.get("value"), ids, asked))

    @staticmethod
    def _set(call: Call, name: str, value: Any, ids: list[int], asked: Body) -> Body:
        issues = [one for id_ in ids if (one := call.issue(str(id_))) is not None]
        fits = [one for one in issues if _meets(one.properties, name, asked)]
        for issue in fits:
            issue.properties[name] = value
        return {"changed": len(fits)}

    def set_many(self, call: Call) -> Reply:
        """Some properties on up to a hundred issues; one such call at a time for each issue."""
        wishes = call.object().get("issues")
        if not isinstance(wishes, list) or not 1 <= len(wishes) <= MOST_SET:
            return error(f"The number of issues must be between 1 and {MOST_SET}.")
        if any(len(one.get("properties") or {}) > MOST_NAMES for one in wishes):
            return error(f"The number of properties must not be more than {MOST_NAMES}.")
        if any(not task.done for task in self.tasks.values()):
            return error("Another bulk update of these issues is under way.", status=409)

        def work() -> Body:
            for wish in wishes:
                issue = call.issue(str(wish.get("issueID")))
                if issue is not None:
                    issue.properties |= wish.get("properties") or {}
            return {}

        return self._later(call, work)

    def _later(self, call: Call, work: Callable[[], Body]) -> Reply:
        task = self._begun(work)
        return Reply(303, b"", {"Location": call.shapes.url(f"task/{task.id}")})

    def task(self, call: Call, task: str) -> Reply:
        """How far it is."""
        found = self._looked(task)
        if found is None:
            raise Refusal(error(f"The task {task} was not found.", status=404))
        at = int(found.begun.timestamp() * 1000)
        body: Body = {"self": call.shapes.url(f"task/{found.id}"), "id": found.id, "status": found.status}
        body |= {"progress": 100 if found.done else 0, "elapsedRuntime": 0, "submittedBy": 10000}
        found.seen = True
        return Reply(200, body | {"submitted": at, "started": at, "lastUpdate": at, "result": found.result})


def _wrong(message: str, status: int = 400) -> Reply:
    return Reply(status, {"errors": [{"message": message}]})


def _plain(issue: Issue) -> list[Transition]:
    """The transitions of an issue that need no field."""
    if "TRANSITION" not in issue.now.project.may:
        return []
    here = issue.now.project.ways(issue.now.status.name)
    return [one for one in here if not one.closed and not any(one.screen.values())]


def _group(issues: list[Issue]) -> Body:
    listed = [{one.id for one in _plain(issue)} for issue in issues]
    common = set.intersection(*listed)
    shown = [one for one in issues[0].now.project.workflow.transitions if one.id in common]
    body: Body = {
        "issues": [one.now.key for one in issues],
        "isTransitionsFiltered": any(one != common for one in listed),
    }
    return body | {"transitions": [_shown(one) for one in shown]}


def _shown(transition: Transition) -> Body:
    to = STATUSES[transition.to]
    where = {"statusId": int(to.id), "statusName": to.name}
    return {"transitionId": transition.id, "transitionName": transition.name, "to": where}


def _meets(properties: Body, name: str, asked: Body) -> bool:
    if "currentValue" in asked:
        return name in properties and bool(properties[name] == asked["currentValue"])
    return asked.get("hasProperty") in {None, name in properties}
