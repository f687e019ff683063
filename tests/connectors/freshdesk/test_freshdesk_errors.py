"""Every way in which a call can go wrong becomes the right error of ours, and never an empty answer."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from connectors.freshdesk.connector import FreshdeskConnector
from connectors.freshdesk.sandbox.world import FreshdeskWorld
from syncd.actions import Action, Note, Outcome
from syncd.errors import Busy, ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Item, Ref, Removed, Status
from syncd.testing import Fault, Reply

HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json; charset=utf-8"}
LOGIN = Reply(302, b"", {"Location": "https://acme.example.com/login"})
NOTE = Note("e1", "filed", "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123")
REF = Ref("freshdesk", "1", "1")


def said_no(status: int, code: str) -> Reply:
    return Reply(status, {"code": code, "message": "canary-in-a-message"})


def invalid(field: str, code: str, status: int = 400) -> Reply:
    wrong = {"field": field, "message": "canary-in-a-message", "code": code}
    return Reply(status, {"description": "Validation failed", "errors": [wrong]})


@pytest.fixture
def world() -> Iterator[FreshdeskWorld]:
    world = FreshdeskWorld()
    world.add("the body")
    yield world
    world.close()


@pytest.fixture
def connector(world: FreshdeskWorld) -> Iterator[FreshdeskConnector]:
    connector = world.connect()
    connector.session.total = 2.0
    yield connector
    connector.close()


def fault(world: FreshdeskWorld, reply: Reply, times: int = 1, method: str = "", path: str = "") -> None:
    world.sandbox.faults.append(Fault("answer", method, path, times=times, reply=reply))


READS = [
    (Reply(500, b"<html>oops</html>", HTML), Transient),
    (Reply(500, {"code": "x", "message": "y"}), Transient),
    (Reply(500, b"null", JSON), Transient),
    (Reply(503, b"", {}), Transient),
    (Reply(408, b"", {}), Transient),
    (LOGIN, Transient),
    (Reply(200, b"<html>login</html>", HTML), Transient),
    (Reply(200, b"", JSON), Transient),
    (Reply(200, b"", {}), Transient),
    (Reply(200, b"null", JSON), Transient),
    (Reply(200, b"17", JSON), Transient),
    (Reply(200, b'"text"', JSON), Transient),
    (Reply(200, b"{}", JSON), Transient),
    (Reply(200, b'["errors"]', JSON), Transient),
    (Reply(200, b'"message"', JSON), Transient),
    (Reply(200, b'{"errors": null, "message": 3}', JSON), Transient),
    (Reply(400, b'{"errors": "x"}', JSON), Refused),
    (Reply(400, b'{"errors": [3, {"field": 4, "code": null}]}', JSON), Refused),
    (Reply(400, b'["errors"]', JSON), Refused),
    (Reply(200, b"[1, 2]", JSON), Transient),
    (Reply(200, b"[{}]", JSON), Transient),
    (Reply(200, b"[{", JSON), Transient),
    (Reply(200, b"[" * 100_000, JSON), Transient),
    (Reply(200, b"[" + b"9" * 10_000 + b"]", JSON), Transient),
    (Reply(200, b"\xff\xfe\x00", JSON), Transient),
    (Reply(204, b"", {}), Transient),
    (Reply(404, b"", {}), Transient),
    (Reply(401, b"", {}), Unauthorized),
    (said_no(401, "invalid_credentials"), Unauthorized),
    (Reply(401, b"<html>", HTML), Unauthorized),
    (said_no(403, "access_denied"), Unauthorized),
    (said_no(403, "account_suspended"), Unauthorized),
    (Reply(403, b"<html>blocked by the edge</html>", HTML), Transient),
    (invalid("page", "invalid_value"), Refused),
    (said_no(415, "invalid_content_type"), Refused),
    (Reply(406, b"", {}), Refused),
    (Reply(429, b"", {}), RateLimited),
    (Reply(429, b"<html>", HTML), RateLimited),
]


@pytest.mark.trap("freshdesk", 2, 4)
@pytest.mark.parametrize(("reply", "kind"), READS)
def test_a_list_that_can_not_be_read_raises(
    world: FreshdeskWorld, connector: FreshdeskConnector, reply: Reply, kind: type[ConnectorError]
) -> None:
    fault(world, reply)
    with pytest.raises(ConnectorError) as caught:
        list(connector.changes("tickets", None, None))
    assert type(caught.value) is kind
    assert not caught.value.doubt
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("kind", ["cut", "hang", "truncate"])
def test_a_list_that_does_not_arrive_is_an_outage(
    world: FreshdeskWorld, connector: FreshdeskConnector, kind: str
) -> None:
    world.sandbox.faults.append(Fault(kind, seconds=3.0))
    connector.session.total = 0.5
    with pytest.raises(Transient):
        list(connector.changes("tickets", None, None))


def test_a_service_that_is_not_there_is_an_outage_without_doubt(world: FreshdeskWorld) -> None:
    connector = world.connect()
    world.sandbox.stop()
    with pytest.raises(Transient):
        list(connector.changes("tickets", None, None))
    with pytest.raises(Transient):
        connector.fetch([REF])
    outcome = act(connector)
    assert isinstance(outcome.notes[0].error, Transient)
    assert not outcome.notes[0].error.doubt
    assert outcome.error is outcome.notes[0].error
    world.sandbox.start = lambda: world.sandbox  # type: ignore[method-assign]  # it is gone for good
    world.sandbox.stop = lambda: None  # type: ignore[method-assign]  # stopped above


@pytest.mark.trap("freshdesk", 3)
@pytest.mark.parametrize(("text", "wait"), [("34", 34.0), ("9.5", 9.5), ("soon", 60.0), (None, 60.0)])
def test_a_limit_says_how_long(
    world: FreshdeskWorld, connector: FreshdeskConnector, text: str | None, wait: float
) -> None:
    fault(world, Reply(429, b"", {"Retry-After": text} if text else {}))
    with pytest.raises(RateLimited) as caught:
        list(connector.changes("tickets", None, None))
    assert caught.value.retry_after == wait


@pytest.mark.trap("freshdesk", 7)
def test_what_is_left_of_a_limit_is_read_though_it_is_a_float(connector: FreshdeskConnector) -> None:
    connector.statuses()
    assert (connector.api.budget.total, connector.api.budget.remaining) == (5000.0, 4999.0)


# --- single tickets ---


def test_one_ticket_that_can_not_be_shown_is_no_outage(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    second = world.add()
    fault(world, Reply(500, b"<html>", HTML), times=9, path="/tickets/1$")
    found = connector.fetch([REF, second])
    assert isinstance(found[REF], Busy), "it tells nothing of the connector"
    assert isinstance(found[second], Item)


def test_a_moments_failure_costs_nobody_a_wait(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    fault(world, Reply(500, b"<html>", HTML), path="/tickets/1$")
    assert isinstance(connector.fetch([REF])[REF], Item)


def test_an_outage_while_fetching_is_raised(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    fault(world, Reply(502, b"<html>", HTML), times=9)
    with pytest.raises(Transient):
        connector.fetch([REF])


@pytest.mark.trap("freshdesk", 4)
@pytest.mark.parametrize("reply", [said_no(403, "access_denied"), invalid("id", "invalid_value"), Reply(403, b"", {})])
def test_a_refusal_of_one_ticket_is_its_own(world: FreshdeskWorld, connector: FreshdeskConnector, reply: Reply) -> None:
    second = world.add()
    fault(world, reply, path="/tickets/1$")
    found = connector.fetch([REF, second])
    assert isinstance(found[REF], Refused)
    assert isinstance(found[second], Item)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(401, b"", {}), Unauthorized),
        (Reply(429, b"", {}), RateLimited),
        (said_no(403, "account_suspended"), Unauthorized),
    ],
)
def test_what_concerns_the_account_is_raised(
    world: FreshdeskWorld, connector: FreshdeskConnector, reply: Reply, kind: type[ConnectorError]
) -> None:
    fault(world, reply, path="/tickets/1$")
    with pytest.raises(kind):
        connector.fetch([REF])


@pytest.mark.parametrize(
    "body",
    [{}, {"id": 2}, {"id": 1}, {"id": 1, "updated_at": "yesterday"}, {"id": "1", "updated_at": "2026-01-01"}, []],
)
def test_an_answer_that_is_no_ticket_is_no_removal(
    world: FreshdeskWorld, connector: FreshdeskConnector, body: object
) -> None:
    fault(world, Reply(200, body), times=2, path="/tickets/1$")
    assert isinstance(connector.fetch([REF])[REF], Transient)


def test_a_ticket_that_is_missed_once_is_still_there(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    fault(world, Reply(404, b"", {}), times=1, path="/tickets/1$")
    assert isinstance(connector.fetch([REF])[REF], Item)


def test_a_page_that_says_not_found_needs_the_api_behind_it(
    world: FreshdeskWorld, connector: FreshdeskConnector
) -> None:
    page = Reply(404, b"<html>not found</html>", HTML)
    fault(world, page, times=3, path="/tickets/")
    assert isinstance(connector.fetch([REF])[REF], Removed)
    fault(world, page, times=99)
    with pytest.raises(Transient):
        connector.fetch([REF])


# --- writes ---


def act(connector: FreshdeskConnector, *, status: str = "4", ref: Ref = REF) -> Outcome:
    return next(iter(connector.apply([Action(ref, Status(status), None, (NOTE,))])))


@pytest.mark.trap("freshdesk", 14)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b"<html>", HTML),
        Reply(502, b"", {}),
        Reply(200, b"<html>login</html>", HTML),
        Reply(201, b"", JSON),
        Reply(201, b"null", JSON),
        Reply(201, b"[]", JSON),
        Reply(201, {"odd": 1}),
    ],
)
def test_a_note_that_may_be_there_is_in_doubt_and_the_status_is_still_written(
    world: FreshdeskWorld, connector: FreshdeskConnector, reply: Reply
) -> None:
    world.sandbox.faults.append(Fault("commit_then_answer", "POST", reply=reply))
    outcome = act(connector)
    error = outcome.notes[0].error
    assert isinstance(error, Transient)
    assert error.doubt
    assert outcome.error is None
    assert outcome.status == world.status(REF) == Status("4")
    assert len(world.remarks(REF)) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (invalid("body", "missing_field"), Refused),
        (said_no(403, "access_denied"), Refused),
        (invalid("body", "duplicate_value", 409), Refused),
        (Reply(404, b"", {}), Gone),
        (LOGIN, Transient),
    ],
)
def test_a_note_that_is_surely_not_there_is_not_in_doubt(
    world: FreshdeskWorld, connector: FreshdeskConnector, reply: Reply, kind: type[ConnectorError]
) -> None:
    fault(world, reply, method="POST")
    outcome = act(connector)
    error = outcome.notes[0].error
    assert type(error) is kind
    assert not error.doubt
    assert outcome.status == Status("4")


@pytest.mark.parametrize(
    ("reply", "kind"), [(Reply(401, b"", {}), Unauthorized), (Reply(429, b"", {"Retry-After": "9"}), RateLimited)]
)
def test_after_a_failure_of_the_whole_account_nothing_more_is_sent(
    world: FreshdeskWorld, connector: FreshdeskConnector, reply: Reply, kind: type[ConnectorError]
) -> None:
    second = world.add()
    fault(world, reply, method="POST")
    before = world.calls()
    actions = [Action(ref, Status("4"), None, (NOTE,)) for ref in (REF, second)]
    first, last = connector.apply(actions)
    assert isinstance(first.error, kind)
    assert isinstance(first.notes[0].error, kind)
    assert isinstance(last.error, kind)
    assert last.notes == ()
    assert world.calls() == before + 1
    assert world.status(REF) == world.status(second) == Status("2")


def test_a_refused_status_names_the_field_and_no_value(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    world.sandbox.required_for_closure = {"cf_reference_number"}
    outcome = act(connector)
    assert isinstance(outcome.error, Refused)
    assert "cf_reference_number: missing_field" in str(outcome.error)
    assert "blank" not in str(outcome.error)
    assert outcome.notes[0].error is None
    assert world.status(REF) == Status("2")


@pytest.mark.parametrize("status", ["99", "open", "", "-2", "٣"])
def test_a_status_that_the_account_does_not_have_is_refused(
    world: FreshdeskWorld, connector: FreshdeskConnector, status: str
) -> None:
    assert isinstance(act(connector, status=status).error, Refused)
    assert world.status_writes(REF) == 0


@pytest.mark.trap("freshdesk", 10)
@pytest.mark.parametrize("how", ["delete", "spam", "purge"])
def test_a_ticket_that_is_gone_is_told_as_such_when_written(
    world: FreshdeskWorld, connector: FreshdeskConnector, how: str
) -> None:
    getattr(world.people, how)(1)
    outcome = act(connector)
    assert isinstance(outcome.error, Gone)
    assert isinstance(outcome.notes[0].error, Gone)


def test_an_answer_without_status_leaves_doubt(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    world.sandbox.faults.append(Fault("commit_then_answer", "PUT", reply=Reply(200, {"id": 1})))
    error = act(connector).error
    assert isinstance(error, Transient)
    assert error.doubt


def test_a_ref_that_is_no_ticket_number_costs_no_call(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    ref = Ref("freshdesk", "../agents/me", "x")
    before = world.calls()
    assert isinstance(connector.fetch([ref])[ref], Refused)
    assert isinstance(act(connector, ref=ref).error, Refused)
    assert world.calls() == before


def test_no_error_carries_the_key_or_a_text(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    answers = [invalid("body", "x y canary"), said_no(400, "canary value"), Reply(500, b"canary", {})]
    for reply in answers:
        fault(world, reply, method="POST")
        error = act(connector).notes[0].error
        assert isinstance(error, ConnectorError)
        shown = json.dumps([str(error), repr(error), str(error.__cause__)])
        assert "canary" not in shown
        assert world.sandbox.key not in shown
