"""One ticket is written in one call, only if nobody wrote since it was read, and no more than was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.sandbox.defaults import AGENT, ESCALATED, ISSUE, ROOT_CAUSE
from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.actions import Action, Note, Outcome, Way
from syncd.errors import Busy, ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Item, Ref, Status
from syncd.testing import Fault, Reply, Request
from syncd.testing.contract.support import MARKER

MARK = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
OTHER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VY:0123456789abcdef0123"
NOTE = Note("e1", "**Filed**", MARK)
SOLVED = Status("solved")


@pytest.fixture
def world() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    yield world
    world.close()


@pytest.fixture
def ref(world: ZendeskWorld) -> Ref:
    return world.add()


@pytest.fixture
def connector(world: ZendeskWorld) -> Iterator[ZendeskConnector]:
    connector = world.connect()
    assert isinstance(connector, ZendeskConnector)
    connector.session.total = 2.0
    yield connector
    connector.close()


def act(connector: ZendeskConnector, ref: Ref, status: Status | None = SOLVED, *notes: Note, **over: Any) -> Outcome:
    return next(iter(connector.apply([Action(ref, status, notes=notes, **over)])))


def puts(world: ZendeskWorld) -> list[Request]:
    return [one.request for one in world.sandbox.log if one.request.method in {"PUT", "DELETE"}]


def row(world: ZendeskWorld, ref: Ref) -> dict[str, Any]:
    return world.sandbox.books.tickets[int(ref.id)].row


def values(world: ZendeskWorld, ref: Ref) -> dict[int, Any]:
    return world.sandbox.books.tickets[int(ref.id)].values


def refuse(world: ZendeskWorld, reply: Reply, times: int = 1, method: str = "PUT") -> None:
    world.sandbox.faults.append(Fault("answer", method, "/tickets/", times, reply=reply))


def read(connector: ZendeskConnector, ref: Ref) -> Item:
    found = connector.fetch([ref])[ref]
    assert isinstance(found, Item)
    return found


def test_status_note_and_fields_go_in_one_call(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    read(connector, ref)
    before = len(puts(world))
    outcome = act(connector, ref, SOLVED, NOTE, fields={str(ISSUE): "https://tracker.example.com/7"})
    assert outcome.error is None
    assert outcome.aside is None
    (only,) = puts(world)[before:]
    sent = only.json()["ticket"]
    assert set(sent) == {"status", "comment", "custom_fields", "safe_update", "updated_stamp"}
    assert sent["comment"]["public"] is False
    assert row(world, ref)["status"] == "solved"
    assert values(world, ref)[ISSUE] == "https://tracker.example.com/7"
    assert [said.internal for said in world.remarks(ref)] == [True]
    assert outcome.notes[0].remote_id == str(world.sandbox.books.tickets[int(ref.id)].comments[-1]["id"])
    assert outcome.version == row(world, ref)["updated_at"]


@pytest.mark.trap("zendesk", 6)
def test_whether_a_note_is_public_is_always_said_and_an_internal_one_mails_nobody(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    before = len(world.people.mails(int(ref.id)))
    act(connector, ref, None, NOTE)
    assert len(world.people.mails(int(ref.id))) == before
    act(connector, ref, None, Note("e2", "for you", OTHER, internal=False))
    assert len(world.people.mails(int(ref.id))) == before + 1
    assert [request.json()["ticket"]["comment"]["public"] for request in puts(world)] == [False, True]


def test_several_notes_are_several_calls_and_the_status_goes_with_the_last(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    read(connector, ref)
    outcome = act(connector, ref, SOLVED, NOTE, Note("e2", "second", OTHER))
    assert outcome.error is None
    assert [one.effect for one in outcome.notes] == ["e1", "e2"]
    assert [set(one.json()["ticket"]) >= {"status"} for one in puts(world)] == [False, True]
    assert [said.body for said in world.remarks(ref)][1].count("second") == 1
    assert world.status_writes(ref) == 1


@pytest.mark.trap("zendesk", 11)
def test_what_an_agent_wrote_since_the_read_is_not_written_over(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    read(connector, ref)
    world.people.set_status(int(ref.id), "hold")
    world.advance(1)
    outcome = act(connector, ref, SOLVED, NOTE)
    for error in (outcome.error, outcome.notes[0].error):
        assert isinstance(error, Transient)
        assert not error.doubt
    assert row(world, ref)["status"] == "hold"
    assert world.remarks(ref) == []
    read(connector, ref)
    assert act(connector, ref, SOLVED, NOTE).error is None
    assert len(world.remarks(ref)) == 1


@pytest.mark.trap("zendesk", 11)
def test_a_conflict_can_come_without_a_guard_and_false_is_never_sent(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    refuse(world, Reply(409, {"error": "UpdateConflict", "description": "x"}))
    outcome = act(connector, ref)
    assert isinstance(outcome.error, Transient)
    assert not outcome.error.doubt
    (only,) = puts(world)
    assert not {"safe_update", "updated_stamp"} & set(only.json()["ticket"])
    assert row(world, ref)["status"] == "open"


@pytest.mark.trap("zendesk", 10)
def test_what_solving_lacks_is_named_and_the_note_is_left_all_the_same(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    world.people.require(ROOT_CAUSE)
    world.people.assign(int(ref.id), None)
    read(connector, ref)
    outcome = act(connector, ref, SOLVED, NOTE)
    assert isinstance(outcome.error, Refused)
    assert "Assignee" in outcome.error.what
    assert "Root cause" in outcome.error.what
    assert "required" not in outcome.error.what
    assert f"Zendesk doesn't let ticket {ref.id} be solved while " in outcome.error.what
    assert outcome.error.what.endswith("are empty: have an agent fill them in")
    assert "422" not in outcome.error.what
    assert row(world, ref)["status"] == "open"
    assert outcome.notes[0].error is None
    assert len(world.remarks(ref)) == 1


def test_what_a_mapping_sets_goes_with_the_status(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    world.people.require(ROOT_CAUSE)
    world.people.assign(int(ref.id), None)
    read(connector, ref)
    way = Way(fields={str(ROOT_CAUSE): "cause_defect", "assignee_id": AGENT})
    outcome = act(connector, ref, SOLVED, way=way)
    assert (outcome.error, outcome.aside) == (None, None)
    assert row(world, ref)["assignee_id"] == AGENT
    assert values(world, ref)[ROOT_CAUSE] == "cause_defect"


@pytest.mark.parametrize("key", ["tags", "status", "comment", "safe_update", "id", "two words"])
def test_what_is_not_for_a_mapping_to_set_is_not_sent_and_told_beside_the_status(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, key: str
) -> None:
    outcome = act(connector, ref, SOLVED, way=Way(fields={key: "x"}))
    assert (outcome.error, outcome.status) == (None, SOLVED)
    assert isinstance(outcome.aside, Refused)
    assert key in outcome.aside.what
    assert [set(one.json()["ticket"]) for one in puts(world)] == [{"status"}]


@pytest.mark.trap("zendesk", 10)
def test_a_closed_ticket_takes_nothing_and_says_so(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    world.people.set_status(int(ref.id), "closed")
    for _ in range(2):
        outcome = act(connector, ref, SOLVED, NOTE, tags=("x",))
        assert isinstance(outcome.error, Refused)
        assert "closed" in outcome.error.what
        read(connector, ref)
    assert len(puts(world)) == 1 + 1  # status with note, then the tag; once it was read, none
    assert row(world, ref)["status"] == "closed"


def test_closed_is_never_set(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    for status in ("closed", "closed/17", "pending/x", "", "two words", "pending/", "-1"):
        assert isinstance(act(connector, ref, Status(status)).error, Refused)
    assert puts(world) == []


def test_a_custom_status_is_written_alone_and_told_with_its_category(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    number = world.people.add_custom_status("pending", "Waiting for engineering")
    wanted = Status(f"pending/{number}")
    outcome = act(connector, ref, wanted)
    assert outcome.status == world.status(ref) == read(connector, ref).status == wanted
    assert set(puts(world)[0].json()["ticket"]) == {"custom_status_id"}
    assert connector.statuses()[str(wanted)] == "Waiting for engineering"
    assert act(connector, ref, Status("open")).status == Status("open")


def test_the_first_status_that_the_account_has_is_written(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    gone = world.people.add_custom_status("pending", "Old")
    world.people.retire_custom_status(gone)
    outcome = act(connector, ref, Status(f"pending/{gone}"), way=Way(instead=(Status("pending/77"), Status("pending"))))
    assert outcome.error is None
    assert outcome.status == Status("pending")
    assert len(puts(world)) == 1


def test_another_status_is_tried_where_a_ticket_refuses_the_first(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    connector.statuses()  # it still had that status when we last looked
    world.people.switch_hold(on=False)
    outcome = act(connector, ref, Status("hold"), NOTE, way=Way(instead=(Status("pending"),)))
    assert outcome.error is None
    assert outcome.status == Status("pending")
    assert len(world.remarks(ref)) == 1


@pytest.mark.trap("zendesk", 7)
def test_tags_are_added_and_taken_away_and_other_peoples_stay(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    for tag in ("theirs", "old"):
        world.people.add_tag(int(ref.id), tag)
    read(connector, ref)
    world.people.add_tag(int(ref.id), "just_now")  # in the second of the read
    outcome = act(connector, ref, SOLVED, tags=("filed",), untags=("old", "never_there"))
    assert (outcome.error, outcome.aside) == (None, None)
    assert set(row(world, ref)["tags"]) == {"theirs", "just_now", "filed"}
    assert not any("tags" in one.json().get("ticket", {}) for one in puts(world))


@pytest.mark.trap("zendesk", 7)
def test_tags_go_with_the_status_where_every_later_change_would_show(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    for tag in ("theirs", "old"):
        world.people.add_tag(int(ref.id), tag)
    world.advance(10)
    read(connector, ref)
    begun = len(puts(world))
    outcome = act(
        connector, ref, SOLVED, NOTE, tags=("filed", "theirs"), untags=("old", "never_there"), fields={str(ISSUE): "x"}
    )
    assert (outcome.error, outcome.aside) == (None, None)
    assert row(world, ref)["tags"] == ["theirs", "filed"]
    assert (row(world, ref)["status"], values(world, ref)[ISSUE], len(world.remarks(ref))) == ("solved", "x", 1)
    assert len(puts(world)) == begun + 1


def test_a_tag_that_an_agent_sets_after_the_read_is_not_lost(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    world.advance(10)
    read(connector, ref)
    world.people.add_tag(int(ref.id), "just_now")
    assert isinstance(act(connector, ref, SOLVED, NOTE, tags=("filed",)).error, Busy)
    assert row(world, ref)["tags"] == ["just_now"]
    world.advance(10)
    read(connector, ref)
    assert act(connector, ref, SOLVED, NOTE, tags=("filed",)).error is None
    assert row(world, ref)["tags"] == ["just_now", "filed"]


def test_tags_go_apart_from_a_field_that_sets_tags_itself(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    world.advance(10)
    read(connector, ref)
    outcome = act(connector, ref, SOLVED, tags=("filed",), fields={str(ROOT_CAUSE): "cause_defect"})
    assert (outcome.error, outcome.aside) == (None, None)
    assert set(row(world, ref)["tags"]) == {"filed", "cause_defect"}


@pytest.mark.parametrize("status", [200, 204])
def test_either_answer_to_taking_tags_away_is_taken(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, status: int
) -> None:
    world.people.add_tag(int(ref.id), "old")
    world.sandbox.delete_tags_status = status
    assert act(connector, ref, None, untags=("old",)).error is None
    assert row(world, ref)["tags"] == []


def test_tags_that_could_not_be_written_are_told_beside_the_status(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    world.sandbox.faults.append(Fault("answer", "PUT", "/tags", reply=Reply(422, {"error": "RecordInvalid"})))
    outcome = act(connector, ref, SOLVED, tags=("filed",))
    assert outcome.error is None
    assert isinstance(outcome.aside, Refused)
    assert row(world, ref)["status"] == "solved"


def test_a_tag_with_a_space_would_be_two_and_is_refused(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    assert isinstance(act(connector, ref, SOLVED, tags=("two words",)).error, Refused)
    assert puts(world) == []


@pytest.mark.trap("zendesk", 13)
def test_what_is_passed_over_in_silence_is_told_beside_what_was_written(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref
) -> None:
    outcome = act(connector, ref, SOLVED, fields={"17": "x"})
    assert outcome.status == SOLVED
    assert isinstance(outcome.aside, Refused)
    assert "17" in outcome.aside.what
    outcome = act(connector, ref, None, fields={"17": "x"})
    assert isinstance(outcome.error, Refused)
    warning = '{:allowed_parameters=>{:controller=>{:keys=>["x"], :unpermitted_keys=>["ticket.type"]}}}'
    connector.session.hooks["response"].append(lambda got, **_: got.headers.update({"X-Zendesk-API-Warn": warning}))
    outcome = act(connector, ref, Status("open"), way=Way(fields={"type": "task"}))
    assert outcome.status == Status("open")
    assert isinstance(outcome.aside, Refused)
    assert "ticket.type" in outcome.aside.what


def test_no_write_of_ours_is_warned_of(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    told: list[str] = []
    connector.session.hooks["response"].append(
        lambda answer, **_: told.extend(name for name in answer.headers if "warn" in name.lower())
    )
    act(connector, ref, SOLVED, NOTE, fields={str(ISSUE): "x", str(ESCALATED): 1}, tags=("x",))
    assert told == []


@pytest.mark.trap("zendesk", 13)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(302, b"", {"Location": "/api/v2/tickets/1.json"}),
        Reply(200, b"<html>login</html>", {"Content-Type": "text/html"}),
        Reply(200, {"ticket": {}}),
        Reply(200, b"[]"),
        Reply(200, b""),
    ],
)
def test_a_write_that_was_answered_with_something_else_is_not_taken_for_done(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, reply: Reply
) -> None:
    refuse(world, reply)
    outcome = act(connector, ref, SOLVED, NOTE)
    assert outcome.status is None
    error, noted = outcome.error, outcome.notes[0].error
    assert isinstance(error, Transient)
    assert isinstance(noted, Transient)
    assert error.doubt == noted.doubt == (reply.status == 200)
    assert len(puts(world)) == 1


@pytest.mark.trap("zendesk", 2)
@pytest.mark.parametrize("kind", ["cut", "lost_answer", "hang"])
def test_a_write_without_an_answer_is_sent_once(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, kind: str
) -> None:
    connector.session.total = 0.5
    world.sandbox.faults.append(Fault(kind, "PUT", seconds=2.0))
    outcome = act(connector, ref, SOLVED, NOTE)
    assert isinstance(outcome.error, Transient)
    assert outcome.error.doubt
    assert connector.calls["PUT"] == 1
    assert len(world.remarks(ref)) == (kind == "lost_answer")


@pytest.mark.trap("zendesk", 2)
@pytest.mark.parametrize("status", [413, 500, 502, 503, 504])
def test_a_write_that_met_an_outage_is_sent_once(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, status: int
) -> None:
    refuse(world, Reply(status, b"<html>", {"Retry-After": "3"}), times=9)
    outcome = act(connector, ref, SOLVED, NOTE)
    assert isinstance(outcome.error, ConnectorError)
    assert outcome.error.doubt == (status >= 500)
    assert len(puts(world)) == 1


def test_a_ticket_that_is_gone_is_told_as_such(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    world.people.delete(int(ref.id))
    outcome = act(connector, ref, SOLVED, NOTE)
    assert isinstance(outcome.error, Gone)
    assert isinstance(outcome.notes[0].error, Gone)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(429, b"Too many", {"Retry-After": "7"}), RateLimited),
        (Reply(401, {"error": "Couldn't authenticate you"}), Unauthorized),
    ],
)
def test_nothing_more_is_sent_once_the_whole_account_is_concerned(
    world: ZendeskWorld, connector: ZendeskConnector, ref: Ref, reply: Reply, kind: type[ConnectorError]
) -> None:
    second = world.add()
    refuse(world, reply, times=2)
    actions = [Action(one, SOLVED, notes=(NOTE,)) for one in (ref, second)]
    first, last = connector.apply(actions)
    assert isinstance(first.error, kind)
    assert isinstance(last.error, kind)
    assert last.notes == ()
    assert row(world, second)["status"] == "open"


def test_no_error_carries_a_text_or_a_secret(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    bodies: list[Any] = [
        {"error": "canary words", "description": "canary"},
        {"error": {"title": "canary words", "message": "canary"}},
        {"errors": [{"code": "canary words", "detail": "canary"}]},
        {"error": "RecordInvalid", "details": {"base": [{"description": "canary"}], "canary words": ["canary"]}},
        [],
        "canary",
        None,
    ]
    for body in bodies:
        refuse(world, Reply(422, json.dumps(body).encode()), times=3)
        outcome = act(connector, ref, SOLVED, NOTE)
        world.sandbox.faults.clear()
        assert isinstance(outcome.error, Refused)
        shown = str([repr(one) for one in (outcome.error, outcome.error.__cause__, outcome.notes)])
        assert "canary" not in shown
        assert "sandbox-" not in shown


def test_a_long_note_is_cut_and_keeps_its_marker(world: ZendeskWorld, connector: ZendeskConnector, ref: Ref) -> None:
    outcome = act(connector, ref, None, Note("e1", "é & <" * 20_000, MARK))
    assert outcome.error is None
    (only,) = world.remarks(ref)
    assert MARK in only.body
    assert len(only.body.encode()) < 65_535
    assert connector.find(MARK, ref, world.clock.now())


def test_a_ref_that_is_no_ticket_number_costs_no_call(world: ZendeskWorld, connector: ZendeskConnector) -> None:
    odd = Ref("zendesk", "../users/me", "x")
    before = world.calls()
    assert isinstance(connector.fetch([odd])[odd], Refused)
    assert isinstance(act(connector, odd).error, Refused)
    assert world.calls() == before


# --- copies ---


def test_an_account_without_copies_is_told(world: ZendeskWorld, connector: ZendeskConnector) -> None:
    world.sandbox.updates.ccs = False
    ref = world.add()
    note = Note("e1", "May we proceed?", MARKER, internal=False, copies=("lead@example.org",))
    (told,) = next(iter(connector.apply([Action(ref, notes=(note,))]))).notes
    assert (told.error, isinstance(told.aside, Refused)) == (None, True)
    assert "lead" not in str(told.aside)
    assert [one.internal for one in world.remarks(ref)] == [False]
    assert world.copied(ref) == []


def test_many_replies_with_copies_each_have_their_own(world: ZendeskWorld, connector: ZendeskConnector) -> None:
    refs = [world.add() for _ in range(6)]
    leads = [f"lead{number}@example.org" for number in range(6)]
    notes = [Note(f"e{at}", "May we proceed?", MARKER, internal=False, copies=(lead,)) for at, lead in enumerate(leads)]
    outcomes = list(connector.apply([Action(ref, notes=(note,)) for ref, note in zip(refs, notes, strict=True)]))
    assert [(one.notes[0].error, one.notes[0].aside) for one in outcomes] == [(None, None)] * 6
    assert [world.copied(ref) for ref in refs] == [[lead] for lead in leads]


def test_what_was_said_is_never_changed(world: ZendeskWorld, connector: ZendeskConnector) -> None:
    ref = world.add()
    remote = next(iter(connector.apply([Action(ref, notes=(Note("e1", "first", MARKER),))]))).notes[0].remote_id
    outcome = next(iter(connector.apply([Action(ref, notes=(Note("e2", "second", MARKER, replaces=remote),))])))
    assert isinstance(outcome.error, Refused)
    assert ["first" in one.body for one in world.remarks(ref)] == [True]
