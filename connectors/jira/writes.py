"""Writing: notes first, then the status, then fields and labels, then remote links; each exactly one request.

Jira answers most writes with nothing, so what came of them is read once at the end, on Cloud of several in one call;
only that tells the version that our own writes gave the issue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from connectors.jira import items
from connectors.jira.account import Account
from connectors.jira.api import JiraApi, part
from connectors.jira.authors import part_of
from connectors.jira.doings import Doing, untried
from connectors.jira.markup import to_wiki
from connectors.jira.mass import Mass
from connectors.jira.offers import Offers
from syncd.actions import Action, Note, Outcome
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.marker import PATTERN
from syncd.model import Ref, Status

SHOWN = "status,resolution,updated"
LOOKED_AT = 25
"""Actions whose outcomes wait for one look at all of their issues."""


class Writer:
    """Writes to the issues of one account. A helpdesk's notes are written in another way: see ``post``.

    Args:
        api: the account.
        account: its fields, and what can be filed.
        offers: what is known of transitions.
    """

    def __init__(self, api: JiraApi, account: Account, offers: Offers) -> None:
        self.api, self.account, self.offers, self.mass = api, account, offers, Mass(api)

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :meth:`syncd.connector.Connector.apply`.

        After a failure that concerns the whole account, or two outages in a row, nothing more is sent; the rest of
        the actions get that error.
        """
        stopped: ConnectorError | None = None
        outages = 0
        doings = [Doing(self, action) for action in actions]
        self._move_together(doings)
        size = LOOKED_AT if self.api.cloud else 1
        for part_of_them in (doings[start : start + size] for start in range(0, len(doings), size)):
            for one in part_of_them:
                one.carry_out(stopped)
                if stopped is not None:
                    continue
                outages = outages + 1 if isinstance(one.worst, Transient) else 0
                if one.worst is not None and (isinstance(one.worst, (Unauthorized, RateLimited)) or outages > 1):
                    stopped = untried(one.worst)
            if stopped is None:
                self._look([one for one in part_of_them if one.wrote])
            yield from (one.outcome for one in part_of_them)

    def _look(self, doings: Sequence[Doing]) -> None:
        """What the issues show now, an automation's further move included.

        A failure of this look is none of the writes': what comes back by the feed is then no echo, but no news either.
        """
        with suppress(ConnectorError):
            if len(doings) == 1:
                doings[0].see(self.shown(doings[0].action.target))
            elif doings:
                doing = f"looking at what was written to {len(doings)} issues"
                body = {"issueIdsOrKeys": [one.action.target.id for one in doings], "fields": SHOWN.split(",")}
                rows = self.api.rows("POST", "issue/bulkfetch", doing, "issues", body=body, write=False)
                now = {str(row.get("id")): row for row in rows}
                for one in doings:
                    one.see(now.get(one.action.target.id, {}), later=True)

    def _move_together(self, doings: Sequence[Doing]) -> None:
        """Where many are to come to one status, in few calls; each has its notes first."""
        groups: dict[tuple[Status, str, Status | None], list[Doing]] = {}
        for one in doings:
            if one.action.status is not None:
                # Jira offers what all of them can do, so those of another status would spoil it.
                alike = (one.action.status, repr(one.action.way), one.action.expect)
                groups.setdefault(alike, []).append(one)
        for (wanted, *_), group in groups.items():
            way = group[0].action.way
            if not self.mass.takes(wanted, way, len(group)):
                continue
            for one in group:
                one.begin()
                if one.worst is not None and not isinstance(one.worst, (Refused, Gone)):
                    return  # the rest is written one by one, and stops where that has to
            refs = [one.action.target for one in group]
            for ref, moved in self.mass.move(refs, wanted, way).items():
                group[refs.index(ref)].moved = moved

    def post(self, target: Ref, note: Note) -> items.Row:
        """POST a comment, once (Add comment); the answer's record."""
        body = {"body": to_wiki(note.body, note.marker)}
        return self.api.record("POST", f"{_path(self.api, target)}/comment", f"commenting on {target.human}", body=body)

    def replace(self, target: Ref, note: Note) -> items.Row:
        """PUT another text into a comment of ours, once (Update comment), which keeps its marker; the answer's record.

        Only the body is sent, so who can read it stays as it is.

        Raises:
            Refused: it isn't ours, or is read by others than the text is for.
        """
        doing = f"changing a comment on {target.human}"
        path = f"{_path(self.api, target)}/comment/{part(note.replaces)}"
        there = self.api.record("GET", path, doing, params={"expand": "properties"})
        who = there.get("author")
        if self.api.me not in (part_of(who, "accountId"), part_of(who, "name")):
            raise Refused(self.api.name, f"{doing}: the comment that was to be changed isn't ours")
        self.prove_readers(there, note, doing)
        found = PATTERN.search(str(there.get("body")))
        body = {"body": to_wiki(note.body, found[0] if found else note.marker)}
        return self.api.record("PUT", path, doing, body=body)

    def prove_readers(self, there: items.Row, note: Note, doing: str) -> None:
        """A tracker's comments are all read by whoever sees the issue."""

    def uncopied(self, note: Note) -> Refused | None:
        """Why a note went without the copies that it was to have; nobody is mailed of an issue."""
        del note
        return None

    def edit(self, action: Action) -> items.Row | None:
        """PUT fields and labels, once (Edit issue): labels are added and taken away, never replaced.

        Returns:
            The issue afterwards, where the site shows it (Cloud).
        """
        doing = f"setting fields of {action.target.human}"
        values = dict(self._value(doing, name, value) for name, value in action.fields.items())
        labels = [{"add": label(one)} for one in action.tags] + [{"remove": label(one)} for one in action.untags]
        body = {"fields": values} | ({"update": {"labels": labels}} if labels else {})
        found = self.api.call(
            "PUT", _path(self.api, action.target), doing, params={"returnIssue": "true"}, body=body
        ).data
        return found if isinstance(found, dict) else None

    def shown(self, target: Ref) -> items.Row:
        """The issue's status and version now; one call."""
        doing = f"looking at what was written to {target.human}"
        return self.api.record("GET", _path(self.api, target), doing, params={"fields": SHOWN})

    def _value(self, doing: str, name: str, value: str | int) -> tuple[str, Any]:
        try:
            return self.account.value(name, value)
        except ValueError:
            raise Refused(self.api.name, f"{doing}: {name[:60]!r} takes a number") from None


def label(text: str) -> str:
    """A label holds no spaces."""
    return "-".join(text.split())


def word(marker: str) -> str:
    """The label that an issue of ours is searched by: no index finds a marker (Issue properties; JQL fields)."""
    return f"syncd-{hashlib.sha256(marker.encode()).hexdigest()[:12]}"


def _path(api: JiraApi, target: Ref) -> str:
    if not (target.id.isascii() and target.id.isdecimal()):
        raise Refused(api.name, f"{target.id[:40]!r} is not the id of an issue")
    return f"issue/{part(target.id)}"
