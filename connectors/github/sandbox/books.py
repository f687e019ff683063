"""The stand-in's books: repositories, issues, comments and who did what. No HTTP in here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.github.sandbox.projects import Project

LONGEST = 65_536
"""Characters of a body or comment (GitHub REST API docs, 422 beyond)."""
MOST_COMMENTS = 2500
"""Comments of an issue; the next is refused for ever."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user or an app's bot."""

    login: str
    id: int
    type: str = "User"


@dataclass(frozen=True, slots=True)
class Access:
    """What a token may do: whose it is, whether it may push (labels, state), whether it sees private repositories.

    ``only``: an app's token; folded names of the repositories that its installation reaches, or None for all of
    ``owner``. It sees the other public ones, and writes there nothing.
    """

    login: str
    push: bool = True
    private: bool = True
    owner: str = ""
    only: frozenset[str] | None = None
    triage: bool = False
    """Whether it may set labels and assignees, where it may not push."""
    boards: bool = True
    """Whether it may read boards and write to them (scope ``project``)."""
    reads: bool = True
    """Whether it may read the issues of private repositories."""

    @property
    def is_app(self) -> bool:
        """Whether it is an installation's."""
        return bool(self.owner)

    def reaches(self, repo: Repo) -> bool:
        """Whether the repository is among those that it was made for."""
        if not self.is_app:
            return True
        return repo.owner.casefold() == self.owner.casefold() and (
            self.only is None or repo.full_name.casefold() in self.only
        )

    def sees(self, repo: Repo) -> bool:
        """Whether the repository is there, for whoever shows this token."""
        return not repo.private or (self.private and self.reaches(repo))

    def reads_issues(self, repo: Repo) -> bool:
        """Whether it is shown the issues of a repository that it sees."""
        return self.reads or not repo.private

    def writes(self, repo: Repo) -> bool:
        """Whether it may set labels and states there."""
        return self.push and self.reaches(repo)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue."""

    id: int
    user: str
    body: str
    association: str
    created: datetime
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something in an issue's history, named as in its timeline."""

    id: int
    event: str
    actor: str
    at: datetime
    canonical: Issue | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What changes in an issue."""

    title: str
    body: str | None
    state: str
    reason: str | None
    updated: datetime
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str = ""
    """Its title."""
    locked: bool = False
    type: str = ""
    """One of the organisation's issue types."""
    comments: int = 0
    closed_at: datetime | None = None
    closed_by: str | None = None


@dataclass(slots=True, eq=False)
class Issue:
    """An issue, or a pull request, which the API shows among them."""

    id: int
    number: int
    repo: Repo
    user: str | None
    association: str
    created: datetime
    now: State
    is_pull: bool = False
    comments: list[Comment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    past: list[tuple[datetime, State]] = field(default_factory=list)
    deleted: bool = False
    moved_to: Issue | None = None
    status_writes: int = 0
    """How often a state was sent through the API."""

    def change(self, at: datetime, **fields: Any) -> None:
        """A change that people see: it moves ``updated_at``."""
        self.now = replace(self.now, updated=at, **fields)
        self.past.append((at, self.now))

    def shown(self, until: datetime | None) -> State | None:
        """The state that a list shows which lags until then; None if it doesn't show the issue yet."""
        if until is None:
            return self.now
        return next((state for at, state in reversed(self.past) if at <= until), None)


@dataclass(slots=True, eq=False)
class Repo:
    """A repository."""

    id: int
    owner: str
    name: str
    created: datetime
    private: bool = False
    has_issues: bool = True
    archived: bool = False
    labels: dict[str, str] = field(default_factory=lambda: {"bug": "d73a4a"})
    """Name -> colour."""
    milestones: dict[str, bool] = field(default_factory=dict)
    """Title -> whether it is closed."""
    issues: dict[int, Issue] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.name}"


class Books:
    """Everything that the stand-in knows.

    Args:
        now: its clock.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.accounts: dict[str, Account] = {}
        self.repos: dict[int, Repo] = {}
        self.former: dict[str, Repo] = {}
        """Names that repositories had, folded; they redirect until another repository takes them."""
        self.types: dict[str, dict[str, bool]] = {}
        """Issue types of an organisation, and whether each is enabled."""
        self.boards: dict[tuple[str, int], Project] = {}
        """By the folded login of the owner, and the number."""
        self.boards_lag = 0.0
        """Seconds for which boards don't know a new issue."""
        self.visitors: set[str] = set()
        """Logins of accounts that belong to no team: nothing can be assigned to them."""
        self.by_id: dict[int, Issue] = {}
        # Beyond 32 bits, as on github.com.
        self._ids = {
            "issue": 4_570_000_000,
            "comment": 3_100_000_000,
            "event": 17_000_000_000,
            "repo": 112_000_000,
            "installation": 60_000_000,
        }

    def next(self, kind: str) -> int:
        """A new id."""
        self._ids[kind] += 1
        return self._ids[kind]

    def account(self, login: str, kind: str = "User") -> Account:
        """The account of that login, made where it is new."""
        kind = "Bot" if login.endswith("[bot]") else kind
        return self.accounts.setdefault(login, Account(login, 900_000 + len(self.accounts), kind))

    def meet(self, login: str, association: str) -> None:
        """Somebody writes; whoever is new and from outside belongs to no team."""
        if login not in self.accounts and association == "NONE" and not login.endswith("[bot]"):
            self.visitors.add(login)
        self.account(login)

    def is_member(self, login: str) -> bool:
        """Whether issues can be assigned to somebody; logins have no case."""
        folded = login.casefold()
        known = next((one for one in self.accounts.values() if one.login.casefold() == folded), None)
        return known is not None and known.type != "Organization" and known.login not in self.visitors

    def repo(self, full_name: str) -> Repo | None:
        """The repository that is called so now; case doesn't count."""
        folded = full_name.casefold()
        return next((repo for repo in self.repos.values() if repo.full_name.casefold() == folded), None)

    def add_repo(self, full_name: str, *, private: bool = False) -> Repo:
        """A new repository; a former name of another one is taken over."""
        owner, _, name = full_name.partition("/")
        self.account(owner, "Organization")
        repo = Repo(self.next("repo"), owner, name, self.now() - timedelta(days=400), private)
        self.repos[repo.id] = repo
        self.former.pop(full_name.casefold(), None)
        return repo

    def rename(self, repo: Repo, full_name: str) -> None:
        """From now on the old name redirects."""
        self.former[repo.full_name.casefold()] = repo
        repo.owner, _, repo.name = full_name.partition("/")
        self.account(repo.owner, "Organization")

    def add_issue(
        self,
        repo: Repo,
        title: str,
        body: str | None,
        user: str | None,
        association: str,
        *,
        labels: tuple[str, ...] = (),
        assignees: tuple[str, ...] = (),
        type: str = "",  # noqa: A002  # as GitHub calls it
        is_pull: bool = False,
    ) -> Issue:
        """A new issue; pull requests share its numbers. Labels that don't exist are made, grey."""
        at = self.now()
        for label in labels:
            repo.labels.setdefault(label, "ededed")
        state = State(title, body or None, "open", None, at, labels, assignees, type=type)
        number = max(repo.issues, default=0) + 1
        issue = Issue(self.next("issue"), number, repo, user, association, at, state, is_pull)
        issue.past.append((at, state))
        repo.issues[number] = self.by_id[issue.id] = issue
        return issue

    def event(self, issue: Issue, event: str, actor: str, canonical: Issue | None = None) -> None:
        """Something for the history."""
        issue.events.append(Event(self.next("event"), event, actor, self.now(), canonical))

    def close(self, issue: Issue, reason: str | None, by: str, canonical: Issue | None = None) -> None:
        """Closed by a person or through the API."""
        at = self.now()
        if canonical is not None:
            self.event(issue, "marked_as_duplicate", by, canonical)
        self.event(issue, "closed", by)
        issue.change(at, state="closed", reason=reason, closed_at=at, closed_by=by)

    def reopen(self, issue: Issue, by: str) -> None:
        """Opened again."""
        self.event(issue, "reopened", by)
        issue.change(self.now(), state="open", reason="reopened", closed_at=None, closed_by=None)

    def comment(self, issue: Issue, body: str, by: str, association: str) -> Comment:
        """A comment moves the issue's ``updated_at``."""
        comment = Comment(self.next("comment"), by, body, association, self.now())
        issue.comments.append(comment)
        issue.change(comment.created, comments=len(issue.comments))
        return comment

    def edit_comment(self, issue: Issue, comment: Comment, body: str) -> Comment:
        """Another text; that the issue changes with it is documented nowhere."""
        new = replace(comment, body=body, updated=self.now())
        issue.comments[issue.comments.index(comment)] = new
        return new

    def transfer(self, issue: Issue, to: Repo) -> Issue:
        """A new number and id in another repository; comments go along, labels where they exist there."""
        labels = tuple(label for label in issue.now.labels if label in to.labels)
        new = self.add_issue(to, issue.now.title, issue.now.body, issue.user, issue.association, labels=labels)
        new.comments, new.created = issue.comments, issue.created
        kept = replace(issue.now, labels=labels, updated=self.now())
        new.now, new.past = kept, [(kept.updated, kept)]
        issue.moved_to = new
        self.event(new, "transferred", issue.repo.owner)
        return new
