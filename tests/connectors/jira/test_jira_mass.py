"""Many issues to one status in few calls, and what becomes of those for which that fails."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from jira_bench import Bench, bench, cloud, server

from connectors.jira.mass import LEAST
from syncd.actions import Action, Note, Outcome, Way
from syncd.errors import RateLimited, Refused, Transient
from syncd.model import Ref, Status
from syncd.testing import Fault, Reply
from syncd.testing.contract.support import MARKER

__all__ = ["bench", "cloud", "server"]

DONE = Status("done/Done")
BULK = "/rest/api/3/bulk/issues/transition"


def issues(bench: Bench, number: int, project: str = "ENG") -> list[str]:
    return [bench.issue(project=project) for _ in range(number)]


def moved(bench: Bench, found: list[str], wanted: Status = DONE, **more: Any) -> list[Outcome]:
    return list(bench.jira.apply([Action(bench.ref(one), wanted, **more) for one in found]))


def calls(bench: Bench, before: int) -> Counter[str]:
    return Counter(one.split("?")[0].rpartition("/")[2] for one in bench.asked(before))


def note(ref: Ref) -> Note:
    return Note(ref.id, "done", MARKER)


def test_many_take_a_handful_of_calls(cloud: Bench) -> None:
    found = issues(cloud, 100)
    cloud.pages()
    before = len(cloud.calls)
    outcomes = moved(cloud, found)
    assert [(one.action.target.id, one.error, one.status) for one in outcomes] == [
        (one, None, Status("done/Done", "Done")) for one in found
    ]
    assert {cloud.people.status(one) for one in found} == {"done/Done:Done"}
    assert len(cloud.calls) - before < 12
    cloud.pages()
    assert [cloud.told[one].version for one in found] == [one.version for one in outcomes]


def test_what_somebody_says_once_the_task_is_over_is_news(cloud: Bench) -> None:
    found = issues(cloud, LEAST)
    cloud.pages()

    def says() -> None:
        cloud.advance(10)
        cloud.people.comment(found[3], "wait")

    cloud.sandbox.faults.append(Fault("before", "POST", "/bulkfetch", hook=says))
    refs = [cloud.ref(one) for one in found]
    outcomes = list(cloud.jira.apply([Action(ref, DONE, notes=(note(ref),)) for ref in refs]))
    assert all(one.error is None and one.status == Status("done/Done", "Done") for one in outcomes)
    assert [bool(one.version) for one in outcomes] == [one != found[3] for one in found]
    cloud.pages()
    assert cloud.told[found[3]].version > max(one.version for one in outcomes)


def test_notes_come_first_and_are_written_once(cloud: Bench) -> None:
    found = issues(cloud, LEAST)
    refs = [cloud.ref(one) for one in found]
    outcomes = list(cloud.jira.apply([Action(ref, DONE, notes=(note(ref),)) for ref in refs]))
    assert all(one.error is None and one.notes[0].remote_id for one in outcomes)
    assert all(len(cloud.people.comments(one)) == 1 for one in found)
    assert {cloud.people.status(one) for one in found} == {"done/Done:Done"}
    assert calls(cloud, 0)["transitions"] == 0


@pytest.mark.parametrize("status", ["done", "done/Nowhere"])
def test_a_kind_and_what_will_do_instead_are_found(cloud: Bench, status: str) -> None:
    found = issues(cloud, LEAST)
    outcomes = moved(cloud, found, Status(status), way=Way(instead=(DONE,)))
    assert all(one.status == Status("done/Done", "Done") for one in outcomes)
    assert calls(cloud, 0)["transitions"] == 0


@pytest.mark.parametrize(
    ("wanted", "way"),
    [(Status("done/Done", "Won't Do"), Way()), (DONE, Way(fields={"customfield_1": "x"}))],
)
def test_what_asks_for_more_than_a_status_goes_one_by_one(cloud: Bench, wanted: Status, way: Way) -> None:
    found = issues(cloud, LEAST)
    assert all(one.error is None for one in moved(cloud, found, wanted, way=way))
    assert not [one for one in cloud.asked(0) if "bulk/" in one]


def test_few_and_those_on_data_center_go_one_by_one(bench: Bench) -> None:
    found = issues(bench, LEAST if not bench.sandbox.cloud else LEAST - 1, project="OPS")
    assert all(one.error is None for one in moved(bench, found, Status("indeterminate/In Progress")))
    assert {bench.people.status(one) for one in found} == {"indeterminate/In Progress"}
    assert not [one for one in bench.asked(0) if "bulk/" in one]


def test_without_the_permission_they_go_one_by_one(cloud: Bench) -> None:
    cloud.sandbox.may.discard("BULK")
    found = issues(cloud, LEAST)
    assert all(one.error is None for one in moved(cloud, found))
    assert {cloud.people.status(one) for one in found} == {"done/Done:Done"}


def test_workflows_that_need_more_than_one_step_go_one_by_one_and_the_others_together(cloud: Bench) -> None:
    easy, hard = issues(cloud, LEAST), issues(cloud, 2, project="OPS")
    outcomes = moved(cloud, [*easy, *hard])
    assert all(one.error is None for one in outcomes)
    assert {cloud.people.status(one) for one in (*easy, *hard)} == {"done/Done:Done"}
    assert sum(one.endswith("/transitions") and one.startswith("POST") for one in cloud.asked(0)) == 3 * 2


def test_those_that_stand_elsewhere_do_not_spoil_it(cloud: Bench) -> None:
    found = issues(cloud, LEAST + 2, project="OPS")
    for one in found[:2]:
        cloud.people.set_status(one, "In Review")
    starts = ["indeterminate/In Review"] * 2 + ["new/Open"] * LEAST
    wanted = Status("indeterminate/In Progress")
    actions = [Action(cloud.ref(one), wanted, Status(start)) for one, start in zip(found, starts, strict=True)]
    assert all(one.error is None for one in cloud.jira.apply(actions))
    assert {cloud.people.status(one) for one in found} == {"indeterminate/In Progress"}
    assert sum(one.endswith("/transitions") and one.startswith("POST") for one in cloud.asked(0)) == 2


def test_one_that_is_gone_spoils_no_other(cloud: Bench) -> None:
    found = issues(cloud, LEAST + 1)
    cloud.people.delete(found[3])
    outcomes = moved(cloud, found)
    assert [one.error is None for one in outcomes] == [number != 3 for number in range(LEAST + 1)]
    assert all(cloud.people.status(one) == "done/Done:Done" for one in found if one != found[3])


def test_a_task_that_does_not_end_leaves_doubt_and_nothing_is_sent_again(cloud: Bench) -> None:
    cloud.sandbox.bulk.looks, cloud.sandbox.bulk.seconds = 10_000, 1e9
    found = issues(cloud, LEAST)
    outcomes = moved(cloud, found)
    assert all(isinstance(one.error, Transient) and one.error.doubt for one in outcomes)
    assert not [one for one in cloud.asked(0) if one.startswith("POST") and "/transitions" in one]


def test_a_task_whose_start_was_not_answered_leaves_doubt(cloud: Bench) -> None:
    found = issues(cloud, LEAST)
    cloud.sandbox.faults.append(Fault("lost_answer", "POST", path=BULK))
    outcomes = moved(cloud, found)
    assert all(isinstance(one.error, Transient) and one.error.doubt for one in outcomes)
    assert len([one for one in cloud.asked(0) if one.startswith("POST") and "bulk/" in one]) == 1
    assert not [one for one in cloud.asked(0) if one.startswith("POST") and one.endswith("/transitions")]


def test_notes_that_were_written_are_told_though_everything_stops_then(cloud: Bench) -> None:
    cloud.sandbox.bulk.looks, cloud.sandbox.bulk.seconds = 10_000, 1e9
    found = issues(cloud, LEAST)
    hard = issues(cloud, 1, project="OPS")
    refs = [cloud.ref(one) for one in (*found, *hard)]
    outcomes = list(cloud.jira.apply([Action(ref, DONE, notes=(note(ref),)) for ref in refs]))
    assert all(isinstance(one.error, Transient) for one in outcomes)
    assert [one.error.doubt for one in outcomes if isinstance(one.error, Transient)] == [True] * LEAST + [False]
    assert all(one.notes[0].remote_id for one in outcomes)
    assert all(len(cloud.people.comments(one)) == 1 for one in (*found, *hard))


@pytest.mark.parametrize("reply", [Reply(400, {"errors": [{"message": "no"}]}), Reply(404, {"errorMessages": ["x"]})])
def test_where_it_is_refused_they_go_one_by_one(cloud: Bench, reply: Reply) -> None:
    found = issues(cloud, LEAST)
    cloud.sandbox.faults.append(Fault("answer", path=BULK, reply=reply))
    assert all(one.error is None for one in moved(cloud, found))
    assert {cloud.people.status(one) for one in found} == {"done/Done:Done"}


def test_a_limit_stops_everything_and_leaves_no_doubt(cloud: Bench) -> None:
    found = issues(cloud, LEAST)
    limit = Reply(429, b"", {"Retry-After": "9", "RateLimit-Reason": "jira-quota-tenant-based"})
    cloud.sandbox.faults.append(Fault("answer", times=99, reply=limit))
    outcomes = moved(cloud, found)
    assert all(isinstance(one.error, RateLimited) and not one.error.doubt for one in outcomes)
    assert {cloud.people.status(one) for one in found} == {"new/To Do"}


def test_a_note_that_may_be_there_keeps_its_issue_and_no_other_from_moving(cloud: Bench) -> None:
    found = issues(cloud, LEAST)
    refs = [cloud.ref(one) for one in found]
    cloud.sandbox.faults.append(Fault("lost_answer", "POST", path=f"issue/{found[4]}/comment"))
    outcomes = list(cloud.jira.apply([Action(ref, DONE, notes=(note(ref),)) for ref in refs]))
    assert [one.error is None for one in outcomes] == [number != 4 for number in range(LEAST)]
    assert all(len(cloud.people.comments(one)) == 1 for one in found)
    assert cloud.people.status(found[4]) == "new/To Do"


def test_a_note_that_is_refused_does_not_stop_the_status(cloud: Bench) -> None:
    found = issues(cloud, LEAST)
    refs = [cloud.ref(one) for one in found]
    reply = Reply(400, {"errorMessages": ["no"], "errors": {}})
    cloud.sandbox.faults.append(Fault("answer", "POST", path=f"issue/{found[4]}/comment", reply=reply))
    outcomes = list(cloud.jira.apply([Action(ref, DONE, notes=(note(ref),)) for ref in refs]))
    assert all(one.error is None for one in outcomes)
    assert isinstance(outcomes[4].notes[0].error, Refused)
    assert {cloud.people.status(one) for one in found} == {"done/Done:Done"}
