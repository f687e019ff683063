"""The main job, as a user sees it: statuses follow, each change is told once, nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from office import CLOSED, OPEN, PENDING, REPOSITORY, RESOLVED, Office


def started(office: Office) -> Office:
    """An office that syncd has seen once, so that what comes now is new."""
    office.ticket("old")
    office.hub.close(office.issue(1))
    office.sync()
    office.later()
    return office


def test_status_follows_the_issue_there_and_back(office: Office) -> None:
    old = office.ticket("old")
    office.hub.close(office.issue(old))
    office.sync()
    assert (office.status(old), office.notes(old)) == (OPEN, [])

    office.later()
    ticket = office.ticket()
    key = office.issue(ticket)
    said = office.sync().out
    assert "1 ticket set to waiting, because its issue is open" in said
    assert office.status(ticket) == PENDING
    assert len(office.notes(ticket)) == 1
    assert key in office.notes(ticket)[0]

    office.later()
    office.hub.close(key)
    said = office.sync().out
    assert "1 ticket resolved, because its issue is finished" in said
    assert office.status(ticket) == RESOLVED
    assert len(office.notes(ticket)) == 2

    office.later()
    office.hub.reopen(key)
    said = office.sync().out
    assert "1 ticket set back to waiting, because its issue was reopened" in said
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 3)

    office.later()
    office.hub.close(key, "not_planned")
    office.sync()
    assert office.status(ticket) == RESOLVED
    assert "without being done" in office.notes(ticket)[-1]
    assert (office.status(old), office.notes(old), office.comments(key)) == (OPEN, [], [])


def test_a_second_run_writes_nothing_and_asks_for_lists_only(office: Office) -> None:
    started(office)
    ticket = office.ticket()
    office.issue(ticket)
    office.later(5)  # Freshdesk sets the due dates
    office.sync()
    office.later()
    writes, desk, hub = office.writes(), len(office.freshdesk.log), len(office.github.log)
    office.sync()
    assert office.writes() == writes
    assert {one.request.path for one in office.freshdesk.log[desk:]} == {"/api/v2/tickets"}
    lists = {f"/repos/{REPOSITORY}", f"/repos/{REPOSITORY}/issues", "/user"}
    assert {one.request.path for one in office.github.log[hub:]} <= lists


@pytest.mark.trap("freshdesk", 13)
def test_a_customer_who_waits_is_not_closed_upon(office: Office) -> None:
    started(office)
    ticket = office.ticket()
    key = office.issue(ticket)
    office.sync()
    office.later()
    office.desk.customer_reply(ticket, "any news?")
    office.hub.close(key)
    assert "but the customer wrote last" in office.sync().out
    assert office.status(ticket) == OPEN
    assert len(office.notes(ticket)) == 2
    assert "resolved once an agent has answered" in office.run("status").ended(0).out

    office.later()
    office.desk.agent_reply(ticket, "it is done")
    office.sync()
    assert office.status(ticket) == RESOLVED


def test_an_outsider_who_closes_is_told_and_not_followed(office: Office) -> None:
    started(office)
    ticket = office.pending()
    key = office.issue(association="NONE", by="stranger")
    office.desk.agent_note(ticket, office.issue_url(key))
    office.sync()
    office.later()
    office.hub.close(key, by="stranger")
    assert "closed by somebody from outside" in office.sync().out
    assert office.status(ticket) == PENDING


def test_the_playbook_of_2i2c_reopens_the_issue_and_leaves_closed_tickets_alone(build: Callable[..., Office]) -> None:
    office = started(build(sync='playbook = "2i2c"'))
    ticket, other = office.ticket(), office.ticket()
    key, second = office.issue(ticket), office.issue(other)
    office.sync()
    assert "Suggested reply to the customer (not sent)" in office.notes(ticket)[0]
    office.later()
    office.hub.close(key)
    office.hub.close(second)
    office.sync()
    office.desk.set_status(other, CLOSED)

    office.later()
    office.desk.customer_reply(ticket, "still slow")
    office.hub.reopen(second)
    assert "1 issue reopened, because its ticket was reopened" in office.sync().out
    assert office.hub.status(key)[0] == "open"
    assert office.comments(key) == []  # the repository is public
    assert office.status(other) == CLOSED


def test_what_stands_in_the_ticket_field_is_a_link(build: Callable[..., Office]) -> None:
    office = started(build(sync='issue_field = "cf_issue_url_297457"'))
    ticket = office.ticket()
    key = office.issue()
    office.desk.set_field(ticket, "cf_issue_url_297457", office.issue_url(key))
    office.sync()
    assert office.status(ticket) == PENDING
    assert len(office.notes(ticket)) == 1


def test_a_deleted_issue_gives_its_ticket_back(office: Office) -> None:
    started(office)
    ticket = office.ticket()
    key = office.issue(ticket)
    office.sync()
    office.hub.delete(key)
    office.later()
    assert "because its issue is gone" in office.sync().out
    assert office.status(ticket) == OPEN
    assert len(office.notes(ticket)) == 2


def test_observe_mode_looks_and_writes_nothing_at_either_end(build: Callable[..., Office]) -> None:
    office = started(build(main='mode = "observe"'))
    ticket = office.ticket()
    office.issue(ticket)
    said = office.sync().out
    assert "Observe mode: nothing was written. 1 write would be made." in said
    assert f"freshdesk:{ticket}" in said
    assert office.writes() == 0
    assert office.status(ticket) == OPEN
    assert "Observe mode" in office.run("status").ended(0).out
    assert office.json("status")["mode"] == "observe"

    office.write("syncd.toml", f'state = "{office.state}"\n')
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)
