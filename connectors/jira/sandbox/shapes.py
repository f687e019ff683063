"""The stand-in's bodies, as Jira's REST API documentation gives them for Cloud and for Data Center."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.jira.sandbox import adf
from connectors.jira.sandbox.books import Books
from connectors.jira.sandbox.entries import Comment, History, Issue, Person, Project, State, Version
from connectors.jira.sandbox.workflows import CATEGORIES, PRIORITIES, RESOLUTIONS, Status, Transition

Body = dict[str, Any]
SYSTEM = (
    "summary", "description", "status", "statuscategorychangedate", "resolution", "resolutiondate", "labels", "created",
    "updated", "priority", "issuetype", "project", "issuelinks", "fixVersions", "reporter", "creator", "assignee",
    "comment", "attachment", "security",
)  # fmt: skip
REQUEST_TYPE, ORGANIZATIONS, PARTICIPANTS = "customfield_10010", "customfield_10002", "customfield_10026"
_DESK = "com.atlassian.servicedesk"
DESK_FIELDS = {
    REQUEST_TYPE: ("Request Type", f"{_DESK}:vp-origin"),
    ORGANIZATIONS: ("Organizations", f"{_DESK}:sd-customer-organizations"),
    PARTICIPANTS: ("Request participants", f"{_DESK}:sd-request-participants"),
}
"""Fields of service projects: name and type."""
NAVIGABLE = frozenset(SYSTEM) - {"comment", "attachment"}
LINK_TYPES = {
    "10000": ("Blocks", "is blocked by", "blocks"),
    "10001": ("Cloners", "is cloned by", "clones"),
    "10002": ("Duplicate", "is duplicated by", "duplicates"),
    "10003": ("Relates", "relates to", "relates to"),
}
"""Id -> name, inward, outward."""
EMBEDDED, EMBEDDED_ALONE = 20, 100
"""So many comments stand in an issue on Cloud: among others, and alone."""


class Shapes:
    """Bodies of one API version.

    Args:
        books: the site's.
        site: the address that the site believes to have, context path included.
        api: ``2`` or ``3``.
        cloud: as on Cloud; else as on Data Center.
        zone: the site's, in which times are told.
        told: whether comments say if they are public (``jsdPublic``).
    """

    def __init__(self, books: Books, site: str, api: str, *, cloud: bool, zone: ZoneInfo, told: bool) -> None:
        self.books, self.site, self.api, self.cloud, self.zone, self.told = books, site, api, cloud, zone, told

    def time(self, at: datetime | None) -> str | None:
        """Milliseconds, and an offset without a colon."""
        if at is None:
            return None
        local = at.astimezone(self.zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"

    def url(self, path: str) -> str:
        """The address of something, as the site writes it."""
        return f"{self.site}/rest/api/{self.api}/{path}"

    def rich(self, text: str | None) -> str | Body | None:
        """A text with markup: wiki in v2, a document in v3."""
        return adf.document(text) if self.api == "3" and text is not None else text

    # --- who and where ---

    def person(self, person: Person) -> Body:
        """An account."""
        body: Body = {"displayName": person.display, "active": True, "timeZone": str(self.zone)}
        body["avatarUrls"] = {"48x48": f"{self.site}/secure/useravatar?size=large"}
        name = person.name
        if self.cloud:
            kind: Body = {"self": self.url(f"user?accountId={person.id}"), "accountId": person.id}
            return kind | {"accountType": person.kind} | body
        named: Body = {"self": self.url(f"user?username={name}"), "name": name, "key": f"JIRAUSER{name}"}
        return named | {"emailAddress": f"{person.name}@example.com"} | body

    def project(self, project: Project) -> Body:
        """A project, as it stands in an issue."""
        body = {"self": self.url(f"project/{project.id}"), "id": project.id, "key": project.key, "name": project.name}
        simplified = {"simplified": project.workflow.name == "team"} if self.cloud else {}
        return body | {"projectTypeKey": project.kind} | simplified

    def status(self, status: Status) -> Body:
        """A status with its category."""
        id_, name, colour = CATEGORIES[status.category]
        category = {"self": self.url(f"statuscategory/{id_}"), "id": id_, "key": status.category, "name": name}
        body = {"self": self.url(f"status/{status.id}"), "description": "", "iconUrl": f"{self.site}/images/status.png"}
        body |= {"name": status.name, "id": status.id}
        return body | {"statusCategory": category | {"colorName": colour}}

    def type(self, name: str) -> Body:
        """An issue type."""
        id_ = type_id(name)
        body = {"self": self.url(f"issuetype/{id_}"), "id": id_, "description": "", "name": name, "subtask": False}
        return body | {"iconUrl": f"{self.site}/images/type.png"}

    def priority(self, name: str) -> Body:
        """A priority."""
        id_ = key_of(PRIORITIES, name)
        return {"self": self.url(f"priority/{id_}"), "iconUrl": f"{self.site}/images/p.png", "name": name, "id": id_}

    def resolution(self, name: str | None) -> Body | None:
        """A resolution, or none."""
        if name is None:
            return None
        id_ = key_of(RESOLUTIONS, name)
        return {"self": self.url(f"resolution/{id_}"), "id": id_, "description": "", "name": name}

    def version(self, version: Version) -> Body:
        """A version, as it stands in an issue."""
        body: Body = {"self": self.url(f"version/{version.id}"), "id": version.id, "description": ""}
        return body | {"name": version.name, "archived": version.archived, "released": version.released}

    # --- issues ---

    def issue(
        self, issue: Issue, state: State, fields: Iterable[str], properties: Sequence[str] = (), *, alone: bool = False
    ) -> Body:
        """An issue; ``alone``: as its own address shows it, with more of its comments."""
        body: Body = {"expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"}
        body |= {"id": str(issue.id), "self": self.url(f"issue/{issue.id}"), "key": state.key}
        wanted = chosen(fields, (*DESK_FIELDS, *self.books.fields))
        body["fields"] = {name: self._field(issue, state, name, alone=alone) for name in wanted}
        if properties:
            body["properties"] = {name: issue.properties[name] for name in properties if name in issue.properties}
        return body

    def log(self, issue: Issue, expand: Sequence[str], most: int | None = None) -> Body:
        """What was changed on an issue, newest first, where it is asked for; ``most``: so many entries and no more."""
        if "changelog" not in expand:
            return {}
        told = [self.history(one) for one in reversed(issue.history)]
        shown = {"startAt": 0, "maxResults": len(told[:most]), "total": len(told), "histories": told[:most]}
        return {"changelog": shown}

    def _field(self, issue: Issue, state: State, name: str, *, alone: bool = False) -> Any:
        if name in self.books.fields:
            return self._custom(state.custom.get(name), self.books.fields[name][1])
        shown: dict[str, Any] = {
            "summary": lambda: state.summary,
            "description": lambda: self.rich(state.description),
            "status": lambda: self.status(state.status),
            "statuscategorychangedate": lambda: self.time(state.moved),
            "resolution": lambda: self.resolution(state.resolution),
            "resolutiondate": lambda: self.time(state.resolved),
            "labels": lambda: list(state.labels),
            "created": lambda: self.time(issue.created),
            "updated": lambda: self.time(state.updated),
            "priority": lambda: self.priority(state.priority),
            "issuetype": lambda: self.type(state.type),
            "project": lambda: self.project(state.project),
            "issuelinks": lambda: self._links(issue),
            "fixVersions": lambda: [self.version(state.project.versions[id_]) for id_ in state.versions],
            "reporter": lambda: self.person(issue.reporter),
            "creator": lambda: self.person(issue.by),
            "assignee": lambda: self.person(self.books.people[state.assignee]) if state.assignee else None,
            "security": lambda: {"name": state.security} if state.security else None,
            "comment": lambda: self._comments(issue, alone=alone),
            REQUEST_TYPE: lambda: self._request_type(issue, state),
            "attachment": lambda: issue.attachments,
            ORGANIZATIONS: lambda: (
                [self.organization(one) for one in issue.organizations] if state.project.is_service else None
            ),
            PARTICIPANTS: lambda: [self.person(self.books.people[name]) for name in sorted(issue.watchers)],
        }
        return shown[name]()

    def _request_type(self, issue: Issue, state: State) -> Body | None:
        """What a request is on the portal; an issue that nobody asked for there has none."""
        if not issue.request_type:
            return None
        number = str(int(state.project.id) - 10000)
        links = {"web": f"{self.site}/servicedesk/customer/portal/{number}/{state.key}"}
        kind = {"id": issue.request_type, "name": "Ask a question", "serviceDeskId": number}
        return {"requestType": kind, "_links": links, "currentStatus": {"status": state.status.name}}

    def organization(self, id_: str) -> Body:
        """An organization of customers."""
        links = {"self": self.desk_url(f"organization/{id_}")}
        return {"id": id_, "name": self.books.organizations[id_], "_links": links}

    def _custom(self, value: Any, kind: str) -> Any:
        if value is None:
            return None
        return self.rich(value) if kind == "textarea" else {"value": value} if kind == "select" else value

    def _comments(self, issue: Issue, *, alone: bool) -> Body:
        most = (EMBEDDED_ALONE if alone else EMBEDDED) if self.cloud else None
        shown = issue.comments[:most]
        body: Body = {
            "comments": [self.comment(issue, one) for one in shown],
            "self": self.url(f"issue/{issue.id}/comment"),
        }
        return body | {"maxResults": len(shown), "total": len(issue.comments), "startAt": 0}

    def _links(self, issue: Issue) -> list[Body]:
        """On the second of "A blocks B" the entry names A as inward, on the first B as outward."""
        found: list[Body] = []
        for link in self.books.links.values():
            for here, there, way in ((link.first, link.second, "outward"), (link.second, link.first, "inward")):
                other = self.books.issues[there]
                if here == issue.id and self.books.visible(other):
                    shown: Body = {"id": str(link.id), "self": self.url(f"issueLink/{link.id}")}
                    shown |= {"type": self.link_type(link.type), f"{way}Issue": self._other(other)}
                    found.append(shown)
        return found

    def _other(self, issue: Issue) -> Body:
        names = ("summary", "status", "priority", "issuetype")
        fields = {name: self._field(issue, issue.now, name) for name in names}
        body: Body = {"id": str(issue.id), "key": issue.now.key, "self": self.url(f"issue/{issue.id}")}
        return body | {"fields": fields}

    def link_type(self, id_: str) -> Body:
        """A type of issue links."""
        name, inward, outward = LINK_TYPES[id_]
        return {"id": id_, "name": name, "inward": inward, "outward": outward, "self": self.url(f"issueLinkType/{id_}")}

    def comment(self, issue: Issue, comment: Comment, *, properties: bool = False) -> Body:
        """A comment; whether it is public stands in ``jsdPublic``, or only in its properties."""
        who = self.person(comment.by)
        body: Body = {"self": self.url(f"issue/{issue.id}/comment/{comment.id}"), "id": str(comment.id)}
        body |= {"author": who, "body": self.rich(comment.body), "updateAuthor": who}
        body |= {"created": self.time(comment.created), "updated": self.time(comment.updated)}
        if self.told:
            body["jsdPublic"] = not comment.internal
        if properties:
            body["properties"] = [{"key": key, "value": value} for key, value in comment.properties.items()]
        return body

    def transition(self, transition: Transition, to: Status, *, fields: bool, hidden: Container[str] = ()) -> Body:
        """What may be done next; ``hidden`` fields aren't listed."""
        body: Body = {"id": str(transition.id), "name": transition.name, "to": self.status(to)}
        body |= {"hasScreen": bool(transition.screen), "isGlobal": transition.of is None, "isInitial": False}
        body |= {"isAvailable": not transition.closed, "isConditional": transition.closed, "isLooped": False}
        if fields:
            shown = {name: must for name, must in transition.screen.items() if name not in hidden}
            body["fields"] = {name: self._screened(name, must) for name, must in shown.items()}
        return body

    def _screened(self, name: str, required: bool) -> Body:
        unknown = (name.capitalize(), "resolution" if name == "resolution" else "string")
        label, kind = self.books.fields.get(name, unknown)
        body: Body = {"required": required, "schema": {"type": kind, "system": name}, "name": label, "key": name}
        body |= {"hasDefaultValue": False, "operations": ["set"]}
        if name == "resolution":
            body["allowedValues"] = [self.resolution(one) for one in RESOLUTIONS.values()]
        return body

    # --- as the service desk's API shows them ---

    def desk_time(self, at: datetime) -> Body:
        """A time in four ways."""
        local = at.astimezone(self.zone)
        body: Body = {"iso8601": f"{local:%Y-%m-%dT%H:%M:%S%z}", "jira": self.time(at)}
        return body | {"friendly": f"{local:%d/%b/%y %H:%M}", "epochMillis": int(at.timestamp() * 1000)}

    def desk_person(self, person: Person) -> Body:
        """An account; of what kind it is isn't told here."""
        body = {name: value for name, value in self.person(person).items() if name not in {"self", "accountType"}}
        return body | {"_links": {"jiraRest": self.person(person)["self"]}}

    def desk_comment(self, issue: Issue, comment: Comment) -> Body:
        """A comment."""
        body: Body = {"id": str(comment.id), "body": comment.body, "public": not comment.internal}
        body |= {"author": self.desk_person(comment.by), "created": self.desk_time(comment.created)}
        return body | {"_links": {"self": self.desk_url(f"request/{issue.id}/comment/{comment.id}")}}

    def desk_url(self, path: str) -> str:
        """The address of something there."""
        return f"{self.site}/rest/servicedeskapi/{path}"

    def history(self, history: History) -> Body:
        """An entry of the changelog."""
        items = [
            {"field": field.lower() if field != "Key" else field, "fieldtype": "jira", "fieldId": field_id(field),
             "from": old, "fromString": was, "to": new, "toString": now}
            for field, old, was, new, now in history.items
        ]  # fmt: skip
        by = self.person(history.by)
        return {"id": str(history.id), "author": by, "created": self.time(history.at), "items": items}


def chosen(fields: Iterable[str], custom: Iterable[str]) -> list[str]:
    """The fields that a list of names asks for: ``*all``, ``*navigable``, names, and ``-name`` to leave one out."""
    wanted: list[str] = []
    asked = [name.strip() for name in fields]
    if asked and all(name.startswith("-") for name in asked):
        asked = ["*all", *asked]
    for name in asked:
        every = {"*all": (*SYSTEM, *custom), "*navigable": (*(n for n in SYSTEM if n in NAVIGABLE), *custom)}
        if name.startswith("-"):
            wanted = [one for one in wanted if one != name[1:]]
        else:
            wanted += [one for one in every.get(name, (name,)) if one not in wanted]
    known = {*SYSTEM, *custom}
    return [name for name in wanted if name in known]


def key_of(table: dict[str, str], name: str) -> str:
    """The id that stands for a name."""
    return next(id_ for id_, one in table.items() if one == name)


def type_id(name: str) -> str:
    """The id of an issue type."""
    return str(10001 + ("Bug", "Task", "Story", "Service Request", "Incident").index(name))


def field_id(label: str) -> str:
    """How the API calls a field that the changelog calls so."""
    return {"Fix Version": "fixVersions", "Key": "issuekey"}.get(label, label)
