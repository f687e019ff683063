"""What hangs on the stand-in's issues: comments, remote links, links between issues, properties."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connectors.jira.sandbox.calls import Call, Refusal, Route
from connectors.jira.sandbox.editing import Bad, Edit
from connectors.jira.sandbox.entries import Comment, Issue, Link
from connectors.jira.sandbox.issues import seen
from connectors.jira.sandbox.refusals import error, missing, wrong_fields
from connectors.jira.sandbox.shapes import LINK_TYPES, Body
from syncd.testing import Reply

if TYPE_CHECKING:
    from connectors.jira.sandbox.server import JiraSandbox

LONGEST_COMMENT, LONGEST_PROPERTY, LONGEST_KEY = 32_767, 32_768, 255
MOST_COMMENTS, MOST_LINKS = 5000, 2000


class Talk:
    """See the module."""

    def __init__(self, sandbox: JiraSandbox) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[Route]:
        """Under ``/rest/api/VERSION``."""
        of, links, property_ = "/issue/<key>/comment", "/issue/<key>/remotelink", "/issue/<key>/properties/<name>"
        return [
            Route("GET", of, self.comments),
            Route("POST", of, self.add_comment),
            Route("GET", f"{of}/<int:number>", self.comment),
            Route("PUT", f"{of}/<int:number>", self.edit_comment),
            Route("DELETE", f"{of}/<int:number>", self.delete_comment),
            Route("GET", links, self.remote_links),
            Route("POST", links, self.put_remote_link),
            Route("DELETE", links, self.delete_remote_link),
            Route("PUT", f"{links}/<int:number>", self.replace_remote_link),
            Route("POST", "/issueLink", self.link),
            Route("DELETE", "/issueLink/<int:number>", self.unlink),
            Route("GET", "/issue/<key>/properties", self.properties),
            Route("GET", property_, self.property),
            Route("PUT", property_, self.put_property),
            Route("DELETE", property_, self.delete_property),
        ]

    # --- comments ---

    def comments(self, call: Call, key: str) -> Reply:
        """A page of them, oldest first unless ``orderBy=-created``."""
        issue = seen(call, key)
        start, most = call.number("startAt", 0), min(call.number("maxResults", 100), 100)
        found = issue.comments[::-1] if call.request.arg("orderBy") == "-created" else issue.comments
        properties = "properties" in call.lists("expand")
        shown = [call.shapes.comment(issue, one, properties=properties) for one in found[start : start + most]]
        body: Body = {"startAt": start, "maxResults": most, "total": len(found)}
        return Reply(200, body | {"comments": shown})

    def comment(self, call: Call, key: str, number: int) -> Reply:
        """One comment."""
        issue = seen(call, key)
        properties = "properties" in call.lists("expand")
        return Reply(200, call.shapes.comment(issue, _comment(issue, number), properties=properties))

    def add_comment(self, call: Call, key: str) -> Reply:
        """Public in a service project, and mailed, unless its property says internal."""
        issue = seen(call, key)
        if "COMMENT" not in issue.now.project.may:
            return error("You do not have the permission to comment on this issue.", status=403)
        if len(issue.comments) >= MOST_COMMENTS:
            return error("The issue has reached its limit of comments.", status=413)
        sent = call.object()
        body = _body(call, issue, sent)
        properties = {one["key"]: one["value"] for one in sent.get("properties") or []}
        internal = bool((properties.get("sd.public.comment") or {}).get("internal"))
        said = call.books.comment(issue, call.me, body, internal=internal)
        said.properties |= properties
        return Reply(201, call.shapes.comment(issue, said))

    def edit_comment(self, call: Call, key: str, number: int) -> Reply:
        """Another text; who may read it stays unless it is said."""
        issue = seen(call, key)
        said, sent = _comment(issue, number), call.object()
        said.body = _body(call, issue, sent)
        said.properties |= {one["key"]: one["value"] for one in sent.get("properties") or []}
        said.internal = bool((said.properties.get("sd.public.comment") or {}).get("internal"))
        said.updated = call.books.tick()
        call.books.bump(issue)
        return Reply(200, call.shapes.comment(issue, said))

    def delete_comment(self, call: Call, key: str, number: int) -> Reply:
        """Away with it."""
        issue = seen(call, key)
        issue.comments.remove(_comment(issue, number))
        call.books.bump(issue)
        return Reply(204)

    # --- remote links ---

    def remote_links(self, call: Call, key: str) -> Reply:
        """All of them; the one with a ``globalId`` alone, and not in a list."""
        issue = seen(call, key)
        wanted = call.request.arg("globalId")
        if not wanted:
            return Reply(200, list(issue.remote.values()))
        found = _remote(issue, wanted)
        return Reply(200, issue.remote[found]) if found is not None else _no_link()

    def put_remote_link(self, call: Call, key: str) -> Reply:
        """A new one, or another in the place of that with the same ``globalId``."""
        issue = seen(call, key)
        if "LINK" not in issue.now.project.may:
            return error("You do not have permission to link issues.", status=403)
        sent = call.object()
        wrong = _wrong_link(sent)
        if wrong is not None:
            return wrong
        found = _remote(issue, sent.get("globalId"))
        if found is None and len(issue.remote) >= MOST_LINKS:
            return error("The issue has reached its limit of remote links.", status=413)
        number = call.books.next("remote") if found is None else found
        issue.remote[number] = _shape(call, issue, number, sent)
        return Reply(201 if found is None else 200, {"id": number, "self": issue.remote[number]["self"]})

    def replace_remote_link(self, call: Call, key: str, number: int) -> Reply:
        """The whole of it."""
        issue = seen(call, key)
        if number not in issue.remote:
            return _no_link()
        sent = call.object()
        wrong = _wrong_link(sent)
        if wrong is None:
            issue.remote[number] = _shape(call, issue, number, sent)
        return wrong or Reply(204)

    def delete_remote_link(self, call: Call, key: str) -> Reply:
        """By its ``globalId``; without a type of content it isn't understood."""
        issue = seen(call, key)
        if not call.request.header("content-type"):
            return Reply(415, b"")
        found = _remote(issue, call.request.arg("globalId"))
        if found is None:
            return _no_link()
        del issue.remote[found]
        return Reply(204)

    # --- links between issues ---

    def link(self, call: Call) -> Reply:
        """A (``inwardIssue``) blocks B (``outwardIssue``); a second time it changes nothing. No answer but 201."""
        sent = call.object()
        named = sent.get("type") or {}
        type_ = next((id_ for id_, names in LINK_TYPES.items() if named in ({"id": id_}, {"name": names[0]})), None)
        if type_ is None:
            return error(f"No issue link type with name '{named.get('name')}' found.", status=404)
        pair = []
        for side in ("inwardIssue", "outwardIssue"):
            there = sent.get(side) or {}
            issue = call.issue(str(there.get("key") or there.get("id")))
            if issue is None:
                return missing()
            pair.append(issue.id)
        if not any((one.type, one.first, one.second) == (type_, *pair) for one in call.books.links.values()):
            link = Link(call.books.next("link"), type_, *pair)
            call.books.links[link.id] = link
            for id_ in pair:
                call.books.bump(call.books.issues[id_])
        return Reply(201)

    def unlink(self, call: Call, number: int) -> Reply:
        """Away with it."""
        found = call.books.links.pop(number, None)
        return error(f"No issue link with id '{number}' exists.", status=404) if found is None else Reply(204)

    # --- properties: they don't move the issue, and no search finds them ---

    def properties(self, call: Call, key: str) -> Reply:
        """Their names."""
        issue = seen(call, key)
        url = call.shapes.url(f"issue/{issue.id}/properties")
        return Reply(200, {"keys": [{"self": f"{url}/{name}", "key": name} for name in issue.properties]})

    def property(self, call: Call, key: str, name: str) -> Reply:
        """One."""
        issue = seen(call, key)
        if name not in issue.properties:
            return error(f"The property with key '{name}' does not exist.", status=404)
        return Reply(200, {"key": name, "value": issue.properties[name]})

    def put_property(self, call: Call, key: str, name: str) -> Reply:
        """The whole value, which is the body."""
        issue = seen(call, key)
        raw = call.request.body
        try:
            value = json.loads(raw)
        except ValueError:
            return error("The property value is not valid JSON.")
        if len(raw) > LONGEST_PROPERTY or len(name) > LONGEST_KEY:
            return error(f"The length of the property must not exceed {LONGEST_PROPERTY} characters.")
        new = name not in issue.properties
        issue.properties[name] = value
        return Reply(201 if new else 200)

    def delete_property(self, call: Call, key: str, name: str) -> Reply:
        """Away with it."""
        issue = seen(call, key)
        if name not in issue.properties:
            return error(f"The property with key '{name}' does not exist.", status=404)
        del issue.properties[name]
        return Reply(204)


def _comment(issue: Issue, number: int) -> Comment:
    found = next((one for one in issue.comments if one.id == number), None)
    if found is None:
        raise Refusal(error(f"Can not find a comment for the id: {number}.", status=404))
    return found


def _body(call: Call, issue: Issue, sent: Body) -> str:
    try:
        body = Edit(call, issue.now.project, issue.now, set()).rich(sent.get("body"))
    except Bad:
        raise Refusal(wrong_fields({"comment": "Comment body is not valid!"})) from None
    if not body or not body.strip():
        raise Refusal(wrong_fields({"comment": "Comment body can not be empty!"}))
    if len(body) > LONGEST_COMMENT:
        said = f"The entered text is too long. It exceeds the allowed limit of {LONGEST_COMMENT} characters."
        raise Refusal(wrong_fields({"comment": said}))
    return body


def _remote(issue: Issue, global_id: Any) -> int | None:
    return next((number for number, one in issue.remote.items() if global_id and one["globalId"] == global_id), None)


def _no_link() -> Reply:
    return error("The remote link was not found.", status=404)


def _wrong_link(sent: Body) -> Reply | None:
    there = sent.get("object")
    if not isinstance(there, dict):
        return wrong_fields({"object": "'object' is required."})
    for name in ("title", "url"):
        if not there.get(name):
            return wrong_fields({name: f"'{name}' is required."})
    if len(sent.get("globalId") or "") > LONGEST_KEY:
        return wrong_fields({"globalId": f"'globalId' must not exceed {LONGEST_KEY} characters."})
    return None


def _shape(call: Call, issue: Issue, number: int, sent: Body) -> Body:
    """As it is read back: what was left out is null."""
    there: Body = sent["object"]
    status = there.get("status") or {}
    shown: Body = {name: there.get(name) for name in ("url", "title", "summary")}
    shown["icon"] = {name: (there.get("icon") or {}).get(name) for name in ("url16x16", "title", "link")}
    shown["status"] = {"resolved": status.get("resolved"), "icon": status.get("icon") or {}}
    body: Body = {"id": number, "self": call.shapes.url(f"issue/{issue.id}/remotelink/{number}")}
    body |= {"globalId": sent.get("globalId"), "application": sent.get("application") or {}}
    return body | {"relationship": sent.get("relationship"), "object": shown}
