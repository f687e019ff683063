"""What a request says, with who asks and for which organization; asserted against the stand-in's books."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.jira.sandbox.entries import Person
from connectors.jsm.connector import JsmConnector
from connectors.jsm.fields import as_words
from connectors.jsm.sandbox.world import JsmWorld
from syncd import details
from syncd.errors import Gone, Refused, Unauthorized
from syncd.model import Ref
from syncd.testing import Case, Fault, Reply


@pytest.fixture(params=["cloud", "data center"])
def world(request: pytest.FixtureRequest) -> Iterator[JsmWorld]:
    world = JsmWorld(cloud=request.param == "cloud")
    yield world
    world.close()


@pytest.fixture
def case(world: JsmWorld) -> Case:
    return world.ask("The hub is slow", "It began on Monday.")


@pytest.fixture
def desk(world: JsmWorld) -> Iterator[JsmConnector]:
    desk = world.connect()
    assert isinstance(desk, JsmConnector)
    yield desk
    desk.close()


def issue(world: JsmWorld, case: Case) -> Any:
    return world.sandbox.books.issues[int(case.ref.id)]


def test_a_second_request_costs_one_call_and_on_data_center_one_for_its_comments(
    world: JsmWorld, desk: JsmConnector, case: Case
) -> None:
    world.people.agent_reply(case.ref.id, "we look into it")
    assert desk.detail(case.ref).answered
    before = world.calls()
    assert desk.detail(case.ref).answered
    assert world.calls() - before == (1 if world.cloud else 2)


def test_the_organizations_of_who_asks_are_those_that_they_belong_to_where_jira_tells(
    world: JsmWorld, desk: JsmConnector, case: Case
) -> None:
    books = world.sandbox.books
    college = next(id_ for id_, name in books.organizations.items() if name == "Example College")
    issue(world, case).organizations = [college]
    told = desk.detail(case.ref)
    assert told.company == details.Company("Example College")
    names = [one.name for one in told.requester.companies] if told.requester else []
    assert names == (["Example College", "Example Observatory"] if world.cloud else ["Example College"])


def test_who_belongs_to_very_many_organizations_is_told_whole(world: JsmWorld, desk: JsmConnector, case: Case) -> None:
    books = world.sandbox.books
    for number in range(60):
        id_ = str(books.next("organization"))
        books.organizations[id_] = f"Institute {number}"
        world.people.join("requester", id_)
    requester = desk.detail(case.ref).requester
    assert requester is not None
    assert len(requester.companies) == (62 if world.cloud else 2)


def test_a_language_that_is_kept_private_is_none(world: JsmWorld, desk: JsmConnector, case: Case) -> None:
    world.sandbox.faults.append(Fault("answer", "GET", "/user$", 1, reply=Reply(404, {"errorMessages": ["No user"]})))
    told = desk.detail(case.ref).requester
    assert told == replace(case.requester, locale="")
    world.advance(3601)
    assert desk.detail(case.ref).requester == case.requester


def test_an_account_that_is_no_agent_is_told_with_the_cure(world: JsmWorld, desk: JsmConnector, case: Case) -> None:
    if not world.cloud:
        pytest.skip("nothing is asked of the service desk there")
    world.sandbox.faults.append(Fault("answer", "GET", "/organization$", 1, reply=Reply(403, b"")))
    with pytest.raises(Refused, match="needs a licence"):
        desk.detail(case.ref)
    assert desk.detail(case.ref).requester == case.requester


def test_who_takes_part_stands_among_the_fields(world: JsmWorld, desk: JsmConnector, case: Case) -> None:
    issue(world, case).watchers = {world.people.make_customer("colleague"), world.people.make_customer("other")}
    told = desk.detail(case.ref).fields
    assert told["Request participants"] == "Colleague, Other"
    assert told["Organizations"] == "Example Observatory, Example College"


def test_what_a_participant_writes_is_no_answer(world: JsmWorld, desk: JsmConnector, case: Case) -> None:
    issue(world, case).watchers = {world.people.make_customer("colleague")}
    world.people.customer_reply(case.ref.id, "me too", by="colleague")
    assert not desk.detail(case.ref).answered


def test_what_an_automation_writes_is_no_answer(desk: JsmConnector, world: JsmWorld, case: Case) -> None:
    if not world.cloud:
        pytest.skip("Data Center doesn't tell automations apart")
    world.sandbox.books.people["robot"] = Person("robot", "Robot", "app")
    world.people.agent_reply(case.ref.id, "we got it", by="robot")
    assert not desk.detail(case.ref).answered
    world.people.agent_reply(case.ref.id, "we look into it")
    assert desk.detail(case.ref).answered


def test_an_issue_that_nobody_asked_for_on_the_portal_goes_by_its_type(world: JsmWorld, desk: JsmConnector) -> None:
    key = world.people.make_issue(world.place, "By phone", by="agent")
    told = desk.detail(Ref(desk.name, world.people.id(key), key))
    assert (told.subject, told.company) == ("By phone", None)
    assert told.kind == world.sandbox.books.issues[int(told.item.ref.id)].now.type


def answer(world: JsmWorld, desk: JsmConnector, case: Case, **over: Any) -> Reply:
    """What the stand-in answers about a request, with other fields."""
    desk.detail(case.ref)
    path = f"/issue/{case.ref.id}"
    body = next(one.body for one in reversed(world.sandbox.log) if one.request.path.endswith(path))
    told = json.loads(body)
    told["fields"] |= over
    told["fields"] = {key: value for key, value in told["fields"].items() if value != "absent"}
    return Reply(200, told)


def test_a_requester_whose_account_was_closed_is_none(world: JsmWorld, desk: JsmConnector, case: Case) -> None:
    for reporter in (None, {"displayName": "Former user", "active": False, "accountId": "x"}):
        reply = answer(world, desk, case, reporter=reporter)
        world.sandbox.faults.append(Fault("answer", "GET", f"/issue/{case.ref.id}$", 1, reply=reply))
        assert desk.detail(case.ref).requester is None


def test_a_reporter_who_is_not_shown_is_told_with_the_cure(world: JsmWorld, desk: JsmConnector, case: Case) -> None:
    reply = answer(world, desk, case, reporter="absent")
    world.sandbox.faults.append(Fault("answer", "GET", f"/issue/{case.ref.id}$", 1, reply=reply))
    with pytest.raises(Refused, match="let the account see the field Reporter"):
        desk.detail(case.ref)


def test_what_nobody_is_shown_is_no_proof_that_a_request_is_gone(
    world: JsmWorld, desk: JsmConnector, case: Case
) -> None:
    desk.detail(case.ref)
    world.advance(86400)
    world.people.expire()
    with pytest.raises(Unauthorized):
        desk.detail(case.ref)
    world.people.expire(on=False)
    world.people.delete(case.ref.id)
    with pytest.raises(Gone):
        desk.detail(case.ref)


def test_a_ref_that_is_no_number_is_refused(desk: JsmConnector, case: Case) -> None:
    with pytest.raises(Refused):
        desk.detail(replace(case.ref, id="../../myself"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"value": "Region", "child": {"value": "North"}}, "Region, North"),
        ([{"value": "a"}, {"value": "b"}], "a, b"),
        ([{"displayName": "Requester"}], "Requester"),
        (3.0, "3"),
        (True, "true"),
        ({"requestType": {"name": "Ask a question"}}, "Ask a question"),
        ({"ongoingCycle": {}}, ""),
        (None, ""),
    ],
)
def test_values_of_every_kind_are_told_as_text(value: object, text: str) -> None:
    assert as_words(value) == text


def test_a_detail_shows_nothing_of_itself() -> None:
    person = details.Person("canary", "canary", fields={"a": "canary"}, companies=(details.Company("canary"),))
    assert "canary" not in f"{person!r}{details.Company('canary')!r}{details.Attachment('canary', 'canary')!r}"
