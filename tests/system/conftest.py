from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from office import Office
from warm import Kettle

KILLS = ("kill points", "doubles", "losses")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How often processes were killed in all, and what came of it."""
    found: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                found[name] += value if name in KILLS and report.when == "call" else 0
    if found["kill points"]:
        terminalreporter.write_line(", ".join(f"{found[name]:,} {name}" for name in KILLS))


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


@pytest.fixture
def still(build: Callable[..., Office]) -> Office:
    """An office whose service does nothing by itself once it has walked everything."""
    office = build()
    office.write_desk(more='poll_interval = "1h"')
    office.write_hub(more='poll_interval = "1h"')
    return office
