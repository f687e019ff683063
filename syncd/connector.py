"""The contract that every outside system meets, and how its connectors are found.

Words. A *source* is one feed of a system (a repository's issues; a helpdesk's tickets, its deleted tickets). A
*cursor* is text that only the connector understands; the state keeps it. An *item* is what a source tells of.
Everything that costs a call is plural, because the price of a sync is counted in API calls.

A connector

* tells each change at least once, and may tell it again, in any order (rule 1: level, not edge);
* makes each write once: no hidden retry, no hidden read, no follow-up that can fail after the write is done;
* turns every error of its library and its service into one of ours, in exactly one function;
* keeps its system's quirks inside: the core never asks which system it speaks to, only for capabilities.

``syncd.testing.ConnectorContract`` is the same in executable form; every connector passes it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar

from syncd.actions import Action, Board, Created, Draft, Outcome
from syncd.capabilities import Capabilities
from syncd.clock import Clock
from syncd.details import Detail, Spent
from syncd.errors import ConnectorError, Gone, Problem, Refused
from syncd.model import Audience, HttpCall, Item, Mention, Page, Place, Ref, Removed, Text
from syncd.options import ConnectorOptions, Proxy, Secret
from syncd.schema import Duration, seconds

ENTRY_POINTS = "syncd.connectors"


class Connector(ABC):
    """One configured connector. Used by one thread at a time; errors are ConnectorErrors, always.

    Args:
        name: the configured connector's name, the first half of every ref it makes.
        options: its validated file.
        clock: time, and a sleep that a stop cuts short.
    """

    Options: ClassVar[type[ConnectorOptions]]
    capabilities: ClassVar[Capabilities]

    def __init__(self, name: str, options: Any, clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self.settle: float = options.settle
        self.calls: Counter[str] = Counter()
        """Calls so far, by method: what summaries and benchmarks count. Usually the HTTP session's own."""
        self.start_from: datetime | None = options.start_from

    # --- reading ---

    @abstractmethod
    def sources(self) -> Sequence[str]:
        """The feeds to walk, each with a cursor of its own, in a stable order."""

    @abstractmethod
    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """Pages of what changed since ``cursor``, oldest first; loses nothing, may repeat.

        ``cursor`` None = first walk; ``since`` then bounds how far back it goes (None: all that the API shows).
        An idle poll costs one call at most. Always ends with a page whose ``last`` is true, even an empty one.
        A walk that is broken off goes on from the cursor of the last page that was kept, still a first walk.
        """

    @abstractmethod
    def fetch(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """Fresh reads, one entry per ref asked for, with ``texts`` and (helpdesk) ``waiting`` filled in.

        Of several, those on which surely nothing was said since this connector told their texts last may come without
        them, where that saves calls. An item that moved comes under the ref asked for, with its new ref inside and
        ``formerly`` set. Removed only on evidence that survived a second look; an item that can't be read for other
        reasons has its ConnectorError as entry. Raises only what concerns the whole connector (Unauthorized,
        RateLimited, Transient).
        """

    def explore(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """As :meth:`fetch`, with all else that may hold a link, where that costs calls of its own (``Item.whole``)."""
        return self.fetch(refs)

    def detail(self, ref: Ref) -> Detail:
        """What a ticket says, with who asks and for which company: one fresh read, for filing.

        A company, a group or a requester that was deleted is none, no failure. What is kept from one ticket to the
        next (companies, groups, names of fields) is an hour old at most. Nothing of it may be stored or logged.

        Raises:
            Gone: the ticket isn't there.
            Refused: this system tells no details (``Capabilities.details``); or something of it may not be read, and
                who may change that.
            ConnectorError: it could not be read.
        """
        raise Refused(self.name, f"reading what {ref.id} says: this kind of system tells no details")

    def time_spent(self, since: datetime, until: datetime) -> Sequence[Spent]:
        """The working time noted for a span, by the moment that each entry says it was worked; a value per ticket.

        A span of a month or so: what was read is kept nowhere, and a failure begins it anew. A timer that still runs
        doesn't count.

        Raises:
            Refused: this system tells of none (``Capabilities.time_entries``), or the account may not be told.
            ConnectorError: it could not be read.
        """
        del since, until
        raise Refused(self.name, "reading time entries: this kind of system tells of none")

    def audience(self, place: str) -> Audience | None:
        """Who can read what is filed in a repository or project now; None: nothing tells, so it counts as public.

        Asked right before something is written for that place (rule 14), so the answer is of this moment: what was
        read before doesn't do, where the service can be asked.

        Raises:
            ConnectorError: the place isn't there, or could not be read.
        """
        del place
        return None

    def place(self, ref: Ref) -> str:
        """The repository or project that an item's key is of, as :meth:`audience` takes it; empty: no use in asking."""
        del ref
        return ""

    def audience_now(self, item: Item) -> Audience | None:
        """Who can read an item that was just fetched, as of this moment: asked before private words are left there.

        To be overridden where ``Item.audience`` may be older than the answer that it came with.

        Raises:
            ConnectorError: its place isn't there, or could not be read.
        """
        return item.audience

    def comments(self, ref: Ref, since: datetime) -> Sequence[Text]:
        """What was said on an item, oldest first, without its body; what is older than ``since`` may be missing.

        ``since``: by the system's own clock.

        Raises:
            Gone: the item isn't there.
            ConnectorError: it could not be read.
        """
        del since
        found = self.fetch([ref])[ref]
        if isinstance(found, ConnectorError):
            raise found
        if isinstance(found, Removed):
            raise Gone(self.name, f"reading what was said on {ref.human}: it is {found.kind}")
        return [text for text in found.texts or () if text.place is not Place.BODY]

    # --- writing ---

    @abstractmethod
    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """Write; yields one outcome per action, in order, as soon as each is known. Never raises for an action.

        Within an action notes come before the status, and a note that failed for good does not stop the status,
        unless the failure concerns the whole connector. Fields and tags go with the status in one call where the API
        can, else after it. Equal values are the caller's business, not written here. Several actions on different
        items go in one call where the API can and that saves calls; each has an outcome of its own all the same.
        """

    def create(self, draft: Draft) -> Created:
        """File an issue, with exactly one request that writes. A helpdesk always refuses: customers make tickets.

        What can be looked up is looked up before, so that nothing is filed that lacks half of its draft; what the
        service left out all the same is told in ``Created.aside``.

        Raises:
            Refused: nothing was filed, and nothing will be until a person acts: the place isn't there, is read-only or
                takes no issues; it is public by now, and the draft is for a private one; a label, a type, an assignee
                or a field isn't there, may not be set, or is required and missing. Says which, and how to mend it.
            ConnectorError: it could not be filed, or whether it was isn't known (``doubt``).
        """
        del draft
        raise Refused(self.name, "making a ticket: syncd files issues in a tracker, never tickets")

    def board(self, issue: Ref, boards: Sequence[Board]) -> Iterator[ConnectorError | None]:
        """Put an issue on boards, each an own outcome: None once it is there with its fields, else why not.

        Repeating it does no harm: an issue that is on a board already isn't put there again, and what a person has set
        there stays.
        """
        del issue
        for _ in boards:
            yield Refused(self.name, "putting an issue on a board: this kind of system has none")

    def check_filing(self, drafts: Sequence[Draft], boards: Sequence[Board]) -> Sequence[Problem]:
        """Whether such issues could be filed now, without filing any: every problem with its cure.

        Places that aren't there, are archived or may not be written; labels, types, assignees, fields and boards that
        aren't there; required fields that a draft doesn't set. Titles and bodies don't matter.
        """
        del drafts, boards
        return ()

    @abstractmethod
    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        """Look for what an effect left: the id of a note on ``where``, a ref; the key of an item in ``where``, a place.

        Only what our own account wrote counts. ``since``: when the effect was begun, our clock; look with slack.
        None means: a complete look showed that it isn't there. A look that was not complete raises Transient.
        """

    @abstractmethod
    def marks(self, where: Ref) -> Mapping[str, Sequence[str]]:
        """Every marker in the notes that our own account left on an item -> the remote ids of the notes that hold it.

        From a complete listing, consistent as :meth:`find` is; what others wrote doesn't count. Whether a marker is
        genuine the caller finds out.

        Raises:
            ConnectorError: the listing was not complete; Gone where the item isn't there.
        """

    # --- names ---

    @abstractmethod
    def parse_url(self, text: str) -> Sequence[Mention]:
        """Every URL in ``text`` that names an item of this account. Pure after the first call of ``check``."""

    @abstractmethod
    def resolve(self, key: str) -> Ref | None:
        """The ref behind a human key (``owner/repo#4``, ``17``), at most one call; None if there is none."""

    def resolve_many(self, keys: Sequence[str]) -> Mapping[str, Ref]:
        """The refs behind so many keys (``Capabilities.resolve_batch`` at most) in one call.

        A key that isn't in the answer may have one all the same (it moved, say): :meth:`resolve` tells.
        """
        del keys
        return {}

    @abstractmethod
    def statuses(self) -> Mapping[str, str]:
        """The account's statuses now: native value (``native`` or ``native:reason``) -> the label people see."""

    @abstractmethod
    def check(self) -> Sequence[Problem]:
        """Look at the live account: credential, rights, scope, configured places. Every problem with its cure."""

    def check_writing(self) -> Sequence[Problem]:
        """What else stands in the way of writing, where that can be told without a write; asks nobody."""
        return ()

    def lacks(self, fields: Sequence[str], *, read: bool = False) -> Sequence[str]:
        """Those of these fields that the account hasn't, by the names of ``Action.fields``.

        What can't be told counts as there. ``read``: they are only looked at, and any name does under which
        ``Item.fields`` tells of them.
        """
        del fields, read
        return ()

    @property
    def ahead(self) -> timedelta | None:
        """The service's clock minus ours, as of its latest answer; None where nothing tells."""
        return None

    def hear(self, tell: Callable[[HttpCall], None]) -> None:  # noqa: B027  # one without HTTP has nothing to tell
        """From now on tell of every HTTP call; usually the session does."""

    def close(self) -> None:  # noqa: B027  # most connectors have nothing to release
        """Release connections."""


def installed() -> Mapping[str, EntryPoint]:
    """Connectors by kind, from every installed package; nothing is imported yet."""
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def load(kind: str) -> type[Connector]:
    """The connector class of a kind.

    Raises:
        KeyError: no installed package brings such a connector.
        TypeError: what the entry point names is no Connector.
    """
    found = installed()[kind].load()
    if not (isinstance(found, type) and issubclass(found, Connector)):
        raise TypeError(f"the entry point {kind!r} does not name a syncd Connector")
    return found


__all__ = [
    "Capabilities",
    "Connector",
    "ConnectorOptions",
    "Duration",
    "Proxy",
    "Secret",
    "installed",
    "load",
    "seconds",
]
