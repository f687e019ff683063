"""Many tickets are written in one job, and each row of it is judged by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.zendesk.batch import FROM, PATIENCE
from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.sandbox.defaults import ISSUE, ROOT_CAUSE
from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.actions import Action, Note, Outcome, Way
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient
from syncd.model import Ref, Status
from syncd.testing import Fault, Reply

SOLVED = Status("solved")
COUNT = FROM + 3


@pytest.fixture
def world() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    yield world
    world.close()


@pytest.fixture
def refs(world: ZendeskWorld) -> list[Ref]:
    numbers = [str(world.people.make_ticket(f"number {i}")) for i in range(COUNT)]
    world.advance(60)
    return [Ref("zendesk", number, number) for number in numbers]


@pytest.fixture
def connector(world: ZendeskWorld, refs: list[Ref]) -> Iterator[ZendeskConnector]:
    connector = world.connect()
    assert isinstance(connector, ZendeskConnector)
    connector.session.total = 2.0
    connector.fetch(refs)
    yield connector
    connector.close()


def note(index: int, *, internal: bool = True) -> Note:
    mark = f"syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6{index:02}:0123456789abcdef0123"
    return Note(f"e{index}", f"number {index}", mark, internal=internal)


def act(connector: ZendeskConnector, refs: list[Ref], **over: Any) -> list[Outcome]:
    actions = [Action(ref, SOLVED, notes=(note(i),), **over) for i, ref in enumerate(refs)]
    outcomes = list(connector.apply(actions))
    assert [one.action for one in outcomes] == actions
    return outcomes


def statuses(world: ZendeskWorld, refs: list[Ref]) -> list[str]:
    return [world.status(ref).native for ref in refs]


def singles(world: ZendeskWorld) -> int:
    return sum(one.request.method == "PUT" and "many" not in one.request.path for one in world.sandbox.log)


def jobs(world: ZendeskWorld) -> int:
    return sum("update_many" in one.request.path for one in world.sandbox.log)


def test_a_hundred_changes_cost_few_calls(world: ZendeskWorld) -> None:
    refs = [Ref("zendesk", str(world.people.make_ticket())) for _ in range(100)]
    world.advance(60)
    world.sandbox.limits.lift()
    connector = world.connect()
    connector.fetch(refs)
    before = world.calls()
    outcomes = act(connector, refs)  # type: ignore[arg-type]  # what a world gives is this one
    assert [one.error for one in outcomes] == [None] * 100
    assert statuses(world, refs) == ["solved"] * 100
    assert [len(world.remarks(ref)) for ref in refs] == [1] * 100
    assert world.calls() - before <= 6
    assert [one.status for one in outcomes] == [SOLVED] * 100
    assert all(one.version for one in outcomes)
    assert connector.find(note(7).marker, refs[7], world.clock.now())


def test_few_actions_go_one_by_one(world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]) -> None:
    act(connector, refs[: FROM - 1])
    assert (jobs(world), singles(world)) == (0, FROM - 1)


@pytest.mark.trap("zendesk", 6)
def test_notes_in_a_job_are_as_internal_as_alone(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]
) -> None:
    before = [len(world.people.mails(int(ref.id))) for ref in refs]
    act(connector, refs)
    assert jobs(world) == 1
    assert [said.internal for ref in refs for said in world.remarks(ref)] == [True] * COUNT
    assert [len(world.people.mails(int(ref.id))) for ref in refs] == before


@pytest.mark.trap("zendesk", 11)
def test_a_completed_job_can_have_failed_for_one_ticket(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]
) -> None:
    world.people.set_status(int(refs[2].id), "hold")
    world.people.delete(int(refs[4].id))
    outcomes = act(connector, refs)
    conflict, gone = outcomes[2], outcomes[4]
    assert isinstance(conflict.error, Transient)
    assert not conflict.error.doubt
    assert isinstance(gone.error, Gone)
    assert world.status(refs[2]) == Status("hold")
    assert world.remarks(refs[2]) == []
    assert all(one.error is None for i, one in enumerate(outcomes) if i not in {2, 4})


@pytest.mark.trap("zendesk", 11)
@pytest.mark.parametrize("keys", [{"index"}, {"id"}, {"index", "id"}, set()])
def test_a_failed_row_is_found_by_its_place_or_its_ticket(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref], keys: set[str]
) -> None:
    world.sandbox.jobs.failed_rows = frozenset(keys)
    world.people.set_status(int(refs[1].id), "hold")
    outcomes = act(connector, refs)
    error = outcomes[1].error
    assert isinstance(error, Transient)
    assert error.doubt == (not keys)
    assert [one.error for i, one in enumerate(outcomes) if i != 1] == [None] * (COUNT - 1)


@pytest.mark.trap("zendesk", 10)
def test_what_one_ticket_lacks_is_named_as_it_is_alone(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]
) -> None:
    world.people.require(ROOT_CAUSE)
    for ref in refs[1:]:
        world.people.set_field(int(ref.id), ROOT_CAUSE, "cause_defect")
    connector.fetch(refs)
    outcomes = act(connector, refs)
    error = outcomes[0].error
    assert isinstance(error, Refused)
    assert "Root cause" in error.what
    assert outcomes[0].notes[0].error is None
    assert len(world.remarks(refs[0])) == 1
    assert [one.error for one in outcomes[1:]] == [None] * (COUNT - 1)


@pytest.mark.parametrize("status", [429, 422, 400, 403, 503])
def test_where_no_job_may_be_begun_each_goes_alone(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref], status: int
) -> None:
    world.sandbox.jobs.busy = 30
    world.sandbox.jobs.too_many_status = status
    outcomes = act(connector, refs)
    if status == 503:
        assert all(isinstance(one.error, Transient) and one.error.doubt for one in outcomes)
        return
    assert [one.error for one in outcomes] == [None] * COUNT
    assert statuses(world, refs) == ["solved"] * COUNT
    assert [len(world.remarks(ref)) for ref in refs] == [1] * COUNT


def test_a_job_that_was_killed_leaves_doubt(world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]) -> None:
    world.sandbox.jobs.killed = True
    outcomes = act(connector, refs)
    assert all(isinstance(one.error, Transient) and one.error.doubt for one in outcomes)
    assert all(isinstance(one.notes[0].error, Transient) for one in outcomes)


def test_a_job_that_takes_too_long_leaves_doubt_and_is_not_sent_again(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]
) -> None:
    world.sandbox.jobs.waits = PATIENCE * 3
    began = world.clock.monotonic()
    outcomes = act(connector, refs)
    assert world.clock.monotonic() - began <= PATIENCE
    assert all(isinstance(one.error, Transient) and one.error.doubt for one in outcomes)
    assert (jobs(world), singles(world)) == (1, 0)


@pytest.mark.parametrize("kind", ["lost_answer", "error"])
def test_a_job_whose_answer_was_lost_leaves_doubt_and_is_sent_once(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref], kind: str
) -> None:
    faults = {"error": Fault("commit_then_answer", "PUT", reply=Reply(502, b"<html>"))}
    world.sandbox.faults.append(faults.get(kind, Fault("lost_answer", "PUT")))
    outcomes = act(connector, refs)
    assert all(isinstance(one.error, Transient) and one.error.doubt for one in outcomes)
    assert (jobs(world), singles(world)) == (1, 0)
    world.advance(10)
    connector.statuses()
    assert statuses(world, refs) == ["solved"] * COUNT


def test_a_limit_stops_everything_and_nothing_was_written(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]
) -> None:
    world.sandbox.faults.append(Fault("answer", "PUT", reply=Reply(429, b"", {"Retry-After": "9"})))
    outcomes = act(connector, refs)
    assert all(isinstance(one.error, RateLimited) and one.error.retry_after == 9 for one in outcomes)
    assert (jobs(world), singles(world)) == (1, 0)


@pytest.mark.parametrize("reply", [Reply(502, b"<html>"), Reply(429, b"", {"Retry-After": "2"}), Reply(200, b"<html>")])
def test_a_look_at_a_job_that_fails_says_nothing_of_the_job(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref], reply: Reply
) -> None:
    world.sandbox.faults.append(Fault("answer", "GET", "/job_statuses/", 2, reply=reply))
    assert [one.error for one in act(connector, refs)] == [None] * COUNT


def test_a_stop_while_a_job_runs_leaves_doubt(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.clock, "sleep", lambda _seconds: True)
    outcomes = act(connector, refs)
    assert all(isinstance(one.error, Transient) and one.error.doubt for one in outcomes)


def test_what_somebody_did_since_is_not_taken_for_our_own_write(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]
) -> None:
    def agent() -> None:
        world.people.set_status(int(refs[0].id), "open")

    world.sandbox.faults.append(Fault("before", "GET", "/tickets/show_many", hook=agent))
    outcomes = act(connector, refs)
    assert outcomes[0].status == SOLVED
    assert outcomes[0].version == ""
    assert outcomes[1].version


def test_a_note_of_somebody_elses_since_is_not_taken_for_our_own_either(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]
) -> None:
    def agent() -> None:
        world.advance(5)
        world.people.agent_note(int(refs[0].id), "see https://tracker.example.com/7")

    world.sandbox.faults.append(Fault("before", "GET", "/tickets/show_many", hook=agent))
    outcomes = act(connector, refs)
    assert (outcomes[0].status, outcomes[0].version) == (SOLVED, "")
    assert outcomes[1].version == world.sandbox.books.tickets[int(refs[1].id)].row["updated_at"]


def test_what_does_not_fit_a_job_goes_alone(world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]) -> None:
    actions = [Action(ref, SOLVED, fields={str(ISSUE): "x"}) for ref in refs]
    actions[0] = Action(refs[0], SOLVED, notes=(note(1), note(2)))
    actions[1] = Action(refs[1], SOLVED, tags=("filed",))
    actions[2] = Action(refs[2], Status("closed"))
    actions.append(Action(Ref("zendesk", "x"), SOLVED))
    outcomes = list(connector.apply(actions))
    assert [one.action for one in outcomes] == actions
    assert isinstance(outcomes[2].error, Refused)
    assert isinstance(outcomes[-1].error, Refused)
    assert [one.error for i, one in enumerate(outcomes[:-1]) if i != 2] == [None] * (COUNT - 1)
    assert len(world.remarks(refs[0])) == 2
    assert world.sandbox.books.tickets[int(refs[1].id)].row["tags"] == ["filed"]
    assert world.sandbox.books.tickets[int(refs[3].id)].values[ISSUE] == "x"
    assert jobs(world) == 1


def test_tags_go_into_the_job(world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]) -> None:
    world.people.add_tag(int(refs[0].id), "theirs")
    world.advance(10)
    connector.fetch(refs)
    outcomes = list(connector.apply([Action(ref, SOLVED, notes=(note(1),), tags=("filed",)) for ref in refs]))
    assert {(one.error, one.aside) for one in outcomes} == {(None, None)}
    assert [world.sandbox.books.tickets[int(ref.id)].row["tags"] for ref in refs] == [
        ["theirs", "filed"],
        *[["filed"]] * (COUNT - 1),
    ]
    assert jobs(world) == 1
    assert not any("/tags" in one.request.path for one in world.sandbox.log)


def test_in_a_job_the_first_status_that_the_account_has_is_written(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]
) -> None:
    way = Way(instead=(Status("pending"),))
    outcomes = list(connector.apply([Action(ref, Status("pending/77"), way=way) for ref in refs]))
    assert [one.status for one in outcomes] == [Status("pending")] * COUNT
    assert statuses(world, refs) == ["pending"] * COUNT


def test_two_actions_for_one_ticket_keep_their_order(
    world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]
) -> None:
    actions = [Action(ref, SOLVED) for ref in refs] + [Action(refs[0], Status("open"))]
    outcomes = list(connector.apply(actions))
    assert [one.error for one in outcomes] == [None] * len(actions)
    assert world.status(refs[0]) == Status("open")


def test_more_than_a_hundred_are_several_jobs(world: ZendeskWorld) -> None:
    refs = [Ref("zendesk", str(world.people.make_ticket())) for _ in range(108)]
    world.advance(60)
    world.sandbox.limits.lift()
    outcomes = list(world.connect().apply([Action(ref, SOLVED) for ref in refs]))
    assert [one.error for one in outcomes] == [None] * 108
    assert jobs(world) == 2


def test_an_error_of_a_job_is_one_of_ours(world: ZendeskWorld, connector: ZendeskConnector, refs: list[Ref]) -> None:
    for reply in (Reply(200, {}), Reply(200, {"job_status": {"id": "../x"}}), Reply(200, {"job_status": {}})):
        world.sandbox.faults.append(Fault("answer", "PUT", reply=reply))
        outcomes = act(connector, refs)
        assert all(isinstance(one.error, ConnectorError) and one.error.doubt for one in outcomes)
