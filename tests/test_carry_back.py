"""What is said on an issue goes to its tickets as internal notes, and what was edited reads so at the other end."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from syncd.model import Audience, Author
from syncd.store import Store, back_up, restore
from syncd.testing.memory import START, Entry
from syncd.testing.world import Remark
from tests.ledger import Apart, Bench, Firm
from tests.pairs import COMMANDS, Pair
from tests.test_carry import CANARY, Died, Fuse, carried, quiet, said

BACK: dict[str, Any] = {"conversation": {"to_ticket": "notes"}}
BOTH: dict[str, Any] = {"conversation": {"to_issue": "all", "to_ticket": "notes"}}
KINDS = {"comments come with the issue": Bench, "comments are apart": Apart}


def talking(kind: type[Bench] = Bench, *, rules: dict[str, Any] = BOTH, **how: Any) -> tuple[Pair, Entry, Entry]:
    pair = Pair(connectors={"tracker": kind}, **rules, **how)
    ticket, issue = pair.filed_pair()
    return pair, ticket, issue


def edit(pair: Pair, entry: Entry, old: str, new: str) -> None:
    """Somebody edits what was said."""
    books = pair._books(entry)
    (at,) = [index for index, one in enumerate(entry.remarks) if one.body == old]
    entry.remarks[at] = Remark(entry.remarks[at].author, new, entry.remarks[at].internal)
    entry.version = books.next()


def calls(pair: Pair) -> int:
    return sum(books.calls for books in pair.books.values())


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_engineers_say_is_an_internal_note_on_the_ticket_once(kind: type[Bench]) -> None:
    pair, ticket, issue = talking(kind, rules=BACK)
    pair.say(issue, "the index is broken", Author.TEAM)
    quiet(pair)
    (body,) = carried(pair, ticket)
    assert "**Engineering wrote** (issue [TRACKER-" in body
    assert body.count("> the index is broken") == 1
    assert [one.internal for one in ticket.remarks if one.author is Author.SELF and one.body == body] == [True]
    before = pair.writes()
    quiet(pair)
    pair.reconcile()
    assert pair.writes() == before


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_two_ends_that_hear_each_other_do_not_echo(kind: type[Bench]) -> None:
    pair, ticket, issue = talking(kind)
    for number in range(3):
        pair.say(ticket, f"asked {number}", Author.OUTSIDE)
        pair.say(issue, f"said {number}", Author.TEAM)
        pair.tick()
        pair.pass_()
    before = pair.writes()
    quiet(pair)
    assert pair.writes() == before
    for number in range(3):
        assert said(pair, issue).count(f"asked {number}") == 1
        assert said(pair, ticket).count(f"said {number}") == 1
    assert "asked" not in said(pair, ticket)
    assert "said" not in said(pair, issue)


@pytest.mark.parametrize("audience", list(Audience))
def test_strangers_are_heard_from_a_private_issue_only(audience: Audience) -> None:
    pair = Pair(**BACK)
    ticket, issue = pair.filed_pair(audience=audience)
    pair.say(issue, "me too", Author.OUTSIDE)
    pair.say(issue, "fixed in the next release", Author.TEAM)
    quiet(pair)
    assert "fixed in the next release" in said(pair, ticket)
    assert ("Somebody from outside wrote" in said(pair, ticket)) is (audience is Audience.PRIVATE)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_nothing_older_than_the_link_comes_along(kind: type[Bench]) -> None:
    pair = Pair(connectors={"tracker": kind}, **BACK)
    ticket = pair.ticket("pending")
    issue = pair.issue(ticket)
    pair.say(issue, "long ago", Author.TEAM)
    pair.tick()
    pair.reconcile()
    pair.tick()
    pair.say(issue, "just now", Author.TEAM)
    quiet(pair)
    assert "just now" in said(pair, ticket)
    assert "long ago" not in said(pair, ticket)


def test_what_is_said_within_the_second_in_which_it_was_looked_at_is_carried_too() -> None:
    pair, ticket, issue = talking(Apart, rules=BACK)
    pair.say(issue, "the index is broken", Author.TEAM)
    issue.version = issue.said[-1] = int((pair.clock.now() - START).total_seconds())
    pair.pass_()
    assert "the index is broken" in said(pair, ticket)
    issue.remarks.append(Remark(Author.TEAM, "and the disk is full", internal=False))
    issue.said.append(issue.version)
    pair.tick(10)
    pair.pass_()
    assert said(pair, ticket).count("and the disk is full") == 1
    pair.tick(10)
    before = pair.tracker.calls
    pair.pass_()
    assert pair.tracker.calls - before == 1, "nothing but the poll"


def test_what_was_said_on_a_filed_issue_before_syncd_met_it_is_carried() -> None:
    pair = Pair(connectors={"tracker": Apart}, **BACK)
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    issue = pair.issue(ticket)
    pair.say(issue, "seen it before", Author.TEAM)
    pair.tick(3600)
    quiet(pair)
    assert "seen it before" in said(pair, ticket)


def test_a_carried_comment_is_no_command_and_no_answer_to_the_customer() -> None:
    pair, ticket, issue = talking(rules=BACK)
    pair.say(ticket, "any news?", Author.OUTSIDE)
    pair.tick()
    pair.say(issue, f"{COMMANDS}\n\n/link {pair.url(pair.issue())}\n\n@ada look", Author.TEAM)
    quiet(pair)
    assert "/reopen" in said(pair, ticket)
    assert "@ada" not in said(pair, ticket)
    assert len(pair.links()) == 1
    pair.move(issue, "done")
    quiet(pair)
    assert str(ticket.status) != "resolved", "the customer still waits: our note is no answer (rule 7)"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_change_without_a_word_costs_one_call_where_comments_are_apart_and_none_elsewhere(kind: type[Bench]) -> None:
    pair, ticket, issue = talking(kind, rules=BACK)
    quiet(pair)
    before = calls(pair)
    pair.pass_()
    idle = calls(pair) - before
    issue.version = pair.tracker.next()
    pair.tick()
    before = calls(pair)
    pair.pass_()
    assert calls(pair) - before - idle == (kind is Apart)
    pair.say(issue, "a word", Author.TEAM)
    pair.tick()
    before = calls(pair)
    pair.pass_()
    assert calls(pair) - before - idle == 3, "the issue's comments, the ticket, and one write"
    before = calls(pair)
    pair.pass_()
    assert calls(pair) - before <= idle
    assert ticket.remarks


@pytest.mark.parametrize("way", ["to the issue", "to the ticket"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_edited_text_is_edited_where_it_stands(kind: type[Bench], way: str) -> None:
    pair, ticket, issue = talking(kind)
    here, there = (ticket, issue) if way == "to the issue" else (issue, ticket)
    pair.say(here, "my password is hunter2", Author.TEAM)
    pair.say(here, "and this", Author.TEAM)
    quiet(pair)
    markers = list(there.markers)
    edit(pair, here, "my password is hunter2", "my password is …")
    quiet(pair)
    assert "my password is …" in said(pair, there)
    assert "and this" in said(pair, there)
    assert "hunter2" not in "".join(one.body for one in there.remarks)
    assert there.markers == markers, "in the same note"
    before = pair.writes(), calls(pair)
    pair.pass_()
    idle = calls(pair) - before[1]
    pair.pass_()
    assert pair.writes() == before[0]
    assert calls(pair) - before[1] == 2 * idle


def test_what_is_edited_once_its_issue_is_public_is_not_told_there() -> None:
    pair, ticket, issue = talking()
    pair.say(ticket, "first", Author.OUTSIDE)
    quiet(pair)
    issue.audience = Audience.PUBLIC  # unseen by any poll
    edit(pair, ticket, "first", "second")
    quiet(pair)
    assert "first" in said(pair, issue)
    assert "second" not in said(pair, issue)
    assert not pair.parked()


@pytest.mark.parametrize("fault", ["lost_answer", "error_after", "error", "cut", "rate_limited"])
def test_an_edit_that_fails_is_made_all_the_same(fault: str) -> None:
    pair, ticket, issue = talking()
    pair.say(ticket, "first", Author.OUTSIDE)
    quiet(pair)
    edit(pair, ticket, "first", "second")
    pair.tracker.faults.append((fault, True))
    quiet(pair)
    assert said(pair, issue).count("second") == 1
    assert "first" not in said(pair, issue)
    assert not pair.parked()


def test_where_notes_stay_as_they_are_an_edit_is_told_once_an_hour() -> None:
    pair = Pair(connectors={"desk": Firm}, **BACK)
    ticket, issue = pair.filed_pair()
    pair.say(issue, "draft 0", Author.TEAM)
    pair.tick()
    pair.pass_()
    for number in range(1, 5):
        edit(pair, issue, f"draft {number - 1}", f"draft {number}")
        pair.tick(60)
        pair.pass_()
    assert len(carried(pair, ticket)) == 1
    pair.tick(3600)
    pair.pass_()
    quiet(pair)
    assert len(carried(pair, ticket)) == 2
    last = carried(pair, ticket)[-1]
    assert "Engineering wrote, edited" in last
    assert "> draft 4" in last
    before = pair.writes()
    quiet(pair)
    quiet(pair)
    assert pair.writes() == before


def test_what_is_deleted_stays_at_the_other_end() -> None:
    pair, ticket, issue = talking()
    pair.say(ticket, CANARY, Author.OUTSIDE)
    quiet(pair)
    (at,) = [index for index, one in enumerate(ticket.remarks) if one.body == CANARY]
    ticket.remarks[at] = Remark(Author.SELF, "", internal=False)
    ticket.version = pair.desk.next()
    before = pair.writes()
    quiet(pair)
    assert said(pair, issue).count(CANARY) == 1
    assert pair.writes() == before


STEPS = [3, pytest.param(1, marks=pytest.mark.torture)]
"""At every third moment, and in the long run at each."""


@pytest.mark.parametrize("by", STEPS)
def test_wherever_syncd_dies_what_was_said_and_edited_on_both_ends_stands_there_once(tmp_path: Path, by: int) -> None:
    for step in range(1, 200, by):
        pair, ticket, issue = talking(Apart, path=tmp_path / f"{step}.db")
        pair.say(ticket, "asked", Author.OUTSIDE)
        quiet(pair)
        edit(pair, ticket, "asked", "asked anew")
        pair.say(issue, "answered", Author.TEAM)
        fuse = Fuse(step)
        pair.watch(fuse)
        with suppress(Died):
            pair.pass_()
        fuse.left = 0
        pair.restart()
        quiet(pair)
        assert re.findall(r"> asked.*", said(pair, issue)) == ["> asked anew"], step
        assert re.findall(r"> answered.*", said(pair, ticket)) == ["> answered"], step
        for entry in (ticket, issue):
            assert len(set(entry.markers)) == len(entry.markers)
        pair.store.close()
        if not fuse.struck:
            assert step > 12
            return
    pytest.fail("it never got through")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_after_an_older_state_was_restored_nothing_is_carried_again_and_nothing_is_missed(
    kind: type[Bench], tmp_path: Path
) -> None:
    path, backup = tmp_path / "syncd.db", tmp_path / "backup.db"
    pair, ticket, issue = talking(kind, path=path)
    quiet(pair)
    back_up(path, backup)
    for number in range(3):
        pair.say(ticket, f"asked {number}", Author.OUTSIDE)
        pair.say(issue, f"answered {number}", Author.TEAM)
        if number:
            quiet(pair)
    pair.say(ticket, "asked while it was down", Author.OUTSIDE)
    pair.tick(60)
    pair.store.close()
    restore(path, backup, pair.clock.now())
    pair.store = Store.open(path)
    pair.work = pair.connect()
    quiet(pair)
    edit(pair, ticket, "asked 0", "asked otherwise")
    quiet(pair)
    asked = re.findall(r"> (asked.*)", said(pair, issue))
    assert sorted(asked) == ["asked 1", "asked 2", "asked otherwise", "asked while it was down"]
    assert sorted(re.findall(r"> (answered.*)", said(pair, ticket))) == [f"answered {number}" for number in range(3)]
