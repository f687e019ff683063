"""zenpy on our own session, and the one place where its errors become ours.

The library is used for what it knows: paths, parameters, the shape of what is sent, what counts as an error. What it
gets wrong is closed in :mod:`connectors.zendesk.seam`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from zenpy.lib.cache import ZenpyCacheManager
from zenpy.lib.endpoint import EndpointFactory

from connectors.zendesk import budget
from connectors.zendesk.answers import Answer, Row, ours, rows_of
from connectors.zendesk.credentials import Credential, NoCredential, OAuthClient
from connectors.zendesk.onward import PER_PAGE, Params, onward
from connectors.zendesk.seam import FOREIGN, Fields, Forms, Jobs, Odd, Statuses, Tickets, Users
from syncd.clock import Clock
from syncd.errors import ConnectorError, RateLimited
from syncd.http import Session

MAX_PAGES = 60
"""More than a ticket's notes can fill: it has 5,000 at most."""


class ZendeskApi:
    """One account. Every call raises ConnectorErrors only, and none is repeated but one that was answered 401.

    Args:
        name: the configured connector's name, for messages.
        url: the account's origin, without ``/api/v2``.
        credential: who we are.
        clock: times the limits, and tells the time where the account doesn't.
        headroom: the share of the limits that is left to people, 0..1.
        proxy: what calls go through.
    """

    def __init__(
        self, name: str, url: str, credential: Credential, clock: Clock, headroom: float, *, proxy: str | None
    ) -> None:
        self.name, self.url, self.clock, self.credential = name, url.rstrip("/"), clock, credential
        self.budget = budget.Budget(clock, headroom)
        self.session = Session(url, proxy=proxy)
        self.session.headers["Accept"] = "application/json"
        self.last: requests.Response | None = None
        """The latest answer; None where there was none."""
        self.people_beside: Sequence[Row] = ()
        """The users whom the latest page brought along."""
        config = {
            "domain": "zendesk.com",
            "subdomain": "account",
            "session": self.session,
            "timeout": self.session.total,
            "ratelimit": None,
            "ratelimit_budget": None,
            "ratelimit_request_interval": 0,
            "cache": ZenpyCacheManager(disabled=True),
        }
        self.tickets = self._seated(Tickets(config))
        self.users = self._seated(Users(config))
        self.jobs = self._seated(Jobs(config, object_type="job_status", endpoint=EndpointFactory("job_statuses")))
        self.fields = self._seated(Fields(config))
        self.forms = self._seated(Forms(config, object_type="ticket_form"))
        self.statuses = self._seated(Statuses(config))

    def begin(self, kind: str, what: str, **calls: int) -> None:
        """To be called before anything new that takes so many calls of a bucket; what was begun is not broken off.

        Raises:
            RateLimited: what is left for now is people's.
        """
        wait = self.budget.wait(kind, {name.replace("_", "-"): count for name, count in calls.items()})
        if wait is not None:
            raise RateLimited(self.name, f"{what}: the rest of this minute's calls is left to people", retry_after=wait)

    # --- what is asked ---

    def ask(self, what: str, send: Callable[[], Any], *, write: bool = False, item: bool = False) -> dict[str, Any]:
        """One call. ``what`` says for people what is done; ``item``: a refusal speaks of one ticket."""
        for again in (False, True):
            self._mint(what)
            self.last = None
            try:
                found = send()
                if self.status not in range(200, 300):
                    raise Odd("sent elsewhere")
            except FOREIGN as error:
                if self.status == 401 and not again and isinstance(self.credential, OAuthClient):
                    self.credential.drop()  # it ended early; a call that was answered 401 had no effect
                    continue
                # Not chained: its message can quote what was sent, or the whole answer.
                raise self._ours(what, error, write=write, item=item) from None
            return dict(found)
        raise AssertionError("the second refusal is raised")

    def get(self, what: str, path: str, params: Mapping[str, str | int], *, item: bool = False) -> dict[str, Any]:
        """GET below ``/api/v2``, past the library: what it can't say, or reads too slowly."""
        url = f"{self.url}/api/v2/{path}"
        return self.ask(what, lambda: self.tickets._get(url, params=dict(params)), item=item)  # noqa: SLF001  # its seam

    def rows(self, what: str, found: Mapping[str, Any], key: str) -> list[Row]:
        """The list that an answer holds.

        Raises:
            Transient: it holds none.
        """
        try:
            return rows_of(found, key)
        except ValueError as error:
            raise self._ours(what, error) from None

    def pages(self, what: str, path: str, key: str, beside: Params | None = None) -> Iterator[list[Row]]:
        """Every page of a list of one ticket's; ends only when all were seen.

        ``beside``: what else is asked for; see :attr:`people_beside`.
        """
        params: Params = {"page[size]": PER_PAGE, **(beside or {})}
        for _ in range(MAX_PAGES):
            rows, following = self.page(what, path, key, params, item=True)
            yield rows
            if following is None:
                return
            params = following
        raise self._ours(what, Odd("pages without end"))

    def page(
        self, what: str, path: str, key: str, params: Params, *, item: bool = False
    ) -> tuple[list[Row], Params | None]:
        """One page of a list, and what to ask for next; None where there is no more.

        Raises:
            Transient: it isn't such a list, or doesn't say how it goes on.
        """
        found = self.get(what, path, params, item=item)
        rows, people = self.rows(what, found, key), found.get("users")
        self.people_beside = [one for one in people if isinstance(one, dict)] if isinstance(people, list) else []
        try:
            return rows, onward(found, rows, params)
        except ValueError as error:
            raise self._ours(what, error) from None

    # --- what the library knows to ask for ---

    def show_many(self, what: str, numbers: Sequence[int]) -> list[Row]:
        """Up to 100 tickets; who isn't there is left out."""
        return self.rows(what, self.ask(what, lambda: self.tickets(ids=list(numbers))), "tickets")

    def ticket(self, what: str, number: int) -> Row:
        """One ticket.

        Raises:
            Gone: it isn't there.
        """
        return self._record(what, self.ask(what, lambda: self.tickets(id=number), item=True), "ticket")

    def people(self, what: str, numbers: Sequence[int]) -> list[Row]:
        """Up to 100 users; who isn't there is left out."""
        return self.rows(what, self.ask(what, lambda: self.users(ids=list(numbers))), "users")

    def me(self, what: str) -> Row:
        """Our own user; without a credential that is an anonymous one."""
        return self._record(what, self.ask(what, self.users.me), "user")

    def job(self, what: str, key: str) -> Row:
        """How far a job is."""
        return self._record(what, self.ask(what, lambda: self.jobs(id=key), item=True), "job_status")

    def update(self, what: str, number: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """PUT one ticket, once; the whole answer."""
        # Not its `update`: that sends the id along, which Zendesk then warns of.
        return self.ask(
            what,
            lambda: self.tickets._put(self._address(self.tickets, id=number), {"ticket": dict(body)}),  # noqa: SLF001
            write=True,
            item=True,
        )

    def update_many(self, what: str, bodies: Sequence[Mapping[str, Any]]) -> Row:
        """PUT up to 100 tickets, each with what it is to have; the job."""
        url = self._address(self.tickets, update_many=True)
        sent = {"tickets": [dict(body) for body in bodies]}
        found = self.ask(what, lambda: self.tickets._put(url, sent), write=True, item=True)  # noqa: SLF001  # its seam
        return self._record(what, found, "job_status", write=True)

    def tag(self, what: str, number: int, body: Mapping[str, Any], *, away: bool) -> None:
        """Add tags, or take them away."""
        api = self.tickets
        url = api._build_url(api.endpoint.tags(id=number))  # noqa: SLF001  # its seam
        send = api._delete if away else api._put  # noqa: SLF001  # the same
        self.ask(what, lambda: send(url, payload=dict(body)), write=True, item=True)

    # --- what the latest answer said besides its body ---

    @property
    def answer(self) -> Answer | None:
        """The latest answer, as far as its errors and headers go."""
        return None if self.last is None else Answer(self.last)

    @property
    def status(self) -> int:
        """Its HTTP status, 0 where there was no answer."""
        return 0 if self.last is None else self.last.status_code

    @property
    def time(self) -> datetime:
        """The account's own clock at the latest answer, by its ``Date``; ours, if it has none. Aware, UTC."""
        try:
            return parsedate_to_datetime(self.last.headers["Date"]).astimezone(UTC)  # type: ignore[union-attr]
        except (AttributeError, KeyError, ValueError, TypeError):
            return self.clock.now()

    # --- the seam ---

    def _seated(self, api: Any) -> Any:
        api.origin, api.heard = self.url, self._heard
        return api

    def _address(self, api: Any, **names: Any) -> str:
        return str(api._build_url(api.endpoint(**names)))  # noqa: SLF001  # its seam

    def _heard(self, answer: requests.Response) -> None:
        self.last = answer
        self.budget.note(answer)

    def _record(self, what: str, found: Mapping[str, Any], key: str, *, write: bool = False) -> Row:
        record = found.get(key)
        if not isinstance(record, dict):
            raise self._ours(what, Odd("no record"), write=write)
        return record

    def _mint(self, what: str) -> None:
        """A new access token, if one is due (Zendesk docs, OAuth; outside /api/v2)."""
        if not isinstance(self.credential, OAuthClient) or not self.credential.due:
            self.session.auth = self.credential.auth
            return
        self.last = None
        try:
            answer = self.session.post(f"{self.url}/oauth/tokens", json=self.credential.asked(), auth=NoCredential())
            self._heard(answer)
            answer.raise_for_status()
            self.credential.take(answer.json())
        except FOREIGN as error:
            raise self._ours(f"{what}: getting an access token", error, login=True) from None
        self.session.auth = self.credential.auth

    def _ours(
        self, what: str, error: Exception, *, write: bool = False, item: bool = False, login: bool = False
    ) -> ConnectorError:
        return ours(self.name, what, error, self.answer, write=write, item=item, login=login)
