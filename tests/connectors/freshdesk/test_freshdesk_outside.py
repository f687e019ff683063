"""What services other than our stand-in may answer, all of it legal: the same tickets are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from connectors.freshdesk.connector import FreshdeskConnector
from connectors.freshdesk.sandbox.world import FreshdeskWorld
from syncd.clock import moment
from syncd.errors import RateLimited
from syncd.model import Item, Ref
from syncd.testing import Reply, Request

REF = Ref("freshdesk", "1", "1")


@pytest.fixture
def world() -> Iterator[FreshdeskWorld]:
    world = FreshdeskWorld()
    for _ in range(3):
        world.add("the body")
    world.advance(60)
    yield world
    world.close()


def changed(world: FreshdeskWorld, change: Callable[[Request, Reply], Reply]) -> FreshdeskConnector:
    """A connector to an account whose every answer goes through ``change`` on its way out."""
    sandbox, after = world.sandbox, type(world.sandbox).after
    sandbox.after = lambda request, reply: change(request, after(sandbox, request, reply))  # type: ignore[method-assign]
    return world.connect()


def seen(connector: FreshdeskConnector) -> tuple[list[Any], list[Any]]:
    """What lists and single reads tell, apart from fields and tags."""
    feeds = [page for source in connector.sources() for page in connector.changes(source, None, None)]
    found = connector.fetch([Ref("freshdesk", str(number), str(number)) for number in range(1, 4)])
    shown = [*(item for page in feeds for item in page.items), *found.values()]
    items = [_told(one) if isinstance(one, Item) else one for one in shown]
    return items, [gone for page in feeds for gone in page.removed]


def _told(item: Item) -> tuple[Any, ...]:
    """What counts of an item; times of its texts in whole seconds."""
    texts = [replace(text, at=text.at.replace(microsecond=0) if text.at else None) for text in item.texts or ()]
    return item.ref, str(item.status), item.version, texts, item.waiting


def every(record: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Request, Reply], Reply]:
    """``record`` changes every record of an answer, at whatever depth."""

    def deep(data: Any) -> Any:
        if isinstance(data, list):
            return [deep(one) for one in data]
        return record({key: deep(value) for key, value in data.items()}) if isinstance(data, dict) else data

    return lambda _, reply: Reply(reply.status, deep(reply.body), reply.headers)


NEEDED = frozenset({"id", "status", "created_at", "updated_at", "conversations", "body", "private", "incoming"})
NEEDED |= {"user_id", "description"}


def zoned(record: dict[str, Any]) -> dict[str, Any]:
    india = timezone(timedelta(hours=5, minutes=30))
    return {k: moment(v).astimezone(india).isoformat() if k.endswith("ed_at") and v else v for k, v in record.items()}


def fractions(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v.replace("Z", ".750Z") if k.endswith("ed_at") and v else v for k, v in record.items()}


@pytest.mark.trap("freshdesk", 12)
@pytest.mark.parametrize(
    "record",
    [
        lambda one: {**one, "from_the_future": {"x": [None, 1.5]}, "another": None},
        lambda one: {key: value if key in NEEDED else None for key, value in one.items()},
        lambda one: {key: value for key, value in one.items() if key in NEEDED},
        zoned,
        fractions,
    ],
    ids=["more", "null", "less", "zoned", "fractions"],
)
def test_the_same_tickets_are_seen_in_every_legal_form(
    world: FreshdeskWorld, record: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    world.people.agent_note(1, "a note")
    world.people.customer_reply(2, "again")
    before = seen(world.connect())
    assert seen(changed(world, every(record))) == before


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_headers_may_be_written_in_any_case(world: FreshdeskWorld, case: Callable[[str], str]) -> None:
    for _ in range(130):
        world.people.make_ticket()

    def recased(_: Request, reply: Reply) -> Reply:
        return Reply(reply.status, reply.body, {case(key): value for key, value in reply.headers.items()})

    connector = changed(world, recased)
    assert len(seen(connector)[0]) == 133 + 3
    assert connector.api.budget.total > 0


def test_numbers_may_be_large(world: FreshdeskWorld) -> None:
    def far(record: dict[str, Any]) -> dict[str, Any]:
        return {key: value + 2**60 if key == "id" else value for key, value in record.items()}

    (page,) = changed(world, every(far)).changes("tickets", None, None)
    assert [int(item.ref.id) - 2**60 for item in page.items] == [1, 2, 3]


@pytest.mark.parametrize("talk", [3, 12, 130])
def test_a_list_may_promise_a_page_that_turns_out_empty(world: FreshdeskWorld, talk: int) -> None:
    for number in range(talk):
        world.people.agent_note(1, f"note {number}")

    def promising(request: Request, reply: Reply) -> Reply:
        if not isinstance(reply.body, list):
            return reply
        link = f'<{request.origin}{request.path}?page=9>; rel="next"'
        return Reply(reply.status, reply.body, {"Link": link, **reply.headers})

    connector = changed(world, promising)
    found = connector.fetch([REF])[REF]
    assert isinstance(found, Item)
    assert found.texts is not None
    assert len(found.texts) == talk + 1
    assert len(seen(connector)[0]) == 3 + 3


@pytest.mark.parametrize("form", ["<{url}>; rel=next", '<{url}>; title="a=b; c"; Rel="Next"', '<{url};x>; rel="next"'])
def test_small_pages_are_followed_however_the_header_is_written(world: FreshdeskWorld, form: str) -> None:
    for number in range(12):
        world.people.agent_note(1, f"note {number}")

    def fives(request: Request, reply: Reply) -> Reply:
        if not request.path.endswith("/conversations"):
            return reply
        end = int(request.arg("page")) * 5
        talk = world.sandbox.books.tickets[1].talk
        link = form.format(url=f"{request.origin}{request.path}?page=2")
        return Reply(200, talk[end - 5 : end], {"Link": link} if talk[end:] else {})

    found = changed(world, fives).fetch([REF])[REF]
    assert isinstance(found, Item)
    assert found.texts is not None
    assert len(found.texts) == 13


def test_an_agent_whose_scope_is_not_told_is_no_problem(world: FreshdeskWorld) -> None:
    assert changed(world, every(lambda one: {**one, "ticket_scope": None})).check() == ()


def test_a_limit_without_numbers_is_over_when_it_says_so(world: FreshdeskWorld) -> None:
    def silent(_: Request, reply: Reply) -> Reply:
        headers = {key: value for key, value in reply.headers.items() if "RateLimit" not in key}
        return Reply(reply.status, reply.body, headers)

    connector = changed(world, silent)
    world.fail("rate_limited")
    with pytest.raises(RateLimited, match="too many calls"):
        seen(connector)
    assert len(seen(connector)[0]) == 6
