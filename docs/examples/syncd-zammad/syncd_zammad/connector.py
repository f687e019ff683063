"""The contract of :mod:`syncd.connector`, met by a Zammad."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from syncd import marker
from syncd.actions import Action, Outcome
from syncd.clock import Clock
from syncd.connector import Capabilities, Connector, ConnectorOptions, Duration, Secret
from syncd.errors import ConnectorError, Problem, Refused, Unauthorized
from syncd.model import HttpCall, Item, Mention, Page, Ref, Removed, Role
from syncd_zammad import items
from syncd_zammad.api import ZammadApi
from syncd_zammad.feed import Feed, Walk
from syncd_zammad.reads import Reader
from syncd_zammad.urls import Urls
from syncd_zammad.writes import Writer

SOURCE = "tickets"


class ZammadOptions(ConnectorOptions):
    """``connectors/NAME.toml`` of a Zammad."""

    token: Secret
    """An access token of an agent. What it reads and writes is what that agent may read and write."""
    pending_states: list[str] = Field(default_factory=lambda: ["pending reminder", "pending close"])
    """States that need a time at which Zammad reminds of the ticket."""
    remind_after: Duration = Field(default=7 * 86400.0, ge=60)
    """How long after syncd sets such a state that is."""

    @field_validator("url")
    @classmethod
    def _origin_only(cls, url: str) -> str:
        if "/api/v1" in urlsplit(url).path:
            raise ValueError("leave /api/v1 out of the url: it is added")
        return url


class ZammadConnector(Connector):
    """One Zammad, as helpdesk."""

    Options: ClassVar[type[ConnectorOptions]] = ZammadOptions
    capabilities: ClassVar[Capabilities] = Capabilities(
        roles=frozenset({Role.HELPDESK}),
        status_with_notes=True,
        sets_fields=True,
        internal_notes=True,
        notes_hold_links=True,
        can_create=False,
        keys_are_ids=True,
    )

    def __init__(self, name: str, options: ZammadOptions, clock: Clock) -> None:
        super().__init__(name, options, clock)
        self.options = options
        self.api = ZammadApi(name, options.url, options.token.get_secret_value(), clock, proxy=options.proxy)
        self.session = self.api.session
        self.calls = self.session.calls
        self.urls = Urls(options.url, options.web_url)
        self.reader = Reader(self.api, self.urls.web)
        self.writer = Writer(self.api, options.pending_states, options.remind_after)

    def hear(self, tell: Callable[[HttpCall], None]) -> None:
        """See :class:`syncd.connector.Connector`."""
        self.session.heard = tell

    # --- reading ---

    def sources(self) -> Sequence[str]:
        """One feed: deleted tickets are in none."""
        return (SOURCE,)

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """See :class:`syncd.connector.Connector`; one call when idle, and some for each ticket that was merged."""
        del source
        return Feed(self.api, self.reader.listed).pages(Walk.begin(cursor, since or self.start_from))

    def fetch(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`syncd.connector.Connector`; two calls per ticket, more for one that was merged."""
        return {ref: self.reader.entry(ref) for ref in refs}

    # --- writing ---

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :class:`syncd.connector.Connector`; one request per action, and one more for each further note."""
        return self.writer.apply(actions)

    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        """The id of our own article with this marker, from the full list of the ticket's articles."""
        del since  # every article of the ticket is looked at
        if not isinstance(where, Ref):
            raise Refused(self.name, "looking for a ticket of ours: syncd makes none")
        return next(iter(self.marks(where).get(marker, ())), None)

    def marks(self, where: Ref) -> Mapping[str, Sequence[str]]:
        """See :class:`syncd.connector.Connector`."""
        me, found = self.reader.me, dict[str, list[str]]()
        for row in self.reader.articles(where):
            if row.get("created_by_id") == me and row.get("sender") == "Agent":
                for mark in dict.fromkeys(one[0] for one in marker.PATTERN.finditer(str(row.get("body")))):
                    found.setdefault(mark, []).append(str(items.number(row)))
        return found

    # --- names ---

    def parse_url(self, text: str) -> Sequence[Mention]:
        """Addresses of tickets here."""
        return self.urls.mentions(text)

    def resolve(self, key: str) -> Ref | None:
        """A ticket's key is its id, as its address has it: no call."""
        digits = key.strip().lstrip("#").lstrip("0")
        return Ref(self.name, digits, digits) if digits.isascii() and digits.isdecimal() else None

    def statuses(self) -> Mapping[str, str]:
        """The names of the active states (docs.zammad.org, REST API, Ticket states); one call."""
        rows = self.api.rows("reading the states", "ticket_states")
        names = [row.get("name") for row in rows if row.get("active") is not False]
        return {name: name for name in names if isinstance(name, str) and name}

    def check(self) -> Sequence[Problem]:
        """Token, rights, states; three calls."""
        return tuple(self._problems())

    def _problems(self) -> Iterator[Problem]:
        try:
            if self.reader.user().get("active") is False:
                yield Problem(self.name, "the token's user is not active", "Use the token of an active agent")
            missing = [name for name in self.options.pending_states if name not in self.statuses()]
            next(self.changes(SOURCE, None, None), None)
        except Unauthorized as error:
            cure = "Set token to an access token of an agent (profile, Token Access), with the permission ticket.agent"
            yield Problem(self.name, error.what, cure)
            return
        except ConnectorError as error:
            yield Problem(self.name, error.what, "Check the url, and that this machine can reach it")
            return
        if missing:
            what = f"pending_states names what is no state here: {', '.join(missing)}"
            yield Problem(self.name, what, "Name the states that ask for a time in the agent's view", warning=True)

    @property
    def ahead(self) -> timedelta | None:
        """See :class:`syncd.connector.Connector`: by the ``Date`` of its answers."""
        return self.session.ahead

    def close(self) -> None:
        """Release the connections."""
        self.session.close()
