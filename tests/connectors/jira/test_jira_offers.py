"""What a change of status costs in calls, and that what is saved by knowing something is never wrong for it."""

from __future__ import annotations

import pytest
from jira_bench import Bench, bench, cloud, server

from connectors.jira.mass import LEAST
from connectors.jira.offers import HOLDS
from syncd.actions import Action, Note, Outcome
from syncd.http import MAX_BODY
from syncd.model import Status
from syncd.testing import Fault, Reply

__all__ = ["bench", "cloud", "server"]

DONE = Status("done")


def apply(bench: Bench, *actions: Action) -> list[Outcome]:
    return list(bench.jira.apply(actions))


@pytest.mark.parametrize(
    ("brings", "asked"), [("screens", 0), ("names", 1), ("none of them", 1), ("nothing", 1)], ids=str
)
@pytest.mark.parametrize("resolution", [False, True])
def test_a_fresh_read_brings_the_transitions_along_where_the_site_does_that(
    bench: Bench, brings: str, asked: int, resolution: bool
) -> None:
    bench.sandbox.brings = brings
    wanted = Status("done/Closed", "Won't Do") if resolution else DONE
    bench.people.make_project("OLD", workflow="classic")
    issue = bench.issue(project="OLD")
    here = bench.item(issue).status
    before = len(bench.calls)
    assert apply(bench, Action(bench.ref(issue), wanted, here))[0].error is None
    path = f"api/2/issue/{issue}"
    assert bench.asked(before) == [f"GET {path}/transitions"] * asked + [f"POST {path}/transitions", f"GET {path}"]
    assert bench.people.status(issue) == ("done/Closed:Won't Do" if resolution else "done/Resolved:Done")


def test_transitions_that_a_read_brought_along_are_not_believed_for_ever_nor_of_another_status(bench: Bench) -> None:
    slow, moved = bench.issue(project="OPS"), bench.issue(project="OPS")
    for issue in (slow, moved):
        bench.people.set_status(issue, "In Review")
        bench.item(issue)
    bench.people.set_status(moved, "In Progress")
    before = len(bench.calls)
    # A refusal of what isn't there any more costs a look at what is.
    action = Action(bench.ref(moved), Status("done"), Status("indeterminate/In Review"))
    assert apply(bench, action)[0].status == Status("done/Done", "Done")
    paths = [one.rpartition("/")[2] for one in bench.asked(before) if "/transitions" in one]
    assert len(paths) == 1 + 2 * 2, "refused, then two hops, each looked up"
    bench.advance(HOLDS + 1)
    before = len(bench.calls)
    apply(bench, Action(bench.ref(slow), DONE, Status("indeterminate/In Review")))
    assert bench.asked(before)[0] == f"GET api/2/issue/{slow}/transitions"
    assert {bench.people.status(one) for one in (slow, moved)} == {"done/Done:Done"}


def moved_together(bench: Bench, issues: list[str], here: str, *notes: Note) -> list[Outcome]:
    refs = [bench.ref(one) for one in issues]
    bench.jira.fetch(refs)
    return apply(bench, *(Action(ref, DONE, Status(here), notes) for ref in refs))


def test_issues_of_one_kind_are_asked_once_for_their_transitions(bench: Bench) -> None:
    issues = [bench.issue(project="OPS") for _ in range(8)]
    for issue in issues:
        bench.people.set_status(issue, "In Review")
    before = len(bench.calls)
    assert all(one.error is None for one in moved_together(bench, issues, "indeterminate/In Review"))
    assert {bench.people.status(one) for one in issues} == {"done/Done:Done"}
    verbs = [one.partition(" ")[0] for one in bench.asked(before) if "/transitions" in one]
    assert verbs == ["GET", *["POST"] * 8]


def test_an_issue_that_cannot_do_what_others_of_its_kind_can_is_asked_itself(bench: Bench) -> None:
    issues = [bench.issue(project="OPS") for _ in range(4)]
    for issue in issues:
        bench.people.set_status(issue, "In Review")
    refusal = Reply(400, {"errorMessages": ["Transition id '131' is not valid for this issue."], "errors": {}})
    bench.sandbox.faults.append(Fault("answer", "POST", f"issue/{issues[2]}/transitions", reply=refusal))
    before = len(bench.calls)
    assert all(one.error is None for one in moved_together(bench, issues, "indeterminate/In Review"))
    assert {bench.people.status(one) for one in issues} == {"done/Done:Done"}
    asked = [one for one in bench.asked(before) if one.startswith("GET") and one.endswith("/transitions")]
    assert asked == [f"GET api/2/issue/{issues[at]}/transitions" for at in (0, 2)]


def test_another_type_of_issue_may_have_another_workflow(bench: Bench) -> None:
    issues = [bench.issue(project="OPS"), bench.issue(project="OPS", type="Task")]
    for issue in issues:
        bench.people.set_status(issue, "In Review")
    before = len(bench.calls)
    moved_together(bench, issues, "indeterminate/In Review")
    asked = [one for one in bench.asked(before) if one.startswith("GET") and one.endswith("/transitions")]
    assert len(asked) == 2


def test_what_came_of_several_is_read_in_one_call_and_is_no_news(cloud: Bench) -> None:
    issues = [cloud.issue(project="OPS") for _ in range(LEAST - 1)]
    for issue in issues:
        cloud.people.set_status(issue, "In Review")
    cloud.pages()
    cloud.advance(30)
    before = len(cloud.calls)
    outcomes = moved_together(cloud, issues, "indeterminate/In Review")
    assert [one.partition(" ")[2] for one in cloud.asked(before)].count("api/2/issue/bulkfetch") == 2
    assert not [one for one in cloud.asked(before) if one in {f"GET api/2/issue/{issue}" for issue in issues}]
    cloud.pages()
    assert [cloud.told[one.action.target.id].version for one in outcomes] == [one.version for one in outcomes]


def test_what_somebody_says_before_the_common_look_is_news(cloud: Bench) -> None:
    issues = [cloud.issue(project="OPS") for _ in range(3)]
    for issue in issues:
        cloud.people.set_status(issue, "In Review")

    def says() -> None:
        cloud.sandbox.advance(10)
        cloud.people.comment(issues[1], "wait")

    refs = [cloud.ref(one) for one in issues]
    cloud.jira.fetch(refs)
    cloud.sandbox.faults.append(Fault("before", "POST", "/bulkfetch", hook=says))
    outcomes = apply(cloud, *(Action(ref, DONE, Status("indeterminate/In Review")) for ref in refs))
    assert [bool(one.version) for one in outcomes] == [True, False, True]
    assert [one.status and one.status.native for one in outcomes] == ["done/Done"] * 3
    assert cloud.item(issues[1]).version > max(one.version for one in outcomes)


def test_a_common_look_that_fails_leaves_what_was_written(cloud: Bench) -> None:
    issues = [cloud.issue(project="OPS") for _ in range(3)]
    for issue in issues:
        cloud.people.set_status(issue, "In Review")
    refs = [cloud.ref(one) for one in issues]
    cloud.jira.fetch(refs)
    cloud.sandbox.faults.append(Fault("answer", "POST", "/bulkfetch"))
    outcomes = apply(cloud, *(Action(ref, DONE, Status("indeterminate/In Review")) for ref in refs))
    assert [(one.error, one.version) for one in outcomes] == [(None, "")] * 3
    assert {cloud.people.status(one) for one in issues} == {"done/Done:Done"}


def test_an_issue_that_is_too_large_with_its_transitions_is_read_without_them(bench: Bench) -> None:
    issue = bench.issue(project="OPS")
    bench.people.set_status(issue, "In Review")
    bench.odd = True
    huge = Reply(200, {"id": issue, "fields": {"description": "x" * MAX_BODY}})
    bench.sandbox.faults.append(Fault("answer", "GET", f"issue/{issue}$", reply=huge))
    before = len(bench.calls)
    here = bench.item(issue).status
    bench.item(issue)
    reads = [one.request for one in bench.sandbox.log[before:] if one.request.path.endswith(f"issue/{issue}")]
    asked = [one.arg("expand") for one in reads]
    assert asked == ["changelog,transitions.fields", "changelog", "changelog"]
    assert apply(bench, Action(bench.ref(issue), DONE, here))[0].error is None
    assert bench.people.status(issue) == "done/Done:Done"
