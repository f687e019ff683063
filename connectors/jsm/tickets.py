"""A request as Jira Service Management shows it, made into an item: who said what to whom, and whether anybody waits.

A request is an issue of Jira's platform; what is its own is that customers read along: a comment is public, and mailed,
unless it is internal (Jira platform REST API, Get comments: ``jsdPublic``; on Data Center the property
``sd.public.comment``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.jira import items
from connectors.jira.api import JiraApi
from connectors.jira.authors import CUSTOMER, ROBOT, Authors, part_of
from connectors.jira.items import Reading, Row
from connectors.jira.links import RemoteLinks
from connectors.jira.markup import to_markdown
from connectors.jira.reads import every
from connectors.jsm.fields import Fields
from connectors.jsm.files import Files
from syncd.errors import Gone, Refused
from syncd.model import Author, Item, Place, Text

LISTED = ("*all", "-comment", "-description", "-attachment", "-worklog")
"""What is asked of every request in the feed: all that is short, custom fields too (Search for issues, ``fields``)."""
READ = ("*all", "-worklog")
"""What is asked in a fresh read."""

_PROPERTY = "sd.public.comment"


@dataclass(frozen=True, slots=True)
class Said:
    """A conversation: its texts, the description first, and whether the newest public one is a customer's.

    ``answered_at``: when somebody of the team first wrote publicly, and no automation.
    """

    texts: tuple[Text, ...]
    waiting: bool
    answered_at: datetime | None = None


class Tickets:
    """Reads requests of one site.

    Args:
        api: the account.
        authors: whose texts are whose.
        links: remote links, which only an exploring read shows.
        web: where people open the site.
        fields: the custom fields.
    """

    def __init__(
        self,
        api: JiraApi,
        authors: Authors,
        links: RemoteLinks,
        web: str,
        fields: Fields,
    ) -> None:
        self.api, self.authors, self.links, self.fields = api, authors, links, fields
        self.reading = Reading(api.name, authors, web, bodies=False)

    def listed(self, row: Row) -> Item:
        """As the feed shows it: without a text.

        Raises:
            ValueError: it isn't the record of an issue.
        """
        return replace(self._item(row, None), texts=None)

    def read(self, row: Row) -> Item:
        """As a fresh read shows it; its comments are asked for where they didn't all come along."""
        return self.spoken(row)[0]

    def spoken(self, row: Row) -> tuple[Item, Said]:
        """The same, and what was said.

        Raises:
            ValueError: it isn't the record of an issue.
            ConnectorError: its comments could not be read.
        """
        return self._spoken(row, self._item(row, None))

    def explored(self, row: Row) -> Item:
        """The same with its remote links."""
        return self._spoken(row, self._item(row, self.links.of(row)))[0]

    def said(self, fields: Row, rows: Iterable[Row]) -> Said:
        """What was said on a request, by the records of its comments.

        Raises:
            ValueError: one isn't the record of a comment.
        """
        askers = [fields.get("reporter"), *self.fields.participants(fields)]
        ordered = sorted(rows, key=lambda row: (items.needed(row, "created"), int(items.digits(row, "id"))))
        texts: list[Text] = []
        waiting, answered_at = False, None
        files = Files(fields, [row.get("body") for row in ordered])
        for row, sent in zip(ordered, files.with_comments, strict=True):
            author = self._author(row, askers)
            internal = is_internal(row)
            place = Place.NOTE if internal else Place.COMMENT
            written = items.needed(row, "created")
            robot = author is not Author.SELF and part_of(row.get("author"), "accountType") == ROBOT
            said, key = to_markdown(row.get("body")), items.digits(row, "id")
            texts.append(Text(said, author, place, key, written, sent, automatic=robot))
            if not internal and not robot:
                # An acknowledgement by automation is no answer.
                waiting = author is Author.OUTSIDE
                answered_at = answered_at or (written if author is Author.TEAM else None)
        # Whoever made the request, what it asks for is the customer's.
        asked, begun = to_markdown(fields.get("description")), items.moment(fields, "created")
        body = Text(asked, Author.OUTSIDE, Place.BODY, "", begun, files.with_description)
        return Said((body, *texts), waiting, answered_at)

    def _item(self, row: Row, addresses: Sequence[str] | None) -> Item:
        log = row.get("changelog")
        mover = items.mover(items.listed(log, "histories")) if isinstance(log, dict) else None
        found = self.reading.item(row, addresses=addresses, mover=mover)
        fields = items.fields_of(row)
        # What tells of an issue whether it is done tells nothing of a customer's request.
        return replace(
            found,
            fields=self.fields.told(fields),
            assignees=_assignees(fields),
            closed_outside=False,
            duplicate_of=None,
            released=None,
        )

    def _spoken(self, row: Row, item: Item) -> tuple[Item, Said]:
        fields = items.fields_of(row)
        said = self.said(fields, self._comments(row, fields))
        return replace(item, texts=said.texts, waiting=said.waiting), said

    def _comments(self, row: Row, fields: Row) -> list[Row]:
        """All comments; a call where the answer holds only some, or doesn't tell who reads them."""
        page = fields.get("comment")
        page = page if isinstance(page, dict) else {}
        rows: list[Row] = [one for one in items.listed(page, "comments") if isinstance(one, dict)]
        if page.get("total") == len(rows) and all(isinstance(one.get("jsdPublic"), bool) for one in rows):
            return rows
        path, doing = f"issue/{items.digits(row, 'id')}/comment", f"reading the comments of {items.key(row)}"
        rows = list(every(self.api, path, "comments", doing, expand="properties"))
        # Data Center may leave the property out where a comment is public.
        return rows if not self.api.cloud or all(map(_tells, rows)) else self._as_desk_says(row, rows)

    def _as_desk_says(self, row: Row, rows: Sequence[Row]) -> list[Row]:
        """Comments with what the service desk's own list says of who reads them (JSM Cloud REST API, Get comments)."""
        path, public, more = f"/rest/servicedeskapi/request/{items.digits(row, 'id')}/comment", dict[str, Any](), True
        doing = f"reading who sees the comments of {items.key(row)}"
        while more:
            try:
                page = self.api.record("GET", path, doing, params={"start": len(public), "limit": 50})
            except (Gone, Refused):
                break  # nobody asked for it on the portal
            before = len(public)
            public |= {items.digits(one, "id"): one.get("public") for one in items.listed(page, "values")}
            more = page.get("isLastPage") is False and len(public) > before
        return [{**one, "jsdPublic": public.get(items.digits(one, "id"), one.get("jsdPublic"))} for one in rows]

    def _author(self, row: Row, askers: Sequence[object]) -> Author:
        """Whose a comment is. In public, whoever asked is a customer.

        An internal one is the team's, unless a customer's account made it: the mail of one who doesn't take part.
        """
        who = row.get("author")
        if self.authors.is_self(who):
            return Author.SELF
        if is_internal(row):
            return Author.OUTSIDE if not who or self.authors.is_customer(who, unknown=False) else Author.TEAM
        if any(_same(who, one) for one in askers):
            return Author.OUTSIDE
        # On Cloud the portal's own customers show by their accountId, so that whoever else wrote is an agent.
        return self.authors.author(who, unknown=not self.api.cloud)


def _assignees(fields: Row) -> tuple[str, ...] | None:
    """The agent who has it, by account id, on Data Center by name; None where the record doesn't tell."""
    if "assignee" not in fields:
        return None
    who = fields["assignee"]
    if part_of(who, "accountType") == CUSTOMER:
        return ()
    found = part_of(who, "accountId") or part_of(who, "name")
    return (found,) if found else ()


def _tells(row: Row) -> bool:
    """Whether a comment says who reads it; that it has none of the property says it, too."""
    return isinstance(row.get("jsdPublic"), bool) or isinstance(row.get("properties"), list)


def is_internal(row: Row) -> bool:
    """Whether the team alone reads a comment. One that doesn't say so is public."""
    if isinstance(row.get("jsdPublic"), bool):
        return row["jsdPublic"] is False
    for one in items.listed(row, "properties"):
        value = one.get("value") if isinstance(one, dict) and one.get("key") == _PROPERTY else None
        if isinstance(value, dict):
            return value.get("internal") is True or str(value.get("internal")).lower() == "true"
    return False


def _same(who: object, other: object) -> bool:
    return any(part_of(who, name) and part_of(who, name) == part_of(other, name) for name in ("accountId", "name"))
