"""What concerns a site as a whole: statuses and fields, which types of issue a project takes, who we are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.jira import items
from connectors.jira.api import JiraApi, part
from connectors.jira.markup import clean
from connectors.jira.transitions import native
from syncd.errors import Gone, Refused

PREFERRED = ("task", "bug", "story")
"""Names of the type that a filed issue has where the configuration doesn't say, the first that a project has."""
_PAGE = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of issue that is filed in a project.

    Attributes:
        id: its id.
        name: as people know it.
        shown: fields that can be given when it is made: id -> label.
        required: those that must be given, and that syncd doesn't know: id -> label.
        allowed: the names of what a field can hold, where it is one of a list.
    """

    id: str
    name: str
    shown: Mapping[str, str]
    required: Mapping[str, str]
    allowed: Mapping[str, tuple[str, ...]]

    @property
    def labels(self) -> bool:
        """Whether an issue of it can be made with labels."""
        return "labels" in self.shown


GIVEN = frozenset({"project", "issuetype", "summary", "description", "labels", "reporter", "assignee"})
"""Fields that we give, or that Jira fills with ourselves."""


class Account:
    """One site, as the account that we use sees it; what is asked for is asked once.

    Args:
        api: the account.
        projects: keys of the projects that are followed.
        issue_type: name of the type that filed issues have; empty: a usual one.
    """

    def __init__(self, api: JiraApi, projects: Sequence[str], issue_type: str = "") -> None:
        self.api, self.projects, self.issue_type = api, tuple(projects), issue_type
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._fields: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def project(self, name: str) -> str | None:
        """The configured key that is meant."""
        return next((key for key in self.projects if key.upper() == name.strip().upper()), None)

    def statuses(self) -> dict[str, str]:
        """``done/Closed`` -> label, of every type of issue in the projects; a call for each project."""
        found: dict[str, str] = {}
        for project in self.projects:
            rows = self.api.rows("GET", f"project/{part(project)}/statuses", f"reading the statuses of {project}")
            for kind in rows:
                for one in items.listed(kind, "statuses"):
                    if isinstance(one, dict) and isinstance(one.get("name"), str):
                        found[native(one)] = clean(one["name"])
        return found

    def kind(self, project: str, name: str = "") -> Kind:
        """What an issue filed in a project is, by the name of its type, or as configured; two calls, once.

        Raises:
            Refused: the account may file nothing there, or not what is asked for.
        """
        key = (project, name.casefold())
        if key not in self._kinds:
            self._kinds[key] = self._kind(project, name or self.issue_type)
        return self._kinds[key]

    def forget(self, project: str) -> None:
        """What an issue in a project must be has changed: ask again."""
        self._kinds = {key: kind for key, kind in self._kinds.items() if key[0] != project}

    def _kind(self, project: str, name: str) -> Kind:
        doing = f"reading what can be filed in {project}"
        base = f"issue/createmeta/{part(project)}/issuetypes"
        try:
            types = [one for one in self._every(base, doing, "issueTypes") if one.get("subtask") is not True]
        except Gone as error:
            raise Refused(self.api.name, error.what) from None
        names = {items.named(one).casefold(): one for one in reversed(types)}
        wanted = (name.casefold(),) if name else PREFERRED
        chosen = next((names[one] for one in wanted if one in names), None)
        if chosen is None and types and not name:
            chosen = types[0]
        if chosen is None:
            has = ", ".join(items.named(one) for one in types)
            what = f"there is no type {name!r} there, only: {has}" if types else "the account may file nothing there"
            raise Refused(self.api.name, f"{doing}: {what}")
        with self.api.legal(doing):
            number = items.digits(chosen, "id")
        fields = list(self._every(f"{base}/{number}", doing, "fields"))
        shown = {str(one.get("fieldId")): items.named(one) for one in fields}
        must = {str(one.get("fieldId")): items.named(one) for one in fields if _must(one)}
        allowed = {str(one.get("fieldId")): _allowed(one) for one in fields}
        required = {key: label for key, label in must.items() if key not in GIVEN}
        return Kind(number, items.named(chosen), shown, required, allowed)

    def _every(self, path: str, doing: str, key: str) -> list[items.Row]:
        """A list of createmeta: at most 50 a page, under another name on Data Center."""
        found: list[items.Row] = []
        while True:
            page = self.api.record("GET", path, doing, params={"startAt": len(found), "maxResults": _PAGE})
            rows = page.get(key if key in page else "values")
            if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
                raise self.api.odd(doing)
            found += rows
            total, last = page.get("total"), page.get("isLast")
            # How many there are is told on both; Data Center says besides whether this was the last page.
            if not rows or last is True or (len(found) >= total if isinstance(total, int) else last is not False):
                return found

    # --- fields ---

    def field(self, name: str) -> tuple[str, Mapping[str, Any]]:
        """A field by its id, or by its name if only one is called so: its id and its schema; one call, once.

        Raises:
            Refused: there is no such field, or there are several.
        """
        fields = self._every_field()
        found = fields.get(name) or fields.get(name.casefold())
        if found is None:
            raise Refused(self.api.name, f"there is no field {name[:60]!r}, or there are several of that name")
        return found

    def has_field(self, name: str) -> bool:
        """Whether a name or an id names one field; one call, once."""
        fields = self._every_field()
        return name in fields or name.casefold() in fields

    def field_of(self, make: str) -> str:
        """The id of the field of a make, such as ``com.example:kind``; empty if there is none. One call, once."""
        made = (key for key, schema in self._every_field().values() if schema.get("custom") == make)
        return next(made, "")

    def labels(self) -> dict[str, str]:
        """What every field is called, by its id; one call."""
        return {str(row.get("id")): clean(items.named(row)) for row in self._read_fields()}

    def _every_field(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        if not self._fields:
            self._read_fields()
        return self._fields

    def _read_fields(self) -> Sequence[items.Row]:
        """Get fields; they are kept by id, and by a name that only one has."""
        rows = self.api.rows("GET", "field", "reading the fields")
        found: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for row in rows:
            told = (str(row.get("id")), row["schema"] if isinstance(row.get("schema"), dict) else {})
            found[told[0]] = told
        names = Counter(items.named(row).casefold() for row in rows)
        for row in rows:
            label = items.named(row).casefold()
            if label and names[label] == 1:
                found.setdefault(label, found[str(row.get("id"))])
        self._fields = found
        return rows

    def value(self, name: str, value: str | int) -> tuple[str, Any]:
        """A field's id, and a value as its type takes it."""
        key, schema = self.field(name)
        return key, _typed(schema, value)


def _typed(schema: Mapping[str, Any], value: str | int) -> Any:
    """Jira platform REST API, Create issue: what fields of each type take."""
    kind, one = schema.get("type"), str(value)
    if kind == "number":
        return value if isinstance(value, int) else float(one) if "." in one else int(one)
    if kind == "option":
        return {"value": one}
    if kind == "array":
        each = {"option": "value", "version": "name", "component": "name"}.get(str(schema.get("items")))
        return [{each: one}] if each is not None else [one]
    return {"name": one} if kind in {"priority", "version", "component", "securitylevel"} else one


def _allowed(field: items.Row) -> tuple[str, ...]:
    """What a list has: options have a value, all else a name."""
    rows = [one for one in items.listed(field, "allowedValues") if isinstance(one, dict)]
    return tuple(str(one.get("value") or one.get("name")) for one in rows)


def _must(field: items.Row) -> bool:
    return field.get("required") is True and field.get("hasDefaultValue") is not True
