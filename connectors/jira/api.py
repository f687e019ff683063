"""One account of a Jira site. Every call raises ConnectorErrors only, none is repeated, none is made that wasn't asked.

An answer is believed only if it was given to us: Jira answers 200 with nothing, or 404, to a caller whose token has
run out. Headers tell (``X-Seraph-LoginReason``; ``X-AAccountId`` on Cloud, ``X-AUSERNAME`` on Data Center), and where
they are missing ``GET myself`` does: :meth:`JiraApi.prove`, before emptiness is taken for a fact.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.jira.answers import NOT_JSON, Answer, answer, ours
from connectors.jira.limits import Limits, scope_of
from connectors.jira.wire import FOREIGN, Library
from syncd.clock import Clock
from syncd.errors import ConnectorError, Gone, Transient, Unauthorized
from syncd.http import BodyTooLarge

PROOF_SECONDS = 300.0
"""How long an answer that was surely ours vouches for the next ones."""

Params = Mapping[str, str | int]


class JiraApi:
    """One account.

    Args:
        name: the configured connector's name, for messages.
        url: the site's address with its context path; or the gateway's, ``https://api.atlassian.com/ex/jira/CLOUDID``.
        auth: (email, API token), or a bearer token.
        cloud: whether it is Jira Cloud, not Data Center.
        clock: times limits and proofs.
        proxy: what calls go through.
    """

    def __init__(
        self, name: str, url: str, auth: tuple[str, str] | str, clock: Clock, *, cloud: bool, proxy: str | None
    ) -> None:
        self.name, self.clock, self.cloud = name, clock, cloud
        self.library = Library(url, auth, proxy=proxy)
        self.session = self.library.session
        self.limits = Limits(clock)
        self.last: Answer | None = None
        """The latest answer, also where an error was raised for it; None where there was none."""
        self.too_large = False
        """Whether the latest answer was larger than any that is read."""
        self.account = ""
        """Who we are, once an answer has told: accountId (Cloud) or login (Data Center)."""
        self.ahead = timedelta()
        """The site's clock minus ours, as of the latest answer that names its time."""
        self._proven = float("-inf")

    # --- what is asked ---

    def call(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        params: Params | None = None,
        body: Any = None,
        write: bool | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """One request, once.

        Args:
            method: such as ``GET``.
            path: below ``/rest/api/2``; one that begins with a slash is below the site (``/rest/servicedeskapi/...``).
            doing: what is done, for people: ``reading issue ENG-7``.
            params: the query.
            body: anything JSON.
            write: whether it changes something, so that a lost answer leaves doubt; unless given, all but GET do.
            accept: statuses of refusals that are returned, not raised.

        Raises:
            ConnectorError: see :func:`connectors.jira.answers.ours`.
        """
        write = method != "GET" if write is None else write
        left = self.limits.left(method, path)
        if left > 0:
            raise Transient(self.name, f"{doing}: Jira has asked to wait with this", retry_after=left)
        self.last, self.too_large = None, False
        sent = None if body is None else json.dumps(body)
        try:
            response = self.library.send(method, path, params=dict(params or {}), body=sent)
        except FOREIGN as error:
            self.too_large = isinstance(error, BodyTooLarge)
            # Not chained: its message can quote what was sent.
            raise ours(self.name, doing, error, write=write) from None
        found = self.last = answer(response)
        self._note(found)
        good = 200 <= found.status < 300 and found.data is not NOT_JSON
        if found.anonymous or not (good or found.status in accept):
            failure = ours(self.name, doing, found, write=write)
            if found.status == 429:
                self.limits.close(scope_of(found.headers), method, path, failure.retry_after or 1.0)
            raise failure
        return found

    def record(self, method: str, path: str, doing: str, **how: Any) -> dict[str, Any]:
        """As :meth:`call`: the answer's record.

        Raises:
            Transient: it has none; in doubt where the call was a write.
        """
        found = self.call(method, path, doing, **how).data
        if not isinstance(found, dict):
            raise self.odd(doing, write=how.get("write", method != "GET"))
        return found

    def rows(self, method: str, path: str, doing: str, key: str = "", **how: Any) -> list[dict[str, Any]]:
        """As :meth:`call`: the records of a list, or of the list under ``key``."""
        found = self.record(method, path, doing, **how).get(key) if key else self.call(method, path, doing, **how).data
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.odd(doing)
        return found

    def odd(self, doing: str, *, write: bool = False) -> ConnectorError:
        """What to raise for a well-formed answer that isn't what the API promises."""
        return ours(self.name, doing, Answer(200, {}, NOT_JSON), write=write)

    @contextmanager
    def legal(self, doing: str, *, write: bool = False) -> Iterator[None]:
        """Around the reading of records: one that isn't what it should be (ValueError) is no answer of the API's."""
        try:
            yield
        except ValueError:
            raise self.odd(doing, write=write) from None

    # --- whether it was us who was answered ---

    def prove(self, *, afresh: bool = False) -> None:
        """Make sure that answers are given to us, and not to nobody; a call only where nothing has told lately.

        Args:
            afresh: whether only a call counts.

        Raises:
            Unauthorized: they aren't.
        """
        if afresh or self.unproven > PROOF_SECONDS:
            self.myself()

    def vouch(self) -> None:
        """Make sure that the latest answer was given to us: before what it doesn't show is said not to be there.

        Raises:
            Unauthorized: it may have been given to nobody.
        """
        if self.last is None or not self.last.reader:
            self.myself()

    @property
    def unproven(self) -> float:
        """For how many seconds nothing has told that answers are given to us."""
        return self.clock.monotonic() - self._proven

    def myself(self) -> dict[str, Any]:
        """Our own user (Jira platform REST API, Get current user)."""
        doing = "reading our own account"
        try:
            found = self.record("GET", "myself", doing)
        except Gone as error:
            raise Unauthorized(self.name, error.what) from None
        account = found.get("accountId" if self.cloud else "name")
        if not isinstance(account, str) or not account:
            raise self.odd(doing)
        self.account, self._proven = account, self.clock.monotonic()
        return found

    @property
    def me(self) -> str:
        """Whom we are, by accountId or login, asked for at most once."""
        return self.account or str(self.myself()["accountId" if self.cloud else "name"])

    def time(self) -> datetime:
        """The site's clock, as far as its answers have told; ours before the first one. Aware, UTC."""
        return self.clock.now() + self.ahead

    def close(self) -> None:
        """Release the connections."""
        self.library.close()

    def _note(self, found: Answer) -> None:
        """Remember the site's time, and that an answer was surely given to us."""
        now = self.clock.now()
        self.ahead = found.time(now + self.ahead) - now
        if found.reader and not found.anonymous and found.status < 500:
            self._proven = self.clock.monotonic()
            if self.cloud:
                self.account = found.headers.get("x-aaccountid", "") or self.account


def part(text: str) -> str:
    """An id or key as a part of a path."""
    return quote(text, safe="")
