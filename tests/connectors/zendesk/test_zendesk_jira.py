"""What Zendesk's own Jira integration keeps becomes links, and its absence holds up nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from connectors.zendesk.connector import ZendeskConnector
from connectors.zendesk.options import ZendeskOptions
from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.errors import Transient
from syncd.model import Item, Page, Ref
from syncd.testing import Fault, Reply

SITE = "https://acme.example.net/jira"


@pytest.fixture
def world() -> Iterator[ZendeskWorld]:
    world = ZendeskWorld()
    world.people.enable_jira()
    yield world
    world.close()


@pytest.fixture
def connector(world: ZendeskWorld) -> Iterator[ZendeskConnector]:
    secret = SecretStr(world.sandbox.access.client_secret)
    options = ZendeskOptions(
        connector="zendesk",
        url=world.sandbox.url,
        client_id=world.sandbox.access.client_id,
        client_secret=secret,
        jira_url=f"{SITE}/",
    )
    connector = ZendeskConnector("zendesk", options, world.clock)
    yield connector
    connector.close()


def walk(connector: ZendeskConnector, cursor: str | None) -> list[Page]:
    return list(connector.changes("jira_links", cursor, None))


def addresses(pages: list[Page]) -> dict[Ref, tuple[str, ...]]:
    return {item.ref: item.addresses for page in pages for item in page.items}


@pytest.mark.parametrize("as_url", [False, True])
def test_links_become_addresses_and_new_ones_are_told_once(
    world: ZendeskWorld, connector: ZendeskConnector, as_url: bool
) -> None:
    world.sandbox.jira_cursor_is_url = as_url
    assert connector.sources() == ("export", "fresh", "jira_links")
    one, two = world.add("one"), world.add("two")
    world.people.link_jira(int(one.id), "5460", "ENG-12")
    world.people.link_jira(int(one.id), "5461", "ENG-13")
    pages = walk(connector, None)
    assert addresses(pages) == {one: (f"{SITE}/browse/ENG-12", f"{SITE}/browse/ENG-13")}
    assert all(page.first_walk for page in pages)
    world.people.link_jira(int(two.id), "5460", "ENG-12")
    world.advance(301)
    pages = walk(connector, pages[-1].cursor)
    assert addresses(pages) == {two: (f"{SITE}/browse/ENG-12",)}
    assert not any(page.first_walk for page in pages)
    cursor = pages[-1].cursor
    for _ in range(3):  # an answer without links has no cursor
        world.advance(301)
        before = world.calls()
        pages = walk(connector, cursor)
        cursor = pages[-1].cursor
        assert addresses(pages) == {}
        assert world.calls() - before == 1


def test_the_list_is_asked_every_five_minutes_at_most(world: ZendeskWorld, connector: ZendeskConnector) -> None:
    world.add()
    cursor = walk(connector, None)[-1].cursor
    before = world.calls()
    for _ in range(5):
        (page,) = walk(connector, cursor)
        assert page.last
        assert page.cursor == cursor
        world.advance(30)
    assert world.calls() == before


@pytest.mark.parametrize("as_url", [False, True])
def test_many_links_are_read_by_pages(world: ZendeskWorld, connector: ZendeskConnector, as_url: bool) -> None:
    world.sandbox.jira_cursor_is_url = as_url
    world.sandbox.limits.lift()
    refs = [Ref("zendesk", str(world.people.make_ticket())) for _ in range(150)]
    for i, ref in enumerate(refs):
        world.people.link_jira(int(ref.id), str(i), f"ENG-{i}")
    world.people.delete(int(refs[3].id))
    before = world.calls()
    found = addresses(walk(connector, None))
    assert set(found) == set(refs) - {refs[3]}
    assert world.calls() - before <= 8


def test_links_that_may_not_be_read_are_told_by_check_and_hold_up_nothing(
    world: ZendeskWorld, connector: ZendeskConnector
) -> None:
    world.people.enable_jira(on=False)
    (page,) = walk(connector, None)
    assert page.last
    (only,) = connector.check()
    assert "Manage links" in only.cure
    world.people.enable_jira()
    assert list(connector.check()) == []


@pytest.mark.parametrize("body", [{}, {"links": []}, {"links": None, "meta": {"has_more": False}}])
def test_an_answer_that_is_no_list_is_an_outage(world: ZendeskWorld, connector: ZendeskConnector, body: object) -> None:
    world.sandbox.faults.append(Fault("answer", "GET", "/jira/", reply=Reply(200, body)))
    with pytest.raises(Transient):
        walk(connector, None)


def test_odd_links_are_passed_over(world: ZendeskWorld, connector: ZendeskConnector) -> None:
    ref = world.add()
    links = [{"ticket_id": "x", "issue_key": "A-1"}, {"ticket_id": "99", "issue_key": "A-1"}, {"ticket_id": ref.id}]
    links += [{"ticket_id": ref.id, "issue_key": "A-2"}]
    body = {"links": links, "meta": {"has_more": False, "after_cursor": None}}
    world.sandbox.faults.append(Fault("answer", "GET", "/jira/", reply=Reply(200, body)))
    assert addresses(walk(connector, None)) == {ref: (f"{SITE}/browse/A-2",)}


def test_a_ticket_that_is_explored_tells_its_links_again(world: ZendeskWorld, connector: ZendeskConnector) -> None:
    one, two = world.add("one"), world.add("two")
    world.people.link_jira(int(one.id), "5460", "ENG-12")
    found = connector.explore([one, two])
    assert {ref: item.addresses for ref, item in found.items() if isinstance(item, Item)} == {
        one: (f"{SITE}/browse/ENG-12",),
        two: (),
    }
    world.people.enable_jira(on=False)
    assert all(isinstance(item, Item) and not item.addresses for item in connector.explore([one]).values())
