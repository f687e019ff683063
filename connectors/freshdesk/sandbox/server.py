"""A stand-in for one Freshdesk account: the real wire format of API v2, as far as syncd asks for it.

Served: our own agent, ticket fields, the ticket lists, single and archived tickets, conversations, notes, replies,
edited notes, status and other updates, single contacts and companies, the account's time entries. Not served, because
nothing here calls it: search, jobs and bulk updates, making and merging of tickets through the API, lists of contacts
and companies. Where Freshdesk's documentation leaves something open, a switch chooses; people act through ``people``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from connectors.freshdesk.sandbox import rules
from connectors.freshdesk.sandbox.books import ME, NOTE, REPLY, STATUSES, Books, Ticket
from connectors.freshdesk.sandbox.limits import Limits
from connectors.freshdesk.sandbox.people import People
from syncd.clock import moment, stamp
from syncd.testing import Reply, Request, Sandbox

Handler = Callable[..., Reply]
EMBEDDED = 10


class FreshdeskSandbox(Sandbox):
    """The stand-in. ``key`` is the agent's API key that is accepted.

    Switches: ``inclusive`` (``updated_since`` takes its own second), ``strict_keys`` (an unknown query key is
    refused), ``archived_answer`` (``404`` or ``redirect``), ``ticket_scope``, ``rights`` (those of the key's agent that
    matter), ``required_for_closure`` (names of fields), ``after_put`` and ``after_reply`` (an automation sets this
    status right after ours, or after a reply), ``statuses``, ``tracks_time`` (whether the plan has that); those of
    ``limits``, ``books`` and ``people``.
    """

    examples = (("make_ticket", {"subject": "The hub is slow"}),)

    def __init__(self, port: int = 0, key: str = "sandbox-key") -> None:
        super().__init__(port)
        self.key, self.about = key, f"its api_key is {key}"
        self.books = Books(self.now)
        self.people: People = People(self.books)
        self.limits = Limits(self.now)
        self.statuses = dict(STATUSES)
        self.inclusive = True
        self.strict_keys = True
        self.archived_answer = "404"
        self.ticket_scope = 1
        self.rights = {"view_contacts", "view_companies"}
        self.tracks_time = True
        self.required_for_closure: set[str] = set()
        self.after_put: int | None = None
        self.after_reply: int | None = None
        self._requests = 0

    def routes(self) -> list[tuple[str, str, Handler]]:
        """See :class:`Sandbox`."""
        return [
            ("GET", "/api/v2/agents/me", self.get_me),
            ("GET", "/api/v2/ticket_fields", self.get_fields),
            ("GET", "/api/v2/tickets", self.get_list),
            ("GET", "/api/v2/tickets/<int:number>", self.get_ticket),
            ("PUT", "/api/v2/tickets/<int:number>", self.put_ticket),
            ("GET", "/api/v2/tickets/archived/<int:number>", self.get_archived),
            ("GET", "/api/v2/tickets/<int:number>/conversations", self.get_conversations),
            ("POST", "/api/v2/tickets/<int:number>/notes", self.post_note),
            ("POST", "/api/v2/tickets/<int:number>/reply", self.post_reply),
            ("PUT", "/api/v2/conversations/<int:number>", self.put_conversation),
            ("GET", "/api/v2/contacts", self.get_contacts),
            ("GET", "/api/v2/contacts/<int:number>", self.get_contact),
            ("GET", "/api/v2/companies/<int:number>", self.get_company),
            ("GET", "/api/v2/time_entries", self.get_time_entries),
            ("GET", "/login", self.get_login),
        ]

    # --- before and after every call ---

    def before(self, request: Request) -> Reply | None:
        """Limits count every call, then the form of the request and the key are looked at."""
        self.books.tick()
        if "//" in request.path:
            return rules.invalid(("ticket", "Unexpected/invalid field in request", "invalid_field"))
        limited = self.limits.count(request)
        if limited is not None:
            return limited
        sent = request.header("authorization").removeprefix("Basic ")
        user = base64.b64decode(sent.encode()).decode(errors="replace").partition(":")[0] if sent else ""
        if user != self.key:
            said = "You have to be logged in to perform this action."
            return Reply(401, {"code": "invalid_credentials", "message": said})
        return rules.wrong_type(request)

    def after(self, request: Request, reply: Reply) -> Reply:
        """What every answer carries (API docs, Rate limit; recorded)."""
        del request
        self._requests += 1
        headers = {
            "X-Request-Id": f"00000000-0000-0000-0000-{self._requests:012d}",
            "X-Freshdesk-Api-Version": "latest=v2; requested=v2",
            "Cache-Control": "no-store",
            **self.limits.headers(),
            **reply.headers,
        }
        return Reply(reply.status, reply.body, headers)

    # --- reads ---

    def get_me(self, _request: Request) -> Reply:
        """The key's agent."""
        return Reply(200, rules.agent(ME, self.ticket_scope))

    def get_fields(self, request: Request) -> Reply:
        """All ticket fields, or those of one type."""
        fields = rules.fields(self.statuses, self.required_for_closure, self.books.groups)
        wanted = request.arg("type")
        return Reply(200, [one for one in fields if wanted in {"", one["type"]}])

    def get_list(self, request: Request) -> Reply:
        """The lists: plain, or one of the views."""
        wrong = rules.list_problem(request, strict=self.strict_keys)
        if wrong is not None:
            return wrong
        view = request.arg("filter")
        wanted = view if view in {"deleted", "spam"} else ""
        found = [one for one in self.books.tickets.values() if one.listed == wanted]
        since = request.arg("updated_since")
        if since:
            mark = stamp(moment(since))
            found = [one for one in found if one.row["updated_at"] > mark or self._includes(one, mark)]
        else:
            month = stamp(self.now() - timedelta(days=30))
            found = [one for one in found if one.row["created_at"] >= month]
        order = request.arg("order_by", "created_at")
        descending = request.arg("order_type", "desc") == "desc"
        found.sort(key=lambda one: (one.row[order] or "", one.number), reverse=descending)
        include = request.arg("include").split(",")
        return self._paged(request, found, lambda one: self._row(one, include))

    def get_ticket(self, request: Request, number: int) -> Reply:
        """One ticket."""
        found = self.books.tickets.get(number)
        if found is None or found.purged:
            return Reply(404)
        if found.archived:
            path = f"{request.origin}/api/v2/tickets/archived/{number}"
            return Reply(302, b"", {"Location": path}) if self.archived_answer == "redirect" else Reply(404)
        row = self._whole(found)
        include = request.arg("include").split(",")
        if "conversations" in include:
            row["conversations"] = found.talk[:EMBEDDED]
        if "stats" in include:
            row["stats"] = found.stats
        if "requester" in include:
            row["requester"] = self.books.embedded(row["requester_id"])
        return Reply(200, row)

    def get_contact(self, _request: Request, number: int) -> Reply:
        """One contact."""
        return self._kept(self.books.contacts.get(number), "view_contacts")

    def get_contacts(self, request: Request) -> Reply:
        """The contacts of one company."""
        refused = self._kept({"there": True}, "view_contacts")
        if refused.status != 200:  # HTTP
            return refused
        company = int(request.arg("company_id", "0"))
        rows = {key: [one, *one["other_companies"]] for key, one in self.books.contacts.items()}
        found = [
            self.books.contacts[key] for key, named in rows.items() if company in {one["company_id"] for one in named}
        ]
        return rules.page_problem(request) or self._paged(request, found, lambda one: one)

    def get_company(self, _request: Request, number: int) -> Reply:
        """One company."""
        return self._kept(self.books.companies.get(number), "view_companies")

    def _kept(self, found: dict[str, Any] | None, right: str) -> Reply:
        if right not in self.rights:
            return Reply(403, {"code": "access_denied", "message": "You are not authorized to perform this action."})
        return Reply(200, found) if found else Reply(404)

    def get_time_entries(self, request: Request) -> Reply:
        """The account's time entries, the newest first."""
        if not self.tracks_time:
            said = "The Time Tracking feature is not supported in your plan."
            return Reply(403, {"code": "require_feature", "message": said})
        wrong = rules.entries_problem(request)
        if wrong is not None:
            return wrong
        after, before = request.arg("executed_after"), request.arg("executed_before", "9999")
        found = [row for row in self.books.worked if after < row["executed_at"] < before]
        return self._paged(request, found[::-1], self._worked)

    def _worked(self, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "company_id": self.books.tickets[row["ticket_id"]].row["company_id"]}

    def get_archived(self, _request: Request, number: int) -> Reply:
        """One archived ticket."""
        found = self.books.tickets.get(number)
        if found is None or not found.archived or found.purged:
            return Reply(404)
        return Reply(200, {**self._whole(found), "archived": True})

    def get_conversations(self, request: Request, number: int) -> Reply:
        """What was said on a ticket, oldest first."""
        found = self.books.tickets.get(number)
        if found is None or found.listed:
            return Reply(404)
        return rules.page_problem(request) or self._paged(request, found.talk, lambda said: said)

    def get_login(self, _request: Request) -> Reply:
        """The page that a lost session is sent to."""
        return Reply(200, b"<html><title>Login</title></html>", {"Content-Type": "text/html; charset=utf-8"})

    # --- writes ---

    def put_ticket(self, request: Request, number: int) -> Reply:
        """A partial update."""
        found = self.books.tickets.get(number)
        if found is None or found.purged or found.archived:
            return Reply(404)
        if found.listed:
            return Reply(405, b"", {"Allow": "GET"})
        asked, wrong = rules.body(request)
        wrong = wrong or rules.update_problem(asked, found, self.statuses, self.required_for_closure)
        if wrong is not None:
            return wrong
        changed = rules.update(found, asked)
        if "status" in asked:
            found.status_writes += 1
            self.books.move(found, asked["status"])
        if changed:
            self.books.bump(found)
        answer = self._whole(found)
        if self.after_put is not None:
            self.books.move(found, self.after_put)
        # Recorded: these two are absent here.
        return Reply(200, {k: v for k, v in answer.items() if not k.startswith("associat")})

    def post_note(self, request: Request, number: int) -> Reply:
        """A note: private unless said otherwise; not idempotent."""
        found = self.books.tickets.get(number)
        if found is None or found.listed:
            return Reply(404)
        asked, wrong = rules.body(request)
        wrong = wrong or rules.note_problem(asked)
        if wrong is not None:
            return wrong
        private = asked.get("private", True)
        said = self.books.say(found, asked["body"], user=ME, private=private, source=NOTE)
        answer = {key: said[key] for key in rules.NOTE_ANSWER} | {"structured_body": None}
        return Reply(201, answer, {"Location": f"{request.origin}/api/v2/conversations/{said['id']}"})

    def post_reply(self, request: Request, number: int) -> Reply:
        """A public reply, mailed to the requester and to its copies; not idempotent."""
        found = self.books.tickets.get(number)
        if found is None or found.listed:
            return Reply(404)
        asked, wrong = rules.body(request)
        wrong = wrong or rules.reply_problem(asked)
        if wrong is not None:
            return wrong
        copies = list(asked.get("cc_emails", []))
        said = self.books.say(found, asked["body"], user=ME, private=False, source=REPLY, cc_emails=copies)
        if self.after_reply is not None:
            self.books.move(found, self.after_reply)
        to = self.books.embedded(found.row["requester_id"])
        replied = {"replied_to": [to["email"]] if to else []}
        return Reply(201, {key: said[key] for key in rules.REPLY_ANSWER} | replied)

    def put_conversation(self, request: Request, number: int) -> Reply:
        """Another text for a note."""
        both = ((one, said) for one in self.books.tickets.values() for said in one.talk if said["id"] == number)
        ticket, said = next(both, (None, None))
        if ticket is None or said is None or ticket.listed:
            return Reply(404)
        asked, wrong = rules.body(request)
        wrong = wrong or rules.edit_problem(asked, said)
        if wrong is not None:
            return wrong
        self.books.edit(ticket, said, asked["body"], ME)
        return Reply(200, {key: said[key] for key in rules.NOTE_ANSWER})

    # --- shapes ---

    def _includes(self, ticket: Ticket, mark: str) -> bool:
        return self.inclusive and ticket.row["updated_at"] == mark

    def _row(self, ticket: Ticket, include: list[str]) -> dict[str, Any]:
        row = dict(ticket.row)
        if ticket.trashed:
            row["deleted"] = True
        if "stats" in include:
            row["stats"] = ticket.stats
        if "description" in include:
            row |= rules.described(ticket)
        return row

    def _whole(self, ticket: Ticket) -> dict[str, Any]:
        return {**self._row(ticket, ["description"]), "attachments": ticket.attachments}

    def _paged(self, request: Request, found: list[Any], show: Callable[[Any], Any]) -> Reply:
        size, page = int(request.arg("per_page", "30")), int(request.arg("page", "1"))
        headers = {}
        if len(found) > page * size:
            query = dict(request.query) | {"page": str(page + 1)}
            headers["Link"] = f'<{request.origin}{request.path}?{urlencode(query)}>; rel="next"'
        return Reply(200, [show(one) for one in found[(page - 1) * size : page * size]], headers)
