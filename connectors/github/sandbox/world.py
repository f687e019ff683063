"""The stand-in as the conformance suite sees it (:mod:`syncd.testing.world`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pydantic import SecretStr

from connectors.github.connector import GitHubConnector
from connectors.github.options import GitHubOptions, Repository
from connectors.github.sandbox.server import LOGIN, TOKEN, GitHubSandbox
from connectors.github.sandbox.shapes import error
from syncd.clock import ManualClock
from syncd.model import Audience, Author, GoneKind, Ref, Role, Status, Word
from syncd.testing import Fault, Remark, Reply, World

NAME = "github"
HOME = "acme/widgets"
ELSEWHERE = "acme/gadgets"
WRITES = "POST|PATCH"
_NATIVE = {
    Word.OPEN: Status("open"),
    Word.DONE: Status("closed", "completed"),
    Word.DECLINED: Status("closed", "not_planned"),
    Word.DUPLICATE: Status("closed", "duplicate"),
}
_PEOPLE = {Author.SELF: (LOGIN, "MEMBER"), Author.TEAM: ("dev", "MEMBER"), Author.OUTSIDE: ("visitor", "NONE")}


@dataclass(slots=True)
class GitHubWorld(World):
    """Two repositories of one owner; the second is where issues are moved to."""

    role: Role = Role.TRACKER
    lacks: frozenset[str] = frozenset({"internal_notes", "waiting", "restore", "tags_version"})
    sandbox: GitHubSandbox = field(default_factory=GitHubSandbox)
    clock: ManualClock = field(default_factory=lambda: ManualClock(datetime.now(UTC)))
    base: str = ""
    """The path below which the API is: ``/api/v3`` on an Enterprise Server."""
    as_app: bool = False
    """The account is a GitHub App, not a user."""

    def __post_init__(self) -> None:
        """Serve, with both repositories."""
        self.sandbox.start()
        self.sandbox.people.make_repo(HOME)
        self.sandbox.people.make_repo(ELSEWHERE)
        if self.as_app:
            self.sandbox.people.install_app(HOME.partition("/")[0])

    def connect(self) -> GitHubConnector:
        """A connector that doesn't pause between writes: the stand-in notes that, and lets it pass."""
        options = GitHubOptions(
            connector="github",
            url=self.sandbox.url + self.base,
            token=None if self.as_app else SecretStr(TOKEN),
            app_id=str(self.sandbox.app.id) if self.as_app else None,
            private_key=SecretStr(self.sandbox.app.private_key) if self.as_app else None,
            repositories=[Repository(name=HOME), Repository(name=ELSEWHERE)],
        )
        connector = GitHubConnector(NAME, options, self.clock)
        connector.write_interval = 0.0
        return connector

    def add(self, body: str = "", *, by: Author = Author.TEAM) -> Ref:
        """See :class:`World`."""
        login, association = self._person(by)
        return self._ref(self.sandbox.people.make_issue(HOME, body=body, by=login, association=association))

    def set_status(self, ref: Ref, word: Word) -> None:
        """See :class:`World`."""
        wanted = _NATIVE[word]
        if wanted.native == "open":
            self.sandbox.people.reopen(ref.key)
        else:
            self.sandbox.people.close(ref.key, wanted.reason)

    def native(self, word: Word) -> Status:
        """See :class:`World`."""
        return _NATIVE[word]

    def say(self, ref: Ref, body: str, *, by: Author, internal: bool = False) -> None:
        """See :class:`World`; there are no internal notes."""
        del internal
        login, association = self._person(by)
        self.sandbox.people.comment(ref.key, body, by=login, association=association)

    def touch(self, ref: Ref) -> None:
        """See :class:`World`."""
        self.sandbox.people.label(ref.key, "touched")

    def label(self, ref: Ref, label: str) -> None:
        """See :class:`World`."""
        self.sandbox.people.label(ref.key, label)

    def unlabel(self, ref: Ref, label: str) -> None:
        """See :class:`World`."""
        self.sandbox.people.unlabel(ref.key, label)

    def tags(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        return list(self.sandbox.books.by_id[int(ref.id)].now.labels)

    def plan(self, ref: Ref) -> None:
        """See :class:`World`: a milestone of its own."""
        self.sandbox.people.plan(ref.key, f"for {ref.id}")

    def release(self, ref: Ref) -> None:
        """See :class:`World`."""
        self.sandbox.people.close_milestone(ref.key.partition("#")[0], f"for {ref.id}")

    def offer(self) -> tuple[str, str, str]:
        """See :class:`World`."""
        people = self.sandbox.people
        people.make_label(HOME, "team/search")
        people.make_type(HOME.partition("/")[0], "Bug")
        people.make_member("dev")
        return "team/search", "dev", "Bug"

    def assigned(self, ref: Ref) -> list[str]:
        """See :class:`World`."""
        return list(self.sandbox.books.by_id[int(ref.id)].now.assignees)

    def type(self, ref: Ref) -> str:
        """See :class:`World`."""
        return self.sandbox.books.by_id[int(ref.id)].now.type

    def show(self, place: str, audience: Audience) -> None:
        """See :class:`World`."""
        self.sandbox.people.set_private(place, audience is Audience.PRIVATE)

    def close_place(self, place: str) -> None:
        """See :class:`World`: the token is shut out."""
        self.sandbox.people.set_private(place)
        access = self.sandbox.tokens[TOKEN]
        self.sandbox.tokens[TOKEN] = replace(access, private=False)
        for one in self.sandbox.app.installations.values():
            one.only = frozenset({"acme/another"})

    def board(self, *, public: bool = False) -> str:
        """See :class:`World`."""
        fields = {"Type": ("support", "defect"), "Note": ()}
        return self.sandbox.people.make_board(HOME.partition("/")[0], fields, public=public)

    def on_board(self, ref: Ref, board: str, fields: Mapping[str, str] | None = None) -> Mapping[str, str] | None:
        """See :class:`World`."""
        for name, value in (fields or {}).items():
            self.sandbox.people.set_on_board(board, ref.key, name, value)
        return self.sandbox.people.on_board(board, ref.key)

    def remove(self, ref: Ref, kind: GoneKind) -> None:
        """See :class:`World`."""
        if kind is GoneKind.CONVERTED:
            self.sandbox.people.convert_to_discussion(ref.key)
        else:
            self.sandbox.people.delete(ref.key)

    def restore(self, ref: Ref) -> None:
        """GitHub has no way back."""
        raise NotImplementedError

    def move(self, ref: Ref) -> Ref:
        """See :class:`World`."""
        return self._ref(self.sandbox.people.transfer(ref.key, ELSEWHERE))

    def url(self, ref: Ref) -> str:
        """See :class:`World`."""
        name, _, number = ref.key.partition("#")
        return f"{self.sandbox.url}/{name}/issues/{number}"

    def status(self, ref: Ref) -> Status:
        """See :class:`World`."""
        now = self.sandbox.books.by_id[int(ref.id)].now
        return Status(now.state, now.reason or "")

    def remarks(self, ref: Ref) -> list[Remark]:
        """See :class:`World`."""
        found = self.sandbox.books.by_id[int(ref.id)].comments
        authors = {self._person(author)[0]: author for author in _PEOPLE}
        return [Remark(authors[one.user], one.body, internal=False) for one in found]

    def items(self) -> list[Ref]:
        """See :class:`World`."""
        return [self._ref(key) for key in self.sandbox.people.issues()]

    def status_writes(self, ref: Ref) -> int:
        """See :class:`World`."""
        return self.sandbox.books.by_id[int(ref.id)].status_writes

    def calls(self) -> int:
        """See :class:`World`."""
        return len(self.sandbox.log)

    def advance(self, seconds: float) -> None:
        """See :class:`World`."""
        self.sandbox.advance(seconds)
        self.clock.advance(seconds)

    def fail(self, how: str, *, times: int = 1, writes_only: bool = False) -> None:
        """See :class:`World`."""
        method = WRITES if writes_only else ""
        kinds = {"lost_answer": "lost_answer", "error_after": "commit_then_answer", "cut": "cut"}
        path = "/issues" if writes_only else ""
        kind, reply = kinds.get(how, "answer"), self._reply(how)
        self.sandbox.faults.append(Fault(kind, method=method, path=path, times=times, reply=reply))

    def _reply(self, how: str) -> Reply:
        page = Reply(200, b"<html><title>Unicorn!</title></html>", {"Content-Type": "text/html"})
        wrong = [{"resource": "Issue", "field": "state", "code": "invalid"}]
        return {
            "rate_limited": self.sandbox.limited("secondary", 7),
            "unauthorized": Reply(401, error("Bad credentials", 401)),
            "refused": Reply(422, error("Validation Failed", 422, errors=wrong)),
            "html": page,
        }.get(how, Reply(502, b"<html><title>502 Bad Gateway</title></html>", {"Content-Type": "text/html"}))

    def close(self) -> None:
        """See :class:`World`."""
        self.sandbox.stop()

    def _person(self, author: Author) -> tuple[str, str]:
        """Login and association."""
        return (self.sandbox.app.login, "NONE") if author is Author.SELF and self.as_app else _PEOPLE[author]

    def _ref(self, key: str) -> Ref:
        return Ref(NAME, str(self.sandbox.people.id(key)), key)
