"""What a ticket says, with who asks and for which organization; asserted against the stand-in's books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from zendesk_exchanges import violations

from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.sandbox import rules
from connectors.zendesk.sandbox.defaults import AGENT, CUSTOMER, ESCALATED, PRODUCTS, STRANGER
from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.details import Person
from syncd.errors import Gone, Refused
from syncd.testing import Case, Fault


@pytest.fixture
def world() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    yield world
    world.close()
    assert violations(world.sandbox.log) == []


@pytest.fixture
def case(world: ZendeskWorld) -> Case:
    return world.ask("The hub is slow", "It began on Monday.")


@pytest.fixture
def connector(world: ZendeskWorld) -> Iterator[ZendeskConnector]:
    connector = world.connect()
    assert isinstance(connector, ZendeskConnector)
    yield connector
    connector.close()


def row(world: ZendeskWorld, case: Case) -> dict[str, object]:
    return world.sandbox.books.tickets[int(case.ref.id)].row


def test_a_second_ticket_of_a_customer_costs_two_calls(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    connector.detail(case.ref)
    before = world.calls()
    connector.detail(case.ref)
    assert world.calls() - before == 2


def test_who_leads_another_organization_does_not_lead_the_one_that_the_ticket_is_for(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    books = world.sandbox.books
    college = next(key for key, one in books.organizations.items() if one["name"] == "Example College")
    row(world, case)["organization_id"] = college
    told = connector.detail(case.ref)
    assert told.company is not None
    assert told.company.name == "Example College"
    assert told.requester == replace(case.requester, leads=False)


def test_who_may_see_all_tickets_of_their_organization_leads_it(
    world: ZendeskWorld, connector: ZendeskConnector
) -> None:
    ref = world.add("words")
    books = world.sandbox.books
    told = connector.detail(ref).requester
    assert told is not None
    assert not told.leads
    books.users[CUSTOMER]["ticket_restriction"] = "organization"
    told = connector.detail(ref).requester
    assert told is not None
    assert told.leads
    assert [one.name for one in told.companies] == ["Example Org"]


def test_who_is_in_no_organization_leads_none(world: ZendeskWorld, connector: ZendeskConnector, case: Case) -> None:
    row(world, case).update(requester_id=STRANGER, organization_id=None, group_id=None, type=None, priority=None)
    world.sandbox.books.users[STRANGER]["ticket_restriction"] = "organization"
    told = connector.detail(case.ref)
    assert told.requester == Person("Stranger", "stranger@example.net", "en-US")
    assert (told.company, told.group, told.kind, told.priority) == (None, "", "", "")


def test_a_requester_who_was_deleted_is_none(world: ZendeskWorld, connector: ZendeskConnector, case: Case) -> None:
    asked = row(world, case)["requester_id"]
    assert isinstance(asked, int)
    world.sandbox.books.users[asked]["active"] = False
    assert connector.detail(case.ref).requester is None
    row(world, case)["requester_id"] = 4711
    assert connector.detail(case.ref).requester is None


def test_organizations_that_may_not_be_read_are_told_with_the_cure(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    path = "organization_memberships"
    world.sandbox.faults.append(Fault("answer", "GET", path, 1, reply=rules.FORBIDDEN))
    with pytest.raises(Refused, match="give the OAuth client the scope read"):
        connector.detail(case.ref)
    assert connector.detail(case.ref).requester == case.requester


def test_the_files_of_internal_notes_come_last_and_redacted_ones_not_at_all(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    number = int(case.ref.id)
    for say, name in ((world.people.agent_note, "a"), (world.people.customer_reply, "b")):
        say(number, "look")
        world.people.attach(number, name, 7)
    world.people.attach(number, "redacted", 7)
    world.sandbox.books.tickets[number].comments[-1]["attachments"][-1]["deleted"] = True
    assert [one.name for one in connector.detail(case.ref).attachments] == ["log.txt", "b", "a"]


def test_values_of_every_kind_are_told_as_text(world: ZendeskWorld, connector: ZendeskConnector, case: Case) -> None:
    world.people.set_field(int(case.ref.id), ESCALATED, value=True)
    world.people.set_field(int(case.ref.id), PRODUCTS, ["product_hub", "product_app"])
    told = connector.detail(case.ref).fields
    assert (told[str(ESCALATED)], told["Escalated"]) == ("true", "true")
    assert told["Products"] == "product_hub, product_app"
    assert "Issue" not in told


def test_a_ticket_that_an_agent_made_is_not_answered_by_that(world: ZendeskWorld, connector: ZendeskConnector) -> None:
    number = world.people.make_ticket("By phone", "They called.", by_agent=True)
    ref = replace(world.add("other"), id=str(number), key=str(number))
    assert not connector.detail(ref).answered
    assert connector.detail(ref).requester is not None
    assert world.sandbox.books.tickets[number].comments[0]["author_id"] == AGENT


def test_a_ticket_that_was_merged_into_another_says_nothing(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    world.move(case.ref)
    with pytest.raises(Gone):
        connector.detail(case.ref)


# --- who leads the organization ---


def leaders(connector: ZendeskConnector, case: Case) -> list[str]:
    return [one.name for one in connector.detail(case.ref).representatives]


def test_who_is_suspended_or_no_customer_represents_nobody(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    books = world.sandbox.books
    organization = int(str(row(world, case)["organization_id"]))
    for name, over in (
        ("Former", {"active": False}),
        ("Suspended", {"suspended": True}),
        ("Helper", {"role": "agent"}),
    ):
        number = world.people.make_user(name)
        world.people.join(number, organization, views=True)
        books.users[number] |= over
    assert leaders(connector, case) == ["Deputy", "Requester"]


def test_an_organization_of_very_many_names_no_representatives_rather_than_some(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    organization = int(str(row(world, case)["organization_id"]))
    for number in range(150):
        world.people.join(world.people.make_user(f"Colleague {number}"), organization)
    assert leaders(connector, case) == ["Deputy", "Requester"]
    world.advance(3601)
    for number in range(150, 250):
        world.people.join(world.people.make_user(f"Colleague {number}"), organization)
    assert leaders(connector, case) == []


def test_an_organization_whose_people_may_not_be_seen_is_told_with_the_cure(
    world: ZendeskWorld, connector: ZendeskConnector, case: Case
) -> None:
    world.sandbox.faults.append(Fault("answer", "GET", "/organizations/.*/users$", 1, reply=rules.FORBIDDEN))
    with pytest.raises(Refused, match="customers' profiles"):
        connector.detail(case.ref)
