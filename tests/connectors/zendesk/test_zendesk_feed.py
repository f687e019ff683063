"""The export tells everything, a minute late; the glance tells at once what people did."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.options import ZendeskOptions
from connectors.zendesk.sandbox.defaults import SEVERITY
from connectors.zendesk.sandbox.world import NATIVE, ZendeskWorld
from syncd.actions import Action
from syncd.errors import ConnectorError, RateLimited, Transient
from syncd.model import GoneKind, Item, Page, Ref, Removed, Status, Word
from syncd.testing import Fault, Reply


@pytest.fixture
def world() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    yield world
    world.close()


@pytest.fixture
def connector(world: ZendeskWorld) -> Iterator[ZendeskConnector]:
    connector = world.connect()
    assert isinstance(connector, ZendeskConnector)
    yield connector
    connector.close()


def of(page: Page) -> list[Item | Removed]:
    return [*page.items, *page.removed]


class Kept:
    """What a state keeps of a connector's feeds."""

    def __init__(self, connector: ZendeskConnector) -> None:
        self.connector = connector
        self.cursors: dict[str, str] = {}
        self.told: dict[Ref, Item | Removed] = {}

    def poll(self, *sources: str) -> list[Page]:
        pages = []
        for source in sources or ("export", "fresh"):
            for page in self.connector.changes(source, self.cursors.get(source), None):
                self.cursors[source] = page.cursor
                self.told |= {one.ref: one for one in of(page)}
                pages.append(page)
        return pages

    def news(self, *sources: str) -> set[Ref]:
        return {one.ref for page in self.poll(*sources) for one in of(page)}


@pytest.fixture
def kept(connector: ZendeskConnector) -> Kept:
    return Kept(connector)


def paths(world: ZendeskWorld, word: str) -> list[dict[str, str]]:
    return [dict(one.request.query) for one in world.sandbox.log if word in one.request.path]


@pytest.mark.trap("zendesk", 3)
def test_the_export_keeps_the_latest_minute_to_itself_and_the_glance_does_not(world: ZendeskWorld, kept: Kept) -> None:
    ref = world.add()
    kept.poll()
    world.people.set_status(int(ref.id), "pending")
    assert kept.news("export") == set()
    assert kept.news("fresh") == {ref}
    world.advance(61)
    assert kept.news("export") == {ref}
    assert kept.news() == set()


@pytest.mark.trap("zendesk", 3, 4)
def test_a_snapshot_of_before_our_own_write_is_older_than_what_the_write_left(
    world: ZendeskWorld, connector: ZendeskConnector, kept: Kept
) -> None:
    ref = world.add()
    stale = next(item for page in kept.poll("export") for item in page.items)
    world.advance(5)
    outcome = next(iter(connector.apply([Action(ref, Status("solved"))])))
    assert stale.version < outcome.version
    world.advance(61)
    assert kept.news() == {ref}
    echo = kept.told[ref]
    assert isinstance(echo, Item)
    assert (echo.version, echo.status) == (outcome.version, outcome.status)


@pytest.mark.trap("zendesk", 5)
def test_what_the_system_does_is_told_though_the_time_of_the_last_change_stays(world: ZendeskWorld, kept: Kept) -> None:
    ref = world.add()
    kept.poll()
    before = kept.told[ref].version
    world.advance(600)
    world.people.touch(int(ref.id))
    world.advance(61)
    assert kept.news("export") == {ref}
    assert kept.told[ref].version == before


@pytest.mark.trap("zendesk", 5)
@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_however_people_and_polls_take_turns(world: ZendeskWorld, kept: Kept, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # a test's disorder
    world.sandbox.limits.lift()
    kept.connector.export._size = 3  # many pages of few tickets
    numbers = [world.people.make_ticket() for _ in range(5)]
    for _ in range(60):
        world.advance(rng.choice([0, 0, 1, 20, 70]))
        number = rng.choice(numbers)
        ticket = world.sandbox.books.tickets[number]
        do = rng.choice(["status", "status", "touch", "new", "delete", "note"])
        if do == "new":
            numbers.append(world.people.make_ticket())
        elif ticket.deleted:
            world.people.restore(number)
        elif do == "status":
            world.people.set_status(number, NATIVE[rng.choice([Word.OPEN, Word.PENDING, Word.RESOLVED])])
        elif do == "note":
            world.people.agent_note(number, "a note")
        else:
            getattr(world.people, do)(number)
        if rng.random() < 0.4:
            kept.poll(*rng.choice([(), ("export",), ("fresh",)]))
            if rng.random() < 0.3:
                kept.connector = world.connect()  # type: ignore[assignment]  # what this world gives
                kept.connector.export._size = 3
    world.advance(600)
    kept.poll()
    for number, ticket in world.sandbox.books.tickets.items():
        told = kept.told[Ref("zendesk", str(number))]
        assert isinstance(told, Removed) == bool(ticket.deleted)
        if isinstance(told, Item):
            assert told.status.native == ticket.row["status"]
            assert told.version == ticket.row["updated_at"]


@pytest.mark.trap("zendesk", 14)
def test_a_deleted_ticket_is_told_by_the_export_and_comes_back_when_restored(world: ZendeskWorld, kept: Kept) -> None:
    ref = world.add()
    kept.poll()
    world.remove(ref, GoneKind.DELETED)
    world.advance(61)
    assert kept.news("export") == {ref}
    assert isinstance(kept.told[ref], Removed)
    world.restore(ref)
    world.advance(61)
    kept.poll()
    assert isinstance(kept.told[ref], Item)


@pytest.mark.trap("zendesk", 14)
def test_tickets_of_ai_agents_and_archived_ones_are_told(world: ZendeskWorld, kept: Kept) -> None:
    automatic = world.people.make_ticket(ai_agent=True)
    archived = world.people.make_ticket()
    world.people.archive(archived)
    world.advance(61)
    assert {int(ref.id) for ref in kept.news("export")} == {automatic, archived}


@pytest.mark.trap("zendesk", 14)
@pytest.mark.parametrize("named", ["text", "via"])
def test_a_merged_ticket_is_told_as_the_one_that_goes_on(world: ZendeskWorld, kept: Kept, named: str) -> None:
    old, new = world.add("one"), world.add("two")
    kept.poll()
    world.people.merge(int(new.id), int(old.id), named=named)  # type: ignore[arg-type]  # one of its words
    items = [item for page in kept.poll("fresh") for item in page.items]
    onward = next(item for item in items if item.formerly)
    assert (onward.ref, onward.formerly) == (new, old)
    assert old not in {item.ref for item in items}
    found = kept.connector.fetch([old])[old]
    assert isinstance(found, Item)
    assert (found.ref, found.formerly) == (new, old)


@pytest.mark.trap("zendesk", 14)
def test_a_merged_ticket_that_names_no_other_is_told_as_it_stands(world: ZendeskWorld, kept: Kept) -> None:
    old, new = world.add("one"), world.add("two")
    kept.poll()
    world.people.merge(int(new.id), int(old.id), named="nowhere")
    kept.poll("fresh")
    for found in (kept.told[old], kept.connector.fetch([old])[old]):
        assert isinstance(found, Item)
        assert (found.ref, found.formerly, found.status, found.final) == (old, None, Status("closed"), True)


@pytest.mark.trap("zendesk", 14)
def test_a_first_walk_asks_no_more_for_merged_tickets(world: ZendeskWorld, kept: Kept) -> None:
    old, new = world.add("one"), world.add("two")
    world.people.merge(int(new.id), int(old.id))
    world.advance(61)
    kept.poll()
    assert paths(world, "/comments") == []


@pytest.mark.trap("zendesk", 14)
def test_a_follow_up_names_the_ticket_that_it_continues(world: ZendeskWorld, kept: Kept) -> None:
    ref = world.add()
    world.people.set_status(int(ref.id), "closed")
    number = world.people.follow_up(int(ref.id))
    world.advance(61)
    kept.poll()
    told = kept.told[Ref("zendesk", str(number))]
    assert isinstance(told, Item)
    assert told.follows == ref


# --- the export's place ---


def test_an_answer_without_a_cursor_leaves_the_old_one(world: ZendeskWorld, kept: Kept) -> None:
    world.sandbox.exports.null_cursors = "always"
    kept.poll("export")
    ref = world.add()
    assert kept.news("export") == {ref}
    assert kept.news("export") == set()
    world.set_status(ref, Word.PENDING)
    assert kept.news("export") == {ref}


@pytest.mark.parametrize("status", [400, 410, 422])
def test_a_cursor_that_is_refused_is_replaced_and_nothing_is_lost(world: ZendeskWorld, kept: Kept, status: int) -> None:
    first = world.add()
    kept.poll("export")
    world.advance(3600)
    second = world.add()
    world.sandbox.faults.append(Fault("answer", "GET", "/incremental/", reply=Reply(status, {"error": "BadCursor"})))
    assert kept.news("export") == {first, second}
    start = [int(query["start_time"]) for query in paths(world, "/incremental/") if "start_time" in query]
    assert start[1] > start[0]
    assert kept.news("export") == set()


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_what_is_no_refusal_of_the_cursor_leaves_it(world: ZendeskWorld, kept: Kept, status: int) -> None:
    world.add()
    kept.poll("export")
    before = kept.cursors["export"]
    world.sandbox.faults.append(Fault("answer", "GET", "/incremental/", times=9, reply=Reply(status, b"")))
    with pytest.raises(ConnectorError):
        kept.poll("export")
    assert kept.cursors["export"] == before
    assert sum("start_time" in query for query in paths(world, "/incremental/")) == 1


@pytest.mark.parametrize("text", ["", "17", "{}", '{"shape": "export-2"}', '{"shape": "export-1", "x": 1}', "null"])
def test_a_cursor_that_can_not_be_read_begins_anew(world: ZendeskWorld, kept: Kept, text: str) -> None:
    ref = world.add()
    for source in ("export", "fresh"):
        kept.cursors[source] = text
    pages = kept.poll()
    assert {item.ref for page in pages for item in page.items} == {ref}
    assert all(page.first_walk for page in pages)


def test_a_walk_begins_where_it_is_told_and_never_within_the_withheld_minute(
    world: ZendeskWorld, connector: ZendeskConnector
) -> None:
    now = world.clock.now()
    for since in (now - timedelta(days=1), now, now + timedelta(days=1), None):
        list(connector.changes("export", None, since))
        list(connector.changes("fresh", None, since))
    starts = [int(query["start_time"]) for query in paths(world, "/incremental/")]
    latest = int(now.timestamp()) - 120
    assert starts == [latest + 120 - 86400, latest, latest, 0]


def test_pages_that_are_too_large_become_smaller(
    world: ZendeskWorld, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        world.people.make_ticket(description="x" * 500)
    world.advance(61)
    kept.connector.export._size = 200
    monkeypatch.setattr("syncd.http.MAX_BODY", 3000)
    with pytest.raises(Transient, match="too large"):
        kept.poll("export")
    with pytest.raises(Transient, match="too large"):
        kept.poll("export")
    assert [query["per_page"] for query in paths(world, "/incremental/")] == ["200", "100"]


@pytest.mark.parametrize(
    "more",
    [{}, {"end_of_stream": None}, {"end_of_stream": False}, {"end_of_stream": False, "after_cursor": ""}],
)
def test_an_export_that_does_not_say_how_it_goes_on_is_an_outage(
    world: ZendeskWorld, kept: Kept, more: dict[str, Any]
) -> None:
    body = {"tickets": [], **more}
    world.sandbox.faults.append(Fault("answer", "GET", "/incremental/", times=2, reply=Reply(200, body)))
    with pytest.raises(Transient):
        kept.poll("export")
    assert kept.cursors == {}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tickets": None, "end_of_stream": True},
        {"tickets": [{}], "end_of_stream": True},
        {"tickets": [{"id": "7"}], "end_of_stream": True},
        {"tickets": [{"id": True}], "end_of_stream": True},
        {"tickets": [3], "end_of_stream": True},
        {"tickets": [], "meta": {"has_more": True}, "end_of_stream": "no"},
    ],
)
def test_an_answer_that_is_no_feed_is_an_outage(world: ZendeskWorld, kept: Kept, body: object) -> None:
    world.sandbox.faults.append(Fault("answer", "GET", "/incremental/|/tickets", times=2, reply=Reply(200, body)))
    for source in ("export", "fresh"):
        with pytest.raises(Transient):
            kept.poll(source)
    assert kept.cursors == {}


def test_a_record_that_can_not_be_understood_holds_up_no_other(world: ZendeskWorld, kept: Kept) -> None:
    row = {"id": 7, "status": "open", "created_at": "yesterday", "updated_at": None}
    body = {"tickets": [row], "end_of_stream": True, "after_cursor": "x"}
    world.sandbox.faults.append(Fault("answer", "GET", "/incremental/", reply=Reply(200, body)))
    (page,) = kept.poll("export")
    assert [one.ref.id for one in page.unreadable] == ["7"]
    assert page.unreadable[0].why == "zendesk sent a time that can't be read for it", "and nothing of it is quoted"
    assert page.last


# --- the glance ---


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_where_the_glance_is_refused_the_export_tells_all_the_same(
    world: ZendeskWorld, kept: Kept, status: int
) -> None:
    refusal = Reply(status, {"error": "InvalidEndpoint", "description": "Not found"})
    world.sandbox.faults.append(Fault("answer", "GET", "/tickets$", times=9, reply=refusal))
    ref = world.add()
    assert kept.news("fresh") == set()
    world.advance(61)
    assert kept.news() == {ref}
    world.sandbox.faults.clear()
    world.people.set_status(int(ref.id), "pending")
    assert kept.news("fresh") == {ref}


def test_the_glance_goes_down_to_what_it_knew(world: ZendeskWorld, kept: Kept) -> None:
    world.people.seed(250, first="2026-01-05T01:00:00Z", apart=1)
    world.advance(61)
    kept.poll()
    refs = [world.people.make_ticket() for _ in range(130)]
    before = len(paths(world, "/tickets"))
    assert {int(ref.id) for ref in kept.news("fresh")} == set(refs)
    assert len(paths(world, "/tickets")) - before == 2
    assert kept.news("fresh") == set()
    assert len(paths(world, "/tickets")) - before == 3


@pytest.mark.parametrize("more", [0, 1])
def test_a_glance_that_was_broken_off_begins_at_the_top_again_and_loses_nothing(
    world: ZendeskWorld, kept: Kept, more: int
) -> None:
    kept.poll()
    refs = [world.people.make_ticket() for _ in range(250)]
    pages = kept.connector.changes("fresh", kept.cursors["fresh"], None)
    first = next(iter(pages))
    kept.cursors["fresh"] = first.cursor
    seen = {int(item.ref.id) for item in first.items}
    assert len(seen) == 100
    late = {world.people.make_ticket() for _ in range(more)}
    kept.connector = world.connect()  # type: ignore[assignment]  # what this world gives
    again = {int(ref.id) for ref in kept.news("fresh")}
    assert seen | again == {*refs, *late}
    assert not seen & again


def test_a_flood_is_left_to_the_export(world: ZendeskWorld, kept: Kept) -> None:
    kept.poll()
    refs = {world.people.make_ticket() for _ in range(1100)}
    assert len(kept.news("fresh")) == 1000
    world.advance(61)
    assert {int(ref.id) for ref in kept.news("export")} == refs


def test_two_changes_in_one_second_are_told_though_the_time_is_the_same(world: ZendeskWorld, kept: Kept) -> None:
    ref = world.add()
    world.people.set_status(int(ref.id), "pending")
    kept.poll("fresh")
    world.people.set_status(int(ref.id), "hold")
    assert kept.news("fresh") == {ref}
    world.people.add_tag(int(ref.id), "x")
    assert kept.news("fresh") == {ref}
    assert kept.news("fresh") == set()


def test_cursors_are_small_texts(world: ZendeskWorld, kept: Kept) -> None:
    world.people.seed(150, first="2026-01-05T01:00:00Z", apart=1)
    world.add()
    kept.poll()
    for cursor in kept.cursors.values():
        assert isinstance(json.loads(cursor), dict)
        assert len(cursor) < 300


# --- what may be asked ---


def slow(world: ZendeskWorld) -> ZendeskConnector:
    """As a user configures it."""
    access = world.sandbox.access
    known: dict[str, Any] = {"client_id": access.client_id, "client_secret": SecretStr(access.client_secret)}
    options = ZendeskOptions(connector="zendesk", url=world.sandbox.url, **known)
    return ZendeskConnector("zendesk", options, world.clock)


@pytest.mark.trap("zendesk", 9)
def test_the_export_is_asked_no_more_often_than_configured_and_polls_go_on(world: ZendeskWorld) -> None:
    kept = Kept(slow(world))
    kept.poll()
    number = world.people.make_ticket()
    before = len(paths(world, "/incremental/"))
    for _ in range(5):
        assert kept.poll("export")[-1].last
    assert len(paths(world, "/incremental/")) - before == 1
    assert kept.poll("fresh")[-1].last
    world.advance(61)
    assert kept.news("export") == {Ref("zendesk", str(number))}


@pytest.mark.trap("zendesk", 9)
def test_polls_do_not_starve_a_walk(world: ZendeskWorld) -> None:
    kept = Kept(slow(world))
    walk = Kept(kept.connector)
    kept.poll("export")
    kept.poll("export")
    for _ in range(3):  # those that a walk may have beyond what polls take
        assert Kept(kept.connector).poll("export")[-1].last
    with pytest.raises(RateLimited) as caught:
        walk.poll("export")
    assert caught.value.retry_after is not None
    world.advance(caught.value.retry_after)
    before = len(paths(world, "/incremental/"))
    assert kept.poll("export")[-1].last
    assert len(paths(world, "/incremental/")) == before, "the next one is the walk's"
    assert walk.poll("export")[-1].last
    number = world.people.make_ticket()
    world.advance(61)
    assert kept.news("export") == {Ref("zendesk", str(number))}


@pytest.mark.trap("zendesk", 9)
def test_a_first_walk_waits_for_its_turn_and_is_not_taken_for_done(world: ZendeskWorld) -> None:
    kept = Kept(slow(world))
    kept.connector.export._size = 2
    for _ in range(11):
        world.people.make_ticket()
    world.advance(61)
    with pytest.raises(RateLimited) as caught:
        kept.poll("export")
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 60
    assert len(kept.told) == 10
    world.advance(caught.value.retry_after)
    (page,) = kept.poll("export")
    assert (page.first_walk, page.last, len(kept.told)) == (True, True, 11)


@pytest.mark.trap("zendesk", 9)
@pytest.mark.parametrize(("bucket", "source"), [("exports", "export"), ("lists", "fresh")])
def test_a_limit_of_one_list_holds_up_nothing_else(world: ZendeskWorld, kept: Kept, bucket: str, source: str) -> None:
    ref = world.add()
    kept.poll()
    world.sandbox.limits.use(bucket, 100)
    world.people.set_status(int(ref.id), "pending")
    assert kept.poll(source)[-1].last
    world.advance(61)
    kept.poll()
    told = kept.told[ref]
    assert isinstance(told, Item)
    assert told.status == Status("pending")


@pytest.mark.trap("zendesk", 9, 12)
def test_a_limit_of_the_whole_account_is_told_at_once_and_nobody_sleeps(world: ZendeskWorld, kept: Kept) -> None:
    world.add()
    kept.poll()
    world.clock.slept.clear()
    world.sandbox.limits.use("account", 10_000)
    for source in ("export", "fresh"):
        with pytest.raises(RateLimited) as caught:
            kept.poll(source)
        assert caught.value.retry_after
    assert world.clock.slept == []


def test_tags_that_customers_can_set_are_left_out(world: ZendeskWorld, kept: Kept) -> None:
    ref = world.add()
    world.people.set_field(int(ref.id), SEVERITY, "severity_1")
    world.people.add_tag(int(ref.id), "escalate")
    kept.poll()
    told = kept.told[ref]
    assert isinstance(told, Item)
    assert told.tags == ("escalate",)
    assert told.fields[str(SEVERITY)] == "severity_1"
