"""Issues that are made: what a project takes is looked up before, then one request files the issue.

Jira refuses whole what it doesn't take, and its answer to a creation shows nothing of the issue (Jira platform REST
API, Create issue; Get create field metadata for a project and issue type id).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from connectors.jira import items
from connectors.jira.account import Account, Kind
from connectors.jira.api import JiraApi
from connectors.jira.markup import to_wiki
from connectors.jira.writes import label, word
from syncd.actions import Draft
from syncd.errors import ConnectorError, Gone, Problem, Refused
from syncd.model import Audience

MAX_TITLE = 255
"""Characters of a summary."""
FRESH_SECONDS = 600.0
"""How long it is believed that somebody can be assigned to the issues of a project."""
_ID = re.compile(r"customfield_\d+")

Obstacle = tuple[str, str]
"""What stands in the way, and its cure."""


class Filing:
    """Files issues in the projects of one account.

    Args:
        api: the account.
        account: its fields, and what can be filed.
        audience: who can read the projects.
    """

    def __init__(self, api: JiraApi, account: Account, audience: Audience) -> None:
        self.api, self.account, self.audience = api, account, audience
        self._assignable: dict[tuple[str, str], float] = {}

    def create(self, draft: Draft) -> items.Row:
        """POST an issue, once (Create issue); the answer names it and shows nothing of it.

        Raises:
            Refused: the project isn't configured, or takes no such issue.
        """
        doing = f"filing an issue in {draft.place}"
        found = self._obstacles_anew(draft)
        if found:
            raise Refused(self.api.name, f"{doing}: {found[0][0]}. {found[0][1]}")
        project = self.account.project(draft.place) or draft.place
        kind = self.account.kind(project, draft.type)
        body = {
            "fields": self._fields(draft, project, kind),
            "properties": [{"key": "syncd", "value": {"marker": draft.marker}}],
        }
        try:
            return self.api.record("POST", "issue", doing, body=body)
        except Refused as error:
            self.account.forget(project)
            raise Refused(self.api.name, self._why(error.what, draft, doing, kind)) from None
        except Gone as error:
            raise Refused(self.api.name, error.what) from None

    def problems(self, drafts: Sequence[Draft]) -> Iterator[Problem]:
        """What stands in the way of such issues, each once; what a project takes is asked once."""
        for project in {self.account.project(draft.place) for draft in drafts} - {None}:
            self.account.forget(project or "")
        told: set[Problem] = set()
        for draft in drafts:
            for what, cure in self._obstacles(draft):
                one = Problem(f"{self.api.name}: {draft.place}", what, cure)
                if one not in told:
                    told.add(one)
                    yield one

    # --- what stands in the way ---

    def _why(self, what: str, draft: Draft, doing: str, kind: Kind) -> str:
        """A refusal in words: by what the project asks now, else with the names of the fields that it tells by id."""
        named = dict(kind.shown)
        with suppress(ConnectorError):
            for obstacle, cure in self._obstacles(draft):
                return f"{doing}: {obstacle}. {cure}"
            if _ID.search(what):
                named |= self.account.labels()
        shown = _ID.sub(lambda one: f"{named.get(one[0], one[0])} ({one[0]})", what)
        return f"{shown}. Look at what the project asks of a new {kind.name}, and whether the account may create any"

    def _obstacles_anew(self, draft: Draft) -> list[Obstacle]:
        """Of what was read before nothing is refused: a field may have become optional since."""
        found = list(self._obstacles(draft))
        project = self.account.project(draft.place)
        if found and project is not None:
            self.account.forget(project)
            found = list(self._obstacles(draft))
        return found

    def _obstacles(self, draft: Draft) -> Iterator[Obstacle]:
        project = self.account.project(draft.place)
        if project is None:
            cure = f"Add it to projects in connectors/{self.api.name}.toml, or name another one"
            yield f"the project {draft.place} isn't one of those configured", cure
            return
        if draft.audience is Audience.PRIVATE and self.audience is Audience.PUBLIC:
            cure = f"Name another project, or set audience in connectors/{self.api.name}.toml as it is"
            yield "everybody can read there, and the text was written for the team alone", cure
            return
        try:
            kind = self.account.kind(project, draft.type)
        except Refused as error:
            cure = "Name a type of issue that the project has, and give the account Create issues there"
            yield error.what, cure
            return
        yield from self._of_fields(draft, kind)
        if draft.assignees:
            yield from self._of_assignees(draft.assignees, project, kind)

    def _of_fields(self, draft: Draft, kind: Kind) -> Iterator[Obstacle]:
        given = set[str]()
        for name, value in draft.fields.items():
            try:
                given.add(self._value(name, value)[0])
            except (Refused, ValueError) as error:
                what = error.what if isinstance(error, Refused) else f"the field {name!r} takes a number"
                yield what, "Write the field's name or id as the site has it"
                continue
            yield from self._of_value(draft, name, kind)
        for key, name in kind.required.items():
            if key not in given:
                cure = "Set it in the playbook, make it optional, or give it a default in Jira"
                yield f"a {kind.name} can't be filed there without {name or key}", cure
        if draft.labels and not kind.labels:
            yield f"a {kind.name} takes no labels there", "Put Labels on its screen, or leave them out of the playbook"

    def _of_value(self, draft: Draft, name: str, kind: Kind) -> Iterator[Obstacle]:
        value, (key, _) = draft.fields[name], self.account.field(name)
        if key not in kind.shown:
            yield f"the field {name!r} isn't on the screen of a new {kind.name} there", "Put it there, or leave it out"
            return
        allowed = kind.allowed.get(key, ())
        if allowed and isinstance(value, str) and value not in allowed:
            # What a ticket says goes into no error: those are shown in chat.
            shown = repr(value) if draft.audience is Audience.PUBLIC else "of that name"
            yield f"the field {name!r} has no value {shown}", f"Use one of: {', '.join(allowed[:20])}"

    def _of_assignees(self, people: Sequence[str], project: str, kind: Kind) -> Iterator[Obstacle]:
        if "assignee" not in kind.shown:
            cure = "Put Assignee on its screen and give the account Assign issues, or assign nobody"
            yield f"nobody can be assigned to a new {kind.name} there", cure
        elif len(people) > 1:
            yield "an issue of Jira has one assignee", "Name one in the playbook"
        elif not self._can_be_assigned(people[0], project):
            form = "the accountId that ends the address of their profile" if self.api.cloud else "the username"
            cure = f"Write {form}; the person needs the permission Assignable user in the project"
            yield f"{people[0]!r} can't be assigned to issues of {project}", cure

    def _can_be_assigned(self, person: str, project: str) -> bool:
        """Find users assignable to issues: on Data Center it looks for beginnings of names."""
        now, key = self.api.clock.monotonic(), (person, project)
        if key in self._assignable and now - self._assignable[key] <= FRESH_SECONDS:
            return True
        by, name = ("accountId", "accountId") if self.api.cloud else ("username", "name")
        doing, params = f"looking who can be assigned in {project}", {by: person, "project": project}
        found = self.api.rows("GET", "user/assignable/search", doing, params=params)
        if not any(one.get(name) == person for one in found):
            return False
        self._assignable[key] = now
        return True

    # --- what is sent ---

    def _fields(self, draft: Draft, project: str, kind: Kind) -> dict[str, Any]:
        fields: dict[str, Any] = dict(self._value(name, value) for name, value in draft.fields.items())
        fields |= {"project": {"key": project}, "issuetype": {"id": kind.id}}
        fields["summary"] = " ".join(draft.title.split())[:MAX_TITLE]
        found = word(draft.marker)
        fields["description"] = to_wiki(draft.body if kind.labels else f"{draft.body}\n\n{found}", draft.marker)
        if kind.labels:
            fields["labels"] = [*dict.fromkeys(label(one) for one in draft.labels), found]
        if draft.assignees:
            fields["assignee"] = {"accountId" if self.api.cloud else "name": draft.assignees[0]}
        return fields

    def _value(self, name: str, value: Any) -> tuple[str, Any]:
        """A field's id, and its value: text and numbers as the field's type takes them, all else as it is."""
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return self.account.value(name, value)
        if isinstance(value, Mapping):
            value = dict(value)
        return self.account.field(name)[0], value
