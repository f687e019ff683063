"""A status is reached by transitions, whatever the workflow; asserted against the stand-in's books."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from connectors.jira.api import JiraApi
from connectors.jira.moves import move
from connectors.jira.sandbox import EMAIL, TOKEN, JiraSandbox
from connectors.jira.sandbox.workflows import Transition, Workflow
from syncd.actions import Way
from syncd.clock import ManualClock
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient
from syncd.model import Status
from syncd.testing import Fault, Reply

TRANSITIONS = "/transitions"


class Bench:
    """A site with one project and one issue."""

    def __init__(self) -> None:
        self.sandbox = JiraSandbox().start()
        self.people = self.sandbox.people
        self.clock = ManualClock()
        self.api = JiraApi("jira", self.sandbox.base, (EMAIL, TOKEN), self.clock, cloud=True, proxy=None)
        self.key = ""

    def project(self, workflow: str, *ways: Transition) -> None:
        """A project with one of the stand-in's workflows; or with these transitions."""
        project = self.people.make_project("ENG", workflow=workflow)
        if ways:
            names = dict.fromkeys(name for way in ways for name in (*(way.of or ()), way.to))
            self.sandbox.books.projects[project].workflow = Workflow("own", tuple(names), ways)
        self.key = self.people.make_issue("ENG")

    def move(self, wanted: str, have: str = "", **way: Any) -> Status:
        found = Status(*wanted.split(":"))
        start = Status(have) if have else None
        return move(self.api, self.people.id(self.key), found, Way(**way), start, called=self.key)

    def refused(self, wanted: str, **way: Any) -> str:
        with pytest.raises(Refused) as caught:
            self.move(wanted, **way)
        return str(caught.value)

    @property
    def status(self) -> str:
        return self.people.status(self.key)

    @property
    def passed(self) -> list[str]:
        """The statuses that the issue went through, by its changelog."""
        history = self.sandbox.books.find(self.key).history  # type: ignore[union-attr]  # it is there
        return [str(item[4]) for one in history for item in one.items if item[0] == "status"]

    @property
    def writes(self) -> int:
        return sum(one.request.method != "GET" for one in self.sandbox.log)

    def fail(self, reply: Reply, times: int = 1) -> None:
        """The next transitions are answered so, and not made."""
        self.sandbox.faults.append(Fault("answer", "POST", path=TRANSITIONS, times=times, reply=reply))


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.api.close()
    bench.sandbox.stop()


def answer(*messages: str, **errors: str) -> Reply:
    return Reply(400, {"errorMessages": list(messages), "errors": errors})


def test_a_direct_way_costs_two_calls_where_the_status_is_known(bench: Bench) -> None:
    bench.project("simple")
    assert bench.move("done", "new/To Do") == Status("done/Done")
    assert bench.status == "done/Done:Done"
    assert [one.request.method for one in bench.sandbox.log] == ["GET", "POST"]


@pytest.mark.trap("jira", 10)
def test_several_hops_lead_there_and_each_is_made_once(bench: Bench) -> None:
    bench.project("strict")
    bench.move("done/Done")
    assert bench.passed == ["In Progress", "In Review", "Done"]
    assert bench.writes == 3


@pytest.mark.trap("jira", 10)
def test_a_resolution_is_sent_where_the_screen_requires_it_and_nowhere_else(bench: Bench) -> None:
    bench.project("classic")
    assert bench.move("done/Closed:Won't Do") == Status("done/Closed", "Won't Do")
    assert bench.status == "done/Closed:Won't Do"
    bench.move("new/Reopened")
    assert bench.status == "new/Reopened"
    bench.move("done")
    assert bench.status == "done/Resolved:Done"


def test_what_will_do_instead_is_taken_in_its_order(bench: Bench) -> None:
    bench.project("service")
    instead = (Status("indeterminate/Work in progress"), Status("indeterminate/Escalated"))
    assert bench.move("indeterminate/Nowhere", instead=instead) == Status("indeterminate/Work in progress")
    assert bench.status == "indeterminate/Work in progress"


def test_statuses_to_pass_through_are_passed_through(bench: Bench) -> None:
    ways = (
        Transition(1, "a", "In Progress", ("Open",)),
        Transition(2, "b", "In Review", ("Open",)),
        Transition(3, "c", "Done", ("In Progress", "In Review")),
    )
    bench.project("simple", *ways)
    bench.move("done", via=("in review",))
    assert bench.passed == ["In Review", "Done"]


def test_an_unfinished_status_is_not_reached_through_a_finished_one(bench: Bench) -> None:
    ways = (Transition(1, "a", "Done", ("Open",)), Transition(2, "b", "In Review", ("Done",)))
    bench.project("simple", *ways)
    said = bench.refused("indeterminate/In Review")
    assert "from Open its transitions lead to Done" in said
    assert "[via]" in said
    assert bench.status == "new/Open"
    bench.move("indeterminate/In Review", via=("Done",))
    assert bench.status == "indeterminate/In Review"


def test_a_way_without_end_is_given_up(bench: Bench) -> None:
    names = ("Open", "To Do", "In Progress", "In Review", "Reopened", "Escalated")
    ways = (Transition(i, "on", to, (of,)) for i, (of, to) in enumerate(pairwise(names), 1))
    bench.project("simple", *ways)
    assert "4 transitions did not lead there" in bench.refused("done")
    assert len(bench.passed) == 4


def test_no_status_is_visited_twice(bench: Bench) -> None:
    bench.project("simple", Transition(1, "a", "In Progress", ("Open",)), Transition(2, "b", "Open", ("In Progress",)))
    assert "from In Progress its transitions lead to Open" in bench.refused("done")
    assert bench.passed == ["In Progress"]


def test_no_two_statuses_are_visited_in_turns(bench: Bench) -> None:
    there, back = ("In Progress", "In Review"), ("In Review", "In Progress")
    first = Transition(1, "a", "In Progress", ("Open",))
    bench.project("simple", first, *(Transition(i, "on", to, (of,)) for i, (of, to) in enumerate((there, back), 2)))
    bench.refused("done")
    assert bench.passed == ["In Progress", "In Review"]


def test_without_the_right_to_move_the_refusal_says_so(bench: Bench) -> None:
    bench.project("simple")
    bench.people.permit("ENG", "TRANSITION", on=False)
    said = bench.refused("done")
    assert "from To Do its transitions lead to nowhere" in said
    assert "ENG-1" in said
    assert bench.writes == 0


def test_a_field_that_nobody_gave_is_named_and_nothing_written(bench: Bench) -> None:
    field = bench.people.add_field("Root cause")
    bench.project("simple", Transition(1, "finish", "Done", ("Open",), {field: True}))
    assert "asks for Root cause" in bench.refused("done")
    assert bench.writes == 0
    bench.move("done", fields={"Root cause": "a typo"})
    assert bench.status == "done/Done"


@pytest.mark.trap("jira", 10)
def test_after_a_refusal_it_is_looked_whether_the_status_was_reached_all_the_same(bench: Bench) -> None:
    bench.project("simple")
    bench.people.resolve(bench.key)
    bench.fail(answer("Transition id '31' is not valid for this issue."))
    assert bench.move("done/Done", "new/To Do") == Status("done/Done", "Done")


def test_a_refusal_that_stands_is_told(bench: Bench) -> None:
    bench.project("simple")
    bench.fail(answer("Only the manager may do this to Ann's secret ticket."))
    said = bench.refused("done")
    assert "Ann" not in said
    assert bench.status == "new/To Do"


def test_a_resolution_that_is_refused_after_all_is_left_to_the_workflow(bench: Bench) -> None:
    bench.project("simple")
    allowed = [{"id": "10000", "name": "Done"}]
    shown = {"id": "31", "name": "Done", "to": {"name": "Done", "statusCategory": {"key": "done"}}}
    shown["fields"] = {"resolution": {"required": True, "allowedValues": allowed}}
    reply = Reply(200, {"transitions": [shown]})
    bench.sandbox.faults.append(Fault("answer", "GET", path=TRANSITIONS, reply=reply))
    bench.move("done")
    assert bench.status == "done/Done:Done"
    assert bench.writes == 2


def test_somebody_who_moves_it_at_that_moment_is_waited_for(bench: Bench) -> None:
    bench.project("simple")
    bench.people.keep_busy(bench.key)
    with pytest.raises(Transient) as caught:
        bench.move("done")
    assert not caught.value.doubt
    assert bench.status == "new/To Do"
    bench.people.resolve(bench.key)
    bench.people.keep_busy(bench.key)
    assert bench.move("done", "new/To Do") == Status("done/Done", "Done")


def test_a_lost_answer_leaves_doubt_and_was_sent_once(bench: Bench) -> None:
    bench.project("simple")
    bench.sandbox.faults.append(Fault("lost_answer", "POST", path=TRANSITIONS))
    with pytest.raises(Transient) as caught:
        bench.move("done")
    assert caught.value.doubt
    assert bench.writes == 1
    assert bench.status == "done/Done:Done"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(429, b"", {"Retry-After": "7"}), RateLimited),
        (Reply(404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."]}), Gone),
        (Reply(403, {"errorMessages": ["no"]}), Refused),
        (Reply(502, b"<html>"), Transient),
    ],
)
def test_other_failures_are_what_they_are(bench: Bench, reply: Reply, error: type[ConnectorError]) -> None:
    bench.project("simple")
    bench.fail(reply)
    with pytest.raises(error):
        bench.move("done")
    assert bench.status == "new/To Do"


def test_a_refusal_names_fields_as_people_know_them_and_what_to_do(bench: Bench) -> None:
    bench.project("simple")
    field = bench.people.add_field("Hours worked", "number")
    bench.people.ask_on("ENG", "Done", field)
    said = bench.refused("done", fields={"Hours worked": "three of Mrs Canary's"})
    assert f"Jira refused it: Hours worked ({field}) (400)" in said
    assert "[set] in the mapping" in said
    assert "Canary" not in said


def test_what_a_workflow_s_rule_says_is_not_repeated_but_how_to_hear_it(bench: Bench) -> None:
    bench.project("simple")
    bench.people.validate("ENG", "Done", "Mrs Canary has to log work first.")
    said = bench.refused("done")
    assert "make it by hand" in said
    assert "Canary" not in said
