"""What the stand-in answers: REST by name and by number, and GraphQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.github.sandbox import schema
from connectors.github.sandbox.books import LONGEST, MOST_COMMENTS, Access, Comment, Issue, Repo
from connectors.github.sandbox.choices import Choices
from connectors.github.sandbox.listing import Listing, numbered
from connectors.github.sandbox.paths import NOT_ACCESSIBLE, OFF, Handler, Paths
from connectors.github.sandbox.shapes import DOCS, Shapes, error
from syncd.clock import moment
from syncd.testing import Reply, Request

if TYPE_CHECKING:
    from connectors.github.sandbox.server import GitHubSandbox

REASONS = frozenset({"completed", "not_planned", "duplicate", "reopened", None})
LONGEST_TITLE = 256


class Endpoints:
    """The handlers. Each is called with the stand-in's lock held."""

    def __init__(self, sandbox: GitHubSandbox) -> None:
        self.sandbox, self.choices = sandbox, Choices(sandbox)

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Everything, at the root and under ``/api/v3``."""
        paths = Paths(self.sandbox)
        inside: list[tuple[str, str, Handler]] = [
            ("GET", "", self.repository),
            ("GET", "/issues", self.issues),
            ("POST", "/issues", self.create),
            ("GET", "/labels", self.choices.labels),
            ("GET", "/assignees/<login>", self.choices.assignable),
            ("GET", "/issues/comments/<int:id_>", self.one_comment),
            ("PATCH", "/issues/comments/<int:id_>", self.edit_comment),
            ("GET", "/issues/<int:number>", paths.of_issue(self.read)),
            ("PATCH", "/issues/<int:number>", paths.of_issue(self.update)),
            ("GET", "/issues/<int:number>/comments", paths.of_issue(self.comments)),
            ("POST", "/issues/<int:number>/comments", paths.of_issue(self.comment)),
            ("POST", "/issues/<int:number>/labels", paths.of_issue(self.add_labels)),
            ("DELETE", "/issues/<int:number>/labels/<path:label>", paths.of_issue(self.remove_label)),
            ("GET", "/issues/<int:number>/timeline", paths.of_issue(self.history)),
            ("GET", "/issues/<int:number>/events", paths.of_issue(self.history)),
        ]
        found: list[tuple[str, str, Handler]] = []
        for prefix in ("", "/api/v3"):
            found += [("GET", f"{prefix}/user", self.user), ("GET", f"{prefix}/rate_limit", self.rate_limit)]
            found.append(("GET", f"{prefix}/orgs/<owner>/issue-types", self.choices.types))
            found += [(verb, f"{prefix}{path}", do) for verb, path, do in self.sandbox.app.routes()]
            found += [(verb, f"{prefix}/repos/<owner>/<name>{rest}", paths.by_name(do)) for verb, rest, do in inside]
            found += [(verb, f"{prefix}/repositories/<int:id>{rest}", paths.by_id(do)) for verb, rest, do in inside]
        return [*found, ("POST", "/graphql", self.graphql), ("POST", "/api/graphql", self.graphql)]

    # --- who and where ---

    def user(self, request: Request) -> Reply:
        """``GET /user``; an app is none."""
        access = self.sandbox.access(request)
        if access.is_app:
            return Reply(403, NOT_ACCESSIBLE)
        account = self.sandbox.books.account(access.login)
        return Reply(200, self._shapes(request).whole_user(account, moment("2024-01-01T00:00:00Z")))

    def rate_limit(self, request: Request) -> Reply:
        """``GET /rate_limit``; free."""
        del request
        self.sandbox.used -= 1
        left = self.sandbox.limit - self.sandbox.used
        rate = {"limit": self.sandbox.limit, "used": self.sandbox.used, "remaining": left, "reset": self.sandbox.reset}
        return Reply(200, {"resources": {"core": rate, "search": rate, "graphql": rate}, "rate": rate})

    def repository(self, request: Request, repo: Repo) -> Reply:
        """``GET /repos/{owner}/{repo}``."""
        owner = self.sandbox.books.account(repo.owner)
        access = self.sandbox.access(request)
        # An app has no role in a repository: it is told of none, whatever it may do.
        return Reply(200, self._shapes(request).repo(repo, owner, _rights(access)))

    # --- issues ---

    def issues(self, request: Request, repo: Repo) -> Reply:
        """``GET /repos/{owner}/{repo}/issues``."""
        if not repo.has_issues and not self.sandbox.off_lists_pulls:
            return Reply(410, OFF)
        return Listing(self.sandbox, self._shapes(request), repo).reply(request)

    def read(self, request: Request, issue: Issue) -> Reply:
        """``GET .../issues/{number}``."""
        return self._shown(request, issue)

    def create(self, request: Request, repo: Repo) -> Reply:
        """``POST .../issues``: without the right to set them, labels and the like are dropped without a word."""
        if not repo.has_issues:
            return Reply(410, OFF)
        wish = _body(request)
        if isinstance(wish, Reply):
            return wish
        title, body = wish.get("title"), wish.get("body")
        wrong = _wrong_title(title) or _wrong_body(body, "Issue", "body", "body is too long")
        if wrong:
            return wrong
        access = self.sandbox.access(request)
        taken = self.choices.taken(repo, access, wish)
        if isinstance(taken, Reply):
            return taken
        association = _association(access)
        issue = self.sandbox.books.add_issue(repo, str(title), body, access.login, association, **taken)
        reply = self._shown(request, issue)
        return Reply(201, reply.body, {"Location": reply.body["url"]})

    def update(self, request: Request, issue: Issue) -> Reply:
        """``PATCH .../issues/{number}``: the reason counts only where the state changes."""
        access, books = self.sandbox.access(request), self.sandbox.books
        wish = _body(request)
        if isinstance(wish, Reply):
            return wish
        if not access.push and issue.user != access.login:
            return Reply(403, error("Must have admin rights to Repository.", 403))
        state, reason = wish.get("state"), wish.get("state_reason")
        if state not in {"open", "closed", None} or reason not in REASONS:
            return _invalid({"value": None, "resource": "Issue", "field": "state", "code": "invalid"})
        if state is not None:
            issue.status_writes += 1
            if state == "closed" and issue.now.state != "closed":
                books.close(issue, None if self.sandbox.behind else reason or "completed", access.login)
            elif state == "open" and issue.now.state != "open":
                books.reopen(issue, access.login)
        fields: dict[str, Any] = {name: wish[name] for name in ("title", "body") if name in wish}
        if "labels" in wish and access.push:
            fields["labels"] = tuple(wish["labels"])
            for label in fields["labels"]:
                issue.repo.labels.setdefault(label, "ededed")
        if fields:
            issue.change(books.now(), **fields)
        return self._shown(request, issue)

    # --- what hangs on an issue ---

    def comments(self, request: Request, issue: Issue) -> Reply:
        """``GET .../comments``: ascending by id, numbered pages."""
        shapes, accounts = self._shapes(request), self.sandbox.books.accounts
        since = request.arg("since")
        rows = [one for one in issue.comments if not since or one.created >= moment(since)]
        part, links = numbered(request, shapes.api, rows, self.sandbox.most_per_page)
        return Reply(200, [shapes.comment(issue, one, accounts[one.user]) for one in part], links)

    def comment(self, request: Request, issue: Issue) -> Reply:
        """``POST .../comments``."""
        wish = _body(request)
        if isinstance(wish, Reply):
            return wish
        access = self.sandbox.access(request)
        if issue.now.locked and not access.push:
            return Reply(403, error("Unable to create comment because issue is locked.", 403))
        if len(issue.comments) >= MOST_COMMENTS:
            words = "Commenting is disabled on issues with more than 2500 comments"
            return Reply(403, error(words, 403))
        body = wish.get("body")
        if not isinstance(body, str) or not body.strip():
            return _invalid({"resource": "IssueComment", "code": "missing_field", "field": "body"})
        wrong = _wrong_body(body, "IssueComment", "data", "Body is too long", "unprocessable")
        if wrong:
            return wrong
        made = self.sandbox.books.comment(issue, body, access.login, _association(access))
        shown = self._shapes(request).comment(issue, made, self.sandbox.books.accounts[made.user])
        return Reply(201, shown, {"Location": shown["url"]})

    def one_comment(self, request: Request, repo: Repo, id_: int) -> Reply:
        """``GET .../issues/comments/{id}``."""
        issue, comment = _comment(repo, id_)
        if issue is None or comment is None:
            return Reply(404, error("Not Found", 404))
        accounts = self.sandbox.books.accounts
        return Reply(200, self._shapes(request).comment(issue, comment, accounts[comment.user]))

    def edit_comment(self, request: Request, repo: Repo, id_: int) -> Reply:
        """``PATCH .../issues/comments/{id}``: whoever may push may write over anybody's."""
        issue, comment = _comment(repo, id_)
        wish, access = _body(request), self.sandbox.access(request)
        if issue is None or comment is None:
            return Reply(404, error("Not Found", 404))
        if isinstance(wish, Reply):
            return wish
        if not access.push and comment.user != access.login:
            return Reply(403, error("Must have admin rights to Repository.", 403))
        wrong = _wrong_body(wish.get("body"), "IssueComment", "data", "Body is too long", "unprocessable")
        if wrong:
            return wrong
        self.sandbox.books.edit_comment(issue, comment, str(wish["body"]))
        return self.one_comment(request, repo, id_)

    def add_labels(self, request: Request, issue: Issue) -> Reply:
        """``POST .../labels``: those that don't exist are made."""
        wish, access = _body(request), self.sandbox.access(request)
        if isinstance(wish, Reply):
            return wish
        if not access.push:
            return Reply(403, error("Must have admin rights to Repository.", 403))
        for label in wish["labels"]:
            issue.repo.labels.setdefault(label, "ededed")
        issue.change(self.sandbox.books.now(), labels=tuple(dict.fromkeys((*issue.now.labels, *wish["labels"]))))
        return self._labels(request, issue)

    def remove_label(self, request: Request, issue: Issue, label: str) -> Reply:
        """``DELETE .../labels/{name}``: 404 where the issue doesn't have it."""
        if not self.sandbox.access(request).push:
            return Reply(403, error("Must have admin rights to Repository.", 403))
        if label not in issue.now.labels:
            return Reply(404, error("Label does not exist", 404))
        left = tuple(one for one in issue.now.labels if one != label)
        issue.change(self.sandbox.books.now(), labels=left)
        return self._labels(request, issue)

    def _labels(self, request: Request, issue: Issue) -> Reply:
        shapes = self._shapes(request)
        archived = {"archived_at": None, "archived_by": None}
        return Reply(200, [shapes.label(issue.repo, name) | archived for name in issue.now.labels])

    def history(self, request: Request, issue: Issue) -> Reply:
        """``GET .../timeline`` and ``.../events``; comments, which the timeline also has, are left out."""
        shapes, accounts = self._shapes(request), self.sandbox.books.accounts
        part, links = numbered(request, shapes.api, issue.events, self.sandbox.most_per_page)
        return Reply(200, [shapes.event(issue, one, accounts[one.actor]) for one in part], links)

    def graphql(self, request: Request) -> Reply:
        """``POST /graphql``."""
        if not self.sandbox.graphql:
            return Reply(404, error("Not Found", 404))
        wish = _body(request)
        if isinstance(wish, Reply):
            return wish
        access, shapes = self.sandbox.access(request), self._shapes(request)
        books, query, variables = self.sandbox.books, str(wish.get("query")), wish.get("variables") or {}
        answer = schema.execute(books, access, shapes, query, variables, old=self.sandbox.behind)
        return Reply(200, answer, {"x-ratelimit-resource": "graphql"})

    # --- the same for all ---

    def _shown(self, request: Request, issue: Issue) -> Reply:
        return Reply(200, self._shapes(request).issue(issue, issue.now, self.sandbox.books.accounts))

    def _shapes(self, request: Request) -> Shapes:
        return self.sandbox.shapes(request)


def _comment(repo: Repo, id_: int) -> tuple[Issue, Comment] | tuple[None, None]:
    """A comment by its id, and the issue that it stands on."""
    for issue in repo.issues.values():
        for one in issue.comments:
            if one.id == id_ and not issue.deleted and issue.moved_to is None:
                return issue, one
    return None, None


def _rights(access: Access) -> dict[str, bool]:
    """What a user's role lets them do; it is told of no app."""
    push, triage = (access.push, access.push or access.triage) if not access.is_app else (False, False)
    return {"admin": False, "maintain": False, "push": push, "triage": triage, "pull": True}


def _association(access: Access) -> str:
    return "MEMBER" if access.push and not access.is_app else "NONE"


def _body(request: Request) -> dict[str, Any] | Reply:
    try:
        found = request.json()
    except ValueError:
        return Reply(400, error("Problems parsing JSON", 400))
    return found if isinstance(found, dict) else Reply(400, error("Body should be a JSON object", 400))


def _invalid(wrong: dict[str, Any]) -> Reply:
    return Reply(422, error("Validation Failed", 422, f"{DOCS}/issues/issues", [wrong]))


def _wrong_title(title: object) -> Reply | None:
    if not isinstance(title, str) or not title.strip():
        return _invalid({"resource": "Issue", "field": "title", "code": "missing_field"})
    if len(title) > LONGEST_TITLE:
        words = f"title is too long (maximum is {LONGEST_TITLE} characters)"
        return _invalid({"resource": "Issue", "field": "title", "code": "custom", "message": words})
    return None


def _wrong_body(body: object, resource: str, field: str, words: str, code: str = "custom") -> Reply | None:
    if isinstance(body, str) and len(body) > LONGEST:
        said = f"{words} (maximum is {LONGEST} characters)"
        return _invalid({"resource": resource, "code": code, "field": field, "message": said})
    return None
