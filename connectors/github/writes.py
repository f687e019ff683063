"""Writing: comments first, then the state; each exactly one request, at least a second apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from connectors.github.answers import NOT_JSON, Answer, ours
from connectors.github.api import Api
from connectors.github.filing import Filing
from connectors.github.items import Reading, Row
from connectors.github.repositories import LOOK_HOLDS, Facts, Missing, Repositories
from connectors.github.urls import split_key
from syncd.actions import Action, Created, Draft, Note, Outcome, Written
from syncd.clock import moment, stamp
from syncd.errors import Busy, ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.marker import PATTERN
from syncd.model import Audience, Ref, Status

MAX_BODY = 60_000
"""Characters of a body; GitHub takes 65,536 (GitHub REST API docs, Create an issue: 422 beyond)."""
MAX_TITLE = 256
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CUT = "\n\n(cut here: the text was too long)"


def marked(body: str, marker: str) -> str:
    """A body as it is sent: the marker out of sight in the first line, then the text, cut where that is safe.

    A cut falls between lines where there are any near, and closes a code block that it opens.
    """
    head = f"<!-- {marker} -->\n"
    room = MAX_BODY - len(head)
    if len(body) <= room:
        return head + body
    kept = body[: room - len(_CUT) - 100]
    kept = kept[: kept.rfind("\n", len(kept) - 5000) if "\n" in kept[-5000:] else len(kept)].rstrip()
    fence = _open_fence(kept)
    return f"{head}{kept}{chr(10) + fence if fence else ''}{_CUT}"


def _open_fence(text: str) -> str:
    """The fence that closes the code block which is still open at the end, empty if none is."""
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if not found:
            continue
        run = found[1]
        if not fence:
            fence = run
        elif run[0] == fence[0] and len(run) >= len(fence) and not line[found.end() :].strip():
            fence = ""
    return fence[:100]


class Writer:
    """Writes to the issues of one account.

    Args:
        api: the account.
        repositories: what is known of them.
        reading: makes items of rows.
        interval: asked before each write: seconds that lie at least between two (GitHub REST API docs, Best practices).
    """

    def __init__(
        self, api: Api, repositories: Repositories, reading: Callable[[], Reading], interval: Callable[[], float]
    ) -> None:
        self.api, self.repositories, self._reading, self._interval = api, repositories, reading, interval
        self.filing = Filing(api, repositories)
        self.login = ""
        """Who wrote, as the answers to our writes show it."""
        self._wrote: float | None = None

    # --- issues that stand ---

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :meth:`syncd.connector.Connector.apply`.

        After a failure that concerns the whole account, or two outages in a row, nothing more is sent; the rest of
        the actions get that error.
        """
        stopped: ConnectorError | None = None
        outages = 0
        for action in actions:
            if stopped is not None:
                yield Outcome(action, error=stopped)
                continue
            outcome, worst = self._act(action)
            outages = outages + 1 if isinstance(worst, Transient) and not isinstance(worst, Busy) else 0
            if isinstance(worst, (Unauthorized, RateLimited)) or outages > 1:
                stopped = _untried(worst) if worst is not None else None
            yield outcome

    def _act(self, action: Action) -> tuple[Outcome, ConnectorError | None]:
        """One action, and the error that may concern others."""
        versions, notes = [""], list[Written]()
        worst: ConnectorError | None = None
        for note in action.notes:
            try:
                notes.append(self._note(action.target, note, versions))
            except ConnectorError as error:
                notes.append(Written(note.effect, error=error))
                worst = error
                if not isinstance(error, (Refused, Gone)):
                    # The state comes after the notes, and it isn't known yet whether this one is there.
                    failed = _untried(error) if action.status is not None else None
                    return Outcome(action, None, max(versions), tuple(notes), failed), error
        status: Status | None = None
        try:
            if action.status is not None:
                status = self._status(action.target, action.status, versions)
        except ConnectorError as error:
            return Outcome(action, None, max(versions), tuple(notes), error), error
        aside = self._labels(action)
        if action.status is None:
            return Outcome(action, None, max(versions), tuple(notes), aside), aside or worst
        return Outcome(action, status, max(versions), tuple(notes), aside=aside), aside

    def _note(self, target: Ref, note: Note, versions: list[str]) -> Written:
        """POST a comment, or PATCH one of ours, once (GitHub REST API docs, Create, and Update, an issue comment)."""
        doing, path = f"commenting on {target.key}", f"{self._path(target)}/comments"
        verb, marker = "POST", note.marker
        if note.replaces:
            comments = f"{path.partition('/issues/')[0]}/issues/comments"
            verb, path = "PATCH", f"{comments}/{quote(note.replaces, safe='')}"
            marker = self._marker(path, doing) or note.marker
        if note.audience is Audience.PRIVATE:
            self._pace(doing)  # not between the look and the write
            self._refuse_public(target, doing, within=0.0 if note.replaces else LOOK_HOLDS)
        answer = self._send(verb, path, {"body": marked(note.body, marker)}, doing)
        data = answer.data
        if not isinstance(data, dict) or not isinstance(data.get("id"), int):
            raise ours(self.api.name, doing, Answer(201, {}, NOT_JSON), write=True)
        versions.extend(_stamps(data.get("updated_at"), data.get("created_at")))
        user = data.get("user")
        self.login = str(user["login"]) if isinstance(user, dict) and user.get("login") else self.login
        return Written(note.effect, str(data["id"]))

    def _marker(self, path: str, doing: str) -> str:
        """The marker of a comment of ours. Whoever may push may write over anybody's, so it is looked at first."""
        data = self.api.get(path, doing).data
        user, body = (data.get("user"), data.get("body")) if isinstance(data, dict) else (None, None)
        if not isinstance(user, dict) or not self._reading().is_self(str(user.get("login"))):
            raise Refused(self.api.name, f"{doing}: the comment that was to be changed isn't ours")
        found = PATTERN.search(str(body))
        return found[0] if found else ""

    def _refuse_public(self, target: Ref, doing: str, *, within: float) -> None:
        """What is for the team alone isn't written where everybody reads by now.

        ``within``: seconds that a look at the repository does for; a text that is replaced has cost a call since.
        """
        place = self._path(target).split("/")[2:4]
        if self.repositories.readers("/".join(place), within=within) is Audience.PUBLIC:
            raise Refused(self.api.name, f"{doing}: everybody can read there, and it was written for the team alone")

    def _status(self, target: Ref, wanted: Status, versions: list[str]) -> Status:
        """PATCH the state, once (GitHub REST API docs, Update an issue); the answer shows what came of it."""
        doing = f"setting the state of {target.key}"
        body = {"state": wanted.native}
        if wanted.native == "closed" and wanted.reason:
            body["state_reason"] = wanted.reason
        answer = self._send("PATCH", self._path(target), body, doing)
        row = self._row(answer, doing)
        versions.append(row.version)
        return Status(row.state, row.state_reason or "")

    def _labels(self, action: Action) -> ConnectorError | None:
        """Labels by endpoints of their own, which leave the others alone, and why that was not done.

        One that isn't there answers 404 (GitHub REST API docs, Remove a label from an issue); no answer shows the
        issue's version.
        """
        doing = f"labelling {action.target.key}"
        try:
            if action.fields:
                raise Refused(self.api.name, f"{doing}: an issue has no fields that can be set")
            path = f"{self._path(action.target)}/labels"
            if action.tags:
                self._send("POST", path, {"labels": list(action.tags)}, doing)
            for label in action.untags:
                with suppress(Gone):
                    self._send("DELETE", f"{path}/{quote(label, safe='')}", None, doing)
        except ConnectorError as error:
            return error
        return None

    def _path(self, target: Ref) -> str:
        place = split_key(target.key)
        if place is None:
            raise Refused(self.api.name, f"issue {target.id} has no key that says in which repository it is")
        return f"/repos/{self.repositories.current(place[0])}/issues/{place[1]}"

    # --- issues that are made ---

    def create(self, draft: Draft) -> Created:
        """POST an issue, once, after all that it needs was looked up (GitHub REST API docs, Create an issue).

        What GitHub left out all the same, the answer shows.
        """
        own = self.repositories.configured(draft.place)
        doing = f"filing an issue in {draft.place}"
        if own is None:
            raise Refused(self.api.name, f"{doing}: the repository isn't one of those configured")
        self._pace(doing)  # not between the last look and the write
        facts = self._looked_at(draft, own, doing)
        body: dict[str, Any] = {"title": _title(draft.title), "body": marked(draft.body, draft.marker)}
        body |= {"labels": list(draft.labels)} if draft.labels else {}
        body |= {"assignees": list(draft.assignees)} if draft.assignees else {}
        body |= {"type": draft.type} if draft.type else {}
        try:
            answer = self._send("POST", f"/repos/{facts.full_name}/issues", body, doing)
        except Gone as error:
            self.repositories.forget(own)
            if "(410)" in error.what:
                what = f"{doing}: issues are switched off there. Switch them on in the repository's settings"
                raise Refused(self.api.name, what) from error
            what = f"{doing}: the repository isn't there, or not for this token"
            raise self.repositories.lost(doing, Missing(self.api.name, what)) from error
        self.repositories.found(doing)
        row = self._row(answer, doing)
        self.login = (row.user.login if row.user is not None else "") or self.login
        item, lacks = self._reading().item(row, facts), self.filing.missing(draft, row)
        if not lacks:
            return Created(item)
        what = f"{doing}: GitHub made {item.ref.key} without {', '.join(lacks)}"
        return Created(
            item, Refused(self.api.name, f"{what}. Set what is missing by hand, and look at the token's rights")
        )

    def _looked_at(self, draft: Draft, own: str, doing: str) -> Facts:
        """The repository as it is right before the write; what its labels and people were asked for takes time.

        Raises:
            Busy: it isn't there at the moment.
            Refused: it takes no such issue.
        """
        facts = self.repositories.there(own)
        calls = self.api.session.calls.total()
        found = next(self.filing.obstacles(draft, facts), None)
        if found is None and draft.audience is Audience.PRIVATE and self.api.session.calls.total() > calls:
            facts = self.repositories.there(own)
            found = self.filing.of_place(draft, facts)
        if found is not None:
            raise Refused(self.api.name, f"{doing}: {found[0]}. {found[1]}")
        return facts

    # --- the same for all ---

    def _send(self, verb: str, path: str, body: dict[str, Any] | None, doing: str) -> Answer:
        self._pace(doing)
        try:
            answer = self.api.write(verb, path, body, doing, accept={301, 302, 307, 308})
        finally:
            self._wrote = self.api.clock.monotonic()
        if answer.status < 300:
            return answer
        # Renamed or transferred since it was read. Nothing was written: the next read learns the new name.
        self.repositories.forget("/".join(path.split("/")[2:4]))
        raise Transient(self.api.name, f"{doing}: it has moved")

    def query(self, query: str, variables: Mapping[str, Any], doing: str) -> Answer:
        """A mutation of the query interface that does no harm when it is repeated."""
        self._pace(doing)
        try:
            return self.api.graphql(query, variables, doing)
        finally:
            self._wrote = self.api.clock.monotonic()

    def _pace(self, doing: str) -> None:
        if self._wrote is None:
            return
        wait = self._wrote + self._interval() - self.api.clock.monotonic()
        if wait > 0 and self.api.clock.sleep(wait):
            raise Transient(self.api.name, f"{doing}: not begun, because syncd is to stop")

    def _row(self, answer: Answer, doing: str) -> Row:
        try:
            return Row.model_validate(answer.data)
        except ValueError:
            raise ours(self.api.name, doing, Answer(200, {}, NOT_JSON), write=True) from None


def _untried(error: ConnectorError) -> ConnectorError:
    """The same trouble, for what was not begun because of it: nothing is in doubt."""
    return type(error)(error.connector, f"not tried, because of {error.what}", retry_after=error.retry_after)


def _title(text: str) -> str:
    """One line, as long as a title may be."""
    return " ".join(text.split())[:MAX_TITLE]


def _stamps(*texts: object) -> list[str]:
    found: list[str] = []
    for text in texts:
        try:
            found.append(stamp(moment(str(text))))
        except ValueError:
            continue
    return found
