"""What engineers write on an incident's issue for customers: passed on once, as it was written, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncd.config import Brake
from syncd.model import Author
from syncd.records import LinkState
from syncd.testing.memory import Entry
from tests.pairs import Pair
from tests.test_replies import drafts, kept, seen

KINDS = {"incident": {"types": ["Incident"]}}
TEXTS = {"message_incident_update": "News: {{ update }}", "message_incident_resolved": "It is over."}
UPDATE = "/customers\n\nStorage is slow.\n\nWe are moving volumes, and it is getting better."
SAID = "News: Storage is slow.\n\nWe are moving volumes, and it is getting better."


def incident(
    path: Path | None = None, *, kind: str = "Incident", more: dict[str, Any] | None = None, **replies: Any
) -> tuple[Pair, Entry, Entry]:
    """A pair that people linked, on whose ticket an agent has answered."""
    replies = {"incident_update": "public"} | replies
    rules: dict[str, Any] = {"messages": "public", "kinds": KINDS, "texts": TEXTS, "replies": replies}
    pair = Pair(path, **rules | (more or {}))
    ticket, issue = pair.filed_pair()
    ticket.kind = kind
    pair.answer(ticket)
    settle(pair)
    return pair, ticket, issue


def settle(pair: Pair) -> None:
    for _ in range(3):
        pair.tick(10)
        pair.pass_()


def told(ticket: Entry) -> list[str]:
    """What the customer was told, without our markers."""
    return [one.partition("\n\nsyncd:")[0].strip() for one in seen(ticket)]


def test_what_is_marked_is_passed_on_once() -> None:
    pair, ticket, issue = incident()
    pair.say(issue, "I think it is the disk", Author.TEAM)
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert told(ticket) == [SAID]
    settle(pair)
    pair.reconcile()
    assert told(ticket) == [SAID]
    pair.say(issue, "/customers\nIt is mended.", Author.TEAM)
    settle(pair)
    assert told(ticket) == [SAID, "News: It is mended."]


@pytest.mark.parametrize(
    ("text", "by"),
    [
        (UPDATE, Author.OUTSIDE),
        (UPDATE, Author.SELF),
        ("Tell them:\n/customers\nIt is slow.", Author.TEAM),
        ("> /customers\n> It is slow.", Author.TEAM),
        ("/customers are waiting\nso hurry", Author.TEAM),
        ("/customers", Author.TEAM),
    ],
)
def test_nothing_else_is(text: str, by: Author) -> None:
    pair, ticket, issue = incident()
    pair.say(issue, text, by)
    settle(pair)
    assert (told(ticket), drafts(pair, ticket)) == ([], [])


def test_an_edit_is_not_sent_again_and_what_was_taken_back_is_not_said() -> None:
    pair, ticket, issue = incident()
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    issue.remarks[-1] = type(issue.remarks[-1])(Author.TEAM, "/customers\nOtherwise.", internal=False)
    issue.version = pair.tracker.next()
    settle(pair)
    assert told(ticket) == [SAID]


def test_an_incident_alone_speaks_to_customers_unless_another_kind_may() -> None:
    pair, ticket, issue = incident(kind="Question")
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert (told(ticket), drafts(pair, ticket)) == ([], [])
    more = {"kinds": KINDS | {"guidance": {"types": ["Question"]}}}
    pair, ticket, issue = incident(kind="Question", more=more, updates_of=["guidance"])
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert told(ticket) == [SAID]


def test_a_team_may_mark_them_otherwise() -> None:
    pair, ticket, issue = incident(update_mark="**For customers**")
    pair.say(issue, "**For customers**\nIt is slow.", Author.TEAM)
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert told(ticket) == ["News: It is slow."]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("It will be mended by Monday.", "it promises a time"),
        ("We asked: waiting for the developers.", "it tells that engineering is asked"),
        ("See https://tracker.example.com/items/1", "it leads to what not everybody may see"),
        ("See TRACKER-1", "it leads to what not everybody may see"),
    ],
)
def test_what_must_not_go_out_is_a_draft_with_the_reason(text: str, why: str) -> None:
    pair, ticket, issue = incident()
    pair.say(issue, f"/customers\n{text}", Author.TEAM)
    settle(pair)
    assert told(ticket) == []
    assert why in drafts(pair, ticket)[0]


def test_nothing_in_it_is_live() -> None:
    pair, ticket, issue = incident()
    pair.say(issue, "/customers\n@everybody <script>x</script> ![x](https://example.com/x.png) #12", Author.TEAM)
    settle(pair)
    (said,) = told(ticket)
    assert not any(one in said for one in ("@e", "<s", "![", "#1"))


def test_its_words_are_not_stored_and_whatever_is_lost_it_is_told_once(tmp_path: Path) -> None:
    pair, ticket, issue = incident(tmp_path / "state.db")
    pair.desk.faults.append(("lost_answer", True))
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert "Storage is slow" not in kept(pair)
    pair.restart()
    pair.settle()
    assert told(ticket) == [SAID]
    assert "Storage is slow" not in kept(pair)


def test_an_outage_of_the_tracker_loses_none() -> None:
    pair, ticket, issue = incident()
    pair.say(issue, UPDATE, Author.TEAM)
    pair.tracker.faults += [("error", False)] * 3
    for _ in range(3):
        settle(pair)
    pair.settle()
    assert told(ticket) == [SAID]


def test_all_tickets_of_the_issue_are_told_and_a_later_one_only_what_comes_then() -> None:
    pair, ticket, issue = incident()
    other = pair.ticket()
    other.kind = "Incident"
    pair.answer(other)
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    pair.tick(7200)
    pair.join(other, issue)
    settle(pair)
    assert (told(ticket), told(other)) == ([SAID], [])
    pair.say(issue, "/customers\nIt is mended.", Author.TEAM)
    settle(pair)
    assert [told(one)[-1] for one in (ticket, other)] == ["News: It is mended."] * 2


def test_old_updates_of_an_adopted_pair_are_history() -> None:
    own = {"answered_first": False, "incident_update": "public"}
    pair = Pair(messages="public", kinds=KINDS, texts=TEXTS, replies=own)
    ticket = pair.ticket("pending")
    ticket.kind = "Incident"
    issue = pair.issue(ticket)
    pair.say(issue, UPDATE, Author.TEAM)
    pair.tick(7200)
    pair.reconcile()
    settle(pair)
    assert told(ticket) == []


def test_an_outage_knows_no_quiet_hours() -> None:
    pair, ticket, issue = incident(quiet_hours=["sat-thu", "fri 00:00-23:59"])
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert told(ticket) == [SAID]


def test_no_agent_no_update_but_a_draft() -> None:
    pair = Pair(messages="public", kinds=KINDS, texts=TEXTS, replies={"incident_update": "public"})
    ticket, issue = pair.filed_pair()
    ticket.kind = "Incident"
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert told(ticket) == []
    (draft,) = drafts(pair, ticket)
    assert "no agent has answered yet" in draft
    assert "> News: Storage is slow.\n>\n> We are moving" in draft


@pytest.mark.parametrize("how", ["off", "draft"])
def test_it_may_be_a_draft_or_nothing(how: str) -> None:
    pair, ticket, issue = incident(incident_update=how)
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert (told(ticket), len(drafts(pair, ticket))) == ([], how == "draft")


@pytest.mark.parametrize("how", ["off", "public"])
def test_it_is_not_carried_as_a_note_as_well(how: str) -> None:
    pair, ticket, issue = incident(more={"conversation": {"to_ticket": "notes"}}, incident_update=how)
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    pair.settle()
    assert sum("moving volumes" in note for note in pair.notes(ticket)) == 1
    assert len(told(ticket)) == (how == "public")


def test_a_muted_ticket_is_told_nothing() -> None:
    pair, ticket, issue = incident()
    with pair.store.write():
        pair.store.commands.mute(pair.ref(ticket), pair.work.now)
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert told(ticket) == []


def test_the_turns_of_other_notes_are_their_own() -> None:
    pair, ticket, issue = incident()
    for number in range(4):
        pair.say(issue, f"/customers\nPart {number}.", Author.TEAM)
        settle(pair)
    pair.move(issue, "done")
    settle(pair)
    pair.move(issue, "open")
    settle(pair)
    pair.move(issue, "done")
    settle(pair)
    assert told(ticket)[-2:] == ["It is over.", "It is over."]
    assert len(told(ticket)) == 6


def test_the_brake_counts_it() -> None:
    pair, ticket, issue = incident()
    pair.work.brake = Brake(max_messages=0)
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert (told(ticket), bool(pair.store.brakes.on())) == ([], True)


def test_a_link_that_has_ended_passes_nothing_on() -> None:
    pair, ticket, issue = incident()
    pair.cut(ticket, issue)
    settle(pair)
    assert pair.link().state is LinkState.ENDED
    pair.say(issue, UPDATE, Author.TEAM)
    settle(pair)
    assert told(ticket) == []
