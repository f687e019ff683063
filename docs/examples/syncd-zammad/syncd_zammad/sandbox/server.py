"""A stand-in for one Zammad: the real wire format of its REST API, as far as syncd asks for it.

Served: our own user, states, the search by conditions on ``ticket.updated_at``, single tickets, their articles and
links, updates with an article. Not served, because nothing here calls it: the plain list, searches by words, making,
merging and deleting through the API, tags, users, groups.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from syncd.testing import Reply, Request, Sandbox
from syncd_zammad.sandbox.books import ME, NAMES, PENDING, STATES, Books, Ticket
from syncd_zammad.sandbox.people import People

Handler = Callable[..., Reply]
OPERATOR = "after (absolute)"
LIMIT = 200


def error(status: int, text: str) -> Reply:
    """An error as Zammad tells it."""
    return Reply(status, {"error": text, "error_human": text})


class ZammadSandbox(Sandbox):
    """The stand-in. ``token`` is the access token that is accepted.

    Switches: ``inclusive`` (a search "after" takes its own moment), ``maintenance``, ``states`` (those that are
    active), ``late`` (ids whose last change isn't committed yet).
    """

    examples = (("make_ticket", {"title": "The hub is slow"}),)

    def __init__(self, port: int = 0, token: str = "sandbox-token") -> None:  # noqa: S107  # a stand-in's
        super().__init__(port)
        self.token, self.about = token, f"its token is {token}"
        self.books = Books(self.now)
        self.people: People = People(self.books)
        self.states = [name for name in STATES if name != "removed"]
        self.inclusive = True
        self.maintenance = False
        self.late: set[int] = set()

    def routes(self) -> list[tuple[str, str, Handler]]:
        """See :class:`Sandbox`."""
        return [
            ("GET", "/api/v1/users/me", self.get_me),
            ("GET", "/api/v1/ticket_states", self.get_states),
            ("POST", "/api/v1/tickets/search", self.search),
            ("GET", "/api/v1/tickets/<int:number>", self.get_ticket),
            ("PUT", "/api/v1/tickets/<int:number>", self.put_ticket),
            ("GET", "/api/v1/ticket_articles/by_ticket/<int:number>", self.get_articles),
            ("GET", "/api/v1/links", self.get_links),
        ]

    def not_found(self, request: Request) -> Reply:
        """See :class:`Sandbox`."""
        return error(404, f"No route matches [{request.method}] {request.path}")

    def before(self, request: Request) -> Reply | None:
        """The token first; under maintenance only administrators are let in."""
        if request.header("authorization") != f"Token token={self.token}":
            return error(401, "Can't find User for Token")
        if self.maintenance:
            return error(403, "Maintenance mode enabled!")
        if request.body and "application/json" not in request.header("content-type"):
            return error(422, "the body is not JSON")
        return None

    # --- reads ---

    def get_me(self, _request: Request) -> Reply:
        """The token's user."""
        return Reply(200, {"id": ME, "login": NAMES[ME], "active": True, "role_ids": [2], "group_ids": {"1": ["full"]}})

    def get_states(self, _request: Request) -> Reply:
        """All states."""
        rows = [{"id": at, "name": name, "active": name in self.states} for at, name in enumerate(STATES, 1)]
        return Reply(200, rows)

    def search(self, request: Request) -> Reply:
        """Tickets that changed after some time, in the order that is asked for."""
        condition = request.json()["condition"]
        (wanted,) = condition.values()
        known = list(condition) == ["ticket.updated_at"] and wanted["operator"] == OPERATOR
        if not known or request.arg("expand") != "true":
            return error(422, "Invalid condition")
        since = wanted["value"]
        found = [one for number, one in self.books.tickets.items() if not one.hidden and number not in self.late]
        found = [one for one in found if one.row["updated_at"] > since or self._includes(one, since)]
        found.sort(key=lambda one: one.row[request.arg("sort_by", "updated_at")])
        if request.arg("order_by", "desc") == "desc":
            found.reverse()
        size = min(int(request.arg("per_page", "50")), LIMIT)
        begin = (int(request.arg("page", "1")) - 1) * size
        return Reply(200, [expanded(one) for one in found[begin : begin + size]])

    def get_ticket(self, _request: Request, number: int) -> Reply:
        """One ticket."""
        found = self._ticket(number)
        return found if isinstance(found, Reply) else Reply(200, expanded(found))

    def get_articles(self, _request: Request, number: int) -> Reply:
        """What was said on a ticket."""
        found = self._ticket(number)
        return found if isinstance(found, Reply) else Reply(200, found.articles)

    def get_links(self, request: Request) -> Reply:
        """A ticket's links to others."""
        found = self._ticket(int(request.arg("link_object_value")))
        if isinstance(found, Reply):
            return found
        links = [{"link_type": "parent", "link_object": "Ticket", "link_object_value": one} for one in found.parents]
        return Reply(200, {"links": links, "assets": {}})

    # --- writes ---

    def put_ticket(self, request: Request, number: int) -> Reply:
        """A partial update, with an article or without: all of it or nothing."""
        found, sent = self._ticket(number), request.json()
        if isinstance(found, Reply):
            return found
        state, article = sent.get("state"), sent.get("article")
        if state is not None and state not in STATES:
            return error(422, f"No lookup value found for 'state': {json.dumps(state)}")
        if state in PENDING and not sent.get("pending_time"):
            return error(422, "Missing required value for field 'pending_time'!")
        if article is not None and not article.get("body"):
            return error(422, "Need at least an 'article body' field.")
        if state is not None:
            found.status_writes += 1
            self.books.move(found, state, ME)
        self.books.set(found, sent, ME)
        if article is not None:
            self._add(found, article)
        return Reply(200, expanded(found))

    def _add(self, ticket: Ticket, article: dict[str, Any]) -> None:
        internal, sender = bool(article.get("internal", False)), article.get("sender", "Agent")
        kind = article.get("type", "note")
        self.books.say(ticket, article["body"], sender=sender, by=ME, internal=internal, kind=kind)

    # --- helpers ---

    def _ticket(self, number: int) -> Ticket | Reply:
        found = self.books.tickets.get(number)
        if found is None:
            return error(404, f"Couldn't find Ticket with 'id'={number}")
        return error(403, "Not authorized") if found.hidden else found

    def _includes(self, ticket: Ticket, since: str) -> bool:
        return self.inclusive and bool(ticket.row["updated_at"] == since)


def expanded(ticket: Ticket) -> dict[str, Any]:
    """A row with names beside the ids."""
    row = ticket.row
    names = {
        "state": ticket.state,
        "group": "Users",
        "priority": "2 normal",
        "owner": "-",
        "customer": "david@example.net",
    }
    by = {"created_by": NAMES[row["created_by_id"]], "updated_by": NAMES[row["updated_by_id"]]}
    return {**row, **names, **by, "article_ids": [one["id"] for one in reversed(ticket.articles)]}
