"""A stand-in for one Zendesk account: the real wire format of the Support API, as far as syncd asks for it.

Served: OAuth tokens for clients without a user, tickets (reads, lists, the incremental export by cursor, creations,
single and bulk writes with jobs, tags, comments, audits, deleted ones), users, organizations, ticket fields and forms,
custom statuses, brands, links of Zendesk's own integration with Jira. Not served, because nothing here calls it:
merging and deleting tickets through the API, search, exports by time, webhooks. Where the documentation leaves
something open, a switch chooses; people act through ``people``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from connectors.zendesk.sandbox import rules
from connectors.zendesk.sandbox.access import Access
from connectors.zendesk.sandbox.books import Books
from connectors.zendesk.sandbox.creation import Creation
from connectors.zendesk.sandbox.defaults import ME
from connectors.zendesk.sandbox.endpoints import Handler, TicketEndpoints
from connectors.zendesk.sandbox.exports import Exports
from connectors.zendesk.sandbox.jobs import Jobs
from connectors.zendesk.sandbox.limits import Limits
from connectors.zendesk.sandbox.paging import bare, numbered, without_suffix
from connectors.zendesk.sandbox.people import People
from connectors.zendesk.sandbox.records import RecordEndpoints
from connectors.zendesk.sandbox.shapes import Shapes
from connectors.zendesk.sandbox.updates import Updates
from syncd.testing import Reply, Request, Sandbox

API = "/api/v2"
KNOWN = frozenset({
    "page[size]", "page[after]", "page[before]", "page", "per_page", "sort", "sort_by", "sort_order", "include",
    "ids", "external_id", "external_ids", "start_time", "cursor", "exclude_deleted", "support_type_scope",
    "filter[ticket_id]", "filter[issue_id]", "filter[issue_key]", "active", "locale",
})  # fmt: skip


class ZendeskSandbox(Sandbox):
    """The stand-in. ``access`` holds the OAuth client's secret and the API token that are accepted.

    Switches: ``after_put`` (a trigger sets this status right after ours), ``brings_users`` (who wrote comes along with
    the comments, where that is asked for), ``delete_tags_status`` (204, or 200 with
    the tags left), ``jira_cursor_is_url`` and ``jira_null_at_end`` (what stands for the next page of links); those of
    ``access``, ``books``, ``exports``, ``jobs``, ``limits``, ``people`` and ``updates``. ``unknown_query`` notes query
    parameters that the API doesn't know: it passes over them.
    """

    facts = frozenset({"mails", "status"})
    examples = (("make_ticket", {"subject": "The hub is slow"}),)
    mishap: ClassVar[Mapping[str, str]] = {**Sandbox.mishap, "path": "/tickets"}  # minting a token is no write

    def __init__(self, port: int = 0) -> None:
        self.books = Books(self.now)
        self.shapes = Shapes(self.books)
        self.updates = Updates(self.books)
        self.jobs = Jobs(self.books, self.updates)
        self.books.ticks.append(self.jobs.tick)
        self.access = Access(self.now, self.books.users)
        self.exports = Exports(self.books, self.shapes.tickets)
        self.limits = Limits(self.now)
        self.user = 0
        """Whose call is being answered; 0 = nobody's."""
        self.after_put: str | None = None
        self.brings_users = True
        self.delete_tags_status = 204
        self.lists = "cursors"
        self.jira_cursor_is_url = False
        self.jira_null_at_end = False
        self.unknown_query: list[str] = []
        self._requests = 0
        super().__init__(port)
        self.books.lock = self.lock
        self.people: People = People(self.books)
        access = self.access
        email = self.books.users[ME]["email"]
        self.about = (
            f"its email is {email} and its api_token is {access.api_token}, or else its client_id is "
            f"{access.client_id} and its client_secret is {access.client_secret}"
        )

    def routes(self) -> list[tuple[str, str, Handler]]:
        """See :class:`Sandbox`."""
        served = [
            *TicketEndpoints(self).routes(),
            *RecordEndpoints(self).routes(),
            ("GET", "/incremental/tickets/cursor", self.exports.get),
            ("POST", "/tickets", Creation(self).post),
        ]
        return [
            ("POST", "/oauth/tokens", self.access.mint),
            *((method, API + path, do) for method, path, do in served),
        ]

    def not_found(self, request: Request) -> Reply:
        """The answer to a path that isn't served."""
        del request
        return rules.NO_ENDPOINT

    def answer(self, request: Request) -> Reply:
        """See :class:`Sandbox`; every path may end in ``.json``."""
        request = without_suffix(request)
        if self.lists == "cursors":
            return super().answer(request)
        reply = super().answer(numbered(request))
        return bare(reply) if self.lists == "bare" else reply

    def before(self, request: Request) -> Reply | None:
        """Credentials come before limits; ``/users/me`` is answered without any."""
        self.books.tick()
        self.user = 0
        if request.path == "/oauth/tokens":
            return None
        self.unknown_query += [key for key, _ in request.query if key not in KNOWN]
        user, refusal = self.access.who(request)
        self.user = user or 0
        if refusal is not None:
            return refusal
        limited = self.limits.count(request, str(self.user))
        if limited is not None:
            return limited
        if user is None:
            return None if request.path == f"{API}/users/me" else rules.COULD_NOT_AUTHENTICATE
        return self.access.may(user, request)

    def after(self, request: Request, reply: Reply) -> Reply:
        """What every answer carries."""
        self._requests += 1
        headers = {"X-Request-Id": f"00000000-0000-0000-0000-{self._requests:012d}", "Cache-Control": "no-store"}
        if request.path.startswith(API):
            headers |= self.limits.headers(request, str(self.user))
        return Reply(reply.status, reply.body, {**headers, **reply.headers})
