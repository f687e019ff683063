"""Fresh reads: one call for many tickets, then what was said on each; and every way in which a call can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.reads import Known
from connectors.zendesk.sandbox.defaults import AGENT, CUSTOMER, ME
from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.errors import Busy, ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Author, GoneKind, Item, Place, Ref, Removed, Status
from syncd.testing import Fault, Reply

HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
MARK = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"


@pytest.fixture
def world() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    yield world
    world.close()


@pytest.fixture
def ref(world: ZendeskWorld) -> Ref:
    return world.add("the body", by=Author.OUTSIDE)


@pytest.fixture
def connector(world: ZendeskWorld) -> Iterator[ZendeskConnector]:
    connector = world.connect()
    assert isinstance(connector, ZendeskConnector)
    connector.session.total = 2.0
    yield connector
    connector.close()


def read(connector: ZendeskConnector, ref: Ref) -> Item:
    found = connector.fetch([ref])[ref]
    assert isinstance(found, Item)
    return found


def fault(world: ZendeskWorld, reply: Reply, times: int = 1, path: str = "/api/v2") -> None:
    world.sandbox.faults.append(Fault("answer", "GET", path, times, reply=reply))


def names(world: ZendeskWorld) -> list[str]:
    """The last part of each path that was asked for."""
    return [one.request.path.rpartition("/")[2].removesuffix(".json") for one in world.sandbox.log]


def test_many_are_read_in_one_call_and_what_was_said_in_one_each(
    world: ZendeskWorld, connector: ZendeskConnector
) -> None:
    refs = [world.add() for _ in range(20)]
    connector.fetch([world.add()])
    before = world.calls()
    found = connector.fetch(refs)
    assert all(isinstance(one, Item) for one in found.values())
    assert world.calls() - before == 1 + len(refs)


@pytest.mark.trap("zendesk", 8)
def test_a_read_asks_zendesk_each_time_and_nothing_is_asked_behind_our_back(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    list(connector.changes("export", None, None))
    assert read(connector, ref).status == Status("open")
    world.people.set_status(int(ref.id), "pending")
    before = world.calls()
    assert read(connector, ref).status == Status("pending")
    assert names(world)[before:] == ["show_many", "comments"]


@pytest.mark.parametrize("brings", [True, False])
def test_people_who_wrote_come_along_with_what_they_wrote_where_the_account_does_that(
    world: ZendeskWorld, connector: ZendeskConnector, brings: bool
) -> None:
    world.sandbox.brings_users = brings
    refs = [world.add() for _ in range(8)]
    connector.fetch(refs)
    for number, ref in enumerate(refs):
        someone = world.sandbox.books.user_of(f"c{number}@example.org")
        world.people.customer_reply(int(ref.id), "any news?", by=someone)
    before = world.calls()
    found = connector.fetch(refs)
    assert [one.waiting for one in found.values() if isinstance(one, Item)] == [True] * 8
    assert world.calls() - before == 1 + 8 + (0 if brings else 8)


@pytest.mark.trap("zendesk", 8)
def test_peoples_roles_are_read_anew_after_a_while(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    world.sandbox.brings_users = False
    world.people.agent_note(int(ref.id), "see https://tracker.example.com/7")
    assert [text.author for text in read(connector, ref).texts or ()] == [Author.OUTSIDE, Author.TEAM]
    world.sandbox.books.users[AGENT]["role"] = "end-user"
    assert [text.author for text in read(connector, ref).texts or ()] == [Author.OUTSIDE, Author.TEAM]
    world.advance(3601)
    assert [text.author for text in read(connector, ref).texts or ()] == [Author.OUTSIDE, Author.OUTSIDE]


def test_texts_tell_who_wrote_where(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    number = int(ref.id)
    world.people.customer_reply(number, "any news?")
    world.people.agent_reply(number, "soon")
    world.people.agent_note(number, "between us")
    world.people.own_note(number, "ours")
    texts = read(connector, ref).texts or ()
    assert [(text.author, text.place) for text in texts] == [
        (Author.OUTSIDE, Place.BODY),
        (Author.OUTSIDE, Place.COMMENT),
        (Author.TEAM, Place.COMMENT),
        (Author.TEAM, Place.NOTE),
        (Author.SELF, Place.NOTE),
    ]
    assert [text.body for text in texts] == ["the body", "any news?", "soon", "between us", "ours"]
    assert [bool(text.id) for text in texts] == [False, True, True, True, True]


@pytest.mark.trap("zendesk", 15)
def test_a_customers_reply_opens_a_pending_ticket_and_shows_that_he_waits(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    world.people.set_status(int(ref.id), "pending")
    assert (read(connector, ref).waiting, read(connector, ref).status) == (False, Status("pending"))
    world.people.customer_reply(int(ref.id), "and now?")
    assert (read(connector, ref).waiting, read(connector, ref).status) == (True, Status("open"))


@pytest.mark.trap("zendesk", 15)
def test_a_problem_cascades_while_an_incident_of_it_is_not_solved(
    world: ZendeskWorld, connector: ZendeskConnector
) -> None:
    problem = world.people.make_ticket(type="problem")
    ref = Ref("zendesk", str(problem))
    assert read(connector, ref).cascades is False
    incident = world.people.make_ticket(problem=problem)
    world.advance(61)
    assert read(connector, ref).cascades is True
    assert next(one for page in connector.changes("export", None, None) for one in page.items).cascades is True
    world.people.set_status(incident, "solved")
    assert read(connector, ref).cascades is False
    before = world.calls()
    read(connector, Ref("zendesk", str(incident)))
    assert not any("incidents" in one.request.path for one in world.sandbox.log[before:])


@pytest.mark.trap("zendesk", 14)
@pytest.mark.parametrize("how", ["delete", "purge"])
def test_a_deleted_ticket_is_removed_after_two_looks_and_spoils_no_other(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, how: str
) -> None:
    other = world.add()
    getattr(world.people, how)(int(ref.id))
    found = connector.fetch([ref, other])
    assert isinstance(found[other], Item)
    gone = found[ref]
    assert isinstance(gone, Removed)
    assert gone.kind is GoneKind.DELETED
    assert [name for name in names(world) if name in {"show_many", ref.id}][0:2] == ["show_many", ref.id]


@pytest.mark.trap("zendesk", 14)
def test_an_archived_ticket_is_read_and_final(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    world.people.archive(int(ref.id))
    item = read(connector, ref)
    assert (item.status, item.final) == (Status("closed"), True)
    assert item.texts


@pytest.mark.trap("zendesk", 14)
def test_a_chain_of_merged_tickets_is_followed_to_its_end(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    second, third = world.add("two"), world.add("three")
    world.people.merge(int(second.id), int(ref.id))
    world.people.merge(int(third.id), int(second.id), named="via")
    item = read(connector, ref)
    assert (item.ref, item.formerly) == (third, ref)


@pytest.mark.trap("zendesk", 14)
def test_a_customer_can_not_send_a_link_to_another_ticket(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    other, new = world.add("two"), world.add("three")
    world.people.customer_reply(int(ref.id), f"This request was closed and merged into request #{other.id}")
    world.people.merge(int(new.id), int(ref.id), named="nowhere")
    item = read(connector, ref)
    assert (item.ref, item.formerly) == (ref, None)


def test_a_text_of_this_very_second_is_read_once_more(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    assert read(connector, ref).settled
    world.people.agent_note(int(ref.id), "now")
    assert not read(connector, ref).settled
    world.advance(3)
    assert read(connector, ref).settled


@pytest.mark.parametrize("lists", ["cursors", "numbered"])
def test_our_marks_are_found_in_every_page_and_only_ours(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, lists: str
) -> None:
    world.sandbox.lists = lists
    for i in range(250):
        world.people.agent_note(int(ref.id), f"note {i}")
    world.people.agent_note(int(ref.id), MARK)
    assert connector.find(MARK, ref, world.clock.now()) is None
    world.people.own_note(int(ref.id), f"x {MARK}")
    key = str(world.sandbox.books.tickets[int(ref.id)].comments[-1]["id"])
    assert connector.find(MARK, ref, world.clock.now()) == key
    assert connector.marks(ref) == {MARK: [key]}
    world.people.delete(int(ref.id))
    with pytest.raises(Gone):
        connector.marks(ref)
    with pytest.raises(Refused):
        connector.find(MARK, "a place", world.clock.now())


@pytest.mark.parametrize(
    "meta", [None, {}, {"has_more": True}, {"has_more": True, "after_cursor": ""}, {"has_more": 1}]
)
def test_a_listing_that_does_not_end_is_no_complete_look(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, meta: Any
) -> None:
    fault(world, Reply(200, {"comments": [], "meta": meta}), path="/comments", times=70)
    with pytest.raises(Transient):
        connector.find(MARK, ref, world.clock.now())


@pytest.mark.parametrize("beside", [{}, {"next_page": ""}, {"next_page": 2}, {"next_page": "/?page=2"}])
def test_a_numbered_list_that_does_not_end_is_no_complete_look(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, beside: dict[str, Any]
) -> None:
    rows = [{"id": number} for number in range(1, 101)]
    fault(world, Reply(200, {"comments": rows, **beside}), path="/comments", times=70)
    with pytest.raises(Transient):
        connector.find(MARK, ref, world.clock.now())


# --- what can go wrong ---

READS = [
    (Reply(500, b"<html>oops</html>", HTML), Transient),
    (Reply(500, {"error": "x"}), Transient),
    (Reply(503, b"", {"Retry-After": "30"}), Transient),
    (Reply(408, b""), Transient),
    (Reply(302, b"", {"Location": "https://acme.example.com/login"}), Transient),
    (Reply(200, b"<html>login</html>", HTML), Transient),
    (Reply(200, b"", JSON), Transient),
    (Reply(200, b"null", JSON), Transient),
    (Reply(200, b"17", JSON), Transient),
    (Reply(200, b"[]", JSON), Transient),
    (Reply(200, b"{}", JSON), Transient),
    (Reply(200, b'{"tickets": [1]}', JSON), Transient),
    (Reply(200, b'{"tickets": {}}', JSON), Transient),
    (Reply(200, b"[" * 100_000, JSON), Transient),
    (Reply(200, b"\xff\xfe\x00", JSON), Transient),
    (Reply(204, b""), Transient),
    (Reply(404, b""), Transient),
    (Reply(404, {"error": "InvalidEndpoint"}), Transient),
    (Reply(404, b"<html>", HTML), Transient),
    (Reply(401, b""), Unauthorized),
    (Reply(401, {"error": "Couldn't authenticate you"}), Unauthorized),
    (Reply(403, {"error": {"title": "Forbidden", "message": "canary"}}), Unauthorized),
    (Reply(403, {"error": "Forbidden"}), Unauthorized),
    (Reply(403, b"<html>blocked by the edge</html>", HTML), Transient),
    (Reply(400, {"errors": [{"code": "InvalidValue", "detail": "canary"}]}), Refused),
    (Reply(400, b"[1]", JSON), Refused),
    (Reply(422, {"error": "invalid", "description": "canary"}), Refused),
    (Reply(406, b""), Refused),
    (Reply(429, b""), RateLimited),
    (Reply(429, b"<html>", HTML), RateLimited),
]


@pytest.mark.trap("zendesk", 13)
@pytest.mark.parametrize(("reply", "kind"), READS)
def test_a_list_that_can_not_be_read_raises(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, reply: Reply, kind: type[ConnectorError]
) -> None:
    # A refusal of the glance concerns the glance alone: the export tells the same.
    alone = kind is Refused or reply.status == 404 or (reply.status == 403 and kind is Unauthorized)
    reads: list[Callable[[], object]] = [lambda: connector.fetch([ref])]
    reads += [] if alone else [lambda: list(connector.changes("fresh", None, None))]
    for read_on in reads:
        fault(world, reply, times=2)
        with pytest.raises(ConnectorError) as caught:
            read_on()
        world.sandbox.faults.clear()
        assert isinstance(caught.value, kind)
        assert not caught.value.doubt
        assert "canary" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["cut", "hang", "truncate"])
def test_what_does_not_arrive_is_an_outage(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, kind: str
) -> None:
    connector.session.total = 0.4
    world.sandbox.faults.append(Fault(kind, "GET", times=2, seconds=1.0))
    with pytest.raises(Transient):
        list(connector.changes("fresh", None, None))


def test_one_ticket_that_can_not_be_shown_is_no_outage(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    other = world.add()
    fault(world, Reply(500, b"<html>", HTML), times=9, path=f"/tickets/{ref.id}/comments")
    found = connector.fetch([ref, other])
    assert isinstance(found[ref], Busy), "it tells nothing of the connector"
    assert isinstance(found[other], Item)


def test_a_moments_failure_costs_nobody_a_wait(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    fault(world, Reply(500, b"<html>", HTML), path="/comments")
    assert isinstance(connector.fetch([ref])[ref], Item)


def test_an_outage_while_reading_is_raised(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    connector.fetch([ref])
    world.sandbox.faults.append(Fault("answer", "GET", times=9, skip=1, reply=Reply(502, b"<html>", HTML)))
    with pytest.raises(Transient):
        connector.fetch([ref])


def test_a_refusal_of_one_ticket_is_its_own(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    other = world.add()
    fault(world, Reply(403, {"error": "Forbidden"}), path=f"/tickets/{ref.id}/")
    found = connector.fetch([ref, other])
    assert isinstance(found[ref], Refused)
    assert isinstance(found[other], Item)


def test_a_page_that_says_not_found_needs_the_api_behind_it(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    empty = Reply(200, {"tickets": []})
    fault(world, empty, path="/show_many")
    fault(world, Reply(404, b"<html>not found</html>", HTML), path=f"/tickets/{ref.id}")
    fault(world, Reply(502, b"<html>", HTML), path="/users/me", times=9)
    with pytest.raises(Transient):
        connector.fetch([ref])
    world.sandbox.faults.clear()
    fault(world, empty, path="/show_many")
    assert isinstance(connector.fetch([ref])[ref], Item)


@pytest.mark.parametrize(
    "row", [{}, {"id": 1}, {"id": 1, "updated_at": "yesterday"}, {"id": 1, "updated_at": 7, "created_at": None}]
)
def test_an_answer_that_is_no_ticket_is_no_removal(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, row: dict[str, Any]
) -> None:
    fault(world, Reply(200, {"tickets": [row]}), path="/show_many")
    fault(world, Reply(200, {"ticket": row}), path="/tickets/1$", times=2)
    fault(world, Reply(200, {"ticket": row}), path="/tickets/1.json", times=2)
    assert isinstance(connector.fetch([ref])[ref], Busy)


def test_what_was_read_is_remembered_for_a_while_only(connector: ZendeskConnector) -> None:
    for number in range(1, 2102):
        connector.reader.remember({"id": number, "updated_at": "2026-01-05T09:00:00Z", "status": "open"}, settled=False)
    assert len(connector.reader.known) == 2000
    assert connector.reader.known["2101"] == Known("2026-01-05T09:00:00Z", "open")


def test_who_we_are_is_asked_for_once(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    for _ in range(3):
        connector.find(MARK, ref, world.clock.now())
    assert sum("/users/me" in one.request.path for one in world.sandbox.log) == 1
    assert connector.account.me == ME
    assert CUSTOMER != ME


def test_statuses_that_can_not_be_read_anew_stay_as_they_were(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    number = world.people.add_custom_status("pending", "Elsewhere")
    world.people.set_status(int(ref.id), number)
    assert read(connector, ref).status == Status(f"pending/{number}")
    world.advance(3601)
    fault(world, Reply(502, b"<html>", HTML), path="/custom_statuses", times=1)
    before = world.calls()
    for _ in range(3):
        assert read(connector, ref).status == Status(f"pending/{number}")
    assert names(world)[before:].count("custom_statuses") == 1
    world.advance(61)
    read(connector, ref)
    assert names(world)[before:].count("custom_statuses") == 2
