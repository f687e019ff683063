"""What the stand-ins saw: each request with the place where it leads, who can read there, and the canaries in it.

A visibility that is changed between the last answer that syncd had of a service and its next request is changed too
late for anybody to know of: no service takes a write on a condition like that. Such a request is counted apart
(``unknowable``), not passed over: what was written for a private place stands in a public one, and an alert says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from syncd.testing import Fault, Reply, Request, Sandbox
from tests.leaks.private import Song, heard


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request leads: its kind and its name.

    Attributes:
        ticket: the ticket whose customer reads there: their own name is no secret to them.
    """

    kind: str
    name: str = ""
    ticket: int = 0


@dataclass(frozen=True, slots=True)
class Leak:
    """A canary where everybody can hear it."""

    place: Place
    what: str
    song: Song


@dataclass
class Watch:
    """Everything that is looked at, and what was found in it.

    Attributes:
        requests, public: by kind of place, all requests and those to public ones.
        sung: canaries in requests to private places, by kind: so that silence means something.
        flips: how often a visibility was changed.
        unknowable: requests with a canary to a place that was opened a moment before, see the module.
    """

    requests: Counter[str] = field(default_factory=Counter)
    public: Counter[str] = field(default_factory=Counter)
    sung: Counter[str] = field(default_factory=Counter)
    leaks: list[Leak] = field(default_factory=list)
    unknowable: int = 0
    flips: int = 0

    def look(self, place: Place, what: str, raw: bytes | str, *, public: bool, known: bool = True) -> None:
        """One request, or one thing that was shown. ``known``: it was public when syncd last heard of the service."""
        self.requests[place.kind] += 1
        self.public[place.kind] += public
        songs = {one for one in heard(raw) if not (place.ticket and one == Song(place.ticket, "r"))}
        if not public:
            self.sung[place.kind] += bool(songs)
        elif known:
            self.leaks += [Leak(place, what, one) for one in sorted(songs, key=repr)]
        else:
            self.unknowable += bool(songs)

    def take(self, other: Watch) -> None:
        """What another has seen as well."""
        self.requests += other.requests
        self.public += other.public
        self.sung += other.sung
        self.leaks += other.leaks
        self.unknowable += other.unknowable
        self.flips += other.flips


def attend(
    sandbox: Sandbox,
    watch: Watch,
    place: Callable[[Request], Place],
    public: Callable[[Place], bool],
    before: Callable[[Request], None] = lambda _request: None,
) -> None:
    """Look at every request of a stand-in as it comes in.

    Args:
        sandbox: the stand-in.
        watch: where it is counted.
        place: where a request leads.
        public: whether everybody can read there now.
        before: what happens a moment before a request is answered.
    """
    answered = sandbox.exchange
    known: dict[Place, bool] = {}
    places: dict[tuple[str, str], Place] = {}

    def exchange(request: Request, send: Callable[[Reply, Fault | None], None]) -> None:
        with sandbox.lock:
            before(request)
            where = place(request)
            spot = Place(where.kind, where.name)
            places[spot.kind, spot.name] = spot
            now = public(where)
            knew = known.get(spot, now)
        what = f"{request.method} {request.path}"
        told = "\n".join((request.path, *(f"{name}={value}" for name, value in request.query)))
        heads = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
        watch.look(where, what, request.body, public=now, known=knew)
        if now:
            watch.look(where, f"{what}, address", told, public=now, known=knew)
            watch.look(where, f"{what}, headers", heads, public=now, known=knew)
            for name in ("requests", "public"):
                getattr(watch, name)[where.kind] -= 2
        try:
            answered(request, send)
        finally:
            with sandbox.lock:
                known.update({one: public(one) for one in places.values()})

    sandbox.exchange = exchange  # type: ignore[method-assign]  # this stand-in only


def github_place(request: Request) -> Place:
    """A repository, a board, or what anybody may ask."""
    found = re.search(r"/repos/([^/]+/[^/]+)", request.path)
    if found:
        return Place("GitHub repository", found[1].casefold())
    if request.path.endswith("/graphql"):
        asked: Any = request.json()
        board = asked["variables"].get("board") if str(asked["query"]).lstrip().startswith("mutation") else None
        return Place("GitHub board", str(board)) if board else Place("GitHub query")
    return Place("GitHub account")


def freshdesk_place(request: Request) -> Place:
    """A reply to a customer, or the helpdesk itself."""
    found = re.fullmatch(r"/api/v2/tickets/(\d+)/(reply|notes)", request.path)
    if found and request.method == "POST":
        note: Any = request.json()
        if found[2] == "reply" or note.get("private", True) is False:
            return Place("reply to a customer", ticket=int(found[1]))
    return Place("helpdesk")
