"""From paths to repositories and issues, as the stand-in answers them: moved, transferred, out of sight, gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from connectors.github.sandbox.books import Issue, Repo
from connectors.github.sandbox.shapes import DOCS, error
from syncd.testing import Reply, Request

if TYPE_CHECKING:
    from connectors.github.sandbox.server import GitHubSandbox

Handler = Callable[..., Reply]
GONE = error("This issue was deleted", 410, f"{DOCS}/issues/issues#get-an-issue")
READ_ONLY = error("Repository was archived so is read-only.", 403)
OFF = error("Issues are disabled for this repo", 410, f"{DOCS}/issues/issues")
NOT_ACCESSIBLE = error("Resource not accessible by integration", 403)


class Paths:
    """Finds what a handler is to answer about, and answers itself where there is nothing to be found."""

    def __init__(self, sandbox: GitHubSandbox) -> None:
        self.sandbox = sandbox

    def by_name(self, do: Handler) -> Handler:
        """Of the repository that has that owner and name; one that has lost it is told to be elsewhere."""

        def handle(request: Request, owner: str, name: str, **parts: Any) -> Reply:
            books, full_name = self.sandbox.books, f"{owner}/{name}"
            repo = books.repo(full_name)
            if repo is not None:
                return self._inside(request, repo, do, parts)
            former = books.former.get(full_name.casefold())
            if former is None or not self.sandbox.access(request).sees(former):
                return Reply(404, error("Not Found", 404))
            rest = request.path.partition(f"/{owner}/{name}")[2]
            return self._moved(request, f"/repositories/{former.id}{rest}")

        return handle

    def by_id(self, do: Handler) -> Handler:
        """Of the repository with that number."""

        def handle(request: Request, **parts: Any) -> Reply:
            repo = self.sandbox.books.repos.get(parts.pop("id"))
            return self._inside(request, repo, do, parts) if repo else Reply(404, error("Not Found", 404))

        return handle

    def _inside(self, request: Request, repo: Repo, do: Handler, parts: dict[str, Any]) -> Reply:
        if not self.sandbox.access(request).sees(repo):
            return Reply(404, error("Not Found", 404))
        if request.method != "GET" and repo.archived:
            return Reply(403, READ_ONLY)
        access, at_issues = self.sandbox.access(request), "/issues" in request.path
        if access.is_app and request.method != "GET" and not access.writes(repo):
            return Reply(403, NOT_ACCESSIBLE)
        if at_issues and not access.reads_issues(repo):
            return Reply(403, NOT_ACCESSIBLE)
        return do(request, repo, **parts)

    def of_issue(self, do: Handler) -> Handler:
        """Of one issue in a repository."""

        def handle(request: Request, repo: Repo, number: int, **parts: Any) -> Reply:
            issue = repo.issues.get(number)
            if issue is None:
                return Reply(404, error("Not Found", 404))
            if not repo.has_issues and not issue.is_pull:
                return Reply(410, OFF)
            if issue.deleted:
                return Reply(410, GONE)
            if issue.moved_to is not None:
                return self._transferred(request, issue.moved_to, number)
            return do(request, issue, **parts)

        return handle

    def _transferred(self, request: Request, new: Issue, number: int) -> Reply:
        if new.deleted or new.moved_to is not None or not self.sandbox.access(request).sees(new.repo):
            return Reply(404, error("Not Found", 404))
        rest = request.path.partition(f"/issues/{number}")[2]
        return self._moved(request, f"/repositories/{new.repo.id}/issues/{new.number}{rest}")

    def _moved(self, request: Request, path: str) -> Reply:
        """The query is kept; what isn't a GET is told to repeat the same elsewhere."""
        url = self.sandbox.shapes(request).api + path
        query = "&".join(f"{key}={value}" for key, value in request.query)
        permanent = request.method == "GET"
        body = {"message": "Moved Permanently" if permanent else "Temporary Redirect", "url": url}
        body["documentation_url"] = f"{DOCS}/guides/best-practices-for-using-the-rest-api#http-redirects"
        return Reply(301 if permanent else 307, body, {"Location": f"{url}?{query}" if query else url})
