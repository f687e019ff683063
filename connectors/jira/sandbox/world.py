"""The stand-in as the conformance suite sees it, once as a tracker and once as a helpdesk."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

from pydantic import SecretStr

from connectors.jira.sandbox.entries import Issue, Person
from connectors.jira.sandbox.refusals import error
from connectors.jira.sandbox.server import EMAIL, ME, TOKEN, JiraSandbox
from syncd.clock import ManualClock
from syncd.connector import Connector
from syncd.model import Author, GoneKind, Ref, Role, Status, Word
from syncd.testing import Fault, Remark, Reply, World

WRITES = "POST|PUT|DELETE"
VERSION = "2.0"
NO_READS = r"/rest/(?!.*/(search|search/jql|issue/bulkfetch|changelog/bulkfetch|jql/\w+|approximate-count)$)"
"""Reads that are made with POST aren't writes."""
_PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>"
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_REFUSED = {"message": "Client must be authenticated to access this resource.", "status-code": 401}
_FAULTS = {
    "lost_answer": ("lost_answer", Reply()),
    "error_after": ("commit_then_answer", Reply(502, _PAGE, _HTML)),
    "error": ("answer", Reply(502, _PAGE, _HTML)),
    "cut": ("cut", Reply()),
    "rate_limited": ("answer", Reply(429, b"", {"Retry-After": "7", "RateLimit-Reason": "jira-quota-tenant-based"})),
    "unauthorized": ("answer", Reply(401, _REFUSED)),
    "refused": ("answer", error("Field values are not valid for this issue.")),
    "html": ("answer", Reply(200, _PAGE, _HTML)),
}
_NATIVE = {
    "simple": {
        Word.OPEN: Status("new/To Do"),
        Word.IN_PROGRESS: Status("indeterminate/In Progress"),
        Word.DONE: Status("done/Done", "Done"),
        Word.DECLINED: Status("done/Done", "Won't Do"),
        Word.DUPLICATE: Status("done/Done", "Duplicate"),
    },
    "classic": {
        Word.OPEN: Status("new/Open"),
        Word.IN_PROGRESS: Status("indeterminate/In Progress"),
        Word.DONE: Status("done/Resolved", "Done"),
        Word.DECLINED: Status("done/Resolved", "Won't Do"),
        Word.DUPLICATE: Status("done/Resolved", "Duplicate"),
    },
    "service": {
        Word.OPEN: Status("indeterminate/Waiting for support"),
        Word.PENDING: Status("indeterminate/Pending"),
        Word.ON_HOLD: Status("indeterminate/Escalated"),
        Word.RESOLVED: Status("done/Resolved", "Done"),
        Word.CLOSED: Status("done/Closed", "Done"),
    },
}
_PEOPLE = {Author.SELF: ME, Author.TEAM: "agent", Author.OUTSIDE: "customer"}


class SiteWorld(World):
    """A running site with a stopped clock, which it shares with its connectors; two projects, one to move to.

    Args:
        role: what its connector is.
        name: of the connector, which is its kind as well.
        kind: of the projects: ``software`` or ``service``.
        workflow: of the projects.
        place: the key of the project in whose issues the connector is interested.
        cloud: as on Cloud; else as on Data Center, with a context path.
        beside: a world on whose site the projects are; else they have one of their own.
    """

    def __init__(
        self,
        role: Role,
        name: str,
        *,
        kind: Literal["software", "service"],
        workflow: str,
        place: str,
        cloud: bool,
        lacks: frozenset[str],
        beside: SiteWorld | None = None,
    ) -> None:
        # An id outlasts every move, so an item is never asked for under another; what is deleted stays away.
        super().__init__(role, lacks | {"move", "restore"})
        self.name, self.place, self.workflow, self.cloud = name, place, workflow, cloud
        self.beside = beside
        self.clock: ManualClock = ManualClock() if beside is None else beside.clock
        if beside is None:
            self.sandbox = JiraSandbox(cloud=cloud, context="" if cloud else "/jira").start()
            self.sandbox.freeze(self.clock.now())
        else:
            self.sandbox = beside.sandbox
        self.people = self.sandbox.people
        for key in (place, "ELSE") if beside is None else (place,):
            self.people.make_project(key, kind=kind, workflow=workflow)

    def connect(self) -> Connector:
        """See :class:`World`. The connector is imported only here: the stand-in does without it."""
        made: type[Connector] = getattr(import_module(f"connectors.{self.name}"), f"{self.name.title()}Connector")
        token: dict[str, Any] = {"email": EMAIL, "api_token": SecretStr(TOKEN)}
        token = token if self.cloud else {"token": SecretStr(TOKEN)}
        where: dict[str, Any] = {"url": self.sandbox.base, "web_url": self.sandbox.site, "projects": [self.place]}
        return made(self.name, made.Options(connector=self.name, **where, **token), self.clock)

    def add(self, body: str = "", *, by: Author = Author.TEAM) -> Ref:
        """See :class:`World`."""
        return self._ref(self.people.make_issue(self.place, "Something", body or None, by=_PEOPLE[by]))

    def set_status(self, ref: Ref, word: Word) -> None:
        """See :class:`World`."""
        wanted = self.native(word)
        self.people.set_status(ref.id, wanted.native.partition("/")[2], wanted.reason or None)

    def native(self, word: Word) -> Status:
        """See :class:`World`."""
        return _NATIVE[self.workflow][word]

    def say(self, ref: Ref, body: str, *, by: Author, internal: bool = False) -> None:
        """See :class:`World`."""
        self.people.comment(ref.id, body, by=_PEOPLE[by], internal=internal)

    def tags(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        return list(self._issue(ref).now.labels)

    def field(self, ref: Ref, value: str | None = None) -> tuple[str, str]:
        """See :class:`World`."""
        known = (id_ for id_, (name, _) in self.sandbox.books.fields.items() if name == "Shown")
        field = next(known, "") or self.people.add_field("Shown")
        if value is not None:
            self.people.edit(ref.id, field, value)
        return field, self._issue(ref).now.custom.get(field) or ""

    def point(self, ref: Ref, url: str) -> None:
        """See :class:`World`."""
        self.people.remote_link(ref.id, url, global_id="system=elsewhere&id=1")

    def pointers(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        return [one["object"]["url"] for one in self._issue(ref).remote.values()]

    def offer(self) -> tuple[str, str, str]:
        """See :class:`World`: a label is there once it is used."""
        return "team/search", self._account("dev"), "Bug"

    def assigned(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        who = self._issue(ref).now.assignee
        return [self._account(who)] if who else []

    def type(self, ref: Ref) -> str:
        """See :class:`World`."""
        return self._issue(ref).now.type

    def _account(self, name: str) -> str:
        """As the API names somebody."""
        return self.sandbox.books.people[name].id if self.cloud else name

    def touch(self, ref: Ref) -> None:
        """See :class:`World`."""
        self.people.touch(ref.id)

    def label(self, ref: Ref, label: str) -> None:
        """See :class:`World`."""
        self.people.add_label(ref.id, label)

    def unlabel(self, ref: Ref, label: str) -> None:
        """See :class:`World`."""
        self.people.remove_label(ref.id, label)

    def remove(self, ref: Ref, kind: GoneKind) -> None:
        """See :class:`World`."""
        if kind is GoneKind.OUT_OF_SIGHT:
            self.people.hide(ref.id)
        else:
            self.people.delete(ref.id)

    def restore(self, ref: Ref) -> None:
        """What is deleted stays away: ``lacks`` says so."""
        raise NotImplementedError(str(ref))

    def move(self, ref: Ref) -> Ref:
        """An issue that moves keeps its id: ``lacks`` says so."""
        raise NotImplementedError(str(ref))

    def url(self, ref: Ref) -> str:
        """See :class:`World`."""
        return f"{self.sandbox.site}/browse/{self.people.key(ref.id)}"

    def status(self, ref: Ref) -> Status:
        """See :class:`World`."""
        now = self._issue(ref).now
        return Status(f"{now.status.category}/{now.status.name}", now.resolution or "")

    def remarks(self, ref: Ref) -> list[Remark]:
        """See :class:`World`."""
        return [Remark(_author(one.by), one.body, one.internal) for one in self._issue(ref).comments]

    def items(self) -> list[Ref]:
        """See :class:`World`."""
        books, service = self.sandbox.books, self.role is Role.HELPDESK
        found = [one for one in books.issues.values() if books.visible(one) and one.now.project.is_service is service]
        return [self._ref(str(one.id)) for one in found]

    def status_writes(self, ref: Ref) -> int:
        """See :class:`World`."""
        return self._issue(ref).status_writes

    def calls(self) -> int:
        """See :class:`World`."""
        return len(self.sandbox.log)

    def advance(self, seconds: float) -> None:
        """See :class:`World`."""
        self.clock.advance(seconds)
        self.sandbox.advance(seconds)

    def fail(self, how: str, *, times: int = 1, writes_only: bool = False) -> None:
        """See :class:`World`."""
        kind, reply = _FAULTS[how]
        method, path = (WRITES, NO_READS) if writes_only else ("", "")
        self.sandbox.faults.append(Fault(kind, method, path, times=times, reply=reply))

    def close(self) -> None:
        """See :class:`World`."""
        if self.beside is None:
            self.sandbox.stop()

    def _issue(self, ref: Ref) -> Issue:
        return self.sandbox.books.issues[int(ref.id)]

    def _ref(self, key: str) -> Ref:
        return Ref(self.name, self.people.id(key), self.people.key(key))


def _author(person: Person) -> Author:
    if person.name == ME:
        return Author.SELF
    return Author.OUTSIDE if person.kind == "customer" else Author.TEAM


class JiraWorld(SiteWorld):
    """A tracker: software projects, with the simple workflow on Cloud and the classic one on Data Center."""

    def __init__(self, *, cloud: bool = True, beside: SiteWorld | None = None) -> None:
        cloud = cloud if beside is None else beside.cloud
        flow, lacks = "simple" if cloud else "classic", frozenset({"internal_notes", "waiting"})
        super().__init__(
            Role.TRACKER, "jira", kind="software", workflow=flow, place="ENG", cloud=cloud, lacks=lacks, beside=beside
        )

    def plan(self, ref: Ref) -> None:
        """See :class:`World`."""
        self.people.add_version(self.place, VERSION)
        self.people.set_version(ref.id, VERSION)

    def release(self, ref: Ref) -> None:
        """See :class:`World`; its issues take no notice."""
        del ref
        self.people.release(self.place, VERSION)
