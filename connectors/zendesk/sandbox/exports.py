"""The incremental export by cursor (Zendesk API reference, Incremental Exports): the feed of the stand-in.

Rows are ordered by ``generated_timestamp`` and id; those of the latest minute are withheld; each is the ticket as it
stands now. The cursor has the form of recorded ones: base64 of ``SECONDS.0||ID|``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.zendesk.sandbox import rules
from connectors.zendesk.sandbox.books import Books, Ticket
from connectors.zendesk.sandbox.paging import address
from syncd.testing import Reply, Request

MOST = 1000
Show = Callable[[Request, list[Ticket]], dict[str, Any]]
Mark = tuple[int, int]


@dataclass(slots=True)
class Exports:
    """The export.

    Switches: ``withheld`` (seconds), ``null_cursors`` (whether ``after_cursor`` is null on a page without rows:
    ``first`` = where no cursor was sent, ``always``, ``never``), ``cursors_live`` (seconds after which one is refused;
    whether there is such a time isn't documented).
    """

    books: Books
    show: Show
    withheld: int = 60
    null_cursors: str = "first"
    cursors_live: int | None = None

    def get(self, request: Request) -> Reply:
        """``GET /incremental/tickets/cursor``."""
        mark, refusal = self._mark(request)
        size = request.arg("per_page", str(MOST))
        if refusal is None and not (size.isdecimal() and int(size)):
            refusal = rules.bad_attribute("per_page")
        if refusal is None and "last_audits" in request.arg("include").split(","):
            refusal = rules.bad_attribute("include", "does not take last_audits")
        if refusal is not None:
            return refusal
        rows = [one for one in self._visible(request) if _mark(one) > mark]
        page, more = rows[: min(int(size), MOST)], len(rows) > int(size)
        cursor = _text(_mark(page[-1])) if page else self._kept(request, mark)
        body = self.show(request, page)
        for row, one in zip(body["tickets"], page, strict=True):
            row["generated_timestamp"] = one.generated
        onward = None if cursor is None else self._onward(request, cursor)
        return Reply(
            200,
            {
                **body,
                "after_url": onward,
                "before_url": None,
                "after_cursor": cursor,
                "before_cursor": None,
                "end_of_stream": not more,
            },
        )

    def _mark(self, request: Request) -> tuple[Mark, Reply | None]:
        """After what the page begins."""
        cursor, start = request.arg("cursor"), request.arg("start_time")
        if bool(cursor) == bool(start):
            return (0, 0), rules.bad_attribute("start_time", "is needed, or a cursor, and not both")
        if cursor:
            found = _parsed(cursor)
            if found and self.cursors_live is not None and found[0] < self._now() - self.cursors_live:
                found = None
            return found or (0, 0), None if found else rules.bad_attribute("cursor", "is not valid")
        if not start.isdecimal():
            return (0, 0), rules.bad_attribute("start_time")
        if int(start) > self._now() - 60:
            said = "Too recent start_time. Use a start_time older than 60 seconds"
            return (0, 0), Reply(400, {"error": "StartTimeTooRecent", "description": said})
        return (int(start), 0), None

    def _visible(self, request: Request) -> list[Ticket]:
        latest = self._now() - self.withheld
        whose = request.arg("support_type_scope", "agent")
        deleted_too = request.arg("exclude_deleted") != "true"
        found = [
            one
            for one in self.books.tickets.values()
            if one.generated <= latest
            and (deleted_too or not one.deleted)
            and (whose == "all" or one.ai_agent == (whose == "ai_agent"))
        ]
        return sorted(found, key=_mark)

    def _kept(self, request: Request, mark: Mark) -> str | None:
        """The cursor of a page without rows."""
        if self.null_cursors == "always":
            return None
        sent = request.arg("cursor")
        return sent or (None if self.null_cursors == "first" else _text(mark))

    def _onward(self, request: Request, cursor: str) -> str:
        kept = {key: value for key, value in request.query if key not in {"start_time", "cursor"}}
        return address(request, cursor=cursor, **kept)

    def _now(self) -> int:
        return int(self.books.now().timestamp())


def _mark(ticket: Ticket) -> Mark:
    return ticket.generated, ticket.number


def _text(mark: Mark) -> str:
    return base64.b64encode(f"{mark[0]}.0||{mark[1]}|".encode()).decode()


def _parsed(cursor: str) -> Mark | None:
    try:
        found = re.fullmatch(rb"(\d+)\.0\|\|(\d+)\|", base64.b64decode(cursor.encode(), validate=True))
    except (binascii.Error, UnicodeEncodeError):
        return None
    return (int(found[1]), int(found[2])) if found else None
