"""The stand-in's books: projects, issues, what hangs on them, and what a customer was mailed. No HTTP in here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.jira.sandbox.entries import Comment, History, Issue, Link, Mail, Person, Project, State
from connectors.jira.sandbox.workflows import STATUSES, WORKFLOWS

_TRACKED = ("summary", "description", "status", "resolution", "priority", "labels", "versions", "assignee")


class Books:
    """Everything that the site holds.

    Args:
        now: its clock, with fractions of a second.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.people: dict[str, Person] = {}
        self.projects: dict[str, Project] = {}
        """By id."""
        self.issues: dict[int, Issue] = {}
        self.links: dict[int, Link] = {}
        self.organizations: dict[str, str] = {}
        """Of customers: id -> name."""
        self.members: dict[str, set[str]] = {}
        """Id of an organization -> names of those who belong to it."""
        self.mails: list[Mail] = []
        self.fields: dict[str, tuple[str, str]] = {}
        """Custom fields: id -> name and type (``text``, ``number`` or ``select``)."""
        self.options: dict[str, tuple[str, ...]] = {}
        """What a custom field of a list can hold, by its id."""
        self.former: dict[str, Project] = {}
        """Keys that projects had."""
        self.places: dict[tuple[str, int], int] = {}
        """Where issues are and were: id of the project and number -> id of the issue."""
        self._ids = {
            "project": 10000,
            "issue": 10041,
            "comment": 10100,
            "link": 10000,
            "history": 10500,
            "field": 10050,
        }
        self._ids |= {"version": 10200, "remote": 10000, "organization": 0, "attachment": 10300}
        self._last = datetime.min.replace(tzinfo=UTC)
        for name, display, kind in (
            ("syncd", "syncd", "atlassian"),
            ("dev", "Developer", "atlassian"),
            ("agent", "Agent", "atlassian"),
            ("customer", "Customer", "customer"),
            ("automation", "Automation for Jira", "app"),
        ):
            self.people[name] = Person(name, display, kind)

    def tick(self) -> datetime:
        """The time of a change, in whole milliseconds; no two have the same."""
        now = self.now()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._last = max(now, self._last + timedelta(milliseconds=1))
        return self._last

    def next(self, kind: str) -> int:
        """A new id."""
        self._ids[kind] += 1
        return self._ids[kind]

    # --- who and where ---

    def person(self, name: str) -> Person:
        """An account by its name; a new one belongs to the team."""
        return self.people.setdefault(name, Person(name, name.title()))

    def account(self, id_: str) -> Person | None:
        """An account by its accountId or name."""
        return next((one for one in self.people.values() if id_ in {one.id, one.name}), None)

    def belongs(self, account: str, organization: str) -> bool:
        """Whether somebody belongs to an organization."""
        found = self.account(account)
        return found is not None and found.name in self.members.get(organization, ())

    def add_project(self, key: str, name: str, kind: str, workflow: str) -> Project:
        """A new project; a key that another had is taken over."""
        types = ("Service Request", "Incident") if kind == "service_desk" else ("Bug", "Task", "Story")
        project = Project(str(self.next("project")), key, name, kind, WORKFLOWS[workflow], types)
        self.projects[project.id] = project
        self.former.pop(key, None)
        return project

    def project(self, text: str) -> Project | None:
        """By its id or key; case counts."""
        found = next((one for one in self.projects.values() if text in {one.key, one.id}), None)
        return found or self.former.get(text)

    def find(self, text: str) -> Issue | None:
        """An issue by its id, its key, or a key that it had; also one that is gone."""
        if text.isascii() and text.isdigit():
            return self.issues.get(int(text))
        key, _, number = text.upper().rpartition("-")
        project = self.project(key)
        if project is None or not number.isdigit():
            return None
        id_ = self.places.get((project.id, int(number)))
        return None if id_ is None else self.issues[id_]

    # --- what happens to issues ---

    def add_issue(self, project: Project, by: Person, reporter: Person, **over: Any) -> Issue:
        """A new issue, in the workflow's first status unless told otherwise."""
        at = self.tick()
        project.numbers += 1
        first = STATUSES[project.workflow.statuses[0]]
        state = State(project, project.numbers, "", None, project.types[0], first, at, at)
        issue = Issue(self.next("issue"), by, reporter, at, replace(state, **over))
        issue.past.append((at, issue.now))
        self.issues[issue.id] = issue
        self.places[project.id, issue.now.number] = issue.id
        if project.is_service:
            self.mail(issue, "created", issue.now.summary)
        return issue

    def change(self, issue: Issue, by: Person, **over: Any) -> None:
        """A change that people see; one that changes nothing moves nothing."""
        before = issue.now
        if all(getattr(before, name) == value for name, value in over.items()):
            return
        at = self.tick()
        if "resolution" in over and over["resolution"] != before.resolution:
            over["resolved"] = at if over["resolution"] is not None else None
        if "status" in over and over["status"].category != before.status.category:
            over["moved"] = at
        issue.now = replace(before, **over, updated=at)
        items = tuple(_item(name, before, issue.now) for name in _TRACKED if _differs(name, before, issue.now))
        if issue.now.project is not before.project:
            projects = (before.project, issue.now.project)
            items += (("Key", None, before.key, None, issue.now.key),)
            items += (("project", projects[0].id, projects[0].name, projects[1].id, projects[1].name),)
        if items:
            issue.history.append(History(self.next("history"), by, at, items))
        issue.past.append((at, issue.now))
        if before.resolution is None and issue.now.resolution is not None:
            self.mail(issue, "resolved", issue.now.status.name)

    def transit(self, issue: Issue, by: Person, over: dict[str, Any]) -> None:
        """A transition through the API."""
        issue.status_writes += 1
        self.change(issue, by, **over)
        after = issue.now.project.followed.get(issue.now.status.name)
        if after is not None:
            self.put(issue, after, self.person("automation"))

    def put(self, issue: Issue, status: str, by: Person, resolution: str | None = None) -> None:
        """Into a status, however it is reached; one of another kind than done has no resolution."""
        done = STATUSES[status].category == "done" and issue.now.project.workflow.name != "team"
        wanted = (resolution or issue.now.resolution or "Done") if done else resolution
        self.change(issue, by, status=STATUSES[status], resolution=wanted)

    def bump(self, issue: Issue) -> None:
        """Something that isn't in the changelog moves ``updated``."""
        at = self.tick()
        issue.now = replace(issue.now, updated=at)
        issue.past.append((at, issue.now))

    def comment(self, issue: Issue, by: Person, body: str, *, internal: bool) -> Comment:
        """A comment; a public one on a request is mailed to the customer, and automation may move the request."""
        at = self.tick()
        internal = internal and issue.now.project.is_service
        said = Comment(self.next("comment"), by, body, internal, at, at)
        if issue.now.project.is_service:
            said.properties["sd.public.comment"] = {"internal": internal}
        issue.comments.append(said)
        self.bump(issue)
        if not internal and issue.now.project.is_service:
            self._published(issue, by, body)
        return said

    def _published(self, issue: Issue, by: Person, body: str) -> None:
        project = issue.now.project
        if by.kind != "customer":
            self.mail(issue, "comment", body)
        after = project.asked if by.kind == "customer" else project.answered
        if after:
            self.put(issue, after, self.person("automation"))

    def mail(self, issue: Issue, about: str, body: str) -> None:
        """What reaches the reporter and the participants of a request, as far as they are customers."""
        if not issue.now.project.is_service:
            return
        names = {issue.reporter.name, *issue.watchers}
        for name in sorted(names):
            if self.people[name].kind == "customer":
                self.mails.append(Mail(name, issue.now.key, about, body))

    def move(self, issue: Issue, to: Project, by: Person) -> None:
        """Into another project: a new key, the same id; a status that isn't there becomes the first one."""
        to.numbers += 1
        self.places[to.id, to.numbers] = issue.id
        over: dict[str, Any] = {"project": to, "number": to.numbers, "versions": ()}
        if issue.now.status.name not in to.workflow.statuses:
            over["status"] = STATUSES[to.workflow.statuses[0]]
        if issue.now.type not in to.types:
            over["type"] = to.types[0]
        self.change(issue, by, **over)

    def rename(self, project: Project, key: str) -> None:
        """The project's key changes; the old one still leads there."""
        self.former[project.key] = project
        project.key = key

    def delete(self, issue: Issue) -> None:
        """It is gone; the index learns of it when it learns of anything."""
        at = self.tick()
        issue.now = replace(issue.now, gone=True)
        issue.past.append((at, issue.now))

    def visible(self, issue: Issue | None) -> bool:
        """Whether our account sees it."""
        return issue is not None and not (issue.now.gone or issue.hidden or issue.now.project.hidden)


def _differs(name: str, before: State, after: State) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def _item(name: str, before: State, after: State) -> tuple[str, str | None, str | None, str | None, str | None]:
    """A line of the changelog: statuses by id and name, all else by its text."""
    if name == "status":
        return (name, before.status.id, before.status.name, after.status.id, after.status.name)
    old, new = (_text(getattr(one, name)) for one in (before, after))
    return ({"versions": "Fix Version"}.get(name, name), None, old, None, new)


def _text(value: Any) -> str | None:
    return " ".join(value) if isinstance(value, tuple) else value
