"""Two issues for one ticket, and an issue that others can read than it was written for: kept, and told."""

from __future__ import annotations

from typing import Any

from syncd.cli import filings
from syncd.model import Audience, Author, Status
from syncd.notify.incidents import incidents
from syncd.testing.memory import Entry
from tests.filings import Desk


def alerts(desk: Desk) -> dict[str, list[str]]:
    found = incidents(desk.store, list(desk.books))
    return {one.alert: [one.human(name) for name in one.subjects] for one in found}


def at_once(desk: Desk) -> tuple[Entry, Entry]:
    """A person files in the moment in which syncd does, for a ticket; it, and the person's issue."""
    ticket = desk.escalated()
    tracker, made = desk.work.connectors["tracker"], list[Entry]()
    create = tracker.create

    def meanwhile(draft: Any) -> Any:
        made.append(desk.issue(ticket))
        return create(draft)

    tracker.create = meanwhile  # type: ignore[method-assign]
    desk.go()
    return ticket, made[0]


def test_both_are_kept_and_the_ticket_is_told_once() -> None:
    desk = Desk()
    ticket, theirs = at_once(desk)
    desk.settle()
    (ours,) = desk.filed()
    assert (ours.status, theirs.status, ticket.status) == (Status("open"), Status("open"), Status("pending"))
    assert sorted(desk.notes(ticket)).count("two_issues") == 1
    assert alerts(desk)["two_issues"] == ["desk:DESK-1"]
    (told,) = filings.gather(desk.store)["two_issues"]
    assert (told["issue"], told["beside"]) == (desk.ref(ours).human, desk.ref(theirs).human)


def test_it_is_over_once_one_of_them_is_closed() -> None:
    desk = Desk()
    ticket, theirs = at_once(desk)
    desk.move(theirs, "declined")
    desk.go()
    assert ("two_issues" in alerts(desk), desk.row(ticket).beside) == (False, "")
    assert ticket.status == Status("pending"), "ours is still open"


def test_an_issue_that_somebody_adds_knowingly_is_no_second_one() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.go()
    other = desk.issue()
    desk.say(ticket, f"/link TRACKER-{other.number}", Author.TEAM, internal=True)
    desk.go()
    assert (len(desk.links()), "two_issues" in alerts(desk)) == (2, False)


def test_an_issue_that_is_made_days_later_is_no_second_one() -> None:
    desk = Desk()
    ticket = desk.escalated()
    desk.go()
    desk.tick(86400)
    desk.issue(ticket)
    desk.go()
    assert (len(desk.links()), "two_issues" in alerts(desk)) == (2, False)


def test_an_issue_for_the_team_that_everybody_can_read_is_told_until_they_can_t() -> None:
    desk = Desk()
    desk.escalated()
    desk.go()
    (issue,) = desk.filed()
    assert "exposed" not in alerts(desk)
    issue.audience, issue.version = Audience.PUBLIC, desk.tracker.next()
    desk.go()
    assert alerts(desk)["exposed"] == [desk.ref(issue).human]
    assert filings.gather(desk.store)["exposed"] == [desk.ref(issue).human]
    issue.audience, issue.version = Audience.PRIVATE, desk.tracker.next()
    desk.go()
    assert "exposed" not in alerts(desk)


def test_an_issue_that_was_written_for_everybody_is_exposed_to_nobody() -> None:
    desk = Desk()
    desk.tracker.audiences["BUG"] = Audience.PUBLIC
    desk.escalated()
    desk.go()
    assert (len(desk.filed()), "exposed" in alerts(desk)) == (1, False)
