"""Files of a config folder that look as if they were meant to be read, and aren't: a slip in a name is told."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from syncd.config.settings import Config
from syncd.errors import Problem

MAIN = "syncd.toml"
ASIDE = ("~", ".bak", ".old", ".orig", ".off", ".disabled", ".save", ".swp")
"""How the names of files end that people, or their editors, have put aside."""


def misnamed(folder: Path) -> str:
    """A file that seems to be meant as ``syncd.toml``, where there is none; empty where none does."""
    found = [path.name for path in _files(folder) if not path.name.startswith(".")]
    near = get_close_matches(MAIN, [name.lower() for name in found], 1, 0.8)
    return next((name for name in found if name.lower() in near), "")


def unread(config: Config) -> Iterator[Problem]:
    """Files that nothing reads, each with what it could be called."""
    accounts = {**config.helpdesks, **config.trackers}
    books = {f"{desk.playbook.name}.toml" for desk in config.helpdesks.values()}
    maps = {f"{one.mapping.name}.toml" for one in accounts.values()}
    named = ", ".join(sorted({f"{name}.toml" for one in accounts.values() for name in (one.name, one.kind)}))
    yield from _others(config.folder, "", {MAIN}, "Move it to connectors/ or mappings/, or remove it")
    taken = {f"{name}.toml" for name in accounts}
    yield from _others(config.folder, "connectors", taken, "End its name in .toml, or remove it")
    cure = f"Call it by a connector, one of: {named}; a playbook belongs into mappings/playbooks/"
    yield from _others(config.folder, "mappings", maps, cure)
    cure = "Name it in a helpdesk's file: [sync], playbook; or remove it"
    yield from _others(config.folder, "mappings/playbooks", books, cure)


def _others(folder: Path, place: str, known: set[str], cure: str) -> Iterator[Problem]:
    """Those of one place."""
    for path in _files(folder / place):
        meant = ".toml" in path.name or bool(get_close_matches(path.suffix, [".toml"], 1, 0.7))
        if meant and path.name not in known and not path.name.startswith(".") and not path.name.endswith(ASIDE):
            where = f"{place}/{path.name}" if place else path.name
            yield Problem(where, "nothing reads this file", cure, warning=True)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        return []
