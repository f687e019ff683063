"""docs/processes.md: what the shipped playbooks are for, row by row, with the test or the switch for each.

The rows stand in ``tests/processes.toml``. A test that a row names exists; so does a switch: a key of a playbook, or of
a file of the config folder.
"""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from os.path import normpath
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from syncd.config.helpdesks import Sync
from syncd.config.notify import KINDS
from syncd.connector import ConnectorOptions
from syncd.playbook import Playbook

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "processes.md"
LIST = TESTS / "processes.toml"
BOOKS = ("2i2c", "sourcegraph-support", "sourcegraph-ce", "criticality")
HEAD = """# Processes

What a team expects that works by one of the shipped playbooks, with the test that shows it and the switch that turns it
on. **D**: syncd does it. **O**: it is switched on in a playbook or the config folder, or shown in a report. This page
is made by `make docs` from `tests/processes.toml`; a test sees to it that it is current.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is expected."""

    section: str
    by: tuple[str, ...]
    kind: str
    row: str
    tests: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    without: str = ""


def rows(path: Path = LIST) -> list[Row]:
    """What the list says."""
    return [
        Row(
            section["title"],
            tuple(one["by"].split()),
            one["class"],
            one["row"],
            tuple(one.get("tests", ())),
            tuple(one.get("switches", ())),
            one.get("without", ""),
        )
        for section in tomllib.loads(path.read_text(encoding="utf-8"))["sections"]
        for one in section["rows"]
    ]


@lru_cache
def _tests_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _is_key(model: Any, keys: list[str]) -> bool:
    """Whether a dotted path names a field of a model, or of one inside it; a table that people fill takes any key."""
    if not keys:
        return True
    if get_origin(model) is dict:
        return _is_key(get_args(model)[1], keys[1:])
    found = [one.model_fields[keys[0]].annotation for one in _models(model) if keys[0] in one.model_fields]
    return any(_is_key(one, keys[1:]) for one in found)


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models in a type: itself, or those that it lists or may be."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)


def is_switch(name: str) -> bool:
    """Whether a key exists: of a playbook, or with its file's kind before a colon."""
    where, colon, key = name.partition(":")
    if not colon:
        return _is_key(Playbook, name.split("."))
    models: dict[str, list[Any]] = {"notify": list(KINDS.values()), "sync": [Sync], "connector": [ConnectorOptions]}
    return any(_is_key(model, key.split(".")) for model in models.get(where, []))


def faults(known: list[Row]) -> list[str]:
    """Everything that doesn't go together, a line each."""
    wrong = [f"{row}: named {count} times" for row, count in Counter(one.row for one in known).items() if count > 1]
    for one in known:
        wrong += [f"{one.row} no playbook is called {book}" for book in one.by if book not in BOOKS]
        for test in one.tests:
            file, _, name = test.partition("::")
            if name not in _tests_of(TESTS / file):
                wrong.append(f"{one.row} there is no test {test}")
        wrong += [f"{one.row} there is no switch {name}" for name in one.switches if not is_switch(name)]
        if one.kind not in {"D", "O"}:
            wrong.append(f"{one.row} it is neither D nor O")
        if bool(one.tests) == bool(one.without):
            wrong.append(f"{one.row} it needs tests, or a reason why it has none, and not both")
        if one.kind == "O" and not (one.switches or one.without or "report" in one.row):
            wrong.append(f"{one.row} nothing switches it on")
    return wrong


def page(known: list[Row]) -> str:
    """The page."""
    parts = [HEAD]
    for section in dict.fromkeys(one.section for one in known):
        parts.append(f"\n## {section}\n\n| | what | asked by | shown by | switch |\n| --- | --- | --- | --- | --- |\n")
        for one in (one for one in known if one.section == section):
            shown = "<br>".join(_link(test) for test in one.tests) or one.without
            switches = "<br>".join(f"`{name.replace(':', ': ')}`" for name in one.switches)
            parts.append(f"| {one.kind} | {one.row} | {', '.join(one.by)} | {shown} | {switches} |\n")
    return "".join(parts)


def _link(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../{normpath(f'tests/{file}')})"
