"""What a ticket says, with who asks and for which company; asserted against the stand-in's books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from freshdesk_exchanges import violations

from connectors.freshdesk.connector import FreshdeskConnector
from connectors.freshdesk.sandbox.books import AGENT, REPLY
from connectors.freshdesk.sandbox.world import FreshdeskWorld
from syncd.details import Person
from syncd.errors import Gone, Refused
from syncd.testing import Case


@pytest.fixture
def world() -> Iterator[FreshdeskWorld]:
    world = FreshdeskWorld()
    yield world
    world.close()
    assert violations(world.sandbox.log) == []


@pytest.fixture
def case(world: FreshdeskWorld) -> Case:
    return world.ask("The hub is slow", "It began on Monday.")


@pytest.fixture
def connector(world: FreshdeskWorld) -> Iterator[FreshdeskConnector]:
    connector = world.connect()
    yield connector
    connector.close()


def test_a_second_ticket_of_a_company_costs_one_call(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case
) -> None:
    connector.detail(case.ref)
    before = world.calls()
    connector.detail(case.ref)
    assert world.calls() - before == 1


def test_a_company_s_new_tier_is_known_an_hour_later(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case
) -> None:
    connector.detail(case.ref)
    for one in world.sandbox.books.companies.values():
        one["account_tier"] = "Basic"
    world.advance(3601)
    company = connector.detail(case.ref).company
    assert company is not None
    assert company.fields["account_tier"] == "Basic"


def test_who_leads_another_company_does_not_lead_the_one_that_the_ticket_is_for(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case
) -> None:
    told = connector.detail(case.ref)
    assert told.requester is not None
    assert told.requester.leads
    college = next(key for key, one in world.sandbox.books.companies.items() if one["name"] == "Example College")
    world.people.hand_over(int(case.ref.id), company_id=college)
    told = connector.detail(case.ref)
    assert told.company is not None
    assert told.company.name == "Example College"
    assert told.requester == replace(case.requester, leads=False)


def test_who_is_in_no_company_leads_none(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    ref = world.add("words")
    told = connector.detail(ref)
    assert (told.company, told.group, told.kind) == (None, "", "Question")
    assert told.requester == Person("Customer", "customer@example.org", "en")


def test_an_agent_who_asks_is_known_by_what_the_ticket_shows(
    world: FreshdeskWorld, connector: FreshdeskConnector
) -> None:
    ref = world.add("words")
    world.people.hand_over(int(ref.id), requester_id=AGENT)
    assert connector.detail(ref).requester == Person("Agent", "agent@example.com")


def test_a_requester_who_was_deleted_is_none(world: FreshdeskWorld, connector: FreshdeskConnector, case: Case) -> None:
    world.sandbox.books.contacts[world.sandbox.books.tickets[int(case.ref.id)].row["requester_id"]]["deleted"] = True
    assert connector.detail(case.ref).requester is None


@pytest.mark.parametrize(("right", "what"), [("view_contacts", "contacts"), ("view_companies", "companies")])
def test_what_may_not_be_read_is_told_with_its_cure(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case, right: str, what: str
) -> None:
    world.sandbox.rights.discard(right)
    with pytest.raises(Refused, match=f"let the key's agent view {what}"):
        connector.detail(case.ref)
    world.sandbox.rights.add(right)
    assert connector.detail(case.ref).company == case.company


@pytest.mark.parametrize("over", [{"auto_response": True}, {"automation_id": 7}])
def test_what_an_automation_answers_is_no_answer(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case, over: dict[str, object]
) -> None:
    books = world.sandbox.books
    books.say(books.tickets[int(case.ref.id)], "We got it", user=AGENT, private=False, source=REPLY, **over)
    assert not connector.detail(case.ref).answered


def test_an_answer_behind_a_long_conversation_is_seen(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case
) -> None:
    for i in range(12):
        world.people.customer_reply(int(case.ref.id), f"and {i}")
    assert not connector.detail(case.ref).answered
    world.people.agent_reply(int(case.ref.id), "we look into it")
    assert connector.detail(case.ref).answered


def test_the_files_of_internal_notes_come_last(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case
) -> None:
    ticket = world.sandbox.books.tickets[int(case.ref.id)]
    files = [{"id": 9, "name": name, "size": 7, "attachment_url": f"https://example.com/{name}"} for name in "abc"]
    world.people.agent_note(ticket.number, "look")
    world.people.customer_reply(ticket.number, "see this")
    ticket.talk[0]["attachments"], ticket.talk[1]["attachments"] = files[:1], [*files[1:], {"name": "no address"}]
    assert [one.name for one in connector.detail(case.ref).attachments] == ["log.txt", "b", "c", "a"]


def test_values_of_every_kind_are_told_as_text(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case
) -> None:
    world.people.set_field(int(case.ref.id), "cf_escalated", value=True)
    told = connector.detail(case.ref).fields
    assert (told["cf_escalated"], told["Escalated"]) == ("true", "true")
    assert "cf_issue_url_297457" not in told


def test_an_archived_ticket_says_nothing_any_more(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case
) -> None:
    world.people.archive(int(case.ref.id))
    with pytest.raises(Gone):
        connector.detail(case.ref)


# --- who leads the company ---


def leaders(connector: FreshdeskConnector, case: Case) -> list[str]:
    return [one.name for one in connector.detail(case.ref).representatives]


def test_who_was_deleted_and_who_leads_another_company_represents_nobody(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case
) -> None:
    books = world.sandbox.books
    company = books.tickets[int(case.ref.id)].row["company_id"]
    other = next(number for number in books.companies if number != company)
    world.people.add_contact("Former", "former@example.org", [company], [company], deleted=True)
    world.people.add_contact("Guest", "guest@example.org", [company, other], [other])
    assert leaders(connector, case) == ["Deputy", "Requester"]


def test_a_company_of_very_many_names_no_representatives_rather_than_some(
    world: FreshdeskWorld, connector: FreshdeskConnector, case: Case
) -> None:
    company = world.sandbox.books.tickets[int(case.ref.id)].row["company_id"]
    for number in range(150):
        world.people.add_contact(f"Colleague {number}", f"c{number}@example.org", [company])
    assert leaders(connector, case) == ["Deputy", "Requester"]
    world.advance(3601)
    for number in range(150, 250):
        world.people.add_contact(f"Colleague {number}", f"c{number}@example.org", [company])
    before = world.calls()
    assert leaders(connector, case) == []
    assert sum(one.request.path.endswith("/contacts") for one in world.sandbox.log[before:]) == 2


def test_a_ticket_for_no_company_has_no_representatives(world: FreshdeskWorld, connector: FreshdeskConnector) -> None:
    assert connector.detail(world.add("words")).representatives == ()
    assert not any(one.request.path.endswith("/contacts") for one in world.sandbox.log)
