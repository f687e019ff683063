"""What an independent stand-in of Zendesk showed: each of these once went wrong against one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.options import ZendeskOptions
from connectors.zendesk.sandbox.defaults import SEVERITY
from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.errors import Refused
from syncd.testing import Case, Fault, Reply, Request


@pytest.fixture
def world() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    yield world
    world.close()


@pytest.fixture
def case(world: ZendeskWorld) -> Case:
    return world.ask("The hub is slow", "It began on Monday.")


@pytest.fixture
def connector(world: ZendeskWorld) -> Iterator[ZendeskConnector]:
    connector = world.connect()
    assert isinstance(connector, ZendeskConnector)
    yield connector
    connector.close()


def nobody_beside(world: ZendeskWorld) -> None:
    """Tickets are shown alone: the API's description of Show Ticket knows of no side-loads."""
    sandbox = world.sandbox
    after = type(sandbox).after

    def answer(request: Request, reply: Reply) -> Reply:
        made = after(sandbox, request, reply)
        shown = isinstance(made.body, dict) and request.method == "GET" and "ticket" in made.body
        return Reply(made.status, {"ticket": made.body["ticket"]} if shown else made.body, made.headers)

    sandbox.after = answer  # type: ignore[method-assign]  # this stand-in only


def test_a_ticket_that_is_shown_alone_tells_as_much(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    whole = connector.detail(case.ref)
    nobody_beside(world)
    alone = connector.detail(case.ref)
    assert (alone.requester, alone.company, alone.group) == (whole.requester, whole.company, whole.group)
    assert alone.requester == case.requester
    assert alone.company is not None
    assert alone.group
    assert alone.representatives == whole.representatives


def test_a_ticket_that_is_shown_alone_has_no_requester_who_was_deleted(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    nobody_beside(world)
    world.sandbox.books.tickets[int(case.ref.id)].row["requester_id"] = 4711
    assert connector.detail(case.ref).requester is None


def test_people_who_may_not_be_seen_are_told_with_the_cure(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    nobody_beside(world)
    world.sandbox.faults.append(Fault("answer", "GET", r"/users/\d+$", 1, reply=Reply(403, {"error": "Forbidden"})))
    with pytest.raises(Refused, match="customers' profiles"):
        connector.detail(case.ref)


def test_memberships_that_cannot_be_listed_leave_the_organization_of_the_person(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    asked = int(str(world.sandbox.books.tickets[int(case.ref.id)].row["requester_id"]))
    world.sandbox.books.users[asked]["ticket_restriction"] = "organization"
    missing = Reply(404, {"error": "InvalidEndpoint", "description": "Not found"})
    world.sandbox.faults.append(Fault("answer", "GET", "/organization_memberships", 9, reply=missing))
    told = connector.detail(case.ref).requester
    assert told is not None
    assert [one.name for one in told.companies] == [case.requester.companies[0].name]
    assert told.leads


def test_tags_of_a_field_that_is_not_said_to_be_in_the_portal_are_the_teams(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    world.people.set_field(int(case.ref.id), SEVERITY, "severity_1")
    assert "severity_1" not in connector.detail(case.ref).item.tags
    del world.sandbox.books.fields[SEVERITY]["editable_in_portal"]
    world.advance(3601)
    assert "severity_1" in connector.detail(case.ref).item.tags


def test_a_field_that_is_only_looked_at_may_be_named_by_its_title(
    world: ZendeskWorld, connector: ZendeskConnector
) -> None:
    title = str(world.sandbox.books.fields[SEVERITY]["title"])
    assert connector.lacks([title, str(SEVERITY), "nowhere"], read=True) == ["nowhere"]
    assert connector.lacks([title, str(SEVERITY)]) == [title], "it is written by its id alone"


def exports(world: ZendeskWorld) -> int:
    return sum("incremental" in one.request.path for one in world.sandbox.log)


def test_a_walk_does_not_wait_a_minute_behind_the_polls(world: ZendeskWorld, case: Case) -> None:
    assert case.ref.id
    access = world.sandbox.access
    secret = SecretStr(access.client_secret)
    options = ZendeskOptions(
        connector="zendesk", url=world.sandbox.url, client_id=access.client_id, client_secret=secret
    )
    connector = ZendeskConnector("zendesk", options, world.clock)
    try:
        cursor = list(connector.changes("export", None, None))[-1].cursor
        for _ in range(3):  # polls: all but the first go without
            list(connector.changes("export", cursor, None))
        assert exports(world) == 2
        assert list(connector.changes("export", None, None))[-1].last
        assert exports(world) == 3
        list(connector.changes("export", cursor, None))
        assert exports(world) == 3, "polls keep to what is theirs"
    finally:
        connector.close()
