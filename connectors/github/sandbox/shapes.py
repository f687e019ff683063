"""Bodies as GitHub sends them (GitHub REST API docs, version 2022-11-28), made from the stand-in's books."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.github.sandbox.books import Account, Comment, Event, Issue, Repo, State
from syncd.clock import stamp

Body = dict[str, Any]

DOCS = "https://docs.github.com/rest"
_EMOTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
_REPO_URLS = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}
_USER_URLS = {
    "followers_url": "followers",
    "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}",
    "subscriptions_url": "subscriptions",
    "organizations_url": "orgs",
    "repos_url": "repos",
    "events_url": "events{/privacy}",
    "received_events_url": "received_events",
}


def error(message: str, status: int, docs: str = DOCS, errors: list[Any] | None = None) -> Body:
    """A refusal; ``status`` is text in there."""
    wrong = {"errors": errors} if errors is not None else {}
    return {"message": message, **wrong, "documentation_url": docs, "status": str(status)}


class Shapes:
    """Bodies with the addresses of one request.

    Args:
        api: the API's base as the client addressed it.
        web: the origin of the pages for people.
        behind: as a server shows them that doesn't know ``state_reason`` yet.
    """

    def __init__(self, api: str, web: str, *, behind: bool = False) -> None:
        self.api, self.web, self.behind = api, web, behind

    def user(self, account: Account) -> Body:
        """A user, as it stands inside other bodies."""
        url = f"{self.api}/users/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": f"U_{account.id}",
            "avatar_url": f"{self.web}/avatars/u/{account.id}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{account.login}",
            **{name: f"{url}/{rest}" for name, rest in _USER_URLS.items()},
            "type": account.type,
            "site_admin": False,
        }

    def whole_user(self, account: Account, created: datetime) -> Body:
        """A user as ``GET /user`` shows it to a token without the scope ``user``."""
        empty = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio"))
        counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        times = {"created_at": stamp(created), "updated_at": stamp(created)}
        return self.user(account) | empty | {"blog": ""} | counts | times

    def repo(self, repo: Repo, owner: Account, rights: dict[str, bool]) -> Body:
        """A repository as ``GET /repos/{owner}/{repo}`` shows it."""
        url, page = f"{self.api}/repos/{repo.full_name}", f"{self.web}/{repo.full_name}"
        host = self.web.partition("://")[2]
        counts = ("forks_count", "stargazers_count", "watchers_count", "forks", "watchers", "subscribers_count")
        opened = sum(one.now.state == "open" for one in repo.issues.values())
        return {
            "id": repo.id,
            "node_id": f"R_{repo.id}",
            "name": repo.name,
            "full_name": repo.full_name,
            "owner": self.user(owner),
            "private": repo.private,
            "visibility": "private" if repo.private else "public",
            "html_url": page,
            "url": url,
            **{name: f"{url}/{rest}" for name, rest in _REPO_URLS.items()},
            "git_url": f"git://{host}/{repo.full_name}.git",
            "ssh_url": f"git@{host}:{repo.full_name}.git",
            "clone_url": f"{page}.git",
            "svn_url": page,
            **dict.fromkeys(("description", "homepage", "language", "mirror_url", "license")),
            **dict.fromkeys((*counts, "network_count", "size"), 0),
            **dict.fromkeys(("fork", "has_wiki", "has_pages", "has_discussions", "disabled", "is_template"), False),
            "has_projects": True,
            "has_issues": repo.has_issues,
            "archived": repo.archived,
            "default_branch": "main",
            "open_issues_count": opened,
            "open_issues": opened,
            "topics": [],
            **dict.fromkeys(("created_at", "updated_at", "pushed_at"), stamp(repo.created)),
            "permissions": rights,
        }

    def label(self, repo: Repo, name: str) -> Body:
        """A label on an issue."""
        return {
            "id": 2_000_000 + list(repo.labels).index(name),
            "node_id": f"LA_{name}",
            "url": f"{self.api}/repos/{repo.full_name}/labels/{name}",
            "name": name,
            "color": repo.labels[name],
            "default": name == "bug",
            "description": None,
        }

    def type(self, name: str, *, on: bool = True) -> Body:
        """An issue type of an organisation."""
        number = sum(name.encode())
        body = {"id": number, "node_id": f"IT_{number}", "name": name, "description": None, "color": "blue"}
        times = dict.fromkeys(("created_at", "updated_at"), "2025-01-01T00:00:00Z")
        return body | times | {"is_enabled": on}

    def milestone(self, repo: Repo, title: str) -> Body:
        """The milestone of an issue."""
        number, closed, at = list(repo.milestones).index(title) + 1, repo.milestones[title], stamp(repo.created)
        return {
            "url": f"{self.api}/repos/{repo.full_name}/milestones/{number}",
            "html_url": f"{self.web}/{repo.full_name}/milestone/{number}",
            "labels_url": f"{self.api}/repos/{repo.full_name}/milestones/{number}/labels",
            "id": 3_000_000 + number,
            "node_id": f"MI_{number}",
            "number": number,
            "state": "closed" if closed else "open",
            "title": title,
            "description": None,
            "creator": None,
            "open_issues": 0,
            "closed_issues": 0,
            "created_at": at,
            "updated_at": at,
            "closed_at": at if closed else None,
            "due_on": None,
        }

    def issue(self, issue: Issue, state: State, accounts: dict[str, Account]) -> Body:
        """An issue in the given state; a pull request has one key more."""
        repo = f"{self.api}/repos/{issue.repo.full_name}"
        url = f"{repo}/issues/{issue.number}"
        kind = "pull" if issue.is_pull else "issues"
        page = f"{self.web}/{issue.repo.full_name}/{kind}/{issue.number}"
        assignees = [self.user(accounts[login]) for login in state.assignees]
        pull = {"url": f"{repo}/pulls/{issue.number}", "html_url": page, "diff_url": None, "patch_url": None}
        return {
            "url": url,
            "repository_url": repo,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "html_url": page,
            "id": issue.id,
            "node_id": f"I_{issue.id}",
            "number": issue.number,
            "title": state.title,
            "user": self.user(accounts[issue.user]) if issue.user is not None else None,
            "labels": [self.label(issue.repo, name) for name in state.labels],
            "state": state.state,
            **({} if self.behind else {"state_reason": state.reason}),
            "locked": state.locked,
            "active_lock_reason": None,
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "milestone": self.milestone(issue.repo, state.milestone) if state.milestone else None,
            **({"type": self.type(state.type)} if state.type else {}),
            "comments": state.comments,
            "created_at": stamp(issue.created),
            "updated_at": stamp(state.updated),
            "closed_at": stamp(state.closed_at) if state.closed_at is not None else None,
            "closed_by": self.user(accounts[state.closed_by]) if state.closed_by is not None else None,
            "author_association": issue.association,
            "body": state.body,
            "reactions": self.reactions(url),
            "performed_via_github_app": None,
            **({"pull_request": pull, "draft": False} if issue.is_pull else {}),
        }

    def reactions(self, url: str) -> Body:
        """Nobody reacts here."""
        return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(_EMOTIONS, 0)}

    def comment(self, issue: Issue, comment: Comment, account: Account) -> Body:
        """A comment."""
        repo = f"{self.api}/repos/{issue.repo.full_name}"
        url = f"{repo}/issues/comments/{comment.id}"
        return {
            "url": url,
            "html_url": f"{self.web}/{issue.repo.full_name}/issues/{issue.number}#issuecomment-{comment.id}",
            "issue_url": f"{repo}/issues/{issue.number}",
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "user": self.user(account),
            "created_at": stamp(comment.created),
            "updated_at": stamp(comment.updated or comment.created),
            "author_association": comment.association,
            "body": comment.body,
            "reactions": self.reactions(url),
            "performed_via_github_app": None,
        }

    def event(self, issue: Issue, event: Event, account: Account) -> Body:
        """An entry of an issue's history."""
        return {
            "id": event.id,
            "node_id": f"E_{event.id}",
            "url": f"{self.api}/repos/{issue.repo.full_name}/issues/events/{event.id}",
            "actor": self.user(account),
            "event": event.event,
            "commit_id": None,
            "commit_url": None,
            "created_at": stamp(event.at),
            "performed_via_github_app": None,
        }
