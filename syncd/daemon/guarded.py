"""A connector as the lanes of the daemon share it: one call at a time, none while it is known to be down.

The breaker is per connector (rule 13): after ``FAILURES`` calls in a row that met no answer, calls are refused for a
while without being made, twice as long each time up to ``LONGEST``; then one call is let through to see. What the
service itself asks for, or a credential that it doesn't accept, closes the connector as long as is right for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from threading import RLock
from typing import ClassVar

from syncd.actions import Action, Board, Created, Draft, Outcome
from syncd.clock import Clock
from syncd.connector import Capabilities, Connector, ConnectorOptions
from syncd.details import Detail, Spent
from syncd.errors import Busy, ConnectorError, Interrupted, Problem, RateLimited, Transient, Unauthorized
from syncd.model import Audience, HttpCall, Item, Mention, Page, Ref, Removed, Text
from syncd.turns import Feed

FAILURES = 5
SHORTEST = 15.0
LONGEST = 45.0
"""Seconds between two tries at most: so soon after an outage everything goes on."""
UNACCEPTED = 300.0
"""Seconds between two tries with a credential that isn't accepted (rule 13)."""
ELSEWHERE = 1.0
"""Seconds that a look-up for another connector's lane waits; what couldn't be looked up is, a little later."""
UNSAID = 60.0
"""Seconds to leave a service alone that limits us without saying for how long."""

STATES: Mapping[type[ConnectorError], str] = {
    Unauthorized: "unauthorized",
    RateLimited: "rate_limited",
    Transient: "unavailable",
}


class Guarded(Connector):
    """Stands in front of a connector, and may be used by several threads.

    Args:
        inner: the connector itself.
        clock: time; once it is stopped no new call is made.
        moved: told before and after every call, so that a watchdog sees that there is progress.
    """

    Options: ClassVar[type[ConnectorOptions]] = ConnectorOptions
    capabilities: ClassVar[Capabilities]

    def __init__(self, inner: Connector, clock: Clock, moved: Callable[[], None] = lambda: None) -> None:
        self.inner, self.clock, self._moved = inner, clock, moved
        self.name, self.settle, self.start_from = inner.name, inner.settle, inner.start_from
        self.capabilities = inner.capabilities  # type: ignore[misc]  # as the one that it stands for
        self.calls = inner.calls
        self.limited: Callable[[float], None] = lambda _seconds: None
        """Told how much longer no call is made because the service limits us."""
        self.feed = Feed()
        self._lock = RLock()
        self._failures, self._opened = 0, 0
        self._closed_until, self._why = 0.0, ConnectorError(inner.name, "")
        self._seen_failing = False
        """An outcome or an answer of the present call holds an error, though the call itself raised none."""

    # --- the breaker ---

    @property
    def standing(self) -> tuple[str, str]:
        """How it stands as far as calls have shown: a state of the health page, and why."""
        if not self._opened:
            return "ok", ""
        return STATES.get(type(self._why), "unavailable"), self._why.what

    @property
    def closed_for(self) -> float:
        """Seconds until a call is made again; 0 if one would be made now."""
        return max(0.0, self._closed_until - self.clock.monotonic())

    def try_now(self) -> None:
        """Forget what was wrong: the credential may be another one by now."""
        self._closed_until = 0.0

    def _refuse(self) -> None:
        left = self.closed_for
        if left:
            again = type(self._why) if isinstance(self._why, (Unauthorized, RateLimited)) else Transient
            raise again(self.name, self._why.what, retry_after=left)

    def _went_well(self) -> None:
        self._failures = self._opened = 0
        self._closed_until = 0.0

    def _failed(self, error: ConnectorError) -> None:
        if isinstance(error, (Unauthorized, RateLimited)):
            wait = UNACCEPTED if isinstance(error, Unauthorized) else (error.retry_after or UNSAID)
        elif isinstance(error, Transient) and not isinstance(error, Busy):
            self._failures += 1
            if self._failures < FAILURES and not self._opened:
                return
            wait = max(min(SHORTEST * 2.0**self._opened, LONGEST), error.retry_after or 0.0)
        else:  # the service has answered
            self._went_well()
            return
        if isinstance(error, RateLimited):
            self.limited(max(0.0, wait - self.closed_for))
        self._opened += 1
        self._why, self._closed_until = error, self.clock.monotonic() + wait
        # Whoever made the call that was let through to see has no part in the connector's trouble.
        error.retry_after = error.retry_after or wait

    @contextmanager
    def _mine(self, patience: float) -> Iterator[None]:
        """The connector for one call; ``patience``: seconds to wait for another lane's call to end, -1 for its end.

        Raises:
            Transient: that call takes longer.
        """
        if not self._lock.acquire(timeout=patience):
            raise Transient(self.name, "it is busy with a call that takes long", retry_after=SHORTEST)
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _call(self, patience: float = -1) -> Iterator[None]:
        """Around one call."""
        with self._mine(patience):
            if self.clock.sleep(0):
                raise Interrupted("stopped before a call")
            self._refuse()
            self._moved()
            asked = sum(self.calls.values())
            try:
                yield
            except ConnectorError as error:
                self._failed(error)
                raise
            finally:
                self._moved()
            calls = sum(self.calls.values())
            if not self._seen_failing and (calls != asked or not calls):  # what asked nobody proves nothing
                self._went_well()
            self._seen_failing = False

    def _look_at(self, error: object) -> None:
        if isinstance(error, (Transient, RateLimited, Unauthorized)):
            self._seen_failing = True
            self._failed(error)

    # --- the contract ---

    def sources(self) -> Sequence[str]:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.sources()

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        """See :class:`Connector`; other lanes' calls go in between its pages."""
        pages: Iterator[Page] | None = None
        while True:
            with self._call():  # the first page may take more than one request, and those before it may fail
                pages = pages or self.inner.changes(source, cursor, since)
                page = next(pages, None)
            if page is None:
                return
            yield page

    def fetch(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`Connector`."""
        return self._read(self.inner.fetch, refs)

    def explore(self, refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        """See :class:`Connector`."""
        return self._read(self.inner.explore, refs)

    def detail(self, ref: Ref) -> Detail:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.detail(ref)

    def time_spent(self, since: datetime, until: datetime) -> Sequence[Spent]:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.time_spent(since, until)

    def audience(self, place: str) -> Audience | None:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.audience(place)

    def place(self, ref: Ref) -> str:
        """See :class:`Connector`."""
        return self.inner.place(ref)

    def audience_now(self, item: Item) -> Audience | None:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.audience_now(item)

    def comments(self, ref: Ref, since: datetime) -> Sequence[Text]:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.comments(ref, since)

    def board(self, issue: Ref, boards: Sequence[Board]) -> Iterator[ConnectorError | None]:
        """See :class:`Connector`."""
        with self._call():
            for error in self.inner.board(issue, boards):
                self._look_at(error)
                yield error

    def check_filing(self, drafts: Sequence[Draft], boards: Sequence[Board]) -> Sequence[Problem]:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.check_filing(drafts, boards)

    def _read(
        self, read: Callable[[Sequence[Ref]], Mapping[Ref, Item | Removed | ConnectorError]], refs: Sequence[Ref]
    ) -> Mapping[Ref, Item | Removed | ConnectorError]:
        with self._call():
            found = read(refs)
            if all(isinstance(one, ConnectorError) for one in found.values()):
                for one in found.values():
                    self._look_at(one)
            return found

    def apply(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """See :class:`Connector`; other lanes' calls go in between what it writes at once."""
        outcomes, size = self.inner.apply(actions), self.capabilities.apply_batch
        for start in range(0, len(actions), size):
            part = actions[start : start + size]
            try:
                with self._call():
                    found = list(islice(outcomes, len(part)))
                    if all(outcome.error is not None for outcome in found):  # as one call, so it counts as one
                        self._look_at(found[-1].error)
            except ConnectorError as error:  # no call was made
                found = [Outcome(action, error=error) for action in part]
            yield from found

    def create(self, draft: Draft) -> Created:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.create(draft)

    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.find(marker, where, since)

    def marks(self, where: Ref) -> Mapping[str, Sequence[str]]:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.marks(where)

    def parse_url(self, text: str) -> Sequence[Mention]:
        """See :class:`Connector`."""
        return self.inner.parse_url(text)

    def resolve(self, key: str) -> Ref | None:
        """See :class:`Connector`. Another connector's lane asks this, which must not wait for this one (rule 13)."""
        if self.capabilities.keys_are_ids:
            return self.inner.resolve(key)
        with self._call(ELSEWHERE):
            return self.inner.resolve(key)

    def resolve_many(self, keys: Sequence[str]) -> Mapping[str, Ref]:
        """See :class:`Connector` and :meth:`resolve`."""
        with self._call(ELSEWHERE):
            return self.inner.resolve_many(keys)

    def statuses(self) -> Mapping[str, str]:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.statuses()

    def check(self) -> Sequence[Problem]:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.check()

    def check_writing(self) -> Sequence[Problem]:
        """See :class:`Connector`."""
        return self.inner.check_writing()

    def lacks(self, fields: Sequence[str], *, read: bool = False) -> Sequence[str]:
        """See :class:`Connector`."""
        with self._call():
            return self.inner.lacks(fields, read=read)

    @property
    def ahead(self) -> timedelta | None:
        """See :class:`Connector`."""
        return self.inner.ahead

    def hear(self, tell: Callable[[HttpCall], None]) -> None:
        """See :class:`Connector`."""
        self.inner.hear(tell)

    def close(self) -> None:
        """See :class:`Connector`."""
        self.inner.close()
