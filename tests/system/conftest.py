from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from office import Office
from warm import Kettle


@pytest.fixture(scope="session")
def kettle() -> Iterator[Kettle]:
    one = Kettle()
    yield one
    one.close()


@pytest.fixture
def build(tmp_path: Path, kettle: Kettle) -> Iterator[Callable[..., Office]]:
    """Makes an office as a test wants it; closed, and audited, when the test is over."""
    built: list[Office] = []

    def make(**how: Any) -> Office:
        folder = tmp_path / f"office{len(built)}"
        folder.mkdir()
        built.append(Office(folder, kettle, **how))
        return built[-1]

    yield make
    for office in built:
        office.close()


@pytest.fixture
def office(build: Callable[..., Office]) -> Office:
    """An office with the default playbook."""
    return build()
