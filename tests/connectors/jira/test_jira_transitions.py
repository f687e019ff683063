"""Which transition is taken, and what is sent along."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.jira.transitions import Step, direct, filled, hop, listed, reached
from syncd.actions import Way
from syncd.model import Status

ALLOWED = [{"id": "1", "name": "Won't Do"}, {"id": "2", "name": "Done"}, {"id": "3", "name": "Duplicate"}]
RESOLUTION = {"resolution": {"required": True, "name": "Resolution", "allowedValues": ALLOWED}}


def row(number: int, kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "name": f"to {name}",
        "to": {"name": name, "statusCategory": {"key": kind}},
        "fields": fields,
    }


def taken(rows: list[dict[str, Any]], *wanted: str, **way: Any) -> Step | None:
    """The direct step to the first of these statuses (``done:Won't Do``), the others instead."""
    choices = [Status(*one.split(":")) for one in wanted]
    return direct(listed(rows), choices, Way(instead=tuple(choices[1:]), **way))


def led(step: Step | None) -> str:
    return "" if step is None else step.transition.name


@pytest.mark.parametrize(
    ("wanted", "to"),
    [
        (["done/Closed"], "Closed"),
        (["done/CLOSED"], "Closed"),
        (["indeterminate/Closed"], ""),
        (["done"], "Closed"),
        (["indeterminate"], "In Review"),
        (["new/Open"], ""),
        (["new/Open", "indeterminate/in review", "done"], "In Review"),
        (["done:Canceled"], "Canceled"),
    ],
)
def test_a_status_is_found_by_its_name_or_by_its_kind(wanted: list[str], to: str) -> None:
    rows = [row(1, "done", "Canceled"), row(2, "indeterminate", "In Review"), row(3, "done", "Closed")]
    assert led(taken(rows, *wanted)) == to


def test_of_a_kind_the_one_that_asks_for_least_and_does_not_say_that_nothing_was_done() -> None:
    rows = [row(1, "done", "Won't Fix"), row(2, "done", "Resolved", **RESOLUTION), row(3, "done", "Done")]
    assert led(taken(rows, "done")) == "Done"
    assert led(taken(rows[:2], "done")) == "Resolved"
    assert led(taken(rows[:1], "done")) == "", "what was done must not be told as declined"
    assert led(taken(rows[:1], "done:Won't Do")) == "Won't Fix"


def test_a_reason_is_sent_where_the_screen_lists_it() -> None:
    rows = [row(1, "done", "Done"), row(2, "done", "Closed", **RESOLUTION)]
    step = taken(rows, "done:won't do")
    assert led(step) == "Closed"
    assert step is not None
    assert (step.fields, step.reason) == ({"resolution": {"id": "1"}}, "Won't Do")


def test_without_a_screen_the_name_that_says_the_same_is_taken_and_nothing_sent() -> None:
    rows = [row(1, "done", "Done"), row(2, "done", "Declined"), row(3, "done", "Won't Do")]
    step = taken(rows, "done:Won't Do")
    assert led(step) == "Won't Do"
    assert step is not None
    assert not step.fields
    assert led(taken(rows[:2], "done:Won't Do")) == "Declined"


def test_a_reason_that_the_screen_does_not_have_is_missing() -> None:
    step = taken([row(2, "done", "Closed", **RESOLUTION)], "done:Cannot Reproduce")
    assert step is not None
    assert step.missing == ("Resolution",)


@pytest.mark.parametrize(
    ("names", "sent"),
    [
        (["Won't Do", "Fixed", "Done"], "Done"),
        (["Won't Do", "Fixed"], "Fixed"),
        (["Duplicate", "Shipped"], "Shipped"),
        (["Won't Do", "Duplicate"], None),
    ],
)
def test_a_resolution_that_is_asked_for_is_one_that_is_true(names: list[str], sent: str | None) -> None:
    allowed = [{"id": name, "name": name} for name in names]
    step = taken([row(1, "done", "Resolved", resolution={"required": True, "allowedValues": allowed})], "done")
    assert step is not None
    assert (step.reason or None, bool(step.missing)) == (sent, sent is None)


def test_a_canceled_item_is_not_called_done() -> None:
    step = taken([row(1, "done", "Canceled", **RESOLUTION)], "done/Canceled")
    assert step is not None
    assert step.reason == "Won't Do"


def test_a_field_with_a_default_and_one_on_no_screen_are_not_sent() -> None:
    screen = {"resolution": {**RESOLUTION["resolution"], "hasDefaultValue": True}}
    step = taken([row(1, "done", "Done", **screen)], "done", fields={"customfield_1": "x"})
    assert step is not None
    assert not step.fields
    assert not step.missing


def test_what_the_mapping_gives_is_sent_as_the_field_takes_it() -> None:
    options = [{"id": "7", "value": "Fixed"}]
    screen = {
        "customfield_1": {"required": True, "name": "Cause", "allowedValues": options},
        "customfield_2": {"required": False, "name": "Areas", "allowedValues": options, "schema": {"type": "array"}},
        "customfield_3": {"required": True, "name": "Days"},
        "customfield_4": {"required": False, "name": "Left out"},
    }
    way = {"customfield_1": "fixed", "Areas": "Fixed", "customfield_3": 3}
    step = filled(listed([row(1, "done", "Done", **screen)])[0], "", Way(fields=way))
    assert step.fields == {"customfield_1": {"id": "7"}, "customfield_2": [{"id": "7"}], "customfield_3": 3}
    assert not step.missing


def test_a_field_that_nobody_gave_is_named() -> None:
    screen = {"customfield_1": {"required": True, "name": "Cause"}, "x": {"required": True, "allowedValues": ALLOWED}}
    step = taken([row(1, "done", "Done", **screen)], "done", fields={"x": "no such choice"})
    assert step is not None
    assert step.missing == ("Cause", "x")


def test_the_mappings_resolution_is_used_where_no_reason_is_asked_for() -> None:
    rows = [row(1, "done", "Done", **RESOLUTION)]
    step = taken(rows, "done", fields={"resolution": "duplicate"})
    assert step is not None
    assert step.fields == {"resolution": {"id": "3"}}
    step = taken(rows, "done:Won't Do", fields={"resolution": "duplicate"})
    assert step is not None
    assert step.fields == {"resolution": {"id": "1"}}


# --- hops ---


def hopped(here: str, wanted: str, rows: list[dict[str, Any]], *seen: str, via: tuple[str, ...] = ()) -> str:
    return led(hop(listed(rows), Status(here), Status(*wanted.split(":")), {here, *seen}, Way(via=via)))


OPEN, REVIEW, DONE, CLOSED, WONT = (
    row(1, "new", "Open"),
    row(2, "indeterminate", "In Review"),
    row(3, "done", "Done"),
    row(4, "done", "Closed"),
    row(5, "done", "Won't Do"),
)


@pytest.mark.parametrize(
    ("here", "wanted", "rows", "to"),
    [
        ("new/Backlog", "done/Closed", [OPEN, DONE, REVIEW], "In Review"),
        ("new/Backlog", "done/Closed", [DONE], "Done"),
        ("new/Backlog", "indeterminate/Pending", [DONE], ""),
        ("done/Done", "done/Closed", [OPEN, REVIEW], ""),
        ("done/Done", "new/Backlog", [CLOSED], ""),
        ("done/Done", "new/Backlog", [CLOSED, REVIEW, OPEN], "Open"),
        ("new/Open", "done/Closed", [OPEN], ""),
        ("new/Open", "done", [WONT], ""),
        ("new/Open", "done", [WONT, REVIEW], "In Review"),
        ("new/Open", "done:Won't Do", [WONT], "Won't Do"),
    ],
)
def test_a_hop_goes_nowhere_that_people_would_be_told_of_wrongly(
    here: str, wanted: str, rows: list[dict[str, Any]], to: str
) -> None:
    assert hopped(here, wanted, rows) == to


def test_a_hop_does_not_go_back() -> None:
    assert hopped("indeterminate/In Review", "done/Closed", [OPEN], "new/Open") == ""


def test_statuses_that_the_mapping_names_are_passed_in_its_order() -> None:
    rows = [DONE, REVIEW, OPEN]
    assert hopped("new/Backlog", "done/Closed", rows, via=("In review", "Done")) == "In Review"
    assert hopped("indeterminate/In Review", "done/Closed", rows, via=("In Review", "Done")) == "Done"
    assert hopped("new/Backlog", "done/Closed", rows, via=("Nowhere", "Done")) == "Done"
    assert hopped("new/Backlog", "indeterminate/X", rows, via=("Done",)) == "Done"


def test_a_hop_that_asks_for_something_is_not_taken() -> None:
    asks = row(5, "indeterminate", "Estimate", customfield_1={"required": True})
    assert hopped("new/Open", "done/Closed", [asks]) == ""


def test_what_is_no_transition_is_passed_over() -> None:
    odd: list[dict[str, Any]] = [{}, {"id": 1, "to": None}, {"to": {"name": 3}}, {**DONE, "isAvailable": False}]
    assert listed(odd) == []
    assert reached([Status("undefined/Odd")], listed([{"id": 1, "to": {"name": "Odd"}}])[0].to)
