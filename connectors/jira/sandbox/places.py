"""The stand-in's site: the account, the server, projects, and the lists that administrators keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.jira.sandbox.calls import CLOUD, Call, Refusal, Route
from connectors.jira.sandbox.entries import Project
from connectors.jira.sandbox.refusals import error
from connectors.jira.sandbox.shapes import DESK_FIELDS, LINK_TYPES, SYSTEM, Body, type_id
from connectors.jira.sandbox.workflows import PRIORITIES, RESOLUTIONS, STATUSES
from syncd.testing import Reply

if TYPE_CHECKING:
    from connectors.jira.sandbox.server import JiraSandbox

_RIGHTS = {
    "BROWSE_PROJECTS": "BROWSE", "CREATE_ISSUES": "CREATE", "EDIT_ISSUES": "EDIT", "TRANSITION_ISSUES": "TRANSITION",
    "ADD_COMMENTS": "COMMENT", "LINK_ISSUES": "LINK", "BULK_CHANGE": "BULK", "ADMINISTER_PROJECTS": "ADMINISTER",
    "SERVICEDESK_AGENT": "AGENT", "RESOLVE_ISSUES": "TRANSITION",
}  # fmt: skip
_TYPES = {"text": "textfield", "textarea": "textarea", "number": "float", "select": "select"}
_SCHEMAS = {"number": "number", "select": "option"}
_SYSTEM = {"priority": "priority", "security": "securitylevel", "assignee": "user"}
MOST_META = 200


class Places:
    """Reads of the site itself."""

    def __init__(self, sandbox: JiraSandbox) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[Route]:
        """Under ``/rest/api/VERSION``."""
        meta = "/issue/createmeta/<project>/issuetypes"
        return [
            Route("GET", "/serverInfo", self.server),
            Route("GET", "/myself", self.myself),
            Route("GET", "/user", self.user),
            Route("GET", "/user/assignable/search", self.assignable),
            Route("GET", "/mypermissions", self.rights),
            Route("GET", "/project/search", self.project_search, CLOUD),
            Route("GET", "/project", self.project_list),
            Route("GET", "/project/<key>", self.project),
            Route("GET", "/project/<key>/statuses", self.project_statuses),
            Route("GET", "/project/<key>/versions", self.versions),
            Route("GET", "/version/<id_>", self.version),
            Route("GET", "/status", self.statuses),
            Route("GET", "/field", self.fields),
            Route("GET", "/priority", self.priorities),
            Route("GET", "/resolution", self.resolutions),
            Route("GET", "/issueLinkType", self.link_types),
            Route("GET", meta, self.types),
            Route("GET", f"{meta}/<kind>", self.meta),
        ]

    # --- who and where ---

    def server(self, call: Call) -> Reply:
        """``serverInfo``, which anybody may read."""
        cloud = self.sandbox.cloud
        body: Body = {"baseUrl": self.sandbox.site, "serverTitle": "Jira", "scmInfo": "0", "buildNumber": 100287}
        body |= {
            "buildDate": call.shapes.time(self.sandbox.now()),
            "serverTime": call.shapes.time(self.sandbox.precise()),
        }
        body["deploymentType"] = "Cloud" if cloud else "Server"
        number = (1001, 0, 0) if cloud else (9, 12, 8)
        version = "1001.0.0-SNAPSHOT" if cloud else "9.12.8"
        return Reply(200, body | {"version": version, "versionNumbers": list(number)})

    def myself(self, call: Call) -> Reply:
        """The account that calls; its zone is its own."""
        who = call.shapes.person(call.me)
        roles: Body = {"groups": {"size": 1, "items": []}, "applicationRoles": {"size": 1, "items": []}}
        return Reply(200, who | {"timeZone": str(self.sandbox.account_zone), "locale": "en_US"} | roles)

    def user(self, call: Call) -> Reply:
        """An account; customers of a portal have no application roles."""
        asked = call.request.arg("accountId") if self.sandbox.cloud else call.request.arg("username")
        asked = asked or call.request.arg("key").removeprefix("JIRAUSER")
        found = call.books.account(asked)
        if found is None:
            return error("Specified user does not exist or you do not have required permissions", status=404)
        roles = [] if found.kind == "customer" else [{"key": "jira-software", "name": "Jira Software"}]
        body = call.shapes.person(found) | {"locale": found.locale}
        if "applicationRoles" in call.request.arg("expand"):
            body["applicationRoles"] = {"size": len(roles), "items": roles}
        return Reply(200, body)

    def assignable(self, call: Call) -> Reply:
        """Accounts that issues of a project can be assigned to; on Data Center by how their names begin."""
        project = call.project(call.request.arg("project"))
        if project is None:
            return error("No project could be found with that key.", status=404)
        asked = call.request.arg("accountId" if self.sandbox.cloud else "username")
        people = [one for one in call.books.people.values() if one.kind != "customer"]
        fits = [one for one in people if one.id == asked or (not self.sandbox.cloud and one.name.startswith(asked))]
        return Reply(200, [call.shapes.person(one) for one in fits if one.name not in project.strangers])

    def rights(self, call: Call) -> Reply:
        """``mypermissions``: on Cloud one says which."""
        asked = call.lists("permissions")
        if self.sandbox.cloud and not asked:
            return error("The 'permissions' query parameter is required.")
        key = call.request.arg("projectKey") or call.request.arg("projectId")
        project = call.project(key) if key else None
        if key and project is None:
            return error(f"No project could be found with key '{key}'.", status=404)
        unknown = [name for name in asked if name not in _RIGHTS]
        if unknown:
            return error(f"Unrecognized permission: {unknown[0]}")
        granted = project.may if project is not None else self.sandbox.may
        shown = {name: self._right(name, _RIGHTS[name] in granted) for name in asked or _RIGHTS}
        return Reply(200, {"permissions": shown})

    @staticmethod
    def _right(name: str, granted: bool) -> Body:
        kind = "GLOBAL" if name == "BULK_CHANGE" else "PROJECT"
        label = name.replace("_", " ").title()
        return {"id": "1", "key": name, "name": label, "type": kind, "description": "", "havePermission": granted}

    # --- projects ---

    def project_list(self, call: Call) -> Reply:
        """All that the caller sees."""
        return Reply(200, [call.shapes.project(one) for one in self._seen(call)])

    def project_search(self, call: Call) -> Reply:
        """The same in pages, by key or id."""
        keys, ids = call.lists("keys"), call.lists("id")
        found = [one for one in self._seen(call) if (not keys or one.key in keys) and (not ids or one.id in ids)]
        start, most = call.number("startAt", 0), min(call.number("maxResults", 50), 50)
        part = found[start : start + most]
        body: Body = {"self": call.shapes.url("project/search"), "maxResults": most, "startAt": start}
        body |= {"total": len(found), "isLast": start + most >= len(found)}
        return Reply(200, body | {"values": [call.shapes.project(one) for one in part]})

    def project(self, call: Call, key: str) -> Reply:
        """One project."""
        found = self._found(call, key)
        types = [call.shapes.type(name) for name in found.types]
        return Reply(200, call.shapes.project(found) | {"issueTypes": types, "lead": call.shapes.person(call.me)})

    def project_statuses(self, call: Call, key: str) -> Reply:
        """Its statuses, by issue type."""
        found = self._found(call, key)
        statuses = [call.shapes.status(STATUSES[name]) for name in found.workflow.statuses]
        return Reply(200, [call.shapes.type(name) | {"statuses": statuses} for name in found.types])

    def versions(self, call: Call, key: str) -> Reply:
        """Its versions."""
        found = self._found(call, key)
        shown = [call.shapes.version(one) | {"projectId": int(found.id)} for one in found.versions.values()]
        return Reply(200, shown)

    def version(self, call: Call, id_: str) -> Reply:
        """One version."""
        for project in self._seen(call):
            if id_ in project.versions:
                return Reply(200, call.shapes.version(project.versions[id_]) | {"projectId": int(project.id)})
        return error(f"Could not find version for id '{id_}'", status=404)

    @staticmethod
    def _seen(call: Call) -> list[Project]:
        return [one for one in call.books.projects.values() if call.who is not None and not one.hidden]

    @staticmethod
    def _found(call: Call, key: str) -> Project:
        found = call.project(key)
        if found is None:
            raise Refusal(error(f"No project could be found with key '{key}'.", status=404))
        return found

    # --- lists ---

    def statuses(self, call: Call) -> Reply:
        """Every status of the site."""
        return Reply(200, [call.shapes.status(one) for one in STATUSES.values()])

    def priorities(self, call: Call) -> Reply:
        """Every priority."""
        return Reply(200, [call.shapes.priority(name) for name in PRIORITIES.values()])

    def resolutions(self, call: Call) -> Reply:
        """Every resolution."""
        return Reply(200, [call.shapes.resolution(name) for name in RESOLUTIONS.values()])

    def link_types(self, call: Call) -> Reply:
        """Every type of issue links."""
        return Reply(200, {"issueLinkTypes": [call.shapes.link_type(id_) for id_ in LINK_TYPES]})

    def fields(self, call: Call) -> Reply:
        """Every field, the site's own last."""
        shown: list[Body] = [self._system(name) for name in SYSTEM]
        for id_, (name, custom) in DESK_FIELDS.items():
            shown.append(self._custom(id_, name, {"type": "any", "custom": custom}))
        for id_, (name, kind) in call.books.fields.items():
            custom = f"com.atlassian.jira.plugin.system.customfieldtypes:{_TYPES[kind]}"
            shown.append(self._custom(id_, name, {"type": _SCHEMAS.get(kind, "string"), "custom": custom}))
        return Reply(200, shown)

    @staticmethod
    def _system(name: str) -> Body:
        body: Body = {"id": name, "key": name, "name": name.capitalize(), "custom": False, "orderable": True}
        schema = {"system": name} | ({"type": _SYSTEM[name]} if name in _SYSTEM else {})
        return body | {"navigable": True, "searchable": True, "clauseNames": [name], "schema": schema}

    @staticmethod
    def _custom(id_: str, name: str, schema: Body) -> Body:
        number = int(id_.rpartition("_")[2])
        body: Body = {"id": id_, "key": id_, "name": name, "custom": True, "orderable": True, "navigable": True}
        body |= {"searchable": True, "clauseNames": [f"cf[{number}]", name]}
        return body | {"schema": schema | {"customId": number}}

    # --- what a new issue needs ---

    def types(self, call: Call, project: str) -> Reply:
        """The issue types of a project."""
        found = self._found(call, project)
        return self._part(call, "issueTypes", [call.shapes.type(name) for name in found.types])

    def meta(self, call: Call, project: str, kind: str) -> Reply:
        """The fields of one issue type."""
        found = self._found(call, project)
        if kind not in {type_id(name) for name in found.types}:
            return error(f"Issue type with id '{kind}' does not exist in project '{found.key}'.", status=404)
        names = {"project": True, "issuetype": True, "summary": True, "description": False, "labels": False}
        names |= {"priority": False, "reporter": False, "assignee": False, "fixVersions": False}
        names |= {"security": False} if found.levels else {}
        names |= dict.fromkeys(call.books.fields, False) | dict.fromkeys(found.required, True)
        shown = [self._asked(call, found, name, must) for name, must in names.items() if name not in found.unlisted]
        return self._part(call, "fields", shown)

    def _asked(self, call: Call, project: Project, name: str, required: bool) -> Body:
        label, kind = call.books.fields.get(name, (name.capitalize(), "string"))
        schema: dict[str, Any] = {"type": _SCHEMAS.get(kind, "string")}
        schema["custom" if name in call.books.fields else "system"] = name
        body: Body = {"required": required, "schema": schema, "name": label, "key": name, "fieldId": name}
        body |= {"hasDefaultValue": name in {"priority", "reporter"}, "operations": ["add", "set", "remove"]}
        if name == "priority":
            body["allowedValues"] = [call.shapes.priority(one) for one in PRIORITIES.values()]
        if name == "security":
            body["schema"]["type"] = "securitylevel"
            levels = enumerate(project.levels)
            body["allowedValues"] = [{"id": str(10000 + number), "name": level} for number, level in levels]
        if name in call.books.options:
            body["allowedValues"] = [
                {"id": str(20000 + number), "value": one} for number, one in enumerate(call.books.options[name])
            ]
        return body

    def _part(self, call: Call, name: str, found: list[Any]) -> Reply:
        """A page: under its own name on Cloud, under ``values`` on Data Center."""
        start, most = call.number("startAt", 0), call.number("maxResults", 50)
        if most > MOST_META:
            return error(f"The maximum number of results is {MOST_META}.")
        body: Body = {"maxResults": most, "startAt": start, "total": len(found)}
        return Reply(200, body | {name if self.sandbox.cloud else "values": found[start : start + most]})
