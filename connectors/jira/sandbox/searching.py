"""The stand-in's searches: by JQL with an index that may lag, and by id."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.jira.sandbox import jql
from connectors.jira.sandbox.bodies import (
    MOST_PROPERTIES,
    PAYLOAD,
    Bulk,
    Count,
    Match,
    OldSearch,
    Parse,
    Search,
    in_the_address,
    out_of_bounds,
    read,
)
from connectors.jira.sandbox.calls import CLOUD, Call, Refusal, Route
from connectors.jira.sandbox.entries import Issue, State
from connectors.jira.sandbox.jql import SyntaxWrong
from connectors.jira.sandbox.matching import SORTS, Matcher, Unknown, canonical
from connectors.jira.sandbox.refusals import error
from connectors.jira.sandbox.shapes import Body
from syncd.testing import Reply

if TYPE_CHECKING:
    from connectors.jira.sandbox.server import JiraSandbox

_UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
_TOKEN = "The provided next page token is invalid or expired."  # noqa: S105  # Jira's words
_REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline "
    "is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
MOST_BULK, MOST_SORTED, MOST_LOGGED = 100, 7, 40
_TOKEN_LIVES = timedelta(days=7)
Found = tuple[Issue, State]


@dataclass(slots=True)
class _Pass:
    """What the pages of one search go through; a token names it."""

    jql: str
    reconciled: frozenset[int]
    until: datetime
    left: list[int] = field(default_factory=list)


class Searching:
    """Reads of many issues."""

    def __init__(self, sandbox: JiraSandbox) -> None:
        self.sandbox = sandbox
        self.passes: dict[str, _Pass] = {}

    def routes(self) -> list[Route]:
        """Under ``/rest/api/VERSION``."""
        return [
            Route("GET", "/search/jql", self.get_search, CLOUD),
            Route("POST", "/search/jql", self.post_search, CLOUD),
            Route("POST", "/search/approximate-count", self.count, CLOUD),
            Route("GET", "/search", self.old_search),
            Route("POST", "/search", self.old_search),
            Route("POST", "/issue/bulkfetch", self.bulkfetch, CLOUD),
            Route("POST", "/jql/parse", self.parse, CLOUD),
            Route("POST", "/jql/match", self.match, CLOUD),
        ]

    # --- on Cloud ---

    def get_search(self, call: Call) -> Reply:
        """The same as below, asked in the address."""
        asked: Body = {"jql": call.request.arg("jql"), "properties": call.lists("properties")}
        names = dict(call.request.query)
        asked |= {"fields": call.lists("fields")} if "fields" in names else {}
        asked |= {"nextPageToken": names["nextPageToken"]} if "nextPageToken" in names else {}
        asked |= {"expand": names["expand"]} if "expand" in names else {}
        for name in ("maxResults", "reconcileIssues"):
            texts = call.lists(name)
            if not all(text.isdigit() for text in texts):
                return Reply(400, {"errorMessages": [PAYLOAD]})
            if texts:
                asked[name] = int(texts[0]) if name == "maxResults" else [int(text) for text in texts]
        return self._search(call, asked)

    def post_search(self, call: Call) -> Reply:
        """``search/jql``: ids alone unless fields are named, short pages, tokens, no total."""
        return self._search(call, call.object())

    def _search(self, call: Call, asked: Body) -> Reply:
        sent = read(Search, asked)
        wrong = out_of_bounds(sent)
        if wrong is not None:
            return wrong
        if sent.nextPageToken:
            run = self._resumed(sent)
            if run is None:
                return error(_TOKEN)
        else:
            run = self._begun(call, sent)
        return self._page(call, sent, run)

    def _begun(self, call: Call, sent: Search) -> _Pass:
        query = _query(sent.jql)
        if query.where is None:
            raise Refusal(error(_UNBOUNDED))
        until = self.sandbox.precise() - timedelta(seconds=self.sandbox.lag)
        run = _Pass(sent.jql, frozenset(sent.reconcileIssues), until)
        try:
            found = self._found(call, query, self._shown(run))
        except Unknown:
            found = []
        run.left = [issue.id for issue, _ in found]
        return run

    def _resumed(self, sent: Search) -> _Pass | None:
        run = self.passes.get(sent.nextPageToken or "")
        if run is None or run.jql != sent.jql or run.reconciled != frozenset(sent.reconcileIssues):
            return None
        return run if self.sandbox.precise() - run.until < _TOKEN_LIVES else None

    def _page(self, call: Call, sent: Search, run: _Pass) -> Reply:
        size = sent.maxResults if not sent.fields else min(sent.maxResults, self.sandbox.most_per_page)
        shown = self._shown(run)
        rows: list[Body] = []
        for id_ in run.left[:size]:
            issue = call.books.issues[id_]
            state = shown(issue)
            if state is None or state.gone or call.issue(str(id_)) is None:
                continue
            row = call.shapes.issue(issue, state, sent.fields or ("id",), sent.properties)
            rows.append(row if sent.fields else {"id": row["id"]} | _properties(row))
        left = run.left[size:]
        body: Body = {"issues": rows, "isLast": not left}
        if left:
            body["nextPageToken"] = self._keep(_Pass(run.jql, run.reconciled, run.until, left))
        return Reply(200, body)

    def _keep(self, run: _Pass) -> str:
        seed = json.dumps([run.jql, run.left[0], len(self.passes)])
        token = base64.urlsafe_b64encode(seed.encode()).decode()
        self.passes[token] = run
        return token

    def _shown(self, run: _Pass) -> Callable[[Issue], State | None]:
        """What the index knows of an issue; those to be reconciled are read afresh."""

        def shown(issue: Issue) -> State | None:
            fresh = issue.id in run.reconciled or not self.sandbox.lag
            return issue.shown(None if fresh else run.until)

        return shown

    def bulkfetch(self, call: Call) -> Reply:
        """Up to a hundred by id or key, as they are now; what isn't there is left out."""
        sent = read(Bulk, call.object())
        if not 1 <= len(sent.issueIdsOrKeys) <= MOST_BULK:
            return error(f"The number of issues to fetch must be between 1 and {MOST_BULK}.")
        if len(sent.properties) > MOST_PROPERTIES:
            return error("The maximum number of properties is 5.")
        issues = {one.id: one for text in sent.issueIdsOrKeys if (one := call.issue(text)) is not None}
        missed = self.sandbox.stumbles & issues.keys()
        self.sandbox.stumbles -= missed
        told = [one for id_, one in sorted(issues.items()) if id_ not in missed]
        shapes = call.shapes
        rows = [
            shapes.issue(one, one.now, sent.fields, sent.properties) | shapes.log(one, sent.expand, MOST_LOGGED)
            for one in told
        ]
        wrong = [{"id": str(id_), "errorMessage": "The issue could not be retrieved."} for id_ in sorted(missed)]
        return Reply(200, {"expand": "names,schema", "issues": rows, "issueErrors": wrong})

    def count(self, call: Call) -> Reply:
        """About how many there are."""
        query = _query(read(Count, call.object()).jql)
        if query.where is None:
            return error(_UNBOUNDED)
        run = _Pass("", frozenset(), self.sandbox.precise() - timedelta(seconds=self.sandbox.lag))
        try:
            return Reply(200, {"count": len(self._found(call, query, self._shown(run)))})
        except Unknown:
            return Reply(200, {"count": 0})

    def match(self, call: Call) -> Reply:
        """Which of some issues some queries find."""
        sent = read(Match, call.object())
        return Reply(200, {"matches": [self._matches(call, text, sent.issueIds) for text in sent.jqls]})

    def _matches(self, call: Call, text: str, ids: list[int]) -> Body:
        try:
            test = self._matcher(call).test(jql.parse(text).where)
        except (SyntaxWrong, Unknown) as wrong:
            return {"matchedIssues": [], "errors": [str(wrong)]}
        seen = [one for id_ in ids if (one := call.issue(str(id_))) is not None]
        return {"matchedIssues": [one.id for one in seen if test(one, one.now)], "errors": []}

    def parse(self, call: Call) -> Reply:
        """What is wrong with some queries; ``validation=strict``, the default, also looks at what they name."""
        how = call.request.arg("validation", "strict")
        return Reply(200, {"queries": [self._parsed(call, text, how) for text in read(Parse, call.object()).queries]})

    def _parsed(self, call: Call, text: str, how: str) -> Body:
        try:
            query = jql.parse(text)
            if how != "none":
                self._matcher(call).test(query.where)
        except (SyntaxWrong, Unknown) as wrong:
            if how == "warn" and isinstance(wrong, Unknown):
                return {"query": text, "structure": {}, "warnings": [str(wrong)]}
            return {"query": text, "errors": [str(wrong)]}
        fields = [{"name": one.field, "encodedName": one.field} for one in jql.clauses(query.where)]
        return {"query": text, "structure": {"where": {"clauses": fields}} if fields else {}}

    # --- on Data Center ---

    def old_search(self, call: Call) -> Reply:
        """Pages by offset; removed on Cloud."""
        if self.sandbox.cloud:
            return error(_REMOVED, status=410)
        sent = read(OldSearch, call.object() if call.request.method == "POST" else in_the_address(call))
        if sent.startAt < 0 or sent.maxResults < 0:
            return error("The value of startAt and maxResults must not be negative.")
        query = _query(sent.jql)
        strict = str(sent.validateQuery).lower() not in {"false", "none", "warn"}
        run = _Pass("", frozenset(), self.sandbox.precise() - timedelta(seconds=self.sandbox.lag))
        try:
            found, said = self._found(call, query, self._shown(run)), {}
        except Unknown as wrong:
            if strict:
                return error(str(wrong))
            found, said = [], {"warningMessages": [str(wrong)]}
        size = min(sent.maxResults, self.sandbox.most_per_search)
        part = found[sent.startAt : sent.startAt + size]
        shapes = call.shapes
        rows = [
            shapes.issue(issue, state, sent.fields, sent.properties) | shapes.log(issue, sent.expand)
            for issue, state in part
        ]
        body: Body = {"expand": "schema,names", "startAt": sent.startAt, "maxResults": size, "total": len(found)}
        return Reply(200, body | {"issues": rows} | said)

    # --- both ---

    def _matcher(self, call: Call) -> Matcher:
        return Matcher(call.books, self.sandbox.account_zone, call.who.name if call.who is not None else "")

    def _found(self, call: Call, query: jql.Query, shown: Callable[[Issue], State | None]) -> list[Found]:
        """What a query finds, sorted; once less what flickers."""
        test = self._matcher(call).test(query.where)
        found: list[Found] = []
        for issue in call.books.issues.values():
            state = shown(issue)
            if state is None or state.gone or issue.id in self.sandbox.flicker or not _seen(call, issue):
                continue
            if test(issue, state):
                found.append((issue, state))
        self.sandbox.flicker.clear()
        found.sort(key=lambda pair: pair[0].id, reverse=True)
        for name, descending in reversed(query.order):
            by = SORTS.get(canonical(name))
            if by is not None:
                found.sort(key=lambda pair, by=by: by(*pair), reverse=descending)  # type: ignore[misc]
            elif not self.sandbox.cloud:
                raise Unknown(f"Field '{name}' does not exist or you do not have permission to view it.")
        return found


def _seen(call: Call, issue: Issue) -> bool:
    """An index that lags still knows what was deleted; permissions it asks for each time."""
    return call.who is not None and not issue.hidden and not issue.now.project.hidden


def _query(text: str) -> jql.Query:
    try:
        query = jql.parse(text)
    except SyntaxWrong as wrong:
        raise Refusal(error(str(wrong))) from None
    if len(query.order) > MOST_SORTED:
        raise Refusal(error(f"At most {MOST_SORTED} fields can be sorted by."))
    return query


def _properties(row: Body) -> Body:
    return {"properties": row["properties"]} if "properties" in row else {}
