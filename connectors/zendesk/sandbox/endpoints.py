"""What the stand-in serves of tickets: reads, writes, comments, audits, tags, jobs, deleted ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from connectors.zendesk.sandbox import rules
from connectors.zendesk.sandbox.books import Ticket
from connectors.zendesk.sandbox.defaults import SYSTEM, via
from connectors.zendesk.sandbox.paging import paged
from connectors.zendesk.sandbox.updates import BULK, OTHER, PLAIN, Wanted, set_tags
from syncd.clock import stamp
from syncd.testing import Reply, Request

if TYPE_CHECKING:
    from connectors.zendesk.sandbox.server import ZendeskSandbox

Handler = Callable[..., Reply]
ORDERS = ("id", "updated_at", "status")


class TicketEndpoints:
    """The part of the API under ``/tickets``."""

    def __init__(self, sandbox: ZendeskSandbox) -> None:
        self.box, self.books, self.shapes = sandbox, sandbox.books, sandbox.shapes

    def routes(self) -> list[tuple[str, str, Handler]]:
        """See :class:`Sandbox`; without the prefix."""
        one = "/tickets/<int:number>"
        return [
            ("GET", "/tickets", self.get_list),
            ("GET", "/tickets/count", self.get_count),
            ("GET", "/tickets/show_many", self.get_many),
            ("PUT", "/tickets/update_many", self.put_many),
            ("GET", one, self.get_ticket),
            ("PUT", one, self.put_ticket),
            ("GET", f"{one}/comments", self.get_comments),
            ("GET", f"{one}/audits", self.get_audits),
            ("GET", f"{one}/related", self.get_related),
            ("GET", f"{one}/incidents", self.get_incidents),
            ("GET", f"{one}/tags", self.get_tags),
            ("PUT", f"{one}/tags", self.put_tags),
            ("POST", f"{one}/tags", self.post_tags),
            ("DELETE", f"{one}/tags", self.delete_tags),
            ("GET", "/deleted_tickets", self.get_deleted),
            ("PUT", "/deleted_tickets/<int:number>/restore", self.put_restore),
        ]

    # --- reads ---

    def get_list(self, request: Request) -> Reply:
        """All tickets but deleted and archived ones; those of one ``external_id``."""
        order = request.arg("sort", "id")
        key = order.removeprefix("-")
        if key not in ORDERS:
            return rules.bad_attribute("sort", f"must be one of {', '.join(ORDERS)}")
        found = [one for one in self.books.tickets.values() if not one.deleted and not one.archived]
        named = request.arg("external_id")
        found = [one for one in found if not named or one.row["external_id"] == named]
        page, beside, refusal = paged(
            request, found, lambda one: [one.row[key], one.number], backwards=order.startswith("-")
        )
        return refusal or Reply(200, {**self.shapes.tickets(request, page), **beside})

    def get_count(self, _request: Request) -> Reply:
        """How many there are."""
        count = sum(not one.deleted and not one.archived for one in self.books.tickets.values())
        return Reply(200, {"count": {"value": count, "refreshed_at": stamp(self.books.now())}})

    def get_many(self, request: Request) -> Reply:
        """Up to a hundred; those that aren't there are left out without a word."""
        ids, refusal = rules.ids(request)
        found = [one for number in rules.numbers(ids) if (one := self.alive(number))]
        beside = {"next_page": None, "previous_page": None, "count": len(found)}
        return refusal or Reply(200, {**self.shapes.tickets(request, found), **beside})

    def get_ticket(self, request: Request, number: int) -> Reply:
        """One ticket."""
        found = self.alive(number)
        if found is None:
            return rules.NO_RECORD
        body = self.shapes.tickets(request, [found])
        return Reply(200, {"ticket": body.pop("tickets")[0], **body})

    def get_comments(self, request: Request, number: int) -> Reply:
        """What was said, the description first; oldest first unless asked otherwise."""
        reply = self._talk(request, number, "comments", lambda one: self.shapes.comments(one.comments))
        asked = self.box.brings_users and "users" in request.arg("include").split(",")
        if not asked or "comments" not in reply.body:
            return reply
        written = {row["author_id"] for row in reply.body["comments"]}
        people = [self.shapes.user(one) for key, one in self.books.users.items() if key in written]
        return Reply(200, {**reply.body, "users": people})

    def get_audits(self, request: Request, number: int) -> Reply:
        """What happened, oldest first."""
        return self._talk(request, number, "audits", lambda one: one.audits)

    def get_related(self, _request: Request, number: int) -> Reply:
        """What else there is of a ticket."""
        found = self.alive(number)
        if found is None:
            return rules.NO_RECORD
        source = found.row["via"]["source"]["from"].get("ticket_id")
        issues = [one["issue_id"] for one in self.books.jira_links.values() if one["ticket_id"] == str(number)]
        body = {
            "from_archive": found.archived,
            "followup_source_ids": [source] if found.row["via"]["source"]["rel"] == "follow_up" else [],
            "incidents": len(self.books.incidents(number)),
            "jira_issue_ids": issues,
            "topic_id": None,
        }
        return Reply(200, body)

    def get_incidents(self, request: Request, number: int) -> Reply:
        """The incidents of a problem."""
        if self.alive(number) is None:
            return rules.NO_RECORD
        page, beside, refusal = paged(request, self.books.incidents(number), lambda one: [one.number])
        return refusal or Reply(200, {**self.shapes.tickets(request, page), **beside})

    def get_deleted(self, request: Request) -> Reply:
        """Tickets that were deleted and can be restored."""
        gone = [one.deleted for one in self.books.tickets.values() if one.deleted and not one.purged]
        page, beside, refusal = paged(request, gone, lambda row: [row["id"]])
        return refusal or Reply(200, {"deleted_tickets": page, **beside})

    # --- writes ---

    def put_ticket(self, request: Request, number: int) -> Reply:
        """One ticket: status, comment, fields, tags in one call."""
        found = self.alive(number)
        if found is None:
            return rules.NO_RECORD
        asked, refusal = rules.body(request, "ticket")
        if refusal is not None or not isinstance(asked, dict):
            return refusal or rules.bad_attribute("ticket", "must be an object")
        came = self.box.updates.write(found, asked, self.box.user)
        if isinstance(came, Reply):
            return came
        unknown = [f"ticket.{key}" for key in asked if key not in PLAIN | OTHER]
        answer = Reply(200, {"ticket": self.shapes.ticket(found), "audit": came})
        if self.box.after_put is not None:
            self.books.change(found, SYSTEM, self.books.status_row(self.box.after_put), way=via("rule", "trigger"))
        return rules.warned(answer, "tickets", PLAIN | OTHER, unknown)

    def put_many(self, request: Request) -> Reply:
        """Many tickets by a job: the same change to all (``ids``), or one for each."""
        bulk = bool(request.arg("ids"))
        rows, refusal = self._many(request) if bulk else self._batch(request)
        if refusal is not None:
            return refusal
        known = PLAIN | OTHER | {"id"} | (BULK if bulk else frozenset())
        unknown = sorted({f"ticket.{key}" for row in rows for key in row if key not in known})
        return rules.warned(self.box.jobs.queue(rows, self.box.user, bulk=bulk), "tickets", known, unknown)

    @staticmethod
    def _many(request: Request) -> tuple[list[dict[str, Any]], Reply | None]:
        """One change for the tickets that the query names."""
        ids, refusal = rules.ids(request)
        asked, wrong = rules.body(request, "ticket")
        if wrong is None and not isinstance(asked, dict):
            wrong = rules.bad_attribute("ticket", "must be an object")
        if refusal or wrong:
            return [], refusal or wrong
        return [{**asked, "id": number} for number in rules.numbers(ids)], None

    @staticmethod
    def _batch(request: Request) -> tuple[list[dict[str, Any]], Reply | None]:
        """A change for each ticket; safe ones need both keys."""
        rows, wrong = rules.body(request, "tickets")
        if wrong is not None:
            return [], wrong
        if not isinstance(rows, list) or not all(isinstance(one, dict) and "id" in one for one in rows):
            return [], rules.bad_attribute("tickets", "must be an array of objects with an id")
        if len(rows) > rules.MOST:
            return [], rules.too_many()
        if any(("safe_update" in row) != ("updated_stamp" in row) for row in rows):
            return [], rules.bad_attribute("updated_stamp", "and safe_update are needed together")
        return rows, None

    def put_restore(self, _request: Request, number: int) -> Reply:
        """Bring a deleted ticket back."""
        found = self.books.tickets.get(number)
        if found is None or not found.deleted or found.purged:
            return rules.NO_RECORD
        self.books.restore(found, self.box.user)
        return Reply(200, {})

    # --- tags ---

    def get_tags(self, _request: Request, number: int) -> Reply:
        """A ticket's tags."""
        found = self.alive(number)
        return Reply(200, {"tags": found.row["tags"]}) if found else rules.NO_RECORD

    def put_tags(self, request: Request, number: int) -> Reply:
        """Add tags."""
        return self._tagged(request, number, lambda before, given: [*before, *given], 200)

    def post_tags(self, request: Request, number: int) -> Reply:
        """Set all tags."""
        return self._tagged(request, number, lambda _, given: list(given), 201)

    def delete_tags(self, request: Request, number: int) -> Reply:
        """Take tags away."""
        status = self.box.delete_tags_status
        return self._tagged(request, number, lambda before, given: [one for one in before if one not in given], status)

    def _tagged(
        self, request: Request, number: int, change: Callable[[list[str], list[str]], Iterable[str]], status: int
    ) -> Reply:
        found = self.alive(number)
        if found is None:
            return rules.NO_RECORD
        given, refusal = rules.body(request, "tags")
        if refusal is not None or not isinstance(given, list):
            return refusal or rules.bad_attribute("tags", "must be an array")
        if found.status == "closed":
            return rules.CLOSED
        refusal = rules.stale(request.json(), found.row["updated_at"])
        if refusal is not None:
            return refusal
        wanted = Wanted()
        set_tags(self.books, found, list(change(found.row["tags"], [str(one).lower() for one in given])), wanted)
        self.books.change(found, self.box.user, wanted.row, values=wanted.values)
        return Reply(status, b"" if status == 204 else {"tags": found.row["tags"]})

    # --- shared ---

    def alive(self, number: int) -> Ticket | None:
        """A ticket that wasn't deleted."""
        found = self.books.tickets.get(number)
        return None if found is None or found.deleted else found

    def _talk(self, request: Request, number: int, name: str, rows: Callable[[Ticket], list[dict[str, Any]]]) -> Reply:
        found = self.alive(number)
        if found is None:
            return rules.NO_RECORD
        order = request.arg("sort") or ("-" if request.arg("sort_order") == "desc" else "")
        page, beside, refusal = paged(
            request,
            rows(found),
            lambda one: [one["created_at"], one["id"]],
            backwards=name == "comments" and order.startswith("-"),
        )
        return refusal or Reply(200, {name: page, **beside})
