"""docs/processes.md is current, and every row has what it names."""

from __future__ import annotations

from dataclasses import replace

from tests import processes


def test_the_page_is_current() -> None:
    assert processes.page(processes.rows()) == processes.PAGE.read_text(encoding="utf-8"), "run: make docs"


def test_every_row_is_shown_by_tests_that_exist_and_switched_by_keys_that_exist() -> None:
    assert processes.faults(processes.rows()) == []


def test_what_is_missing_is_told() -> None:
    one = processes.Row(
        "Any", ("2i2c",), "O", "It rains.", ("test_processes.py::test_the_page_is_current",), ("filed",)
    )
    wrong = {
        "no playbook is called 3i3c": replace(one, by=("3i3c",)),
        "there is no test test_processes.py::test_none": replace(one, tests=("test_processes.py::test_none",)),
        "there is no switch file.whenever": replace(one, switches=("file.whenever",)),
        "there is no switch elsewhere:on": replace(one, switches=("elsewhere:on",)),
        "it is neither D nor O": replace(one, kind="X"),
        "it needs tests, or a reason why it has none, and not both": replace(one, tests=()),
        "nothing switches it on": replace(one, switches=()),
    }
    assert processes.faults([one]) == []
    assert {told: processes.faults([row]) for told, row in wrong.items()} == {
        told: [f"It rains. {told}"] for told in wrong
    }
    assert processes.faults([one, one]) == ["It rains.: named 2 times"]


def test_switches_lead_into_tables_lists_and_files() -> None:
    for name in ("fit", "file.when", "kinds.incident.types", "routing.rules.keywords", "sync:commands", "notify:on"):
        assert processes.is_switch(name), name
    assert not processes.is_switch("filed.deeper")
