"""The stand-in's issues: read, made, edited, and moved through their workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.jira.sandbox.calls import CLOUD, Call, Refusal, Route
from connectors.jira.sandbox.editing import EDITABLE, Bad, Edit
from connectors.jira.sandbox.entries import Issue, Project
from connectors.jira.sandbox.refusals import error, missing, wrong_fields
from connectors.jira.sandbox.shapes import DESK_FIELDS, Body
from connectors.jira.sandbox.workflows import STATUSES, Transition
from syncd.testing import Reply

if TYPE_CHECKING:
    from connectors.jira.sandbox.server import JiraSandbox

_SILENT = "To discard the user notification either admin or project admin permissions are required."
MOST_MADE, MOST_PROPERTIES = 50, 5


class Issues:
    """One issue at a time."""

    def __init__(self, sandbox: JiraSandbox) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[Route]:
        """Under ``/rest/api/VERSION``."""
        return [
            Route("POST", "/issue", self.create),
            Route("POST", "/issue/bulk", self.create_many),
            Route("GET", "/issue/<key>", self.read),
            Route("PUT", "/issue/<key>", self.edit),
            Route("GET", "/issue/<key>/transitions", self.transitions),
            Route("POST", "/issue/<key>/transitions", self.transit),
            Route("GET", "/issue/<key>/changelog", self.changelog, CLOUD),
            Route("POST", "/changelog/bulkfetch", self.changelogs, CLOUD),
        ]

    # --- reads ---

    def read(self, call: Call, key: str) -> Reply:
        """By id, key, or a key that it had: the answer has the new one."""
        issue = seen(call, key)
        properties = call.lists("properties")
        if len(properties) > MOST_PROPERTIES:
            return error(f"The maximum number of properties is {MOST_PROPERTIES}.")
        fields = call.lists("fields") or ["*all"]
        body = call.shapes.issue(issue, issue.now, fields, properties, alone=True)
        if "names" in call.lists("expand"):
            known = {key: name for key, (name, _) in {**DESK_FIELDS, **call.books.fields}.items()}
            body["names"] = {key: known.get(key, key.capitalize()) for key in body["fields"]}
        return Reply(200, body | call.shapes.log(issue, call.lists("expand")) | self._along(call, issue))

    def changelog(self, call: Call, key: str) -> Reply:
        """What was changed, oldest first."""
        issue = seen(call, key)
        start, most = call.number("startAt", 0), min(call.number("maxResults", 100), 100)
        told = [call.shapes.history(one) for one in issue.history]
        body: Body = {"self": call.shapes.url(f"issue/{issue.id}/changelog"), "startAt": start, "maxResults": most}
        body |= {"total": len(told), "isLast": start + most >= len(told)}
        return Reply(200, body | {"values": told[start : start + most]})

    def changelogs(self, call: Call) -> Reply:
        """The same of many; here times are numbers."""
        sent = call.object()
        keys, wanted = sent.get("issueIdsOrKeys"), sent.get("fieldIds")
        if not isinstance(keys, list) or not 1 <= len(keys) <= 1000:  # the API's own bound
            return error("The number of issues must be between 1 and 1000.")
        most, start = int(sent.get("maxResults", 1000)), int(sent.get("nextPageToken") or 0)
        rows: list[tuple[str, Body]] = []
        for issue in {one.id: one for key in keys if (one := call.issue(str(key))) is not None}.values():
            for history in issue.history:
                told = call.shapes.history(history) | {"created": int(history.at.timestamp() * 1000)}
                told["items"] = [one for one in told["items"] if not wanted or one["fieldId"] in wanted]
                if told["items"]:
                    rows.append((str(issue.id), told))
        logs: dict[str, list[Body]] = {}
        for id_, told in rows[start : start + most]:
            logs.setdefault(id_, []).append(told)
        body: Body = {"issueChangeLogs": [{"issueId": id_, "changeHistories": told} for id_, told in logs.items()]}
        return Reply(200, body | ({"nextPageToken": str(start + most)} if start + most < len(rows) else {}))

    # --- making ---

    def create(self, call: Call) -> Reply:
        """An issue with its labels and properties; the answer names it, and no more."""
        issue = self._created(call, call.object())
        return Reply(201, _made(call, issue))

    def create_many(self, call: Call) -> Reply:
        """Up to fifty; some may fail."""
        wishes = call.object().get("issueUpdates")
        if not isinstance(wishes, list) or not 1 <= len(wishes) <= MOST_MADE:
            return error(f"The number of issues must be between 1 and {MOST_MADE}.")
        made: list[Body] = []
        failed: list[Body] = []
        for number, wish in enumerate(wishes):
            try:
                made.append(_made(call, self._created(call, wish)))
            except Refusal as refusal:
                failed.append({"status": refusal.reply.status, "elementErrors": refusal.reply.body})
                failed[-1]["failedElementNumber"] = number
        return Reply(201 if made else 400, {"issues": made, "errors": failed})

    def _created(self, call: Call, sent: Body) -> Issue:
        fields, update = dict(sent.get("fields") or {}), dict(sent.get("update") or {})
        project = _project(call, fields.pop("project", None))
        if "issuetype" not in fields:
            raise Refusal(wrong_fields({"issuetype": "Specify an issue type"}))
        screen = ((EDITABLE | set(call.books.fields)) - project.unlisted) | {"summary", "issuetype"}
        screen |= {"security"} if project.levels else set()
        edit = Edit(call, project, None, screen)
        edit.take(fields, update)
        if "summary" not in fields:
            edit.errors["summary"] = "You must specify a summary of the issue."
        given = edit.over.get("custom", {})
        for name in project.required:
            if given.get(name) is None:
                edit.errors.setdefault(name, f"{call.books.fields[name][0]} is required.")
        if edit.errors:
            raise Refusal(wrong_fields(edit.errors))
        reporter = call.books.people[edit.over.pop("reporter", None) or call.me.name]
        issue = call.books.add_issue(project, call.me, reporter, **edit.over)
        issue.properties |= {one["key"]: one["value"] for one in sent.get("properties") or []}
        return issue

    # --- editing ---

    def edit(self, call: Call, key: str) -> Reply:
        """Fields; a transition in the body is passed over."""
        issue = seen(call, key)
        if "EDIT" not in issue.now.project.may:
            return error("You do not have permission to edit issues in this project.", status=403)
        sent = call.object()
        silent = call.request.arg("notifyUsers") == "false" and "ADMINISTER" not in issue.now.project.may
        if silent and self.sandbox.notify_refused:
            return error(_SILENT, status=400)
        screen = (EDITABLE | set(call.books.fields)) - issue.now.project.unlisted - {"reporter"}
        edit = Edit(call, issue.now.project, issue.now, screen)
        edit.take(sent.get("fields") or {}, sent.get("update") or {})
        if edit.errors:
            return wrong_fields(edit.errors)
        call.books.change(issue, call.me, **edit.over)
        issue.properties |= {one["key"]: one["value"] for one in sent.get("properties") or []}
        if not call.flag("returnIssue"):
            return Reply(204)
        return Reply(200, call.shapes.issue(issue, issue.now, ["*all"], alone=True))

    # --- the workflow ---

    def transitions(self, call: Call, key: str) -> Reply:
        """What this account may do from where the issue stands."""
        issue = seen(call, key)
        fields = "transitions.fields" in call.lists("expand")
        found = self._possible(issue, closed=call.flag("includeUnavailableTransitions"))
        wanted = call.request.arg("transitionId")
        shown = [
            call.shapes.transition(one, STATUSES[one.to], fields=fields, hidden=issue.now.project.silent)
            for one in found
            if wanted in {"", str(one.id)}
        ]
        return Reply(200, {"expand": "transitions", "transitions": shown})

    def _along(self, call: Call, issue: Issue) -> Body:
        """The transitions of an issue that is read, if they are asked for, as far as this site brings them along."""
        brings, asked = self.sandbox.brings, call.lists("expand")
        if brings == "nothing" or not {"transitions", "transitions.fields"} & set(asked):
            return {}
        fields = brings == "screens" and "transitions.fields" in asked
        found = self._possible(issue) if brings != "none of them" else []
        hidden = issue.now.project.silent
        return {"transitions": [call.shapes.transition(x, STATUSES[x.to], fields=fields, hidden=hidden) for x in found]}

    @staticmethod
    def _possible(issue: Issue, *, closed: bool = False) -> list[Transition]:
        if "TRANSITION" not in issue.now.project.may:
            return []
        return [one for one in issue.now.project.ways(issue.now.status.name) if closed or not one.closed]

    def transit(self, call: Call, key: str) -> Reply:
        """The only way to a status."""
        issue = seen(call, key)
        sent = call.object()
        wish = sent.get("transition")
        if not isinstance(wish, dict) or "id" not in wish:
            return error("Missing 'transition' identifier")
        chosen = next((one for one in self._possible(issue) if str(one.id) == str(wish["id"])), None)
        if chosen is None:
            return error(f"Transition id '{wish['id']}' is not valid for this issue.")
        complaint = issue.now.project.validators.get(chosen.to)
        if complaint is not None:
            return error(complaint)
        if issue.busy:
            issue.busy -= 1
            return error("The issue is being transitioned by somebody else. Try again.", status=409)
        fields, update = dict(sent.get("fields") or {}), dict(sent.get("update") or {})
        remarks = update.pop("comment", []) if chosen.screen else []
        over = _moved(call, issue, chosen, fields, update)
        bodies = [_remark(call, issue, one) for one in remarks]
        call.books.transit(issue, call.me, over)
        for body, internal in bodies:
            call.books.comment(issue, call.me, body, internal=internal)
        return Reply(204)


def seen(call: Call, key: str) -> Issue:
    """An issue that the caller may see.

    Raises:
        Refusal: there is none; nobody can tell whether it is hidden.
    """
    issue = call.issue(key)
    if issue is None:
        raise Refusal(missing())
    return issue


def _moved(call: Call, issue: Issue, chosen: Transition, fields: Body, update: Body) -> Body:
    """What a transition changes, its fields included."""
    edit = Edit(call, issue.now.project, issue.now, set(chosen.screen))
    edit.take(fields, update)
    for name, required in chosen.screen.items():
        if required and name not in fields and name not in update:
            label = call.books.fields.get(name, (name.capitalize(), ""))[0]
            edit.errors.setdefault(name, f"{label} is required.")
    if edit.errors:
        raise Refusal(wrong_fields(edit.errors))
    over: dict[str, Any] = {"status": STATUSES[chosen.to], **edit.over}
    if chosen.sets is not None:
        over["resolution"] = chosen.sets
    elif chosen.clears:
        over["resolution"] = None
    return over


def _remark(call: Call, issue: Issue, operation: Body) -> tuple[str, bool]:
    """The body of a comment inside a transition, and whether it is internal."""
    added = operation.get("add") or {}
    try:
        body = Edit(call, issue.now.project, issue.now, set()).rich(added.get("body"))
    except Bad:
        body = None
    if not body:
        raise Refusal(wrong_fields({"comment": "Comment body can not be empty!"}))
    properties = {one["key"]: one["value"] for one in added.get("properties") or []}
    return body, bool((properties.get("sd.public.comment") or {}).get("internal"))


def _project(call: Call, named: Any) -> Project:
    key = named.get("key") or named.get("id") if isinstance(named, dict) else None
    project = call.project(str(key)) if key else None
    if project is None:
        raise Refusal(wrong_fields({"project": "valid project is required"}))
    if "CREATE" not in project.may:
        raise Refusal(error("You do not have permission to create issues in this project.", status=403))
    return project


def _made(call: Call, issue: Issue) -> Body:
    return {"id": str(issue.id), "key": issue.now.key, "self": call.shapes.url(f"issue/{issue.id}")}
