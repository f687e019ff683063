"""Fresh reads of up to a hundred issues in one query, brought into the form of REST rows.

Field names are those of GitHub's public schema (GitHub GraphQL API docs, Objects: Issue).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.github.answers import NOT_JSON, Answer, ours
from connectors.github.api import Api
from connectors.github.items import Row
from connectors.github.repositories import Facts
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient

BATCH = 100

_NEW = """
fragment F on Issue {
  fullDatabaseId number state stateReason(enableDuplicate: true) createdAt updatedAt closedAt url body locked
  author { __typename login }
  authorAssociation
  labels(first: 100) { nodes { name } }
  assignees(first: 100) { nodes { login } }
  milestone { state }
  closed: timelineItems(itemTypes: [CLOSED_EVENT], last: 1) {
    nodes { ... on ClosedEvent { actor { __typename login } } }
  }
  converted: timelineItems(itemTypes: [CONVERTED_TO_DISCUSSION_EVENT], last: 1) { nodes { __typename } }
  duplicate: timelineItems(itemTypes: [MARKED_AS_DUPLICATE_EVENT], last: 1) {
    nodes { ... on MarkedAsDuplicateEvent {
      canonical { ... on Issue { fullDatabaseId number repository { nameWithOwner } } } } }
  }
}
"""
_OLD = _NEW.replace("fullDatabaseId", "fullDatabaseId: databaseId").replace("(enableDuplicate: true)", "")
FRAGMENTS = (_NEW, _OLD)
"""For github.com, and for Enterprise Servers that don't know its newest fields yet."""


@dataclass(frozen=True, slots=True)
class Node:
    """One issue that a query told of."""

    row: Row
    facts: Facts
    converted: bool = False
    """Into a discussion: it looks closed, and isn't done."""
    canonical: tuple[int, str] | None = None
    """Id and key of the issue that this is a duplicate of."""


def document(wanted: Mapping[str, Sequence[int]], fragment: str = _NEW) -> tuple[str, dict[str, str]]:
    """The query for issue numbers by ``owner/repo``, and its variables. Nothing from outside stands in its text."""
    variables: dict[str, str] = {}
    parts: list[str] = []
    for index, (full_name, numbers) in enumerate(wanted.items()):
        variables[f"o{index}"], _, variables[f"n{index}"] = full_name.partition("/")
        issues = " ".join(f"i{number}: issue(number: {number}) {{ ...F }}" for number in dict.fromkeys(numbers))
        parts.append(
            f"r{index}: repository(owner: $o{index}, name: $n{index}) "
            f"{{ databaseId nameWithOwner isPrivate url hasIssuesEnabled isArchived {issues} }}"
        )
    declared = ", ".join(f"${name}: String!" for name in variables)
    return f"query({declared}) {{ {' '.join(parts)} }}{fragment}", variables


class GraphQL:
    """The query interface of one account, as long as the server has one."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.available = True
        self._fragments = list(FRAGMENTS)
        """Those that this server may know, the best one first."""

    def read(self, wanted: Mapping[str, Sequence[int]]) -> dict[tuple[str, int], Node] | None:
        """What the query told, by (``owner/repo`` as asked, number); an issue that is missing was not told of.

        None: this server doesn't answer such queries; it isn't asked again.

        Raises:
            RateLimited, Unauthorized, Transient: nothing was read.
        """
        if not self.available:
            return None
        data = self._told(wanted)
        if data is None:
            self.available = False
            return None
        found: dict[tuple[str, int], Node] = {}
        for index, (full_name, numbers) in enumerate(wanted.items()):
            repository = data.get(f"r{index}")
            if not isinstance(repository, dict):
                continue
            for number in numbers:
                raw = repository.get(f"i{number}")
                node = _node(raw, repository, number) if isinstance(raw, dict) else None
                if node is not None:
                    found[full_name, number] = node
        return found

    def _told(self, wanted: Mapping[str, Sequence[int]]) -> dict[str, Any] | None:
        """The answer's data, with as much as this server knows of; None where it doesn't answer such queries."""
        doing = "reading issues"
        while True:
            query, variables = document(wanted, self._fragments[0])
            answer = self.api.graphql(query, variables, doing)
            data = self.data(answer, doing)
            if data is not None or len(self._fragments) == 1 or not any(map(_is_unknown, errors(answer))):
                return data
            self._fragments.pop(0)

    def viewer(self, doing: str) -> object:
        """The account behind the token; None where there is no telling."""
        data = self.data(self.api.graphql("query { viewer { __typename login } }", {}, doing), doing)
        return _actor(data.get("viewer")) if data is not None else None

    def data(self, answer: Answer, doing: str) -> dict[str, Any] | None:
        """The answer's data, partial or whole; None where there is no such interface."""
        error: ConnectorError | None = None
        if not 200 <= answer.status < 300:
            error = ours(self.api.name, doing, answer)
        if isinstance(error, (Refused, Gone)) or answer.status in {404, 405, 415, 501}:
            return None
        if error is not None:
            raise error
        if not isinstance(answer.data, dict):
            return None
        self._limited(answer, doing)
        data = answer.data.get("data")
        if isinstance(data, dict) and any(value is not None for value in data.values()):
            return data
        wrong = errors(answer)
        if any("something went wrong" in str(one.get("message", "")).lower() for one in wrong):
            raise Transient(self.api.name, f"{doing}: GitHub's query interface is out of order")
        # Names that can't be resolved are an answer about them; anything else means that it can't read our query.
        told = isinstance(data, dict) and bool(wrong) and all(one.get("path") for one in wrong)
        return data if told else None

    def _limited(self, answer: Answer, doing: str) -> None:
        """A limit is told with status 200 here (GitHub GraphQL API docs, Rate limits)."""
        for one in errors(answer):
            text = str(one.get("message", "")).lower()
            limited = str(one.get("type", "")).startswith("RATE_LIMIT")
            if limited or text.startswith("api rate limit") or "secondary rate limit" in text:
                said = Answer(403, answer.headers, {"message": text or "api rate limit exceeded"})
                error = ours(self.api.name, doing, said)
                if isinstance(error, RateLimited):
                    raise error
                raise ours(self.api.name, doing, Answer(429, answer.headers, None))


def errors(answer: Answer) -> list[dict[str, Any]]:
    """What an answer says went wrong, beside its data."""
    found = answer.data.get("errors") if isinstance(answer.data, dict) and answer.data is not NOT_JSON else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _is_unknown(error: Mapping[str, Any]) -> bool:
    """Whether the server doesn't know a field or an argument that it was asked for."""
    said = str(error.get("message", ""))
    return "doesn't exist on type" in said or "doesn't accept argument" in said


def _node(raw: dict[str, Any], repository: dict[str, Any], number: int) -> Node | None:
    """One issue; None if something is missing that REST tells, so that REST is asked."""
    try:
        name = str(repository["nameWithOwner"])
        facts = Facts(
            id=repository.get("databaseId") or 0,
            full_name=name,
            private=repository.get("isPrivate"),
            html_url=repository.get("url"),
            has_issues=repository.get("hasIssuesEnabled"),
            archived=repository.get("isArchived"),
        )
        row = Row(
            id=int(raw["fullDatabaseId"]),
            number=raw["number"],
            state=str(raw["state"]).lower(),
            state_reason=str(raw.get("stateReason") or "").lower() or None,
            created_at=raw["createdAt"],
            updated_at=raw["updatedAt"],
            closed_at=raw.get("closedAt"),
            html_url=raw.get("url"),
            body=raw.get("body"),
            user=_actor(raw.get("author")),
            closed_by=_actor(_last(raw, "closed").get("actor")),
            author_association=raw.get("authorAssociation"),
            labels=(raw.get("labels") or {}).get("nodes"),
            assignees=(raw.get("assignees") or {}).get("nodes"),
            milestone=raw.get("milestone"),
            locked=raw.get("locked"),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if row.number != number:
        return None
    canonical = _last(raw, "duplicate").get("canonical") if row.state_reason == "duplicate" else None
    return Node(row, facts, bool(_last(raw, "converted")) and row.closed, _canonical(canonical))


def _last(raw: dict[str, Any], alias: str) -> dict[str, Any]:
    """The latest event of a kind, empty if there is none."""
    nodes = (raw.get(alias) or {}).get("nodes") or [None]
    return nodes[-1] if isinstance(nodes[-1], dict) else {}


def _actor(raw: Any) -> Any:
    """Who did something, called as REST calls them: here an app's bot is ``slug``, there it is ``slug[bot]``."""
    if not isinstance(raw, dict) or raw.get("__typename") != "Bot":
        return raw
    login = str(raw.get("login") or "")
    return raw | {"login": login if login.endswith("[bot]") or not login else f"{login}[bot]"}


def _canonical(raw: dict[str, Any] | None) -> tuple[int, str] | None:
    if not raw:  # a pull request, or an issue that we may not see
        return None
    try:
        return int(raw["fullDatabaseId"]), f"{raw['repository']['nameWithOwner']}#{int(raw['number'])}"
    except (KeyError, TypeError, ValueError):
        return None
