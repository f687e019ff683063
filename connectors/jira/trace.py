"""How what we wrote is found again: our comments on an issue, our issues in a project, by their markers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.jira import items, search
from connectors.jira.api import JiraApi, part
from connectors.jira.authors import Authors
from connectors.jira.reads import BATCH, every
from connectors.jira.writes import word
from syncd import marker as markers
from syncd.errors import Refused
from syncd.model import Ref

NEWEST = "-created"


class Trace:
    """Looks for what our own account left on one site; what others wrote doesn't count."""

    def __init__(self, api: JiraApi, authors: Authors) -> None:
        self.api, self.authors = api, authors

    def comment(self, marker: str, where: Ref) -> str | None:
        """The id of our comment with this marker, from a full listing, newest first."""
        with self.api.legal(f"reading the comments of {where.human}"):
            found = (items.digits(one, "id") for one in self._ours(where) if marker in str(one.get("body")))
            return next(found, None)

    def marks(self, where: Ref) -> dict[str, Sequence[str]]:
        """Every marker in our comments on an issue -> their ids."""
        found: dict[str, list[str]] = {}
        with self.api.legal(f"reading the comments of {where.human}"):
            for one in self._ours(where):
                for mark in dict.fromkeys(hit[0] for hit in markers.PATTERN.finditer(str(one.get("body")))):
                    found.setdefault(mark, []).append(items.digits(one, "id"))
        return {mark: tuple(ids) for mark, ids in found.items()}

    def issue(self, marker: str, project: str) -> str | None:
        """The key of our issue with this marker; by a search, which shows a new issue late."""
        doing, label = f"looking for an issue of ours in {project}", word(marker)
        # In no project: somebody may have moved it meanwhile.
        jql = f'labels = "{label}" OR description ~ "\\"{label}\\"" ORDER BY created ASC'
        with self.api.legal(doing):
            for row in search.every(self.api, jql, ["creator", "labels", "description"], doing):
                fields = items.fields_of(row)
                marked = label in items.listed(fields, "labels") or marker in str(fields.get("description"))
                if marked and self.authors.is_self(fields.get("creator")):
                    return items.key(row)
        self.api.vouch()  # nobody finds nothing, too
        return None

    def newest(self, where: Ref) -> Sequence[items.Row]:
        """The newest hundred comments of an issue, newest first; one call."""
        params: dict[str, str | int] = {"maxResults": BATCH, "orderBy": NEWEST}
        doing = f"reading the comments of {where.human}"
        return self.api.rows("GET", self._path(where), doing, "comments", params=params)

    def _ours(self, where: Ref) -> Iterator[items.Row]:
        """Every comment of ours on an issue."""
        doing = f"reading the comments of {where.human}"
        for one in every(self.api, self._path(where), "comments", doing, orderBy=NEWEST):
            if self.authors.is_self(one.get("author")):
                yield one

    def _path(self, where: Ref) -> str:
        if not (where.id.isascii() and where.id.isdecimal()):
            raise Refused(self.api.name, f"{where.id[:40]!r} is not the id of an issue")
        return f"issue/{part(where.id)}/comment"
