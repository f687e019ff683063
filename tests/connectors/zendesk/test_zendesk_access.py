"""Who we are to Zendesk: an OAuth client whose tokens are replaced in time, or an API token while there are any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.credentials import LIFE
from connectors.zendesk.options import ZendeskOptions
from connectors.zendesk.sandbox.defaults import AGENT, ME, ROOT_CAUSE, SEVERITY
from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.actions import Action
from syncd.errors import Transient, Unauthorized
from syncd.testing import Fault, Reply


@pytest.fixture
def world() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    yield world
    world.close()


def connect(world: ZendeskWorld, **over: Any) -> ZendeskConnector:
    access = world.sandbox.access
    known: dict[str, Any] = {"client_id": access.client_id, "client_secret": SecretStr(access.client_secret)}
    options = ZendeskOptions(connector="zendesk", url=world.sandbox.url, **{**known, **over})
    return ZendeskConnector("zendesk", options, world.clock)


def mints(world: ZendeskWorld) -> int:
    return sum(one.request.path == "/oauth/tokens" for one in world.sandbox.log)


def minting(world: ZendeskWorld, reply: Reply, times: int = 1) -> None:
    world.sandbox.faults.append(Fault("answer", "POST", "^/oauth/tokens", times, reply=reply))


@pytest.mark.trap("zendesk", 1)
def test_a_token_is_asked_for_with_its_life_and_scope_and_replaced_before_it_ends(world: ZendeskWorld) -> None:
    connector = connect(world)
    for _ in range(3):
        connector.statuses()
    assert mints(world) == 1
    asked = next(one.request.json() for one in world.sandbox.log if one.request.path == "/oauth/tokens")
    assert (asked["grant_type"], asked["scope"], asked["expires_in"]) == ("client_credentials", "read write", LIFE)
    world.advance(LIFE * 0.7)
    connector.statuses()
    assert mints(world) == 1
    world.advance(LIFE * 0.15)
    connector.statuses()
    assert mints(world) == 2
    assert not any(one.status == 401 for one in world.sandbox.log)


@pytest.mark.trap("zendesk", 1)
def test_a_token_that_ended_early_is_replaced_once_and_the_write_is_done_once(world: ZendeskWorld) -> None:
    connector, ref = connect(world), world.add()
    connector.fetch([ref])
    world.sandbox.access.tokens.clear()
    assert connector.find("x", ref, world.clock.now()) is None
    assert (mints(world), sum(one.status == 401 for one in world.sandbox.log)) == (2, 1)


def test_a_client_that_lost_its_access_is_told_as_such_after_one_more_try(world: ZendeskWorld) -> None:
    connector = connect(world)
    connector.statuses()
    world.sandbox.access.tokens.clear()
    world.sandbox.access.client_works = False
    before = world.calls()
    with pytest.raises(Unauthorized) as caught:
        connector.statuses()
    assert world.calls() - before == 2
    assert "sandbox-secret" not in str(caught.value)
    assert "confidential OAuth client" in next(iter(connector.check())).cure


@pytest.mark.parametrize("status", [200, 201])
def test_either_success_of_minting_is_taken(world: ZendeskWorld, status: int) -> None:
    world.sandbox.access.mint_status = status
    assert connect(world).statuses()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(502, b"<html>"), Transient),
        (Reply(200, b"<html>login</html>"), Transient),
        (Reply(200, {}), Transient),
        (Reply(200, {"access_token": "two words\n"}), Transient),
        (Reply(302, b"", {"Location": "https://elsewhere.example.com/"}), Transient),
        (Reply(400, {"error": "invalid_grant"}), Unauthorized),
        (Reply(401, {"error": "invalid_client"}), Unauthorized),
        (Reply(403, {"error": "Forbidden"}), Unauthorized),
    ],
)
def test_minting_that_fails_is_told_and_nothing_is_sent_without_a_token(
    world: ZendeskWorld, reply: Reply, kind: type[Exception]
) -> None:
    minting(world, reply)
    connector = connect(world)
    with pytest.raises(kind, match="access token") as caught:
        connector.statuses()
    assert world.calls() == 1
    assert "sandbox-secret" not in repr(caught.value)
    assert connector.statuses()


@pytest.mark.trap("zendesk", 13)
def test_a_scope_that_was_not_granted_is_told(world: ZendeskWorld) -> None:
    connect(world).statuses()
    (token,) = world.sandbox.access.tokens
    minting(world, Reply(201, {"access_token": token, "token_type": "bearer", "scope": "read", "expires_in": 1800}))
    (only,) = connect(world).check()
    assert "it lacks write" in only.what


@pytest.mark.trap("zendesk", 13)
def test_a_scope_that_does_not_reach_the_export_is_told_by_what_is_answered(world: ZendeskWorld) -> None:
    connector = connect(world, scope="tickets:read tickets:write users:read")
    told = [one.what for one in connector.check()]
    assert any("export" in what and "403" in what for what in told)


@pytest.mark.trap("zendesk", 13)
def test_being_nobody_is_no_health(world: ZendeskWorld) -> None:
    connector = connect(world)
    anonymous = {"user": {"id": None, "name": "Anonymous user", "role": "end-user"}}
    world.sandbox.faults.append(Fault("answer", "GET", "/users/me", reply=Reply(200, anonymous)))
    (only,) = connector.check()
    assert "nobody" in only.what


@pytest.mark.trap("zendesk", 1)
def test_an_api_token_works_and_its_end_is_told(world: ZendeskWorld) -> None:
    email = world.sandbox.books.users[ME]["email"]
    token = SecretStr(f"{world.sandbox.access.api_token}\n")
    connector = connect(world, client_id=None, client_secret=None, email=email, api_token=token)
    (only,) = connector.check()
    assert only.warning
    assert "2027-04-30" in only.what
    assert "OAuth client" in only.cure
    assert mints(world) == 0
    world.sandbox.access.api_tokens = False
    (only,) = connector.check()
    assert not only.warning
    assert "api_token" in only.cure


def test_who_is_no_administrator_can_not_read_the_export(world: ZendeskWorld) -> None:
    email = world.sandbox.books.users[AGENT]["email"]
    token = SecretStr(world.sandbox.access.api_token)
    connector = connect(world, client_id=None, client_secret=None, email=email, api_token=token)
    _, only = connector.check()
    assert "no administrator" in only.what


def test_fields_that_solving_needs_are_named(world: ZendeskWorld) -> None:
    world.people.require(ROOT_CAUSE)
    world.people.require(SEVERITY, parent=ROOT_CAUSE, value="cause_defect")
    (only,) = connect(world).check()
    assert only.warning
    assert "Root cause, Severity" in only.what


@pytest.mark.parametrize("path", ["/users/me", "/incremental/", "/custom_statuses", "/ticket_fields", "/ticket_forms"])
def test_a_check_that_could_not_be_made_is_a_problem(world: ZendeskWorld, path: str) -> None:
    world.sandbox.faults.append(Fault("answer", "GET", path, times=9, reply=Reply(502, b"<html>")))
    assert connect(world).check()


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"client_secret": None}, "a credential is missing"),
        ({"client_id": None, "client_secret": None}, "a credential is missing"),
        ({"email": "a@example.com", "api_token": SecretStr("x")}, "two credentials"),
        ({"url": "https://acme.zendesk.com/api/v2"}, "more than the account's address"),
        ({"client_secret": SecretStr("two words")}, "not one word"),
        ({"jira_url": "acme.atlassian.net"}, "no address of a Jira site"),
        ({"exports_per_minute": 11}, "exports_per_minute"),
    ],
)
def test_options_that_can_not_be_used_are_refused(over: dict[str, Any], said: str) -> None:
    known: dict[str, Any] = {"connector": "zendesk", "url": "https://acme.zendesk.com"}
    known |= {"client_id": "syncd", "client_secret": SecretStr("secret")}
    with pytest.raises(ValidationError, match=said):
        ZendeskOptions(**{**known, **over})


@pytest.mark.parametrize("scope", ["read", "tickets:read users:read"])
def test_a_scope_without_writing_is_told_of_where_something_is_to_be_written(world: ZendeskWorld, scope: str) -> None:
    (only,) = connect(world, scope=scope).check_writing()
    assert f"the scope is {scope!r}: writing needs the scope write" in only.what
    assert not only.warning
    assert connect(world).check_writing() == ()
    assert connect(world, scope="read tickets:write").check_writing() == ()


def test_a_scope_that_does_not_cover_reading_is_named_in_the_cure(world: ZendeskWorld) -> None:
    (only,) = connect(world, scope="write").check()
    assert "403" in only.what
    assert "'write' may not cover reading: set scope to" in only.cure


def test_a_field_that_is_not_there_is_told(world: ZendeskWorld) -> None:
    assert connect(world).lacks([str(ROOT_CAUSE), "priority", "4711", "Root cause"]) == ["4711", "Root cause"]


def test_a_write_says_which_field_is_not_there(world: ZendeskWorld) -> None:
    ref = world.add()
    (outcome,) = connect(world).apply([Action(ref, fields={"4711": "x"})])
    assert outcome.error is not None
    assert "there is no field 4711" in str(outcome.error)
