"""The contract of :mod:`syncd.connector`, met by the issues of GitHub repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar

from connectors.github.api import PER_PAGE, Api
from connectors.github.app import App
from connectors.github.boards import Boards
from connectors.github.checks import Checks
from connectors.github.credentials import Credential, Token
from connectors.github.cursor import Cursor
from connectors.github.feed import Feed
from connectors.github.graphql import BATCH
from connectors.github.items import Comment, Reading, Row
from connectors.github.options import GitHubOptions
from connectors.github.reads import Reader
from connectors.github.repositories import Repositories
from connectors.github.urls import Urls, split_key
from connectors.github.writes import Writer
from syncd import marker
from syncd.actions import Action, Board, Created, Draft, Outcome
from syncd.clock import Clock, stamp
from syncd.connector import Capabilities, Connector, ConnectorOptions
from syncd.errors import ConnectorError, Gone, Problem, Refused, Transient
from syncd.model import Audience, HttpCall, Item, Mention, Page, Ref, Removed, Role, Text

SLACK = timedelta(minutes=5)
"""How far our clock and GitHub's may be apart, added to the difference that the answers show."""
STATUSES = {
    "open": "Open",
    "open:reopened": "Open (reopened)",
    "closed": "Closed (no reason)",
    "closed:completed": "Closed as completed",
    "closed:not_planned": "Closed as not planned",
    "closed:duplicate": "Closed as duplicate",
}
"""GitHub REST API docs, Update an issue: ``state`` and ``state_reason``; no account has others."""


class GitHubConnector(Connector):
    """Issues of the configured repositories, as tracker. Comments are read where they are asked for."""

    Options: ClassVar[type[ConnectorOptions]] = GitHubOptions
    capabilities: ClassVar[Capabilities] = Capabilities(
        roles=frozenset({Role.TRACKER}),
        fetch_batch=BATCH,
        sets_tags=True,
        feed_texts=True,
        comments_apart=True,
        attribution=True,
        probe="listing",
        can_create=True,
        edits_notes=True,
        boards=True,
    )
    write_interval: float = 1.0
    """Seconds between two writes (GitHub REST API docs, Best practices: at least one)."""

    def __init__(self, name: str, options: GitHubOptions, clock: Clock) -> None:
        super().__init__(name, options, clock)
        names = [one.name for one in options.repositories]
        self.api = Api(name, options.url, _credential(name, options), options.headroom, clock, proxy=options.proxy)
        self.session = self.api.session
        self.calls = self.session.calls
        self.repositories = Repositories(self.api, names)
        self.urls = Urls(options.url, options.web_url, self.repositories.webs, self.repositories.current)
        self.reader = Reader(self.api, self.repositories, self._reading)
        self.writer = Writer(self.api, self.repositories, self._reading, lambda: self.write_interval)
        self.boards = Boards(self.reader.graphql, self.writer.query, self.repositories.current)
        self._login: str | None = None

    def hear(self, tell: Callable[[HttpCall], None]) -> None:
        """See :class:`syncd.connector.Connector`."""
        self.session.heard = tell

    # --- reading ---

    def sources(self) -> Sequence[str]:
        """One per repository: its name as configured."""
        return self.repositories.names

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """See :class:`syncd.connector.Connector`; one page for each page of the API, one call when idle.

        Raises:
            Refused: the repository can't be seen, or its name was given to another one.
        """
        walk = Cursor.load(cursor, since or self.start_from)
        return Feed(self.api, self.repositories, source, self._reading, walk).pages()

    def fetch(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`syncd.connector.Connector`; a query for a hundred issues, or one call for each of a few.

        ``texts`` holds the body alone: comments aren't read. A ref without a key can't be asked for.
        """
        return self.reader.fetch(refs)

    def place(self, ref: Ref) -> str:
        """See :class:`syncd.connector.Connector`: its repository."""
        return (split_key(ref.key) or ("", 0))[0]

    def audience_now(self, item: Item) -> Audience:
        """Who can read an issue's repository now: one call each time; ``fetch`` believes for a while what it knows."""
        if not self.place(item.ref):
            raise Refused(self.name, f"issue {item.ref.id} has no key that says in which repository it is")
        return self.audience(self.place(item.ref))

    def comments(self, ref: Ref, since: datetime) -> Sequence[Text]:
        """See :class:`syncd.connector.Connector`: comments that were written or edited since then, by pages.

        Raises:
            Transient: a comment's record can't be understood.
        """
        reading = self._reading()
        rows = self._comments(ref, {"since": stamp(since)})
        try:
            return [reading.comment(Comment.model_validate(one)) for one in rows]
        except ValueError:
            what = f"reading the comments of {ref.key}: the answer isn't one of GitHub's API"
            raise Transient(self.name, what) from None

    # --- writing ---

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :class:`syncd.connector.Connector`; one request per note and one per status."""
        return self.writer.apply(actions)

    def create(self, draft: Draft) -> Created:
        """See :class:`syncd.connector.Connector`; the item's tags and assignees are those that GitHub really set."""
        return self.writer.create(draft)

    def check_filing(self, drafts: Sequence[Draft], boards: Sequence[Board]) -> Sequence[Problem]:
        """See :class:`syncd.connector.Connector`; a call for each repository and one for what its drafts name."""
        return (*self.writer.filing.problems(drafts), *self.boards.problems(boards))

    def board(self, issue: Ref, boards: Sequence[Board]) -> Iterator[ConnectorError | None]:
        """See :class:`syncd.connector.Connector`; two queries for each board, and one more for what is to be set."""
        return self.boards.put(issue, boards)

    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        """Our own comment on an issue, or our own issue, by its marker; no filter, no search index.

        An issue that isn't in its repository is looked for in the others, too: it may have been transferred meanwhile.
        """
        login = self._login_or_refuse()
        if isinstance(where, Ref):
            ours = (one for one in self._comments(where) if _is_by(one, login))
            return next((str(one["id"]) for one in ours if marker in str(one.get("body"))), None)
        others = [name for name in self.repositories.names if name != (self.repositories.configured(where) or where)]
        found = self._issue(marker, where, since, login)
        for name in others if found is None else ():  # somebody may have transferred it
            with suppress(Refused):
                found = found or self._issue(marker, name, since, login)
        return found

    def marks(self, where: Ref) -> Mapping[str, Sequence[str]]:
        """See :class:`syncd.connector.Connector`: from all comments on the issue.

        Raises:
            Refused: GitHub doesn't tell whose token this is.
        """
        login = self._login_or_refuse()
        found: dict[str, list[str]] = {}
        for one in self._comments(where):
            if _is_by(one, login):
                for mark in dict.fromkeys(hit[0] for hit in marker.PATTERN.finditer(str(one.get("body")))):
                    found.setdefault(mark, []).append(str(one["id"]))
        return found

    def _login_or_refuse(self) -> str:
        login = self._own_login()
        if not login:
            raise Refused(self.name, "looking for what syncd wrote: GitHub doesn't tell whose token this is")
        return login

    def _comments(self, where: Ref, wish: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Every comment on an issue, or those of them that are wished for."""
        place = split_key(where.key)
        if place is None:
            raise Refused(self.name, f"issue {where.id} has no key that says in which repository it is")
        full_name = self.repositories.current(place[0])
        path = f"/repos/{full_name}/issues/{place[1]}/comments"
        doing = f"reading the comments of {where.key}"
        for page in self.api.rows(path, full_name, doing, {"per_page": PER_PAGE, **(wish or {})}):
            yield from (one for one in page if isinstance(one, dict))

    def _issue(self, marker: str, where: str, since: datetime, login: str) -> str | None:
        """Newest first, until everything is older than the effect; by GitHub's clock, and a whole page at least."""
        facts = self.repositories.get(self.repositories.configured(where) or where)
        doing = f"looking through the issues of {where}"
        wish: dict[str, str | int] = {"state": "all", "sort": "created", "direction": "desc", "per_page": PER_PAGE}
        for page in self.api.rows(f"/repos/{facts.full_name}/issues", facts.full_name, doing, wish):
            try:
                rows = [Row.model_validate(one) for one in page]
            except ValueError:
                raise Transient(self.name, f"{doing}: the answer isn't one of GitHub's API") from None
            for row in rows:
                mine = row.user is not None and (row.user.login or "").casefold() == login.casefold()
                if mine and row.is_issue and marker in (row.body or ""):
                    return f"{facts.full_name}#{row.number}"
            bound = min(since, since + self.api.ahead) - SLACK
            if rows and all(row.created_at < bound for row in rows):
                return None
        return None

    # --- names ---

    def parse_url(self, text: str) -> Sequence[Mention]:
        """Addresses of issues, not of pull requests, on this server; keys as the API spells the repository."""
        return self.urls.mentions(text)

    def resolve(self, key: str) -> Ref | None:
        """The issue behind ``owner/repo#4``.

        Raises:
            Refused: it is in a repository that isn't configured.
        """
        place = split_key(key)
        if place is None:
            return None
        name, number = place
        own = self._own(name)
        full_name = self.repositories.current(own)
        doing = f"reading issue {full_name}#{number}"
        try:
            answer = self.api.get(f"/repos/{full_name}/issues/{number}", doing)
        except Gone:
            return None
        row = self.reader.row(answer, doing)
        if not row.is_issue:
            return None
        there = row.repository or full_name
        if there.casefold() != full_name.casefold():
            self.repositories.forget(own)
            there = self.repositories.get(self._own(there)).full_name
        return Ref(self.name, str(row.id), f"{there}#{row.number}")

    def statuses(self) -> Mapping[str, str]:
        """The same for every account: no call."""
        return STATUSES

    def check(self) -> Sequence[Problem]:
        """Token, its expiry and scopes; each repository: seen, open for issues, writable; a call for each."""
        return Checks(self.api, self.repositories, self._own_login).problems()

    def audience(self, place: str) -> Audience:
        """Who can read what is filed in a repository now, by a call; one that is missing is Busy at first."""
        return self.repositories.there(self.repositories.configured(place) or place).audience

    @property
    def ahead(self) -> timedelta | None:
        """See :class:`syncd.connector.Connector`: by the ``Date`` of its answers."""
        return self.session.ahead

    def close(self) -> None:
        """Release the connections."""
        self.api.close()

    # --- inside ---

    def _own(self, name: str) -> str:
        """The configured repository that is called so; names that aren't known yet are looked up."""
        found = self.repositories.configured(name)
        if found is None:
            for own in self.repositories.names:
                self.repositories.get(own)
            found = self.repositories.configured(name)
        if found is None:
            raise Refused(self.name, f"{name} isn't one of the configured repositories")
        return found

    def _reading(self) -> Reading:
        return Reading(self.name, self._own_login(), self.urls.web)

    def _own_login(self) -> str:
        """The account that we write as, as REST calls it; empty where it can't be known.

        A token without a user (an app's) may not ask for ``/user``; GraphQL tells of it, and so does what it wrote.
        """
        known = self.api.credential.login(self.api)
        if known is not None:
            return known or self.writer.login
        if self._login is None:
            doing = "reading whose token this is"
            try:
                data = self.api.get("/user", doing).data
            except (Refused, Gone):
                data = self.reader.graphql.viewer(doing)
            login = data.get("login") if isinstance(data, dict) else ""
            self._login = login if isinstance(login, str) else ""
        return self._login or self.writer.login


def _credential(name: str, options: GitHubOptions) -> Credential:
    if options.app_id is not None and options.private_key is not None:
        key, names = options.private_key.get_secret_value(), [one.name for one in options.repositories]
        return App(name, options.app_id, key, options.installation_id, names)
    return Token(options.token.get_secret_value() if options.token is not None else "")


def _is_by(one: object, login: str) -> bool:
    user = one.get("user") if isinstance(one, dict) else None
    return isinstance(user, dict) and str(user.get("login")).casefold() == login.casefold()
