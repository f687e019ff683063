"""Fresh reads, looks for notes, and what the account says of itself; asserted against the stand-in's books."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from freshdesk_exchanges import violations
from pydantic import SecretStr, ValidationError
from requests import Response

from connectors.freshdesk.account import _statuses
from connectors.freshdesk.connector import FreshdeskConnector, FreshdeskOptions
from connectors.freshdesk.sandbox.world import FreshdeskWorld
from syncd.actions import Action, Draft, Note
from syncd.clock import ManualClock
from syncd.connector import load
from syncd.errors import ConnectorError, Gone, Refused, Transient
from syncd.model import GoneKind, Item, Place, Ref, Removed, Status
from syncd.testing import Fault, Reply

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
NOTE = Note("e1", "Filed as [o/r#7](https://github.com/o/r/issues/7)", MARKER)
REF = Ref("freshdesk", "1", "1")


@pytest.fixture
def world() -> Iterator[FreshdeskWorld]:
    world = FreshdeskWorld()
    world.add("the body")
    yield world
    world.close()
    assert violations(world.sandbox.log) == []


@pytest.fixture
def connector(world: FreshdeskWorld) -> Iterator[FreshdeskConnector]:
    connector = world.connect()
    yield connector
    connector.close()


def read(connector: FreshdeskConnector) -> Item:
    found = connector.fetch([REF])[REF]
    assert isinstance(found, Item)
    return found


@pytest.mark.parametrize(
    ("later", "settled"), [(0, False), (1, False), (2, True), (3600, True), (-30, False), (-61, True), (-3600, True)]
)
def test_a_ticket_is_settled_when_the_second_of_its_change_is_over_by_the_account_s_clock(
    world: FreshdeskWorld, connector: FreshdeskConnector, later: float, settled: bool
) -> None:
    world.people.agent_note(1, "a note")
    world.clock.advance(86400)  # ours tells nothing
    world.sandbox.advance(later)
    assert read(connector).settled is settled


@pytest.mark.parametrize(("later", "settled"), [(1, False), (2, True)])
@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_where_an_answer_has_no_date_our_clock_has_to_do(
    world: FreshdeskWorld, connector: FreshdeskConnector, date: str | None, later: float, settled: bool
) -> None:
    def undate(answer: Response, **_: object) -> None:
        del answer.headers["Date"]
        answer.headers.update({"Date": date} if date is not None else {})

    connector.session.hooks["response"].append(undate)
    world.clock.advance(later)
    assert read(connector).settled is settled


@pytest.mark.trap("freshdesk", 1, 8)
def test_tickets_of_every_agent_and_status_are_told_at_the_price_of_a_plain_list(
    world: FreshdeskWorld, connector: FreshdeskConnector
) -> None:
    refs = [world.add() for _ in world.sandbox.statuses]
    for ref, status in zip(refs, world.sandbox.statuses, strict=True):
        world.people.set_status(int(ref.id), status)
        world.sandbox.books.tickets[int(ref.id)].row["responder_id"] = 4711 + status
    world.sandbox.limits.account = 200
    told = [item for page in connector.changes("tickets", None, None) for item in page.items]
    assert {item.ref: item.status for item in told} == {ref: world.status(ref) for ref in world.items()}
    assert world.sandbox.limits.least == 199


def test_the_entry_point_leads_here() -> None:
    assert load("freshdesk") is FreshdeskConnector


@pytest.mark.trap("freshdesk", 8)
@pytest.mark.parametrize(("talk", "calls"), [(0, 1), (1, 2), (9, 2), (10, 3), (99, 3), (100, 4), (101, 4), (250, 5)])
def test_every_note_is_read_at_the_least_price(
    world: FreshdeskWorld, connector: FreshdeskConnector, talk: int, calls: int
) -> None:
    for number in range(talk):
        world.people.agent_note(1, f"note {number}")
    item = read(connector)
    assert item.texts is not None
    assert [text.body for text in item.texts if text.place is Place.NOTE] == [f"note {n}" for n in range(talk)]
    assert len(world.sandbox.log) == calls  # our own agent is asked for once, where somebody said something
    read(connector)
    assert len(world.sandbox.log) == calls + max(1, calls - 1)


def test_conversations_that_did_not_come_along_are_read(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    world.people.agent_note(1, "seen")
    whole = dict(world.sandbox._whole(world.sandbox.books.tickets[1]))
    world.sandbox.faults.append(Fault("answer", path="/tickets/1$", reply=Reply(200, whole)))
    assert [text.body for text in read(connector).texts or ()] == ["the body", "seen"]


def test_pages_of_conversations_that_do_not_end_are_an_outage(
    world: FreshdeskWorld, connector: FreshdeskConnector
) -> None:
    world.people.agent_note(1, "one")
    page = Reply(200, world.sandbox.books.tickets[1].talk, {"Link": f'<{world.sandbox.url}/x?page=9>; rel="next"'})
    world.sandbox.faults.append(Fault("answer", path="conversations", times=99, reply=page))
    with pytest.raises(Transient):
        connector.find(MARKER, REF, world.clock.now())


@pytest.mark.parametrize("answer", ["404", "redirect"])
def test_an_archived_ticket_is_final_and_not_gone(
    world: FreshdeskWorld, connector: FreshdeskConnector, answer: str
) -> None:
    world.sandbox.archived_answer = answer
    world.people.archive(1)
    item = read(connector)
    assert item.final
    assert item.status == Status("5")
    assert [text.body for text in item.texts or ()] == ["the body"]


@pytest.mark.parametrize(
    ("how", "kind"), [("delete", GoneKind.DELETED), ("spam", GoneKind.SPAM), ("purge", GoneKind.DELETED)]
)
def test_a_removed_ticket_is_removed(
    world: FreshdeskWorld, connector: FreshdeskConnector, how: str, kind: GoneKind
) -> None:
    getattr(world.people, how)(1)
    found = connector.fetch([REF])[REF]
    assert isinstance(found, Removed)
    assert (found.ref, found.kind) == (REF, kind)


def test_a_merged_ticket_is_a_closed_one(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    primary = world.add()
    world.people.merge(int(primary.id), 1)
    assert read(connector).status == Status("5")


def test_a_survey_and_an_automatic_answer_are_no_messages(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    world.people.customer_reply(1, "hello?")
    world.people.auto_response(1)
    assert read(connector).waiting is True
    world.people.agent_reply(1, "here")
    world.people.survey(1)
    assert read(connector).waiting is False


# --- writing ---


def test_notes_and_status_are_one_request_each(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    outcome = next(iter(connector.apply([Action(REF, Status("3"), None, (NOTE,))])))
    assert [(one.request.method, one.status) for one in world.sandbox.log] == [("POST", 201), ("PUT", 200)]
    books = world.sandbox.books.tickets[1]
    assert outcome.status == Status("3")
    assert outcome.version == books.row["updated_at"]
    assert outcome.notes[0].remote_id == str(books.talk[0]["id"])
    assert books.talk[0]["private"] is True
    assert 'href="https://github.com/o/r/issues/7"' in books.talk[0]["body"]


@pytest.mark.trap("freshdesk", 9)
def test_an_automation_that_answers_our_write_is_seen_in_the_next_poll(
    world: FreshdeskWorld, connector: FreshdeskConnector
) -> None:
    cursors = [page.cursor for page in connector.changes("tickets", None, None)]
    world.advance(1)
    world.sandbox.after_put = 5
    list(connector.apply([Action(REF, Status("4"))]))
    told = [item for page in connector.changes("tickets", cursors[-1], None) for item in page.items]
    assert [item.status for item in told] == [Status("5")]


def test_a_note_of_any_length_and_kind_is_written(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    body = "\ud800 \x00 <b>&" + "x" * 1_000_000
    outcome = next(iter(connector.apply([Action(REF, notes=(Note("e1", body, MARKER),))])))
    assert outcome.notes[0].error is None
    assert connector.find(MARKER, REF, world.clock.now()) == outcome.notes[0].remote_id


# --- looking for what was left ---


def test_a_marker_is_found_in_text_or_in_markup(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    world.people.own_note(1, f'<a href="https://x.example/{MARKER}">here</a>')
    assert connector.find(MARKER, REF, world.clock.now())


def test_a_customer_and_another_agent_can_not_forge_a_note(
    world: FreshdeskWorld, connector: FreshdeskConnector
) -> None:
    world.people.customer_reply(1, MARKER)
    world.people.agent_note(1, MARKER)
    assert connector.find(MARKER, REF, world.clock.now()) is None


def test_a_look_that_fails_half_way_is_no_answer(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    for number in range(150):
        world.people.agent_note(1, f"note {number}")
    world.sandbox.faults.append(Fault("answer", path="conversations", skip=1))
    with pytest.raises(Transient):
        connector.find(MARKER, REF, world.clock.now())


def test_a_look_at_a_ticket_that_is_gone_is_gone(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    world.people.purge(1)
    with pytest.raises(Gone):
        connector.find(MARKER, REF, world.clock.now())


def test_tickets_are_never_made(connector: FreshdeskConnector) -> None:
    with pytest.raises(Refused):
        connector.create(Draft("x", "title", "body", MARKER))
    with pytest.raises(Refused):
        connector.find(MARKER, "x", connector.clock.now())
    assert not connector.capabilities.can_create


# --- names ---


@pytest.mark.parametrize(
    ("key", "number"),
    [("17", "17"), ("#17", "17"), (" 017 ", "17"), ("0", None), ("", None), ("x", None), ("o/r#1", None), ("٣", None)],
)
def test_a_key_is_a_number(connector: FreshdeskConnector, key: str, number: str | None) -> None:
    found = connector.resolve(key)
    assert (found.id if found else None) == number


# --- the account ---


@pytest.mark.trap("freshdesk", 15)
def test_the_accounts_own_statuses_are_told(connector: FreshdeskConnector) -> None:
    assert connector.statuses() == {
        "2": "Open", "3": "Pending", "4": "Resolved", "5": "Closed", "6": "Waiting on Customer",
        "7": "Waiting on Third Party",
    }  # fmt: skip


@pytest.mark.trap("freshdesk", 12)
@pytest.mark.parametrize(
    "choices",
    [
        {"2": ["Open", "Being Processed"]},
        {"2": "Open"},
        {"Open": 2},
        [{"id": 2, "value": "Open"}],
        [{"id": 2, "label": "Open", "position": 1}],
        {"2": ["Open"], "x": ["y"], "z": None},
    ],
)
def test_statuses_of_any_shape_are_read(choices: Any) -> None:
    assert _statuses([{"name": "subject"}, {"type": "default_status", "choices": choices}]) == {"2": "Open"}


@pytest.mark.parametrize(
    "rows", [[], [{"type": "default_status", "choices": None}], [{"name": "x", "choices": {"2": "O"}}]]
)
def test_an_answer_without_statuses_is_not_an_empty_list(
    world: FreshdeskWorld, connector: FreshdeskConnector, rows: list[Any]
) -> None:
    world.sandbox.faults.append(Fault("answer", path="ticket_fields", times=2, reply=Reply(200, rows)))
    # The stand-in's log then holds what it would never say itself.
    try:
        with pytest.raises(Transient):
            connector.statuses()
        assert connector.check()
    finally:
        world.sandbox.log.clear()


def test_an_agent_who_sees_a_part_of_the_tickets_is_a_problem(
    world: FreshdeskWorld, connector: FreshdeskConnector
) -> None:
    world.sandbox.ticket_scope = 2
    problems = connector.check()
    assert len(problems) == 1
    assert "a part of the tickets" in str(problems[0])


@pytest.mark.trap("freshdesk", 15)
def test_fields_that_stand_in_the_way_of_resolving_are_named(
    world: FreshdeskWorld, connector: FreshdeskConnector
) -> None:
    world.sandbox.required_for_closure = {"cf_reference_number", "status"}
    problems = connector.check()
    assert len(problems) == 1
    assert "Reference number" in problems[0].what


def test_a_wrong_key_is_told_with_the_way_to_a_right_one(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    world.sandbox.key = "another"
    problems = connector.check()
    assert len(problems) == 1
    assert "Profile settings" in problems[0].cure
    assert "sandbox-key" not in str(problems[0])


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}),
        Reply(404, b"<html>", {"Content-Type": "text/html"}),
        Reply(301, b"", {"Location": "https://www.example.com/"}),
    ],
)
def test_a_portal_in_place_of_the_api_is_told(
    world: FreshdeskWorld, connector: FreshdeskConnector, reply: Reply
) -> None:
    world.sandbox.faults.append(Fault("answer", times=9, reply=reply))
    problems = connector.check()
    assert len(problems) == 1
    assert "ACCOUNT.freshdesk.com" in problems[0].cure


def test_fields_that_may_not_be_seen_are_a_problem(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    no = Reply(403, {"code": "access_denied", "message": "You are not authorized to perform this action."})
    world.sandbox.faults.append(Fault("answer", path="ticket_fields", times=2, reply=no))
    assert "view ticket fields" in connector.check()[0].cure
    with pytest.raises(ConnectorError):
        connector.statuses()


# --- options ---


def test_the_api_path_is_not_part_of_the_url() -> None:
    with pytest.raises(ValidationError, match="leave /api/v2 out"):
        FreshdeskOptions(connector="freshdesk", url="https://acme.freshdesk.com/api/v2", api_key=SecretStr("k"))


def test_a_host_of_any_name_works_and_nothing_shows_the_key() -> None:
    options = FreshdeskOptions(connector="freshdesk", url="https://support.example.org", api_key=SecretStr("canäry"))
    made = FreshdeskConnector("fd", options, ManualClock())
    assert made.urls.mentions("https://support.example.org/a/tickets/3")
    assert "can" not in repr(options)
