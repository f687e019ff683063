"""A public issue that private ones were promoted to closes them once it is finished, where the playbook says so."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.errors import ConfigError
from syncd.model import Audience, Author, Status
from syncd.testing.memory import Entry
from tests.filings import RULES, Desk
from tests.pairs import hour
from tests.rules import playbook

ROUTING = {
    "place": "bugs",
    "places": {"bugs": "BUG", "public": "PUB"},
    "tags": {"public_issue": {"place": "public"}},
}
CLOSED = "{{ issue_key }} is {{ issue_word }}"
TEXTS = {"promoted": "", "promoted_closed": CLOSED, "link_note": "", "ticket_linked": ""}


def desk(*, closes: bool = True, **rules: Any) -> Desk:
    table = RULES["file"] | {"close_promoted": closes}
    found = Desk(**{"routing": ROUTING, "file": table, "texts": TEXTS, **rules})
    found.tracker.audiences["PUB"] = Audience.PUBLIC
    return found


def promoted(one: Desk) -> tuple[Entry, Entry, Entry]:
    """A ticket, its private issue, and the public one."""
    ticket = one.escalated()
    one.go()
    one.label(ticket, *ticket.tags, "public_issue")
    one.go()
    private, public = one.filed()
    assert (private.place, public.place, ticket.status) == ("BUG", "PUB", Status("pending"))
    return ticket, private, public


@pytest.mark.parametrize("word", ["done", "declined"])
def test_the_private_issue_is_finished_as_the_public_one_was_and_then_the_ticket(word: str) -> None:
    one = desk()
    ticket, private, public = promoted(one)
    one.move(public, word)
    one.go()
    assert (private.status, ticket.status) == (Status(word), Status("resolved"))
    assert one.notes(private) == [f"TRACKER-2 is {word}"]
    assert one.notes(ticket)[-1] == ("resolved" if word == "done" else "declined")
    assert one.notes(public) == [], "nothing is said in public"
    writes = one.writes()
    one.settle()
    assert one.writes() == writes


def test_nothing_is_closed_unless_the_playbook_says_so() -> None:
    one = desk(closes=False)
    ticket, private, public = promoted(one)
    one.move(public, "done")
    one.go()
    assert (private.status, ticket.status, one.notes(private)) == (Status("open"), Status("pending"), [])


def test_a_private_issue_that_a_person_reopens_stays_open() -> None:
    one = desk()
    ticket, private, public = promoted(one)
    one.move(public, "done")
    one.go()
    one.move(private, "open")
    one.settle()
    assert (private.status, ticket.status) == (Status("open"), Status("pending"))
    one.move(private, "done")
    one.go()
    hour(one)
    one.move(public, "open")
    one.go()
    one.move(private, "open")
    one.go()
    one.move(public, "done")
    one.go()
    assert (private.status, ticket.status) == (Status("done"), Status("resolved"))
    assert one.notes(private).count("TRACKER-2 is done") == 2, "once for each closing"


def test_an_issue_that_came_to_the_ticket_later_stays_open() -> None:
    one = desk()
    ticket, private, public = promoted(one)
    other = one.issue()
    one.say(ticket, f"/link TRACKER-{other.number}", Author.TEAM, internal=True)
    one.go()
    one.move(public, "done")
    one.go()
    assert (private.status, other.status, ticket.status) == (Status("done"), Status("open"), Status("pending"))
    assert one.notes(other) == []


def test_an_issue_that_everybody_can_read_is_not_closed() -> None:
    one = desk()
    ticket = one.ticket()
    issue = one.issue(ticket, audience=Audience.PUBLIC)
    one.go()
    one.label(ticket, "public_issue")
    one.go()
    (public,) = one.filed()
    one.move(public, "done")
    one.go()
    assert (issue.status, ticket.status) == (Status("open"), Status("pending"))


def test_a_private_issue_for_which_another_ticket_waits_is_told_and_stays_open() -> None:
    one = desk()
    ticket, private, public = promoted(one)
    other = one.ticket()
    one.join(other, private)
    one.go()
    assert other.status == Status("pending")
    one.move(public, "done")
    one.settle()
    assert (private.status, ticket.status, other.status) == (Status("open"), Status("pending"), Status("pending"))
    assert one.notes(private) == ["TRACKER-2 is done"]


def test_tickets_that_wait_for_the_public_issue_as_well_hold_nothing_up() -> None:
    one = desk()
    ticket, private, public = promoted(one)
    other, third = one.ticket(), one.ticket()
    theirs = one.issue(third)
    one.join(other, private)
    one.go()
    one.join(other, public)
    one.join(third, public)
    one.go()
    one.move(public, "done")
    one.go()
    assert [str(entry.status) for entry in (private, theirs)] == ["done", "done"]
    assert [str(entry.status) for entry in (ticket, other, third)] == ["resolved"] * 3
    assert (one.notes(private), one.notes(theirs)) == (["TRACKER-2 is done"], ["TRACKER-2 is done"])


@pytest.mark.parametrize("how", ["error", "lost_answer", "rate_limited"])
def test_a_closing_that_fails_is_tried_again(how: str) -> None:
    one = desk()
    ticket, private, public = promoted(one)
    one.move(public, "done")
    one.tracker.faults.append((how, True))
    one.go(8)
    assert one.tracker.faults == []
    assert (private.status, ticket.status) == (Status("done"), Status("resolved"))
    assert one.notes(private) == ["TRACKER-2 is done"]


def test_the_private_issue_of_a_ticket_that_is_resolved_by_hand_is_closed_as_well() -> None:
    one = desk(texts=TEXTS | {"ticket_resolved": "told"})
    ticket, private, public = promoted(one)
    one.move(ticket, "resolved")
    one.go()
    one.move(public, "done")
    one.go()
    assert (private.status, ticket.status) == (Status("done"), Status("resolved"))


def test_the_private_issue_of_a_ticket_that_is_closed_for_good_is_closed_as_well() -> None:
    one = desk(mapped={"final": ["closed"]})
    ticket, private, public = promoted(one)
    one.move(ticket, "closed")
    one.go()
    one.move(public, "done")
    one.go()
    assert (private.status, ticket.status) == (Status("done"), Status("closed"))


def test_a_customer_who_waits_is_not_closed_upon() -> None:
    one = desk()
    ticket, private, public = promoted(one)
    one.reply(ticket, reopens=False)
    one.move(public, "done")
    one.go()
    assert (private.status, ticket.status) == (Status("done"), Status("pending"))
    assert one.notes(ticket)[-1] == "waits_for_agent"


def test_a_muted_ticket_closes_nothing_until_it_is_unmuted() -> None:
    one = desk()
    ticket, private, public = promoted(one)
    one.say(ticket, "/mute", Author.TEAM, internal=True)
    one.go()
    one.move(public, "done")
    one.go()
    assert private.status == Status("open")
    one.say(ticket, "/unmute", Author.TEAM, internal=True)
    one.go()
    assert (private.status, ticket.status) == (Status("done"), Status("resolved"))


def test_a_stranger_s_closing_of_the_public_issue_closes_nothing() -> None:
    one = desk()
    ticket, private, public = promoted(one)
    one.move(public, "done", outside=True)
    one.go()
    assert (private.status, ticket.status) == (Status("open"), Status("pending"))


def test_where_any_issue_is_enough_the_private_one_is_closed_all_the_same() -> None:
    one = desk(resolve_when_issues="any")
    ticket, private, public = promoted(one)
    one.move(public, "done")
    one.go()
    assert (private.status, ticket.status) == (Status("done"), Status("resolved"))


def test_it_does_not_go_with_a_label_that_makes_issues_done() -> None:
    with pytest.raises(ConfigError, match="close_promoted"):
        playbook(resolve_when="label:fixed", **RULES | {"file": RULES["file"] | {"close_promoted": True}})
