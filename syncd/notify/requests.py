"""Requests: what is due at one sink of one ticket and its issue is one message, by however many routes it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from syncd.model import Ref
from syncd.notify.announcement import Announcement, Said
from syncd.notify.subject import Subject

ALONE = 3
"""Of so many requests that are due at once each gets a message of its own; more share one."""

Request = Sequence[Subject]
"""Never empty; the first is the one that the message is titled after."""


def batches(subjects: Iterable[Subject], thread: Callable[[Subject], str]) -> list[list[Request]]:
    """What goes into one message: a few requests each alone, many together; those with something critical come first.

    ``thread``: under which name the sink knows what was told before of the same; what goes into another thread is
    another request.
    """
    found: dict[tuple[Ref, Ref | None, str], list[Subject]] = {}
    for one in subjects:
        found.setdefault((one.ticket, one.issue, thread(one)), []).append(one)
    urgent, rest = list[list[Subject]](), list[list[Subject]]()
    for request in found.values():
        (urgent if any(one.row.event == "critical" for one in request) else rest).append(request)
    return [*_messages(urgent), *_messages(rest)]


def _messages(requests: list[list[Subject]]) -> list[list[Request]]:
    if len(requests) > ALONE:
        return [[*requests]]
    return [[one] for one in requests]


def as_read(request: Request, read: Subject) -> list[Subject]:
    """The subjects of a request with what one of them has been found to be."""
    found = []
    for one in request:
        same = one.filing is not None and read.filing is not None and one.filing.id == read.filing.id
        filing = read.filing if same else one.filing
        found.append(
            replace(one, filing=filing, detail=read.detail, item=read.item, issue=read.issue, fresh=read.fresh)
        )
    return found


def message(at: str, requests: Sequence[Request], said: Callable[[Subject], Said]) -> Announcement:
    """Each request is counted and named once, and shows what any of its routes shows."""
    firsts, again = list[Said](), list[Said]()
    for first, *others in requests:
        more = [said(one) for one in others]
        values = {name: value for one in reversed(more) for name, value in one.values.items()}
        one = said(first)
        firsts.append(replace(one, values=values | dict(one.values)))
        again += more
    return Announcement(at, firsts, len(firsts), again)
