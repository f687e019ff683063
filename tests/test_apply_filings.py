"""Issues to be filed are part of a plan file: each is filed as a person has seen it decided, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from syncd.clock import stamp
from syncd.config import Brake
from syncd.details import Attachment, Company, Person
from syncd.issues.seen import CHANGED, NO_ISSUE, NOT_ESCALATED, STANDS, kept
from syncd.jobs import apply as applying
from syncd.jobs.backfill import backfill
from syncd.model import Audience, Author
from syncd.planfile import BadPlan, FileGroup, PlanFile, parse
from syncd.store import FilingState, Store
from syncd.sync.approval import keep
from syncd.testing.memory import Entry
from syncd.testing.panels import Panel
from tests.filings import AFTER, Desk

CANARY = "Kanarienvogel"
PRIORITIES = {"severity": {"told_by": [{"field": "impact"}]}, "table": {"high": "high", "low": "low"}}
TEXTS = {
    "title": "{{ subject }}",
    "body": "Ticket: {{ ticket_url }}, {{ requester }}\n\n{{ description_quoted }}\n\n{{ attachments }}",
}
FILED = {"priorities": PRIORITIES, "customer": {"label": "customer/"}, "issue_texts": TEXTS}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "state.db", **FILED)


def waiting(desk: Desk, *, seconds: int = AFTER) -> Entry:
    """A ticket that was escalated so long ago, and that no service has filed an issue for."""
    ticket = desk.escalated(f"It is slow {CANARY}", body=f"Since noon {CANARY}")
    ticket.company, ticket.requester = Company(f"Company {CANARY}"), Person(f"Ada {CANARY}")
    ticket.fields["impact"] = "high"
    ticket.attachments = (Attachment(f"{CANARY}.log", "https://files.example.com/1?signature=1", 7),)
    desk.tick(seconds)
    return ticket


def planned(desk: Desk, *, file_since: str | None = None) -> PlanFile:
    """What ``reconcile --plan`` keeps, as it is read again from its text."""
    assert desk.path is not None
    store, groups = Store.scratch(desk.path), dict[str, FileGroup]()
    work = replace(desk.connect(), store=store, writes=False, ahead=True)
    work = replace(work, planned=partial(keep, work, groups))
    backfill(work, list(desk.books), file_since=file_since)
    told: dict[str, Any] = {"syncd": "plan", "format": 1, "kind": "reconcile", "made_at": stamp(desk.clock.now())}
    text = PlanFile(**told, groups=list(groups.values()), filings=kept(work)).text()
    store.close()
    assert CANARY.casefold() not in text.casefold()
    return parse(text.encode())


def apply(desk: Desk, file: PlanFile) -> applying.Applied:
    desk.work.paused.clear()
    return applying.apply(desk.work, file)


def why(found: applying.Applied) -> list[str]:
    return list(found.unfiled.values())


def test_an_issue_is_filed_as_it_was_seen_with_what_its_ticket_shows_of_it_and_once(desk: Desk) -> None:
    ticket = waiting(desk)
    file = planned(desk)
    (one,) = file.filings
    assert (one.item, one.tracker, one.place, one.audience) == (desk.ref(ticket).human, "tracker", "BUG", "private")
    assert (one.kind, one.priority, one.labels, one.trigger) == ("rfh", "high", ["high"], "the tag escalate")
    assert (desk.writes(), desk.filed()) == (0, [])
    desk.tick(AFTER)
    found = apply(desk, file)
    assert (found.filed, found.unfiled, found.skipped) == ([one.filing], {}, {})
    (issue,) = desk.filed()
    assert (issue.subject, issue.place, issue.tags) == (
        ticket.subject,
        "BUG",
        ("high", "customer/company-kanarienvogel"),
    )
    assert (str(ticket.status), desk.notes(ticket)) == ("pending", ["link_note"])
    before = desk.writes()
    found = apply(desk, file)
    assert (found.filed, why(found)) == ([], [STANDS])
    desk.settle()
    assert (len(desk.filed()), desk.writes()) == (1, before)


def test_what_is_taken_out_of_the_file_is_not_filed(desk: Desk) -> None:
    tickets = [waiting(desk) for _ in range(2)]
    file = planned(desk)
    assert len(file.filings) == 2
    desk.tick(AFTER)
    found = apply(desk, file.model_copy(update={"filings": file.filings[1:]}))
    assert (len(found.filed), len(desk.filed())) == (1, 1)
    assert sorted(state for one in tickets for state in desk.states(one)) == ["filed", "waiting"]


def touched(desk: Desk, ticket: Entry) -> None:
    """An agent has done something on the ticket."""
    ticket.version = desk.desk.next()


def urgent(desk: Desk, ticket: Entry) -> None:
    ticket.fields["impact"] = "low"


def worded(desk: Desk, ticket: Entry) -> None:
    """The text is another one, though the version didn't move."""
    del desk
    ticket.body = "Something else"


def opened(desk: Desk, ticket: Entry) -> None:
    """Everybody can read the place by now."""
    del ticket
    desk.tracker.audiences["BUG"] = Audience.PUBLIC


def moved(desk: Desk, ticket: Entry) -> None:
    """The playbook files elsewhere."""
    del ticket
    desk.rules["routing"] = {"place": "bugs", "places": {"bugs": "OTHER"}}
    desk.work = desk.connect()


def reworded(desk: Desk, ticket: Entry) -> None:
    del ticket
    desk.rules["issue_texts"] = TEXTS | {"body": "See {{ ticket_url }}"}
    desk.work = desk.connect()


@pytest.mark.parametrize("change", [touched, urgent, worded, opened, moved, reworded])
def test_what_has_changed_is_left_alone_and_listed_and_the_rest_is_done(
    desk: Desk, change: Callable[[Desk, Entry], None]
) -> None:
    ticket = waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    change(desk, ticket)
    found = apply(desk, file)
    assert (found.filed, why(found), desk.filed()) == ([], [CHANGED], [])
    assert (desk.writes(), desk.states(ticket)) == (0, ["waiting"])


def test_one_that_has_changed_holds_up_no_other(desk: Desk) -> None:
    tickets = [waiting(desk) for _ in range(3)]
    file = planned(desk)
    desk.tick(AFTER)
    touched(desk, tickets[1])
    found = apply(desk, file)
    assert (len(found.filed), why(found)) == (2, [CHANGED])
    assert [desk.states(one) for one in tickets] == [["filed"], ["waiting"], ["filed"]]


def calm(desk: Desk, ticket: Entry) -> None:
    desk.calm(ticket)


def finished(desk: Desk, ticket: Entry) -> None:
    desk.move(ticket, "resolved")


def by_hand(desk: Desk, ticket: Entry) -> None:
    desk.issue(ticket)


@pytest.mark.parametrize(
    ("change", "said", "state"),
    [(calm, {NOT_ESCALATED, NO_ISSUE}, None), (finished, {NO_ISSUE}, "waiting"), (by_hand, {STANDS}, "adopted")],
)
def test_what_needs_no_issue_any_more_gets_none_and_nothing_is_written_because_of_it(
    desk: Desk, change: Callable[[Desk, Entry], None], said: set[str], state: str | None
) -> None:
    ticket = waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    change(desk, ticket)
    found = apply(desk, file)
    assert (found.filed, set(why(found)) <= said, desk.filed()) == ([], True, [])
    assert desk.notes(ticket) == []
    assert state is None or desk.states(ticket) == [state]


def test_where_its_files_can_be_had_may_change(desk: Desk) -> None:
    ticket = waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    ticket.attachments = (Attachment(f"{CANARY}.log", "https://files.example.com/1?signature=2", 7),)
    assert len(apply(desk, file).filed) == 1
    assert "signature=2" in desk.filed()[0].body


def test_people_get_their_time_after_the_plan_was_made(desk: Desk) -> None:
    waiting(desk, seconds=5)
    file = planned(desk)
    (said,) = why(apply(desk, file))
    assert said.startswith("it is left to people until 09:")
    assert desk.filed() == []
    desk.tick(AFTER)
    assert len(apply(desk, file).filed) == 1


def test_nothing_else_is_filed_nor_told(desk: Desk) -> None:
    ticket = waiting(desk)
    file = planned(desk)
    other = waiting(desk)
    apply(desk, file)
    assert (desk.states(ticket), desk.states(other)) == (["filed"], ["waiting"])
    assert len(desk.filed()) == 1
    assert str(other.status) == "open"


def test_what_was_left_to_people_is_filed_where_the_plan_has_it_and_else_stays_theirs(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state.db", **FILED)
    old = [desk.escalated(f"Old {n}") for n in range(2)]
    desk.pass_()
    with desk.store.write():
        for ticket in old:
            desk.store.filings.put(replace(desk.row(ticket), state=FilingState.OLD))
    desk.tick(AFTER)
    file = planned(desk, file_since="2026-01-01T00:00:00Z")
    assert len(file.filings) == 2
    touched(desk, old[1])
    found = apply(desk, file)
    assert (len(found.filed), why(found)) == (1, [CHANGED])
    assert [desk.states(one) for one in old] == [["filed"], ["old"]]


def test_a_lost_answer_is_looked_for_within_the_plan(desk: Desk) -> None:
    waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    desk.tracker.faults.append(("lost_answer", True))
    found = apply(desk, file)
    assert (len(found.filed), why(found), len(desk.filed())) == (1, [], 1)


def test_a_refusal_is_told_with_its_reason(desk: Desk) -> None:
    ticket = waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    desk.tracker.absent.add("BUG")
    found = apply(desk, file)
    assert found.filed == []
    assert "there is no such place" in why(found)[0]
    assert desk.states(ticket) == ["refused"]


def test_a_brake_that_is_on_holds_it_up_and_its_count_does_not(desk: Desk) -> None:
    desk.work.brake = Brake(max_changes=2)
    for _ in range(4):
        waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    with desk.store.write():
        desk.store.brakes.pull("tracker", "too much", desk.work.now)
    found = apply(desk, file)
    assert (found.filed, found.braked, set(why(found))) == ([], True, {"tracker's brake is on"})
    with desk.store.write():
        desk.store.brakes.release("tracker", desk.work.now)
    desk.work.brake = Brake(max_changes=2)
    assert len(apply(desk, file).filed) == 4
    waiting(desk)
    desk.go()
    assert (len(desk.filed()), desk.store.brakes.on()) == (5, []), (
        "what a person has approved doesn't count later, either"
    )


def test_a_paused_end_holds_it_up(desk: Desk) -> None:
    waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    with desk.store.write():
        desk.store.connectors.pause("tracker", "", desk.work.now)
    found = apply(desk, file)
    assert (found.filed, why(found)) == ([], ["tracker is paused"])


def test_groups_and_issues_go_together_in_one_file(desk: Desk) -> None:
    linked = desk.ticket()
    issue = desk.issue(linked)
    desk.tick()
    ticket = waiting(desk)
    file = planned(desk)
    assert (len(file.groups), len(file.filings)) == (1, 1)
    desk.tick(AFTER)
    found = apply(desk, file)
    assert (len(found.done), len(found.filed), found.skipped, found.unfiled) == (1, 1, {}, {})
    assert [str(one.status) for one in (linked, ticket)] == ["pending"] * 2
    assert len(desk.filed()) == 1
    assert desk.notes(issue) == []


BOARDS = [{"board": "team/1", "fields": {"Impact": "{priority}"}}]


def test_it_is_put_on_its_boards_and_no_other_issue_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state.db", **FILED, boards=BOARDS)
    before = waiting(desk)
    desk.go()
    desk.tracker.boards["team/1"] = Panel({"Impact": ("high",)})
    with desk.store.write():
        assert desk.store.boards.retry(desk.work.now) == 1
    ticket = waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    assert len(apply(desk, file).filed) == 1
    made = {name: desk.row(one).issue for name, one in (("before", before), ("ticket", ticket))}
    assert [str(number) for number in desk.tracker.boards["team/1"].items] == [made["ticket"] and made["ticket"].id]
    desk.go()
    assert len(desk.tracker.boards["team/1"].items) == 2


def test_an_issue_for_the_public_is_planned_and_filed_as_such(tmp_path: Path) -> None:
    routing = {
        "place": "bugs",
        "places": {"bugs": "BUG", "public": "PUB"},
        "tags": {"public_issue": {"place": "public"}},
    }
    desk = Desk(tmp_path / "state.db", **FILED, routing=routing)
    desk.tracker.audiences["PUB"] = Audience.PUBLIC
    ticket = waiting(desk)
    desk.go()
    desk.label(ticket, *ticket.tags, "public_issue")
    desk.tick(AFTER)
    file = planned(desk)
    (one,) = file.filings
    assert (one.place, one.audience) == ("PUB", "public")
    desk.tick(AFTER)
    assert apply(desk, file).filed == [one.filing]
    (private, public) = desk.filed()
    assert (private.place, public.place) == ("BUG", "PUB")
    assert CANARY not in public.subject + public.body
    desk.move(private, "done")
    desk.go()
    assert str(ticket.status) == "pending", "it waits for both"


def test_what_else_becomes_of_its_ticket_is_left_to_the_next_run(desk: Desk) -> None:
    ticket = waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    create = desk.work.connectors["tracker"].create

    def closed(draft: Any) -> Any:
        made = create(draft)
        desk.move(desk.filed()[0], "done")
        return made

    desk.work.connectors["tracker"].create = closed  # type: ignore[method-assign]
    assert len(apply(desk, file).filed) == 1
    assert (str(ticket.status), desk.notes(ticket)) == ("open", [])
    desk.go()
    assert str(ticket.status) == "resolved"


def test_a_killed_apply_files_it_once(desk: Desk) -> None:
    class _Dies(BaseException):
        """A kill."""

    waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    create = desk.work.connectors["tracker"].create

    def made(draft: Any) -> Any:
        create(draft)
        raise _Dies

    desk.work.connectors["tracker"].create = made  # type: ignore[method-assign]
    with pytest.raises(_Dies):
        apply(desk, file)
    desk.restart()
    found = apply(desk, file)
    assert (len(found.filed), len(desk.filed())) == (1, 1)


def test_another_installation_s_plan_files_nothing(desk: Desk) -> None:
    waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    desk.work.marker_key = b"the key of somebody else"
    found = apply(desk, file)
    assert (found.filed, why(found), desk.filed()) == ([], [NOT_ESCALATED], [])


def test_a_file_that_names_an_issue_twice_is_refused(desk: Desk) -> None:
    waiting(desk)
    data = json.loads(planned(desk).text())
    data["filings"] *= 2
    with pytest.raises(BadPlan, match="names an issue to be filed twice"):
        parse(json.dumps(data).encode())


@pytest.mark.parametrize("change", [{"filing": "x"}, {"ticket": "17"}, {"decision": ""}, {"title": CANARY}])
def test_a_broken_filing_is_refused(desk: Desk, change: dict[str, str]) -> None:
    waiting(desk)
    data = json.loads(planned(desk).text())
    data["filings"][0] |= change
    with pytest.raises(BadPlan):
        parse(json.dumps(data).encode())


def test_who_commands_it_meanwhile_gets_no_second_one(desk: Desk) -> None:
    ticket = waiting(desk)
    file = planned(desk)
    desk.tick(AFTER)
    desk.say(ticket, "/file", Author.TEAM, internal=True)
    desk.go()
    assert len(desk.filed()) == 1
    assert why(apply(desk, file)) == [STANDS]
    assert len(desk.filed()) == 1
