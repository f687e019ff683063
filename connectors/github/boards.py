"""Issues on boards: GitHub's projects, which only its query interface knows whole.

An issue that is on a board already is not put there again, and a field that holds something is left alone: a person
or the board's own automation has set it (GitHub GraphQL API docs, Using the API to manage Projects).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.github.answers import Answer
from connectors.github.graphql import GraphQL, errors
from connectors.github.urls import split_key
from syncd.actions import Board
from syncd.errors import ConnectorError, Problem, Refused, Transient
from syncd.model import Audience, Ref

SOON = 5.0
"""Seconds after which a new issue is known to the query interface (seen to take up to fifteen)."""
_BOARD = """
fragment B on ProjectV2 {
  id title closed public
  fields(first: 100) { nodes {
    __typename
    ... on ProjectV2FieldCommon { id name dataType }
    ... on ProjectV2SingleSelectField { options { id name } }
  } }
}
"""
_FIND = (
    """
query($owner: String!, $board: Int!) {
  repositoryOwner(login: $owner) {
    __typename
    ... on Organization { projectV2(number: $board) { ...B } }
    ... on User { projectV2(number: $board) { ...B } }
  }
}
"""
    + _BOARD
)
_ISSUE = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { issue(number: $number) { id url } }
}
"""
_ADD = """
mutation($board: ID!, $issue: ID!) {
  addProjectV2ItemById(input: { projectId: $board, contentId: $issue }) { item {
    id project { public }
    fieldValues(first: 100) { nodes {
      __typename
      ... on ProjectV2ItemFieldSingleSelectValue { name field { ... on ProjectV2FieldCommon { id } } }
      ... on ProjectV2ItemFieldTextValue { text field { ... on ProjectV2FieldCommon { id } } }
      ... on ProjectV2ItemFieldNumberValue { number field { ... on ProjectV2FieldCommon { id } } }
      ... on ProjectV2ItemFieldDateValue { date field { ... on ProjectV2FieldCommon { id } } }
    } }
  } }
}
"""
_KINDS = ("SINGLE_SELECT", "TEXT", "NUMBER")
"""What can be set here, of what a field may be."""
_OPEN = "everybody can read the board, and a value is for the team alone"
_MAY_NOT = (
    "the token may not. It needs the scope project (classic) or Projects: Read and write, and write access to the board"
)
Send = Callable[[str, Mapping[str, Any], str], Answer]


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a board. ``options``: folded names -> ids, where it is one of a list."""

    id: str
    name: str
    kind: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Found:
    """A board as it is now."""

    id: str
    public: bool
    fields: Mapping[str, _Field]
    """By folded name."""


class Boards:
    """The boards that one account reaches.

    Args:
        graphql: the query interface.
        send: a mutation, paced as all writes are.
        current: ``owner/repo`` as the API spells it now.
    """

    def __init__(self, graphql: GraphQL, send: Send, current: Callable[[str], str]) -> None:
        self.graphql, self._send, self._current = graphql, send, current
        self.name = graphql.api.name

    def put(self, issue: Ref, boards: Sequence[Board]) -> Iterator[ConnectorError | None]:
        """See :meth:`syncd.connector.Connector.board`."""
        node = ""
        for board in boards:
            doing = f"putting {issue.key} on the board {board.name}"
            try:
                node = node or self._issue(issue, doing)  # first: who can read the board is looked at last
                found = self._board(board, doing)
                values = self._values(board, found, doing)
                self._put(board, found.id, node, values, doing)
            except ConnectorError as error:
                yield error
            else:
                yield None

    def problems(self, boards: Sequence[Board]) -> Iterator[Problem]:
        """What stands in the way of putting issues on such boards."""
        for board in boards:
            doing = f"looking at the board {board.name}"
            try:
                self._values(board, self._board(board, doing), doing)
            except Refused as error:
                cure = "Mend the row in [[boards]], or give the token's owner write access to the board"
                yield Problem(f"{self.name}: {board.name}", error.what.removeprefix(f"{doing}: "), cure)

    # --- inside ---

    def _board(self, board: Board, doing: str) -> _Found:
        owner, _, number = board.name.partition("/")
        if not (owner and number.isascii() and number.isdecimal()):
            raise Refused(self.name, f"{doing}: {board.name!r} names no board. Write OWNER/NUMBER, such as acme/4")
        data = self._asked(_FIND, {"owner": owner, "board": int(number)}, doing)
        found = _part(_part(data, "repositoryOwner"), "projectV2")
        if not found:
            what = "there is no such board, or this token doesn't see it"
            raise Refused(self.name, f"{doing}: {what}. Look at its number, and give the token access to Projects")
        rows = _part(found, "fields").get("nodes") or []
        fields = [_field(one) for one in rows if isinstance(one, dict) and one.get("name")]
        return _Found(str(found["id"]), found.get("public") is not False, {one.name.casefold(): one for one in fields})

    def _values(self, board: Board, found: _Found, doing: str) -> dict[str, dict[str, Any]]:
        """What is to be set, by the field's id, as the API takes it."""
        if board.audience is Audience.PRIVATE and found.public:
            raise Refused(self.name, f"{doing}: {_OPEN}")
        values = {}
        for name, value in board.fields.items():
            field = found.fields.get(name.casefold())
            if field is None:
                raise Refused(self.name, f"{doing}: the board has no field {name!r}. Write it as the board shows it")
            # What a ticket says goes into no error: those are shown in chat.
            shown = repr(value) if board.audience is Audience.PUBLIC else "of that name"
            values[field.id] = self._value(field, value, shown, doing)
        return values

    def _value(self, field: _Field, value: str, shown: str, doing: str) -> dict[str, Any]:
        if field.kind not in _KINDS:
            raise Refused(self.name, f"{doing}: the field {field.name!r} can't be set: it is no text, number or choice")
        if field.kind == "TEXT":
            return {"text": value}
        if field.kind == "SINGLE_SELECT":
            option = field.options.get(value.casefold())
            if option is None:
                has = "Give it one, or write one that it has"
                raise Refused(self.name, f"{doing}: the field {field.name!r} has no option {shown}. {has}")
            return {"singleSelectOptionId": option}
        try:
            return {"number": float(value)}
        except ValueError:
            raise Refused(self.name, f"{doing}: the field {field.name!r} takes a number") from None

    def _issue(self, issue: Ref, doing: str) -> str:
        """The id that the query interface knows an issue by."""
        place = split_key(issue.key)
        if place is None:
            raise Refused(self.name, f"{doing}: issue {issue.id} has no key that says in which repository it is")
        owner, _, name = self._current(place[0]).partition("/")
        data = self._asked(_ISSUE, {"owner": owner, "name": name, "number": place[1]}, doing)
        found = _part(_part(data, "repository"), "issue").get("id")
        if not isinstance(found, str):
            raise Transient(self.name, f"{doing}: the issue isn't known there yet", retry_after=SOON)
        return found

    def _put(self, board: Board, id_: str, issue: str, values: Mapping[str, dict[str, Any]], doing: str) -> None:
        """Two requests: the item with what it holds, then all of its empty fields."""
        answer = self._send(_ADD, {"board": id_, "issue": issue}, doing)
        item = _part(_part(self._data(answer, doing), "addProjectV2ItemById"), "item")
        if not item:
            raise Transient(self.name, f"{doing}: the issue isn't known there yet", retry_after=SOON)
        rows = _part(item, "fieldValues").get("nodes") or []
        held = {str(_part(one, "field").get("id")) for one in rows if isinstance(one, dict)}
        empty = {field: value for field, value in values.items() if field not in held}
        if empty and board.audience is Audience.PRIVATE and _part(item, "project").get("public") is not False:
            raise Refused(self.name, f"{doing}: {_OPEN}")  # since a moment ago
        if empty:
            query, variables = _setting(id_, str(item["id"]), empty)
            self._data(self._send(query, variables, doing), doing)

    def _asked(self, query: str, variables: Mapping[str, Any], doing: str) -> dict[str, Any]:
        return self._data(self.graphql.api.graphql(query, variables, doing), doing, missing=True)

    def _data(self, answer: Answer, doing: str, *, missing: bool = False) -> dict[str, Any]:
        """The answer's data; what can't be found is empty there if ``missing``, and else not known yet.

        Raises:
            Refused: the token lacks a scope or a right, or there is no such interface.
        """
        data = self.graphql.data(answer, doing)
        for one in errors(answer):
            kind, said = str(one.get("type", "")), str(one.get("message", "")).lower()
            if kind in {"INSUFFICIENT_SCOPES", "FORBIDDEN"} or "not accessible by" in said:
                raise Refused(self.name, f"{doing}: {_MAY_NOT}")
            if kind == "NOT_FOUND" and missing:
                continue
            if kind == "NOT_FOUND":
                raise Transient(self.name, f"{doing}: the issue isn't known there yet", retry_after=SOON)
            raise Refused(self.name, f"{doing}: GitHub refused it ({kind or 'no reason given'})")
        if data is None and answer.status == 403:
            raise Refused(self.name, f"{doing}: {_MAY_NOT}")
        if data is None:
            raise Refused(self.name, f"{doing}: this server doesn't answer queries, so its boards can't be reached")
        return data


def _setting(board: str, item: str, values: Mapping[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """One request that sets every field, each under a name of its own. Nothing from outside stands in its text."""
    variables: dict[str, Any] = {"board": board, "item": item}
    parts = []
    for index, (field, value) in enumerate(values.items()):
        variables |= {f"f{index}": field, f"v{index}": value}
        given = f"projectId: $board, itemId: $item, fieldId: $f{index}, value: $v{index}"
        parts.append(f"s{index}: updateProjectV2ItemFieldValue(input: {{ {given} }}) {{ projectV2Item {{ id }} }}")
    declared = "".join(f", $f{index}: ID!, $v{index}: ProjectV2FieldValue!" for index in range(len(values)))
    return f"mutation($board: ID!, $item: ID!{declared}) {{ {' '.join(parts)} }}", variables


def _field(raw: Mapping[str, Any]) -> _Field:
    options = raw.get("options") or []
    named = {str(one.get("name")).casefold(): str(one.get("id")) for one in options if isinstance(one, dict)}
    return _Field(str(raw.get("id")), str(raw["name"]), str(raw.get("dataType")), named)


def _part(data: Any, name: str) -> dict[str, Any]:
    """An object inside another; empty where there is none."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
