"""One call to the stand-in, as its handlers see it: who calls, by which version of the API, and what they sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.jira.sandbox.books import Books
from connectors.jira.sandbox.entries import Issue, Person, Project
from connectors.jira.sandbox.refusals import error
from connectors.jira.sandbox.shapes import Shapes
from syncd.testing import Reply, Request

Handler = Callable[..., Reply]
CLOUD, SERVER = "cloud", "server"


@dataclass(frozen=True, slots=True)
class Route:
    """What is served under ``/rest/api/VERSION``; ``only``: on ``cloud``, on ``server``, or in version ``3``."""

    method: str
    path: str
    do: Handler
    only: str = ""


class Refusal(Exception):
    """The call is answered so, and nothing is done."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``who`` is None for an anonymous one, which sees nothing."""

    request: Request
    books: Books
    shapes: Shapes
    who: Person | None

    @property
    def me(self) -> Person:
        """The account that calls.

        Raises:
            Refusal: nobody does.
        """
        if self.who is None:
            raise Refusal(
                error("You are not authenticated. Authentication required to perform this operation.", status=401)
            )
        return self.who

    def object(self) -> dict[str, Any]:
        """The JSON object that was sent.

        Raises:
            Refusal: something else was.
        """
        if self.request.header("content-type").partition(";")[0].strip() != "application/json":
            raise Refusal(Reply(415, b""))
        try:
            found = self.request.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            said = "There was an error parsing JSON. Check that your request body is valid."
            raise Refusal(Reply(400, {"errorMessages": [said]}))
        return found

    def lists(self, name: str) -> list[str]:
        """Every value of a query parameter, repeated or with commas between."""
        return [part for key, value in self.request.query if key == name for part in value.split(",") if part]

    def flag(self, name: str, default: bool = False) -> bool:
        """A query parameter that is true or false."""
        return self.request.arg(name, str(default)).lower() == "true"

    def issue(self, text: str) -> Issue | None:
        """An issue that the caller may see."""
        found = self.books.find(text)
        return found if self.who is not None and self.books.visible(found) else None

    def project(self, text: str) -> Project | None:
        """A project that the caller may see."""
        found = self.books.project(text)
        return found if self.who is not None and found is not None and not found.hidden else None

    def number(self, name: str, default: int) -> int:
        """A query parameter that is a number."""
        text = self.request.arg(name)
        return int(text) if text.isascii() and text.isdigit() else default
