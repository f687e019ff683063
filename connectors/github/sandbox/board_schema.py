"""The stand-in's boards in the query interface: the types of GitHub's public schema that syncd uses."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from connectors.github.sandbox.books import Access, Books, Issue
from connectors.github.sandbox.projects import Project, ProjectField

SDL = """
interface RepositoryOwner { login: String! }
type Organization implements RepositoryOwner { login: String! projectV2(number: Int!): ProjectV2 }

type ProjectV2 {
  id: ID!
  number: Int!
  title: String!
  closed: Boolean!
  public: Boolean!
  fields(first: Int, last: Int, after: String, before: String): ProjectV2FieldConfigurationConnection!
}
type ProjectV2FieldConfigurationConnection { nodes: [ProjectV2FieldConfiguration] totalCount: Int! }
union ProjectV2FieldConfiguration = ProjectV2Field | ProjectV2SingleSelectField
interface ProjectV2FieldCommon { id: ID! name: String! dataType: ProjectV2FieldType! }
enum ProjectV2FieldType { ASSIGNEES DATE ITERATION LABELS NUMBER SINGLE_SELECT TEXT TITLE }
type ProjectV2Field implements ProjectV2FieldCommon { id: ID! name: String! dataType: ProjectV2FieldType! }
type ProjectV2SingleSelectField implements ProjectV2FieldCommon {
  id: ID! name: String! dataType: ProjectV2FieldType! options: [ProjectV2SingleSelectFieldOption!]!
}
type ProjectV2SingleSelectFieldOption { id: String! name: String! }

type ProjectV2Item {
  id: ID!
  project: ProjectV2!
  fieldValues(first: Int, last: Int, after: String, before: String): ProjectV2ItemFieldValueConnection!
}
type ProjectV2ItemFieldValueConnection { nodes: [ProjectV2ItemFieldValue] totalCount: Int! }
union ProjectV2ItemFieldValue =
  ProjectV2ItemFieldDateValue | ProjectV2ItemFieldNumberValue | ProjectV2ItemFieldSingleSelectValue
  | ProjectV2ItemFieldTextValue
type ProjectV2ItemFieldDateValue { date: Date field: ProjectV2FieldConfiguration! }
type ProjectV2ItemFieldNumberValue { number: Float field: ProjectV2FieldConfiguration! }
type ProjectV2ItemFieldSingleSelectValue { name: String optionId: String field: ProjectV2FieldConfiguration! }
type ProjectV2ItemFieldTextValue { text: String field: ProjectV2FieldConfiguration! }
scalar Date

type Mutation {
  addProjectV2ItemById(input: AddProjectV2ItemByIdInput!): AddProjectV2ItemByIdPayload
  updateProjectV2ItemFieldValue(input: UpdateProjectV2ItemFieldValueInput!): UpdateProjectV2ItemFieldValuePayload
}
input AddProjectV2ItemByIdInput { clientMutationId: String contentId: ID! projectId: ID! }
type AddProjectV2ItemByIdPayload { clientMutationId: String item: ProjectV2Item }
input UpdateProjectV2ItemFieldValueInput {
  clientMutationId: String fieldId: ID! itemId: ID! projectId: ID! value: ProjectV2FieldValue!
}
input ProjectV2FieldValue { date: Date iterationId: String number: Float singleSelectOptionId: String text: String }
type UpdateProjectV2ItemFieldValuePayload { clientMutationId: String projectV2Item: ProjectV2Item }
"""
_SCOPES = (
    "Your token has not been granted the required scopes to execute this query. The '{field}' field requires one of "
    "the following scopes: ['{scope}'], but your token has only been granted the: ['repo'] scopes."
)
_VALUES = {"SINGLE_SELECT": "SingleSelect", "NUMBER": "Number", "DATE": "Date"}


class ProjectsQuery:
    """Boards as the query interface shows and changes them, for whoever shows a token."""

    def __init__(self, books: Books, access: Access) -> None:
        self.books, self.access = books, access

    def owner(self, login: str) -> dict[str, Any]:
        """``repositoryOwner``: an organisation or a user, with its boards."""
        known = {one.login.casefold(): one for one in self.books.accounts.values()}.get(login.casefold())
        if known is None:
            raise _missing(f"Could not resolve to a RepositoryOwner with the login of '{login}'.")

        def board(_info: Any, number: int) -> dict[str, Any]:
            self._scope("projectV2", "read:project")
            found = self.books.boards.get((known.login.casefold(), number))
            if found is None or (known.type == "User" and self.access.is_app):
                raise _missing(f"Could not resolve to a ProjectV2 with the number {number}.")
            return self.project(found)

        kind = "Organization" if known.type == "Organization" else "User"
        return {"__typename": kind, "login": known.login, "id": f"U_{known.id}", "url": "", "projectV2": board}

    def project(self, project: Project) -> dict[str, Any]:
        """A board."""

        def fields(_info: Any, **_: Any) -> dict[str, Any]:
            nodes = [self.field(one) for one in project.fields.values()]
            return {"nodes": nodes, "totalCount": len(nodes)}

        told = {"id": project.id, "number": project.number, "title": project.title, "closed": False}
        return told | {"public": project.public, "fields": fields}

    @staticmethod
    def field(field: ProjectField) -> dict[str, Any]:
        """A field of a board."""
        kind = "ProjectV2SingleSelectField" if field.kind == "SINGLE_SELECT" else "ProjectV2Field"
        options = [{"id": id_, "name": name} for name, id_ in field.options.items()]
        return {"__typename": kind, "id": field.id, "name": field.name, "dataType": field.kind, "options": options}

    def add(self, wish: dict[str, Any]) -> dict[str, Any]:
        """``addProjectV2ItemById``: an issue that is there already is the same item."""
        self._scope("addProjectV2ItemById", "project")
        project, issue = self._project(wish["projectId"]), self._issue(wish["contentId"])
        project.items.setdefault(issue.id, {})
        return {"item": self.item(project, issue.id)}

    def set(self, wish: dict[str, Any]) -> dict[str, Any]:
        """``updateProjectV2ItemFieldValue``."""
        self._scope("updateProjectV2ItemFieldValue", "project")
        project, number = self._project(wish["projectId"]), int(wish["itemId"].removeprefix("PVTI_"))
        field = next((one for one in project.fields.values() if one.id == wish["fieldId"]), None)
        if field is None or number not in project.items:
            raise _missing("Could not resolve to a node with the global id.")
        ((name, value),) = wish["value"].items()
        if name == "singleSelectOptionId":
            shown = next((one for one, id_ in field.options.items() if id_ == value), None)
            if shown is None:
                wrong = "The single select option Id does not belong to the field"
                raise GraphQLError(wrong, extensions={"type": "VALIDATION"})
            value = shown
        project.items[number][field.name] = value
        project.writes += 1
        return {"projectV2Item": self.item(project, number)}

    def item(self, project: Project, number: int) -> dict[str, Any]:
        """An issue on a board, with what its fields hold."""

        def values(_info: Any, **_: Any) -> dict[str, Any]:
            nodes = [self._held(project.fields[name], value) for name, value in project.items[number].items()]
            return {"nodes": nodes, "totalCount": len(nodes)}

        return {"id": f"PVTI_{number}", "project": self.project(project), "fieldValues": values}

    def _held(self, field: ProjectField, value: Any) -> dict[str, Any]:
        key = {"SINGLE_SELECT": "name", "NUMBER": "number", "DATE": "date"}.get(field.kind, "text")
        kind = f"ProjectV2ItemField{_VALUES.get(field.kind, 'Text')}Value"
        return {"__typename": kind, key: value, "field": self.field(field)}

    def _project(self, id_: str) -> Project:
        found = next((one for one in self.books.boards.values() if one.id == id_), None)
        if found is None:
            raise _missing(f"Could not resolve to a node with the global id of '{id_}'.")
        return found

    def _issue(self, id_: str) -> Issue:
        """Just made issues aren't known here for some seconds."""
        number = id_.removeprefix("I_")
        found = self.books.by_id.get(int(number)) if number.isdecimal() else None
        late = found is not None and (self.books.now() - found.created).total_seconds() < self.books.boards_lag
        if found is None or late or not self.access.sees(found.repo):
            raise _missing(f"Could not resolve to a node with the global id of '{id_}'.")
        return found

    def _scope(self, field: str, scope: str) -> None:
        if self.access.boards:
            return
        if self.access.is_app:
            raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
        words = _SCOPES.format(field=field, scope=scope)
        raise GraphQLError(words, extensions={"type": "INSUFFICIENT_SCOPES"})


def _missing(what: str) -> GraphQLError:
    return GraphQLError(what, extensions={"type": "NOT_FOUND"})
