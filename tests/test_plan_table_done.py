"""Whole histories where a label or a release makes an issue done, and two helpdesks that see one issue differently."""

from __future__ import annotations

import pytest

from syncd.model import Audience, Status
from syncd.records import Standing
from tests.histories import Row, play
from tests.pairs import Pair
from tests.test_plan_table import FILED

LABEL = {"resolve_when": "label:shipped"}
RELEASED = {"resolve_when": "released"}
ROWS = [
    Row("closed without the label: not done", f"{FILED}; x done; pass", "a pending: link_note; writes 2", LABEL),
    Row(
        "closed, then labelled",
        f"{FILED}; x done; pass; x labels shipped other; pass",
        "a resolved: link_note resolved; a-x agreed; writes 4",
        LABEL,
    ),
    Row("labelled while open", f"{FILED}; x labels Shipped; pass", "a resolved: link_note resolved; x open", LABEL),
    Row("another label", f"{FILED}; x labels shipping; pass", "a pending: link_note; writes 2", LABEL),
    Row(
        "labelled, then closed: nothing more to say",
        f"{FILED}; x labels shipped; pass; x done; pass",
        "a resolved: link_note resolved; a-x agreed; writes 4",
        LABEL,
    ),
    Row(
        "the label is taken away",
        f"{FILED}; x done; x labels shipped; pass; x labels; pass",
        "a pending: link_note resolved issue_reopened; a-x agreed; writes 6",
        LABEL,
    ),
    Row(
        "reopened, and still labelled",
        f"{FILED}; x done; x labels shipped; pass; x open; pass",
        "a resolved: link_note resolved; a-x agreed; writes 4",
        LABEL,
    ),
    Row("declined at once", f"{FILED}; x declined; pass", "a resolved: link_note declined; writes 4", LABEL),
    Row(
        "a duplicate at once",
        f"{FILED}; x duplicate; pass",
        "a pending: link_note duplicate; a-x waits_for_person",
        LABEL,
    ),
    Row("unknown stays unknown", f"{FILED}; x strange; x labels shipped; pass", "a pending: link_note", LABEL),
    Row(
        "closed without the label when the link is found: filed all the same",
        "ticket a; issue x for a; x done; pass",
        "a pending: link_note; a-x agreed",
        LABEL,
    ),
    Row(
        "labelled already when the link is found: adopted",
        "ticket a; issue x; x labels shipped; pass; a names x; pass",
        "a open; a-x adopted; writes 0",
        LABEL,
    ),
    Row(
        "seen unlabelled, and labelled before anything was decided",
        "ticket a; issue x for a; a strange; pass; x labels shipped; a open; pass",
        "a resolved: resolved; a-x agreed",
        LABEL,
    ),
    Row(
        "resolved before the label: told",
        f"{FILED}; x done; pass; a resolved; pass",
        "a resolved: link_note; x done: ticket_resolved; a-x told; writes 3",
        LABEL,
    ),
    Row(
        "resolved before the label, where issues are closed: it is closed already",
        f"{FILED}; x done; pass; a resolved; pass; walk",
        "a resolved: link_note; x done: ticket_resolved; a-x told; writes 3",
        LABEL | {"on_ticket_resolved": "close"},
    ),
    Row(
        "resolved before the label, where issues are closed",
        f"{FILED}; a resolved; pass; walk",
        "a resolved: link_note; x done: ticket_resolved; a-x told; writes 4",
        LABEL | {"on_ticket_resolved": "close"},
    ),
    Row(
        "a customer reopens, and the labelled issue was open all along",
        f"{FILED}; x in_progress; x labels shipped; pass; a reply; pass; walk",
        "a open: link_note resolved; x in_progress: ticket_reopened; a-x told; writes 5",
        LABEL | {"on_requester_reopen": "reopen"},
    ),
    Row(
        "a customer reopens, the issue is reopened and keeps its label",
        f"{FILED}; x done; x labels shipped; pass; a reply; pass; x labels; pass; a answer; x labels shipped; pass",
        "a resolved: link_note resolved resolved; x open: ticket_reopened; a-x agreed",
        LABEL | {"on_requester_reopen": "reopen"},
    ),
    Row(
        "a stranger closes, the team labels",
        f"{FILED}; x done outside; x labels shipped; pass",
        "a resolved: link_note resolved; a-x agreed",
        LABEL,
    ),
    Row(
        "an old pair, closed and labelled by somebody outside and by the team",
        "ticket a; issue x for a done; x done outside; x labels shipped; walk; pass; weeks; pass",
        "a open; a-x adopted; writes 0",
        LABEL,
        cold=True,
    ),
    Row(
        "two issues: both need the label",
        f"{FILED}; issue y for a; pass; x labels shipped; pass; y done; pass; y labels shipped; pass",
        "a resolved: link_note resolved; a-x agreed; a-y agreed",
        LABEL,
    ),
    Row(
        "the label on a lost issue: nothing is waited for",
        f"{FILED}; issue y for a; pass; x done; y labels shipped; pass; y deleted; pass",
        "a pending: link_note; a-x agreed; a-y ended",
        LABEL,
    ),
    Row(
        "an unlabelled issue is lost, and the other has its label",
        f"{FILED}; issue y for a; pass; x done; y labels shipped; pass; x deleted; pass",
        "a open: link_note lost_issue; a-x ended; a-y told",
        LABEL,
    ),
    Row(
        "the canonical issue of a duplicate has the label already",
        f"{FILED}; issue y; y labels shipped; pass; x of y; pass",
        "a resolved: link_note resolved; a-x ended; a-y agreed",
        LABEL,
    ),
    # released ---
    Row("closed, without a milestone", f"{FILED}; x done; pass", "a resolved: link_note resolved; writes 4", RELEASED),
    Row(
        "closed, and not released yet",
        f"{FILED}; x unreleased; x done; pass",
        "a pending: link_note; a-x agreed; writes 2",
        RELEASED,
    ),
    Row(
        "closed, then released",
        f"{FILED}; x unreleased; x done; pass; x released; walk",
        "a resolved: link_note resolved; a-x agreed; writes 4",
        RELEASED,
    ),
    Row("released while open", f"{FILED}; x released; x open; pass", "a pending: link_note; writes 2", RELEASED),
    Row(
        "declined, and not released",
        f"{FILED}; x unreleased; x declined; pass",
        "a resolved: link_note declined; writes 4",
        RELEASED,
    ),
    Row(
        "the milestone is opened again",
        f"{FILED}; x released; x done; pass; x unreleased; walk",
        "a pending: link_note resolved issue_reopened; a-x agreed; writes 6",
        RELEASED,
    ),
]


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_history(row: Row, plain: bool) -> None:
    play(row, plain=plain)


def test_two_helpdesks_see_one_issue_each_by_its_own_playbook() -> None:
    pair = Pair(resolve_when="label:shipped", beside={})
    pair.reconcile()
    pair.tick()
    here, there = pair.ticket(), pair.ticket(at="emea")
    issue = pair.issue(here, there)
    pair.settle()
    pair.move(issue, "done")
    pair.settle()
    assert (str(here.status), str(there.status)) == ("pending", "resolved")
    pair.label(issue, "shipped")
    pair.settle()
    assert (str(here.status), str(there.status)) == ("resolved", "resolved")
    pair.label(issue)
    pair.settle()
    assert (str(here.status), str(there.status)) == ("pending", "resolved")
    assert pair.notes(there) == ["link_note", "resolved"]


def test_only_labels_that_some_playbook_names_are_kept() -> None:
    pair = Pair(resolve_when="label:shipped", beside={"resolve_when": "label:QA"})
    _, issue = pair.filed_pair()
    pair.label(issue, "customer/acme", "shipped", "qa")
    pair.settle()
    seen = pair.store.snapshots.get(pair.ref(issue))
    assert getattr(seen, "tags", None) == ("qa", "shipped")


@pytest.mark.parametrize("then", ["closed", "label:shipped", "released"])
@pytest.mark.parametrize("now", ["closed", "label:shipped", "released"])
def test_another_way_to_be_done_is_no_move_of_any_issue(then: str, now: str) -> None:
    pair = Pair(resolve_when=then)
    ticket, issue = pair.filed_pair()
    other = pair.ticket()
    open_ = pair.issue(other)
    open_.released = issue.released = False
    pair.move(issue, "done")
    pair.move(open_, "done")
    if then == "label:shipped":
        pair.label(issue, "shipped")
    issue.released = then == "released"
    pair.settle()
    assert str(ticket.status) == "resolved"
    before, pair.rules = [str(ticket.status), str(other.status)], {"resolve_when": now}
    pair.restart()
    pair.reconcile()
    pair.settle()
    assert [str(ticket.status), str(other.status)] == before
    assert pair.link(ticket, issue).standing in {Standing.AGREED, Standing.DRIFT}


TEXTS = {
    "link_note": "{{ label }}|{{ release }}",
    "resolved": "{{ label }}|{{ release }}|{{ who }}",
    "declined": "{{ label }}|{{ release }}|{{ who }}",
    "issue_reopened": "{{ label }}|{{ release }}",
}


def said(pair: Pair, *, story: str) -> list[str]:
    ticket, issue = pair.filed_pair()
    for step in story.split():
        if step in {"shipped", "none"}:
            pair.label(issue, *([step] if step == "shipped" else []))
        elif step in {"released", "unreleased"}:
            issue.released = step == "released"
        else:
            pair.move(issue, step)
        pair.reconcile()
        pair.tick(4000)
    return pair.notes(ticket)


@pytest.mark.parametrize(
    ("way", "story", "notes"),
    [
        ("closed", "done open", ["|", "||", "|"]),
        ("label:shipped", "done shipped none", ["shipped|", "shipped||", "shipped|"]),
        ("label:shipped", "declined open", ["shipped|", "||", "|"]),
        ("released", "unreleased done released unreleased", ["|", "|released|", "|released"]),
        ("released", "done open", ["|", "||", "|"]),
    ],
)
def test_the_notes_say_what_made_the_issue_done(way: str, story: str, notes: list[str]) -> None:
    pair = Pair(resolve_when=way, texts=TEXTS)
    assert said(pair, story=story) == notes


def test_a_link_note_says_that_a_release_is_waited_for() -> None:
    pair = Pair(resolve_when="released", texts=TEXTS)
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    issue = pair.issue(ticket, audience=Audience.PUBLIC)
    issue.released = False
    pair.settle()
    assert (pair.notes(ticket), ticket.status) == (["|released"], Status("pending"))
