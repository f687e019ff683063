"""docs/first-use.md tells what the program really does and prints."""

from __future__ import annotations

from pathlib import Path

from tests.first_use import PAGE, told


def test_the_page_is_what_the_program_does(tmp_path: Path) -> None:
    folder = tmp_path / "syncd"
    folder.mkdir()
    assert told(folder) == PAGE.read_text(encoding="utf-8"), "run: python tests/first_use.py"
