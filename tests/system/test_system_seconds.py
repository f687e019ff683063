"""Services count time in whole seconds: what is written in the second of a change that was read already is found."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from office import OPEN, PENDING, RESOLVED, Office

TICKET = re.compile(r"/api/v2/tickets/\d+$")


@pytest.fixture
def still(office: Office) -> Office:
    """An office that syncd knows, where no time passes but by :meth:`Office.later`."""
    for sandbox in (office.freshdesk, office.github):
        sandbox.freeze(sandbox.now())
    office.freshdesk.books.bump_after_create = False
    office.sync()
    office.later()
    return office


def reads(office: Office) -> int:
    """How many single tickets were asked for so far."""
    return sum(one.request.method == "GET" and bool(TICKET.search(one.request.path)) for one in office.freshdesk.log)


def linked(office: Office) -> set[str]:
    return {f"{one['ticket']} {one['issue']}" for one in office.json("links", "list")}


def test_a_note_in_the_second_of_a_change_that_was_read_is_found_for_one_more_call(still: Office) -> None:
    key, ticket = still.issue(), still.ticket()
    still.sync()
    assert reads(still) == 1
    still.desk.agent_note(ticket, still.issue_url(key))
    still.later(60)
    still.sync()
    assert linked(still) == {f"freshdesk:{ticket} github:{key}"}
    seen = reads(still)
    for _ in range(3):
        still.later(60)
        still.sync()
    assert reads(still) == seen


def test_notes_that_name_nothing_are_read_once_more_and_never_again(still: Office) -> None:
    for _ in range(3):
        still.desk.agent_note(still.ticket(), "looking into it")
    still.sync()
    assert reads(still) == 3
    still.later(60)
    still.sync()
    assert reads(still) == 6
    assert still.json("status")["to_be_read_again"] == 0
    before = still.calls()
    still.later(60)
    still.sync()
    assert still.calls() - before <= 3 + 2 + 2  # the lists, and what a start asks for


def test_a_walk_reads_no_old_ticket_twice(office: Office) -> None:
    for _ in range(5):
        office.ticket()
    office.later()
    for _ in range(3):
        office.sync()
    assert reads(office) == 5


def test_an_issue_that_is_edited_in_the_second_of_a_change_that_was_read_is_found(still: Office) -> None:
    ticket = still.ticket()
    key = still.issue()
    still.sync()
    still.hub.edit_body(key, still.ticket_url(ticket))
    still.sync()
    assert linked(still) == {f"freshdesk:{ticket} github:{key}"}
    assert still.status(ticket) == PENDING


def test_an_issue_that_is_edited_in_the_second_of_our_own_write_is_found(build: Callable[..., Office]) -> None:
    office = build(sync='on_ticket_resolved = "close"')
    for sandbox in (office.freshdesk, office.github):
        sandbox.freeze(sandbox.now())
    office.sync()
    office.later()
    first, second = office.ticket(), office.ticket()
    key = office.issue(first)
    office.later()
    office.sync()
    office.later()
    office.desk.set_status(first, RESOLVED)
    office.sync()
    assert office.hub.status(key)[0] == "closed"
    office.hub.edit_body(key, f"{office.ticket_url(first)}\n\n{office.ticket_url(second)}")
    office.later()
    office.sync()
    assert linked(office) == {f"freshdesk:{number} github:{key}" for number in (first, second)}
    assert office.status(second) == OPEN
