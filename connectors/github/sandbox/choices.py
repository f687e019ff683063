"""What the stand-in's repositories have to choose from when an issue is made: labels, assignees, issue types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.github.sandbox.books import Access, Repo
from connectors.github.sandbox.listing import numbered
from connectors.github.sandbox.shapes import DOCS, error
from syncd.testing import Reply, Request

if TYPE_CHECKING:
    from connectors.github.sandbox.server import GitHubSandbox

MOST_ASSIGNEES = 10


class Choices:
    """The handlers. Each is called with the stand-in's lock held."""

    def __init__(self, sandbox: GitHubSandbox) -> None:
        self.sandbox = sandbox

    def labels(self, request: Request, repo: Repo) -> Reply:
        """``GET .../labels``."""
        shapes = self.sandbox.shapes(request)
        part, links = numbered(request, shapes.api, list(repo.labels), self.sandbox.most_per_page)
        archived = {"archived_at": None, "archived_by": None}
        return Reply(200, [shapes.label(repo, name) | archived for name in part], links)

    def assignable(self, request: Request, repo: Repo, login: str) -> Reply:
        """``GET .../assignees/{login}``: 204, or 404 for whoever has nothing to do with the repository."""
        del request, repo
        return Reply(204) if self.sandbox.books.is_member(login) else Reply(404, error("Not Found", 404))

    def types(self, request: Request, owner: str) -> Reply:
        """``GET /orgs/{org}/issue-types``: a user has none, and not every token may see them."""
        books = self.sandbox.books
        account = next((one for one in books.accounts.values() if one.login.casefold() == owner.casefold()), None)
        if account is None or account.type != "Organization" or not self.sandbox.shows_types:
            return Reply(404, error("Not Found", 404))
        shapes = self.sandbox.shapes(request)
        return Reply(200, [shapes.type(name, on=on) for name, on in books.types.get(account.login, {}).items()])

    def taken(self, repo: Repo, access: Access, wish: dict[str, Any]) -> dict[str, Any] | Reply:
        """Labels, assignees and type that a new issue gets: none without the right to set them, and nothing is said.

        Whoever may set labels, but not make them, is refused a new one.
        """
        if not (access.push or access.triage):
            return {}
        labels, people = tuple(wish.get("labels") or ()), tuple(wish.get("assignees") or ())
        known = {one.casefold(): one for one in repo.labels}
        if not access.push and any(one.casefold() not in known for one in labels):
            return Reply(403, error("You do not have permission to create labels on this repository.", 403))
        unknown = [one for one in people if not self.sandbox.books.is_member(one)]
        if unknown and not self.sandbox.drops_assignees:
            return _invalid(unknown[0], "assignees")
        kind = wish.get("type")
        kinds = {name.casefold(): name for name, on in self.sandbox.books.types.get(repo.owner, {}).items() if on}
        if kind and kind.casefold() not in kinds:
            return _invalid(kind, "type")
        return {
            "labels": tuple(known.get(one.casefold(), one) for one in labels),
            "assignees": tuple(one for one in people if one not in unknown)[:MOST_ASSIGNEES],
            "type": kinds[kind.casefold()] if kind and access.push else "",
        }


def _invalid(value: str, field: str) -> Reply:
    wrong = {"value": value, "resource": "Issue", "field": field, "code": "invalid"}
    return Reply(422, error("Validation Failed", 422, f"{DOCS}/issues/issues", [wrong]))
