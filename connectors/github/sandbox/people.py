"""What people do on the stand-in, and what tests read from its books."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connectors.github.sandbox.books import Issue, Repo
from connectors.github.sandbox.installations import Installation
from connectors.github.sandbox.projects import Project, ProjectField

if TYPE_CHECKING:
    from connectors.github.sandbox.server import GitHubSandbox

_NAME = re.compile(r"[\w.-]+/[\w.-]+")


class People:
    """Acts as a person does in the browser. Issues are named ``owner/repo#4``, also after they went away.

    Everything returns plain values, so that it can be asked for over HTTP as well.
    """

    def __init__(self, sandbox: GitHubSandbox) -> None:
        self._sandbox, self._books = sandbox, sandbox.books

    # --- repositories ---

    def make_repo(self, name: str, *, private: bool = False) -> int:
        """A repository, with its id."""
        with self._sandbox.lock:
            _prove(name)
            return self._books.add_repo(name, private=private).id

    def rename_repo(self, name: str, to: str) -> None:
        """Rename or move it to another owner; the old name redirects."""
        with self._sandbox.lock:
            _prove(to)
            self._books.rename(self._repo(name), to)

    def set_private(self, name: str, private: bool = True) -> None:
        """Change who can see it."""
        with self._sandbox.lock:
            self._repo(name).private = private

    def switch_issues(self, name: str, on: bool) -> None:
        """Switch issues on or off."""
        with self._sandbox.lock:
            self._repo(name).has_issues = on

    def archive(self, name: str, on: bool = True) -> None:
        """Make it read-only, or not."""
        with self._sandbox.lock:
            self._repo(name).archived = on

    def make_label(self, repo: str, label: str, *more: str) -> None:
        """Labels to choose from."""
        with self._sandbox.lock:
            for one in (label, *more):
                self._repo(repo).labels.setdefault(one, "0e8a16")

    def make_type(self, owner: str, name: str, *, on: bool = True) -> None:
        """An issue type of an organisation, enabled or not."""
        with self._sandbox.lock:
            self._books.types.setdefault(owner, {})[name] = on

    def make_member(self, login: str) -> None:
        """An account that issues can be assigned to."""
        with self._sandbox.lock:
            self._books.account(login)
            self._books.visitors.discard(login)

    # --- boards ---

    def make_board(self, owner: str, fields: dict[str, tuple[str, ...]], *, public: bool = False) -> str:
        """A board, by its name (``acme/4``). ``fields``: name -> its options; of one without options the text."""
        with self._sandbox.lock:
            number = 4 + len(self._books.boards)
            made = Project(f"PVT_{number}", number, "Product and Services", public)
            for at, (name, options) in enumerate(fields.items()):
                ids = {one: f"{number:02x}{at:02x}{index:04x}" for index, one in enumerate(options)}
                kind = "SINGLE_SELECT" if options else "TEXT"
                made.fields[name] = ProjectField(f"PVTF_{number}_{at}", name, kind, ids)
            self._books.boards[owner.casefold(), number] = made
            return f"{owner}/{number}"

    def set_on_board(self, board: str, key: str, field: str, value: str) -> None:
        """A person, or the board's automation, puts an issue there and sets a field."""
        with self._sandbox.lock:
            self._board(board).items.setdefault(self._issue(key).id, {})[field] = value

    def on_board(self, board: str, key: str) -> dict[str, str] | None:
        """What an issue's fields hold there; None if it isn't there."""
        found = self._board(board).items.get(self._issue(key).id)
        return None if found is None else dict(found)

    def _board(self, name: str) -> Project:
        owner, _, number = name.partition("/")
        return self._books.boards[owner.casefold(), int(number)]

    # --- the app ---

    def install_app(self, owner: str, *, only: tuple[str, ...] = ()) -> int:
        """Install the stand-in's GitHub App on an account, or on some of its repositories; the installation's id."""
        with self._sandbox.lock:
            number = self._books.next("installation")
            names = frozenset(name.casefold() for name in only) or None
            self._sandbox.app.installations[number] = Installation(number, owner, names)
            return number

    def uninstall_app(self, owner: str) -> None:
        """Remove it from the account: its tokens end."""
        with self._sandbox.lock:
            app = self._sandbox.app
            del app.installations[app.of(owner).id]

    def suspend_app(self, owner: str, on: bool = True) -> None:
        """Suspend it on the account, or unsuspend it."""
        with self._sandbox.lock:
            self._sandbox.app.of(owner).suspended = self._books.now() if on else None

    def grant_app(self, owner: str, permission: str, level: str = "") -> None:
        """What the account's owner lets it do: ``read``, ``write``, or nothing."""
        with self._sandbox.lock:
            granted = self._sandbox.app.of(owner).permissions
            granted.pop(permission, None)
            granted |= {permission: level} if level else {}

    def app_key(self) -> str:
        """The private key of the app, whose id is 4711."""
        return self._sandbox.app.private_key

    def replace_app_key(self) -> str:
        """Delete the app's key, and make another."""
        with self._sandbox.lock:
            self._sandbox.app.keys += 1
            return self._sandbox.app.private_key

    # --- issues ---

    def make_issue(
        self,
        repo: str,
        title: str = "An issue",
        body: str | None = None,
        *,
        by: str | None = "dev",
        association: str = "MEMBER",
        labels: tuple[str, ...] = (),
        is_pull: bool = False,
    ) -> str:
        """An issue (or a pull request), by its key. ``by`` None: an account that was deleted since."""
        with self._sandbox.lock:
            where = self._repo(repo)
            if by is not None:
                self._books.meet(by, association)
            issue = self._books.add_issue(where, title, body, by, association, labels=tuple(labels), is_pull=is_pull)
            return f"{repo}#{issue.number}"

    def close(self, key: str, reason: str | None = "completed", *, by: str = "dev", duplicate_of: str = "") -> None:
        """Close it."""
        with self._sandbox.lock:
            self._books.account(by)
            self._books.close(self._issue(key), reason, by, self._issue(duplicate_of) if duplicate_of else None)

    def reopen(self, key: str, *, by: str = "dev") -> None:
        """Open it again."""
        with self._sandbox.lock:
            self._books.account(by)
            self._books.reopen(self._issue(key), by)

    def comment(self, key: str, body: str, *, by: str = "dev", association: str = "MEMBER") -> int:
        """Comment; the comment's id."""
        with self._sandbox.lock:
            self._books.meet(by, association)
            return self._books.comment(self._issue(key), body, by, association).id

    def edit_body(self, key: str, body: str | None) -> None:
        """Change the text."""
        with self._sandbox.lock:
            self._issue(key).change(self._books.now(), body=body)

    def label(self, key: str, label: str, *more: str) -> None:
        """Add labels."""
        with self._sandbox.lock:
            issue = self._issue(key)
            for one in (label, *more):
                issue.repo.labels.setdefault(one, "ededed")
            issue.change(self._books.now(), labels=tuple(dict.fromkeys((*issue.now.labels, label, *more))))

    def unlabel(self, key: str, label: str) -> None:
        """Take a label away."""
        with self._sandbox.lock:
            issue = self._issue(key)
            issue.change(self._books.now(), labels=tuple(one for one in issue.now.labels if one != label))

    def plan(self, key: str, milestone: str) -> None:
        """Put it into a milestone, which is made where it is new."""
        with self._sandbox.lock:
            issue = self._issue(key)
            issue.repo.milestones.setdefault(milestone, False)
            issue.change(self._books.now(), milestone=milestone)

    def close_milestone(self, repo: str, milestone: str, *, closed: bool = True) -> None:
        """Close a milestone, or open it again: that is no change of its issues."""
        with self._sandbox.lock:
            self._repo(repo).milestones[milestone] = closed

    def lock(self, key: str) -> None:
        """Limit the conversation to collaborators."""
        with self._sandbox.lock:
            self._issue(key).change(self._books.now(), locked=True)

    def delete(self, key: str) -> None:
        """Delete it for good."""
        with self._sandbox.lock:
            self._issue(key).deleted = True

    def transfer(self, key: str, to: str) -> str:
        """Move it to another repository; its new key."""
        with self._sandbox.lock:
            new = self._books.transfer(self._issue(key), self._repo(to))
            return f"{to}#{new.number}"

    def convert_to_discussion(self, key: str, *, by: str = "dev", reason: str | None = None) -> None:
        """It stays readable, looks closed, and is locked; only its history tells."""
        with self._sandbox.lock:
            issue = self._issue(key)
            self._books.account(by)
            self._books.close(issue, reason, by)
            issue.change(self._books.now(), locked=True)
            self._books.event(issue, "converted_to_discussion", by)

    # --- the books ---

    def id(self, key: str) -> int:
        """The issue's id."""
        return self._issue(key).id

    def status(self, key: str) -> tuple[str, str]:
        """State and reason, empty if it has none."""
        now = self._issue(key).now
        return now.state, now.reason or ""

    def body(self, key: str) -> str:
        """Its text, empty if it has none."""
        return self._issue(key).now.body or ""

    def labels(self, key: str) -> list[str]:
        """The labels that it has."""
        return list(self._issue(key).now.labels)

    def comments(self, key: str) -> list[tuple[str, str]]:
        """Author and text of each comment."""
        return [(one.user, one.body) for one in self._issue(key).comments]

    def issues(self) -> list[str]:
        """Every issue that is there, pull requests left out."""
        issues = (one for repo in self._books.repos.values() for one in repo.issues.values())
        return [f"{i.repo.full_name}#{i.number}" for i in issues if not (i.deleted or i.moved_to or i.is_pull)]

    def _repo(self, name: str) -> Repo:
        found = self._books.repo(name) or self._books.former.get(name.casefold())
        if found is None:
            raise LookupError(f"there is no repository {name!r}; make_repo makes one")
        return found

    def _issue(self, key: str) -> Issue:
        name, _, number = key.partition("#")
        found = self._repo(name).issues.get(int(number) if number.isdecimal() else 0)
        if found is None:
            raise LookupError(f"there is no issue {key!r}; keys look like owner/repo#4, and make_issue makes one")
        return found


def _prove(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a repository: write owner/name")
