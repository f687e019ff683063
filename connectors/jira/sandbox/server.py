"""A stand-in for a Jira site, on Cloud and on Data Center, with software projects and service projects.

It serves ``/rest/api/2``, ``/rest/api/3`` (Cloud) and ``/rest/servicedeskapi``. Left out: boards, attachments,
worklogs, webhooks, administration.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.jira.sandbox.books import Books
from connectors.jira.sandbox.bulk import Bulk
from connectors.jira.sandbox.calls import CLOUD, SERVER, Call, Handler, Refusal, Route
from connectors.jira.sandbox.desk import Desk
from connectors.jira.sandbox.entries import Person
from connectors.jira.sandbox.issues import Issues
from connectors.jira.sandbox.people import People
from connectors.jira.sandbox.places import Places
from connectors.jira.sandbox.searching import Searching
from connectors.jira.sandbox.shapes import Shapes
from connectors.jira.sandbox.talk import Talk
from connectors.jira.sandbox.throttle import Throttle
from syncd.testing import Reply, Request, Sandbox

EMAIL, TOKEN, ME = "syncd@example.com", "sandbox-token", "syncd"
CLOUD_ID = "11223344-a1b2-3b33-c444-def123456789"
_OPEN = re.compile(
    r"/_edge/tenant_info|/rest/api/\w+/(serverInfo|search.*|issue/(?!bulk$|properties).+|field|project.*|status.*|jql/.*|priority|resolution|"
    r"issuetype|changelog/bulkfetch|version/.*|issueLinkType)"
)
"""What is answered to anonymous callers as well, with whatever everybody may see: nothing."""
_GATEWAY = re.compile(r"/ex/jira/([^/]+)(/.*)")
_MARK = "x-came-through-the-gateway"
_FAILED = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}


@dataclass(frozen=True, slots=True)
class Access:
    """Whose a token is, and whether it only works through the gateway (``https://api.atlassian.com/ex/jira/ID``)."""

    person: str = ME
    scoped: bool = False


class JiraSandbox(Sandbox):
    """See the module. Switches are attributes; people act through ``people``.

    Args:
        cloud: as Jira Cloud; else as Data Center.
        context: the path before all others, such as ``/jira``; on Cloud there is none.
    """

    people: People
    facts = frozenset({"comments", "id", "key", "mails", "status"})
    examples = (
        ("make_project", {"key": "ENG"}),
        ("make_issue", {"project": "ENG", "summary": "The hub is slow"}),
    )

    def __init__(self, port: int = 0, *, cloud: bool = True, context: str = "") -> None:
        self.cloud, self.context = cloud, context
        self.site = ("https://acme.atlassian.net" if cloud else "https://jira.example.com") + context
        """The address that the site believes to have: another one than that at which it listens."""
        self.site_zone = ZoneInfo("America/Los_Angeles")
        """In which times are told."""
        self.account_zone = ZoneInfo("Europe/Berlin")
        """In which the times of queries are read."""
        self.tokens: dict[str, Access] = {TOKEN: Access()}
        self.expired = False
        """The tokens have run out."""
        self.captcha = False
        """Too many logins failed, and Data Center wants to see a person."""
        self.told = cloud
        """Whether comments carry ``jsdPublic``; Data Center has the property alone."""
        self.notify_refused = True
        """``notifyUsers=false`` makes an edit fail; else it is ignored."""
        self.may: set[str] = {"BULK"}
        """Global permissions of our account."""
        self.brings = "screens"
        """What of an issue's transitions comes along where it is read so: "names" alone, "none of them", "nothing"."""
        self.lag = 0.0
        """Seconds by which the index is behind."""
        self.flicker: set[int] = set()
        """Ids of issues that the next search doesn't find."""
        self.stumbles: set[int] = set()
        """Ids of issues that the next bulk fetch can't retrieve just now."""
        self.most_per_page = 37
        """Issues on a page of a search on Cloud, whatever was asked."""
        self.most_per_search = 1000
        """The same on Data Center (``jira.search.views.default.max``)."""
        self.bulk = Bulk(self)
        super().__init__(port)
        self.books = Books(self.precise)
        self.people = People(self)
        self.throttle = Throttle(self.precise, self._id_of, cloud)
        self.about = f"its email is {EMAIL}, its api_token is {TOKEN}" if cloud else f"its token is {TOKEN}"

    def precise(self) -> datetime:
        """The clock with fractions of a second."""
        return self._frozen or (datetime.now(UTC) + self._shift)

    def _id_of(self, key: str) -> int | None:
        found = self.books.find(key)
        return None if found is None else found.id

    @property
    def base(self) -> str:
        """The address to configure: the origin and the context path."""
        return self.url + self.context

    # --- routes ---

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        """Both versions of the API, and what stands beside them."""
        found: list[tuple[str, str, Callable[..., Reply]]] = []
        here = CLOUD if self.cloud else SERVER
        for route in self.served():
            versions = ("3",) if route.only == "3" else ("2", "3", "latest") if self.cloud else ("2", "latest")
            if route.only in {"", "3", here} and (self.cloud or route.only != "3"):
                found += [
                    (route.method, f"/rest/api/{v}{route.path}", _by(self, route.do, v.replace("latest", "2")))
                    for v in versions
                ]
        found.append(("GET", "/_edge/tenant_info", self.tenant))
        desk = Desk(self).routes()
        return found + [(way, f"/rest/servicedeskapi{path}", _agents(self, do)) for way, path, do in desk]

    def served(self) -> list[Route]:
        """Everything under ``/rest/api``."""
        parts = (Places(self), Searching(self), Issues(self), Talk(self), self.bulk)
        return [route for part in parts for route in part.routes()]

    def tenant(self, _request: Request) -> Reply:
        """By which id the gateway knows the site."""
        return Reply(200, {"cloudId": CLOUD_ID}) if self.cloud else Reply(404)

    def not_found(self, request: Request) -> Reply:
        """A path that isn't served."""
        if self.cloud:
            path = request.path
            return Reply(404, {"errorMessage": f"No endpoint {request.method} {path}."} if "desk" in path else b"")
        message = {"message": f"null for uri: {self.site}{request.path}", "status-code": 404}
        return Reply(404, message)

    # --- every call ---

    def answer(self, request: Request) -> Reply:
        """See :class:`Sandbox`: the prefixes are taken off first."""
        inner = self._inner(request)
        if inner is None:
            return self._astray(request)
        self.bulk.tick()
        reply = self._refused(inner) or self.throttle.count(inner)
        if reply is None:
            reply = self._served(inner)
            self.throttle.price(inner, reply)
        return self.after(inner, reply)

    def _inner(self, request: Request) -> Request | None:
        """The request without what stands before ``/rest``, and marked where it came through the gateway."""
        through = _GATEWAY.fullmatch(request.path)
        if through is not None and self.cloud:
            headers = {**request.headers, _MARK: "yes"}
            return replace(request, path=through[2], headers=headers) if through[1] == CLOUD_ID else None
        if not request.path.startswith(f"{self.context}/"):
            return None
        return replace(request, path=request.path.removeprefix(self.context))

    def _astray(self, request: Request) -> Reply:
        if not request.path.startswith("/ex/"):
            return Reply(404, b"<html><title>Not Found</title></html>", {"Content-Type": "text/html"})
        body = {"timestamp": self.now().isoformat(), "status": 404, "error": "Not Found"}
        return Reply(404, body | {"message": "No message available", "path": request.path})

    def _served(self, request: Request) -> Reply:
        try:
            return self.handled(request)
        except Refusal as refusal:
            return refusal.reply

    def caller(self, request: Request) -> tuple[Person | None, bool]:
        """Whose call it is, and whether a credential was sent that isn't accepted."""
        kind, _, sent = request.header("authorization").partition(" ")
        if not kind:
            return None, False
        email, token = "", sent
        if kind.lower() == "basic":
            email, _, token = base64.b64decode(sent.encode()).decode(errors="replace").partition(":")
        access = None if self.expired else self.tokens.get(token)
        gateway = bool(request.header(_MARK))
        fits = access is not None and access.scoped == gateway
        if self.cloud:
            fits = fits and (gateway if kind.lower() == "bearer" else email == EMAIL)
        return (self.books.person(access.person), False) if access is not None and fits else (None, True)

    def _refused(self, request: Request) -> Reply | None:
        """What is wrong with who calls, and with how often."""
        who, failed = self.caller(request)
        if self.captcha and not self.cloud:
            url = f"{self.site}/login.jsp"
            headers = {"X-Authentication-Denied-Reason": f"CAPTCHA_CHALLENGE; login-url={url}"}
            return Reply(403, b"", headers | {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"})
        if (failed and not self.cloud) or (who is None and not _OPEN.fullmatch(request.path)):
            said = {"message": "Client must be authenticated to access this resource.", "status-code": 401}
            return Reply(401, said, {"WWW-Authenticate": 'OAuth realm="https%3A%2F%2Facme.atlassian.net"'})
        return None

    def call(self, request: Request, api: str) -> Call:
        """A call of one version of the API."""
        site = f"https://api.atlassian.com/ex/jira/{CLOUD_ID}" if request.header(_MARK) else self.site
        shapes = Shapes(self.books, site, api, cloud=self.cloud, zone=self.site_zone, told=self.told)
        return Call(request, self.books, shapes, self.caller(request)[0])

    def after(self, request: Request, reply: Reply) -> Reply:
        """What every answer carries: an id, and who was taken for whom."""
        who, failed = self.caller(request)
        headers = {"Cache-Control": "no-cache, no-store, no-transform", "X-Content-Type-Options": "nosniff"}
        headers["atl-traceid" if self.cloud else "X-AREQUESTID"] = f"{len(self.log):016x}"
        headers |= _FAILED if failed else {}
        headers |= self.throttle.headers()
        if who is not None:
            known = {"X-AUSERNAME": who.name, "X-Seraph-LoginReason": "OK"}
            headers |= {"X-AAccountId": who.id} if self.cloud else known
        return Reply(reply.status, reply.body, headers | dict(reply.headers))


def _agents(sandbox: JiraSandbox, do: Handler) -> Callable[..., Reply]:
    """Without the licence of an agent every call is refused, and nothing said."""

    def handle(request: Request, **parts: Any) -> Reply:
        call = sandbox.call(request, "2")
        desks = [one for one in sandbox.books.projects.values() if one.is_service]
        if desks and not any("AGENT" in one.may for one in desks) and call.me.kind != "customer":
            return Reply(403, b"")
        return do(call, **parts)

    return handle


def _by(sandbox: JiraSandbox, do: Handler, api: str) -> Callable[..., Reply]:
    def handle(request: Request, **parts: Any) -> Reply:
        return do(sandbox.call(request, api), **parts)

    return handle
