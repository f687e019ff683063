"""docs/traps.md: the traps of each system, and the tests that show how they are escaped.

A trap is known by its system and number, as ``tests/traps.toml`` lists them. A test says with
``@pytest.mark.trap("freshdesk", 5)`` that it covers one; the marks are read from the source, so that nothing has to
run. What every connector has to show is in the contract: such tests are named in the list itself (``contract``). A
trap that needs no test says there why (``without``).
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "traps.md"
LIST = Path(__file__).with_name("traps.toml")
CONTRACT = ROOT / "syncd" / "testing" / "contract"
FOLDERS = (Path(__file__).parent, ROOT / "docs" / "examples")
HEAD = """# Traps

What has to be known about each system before one may trust a connector to it, and the tests that show it: a test says
`@pytest.mark.trap("freshdesk", 5)` beside its name. This page is made by `make docs` from `tests/traps.toml` and those
marks; a test sees to it that it is current. Tests "of the contract" are passed by every connector.
"""
Mark = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Trap:
    """One trap: what bites; tests of the contract that cover it; why it needs no test of its own."""

    number: int
    trap: str
    contract: tuple[str, ...] = ()
    without: str = ""


@dataclass(frozen=True, slots=True)
class System:
    """A system's traps. ``complete``: each of them has to be covered."""

    name: str
    title: str
    traps: tuple[Trap, ...]
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The tests that carry a mark, as (file, name), by mark."""

    tests: dict[Mark, list[tuple[Path, str]]] = field(default_factory=dict)


def systems(path: Path = LIST) -> list[System]:
    """What the list says."""
    return [_system(name, table) for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items()]


def _system(name: str, table: dict[str, Any]) -> System:
    traps = [Trap(**{**one, "contract": tuple(one.get("contract", ()))}) for one in table["traps"]]
    return System(name, table["title"], tuple(traps), table.get("complete", False))


def marked(*folders: Path) -> Found:
    """The marks in every test file below some folders."""
    found = Found()
    for path in sorted(path for folder in folders or FOLDERS for path in folder.rglob("test_*.py")):
        for test, mark in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            found.tests.setdefault(mark, []).append((path, test))
    return found


def _marks(module: ast.Module) -> Iterator[tuple[str, Mark]]:
    """Every test of a file with a mark of its own, of its class or of the file; of one test each mark once."""
    whole = _named([one.value for one in module.body if isinstance(one, ast.Assign) and _is_pytestmark(one)])
    for owner in module.body:
        tests: list[ast.stmt] = [owner]
        given = whole
        if isinstance(owner, ast.ClassDef):
            given, tests = whole + _named(owner.decorator_list), owner.body
        for test in tests:
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_"):
                for mark in dict.fromkeys(given + _named(test.decorator_list)):
                    yield test.name, mark


def _is_pytestmark(line: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in line.targets)


def _named(expressions: list[ast.expr]) -> list[Mark]:
    """The marks in some expressions: as decorators, in lists, or at single parameters (``pytest.param``)."""
    found: list[Mark] = []
    for call in (node for expression in expressions for node in ast.walk(expression) if isinstance(node, ast.Call)):
        if ast.unparse(call.func) == "pytest.mark.trap":
            system, *numbers = (ast.literal_eval(one) for one in call.args)
            found += [(system, number) for number in numbers]
    return found


def contract_tests() -> dict[str, Path]:
    """The tests of the contract, and where they stand."""
    files = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(CONTRACT.glob("*.py"))}
    tests = ((node, path) for path, tree in files.items() for node in ast.walk(tree))
    return {node.name: path for node, path in tests if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_"}


def faults(known: list[System], found: Found) -> list[str]:
    """Everything that doesn't go together, a line each."""
    numbers = {(system.name, trap.number): trap for system in known for trap in system.traps}
    contract = contract_tests()
    wrong = [f"{path.name}: {test} names no trap: {mark}" for mark, tests in found.tests.items() for path, test in tests
             if mark not in numbers]  # fmt: skip
    for (system, number), trap in numbers.items():
        wrong += [f"{system} {number}: the contract has no {test}" for test in trap.contract if test not in contract]
        covered = bool(found.tests.get((system, number)) or trap.contract)
        if covered and trap.without:
            wrong.append(f"{system} {number}: it is covered, and yet it says why not")
        if not covered and not trap.without and next(one for one in known if one.name == system).complete:
            wrong.append(f"{system} {number}: neither a test nor a reason why none is needed")
    return wrong


def page(known: list[System], found: Found) -> str:
    """The page."""
    contract = contract_tests()
    parts = [HEAD]
    for system in known:
        note = "" if system.complete else "\nIts tests are not all written yet.\n"
        parts.append(f"\n## {system.title}\n{note}\n| # | trap | shown by |\n| --- | --- | --- |\n")
        parts += [f"| {one.number} | {one.trap} | {_shown(system, one, found, contract)} |\n" for one in system.traps]
    return "".join(parts)


def _shown(system: System, trap: Trap, found: Found, contract: dict[str, Path]) -> str:
    if not system.complete:  # its tests are still being written: the page would change with each of them
        return ""
    tests = found.tests.get((system.name, trap.number), [])
    told = [_link(path, test) for path, test in tests]
    told += [f"{_link(contract[test], test)} (of the contract)" for test in trap.contract]
    return "<br>".join(told) or trap.without


def _link(path: Path, test: str) -> str:
    return f"[{test.removeprefix('test_').replace('_', ' ')}](../{path.relative_to(ROOT).as_posix()})"
