"""Where a Jira issue leads: its remote links, read one issue at a time because nothing reads them in bulk."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.jira import items
from connectors.jira.api import JiraApi
from syncd.clock import Clock
from syncd.errors import Gone, Refused

REMEMBERED = 900.0
"""Seconds that an issue's remote links stand: they change without a change of the issue (Issue remote links)."""
MOST = 20_000


class RemoteLinks:
    """Remote links of the issues of one account, and which issues wait to have theirs read.

    Args:
        api: the account.
        clock: for how long they stand.
        wanted: whether they are read at all.
    """

    def __init__(self, api: JiraApi, clock: Clock, *, wanted: bool) -> None:
        self.api, self.clock, self.wanted = api, clock, wanted
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._due: set[str] = set()

    def without(self, row: items.Row) -> tuple[str, ...] | None:
        """For an issue that a feed or a bulk read shows: None where there may be links that it doesn't show.

        Of a finished issue nobody wants to know.
        """
        if not self.wanted or items.status(items.fields_of(row)).kind == "done":
            return ()
        issue = items.digits(row, "id")
        if len(self._due) < MOST:
            self._due.add(issue)
        return None

    def of_many(self, row: items.Row) -> tuple[str, ...] | None:
        """In a bulk read: only of an issue that the feed has told of since they were read last."""
        return self.of(row) if items.digits(row, "id") in self._due else ()

    def of(self, row: items.Row) -> tuple[str, ...]:
        """The addresses that an issue's remote links hold; a call, unless they were just read.

        Raises:
            ConnectorError: they could not be read.
        """
        if not self.wanted:
            return ()
        issue, now = items.digits(row, "id"), self.clock.monotonic()
        when, known = self._known.get(issue, (float("-inf"), ()))
        if now - when <= REMEMBERED:
            self._due.discard(issue)
            return known
        found = tuple(self._read(issue, items.key(row)))
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[issue] = now, found
        self._due.discard(issue)
        return found

    def _read(self, issue: str, key: str) -> Iterator[str]:
        """Issue remote links: a list of all of them, without pages."""
        try:
            rows = self.api.rows("GET", f"issue/{issue}/remotelink", f"reading the remote links of {key}")
        except (Refused, Gone):
            return  # linking is switched off, or isn't for us
        for row in rows:
            there = row.get("object")
            url = there.get("url") if isinstance(there, dict) else None
            if isinstance(url, str) and url.startswith(("https://", "http://")):
                yield url
