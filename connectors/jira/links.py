"""Where a Jira issue leads: its remote links, read one issue at a time because nothing reads them in bulk."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.jira import items
from connectors.jira.api import JiraApi
from syncd.errors import Gone, Refused


class RemoteLinks:
    """Remote links of the issues of one account.

    Args:
        api: the account.
        wanted: whether they are read at all.
    """

    def __init__(self, api: JiraApi, *, wanted: bool) -> None:
        self.api, self.wanted = api, wanted

    def of(self, row: items.Row) -> tuple[str, ...]:
        """The addresses that an issue's remote links hold; one call.

        Raises:
            ConnectorError: they could not be read.
            ValueError: it isn't the record of an issue.
        """
        return tuple(self._read(items.digits(row, "id"), items.key(row))) if self.wanted else ()

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
