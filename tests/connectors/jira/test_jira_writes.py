"""What is written, once each, and what becomes of it; the stand-in's books are what counts."""

from __future__ import annotations

import pytest
from jira_bench import Bench, bench, cloud, server

from syncd.actions import Action, Note, Outcome, Pointer, Way
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Status
from syncd.testing import Fault, Reply
from syncd.testing.contract.support import MARKER, OTHER

__all__ = ["bench", "cloud", "server"]

DONE = Status("done")
LIMITED = Reply(429, b"", {"Retry-After": "9", "RateLimit-Reason": "jira-quota-tenant-based"})


def apply(bench: Bench, *actions: Action) -> list[Outcome]:
    return list(bench.jira.apply(actions))


def test_a_status_is_three_calls_and_its_echo_is_known(bench: Bench) -> None:
    issue = bench.issue(project="OPS")
    bench.people.set_status(issue, "In Review")
    bench.pages()
    bench.advance(30)
    before = len(bench.calls)
    action = Action(bench.ref(issue), DONE, Status("indeterminate/In Review"))
    outcome = apply(bench, action)[0]
    assert outcome.error is None
    assert outcome.status == Status("done/Done", "Done")
    path = f"api/2/issue/{issue}"
    assert bench.asked(before) == [f"GET {path}/transitions", f"POST {path}/transitions", f"GET {path}"]
    bench.pages()
    assert bench.told[issue].version == outcome.version


def test_what_an_automation_makes_of_it_at_once_is_told(cloud: Bench) -> None:
    cloud.people.automate_after("ENG", "Done", "In Progress")
    issue = cloud.issue()
    outcome = apply(cloud, Action(cloud.ref(issue), DONE, Status("new/To Do")))[0]
    assert outcome.error is None
    assert outcome.status == Status("indeterminate/In Progress")


def test_a_status_whose_confirmation_fails_is_written_all_the_same(bench: Bench) -> None:
    issue = bench.issue(project="OPS")
    bench.people.set_status(issue, "In Review")
    bench.sandbox.faults.append(Fault("answer", "GET", f"issue/{issue}$"))
    outcome = apply(bench, Action(bench.ref(issue), DONE, Status("indeterminate/In Review")))[0]
    assert outcome.error is None
    assert outcome.status == Status("done/Done")
    assert outcome.version == ""
    assert bench.people.status(issue) == "done/Done:Done"


def test_the_way_of_a_mapping_is_gone(bench: Bench) -> None:
    issue = bench.issue(project="OPS")
    way = Way(via=("In Progress", "In Review"))
    outcome = apply(bench, Action(bench.ref(issue), DONE, Status("new/Open"), way=way))[0]
    assert outcome.error is None
    assert bench.people.status(issue) == "done/Done:Done"


@pytest.mark.trap("jira", 12)
def test_labels_are_added_and_taken_away_and_others_stay(bench: Bench) -> None:
    issue = bench.issue(labels=["theirs", "waiting"])
    action = Action(bench.ref(issue), tags=("ce/p1", "two words"), untags=("waiting", "never there"))
    outcome = apply(bench, action)[0]
    assert outcome.error is None
    assert outcome.aside is None
    assert set(bench.item(issue).tags) == {"theirs", "ce/p1", "two-words"}
    assert outcome.version == bench.item(issue).version


def test_fields_and_labels_are_one_call_and_go_after_the_status(bench: Bench) -> None:
    severity = bench.people.add_field("Severity", "select")
    customers = bench.people.add_field("Customers", "number")
    bench.people.add_field("Ticket")
    issue = bench.issue()
    fields: dict[str, str | int] = {severity: "High", "Customers": 3, "ticket": "https://desk.example.com/a/tickets/7"}
    before = len(bench.calls)
    outcome = apply(bench, Action(bench.ref(issue), DONE, Status("new/To Do"), fields=fields, tags=("synced",)))[0]
    assert (outcome.error, outcome.aside) == (None, None)
    assert sum(one.startswith("PUT") for one in bench.asked(before)) == 1
    now = bench.sandbox.books.issues[int(issue)].now
    assert now.status.category == "done"
    assert now.custom[severity] in ("High", {"value": "High"})
    assert now.custom[customers] == 3
    assert "https://desk.example.com/a/tickets/7" in now.custom.values()
    assert "synced" in now.labels
    assert outcome.status is not None
    assert outcome.status.kind == "done"


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"Nobody's": "x"}, "there is no field"), ({"Customers": "many"}, "takes a number")],
)
def test_a_field_that_cannot_be_set_leaves_the_status_written(
    bench: Bench, fields: dict[str, str | int], said: str
) -> None:
    bench.people.add_field("Customers", "number")
    issue = bench.issue()
    outcome = apply(bench, Action(bench.ref(issue), DONE, Status("new/To Do"), fields=fields))[0]
    assert outcome.error is None
    assert isinstance(outcome.aside, Refused)
    assert said in outcome.aside.what
    assert bench.people.status(issue).startswith("done/")
    alone = apply(bench, Action(bench.ref(issue), fields=fields))[0]
    assert isinstance(alone.error, Refused)


def test_a_field_that_is_on_no_screen_is_told_by_its_id(bench: Bench) -> None:
    field = bench.people.add_field("Severity")
    bench.people.take_from_screens("ENG", field)
    outcome = apply(bench, Action(bench.ref(bench.issue()), fields={"Severity": "High"}))[0]
    assert isinstance(outcome.error, Refused)
    assert field in outcome.error.what


def test_a_field_of_a_name_that_two_have_is_nobodys(bench: Bench) -> None:
    first = bench.people.add_field("Severity")
    bench.people.add_field("Severity")
    issue = bench.issue()
    assert isinstance(apply(bench, Action(bench.ref(issue), fields={"Severity": "x"}))[0].error, Refused)
    assert apply(bench, Action(bench.ref(issue), fields={first: "x"}))[0].error is None


def test_a_comment_is_wiki_text_that_shows_its_marker(bench: Bench) -> None:
    issue = bench.issue()
    note = Note("e1", "Ticket **7** [is back](https://desk.example.com/a/tickets/7) {code}", MARKER)
    outcome = apply(bench, Action(bench.ref(issue), notes=(note,)))[0]
    body = bench.people.comments(issue)[0]["body"]
    assert "*7*" in body
    assert "[is back|https://desk.example.com/a/tickets/7]" in body
    assert MARKER in body
    assert bench.jira.find(MARKER, bench.ref(issue), bench.clock.now()) == outcome.notes[0].remote_id
    bench.pages()
    assert bench.told[issue].version <= outcome.version


def test_a_note_that_is_refused_does_not_keep_the_status_from_being_written(bench: Bench) -> None:
    bench.people.permit("ENG", "COMMENT", on=False)
    issue = bench.issue()
    outcome = apply(bench, Action(bench.ref(issue), DONE, Status("new/To Do"), (Note("e1", "x", MARKER),)))[0]
    assert isinstance(outcome.notes[0].error, Refused)
    assert outcome.error is None
    assert bench.people.status(issue).startswith("done/")


@pytest.mark.parametrize("kind", ["lost_answer", "cut", "answer"])
def test_after_a_note_whose_fate_is_not_known_nothing_more_is_written(bench: Bench, kind: str) -> None:
    issue = bench.issue()
    bench.sandbox.faults.append(Fault(kind, "POST", "comment$"))
    notes = (Note("e1", "x", MARKER), Note("e2", "y", OTHER))
    outcome = apply(bench, Action(bench.ref(issue), DONE, Status("new/To Do"), notes, tags=("t",)))[0]
    assert [one.effect for one in outcome.notes] == ["e1"]
    error = outcome.notes[0].error
    assert isinstance(error, Transient)
    assert error.doubt
    assert isinstance(outcome.error, Transient)
    assert not outcome.error.doubt, "it was not begun"
    assert bench.people.status(issue) == "new/To Do"
    assert len(bench.people.comments(issue)) == (kind == "lost_answer")
    assert bench.item(issue).tags == ()


@pytest.mark.parametrize("reply", [LIMITED, Reply(401)])
def test_what_concerns_the_account_ends_it_for_all(bench: Bench, reply: Reply) -> None:
    issues = [bench.issue() for _ in range(4)]
    bench.sandbox.faults.append(Fault("answer", "POST", "transitions$", skip=1, reply=reply))
    outcomes = apply(bench, *(Action(bench.ref(one), DONE, Status("new/To Do")) for one in issues))
    kind = RateLimited if reply is LIMITED else Unauthorized
    assert outcomes[0].error is None
    assert [type(one.error) for one in outcomes[1:]] == [kind] * 3
    assert [bench.people.status(one).startswith("done") for one in issues] == [True, False, False, False]


def test_two_outages_in_a_row_end_it_for_all(bench: Bench) -> None:
    issues = [bench.issue() for _ in range(4)]
    bench.sandbox.faults.append(Fault("answer", "GET", "transitions$", times=2))
    outcomes = apply(bench, *(Action(bench.ref(one), DONE, Status("new/To Do")) for one in issues))
    assert all(isinstance(one.error, Transient) for one in outcomes)
    assert not any(one.error.doubt for one in outcomes if isinstance(one.error, ConnectorError))
    assert all(bench.people.status(one) == "new/To Do" for one in issues)


def test_one_issue_that_is_limited_holds_up_no_other(cloud: Bench) -> None:
    issues = [cloud.issue() for _ in range(3)]
    limited = Reply(429, b"", {"Retry-After": "2", "RateLimit-Reason": "jira-per-issue-on-write"})
    cloud.sandbox.faults.append(Fault("answer", "POST", f"{issues[0]}/transitions$", reply=limited))
    outcomes = apply(cloud, *(Action(cloud.ref(one), DONE, Status("new/To Do")) for one in issues))
    assert isinstance(outcomes[0].error, Transient)
    assert outcomes[0].error.retry_after == 2
    assert [one.error for one in outcomes[1:]] == [None, None]


# --- links ---

TICKET = Pointer("desk:17", "https://desk.example.com/a/tickets/17", "Ticket desk:17")


def remote(bench: Bench, issue: str) -> list[tuple[str | None, str, str]]:
    links = bench.sandbox.books.issues[int(issue)].remote.values()
    return [(one["globalId"], one["object"]["url"], one["object"]["title"]) for one in links]


def test_a_link_is_one_call_and_says_nothing_but_where_it_leads(bench: Bench) -> None:
    issue = bench.issue()
    bench.people.remote_link(issue, TICKET.url, "Theirs", "system=https://desk.example.com&id=17")
    before = len(bench.calls)
    assert apply(bench, Action(bench.ref(issue), links=(TICKET,)))[0].error is None
    assert bench.asked(before) == [f"POST api/2/issue/{issue}/remotelink"]
    theirs = ("system=https://desk.example.com&id=17", TICKET.url, "Theirs")
    assert remote(bench, issue) == [theirs, ("syncd=desk:17", TICKET.url, "Ticket desk:17")]
    assert apply(bench, Action(bench.ref(issue), unlinks=(TICKET.id,)))[0].error is None
    assert remote(bench, issue) == [theirs]


def test_links_that_are_not_for_us_hold_up_no_status_and_no_label(bench: Bench) -> None:
    issue = bench.issue(project="OPS")
    bench.people.set_status(issue, "In Review")
    next(one for one in bench.sandbox.books.projects.values() if one.key == "OPS").may.discard("LINK")
    action = Action(bench.ref(issue), DONE, links=(TICKET,), tags=("tickets-1",))
    outcome = apply(bench, action)[0]
    assert (outcome.error, bench.people.status(issue)) == (None, "done/Done:Done")
    assert isinstance(outcome.aside, Refused)
    assert (remote(bench, issue), bench.item(issue).tags) == ([], ("tickets-1",))
    alone = apply(bench, Action(bench.ref(issue), links=(TICKET,)))[0]
    assert isinstance(alone.error, Refused)


def test_linking_that_is_switched_off_is_a_refusal_and_no_loss_of_the_issue(bench: Bench) -> None:
    issue = bench.issue()
    gone = Reply(404, {"errorMessages": ["Issue linking is currently disabled."], "errors": {}})
    bench.sandbox.faults.append(Fault("answer", "POST", path="remotelink", reply=gone))
    assert isinstance(apply(bench, Action(bench.ref(issue), links=(TICKET,)))[0].error, Refused)


def test_a_label_that_is_refused_holds_up_no_link(bench: Bench) -> None:
    issue = bench.issue()
    bench.people.take_from_screens("ENG", "labels")
    outcome = apply(bench, Action(bench.ref(issue), links=(TICKET,), tags=("tickets-1",)))[0]
    assert isinstance(outcome.error, Refused)
    assert [url for _, url, _ in remote(bench, issue)] == [TICKET.url]


def test_a_link_whose_answer_was_lost_is_in_doubt_and_stands_once_when_it_is_written_again(bench: Bench) -> None:
    issue = bench.issue()
    bench.sandbox.faults.append(Fault("lost_answer", "POST", "remotelink"))
    lost = apply(bench, Action(bench.ref(issue), links=(TICKET,)))[0].error
    assert isinstance(lost, Transient)
    assert lost.doubt
    assert apply(bench, Action(bench.ref(issue), links=(TICKET,)))[0].error is None
    assert len(remote(bench, issue)) == 1
