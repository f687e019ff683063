"""New tickets through the stand-in's API, follow-ups among them, and the keys that make a repetition harmless.

From Zendesk's API reference (Idempotency): within two hours the same key with the same body gets the first answer
again; with another body it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors.zendesk.sandbox import rules
from connectors.zendesk.sandbox.books import Ticket
from connectors.zendesk.sandbox.defaults import via
from connectors.zendesk.sandbox.updates import PLAIN, STATUSES
from connectors.zendesk.sandbox.wording import said
from syncd.testing import Reply, Request

if TYPE_CHECKING:
    from connectors.zendesk.sandbox.server import ZendeskSandbox

KEPT = timedelta(hours=2)
KNOWN = PLAIN | {"status", "tags", "comment", "custom_fields", "metadata", "via_followup_source_id"}


class Creation:
    """``POST /tickets``."""

    def __init__(self, sandbox: ZendeskSandbox) -> None:
        self.box, self.books = sandbox, sandbox.books
        self._kept: dict[str, tuple[datetime, bytes, Reply]] = {}

    def post(self, request: Request) -> Reply:
        """A new ticket, or the answer to the same request of a while ago."""
        key = request.header("idempotency-key")
        kept = self._kept.get(key)
        if key and kept is not None and kept[0] + KEPT > self.books.now():
            if kept[1] != request.body:
                told = "Request parameters don't match the given idempotency key"
                return Reply(400, {"error": "IdempotentRequestError", "description": told})
            return Reply(kept[2].status, kept[2].body, {**kept[2].headers, "X-Idempotency-Lookup": "hit"})
        reply = self._made(request)
        if not key or reply.status != 201:
            return reply
        # As it stands now: what is answered later must not change with the ticket.
        reply = Reply(201, json.loads(json.dumps(reply.body)), reply.headers)
        self._kept[key] = (self.books.now(), request.body, reply)
        return Reply(201, reply.body, {**reply.headers, "X-Idempotency-Lookup": "miss"})

    def _made(self, request: Request) -> Reply:
        asked, refusal = rules.body(request, "ticket")
        if refusal is not None or not isinstance(asked, dict):
            return refusal or rules.bad_attribute("ticket", "must be an object")
        given = asked.get("comment")
        if not isinstance(given, dict) or not (given.get("body") or given.get("html_body")):
            return rules.wrong("base", "Description: cannot be blank")
        if asked.get("status", "new") not in STATUSES:
            return rules.wrong("status", f"Status: {asked['status']} is not included in the list")
        source = self.books.tickets.get(asked.get("via_followup_source_id") or 0)
        if "via_followup_source_id" in asked and (source is None or source.status != "closed"):
            return rules.wrong("base", "Follow-up source: is not a closed ticket")
        made = self._ticket(asked, given, source)
        unknown = [f"ticket.{key}" for key in asked if key not in KNOWN]
        headers = {"Location": f"{request.origin}/api/v2/tickets/{made.number}.json"}
        answer = Reply(201, {"ticket": self.box.shapes.ticket(made), "audit": made.audits[0]}, headers)
        return rules.warned(answer, "tickets", KNOWN, unknown)

    def _ticket(self, asked: Mapping[str, Any], given: Mapping[str, Any], source: Ticket | None) -> Ticket:
        row = {key: asked[key] for key in PLAIN & asked.keys()}
        row.setdefault("requester_id", self.box.user)
        status = asked.get("status") or ("open" if row.get("assignee_id") else "new")
        row |= {"raw_subject": row.get("subject", ""), "submitter_id": self.box.user, "via": via("api")}
        row |= {"tags": list(asked.get("tags", ())), **self.books.status_row(status)}
        if source is not None:
            row["via"] = via("api", "follow_up", ticket_id=source.number, subject=source.row["subject"])
            row["tags"] = row["tags"] if "tags" in asked else list(source.row["tags"])
        public = bool(given.get("public", True))
        made = self.books.make(said(given, given.get("author_id", self.box.user), public=public), **row)
        made.values = {one["id"]: one["value"] for one in asked.get("custom_fields", ())}
        if source is not None:
            source.row["followup_ids"] = [*source.row["followup_ids"], made.number]
            self.books.touch(source)
        return made
