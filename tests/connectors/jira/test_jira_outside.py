"""What an independent stand-in of Jira showed: each of these once went wrong against one."""

from __future__ import annotations

import pytest
from jira_bench import Bench, bench, cloud, server

from syncd.actions import Draft
from syncd.errors import Refused
from syncd.testing import Fault, Reply, Request

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
__all__ = ["bench", "cloud", "server"]
DRAFT = Draft("ENG", "Quota", "The body", MARKER)


def refused(bench: Bench) -> str:
    made = len(bench.sandbox.books.issues)
    with pytest.raises(Refused) as caught:
        bench.jira.create(DRAFT)
    assert len(bench.sandbox.books.issues) == made
    return caught.value.what


def test_a_field_that_became_required_since_is_told_by_its_name_with_the_cure(bench: Bench) -> None:
    bench.jira.create(DRAFT)
    field = bench.people.add_field("Severity")
    bench.people.require_field("ENG", field)
    assert "a Task can't be filed there without Severity. Set it in the playbook" in refused(bench)


def test_a_right_that_was_taken_since_is_told_with_the_cure(bench: Bench) -> None:
    bench.jira.create(DRAFT)
    bench.people.permit("ENG", "CREATE", on=False)
    assert "and whether the account may create any" in refused(bench)


def test_a_field_that_only_a_rule_of_the_workflow_requires_is_told_by_its_name(bench: Bench) -> None:
    field = bench.people.add_field("Severity")
    errors = {"errorMessages": [], "errors": {field: "Severity is required."}}
    bench.sandbox.faults.append(Fault("answer", "POST", "/issue$", 1, reply=Reply(400, errors)))
    assert f"Severity ({field})" in refused(bench)


def test_pages_that_tell_no_total_are_read_to_the_last(bench: Bench) -> None:
    sandbox = bench.sandbox
    after, bench.odd = type(sandbox).after, True  # what no description of the API has

    def answer(request: Request, reply: Reply) -> Reply:
        made = after(sandbox, request, reply)
        body = made.body
        if "/createmeta/" not in request.path or not isinstance(body, dict):
            return made
        shown = {key: value for key, value in body.items() if key != "total"}
        return Reply(
            made.status, {**shown, "isLast": body["startAt"] + body["maxResults"] >= body["total"]}, made.headers
        )

    sandbox.after = answer  # type: ignore[method-assign]  # this stand-in only
    for number in range(60):
        bench.people.add_field(f"Field {number}")
    bench.people.require_field("ENG", bench.people.add_field("The last one"))
    assert "without The last one" in refused(bench)
