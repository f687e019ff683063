"""What may be written into the fields of the stand-in's issues, and with which words it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.jira.sandbox import adf
from connectors.jira.sandbox.calls import Call
from connectors.jira.sandbox.entries import Project, State
from connectors.jira.sandbox.workflows import PRIORITIES, RESOLUTIONS

LONGEST_SUMMARY = 255
LONGEST_TEXT = 32_767
"""Characters of a text unless an administrator says otherwise (jira.text.field.character.limit)."""
EDITABLE = frozenset(
    {"summary", "description", "labels", "priority", "assignee", "fixVersions", "issuetype", "reporter"}
)
_STATES = {"fixVersions": "versions", "issuetype": "type"}
"""Fields that a state calls otherwise."""


class Bad(Exception):
    """A value that can't be set; the text is Jira's complaint."""


def not_on_screen(name: str) -> str:
    """The complaint about a field that can't be set here."""
    return f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."


class Edit:
    """The changes that one call asks for.

    Args:
        call: the call.
        project: whose fields they are.
        state: what is there before; None for a new issue.
        screen: the fields that may be set.
    """

    def __init__(self, call: Call, project: Project, state: State | None, screen: frozenset[str] | set[str]) -> None:
        self.call, self.project, self.state, self.screen = call, project, state, screen
        self.over: dict[str, Any] = {}
        """What changes, as a state calls it."""
        self.errors: dict[str, str] = {}

    def take(self, fields: Mapping[str, Any], update: Mapping[str, Any]) -> None:
        """Look at everything that was sent."""
        for name, value in fields.items():
            if name in update:
                self.errors[name] = f"Field '{name}' cannot appear in both 'fields' and 'update'"
            else:
                self._one(name, [("set", value)])
        for name, operations in update.items():
            pairs = [pair for one in operations for pair in one.items()]
            self._one(name, pairs)

    def _one(self, name: str, operations: list[tuple[str, Any]]) -> None:
        if name not in self.screen:
            self.errors[name] = not_on_screen(name)
            return
        try:
            for how, value in operations:
                self._operate(name, how, value)
        except Bad as bad:
            self.errors[name] = str(bad)

    def _operate(self, name: str, how: str, value: Any) -> None:
        if name in self.call.books.fields:
            custom = self.over.get("custom", dict(self.state.custom) if self.state is not None else {})
            self.over["custom"] = {**custom, name: self._custom(name, value)}
            return
        read = self._readers()[name]
        if how in {"add", "remove"} and name in {"labels", "fixVersions"}:
            before = self._before(name)
            given = read([value])
            rest = tuple(one for one in before if one not in given)
            self.over[_STATES.get(name, name)] = (
                (*before, *(one for one in given if one not in before)) if how == "add" else rest
            )
        elif how == "set":
            self.over[_STATES.get(name, name)] = read(value)
        else:
            raise Bad(f"Field '{name}' does not support update '{how}'")

    def _before(self, name: str) -> tuple[str, ...]:
        attribute = _STATES.get(name, name)
        here: tuple[str, ...] = getattr(self.state, attribute) if self.state is not None else ()
        found: tuple[str, ...] = self.over.get(attribute, here)
        return found

    # --- values ---

    def _readers(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "summary": _summary, "description": self._description, "labels": _labels,
            "security": self._level, "fixVersions": self._versions,
            "priority": lambda value: _named(PRIORITIES, value, "The priority selected is invalid."),
            "resolution": lambda value: _named(RESOLUTIONS, value, "The resolution selected is invalid."),
            "assignee": self._assignee, "issuetype": self._type, "reporter": self._reporter,
        }  # fmt: skip

    def rich(self, value: Any) -> str | None:
        """A text with markup: wiki in v2, a document in v3."""
        if value is None:
            return None
        if self.call.shapes.api == "3":
            if not adf.is_document(value):
                raise Bad("Operation value must be an Atlassian Document (see the Atlassian Document Format)")
            return adf.text(value)
        if not isinstance(value, str):
            raise Bad("Operation value must be a string")
        return value

    def _custom(self, name: str, value: Any) -> Any:
        kind = self.call.books.fields[name][1]
        if value is None:
            return None
        if kind == "textarea":
            return self.rich(value)
        if kind == "number":
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise Bad("Operation value must be a number")
            return value
        if kind == "select":
            if not isinstance(value, dict) or not isinstance(value.get("value"), str):
                raise Bad("Specify a valid 'id' or 'name' for " + self.call.books.fields[name][0])
            known = self.call.books.options.get(name)
            if known is not None and value["value"] not in known:
                raise Bad(f"Option value '{value['value']}' is not valid")
            return value["value"]
        if not isinstance(value, str):
            raise Bad("Operation value must be a string")
        return value

    def _versions(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise Bad("data was not an array")
        known = {text: one.id for one in self.project.versions.values() for text in (one.id, one.name)}
        found = [known.get(str(one.get("id", one.get("name")))) for one in value]
        if None in found:
            raise Bad("Version name is not valid")
        return tuple(str(one) for one in found)

    def _assignee(self, value: Any) -> str | None:
        if value is None:
            return None
        name = value.get("accountId") or value.get("id") or value.get("name") if isinstance(value, dict) else None
        found = self.call.books.account(str(name))
        if found is None:
            raise Bad(f"User '{name}' does not exist.")
        if found.name in self.project.strangers or found.kind == "customer":
            raise Bad(f"User '{name}' cannot be assigned issues.")
        return found.name

    def _reporter(self, value: Any) -> str | None:
        name = value.get("accountId") or value.get("id") or value.get("name") if isinstance(value, dict) else None
        found = self.call.books.account(str(name))
        if found is None:
            raise Bad(f"User '{name}' does not exist.")
        return found.name

    def _level(self, value: Any) -> str:
        known = {str(10000 + number): name for number, name in enumerate(self.project.levels)}
        return _named(known, value, "Security level is not valid")

    def _description(self, value: Any) -> str | None:
        found = self.rich(value)
        if found is not None and len(found) > LONGEST_TEXT:
            raise Bad(f"The entered text is too long. It exceeds the allowed limit of {LONGEST_TEXT:,} characters.")
        return found

    def _type(self, value: Any) -> str:
        known = {self.call.shapes.type(name)["id"]: name for name in self.project.types}
        return str(_named(known, value, "Specify an issue type"))


def _summary(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Bad("You must specify a summary of the issue.")
    if "\n" in value or "\r" in value:
        raise Bad("The summary is invalid because it contains newline characters.")
    if len(value) > LONGEST_SUMMARY:
        raise Bad(f"Summary must be less than {LONGEST_SUMMARY} characters.")
    return value


def _labels(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Bad("data was not an array")
    for one in value:
        if " " in one:
            raise Bad(f"The label '{one}' contains spaces which is invalid.")
    return tuple(dict.fromkeys(value))


def _named(known: Mapping[str, str], value: Any, complaint: str) -> str:
    """What an id or a name stands for."""
    if isinstance(value, dict):
        if str(value.get("id")) in known:
            return known[str(value["id"])]
        if value.get("name") in known.values():
            return str(value["name"])
    raise Bad(complaint)
