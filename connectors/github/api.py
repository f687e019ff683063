"""PyGithub on our own session.

PyGithub is used for what it knows: authentication, versions, the addresses of REST and GraphQL. Left open by it and
closed here: its own retries and pauses (off), its session (ours, handed in per call, so that no other user of
PyGithub in the process is touched), redirects that lose their query, 202 answers that it repeats without end,
charsets that it guesses.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from github import Github
from github.Requester import HTTPRequestsConnectionClass, RequestsResponse

from connectors.github.answers import FOREIGN, NOT_JSON, Answer, decode, ours
from connectors.github.credentials import Credential, Shown
from syncd.clock import Clock
from syncd.errors import RateLimited, Transient
from syncd.http import MAX_WAIT, Session

API_VERSION = "2022-11-28"
"""The REST API's version that this connector was made for (GitHub REST API docs, API versions)."""
PER_PAGE = 100
MAX_HOPS = 5
MAX_PAGES = 10_000
_BY_ID = re.compile(r"(/repositories/\d+)(/.*)")

# Importing PyGithub gives its logger a handler of its own, and at DEBUG it prints whole bodies: customers' text.
_logger = logging.getLogger("github")
_logger.handlers.clear()
_logger.setLevel(logging.WARNING)

Params = Mapping[str, str | int]


class _Unfollowed(Exception):  # no error: carries an answer past PyGithub's own handling of it
    def __init__(self, response: requests.Response) -> None:
        super().__init__()
        self.response = response


class _Wire(HTTPRequestsConnectionClass):
    """What PyGithub takes for a connection: one call on our session, to ``target`` verbatim where it is given."""

    def __init__(self, session: Session, origin: str, target: str = "") -> None:  # PyGithub's own would open a session
        self.host = origin
        self.session = session
        self.target = target

    def getresponse(self) -> RequestsResponse:
        response = self.session.request(
            self.verb, self.host + (self.target or self.url), data=self.input, headers=self.headers
        )
        # JSON's, whatever a proxy put before it; requests would guess, slowly and sometimes wrongly.
        response.encoding = "utf-8-sig"
        if response.status_code == 202 or (300 <= response.status_code < 400 and response.status_code != 304):
            raise _Unfollowed(response)
        return RequestsResponse(response)


@dataclass(slots=True)
class Budget:
    """What the server said last about the hourly limit."""

    limit: float = 0.0
    remaining: float = 0.0
    until: float = 0.0
    """On our monotonic clock: when it is renewed."""


class Api:
    """One account. Every call raises ConnectorErrors only, and none is repeated.

    Args:
        name: the configured connector's name, for messages.
        url: the API's base, path included, without a trailing slash.
        credential: what calls show.
        headroom: the share of the hourly limit at which calls stop, 0..1.
        clock: times the limit.
        proxy: what calls go through.
    """

    def __init__(
        self, name: str, url: str, credential: Credential, headroom: float, clock: Clock, *, proxy: str | None
    ) -> None:
        self.name = name
        self.credential = credential
        self.clock = clock
        self.headroom = headroom
        parts = urlsplit(url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.prefix = parts.path.rstrip("/")
        self.session = Session(url, proxy=proxy)
        self.budget = Budget()
        self.headers: Mapping[str, str] = {}
        """Headers of the latest answer, lower case."""
        self.ahead = timedelta()
        """The server's clock minus ours, as of the latest answer."""
        self._shown = Shown()
        self._github = Github(
            base_url=url,
            auth=self._shown,
            lazy=True,
            retry=None,
            timeout=20,
            per_page=PER_PAGE,
            user_agent=str(self.session.headers["User-Agent"]),
            seconds_between_requests=None,
            seconds_between_writes=None,
            api_version=API_VERSION,
        )

    def get(
        self, path: str, doing: str, *, params: Params | None = None, accept: Collection[int] = (), etag: str = ""
    ) -> Answer:
        """GET ``path`` below the base. Statuses in ``accept`` are returned, other failures raised."""
        answer = self._send("GET", path, doing, params=params, etag=etag)
        return self._checked(self._followed(answer, doing, urlencode(params or {})), doing, accept)

    def at(self, link: str, full_name: str, doing: str, *, accept: Collection[int] = ()) -> Answer:
        """GET what a ``Link`` header named, verbatim, on our own origin.

        GitHub names the repository by number there; a server that doesn't know such paths is asked by name.
        """
        target = self.local(link)
        if target is None:
            raise Transient(self.name, f"{doing}: the next page is said to be on another server")
        query = urlsplit(target).query
        answer = self._followed(self._send("GET", "/", doing, target=target), doing, query)
        by_id = _BY_ID.fullmatch(target.removeprefix(self.prefix))
        if answer.status == 404 and by_id:
            target = f"{self.prefix}/repos/{full_name}{by_id[2]}"
            answer = self._followed(self._send("GET", "/", doing, target=target), doing, query)
        return self._checked(answer, doing, accept)

    def rows(self, path: str, full_name: str, doing: str, params: Params) -> Iterator[list[Any]]:
        """Every page of a list, as lists."""
        answer = self.get(path, doing, params=params)
        seen: set[str] = set()
        while True:
            yield self.listed(answer, doing)
            link = answer.link
            if not link:
                return
            if link in seen or len(seen) > MAX_PAGES:
                raise Transient(self.name, f"{doing}: the list has no end")
            seen.add(link)
            answer = self.at(link, full_name, doing)

    def listed(self, answer: Answer, doing: str) -> list[Any]:
        """The answer's list."""
        if not isinstance(answer.data, list):
            raise ours(self.name, doing, Answer(200, {}, NOT_JSON))
        return answer.data

    def write(
        self, verb: str, path: str, body: Mapping[str, Any] | None, doing: str, accept: Collection[int] = ()
    ) -> Answer:
        """POST, PATCH or DELETE, once; a redirect isn't followed, because what it leads to wasn't meant."""
        return self._checked(self._send(verb, path, doing, body=body, write=True), doing, accept, write=True)

    def graphql(self, query: str, variables: Mapping[str, Any], doing: str) -> Answer:
        """A GraphQL query, or a mutation that does no harm when it is repeated: the answer, whatever its status."""
        target = urlsplit(self._github.requester.graphql_url).path
        return self._send("POST", "/", doing, body={"query": query, "variables": variables}, target=target)

    def as_app(self, verb: str, path: str, doing: str, signature: str, *, params: Params | None = None) -> Answer:
        """A call that a GitHub App makes of itself, with a signature: the answer, whatever its status."""
        answer = self._exchange(verb, path, doing, ("Bearer", signature), params=params)
        return self._followed(answer, doing, urlencode(params or {}), signature) if verb == "GET" else answer

    def time(self) -> datetime:
        """The server's clock, as far as its latest answer told; ours before the first one."""
        return self.clock.now() + self.ahead

    def local(self, link: str) -> str | None:
        """Path and query of an address on our own origin; None for an address elsewhere.

        A server behind a proxy may write its own name into addresses: what looks like a path of the API is taken
        to be one, but it is always our configured origin that is called.
        """
        parts = urlsplit(urljoin(f"{self.origin}{self.prefix}/", link))
        path = parts.path if parts.path.startswith(f"{self.prefix}/") else self.prefix + parts.path
        is_ours = f"{parts.scheme}://{parts.netloc}" == self.origin
        if not is_ours and not path.removeprefix(self.prefix).startswith(("/repos/", "/repositories/")):
            return None
        return f"{path}?{parts.query}" if parts.query else path

    def close(self) -> None:
        """Release the connections."""
        self._github.close()
        self.session.close()

    # --- the seam ---

    def _send(
        self,
        verb: str,
        path: str,
        doing: str,
        *,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
        etag: str = "",
        target: str = "",
        write: bool = False,
    ) -> Answer:
        """One call as the account. Made again where nothing was wrong but a credential that has been renewed since."""
        self._leave_some(doing)
        before = 0
        while True:
            shown = ("token", self.credential.word(self))
            answer = self._exchange(
                verb, path, doing, shown, params=params, body=body, etag=etag, target=target, write=write
            )
            self._note(answer)
            if not self.credential.renewed(self, answer, before):
                return answer
            before += 1

    def _exchange(
        self,
        verb: str,
        path: str,
        doing: str,
        shown: tuple[str, str],
        *,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
        etag: str = "",
        target: str = "",
        write: bool = False,
    ) -> Answer:
        """One request, one answer; PyGithub writes the credential into the headers, so they are made anew each time."""
        headers = {"Accept": "application/vnd.github+json"} | ({"If-None-Match": etag} if etag else {})
        wire = _Wire(self.session, self.origin, target)
        self._shown.kind, self._shown.word = shown
        try:
            status, found, text = self._github.requester.requestJson(
                verb, path, dict(params or {}), headers, body, cnx=wire
            )
            answer = decode(status, found, text)
        except _Unfollowed as stop:
            found = {key.lower(): value for key, value in stop.response.headers.items()}
            answer = decode(stop.response.status_code, found, stop.response.text)
        except FOREIGN as error:
            # Not chained: what requests and PyGithub say can quote headers and bodies.
            raise ours(self.name, doing, error, write=write) from None
        now = self.clock.now()
        self.ahead = answer.time(now) - now
        return answer

    def _followed(self, answer: Answer, doing: str, query: str, signature: str = "") -> Answer:
        """Redirects of a GET, on our own origin (GitHub REST API docs, Following redirects).

        ``query`` goes along where the server left it out: without it a list would quietly become another list.
        """
        for _ in range(MAX_HOPS):
            location = answer.headers.get("location", "")
            target = self.local(location) if answer.status in {301, 302, 303, 307, 308} and location else None
            if target is None:
                return answer
            target = target if "?" in target or not query else f"{target}?{query}"
            if signature:
                step = self._exchange("GET", "/", doing, ("Bearer", signature), target=target)
            else:
                step = self._send("GET", "/", doing, target=target)
            answer = Answer(step.status, step.headers, step.data, redirected=True)
        return answer

    def _checked(self, answer: Answer, doing: str, accept: Collection[int], *, write: bool = False) -> Answer:
        if answer.status in accept:
            return answer
        if not 200 <= answer.status < 300 or answer.status == 202 or answer.data is NOT_JSON or answer.data is None:
            raise ours(self.name, doing, answer, write=write)
        return answer

    def _note(self, answer: Answer) -> None:
        """Remember the budget; the limits of GraphQL and search are others (GitHub REST API docs, Rate limits)."""
        self.headers = answer.headers
        limit, left = answer.number("x-ratelimit-limit"), answer.number("x-ratelimit-remaining")
        reset = answer.number("x-ratelimit-reset")
        if (
            limit is None
            or left is None
            or reset is None
            or answer.headers.get("x-ratelimit-resource", "core") != "core"
        ):
            return
        wait = reset - answer.time(self.clock.now()).timestamp()
        self.budget = Budget(limit, left, self.clock.monotonic() + min(wait, MAX_WAIT))

    def _leave_some(self, doing: str) -> None:
        """Stop before the budget that people share is used up."""
        wait = self.budget.until - self.clock.monotonic()
        if wait > 0 and self.budget.remaining < self.headroom * self.budget.limit:
            raise RateLimited(
                self.name, f"{doing}: the rest of GitHub's hourly limit is left to people", retry_after=wait
            )
