"""Reading TOML files of the config folder and of the package, with problems that name line and column."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from syncd.connector import installed
from syncd.errors import ConfigError, Problem

MAPPING = "mapping.toml"
"""What a connector's package calls the mapping that it brings."""
MAX_BYTES = 1024 * 1024

CURES = {
    IsADirectoryError: "Put a file in its place: this is a folder",
    FileNotFoundError: "Remove it, or mend where it leads: it is a link to nothing",
}
"""What keeps a file that stands there from being read, but for its rights -> the cure."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def toml(path: Path | Traversable, where: str) -> dict[str, Any]:
    """A TOML file, parsed.

    Args:
        path: the file.
        where: how problems call it: its path inside the config folder.

    Raises:
        ConfigError: it can't be read, is no UTF-8, or is no TOML (a key given twice included); with the place.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        cure = CURES.get(type(error), "Let the account that runs syncd read it")
        raise ConfigError([Problem(where, f"it can't be read ({error.strerror})", cure)]) from None
    if len(data) > MAX_BYTES:
        raise ConfigError([Problem(where, "it is too large for a configuration", "Remove what doesn't belong there")])
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(f"{where}:{line}", "it is not UTF-8", "Save it as UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax(where, str(error), data)]) from None
    except RecursionError:
        raise ConfigError([Problem(where, "it is nested too deeply", "Write it flatter")]) from None


def _syntax(where: str, said: str, data: bytes) -> Problem:
    """A syntax error with its place; what tomllib says holds no value of the file."""
    found = _PLACE.search(said)
    ends = (data.count(b"\n") + 1, len(data) - data.rfind(b"\n"))
    line, column = (found[1], found[2]) if found and found[1] else ends
    what = _PLACE.sub("", said)
    twice = "overwrite" in what or "twice" in what or "Duplicate" in what
    cure = "Keep the key, or the table, once" if twice else "Mend the line; texts stand in quotes, tables in [brackets]"
    return Problem(f"{where}:{line}:{column}", f"it is no valid TOML ({what})", cure)


def digest(folder: Path) -> str:
    """Changes when a file of the config folder does, its credentials apart."""
    known = hashlib.sha256()
    places = [folder / "syncd.toml", *sorted((folder / "connectors").glob("*.toml"))]
    for path in [*places, *sorted((folder / "mappings").rglob("*.toml"))]:
        try:
            data = path.read_bytes()
        except OSError:
            continue
        known.update(f"{path.relative_to(folder)} {len(data)} ".encode() + data)
    return known.hexdigest()


def brought(kind: str) -> Traversable | None:
    """The mapping that a kind of connector comes with: a shipped one, or the one in the connector's own package."""
    shipped = files("mappings").joinpath(f"{kind}.toml")
    if shipped.is_file():
        return shipped
    point = installed().get(kind)
    try:
        own = files(point.module).joinpath(MAPPING) if point else None
    except (ImportError, TypeError):  # it can't be loaded, or is a module without a package around it
        return None
    return own if own is not None and own.is_file() else None


class Shelf:
    """Mappings and playbooks: those of the config folder, and the shipped ones that they replace."""

    def __init__(self, folder: Path) -> None:
        self._own, self._shipped = folder / "mappings", files("mappings")

    def own(self, *parts: str) -> dict[str, Any] | None:
        """A file of the config folder's ``mappings/``; None if it isn't there.

        Raises:
            ConfigError: see :func:`toml`.
        """
        path = self._own.joinpath(*parts)
        return toml(path, f"mappings/{'/'.join(parts)}") if os.path.lexists(path) else None

    def brought(self, kind: str) -> dict[str, Any] | None:
        """The mapping that a kind of connector comes with; None if it has none."""
        path = brought(kind)
        return toml(path, f"shipped {path.name}") if path is not None else None

    def shipped(self, *parts: str) -> dict[str, Any] | None:
        """A file of the package; None if it isn't there."""
        path = self._shipped.joinpath(*parts)
        return toml(path, f"shipped {'/'.join(parts)}") if path.is_file() else None

    def names(self, *parts: str) -> list[str]:
        """What there is to choose from, without ``.toml``."""
        shelves: tuple[Path | Traversable, ...] = (self._own.joinpath(*parts), self._shipped.joinpath(*parts))
        found = {file.name for shelf in shelves if shelf.is_dir() for file in shelf.iterdir()}
        return sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))
