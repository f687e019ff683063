"""What an answer of Zendesk's says when it isn't what was asked for: every foreign error as one of ours.

At least five shapes of errors are about, some are plain text, and a refusal for too many calls may look like any of
them; so the status and the headers count, and of a body only names: its sentences can quote what a customer wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from connectors.zendesk import budget
from syncd.errors import Busy, ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.http import BodyTooLarge, how_failed, reached_server, wait_asked

Row = Mapping[str, Any]

CONFLICT = "UpdateConflict"
TOO_MANY_JOBS = "TooManyJobs"
_CLOSED = re.compile(r"closed prevents", re.IGNORECASE)
_KEYS = re.compile(r'"([\w.\[\]]{1,80})"')


class Wide(Transient):
    """What was asked for is too much to arrive in one answer."""


class Conflict(Busy):
    """Somebody else wrote to the ticket; it has to be read again before anything is decided."""


class OneTicket(Busy):
    """This ticket was written too often; the others are as free as before."""


class NotNow(Refused):
    """A wish that this ticket can't have: another status may do."""


class JobsFull(Transient):
    """As many jobs as the account may have are under way; nothing was begun."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, as far as its status, its headers and the names in its body go."""

    raw: requests.Response

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return self.raw.status_code

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people: from the edge, a proxy, a login; not from the API."""
        kind = self.raw.headers.get("Content-Type", "").lower()
        return "html" in kind or self.raw.content[:200].lstrip().startswith(b"<")

    @property
    def body(self) -> Row:
        """What it holds, if that is a JSON object."""
        try:
            found = self.raw.json()
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def error(self) -> str:
        """The error's name, in whatever shape it comes."""
        found = self.body.get("error")
        many = self.body.get("errors")
        first = many[0] if isinstance(many, list) and many and isinstance(many[0], dict) else {}
        titled = found.get("title") if isinstance(found, dict) else found
        return _word(titled) or _word(first.get("code"))

    @property
    def details(self) -> dict[str, list[Row]]:
        """What is wrong with which key (Zendesk docs, errors of the kind RecordInvalid)."""
        found = self.body.get("details")
        items = found.items() if isinstance(found, dict) else ()
        return {
            key: [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
            for key, value in items
            if isinstance(key, str) and _word(key)
        }

    @property
    def is_closed(self) -> bool:
        """Whether it says that a closed ticket can't be written."""
        return any(_CLOSED.search(str(one.get("description"))) for one in self.details.get("status", ()))

    def needed(self) -> Iterator[tuple[int | None, str]]:
        """The fields that it asks for: id and type of each."""
        for part in self.details.values():
            for one in part:
                number, kind = one.get("ticket_field_id"), one.get("ticket_field_type")
                if isinstance(number, int) or isinstance(kind, str):
                    yield number if isinstance(number, int) else None, _word(kind).removeprefix("Field")

    @property
    def ignored(self) -> list[str]:
        """Keys of ours that it passed over, by the header that alone tells of them."""
        said = self.raw.headers.get("x-zendesk-api-warn", "")
        return _KEYS.findall(said.partition("unpermitted_keys")[2])[:10]

    @property
    def of_one_ticket(self) -> bool:
        """Whether a refusal for too many calls concerns one ticket: its bucket is empty, or the wait is no minute's."""
        known = {name: left for name, _, left, _ in budget.limits(self.raw.headers)}
        if budget.ONE_TICKET in known:
            return known[budget.ONE_TICKET] < 1
        others = [left for name, left in known.items() if name in (budget.ACCOUNT, budget.UPDATES)]
        long = wait_asked(self.raw.headers, default=0) > budget.MINUTE
        return long and bool(others) and min(others) >= 1

    def only_of(self, bucket: str) -> bool:
        """Whether a refusal for too many calls concerns one bucket, and everything else may go on."""
        known = {name: left for name, _, left, _ in budget.limits(self.raw.headers)}
        return known.get(bucket, 1) < 1 <= known.get(budget.ACCOUNT, 0)

    @property
    def wait(self) -> float:
        """Seconds that it asks us to wait."""
        return wait_asked(self.raw.headers, default=budget.ASK_AGAIN)


def ours(
    name: str, what: str, error: Exception, answer: Answer | None, *, write: bool, item: bool, login: bool
) -> ConnectorError:
    """Every foreign error as one of ours: by the answer if there was one, else by how the call failed."""
    if answer is None:
        return _unanswered(name, what, error, write=write)
    status, said = answer.status, f"{what}: answered {answer.status}"
    if status == 429:
        return _limited(name, what, answer, write=write)
    if status >= 500 or status == 408:
        asked = answer.wait if "Retry-After" in answer.raw.headers else None
        return Transient(name, f"{said} (out of order)", doubt=write, retry_after=asked)
    if status < 300:
        return Transient(name, f"{said} with something that is not the API's answer", doubt=write)
    if status < 400:
        return Transient(name, f"{said} (sent elsewhere), as a login or maintenance page does")
    return _refusal(name, said, answer, write=write, item=item, login=login)


def _unanswered(name: str, what: str, error: Exception, *, write: bool) -> ConnectorError:
    if isinstance(error, (BodyTooLarge, requests.ReadTimeout)) and not write:
        return Wide(name, f"{what}: the answer is too large, or too slow")
    return Transient(name, f"{what}: {how_failed(error)}", doubt=write and reached_server(error))


def _limited(name: str, what: str, answer: Answer, *, write: bool) -> ConnectorError:
    if answer.error == TOO_MANY_JOBS:
        return JobsFull(name, f"{what}: too many jobs are under way", retry_after=answer.wait)
    if write and answer.of_one_ticket:
        return OneTicket(name, f"{what}: this ticket was changed too often", retry_after=answer.wait)
    return RateLimited(name, f"{what}: too many calls in this minute", retry_after=answer.wait)


def _refusal(name: str, said: str, answer: Answer, *, write: bool, item: bool, login: bool) -> ConnectorError:
    """A 4xx: whether it concerns the account, the item, or the wish."""
    status, word = answer.status, answer.error
    said = f"{said} ({word})" if word else said
    if word == TOO_MANY_JOBS:
        return JobsFull(name, said, retry_after=budget.ASK_AGAIN)
    if status == 403 and answer.is_page:
        return Transient(name, f"{said} with a page that is not the API's")
    if status == 404:
        return Gone(name, said) if item else Transient(name, f"{said}: is the url that of a Zendesk account?")
    if status == 401 or login or (status == 403 and not item):
        return Unauthorized(name, said)
    return _unwanted(name, said, answer, write=write)


def _unwanted(name: str, said: str, answer: Answer, *, write: bool) -> ConnectorError:
    """A wish that this ticket doesn't take, or this account."""
    if answer.status == 409:
        return Conflict(name, f"{said}: it was changed at the same time, and is to be read again")
    if write and answer.is_closed:
        return Refused(name, f"{said}: the ticket is closed, and Zendesk lets nobody write to a closed ticket")
    keys = sorted(answer.details)
    said = f"{said}: {', '.join(keys)}" if keys else said
    return (NotNow if write and {"status", "custom_status_id"}.intersection(keys) else Refused)(name, said)


def rows_of(found: Row, key: str) -> list[Row]:
    """The list of records under a key.

    Raises:
        ValueError: there is none.
    """
    rows = found.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"no list of {key}")
    return rows


def _word(value: object) -> str:
    """A name from an answer, only if it looks like one."""
    return value if isinstance(value, str) and re.fullmatch(r"[\w.\-]{1,60}", value) else ""
