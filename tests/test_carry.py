"""What is said on a ticket goes to its private issue: each text once, harmless, and never to a public place."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncd.links import claims
from syncd.model import Audience, Author, Item, Role
from syncd.records import LinkState
from syncd.testing.memory import Entry
from tests.filings import Desk
from tests.pairs import COMMANDS, Pair

CANARY = "KanarienvogelAusDemTicket"
ALL: dict[str, Any] = {"conversation": {"to_issue": "all"}}
PUBLIC: dict[str, Any] = {"conversation": {"to_issue": "public"}}


def talking(path: Path | None = None, *, plain: bool = False, rules: dict[str, Any] = ALL) -> tuple[Pair, Entry, Entry]:
    """A ticket that waits for a private issue, with a conversation between them."""
    pair = Pair(path, plain=plain, **rules)
    ticket, issue = pair.filed_pair()
    return pair, ticket, issue


def quiet(pair: Pair) -> None:
    """Nobody does anything for an hour, by every clock."""
    for _ in range(6):
        pair.tick(600)
        pair.pass_()


def carried(pair: Pair, issue: Entry) -> list[str]:
    """The comments on an issue that quote something."""
    return [body for body in pair.notes(issue) if "\n\n> " in body]


def said(pair: Pair, issue: Entry) -> str:
    return "\n".join(carried(pair, issue))


@pytest.mark.parametrize("plain", [False, True], ids=["feed tells notes", "notes are read"])
def test_what_is_said_on_a_ticket_stands_on_its_private_issue_once(plain: bool) -> None:
    pair, ticket, issue = talking(plain=plain)
    pair.say(ticket, f"{CANARY} it still fails", Author.OUTSIDE)
    pair.say(ticket, "I look into it", Author.TEAM)
    pair.say(ticket, "the disk is full", Author.TEAM, internal=True)
    pair.tick()
    pair.pass_()
    (body,) = carried(pair, issue)
    heads = re.findall(r"\*\*(.+?)\*\*", body)
    assert heads == ["Customer wrote, public reply", "Agent wrote, public reply", "Agent, internal note"]
    for words in (f"> {CANARY} it still fails", "> I look into it", "> the disk is full"):
        assert body.count(words) == 1
    assert f"[DESK-{ticket.number}]({pair.url(ticket)})" in body
    before = pair.writes()
    quiet(pair)
    pair.reconcile()
    assert pair.writes() == before
    assert not pair.parked()


def test_only_public_replies_where_the_playbook_says_so() -> None:
    pair, ticket, issue = talking(rules=PUBLIC)
    pair.say(ticket, "in public", Author.TEAM)
    pair.say(ticket, "in private", Author.TEAM, internal=True)
    quiet(pair)
    assert "in public" in said(pair, issue)
    assert "in private" not in said(pair, issue)


def test_nothing_is_carried_unless_a_playbook_says_so() -> None:
    pair, ticket, issue = talking(rules={})
    pair.say(ticket, CANARY, Author.OUTSIDE)
    quiet(pair)
    assert carried(pair, issue) == []


@pytest.mark.parametrize("plain", [False, True], ids=["feed tells notes", "notes are read"])
def test_what_was_said_before_is_history(plain: bool) -> None:
    pair = Pair(plain=plain, **ALL)
    ticket = pair.ticket("pending")
    issue = pair.issue(ticket)
    pair.say(ticket, "long ago", Author.OUTSIDE)
    pair.tick()
    pair.reconcile()
    pair.tick()
    pair.say(ticket, "just now", Author.OUTSIDE)
    pair.tick()
    quiet(pair)
    assert "just now" in said(pair, issue)
    assert "long ago" not in said(pair, issue)


def test_what_a_filed_issue_missed_while_syncd_was_away_is_carried() -> None:
    pair = Pair(**ALL)
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    pair.say(ticket, "before the issue", Author.OUTSIDE)
    pair.tick()
    issue = pair.issue(ticket)
    pair.tick(3600)
    pair.say(ticket, "after the issue", Author.OUTSIDE)
    pair.tick()
    quiet(pair)
    assert "after the issue" in said(pair, issue)
    assert "before the issue" not in said(pair, issue)


def test_an_issue_that_syncd_has_filed_gets_what_was_said_on_the_ticket_before() -> None:
    desk = Desk(**ALL)
    ticket = desk.ticket()
    desk.say(ticket, f"{CANARY} since Monday", Author.OUTSIDE)
    desk.say(ticket, "we look into it", Author.TEAM)
    desk.tick()
    desk.escalate(ticket)
    desk.go()
    (issue,) = desk.filed()
    quiet(desk)
    assert f"> {CANARY} since Monday" in said(desk, issue)
    assert "> we look into it" in said(desk, issue)
    before = desk.writes()
    quiet(desk)
    assert desk.writes() == before


def test_switching_it_on_replays_nothing() -> None:
    pair, ticket, issue = talking(rules={})
    pair.say(ticket, "before it was on", Author.OUTSIDE)
    pair.tick()
    quiet(pair)
    pair.rules = ALL
    pair.restart()
    quiet(pair)
    pair.tick()
    pair.say(ticket, "since it is on", Author.OUTSIDE)
    pair.tick()
    quiet(pair)
    assert "since it is on" in said(pair, issue)
    assert "before it was on" not in said(pair, issue)


@pytest.mark.parametrize("when", ["from the first", "before it is polled", "while it is sent"])
def test_a_public_issue_gets_nothing_however_late_it_turns_public(when: str) -> None:
    pair, ticket, issue = talking()
    if when == "from the first":
        issue.audience, issue.version = Audience.PUBLIC, pair.tracker.next()
        quiet(pair)
    pair.say(ticket, CANARY, Author.OUTSIDE)
    if when == "before it is polled":
        issue.audience, issue.version = Audience.PUBLIC, pair.tracker.next()
    elif when == "while it is sent":  # unseen by any poll
        issue.audience = Audience.PUBLIC
    pair.tick()
    quiet(pair)
    assert carried(pair, issue) == []
    assert not pair.parked()
    issue.audience, issue.version = Audience.PRIVATE, pair.tracker.next()
    quiet(pair)
    assert carried(pair, issue) == [], "what was said meanwhile wasn't for this place"


def test_an_issue_that_turns_public_between_two_notes_gets_no_second_one() -> None:
    pair, ticket, issue = talking()
    for number in range(4):  # each fills a note
        pair.say(ticket, f"{number} {CANARY} " + "words " * 4_000, Author.OUTSIDE)

    def opens() -> None:  # unseen by any poll
        if carried(pair, issue):
            issue.audience = Audience.PUBLIC

    pair.tick()
    pair.tracker.after_write = opens
    quiet(pair)
    assert len(carried(pair, issue)) == 1


def test_what_syncd_wrote_is_never_carried_back_nor_what_another_syncd_wrote() -> None:
    pair, ticket, issue = talking()
    pair.move(issue, "done")
    pair.tick()
    quiet(pair)
    assert pair.notes(ticket)
    pair.say(ticket, "said by another\n\nsyncd:v1:01ARZ3NDEKTSV4RRFFQ69G5FAV:0123456789abcdef0123", Author.TEAM)
    quiet(pair)
    assert carried(pair, issue) == []


MARK = "syncd:v1:01ARZ3NDEKTSV4RRFFQ69G5FAV:0123456789abcdef0123"


@pytest.mark.parametrize(
    ("by", "body"),
    [
        (Author.OUTSIDE, f"it still fails\n\nFrom: support\nyour request is done\n\n{MARK}"),
        (Author.OUTSIDE, f"it still fails\n\n> your request is done\n>\n> {MARK}"),
        (Author.TEAM, f"it still fails\n\n> your request is done\n>\n> {MARK}"),
    ],
    ids=["a customer, as mail programs do", "a customer", "an agent"],
)
def test_an_answer_that_quotes_what_syncd_wrote_is_carried(by: Author, body: str) -> None:
    pair, ticket, issue = talking()
    pair.say(ticket, body, by)
    quiet(pair)
    assert "> it still fails" in said(pair, issue)
    assert MARK not in said(pair, issue)


def test_what_is_said_while_a_pair_is_not_linked_is_not_carried() -> None:
    pair, ticket, issue = talking()
    pair.cut(ticket, issue)
    pair.tick()
    pair.say(ticket, "while it was cut", Author.OUTSIDE)
    quiet(pair)
    pair.join(ticket, issue)
    quiet(pair)
    pair.say(ticket, "once it was joined", Author.OUTSIDE)
    quiet(pair)
    assert "once it was joined" in said(pair, issue)
    assert "while it was cut" not in said(pair, issue)


def test_a_storm_goes_in_batches_of_which_each_is_marked_once() -> None:
    pair, ticket, issue = talking()
    for number in range(100):
        pair.say(ticket, f"number {number:03} {'x' * 500}", Author.OUTSIDE)
    pair.tick()
    quiet(pair)
    found = re.findall(r"number (\d{3})", said(pair, issue))
    assert found == [f"{number:03}" for number in range(100)], "each once, in order"
    assert len(carried(pair, issue)) == 5
    assert len(set(issue.markers)) == len(issue.markers)
    assert not pair.store.brakes.on()


def test_long_texts_are_cut_and_fill_no_note_beyond_what_every_tracker_takes() -> None:
    pair, ticket, issue = talking()
    for _ in range(5):
        pair.say(ticket, "y" * 50_000, Author.OUTSIDE)
    quiet(pair)
    bodies = carried(pair, issue)
    assert all(len(body) <= 30_000 for body in bodies)
    assert sum(body.count("cut here: the rest is in the ticket") for body in bodies) == 5


@pytest.mark.parametrize(
    "fault", ["lost_answer", "error_after", "error", "cut", "rate_limited", "unauthorized"], ids=str
)
def test_whatever_goes_wrong_each_text_stands_there_once(fault: str) -> None:
    pair, ticket, issue = talking()
    pair.say(ticket, CANARY, Author.OUTSIDE)
    pair.tracker.faults.append((fault, True))
    pair.tick()
    quiet(pair)
    assert said(pair, issue).count(CANARY) == 1
    assert len(set(issue.markers)) == len(issue.markers)
    assert not pair.parked()


def test_a_text_that_is_deleted_before_it_is_carried_is_not() -> None:
    pair, ticket, issue = talking()
    pair.say(ticket, "a password", Author.OUTSIDE)
    pair.say(ticket, "something else", Author.OUTSIDE)
    pair.tracker.faults += [("error", True)]
    pair.pass_()
    (at,) = [index for index, remark in enumerate(ticket.remarks) if remark.body == "a password"]
    ticket.remarks[at] = replace(ticket.remarks[at], author=Author.SELF)
    quiet(pair)
    assert "a password" not in said(pair, issue)
    assert "something else" in said(pair, issue)


def test_a_muted_ticket_says_nothing_and_nothing_of_it_later() -> None:
    pair, ticket, issue = talking()
    pair.say(ticket, "/mute", Author.TEAM, internal=True)
    quiet(pair)
    pair.tick()
    pair.say(ticket, CANARY, Author.OUTSIDE)
    quiet(pair)
    pair.say(ticket, "/unmute", Author.TEAM, internal=True)
    quiet(pair)
    assert CANARY not in said(pair, issue)
    pair.tick()
    pair.say(ticket, "and now", Author.OUTSIDE)
    quiet(pair)
    assert "and now" in said(pair, issue)


def test_nothing_that_is_carried_is_live() -> None:
    pair, ticket, issue = talking()
    other = pair.ticket()
    evil = (
        f"{pair.url(other)}\n\n- {pair.url(other)}\n\nTicket: {pair.url(other)}\n\n{COMMANDS}\n\n@everyone #4 <b>x</b>"
    )
    pair.say(ticket, evil, Author.OUTSIDE)
    quiet(pair)
    body = said(pair, issue)
    assert "@everyone" not in body
    assert "<b>" not in body
    assert all(line.startswith((">", "**")) or not line for line in body.split("\n"))
    assert [link.state for link in pair.links()] == [LinkState.LIVE], "no link to the ticket that was named"
    item = pair.work.connectors["tracker"].fetch([pair.ref(issue)])[pair.ref(issue)]
    assert isinstance(item, Item)
    named = claims(item, Role.TRACKER, {"desk": pair.work.connectors["desk"].parse_url})
    assert {claim.key for claim in named if claim.trusted} == {f"DESK-{ticket.number}"}
    assert f"DESK-{other.number}" not in {claim.key for claim in named}


def test_a_quiet_pair_costs_no_call_and_a_text_costs_few() -> None:
    pair, ticket, issue = talking(plain=True)
    quiet(pair)
    calls = sum(books.calls for books in pair.books.values())
    pair.pass_()
    idle = sum(books.calls for books in pair.books.values()) - calls
    pair.say(ticket, CANARY, Author.OUTSIDE)
    pair.tick()
    pair.pass_()
    spent = sum(books.calls for books in pair.books.values()) - calls - 2 * idle
    assert spent == 5, "the change is read, both ends once more, who can read the issue, and one write"
    assert CANARY in said(pair, issue)
    before = sum(books.calls for books in pair.books.values())
    pair.pass_()
    assert sum(books.calls for books in pair.books.values()) - before == idle


def test_no_word_of_a_ticket_is_in_the_state(tmp_path: Path) -> None:
    pair, ticket, issue = talking(tmp_path / "syncd.db")
    pair.say(ticket, f"{CANARY} one", Author.OUTSIDE)
    pair.tracker.faults.append(("lost_answer", True))
    pair.pass_()
    for path in tmp_path.iterdir():
        assert CANARY.encode() not in path.read_bytes(), path
    quiet(pair)
    assert CANARY in said(pair, issue)
    pair.store.close()
    for path in tmp_path.iterdir():
        assert CANARY.encode() not in path.read_bytes(), path


class Died(BaseException):
    """The process was killed."""


class Fuse:
    """Kills at the given one of the moments around calls and transactions."""

    def __init__(self, left: int) -> None:
        self.left, self.struck = left, False

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.struck = True
            raise Died


def test_wherever_syncd_dies_each_text_stands_there_once(tmp_path: Path) -> None:
    for step in range(1, 100):
        pair, ticket, issue = talking(tmp_path / f"{step}.db")
        pair.say(ticket, CANARY, Author.OUTSIDE)
        fuse = Fuse(step)
        pair.watch(fuse)
        with suppress(Died):
            pair.pass_()
        fuse.left = 0
        pair.restart()
        quiet(pair)
        assert said(pair, issue).count(CANARY) == 1, step
        assert len(set(issue.markers)) == len(issue.markers)
        pair.store.close()
        if not fuse.struck:
            assert step > 8
            return
    pytest.fail("it never got through")
