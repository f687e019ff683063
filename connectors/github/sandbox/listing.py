"""The stand-in's list of issues: filters, order, and both ways of paging."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from connectors.github.sandbox.books import Issue, Repo, State
from connectors.github.sandbox.shapes import DOCS, Shapes, error
from syncd.clock import moment
from syncd.testing import Reply, Request

if TYPE_CHECKING:
    from connectors.github.sandbox.server import GitHubSandbox

DEEPEST = 10_000
"""Rows beyond which a page number is refused where pages go by cursor."""
Shown = tuple[Issue, State]
Key = tuple[float, int]


class Listing:
    """One repository's list, as of now."""

    def __init__(self, sandbox: GitHubSandbox, shapes: Shapes, repo: Repo) -> None:
        self.sandbox, self.shapes, self.repo = sandbox, shapes, repo

    def reply(self, request: Request) -> Reply:
        """``GET /repos/{owner}/{repo}/issues``."""
        try:
            since = moment(request.arg("since")) if request.arg("since") else None
        except ValueError:
            return Reply(422, error("Validation Failed", 422, f"{DOCS}/issues/issues", []))
        rows = [(issue, state) for issue, state in self._visible() if self._wanted(request, issue, state)]
        if since is not None:
            strict = self.sandbox.since_exclusive
            rows = [one for one in rows if one[1].updated > since or (one[1].updated == since and not strict)]
        down = request.arg("direction", "desc") != "asc"
        rows.sort(key=lambda one: _key(request, one), reverse=down)
        if self.sandbox.paging == "page":
            part, links = numbered(request, self.shapes.api, rows, self.sandbox.most_per_page)
        else:
            found = self._by_cursor(request, rows, down=down)
            if isinstance(found, Reply):
                return found
            part, links = found
        accounts = self.sandbox.books.accounts
        return Reply(200, [self.shapes.issue(issue, state, accounts) for issue, state in part], links)

    def _visible(self) -> list[Shown]:
        """What the list shows, which may be behind."""
        until = self.sandbox.now() - timedelta(seconds=self.sandbox.lag) if self.sandbox.lag else None
        there = (one for one in self.repo.issues.values() if not one.deleted and one.moved_to is None)
        return [(one, state) for one in there if (state := one.shown(until)) is not None]

    def _wanted(self, request: Request, issue: Issue, state: State) -> bool:
        wish = request.arg("state", "open")
        labels = [label for label in request.arg("labels").split(",") if label]
        creator = request.arg("creator")
        return (
            wish in {"all", state.state}
            and all(label in state.labels for label in labels)
            and (not creator or issue.user == creator)
            and (self.repo.has_issues or issue.is_pull)
        )

    def _by_cursor(
        self, request: Request, rows: list[Shown], *, down: bool
    ) -> tuple[list[Shown], dict[str, str]] | Reply:
        """Behind the row that the cursor names, wherever that row is now; only ``next`` is told."""
        size = _size(request, self.sandbox.most_per_page)
        page, after = _number(request.arg("page")), request.arg("after")
        if after:
            behind = _opened(after)
            if behind is None:
                return Reply(422, error("Validation Failed", 422, f"{DOCS}/issues/issues", []))
            rows = [one for one in rows if (_key(request, one) < behind if down else _key(request, one) > behind)]
        elif page > 1:
            if (page - 1) * size >= DEEPEST:
                words = (
                    "Pagination with the page parameter is not supported for large datasets, please use cursor based"
                )
                return Reply(422, error(f"{words} pagination (after/before)", 422))
            rows = rows[(page - 1) * size :]
        part = rows[:size]
        if len(rows) <= size:
            return part, {}
        kept = [(key, value) for key, value in request.query if key not in {"page", "after"}]
        query = urlencode([*kept, ("after", _sealed(_key(request, part[-1]))), ("page", page + 1)])
        return part, {"Link": f'<{self.shapes.api}/repositories/{self.repo.id}/issues?{query}>; rel="next"'}


def numbered(request: Request, api: str, rows: list[Any], most: int) -> tuple[list[Any], dict[str, str]]:
    """A page by number, and the addresses of its neighbours, first and last."""
    size, page = _size(request, most), _number(request.arg("page"))
    last = max(1, -(-len(rows) // size))
    near = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page == 1:
        near = {"next": 2, "last": last}
    if page >= last:
        near = {name: number for name, number in near.items() if name in {"prev", "first"}}
    kept = [(key, value) for key, value in request.query if key != "page"]
    url = api.removesuffix("/api/v3") + request.path
    links = [f'<{url}?{urlencode([*kept, ("page", number)])}>; rel="{name}"' for name, number in near.items()]
    return rows[(page - 1) * size : page * size], {"Link": ", ".join(links)} if links else {}


def _key(request: Request, one: Shown) -> Key:
    issue, state = one
    sort = request.arg("sort", "created")
    value = {"updated": state.updated.timestamp(), "comments": float(state.comments)}.get(
        sort, issue.created.timestamp()
    )
    return value, issue.id


def _size(request: Request, most: int) -> int:
    return max(1, min(_number(request.arg("per_page"), 30), most))


def _number(text: str, default: int = 1) -> int:
    return int(text) if text.isascii() and text.isdecimal() and int(text) > 0 else default


def _sealed(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(["cursor:v2", *key]).encode()).decode()


def _opened(text: str) -> Key | None:
    try:
        _, value, number = json.loads(base64.urlsafe_b64decode(text))
        return float(value), int(number)
    except (ValueError, TypeError, binascii.Error):
        return None
