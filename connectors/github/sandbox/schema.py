"""GraphQL reads of the stand-in: the types and fields that syncd uses, named as in GitHub's public schema."""

from __future__ import annotations

import re
from typing import Any

from graphql import GraphQLError, build_schema, graphql_sync

from connectors.github.sandbox.board_schema import SDL as PROJECTS
from connectors.github.sandbox.board_schema import ProjectsQuery
from connectors.github.sandbox.books import Access, Books, Event, Issue, Repo
from connectors.github.sandbox.shapes import Shapes
from syncd.clock import stamp

SDL = """
scalar DateTime
scalar URI
scalar BigInt

type Query {
  repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
  viewer: User!
  repositoryOwner(login: String!): RepositoryOwner
  rateLimit(dryRun: Boolean = false): RateLimit
}

interface Actor { login: String! url: URI! }
type Bot implements Actor { login: String! url: URI! id: ID! }
type User implements Actor & RepositoryOwner {
  login: String! url: URI! id: ID! projectV2(number: Int!): ProjectV2
}
type RateLimit { cost: Int! limit: Int! remaining: Int! resetAt: DateTime! }

type Repository {
  id: ID!
  databaseId: Int
  name: String!
  nameWithOwner: String!
  isPrivate: Boolean!
  isArchived: Boolean!
  hasIssuesEnabled: Boolean!
  url: URI!
  issue(number: Int!): Issue
}

enum IssueState { OPEN CLOSED }
enum IssueStateReason { COMPLETED DUPLICATE NOT_PLANNED REOPENED }
enum CommentAuthorAssociation {
  COLLABORATOR CONTRIBUTOR FIRST_TIMER FIRST_TIME_CONTRIBUTOR MANNEQUIN MEMBER NONE OWNER
}
enum IssueTimelineItemsItemType {
  CLOSED_EVENT CONVERTED_TO_DISCUSSION_EVENT MARKED_AS_DUPLICATE_EVENT REOPENED_EVENT TRANSFERRED_EVENT
}

type Issue {
  id: ID!
  databaseId: Int
  fullDatabaseId: BigInt
  number: Int!
  title: String!
  body: String!
  state: IssueState!
  stateReason(enableDuplicate: Boolean = false): IssueStateReason
  createdAt: DateTime!
  updatedAt: DateTime!
  closedAt: DateTime
  url: URI!
  locked: Boolean!
  author: Actor
  authorAssociation: CommentAuthorAssociation!
  labels(first: Int, last: Int, after: String, before: String): LabelConnection
  assignees(first: Int, last: Int, after: String, before: String): UserConnection!
  milestone: Milestone
  repository: Repository!
  timelineItems(itemTypes: [IssueTimelineItemsItemType!], first: Int, last: Int): IssueTimelineItemsConnection!
}

type Label { name: String! color: String! }
type Milestone { title: String! state: MilestoneState! }
enum MilestoneState { CLOSED OPEN }
type UserConnection { nodes: [User] totalCount: Int! }
type LabelConnection { nodes: [Label] totalCount: Int! }
type IssueTimelineItemsConnection { nodes: [IssueTimelineItems] totalCount: Int! }
union IssueTimelineItems =
  ClosedEvent | ConvertedToDiscussionEvent | MarkedAsDuplicateEvent | ReopenedEvent | TransferredEvent
union IssueOrPullRequest = Issue | PullRequest
type PullRequest { id: ID! number: Int! }
type ClosedEvent { id: ID! actor: Actor createdAt: DateTime! }
type ConvertedToDiscussionEvent { id: ID! actor: Actor createdAt: DateTime! }
type MarkedAsDuplicateEvent { id: ID! actor: Actor createdAt: DateTime! canonical: IssueOrPullRequest }
type ReopenedEvent { id: ID! actor: Actor createdAt: DateTime! }
type TransferredEvent { id: ID! actor: Actor createdAt: DateTime! }
"""
SDL += PROJECTS
SCHEMA = build_schema(SDL)
OLD_SCHEMA = build_schema(
    SDL.replace("  fullDatabaseId: BigInt\n", "")
    .replace("(enableDuplicate: Boolean = false)", "")
    .replace("DUPLICATE NOT_PLANNED", "NOT_PLANNED")
)
"""As of an Enterprise Server that is some versions behind."""
_KINDS = {
    "closed": "ClosedEvent",
    "converted_to_discussion": "ConvertedToDiscussionEvent",
    "marked_as_duplicate": "MarkedAsDuplicateEvent",
    "reopened": "ReopenedEvent",
    "transferred": "TransferredEvent",
}


def execute(
    books: Books, access: Access, shapes: Shapes, query: str, variables: dict[str, Any], *, old: bool = False
) -> dict[str, Any]:
    """The answer to a query; partial failures stand beside the data, as GitHub sends them with status 200."""
    root, schema = _Query(books, access, shapes), OLD_SCHEMA if old else SCHEMA
    result = graphql_sync(schema, query, root, variable_values=variables)
    answer: dict[str, Any] = {} if result.data is None and result.errors else {"data": result.data}
    if result.errors:
        answer["errors"] = [_error(one) for one in result.errors]
    return answer


def _error(error: GraphQLError) -> dict[str, Any]:
    told = error.formatted
    kind = (error.extensions or {}).get("type")
    found: dict[str, Any] = {"type": kind} if kind else {}
    found |= {"path": list(error.path)} if error.path else {}
    return found | {"locations": told.get("locations", []), "message": _in_its_words(error.message)}


def _in_its_words(message: str) -> str:
    """What GitHub says where graphql-core has other words for it."""
    if found := re.match(r"Cannot query field '(\w+)' on type '(\w+)'", message):
        return f"Field '{found[1]}' doesn't exist on type '{found[2]}'"
    if found := re.match(r"Unknown argument '(\w+)' on field '\w+\.(\w+)'", message):
        return f"Field '{found[2]}' doesn't accept argument '{found[1]}'"
    return message


def _missing(what: str) -> GraphQLError:
    return GraphQLError(what, extensions={"type": "NOT_FOUND"})


class _Query:
    """The root: resolves by attribute, so that each value is only made where it was asked for."""

    def __init__(self, books: Books, access: Access, shapes: Shapes) -> None:
        self.books, self.access, self.shapes = books, access, shapes
        self.projects = ProjectsQuery(books, access)

    def repositoryOwner(self, _info: Any, login: str) -> dict[str, Any]:  # noqa: N802  # the schema's name
        return self.projects.owner(login)

    def addProjectV2ItemById(self, _info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002, N802  # as above
        return self.projects.add(input)

    def updateProjectV2ItemFieldValue(self, _info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002, N802  # as above
        return self.projects.set(input)

    def viewer(self, _info: Any) -> dict[str, Any]:
        login = self.access.login
        return {"login": login, "url": f"{self.shapes.web}/{login}", "id": f"U_{login}"}

    def rateLimit(self, _info: Any, **_: Any) -> dict[str, Any]:  # noqa: N802  # the schema's name
        return {"cost": 1, "limit": 5000, "remaining": 4999, "resetAt": stamp(self.books.now())}

    def repository(self, _info: Any, owner: str, name: str, **_: Any) -> dict[str, Any]:
        full_name = f"{owner}/{name}"
        repo = self.books.repo(full_name) or self.books.former.get(full_name.casefold())
        if repo is None or not self.access.sees(repo):
            raise _missing(f"Could not resolve to a Repository with the name '{full_name}'.")
        return self.repo(repo)

    def repo(self, repo: Repo) -> dict[str, Any]:
        def issue(_info: Any, number: int) -> dict[str, Any]:
            found = repo.issues.get(number)
            if not self.access.reads_issues(repo):
                raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
            if found is None or found.deleted or found.moved_to or found.is_pull or not repo.has_issues:
                raise _missing(f"Could not resolve to an Issue with the number of {number}.")
            return self.issue(found)

        return {
            "id": f"R_{repo.id}",
            "databaseId": repo.id,
            "name": repo.name,
            "nameWithOwner": repo.full_name,
            "isPrivate": repo.private,
            "isArchived": repo.archived,
            "hasIssuesEnabled": repo.has_issues,
            "url": f"{self.shapes.web}/{repo.full_name}",
            "issue": issue,
        }

    def issue(self, issue: Issue) -> dict[str, Any]:
        now = issue.now

        def reason(_info: Any, *, enableDuplicate: bool = True) -> str | None:  # noqa: N803  # as above
            told = "not_planned" if now.reason == "duplicate" and not enableDuplicate else now.reason
            return told.upper() if told else None

        def timeline(_info: Any, **wish: Any) -> dict[str, Any]:
            kinds = {kind.lower().removesuffix("_event") for kind in wish.get("itemTypes") or ()}
            events = [one for one in issue.events if one.event in _KINDS and (not kinds or one.event in kinds)]
            nodes = [self.event(one) for one in _part(events, wish)]
            return {"totalCount": len(events), "nodes": nodes}

        def labels(_info: Any, **wish: Any) -> dict[str, Any]:
            nodes = [{"name": name, "color": issue.repo.labels[name]} for name in _part(list(now.labels), wish)]
            return {"totalCount": len(now.labels), "nodes": nodes}

        def assignees(_info: Any, **wish: Any) -> dict[str, Any]:
            return {
                "totalCount": len(now.assignees),
                "nodes": [self.actor(one) for one in _part([*now.assignees], wish)],
            }

        closed = issue.repo.milestones.get(now.milestone)
        milestone = {"title": now.milestone, "state": "CLOSED" if closed else "OPEN"} if now.milestone else None
        return {
            "__typename": "Issue",
            "id": f"I_{issue.id}",
            "fullDatabaseId": str(issue.id),
            "databaseId": issue.id if issue.id < 2**31 else None,
            "number": issue.number,
            "title": now.title,
            "body": now.body or "",
            "state": now.state.upper(),
            "stateReason": reason,
            "createdAt": stamp(issue.created),
            "updatedAt": stamp(now.updated),
            "closedAt": stamp(now.closed_at) if now.closed_at else None,
            "url": f"{self.shapes.web}/{issue.repo.full_name}/issues/{issue.number}",
            "locked": now.locked,
            "author": self.actor(issue.user) if issue.user is not None else None,
            "authorAssociation": issue.association,
            "labels": labels,
            "assignees": assignees,
            "milestone": milestone,
            "repository": lambda _info: self.repo(issue.repo),
            "timelineItems": timeline,
        }

    def event(self, event: Event) -> dict[str, Any]:
        canonical = self.issue(event.canonical) if event.canonical is not None else None
        return {
            "__typename": _KINDS[event.event],
            "id": f"E_{event.id}",
            "actor": self.actor(event.actor),
            "createdAt": stamp(event.at),
            "canonical": canonical,
        }

    def actor(self, login: str) -> dict[str, Any]:
        kind = "Bot" if login.endswith("[bot]") else "User"
        name = login.removesuffix("[bot]")  # unlike REST
        return {"__typename": kind, "login": name, "url": f"{self.shapes.web}/{login}"}


def _part(rows: list[Any], wish: dict[str, Any]) -> list[Any]:
    """``first`` or ``last``, one of which must be given, 1 to 100."""
    first, last = wish.get("first"), wish.get("last")
    count = first if first is not None else last
    if count is None or not 1 <= count <= 100:
        raise GraphQLError("You must provide a `first` or `last` value from 1 to 100.", extensions={"type": "LIMIT"})
    return rows[:count] if first is not None else rows[-count:]
