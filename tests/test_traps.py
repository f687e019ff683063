"""docs/traps.md is current, and the traps and the tests that name them go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import traps


def test_the_page_is_current() -> None:
    assert traps.page(traps.systems(), traps.marked()) == traps.PAGE.read_text(encoding="utf-8"), "run: make docs"


def test_every_trap_is_covered_and_every_mark_names_one() -> None:
    assert traps.faults(traps.systems(), traps.marked()) == []


LIST = """
[desk]
title = "Desk"
complete = true
traps = [
    {number = 1, trap = "it bites"},
    {number = 2, trap = "it stings", without = "nobody goes there"},
    {number = 3, trap = "it burns", contract = ["test_an_empty_system_has_an_empty_last_page"]},
]
"""
TESTS = """
import pytest
pytestmark = [pytest.mark.slow, pytest.mark.trap("desk", 4)]
@pytest.mark.trap("desk", 1)
class TestIt:
    @pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.trap("desk", 5, 6))])
    def test_one(self, x): ...
def test_two(): ...
def helper(): ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "traps.toml").write_text(LIST, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    return tmp_path


def test_marks_of_a_test_its_class_its_file_and_its_parameters_are_read(folder: Path) -> None:
    found = {mark: [test for _, test in tests] for mark, tests in traps.marked(folder).tests.items()}
    assert found == {
        ("desk", 4): ["test_one", "test_two"],
        ("desk", 1): ["test_one"],
        ("desk", 5): ["test_one"],
        ("desk", 6): ["test_one"],
    }


def test_what_does_not_go_together_is_told(folder: Path) -> None:
    known = traps.systems(folder / "traps.toml")
    told = traps.faults(known, traps.Found())
    assert told == ["desk 1: neither a test nor a reason why none is needed"]
    told = traps.faults(known, traps.marked(folder))
    assert [line.rpartition(" names no trap: ")[2] for line in told] == [
        "('desk', 4)", "('desk', 4)", "('desk', 5)", "('desk', 6)",
    ]  # fmt: skip
    both = traps.Found({("desk", 1): [(folder, "test_x")], ("desk", 2): [(folder, "test_x")]})
    assert traps.faults(known, both) == ["desk 2: it is covered, and yet it says why not"]
    (folder / "traps.toml").write_text(LIST.replace("has_an_empty", "has_no"), encoding="utf-8")
    assert "desk 3: the contract has no test_an_empty_system_has_no_last_page" in traps.faults(
        traps.systems(folder / "traps.toml"), both
    )


def test_a_system_that_is_not_complete_may_have_gaps(folder: Path) -> None:
    path = folder / "traps.toml"
    path.write_text(LIST.replace("complete = true", "complete = false"), encoding="utf-8")
    known = traps.systems(path)
    assert traps.faults(known, traps.Found()) == []
    assert "| 1 | it bites |  |\n" in traps.page(known, traps.marked(folder))
