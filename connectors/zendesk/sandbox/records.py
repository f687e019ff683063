"""What the stand-in serves besides tickets: users, organizations, fields, forms, statuses, brands, jobs, Jira links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connectors.zendesk.sandbox import defaults, rules
from connectors.zendesk.sandbox.paging import paged
from connectors.zendesk.sandbox.shapes import ORIGIN
from syncd.testing import Reply, Request

if TYPE_CHECKING:
    from connectors.zendesk.sandbox.server import ZendeskSandbox

Handler = Callable[..., Reply]
JIRA_LINKS = 1000
"""Links to Jira a page."""


class RecordEndpoints:
    """The smaller parts of the API."""

    def __init__(self, sandbox: ZendeskSandbox) -> None:
        self.box, self.books, self.shapes = sandbox, sandbox.books, sandbox.shapes

    def routes(self) -> list[tuple[str, str, Handler]]:
        """See :class:`Sandbox`; without the prefix."""
        return [
            ("GET", "/users/me", self.get_me),
            ("GET", "/users/show_many", self.get_users),
            ("GET", "/users/<int:number>", self.get_user),
            ("GET", "/users/<int:number>/organization_memberships", self.get_memberships),
            ("GET", "/organizations/show_many", self.get_organizations),
            ("GET", "/organizations/<int:number>/users", self.get_members),
            ("GET", "/organizations/<int:number>/organization_memberships", self.get_belonging),
            ("GET", "/organizations/<int:number>", self.get_organization),
            ("GET", "/groups", self.get_groups),
            ("GET", "/ticket_fields", self.get_fields),
            ("GET", "/ticket_forms", self.get_forms),
            ("GET", "/custom_statuses", self.get_statuses),
            ("GET", "/brands", self.get_brands),
            ("GET", "/job_statuses", self.get_jobs),
            ("GET", "/job_statuses/show_many", self.get_some_jobs),
            ("GET", "/job_statuses/<name>", self.get_job),
            ("GET", "/jira/links", self.get_jira_links),
        ]

    # --- people ---

    def get_me(self, _request: Request) -> Reply:
        """Who calls; where no credential is sent, nobody, and with status 200 all the same."""
        found = self.books.users.get(self.box.user)
        return Reply(200, {"user": self.shapes.user(found) if found else defaults.ANONYMOUS})

    def get_user(self, _request: Request, number: int) -> Reply:
        """One user."""
        found = self.books.users.get(number)
        return Reply(200, {"user": self.shapes.user(found)}) if found else rules.NO_RECORD

    def get_users(self, request: Request) -> Reply:
        """Up to a hundred users; those that aren't there are left out."""
        return self._many(request, "users", self.books.users, self.shapes.user)

    def get_memberships(self, request: Request, number: int) -> Reply:
        """The organizations that a user belongs to."""
        if number not in self.books.users:
            return rules.NO_RECORD
        found = [one for one in self.books.memberships.values() if one["user_id"] == number]
        page, beside, refusal = paged(request, found, lambda row: [row["id"]])
        shown = [self.shapes.membership(one) for one in page]
        return refusal or Reply(200, {"organization_memberships": shown, **beside})

    def get_belonging(self, request: Request, number: int) -> Reply:
        """Who belongs to an organization."""
        if number not in self.books.organizations:
            return rules.NO_RECORD
        found = [one for one in self.books.memberships.values() if one["organization_id"] == number]
        page, beside, refusal = paged(request, found, lambda row: [row["id"]])
        shown = [self.shapes.membership(one) for one in page]
        return refusal or Reply(200, {"organization_memberships": shown, **beside})

    def get_members(self, request: Request, number: int) -> Reply:
        """The users of an organization."""
        if number not in self.books.organizations:
            return rules.NO_RECORD
        ids = {one["user_id"] for one in self.books.memberships.values() if one["organization_id"] == number}
        found = [one for key, one in self.books.users.items() if key in ids]
        page, beside, refusal = paged(request, found, lambda row: [row["id"]])
        return refusal or Reply(200, {"users": [self.shapes.user(one) for one in page], **beside})

    def get_organization(self, _request: Request, number: int) -> Reply:
        """One organization."""
        found = self.books.organizations.get(number)
        return Reply(200, {"organization": self.shapes.organization(found)}) if found else rules.NO_RECORD

    def get_organizations(self, request: Request) -> Reply:
        """Up to a hundred organizations; those that aren't there are left out."""
        return self._many(request, "organizations", self.books.organizations, self.shapes.organization)

    def _many(
        self, request: Request, name: str, known: Mapping[int, Any], show: Callable[[Any], dict[str, Any]]
    ) -> Reply:
        ids, refusal = rules.ids(request)
        found = [show(known[number]) for number in rules.numbers(ids) if number in known]
        return refusal or Reply(200, {name: found, "next_page": None, "previous_page": None, "count": len(found)})

    # --- how the account is set up ---

    def get_groups(self, request: Request) -> Reply:
        """The groups of agents that weren't deleted."""
        found = [one for one in self.books.groups.values() if not one["deleted"]]
        page, beside, refusal = paged(request, found, lambda row: [row["id"]])
        return refusal or Reply(200, {"groups": [self.shapes.group(one) for one in page], **beside})

    def get_fields(self, _request: Request) -> Reply:
        """All ticket fields."""
        return _whole("ticket_fields", self.books.fields)

    def get_forms(self, _request: Request) -> Reply:
        """All ticket forms, with what solving needs."""
        return _whole("ticket_forms", self.books.forms)

    def get_statuses(self, _request: Request) -> Reply:
        """All custom statuses, inactive ones too; no pages."""
        return Reply(200, {"custom_statuses": [dict(one) for one in self.books.custom_statuses.values()]})

    def get_brands(self, _request: Request) -> Reply:
        """All brands."""
        brand = defaults.brand()
        return _whole("brands", {brand["id"]: brand})

    # --- jobs ---

    def get_jobs(self, request: Request) -> Reply:
        """The jobs of the last day."""
        found = [self.box.jobs.shown(one) for one in self.box.jobs.known.values()]
        page, beside, refusal = paged(request, found, lambda row: [row["id"]])
        return refusal or Reply(200, {"job_statuses": page, **beside})

    def get_some_jobs(self, request: Request) -> Reply:
        """Some jobs; those that are forgotten are left out."""
        ids, refusal = rules.ids(request)
        known = self.box.jobs.known
        return refusal or Reply(200, {"job_statuses": [self.box.jobs.shown(known[one]) for one in ids if one in known]})

    def get_job(self, _request: Request, name: str) -> Reply:
        """One job."""
        found = self.box.jobs.known.get(name)
        return Reply(200, {"job_status": self.box.jobs.shown(found)}) if found else rules.NO_RECORD

    # --- Zendesk's own integration with Jira ---

    def get_jira_links(self, request: Request) -> Reply:
        """Which tickets are linked to which issues; refused until an administrator allows links to be managed."""
        if not self.books.jira_enabled:
            return rules.FORBIDDEN
        found = list(self.books.jira_links.values())
        for name in ("ticket_id", "issue_id", "issue_key"):
            wanted = request.arg(f"filter[{name}]")
            found = [one for one in found if wanted in {"", one[name]}]
        asked = request
        if not any(key == "page[size]" for key, _ in request.query):
            asked = Request(
                request.method,
                request.path,
                (*request.query, ("page[size]", str(JIRA_LINKS))),
                request.headers,
                request.body,
                request.origin,
            )
        page, beside, refusal = paged(asked, found, lambda row: [row["id"]], most=JIRA_LINKS)
        if refusal is not None:
            return refusal
        meta = {key: beside["meta"][key] for key in ("has_more", "after_cursor")}
        if self.box.jira_null_at_end and not meta["has_more"]:
            meta["after_cursor"] = None
        elif self.box.jira_cursor_is_url:
            meta["after_cursor"] = beside["links"]["next"]
        return Reply(200, {"links": page, "meta": meta})


def _whole(name: str, known: Mapping[int, Any]) -> Reply:
    rows = [{**one, "url": f"{ORIGIN}/api/v2/{name}/{key}.json"} for key, one in known.items()]
    return Reply(200, {name: rows, "next_page": None, "previous_page": None, "count": len(rows)})
