"""docs/support-matrix.md is current, and leaves out nothing that a connector says of itself."""

from __future__ import annotations

import dataclasses

import pytest

from syncd.connector import Capabilities
from syncd.model import Role
from tests import matrix

PLAIN = Capabilities(roles=frozenset({Role.TRACKER}))


def test_the_page_is_current() -> None:
    assert matrix.page(matrix.columns()) == matrix.PAGE.read_text(encoding="utf-8"), "run: make docs"


def test_every_capability_has_its_row() -> None:
    fields = {field.name for field in dataclasses.fields(Capabilities)}
    assert fields <= {row.of for row in matrix.ROWS}


def test_what_a_system_can_is_told_in_words() -> None:
    able = dataclasses.replace(PLAIN, fetch_batch=100, sets_fields=True, probe="search")
    told = matrix.page([matrix.Column("Plain", PLAIN, frozenset()), matrix.Column("Able", able, frozenset({"move"}))])
    rows = {line.split(" | ")[0].lstrip("| "): line.rstrip(" |").split(" | ")[1:] for line in told.splitlines()}
    assert rows["Items that one call reads"] == ["one", "up to 100"]
    assert rows["Custom fields can be set"] == ["no", "yes"]
    assert rows["An item that was moved or merged is followed to where it is now"] == ["yes", matrix.DASH]


def test_a_lack_that_no_row_tells_is_not_passed_over() -> None:
    with pytest.raises(LookupError, match="Odd lacks what no row tells: colours"):
        matrix.page([matrix.Column("Odd", PLAIN, frozenset({"colours"}))])
