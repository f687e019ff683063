"""A private issue that is to stand in public, too."""

from __future__ import annotations

from typing import Any

from syncd.model import Audience, Author, Status
from syncd.testing.memory import Entry
from tests.filings import RULES, Desk

SECRET = "the token is 1234"
ROUTING = {
    "place": "bugs",
    "places": {"bugs": "BUG", "public": "PUB"},
    "tags": {"public_issue": {"place": "public"}},
}


def desk(**rules: Any) -> Desk:
    found = Desk(routing=ROUTING, texts={"promoted": "too: {{ issue_key }}"}, **rules)
    found.tracker.audiences["PUB"] = Audience.PUBLIC
    return found


def promote(one: Desk, ticket: Entry) -> None:
    one.label(ticket, *ticket.tags, "public_issue")


def test_it_is_filed_in_public_without_what_the_customer_wrote_and_each_side_names_the_other() -> None:
    one = desk()
    ticket = one.escalated(SECRET, body=SECRET)
    one.go()
    (private,) = one.filed()
    promote(one, ticket)
    one.go(3)
    (_, public) = one.filed()
    assert (private.place, public.place, public.audience) == ("BUG", "PUB", Audience.PUBLIC)
    assert SECRET not in public.subject + public.body
    assert public.body.endswith(f"Came from: [TRACKER-1]({one.url(private)})")
    assert one.notes(private) == ["too: TRACKER-2"]
    assert sorted(one.notes(ticket)) == ["link_note", "too: TRACKER-2"]
    assert one.notes(public) == [], "nothing is said in public"
    one.settle()
    assert len(one.filed()) == 2
    assert len(one.notes(private) + one.notes(ticket)) == 3


def test_the_ticket_waits_for_both() -> None:
    one = desk()
    ticket = one.escalated()
    one.go()
    promote(one, ticket)
    one.go()
    private, public = one.filed()
    one.move(private, "done")
    one.go()
    assert ticket.status == Status("pending")
    one.move(public, "done")
    one.go()
    assert ticket.status == Status("resolved")


def test_a_ticket_without_an_issue_is_filed_in_public_at_once_and_only_there() -> None:
    one = desk()
    ticket = one.escalated()
    promote(one, ticket)
    one.go(4)
    assert [issue.place for issue in one.filed()] == ["PUB"]


def test_a_tag_that_was_there_before_the_watch_began_promotes_nothing() -> None:
    one = desk()
    ticket = one.ticket()
    one.issue(ticket)
    one.label(ticket, "public_issue")
    one.store = type(one.store).scratch()
    one.work = one.connect()
    one.reconcile()
    one.say(ticket, "news?", Author.OUTSIDE)
    one.go()
    assert (one.filed(), one.states(ticket)) == ([], ["old"])


def test_a_follow_up_promotes_nothing_by_the_tags_that_it_inherits() -> None:
    one = desk(mapped={"final": ["closed"]})
    ticket = one.ticket()
    one.issue(ticket)
    one.label(ticket, "public_issue")
    one.store = type(one.store).scratch()
    one.work = one.connect()
    one.reconcile()
    one.tick()
    one.move(ticket, "closed")
    one.go()
    new = one.follow_up(ticket)
    one.label(new, *ticket.tags)
    one.go(3)
    assert [link.ticket for link in one.links()][-1] == one.ref(new), "it has taken the issue over"
    assert (one.filed(), one.states(new)) == ([], [])


def test_a_person_s_private_issue_is_promoted_too() -> None:
    one = desk()
    ticket = one.ticket()
    private = one.issue(ticket)
    one.go()
    promote(one, ticket)
    one.go()
    (public,) = one.filed()
    assert (public.place, one.notes(private)) == ("PUB", ["too: TRACKER-2"])


def test_a_person_s_public_issue_is_told_nothing() -> None:
    one = desk()
    ticket = one.ticket()
    issue = one.issue(ticket, audience=Audience.PUBLIC)
    one.go()
    promote(one, ticket)
    one.go()
    assert (len(one.filed()), one.notes(issue)) == (1, [])


def test_a_ticket_that_loses_its_issue_in_time_promotes_nothing() -> None:
    one = desk()
    ticket = one.ticket()
    issue = one.issue(ticket)
    one.go()
    promote(one, ticket)
    one.pass_()
    one.cut(ticket, issue)
    one.go(4)
    assert (one.filed(), one.states(ticket)) == ([], ["withdrawn"])


def test_an_issue_that_stands_in_that_place_already_is_not_promoted_there() -> None:
    one = desk()
    one.rules["routing"] = ROUTING | {"places": {"bugs": "BUG", "public": "TRACKER"}}
    one.work = one.connect()
    ticket = one.ticket()
    issue = one.issue(ticket)
    assert one.ref(issue).key == "TRACKER-1", "a key begins with the place"
    one.go()
    promote(one, ticket)
    one.go(3)
    assert (one.filed(), one.states(ticket)) == ([], ["withdrawn"])
    assert "there already" in one.row(ticket).reason


def test_a_tag_that_is_taken_away_in_time_promotes_nothing() -> None:
    one = desk()
    ticket = one.escalated()
    one.go()
    promote(one, ticket)
    one.pass_()
    one.label(ticket, "escalate")
    one.go()
    assert (len(one.filed()), one.states(ticket)) == (1, ["filed", "withdrawn"])


def test_a_public_issue_whose_answer_was_lost_is_found_again() -> None:
    one = desk()
    ticket = one.escalated()
    one.go()
    promote(one, ticket)
    one.pass_()
    one.tick(61)
    one.tracker.faults.append(("lost_answer", True))
    one.pass_()
    one.go(4)
    private, _ = one.filed()
    assert (one.states(ticket), one.notes(private)) == (["filed", "filed"], ["too: TRACKER-2"])


def test_the_private_place_s_issue_is_not_taken_for_a_second_one() -> None:
    one = desk(file=RULES["file"])
    ticket = one.escalated()
    one.go()
    promote(one, ticket)
    one.go(3)
    assert [row.beside for row in one.rows(ticket)] == ["", ""]
