"""The stand-in's service desk: ``/rest/servicedeskapi``, with customers' requests and what is said on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from connectors.jira.sandbox.calls import Call, Refusal
from connectors.jira.sandbox.entries import Issue, Project
from connectors.jira.sandbox.refusals import desk_error
from connectors.jira.sandbox.shapes import Body
from connectors.jira.sandbox.workflows import CUSTOMERS, STATUSES, Transition
from syncd.testing import Reply

if TYPE_CHECKING:
    from connectors.jira.sandbox.server import JiraSandbox

REQUEST_TYPE = "25"
_NO_REQUEST = "The customer request you are trying to access does not exist, or you do not have permission to view it."
_KINDS = {"new": "NEW", "indeterminate": "INDETERMINATE", "done": "DONE", "undefined": "UNDEFINED"}
_MOST = 100


class Desk:
    """See the module. Whoever is no agent anywhere is refused without a word."""

    def __init__(self, sandbox: JiraSandbox) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        """(method, path under ``/rest/servicedeskapi``, handler)."""
        of = "/request/<key>"
        return [
            ("GET", "/info", self.info),
            ("GET", "/servicedesk", self.desks),
            ("GET", "/servicedesk/<number>", self.desk),
            ("GET", "/servicedesk/<number>/requesttype", self.types),
            ("GET", "/servicedesk/<number>/organization", self.organizations),
            ("GET", "/organization", self.organizations),
            ("GET", "/request", self.requests),
            ("POST", "/request", self.create),
            ("GET", of, self.request),
            ("GET", f"{of}/comment", self.comments),
            ("POST", f"{of}/comment", self.add_comment),
            ("GET", f"{of}/comment/<int:number>", self.comment),
            ("GET", f"{of}/status", self.history),
            ("GET", f"{of}/sla", self.slas),
            ("GET", f"{of}/participant", self.participants),
            ("POST", f"{of}/participant", self.add_participants),
            ("DELETE", f"{of}/participant", self.remove_participants),
            ("GET", f"{of}/transition", self.transitions),
            ("POST", f"{of}/transition", self.transit),
        ]

    # --- desks ---

    def info(self, call: Call) -> Reply:
        """The version."""
        number = "5.12.8" if not self.sandbox.cloud else "1001.0.0-SNAPSHOT"
        links = {"self": call.shapes.desk_url("info")}
        return Reply(200, {"version": number, "platformVersion": number, "isLicensedForUse": True, "_links": links})

    def desks(self, call: Call) -> Reply:
        """The service projects."""
        return _page(call, [_desk(call, one) for one in _projects(call)])

    def desk(self, call: Call, number: str) -> Reply:
        """One, by its own number or its project's."""
        return Reply(200, _desk(call, _project(call, number)))

    def types(self, call: Call, number: str) -> Reply:
        """What can be asked there."""
        project = _project(call, number)
        body: Body = {"id": REQUEST_TYPE, "name": "Ask a question", "description": "", "helpText": ""}
        body |= {"issueTypeId": call.shapes.type(project.types[0])["id"], "serviceDeskId": _number(project)}
        return _page(call, [body | {"groupIds": [], "portalId": _number(project)}])

    def organizations(self, call: Call, number: str = "") -> Reply:
        """All of the site, or a person's; each is known in every project."""
        if number:
            _project(call, number)
        account = call.request.arg("accountId") if self.sandbox.cloud else ""
        known = call.books.organizations
        found = [id_ for id_ in known if not account or call.books.belongs(account, id_)]
        return _page(call, [call.shapes.organization(id_) for id_ in found])

    # --- requests ---

    def requests(self, call: Call) -> Reply:
        """Those of the caller: not a feed of all."""
        me = call.me.name
        found = [
            one
            for one in call.books.issues.values()
            if one.request_type and call.books.visible(one) and (me == one.reporter.name or me in one.watchers)
        ]
        found.sort(key=lambda one: one.now.updated, reverse=True)
        return _page(call, [self._request(call, one) for one in found])

    def request(self, call: Call, key: str) -> Reply:
        """One request."""
        return Reply(200, self._request(call, _seen(call, key)))

    def create(self, call: Call) -> Reply:
        """Ask something, for a customer if need be; it is mailed."""
        sent = call.object()
        project = _project(call, str(sent.get("serviceDeskId")))
        values = sent.get("requestFieldValues") or {}
        if str(sent.get("requestTypeId")) != REQUEST_TYPE:
            return desk_error(
                "The request type you are trying to view does not exist within the specified service desk.", 404
            )
        if not values.get("summary"):
            return desk_error(
                "Your request could not be created. Please check the fields have been correctly filled in. "
            )
        behalf = sent.get("raiseOnBehalfOf")
        reporter = call.books.account(str(behalf)) if behalf else call.me
        if reporter is None:
            return desk_error("The user specified does not exist.", 404)
        over: Body = {"summary": values["summary"], "description": values.get("description")}
        issue = call.books.add_issue(project, call.me, reporter, **over)
        issue.request_type = REQUEST_TYPE
        self._join(call, issue, sent.get("requestParticipants") or [])
        return Reply(201, self._request(call, issue))

    def _request(self, call: Call, issue: Issue) -> Body:
        now = issue.now
        body: Body = {"issueId": str(issue.id), "issueKey": now.key, "requestTypeId": issue.request_type}
        body |= {"serviceDeskId": _number(now.project), "createdDate": call.shapes.desk_time(issue.created)}
        body |= {"reporter": call.shapes.desk_person(issue.reporter), "requestFieldValues": self._values(issue)}
        body["currentStatus"] = _status(call, now.status.name, issue)
        portal = f"{self.sandbox.site}/servicedesk/customer/portal/{_number(now.project)}/{now.key}"
        links = {"web": portal, "self": call.shapes.desk_url(f"request/{issue.id}")}
        return body | {"_links": links | {"jiraRest": call.shapes.url(f"issue/{issue.id}")}}

    @staticmethod
    def _values(issue: Issue) -> list[Body]:
        now = issue.now
        pairs = (("summary", "Summary", now.summary), ("description", "Description", now.description or ""))
        return [{"fieldId": id_, "label": label, "value": value} for id_, label, value in pairs]

    def history(self, call: Call, key: str) -> Reply:
        """Its statuses, newest first."""
        issue = _seen(call, key)
        told: list[Body] = []
        for _, state in issue.past:
            if not told or told[-1]["status"] != state.status.name:
                shown: Body = {"status": state.status.name, "statusCategory": _KINDS[state.status.category]}
                told.append(shown | {"statusDate": call.shapes.desk_time(state.updated)})
        return _page(call, told[::-1])

    def slas(self, call: Call, key: str) -> Reply:
        """None is kept."""
        _seen(call, key)
        return _page(call, [])

    # --- who reads along ---

    def participants(self, call: Call, key: str) -> Reply:
        """Whoever else is mailed."""
        names = sorted(_seen(call, key).watchers)
        return _page(call, [call.shapes.desk_person(call.books.people[name]) for name in names])

    def add_participants(self, call: Call, key: str) -> Reply:
        """Others are mailed as well."""
        issue = _seen(call, key)
        self._join(call, issue, self._named(call))
        return self.participants(call, key)

    def remove_participants(self, call: Call, key: str) -> Reply:
        """Others aren't mailed any more."""
        issue = _seen(call, key)
        gone = {found.name for one in self._named(call) if (found := call.books.account(str(one))) is not None}
        issue.watchers -= gone
        return self.participants(call, key)

    def _named(self, call: Call) -> list[Any]:
        found: list[Any] = call.object().get("accountIds" if self.sandbox.cloud else "usernames") or []
        return found

    @staticmethod
    def _join(call: Call, issue: Issue, accounts: list[Any]) -> None:
        found = [call.books.account(str(one)) for one in accounts]
        issue.watchers |= {one.name for one in found if one is not None}

    # --- what is said ---

    def comments(self, call: Call, key: str) -> Reply:
        """Public and internal ones, oldest first; none of a kind that isn't asked for."""
        issue = _seen(call, key)
        public, internal = call.flag("public", default=True), call.flag("internal", default=True)
        internal = internal and call.me.kind != "customer"
        found = [one for one in issue.comments if (internal if one.internal else public)]
        return _page(call, [call.shapes.desk_comment(issue, one) for one in found])

    def comment(self, call: Call, key: str, number: int) -> Reply:
        """One comment."""
        issue = _seen(call, key)
        found = next((one for one in issue.comments if one.id == number), None)
        if found is None or (found.internal and call.me.kind == "customer"):
            return desk_error("The comment you are trying to view does not exist.", 404)
        return Reply(200, call.shapes.desk_comment(issue, found))

    def add_comment(self, call: Call, key: str) -> Reply:
        """Whether it is public has to be said."""
        issue, sent = _seen(call, key), call.object()
        body, public = sent.get("body"), sent.get("public")
        if not isinstance(body, str) or not body.strip():
            return desk_error("Comment body can not be empty!")
        if not isinstance(public, bool):
            return desk_error("The 'public' field is required.")
        if "COMMENT" not in issue.now.project.may:
            return desk_error("You do not have permission to comment on this request.", 403)
        said = call.books.comment(issue, call.me, body, internal=not public)
        return Reply(201, call.shapes.desk_comment(issue, said))

    # --- what the portal lets customers do ---

    def transitions(self, call: Call, key: str) -> Reply:
        """By id and name; where they lead isn't told."""
        found = self._shown(_seen(call, key))
        return _page(call, [{"id": str(one.id), "name": one.name} for one in found])

    @staticmethod
    def _shown(issue: Issue) -> list[Transition]:
        here = issue.now.project.ways(issue.now.status.name)
        return [one for one in here if one.name in CUSTOMERS]

    def transit(self, call: Call, key: str) -> Reply:
        """One of those; what is said with it is public."""
        issue, sent = _seen(call, key), call.object()
        chosen = next((one for one in self._shown(issue) if str(one.id) == str(sent.get("id"))), None)
        if chosen is None:
            return desk_error("The transition is not valid for this request.")
        said = (sent.get("additionalComment") or {}).get("body")
        over: Body = {"status": STATUSES[chosen.to], "resolution": chosen.sets}
        call.books.transit(issue, call.me, over)
        if said:
            call.books.comment(issue, call.me, said, internal=False)
        return Reply(204)


def _number(project: Project) -> str:
    """A service desk's number isn't its project's."""
    return str(int(project.id) - 10000)


def _projects(call: Call) -> list[Project]:
    return [one for one in call.books.projects.values() if one.is_service and not one.hidden]


def _project(call: Call, number: str) -> Project:
    found = next((one for one in _projects(call) if number in {_number(one), one.id, one.key}), None)
    if found is None:
        raise Refusal(desk_error("The service desk with ID provided does not exist.", 404))
    return found


def _desk(call: Call, project: Project) -> Body:
    body: Body = {"id": _number(project), "projectId": project.id, "projectName": project.name}
    return body | {
        "projectKey": project.key,
        "_links": {"self": call.shapes.desk_url(f"servicedesk/{_number(project)}")},
    }


def _seen(call: Call, key: str) -> Issue:
    """A request that the caller may see; an issue that nobody asked for on the portal is none."""
    issue = call.issue(key)
    if issue is None or not issue.request_type or not _concerns(call, issue):
        raise Refusal(desk_error(_NO_REQUEST, 404))
    return issue


def _concerns(call: Call, issue: Issue) -> bool:
    """Customers see what they asked, and what they take part in."""
    me = call.me
    return me.kind != "customer" or me.name in {issue.reporter.name, *issue.watchers}


def _status(call: Call, name: str, issue: Issue) -> Body:
    body: Body = {"status": name, "statusCategory": _KINDS[issue.now.status.category]}
    return body | {"statusDate": call.shapes.desk_time(issue.now.moved)}


def _page(call: Call, found: list[Any]) -> Reply:
    """``start`` and ``limit``; the last page says so."""
    start, limit = call.number("start", 0), min(call.number("limit", 50), _MOST)
    part = found[start : start + limit]
    last = start + limit >= len(found)
    url = f"{call.shapes.site}{call.request.path}"
    links = {"self": url, "base": call.shapes.site, "context": ""}
    links |= {} if last else {"next": f"{url}?start={start + limit}&limit={limit}"}
    body: Body = {"size": len(part), "start": start, "limit": limit, "isLastPage": last, "values": part}
    return Reply(200, body | {"_links": links, "_expands": []})
