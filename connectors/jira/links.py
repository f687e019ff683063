"""Where a Jira issue leads: its remote links, read and written one at a time because nothing takes many.

Ours are known by their ``globalId`` (Jira platform REST API, Issue remote links): a second one with the same takes the
place of the first, so that one whose answer was lost is written again without harm.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.jira import items
from connectors.jira.api import JiraApi, part
from syncd.actions import Pointer
from syncd.errors import Gone, Refused
from syncd.model import Ref

OURS = "syncd="
"""How the ``globalId`` of a link begins that we made: it says nothing that isn't known."""
_APPLICATION = {"type": "syncd", "name": "syncd"}


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
            if str(row.get("globalId")).startswith(OURS):
                continue
            there = row.get("object")
            url = there.get("url") if isinstance(there, dict) else None
            if isinstance(url, str) and url.startswith(("https://", "http://")):
                yield url


def put(api: JiraApi, issue: Ref, one: Pointer) -> None:
    """A link of ours, new or in the place of the one with its id; one call.

    Raises:
        ConnectorError: it was not written; ``Refused`` where linking is switched off, or isn't for us.
    """
    there = {"url": one.url, "title": one.title}
    body = {"globalId": f"{OURS}{one.id}", "application": _APPLICATION, "object": there}
    doing = f"linking {issue.human} to {one.title}"
    try:
        api.call("POST", f"issue/{part(issue.id)}/remotelink", doing, body=body)
    except Gone as error:
        raise Refused(api.name, error.what) from None


def drop(api: JiraApi, issue: Ref, id_: str) -> None:
    """A link of ours taken away, if it is there; one call."""
    asked = {"globalId": f"{OURS}{id_}"}
    doing = f"taking a link away from {issue.human}"
    api.call("DELETE", f"issue/{part(issue.id)}/remotelink", doing, params=asked, accept={404})
